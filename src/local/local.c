#include "sluice/local.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "local/internal.h"
#include "local/io.h"

/* --- the transport's functions ----------------------------------------- */

static enum sluice_err local_poll(void *self, struct sluice_batch *batch, int64_t now_us, bool *end)
{
    struct sluice_local *local = self;
    const bool arrivals = local->feed && !local->no_arrivals;
    bool feed_end = !arrivals;

    *end = false;
    enum sluice_err err = local->lost ? SLUICE_ERR_IO : reentry_fill(local, batch, now_us);
    if (!err && arrivals && reentry_at_end(&local->reentry) && batch->count < batch->capacity)
        err = sluice_feed_fill(local->feed, batch, now_us, &feed_end);
    *end = !err && feed_end && reentry_at_end(&local->reentry);
    return err;
}

static enum sluice_err local_stream(void *self, const char *tenant, const char *name, uint32_t *stream)
{
    struct sluice_local *local = self;

    assert(strlen(tenant) <= SLUICE_NAME_MAX && strlen(name) <= SLUICE_NAME_MAX);
    return catalog_stream(&local->catalog, stream, tenant, name);
}

static void local_mix(void *self, uint32_t stream)
{
    struct sluice_local *local = self;

    assert(stream < local->catalog.stream_count);
    local->catalog.streams[stream].mixed = true;
}

static enum sluice_err local_write(void *self, uint32_t stream, int64_t deadline_s, const struct sluice_row rows[],
                                   size_t count)
{
    struct sluice_local *local = self;
    struct local_output *output;

    assert(stream < local->catalog.stream_count);
    if (local->lost)
        return SLUICE_ERR_IO;
    const enum sluice_err err = catalog_output(&local->catalog, &output, stream, deadline_s);
    return err ? err : output_append(&local->outputs, output, rows, count);
}

static void local_free(struct sluice_local *local)
{
    local_snapshot_give_up(local);
    reentry_deinit(&local->reentry);
    outputs_close(&local->outputs);
    log_writer_close(&local->log);
    catalog_deinit(&local->catalog);
    sluice_buffer_deinit(&local->rows);
    if (local->log_fd >= 0)
        close(local->log_fd);
    free(local->tables);
    free(local);
}

static void local_close(void *self)
{
    struct sluice_local *local = self;

    /* With this the last commit can be told from a torn one; without it, it is done again. */
    if (!local->settled && !local->lost) {
        log_writer_begin(&local->log);
        const enum sluice_err ignored =
            log_writer_append(&local->log, FRAME_SETTLED, local->transaction, true);
        (void)ignored;
    }
    local_free(local);
}

static const struct sluice_transport_ops local_ops = { .poll = local_poll,
                                                       .stream = local_stream,
                                                       .mix = local_mix,
                                                       .write = local_write,
                                                       .commit = local_commit,
                                                       .abort = local_abort,
                                                       .close = local_close };

void sluice_local_arrivals(struct sluice_transport *transport, bool wanted)
{
    local_of(transport)->no_arrivals = !wanted;
}

uint64_t sluice_local_transactions(const struct sluice_transport *transport)
{
    return local_of(transport)->transaction;
}

/* --- opening ----------------------------------------------------------- */

void local_log_path(char path[static SLUICE_PATH_SIZE + 8], const struct sluice_config *config)
{
    snprintf(path, SLUICE_PATH_SIZE + 8, "%s/log", config->state);
}

static enum sluice_err open_log_folder(struct sluice_local *local)
{
    bool made;

    local_log_path(local->log_path, local->config);
    enum sluice_err err = io_mkdir_at(&made, AT_FDCWD, local->log_path, 0700);
    if (!err)
        err = io_open_at(&local->log_fd, AT_FDCWD, local->log_path, O_RDONLY | O_DIRECTORY, 0);
    return err || !made ? err : io_sync_folder(local->log_fd, "..");
}

static enum sluice_err read_log(struct sluice_local *local, struct sluice_findings *findings,
                                const struct segment_choice *choice)
{
    struct load load = { .findings = findings,
                         .catalog = &local->catalog,
                         .tables = local->tables,
                         .table_count = local->table_count };
    char name[SEGMENT_NAME_SIZE], path[SLUICE_PATH_SIZE + 8 + SEGMENT_NAME_SIZE];
    struct sluice_key_slot *slot = &local->keyring->state[choice->slot];
    struct log_reader reader;

    segment_name(name, choice->segment, false);
    snprintf(path, sizeof path, "%s/%s", local->log_path, name);
    enum sluice_err err = log_reader_open(&reader, local->log_fd, name, slot->key);
    if (!err)
        err = load_segment(&load, &reader, choice->segment, path);
    if (!err)
        err = log_writer_resume(&local->log, local->log_fd, name, &reader, slot->key);
    log_reader_close(&reader);
    local->transaction = load.transaction;
    local->snapshot_size = load.snapshot_size;
    local->settled = load.settled;
    local->foreign = load.foreign;
    return err;
}

/* One key, one segment: what a crash left of an unfinished or a finished snapshot goes. */
static enum sluice_err tidy_log(struct sluice_local *local, const struct segment_choice *choice)
{
    struct sluice_key_slot *state = local->keyring->state;

    if (choice->slot == 1)
        state[0] = state[1];
    local->log.key = state[0].key;
    local->retiring = state[1].generation != 0;
    sluice_wipe(&state[1], sizeof state[1]);
    return local->retiring ? local_retire(local) : local_drop_segments(local);
}

static enum sluice_err recover(struct sluice_local *local, struct sluice_findings *findings)
{
    struct segment_choice choice;

    enum sluice_err err = segment_choose(&choice, findings, local->log_fd, local->log_path, local->keyring);
    if (err)
        return err;
    if (choice.segment == 0) {
        /* A log that is about to be begun: its first segment is a snapshot of what there is. */
        local->settled = true;
        err = local_note_outputs(local, findings);
        return err ? err : local_snapshot(local);
    }
    err = read_log(local, findings, &choice);
    if (!err)
        err = local_recover_outputs(local, findings);
    if (!err)
        err = tidy_log(local, &choice);
    return err ? err : local_settle(local);
}

static enum sluice_err open_all(struct sluice_local *local, struct sluice_findings *findings,
                                const struct sluice_state_table tables[], size_t table_count)
{
    local->tables = calloc(table_count ? table_count : 1, sizeof *tables);
    if (!local->tables)
        return SLUICE_ERR_MEMORY;
    for (size_t i = 0; i < table_count; i++) {
        assert(tables[i].id != CATALOG_TABLE);
        local->tables[i] = tables[i];
    }
    local->table_count = table_count;

    enum sluice_err err = open_log_folder(local);
    if (!err)
        err = outputs_open(&local->outputs, local->config->output, &local->catalog);
    return err ? err : recover(local, findings);
}

enum sluice_err sluice_local_open(struct sluice_transport *transport, struct sluice_findings *findings,
                                  const struct sluice_config *config, struct sluice_keyring *keyring,
                                  struct sluice_feed *feed, const struct sluice_state_table tables[],
                                  size_t table_count)
{
    struct sluice_local *local = calloc(1, sizeof *local);

    *transport = (struct sluice_transport){ 0 };
    if (!local)
        return SLUICE_ERR_MEMORY;
    local->config = config;
    local->keyring = keyring;
    local->feed = feed;
    local->log_fd = local->log.fd = local->outputs.folder_fd = -1;
    catalog_init(&local->catalog);
    reentry_init(&local->reentry);
    sluice_buffer_init(&local->rows, (size_t)64 << 20);

    const enum sluice_err err = open_all(local, findings, tables, table_count);
    if (err) {
        local_free(local);
        return err;
    }
    *transport = (struct sluice_transport){ &local_ops, local };
    return SLUICE_OK;
}
