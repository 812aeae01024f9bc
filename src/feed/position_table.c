/* Positions as a table of the transport.
 *
 * A change, and a row of a snapshot: kind (1 set, 2 forgotten), length of the
 * name, name; if set: offset, line, size, head_size, head, mode, done. */
#include "feed/position.h"

#include "feed/scanner.h"

enum { CHANGE_SET = 1, CHANGE_FORGOTTEN = 2 };

static void append_name(struct sluice_buffer *out, uint8_t kind, const char *name)
{
    sluice_buffer_append_u8(out, kind);
    sluice_buffer_append_u32(out, (uint32_t)strlen(name));
    sluice_buffer_append_text(out, name);
}

static void append_position(struct sluice_buffer *out, const char *name, const struct position *position)
{
    append_name(out, CHANGE_SET, name);
    sluice_buffer_append_u64(out, position->offset);
    sluice_buffer_append_u64(out, position->line);
    sluice_buffer_append_u64(out, position->size);
    sluice_buffer_append_u32(out, position->head_size);
    sluice_buffer_append(out, position->head, sizeof position->head);
    sluice_buffer_append_u8(out, position->mode);
    sluice_buffer_append_u8(out, position->done);
}

static void changes(void *self, struct sluice_buffer *out)
{
    const struct positions *positions = self;

    for (size_t i = 0; i < positions->change_count; i++) {
        const struct position_file *file = &positions->files[positions->changes[i]];

        if (file->exists)
            append_position(out, file->name, &file->now);
        else if (file->exists_committed)
            append_name(out, CHANGE_FORGOTTEN, file->name);
    }
}

static void keep(struct positions *positions)
{
    for (size_t i = 0; i < positions->change_count; i++) {
        struct position_file *file = &positions->files[positions->changes[i]];

        file->changed = false;
        file->exists_committed = file->exists;
        file->committed = file->now;
    }
    positions->change_count = 0;
}

static void committed(void *self)
{
    struct positions *positions = self;

    keep(positions);
    if (positions->settle)
        positions->settle(positions->settle_self, true);
}

static void undo(void *self)
{
    struct positions *positions = self;

    for (size_t i = 0; i < positions->change_count; i++) {
        struct position_file *file = &positions->files[positions->changes[i]];

        file->changed = false;
        if (file->exists != file->exists_committed)
            positions->forgotten += file->exists_committed ? (size_t)-1 : 1;
        file->exists = file->exists_committed;
        file->now = file->committed;
    }
    for (size_t i = 0; i < positions->count; i++)
        positions->files[i].seen_since_ns = 0;
    positions->change_count = 0;
    if (positions->settle)
        positions->settle(positions->settle_self, false);
}

static bool take_position(struct sluice_cursor *cursor, struct position *position)
{
    const uint8_t *head;
    uint8_t done;

    position->offset = sluice_cursor_u64(cursor);
    position->line = sluice_cursor_u64(cursor);
    position->size = sluice_cursor_u64(cursor);
    position->head_size = sluice_cursor_u32(cursor);
    head = sluice_cursor_bytes(cursor, sizeof position->head);
    if (head)
        memcpy(position->head, head, sizeof position->head);
    position->mode = sluice_cursor_u8(cursor);
    done = sluice_cursor_u8(cursor);
    position->done = done == 1;
    return !cursor->failed && position->head_size <= POSITION_HEAD_MAX && position->mode < SCAN_MODE_COUNT &&
           done <= 1;
}

static enum sluice_err take_change(struct positions *positions, struct sluice_cursor *cursor)
{
    struct position position = { 0 };
    const uint8_t kind = sluice_cursor_u8(cursor);
    const uint32_t len = sluice_cursor_u32(cursor);
    const struct sluice_str name = { (const char *)sluice_cursor_bytes(cursor, len), len };
    enum sluice_err err;
    size_t place;

    if (cursor->failed || len == 0 || len > POSITION_NAME_MAX || memchr(name.bytes, '\0', len))
        return SLUICE_ERR_DAMAGED;
    if (kind == CHANGE_FORGOTTEN) {
        place = positions_find(positions, name);
        return place == POSITION_NONE ? SLUICE_ERR_DAMAGED : positions_remove(positions, place);
    }
    if (kind != CHANGE_SET || !take_position(cursor, &position))
        return SLUICE_ERR_DAMAGED;
    err = positions_add(positions, &place, name);
    if (!err)
        err = positions_touch(positions, place);
    if (!err)
        positions->files[place].now = position;
    return err;
}

enum sluice_err positions_take(struct positions *positions, const uint8_t *bytes, size_t len)
{
    struct sluice_cursor cursor = { .at = bytes, .end = bytes + len };
    enum sluice_err err = SLUICE_OK;

    while (!err && cursor.at < cursor.end)
        err = take_change(positions, &cursor);
    return err;
}

void positions_hand_over(struct positions *positions, struct sluice_buffer *out)
{
    changes(positions, out);
    keep(positions);
}

enum sluice_err positions_copy(struct positions *to, const struct positions *from)
{
    enum sluice_err err = SLUICE_OK;

    positions_clear(to);
    for (size_t i = 0; !err && i < from->count; i++) {
        size_t place;

        if (!from->files[i].exists)
            continue;
        err = positions_add(to, &place, sluice_str_from(from->files[i].name));
        if (!err)
            to->files[place].now = from->files[i].now;
    }
    keep(to);
    return err;
}

static enum sluice_err apply(void *self, const uint8_t *bytes, size_t len)
{
    struct positions *positions = self;
    const enum sluice_err err = positions_take(positions, bytes, len);

    if (!err)
        keep(positions);
    return err;
}

/* *chunk is the place that the next chunk starts with. */
static enum sluice_err snapshot(void *self, uint64_t *chunk, struct sluice_buffer *out, bool *more)
{
    const struct positions *positions = self;
    const size_t before = out->len;

    while (*chunk < positions->count && out->len - before < SLUICE_STATE_CHUNK_SIZE) {
        const struct position_file *file = &positions->files[(*chunk)++];

        if (file->exists)
            append_position(out, file->name, &file->now);
    }
    *more = *chunk < positions->count;
    return sluice_buffer_err(out);
}

static enum sluice_err restore(void *self, uint64_t chunk, const uint8_t *bytes, size_t len)
{
    struct positions *positions = self;

    if (chunk == 0)
        positions_clear(positions);
    return apply(self, bytes, len);
}

struct sluice_state_table positions_table(struct positions *positions)
{
    return (struct sluice_state_table){
        .id = POSITION_TABLE_ID, .name = "positions", .self = positions,
        .changes = changes, .committed = committed, .undo = undo, .apply = apply,
        .snapshot = snapshot, .restore = restore,
    };
}
