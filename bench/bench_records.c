#include "bench_records.h"

#include <string.h>

#include "sluice/wire.h"

uint64_t bench_mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static void digits(char *text, size_t count, uint64_t value)
{
    for (size_t i = count; i-- > 0; value /= 10)
        text[i] = (char)('0' + value % 10);
}

void bench_iccid(char iccid[static 19], uint64_t sim)
{
    memcpy(iccid, "8999010000000000000", 19);
    digits(iccid + 6, 12, sim);
    iccid[18] = sluice_luhn_digit(iccid, 18);
}

static void fill_record(struct sluice_record *record, uint64_t n, uint64_t sim, int64_t start_us, char text[static 64])
{
    *record = (struct sluice_record){ .service = SLUICE_SERVICE_DATA, .role = SLUICE_ROLE_CONTROLLER };
    record->tenant = SLUICE_STR("bench");
    record->source_id = SLUICE_STR("emnify");
    record->apn = SLUICE_STR("iot.example");
    digits(text, 15, n);
    record->record_id = (struct sluice_str){ text, 15 };
    record->imsi.digit_count = 15;
    memcpy(record->imsi.digits, "001010000000000", 15);
    digits(record->imsi.digits + 5, 10, sim);
    record->iccid.digit_count = 19;
    bench_iccid(record->iccid.digits, sim);
    record->imei.digit_count = 15;
    memcpy(record->imei.digits, "004401000000000", 15);
    digits(record->imei.digits + 6, 8, sim);
    record->imei.digits[14] = sluice_luhn_digit(record->imei.digits, 14);
    record->msisdn.digit_count = 12;
    memcpy(record->msisdn.digits, "999000000000", 12);
    digits(record->msisdn.digits + 3, 9, sim);
    record->serving_plmn = (struct sluice_plmn){ 1, 1, 2 };
    record->rat = 6;
    record->tac = (uint32_t)(sim % 50000);
    record->cell_id = sim % 200000000;
    record->uplink_octets = bench_mix(n) % 100000;
    record->downlink_octets = bench_mix(n + 1) % 1000000;
    record->start_us = start_us;
    record->end_us = record->start_us + 45000000;
    record->collected_at_us = record->end_us + 60000000;
    record->charge_units = (int64_t)(bench_mix(n) % 1000000);
    record->charge_scale = 8;
    memcpy(record->currency, "EUR", 3);
    record->present = SLUICE_HAS(SLUICE_RAW_RAT) | SLUICE_HAS(SLUICE_RAW_TAC) | SLUICE_HAS(SLUICE_RAW_CELL_ID) |
                      SLUICE_HAS(SLUICE_RAW_UPLINK_OCTETS) | SLUICE_HAS(SLUICE_RAW_DOWNLINK_OCTETS) |
                      SLUICE_HAS(SLUICE_RAW_START) | SLUICE_HAS(SLUICE_RAW_END) | SLUICE_HAS(SLUICE_RAW_CHARGE) |
                      SLUICE_HAS(SLUICE_RAW_COLLECTED_AT);
}

void bench_record_write(struct sluice_buffer *out, uint64_t n, uint64_t sim, int64_t start_us)
{
    struct sluice_buffer body;
    struct sluice_record record;
    uint8_t frame[12], bytes[512];
    char text[64];

    sluice_buffer_init(&body, sizeof bytes);
    body.bytes = bytes;   /* its own memory, so that nothing is allocated */
    body.capacity = sizeof bytes;
    fill_record(&record, n, sim, start_us, text);
    sluice_wire_write(&body, &record);
    frame[0] = 1 << 3 | 2;
    sluice_buffer_append(out, frame, (size_t)(sluice_varint_write(frame + 1, body.len) - frame));
    sluice_buffer_append(out, body.bytes, body.len);
}
