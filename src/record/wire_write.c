#include "sluice/wire.h"

#include <assert.h>
#include <string.h>

#include "record/wire_fields.h"

/* Longest record that can be written: a tag of two bytes and a varint of ten,
 * or a length of two and a text, for each field. */
#define FIELD_SIZE_MAX  (2 + 2 + SLUICE_RECORD_TEXT_MAX)
#define RECORD_SCRATCH  (RECORD_WIRE_FIELD_COUNT * FIELD_SIZE_MAX)

static_assert(SLUICE_RECORD_TEXT_MAX < (1 << 14), "a length takes two bytes");

static uint8_t *put_bytes(uint8_t *at, unsigned number, const void *bytes, size_t len)
{
    if (len == 0)
        return at;
    assert(len <= SLUICE_RECORD_TEXT_MAX);
    at = sluice_varint_write(at, number << 3 | WIRE_BYTES);
    at = sluice_varint_write(at, len);
    memcpy(at, bytes, len);
    return at + len;
}

static inline uint8_t *put_varint(uint8_t *at, unsigned number, bool given, uint64_t value)
{
    if (!given)
        return at;
    return sluice_varint_write(sluice_varint_write(at, number << 3 | WIRE_VARINT), value);
}

static uint64_t zigzag(int64_t value)
{
    return ((uint64_t)value << 1) ^ (0 - ((uint64_t)value >> 63));
}

/* One function for each kind of wire_fields.h. */

static uint8_t *put_text(uint8_t *at, unsigned number, const struct sluice_str *text, bool given)
{
    (void)given;
    return put_bytes(at, number, text->bytes, text->len);
}

#define PUT_COUNTED(kind, member, count)                                                                           \
    static uint8_t *put_##kind(uint8_t *at, unsigned number, const struct sluice_##kind *from, bool given) \
    {                                                                                                       \
        (void)given;                                                                                        \
        return put_bytes(at, number, from->member, (count));                                                       \
    }
PUT_COUNTED(imsi, digits, from->digit_count)
PUT_COUNTED(iccid, digits, from->digit_count)
PUT_COUNTED(msisdn, digits, from->digit_count)
PUT_COUNTED(eid, digits, from->digit_count)
PUT_COUNTED(imei, digits, from->digit_count)
PUT_COUNTED(address, bytes, from->len)

static uint8_t *put_currency(uint8_t *at, unsigned number, const char (*from)[3], bool given)
{
    (void)given;
    return put_bytes(at, number, *from, (*from)[0] ? sizeof *from : 0);
}

static inline uint8_t *put_small(uint8_t *at, unsigned number, const uint8_t *from, bool given)
{
    (void)given;
    return put_varint(at, number, *from != 0, *from);
}

static inline uint8_t *put_medium(uint8_t *at, unsigned number, const uint16_t *from, bool given)
{
    (void)given;
    return put_varint(at, number, *from != 0, *from);
}

static inline uint8_t *put_uint32(uint8_t *at, unsigned number, const uint32_t *from, bool given)
{
    return put_varint(at, number, given, *from);
}

static inline uint8_t *put_uint64(uint8_t *at, unsigned number, const uint64_t *from, bool given)
{
    return put_varint(at, number, given, *from);
}

static inline uint8_t *put_bool(uint8_t *at, unsigned number, const bool *from, bool given)
{
    return put_varint(at, number, given, *from);
}

static inline uint8_t *put_sint32(uint8_t *at, unsigned number, const int32_t *from, bool given)
{
    return put_varint(at, number, given, zigzag(*from));
}

static inline uint8_t *put_sint64(uint8_t *at, unsigned number, const int64_t *from, bool given)
{
    return put_varint(at, number, given, zigzag(*from));
}

static inline uint8_t *put_time(uint8_t *at, unsigned number, const int64_t *from, bool given)
{
    const uint64_t value = htole64((uint64_t)*from);

    if (!given)
        return at;
    at = sluice_varint_write(at, number << 3 | WIRE_FIXED64);
    memcpy(at, &value, sizeof value);
    return at + sizeof value;
}

void sluice_wire_write(struct sluice_buffer *out, const struct sluice_record *record)
{
    uint8_t scratch[RECORD_SCRATCH];
    uint8_t *at = scratch;

#define X(number, kind, member, most, why) \
    at = put_##kind(at, number, &record->member, (record->present & SLUICE_HAS(number)) != 0);
    RECORD_WIRE_FIELDS(X)
#undef X
    sluice_buffer_append(out, scratch, (size_t)(at - scratch));
}
