#include "test.h"

#include <stdlib.h>

#include "full_record.h"
#include "wire_oracle.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define CASE_SIZE_MAX 4096

/* --- what raw.proto holds, and what the reader knows --- */

/* A field added to raw.proto stops here until somebody has decided how it is
 * read, written and checked. */
static const struct { uint32_t number; const char *name; ProtobufCType type; } decided[] = {
    { 1, "source_id", PROTOBUF_C_TYPE_STRING },        { 2, "record_id", PROTOBUF_C_TYPE_STRING },
    { 3, "session_id", PROTOBUF_C_TYPE_STRING },       { 4, "charging_id", PROTOBUF_C_TYPE_UINT64 },
    { 5, "partial_sequence", PROTOBUF_C_TYPE_UINT32 }, { 6, "closing_cause", PROTOBUF_C_TYPE_UINT32 },
    { 7, "retransmission", PROTOBUF_C_TYPE_BOOL },     { 8, "collected_at", PROTOBUF_C_TYPE_SFIXED64 },
    { 9, "imsi", PROTOBUF_C_TYPE_STRING },             { 10, "iccid", PROTOBUF_C_TYPE_STRING },
    { 11, "msisdn", PROTOBUF_C_TYPE_STRING },          { 12, "eid", PROTOBUF_C_TYPE_STRING },
    { 13, "imei", PROTOBUF_C_TYPE_STRING },            { 14, "ue_address", PROTOBUF_C_TYPE_BYTES },
    { 15, "tenant", PROTOBUF_C_TYPE_STRING },          { 16, "role", PROTOBUF_C_TYPE_ENUM },
    { 17, "account", PROTOBUF_C_TYPE_STRING },         { 18, "contract", PROTOBUF_C_TYPE_ENUM },
    { 19, "region", PROTOBUF_C_TYPE_STRING },          { 20, "service", PROTOBUF_C_TYPE_ENUM },
    { 21, "signalling_event", PROTOBUF_C_TYPE_ENUM },  { 22, "rat", PROTOBUF_C_TYPE_UINT32 },
    { 23, "apn", PROTOBUF_C_TYPE_STRING },             { 24, "uplink_octets", PROTOBUF_C_TYPE_UINT64 },
    { 25, "downlink_octets", PROTOBUF_C_TYPE_UINT64 }, { 26, "duration", PROTOBUF_C_TYPE_UINT64 },
    { 27, "message_count", PROTOBUF_C_TYPE_UINT32 },   { 28, "counter_mode", PROTOBUF_C_TYPE_ENUM },
    { 29, "start", PROTOBUF_C_TYPE_SFIXED64 },         { 30, "end", PROTOBUF_C_TYPE_SFIXED64 },
    { 31, "utc_offset", PROTOBUF_C_TYPE_SINT32 },      { 32, "mcc", PROTOBUF_C_TYPE_UINT32 },
    { 33, "mnc", PROTOBUF_C_TYPE_UINT32 },             { 34, "mnc_digits", PROTOBUF_C_TYPE_UINT32 },
    { 35, "tac", PROTOBUF_C_TYPE_UINT32 },             { 36, "lac", PROTOBUF_C_TYPE_UINT32 },
    { 37, "cell_id", PROTOBUF_C_TYPE_UINT64 },         { 38, "gateway", PROTOBUF_C_TYPE_BYTES },
    { 39, "breakout_region", PROTOBUF_C_TYPE_STRING }, { 40, "destination", PROTOBUF_C_TYPE_STRING },
    { 41, "charge_units", PROTOBUF_C_TYPE_SINT64 },    { 42, "charge_scale", PROTOBUF_C_TYPE_UINT32 },
    { 43, "currency", PROTOBUF_C_TYPE_STRING },
};

static unsigned wire_type_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
        return WIRE_BYTES;
    case PROTOBUF_C_TYPE_SFIXED64:
        return WIRE_FIXED64;
    case PROTOBUF_C_TYPE_BOOL:
        return WIRE_ANY;
    default:
        return WIRE_VARINT;
    }
}

static void every_field_of_the_proto_is_decided(void **state)
{
    const ProtobufCMessageDescriptor *descriptor = &sluice__v1__raw_record__descriptor;

    assert_int_equal(descriptor->n_fields, COUNT(decided));
    for (size_t i = 0; i < COUNT(decided); i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];

        assert_int_equal(field->id, decided[i].number);
        assert_string_equal(field->name, decided[i].name);
        assert_int_equal(field->type, decided[i].type);
        assert_int_equal(record_wire_types[field->id], wire_type_of(field->type));
    }
    assert_int_equal(decided[COUNT(decided) - 1].number, RECORD_WIRE_FIELD_COUNT - 1);
}

static void every_enum_of_the_proto_is_known_to_its_last_value(void **state)
{
    static const struct { uint32_t number; const ProtobufCEnumDescriptor *values; } enums[] = {
        { 16, &sluice__v1__role__descriptor },
        { 18, &sluice__v1__contract__descriptor },
        { 20, &sluice__v1__service__descriptor },
        { 21, &sluice__v1__signalling_event__descriptor },
        { 28, &sluice__v1__counter_mode__descriptor },
    };

    for (size_t i = 0; i < COUNT(enums); i++) {
        const unsigned last = enums[i].values->n_values - 1;
        uint8_t bytes[4], *at = sluice_varint_write(bytes, enums[i].number << 3);
        struct sluice_record record;
        uint32_t field, unknown;

        assert_int_equal(enums[i].values->values[last].value, last);
        *at++ = (uint8_t)last;
        assert_int_equal(sluice_wire_read(&record, &field, &unknown, bytes, (size_t)(at - bytes)), SLUICE_REASON_NONE);
        at[-1]++;
        assert_int_not_equal(sluice_wire_read(&record, &field, &unknown, bytes, (size_t)(at - bytes)),
                             SLUICE_REASON_NONE);
        assert_int_equal(field, enums[i].number);
    }
}

/* --- round trip --- */

static struct sluice_record read_back(const uint8_t *bytes, size_t len)
{
    struct sluice_record record;
    uint32_t field, unknown;

    assert_int_equal(sluice_wire_read(&record, &field, &unknown, bytes, len), SLUICE_REASON_NONE);
    assert_int_equal(field, 0);
    assert_int_equal(unknown, 0);
    return record;
}

/* How many fields of the proto the public codec finds in what we wrote. */
static size_t fields_written(const struct sluice_record *record)
{
    struct sluice_buffer bytes;
    size_t count = 0;

    sluice_buffer_init(&bytes, CASE_SIZE_MAX);
    sluice_wire_write(&bytes, record);
    Sluice__V1__RawRecord *message = sluice__v1__raw_record__unpack(NULL, bytes.len, bytes.bytes);
    assert_non_null(message);
    for (size_t i = 0; i < COUNT(decided); i++) {
        const ProtobufCFieldDescriptor *field = &message->base.descriptor->fields[i];
        const char *base = (const char *)message;

        const bool written = field->quantifier_offset
                                 ? *(const protobuf_c_boolean *)(base + field->quantifier_offset)
                                 : *(char *const *)(base + field->offset) != NULL;
        count += written;
    }
    sluice__v1__raw_record__free_unpacked(message, NULL);
    sluice_buffer_deinit(&bytes);
    return count;
}

static void a_record_with_every_field_comes_back(void **state)
{
    const struct sluice_record record = full_record();

    assert_int_equal(fields_written(&record), COUNT(decided));
    assert_null(round_trip_difference(&record));
}

static void an_empty_record_comes_back_empty(void **state)
{
    const struct sluice_record record = {0};

    assert_int_equal(fields_written(&record), 0);
    assert_null(round_trip_difference(&record));
}

static void zero_is_told_from_absent(void **state)
{
    const struct sluice_record full = full_record();
    struct sluice_record record = { .currency = { 'E', 'U', 'R' } };

    assert_int_equal(__builtin_popcountll(full.present), 17);
    for (unsigned number = 1; number < RECORD_WIRE_FIELD_COUNT; number++) {
        if (!(RECORD_WIRE_PRESENCE & SLUICE_HAS(number)))
            continue;
        record.present = SLUICE_HAS(number);
        assert_null(round_trip_difference(&record));
        record.present = RECORD_WIRE_PRESENCE & ~SLUICE_HAS(number);
        assert_null(round_trip_difference(&record));
    }
}

static void writing_goes_behind_what_is_there(void **state)
{
    const struct sluice_record record = { .tenant = SLUICE_STR("acme") };
    struct sluice_buffer bytes;

    sluice_buffer_init(&bytes, 100);
    sluice_buffer_append_text(&bytes, "ab");
    sluice_wire_write(&bytes, &record);
    assert_int_equal(bytes.len, 8);
    assert_memory_equal(bytes.bytes, "ab\x7a\x04" "acme", 8);
    sluice_buffer_deinit(&bytes);
}

/* --- single faults --- */

struct fault_case { const char *bytes; size_t len; enum sluice_reason expect; uint32_t field; };
#define BYTES(literal) literal, sizeof(literal) - 1

static void each_fault_has_its_reason_and_field(void **state)
{
    static const struct fault_case cases[] = {
        { BYTES("\x7a\x04" "acme"),                      SLUICE_REASON_NONE, 0 },
        { BYTES("\x7a\x05" "acme"),                      SLUICE_REASON_UNDECODABLE, 0 },
        { BYTES("\x7a\x84\x80\x80\x80\x00" "acme"),      SLUICE_REASON_NONE, 0 },          /* the longest length */
        { BYTES("\x7a\x84\x80\x80\x80\x80\x00" "acme"),  SLUICE_REASON_UNDECODABLE, 0 },
        { BYTES("\x7a"),                                 SLUICE_REASON_UNDECODABLE, 0 },
        { BYTES("\x78\x04"),                             SLUICE_REASON_UNDECODABLE, 0 },   /* a number for a text */
        { BYTES("\x7b"),                                 SLUICE_REASON_UNDECODABLE, 0 },   /* group */
        { BYTES("\xa3\x06\xa4\x06"),                     SLUICE_REASON_UNDECODABLE, 0 },   /* unknown group */
        { BYTES("\x00\x00"),                             SLUICE_REASON_UNDECODABLE, 0 },   /* field 0 */
        { BYTES("\x41\0\0\0\0\0\0\0"),                   SLUICE_REASON_UNDECODABLE, 0 },   /* seven of eight bytes */
        { BYTES("\x7a\x04" "ac\xc3\x28"),                SLUICE_REASON_BAD_TEXT, 15 },
        { BYTES("\x7a\x04" "ac\0e"),                     SLUICE_REASON_BAD_TEXT, 15 },
        { BYTES("\x4a\x05" "00101"),                     SLUICE_REASON_BAD_IMSI, 9 },
        { BYTES("\x52\x12" "899900000000000015"),        SLUICE_REASON_BAD_ICCID, 10 },
        { BYTES("\x5a\x05" "08831"),                     SLUICE_REASON_BAD_MSISDN, 11 },
        { BYTES("\x62\x02" "89"),                        SLUICE_REASON_BAD_EID, 12 },
        { BYTES("\x6a\x0f" "001234000000013"),           SLUICE_REASON_BAD_IMEI, 13 },
        { BYTES("\x72\x03\xc0\x00\x02"),                 SLUICE_REASON_BAD_ADDRESS, 14 },
        { BYTES("\xb2\x02\x05\xc0\x00\x02\x07\x00"),     SLUICE_REASON_BAD_ADDRESS, 38 },
        { BYTES("\xa0\x01\x08"),                         SLUICE_REASON_UNKNOWN_SERVICE, 20 },
        { BYTES("\xa0\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), SLUICE_REASON_UNKNOWN_SERVICE, 20 },   /* -1 */
        { BYTES("\xa8\x01\x08"),                         SLUICE_REASON_UNKNOWN_SERVICE, 21 },
        { BYTES("\x80\x01\x03"),                         SLUICE_REASON_WRONG_TYPE, 16 },
        { BYTES("\x90\x01\x03"),                         SLUICE_REASON_WRONG_TYPE, 18 },
        { BYTES("\xe0\x01\x03"),                         SLUICE_REASON_WRONG_TYPE, 28 },
        { BYTES("\xc0\x01\xff\xff\xff\xff\xff\xff\xff\xff\x7f"),     SLUICE_REASON_NONE, 0 },   /* 2^63 - 1 octets */
        { BYTES("\xc0\x01\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"), SLUICE_REASON_BAD_VOLUME, 24 },
        { BYTES("\xc8\x01\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"), SLUICE_REASON_BAD_VOLUME, 25 },
        { BYTES("\xd0\x01\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"), SLUICE_REASON_BAD_VOLUME, 26 },
        { BYTES("\x41\xff\xff\xff\xff\xff\xff\xff\xff"),             SLUICE_REASON_BAD_TIME, 8 },   /* a microsecond before 1970 */
        { BYTES("\xe9\x01\x00\xc0\x03\xdd\x26\x93\x0e\x00"),         SLUICE_REASON_NONE, 0 },       /* 2100 */
        { BYTES("\xe9\x01\x01\xc0\x03\xdd\x26\x93\x0e\x00"),         SLUICE_REASON_BAD_TIME, 29 },
        { BYTES("\xf1\x01\x01\xc0\x03\xdd\x26\x93\x0e\x00"),         SLUICE_REASON_BAD_TIME, 30 },
        { BYTES("\xf8\x01\xfe\x0e"),                     SLUICE_REASON_NONE, 0 },          /* +15:59 */
        { BYTES("\xf8\x01\xfd\x0e"),                     SLUICE_REASON_NONE, 0 },          /* -15:59 */
        { BYTES("\xf8\x01\x80\x0f"),                     SLUICE_REASON_BAD_TIME, 31 },
        { BYTES("\xf8\x01\xff\x0e"),                     SLUICE_REASON_BAD_TIME, 31 },
        { BYTES("\x80\x02\xe8\x07\x88\x02\x01\x90\x02\x02"), SLUICE_REASON_BAD_PLMN, 32 },   /* MCC 1000 */
        { BYTES("\x80\x02\xe7\x07\x88\x02\xe8\x07\x90\x02\x03"), SLUICE_REASON_BAD_PLMN, 33 },
        { BYTES("\x80\x02\xe7\x07\x88\x02\x01\x90\x02\x04"), SLUICE_REASON_BAD_PLMN, 34 },
        { BYTES("\x80\x02\xe7\x07\x88\x02\x01\x90\x02\x01"), SLUICE_REASON_BAD_PLMN, 34 },
        { BYTES("\x80\x02\xe7\x07\x88\x02\x64\x90\x02\x02"), SLUICE_REASON_BAD_PLMN, 34 },   /* 100 in two digits */
        { BYTES("\x80\x02\xe7\x07\x88\x02\x01"),         SLUICE_REASON_BAD_PLMN, 34 },     /* 999: both lengths in use */
        { BYTES("\x80\x02\x86\x02"),                     SLUICE_REASON_BAD_PLMN, 34 },     /* a country without network */
        { BYTES("\x80\x02\x00\x88\x02\x00\x90\x02\x00"), SLUICE_REASON_NONE, 0 },          /* none known */
        { BYTES("\xd0\x02\x13"),                         SLUICE_REASON_BAD_CHARGE, 42 },
        { BYTES("\xda\x02\x02" "EU"),                    SLUICE_REASON_BAD_CHARGE, 43 },
        { BYTES("\xda\x02\x03" "eur"),                   SLUICE_REASON_BAD_CHARGE, 43 },
        { BYTES("\xc8\x02\x02"),                         SLUICE_REASON_BAD_CHARGE, 43 },   /* no currency */
        { BYTES("\x4a\x05" "00101" "\x4a\x06" "001011"), SLUICE_REASON_NONE, 0 },          /* the last one counts */
        { BYTES("\x4a\x06" "001011" "\x4a\x05" "00101"), SLUICE_REASON_BAD_IMSI, 9 },
        { BYTES("\x3a\x02\0\0" "\x39\0\0\0\0\0\0\0\0" "\x3d\0\0\0\0"), SLUICE_REASON_NONE, 0 },   /* bools of a kind */
        { BYTES("\x4a\x05" "00101" "\x7a"),              SLUICE_REASON_UNDECODABLE, 0 },   /* broken beats bad */
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct sluice_record record;
        uint32_t field = 77, unknown = 77;
        uint8_t *exact = malloc(cases[i].len);

        assert_non_null(exact);
        memcpy(exact, cases[i].bytes, cases[i].len);
        if (sluice_wire_read(&record, &field, &unknown, exact, cases[i].len) != cases[i].expect ||
            field != cases[i].field)
            fail_msg("case %zu: field %u", i, (unsigned)field);
        assert_int_equal(unknown, 0);
        assert_null(wire_difference(exact, cases[i].len));
        free(exact);
    }
}

static void a_lost_leading_zero_is_repaired_where_the_country_is_sure(void **state)
{
    static const uint8_t bytes[] = { 0x80, 0x02, 0x86, 0x02, 0x88, 0x02, 0x07 };   /* 262, 7 */
    const struct sluice_record record = read_back(bytes, sizeof bytes);

    assert_int_equal(record.serving_plmn.mcc, 262);
    assert_int_equal(record.serving_plmn.mnc, 7);
    assert_int_equal(record.serving_plmn.mnc_digits, 2);
}

static void unknown_fields_are_skipped_and_counted(void **state)
{
    static const uint8_t bytes[] = {
        0xe0, 0x02, 0x01,                                      /* 44: a number */
        0x7a, 0x04, 'a', 'c', 'm', 'e',
        0xe2, 0x02, 0x03, 'a', 'b', 'c',                       /* 44: a text */
        0xfd, 0xff, 0xff, 0xff, 0x0f, 0, 0, 0, 0,              /* the highest number, 32 bits */
        0x80, 0x00, 0x05,                                      /* 0 the long way round, as the public codec has it */
    };
    struct sluice_record record;
    uint32_t field, unknown;

    assert_int_equal(sluice_wire_read(&record, &field, &unknown, bytes, sizeof bytes), SLUICE_REASON_NONE);
    assert_int_equal(unknown, 4);
    assert_true(sluice_str_equal(record.tenant, SLUICE_STR("acme")));
    assert_null(wire_difference(bytes, sizeof bytes));
}

static void a_record_may_be_so_long_and_no_longer(void **state)
{
    uint8_t *bytes = calloc(1, SLUICE_RECORD_SIZE_MAX + 1);
    uint32_t field, unknown;
    struct sluice_record record;

    assert_non_null(bytes);
    for (size_t i = 0; i < SLUICE_RECORD_SIZE_MAX; i += 2)
        bytes[i] = 5 << 3;   /* partial_sequence 0, over and over */
    assert_int_equal(sluice_wire_read(&record, &field, &unknown, bytes, SLUICE_RECORD_SIZE_MAX), SLUICE_REASON_NONE);
    assert_int_equal(sluice_wire_read(&record, &field, &unknown, bytes, SLUICE_RECORD_SIZE_MAX + 1),
                     SLUICE_REASON_TOO_LARGE);
    free(bytes);
}

static void a_text_may_be_so_long_and_no_longer(void **state)
{
    char text[2 * SLUICE_RECORD_TEXT_MAX];

    memset(text, 'a', sizeof text);
    assert_true(sluice_text_valid((struct sluice_str){ text, SLUICE_RECORD_TEXT_MAX }));
    assert_false(sluice_text_valid((struct sluice_str){ text, SLUICE_RECORD_TEXT_MAX + 1 }));
    assert_true(sluice_text_valid((struct sluice_str){ NULL, 0 }));
    text[70] = '\0';
    assert_true(sluice_text_valid((struct sluice_str){ text, 70 }));
    assert_false(sluice_text_valid((struct sluice_str){ text, 71 }));
}

/* --- batches --- */

static void a_batch_comes_apart_into_its_records(void **state)
{
    static const uint8_t bytes[] = {
        0x0a, 0x02, 'a', 'b', 0x12, 0x01, 'x', 0x18, 0x05,   /* fields 2 and 3 are not ours */
        0x0a, 0x00, 0x0a, 0x81, 0x00, 'c', 0x19, 0, 0, 0, 0, 0, 0, 0, 0,
    };
    static const struct sluice_str expect[] = { { "ab", 2 }, { "", 0 }, { "c", 1 } };
    struct sluice_cursor batch = { .at = bytes, .end = bytes + sizeof bytes };
    const uint8_t *record;
    size_t len;

    for (size_t i = 0; i < COUNT(expect); i++) {
        assert_int_equal(sluice_wire_next(&batch, &record, &len), 1);
        assert_true(sluice_str_equal((struct sluice_str){ (const char *)record, len }, expect[i]));
    }
    assert_int_equal(sluice_wire_next(&batch, &record, &len), 0);
    assert_ptr_equal(batch.at, batch.end);
}

static void broken_batches_are_refused_where_they_break(void **state)
{
    static const struct sluice_str cases[] = {
        { "\x0a\x01z\x0a\x02" "a", 6 },    /* ends early */
        { "\x0a\x01z\x0a", 4 },
        { "\x0a\x01z\x08\x02", 5 },        /* records is no number */
        { "\x0a\x01z\x13\x14", 5 },        /* group */
        { "\x0a\x01z\x00\x00", 5 },        /* field 0 */
        { "\x0a\x01z\x0a\xff\xff\xff\xff\x0f" "a", 10 },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        const uint8_t *bytes = (const uint8_t *)cases[i].bytes, *record;
        struct sluice_cursor batch = { .at = bytes, .end = bytes + cases[i].len };
        size_t len;

        assert_int_equal(sluice_wire_next(&batch, &record, &len), 1);
        assert_int_equal(sluice_wire_next(&batch, &record, &len), -1);
        assert_ptr_equal(batch.at, bytes + 3);
    }
}

TEST_MAIN(cmocka_unit_test(every_field_of_the_proto_is_decided),
          cmocka_unit_test(every_enum_of_the_proto_is_known_to_its_last_value),
          cmocka_unit_test(a_record_with_every_field_comes_back),
          cmocka_unit_test(an_empty_record_comes_back_empty),
          cmocka_unit_test(zero_is_told_from_absent),
          cmocka_unit_test(writing_goes_behind_what_is_there),
          cmocka_unit_test(each_fault_has_its_reason_and_field),
          cmocka_unit_test(a_lost_leading_zero_is_repaired_where_the_country_is_sure),
          cmocka_unit_test(unknown_fields_are_skipped_and_counted),
          cmocka_unit_test(a_record_may_be_so_long_and_no_longer),
          cmocka_unit_test(a_text_may_be_so_long_and_no_longer),
          cmocka_unit_test(a_batch_comes_apart_into_its_records),
          cmocka_unit_test(broken_batches_are_refused_where_they_break))
