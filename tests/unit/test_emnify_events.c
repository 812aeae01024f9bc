/* Events, and what is in any element without being taken. */
#include "unit/emnify_fixture.h"

static void events_become_signalling(void **state)
{
    static const struct { const char *id; enum sluice_signalling_event event; } cases[] = {
        { "1", SLUICE_SIGNALLING_UPDATE_LOCATION }, { "2", SLUICE_SIGNALLING_UPDATE_GPRS_LOCATION },
        { "3", SLUICE_SIGNALLING_CREATE_PDP }, { "4", SLUICE_SIGNALLING_UPDATE_PDP },
        { "5", SLUICE_SIGNALLING_DELETE_PDP }, { "15", SLUICE_SIGNALLING_PURGE_LOCATION },
        { "16", SLUICE_SIGNALLING_PURGE_GPRS_LOCATION },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char json[4096];

        snprintf(json, sizeof json, "{" EVENT("%s") ",\"detail\":{" PDP "}}", cases[i].id);
        const struct sluice_record *record = decode(json);
        assert_int_equal(entry.reason, SLUICE_REASON_NONE);
        assert_int_equal(record->service, SLUICE_SERVICE_SIGNALLING);
        assert_int_equal(record->signalling_event, cases[i].event);
        assert_int_equal(record->start_us, at("2026-04-26T11:53:43Z"));
    }
    for (int id = 0; id < 100; id++) {
        char json[4096], number[8];
        bool taken = false;

        snprintf(number, sizeof number, "%d", id);
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
            taken |= strcmp(cases[i].id, number) == 0;
        snprintf(json, sizeof json, "{" EVENT("%d") "}", id);
        decode(json);
        assert_int_equal(entry.reason, taken ? SLUICE_REASON_NONE : SLUICE_REASON_OTHER_EVENT);
    }
    /* Events of organisations and users name no SIM at all. */
    assert_refused("{\"id\":1,\"event_type\":{\"id\":31},\"imsi\":null,\"sim\":null,\"endpoint\":null,\"timestamp\":7}",
                   SLUICE_REASON_OTHER_EVENT);
}

static void takes_every_field_of_a_pdp_context(void **state)
{
    const struct sluice_record *record = decode(
        "{" EVENT("5") ",\"detail\":{\"id\":3,\"name\":\"Net\",\"country\":{\"id\":1,\"mcc\":\"999\",\"name\":\"Land\",\"iso_code\":\"de\"},"
        "\"session_id\":\"s-1\",\"volume\":{\"total\":0.641984,\"rx\":0.418811,\"tx\":0.223173}," PDP "}}");

    assert_int_equal(entry.reason, SLUICE_REASON_NONE);
    assert_text(record->session_id, "s-1");
    assert_memory_equal(record->imsi.digits, "001010000000001", 15);   /* the SIM's, not the context's */
    assert_int_equal(record->imei.digit_count, 16);                    /* what the network saw */
    assert_memory_equal(record->ue_address.bytes, "\xc6\x12\x00\x01", 4);
    assert_memory_equal(record->gateway.bytes, "\xc6\x33\x64\x02", 4);
    assert_text(record->breakout_region, "eu-west-1");
    assert_text(record->apn, "em");
    assert_int_equal(record->rat, 8);
    assert_int_equal(record->lac, 921);
    assert_int_equal(record->cell_id, 5174);
    assert_int_equal(record->serving_plmn.mcc, 1);
    /* Its octets are in the usage records. */
    assert_false(record->present & (SLUICE_HAS(SLUICE_RAW_UPLINK_OCTETS) | SLUICE_HAS(SLUICE_RAW_END)));
    assert_int_equal(record->uplink_octets, 0);
    assert_int_equal(unknown.count, 0);
}

static void without_usage_records_a_deleted_context_is_the_usage(void **state)
{
    config.usage_records = false;
    const struct sluice_record *record = decode(
        "{" EVENT("5") ",\"detail\":{\"session_id\":\"s-1\",\"volume\":{\"total\":0.641984,\"rx\":0.418811,\"tx\":\"0.223173\"}," PDP "}}");
    assert_int_equal(entry.reason, SLUICE_REASON_NONE);
    assert_int_equal(record->service, SLUICE_SERVICE_DATA);
    assert_int_equal(record->signalling_event, SLUICE_SIGNALLING_UNKNOWN);
    assert_int_equal(record->uplink_octets, 418811);
    assert_int_equal(record->downlink_octets, 223173);
    assert_int_equal(record->start_us, at("2026-04-26T11:38:02Z"));    /* written without a zone */
    assert_int_equal(record->end_us, at("2026-04-26T11:53:43Z"));

    decode("{" EVENT("3") ",\"detail\":{" PDP "}}");
    assert_int_equal(entry.record.service, SLUICE_SERVICE_SIGNALLING);
    decode("{" EVENT("5") ",\"detail\":{" PDP "}}");
    assert_int_equal(entry.reason, SLUICE_REASON_MISSING_REQUIRED);
    config.usage_records = true;
}

static void a_network_is_taken_only_where_it_is_one(void **state)
{
    static const struct { const char *detail; uint16_t mcc, mnc; uint8_t digits; enum sluice_reason reason; } cases[] = {
        { "{\"country\":{\"mcc\":\"262\"},\"mnc\":[{\"id\":3,\"mnc\":\"02\"}]}", 262, 2, 2, 0 },
        { "{\"country\":{\"mcc\":\"204\"},\"mnc\":[{\"id\":3,\"mnc\":\"20\"},{\"id\":4,\"mnc\":\"16\"}]}", 0, 0, 0, 0 },
        { "{\"country\":{\"mcc\":\"262\"},\"mnc\":[]}", 0, 0, 0, 0 },
        { "{\"country\":{\"mcc\":\"262\"},\"mnc\":\"01\"}", 262, 1, 2, 0 },
        { "{\"country\":{\"mcc\":\"310\"},\"mnc\":\"012\"}", 310, 12, 3, 0 },
        { "{\"country\":{\"mcc\":\"262\"},\"mnc\":1}", 262, 1, 2, 0 },      /* two digits in that country */
        { "{\"country\":{\"mcc\":\"001\"},\"mnc\":1}", 0, 0, 0, SLUICE_REASON_BAD_PLMN },
        { "{\"country\":null,\"mnc\":[{\"mnc\":\"02\"}]}", 0, 0, 0, 0 },
        { "null", 0, 0, 0, 0 },
        { "{}", 0, 0, 0, 0 },
        { "{\"mnc\":{\"[]\":{\"mnc\":\"02\"}}}", 0, 0, 0, SLUICE_REASON_WRONG_TYPE },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char json[4096];

        snprintf(json, sizeof json, "{" EVENT("2") ",\"detail\":%s}", cases[i].detail);
        const struct sluice_record *record = decode(json);
        if (entry.reason != cases[i].reason)
            fail_msg("%s: %s", cases[i].detail, sluice_reason_word(entry.reason));
        assert_int_equal(record->serving_plmn.mcc, cases[i].mcc);
        assert_int_equal(record->serving_plmn.mnc, cases[i].mnc);
        assert_int_equal(record->serving_plmn.mnc_digits, cases[i].digits);
    }
}

static void a_detail_that_is_broken_text_is_no_fault(void **state)
{
    assert_good("{" EVENT("3") ",\"detail\":\"{\\\"id\\\": 3, \\\"expiry_date\\\": 2022-03-31T00:00:00Z}\"}");
    assert_false(entry.holds_secret);
    assert_int_equal(unknown_count("detail"), 1);
    assert_good("{" EVENT("3") ",\"detail\":\"{\\\"pin\\\": 2022-03-31\"}");
    assert_true(entry.holds_secret);
}

static void unknown_fields_are_dropped_and_counted_by_name(void **state)
{
    assert_good("{" USAGE ",\"weather\":\"wet\",\"operator2\":{\"a\":{\"b\":1}},\"endpoint\":{\"colour\":\"red\"},"
                "\"imsi001010000000001\":1,\"\":2}");
    assert_good("{" USAGE ",\"weather\":null}");
    assert_int_equal(unknown_count("weather"), 2);
    assert_int_equal(unknown_count("operator2"), 1);        /* the whole of it, once */
    assert_int_equal(unknown_count("endpoint.colour"), 1);
    assert_int_equal(unknown_count("other"), 2);            /* an identifier as a name, and no name */
}

static void names_that_are_no_names_count_as_other(void **state)
{
    char json[8192] = "{" USAGE;

    for (int i = 0; i < 99; i++)
        for (int k = 0; k < 3; k++)
            snprintf(json + strlen(json), sizeof json - strlen(json), ",\"n%d%c\":0", i, 'a' + k);
    strcat(json, "}");
    decode(json);
    assert_int_equal(entry.reason, SLUICE_REASON_NONE);
    assert_int_equal(unknown.count, 256);
    assert_int_equal(unknown_count("other"), 297 - 256);
    decode("{" USAGE ",\"a-name-that-is-much-longer-than-any-name-that-a-format-would-have-had\":1,\"caf\xc3\xa9\":1,\"two words\":1}");
    assert_int_equal(unknown_count("other"), 297 - 256 + 3);
}

static void a_good_record_loses_a_secret_and_goes_on(void **state)
{
    static const char *const members[] = {
        "\"password\":\"x\"", "\"passwd\":1", "\"PIN\":\"0000\"", "\"puk1\":\"0\"", "\"pan\":\"1\"", "\"card_number\":\"1\"",
        "\"cvv\":1", "\"ki\":\"00\"", "\"OPc\":\"00\"", "\"k\":\"00\"", "\"op\":\"00\"", "\"secret\":\"s\"", "\"token\":\"t\"",
        "\"api_key\":\"t\"", "\"apiKey\":\"t\"", "\"deep\":{\"list\":[{\"er\":{\"password\":\"x\"}}]}",
        "\"tariff\":{\"token\":\"t\"}", "\"note\":\"paid with 4111 1111 1111 1111, thanks\"", "\"note\":5500005555555559",
        "\"description\":\"card 4111-1111-1111-1111\"", "\"note\":\"34 1111111111 111?\",\"n\":\"378282246310005\"",
    };
    static const char *const harmless[] = {
        "\"note\":\"4111 1111 1111 1112\"", "\"note\":\"8999010000000000011\"", "\"note\":\"001010000000001\"",
        "\"opcode\":1", "\"keys\":1", "\"tokens_left\":1", "\"password\":null", "\"note\":\"2026-04-26 11:53:43\"",
    };

    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        char json[4096];

        snprintf(json, sizeof json, "{" USAGE ",%s}", members[i]);
        assert_good(json);
        if (!entry.holds_secret)
            fail_msg("%s", members[i]);
        /* A bad one must not be sealed with it. */
        snprintf(json, sizeof json, "{\"id\":1," DATA "," TIMES "," ORG "," VOLUME ",%s}", members[i]);
        assert_refused(json, SLUICE_REASON_SECRET);
    }
    for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++) {
        char json[4096];

        snprintf(json, sizeof json, "{" USAGE ",%s}", harmless[i]);
        assert_good(json);
        if (entry.holds_secret)
            fail_msg("%s", harmless[i]);
    }
}

static void a_prohibited_class_is_never_held(void **state)
{
    static const char *const names[] = {
        "health", "biometric", "ethnicity", "religion", "national_id", "offence", "conviction", "genetic",
        "sexual_orientation", "political_opinion", "trade_union",
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char json[4096];

        snprintf(json, sizeof json, "{" USAGE ",\"extra\":[{\"%s\":\"x\"}]}", names[i]);
        assert_refused(json, SLUICE_REASON_PROHIBITED);
        decode(json);
        assert_true(entry.holds_secret);
        snprintf(json, sizeof json, "{" USAGE ",\"extra\":[{\"%s\":\"x\"}", names[i]);   /* cut off */
        assert_refused(json, SLUICE_REASON_PROHIBITED);
        snprintf(json, sizeof json, "{" EVENT("31") ",\"%s\":\"x\"}", names[i]);
        assert_refused(json, SLUICE_REASON_PROHIBITED);
    }
}

static void broken_bytes_are_searched_for_secrets(void **state)
{
    assert_refused("{" USAGE ",\"password\":\"x\"", SLUICE_REASON_SECRET);
    assert_refused("{" USAGE ",\"password\":\"x\",\"id\":1}", SLUICE_REASON_SECRET);   /* twice, but not sealed */
    assert_refused("{" USAGE ",\"note\":\"4111111111111111\"", SLUICE_REASON_SECRET);
    assert_refused("{" USAGE ",\"note\":\"wrong\"", SLUICE_REASON_UNDECODABLE);
}

TEST_MAIN(TEST(events_become_signalling),
          TEST(takes_every_field_of_a_pdp_context),
          TEST(without_usage_records_a_deleted_context_is_the_usage),
          TEST(a_network_is_taken_only_where_it_is_one),
          TEST(a_detail_that_is_broken_text_is_no_fault),
          TEST(unknown_fields_are_dropped_and_counted_by_name),
          TEST(names_that_are_no_names_count_as_other),
          TEST(a_good_record_loses_a_secret_and_goes_on),
          TEST(a_prohibited_class_is_never_held),
          TEST(broken_bytes_are_searched_for_secrets))
