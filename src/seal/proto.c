#include "seal/proto.h"

#include "sluice/wire.h"

#define NUMBER_MAX 536870911   /* of a field, 2^29 - 1 */

uint64_t proto_varint(struct sluice_cursor *message)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 64; shift += 7) {
        const uint8_t byte = sluice_cursor_u8(message);

        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return message->failed ? 0 : value;
    }
    message->failed = true;
    return 0;
}

static void take_value(struct sluice_cursor *message, struct proto_field *field)
{
    switch (field->type) {
    case PROTO_VARINT:
        field->value = proto_varint(message);
        break;
    case PROTO_FIXED64:
        field->value = sluice_cursor_u64(message);
        break;
    case PROTO_FIXED32:
        field->value = sluice_cursor_u32(message);
        break;
    case PROTO_BYTES:
        field->bytes.len = proto_varint(message);
        field->bytes.bytes = (const char *)sluice_cursor_bytes(message, field->bytes.len);
        break;
    default:
        message->failed = true;
    }
}

int proto_next(struct sluice_cursor *message, struct proto_field *field)
{
    if (message->failed)
        return -1;
    if (message->at == message->end)
        return 0;

    const uint64_t tag = proto_varint(message);
    *field = (struct proto_field){ .type = (uint8_t)(tag & 7) };
    if (tag >> 3 == 0 || tag >> 3 > NUMBER_MAX)
        message->failed = true;
    field->number = (uint32_t)(tag >> 3);
    if (!message->failed)
        take_value(message, field);
    return message->failed ? -1 : 1;
}

size_t proto_varint_size(uint64_t value)
{
    size_t size = 1;

    for (; value >= 0x80; value >>= 7)
        size++;
    return size;
}

static void append_varint(struct sluice_buffer *out, uint64_t value)
{
    uint8_t bytes[10];

    sluice_buffer_append(out, bytes, (size_t)(sluice_varint_write(bytes, value) - bytes));
}

static void append_tag(struct sluice_buffer *out, uint32_t number, enum proto_type type)
{
    append_varint(out, (uint64_t)number << 3 | type);
}

void proto_append_varint(struct sluice_buffer *out, uint32_t number, uint64_t value)
{
    append_tag(out, number, PROTO_VARINT);
    append_varint(out, value);
}

void proto_append_fixed64(struct sluice_buffer *out, uint32_t number, uint64_t value)
{
    append_tag(out, number, PROTO_FIXED64);
    sluice_buffer_append_u64(out, value);
}

void proto_append_length(struct sluice_buffer *out, size_t len)
{
    append_varint(out, len);
}

void proto_append_head(struct sluice_buffer *out, uint32_t number, size_t len)
{
    append_tag(out, number, PROTO_BYTES);
    append_varint(out, len);
}

void proto_append_bytes(struct sluice_buffer *out, uint32_t number, const void *bytes, size_t len)
{
    proto_append_head(out, number, len);
    sluice_buffer_append(out, bytes, len);
}
