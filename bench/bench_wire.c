/* Reading and writing raw records of 25 fields by hand, beside the public
 * codec. Many different records, so that no branch is learnt by heart; medians
 * of five rounds, in nanoseconds per record, as one JSON object. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sluice/arena.h"
#include "sluice/clock.h"
#include "sluice/wire.h"
#include "sluice/v1/raw.pb-c.h"

#define RECORD_COUNT 20000
#define PASSES       25
#define ROUNDS       5

struct bench {
    struct sluice_buffer bytes;            /* all records, one behind the other */
    size_t starts[RECORD_COUNT + 1];
    struct sluice_buffer out;
    struct sluice_arena arena;
};

static uint64_t random_state = 1;

static uint64_t random_below(uint64_t limit)   /* splitmix64 */
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (z ^ (z >> 31)) % limit;
}

/* prefix and the number, padded to width digits, at text. */
static struct sluice_str digits(char text[static 40], const char *prefix, int width, unsigned long long number)
{
    const int len = snprintf(text, 40, "%s%0*llu", prefix, width, number);

    assert(len > 0 && len < 40);
    return (struct sluice_str){ text, (size_t)len };
}

static void must(enum sluice_reason reason)
{
    if (reason)
        abort();
}

static void identify(struct sluice_record *record, unsigned long long sim)
{
    char text[40];
    struct sluice_str iccid = digits(text, "8999", 14, sim);

    text[iccid.len] = sluice_luhn_digit(text, iccid.len);
    iccid.len++;
    must(sluice_iccid_parse(&record->iccid, iccid));
    must(sluice_imsi_parse(&record->imsi, digits(text, "00101", 10, sim)));
    must(sluice_msisdn_parse(&record->msisdn, digits(text, "88312", 10, sim)));
    must(sluice_imei_parse(&record->imei, digits(text, "00123400", 6, sim)));
    record->ue_address = (struct sluice_address){ 4, { 198, 18, (uint8_t)(sim >> 8), (uint8_t)sim } };
    record->gateway = (struct sluice_address){ 4, { 192, 0, 2, (uint8_t)(sim % 4) } };
}

/* 25 fields, about 200 bytes. */
static void write_one(struct bench *bench, size_t index)
{
    char id[40], session[40];
    struct sluice_record record = {
        .present = SLUICE_HAS(SLUICE_RAW_PARTIAL_SEQUENCE) | SLUICE_HAS(SLUICE_RAW_COLLECTED_AT) |
                   SLUICE_HAS(SLUICE_RAW_RAT) | SLUICE_HAS(SLUICE_RAW_UPLINK_OCTETS) |
                   SLUICE_HAS(SLUICE_RAW_DOWNLINK_OCTETS) | SLUICE_HAS(SLUICE_RAW_DURATION) |
                   SLUICE_HAS(SLUICE_RAW_START) | SLUICE_HAS(SLUICE_RAW_END) | SLUICE_HAS(SLUICE_RAW_TAC) |
                   SLUICE_HAS(SLUICE_RAW_CELL_ID),
        .source_id = SLUICE_STR("emnify"),
        .record_id = digits(id, "", 15, 333000000000000ULL + index),
        .session_id = digits(session, "722aeb56-c4de-4753-", 17, random_below(1ULL << 56)),
        .partial_sequence = (uint32_t)random_below(200),
        .collected_at_us = INT64_C(1793491200000000) + (int64_t)index,
        .tenant = SLUICE_STR("acme"),
        .service = SLUICE_SERVICE_DATA,
        .rat = 6,
        .apn = SLUICE_STR("iot.example"),
        .uplink_octets = random_below(1ULL << random_below(32)),
        .downlink_octets = random_below(1ULL << random_below(32)),
        .duration_s = random_below(7200),
        .start_us = INT64_C(1793487600000000) + (int64_t)random_below(3600000000),
        .end_us = INT64_C(1793491200000000),
        .serving_plmn = { 1, 1, 2 },
        .tac = (uint32_t)random_below(1 << 24),
        .cell_id = random_below(1 << 28),
    };

    identify(&record, random_below(1000000));
    bench->starts[index] = bench->bytes.len;
    sluice_wire_write(&bench->bytes, &record);
    bench->starts[index + 1] = bench->bytes.len;
}

static const uint8_t *record_at(const struct bench *bench, size_t index, size_t *len)
{
    *len = bench->starts[index + 1] - bench->starts[index];
    return bench->bytes.bytes + bench->starts[index];
}

static void *arena_take(void *self, size_t size)
{
    return sluice_arena_alloc(self, size);
}

static void arena_keep(void *self, void *block)
{
    (void)self;
    (void)block;
}

static void public_read(struct bench *bench, size_t index)
{
    size_t len;
    const uint8_t *bytes = record_at(bench, index, &len);
    Sluice__V1__RawRecord *message = sluice__v1__raw_record__unpack(NULL, len, bytes);

    sluice__v1__raw_record__free_unpacked(message, NULL);
}

static void public_read_arena(struct bench *bench, size_t index)
{
    ProtobufCAllocator allocator = { arena_take, arena_keep, &bench->arena };
    size_t len;
    const uint8_t *bytes = record_at(bench, index, &len);

    sluice_arena_reset(&bench->arena);
    if (!sluice__v1__raw_record__unpack(&allocator, len, bytes))
        abort();
}

static void public_read_write(struct bench *bench, size_t index)
{
    size_t len;
    const uint8_t *bytes = record_at(bench, index, &len);
    Sluice__V1__RawRecord *message = sluice__v1__raw_record__unpack(NULL, len, bytes);
    uint8_t *packed = malloc(sluice__v1__raw_record__get_packed_size(message));

    if (!packed || sluice__v1__raw_record__pack(message, packed) != len)
        abort();
    free(packed);
    sluice__v1__raw_record__free_unpacked(message, NULL);
}

static void hand_read(struct bench *bench, size_t index)
{
    struct sluice_record record;
    uint32_t field, unknown;
    size_t len;
    const uint8_t *bytes = record_at(bench, index, &len);

    must(sluice_wire_read(&record, &field, &unknown, bytes, len));
    __asm__ volatile("" : : "r"(&record) : "memory");
}

static void hand_read_write(struct bench *bench, size_t index)
{
    struct sluice_record record;
    uint32_t field, unknown;
    size_t len;
    const uint8_t *bytes = record_at(bench, index, &len);

    must(sluice_wire_read(&record, &field, &unknown, bytes, len));
    sluice_buffer_clear(&bench->out);
    sluice_wire_write(&bench->out, &record);
    if (bench->out.len != len)
        abort();
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median_ns(struct bench *bench, void (*once)(struct bench *, size_t))
{
    double ns[ROUNDS];

    for (size_t round = 0; round < ROUNDS; round++) {
        const int64_t start_ns = sluice_clock_monotonic_ns();

        for (size_t pass = 0; pass < PASSES; pass++)
            for (size_t i = 0; i < RECORD_COUNT; i++)
                once(bench, i);
        ns[round] = (double)(sluice_clock_monotonic_ns() - start_ns) / ((double)RECORD_COUNT * PASSES);
    }
    qsort(ns, ROUNDS, sizeof ns[0], by_value);
    return ns[ROUNDS / 2];
}

int main(void)
{
    static struct bench bench;

    sluice_buffer_init(&bench.bytes, 64 << 20);
    sluice_buffer_init(&bench.out, SLUICE_RECORD_SIZE_MAX);
    sluice_arena_init(&bench.arena, 16 << 20);
    for (size_t i = 0; i < RECORD_COUNT; i++)
        write_one(&bench, i);
    if (sluice_buffer_err(&bench.bytes))
        return 1;

    const double public_ns = median_ns(&bench, public_read), read_ns = median_ns(&bench, hand_read);
    const double public_both_ns = median_ns(&bench, public_read_write);
    const double both_ns = median_ns(&bench, hand_read_write);

    printf("{\"protobuf_c_read_ns\":%.1f,\"protobuf_c_arena_read_ns\":%.1f,\"protobuf_c_read_write_ns\":%.1f,"
           "\"read_ns\":%.1f,\"read_write_ns\":%.1f,\"read_ratio\":%.2f,\"read_write_ratio\":%.2f,"
           "\"bytes_per_record\":%.1f}\n",
           public_ns, median_ns(&bench, public_read_arena), public_both_ns, read_ns, both_ns, public_ns / read_ns,
           public_both_ns / both_ns, (double)bench.bytes.len / RECORD_COUNT);
    sluice_buffer_deinit(&bench.bytes);
    sluice_buffer_deinit(&bench.out);
    sluice_arena_deinit(&bench.arena);
    return 0;
}
