#include "record/wire_scan.h"

/* All numbers from 1 to the last are known, so this needs no word for unknown. */
const uint8_t record_wire_types[RECORD_WIRE_FIELD_COUNT] = {
#define X(number, kind, member, most, why) [number] = WIRE_TYPE_##kind,
    RECORD_WIRE_FIELDS(X)
#undef X
};

/* A known field in another wire type than its own: good for a bool alone. */
static const uint8_t *scan_other_type(struct wire_value *value, uint32_t number, unsigned wire_type,
                                      const uint8_t *at, const uint8_t *end)
{
    const uint8_t *from = at;

    if (record_wire_types[number] != WIRE_ANY || !(at = wire_take_value(value, wire_type, at, end)))
        return NULL;
    *value = (struct wire_value){ from, (uint64_t)(at - from) };
    return at;
}

bool record_wire_scan(struct record_wire_scan *scan, const uint8_t *bytes, size_t len)
{
    const uint8_t *at = bytes, *end = len ? bytes + len : bytes;   /* NULL has no end */
    uint64_t seen = 0;
    uint32_t unknown = 0;

    while (at < end) {
        struct wire_value skipped;
        uint32_t number;
        unsigned wire_type;

        if (!(at = wire_take_tag(&number, &wire_type, at, end)))
            return false;
        if (number == 0 || number >= RECORD_WIRE_FIELD_COUNT) {
            at = wire_take_value(&skipped, wire_type, at, end);
            unknown++;
        } else {
            struct wire_value *value = &scan->values[number];

            at = record_wire_types[number] == wire_type ? wire_take_value(value, wire_type, at, end)
                                                        : scan_other_type(value, number, wire_type, at, end);
            seen |= SLUICE_HAS(number);
        }
        if (!at)
            return false;
    }
    scan->seen = seen;
    scan->unknown = unknown;
    return true;
}
