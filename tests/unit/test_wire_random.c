/* The hand-written reader against the public codec on bytes that are valid,
 * valid but for a few faults, made of odd fields, or noise. TEST_SEED in the
 * environment repeats a run. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "full_record.h"
#include "wire_oracle.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define CASE_SIZE_MAX 4096
#define CASE_COUNT    400000

static uint64_t random_state;

static uint64_t random_u64(void)   /* splitmix64 */
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static size_t random_below(size_t limit)
{
    return (size_t)(random_u64() % limit);
}

struct random_case { size_t len; uint8_t bytes[CASE_SIZE_MAX]; };

static void put(struct random_case *to, const void *bytes, size_t len)
{
    if (to->len + len > sizeof to->bytes)
        return;
    memcpy(to->bytes + to->len, bytes, len);
    to->len += len;
}

/* Sometimes longer than needed, sometimes without end. */
static void put_varint(struct random_case *to, uint64_t value)
{
    uint8_t bytes[12];
    size_t len = (size_t)(sluice_varint_write(bytes, value) - bytes);

    while (len < sizeof bytes && random_below(40) == 0) {
        bytes[len - 1] |= 0x80;
        bytes[len++] = (uint8_t)(random_below(8) ? 0 : random_below(128));
    }
    put(to, bytes, len);
}

static uint64_t random_number(void)
{
    static const uint64_t edges[] = {
        0, 1, 2, 3, 7, 8, 18, 19, 99, 100, 999, 1000, 1918, 1919, 1920, UINT32_MAX, UINT64_C(1) << 32, INT64_MAX,
        UINT64_C(1) << 63, UINT64_MAX, (uint64_t)SLUICE_TIME_MAX_US, (uint64_t)SLUICE_TIME_MAX_US + 1,
    };

    return random_below(2) ? edges[random_below(COUNT(edges))] : random_u64() >> random_below(64);
}

static void put_text(struct random_case *to)
{
    static const struct sluice_str texts[] = {
        { "", 0 }, { "acme", 4 }, { "001010123456789", 15 }, { "89990000000000000014", 20 },
        { "8999000000000000013F", 20 }, { "+883120000000001", 16 }, { "89990000000000000000000000000107", 32 },
        { "0012340000000199", 16 }, { "001234000000010", 15 }, { "\xc0\x00\x02\x07", 4 }, { "EUR", 3 },
        { "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16 }, { "Z\xc3\xbcrich \xe2\x82\xac \xf0\x9f\x98\x80", 16 },
        { "\xed\xa0\x80", 3 }, { "a\0b", 3 }, { "\xff", 1 },
    };
    uint8_t noise[200];
    struct sluice_str text = texts[random_below(COUNT(texts))];

    if (random_below(8) == 0) {
        text = (struct sluice_str){ (const char *)noise, random_below(sizeof noise) };
        memset(noise, 'a' + (int)random_below(100), sizeof noise);
    }
    put_varint(to, random_below(300) ? text.len : random_u64());
    put(to, text.bytes, text.len);
}

static void put_field(struct random_case *to)
{
    const uint64_t fixed = random_number();
    uint32_t number = 1 + (uint32_t)random_below(43);
    unsigned wire_type = record_wire_types[number] & 7;   /* a bool, of any, is a varint mostly */

    if (random_below(50) == 0)
        number = (uint32_t)(random_u64() >> (32 + random_below(32)));
    if (random_below(number == 7 ? 2 : 200) == 0)
        wire_type = (unsigned)random_below(8);
    put_varint(to, (uint64_t)number << 3 | wire_type);
    if (wire_type == WIRE_VARINT)
        put_varint(to, random_number());
    else if (wire_type == WIRE_BYTES)
        put_text(to);
    else
        put(to, &fixed, wire_type == WIRE_FIXED64 ? 8 : 4);
}

/* A valid record of a random choice of fields. */
static void put_record(struct random_case *to)
{
    struct sluice_record record = full_record();
    struct sluice_buffer bytes;

    record.present &= random_u64();
    record.charging_id = random_number();
    record.uplink_octets = random_u64() >> (1 + random_below(63));
    record.start_us = (int64_t)random_below((size_t)SLUICE_TIME_MAX_US);
    record.utc_offset_min = (int32_t)random_below(1919) - 959;
    record.charge_units = (int64_t)random_number();
    record.service = (uint8_t)random_below(SLUICE_SERVICE_COUNT);
    if (random_below(2))
        record.iccid = (struct sluice_iccid){0};
    if (random_below(2))
        record.account = (struct sluice_str){ NULL, 0 };
    sluice_buffer_init(&bytes, CASE_SIZE_MAX);
    sluice_wire_write(&bytes, &record);
    put(to, bytes.bytes, bytes.len);
    sluice_buffer_deinit(&bytes);
}

static void break_bytes(struct random_case *of)
{
    const size_t at = of->len ? random_below(of->len) : 0;

    switch (random_below(5)) {
    case 0:
        of->len = at;
        break;
    case 1:
        if (of->len)
            of->bytes[at] ^= (uint8_t)(1u << random_below(8));
        break;
    case 2:
        if (of->len)
            of->bytes[at] = (uint8_t)random_u64();
        break;
    case 3:
        memmove(of->bytes + at, of->bytes + at + (of->len > 0), of->len - at - (of->len > 0));
        of->len -= of->len > 0;
        break;
    default:
        if (of->len < CASE_SIZE_MAX) {
            memmove(of->bytes + at + 1, of->bytes + at, of->len - at);
            of->bytes[at] = (uint8_t)random_u64();
            of->len++;
        }
    }
}

enum { CASE_VALID, CASE_MUTATED, CASE_FIELDS, CASE_NOISE, CASE_KINDS };

static void make_case(struct random_case *made, unsigned kind)
{
    made->len = 0;
    switch (kind) {
    case CASE_VALID:
        put_record(made);
        if (random_below(4) == 0)
            put_record(made);
        break;
    case CASE_MUTATED:
        put_record(made);
        for (size_t left = 1 + random_below(3); left; left--)
            break_bytes(made);
        break;
    case CASE_FIELDS:
        for (size_t left = random_below(6); left; left--)
            put_field(made);
        break;
    default:
        for (made->len = random_below(24); made->len == 0;)
            made->len = random_below(24);
        for (size_t i = 0; i < made->len; i++)
            made->bytes[i] = (uint8_t)random_u64();
    }
}

static uint64_t seed_from_environment(void)
{
    const char *text = getenv("TEST_SEED");

    return text ? strtoull(text, NULL, 10) : (uint64_t)time(NULL);
}

static void random_and_broken_bytes_read_as_the_public_codec_reads_them(void **state)
{
    static struct random_case made;
    const uint64_t seed = seed_from_environment();
    size_t accepted[CASE_KINDS] = {0};

    print_message("TEST_SEED=%llu\n", (unsigned long long)seed);
    random_state = seed;
    for (size_t i = 0; i < CASE_COUNT; i++) {
        const unsigned kind = (unsigned)(i % CASE_KINDS);
        struct sluice_record record;
        uint32_t field, unknown;

        make_case(&made, kind);
        uint8_t *exact = malloc(made.len ? made.len : 1);
        assert_non_null(exact);
        memcpy(exact, made.bytes, made.len);
        const char *difference = wire_difference(exact, made.len);
        if (difference)
    fail_msg("case %zu: %s differs", i, difference);
        if (sluice_wire_read(&record, &field, &unknown, exact, made.len) == SLUICE_REASON_NONE) {
            accepted[kind]++;
            if (i % 16 < CASE_KINDS)
                assert_null(round_trip_difference(&record));
        }
        free(exact);
    }

    /* Doing nothing, or refusing all, must not pass. */
    assert_int_equal(accepted[CASE_VALID], CASE_COUNT / CASE_KINDS);
    assert_in_range(accepted[CASE_MUTATED], CASE_COUNT / 100, CASE_COUNT / CASE_KINDS - CASE_COUNT / 100);
    assert_in_range(accepted[CASE_FIELDS], CASE_COUNT / 100, CASE_COUNT / CASE_KINDS - CASE_COUNT / 100);
    assert_in_range(accepted[CASE_NOISE], 1, CASE_COUNT / 100);
}

TEST_MAIN(cmocka_unit_test(random_and_broken_bytes_read_as_the_public_codec_reads_them))
