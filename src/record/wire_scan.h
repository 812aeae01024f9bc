/* The first half of reading: bytes taken apart into fields, nothing looked
 * into. A later occurrence of a field replaces an earlier one, so nothing can
 * be judged before all bytes are seen. */
#ifndef RECORD_WIRE_SCAN_H
#define RECORD_WIRE_SCAN_H

#include "record/wire_fields.h"

struct record_wire_scan {
    uint64_t seen;       /* bit n: values[n] is set */
    uint32_t unknown;    /* fields skipped */
    struct wire_value values[RECORD_WIRE_FIELD_COUNT];   /* of a bool: all its bytes, with a length in front */
};

/** The wire type of each field that we know. */
extern const uint8_t record_wire_types[RECORD_WIRE_FIELD_COUNT];

/** False where protobuf-c 1.4.1 would refuse to unpack a RawRecord. */
bool record_wire_scan(struct record_wire_scan *scan, const uint8_t *bytes, size_t len);

#endif
