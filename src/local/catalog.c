#include "local/catalog.h"

#include <stdlib.h>
#include <string.h>

/* Room for `more` behind count; false when memory is exhausted. */
static bool grow(void **list, size_t *capacity, size_t count, size_t more, size_t size)
{
    size_t larger = *capacity ? *capacity : 16;

    if (*list && more <= *capacity - count)
        return true;
    while (larger - count < more)
        larger *= 2;
    void *moved = realloc(*list, larger * size);
    if (!moved)
        return false;
    *list = moved;
    *capacity = larger;
    return true;
}

void catalog_init(struct local_catalog *catalog)
{
    *catalog = (struct local_catalog){ 0 };
}

void catalog_deinit(struct local_catalog *catalog)
{
    for (size_t i = 0; i < catalog->output_count; i++)
        free(catalog->outputs[i]);
    free(catalog->streams);
    free(catalog->outputs);
    free(catalog->slots);
    free(catalog->positions);
    free(catalog->actions);
    catalog_init(catalog);
}

enum sluice_err catalog_stream(struct local_catalog *catalog, uint32_t *stream, const char *tenant,
                               const char *name)
{
    for (size_t i = 0; i < catalog->stream_count; i++) {
        if (strcmp(catalog->streams[i].tenant, tenant) == 0 && strcmp(catalog->streams[i].name, name) == 0) {
            *stream = (uint32_t)i;
            return SLUICE_OK;
        }
    }
    if (!grow((void **)&catalog->streams, &catalog->stream_capacity, catalog->stream_count, 1,
              sizeof *catalog->streams))
        return SLUICE_ERR_MEMORY;

    struct local_stream *added = &catalog->streams[catalog->stream_count];
    memset(added, 0, sizeof *added);
    strncpy(added->tenant, tenant, sizeof added->tenant - 1);
    strncpy(added->name, name, sizeof added->name - 1);
    *stream = (uint32_t)catalog->stream_count++;
    return SLUICE_OK;
}

/* --- outputs by stream and bucket -------------------------------------- */

static size_t slot_of(const struct local_catalog *catalog, uint32_t stream, int64_t deadline_s)
{
    uint64_t hash = ((uint64_t)deadline_s ^ (uint64_t)stream << 40) * UINT64_C(0x9e3779b97f4a7c15);

    return (size_t)(hash >> 32) & (catalog->slot_count - 1);
}

/* The slot that holds it, or the empty one where it belongs. */
static uint32_t *probe(const struct local_catalog *catalog, uint32_t stream, int64_t deadline_s)
{
    size_t at = slot_of(catalog, stream, deadline_s);

    for (;; at = (at + 1) & (catalog->slot_count - 1)) {
        uint32_t *slot = &catalog->slots[at];

        if (*slot == 0)
            return slot;
        const struct local_output *output = catalog->outputs[*slot - 1];
        if (output->stream == stream && output->deadline_s == deadline_s)
            return slot;
    }
}

struct local_output *catalog_find(const struct local_catalog *catalog, uint32_t stream, int64_t deadline_s)
{
    if (catalog->slot_count == 0)
        return NULL;
    const uint32_t slot = *probe(catalog, stream, deadline_s);

    return slot ? catalog->outputs[slot - 1] : NULL;
}

static void fill_slots(struct local_catalog *catalog)
{
    memset(catalog->slots, 0, catalog->slot_count * sizeof *catalog->slots);
    for (size_t i = 0; i < catalog->output_count; i++)
        *probe(catalog, catalog->outputs[i]->stream, catalog->outputs[i]->deadline_s) = (uint32_t)i + 1;
}

/* Keep at least half of the slots empty. */
static enum sluice_err reserve_slot(struct local_catalog *catalog)
{
    if ((catalog->output_count + 1) * 2 <= catalog->slot_count)
        return SLUICE_OK;
    const size_t larger = catalog->slot_count ? catalog->slot_count * 2 : 64;
    uint32_t *slots = calloc(larger, sizeof *slots);
    if (!slots)
        return SLUICE_ERR_MEMORY;
    free(catalog->slots);
    catalog->slots = slots;
    catalog->slot_count = larger;
    fill_slots(catalog);
    return SLUICE_OK;
}

enum sluice_err catalog_output(struct local_catalog *catalog, struct local_output **output, uint32_t stream,
                               int64_t deadline_s)
{
    *output = catalog_find(catalog, stream, deadline_s);
    if (*output)
        return SLUICE_OK;
    if (reserve_slot(catalog) ||
        !grow((void **)&catalog->outputs, &catalog->output_capacity, catalog->output_count, 1,
              sizeof(struct local_output *)))
        return SLUICE_ERR_MEMORY;
    struct local_output *added = calloc(1, sizeof *added);
    if (!added)
        return SLUICE_ERR_MEMORY;

    added->stream = stream;
    added->deadline_s = deadline_s;
    added->fd = -1;
    catalog->outputs[catalog->output_count++] = added;
    *probe(catalog, stream, deadline_s) = (uint32_t)catalog->output_count;
    *output = added;
    return SLUICE_OK;
}

struct bucket_file catalog_file(const struct local_catalog *catalog, uint32_t stream, int64_t deadline_s,
                                uint64_t number, bool open)
{
    return (struct bucket_file){ .tenant = catalog->streams[stream].tenant,
                                 .stream = catalog->streams[stream].name,
                                 .deadline_s = deadline_s,
                                 .number = number,
                                 .open = open };
}

/* --- positions and actions --------------------------------------------- */

static struct local_position *find_position(const struct local_catalog *catalog, uint32_t stream,
                                            int64_t deadline_s, uint64_t number)
{
    for (size_t i = 0; i < catalog->position_count; i++) {
        struct local_position *position = &catalog->positions[i];

        if (position->stream == stream && position->deadline_s == deadline_s && position->number == number)
            return position;
    }
    return NULL;
}

const struct local_position *catalog_position(const struct local_catalog *catalog, uint32_t stream,
                                              int64_t deadline_s, uint64_t number)
{
    return find_position(catalog, stream, deadline_s, number);
}

bool catalog_has_position(const struct local_catalog *catalog, uint32_t stream, int64_t deadline_s)
{
    for (size_t i = 0; i < catalog->position_count; i++)
        if (catalog->positions[i].stream == stream && catalog->positions[i].deadline_s == deadline_s)
            return true;
    return false;
}

static enum sluice_err set_position(struct local_catalog *catalog, const struct row *row, uint32_t stream)
{
    struct local_position *position = find_position(catalog, stream, row->deadline_s, row->number);

    if (!position) {
        if (!grow((void **)&catalog->positions, &catalog->position_capacity, catalog->position_count, 1,
                  sizeof *catalog->positions))
            return SLUICE_ERR_MEMORY;
        position = &catalog->positions[catalog->position_count++];
    }
    *position = (struct local_position){ stream, row->deadline_s, row->number, row->value, row->extra };
    return SLUICE_OK;
}

static void drop_position(struct local_catalog *catalog, size_t index)
{
    catalog->positions[index] = catalog->positions[--catalog->position_count];
}

static enum sluice_err add_action(struct local_catalog *catalog, const struct row *row, uint32_t stream,
                                  bool is_rename)
{
    if (!grow((void **)&catalog->actions, &catalog->action_capacity, catalog->action_count, 1,
              sizeof *catalog->actions))
        return SLUICE_ERR_MEMORY;
    catalog->actions[catalog->action_count++] =
        (struct local_action){ is_rename, is_rename && row->extra == 1, stream, row->deadline_s, row->number };
    return SLUICE_OK;
}

enum sluice_err catalog_reserve(struct local_catalog *catalog, size_t len)
{
    const size_t rows = len / CATALOG_ROW_SIZE_MIN;

    if (!grow((void **)&catalog->positions, &catalog->position_capacity, catalog->position_count, rows,
              sizeof *catalog->positions) ||
        !grow((void **)&catalog->actions, &catalog->action_capacity, 0, rows, sizeof *catalog->actions))
        return SLUICE_ERR_MEMORY;
    return SLUICE_OK;
}

/* --- taking rows in ---------------------------------------------------- */

static enum sluice_err apply_open(struct local_catalog *catalog, const struct row *row, uint32_t stream)
{
    struct local_output *output;

    const enum sluice_err err = catalog_output(catalog, &output, stream, row->deadline_s);
    if (err)
        return err;
    /* One file is open in a bucket, and its numbers rise. */
    if ((output->number && output->number != row->number) || row->number < output->last_number)
        return SLUICE_ERR_DAMAGED;
    output->number = output->last_number = row->number;
    output->length = row->value;
    output->opened_us = (int64_t)row->extra;
    return SLUICE_OK;
}

static enum sluice_err apply_last(struct local_catalog *catalog, const struct row *row, uint32_t stream)
{
    struct local_output *output;

    const enum sluice_err err = catalog_output(catalog, &output, stream, row->deadline_s);
    if (!err)
        output->last_number = row->number;
    return err;
}

static enum sluice_err apply_closed(struct local_catalog *catalog, const struct row *row, uint32_t stream)
{
    struct local_output *output;

    const enum sluice_err err = catalog_output(catalog, &output, stream, row->deadline_s);
    if (err)
        return err;
    if (output->number && output->number != row->number)
        return SLUICE_ERR_DAMAGED;
    output->last_number = row->number;
    output->number = output->length = 0;
    output->opened_us = 0;
    return add_action(catalog, row, stream, true);
}

static enum sluice_err apply_consumed(struct local_catalog *catalog, const struct row *row, uint32_t stream)
{
    const struct local_position *position = find_position(catalog, stream, row->deadline_s, row->number);

    if (position)
        drop_position(catalog, (size_t)(position - catalog->positions));
    return add_action(catalog, row, stream, false);
}

static enum sluice_err apply_forgotten(struct local_catalog *catalog, const struct row *row, uint32_t stream)
{
    for (size_t i = catalog->position_count; i-- > 0;)
        if (catalog->positions[i].stream == stream && catalog->positions[i].deadline_s == row->deadline_s)
            drop_position(catalog, i);
    for (size_t i = 0; i < catalog->output_count; i++) {
        struct local_output *output = catalog->outputs[i];

        if (output->stream != stream || output->deadline_s != row->deadline_s)
            continue;
        free(output);
        catalog->outputs[i] = catalog->outputs[--catalog->output_count];
        fill_slots(catalog);
        break;
    }
    return SLUICE_OK;
}

static enum sluice_err apply_row(struct local_catalog *catalog, const struct row *row)
{
    static enum sluice_err (*const apply[])(struct local_catalog *, const struct row *, uint32_t) = {
        [ROW_OPEN] = apply_open,         [ROW_LAST] = apply_last,         [ROW_CLOSED] = apply_closed,
        [ROW_POSITION] = set_position,   [ROW_CONSUMED] = apply_consumed, [ROW_FORGOTTEN] = apply_forgotten,
    };
    uint32_t stream;

    const enum sluice_err err = catalog_stream(catalog, &stream, row->tenant, row->stream);
    return err ? err : apply[row->kind](catalog, row, stream);
}

enum sluice_err catalog_apply(struct local_catalog *catalog, const uint8_t *bytes, size_t len)
{
    enum sluice_err err = SLUICE_OK;

    catalog->action_count = 0;
    if (len == 0)
        return SLUICE_OK;   /* bytes may be no address then */
    struct sluice_cursor cursor = { bytes, bytes + len, false };
    while (!err && cursor.at < cursor.end) {
        char tenant[SLUICE_NAME_MAX + 1], stream[SLUICE_NAME_MAX + 1];
        struct row row;

        if (!catalog_row_read(&row, tenant, stream, &cursor))
            return SLUICE_ERR_DAMAGED;
        err = apply_row(catalog, &row);
    }
    return err;
}

void catalog_snapshot(const struct local_catalog *catalog, struct sluice_buffer *out)
{
    for (size_t i = 0; i < catalog->output_count; i++) {
        const struct local_output *output = catalog->outputs[i];
        const struct local_stream *stream = &catalog->streams[output->stream];

        if (output->last_number == 0)
            continue;   /* nothing of it was ever committed */
        catalog_row_write(out, &(struct row){ .kind = output->number ? ROW_OPEN : ROW_LAST,
                                              .tenant = stream->tenant,
                                              .stream = stream->name,
                                              .deadline_s = output->deadline_s,
                                              .number = output->last_number,
                                              .value = output->length,
                                              .extra = (uint64_t)output->opened_us });
    }
    for (size_t i = 0; i < catalog->position_count; i++) {
        const struct local_position *position = &catalog->positions[i];
        const struct local_stream *stream = &catalog->streams[position->stream];

        catalog_row_write(out, &(struct row){ .kind = ROW_POSITION,
                                              .tenant = stream->tenant,
                                              .stream = stream->name,
                                              .deadline_s = position->deadline_s,
                                              .number = position->number,
                                              .value = position->offset,
                                              .extra = position->index });
    }
}
