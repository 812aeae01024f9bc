/* What the public codec and plain, unhurried code make of the bytes of a raw
 * record: what src/record/wire_read.c is held against, by the unit test and by
 * the fuzzer. */
#ifndef TESTS_WIRE_ORACLE_H
#define TESTS_WIRE_ORACLE_H

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sluice/clock.h"
#include "sluice/utf8.h"
#include "sluice/wire.h"
#include "sluice/v1/raw.pb-c.h"

/* protobuf-c keeps no length with a string. This allocator does, so that a NUL
 * inside a text is seen, and gives all back at once. */
struct oracle_memory {
    size_t used;
    alignas(16) uint8_t bytes[16 << 20];
};

static struct oracle_memory oracle_memory;

static void *oracle_alloc(void *self, size_t size)
{
    struct oracle_memory *memory = self;
    const size_t step = (size + 16 + 15) & ~(size_t)15;

    if (step > sizeof memory->bytes - memory->used)
        abort();
    uint8_t *at = memory->bytes + memory->used;
    memory->used += step;
    memcpy(at, &size, sizeof size);
    return at + 16;
}

static void oracle_free(void *self, void *block)
{
    (void)self;
    (void)block;
}

static struct sluice_str oracle_text(const char *text)
{
    size_t size;

    if (!text)
        return (struct sluice_str){ NULL, 0 };
    memcpy(&size, text - 16, sizeof size);
    return (struct sluice_str){ text, size - 1 };
}

static bool oracle_text_valid(struct sluice_str text)
{
    for (size_t at = 0; at < text.len;) {
        const size_t size = sluice_utf8_length(text.bytes + at, text.len - at);

        if (size == 0 || text.bytes[at] == '\0')
            return false;
        at += size;
    }
    return text.len <= 128;
}

/* Steps of oracle_read: each leaves with the reason and the number of its field. */
#define ORACLE_REFUSE(number, why) return *field = (number), (why)
#define ORACLE_TEXT(number, member)                                 \
    do {                                                            \
        record->member = oracle_text(message->member);              \
        if (!oracle_text_valid(record->member))                     \
            ORACLE_REFUSE(number, SLUICE_REASON_BAD_TEXT);          \
    } while (0)
#define ORACLE_PARSED(number, member)                                                           \
    do {                                                                                        \
        const struct sluice_str text_ = oracle_text(message->member);                           \
        const enum sluice_reason why_ =                                                         \
            text_.len ? sluice_##member##_parse(&record->member, text_) : SLUICE_REASON_NONE;   \
        if (why_)                                                                               \
            ORACLE_REFUSE(number, why_);                                                        \
    } while (0)
#define ORACLE_NUMBER(number, member, source)                       \
    do {                                                            \
        if (message->has_##source) {                                \
            record->present |= UINT64_C(1) << (number);             \
            record->member = message->source;                       \
        }                                                           \
    } while (0)
#define ORACLE_VOLUME(number, member, source)                       \
    do {                                                            \
        ORACLE_NUMBER(number, member, source);                      \
        if (record->member > INT64_MAX)                             \
            ORACLE_REFUSE(number, SLUICE_REASON_BAD_VOLUME);        \
    } while (0)
#define ORACLE_TIME(number, member, source)                                         \
    do {                                                                            \
        ORACLE_NUMBER(number, member, source);                                      \
        if (record->member < SLUICE_TIME_MIN_US || record->member > SLUICE_TIME_MAX_US) \
            ORACLE_REFUSE(number, SLUICE_REASON_BAD_TIME);                          \
    } while (0)
#define ORACLE_ENUM(number, member, most, why)                                      \
    do {                                                                            \
        if (message->has_##member && ((int)message->member < 0 || (int)message->member > (most))) \
            ORACLE_REFUSE(number, why);                                             \
        record->member = message->has_##member ? (uint8_t)message->member : 0;      \
    } while (0)
#define ORACLE_ADDRESS(number, member)                                              \
    do {                                                                            \
        const ProtobufCBinaryData bytes_ = message->member;                         \
        if (message->has_##member && bytes_.len != 0 && bytes_.len != 4 && bytes_.len != 16) \
            ORACLE_REFUSE(number, SLUICE_REASON_BAD_ADDRESS);                       \
        if (message->has_##member && bytes_.len) {                                  \
            record->member.len = (uint8_t)bytes_.len;                               \
            memcpy(record->member.bytes, bytes_.data, bytes_.len);                  \
        }                                                                           \
    } while (0)

static enum sluice_reason oracle_plmn(struct sluice_plmn *plmn, uint32_t *field, const Sluice__V1__RawRecord *message)
{
    const uint32_t mcc = message->has_mcc ? message->mcc : 0, mnc = message->has_mnc ? message->mnc : 0;
    const uint32_t digits = message->has_mnc_digits ? message->mnc_digits : 0;
    char mcc_text[4], mnc_text[4];

    if (mcc > 999)
        ORACLE_REFUSE(32, SLUICE_REASON_BAD_PLMN);
    if (mnc > 999)
        ORACLE_REFUSE(33, SLUICE_REASON_BAD_PLMN);
    if (digits > 3)
        ORACLE_REFUSE(34, SLUICE_REASON_BAD_PLMN);
    snprintf(mcc_text, sizeof mcc_text, "%03u", mcc % 1000);
    snprintf(mnc_text, sizeof mnc_text, "%u", mnc % 1000);
    if (digits >= 2) {
        *plmn = (struct sluice_plmn){ (uint16_t)mcc, (uint16_t)mnc, (uint8_t)digits };
        if (digits == 2 && mnc > 99)
            ORACLE_REFUSE(34, SLUICE_REASON_BAD_PLMN);
    } else if (digits == 1 || ((mcc || mnc) && !message->has_mnc)) {
        ORACLE_REFUSE(34, SLUICE_REASON_BAD_PLMN);
    } else if ((mcc || mnc) &&
               sluice_plmn_parse(plmn, sluice_str_from(mcc_text), sluice_str_from(mnc_text), true)) {
        ORACLE_REFUSE(34, SLUICE_REASON_BAD_PLMN);
    }
    return SLUICE_REASON_NONE;
}

static enum sluice_reason oracle_charge(struct sluice_record *record, uint32_t *field,
                                        const Sluice__V1__RawRecord *message)
{
    const struct sluice_str currency = oracle_text(message->currency);

    ORACLE_NUMBER(41, charge_units, charge_units);
    if (message->has_charge_scale && message->charge_scale > 18)
        ORACLE_REFUSE(42, SLUICE_REASON_BAD_CHARGE);
    record->charge_scale = message->has_charge_scale ? (uint8_t)message->charge_scale : 0;
    if (currency.len != 0 && currency.len != 3)
        ORACLE_REFUSE(43, SLUICE_REASON_BAD_CHARGE);
    for (size_t i = 0; i < currency.len; i++) {
        if (currency.bytes[i] < 'A' || currency.bytes[i] > 'Z')
            ORACLE_REFUSE(43, SLUICE_REASON_BAD_CHARGE);
        record->currency[i] = currency.bytes[i];
    }
    return SLUICE_REASON_NONE;
}

static enum sluice_reason oracle_fields(struct sluice_record *record, uint32_t *field,
                                        const Sluice__V1__RawRecord *message)
{
    enum sluice_reason reason;

    ORACLE_TEXT(1, source_id);
    ORACLE_TEXT(2, record_id);
    ORACLE_TEXT(3, session_id);
    ORACLE_NUMBER(4, charging_id, charging_id);
    ORACLE_NUMBER(5, partial_sequence, partial_sequence);
    ORACLE_NUMBER(6, closing_cause, closing_cause);
    ORACLE_NUMBER(7, retransmission, retransmission);
    ORACLE_TIME(8, collected_at_us, collected_at);
    ORACLE_PARSED(9, imsi);
    ORACLE_PARSED(10, iccid);
    ORACLE_PARSED(11, msisdn);
    ORACLE_PARSED(12, eid);
    ORACLE_PARSED(13, imei);
    ORACLE_ADDRESS(14, ue_address);
    ORACLE_TEXT(15, tenant);
    ORACLE_ENUM(16, role, 2, SLUICE_REASON_WRONG_TYPE);
    ORACLE_TEXT(17, account);
    ORACLE_ENUM(18, contract, 2, SLUICE_REASON_WRONG_TYPE);
    ORACLE_TEXT(19, region);
    ORACLE_ENUM(20, service, 7, SLUICE_REASON_UNKNOWN_SERVICE);
    ORACLE_ENUM(21, signalling_event, 7, SLUICE_REASON_UNKNOWN_SERVICE);
    ORACLE_NUMBER(22, rat, rat);
    ORACLE_TEXT(23, apn);
    ORACLE_VOLUME(24, uplink_octets, uplink_octets);
    ORACLE_VOLUME(25, downlink_octets, downlink_octets);
    ORACLE_VOLUME(26, duration_s, duration);
    ORACLE_NUMBER(27, message_count, message_count);
    ORACLE_ENUM(28, counter_mode, 2, SLUICE_REASON_WRONG_TYPE);
    ORACLE_TIME(29, start_us, start);
    ORACLE_TIME(30, end_us, end);
    ORACLE_NUMBER(31, utc_offset_min, utc_offset);
    if (record->utc_offset_min < -959 || record->utc_offset_min > 959)
        ORACLE_REFUSE(31, SLUICE_REASON_BAD_TIME);
    /* 32 to 34 and 43 with 41 are judged together, after all others. */
    if ((message->has_mcc && message->mcc > 999) || (message->has_mnc && message->mnc > 999) ||
        (message->has_mnc_digits && message->mnc_digits > 3))
        return oracle_plmn(&record->serving_plmn, field, message);
    ORACLE_NUMBER(35, tac, tac);
    ORACLE_NUMBER(36, lac, lac);
    ORACLE_NUMBER(37, cell_id, cell_id);
    ORACLE_ADDRESS(38, gateway);
    ORACLE_TEXT(39, breakout_region);
    ORACLE_TEXT(40, destination);
    if ((reason = oracle_charge(record, field, message)) != SLUICE_REASON_NONE)
        return reason;
    if ((reason = oracle_plmn(&record->serving_plmn, field, message)) != SLUICE_REASON_NONE)
        return reason;
    if (message->has_charge_units && record->currency[0] == 0)
        ORACLE_REFUSE(43, SLUICE_REASON_BAD_CHARGE);
    return SLUICE_REASON_NONE;
}

/* As sluice_wire_read. Texts are views into memory that the next call reuses. */
static enum sluice_reason oracle_read(struct sluice_record *record, uint32_t *field, uint32_t *unknown,
                                      const uint8_t *bytes, size_t len)
{
    ProtobufCAllocator allocator = { oracle_alloc, oracle_free, &oracle_memory };

    *field = 0;
    *unknown = 0;
    memset(record, 0, sizeof *record);
    if (len > 65536)
        return SLUICE_REASON_TOO_LARGE;
    oracle_memory.used = 0;
    const Sluice__V1__RawRecord *message = sluice__v1__raw_record__unpack(&allocator, len, bytes);
    if (!message)
        return SLUICE_REASON_UNDECODABLE;
    *unknown = message->base.n_unknown_fields;
    return oracle_fields(record, field, message);
}

#define ORACLE_SAME(member)      (memcmp(&a->member, &b->member, sizeof a->member) == 0)
#define ORACLE_SAME_TEXT(member) sluice_str_equal(a->member, b->member)

static bool records_equal(const struct sluice_record *a, const struct sluice_record *b)
{
    return ORACLE_SAME(present) && ORACLE_SAME_TEXT(source_id) && ORACLE_SAME_TEXT(record_id) &&
           ORACLE_SAME_TEXT(session_id) && ORACLE_SAME(charging_id) && ORACLE_SAME(partial_sequence) &&
           ORACLE_SAME(closing_cause) && ORACLE_SAME(retransmission) && ORACLE_SAME(collected_at_us) &&
           ORACLE_SAME(iccid) && ORACLE_SAME(imsi) && ORACLE_SAME(msisdn) && ORACLE_SAME(eid) &&
           ORACLE_SAME(imei) && ORACLE_SAME(ue_address) && ORACLE_SAME_TEXT(tenant) && ORACLE_SAME(role) &&
           ORACLE_SAME(contract) && ORACLE_SAME_TEXT(account) && ORACLE_SAME_TEXT(region) && ORACLE_SAME(service) &&
           ORACLE_SAME(signalling_event) && ORACLE_SAME(counter_mode) && ORACLE_SAME(rat) &&
           ORACLE_SAME_TEXT(apn) && ORACLE_SAME(uplink_octets) && ORACLE_SAME(downlink_octets) &&
           ORACLE_SAME(duration_s) && ORACLE_SAME(message_count) && ORACLE_SAME(start_us) && ORACLE_SAME(end_us) &&
           ORACLE_SAME(utc_offset_min) && ORACLE_SAME(serving_plmn.mcc) && ORACLE_SAME(serving_plmn.mnc) &&
           ORACLE_SAME(serving_plmn.mnc_digits) && ORACLE_SAME(tac) && ORACLE_SAME(lac) && ORACLE_SAME(cell_id) &&
           ORACLE_SAME(gateway) && ORACLE_SAME_TEXT(breakout_region) && ORACLE_SAME_TEXT(destination) &&
           ORACLE_SAME(charge_units) && ORACLE_SAME(charge_scale) && ORACLE_SAME(currency);
}

/* NULL, or what is lost or added when a record is written and read. */
static const char *round_trip_difference(const struct sluice_record *record)
{
    static uint8_t packed[SLUICE_RECORD_SIZE_MAX];
    const char *difference = NULL;
    struct sluice_buffer bytes;
    struct sluice_record back;
    uint32_t field, unknown;

    sluice_buffer_init(&bytes, sizeof packed);
    sluice_wire_write(&bytes, record);
    if (sluice_buffer_err(&bytes) || sluice_wire_read(&back, &field, &unknown, bytes.bytes, bytes.len) || unknown)
        difference = "not readable";
    else if (!records_equal(&back, record))
        difference = "a value";

    /* The public codec writes the same bytes again: no field twice, none it does not know. */
    Sluice__V1__RawRecord *message = sluice__v1__raw_record__unpack(NULL, bytes.len, bytes.bytes);
    if (!message || sluice__v1__raw_record__get_packed_size(message) != bytes.len ||
        (sluice__v1__raw_record__pack(message, packed) && memcmp(packed, bytes.bytes, bytes.len) != 0))
        difference = "not as the public codec writes it";
    if (message)
        sluice__v1__raw_record__free_unpacked(message, NULL);
    sluice_buffer_deinit(&bytes);
    return difference;
}

/* NULL, or what differs between the reader and the oracle on these bytes. */
static const char *wire_difference(const uint8_t *bytes, size_t len)
{
    static struct sluice_record wanted;
    static const struct sluice_record zero;
    struct sluice_record record;
    uint32_t field, unknown, wanted_field, wanted_unknown;

    memset(&record, 0x5a, sizeof record);
    const enum sluice_reason reason = sluice_wire_read(&record, &field, &unknown, bytes, len);

    if (reason != oracle_read(&wanted, &wanted_field, &wanted_unknown, bytes, len))
        return "the reason";
    if (field != wanted_field)
        return "the field at fault";
    if (unknown != wanted_unknown)
        return "the count of unknown fields";
    if (reason != SLUICE_REASON_NONE)
        return memcmp(&record, &zero, sizeof record) == 0 ? NULL : "a record that was refused and is not zero";
    return records_equal(&record, &wanted) ? NULL : "a value";
}

#endif
