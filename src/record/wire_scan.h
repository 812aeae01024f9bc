/* The first half of reading: bytes taken apart into fields, nothing looked
 * into. A later occurrence of a field replaces an earlier one, so nothing can
 * be judged before all bytes are seen. */
#ifndef RECORD_WIRE_SCAN_H
#define RECORD_WIRE_SCAN_H

#include "record/wire_table.h"

struct record_wire_slot {
    const uint8_t *bytes;   /* of a text; of a bool all, with a length prefix */
    uint64_t value;         /* a number as it stands on the wire, or the length of bytes */
};

struct record_wire_scan {
    uint64_t seen;          /* bit n: slots[n] is set */
    uint32_t unknown;       /* fields skipped */
    struct record_wire_slot slots[RECORD_WIRE_FIELD_COUNT];
};

/** False where protobuf-c 1.4.1 would refuse to unpack a RawRecord. */
bool record_wire_scan(struct record_wire_scan *scan, const uint8_t *bytes, size_t len);

/** A tag at *at: its field number, which may be any, and its wire type. */
bool record_wire_tag(uint32_t *number, unsigned *wire_type, const uint8_t **at, const uint8_t *end);

/** The value behind a tag, *at moved behind it. */
bool record_wire_value(struct record_wire_slot *slot, unsigned wire_type, const uint8_t **at, const uint8_t *end);

#endif
