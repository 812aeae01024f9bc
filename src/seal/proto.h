/* Protobuf messages taken apart field by field and put together, for the few
 * messages that are neither raw records nor purpose rows. No I/O. */
#ifndef SEAL_PROTO_H
#define SEAL_PROTO_H

#include <stddef.h>
#include <stdint.h>
#include "sluice/buffer.h"
#include "sluice/str.h"

enum proto_type { PROTO_VARINT = 0, PROTO_FIXED64 = 1, PROTO_BYTES = 2, PROTO_FIXED32 = 5 };

struct proto_field {
    uint32_t number;
    uint8_t type;             /* enum proto_type */
    uint64_t value;           /* of a varint or a fixed one */
    struct sluice_str bytes;  /* of a run of bytes */
};

/** 1 with the next field, 0 at the end, -1 where the bytes are no message.
 *  Groups are refused: none of our messages ever had one. */
int proto_next(struct sluice_cursor *message, struct proto_field *field);

/** A varint of at most 64 bits; sets failed where there is none. */
uint64_t proto_varint(struct sluice_cursor *message);

void proto_append_varint(struct sluice_buffer *out, uint32_t number, uint64_t value);
void proto_append_fixed64(struct sluice_buffer *out, uint32_t number, uint64_t value);
void proto_append_bytes(struct sluice_buffer *out, uint32_t number, const void *bytes, size_t len);
/** Tag and length only: len bytes are to follow. */
void proto_append_head(struct sluice_buffer *out, uint32_t number, size_t len);
/** The length before a message that stands by itself. */
void proto_append_length(struct sluice_buffer *out, size_t len);

/** Bytes that a varint takes. */
size_t proto_varint_size(uint64_t value);

#endif
