/* Tags and values of the protobuf encoding, taken off the front of a run of
 * bytes. Inline, as there are 50 of them in a record.
 *
 * What is accepted is what protobuf-c 1.4.1 accepts, to the bit, odd corners
 * too: tags of up to five bytes even where they say 0 the long way round,
 * varints of up to ten bytes whose surplus bits fall away, lengths of up to
 * five bytes. Groups and wire types 6 and 7 are refused, in unknown fields as well. */
#ifndef RECORD_WIRE_BYTES_H
#define RECORD_WIRE_BYTES_H

#include <endian.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

#define WIRE_TAG_BYTES_MAX    5
#define WIRE_LENGTH_BYTES_MAX 5
#define WIRE_VARINT_BYTES_MAX 10

struct wire_value {
    const uint8_t *bytes;   /* of WIRE_BYTES, behind the length */
    uint64_t number;        /* as it stands on the wire, or the length of bytes */
};

/* Each takes something at `at`, at or before end, and returns where what
 * follows it begins, or NULL where the bytes are broken. */

/** The bits of a varint of at most bytes_max bytes; what is beyond 64 is lost. */
static inline const uint8_t *wire_take_varint(uint64_t *number, const uint8_t *at, const uint8_t *end,
                                              unsigned bytes_max)
{
    const uint8_t *limit = (size_t)(end - at) > bytes_max ? at + bytes_max : end;
    uint64_t bits = 0;

    for (unsigned shift = 0; at < limit; shift += 7) {
        const uint8_t byte = *at++;

        bits |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *number = bits;
            return at;
        }
    }
    return NULL;
}

/** A tag, whose first byte is there. The field number may be any. */
static inline const uint8_t *wire_take_tag(uint32_t *field, unsigned *wire_type, const uint8_t *at,
                                           const uint8_t *end)
{
    uint64_t tag;

    *wire_type = at[0] & 7;
    if (at[0] < 0x80) {
        *field = at[0] >> 3;
        return *field ? at + 1 : NULL;
    }
    if (end - at > 1 && at[1] < 0x80) {   /* up to 2047: all that we know */
        *field = (uint32_t)(at[0] & 0x7f) >> 3 | (uint32_t)at[1] << 4;
        return at + 2;
    }
    at = wire_take_varint(&tag, at, end, WIRE_TAG_BYTES_MAX);
    *field = at ? (uint32_t)(tag >> 3) : 0;
    return at;
}

static inline const uint8_t *wire_take_bytes(struct wire_value *value, const uint8_t *at, const uint8_t *end)
{
    uint64_t len;

    if (at < end && *at < 0x80)
        len = *at++;
    else if (!(at = wire_take_varint(&len, at, end, WIRE_LENGTH_BYTES_MAX)) || len > INT_MAX)
        return NULL;
    if (len > (uint64_t)(end - at))
        return NULL;
    *value = (struct wire_value){ at, len };
    return at + len;
}

static inline const uint8_t *wire_take_fixed64(struct wire_value *value, const uint8_t *at, const uint8_t *end)
{
    uint64_t number;

    if (end - at < 8)
        return NULL;
    memcpy(&number, at, sizeof number);
    value->number = le64toh(number);
    return at + sizeof number;
}

static inline const uint8_t *wire_take_fixed32(struct wire_value *value, const uint8_t *at, const uint8_t *end)
{
    uint32_t number;

    if (end - at < 4)
        return NULL;
    memcpy(&number, at, sizeof number);
    value->number = le32toh(number);
    return at + sizeof number;
}

/** The value behind a tag. */
static inline const uint8_t *wire_take_value(struct wire_value *value, unsigned wire_type, const uint8_t *at,
                                             const uint8_t *end)
{
    switch (wire_type) {
    case WIRE_VARINT:
        return wire_take_varint(&value->number, at, end, WIRE_VARINT_BYTES_MAX);
    case WIRE_BYTES:
        return wire_take_bytes(value, at, end);
    case WIRE_FIXED64:
        return wire_take_fixed64(value, at, end);
    case WIRE_FIXED32:
        return wire_take_fixed32(value, at, end);
    default:
        return NULL;
    }
}

#endif
