/* Rows of CSV files, decoded by a mapping. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "csv/csv.h"
#include "feed/csv_map.h"

#define NOW_US INT64_C(1793491200000000) /* 2026-11-01 */

/* Everything a row may say, each with a value of its own. */
#define FULL                                                                                                 \
    "mapping: 1\ncolumns: { id: record_id, session: session_id, cid: charging_id, "                          \
    "part: partial_sequence, cause: closing_cause, again: retransmission, iccid: iccid, imsi: imsi, "        \
    "number: msisdn, eid: eid, imei: imei, ip: ue_address, org: organisation, account: account, "            \
    "region: region, kind: contract, type: { field: service, values: { D: data, S: sms-mo } }, "             \
    "rat: { field: rat, values: { LTE: 6, NB-IoT: 8 } }, apn: apn, "                                         \
    "up: { field: uplink_octets, unit: KB }, down: { field: downlink_octets, unit: MiB }, "                  \
    "seconds: duration, messages: message_count, mode: counter_mode, start: start, "                         \
    "end: { field: end, time: unix_ms }, zone: utc_offset, mcc: mcc, mnc: mnc, tac: tac, lac: lac, "         \
    "cell: cell_id, gw: gateway, exit: breakout_region, to: destination, cost: charge, cur: currency }\n"
#define FULL_HEADER                                                                                          \
    "id,session,cid,part,cause,again,iccid,imsi,number,eid,imei,ip,org,account,region,kind,type,rat,apn,"    \
    "up,down,seconds,messages,mode,start,end,zone,mcc,mnc,tac,lac,cell,gw,exit,to,cost,cur\n"
#define FULL_ROW                                                                                             \
    "r-1,s-2,3,4,5,yes,8999001000000000012,001010000000001,+8830000000001,"                                  \
    "89990000000000000000000000002144,001000010000015,192.0.2.1,77,acct,US-CA,business,D,NB-IoT,"            \
    "iot.example,1.5,2,6,7,cumulative,2026-10-05T12:00:00+02:00,1791300000123,-90,001,01,8,9,10,"            \
    "198.51.100.9,eu,+99911,0.125,EUR\n"

#define SMALL "mapping: 1\ncolumns:\n  imsi: imsi\n  start: start\n"
#define SMALL_DATA SMALL "constants:\n  service: data\n"
#define SMALL_HEADER "imsi,start\n"
#define SMALL_ROW "001010000000001,2026-10-05T12:00:00Z\n"

static struct sluice_organisation organisations[] = { { "77", "beta" } };
static struct sluice_input_config config = { .name = "csv",
                                             .megabyte = 1000000,
                                             .organisations = organisations };
static struct unknown_fields unknown;
static struct csv_map *map;
static struct feed_input input;
static struct csv_splitter *splitter;
static char *raw;

static void open_map(const char *text)
{
    struct sluice_findings findings;
    struct sluice_buffer out;

    sluice_findings_init(&findings);
    if (csv_map_parse(&map, &findings, "map.yaml", text, strlen(text))) {
        sluice_buffer_init(&out, 65536);
        sluice_findings_print(&findings, &out);
        fail_msg("%.*s", (int)out.len, (const char *)out.bytes);
    }
    sluice_findings_deinit(&findings);
    memset(&unknown, 0, sizeof unknown);
    config.megabyte = 1000000;
    snprintf(config.tenant, sizeof config.tenant, "acme");
    assert_int_equal(feed_input_init(&input, NULL, &config), SLUICE_OK);
    assert_int_equal(csv_splitter_new(&splitter, csv_map_delimiter(map)), SLUICE_OK);
}

static void close_map(void)
{
    feed_input_deinit(&input);
    csv_map_free(map);
    csv_splitter_free(splitter);
    free(raw);
    raw = NULL;
    config.organisation_count = 0;
}

/* The header and the row go through the splitter, as a file does. */
static struct sluice_entry decode_onto(struct sluice_entry entry, const char *header, const char *row)
{
    const size_t header_len = strlen(header), len = header_len + strlen(row);
    struct csv_row split;

    free(raw);
    raw = malloc(len); /* not a byte more, so that reading beyond shows */
    memcpy(raw, header, header_len);
    memcpy(raw + header_len, row, len - header_len);
    entry.raw = (struct sluice_str){ raw, len };
    assert_int_equal(csv_split(splitter, &split, raw, header_len, true), CSV_ROW);
    csv_map_bind(map, &split);
    assert_int_equal(csv_split(splitter, &split, raw + header_len, len - header_len, true), CSV_ROW);
    csv_map_decode(map, &input, &entry, split.columns, split.count, &unknown, NOW_US);
    return entry;
}

static struct sluice_entry decode(const char *header, const char *row)
{
    return decode_onto((struct sluice_entry){ .form = SLUICE_FORM_CSV }, header, row);
}

#define assert_text(text, expected)                                                                          \
    do {                                                                                                     \
        assert_int_equal((text).len, strlen(expected));                                                      \
        assert_memory_equal((text).bytes, expected, strlen(expected));                                       \
    } while (0)
#define assert_reason(entry, expected)                                                                       \
    assert_string_equal(sluice_reason_word((enum sluice_reason)(entry).reason), sluice_reason_word(expected))

static void every_field_is_taken_from_its_column(void **state)
{
    config.organisation_count = 1;
    open_map(FULL);
    const struct sluice_entry entry = decode(FULL_HEADER, FULL_ROW);
    const struct sluice_record *record = &entry.record;

    assert_reason(entry, SLUICE_REASON_NONE);
    assert_text(record->source_id, "csv");
    assert_text(record->record_id, "r-1");
    assert_text(record->session_id, "s-2");
    assert_int_equal(record->charging_id, 3);
    assert_int_equal(record->partial_sequence, 4);
    assert_int_equal(record->closing_cause, 5);
    assert_true(record->retransmission);
    assert_memory_equal(record->iccid.digits, "8999001000000000012", 19);
    assert_memory_equal(record->imsi.digits, "001010000000001", 15);
    assert_memory_equal(record->msisdn.digits, "8830000000001", 13);
    assert_memory_equal(record->eid.digits, "89990000000000000000000000002144", 32);
    assert_memory_equal(record->imei.digits, "001000010000015", 15);
    assert_memory_equal(record->ue_address.bytes, "\xc0\x00\x02\x01", 4);
    assert_text(record->tenant, "beta");
    assert_text(record->account, "acct");
    assert_text(record->region, "US-CA");
    assert_int_equal(record->contract, SLUICE_CONTRACT_BUSINESS);
    assert_int_equal(record->service, SLUICE_SERVICE_DATA);
    assert_int_equal(record->rat, 8);
    assert_text(record->apn, "iot.example");
    assert_int_equal(record->uplink_octets, 1500);
    assert_int_equal(record->downlink_octets, 2097152);
    assert_int_equal(record->duration_s, 6);
    assert_int_equal(record->message_count, 7);
    assert_int_equal(record->counter_mode, SLUICE_COUNTER_CUMULATIVE);
    assert_int_equal(record->start_us, INT64_C(1791194400000000));
    assert_int_equal(record->end_us, INT64_C(1791300000123000));
    assert_int_equal(record->utc_offset_min, -90);
    assert_int_equal(record->serving_plmn.mcc * 100 + record->serving_plmn.mnc, 101);
    assert_int_equal(record->tac, 8);
    assert_int_equal(record->lac, 9);
    assert_int_equal(record->cell_id, 10);
    assert_memory_equal(record->gateway.bytes, "\xc6\x33\x64\x09", 4);
    assert_text(record->breakout_region, "eu");
    assert_text(record->destination, "99911");
    assert_int_equal(record->charge_units, 125);
    assert_int_equal(record->charge_scale, 3);
    assert_memory_equal(record->currency, "EUR", 3);
    assert_int_equal(record->collected_at_us, NOW_US);
    close_map();
}

/* --- volumes */

#define OCTETS "mapping: 1\ncolumns:\n  imsi: imsi\n  start: start\n  up: { field: uplink_octets, "
#define OCTETS_REST " }\n  down: { field: downlink_octets, unit: B }\nconstants:\n  service: data\n"
#define OCTETS_ROW(up) "001010000000001,2026-10-05T12:00:00Z," up ",5\n"

static void units_are_exact(void **state)
{
    static const struct {
        const char *map, *row;
        uint32_t megabyte;
        uint64_t octets; /* UINT64_MAX: refused */
    } cases[] = {
        { OCTETS "unit: B" OCTETS_REST, OCTETS_ROW("7.0"), 1000000, 7 },
        { OCTETS "unit: B" OCTETS_REST, OCTETS_ROW("7.5"), 1000000, UINT64_MAX },
        { OCTETS "unit: KB" OCTETS_REST, OCTETS_ROW("0.007"), 1000000, 7 },
        { OCTETS "unit: KB" OCTETS_REST, OCTETS_ROW("2"), 1048576, 2048 },
        { OCTETS "unit: MB" OCTETS_REST, OCTETS_ROW("0.219933"), 1000000, 219933 },
        { OCTETS "unit: MB" OCTETS_REST, OCTETS_ROW("0.5"), 1048576, 524288 },
        { OCTETS "unit: KiB" OCTETS_REST, OCTETS_ROW("1.5"), 1000000, 1536 },
        { OCTETS "unit: MiB" OCTETS_REST, OCTETS_ROW("3"), 1000000, 3145728 },
        { OCTETS "unit: MB" OCTETS_REST, OCTETS_ROW("-1"), 1000000, UINT64_MAX },
        { OCTETS "unit: MB" OCTETS_REST, OCTETS_ROW("much"), 1000000, UINT64_MAX },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        open_map(cases[i].map);
        config.megabyte = cases[i].megabyte;
        const struct sluice_entry entry = decode("imsi,start,up,down\n", cases[i].row);
        if (cases[i].octets == UINT64_MAX) {
            assert_reason(entry, SLUICE_REASON_BAD_VOLUME);
        } else {
            assert_reason(entry, SLUICE_REASON_NONE);
            assert_int_equal(entry.record.uplink_octets, cases[i].octets);
            assert_int_equal(entry.record.downlink_octets, 5);
            assert_int_equal(entry.record.counter_mode, SLUICE_COUNTER_DELTA);
        }
        close_map();
    }
}

static void a_column_may_name_the_unit(void **state)
{
    open_map(OCTETS "unit_column: unit" OCTETS_REST);
    struct sluice_entry entry =
        decode("imsi,unit,start,up,down\n", "001010000000001,KB,2026-10-05T12:00:00Z,3,5\n");
    assert_reason(entry, SLUICE_REASON_NONE);
    assert_int_equal(entry.record.uplink_octets, 3000);
    assert_int_equal(unknown.count, 0);

    entry = decode("imsi,unit,start,up,down\n", "001010000000001,MiB,2026-10-05T12:00:00Z,3,5\n");
    assert_int_equal(entry.record.uplink_octets, 3145728);
    entry = decode("imsi,unit,start,up,down\n", "001010000000001,furlong,2026-10-05T12:00:00Z,3,5\n");
    assert_reason(entry, SLUICE_REASON_BAD_VOLUME);
    entry = decode("imsi,unit,start,up,down\n", "001010000000001,,2026-10-05T12:00:00Z,3,5\n");
    assert_reason(entry, SLUICE_REASON_BAD_VOLUME);
    entry = decode("imsi,start,up,down\n", "001010000000001,2026-10-05T12:00:00Z,3,5\n");
    assert_reason(entry, SLUICE_REASON_MISSING_REQUIRED);
    close_map();
}

/* --- other values */

static void times_are_read_as_the_mapping_says(void **state)
{
    static const struct {
        const char *format, *text;
        int64_t time_us; /* 0: refused */
    } cases[] = {
        { "iso", "2026-10-05T12:00:00.25Z", INT64_C(1791201600250000) },
        { "iso", "2026-10-05 12:00:00", INT64_C(1791201600000000) },
        { "iso", "1791201600", 0 },
        { "unix_s", "1791201600", INT64_C(1791201600000000) },
        { "unix_ms", "1791201600007", INT64_C(1791201600007000) },
        { "unix_s", "1791201600007", 0 },
        { "unix_s", "2026-10-05T12:00:00Z", 0 },
    };
    static const char map_format[] = "mapping: 1\ncolumns: { imsi: imsi, t: { field: start, time: %s } }\n"
                                     "constants: { service: data }\n";

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[256], row[128];

        snprintf(text, sizeof text, map_format, cases[i].format);
        snprintf(row, sizeof row, "001010000000001,%s\n", cases[i].text);
        open_map(text);
        const struct sluice_entry entry = decode("imsi,t\n", row);
        assert_reason(entry, cases[i].time_us ? SLUICE_REASON_NONE : SLUICE_REASON_BAD_TIME);
        if (cases[i].time_us)
            assert_int_equal(entry.record.start_us, cases[i].time_us);
        close_map();
    }
}

static void a_column_comes_before_a_constant(void **state)
{
    open_map(SMALL "  type: { field: service, values: { S: sms-mt } }\n  apn: apn\n"
                   "constants:\n  service: data\n  apn: default.example\n  plmn: \"99970\"\n");
    struct sluice_entry entry = decode("imsi,start,type,apn\n", "001010000000001,2026-10-05,S,\n");
    assert_reason(entry, SLUICE_REASON_NONE);
    assert_int_equal(entry.record.service, SLUICE_SERVICE_SMS_MT);
    assert_text(entry.record.apn, "default.example");
    assert_int_equal(entry.record.serving_plmn.mcc, 999);

    entry = decode("imsi,start,type,apn\n", "001010000000001,2026-10-05,,own.example\n");
    assert_int_equal(entry.record.service, SLUICE_SERVICE_DATA);
    assert_text(entry.record.apn, "own.example");
    close_map();
}

static void a_word_that_the_mapping_lacks_is_refused(void **state)
{
    open_map(SMALL "  type: { field: service, values: { S: sms-mt } }\n");
    assert_reason(decode("imsi,start,type\n", "001010000000001,2026-10-05,S\n"), SLUICE_REASON_NONE);
    assert_reason(decode("imsi,start,type\n", "001010000000001,2026-10-05,X\n"),
                  SLUICE_REASON_UNKNOWN_SERVICE);
    assert_reason(decode("imsi,start,type\n", "001010000000001,2026-10-05,data\n"),
                  SLUICE_REASON_UNKNOWN_SERVICE);
    assert_reason(decode("imsi,start,type\n", "001010000000001,2026-10-05,\n"),
                  SLUICE_REASON_UNKNOWN_SERVICE);
    close_map();
}

static void an_sms_is_one_message_unless_a_column_counts(void **state)
{
    open_map(SMALL "constants:\n  service: sms-mo\n");
    struct sluice_entry entry = decode(SMALL_HEADER, SMALL_ROW);
    assert_int_equal(entry.record.message_count, 1);
    assert_true(entry.record.present & SLUICE_HAS(SLUICE_RAW_MESSAGE_COUNT));
    assert_int_equal(entry.record.counter_mode, SLUICE_COUNTER_UNKNOWN);
    close_map();

    open_map(SMALL "  n: message_count\nconstants:\n  service: sms-mo\n");
    entry = decode("imsi,start,n\n", "001010000000001,2026-10-05,3\n");
    assert_int_equal(entry.record.message_count, 3);
    entry = decode("imsi,start,n\n", "001010000000001,2026-10-05,\n");
    assert_false(entry.record.present & SLUICE_HAS(SLUICE_RAW_MESSAGE_COUNT));
    close_map();
}

static void a_network_code_that_lost_its_zero_is_repaired_or_refused(void **state)
{
    open_map(SMALL "  mcc: mcc\n  mnc: { field: mnc, number: yes }\nconstants:\n  service: data\n");
    struct sluice_entry entry = decode("imsi,start,mcc,mnc\n", "001010000000001,2026-10-05,262,2\n");
    assert_reason(entry, SLUICE_REASON_NONE);
    assert_int_equal(entry.record.serving_plmn.mnc_digits, 2);
    entry = decode("imsi,start,mcc,mnc\n", "001010000000001,2026-10-05,1,10\n");
    assert_reason(entry, SLUICE_REASON_BAD_PLMN);
    entry = decode("imsi,start,mcc,mnc\n", "001010000000001,2026-10-05,,\n");
    assert_reason(entry, SLUICE_REASON_NONE);
    close_map();
}

/* --- headers */

static void columns_may_stand_in_any_order_and_change_between_files(void **state)
{
    open_map(SMALL_DATA);
    for (int i = 0; i < 2; i++) {
        struct sluice_entry entry = decode("start,imsi\n", "2026-10-05T12:00:00Z,001010000000001\n");
        assert_reason(entry, SLUICE_REASON_NONE);
        assert_int_equal(entry.record.start_us, INT64_C(1791201600000000));
        entry = decode(SMALL_HEADER, SMALL_ROW);
        assert_reason(entry, SLUICE_REASON_NONE);
        assert_int_equal(entry.record.start_us, INT64_C(1791201600000000));
    }
    close_map();
}

static void quotes_and_line_ends_do_not_matter(void **state)
{
    open_map("delimiter: \";\"\n" SMALL_DATA);
    assert_reason(decode("\"imsi\";start\r\n", "\"001010000000001\";2026-10-05\r\n"), SLUICE_REASON_NONE);
    assert_reason(decode("imsi;start\n", "001010000000001;2026-10-05"), SLUICE_REASON_NONE);
    assert_reason(decode("imsi,start\n", "001010000000001,2026-10-05"), SLUICE_REASON_MISSING_REQUIRED);
    close_map();
}

static void a_header_that_lacks_a_column_refuses_its_rows(void **state)
{
    open_map(SMALL "  a: apn\n  r: { field: region, optional: yes }\nconstants:\n  service: data\n");
    assert_reason(decode("imsi,start,a,r\n", "001010000000001,2026-10-05,x,DE\n"), SLUICE_REASON_NONE);
    assert_reason(decode("imsi,start,a\n", "001010000000001,2026-10-05,x\n"), SLUICE_REASON_NONE);
    assert_reason(decode("imsi,start,r\n", "001010000000001,2026-10-05,DE\n"),
                  SLUICE_REASON_MISSING_REQUIRED);
    assert_reason(decode("imsi,start,a,r\n", "001010000000001,2026-10-05,x,DE\n"), SLUICE_REASON_NONE);
    close_map();
}

static void rows_that_do_not_fit_their_header_are_refused(void **state)
{
    static const struct {
        const char *header, *row;
        enum sluice_reason reason;
    } cases[] = {
        { SMALL_HEADER, "001010000000001\n", SLUICE_REASON_UNDECODABLE },
        { SMALL_HEADER, "001010000000001,2026-10-05,x\n", SLUICE_REASON_UNDECODABLE },
        { "im\"si,start\n", SMALL_ROW, SLUICE_REASON_UNDECODABLE },
        { "imsi,start,start\n", "001010000000001,2026-10-05,2026-10-05\n", SLUICE_REASON_DUPLICATE_FIELD },
        { SMALL_HEADER, "0010100000000x1,2026-10-05\n", SLUICE_REASON_BAD_IMSI },
        { SMALL_HEADER, "001010000000001,\n", SLUICE_REASON_MISSING_REQUIRED },
        { SMALL_HEADER, ",2026-10-05\n", SLUICE_REASON_NO_SUBJECT },
    };

    open_map(SMALL_DATA);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_reason(decode(cases[i].header, cases[i].row), cases[i].reason);
        assert_reason(decode(SMALL_HEADER, SMALL_ROW), SLUICE_REASON_NONE);
    }
    close_map();
}

/* --- what is not taken */

static void unknown_columns_are_counted_where_they_are_filled(void **state)
{
    open_map(SMALL "  seen: ignore\nconstants:\n  service: data\n");
    for (int i = 0; i < 3; i++)
        assert_reason(decode("imsi,start,seen,signal,empty\n", "001010000000001,2026-10-05,x,-97,\n"),
                      SLUICE_REASON_NONE);
    assert_int_equal(unknown.count, 1);
    assert_string_equal(unknown.fields[0].name, "signal");
    assert_int_equal(unknown.fields[0].seen, 3);
    close_map();
}

static void a_secret_is_told_and_a_prohibited_class_refuses(void **state)
{
    struct sluice_entry entry;

    open_map(SMALL_DATA);
    entry = decode("imsi,start,password\n", "001010000000001,2026-10-05,x\n");
    assert_reason(entry, SLUICE_REASON_NONE);
    assert_true(entry.holds_secret);
    entry = decode("imsi,start,password\n", "001010000000001,2026-10-05,\n");
    assert_reason(entry, SLUICE_REASON_NONE);
    assert_false(entry.holds_secret);
    entry = decode("imsi,start,password\n", "0,2026-10-05,x\n");
    assert_reason(entry, SLUICE_REASON_SECRET);
    entry = decode("imsi,start,password\n", "0,2026-10-05\n");
    assert_reason(entry, SLUICE_REASON_SECRET);
    entry = decode("imsi,start,note\n", "001010000000001,2026-10-05,paid with 4111 1111 1111 1111\n");
    assert_true(entry.holds_secret);
    assert_reason(decode("imsi,start,religion\n", "001010000000001,2026-10-05,x\n"), SLUICE_REASON_PROHIBITED);
    assert_false(decode(SMALL_HEADER, SMALL_ROW).holds_secret);
    close_map();
}

/* --- whose it is, and where the fault lies */

static void the_organisation_says_the_tenant(void **state)
{
    config.organisation_count = 1;
    open_map(SMALL "  org: organisation\nconstants:\n  service: data\n");
    struct sluice_entry entry = decode("imsi,start,org\n", "001010000000001,2026-10-05,77\n");
    assert_reason(entry, SLUICE_REASON_NONE);
    assert_text(entry.record.tenant, "beta");
    entry = decode("imsi,start,org\n", "001010000000001,2026-10-05,78\n");
    assert_reason(entry, SLUICE_REASON_NO_CONTROLLER);
    /* known although another column is bad, so that it is sealed where it belongs */
    entry = decode("imsi,start,org\n", "x,2026-10-05,77\n");
    assert_reason(entry, SLUICE_REASON_BAD_IMSI);
    assert_text(entry.tenant_hint, "beta");
    close_map();
}

static void the_column_at_fault_is_found_in_the_bytes(void **state)
{
    open_map(SMALL "  a: ignore\n  again: retransmission\nconstants:\n  service: data\n");
    struct sluice_entry entry =
        decode("a,imsi,start,again\n", "\"x,\"\"y\",001010000000001,tomorrow,maybe\n");
    assert_reason(entry, SLUICE_REASON_BAD_TIME);   /* the first of two */
    assert_memory_equal(raw + entry.field, "tomorrow", 8);
    entry = decode("a,imsi,start,again\n", ",001010000000001,2026-10-05,maybe\n");
    assert_reason(entry, SLUICE_REASON_WRONG_TYPE);
    assert_memory_equal(raw + entry.field, "maybe", 5);
    entry = decode("a,imsi,start,again\n", ",001010000000001,2026-10-05,no\n");
    assert_reason(entry, SLUICE_REASON_NONE);
    assert_false(entry.record.retransmission);
    close_map();
}

static void an_instant_of_arrival_is_kept(void **state)
{
    struct sluice_entry entry = { .record = { .present = SLUICE_HAS(SLUICE_RAW_COLLECTED_AT),
                                              .collected_at_us = 42 } };

    open_map(SMALL_DATA);
    entry = decode_onto(entry, SMALL_HEADER, SMALL_ROW);
    assert_reason(entry, SLUICE_REASON_NONE);
    assert_int_equal(entry.record.collected_at_us, 42);
    close_map();
}

static void nothing_is_decoded_before_there_is_a_header(void **state)
{
    const struct sluice_str columns[] = { SLUICE_STR("001010000000001"), SLUICE_STR("2026-10-05") };
    struct sluice_entry entry = { .raw = SLUICE_STR("001010000000001,2026-10-05") };

    open_map(SMALL_DATA);
    csv_map_decode(map, &input, &entry, columns, 2, &unknown, NOW_US);
    assert_reason(entry, SLUICE_REASON_UNDECODABLE);
    assert_text(entry.tenant_hint, "acme");
    assert_int_equal(entry.record.collected_at_us, NOW_US);
    close_map();
}

static void a_header_tells_what_its_broken_rows_may_hold(void **state)
{
    open_map(SMALL_DATA);
    decode("imsi,start,pin\n", "001010000000001,2026-10-05,\n");
    assert_int_equal(csv_map_secret(map), SECRET_HELD);
    decode("imsi,religion,pin,start\n", "001010000000001,,,2026-10-05\n");
    assert_int_equal(csv_map_secret(map), SECRET_PROHIBITED);
    decode(SMALL_HEADER, SMALL_ROW);
    assert_int_equal(csv_map_secret(map), SECRET_NONE);
    close_map();

    /* who maps a name says that it is no secret, but what a policy prohibits stays prohibited */
    open_map(SMALL "  pin: apn\n  sign: account\nconstants:\n  service: data\n");
    assert_reason(decode("imsi,start,pin,sign\n", "001010000000001,2026-10-05,x,y\n"), SLUICE_REASON_NONE);
    assert_int_equal(csv_map_secret(map), SECRET_NONE);
    assert_true(secret_prohibit(SLUICE_STR("sign")));
    assert_reason(decode("imsi,start,pin,sign\n", "001010000000001,2026-10-05,x,y\n"), SLUICE_REASON_PROHIBITED);
    close_map();
}

TEST_MAIN(cmocka_unit_test(every_field_is_taken_from_its_column), cmocka_unit_test(units_are_exact),
          cmocka_unit_test(a_column_may_name_the_unit), cmocka_unit_test(times_are_read_as_the_mapping_says),
          cmocka_unit_test(a_column_comes_before_a_constant),
          cmocka_unit_test(a_word_that_the_mapping_lacks_is_refused),
          cmocka_unit_test(an_sms_is_one_message_unless_a_column_counts),
          cmocka_unit_test(a_network_code_that_lost_its_zero_is_repaired_or_refused),
          cmocka_unit_test(columns_may_stand_in_any_order_and_change_between_files),
          cmocka_unit_test(quotes_and_line_ends_do_not_matter),
          cmocka_unit_test(a_header_that_lacks_a_column_refuses_its_rows),
          cmocka_unit_test(rows_that_do_not_fit_their_header_are_refused),
          cmocka_unit_test(unknown_columns_are_counted_where_they_are_filled),
          cmocka_unit_test(a_secret_is_told_and_a_prohibited_class_refuses),
          cmocka_unit_test(the_organisation_says_the_tenant),
          cmocka_unit_test(the_column_at_fault_is_found_in_the_bytes),
          cmocka_unit_test(an_instant_of_arrival_is_kept),
          cmocka_unit_test(nothing_is_decoded_before_there_is_a_header),
          cmocka_unit_test(a_header_tells_what_its_broken_rows_may_hold))
