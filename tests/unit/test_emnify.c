/* Usage records: each field, each shape it comes in, each fault. */
#include "unit/emnify_fixture.h"

static void takes_every_field_of_a_data_record(void **state)
{
    const struct sluice_record *record = decode(
        "{" USAGE ",\"cost\":0.00188512,\"currency\":{\"id\":1,\"code\":\"EUR\",\"symbol\":\"\xe2\x82\xac\"},"
        "\"tariff\":{\"id\":1,\"name\":\"Plan\",\"ratezone\":{\"id\":2,\"name\":\"Area 2\"}},"
        "\"endpoint\":{\"id\":1,\"name\":\"Device\",\"ip_address\":\"192.0.2.7\",\"tags\":\"V1\","
        "\"imei\":\"0012345600000012\",\"balance\":null},\"session_id\":\"722aeb56-c4de-4753-ac23-4f99c1980c5e\"}");

    assert_int_equal(entry.reason, SLUICE_REASON_NONE);
    assert_text(record->source_id, "emnify");
    assert_text(record->record_id, "333333333333333");
    assert_text(record->session_id, "722aeb56-c4de-4753-ac23-4f99c1980c5e");
    assert_text(record->tenant, "acme");
    assert_text(entry.tenant_hint, "acme");
    assert_int_equal(record->role, SLUICE_ROLE_PROCESSOR);
    assert_int_equal(record->collected_at_us, 1790000000000000);
    assert_memory_equal(record->iccid.digits, "8999010000000000011", 19);
    assert_memory_equal(record->imsi.digits, "001010000000001", 15);
    assert_memory_equal(record->msisdn.digits, "99900000001", 11);
    assert_int_equal(record->imei.digit_count, 16);
    assert_memory_equal(record->ue_address.bytes, "\xc0\x00\x02\x07", 4);
    assert_int_equal(record->service, SLUICE_SERVICE_DATA);
    assert_int_equal(record->counter_mode, SLUICE_COUNTER_DELTA);
    assert_int_equal(record->uplink_octets, 172848);
    assert_int_equal(record->downlink_octets, 47085);
    assert_int_equal(record->start_us, at("2026-04-26T11:53:43Z"));
    assert_int_equal(record->end_us, at("2026-04-26T12:08:43.26Z"));
    assert_int_equal(record->serving_plmn.mcc, 1);
    assert_int_equal(record->serving_plmn.mnc, 1);
    assert_int_equal(record->serving_plmn.mnc_digits, 2);
    assert_int_equal(record->charge_units, 188512);
    assert_int_equal(record->charge_scale, 8);
    assert_memory_equal(record->currency, "EUR", 3);
    assert_int_equal(record->present,
                     SLUICE_HAS(SLUICE_RAW_COLLECTED_AT) | SLUICE_HAS(SLUICE_RAW_START) | SLUICE_HAS(SLUICE_RAW_END) |
                         SLUICE_HAS(SLUICE_RAW_UPLINK_OCTETS) | SLUICE_HAS(SLUICE_RAW_DOWNLINK_OCTETS) |
                         SLUICE_HAS(SLUICE_RAW_CHARGE));
    assert_false(entry.holds_secret);
    unknown_fields_visit(&unknown, count_name, NULL);
    assert_int_equal(unknown.count, 0);
    assert_int_equal(unknown.other, 0);
}

static void an_sms_is_one_message_in_one_direction(void **state)
{
    static const struct { const char *volume; enum sluice_service service; uint32_t count; enum sluice_reason reason; } cases[] = {
        { "{\"total\":1,\"rx\":1,\"tx\":0}", SLUICE_SERVICE_SMS_MO, 1, SLUICE_REASON_NONE },
        { "{\"total\":1.0,\"rx\":0.0,\"tx\":1.0}", SLUICE_SERVICE_SMS_MT, 1, SLUICE_REASON_NONE },
        { "{\"total\":\"3.000000\",\"rx\":\"3.000000\",\"tx\":\"0.000000\"}", SLUICE_SERVICE_SMS_MO, 3, SLUICE_REASON_NONE },
        { "{\"rx\":1,\"tx\":1}", 0, 0, SLUICE_REASON_BAD_VOLUME },
        { "{\"rx\":0,\"tx\":0}", 0, 0, SLUICE_REASON_BAD_VOLUME },
        { "{\"rx\":0.5,\"tx\":0}", 0, 0, SLUICE_REASON_BAD_VOLUME },
        { "{\"rx\":-1,\"tx\":0}", 0, 0, SLUICE_REASON_BAD_VOLUME },
        { "{\"rx\":1,\"tx\":null}", 0, 0, SLUICE_REASON_MISSING_REQUIRED },
        { "null", 0, 0, SLUICE_REASON_MISSING_REQUIRED },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char json[2048];

        snprintf(json, sizeof json, "{\"id\":1," SMS "," TIMES "," IMSI "," SIM "," ORG ",\"volume\":%s}", cases[i].volume);
        const struct sluice_record *record = decode(json);
        if (entry.reason != cases[i].reason)
            fail_msg("%s: %s", cases[i].volume, sluice_reason_word(entry.reason));
        if (!cases[i].reason) {
            assert_int_equal(record->service, cases[i].service);
            assert_int_equal(record->message_count, cases[i].count);
            assert_false(record->present & SLUICE_HAS(SLUICE_RAW_UPLINK_OCTETS));
        }
    }
}

static void volumes_are_exact_in_every_way_they_are_written(void **state)
{
    static const struct { const char *rx; uint32_t megabyte; uint64_t octets; enum sluice_reason reason; } cases[] = {
        { "0.015085", 1000000, 15085, SLUICE_REASON_NONE },
        { "\"0.015085\"", 1000000, 15085, SLUICE_REASON_NONE },
        { "1.5085e-2", 1000000, 15085, SLUICE_REASON_NONE },
        { "0", 1000000, 0, SLUICE_REASON_NONE },
        { "0.015085", 1048576, 15818, SLUICE_REASON_NONE },   /* 15817.77 */
        { "0.0000005", 1000000, 0, SLUICE_REASON_BAD_VOLUME },
        { "-0.5", 1000000, 0, SLUICE_REASON_BAD_VOLUME },
        { "\"many\"", 1000000, 0, SLUICE_REASON_BAD_VOLUME },
        { "\"\"", 1000000, 0, SLUICE_REASON_MISSING_REQUIRED },
        { "null", 1000000, 0, SLUICE_REASON_MISSING_REQUIRED },
        { "true", 1000000, 0, SLUICE_REASON_WRONG_TYPE },
        { "{}", 1000000, 0, SLUICE_REASON_WRONG_TYPE },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char json[2048];

        config.megabyte = cases[i].megabyte;
        snprintf(json, sizeof json, "{\"id\":1," DATA "," TIMES "," IMSI "," ORG ",\"volume\":{\"rx\":%s,\"tx\":0.0}}",
                 cases[i].rx);
        decode(json);
        if (entry.reason != cases[i].reason)
            fail_msg("%s: %s", cases[i].rx, sluice_reason_word(entry.reason));
        assert_int_equal(entry.record.uplink_octets, cases[i].octets);
        config.megabyte = 1000000;
    }
    /* A sum alone does not say which way the octets went. */
    assert_refused("{\"id\":1," DATA "," TIMES "," IMSI "," ORG ",\"volume\":\"0.015085\"}", SLUICE_REASON_WRONG_TYPE);
    assert_refused("{\"id\":1," DATA "," TIMES "," IMSI "," ORG ",\"volume\":{\"total\":\"0.015085\"}}",
                   SLUICE_REASON_MISSING_REQUIRED);
}

static void instants_are_read_in_every_shape(void **state)
{
    static const struct { const char *text, *utc; } cases[] = {
        { "2026-04-26T11:53:43Z", "2026-04-26T11:53:43Z" },
        { "2026-04-26T11:53:43.260Z", "2026-04-26T11:53:43.26Z" },
        { "2026-04-26T11:53:43.000+0000", "2026-04-26T11:53:43Z" },
        { "2026-04-26T11:53:43", "2026-04-26T11:53:43Z" },
        { "2026-04-26 11:53:43", "2026-04-26T11:53:43Z" },
        { "2026-04-26T05:53:43-06:00", "2026-04-26T11:53:43Z" },
        { "1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z" },
        { "yesterday", NULL }, { "2026-02-30T10:00:00Z", NULL }, { "1969-12-31T23:59:59Z", NULL },
        { "2100-01-01T00:00:00Z", NULL }, { "1750938823", NULL },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char json[2048];

        snprintf(json, sizeof json, "{\"id\":1," DATA "," IMSI "," ORG "," VOLUME ",\"start_timestamp\":\"%s\"}", cases[i].text);
        decode(json);
        if (entry.reason != (cases[i].utc ? SLUICE_REASON_NONE : SLUICE_REASON_BAD_TIME))
            fail_msg("%s: %s", cases[i].text, sluice_reason_word(entry.reason));
        if (cases[i].utc)
            assert_int_equal(entry.record.start_us, at(cases[i].utc));
        assert_false(entry.record.present & SLUICE_HAS(SLUICE_RAW_UTC_OFFSET));   /* of the source, not of the device */
    }
    assert_refused("{\"id\":1," DATA "," IMSI "," ORG "," VOLUME ",\"start_timestamp\":1750938823}", SLUICE_REASON_WRONG_TYPE);
    assert_refused("{\"id\":1," DATA "," IMSI "," ORG "," VOLUME ",\"start_timestamp\":\"2026-04-26T11:53:44Z\","
                   "\"end_timestamp\":\"2026-04-26T11:53:43Z\"}", SLUICE_REASON_TIME_ORDER);
    assert_good("{\"id\":1," DATA "," IMSI "," ORG "," VOLUME ",\"start_timestamp\":\"2026-04-26T11:53:43Z\","
                "\"end_timestamp\":\"2026-04-26T11:53:43Z\"}");
}

static void traffic_type_is_known_by_number_or_word(void **state)
{
    static const struct { const char *type; enum sluice_reason reason; } cases[] = {
        { "{\"id\":5}", SLUICE_REASON_NONE },
        { "{\"id\":\"5\"}", SLUICE_REASON_NONE },
        { "{\"id\":null,\"description\":\"Data\"}", SLUICE_REASON_NONE },
        { "{\"name\":\"data\"}", SLUICE_REASON_NONE },        /* its name in the tables of the documentation */
        { "{\"id\":7,\"description\":\"Data\"}", SLUICE_REASON_UNKNOWN_SERVICE },
        { "{\"description\":\"Smell\"}", SLUICE_REASON_UNKNOWN_SERVICE },
        { "{}", SLUICE_REASON_MISSING_REQUIRED },
        { "null", SLUICE_REASON_MISSING_REQUIRED },
        { "5", SLUICE_REASON_WRONG_TYPE },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char json[2048];

        snprintf(json, sizeof json, "{\"id\":1," TIMES "," IMSI "," ORG "," VOLUME ",\"traffic_type\":%s}", cases[i].type);
        decode(json);
        if (entry.reason != cases[i].reason)
            fail_msg("%s: %s", cases[i].type, sluice_reason_word(entry.reason));
    }
    assert_refused("{" USAGE ",\"event_type\":{\"id\":3}}", SLUICE_REASON_UNKNOWN_SERVICE);   /* two kinds in one */
}

static void each_field_is_refused_with_its_reason_and_place(void **state)
{
    static const struct { const char *json; enum sluice_reason reason; const char *place; } cases[] = {
        { "{" DATA "," TIMES "," IMSI "," ORG "," VOLUME "}", SLUICE_REASON_MISSING_REQUIRED, NULL },
        { "{\"id\":1.5," DATA "," TIMES "," IMSI "," ORG "," VOLUME "}", SLUICE_REASON_WRONG_TYPE, "1.5" },
        { "{\"id\":1," DATA "," IMSI "," ORG "," VOLUME "}", SLUICE_REASON_MISSING_REQUIRED, NULL },
        { "{\"id\":1," DATA "," TIMES ",\"imsi\":\"00101\"," ORG "," VOLUME "}", SLUICE_REASON_BAD_IMSI, "\"00101\"" },
        { "{\"id\":1," DATA "," TIMES ",\"imsi\":1010000000001," ORG "," VOLUME "}", SLUICE_REASON_WRONG_TYPE, "1010000000001" },
        { "{\"id\":1," DATA "," TIMES ",\"imsi\":[\"001010000000001\"]," ORG "," VOLUME "}", SLUICE_REASON_WRONG_TYPE, "[" },
        { "{\"id\":1," DATA "," TIMES ",\"sim\":{\"iccid\":\"8999010000000000012\"}," ORG "," VOLUME "}", SLUICE_REASON_BAD_ICCID, "\"8999" },
        { "{\"id\":1," DATA "," TIMES ",\"sim\":{\"msisdn\":\"9990x\"}," ORG "," VOLUME "}", SLUICE_REASON_BAD_MSISDN, "\"9990x\"" },
        { "{\"id\":1," DATA "," TIMES ",\"sim\":\"none\"," ORG "," VOLUME "}", SLUICE_REASON_WRONG_TYPE, "\"none\"" },
        { "{\"id\":1," DATA "," TIMES ",\"sim\":{\"eid\":\"1\"}," IMSI "," ORG "," VOLUME "}", SLUICE_REASON_BAD_EID, "\"1\"" },
        { "{\"id\":1," DATA "," TIMES "," IMSI ",\"endpoint\":{\"imei\":\"001234560000007\"}," ORG "," VOLUME "}", SLUICE_REASON_BAD_IMEI, "\"00123" },
        { "{\"id\":1," DATA "," TIMES "," IMSI ",\"endpoint\":{\"ip_address\":\"192.0.2.256\"}," ORG "," VOLUME "}", SLUICE_REASON_BAD_ADDRESS, "\"192." },
        { "{\"id\":1," DATA "," TIMES "," IMSI ",\"operator\":{\"mnc\":\"0123\",\"country\":{\"mcc\":\"001\"}}," ORG "," VOLUME "}", SLUICE_REASON_BAD_PLMN, "\"0123\"" },
        { "{\"id\":1," DATA "," TIMES "," IMSI ",\"cost\":\"free\",\"currency\":{\"code\":\"EUR\"}," ORG "," VOLUME "}", SLUICE_REASON_BAD_CHARGE, "\"free\"" },
        { "{\"id\":1," DATA "," TIMES "," IMSI ",\"cost\":1,\"currency\":{\"code\":\"euro\"}," ORG "," VOLUME "}", SLUICE_REASON_BAD_CHARGE, "\"euro\"" },
        { "{\"id\":1," DATA "," TIMES "," IMSI ",\"cost\":1," ORG "," VOLUME "}", SLUICE_REASON_BAD_CHARGE, NULL },
        { "{\"id\":1," DATA "," TIMES "," ORG "," VOLUME "}", SLUICE_REASON_NO_SUBJECT, NULL },
        { "{\"id\":1," DATA "," TIMES "," IMSI ",\"organisation\":{\"id\":999}," VOLUME "}", SLUICE_REASON_NO_CONTROLLER, NULL },
        { "{\"id\":1,\"id\":1}", SLUICE_REASON_DUPLICATE_FIELD, "\"id\":1}" },
        { "{\"id\":1", SLUICE_REASON_UNDECODABLE, NULL },
        { "{}", SLUICE_REASON_MISSING_REQUIRED, NULL },
        { "[1]", SLUICE_REASON_WRONG_TYPE, NULL },
        { "\"text\"", SLUICE_REASON_WRONG_TYPE, NULL },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *place = cases[i].place ? strstr(cases[i].json, cases[i].place) : cases[i].json;

        decode(cases[i].json);
        if (entry.reason != cases[i].reason)
            fail_msg("%s: %s", cases[i].json, sluice_reason_word(entry.reason));
        if (cases[i].place && entry.field != (size_t)(place - cases[i].json))
            fail_msg("%s: at %u", cases[i].json, entry.field);
        assert_refused(cases[i].json, cases[i].reason);
    }
}

static void a_long_text_is_refused(void **state)
{
    char text[256], json[2048];

    for (size_t len = 128; len <= 129; len++) {
        memset(text, 'x', len);
        text[len] = '\0';
        snprintf(json, sizeof json, "{" USAGE ",\"session_id\":\"%s\"}", text);
        decode(json);
        assert_int_equal(entry.reason, len == 128 ? SLUICE_REASON_NONE : SLUICE_REASON_BAD_TEXT);
    }
}

static void what_is_null_or_empty_is_absent(void **state)
{
    const struct sluice_record *record =
        decode("{\"id\":1," DATA "," TIMES "," IMSI "," ORG "," VOLUME ",\"endpoint\":null,\"operator\":null,\"currency\":null,"
               "\"cost\":null,\"tariff\":null,\"session_id\":null,\"sim\":{\"id\":null,\"iccid\":null,\"msisdn\":\"\"}}");

    assert_int_equal(entry.reason, SLUICE_REASON_NONE);
    assert_int_equal(record->iccid.digit_count, 0);
    assert_int_equal(record->imei.digit_count, 0);
    assert_int_equal(record->serving_plmn.mnc_digits, 0);
    assert_int_equal(record->session_id.len, 0);
    assert_false(record->present & SLUICE_HAS(SLUICE_RAW_CHARGE));
}

static void the_order_of_members_does_not_matter(void **state)
{
    const struct sluice_record *record = decode("{" VOLUME "," ORG "," NETWORK "," SIM "," IMSI "," TIMES "," DATA ",\"id\":\"a-1\"}");

    assert_int_equal(entry.reason, SLUICE_REASON_NONE);
    assert_text(record->record_id, "a-1");
    assert_int_equal(record->uplink_octets, 172848);
    assert_int_equal(record->imsi.digit_count, 15);
}

static void escapes_in_an_identifier_are_read_as_what_they_stand_for(void **state)
{
    const struct sluice_record *record = decode(
        "{\"id\":1," DATA "," TIMES ",\"\\u0069msi\":\"\\u00301010000000001\"," ORG "," VOLUME ",\"session_id\":\"a\\/b\"}");

    assert_int_equal(entry.reason, SLUICE_REASON_NONE);
    assert_memory_equal(record->imsi.digits, "01010000000001", 14);
    assert_text(record->session_id, "a/b");
    assert_refused("{\"id\":1," DATA "," TIMES ",\"imsi\":\"00101\\u0000000001\"," ORG "," VOLUME "}", SLUICE_REASON_BAD_IMSI);
}

static void the_tenant_comes_from_the_organisation(void **state)
{
    assert_text(decode("{\"id\":1," DATA "," TIMES "," IMSI "," VOLUME ",\"organisation\":{\"id\":\"12346\"}}")->tenant, "beta");
    assert_int_equal(decode("{\"id\":1," DATA "," TIMES "," IMSI "," VOLUME "}")->tenant.len, 0);
    assert_int_equal(entry.reason, SLUICE_REASON_NO_CONTROLLER);

    /* With a tenant for records that name none: one that names a stranger is still nobody's. */
    input.tenant = SLUICE_STR("gamma");
    assert_text(decode("{\"id\":1," DATA "," TIMES "," IMSI "," VOLUME "}")->tenant, "gamma");
    assert_int_equal(decode("{\"id\":1," DATA "," TIMES "," IMSI "," VOLUME ",\"organisation\":{\"id\":1}}")->tenant.len, 0);
    /* JSON can hide a NUL: what stands before it is not the name. */
    assert_int_equal(decode("{\"id\":1," DATA "," TIMES "," IMSI "," VOLUME ",\"organisation\":{\"id\":\"12345\\u0000"
                            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}}")->tenant.len, 0);
    assert_int_equal(decode("{\"id\":1," DATA "," TIMES "," IMSI "," VOLUME ",\"organisation\":{\"id\":\"12345\\u0000\"}}")->tenant.len, 0);
    /* Without a table every organisation is the input's tenant. */
    input.organisation_count = 0;
    assert_text(decode("{" USAGE "}")->tenant, "gamma");
    /* Also what cannot be decoded is sealed for it. */
    decode("{broken");
    assert_text(entry.tenant_hint, "gamma");
    input.organisation_count = 2;
    input.tenant.len = 0;
}

static void an_instant_of_arrival_is_kept_on_replay(void **state)
{
    static const char json[] = "{" USAGE "}";

    entry = (struct sluice_entry){ .raw = { json, sizeof json - 1 } };
    entry.record.collected_at_us = 1780000000000000;
    entry.record.present = SLUICE_HAS(SLUICE_RAW_COLLECTED_AT);
    emnify_decode(emnify, &input, &entry, NULL, 1790000000000000);
    assert_int_equal(entry.reason, SLUICE_REASON_NONE);
    assert_int_equal(entry.record.collected_at_us, 1780000000000000);
}

TEST_MAIN(TEST(takes_every_field_of_a_data_record),
          TEST(an_sms_is_one_message_in_one_direction),
          TEST(volumes_are_exact_in_every_way_they_are_written),
          TEST(instants_are_read_in_every_shape),
          TEST(traffic_type_is_known_by_number_or_word),
          TEST(each_field_is_refused_with_its_reason_and_place),
          TEST(a_long_text_is_refused),
          TEST(what_is_null_or_empty_is_absent),
          TEST(the_order_of_members_does_not_matter),
          TEST(escapes_in_an_identifier_are_read_as_what_they_stand_for),
          TEST(the_tenant_comes_from_the_organisation),
          TEST(an_instant_of_arrival_is_kept_on_replay))
