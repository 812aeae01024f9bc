#include "sluice/wire.h"

#include <assert.h>
#include <string.h>

#include "record/wire_table.h"

/* Longest record that can be written: a tag of two bytes and a varint of ten,
 * or a length of two and a text, for each field. */
#define FIELD_SIZE_MAX  (2 + 2 + SLUICE_RECORD_TEXT_MAX)
#define RECORD_SCRATCH  (RECORD_WIRE_FIELD_COUNT * FIELD_SIZE_MAX)

static_assert(SLUICE_RECORD_TEXT_MAX < (1 << 14), "a length takes two bytes");

static uint8_t *write_tag(uint8_t *at, unsigned number, unsigned wire_type)
{
    return sluice_varint_write(at, number << 3 | wire_type);
}

static uint8_t *write_bytes(uint8_t *at, unsigned number, const void *bytes, size_t len)
{
    if (len == 0)
        return at;
    assert(len <= SLUICE_RECORD_TEXT_MAX);
    at = write_tag(at, number, WIRE_BYTES);
    at = sluice_varint_write(at, len);
    memcpy(at, bytes, len);
    return at + len;
}

/* Identifiers and addresses are their length in a byte, then their bytes. */
static uint8_t *write_counted(uint8_t *at, unsigned number, const void *counted)
{
    const uint8_t *bytes = counted;

    return write_bytes(at, number, bytes + 1, bytes[0]);
}

static uint64_t zigzag(int64_t value)
{
    return ((uint64_t)value << 1) ^ (0 - ((uint64_t)value >> 63));
}

static uint64_t load(const void *from, size_t size)
{
    uint8_t narrow;
    uint16_t half;
    uint32_t word;
    uint64_t value;

    switch (size) {
    case 1:
        memcpy(&narrow, from, sizeof narrow);
        return narrow;
    case 2:
        memcpy(&half, from, sizeof half);
        return half;
    case 4:
        memcpy(&word, from, sizeof word);
        return word;
    default:
        memcpy(&value, from, sizeof value);
        return value;
    }
}

static uint8_t *write_number(uint8_t *at, unsigned number, const struct record_wire_field *field, uint64_t value)
{
    at = write_tag(at, number, field->kind == WIRE_KIND_TIME ? WIRE_FIXED64 : WIRE_VARINT);
    if (field->kind == WIRE_KIND_TIME) {
        for (unsigned i = 0; i < 8; i++)
            *at++ = (uint8_t)(value >> (8 * i));
        return at;
    }
    if (field->kind == WIRE_KIND_SINT32)
        value = zigzag((int32_t)(uint32_t)value);
    else if (field->kind == WIRE_KIND_SINT64)
        value = zigzag((int64_t)value);
    return sluice_varint_write(at, value);
}

static uint8_t *write_field(uint8_t *at, unsigned number, const struct sluice_record *record)
{
    const struct record_wire_field *field = &record_wire_fields[number];
    const void *from = (const char *)record + field->offset;

    switch (field->kind) {
    case WIRE_KIND_UNKNOWN:
        return at;
    case WIRE_KIND_TEXT: {
        const struct sluice_str *text = from;
        return write_bytes(at, number, text->bytes, text->len);
    }
    case WIRE_KIND_ICCID:
    case WIRE_KIND_IMSI:
    case WIRE_KIND_MSISDN:
    case WIRE_KIND_EID:
    case WIRE_KIND_IMEI:
    case WIRE_KIND_ADDRESS:
        return write_counted(at, number, from);
    case WIRE_KIND_CURRENCY:
        return write_bytes(at, number, from, record->currency[0] ? sizeof record->currency : 0);
    default: {
        const uint64_t value = load(from, field->size);
        const bool given = SLUICE_HAS(number) & RECORD_WIRE_PRESENCE ? record->present & SLUICE_HAS(number) : value != 0;

        return given ? write_number(at, number, field, value) : at;
    }
    }
}

void sluice_wire_write(struct sluice_buffer *out, const struct sluice_record *record)
{
    uint8_t scratch[RECORD_SCRATCH];
    uint8_t *at = scratch;

    for (unsigned number = 1; number < RECORD_WIRE_FIELD_COUNT; number++)
        at = write_field(at, number, record);
    sluice_buffer_append(out, scratch, (size_t)(at - scratch));
}
