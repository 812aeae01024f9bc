/* The protobuf wire format of raw records, read and written by hand: three
 * times as fast as the public codec with every identifier, text and range
 * checked besides (bench/bench_wire.c), and held against it on random and
 * broken bytes by tests/unit/test_wire_random.c and tests/fuzz/fuzz_wire.c. */
#ifndef SLUICE_WIRE_H
#define SLUICE_WIRE_H

#include <stddef.h>
#include <stdint.h>
#include "sluice/buffer.h"
#include "sluice/record.h"

/** Read one RawRecord. Texts are views into bytes.
 *  Out: record   all zero when it is refused
 *       field    number of the field at fault, 0 when the bytes are no protobuf
 *       unknown  fields that raw.proto does not have, skipped
 *  Accepts exactly what protobuf-c accepts as a RawRecord, of a field that
 *  occurs twice the last, then parses identifiers and checks texts and ranges,
 *  each field by itself. How fields go together (an end before its start, no
 *  subject, no service) is the gate's to say.
 *  Returns TOO_LARGE, UNDECODABLE for broken bytes, else the reason of the first field at fault. */
enum sluice_reason sluice_wire_read(struct sluice_record *record, uint32_t *field, uint32_t *unknown,
                                    const uint8_t *bytes, size_t len);

/** Append one RawRecord, without frame. Reading it back gives the same record.
 *  Its texts hold what sluice_text_valid() asks for, and a charge has a currency. */
void sluice_wire_write(struct sluice_buffer *out, const struct sluice_record *record);

/** Take the next `repeated records = 1` of a batch apart.
 *  Returns 1 with *record and *record_len set, 0 at the end, -1 where the bytes
 *  are no batch: batch->at stands at what is broken, or cut short, then.
 *  Fields other than 1 are skipped. */
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
