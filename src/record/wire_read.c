#include "sluice/wire.h"

#include <assert.h>
#include <string.h>

#include "record/plmn.h"
#include "record/wire_scan.h"

enum { FIELD_MNC = 33, FIELD_MNC_DIGITS = 34, FIELD_CURRENCY = 43 };

static_assert(SLUICE_TIME_MIN_US == 0, "an instant before 1970 has the highest bit: one comparison checks both ends");

static struct sluice_str text_of(struct wire_value value)
{
    return (struct sluice_str){ (const char *)value.bytes, value.number };
}

static int64_t unzigzag(uint64_t value)
{
    return (int64_t)((value >> 1) ^ (0 - (value & 1)));
}

/* One function for each kind of wire_fields.h: put the value where it belongs,
 * or say why not. An empty identifier is an absent one. */

static enum sluice_reason take_text(struct sluice_str *at, struct wire_value value, uint64_t most, unsigned why)
{
    (void)most;
    if (!sluice_text_valid(text_of(value)))
        return why;
    *at = text_of(value);
    return SLUICE_REASON_NONE;
}

#define TAKE_IDENTIFIER(kind)                                                                       \
    static enum sluice_reason take_##kind(struct sluice_##kind *at, struct wire_value value, uint64_t most, \
                                          unsigned why)                                             \
    {                                                                                               \
        (void)most;                                                                                 \
        (void)why;                                                                                  \
        return value.number ? sluice_##kind##_parse(at, text_of(value)) : SLUICE_REASON_NONE;       \
    }
TAKE_IDENTIFIER(imsi)
TAKE_IDENTIFIER(iccid)
TAKE_IDENTIFIER(msisdn)
TAKE_IDENTIFIER(eid)
TAKE_IDENTIFIER(imei)

static enum sluice_reason take_address(struct sluice_address *at, struct wire_value value, uint64_t most, unsigned why)
{
    (void)most;
    if (value.number != 0 && value.number != 4 && value.number != 16)
        return why;
    at->len = (uint8_t)value.number;
    memcpy(at->bytes, value.bytes, value.number);
    return SLUICE_REASON_NONE;
}

static enum sluice_reason take_currency(char (*at)[3], struct wire_value value, uint64_t most, unsigned why)
{
    (void)most;
    if (value.number != 0 && value.number != 3)
        return why;
    for (size_t i = 0; i < value.number; i++) {
        if (value.bytes[i] < 'A' || value.bytes[i] > 'Z')
            return why;
        (*at)[i] = (char)value.bytes[i];
    }
    return SLUICE_REASON_NONE;
}

/* Of a field of 32 bits the lower 32 count, whatever stands above. */
/* NOLINTBEGIN(bugprone-macro-parentheses): a type takes none */
#define TAKE_NUMBER(kind, type, number)                                                                      \
    static inline enum sluice_reason take_##kind(type *at, struct wire_value value, uint64_t most, unsigned why) \
    {                                                                                                        \
        if ((number) > most)                                                                                 \
            return why;                                                                                      \
        *at = (type)(number);                                                                                \
        return SLUICE_REASON_NONE;                                                                           \
    }
/* NOLINTEND(bugprone-macro-parentheses) */
TAKE_NUMBER(small, uint8_t, (uint32_t)value.number)
TAKE_NUMBER(medium, uint16_t, (uint32_t)value.number)
TAKE_NUMBER(uint32, uint32_t, (uint32_t)value.number)
TAKE_NUMBER(uint64, uint64_t, value.number)
TAKE_NUMBER(time, int64_t, value.number)

static enum sluice_reason take_sint32(int32_t *at, struct wire_value value, uint64_t most, unsigned why)
{
    const int64_t number = (int32_t)unzigzag((uint32_t)value.number);

    if (number > (int64_t)most || -number > (int64_t)most)
        return why;
    *at = (int32_t)number;
    return SLUICE_REASON_NONE;
}

static enum sluice_reason take_sint64(int64_t *at, struct wire_value value, uint64_t most, unsigned why)
{
    (void)most;
    (void)why;
    *at = unzigzag(value.number);
    return SLUICE_REASON_NONE;
}

static enum sluice_reason take_bool(bool *at, struct wire_value value, uint64_t most, unsigned why)
{
    (void)most;
    (void)why;
    for (uint64_t i = 0; i < value.number; i++)
        *at |= (value.bytes[i] & 0x7f) != 0;
    return SLUICE_REASON_NONE;
}

static enum sluice_reason take_fields(struct sluice_record *record, uint32_t *field_at_fault,
                                      const struct record_wire_scan *scan)
{
    enum sluice_reason reason;

#define X(number, kind, member, most, why)                                       \
    if (scan->seen & SLUICE_HAS(number)) {                                       \
        reason = take_##kind(&record->member, scan->values[number], most, why);  \
        if (reason) {                                                            \
            *field_at_fault = number;                                            \
            return reason;                                                       \
        }                                                                        \
    }
    RECORD_WIRE_FIELDS(X)
#undef X
    return SLUICE_REASON_NONE;
}

/* A producer that writes no length of the MNC may still mean a network. */
static enum sluice_reason finish_plmn(struct sluice_plmn *plmn, uint64_t seen)
{
    if (plmn->mnc_digits == 0 && plmn->mcc == 0 && plmn->mnc == 0)
        return SLUICE_REASON_NONE;
    if (plmn->mnc_digits == 0)
        return seen & SLUICE_HAS(FIELD_MNC) ? record_plmn_repair(plmn, plmn->mcc, plmn->mnc) : SLUICE_REASON_BAD_PLMN;
    if (plmn->mnc_digits == 1 || (plmn->mnc_digits == 2 && plmn->mnc > 99))
        return SLUICE_REASON_BAD_PLMN;
    return SLUICE_REASON_NONE;
}

/* What one field alone does not tell. */
static enum sluice_reason finish_record(struct sluice_record *record, uint32_t *field_at_fault, uint64_t seen)
{
    const enum sluice_reason reason = finish_plmn(&record->serving_plmn, seen);

    record->present = seen & RECORD_WIRE_PRESENCE;
    if (reason) {
        *field_at_fault = FIELD_MNC_DIGITS;
        return reason;
    }
    if ((record->present & SLUICE_HAS(SLUICE_RAW_CHARGE)) && record->currency[0] == 0) {
        *field_at_fault = FIELD_CURRENCY;
        return SLUICE_REASON_BAD_CHARGE;
    }
    return SLUICE_REASON_NONE;
}

enum sluice_reason sluice_wire_read(struct sluice_record *record, uint32_t *field, uint32_t *unknown,
                                    const uint8_t *bytes, size_t len)
{
    struct record_wire_scan scan;
    enum sluice_reason reason;

    *field = 0;
    *unknown = 0;
    memset(record, 0, sizeof *record);
    if (len > SLUICE_RECORD_SIZE_MAX)
        return SLUICE_REASON_TOO_LARGE;
    if (!record_wire_scan(&scan, bytes, len))
        return SLUICE_REASON_UNDECODABLE;
    *unknown = scan.unknown;

    reason = take_fields(record, field, &scan);
    if (!reason)
        reason = finish_record(record, field, scan.seen);
    if (reason)
        memset(record, 0, sizeof *record);
    return reason;
}

int sluice_wire_next(struct sluice_cursor *batch, const uint8_t **record, size_t *record_len)
{
    const uint8_t *at = batch->at;

    while (at < batch->end) {
        struct wire_value value;
        uint32_t number;
        unsigned wire_type;

        if (!(at = wire_take_tag(&number, &wire_type, at, batch->end)) || (number == 1 && wire_type != WIRE_BYTES) ||
            !(at = wire_take_value(&value, wire_type, at, batch->end)))
            return -1;
        batch->at = at;
        if (number == 1) {
            *record = value.bytes;
            *record_len = value.number;
            return 1;
        }
    }
    return 0;
}
