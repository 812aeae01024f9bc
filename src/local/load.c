#include "local/load.h"

#include <assert.h>

static const struct sluice_state_table *find_table(const struct load *load, uint8_t id)
{
    for (size_t i = 0; i < load->table_count; i++)
        if (load->tables[i].id == id)
            return &load->tables[i];
    return NULL;
}

void section_append(struct sluice_buffer *out, uint8_t id, const uint8_t *bytes, size_t len)
{
    sluice_buffer_append_u8(out, id);
    sluice_buffer_append_u32(out, (uint32_t)len);
    sluice_buffer_append(out, bytes, len);
}

/* --- one frame --------------------------------------------------------- */

static enum sluice_err load_start(struct load *load, const struct frame *frame, uint64_t segment)
{
    struct sluice_cursor cursor = { frame->payload, frame->payload + frame->len, false };
    const uint32_t format = sluice_cursor_u32(&cursor);
    const uint64_t number = sluice_cursor_u64(&cursor);

    if (cursor.failed || format != LOG_FORMAT || number != segment)
        return SLUICE_ERR_DAMAGED;
    load->transaction = frame->transaction;
    return SLUICE_OK;
}

static enum sluice_err load_chunk(struct load *load, const struct frame *frame)
{
    struct sluice_cursor cursor = { frame->payload, frame->payload + frame->len, false };
    const uint8_t id = sluice_cursor_u8(&cursor);
    const uint64_t chunk = sluice_cursor_u64(&cursor);
    const size_t len = (size_t)(cursor.end - cursor.at);

    if (cursor.failed || frame->transaction != load->transaction)
        return SLUICE_ERR_DAMAGED;
    if (id == CATALOG_TABLE)
        return catalog_apply(load->catalog, cursor.at, len);
    const struct sluice_state_table *table = find_table(load, id);
    if (!table)
        load->foreign = true;
    return table ? table->restore(table->self, chunk, cursor.at, len) : SLUICE_OK;
}

static enum sluice_err load_section(struct load *load, uint8_t id, const uint8_t *bytes, size_t len)
{
    if (id == CATALOG_TABLE)
        return catalog_apply(load->catalog, bytes, len);
    const struct sluice_state_table *table = find_table(load, id);
    if (!table)
        load->foreign = true;
    return table ? table->apply(table->self, bytes, len) : SLUICE_OK;
}

/* Of a commit; between chunks of the tables that are partly there. */
static enum sluice_err load_changes(struct load *load, const struct frame *frame)
{
    struct sluice_cursor cursor = { frame->payload, frame->payload + frame->len, false };
    enum sluice_err err = SLUICE_OK;

    if (frame->transaction != load->transaction + 1)
        return SLUICE_ERR_DAMAGED;
    while (!err && cursor.at < cursor.end) {
        const uint8_t id = sluice_cursor_u8(&cursor);
        const size_t len = sluice_cursor_u32(&cursor);
        const uint8_t *bytes = sluice_cursor_bytes(&cursor, len);

        err = bytes ? load_section(load, id, bytes, len) : SLUICE_ERR_DAMAGED;
    }
    load->transaction = frame->transaction;
    return err;
}

/* --- the segment ------------------------------------------------------- */

/* Which types may follow which: a segment is its start, its snapshot, and then commits. */
static bool may_follow(enum frame_type type, enum frame_type last)
{
    switch (type) {
    case FRAME_SEGMENT:
        return last == 0;
    case FRAME_CHUNK:
    case FRAME_MEANWHILE:
    case FRAME_COMPLETE:
        return last == FRAME_SEGMENT || last == FRAME_CHUNK || last == FRAME_MEANWHILE;
    case FRAME_COMMIT:
    case FRAME_SETTLED:
        return last == FRAME_COMPLETE || last == FRAME_COMMIT || last == FRAME_SETTLED;
    }
    return false;
}

static enum sluice_err load_frame(struct load *load, const struct frame *frame, uint64_t segment, uint64_t end)
{
    switch (frame->type) {
    case FRAME_SEGMENT:
        return load_start(load, frame, segment);
    case FRAME_CHUNK:
        return load_chunk(load, frame);
    case FRAME_COMPLETE:
        load->snapshot_size = end;
        load->settled = true;
        return frame->transaction == load->transaction ? SLUICE_OK : SLUICE_ERR_DAMAGED;
    case FRAME_COMMIT:
        load->settled = false;
        return load_changes(load, frame);
    case FRAME_MEANWHILE:
        return load_changes(load, frame);
    case FRAME_SETTLED:
        load->settled = true;
        return frame->transaction == load->transaction ? SLUICE_OK : SLUICE_ERR_DAMAGED;
    }
    return SLUICE_ERR_DAMAGED;
}

enum sluice_err load_segment(struct load *load, struct log_reader *reader, uint64_t segment, const char *path)
{
    enum frame_type last = 0;
    enum sluice_err err;
    uint64_t start;
    bool more;

    do {
        struct frame frame;

        start = reader->at;
        err = log_reader_next(reader, &frame, &more);
        if (err || !more)
            break;
        err = may_follow(frame.type, last) ? load_frame(load, &frame, segment, reader->at) : SLUICE_ERR_DAMAGED;
        last = frame.type;
    } while (!err);

    /* A segment gets its name only when its snapshot is whole. */
    if (!err && load->snapshot_size == 0)
        err = SLUICE_ERR_DAMAGED;
    if (err == SLUICE_ERR_DAMAGED)
        sluice_findings_add(load->findings, SLUICE_FINDING_ERROR, "log-damaged", path, 0, 0,
                            "the frame at octet %llu is not what was written; restore the state folder as a "
                            "whole, or begin anew with an empty state and output folder",
                            (unsigned long long)start);
    return err;
}
