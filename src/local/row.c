/* Rows of the catalog as bytes. */
#include "local/catalog.h"

#include <assert.h>
#include <string.h>

#include "sluice/clock.h"

static void write_name(struct sluice_buffer *out, const char *name)
{
    const size_t len = strlen(name);

    assert(len > 0 && len <= SLUICE_NAME_MAX);
    sluice_buffer_append_u8(out, (uint8_t)len);
    sluice_buffer_append(out, name, len);
}

void catalog_row_write(struct sluice_buffer *out, const struct row *row)
{
    sluice_buffer_append_u8(out, (uint8_t)row->kind);
    write_name(out, row->tenant);
    write_name(out, row->stream);
    sluice_buffer_append_u64(out, (uint64_t)row->deadline_s);
    sluice_buffer_append_u64(out, row->number);
    sluice_buffer_append_u64(out, row->value);
    sluice_buffer_append_u64(out, row->extra);
}

/* A name becomes a folder: nothing but what can be one of ours gets through. */
static bool read_name(char name[static SLUICE_NAME_MAX + 1], struct sluice_cursor *cursor)
{
    const size_t len = sluice_cursor_u8(cursor);

    if (len == 0 || len > SLUICE_NAME_MAX)
        return false;
    const uint8_t *bytes = sluice_cursor_bytes(cursor, len);
    if (!bytes)
        return false;
    memset(name, 0, SLUICE_NAME_MAX + 1);
    memcpy(name, bytes, len);
    return sluice_name_valid(name) || sluice_name_reserved(name);
}

bool catalog_row_read(struct row *row, char tenant[static SLUICE_NAME_MAX + 1],
                      char stream[static SLUICE_NAME_MAX + 1], struct sluice_cursor *cursor)
{
    const uint8_t kind = sluice_cursor_u8(cursor);

    if (kind < ROW_OPEN || kind > ROW_FORGOTTEN || !read_name(tenant, cursor) || !read_name(stream, cursor))
        return false;
    *row = (struct row){ .kind = (enum row_kind)kind, .tenant = tenant, .stream = stream };
    row->deadline_s = (int64_t)sluice_cursor_u64(cursor);
    row->number = sluice_cursor_u64(cursor);
    row->value = sluice_cursor_u64(cursor);
    row->extra = sluice_cursor_u64(cursor);
    return !cursor->failed && row->deadline_s >= 0 &&
           row->deadline_s <= 2 * (SLUICE_TIME_MAX_US / SLUICE_SECOND_US) &&
           (row->number > 0) == (kind != ROW_FORGOTTEN);
}
