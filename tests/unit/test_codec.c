#include "test.h"

#include <stdlib.h>

#include "codec/codec.h"
#include "full_record.h"
#include "sluice/v1/purpose.pb-c.h"
#include "sluice/wire.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void assert_text(struct sluice_buffer *out, const char *expect)
{
    assert_int_equal(sluice_buffer_err(out), SLUICE_OK);
    sluice_buffer_append_u8(out, '\0');
    assert_string_equal((const char *)out->bytes, expect);
}

static void assert_purpose_json(const char *bytes, size_t len, const char *expect)
{
    struct sluice_buffer out;

    sluice_buffer_init(&out, 1 << 20);
    assert_int_equal(codec_purpose_json(&out, (const uint8_t *)bytes, len), SLUICE_OK);
    assert_text(&out, expect);
    sluice_buffer_deinit(&out);
}

static void a_raw_record_is_printed_field_by_field(void **state)
{
    const struct sluice_record record = full_record();
    struct sluice_buffer bytes, out;

    sluice_buffer_init(&bytes, 1 << 16);
    sluice_buffer_init(&out, 1 << 16);
    sluice_wire_write(&bytes, &record);
    assert_int_equal(codec_raw_json(&out, bytes.bytes, bytes.len), SLUICE_OK);
    assert_text(&out,
                "{\"source_id\":\"emnify\",\"record_id\":\"333333333333333\",\"session_id\":\"722aeb56-c4de\","
                "\"charging_id\":18446744073709551611,\"partial_sequence\":4294967290,\"closing_cause\":106,"
                "\"retransmission\":true,\"collected_at\":\"2026-11-01T00:00:00.000008Z\","
                "\"imsi\":\"001010123456789\",\"iccid\":\"89990000000000000014\",\"msisdn\":\"883120000000001\","
                "\"eid\":\"89990000000000000000000000000107\",\"imei\":\"0012340000000199\","
                "\"ue_address\":\"192.0.2.7\",\"tenant\":\"acme\",\"role\":\"processor\","
                "\"account\":\"account-17\",\"contract\":\"individual\",\"region\":\"US-CA\","
                "\"service\":\"signalling\",\"signalling_event\":\"purge_location\",\"rat\":122,"
                "\"apn\":\"iot.example\",\"uplink_octets\":9223372036854775783,\"downlink_octets\":1025,"
                "\"duration\":3626,\"message_count\":127,\"counter_mode\":\"cumulative\","
                "\"start\":\"2026-10-31T23:00:00.000029Z\",\"end\":\"2100-01-01T00:00:00Z\",\"utc_offset\":-210,"
                "\"mcc\":999,\"mnc\":32,\"mnc_digits\":3,\"tac\":135,\"lac\":136,\"cell_id\":68719476735,"
                "\"gateway\":\"2001:db8::9\",\"breakout_region\":\"eu-west-39\","
                "\"destination\":\"999000000000040\",\"charge_units\":-1885120041,\"charge_scale\":12,"
                "\"currency\":\"EUR\"}");
    sluice_buffer_deinit(&bytes);
    sluice_buffer_deinit(&out);
}

static void a_row_is_printed_field_by_field(void **state)
{
    uint8_t hex[] = { 0x00, 0x7f, 0xab, 0xff }, v4[] = { 192, 0, 2, 0 };
    uint8_t v6[16] = { 0x20, 0x01, 0x0d, 0xb8 }, packed[512];
    char purpose[] = "billing", tenant[] = "a\"b", plmn[] = "00101";
    Sluice__V1__PurposeRecord row = SLUICE__V1__PURPOSE_RECORD__INIT;

    row.purpose = purpose;
    row.has_basis = true;
    row.basis = SLUICE__V1__LAWFUL_BASIS__LAWFUL_BASIS_LEGAL_OBLIGATION;
    row.tenant = tenant;
    row.has_expires_at = row.has_start = row.has_start_coarse = true;
    row.expires_at = 1793577600;
    row.start = INT64_C(1793491200500000);
    row.start_coarse = 1793491200;
    row.has_ref = row.has_ue_address_prefix = row.has_gateway = row.has_gateway_prefix = true;
    row.ref = (ProtobufCBinaryData){ sizeof hex, hex };
    row.ue_address_prefix = (ProtobufCBinaryData){ sizeof v4, v4 };
    row.gateway = (ProtobufCBinaryData){ sizeof v6, v6 };
    row.gateway_prefix = (ProtobufCBinaryData){ 3, v4 };
    row.has_service = row.has_retransmission = row.has_utc_offset = true;
    row.service = SLUICE__V1__SERVICE__SERVICE_SMS_MO;
    row.utc_offset = -60;
    row.serving_plmn = plmn;

    const size_t len = sluice__v1__purpose_record__pack(&row, packed);
    assert_purpose_json((const char *)packed, len,
                        "{\"purpose\":\"billing\",\"basis\":\"legal_obligation\",\"tenant\":\"a\\\"b\","
                        "\"expires_at\":\"2026-11-02T00:00:00Z\",\"ref\":\"007fabff\",\"retransmission\":false,"
                        "\"service\":\"sms_mo\",\"start\":\"2026-11-01T00:00:00.500000Z\","
                        "\"start_coarse\":\"2026-11-01T00:00:00Z\",\"utc_offset\":-60,\"serving_plmn\":\"00101\","
                        "\"gateway\":\"2001:db8::\",\"gateway_prefix\":\"c00002\","
                        "\"ue_address_prefix\":\"192.0.2.0\"}");
}

static void an_empty_row_is_an_empty_object(void **state)
{
    assert_purpose_json("", 0, "{}");
}

static void what_has_no_text_is_printed_as_it_is(void **state)
{
    static const struct { const char *bytes; size_t len; const char *expect; } cases[] = {
        { "\x10\x63", 2, "{\"basis\":99}" },
        { "\x29\xff\xff\xff\xff\xff\xff\xff\xff", 9, "{\"expires_at\":-1}" },
        { "\x29\xff\xff\xff\xff\xff\xff\xff\x7f", 9, "{\"expires_at\":9223372036854775807}" },
        { "\xe9\x02\xff\xff\xff\xff\xff\xff\xff\x7f", 10, "{\"start\":9223372036854775807}" },
        { "\x0a\x03" "a\0b", 5, "{\"purpose\":\"a\\u0000b\"}" },
        { "\x0a\x02\xff" "a", 4, "{\"purpose\":\"\xef\xbf\xbd" "a\"}" },
        { "\x32\x00", 2, "{\"ref\":\"\"}" },
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        assert_purpose_json(cases[i].bytes, cases[i].len, cases[i].expect);
}

/* All instants of both messages are texts, in the unit that their comment says. */
static void every_instant_is_printed_as_one(void **state)
{
    static const struct { const ProtobufCMessageDescriptor *descriptor; bool raw; size_t expect; } messages[] = {
        { &sluice__v1__purpose_record__descriptor, false, 6 },
        { &sluice__v1__raw_record__descriptor, true, 3 },
    };

    for (size_t m = 0; m < COUNT(messages); m++) {
        size_t found = 0;

        for (unsigned i = 0; i < messages[m].descriptor->n_fields; i++) {
            const ProtobufCFieldDescriptor *field = &messages[m].descriptor->fields[i];
            const bool seconds = strstr(field->name, "_coarse") || strcmp(field->name, "expires_at") == 0;
            uint8_t bytes[12], *at = sluice_varint_write(bytes, field->id << 3 | 1);
            struct codec_row row;

            if (field->type != PROTOBUF_C_TYPE_SFIXED64)
                continue;
            memset(at, 0, 8);
            codec_row_init(&row);
            assert_int_equal(messages[m].raw ? codec_row_read_raw(&row, bytes, (size_t)(at + 8 - bytes))
                                             : codec_row_read_purpose(&row, bytes, (size_t)(at + 8 - bytes)),
                             SLUICE_OK);
            assert_int_equal(row.count, 1);
            assert_int_equal(row.values[0].kind, seconds ? CODEC_TIME_S : CODEC_TIME_US);
            codec_row_deinit(&row);
            found++;
        }
        assert_int_equal(found, messages[m].expect);
    }
}

static void broken_bytes_leave_no_half_row(void **state)
{
    static const uint8_t good[] = { 0x0a, 0x01, 'b', 0x10, 0x02, 0xf8, 0x07, 0x01 };   /* and an unknown field */
    struct sluice_buffer out;
    struct codec_row row;
    uint8_t *large = calloc(1, CODEC_ROW_SIZE_MAX + 1);

    assert_non_null(large);
    sluice_buffer_init(&out, 100);
    codec_row_init(&row);
    assert_int_equal(codec_row_read_purpose(&row, good, sizeof good), SLUICE_OK);
    assert_int_equal(row.count, 2);
    assert_int_equal(row.unknown, 1);
    assert_int_equal(codec_row_find(&row, 2)->i64, 2);
    assert_null(codec_row_find(&row, 3));

    assert_int_equal(codec_row_read_purpose(&row, good, sizeof good - 1), SLUICE_ERR_DAMAGED);
    assert_int_equal(row.count, 0);
    assert_null(codec_row_find(&row, 2));
    assert_int_equal(codec_row_read_raw(&row, large, CODEC_ROW_SIZE_MAX + 1), SLUICE_ERR_LIMIT);
    assert_int_equal(codec_purpose_json(&out, good, sizeof good - 1), SLUICE_ERR_DAMAGED);
    assert_int_equal(out.len, 0);
    codec_row_deinit(&row);
    sluice_buffer_deinit(&out);
    free(large);
}

static void a_row_is_read_again_and_again_without_growing(void **state)
{
    const struct sluice_record record = full_record();
    struct sluice_buffer bytes;
    struct codec_row row;

    sluice_buffer_init(&bytes, 1 << 16);
    sluice_wire_write(&bytes, &record);
    codec_row_init(&row);
    for (size_t i = 0; i < 10000; i++) {
        assert_int_equal(codec_row_read_raw(&row, bytes.bytes, bytes.len), SLUICE_OK);
        assert_int_equal(row.count, 43);
    }
    assert_int_equal(row.arena.size, 1 << 20);
    assert_true(sluice_str_equal(codec_row_find(&row, 15)->bytes, SLUICE_STR("acme")));
    codec_row_deinit(&row);
    sluice_buffer_deinit(&bytes);
}

TEST_MAIN(cmocka_unit_test(a_raw_record_is_printed_field_by_field),
          cmocka_unit_test(a_row_is_printed_field_by_field),
          cmocka_unit_test(an_empty_row_is_an_empty_object),
          cmocka_unit_test(what_has_no_text_is_printed_as_it_is),
          cmocka_unit_test(every_instant_is_printed_as_one),
          cmocka_unit_test(broken_bytes_leave_no_half_row),
          cmocka_unit_test(a_row_is_read_again_and_again_without_growing))
