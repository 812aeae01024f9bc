#include "sluice/wire.h"

#include <assert.h>
#include <string.h>

#include "record/plmn.h"
#include "record/wire_scan.h"
#include "sluice/clock.h"

enum { FIELD_MCC = 32, FIELD_MNC = 33, FIELD_MNC_DIGITS = 34, FIELD_CURRENCY = 43 };

static bool any_bit(const struct record_wire_slot *slot)
{
    for (uint64_t i = 0; i < slot->value; i++)
        if (slot->bytes[i] & 0x7f)
            return true;
    return false;
}

static int64_t unzigzag(uint64_t value)
{
    return (int64_t)((value >> 1) ^ (0 - (value & 1)));
}

/* Numbers narrower than the wire are within their limit by now. */
static void store(void *at, size_t size, uint64_t value)
{
    const uint8_t narrow = (uint8_t)value;
    const uint16_t half = (uint16_t)value;
    const uint32_t word = (uint32_t)value;

    switch (size) {
    case 1:
        memcpy(at, &narrow, sizeof narrow);
        break;
    case 2:
        memcpy(at, &half, sizeof half);
        break;
    case 4:
        memcpy(at, &word, sizeof word);
        break;
    default:
        memcpy(at, &value, sizeof value);
    }
}

static enum sluice_reason take_number(void *at, const struct record_wire_field *field,
                                      const struct record_wire_slot *slot)
{
    uint64_t value = slot->value;
    int64_t number;

    switch (field->kind) {
    case WIRE_KIND_BOOL:
        value = any_bit(slot);
        break;
    case WIRE_KIND_UINT32:
        value = (uint32_t)value;
        if (value > field->limit)
            return field->reason;
        break;
    case WIRE_KIND_UINT64:
        if (value > field->limit)
            return field->reason;
        break;
    case WIRE_KIND_SINT32:
        number = (int32_t)unzigzag((uint32_t)value);
        if (number > (int64_t)field->limit || number < -(int64_t)field->limit)
            return field->reason;
        value = (uint64_t)number;
        break;
    case WIRE_KIND_SINT64:
        value = (uint64_t)unzigzag(value);
        break;
    default:
        assert(field->kind == WIRE_KIND_TIME);
        if (value > SLUICE_TIME_MAX_US)   /* before 1970 has the highest bit */
            return field->reason;
    }
    store(at, field->size, value);
    return SLUICE_REASON_NONE;
}

static_assert(SLUICE_TIME_MIN_US == 0, "one comparison checks both ends");

static enum sluice_reason take_address(struct sluice_address *address, struct sluice_str bytes)
{
    if (bytes.len != 4 && bytes.len != 16)
        return SLUICE_REASON_BAD_ADDRESS;
    address->len = (uint8_t)bytes.len;
    memcpy(address->bytes, bytes.bytes, bytes.len);
    return SLUICE_REASON_NONE;
}

static enum sluice_reason take_currency(char currency[static 3], struct sluice_str text)
{
    if (text.len != 3)
        return SLUICE_REASON_BAD_CHARGE;
    for (size_t i = 0; i < 3; i++)
        if (text.bytes[i] < 'A' || text.bytes[i] > 'Z')
            return SLUICE_REASON_BAD_CHARGE;
    memcpy(currency, text.bytes, 3);
    return SLUICE_REASON_NONE;
}

static enum sluice_reason take_bytes(void *at, enum record_wire_kind kind, struct sluice_str bytes)
{
    if (bytes.len == 0)
        return SLUICE_REASON_NONE;

    switch (kind) {
    case WIRE_KIND_TEXT:
        if (!sluice_text_valid(bytes))
            return SLUICE_REASON_BAD_TEXT;
        *(struct sluice_str *)at = bytes;
        return SLUICE_REASON_NONE;
    case WIRE_KIND_ICCID:
        return sluice_iccid_parse(at, bytes);
    case WIRE_KIND_IMSI:
        return sluice_imsi_parse(at, bytes);
    case WIRE_KIND_MSISDN:
        return sluice_msisdn_parse(at, bytes);
    case WIRE_KIND_EID:
        return sluice_eid_parse(at, bytes);
    case WIRE_KIND_IMEI:
        return sluice_imei_parse(at, bytes);
    case WIRE_KIND_ADDRESS:
        return take_address(at, bytes);
    default:
        assert(kind == WIRE_KIND_CURRENCY);
        return take_currency(at, bytes);
    }
}

/* A producer that writes no length of the MNC may still mean a network. */
static enum sluice_reason finish_plmn(struct sluice_plmn *plmn, uint64_t seen, uint32_t *field)
{
    if (plmn->mnc_digits == 0 && plmn->mcc == 0 && plmn->mnc == 0)
        return SLUICE_REASON_NONE;

    *field = FIELD_MNC_DIGITS;
    if (plmn->mnc_digits == 0)
        return seen & SLUICE_HAS(FIELD_MNC) ? record_plmn_repair(plmn, plmn->mcc, plmn->mnc) : SLUICE_REASON_BAD_PLMN;
    if (plmn->mnc_digits == 1 || (plmn->mnc_digits == 2 && plmn->mnc > 99))
        return SLUICE_REASON_BAD_PLMN;
    return SLUICE_REASON_NONE;
}

static enum sluice_reason take_fields(struct sluice_record *record, uint32_t *field_at_fault,
                                      const struct record_wire_scan *scan)
{
    for (uint64_t left = scan->seen; left; left &= left - 1) {
        const unsigned number = (unsigned)__builtin_ctzll(left);
        const struct record_wire_field *field = &record_wire_fields[number];
        const struct record_wire_slot *slot = &scan->slots[number];
        void *at = (char *)record + field->offset;
        enum sluice_reason reason;

        *field_at_fault = number;
        if (field->size == 0)
            reason = take_bytes(at, field->kind, (struct sluice_str){ (const char *)slot->bytes, slot->value });
        else
            reason = take_number(at, field, slot);
        if (reason)
            return reason;
    }
    record->present = scan->seen & RECORD_WIRE_PRESENCE;

    const enum sluice_reason reason = finish_plmn(&record->serving_plmn, scan->seen, field_at_fault);
    if (reason)
        return reason;
    *field_at_fault = FIELD_CURRENCY;
    if ((record->present & SLUICE_HAS(SLUICE_RAW_CHARGE)) && record->currency[0] == 0)
        return SLUICE_REASON_BAD_CHARGE;
    return SLUICE_REASON_NONE;
}

enum sluice_reason sluice_wire_read(struct sluice_record *record, uint32_t *field, uint32_t *unknown,
                                    const uint8_t *bytes, size_t len)
{
    struct record_wire_scan scan;
    struct sluice_record fresh;

    *field = 0;
    *unknown = 0;
    if (len > SLUICE_RECORD_SIZE_MAX)
        return SLUICE_REASON_TOO_LARGE;
    if (!record_wire_scan(&scan, bytes, len))
        return SLUICE_REASON_UNDECODABLE;
    *unknown = scan.unknown;

    memset(&fresh, 0, sizeof fresh);
    const enum sluice_reason reason = take_fields(&fresh, field, &scan);
    if (reason)
        return reason;
    *field = 0;
    *record = fresh;
    return SLUICE_REASON_NONE;
}

int sluice_wire_next(struct sluice_cursor *batch, const uint8_t **record, size_t *record_len)
{
    const uint8_t *at = batch->at;

    while (at < batch->end) {
        struct record_wire_slot slot;
        uint32_t number;
        unsigned wire_type;

        if (!record_wire_tag(&number, &wire_type, &at, batch->end) || (number == 1 && wire_type != WIRE_BYTES) ||
            !record_wire_value(&slot, wire_type, &at, batch->end))
            return -1;
        batch->at = at;
        if (number == 1) {
            *record = slot.bytes;
            *record_len = slot.value;
            return 1;
        }
    }
    return 0;
}
