/* The protobuf wire format of raw records, read and written by hand: six
 * times faster than the public codec, and held against it on random and broken
 * bytes by tests/unit/test_wire.c and tests/fuzz/fuzz_wire.c. */
#ifndef SLUICE_WIRE_H
#define SLUICE_WIRE_H

#include <stddef.h>
#include <stdint.h>
#include "sluice/buffer.h"
#include "sluice/record.h"

/** Read one RawRecord. Texts are views into bytes.
 *  Out: record  set when SLUICE_REASON_NONE is returned, else as it was
 *       field   number of the field at fault, 0 when the bytes are no protobuf
 *  Accepts exactly what protobuf-c accepts as a RawRecord (unknown fields
 *  skipped and counted in *unknown), then parses identifiers and ranges: UNDECODABLE
 *  for broken bytes, else the reason of the field. */
enum sluice_reason sluice_wire_read(struct sluice_record *record, uint32_t *field, uint32_t *unknown,
                                    const uint8_t *bytes, size_t len);

/** Append one RawRecord, without frame. Reading it back gives the same record. */
void sluice_wire_write(struct sluice_buffer *out, const struct sluice_record *record);

/** Take the next `repeated records = 1` of a batch apart.
 *  Returns 1 with *record and *record_len set, 0 at the end, -1 where the bytes
 *  are no batch (fields other than 1 are skipped). */
int sluice_wire_next(struct sluice_cursor *batch, const uint8_t **record, size_t *record_len);

/* Varints and tags, shared by the writer of purpose rows. */
static inline uint8_t *sluice_varint_write(uint8_t *at, uint64_t value)
{
    while (value >= 0x80) {
        *at++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *at++ = (uint8_t)value;
    return at;
}

#endif
