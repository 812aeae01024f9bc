/* A snapshot is a new segment under a new key. In order:
 *
 *   1  the keyring with both keys is durable
 *   2  N.log.new: chunks of the gradual tables, one a call, so that no commit
 *      waits for more; between them what commits change in those tables
 *   3  in one call: the other tables, the catalog, a frame that says it is whole
 *   4  synced and renamed to N.log: from here on it is the log
 *   5  the keyring with the new key alone is durable
 *   6  the old segment is deleted; its key is gone already
 *
 * Until 4 the old segment gets every commit and is the log; a crash leaves it
 * in force, and one after 4 the new one. */
#include <fcntl.h>
#include <unistd.h>

#include "local/internal.h"
#include "local/io.h"
#include "local/walk.h"

#define LOG_SMALL (UINT64_C(64) << 20)   /* a log that grew by less is not worth a snapshot */

/* The next gradual table, from this one on. */
static size_t next_gradual(const struct sluice_local *local, size_t table)
{
    while (table < local->table_count && !local->tables[table].gradual)
        table++;
    return table;
}

static enum sluice_err begin(struct sluice_local *local)
{
    struct snapshot *snapshot = &local->snapshot;
    struct sluice_key_slot *next = &local->keyring->state[1];
    char name[SEGMENT_NAME_SIZE];

    *snapshot = (struct snapshot){ .active = true,
                                   .segment = local->keyring->state[0].generation + 1,
                                   .log.fd = -1,
                                   .table = next_gradual(local, 0) };
    next->generation = snapshot->segment;
    sluice_random(next->key, sizeof next->key);
    const enum sluice_err err = sluice_keyring_write(local->keyring, local->config->state);
    if (err)
        return err;
    segment_name(name, snapshot->segment, true);
    return log_writer_create(&snapshot->log, local->log_fd, name, snapshot->segment, local->transaction, next->key);
}

static enum sluice_err write_chunk(struct sluice_local *local, const struct sluice_state_table *table, uint64_t *chunk,
                                   bool *more)
{
    struct sluice_buffer *payload = log_writer_begin(&local->snapshot.log);

    sluice_buffer_append_u8(payload, table->id);
    sluice_buffer_append_u64(payload, *chunk);
    const enum sluice_err err = table->snapshot(table->self, chunk, payload, more);
    return err ? err : log_writer_append(&local->snapshot.log, FRAME_CHUNK, local->transaction, false);
}

static enum sluice_err write_catalog(struct sluice_local *local)
{
    struct sluice_buffer *payload = log_writer_begin(&local->snapshot.log);

    sluice_buffer_append_u8(payload, CATALOG_TABLE);
    sluice_buffer_append_u64(payload, 0);
    catalog_snapshot(&local->catalog, payload);
    return log_writer_append(&local->snapshot.log, FRAME_CHUNK, local->transaction, false);
}

/* What is small enough to be written at once, as of now. */
static enum sluice_err write_rest(struct sluice_local *local)
{
    enum sluice_err err = SLUICE_OK;

    for (size_t i = 0; !err && i < local->table_count; i++) {
        uint64_t chunk = 0;

        for (bool more = !local->tables[i].gradual; !err && more;)
            err = write_chunk(local, &local->tables[i], &chunk, &more);
    }
    return err ? err : write_catalog(local);
}

/* The name is what makes it the log. If it cannot be made durable, it must be
 * taken back for certain, as commits would go on to the old segment. */
static enum sluice_err take_name(struct sluice_local *local, uint64_t segment)
{
    char unfinished[SEGMENT_NAME_SIZE], name[SEGMENT_NAME_SIZE];

    segment_name(unfinished, segment, true);
    segment_name(name, segment, false);
    enum sluice_err err = io_rename_at(local->log_fd, unfinished, name);
    if (err)
        return err;
    err = io_sync_folder(local->log_fd, ".");
    if (err && (io_unlink_at(local->log_fd, name, 0) || io_sync_folder(local->log_fd, ".")))
        local->lost = true;
    return err;
}

static enum sluice_err finish(struct sluice_local *local)
{
    struct snapshot *snapshot = &local->snapshot;

    /* The catalog's chunk has no room for what is still to be done on disk. */
    enum sluice_err err = local_settle(local);
    if (!err)
        err = write_rest(local);
    log_writer_begin(&snapshot->log);
    if (!err)
        err = log_writer_append(&snapshot->log, FRAME_COMPLETE, local->transaction, true);
    if (!err)
        err = take_name(local, snapshot->segment);
    if (err)
        return err;

    struct sluice_key_slot *state = local->keyring->state;
    state[0] = state[1];
    sluice_wipe(&state[1], sizeof state[1]);
    log_writer_close(&local->log);
    local->log = snapshot->log;
    local->log.key = state[0].key;
    local->snapshot_size = local->log.end;
    local->settled = true;
    local->retiring = true;
    snapshot->active = false;
    return local_retire(local);
}

/* One chunk, or the end. */
static enum sluice_err step(struct sluice_local *local)
{
    struct snapshot *snapshot = &local->snapshot;
    bool more = true;

    if (snapshot->table == local->table_count)
        return finish(local);
    const enum sluice_err err = write_chunk(local, &local->tables[snapshot->table], &snapshot->chunk, &more);
    if (!err)
        io_sync_start(snapshot->log.fd);   /* or the end would wait for all of it */
    if (!err && !more) {
        snapshot->table = next_gradual(local, snapshot->table + 1);
        snapshot->chunk = 0;
    }
    return err;
}

void local_snapshot_give_up(struct sluice_local *local)
{
    struct snapshot *snapshot = &local->snapshot;
    char name[SEGMENT_NAME_SIZE];

    if (!snapshot->active)
        return;
    snapshot->active = false;
    log_writer_close(&snapshot->log);
    segment_name(name, snapshot->segment, true);
    const enum sluice_err ignored = io_unlink_at(local->log_fd, name, 0);   /* the next one writes over it */
    (void)ignored;
    /* The file may still hold the key that nothing is sealed with; any later write takes it out. */
    sluice_wipe(&local->keyring->state[1], sizeof local->keyring->state[1]);
}

/* --- commits between chunks -------------------------------------------- */

void local_snapshot_meanwhile_begin(struct sluice_local *local)
{
    if (local->snapshot.active)
        log_writer_begin(&local->snapshot.log);
}

/* Tables of which nothing is written yet will be written with it. */
void local_snapshot_meanwhile_add(struct sluice_local *local, size_t table, const uint8_t *section, size_t len)
{
    const struct snapshot *snapshot = &local->snapshot;
    const bool is_begun = table < snapshot->table || (table == snapshot->table && snapshot->chunk > 0);

    if (snapshot->active && local->tables[table].gradual && is_begun)
        sluice_buffer_append(&local->snapshot.log.frame, section, len);
}

void local_snapshot_meanwhile_end(struct sluice_local *local)
{
    struct snapshot *snapshot = &local->snapshot;

    /* Without it the snapshot is none; the commit is one all the same. */
    if (snapshot->active && log_writer_append(&snapshot->log, FRAME_MEANWHILE, local->transaction, false))
        local_snapshot_give_up(local);
}

/* --- a call, or all of them -------------------------------------------- */

enum sluice_err local_snapshot_step(struct sluice_local *local)
{
    enum sluice_err err = local_settle(local);

    if (!err)
        err = local->snapshot.active ? step(local) : begin(local);
    if (err)
        local_snapshot_give_up(local);
    return err;
}

enum sluice_err local_snapshot(struct sluice_local *local)
{
    enum sluice_err err;

    do
        err = local_snapshot_step(local);
    while (!err && local->snapshot.active);
    return err;
}

static enum sluice_err drop_other_segment(void *self, const char *name)
{
    const struct sluice_local *local = self;
    uint64_t segment;
    bool unfinished;

    if (!segment_parse(&segment, &unfinished, name) ||
        (segment == local->keyring->state[0].generation && !unfinished))
        return SLUICE_OK;
    return io_unlink_at(local->log_fd, name, 0);
}

enum sluice_err local_drop_segments(struct sluice_local *local)
{
    return walk_names(local->log_fd, ".", drop_other_segment, local);
}

enum sluice_err local_retire(struct sluice_local *local)
{
    enum sluice_err err = sluice_keyring_write(local->keyring, local->config->state);
    if (!err)
        err = local_drop_segments(local);
    if (!err)
        err = io_sync_folder(local->log_fd, ".");
    if (!err)
        local->retiring = false;
    return err;
}

enum sluice_err sluice_local_snapshot(struct sluice_transport *transport, bool force)
{
    struct sluice_local *local = local_of(transport);

    if (local->foreign)
        return force ? SLUICE_ERR_CONFIG : SLUICE_OK;
    if (force)
        return local_snapshot(local);
    const uint64_t grown = local->log.end - local->snapshot_size;
    const bool wanted = local->snapshot.active || grown >= local->snapshot_size + LOG_SMALL;
    return wanted ? local_snapshot_step(local) : SLUICE_OK;
}
