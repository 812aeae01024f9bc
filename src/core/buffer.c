#include "sluice/buffer.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "sluice/utf8.h"

void sluice_buffer_init(struct sluice_buffer *buffer, size_t size_max)
{
    *buffer = (struct sluice_buffer){ .size_max = size_max };
}

void sluice_buffer_deinit(struct sluice_buffer *buffer)
{
    free(buffer->bytes);
    *buffer = (struct sluice_buffer){ .size_max = buffer->size_max };
}

void sluice_buffer_clear(struct sluice_buffer *buffer)
{
    buffer->len = 0;
    buffer->failed = false;
}

uint8_t *sluice_buffer_reserve(struct sluice_buffer *buffer, size_t len)
{
    if (buffer->failed || len > buffer->size_max - buffer->len) {
        buffer->failed = true;
        return NULL;
    }
    if (buffer->len + len > buffer->capacity) {
        size_t capacity = buffer->capacity ? buffer->capacity : 256;

        while (capacity < buffer->len + len)
            capacity *= 2;
        if (capacity > buffer->size_max)
            capacity = buffer->size_max;

        uint8_t *bytes = realloc(buffer->bytes, capacity);
        if (!bytes) {
            buffer->failed = true;
            return NULL;
        }
        buffer->bytes = bytes;
        buffer->capacity = capacity;
    }
    uint8_t *at = buffer->bytes + buffer->len;
    buffer->len += len;
    return at;
}

void sluice_buffer_append(struct sluice_buffer *buffer, const void *bytes, size_t len)
{
    if (len == 0)
        return;
    uint8_t *at = sluice_buffer_reserve(buffer, len);
    if (at)
        memcpy(at, bytes, len);
}

void sluice_buffer_append_str(struct sluice_buffer *buffer, struct sluice_str text)
{
    sluice_buffer_append(buffer, text.bytes, text.len);
}

void sluice_buffer_append_text(struct sluice_buffer *buffer, const char *text)
{
    sluice_buffer_append(buffer, text, strlen(text));
}

void sluice_buffer_printf(struct sluice_buffer *buffer, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    const int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    assert(len >= 0);

    /* One more for the NUL, given back afterwards. */
    uint8_t *at = sluice_buffer_reserve(buffer, (size_t)len + 1);
    if (!at)
        return;
    va_start(args, format);
    vsnprintf((char *)at, (size_t)len + 1, format, args);
    va_end(args);
    buffer->len--;
}

void sluice_buffer_append_u8(struct sluice_buffer *buffer, uint8_t value)
{
    sluice_buffer_append(buffer, &value, 1);
}

static void append_little_endian(struct sluice_buffer *buffer, uint64_t value, size_t size)
{
    uint8_t bytes[8];

    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    sluice_buffer_append(buffer, bytes, size);
}

void sluice_buffer_append_u32(struct sluice_buffer *buffer, uint32_t value)
{
    append_little_endian(buffer, value, 4);
}

void sluice_buffer_append_u64(struct sluice_buffer *buffer, uint64_t value)
{
    append_little_endian(buffer, value, 8);
}

enum sluice_err sluice_buffer_err(const struct sluice_buffer *buffer)
{
    return buffer->failed ? SLUICE_ERR_MEMORY : SLUICE_OK;
}

void sluice_buffer_append_json(struct sluice_buffer *buffer, struct sluice_str text)
{
    const unsigned char *at = (const unsigned char *)text.bytes;
    size_t left = text.len;

    sluice_buffer_append_u8(buffer, '"');
    while (left > 0) {
        const size_t size = sluice_utf8_length((const char *)at, left);

        if (size == 0)
            sluice_buffer_append_text(buffer, "\xef\xbf\xbd");
        else if (*at == '"' || *at == '\\')
            sluice_buffer_printf(buffer, "\\%c", *at);
        else if (*at < 0x20)
            sluice_buffer_printf(buffer, "\\u%04x", *at);
        else
            sluice_buffer_append(buffer, at, size);
        at += size ? size : 1;
        left -= size ? size : 1;
    }
    sluice_buffer_append_u8(buffer, '"');
}

const uint8_t *sluice_cursor_bytes(struct sluice_cursor *cursor, size_t len)
{
    if (cursor->failed || len > (size_t)(cursor->end - cursor->at)) {
        cursor->failed = true;
        return NULL;
    }
    const uint8_t *at = cursor->at;
    cursor->at += len;
    return at;
}

static uint64_t take_little_endian(struct sluice_cursor *cursor, size_t size)
{
    const uint8_t *at = sluice_cursor_bytes(cursor, size);
    uint64_t value = 0;

    for (size_t i = 0; at && i < size; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

uint8_t sluice_cursor_u8(struct sluice_cursor *cursor)
{
    return (uint8_t)take_little_endian(cursor, 1);
}

uint32_t sluice_cursor_u32(struct sluice_cursor *cursor)
{
    return (uint32_t)take_little_endian(cursor, 4);
}

uint64_t sluice_cursor_u64(struct sluice_cursor *cursor)
{
    return take_little_endian(cursor, 8);
}
