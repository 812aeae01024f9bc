/* A snapshot is a new segment under a new key. In order:
 *
 *   1  the keyring with both keys is durable
 *   2  N.log.new: the tables' chunks, the catalog, a frame that says it is whole
 *   3  synced and renamed to N.log: from here on it is the log
 *   4  the keyring with the new key alone is durable
 *   5  the old segment is deleted; its key is gone already
 *
 * A crash before 3 leaves the old segment in force, one after 3 the new one.
 * Begin, step and finish are apart so that steps may come between commits. */
#include <fcntl.h>
#include <unistd.h>

#include "local/internal.h"
#include "local/io.h"
#include "local/walk.h"

#define LOG_SMALL (UINT64_C(64) << 20)   /* a log that grew by less is not worth a snapshot */

struct snapshot {
    struct log_writer log;
    uint64_t segment;
    size_t table;           /* in the making; behind the last one the catalog's turn */
    uint64_t chunk;
};

static enum sluice_err begin(struct sluice_local *local, struct snapshot *snapshot)
{
    struct sluice_key_slot *next = &local->keyring->state[1];
    char name[SEGMENT_NAME_SIZE];

    *snapshot = (struct snapshot){ .segment = local->keyring->state[0].generation + 1, .log.fd = -1 };
    next->generation = snapshot->segment;
    sluice_random(next->key, sizeof next->key);
    const enum sluice_err err = sluice_keyring_write(local->keyring, local->config->state);
    if (err)
        return err;
    segment_name(name, snapshot->segment, true);
    return log_writer_create(&snapshot->log, local->log_fd, name, snapshot->segment, local->transaction, next->key);
}

static enum sluice_err step(struct sluice_local *local, struct snapshot *snapshot, bool *more)
{
    struct sluice_buffer *payload = log_writer_begin(&snapshot->log);
    enum sluice_err err = SLUICE_OK;
    bool more_chunks = false;

    *more = snapshot->table < local->table_count;
    if (*more) {
        const struct sluice_state_table *table = &local->tables[snapshot->table];

        sluice_buffer_append_u8(payload, table->id);
        sluice_buffer_append_u64(payload, snapshot->chunk);
        err = table->snapshot(table->self, &snapshot->chunk, payload, &more_chunks);
    } else {
        sluice_buffer_append_u8(payload, CATALOG_TABLE);
        sluice_buffer_append_u64(payload, 0);
        catalog_snapshot(&local->catalog, payload);
    }
    if (!more_chunks) {
        snapshot->table++;
        snapshot->chunk = 0;
    }
    return err ? err : log_writer_append(&snapshot->log, FRAME_CHUNK, local->transaction, false);
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

static enum sluice_err finish(struct sluice_local *local, struct snapshot *snapshot)
{
    log_writer_begin(&snapshot->log);
    enum sluice_err err = log_writer_append(&snapshot->log, FRAME_COMPLETE, local->transaction, true);
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
    return local_retire(local);
}

static void give_up(struct sluice_local *local, struct snapshot *snapshot)
{
    char name[SEGMENT_NAME_SIZE];

    log_writer_close(&snapshot->log);
    segment_name(name, snapshot->segment, true);
    const enum sluice_err ignored = io_unlink_at(local->log_fd, name, 0);   /* the next one writes over it */
    (void)ignored;
    /* The file may still hold the key that nothing is sealed with; any later write takes it out. */
    sluice_wipe(&local->keyring->state[1], sizeof local->keyring->state[1]);
}

enum sluice_err local_snapshot(struct sluice_local *local)
{
    struct snapshot snapshot;
    bool more = true;

    enum sluice_err err = local_settle(local);
    if (err)
        return err;
    err = begin(local, &snapshot);
    while (!err && more)
        err = step(local, &snapshot, &more);
    if (!err)
        err = finish(local, &snapshot);
    if (err && local->keyring->state[0].generation != snapshot.segment)
        give_up(local, &snapshot);
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
    const uint64_t grown = local->log.end - local->snapshot_size;
    if (!force && grown < local->snapshot_size + LOG_SMALL)
        return SLUICE_OK;
    return local_snapshot(local);
}
