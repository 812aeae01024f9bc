#include "feed/feed_state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "feed/raw.h"
#include "feed/secret.h"

#define FILL_BYTES_MAX (UINT64_C(64) << 20)   /* looked at in one call, so that the driver gets its turn */

/* --- opening */

static enum sluice_err complain(struct sluice_findings *findings, enum sluice_err err, const char *path)
{
    char shown[SLUICE_SHOWN_SIZE];

    sluice_file_shown(shown, sluice_str_from(path));
    sluice_findings_add(findings, SLUICE_FINDING_ERROR, "input-unreadable", shown, 0, 0, "%s", sluice_err_text(err));
    return err;
}

static enum sluice_err open_input(struct sluice_feed *feed, struct sluice_findings *findings, size_t index)
{
    const struct sluice_input_config *config = &feed->config->inputs[index];
    const enum sluice_err err = feed_input_init(&feed->inputs[index], findings, config);
    struct stat status;

    feed->input_count++;
    if (err)
        return err;
    if (strcmp(config->path, "-") != 0)
        return stat(config->path, &status) < 0 ? complain(findings, sluice_err_from_errno(errno), config->path)
                                               : SLUICE_OK;
    if (feed->input.used)
        return complain(findings, SLUICE_ERR_CONFIG, "- (standard input of two inputs)");
    feed->input.used = true;
    feed->input.input = index;
    return SLUICE_OK;
}

static enum sluice_err open_spool(struct sluice_feed *feed, const char *spool, const uint8_t *key)
{
    if (!spool || !key)
        return SLUICE_OK;
    snprintf(feed->spool, sizeof feed->spool, "%s", spool);
    feed->spool_key = sluice_secret_alloc(SLUICE_KEY_SIZE);
    if (!feed->spool_key)
        return SLUICE_ERR_MEMORY;
    memcpy(feed->spool_key, key, SLUICE_KEY_SIZE);
    feed->spooled = true;
    return SLUICE_OK;
}

/* Without reading ahead, after a commit or an undo. */
static void settle(void *self, bool committed)
{
    struct sluice_feed *feed = self;

    if (committed)
        feed_stdin_committed(feed, &feed->positions);
    else
        feed_files_restart(feed);
}

enum sluice_err sluice_feed_open(struct sluice_feed **feed, struct sluice_findings *findings,
                                 const struct sluice_config *config, const char *spool, const uint8_t *spool_key)
{
    struct sluice_feed *made = calloc(1, sizeof *made);
    enum sluice_err err = SLUICE_ERR_MEMORY;

    if (!made)
        return err;
    made->config = config;
    positions_init(&made->positions);
    made->inputs = calloc(config->input_count + 1, sizeof *made->inputs);
    made->queues = calloc(config->input_count + 1, sizeof *made->queues);
    if (made->inputs && made->queues)
        err = emnify_new(&made->emnify, &made->unknown);
    if (!err)
        err = open_spool(made, spool, spool_key);
    for (size_t i = 0; !err && i < config->input_count; i++)
        err = open_input(made, findings, i);
    if (err) {
        sluice_feed_close(made);
        return err;
    }
    made->positions.settle = settle;
    made->positions.settle_self = made;
    *feed = made;
    return SLUICE_OK;
}

enum sluice_err sluice_feed_read_ahead(struct sluice_feed *feed, size_t capacity, size_t arena_size_max)
{
    /* From here on what the thread hands over is settled, not what it has read. */
    feed->positions.settle = NULL;
    return ahead_new(&feed->ahead, feed, capacity, arena_size_max);
}

void sluice_feed_drop_ahead(struct sluice_feed *feed)
{
    if (feed->ahead)
        ahead_drop(feed->ahead);
}

void sluice_feed_close(struct sluice_feed *feed)
{
    if (!feed)
        return;
    ahead_free(feed->ahead);
    reader_close(&feed->reader);
    feed_stdin_close(feed);
    for (size_t i = 0; i < feed->input_count; i++) {
        feed_input_deinit(&feed->inputs[i]);
        folder_clear(&feed->queues[i].folder);
    }
    free(feed->inputs);
    free(feed->queues);
    positions_deinit(&feed->positions);
    emnify_free(feed->emnify);
    sluice_secret_free(feed->spool_key, SLUICE_KEY_SIZE);
    free(feed);
}

bool sluice_feed_prohibit(struct sluice_str name)
{
    return secret_prohibit(name);
}

/* --- entries */

/* What no parser has looked at may hold a secret all the same. */
static void refuse_bytes(const struct feed_input *input, struct sluice_entry *entry, enum sluice_reason reason,
                         int64_t now_us)
{
    enum secret secret = secret_in_bytes(entry->raw);

    if (input->map && csv_map_secret(input->map) > secret)
        secret = csv_map_secret(input->map);
    feed_input_stamp(input, &entry->record, now_us);
    entry->tenant_hint = input->tenant;
    entry->holds_secret = secret != SECRET_NONE;
    if (secret == SECRET_PROHIBITED)
        reason = SLUICE_REASON_PROHIBITED;
    else if (secret == SECRET_HELD)
        reason = SLUICE_REASON_SECRET;
    sluice_entry_refuse(entry, reason);
}

/* A region is no free text: it decides on bases, and may leave. */
static void check_region(struct sluice_record *record, struct unknown_fields *unknown)
{
    if (record->region.len == 0 || sluice_region_valid(record->region))
        return;
    record->region.len = 0;
    unknown_fields_count(unknown, SLUICE_STR("region"));
}

static void decode(struct sluice_feed *feed, const struct reader_element *element, int64_t now_us)
{
    struct sluice_entry *entry = element->entry;
    const struct feed_input *input = &feed->inputs[entry->input];
    const uint64_t unknown = feed->unknown.total;

    if (element->reason)
        refuse_bytes(input, entry, element->reason, now_us);
    else if (entry->form == SLUICE_FORM_EMNIFY)
        emnify_decode(feed->emnify, input, entry, element->scratch, now_us);
    else if (entry->form == SLUICE_FORM_CSV)
        csv_map_decode(input->map, input, entry, element->columns, element->column_count, &feed->unknown, now_us);
    else
        raw_decode(feed->config, input, entry, &feed->unknown, now_us);
    check_region(&entry->record, &feed->unknown);
    entry->has_unknown_field = feed->unknown.total != unknown;
}

/* The spool of standard input is at its end: is there more? */
static enum sluice_err follow_stdin(struct sluice_feed *feed, enum reader_step *step)
{
    const char *name = strchr(feed->positions.files[feed->place].name, '/') + 1;
    bool got;
    const enum sluice_err err = feed_stdin_pump(feed, &got);

    if (got)
        feed->reader.state = SOURCE_MORE;
    else if (!err)
        feed->may_grow = feed_stdin_is_open(feed, feed->input.input, name);
    if (got || !feed->may_grow)
        *step = READER_PROGRESS;
    return err;
}

static bool is_following(const struct sluice_feed *feed, enum reader_step step)
{
    return (step == READER_END || step == READER_WAITS) && feed->spooled && feed->may_grow &&
           feed->reader.input_index == feed->input.input && feed->input.used && !feed->input.ended;
}

/* One step in the open file. *stop: give back what there is. */
static enum sluice_err step_on(struct sluice_feed *feed, struct sluice_batch *batch, int64_t now_us, bool *stop)
{
    struct reader_element element = { 0 };
    enum reader_step step = READER_PROGRESS;
    /* First, as what was given must not be given again for want of memory. */
    enum sluice_err err = positions_touch(&feed->positions, feed->place);

    if (!err)
        err = reader_next(&feed->reader, &step, &element, batch, feed->may_grow);
    feed->read_bytes += source_taken(feed->reader.source);
    if (!err && is_following(feed, step))
        err = follow_stdin(feed, &step);
    if (err)
        return err;
    switch (step) {
    case READER_ENTRY:
        decode(feed, &element, now_us);
        feed_files_advance(feed);
        break;
    case READER_END:
    case READER_WAITS:
        feed_files_advance(feed);
        return feed_files_close(feed, step == READER_WAITS);
    case READER_SILENT:
        *stop = true;
        return SLUICE_OK;
    case READER_FULL:
        *stop = true;
        return batch->count ? SLUICE_OK : SLUICE_ERR_MEMORY;
    case READER_PROGRESS:
        break;
    }
    return SLUICE_OK;
}

static enum sluice_err read_files(struct sluice_feed *feed, struct sluice_batch *batch, int64_t now_us, bool *end)
{
    const uint64_t read_before = feed->reader.at.offset + feed->read_bytes;
    enum sluice_err err = SLUICE_OK;
    bool stop = false;

    while (!err && !stop && batch->count < batch->capacity) {
        if (!feed->reader.source) {
            bool found;

            err = feed_files_next(feed, &found);
            if (!err && !found)
                *end = !(feed->input.used && feed->spooled && !feed->input.ended);
            if (err || !found)
                break;
        }
        err = step_on(feed, batch, now_us, &stop);
        stop |= feed->reader.at.offset + feed->read_bytes > read_before + FILL_BYTES_MAX;
    }
    return err;
}

enum sluice_err feed_fill(struct sluice_feed *feed, struct sluice_batch *batch, int64_t now_us, bool *end)
{
    const size_t before = batch->count;

    *end = false;
    feed->reader.file_in_batch = (struct sluice_str){ NULL, 0 };
    const enum sluice_err err = read_files(feed, batch, now_us, end);
    /* What was decoded before a failure is good: the failure comes again. */
    return err && batch->count > before ? SLUICE_OK : err;
}

enum sluice_err sluice_feed_fill(struct sluice_feed *feed, struct sluice_batch *batch, int64_t now_us, bool *end)
{
    return feed->ahead ? ahead_take(feed->ahead, batch, now_us, end) : feed_fill(feed, batch, now_us, end);
}

/* --- replay of single elements */

/* The header stands before the row: bind it, then take the row apart. */
static enum sluice_reason take_csv(const struct feed_input *input, struct csv_splitter *splitter,
                                   struct reader_element *element, struct sluice_batch *batch)
{
    const struct sluice_str raw = element->entry->raw;
    struct csv_row row;
    size_t header_len;

    if (csv_split(splitter, &row, raw.bytes, raw.len, true) != CSV_ROW || row.reason)
        return SLUICE_REASON_UNDECODABLE;
    csv_map_bind(input->map, &row);
    header_len = row.len;
    if (csv_split(splitter, &row, raw.bytes + header_len, raw.len - header_len, true) != CSV_ROW)
        return SLUICE_REASON_UNDECODABLE;
    if (row.reason)
        return row.reason;
    return reader_copy_columns(&row, element, batch) ? SLUICE_REASON_NONE : SLUICE_REASON_UNDECODABLE;
}

static void decode_csv(struct sluice_feed *feed, struct sluice_batch *batch, struct sluice_entry *entry, int64_t now_us)
{
    const struct feed_input *input = &feed->inputs[entry->input];
    struct reader_element element = { .entry = entry, .reason = SLUICE_REASON_UNDECODABLE };
    struct csv_splitter *splitter;

    if (csv_splitter_new(&splitter, csv_map_delimiter(input->map)) == SLUICE_OK) {
        element.reason = take_csv(input, splitter, &element, batch);
        decode(feed, &element, now_us);
        reader_bind_header(&feed->reader, splitter);
        csv_splitter_free(splitter);
    } else {
        decode(feed, &element, now_us);
    }
}

static void decode_again(struct sluice_feed *feed, struct sluice_batch *batch, struct sluice_entry *entry, int64_t now_us)
{
    struct reader_element element = { .entry = entry };

    entry->disposition = SLUICE_UNDECIDED;
    entry->reason = SLUICE_REASON_NONE;
    if (entry->input >= feed->input_count) {
        sluice_entry_refuse(entry, SLUICE_REASON_UNDECODABLE);
        return;
    }
    const bool escaped = entry->raw.len && memchr(entry->raw.bytes, '\\', entry->raw.len);

    if (entry->form == SLUICE_FORM_CSV && feed->inputs[entry->input].map) {
        decode_csv(feed, batch, entry, now_us);
        return;
    }
    if (entry->form == SLUICE_FORM_EMNIFY && escaped)
        element.scratch = sluice_arena_alloc(&batch->arena, entry->raw.len);
    /* Sealed when its input was another one, or no memory: it stays where it is. */
    if (entry->form == SLUICE_FORM_CSV || (entry->form == SLUICE_FORM_EMNIFY && escaped && !element.scratch))
        element.reason = SLUICE_REASON_UNDECODABLE;
    decode(feed, &element, now_us);
}

void sluice_feed_decode(struct sluice_feed *feed, struct sluice_batch *batch, struct sluice_entry *entry, int64_t now_us)
{
    if (feed->ahead)
        ahead_pause(feed->ahead);
    decode_again(feed, batch, entry, now_us);
    if (feed->ahead)
        unknown_fields_move(&feed->ahead->open, &feed->unknown);
}

/* --- looking in */

struct sluice_state_table sluice_feed_table(struct sluice_feed *feed)
{
    return positions_table(feed->ahead ? &feed->ahead->taken : &feed->positions);
}

void sluice_feed_progress(const struct sluice_feed *feed, uint64_t *read_bytes, uint64_t *known_bytes)
{
    const uint64_t known = feed->ahead ? feed->ahead->known_bytes : feed->known_bytes;

    *read_bytes = feed->ahead ? feed->ahead->read_bytes : feed->read_bytes;
    *known_bytes = known > *read_bytes ? known : *read_bytes;
}

const char *sluice_feed_current(struct sluice_feed *feed)
{
    sluice_file_shown(feed->shown, sluice_str_from(feed->path));
    return feed->shown;
}

void sluice_feed_unknown_fields(const struct sluice_feed *feed,
                                void (*visit)(void *self, const char *name, uint64_t count), void *self)
{
    unknown_fields_visit(feed->ahead ? &feed->ahead->unknown : &feed->unknown, visit, self);
}
