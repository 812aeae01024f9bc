#include "codec/codec.h"

#include <arpa/inet.h>
#include <inttypes.h>

#include "sluice/clock.h"

#define TIME_TEXT_MAX_S INT64_C(253402300799)   /* the last second of year 9999 */

static void append_hex(struct sluice_buffer *out, struct sluice_str bytes)
{
    static const char digits[] = "0123456789abcdef";

    sluice_buffer_append_u8(out, '"');
    for (size_t i = 0; i < bytes.len; i++) {
        const uint8_t byte = (uint8_t)bytes.bytes[i];
        const char pair[2] = { digits[byte >> 4], digits[byte & 15] };

        sluice_buffer_append(out, pair, sizeof pair);
    }
    sluice_buffer_append_u8(out, '"');
}

static void append_address(struct sluice_buffer *out, struct sluice_str bytes)
{
    char text[INET6_ADDRSTRLEN];
    const int family = bytes.len == 4 ? AF_INET : AF_INET6;

    if ((bytes.len == 4 || bytes.len == 16) && inet_ntop(family, bytes.bytes, text, sizeof text))
        sluice_buffer_append_json(out, sluice_str_from(text));
    else
        append_hex(out, bytes);
}

static void append_time(struct sluice_buffer *out, int64_t time, int64_t unit_us)
{
    const int64_t seconds = time / (SLUICE_SECOND_US / unit_us);
    char text[SLUICE_TIME_TEXT_SIZE];

    if (time < 0 || seconds > TIME_TEXT_MAX_S) {
        sluice_buffer_printf(out, "%" PRId64, time);
        return;
    }
    sluice_time_format(text, time * unit_us);
    sluice_buffer_printf(out, "\"%s\"", text);
}

static void append_value(struct sluice_buffer *out, const struct codec_value *value)
{
    switch (value->kind) {
    case CODEC_TEXT:
        sluice_buffer_append_json(out, value->bytes);
        break;
    case CODEC_BYTES:
        append_hex(out, value->bytes);
        break;
    case CODEC_ADDRESS:
        append_address(out, value->bytes);
        break;
    case CODEC_UNSIGNED:
        sluice_buffer_printf(out, "%" PRIu64, value->u64);
        break;
    case CODEC_SIGNED:
        sluice_buffer_printf(out, "%" PRId64, value->i64);
        break;
    case CODEC_BOOL:
        sluice_buffer_append_text(out, value->u64 ? "true" : "false");
        break;
    case CODEC_ENUM:
        if (value->bytes.len)
            sluice_buffer_append_json(out, value->bytes);
        else
            sluice_buffer_printf(out, "%" PRId64, value->i64);
        break;
    case CODEC_TIME_S:
        append_time(out, value->i64, SLUICE_SECOND_US);
        break;
    case CODEC_TIME_US:
        append_time(out, value->i64, 1);
        break;
    }
}

void codec_row_json(struct sluice_buffer *out, const struct codec_row *row)
{
    sluice_buffer_append_u8(out, '{');
    for (size_t i = 0; i < row->count; i++) {
        sluice_buffer_printf(out, "%s\"%s\":", i ? "," : "", row->values[i].name);
        append_value(out, &row->values[i]);
    }
    sluice_buffer_append_u8(out, '}');
}

static enum sluice_err one_json(struct sluice_buffer *out, const uint8_t *bytes, size_t len,
                                enum sluice_err (*read)(struct codec_row *, const uint8_t *, size_t))
{
    struct codec_row row;

    codec_row_init(&row);
    const enum sluice_err err = read(&row, bytes, len);
    if (!err)
        codec_row_json(out, &row);
    codec_row_deinit(&row);
    return err;
}

enum sluice_err codec_purpose_json(struct sluice_buffer *out, const uint8_t *bytes, size_t len)
{
    return one_json(out, bytes, len, codec_row_read_purpose);
}

enum sluice_err codec_raw_json(struct sluice_buffer *out, const uint8_t *bytes, size_t len)
{
    return one_json(out, bytes, len, codec_row_read_raw);
}
