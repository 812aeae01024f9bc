/* Elements of the emnify family as text, and what becomes of them. */
#ifndef TESTS_EMNIFY_FIXTURE_H
#define TESTS_EMNIFY_FIXTURE_H

#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "feed/emnify.h"
#include "sluice/clock.h"

#define UNUSED __attribute__((unused))

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

UNUSED static void assert_good(const char *json)
{
    decode(json);
    if (entry.reason || entry.disposition)
        fail_msg("%s: %s", sluice_reason_word(entry.reason), json);
}

UNUSED static void assert_refused(const char *json, enum sluice_reason reason)
{
    decode(json);
    if (entry.reason != reason || entry.disposition != sluice_reason_disposition(reason))
        fail_msg("%s instead of %s: %s", sluice_reason_word(entry.reason), sluice_reason_word(reason), json);
    assert_good("{" USAGE "}");   /* the bystander: the next one is not harmed */
}

UNUSED static void assert_text(struct sluice_str text, const char *expected)
{
    assert_int_equal(text.len, strlen(expected));
    assert_memory_equal(text.bytes, expected, text.len);
}

UNUSED static int64_t at(const char *text)
{
    int64_t time_us;
    int offset;
    bool zone;

    assert_int_equal(sluice_time_parse(&time_us, &offset, &zone, sluice_str_from(text)), SLUICE_OK);
    return time_us;
}

static uint64_t seen;
static const char *wanted;

UNUSED static void count_name(void *self, const char *name, uint64_t count)
{
    if (strcmp(name, wanted) == 0)
        seen = count;
}

UNUSED static uint64_t unknown_count(const char *name)
{
    seen = 0;
    wanted = name;
    unknown_fields_visit(&unknown, count_name, NULL);
    return seen;
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

#endif
