/* What a record of an earlier version may still do, and when rows and epochs end. */
#include "test.h"

#include "policy_fixture.h"

static struct sluice_purpose purpose_with(uint8_t field, uint8_t transform, uint8_t number, uint32_t parameter)
{
    struct sluice_purpose purpose = {
        .name = "p",
        .declared = true,
        .roles = 1u << SLUICE_ROLE_CONTROLLER,
        .services = 1u << SLUICE_SERVICE_DATA,
        .epoch_s = SLUICE_DAY_S,
        .retention_s = 30 * SLUICE_DAY_S,
        .bucket_s = SLUICE_DAY_S,
        .basis_rule_count = 1,
        .basis_rules = { { .contracts = 7, .basis = SLUICE_BASIS_CONTRACT } },
        .projection_count = 1,
        .projections = { { field, transform, number, parameter } },
    };

    return purpose;
}

static struct sluice_purpose plain(void)
{
    return purpose_with(SLUICE_FIELD_SERVICE, SLUICE_TRANSFORM_KEEP, 30, 0);
}

static void a_version_met_with_itself_is_unchanged(void **state)
{
    const struct sluice_purpose purpose = plain();
    struct sluice_purpose out;

    sluice_purpose_intersect(&out, &purpose, &purpose);
    assert_memory_equal(&out, &purpose, sizeof out);
}

static void a_purpose_that_either_lacks_emits_nothing(void **state)
{
    const struct sluice_purpose declared = plain(), absent = { .name = "p" };
    struct sluice_purpose out;

    sluice_purpose_intersect(&out, &declared, &absent);
    assert_false(out.declared);
    assert_int_equal(out.projection_count, 0);
    assert_int_equal(sluice_purpose_basis(&out, SLUICE_CONTRACT_NONE, SLUICE_STR("")), SLUICE_BASIS_NONE);
    sluice_purpose_intersect(&out, &absent, &declared);
    assert_false(out.declared);
}

/* Of two forms of one field the stricter, whichever version has it. */
static void of_two_forms_the_stricter_is_taken(void **state)
{
    enum { DROP, KEEP, PSEUDONYM, TRUNCATE, COARSEN, BUCKET, TOKEN, TAG };
    static const uint8_t expect[8][8] = {
        /*             drop  keep       pseudonym  truncate  coarsen  bucket  token  tag */
        [KEEP] =      { DROP, KEEP,      PSEUDONYM, TRUNCATE, COARSEN, BUCKET, TOKEN, TAG },
        [PSEUDONYM] = { DROP, PSEUDONYM, PSEUDONYM, DROP,     DROP,    DROP,   DROP,  PSEUDONYM },
        [TRUNCATE] =  { DROP, TRUNCATE,  DROP,      TRUNCATE, DROP,    DROP,   DROP,  DROP },
        [COARSEN] =   { DROP, COARSEN,   DROP,      DROP,     COARSEN, DROP,   DROP,  DROP },
        [BUCKET] =    { DROP, BUCKET,    DROP,      DROP,     DROP,    BUCKET, DROP,  DROP },
        [TOKEN] =     { DROP, TOKEN,     DROP,      DROP,     DROP,    DROP,   TOKEN, DROP },
        [TAG] =       { DROP, TAG,       PSEUDONYM, DROP,     DROP,    DROP,   DROP,  TAG },
    };

    for (uint8_t a = KEEP; a <= TAG; a++)
        for (uint8_t b = KEEP; b <= TAG; b++) {
            /* The number stands for the form, so it must come along. */
            const struct sluice_purpose now = purpose_with(SLUICE_FIELD_APN, a, (uint8_t)(40 + a), 0);
            const struct sluice_purpose then = purpose_with(SLUICE_FIELD_APN, b, (uint8_t)(40 + b), 0);
            struct sluice_purpose out;

            sluice_purpose_intersect(&out, &now, &then);
            assert_int_equal(out.projection_count, expect[a][b] == DROP ? 0 : 1);
            if (out.projection_count) {
                assert_int_equal(out.projections[0].transform, expect[a][b]);
                assert_int_equal(out.projections[0].number, 40 + expect[a][b]);
            }
        }
}

static void of_two_parameters_the_one_that_tells_less_is_taken(void **state)
{
    static const struct { uint8_t transform; uint32_t now, then, expect; } cases[] = {
        { SLUICE_TRANSFORM_TRUNCATE, 24, 16, 16 },  { SLUICE_TRANSFORM_TRUNCATE, 16, 24, 16 },
        { SLUICE_TRANSFORM_COARSEN, 900, 60, 900 }, { SLUICE_TRANSFORM_COARSEN, 60, 900, 900 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct sluice_purpose now = purpose_with(SLUICE_FIELD_START, cases[i].transform, 46, cases[i].now);
        const struct sluice_purpose then = purpose_with(SLUICE_FIELD_START, cases[i].transform, 46, cases[i].then);
        struct sluice_purpose out;

        sluice_purpose_intersect(&out, &now, &then);
        assert_int_equal(out.projections[0].parameter, cases[i].expect);
    }
}

static void only_fields_of_both_leave_and_by_rising_number(void **state)
{
    struct sluice_purpose now = plain(), then = plain(), out;

    now.projection_count = 3;
    now.projections[0] = (struct sluice_projection){ SLUICE_FIELD_APN, SLUICE_TRANSFORM_KEEP, 33, 0 };
    now.projections[1] = (struct sluice_projection){ SLUICE_FIELD_UPLINK_OCTETS, SLUICE_TRANSFORM_KEEP, 35, 0 };
    now.projections[2] = (struct sluice_projection){ SLUICE_FIELD_DOWNLINK_OCTETS, SLUICE_TRANSFORM_KEEP, 36, 0 };
    then.projection_count = 3;
    then.projections[0] = (struct sluice_projection){ SLUICE_FIELD_RAT, SLUICE_TRANSFORM_KEEP, 32, 0 };
    then.projections[1] = (struct sluice_projection){ SLUICE_FIELD_DOWNLINK_OCTETS, SLUICE_TRANSFORM_KEEP, 36, 0 };
    then.projections[2] = (struct sluice_projection){ SLUICE_FIELD_UPLINK_OCTETS, SLUICE_TRANSFORM_BUCKET, 37, 0 };

    sluice_purpose_intersect(&out, &now, &then);
    assert_int_equal(out.projection_count, 2);
    assert_int_equal(out.projections[0].number, 36);
    assert_int_equal(out.projections[1].number, 37);
    assert_int_equal(out.projections[1].field, SLUICE_FIELD_UPLINK_OCTETS);
}

static void flags_and_sets_are_the_stricter_of_both(void **state)
{
    struct sluice_purpose now = plain(), then = plain(), out;

    now.services = 1u << SLUICE_SERVICE_DATA | 1u << SLUICE_SERVICE_NIDD;
    then.services = 1u << SLUICE_SERVICE_DATA | 1u << SLUICE_SERVICE_SMS_MO;
    now.roles = 1u << SLUICE_ROLE_CONTROLLER | 1u << SLUICE_ROLE_PROCESSOR;
    now.restrict_exempt = true;
    then.anonymous = true;
    now.objection = SLUICE_OBJECTION_GROUND;
    then.objection = SLUICE_OBJECTION_BY_BASIS;
    now.required = 2;
    then.required = 4;
    now.epoch_s = 7;
    now.bucket_s = 3600;
    now.assessed_at_us = 2;
    then.assessed_at_us = 1;

    sluice_purpose_intersect(&out, &now, &then);
    assert_int_equal(out.services, 1u << SLUICE_SERVICE_DATA);
    assert_int_equal(out.roles, 1u << SLUICE_ROLE_CONTROLLER);
    assert_false(out.restrict_exempt);
    assert_true(out.anonymous);
    assert_int_equal(out.objection, SLUICE_OBJECTION_BY_BASIS);
    assert_int_equal(out.required, 6);
    assert_int_equal(out.epoch_s, 7);
    assert_int_equal(out.bucket_s, 3600);
    assert_int_equal(out.assessed_at_us, 1);
    then.objection = SLUICE_OBJECTION_ALWAYS;
    sluice_purpose_intersect(&out, &now, &then);
    assert_int_equal(out.objection, SLUICE_OBJECTION_ALWAYS);
}

/* B-LAW-4: a basis that became consent binds old subjects too; one that was stays. */
static void the_basis_is_of_its_time_but_what_closed_stays_closed(void **state)
{
    static const struct { uint8_t now, then, expect; } cases[] = {
        { SLUICE_BASIS_CONTRACT, SLUICE_BASIS_LEGITIMATE_INTERESTS, SLUICE_BASIS_LEGITIMATE_INTERESTS },
        { SLUICE_BASIS_CONSENT, SLUICE_BASIS_LEGITIMATE_INTERESTS, SLUICE_BASIS_CONSENT },
        { SLUICE_BASIS_LEGITIMATE_INTERESTS, SLUICE_BASIS_CONSENT, SLUICE_BASIS_CONSENT },
        { SLUICE_BASIS_NONE, SLUICE_BASIS_CONTRACT, SLUICE_BASIS_NONE },
        { SLUICE_BASIS_CONTRACT, SLUICE_BASIS_NONE, SLUICE_BASIS_NONE },
        { SLUICE_BASIS_CONSENT, SLUICE_BASIS_NONE, SLUICE_BASIS_NONE },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sluice_purpose now = plain(), then = plain(), out;

        now.basis_rules[0].basis = cases[i].now;
        then.basis_rules[0].basis = cases[i].then;
        sluice_purpose_intersect(&out, &now, &then);
        assert_int_equal(sluice_purpose_basis(&out, SLUICE_CONTRACT_INDIVIDUAL, SLUICE_STR("DE")), cases[i].expect);
    }
}

/* 2026-03-15T12:34:56Z */
#define EVENT_US  (INT64_C(1773578096) * SLUICE_SECOND_US)
#define EVENT_DAY (INT64_C(1773532800))

static void deadlines_are_anchor_plus_period_down_to_the_bucket(void **state)
{
    static const struct { uint8_t anchor; int64_t period_s, bucket_s, expect_s; } cases[] = {
        { SLUICE_ANCHOR_EVENT, 30 * SLUICE_DAY_S, SLUICE_DAY_S, EVENT_DAY + 30 * SLUICE_DAY_S },
        { SLUICE_ANCHOR_EVENT, 7 * SLUICE_DAY_S, 3600, EVENT_DAY + 7 * SLUICE_DAY_S + 12 * 3600 },
        { SLUICE_ANCHOR_COLLECTION, 7 * SLUICE_DAY_S, 3600, EVENT_DAY + 8 * SLUICE_DAY_S + 12 * 3600 },
        { SLUICE_ANCHOR_INVOICE, SLUICE_DAY_S, SLUICE_DAY_S, EVENT_DAY + 18 * SLUICE_DAY_S },   /* April 1 and a day */
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sluice_purpose purpose = plain();

        purpose.anchor = cases[i].anchor;
        purpose.retention_s = cases[i].period_s;
        purpose.bucket_s = cases[i].bucket_s;
        assert_int_equal(sluice_purpose_deadline_s(&purpose, EVENT_US, EVENT_US + SLUICE_DAY_S * SLUICE_SECOND_US),
                         cases[i].expect_s);
    }
}

/* Exactly the earlier of two deadlines, also where they run from different anchors. */
static void of_two_deadlines_the_earlier_holds(void **state)
{
    struct sluice_purpose now = plain(), then = plain(), out;

    now.anchor = SLUICE_ANCHOR_INVOICE;             /* April 1 and 10 days */
    now.retention_s = 10 * SLUICE_DAY_S;
    then.retention_s = 30 * SLUICE_DAY_S;           /* April 14 */
    sluice_purpose_intersect(&out, &now, &then);
    assert_int_equal(sluice_purpose_deadline_s(&out, EVENT_US, EVENT_US), EVENT_DAY + 27 * SLUICE_DAY_S);
    then.retention_s = 20 * SLUICE_DAY_S;           /* April 4 */
    sluice_purpose_intersect(&out, &now, &then);
    assert_int_equal(sluice_purpose_deadline_s(&out, EVENT_US, EVENT_US), EVENT_DAY + 20 * SLUICE_DAY_S);
}

static void epochs_are_numbered_and_end_where_the_next_begins(void **state)
{
    static const struct { uint8_t kind; int64_t start_us; uint32_t epoch; int64_t end_s; } cases[] = {
        { SLUICE_EPOCH_SECONDS, 0, 0, SLUICE_DAY_S },
        { SLUICE_EPOCH_SECONDS, EVENT_US, EVENT_DAY, EVENT_DAY + SLUICE_DAY_S },
        { SLUICE_EPOCH_SECONDS, (EVENT_DAY + SLUICE_DAY_S) * SLUICE_SECOND_US - 1, EVENT_DAY, EVENT_DAY + SLUICE_DAY_S },
        { SLUICE_EPOCH_SECONDS, (EVENT_DAY + SLUICE_DAY_S) * SLUICE_SECOND_US, EVENT_DAY + SLUICE_DAY_S, EVENT_DAY + 2 * SLUICE_DAY_S },
        { SLUICE_EPOCH_MONTH, 0, 0, 31 * SLUICE_DAY_S },
        { SLUICE_EPOCH_MONTH, EVENT_US, 1772323200, INT64_C(1775001600) },
        { SLUICE_EPOCH_MONTH, INT64_C(1775001600) * SLUICE_SECOND_US - 1, 1772323200, INT64_C(1775001600) },
        { SLUICE_EPOCH_MONTH, INT64_C(1775001600) * SLUICE_SECOND_US, 1775001600, INT64_C(1777593600) },
        { SLUICE_EPOCH_MONTH, EVENT_US, 1772323200, INT64_C(1775001600) },   /* back again */
        { SLUICE_EPOCH_MONTH, SLUICE_TIME_MAX_US - 1, 4099766400, SLUICE_TIME_MAX_US / SLUICE_SECOND_US },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sluice_purpose purpose = plain();

        purpose.epoch_kind = cases[i].kind;
        assert_int_equal(sluice_purpose_epoch(&purpose, cases[i].start_us), cases[i].epoch);
        assert_int_equal(sluice_purpose_epoch_end_us(&purpose, cases[i].epoch), cases[i].end_s * SLUICE_SECOND_US);
    }
}

/* Its pseudonyms link nothing, but its keys must die some day. */
static void keys_of_a_pseudonym_per_record_live_a_day(void **state)
{
    struct sluice_purpose purpose = plain();

    purpose.epoch_kind = SLUICE_EPOCH_RECORD;
    assert_int_equal(sluice_purpose_epoch(&purpose, EVENT_US), EVENT_DAY);
    assert_int_equal(sluice_purpose_epoch_end_us(&purpose, EVENT_DAY), (EVENT_DAY + SLUICE_DAY_S) * SLUICE_SECOND_US);
}

/* Every month of 130 years, each in any order, against the calendar. */
static void months_follow_the_calendar(void **state)
{
    struct sluice_purpose purpose = plain();

    purpose.epoch_kind = SLUICE_EPOCH_MONTH;
    for (uint32_t step = 0; step < 1560; step++) {
        const uint32_t month = step * 7 % 1560;
        const int64_t from_us = sluice_days_from_civil(1970 + (int)month / 12, month % 12 + 1, 1) * SLUICE_DAY_S * SLUICE_SECOND_US;

        const uint32_t epoch = sluice_purpose_epoch(&purpose, from_us);

        assert_int_equal(epoch, from_us / SLUICE_SECOND_US);
        assert_int_equal(sluice_purpose_epoch(&purpose, sluice_purpose_epoch_end_us(&purpose, epoch) - 1), epoch);
    }
}

/* A policy may change how long its epochs are. A number that meant another time
 * then would bring old pseudonyms back, find its keys destroyed, or have none
 * of them destroyed for centuries. */
static void an_epoch_of_another_length_is_still_of_its_time(void **state)
{
    static const int64_t days[] = { 1, 7, 28, 30, 31, 90, 0 };   /* 0: the month */
    const int64_t longest_us = 90 * SLUICE_DAY_S * SLUICE_SECOND_US;

    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++)
        for (size_t j = 0; j < sizeof days / sizeof days[0]; j++) {
            struct sluice_purpose before = plain(), after = plain();

            before.epoch_kind = days[i] ? SLUICE_EPOCH_SECONDS : SLUICE_EPOCH_MONTH;
            after.epoch_kind = days[j] ? SLUICE_EPOCH_SECONDS : SLUICE_EPOCH_MONTH;
            before.epoch_s = days[i] * SLUICE_DAY_S;
            after.epoch_s = days[j] * SLUICE_DAY_S;
            const int64_t end_us = sluice_purpose_epoch_end_us(&after, sluice_purpose_epoch(&before, EVENT_US));
            assert_in_range(end_us, EVENT_US - longest_us, EVENT_US + longest_us);
        }
}

TEST_MAIN(cmocka_unit_test(a_version_met_with_itself_is_unchanged),
          cmocka_unit_test(a_purpose_that_either_lacks_emits_nothing),
          cmocka_unit_test(of_two_forms_the_stricter_is_taken),
          cmocka_unit_test(of_two_parameters_the_one_that_tells_less_is_taken),
          cmocka_unit_test(only_fields_of_both_leave_and_by_rising_number),
          cmocka_unit_test(flags_and_sets_are_the_stricter_of_both),
          cmocka_unit_test(the_basis_is_of_its_time_but_what_closed_stays_closed),
          cmocka_unit_test(deadlines_are_anchor_plus_period_down_to_the_bucket),
          cmocka_unit_test(of_two_deadlines_the_earlier_holds),
          cmocka_unit_test(epochs_are_numbered_and_end_where_the_next_begins),
          cmocka_unit_test(keys_of_a_pseudonym_per_record_live_a_day),
          cmocka_unit_test(months_follow_the_calendar),
          cmocka_unit_test(an_epoch_of_another_length_is_still_of_its_time))
