#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "feed/emnify.h"
#include "sluice/clock.h"

/* Test networks, documentation addresses: nothing here is anybody's. */
#define SIM     "\"sim\":{\"id\":3,\"iccid\":\"8999010000000000011\",\"msisdn\":\"99900000001\",\"production_date\":\"2020-09-09T06:42:59Z\"}"
#define IMSI    "\"imsi\":\"001010000000001\",\"imsi_id\":9"
#define TIMES   "\"start_timestamp\":\"2026-04-26T11:53:43Z\",\"end_timestamp\":\"2026-04-26T12:08:43.260Z\""
#define NETWORK "\"operator\":{\"id\":5,\"name\":\"Net\",\"mnc\":\"01\",\"country\":{\"id\":74,\"mcc\":\"001\",\"name\":\"Land\"}}"
#define ORG     "\"organisation\":{\"id\":12345,\"name\":\"Example\"}"
#define DATA    "\"traffic_type\":{\"id\":5,\"description\":\"Data\"}"
#define SMS     "\"traffic_type\":{\"id\":6,\"description\":\"SMS\"}"
#define VOLUME  "\"volume\":{\"total\":0.219933,\"rx\":0.172848,\"tx\":0.047085}"
#define USAGE   "\"id\":333333333333333," DATA "," TIMES "," IMSI "," SIM "," NETWORK "," ORG "," VOLUME

#define EVENT(id) "\"id\":31877325941,\"alert\":false,\"description\":\"x\",\"timestamp\":\"2026-04-26T11:53:43.000+0000\"," \
                  "\"event_type\":{\"id\":" id ",\"description\":\"x\"},\"event_source\":{\"id\":0,\"description\":\"Network\"}," \
                  "\"event_severity\":{\"id\":0,\"description\":\"Info\"}," ORG "," SIM ",\"user\":null," \
                  "\"imsi\":{\"id\":9,\"imsi\":\"001010000000001\",\"import_date\":\"2020-12-23T13:02:11.000Z\"}," \
                  "\"endpoint\":{\"id\":7,\"imei\":\"001234560000006\",\"ip_address\":\"192.0.2.7\",\"name\":\"n\",\"tags\":null}"
#define PDP     "\"pdp_context\":{\"breakout_ip\":\"203.0.113.9\",\"rac\":null,\"sgsn_control_plane_ip_address\":\"198.51.100.1\"," \
                "\"rat_type\":8,\"tx_teid_data_plane\":3966839357,\"region\":\"eu-west-1\",\"apn\":\"em\"," \
                "\"tunnel_created\":\"2026-04-26T11:38:02\",\"ggsn_control_plane_ip_address\":\"198.51.100.2\",\"rx_teid\":96601675," \
                "\"ci\":5174,\"imsi\":\"001010000000002\",\"lac\":921,\"mcc\":\"001\",\"sac\":null,\"mnc\":\"01\",\"nsapi\":5," \
                "\"ue_ip_address\":\"198.18.0.1\",\"imeisv\":\"0012345600000012\",\"pdp_context_id\":1,\"gtp_version\":1}"

static struct sluice_organisation organisations[] = { { "12346", "beta" }, { "12345", "acme" } };
static struct sluice_input_config config;
static struct feed_input input;
static struct unknown_fields unknown;
static struct emnify *emnify;
static struct sluice_entry entry;
static char *bytes, *scratch;

/* Decode bytes of exactly that size, so that a sanitizer sees an over-read. */
static const struct sluice_record *decode(const char *json)
{
    const size_t len = strlen(json);

    free(bytes);
    free(scratch);
    bytes = malloc(len);
    scratch = malloc(len);
    memcpy(bytes, json, len);
    entry = (struct sluice_entry){ .raw = { bytes, len } };
    emnify_decode(emnify, &input, &entry, scratch, 1790000000000000);
    return &entry.record;
}

static void assert_good(const char *json)
{
    decode(json);
    if (entry.reason || entry.disposition)
        fail_msg("%s: %s", sluice_reason_word(entry.reason), json);
}

static void assert_refused(const char *json, enum sluice_reason reason)
{
    decode(json);
    if (entry.reason != reason || entry.disposition != sluice_reason_disposition(reason))
        fail_msg("%s instead of %s: %s", sluice_reason_word(entry.reason), sluice_reason_word(reason), json);
    assert_good("{" USAGE "}");   /* the bystander: the next one is not harmed */
}

static void assert_text(struct sluice_str text, const char *expected)
{
    assert_int_equal(text.len, strlen(expected));
    assert_memory_equal(text.bytes, expected, text.len);
}

static int64_t at(const char *text)
{
    int64_t time_us;
    int offset;
    bool zone;

    assert_int_equal(sluice_time_parse(&time_us, &offset, &zone, sluice_str_from(text)), SLUICE_OK);
    return time_us;
}

static uint64_t seen;
static const char *wanted;

static void count_name(void *self, const char *name, uint64_t count)
{
    if (strcmp(name, wanted) == 0)
        seen = count;
}

static uint64_t unknown_count(const char *name)
{
    seen = 0;
    wanted = name;
    unknown_fields_visit(&unknown, count_name, NULL);
    return seen;
}

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

static int setup(void **state)
{
    static struct sluice_findings findings;

    config = (struct sluice_input_config){ .name = "emnify", .format = SLUICE_FORMAT_EMNIFY, .organisation_count = 2,
                                           .organisations = organisations, .usage_records = true, .megabyte = 1000000,
                                           .role = SLUICE_ROLE_PROCESSOR };
    memset(&unknown, 0, sizeof unknown);
    return feed_input_init(&input, &findings, &config) || emnify_new(&emnify, &unknown);
}

static int teardown(void **state)
{
    feed_input_deinit(&input);
    emnify_free(emnify);
    free(bytes);
    free(scratch);
    bytes = scratch = NULL;
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

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
          TEST(events_become_signalling),
          TEST(takes_every_field_of_a_pdp_context),
          TEST(without_usage_records_a_deleted_context_is_the_usage),
          TEST(a_network_is_taken_only_where_it_is_one),
          TEST(a_detail_that_is_broken_text_is_no_fault),
          TEST(unknown_fields_are_dropped_and_counted_by_name),
          TEST(names_that_are_no_names_count_as_other),
          TEST(a_good_record_loses_a_secret_and_goes_on),
          TEST(a_prohibited_class_is_never_held),
          TEST(broken_bytes_are_searched_for_secrets),
          TEST(an_instant_of_arrival_is_kept_on_replay))
