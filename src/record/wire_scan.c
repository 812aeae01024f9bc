/* What is accepted is what protobuf-c accepts, to the bit, odd corners too:
 * tags of up to five bytes even where they say 0 the long way round, varints
 * of up to ten bytes whose surplus bits fall away, lengths of up to five
 * bytes. Groups and wire types 6 and 7 are refused, also in unknown fields. */
#include "record/wire_scan.h"

#include <limits.h>

#define TAG_BYTES_MAX    5
#define LENGTH_BYTES_MAX 5
#define VARINT_BYTES_MAX 10

bool record_wire_tag(uint32_t *number, unsigned *wire_type, const uint8_t **at, const uint8_t *end)
{
    const uint8_t *from = *at;
    const uint8_t first = from[0];
    uint32_t tag = (first & 0x7f) >> 3;

    if ((first & 0xf8) == 0)
        return false;
    *wire_type = first & 7;
    *number = tag;
    *at = from + 1;
    if (first < 0x80)
        return true;

    for (unsigned i = 1; i < TAG_BYTES_MAX && from + i < end; i++) {
        tag |= (uint32_t)(from[i] & 0x7f) << (7 * i - 3);
        if (from[i] < 0x80) {
            *number = tag;
            *at = from + i + 1;
            return true;
        }
    }
    return false;
}

/* The bits of a varint of at most bytes_max bytes; what is beyond 64 is lost. */
static bool take_varint(uint64_t *value, const uint8_t **at, const uint8_t *end, unsigned bytes_max)
{
    const uint8_t *from = *at;
    uint64_t bits = 0;

    for (unsigned i = 0; i < bytes_max && from + i < end; i++) {
        bits |= (uint64_t)(from[i] & 0x7f) << (7 * i);
        if (from[i] < 0x80) {
            *value = bits;
            *at = from + i + 1;
            return true;
        }
    }
    return false;
}

static bool take_length(uint64_t *len, const uint8_t **at, const uint8_t *end)
{
    return take_varint(len, at, end, LENGTH_BYTES_MAX) && *len <= INT_MAX && *len <= (uint64_t)(end - *at);
}

static bool take_fixed(struct record_wire_slot *slot, const uint8_t **at, const uint8_t *end, size_t size)
{
    if ((size_t)(end - *at) < size)
        return false;
    slot->value = 0;
    for (size_t i = 0; i < size; i++)
        slot->value |= (uint64_t)(*at)[i] << (8 * i);
    *at += size;
    return true;
}

bool record_wire_value(struct record_wire_slot *slot, unsigned wire_type, const uint8_t **at, const uint8_t *end)
{
    switch (wire_type) {
    case WIRE_VARINT:
        return take_varint(&slot->value, at, end, VARINT_BYTES_MAX);
    case WIRE_BYTES:
        if (!take_length(&slot->value, at, end))
            return false;
        slot->bytes = *at;
        *at += slot->value;
        return true;
    case WIRE_FIXED64:
        return take_fixed(slot, at, end, 8);
    case WIRE_FIXED32:
        return take_fixed(slot, at, end, 4);
    default:
        return false;
    }
}

/* The value of a field that we know. */
static bool scan_known(struct record_wire_slot *slot, const struct record_wire_field *field, unsigned wire_type,
                       const uint8_t **at, const uint8_t *end)
{
    const uint8_t *from = *at;

    if (wire_type == field->wire_type)
        return record_wire_value(slot, wire_type, at, end);
    if (field->wire_type != WIRE_ANY || !record_wire_value(slot, wire_type, at, end))
        return false;
    *slot = (struct record_wire_slot){ from, (uint64_t)(*at - from) };
    return true;
}

bool record_wire_scan(struct record_wire_scan *scan, const uint8_t *bytes, size_t len)
{
    const uint8_t *at = bytes, *end = len ? bytes + len : bytes;   /* NULL has no end */

    scan->seen = 0;
    scan->unknown = 0;
    while (at < end) {
        struct record_wire_slot ignored;
        uint32_t number;
        unsigned wire_type;

        if (!record_wire_tag(&number, &wire_type, &at, end))
            return false;
        if (number < RECORD_WIRE_FIELD_COUNT && record_wire_fields[number].kind != WIRE_KIND_UNKNOWN) {
            if (!scan_known(&scan->slots[number], &record_wire_fields[number], wire_type, &at, end))
                return false;
            scan->seen |= SLUICE_HAS(number);
        } else {
            if (!record_wire_value(&ignored, wire_type, &at, end))
                return false;
            scan->unknown++;
        }
    }
    return true;
}
