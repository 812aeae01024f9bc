/* The table of fields against the two proto files: nothing in them may lack a
 * decision here, and no decision may name what is not in them. */
#include "test.h"

#include <ctype.h>
#include <stdio.h>

#include "sluice/field.h"
#include "sluice/v1/purpose.pb-c.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct { enum sluice_field field; enum sluice_transform transform; const char *name; } forms[] = {
    { SLUICE_FIELD_SUBJECT, SLUICE_TRANSFORM_PSEUDONYM, "subject_pseudonym" },
    { SLUICE_FIELD_DEVICE, SLUICE_TRANSFORM_PSEUDONYM, "device_pseudonym" },
    { SLUICE_FIELD_DESTINATION, SLUICE_TRANSFORM_PSEUDONYM, "destination_pseudonym" },
    { SLUICE_FIELD_UE_ADDRESS, SLUICE_TRANSFORM_PSEUDONYM, "ue_address_pseudonym" },
    { SLUICE_FIELD_ICCID, SLUICE_TRANSFORM_TOKEN, "token" },
    { SLUICE_FIELD_IMSI, SLUICE_TRANSFORM_TOKEN, "token" },
    { SLUICE_FIELD_RECORD_ID, SLUICE_TRANSFORM_TAG, "record_id_tag" },
    { SLUICE_FIELD_SESSION_ID, SLUICE_TRANSFORM_TAG, "session_id_tag" },
    { SLUICE_FIELD_CHARGING_ID, SLUICE_TRANSFORM_TAG, "charging_id_tag" },
    { SLUICE_FIELD_ACCOUNT, SLUICE_TRANSFORM_TAG, "account_tag" },
    { SLUICE_FIELD_PARTIAL_SEQUENCE, SLUICE_TRANSFORM_KEEP, "partial_sequence" },
    { SLUICE_FIELD_CLOSING_CAUSE, SLUICE_TRANSFORM_KEEP, "closing_cause" },
    { SLUICE_FIELD_RETRANSMISSION, SLUICE_TRANSFORM_KEEP, "retransmission" },
    { SLUICE_FIELD_CONTRACT, SLUICE_TRANSFORM_KEEP, "contract" },
    { SLUICE_FIELD_REGION, SLUICE_TRANSFORM_KEEP, "region" },
    { SLUICE_FIELD_REGION, SLUICE_TRANSFORM_COARSEN, "region_country" },
    { SLUICE_FIELD_SERVICE, SLUICE_TRANSFORM_KEEP, "service" },
    { SLUICE_FIELD_SIGNALLING_EVENT, SLUICE_TRANSFORM_KEEP, "signalling_event" },
    { SLUICE_FIELD_RAT, SLUICE_TRANSFORM_KEEP, "rat" },
    { SLUICE_FIELD_APN, SLUICE_TRANSFORM_KEEP, "apn" },
    { SLUICE_FIELD_APN, SLUICE_TRANSFORM_COARSEN, "apn_network" },
    { SLUICE_FIELD_UPLINK_OCTETS, SLUICE_TRANSFORM_KEEP, "uplink_octets" },
    { SLUICE_FIELD_DOWNLINK_OCTETS, SLUICE_TRANSFORM_KEEP, "downlink_octets" },
    { SLUICE_FIELD_UPLINK_OCTETS, SLUICE_TRANSFORM_BUCKET, "uplink_octets_log2" },
    { SLUICE_FIELD_DOWNLINK_OCTETS, SLUICE_TRANSFORM_BUCKET, "downlink_octets_log2" },
    { SLUICE_FIELD_DURATION, SLUICE_TRANSFORM_KEEP, "duration" },
    { SLUICE_FIELD_DURATION, SLUICE_TRANSFORM_BUCKET, "duration_log2" },
    { SLUICE_FIELD_MESSAGE_COUNT, SLUICE_TRANSFORM_KEEP, "message_count" },
    { SLUICE_FIELD_COUNTER_MODE, SLUICE_TRANSFORM_KEEP, "counter_mode" },
    { SLUICE_FIELD_START, SLUICE_TRANSFORM_KEEP, "start" },
    { SLUICE_FIELD_START, SLUICE_TRANSFORM_COARSEN, "start_coarse" },
    { SLUICE_FIELD_END, SLUICE_TRANSFORM_KEEP, "end" },
    { SLUICE_FIELD_END, SLUICE_TRANSFORM_COARSEN, "end_coarse" },
    { SLUICE_FIELD_UTC_OFFSET, SLUICE_TRANSFORM_KEEP, "utc_offset" },
    { SLUICE_FIELD_COLLECTED_AT, SLUICE_TRANSFORM_COARSEN, "collected_at_coarse" },
    { SLUICE_FIELD_SERVING_PLMN, SLUICE_TRANSFORM_KEEP, "serving_plmn" },
    { SLUICE_FIELD_SERVING_PLMN, SLUICE_TRANSFORM_COARSEN, "serving_country" },
    { SLUICE_FIELD_TAC, SLUICE_TRANSFORM_KEEP, "tac" },
    { SLUICE_FIELD_LAC, SLUICE_TRANSFORM_KEEP, "lac" },
    { SLUICE_FIELD_CELL_ID, SLUICE_TRANSFORM_KEEP, "cell_id" },
    { SLUICE_FIELD_GATEWAY, SLUICE_TRANSFORM_KEEP, "gateway" },
    { SLUICE_FIELD_GATEWAY, SLUICE_TRANSFORM_TRUNCATE, "gateway_prefix" },
    { SLUICE_FIELD_BREAKOUT_REGION, SLUICE_TRANSFORM_KEEP, "breakout_region" },
    { SLUICE_FIELD_DESTINATION, SLUICE_TRANSFORM_TRUNCATE, "destination_prefix" },
    { SLUICE_FIELD_UE_ADDRESS, SLUICE_TRANSFORM_TRUNCATE, "ue_address_prefix" },
    { SLUICE_FIELD_IMEI, SLUICE_TRANSFORM_TRUNCATE, "imei_tac" },
    { SLUICE_FIELD_IMSI, SLUICE_TRANSFORM_TRUNCATE, "home_plmn" },
    { SLUICE_FIELD_CHARGE, SLUICE_TRANSFORM_KEEP, "charge_units" },
};

static void every_form_has_its_number_in_the_purpose_record(void **state)
{
    assert_int_equal(sluice_form_count, COUNT(forms));
    for (size_t i = 0; i < COUNT(forms); i++) {
        const struct sluice_form_row *form = sluice_form_find(forms[i].field, forms[i].transform);

        assert_non_null(form);
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field(&sluice__v1__purpose_record__descriptor, form->number);
        assert_non_null(field);
        assert_string_equal(field->name, forms[i].name);
    }
}

static bool has_form(uint32_t number)
{
    /* The charge leaves as three fields under the number of the first. */
    if (number == 65 || number == 66)
        number = 64;
    for (size_t i = 0; i < sluice_form_count; i++)
        if (sluice_form_table[i].number == number)
            return true;
    return false;
}

static void every_field_of_the_purpose_record_has_a_form(void **state)
{
    const ProtobufCMessageDescriptor *descriptor = &sluice__v1__purpose_record__descriptor;
    size_t checked = 0;

    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        if (descriptor->fields[i].id < 10)
            continue;   /* on every row, whatever the policy lists */
        if (!has_form(descriptor->fields[i].id))
            fail_msg("%s has no form", descriptor->fields[i].name);
        checked++;
    }
    assert_int_equal(checked, COUNT(forms) + 2 - 1);   /* scale and currency; two forms share the token */
}

static enum sluice_field field_of_raw(const char *raw_name)
{
    for (size_t i = 1; i < SLUICE_FIELD_COUNT; i++)
        if (sluice_field_table[i].raw_name && strcmp(sluice_field_table[i].raw_name, raw_name) == 0)
            return (enum sluice_field)i;
    return SLUICE_FIELD_NONE;
}

static void every_raw_field_is_one_that_a_policy_can_speak_of(void **state)
{
    /* Part of another field, or on every row by itself. */
    static const char *const others[] = {
        "source_id", "tenant", "role", "mnc", "mnc_digits", "charge_scale", "currency",
    };
    const ProtobufCMessageDescriptor *descriptor = &sluice__v1__raw_record__descriptor;
    size_t found = 0;

    for (unsigned i = 0; i < descriptor->n_fields; i++)
        found += field_of_raw(descriptor->fields[i].name) != SLUICE_FIELD_NONE;
    assert_int_equal(found, SLUICE_FIELD_COUNT - 3);   /* none, subject and device are no raw fields */
    assert_int_equal(found + COUNT(others), descriptor->n_fields);
    for (size_t i = 0; i < COUNT(others); i++) {
        assert_non_null(protobuf_c_message_descriptor_get_field_by_name(descriptor, others[i]));
        assert_int_equal(field_of_raw(others[i]), SLUICE_FIELD_NONE);
    }
}

/* `optional TYPE NAME = N;   // ... [category]` */
static void categories_are_those_that_the_proto_names(void **state)
{
    FILE *proto = fopen("../proto/sluice/v1/raw.proto", "r");
    char line[256], name[64], category[64];
    size_t checked = 0;

    assert_non_null(proto);
    while (fgets(line, sizeof line, proto)) {
        const char *bracket = strrchr(line, '[');

        if (sscanf(line, " optional %*s %63s =", name) != 1)
            continue;
        assert_non_null(bracket);
        assert_int_equal(sscanf(bracket, "[%63[a-z_]]", category), 1);

        const enum sluice_field field = field_of_raw(name);
        if (field == SLUICE_FIELD_NONE)
            continue;
        assert_string_equal(sluice_category_table[sluice_field_table[field].category].name, category);
        checked++;
    }
    fclose(proto);
    assert_int_equal(checked, SLUICE_FIELD_COUNT - 3);
}

static void what_identifies_directly_can_never_be_kept(void **state)
{
    static const enum sluice_field direct[] = {
        SLUICE_FIELD_SUBJECT, SLUICE_FIELD_DEVICE, SLUICE_FIELD_IMSI, SLUICE_FIELD_ICCID, SLUICE_FIELD_MSISDN,
        SLUICE_FIELD_EID, SLUICE_FIELD_IMEI, SLUICE_FIELD_UE_ADDRESS, SLUICE_FIELD_RECORD_ID,
        SLUICE_FIELD_SESSION_ID, SLUICE_FIELD_CHARGING_ID, SLUICE_FIELD_ACCOUNT, SLUICE_FIELD_DESTINATION,
    };
    size_t count = 0;

    for (size_t i = 0; i < COUNT(direct); i++) {
        assert_true(sluice_field_table[direct[i]].direct_identifier);
        assert_null(sluice_form_find(direct[i], SLUICE_TRANSFORM_KEEP));
    }
    for (size_t i = 0; i < SLUICE_FIELD_COUNT; i++)
        count += sluice_field_table[i].direct_identifier;
    assert_int_equal(count, COUNT(direct));
}

static void names_lead_to_fields_and_back(void **state)
{
    for (size_t i = 1; i < SLUICE_FIELD_COUNT; i++)
        assert_int_equal(sluice_field_from_name(sluice_str_from(sluice_field_table[i].name)), i);
    assert_int_equal(sluice_field_from_name(SLUICE_STR("")), SLUICE_FIELD_NONE);
    assert_int_equal(sluice_field_from_name(SLUICE_STR("Imsi")), SLUICE_FIELD_NONE);
    assert_int_equal(sluice_field_from_name(SLUICE_STR("ims")), SLUICE_FIELD_NONE);
    assert_int_equal(sluice_field_from_name(SLUICE_STR("imsi ")), SLUICE_FIELD_NONE);
    assert_int_equal(sluice_field_from_name(SLUICE_STR("tenant")), SLUICE_FIELD_NONE);
}

static void dropping_is_no_form_and_nothing_has_one_by_accident(void **state)
{
    for (size_t field = 0; field < SLUICE_FIELD_COUNT; field++)
        assert_null(sluice_form_find((enum sluice_field)field, SLUICE_TRANSFORM_DROP));
    assert_null(sluice_form_find(SLUICE_FIELD_MSISDN, SLUICE_TRANSFORM_PSEUDONYM));
    assert_null(sluice_form_find(SLUICE_FIELD_COLLECTED_AT, SLUICE_TRANSFORM_KEEP));
}

static void categories_have_terms_of_both_vocabularies(void **state)
{
    for (size_t i = 1; i < SLUICE_CATEGORY_COUNT; i++) {
        assert_true(islower((unsigned char)sluice_category_table[i].name[0]));
        assert_true(strncmp(sluice_category_table[i].dpv, "pd:", 3) == 0);
        assert_true(strncmp(sluice_category_table[i].fideslang, "user.", 5) == 0 ||
                    strncmp(sluice_category_table[i].fideslang, "system.", 7) == 0);
    }
    for (size_t i = 0; i < SLUICE_TRANSFORM_COUNT; i++)
        assert_non_null(sluice_transform_names[i]);
}

static void what_lets_rows_be_joined_is_marked(void **state)
{
    static const struct { enum sluice_field field; enum sluice_transform transform; uint32_t parameter; unsigned exact; } cases[] = {
        { SLUICE_FIELD_START, SLUICE_TRANSFORM_KEEP, 0, SLUICE_EXACT_TIME },
        { SLUICE_FIELD_END, SLUICE_TRANSFORM_KEEP, 0, SLUICE_EXACT_TIME },
        { SLUICE_FIELD_DURATION, SLUICE_TRANSFORM_KEEP, 0, SLUICE_EXACT_TIME },
        { SLUICE_FIELD_DURATION, SLUICE_TRANSFORM_BUCKET, 0, 0 },
        { SLUICE_FIELD_START, SLUICE_TRANSFORM_COARSEN, 899, SLUICE_EXACT_TIME },
        { SLUICE_FIELD_START, SLUICE_TRANSFORM_COARSEN, 900, 0 },
        { SLUICE_FIELD_COLLECTED_AT, SLUICE_TRANSFORM_COARSEN, 60, SLUICE_EXACT_TIME },
        { SLUICE_FIELD_COLLECTED_AT, SLUICE_TRANSFORM_COARSEN, 86400, 0 },
        { SLUICE_FIELD_UPLINK_OCTETS, SLUICE_TRANSFORM_KEEP, 0, SLUICE_EXACT_OCTETS },
        { SLUICE_FIELD_DOWNLINK_OCTETS, SLUICE_TRANSFORM_KEEP, 0, SLUICE_EXACT_OCTETS },
        { SLUICE_FIELD_UPLINK_OCTETS, SLUICE_TRANSFORM_BUCKET, 0, 0 },
        { SLUICE_FIELD_CHARGE, SLUICE_TRANSFORM_KEEP, 0, SLUICE_EXACT_OCTETS },
        { SLUICE_FIELD_CELL_ID, SLUICE_TRANSFORM_KEEP, 0, SLUICE_EXACT_CELL },
        { SLUICE_FIELD_TAC, SLUICE_TRANSFORM_KEEP, 0, 0 },
        { SLUICE_FIELD_APN, SLUICE_TRANSFORM_COARSEN, 0, 0 },
        { SLUICE_FIELD_REGION, SLUICE_TRANSFORM_COARSEN, 0, 0 },
        { SLUICE_FIELD_SERVING_PLMN, SLUICE_TRANSFORM_COARSEN, 0, 0 },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct sluice_form_row *form = sluice_form_find(cases[i].field, cases[i].transform);

        assert_non_null(form);
        assert_int_equal(sluice_form_exact(form, cases[i].parameter), cases[i].exact);
    }
}

static void parameters_have_limits_and_a_unit(void **state)
{
    for (size_t i = 0; i < sluice_form_count; i++) {
        const struct sluice_form_row *form = &sluice_form_table[i];
        const bool takes_one = form->parameter_max != 0;

        assert_int_equal(form->unit[0] != '\0', takes_one);
        assert_int_equal(form->parameter_min != 0, takes_one);
        assert_true(form->parameter_min <= form->parameter_max);
    }
    assert_int_equal(sluice_form_find(SLUICE_FIELD_COLLECTED_AT, SLUICE_TRANSFORM_COARSEN)->parameter_min, 60);
    assert_int_equal(sluice_form_find(SLUICE_FIELD_START, SLUICE_TRANSFORM_COARSEN)->parameter_max, 2678400);
    assert_int_equal(sluice_form_find(SLUICE_FIELD_DESTINATION, SLUICE_TRANSFORM_TRUNCATE)->parameter_max, 7);
    assert_int_equal(sluice_form_find(SLUICE_FIELD_UE_ADDRESS, SLUICE_TRANSFORM_TRUNCATE)->parameter_max, 24);
}

TEST_MAIN(cmocka_unit_test(every_form_has_its_number_in_the_purpose_record),
          cmocka_unit_test(every_field_of_the_purpose_record_has_a_form),
          cmocka_unit_test(every_raw_field_is_one_that_a_policy_can_speak_of),
          cmocka_unit_test(categories_are_those_that_the_proto_names),
          cmocka_unit_test(what_identifies_directly_can_never_be_kept),
          cmocka_unit_test(names_lead_to_fields_and_back),
          cmocka_unit_test(dropping_is_no_form_and_nothing_has_one_by_accident),
          cmocka_unit_test(categories_have_terms_of_both_vocabularies),
          cmocka_unit_test(what_lets_rows_be_joined_is_marked),
          cmocka_unit_test(parameters_have_limits_and_a_unit))
