#include "local/reenter.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "local/internal.h"
#include "local/io.h"
#include "local/walk.h"
#include "seal/proto.h"
#include "sluice/clock.h"

#define CONTENT_MAX ((size_t)1 << 31)

void reentry_init(struct reentry *reentry)
{
    *reentry = (struct reentry){ .current = 0 };
    batch_file_init(&reentry->reader);
    sluice_buffer_init(&reentry->content, CONTENT_MAX);
    sluice_buffer_init(&reentry->raw, (size_t)4 * SLUICE_RECORD_SIZE_MAX);
    sluice_buffer_init(&reentry->frame, CONTENT_MAX);
    sluice_sealer_init(&reentry->carry, CONTENT_MAX);
}

static void wipe_buffer(struct sluice_buffer *buffer)
{
    sluice_wipe(buffer->bytes, buffer->len);
    sluice_buffer_clear(buffer);
}

static void close_frame(struct reentry *reentry)
{
    wipe_buffer(&reentry->content);
    reentry->content_open = false;
}

static void close_file(struct reentry *reentry)
{
    close_frame(reentry);
    batch_file_end(&reentry->reader);
}

/* Everything was given: forget the list and the key. */
static void finish(struct reentry *reentry)
{
    close_file(reentry);
    reentry->count = reentry->current = reentry->committed_current = 0;
    sluice_secret_free(reentry->operator_secret, SLUICE_SECRET_KEY_SIZE);
    reentry->operator_secret = NULL;
}

void reentry_deinit(struct reentry *reentry)
{
    finish(reentry);
    batch_file_deinit(&reentry->reader);
    wipe_buffer(&reentry->raw);
    sluice_buffer_deinit(&reentry->content);
    sluice_buffer_deinit(&reentry->raw);
    sluice_buffer_deinit(&reentry->frame);
    sluice_sealer_deinit(&reentry->carry);
    free(reentry->files);
}

/* --- the list ---------------------------------------------------------- */

struct listing {
    struct sluice_local *local;
    enum sluice_store store;
};

static bool is_listed(const struct reentry *reentry, uint32_t stream, const struct bucket_file *file)
{
    for (size_t i = 0; i < reentry->count; i++)
        if (reentry->files[i].stream == stream && reentry->files[i].deadline_s == file->deadline_s &&
            reentry->files[i].number == file->number)
            return true;
    return false;
}

static enum sluice_err list_file(void *self, const struct bucket_file *file)
{
    const struct listing *listing = self;
    struct sluice_local *local = listing->local;
    struct reentry *reentry = &local->reentry;
    struct reentry_file added = { .store = listing->store, .deadline_s = file->deadline_s, .number = file->number };
    char path[BUCKET_PATH_SIZE];

    if (file->open)
        return SLUICE_OK;
    bucket_file_path(path, file);
    enum sluice_err err = io_size_at(&added.size, local->outputs.folder_fd, path);
    if (!err)
        err = catalog_stream(&local->catalog, &added.stream, file->tenant, file->stream);
    if (err || is_listed(reentry, added.stream, file))
        return err;

    const struct local_position *position =
        catalog_position(&local->catalog, added.stream, file->deadline_s, file->number);
    if (position)
        added.at = added.committed = (struct reentry_place){ .offset = position->offset, .index = position->index };
    if (reentry->count == reentry->capacity) {
        const size_t larger = reentry->capacity ? reentry->capacity * 2 : 16;
        struct reentry_file *files = realloc(reentry->files, larger * sizeof *files);

        if (!files)
            return SLUICE_ERR_MEMORY;
        reentry->files = files;
        reentry->capacity = larger;
    }
    reentry->files[reentry->count++] = added;
    return SLUICE_OK;
}

static enum sluice_err list_bucket(void *self, const struct bucket_file *bucket)
{
    struct listing *listing = self;

    return walk_files(listing->local->outputs.folder_fd, bucket, list_file, listing);
}

/* In the order in which they were sealed, stream by stream. */
static int compare_files(const void *left, const void *right)
{
    const struct reentry_file *a = left, *b = right;

    if (a->stream != b->stream)
        return a->stream < b->stream ? -1 : 1;
    if (a->deadline_s != b->deadline_s)
        return a->deadline_s < b->deadline_s ? -1 : 1;
    return (a->number > b->number) - (a->number < b->number);
}

static enum sluice_err list_store(struct sluice_local *local, enum sluice_store store)
{
    struct listing listing = { local, store };
    const size_t first = local->reentry.count;

    local_mark_closing(local, sluice_store_name(store));
    enum sluice_err err = local_commit(local, 0);
    if (err)
        return err;
    err = walk_buckets(local->outputs.folder_fd, NULL, sluice_store_name(store), list_bucket, &listing);
    if (err)
        local->reentry.count = first;
    else if (local->reentry.count > first)
        qsort(local->reentry.files + first, local->reentry.count - first, sizeof *local->reentry.files,
              compare_files);
    return err;
}

/* From zero, unless an earlier call is still being answered. */
static void begin_telling(struct reentry *reentry)
{
    if (reentry_at_end(reentry))
        reentry->told = reentry->told_committed = (struct sluice_local_reentry){ 0 };
}

enum sluice_err sluice_local_reenter(struct sluice_transport *transport, struct sluice_vault *vault,
                                     bool suspended, bool parked)
{
    struct sluice_local *local = local_of(transport);
    enum sluice_err err = SLUICE_OK;

    begin_telling(&local->reentry);
    local->reentry.vault = vault;
    if (suspended)
        err = list_store(local, SLUICE_STORE_SUSPENDED);
    if (!err && parked)
        err = list_store(local, SLUICE_STORE_PARK);
    return err;
}

enum sluice_err sluice_local_replay(struct sluice_transport *transport,
                                    const uint8_t operator_secret[static SLUICE_SECRET_KEY_SIZE],
                                    enum sluice_reason reason)
{
    struct sluice_local *local = local_of(transport);
    struct reentry *reentry = &local->reentry;

    sluice_box_public_key(reentry->operator_public, operator_secret);
    if (memcmp(reentry->operator_public, local->keyring->operator_public, SLUICE_PUBLIC_KEY_SIZE) != 0)
        return SLUICE_ERR_KEY;
    if (!reentry->operator_secret)
        reentry->operator_secret = sluice_secret_alloc(SLUICE_SECRET_KEY_SIZE);
    if (!reentry->operator_secret)
        return SLUICE_ERR_MEMORY;
    memcpy(reentry->operator_secret, operator_secret, SLUICE_SECRET_KEY_SIZE);
    reentry->reason = reason;
    begin_telling(reentry);
    return list_store(local, SLUICE_STORE_QUARANTINE);
}

void sluice_local_reentry(const struct sluice_transport *transport, struct sluice_local_reentry *reentry)
{
    *reentry = local_of(transport)->reentry.told;
}

/* --- giving ------------------------------------------------------------ */

static struct reentry_file *current_file(struct reentry *reentry)
{
    return &reentry->files[reentry->current];
}

static void next_file(struct reentry *reentry, bool left)
{
    struct reentry_file *file = current_file(reentry);

    file->at.done = true;
    file->at.left = left;
    reentry->told.files_left += left;
    close_file(reentry);
    reentry->current++;
}

static enum sluice_err open_file(struct sluice_local *local)
{
    struct reentry_file *file = current_file(&local->reentry);
    const struct bucket_file name =
        catalog_file(&local->catalog, file->stream, file->deadline_s, file->number, false);
    char path[BUCKET_PATH_SIZE];
    int fd;

    bucket_file_path(path, &name);
    const enum sluice_err err = io_open_at(&fd, local->outputs.folder_fd, path, O_RDONLY | O_NOFOLLOW, 0);
    if (!err)
        batch_file_begin(&local->reentry.reader, fd, file->at.offset, file->size);
    return err;
}

/* Rows that stay in the store go to the open file of the same bucket. */
static enum sluice_err carry_row(struct sluice_local *local, const uint8_t *bytes, size_t len)
{
    const struct reentry_file *file = current_file(&local->reentry);
    const struct sluice_row row = { bytes, len };
    struct local_output *output;

    const enum sluice_err err = catalog_output(&local->catalog, &output, file->stream, file->deadline_s);
    return err ? err : output_append(&local->outputs, output, &row, 1);
}

/* A frame that nobody here can open, as it is. */
static enum sluice_err carry_frame(struct sluice_local *local, int field, const uint8_t *bytes, size_t len)
{
    struct sluice_buffer *frame = &local->reentry.frame;

    sluice_buffer_clear(frame);
    proto_append_bytes(frame, (uint32_t)field, bytes, len);
    if (sluice_buffer_err(frame))
        return SLUICE_ERR_MEMORY;
    local->reentry.told.frames_left++;
    return carry_row(local, frame->bytes, frame->len);
}

/* Entries that stay are sealed anew, as their frame goes with its file. */
static enum sluice_err carry_entries(struct sluice_local *local)
{
    struct reentry *reentry = &local->reentry;
    const struct reentry_file *file = current_file(reentry);

    if (reentry->carry.record_count == 0)
        return SLUICE_OK;
    sluice_buffer_clear(&reentry->frame);
    const enum sluice_err err =
        sluice_sealer_finish(&reentry->carry, &reentry->frame, file->store, file->deadline_s, local->keyring);
    return err ? err : carry_row(local, reentry->frame.bytes, reentry->frame.len);
}

static enum sluice_err open_content(struct sluice_local *local, const uint8_t *bytes, size_t len)
{
    struct reentry *reentry = &local->reentry;
    const struct sluice_keyring *keyring = local->keyring;
    const bool worker = current_file(reentry)->store != SLUICE_STORE_QUARANTINE;
    enum sluice_store store;
    int64_t deadline_s;

    close_frame(reentry);
    if (!worker && !reentry->operator_secret)
        return SLUICE_ERR_KEY;
    return sluice_sealed_open(&reentry->content, &store, &deadline_s, bytes, len,
                              worker ? keyring->worker_public : reentry->operator_public,
                              worker ? keyring->worker_secret : reentry->operator_secret, worker);
}

/* Step over the entries that were given before a crash or in an earlier batch. */
static bool skip_given(struct reentry *reentry)
{
    struct sluice_sealed_entry entry;

    reentry->cursor = (struct sluice_cursor){ reentry->content.bytes,
                                              reentry->content.bytes + reentry->content.len, false };
    for (uint64_t i = 0; i < current_file(reentry)->at.index; i++)
        if (sluice_sealed_next(&reentry->cursor, &entry) != 1)
            return false;
    return true;
}

/* Take up the next frame of the current file, or the next file. */
static enum sluice_err next_frame(struct sluice_local *local, int64_t now_us)
{
    struct reentry *reentry = &local->reentry;
    struct reentry_file *file = current_file(reentry);
    enum sluice_err err = SLUICE_OK;
    const uint8_t *bytes;
    size_t len;
    int field;

    /* What is overdue is keep's, not ours. */
    if (file->at.left || file->deadline_s <= now_us / SLUICE_SECOND_US) {
        next_file(reentry, true);
        return SLUICE_OK;
    }
    if (reentry->reader.fd < 0)
        err = open_file(local);
    if (err == SLUICE_ERR_MISSING) {
        next_file(reentry, true);
        return SLUICE_OK;
    }
    if (err)
        return err;
    const int got = batch_file_next(&reentry->reader, &field, &bytes, &len, &err);
    if (got == -2)
        return err;
    if (got <= 0) {
        next_file(reentry, got < 0);
        return SLUICE_OK;
    }
    err = field == 2 ? open_content(local, bytes, len) : SLUICE_ERR_DAMAGED;
    if (!err && skip_given(reentry)) {
        reentry->content_open = true;
        return SLUICE_OK;
    }
    if (err && err != SLUICE_ERR_KEY && err != SLUICE_ERR_DAMAGED) {
        batch_file_end(&reentry->reader);   /* read again from the same place */
        return err;
    }
    file->at.offset = reentry->reader.at;
    file->at.index = 0;
    close_frame(reentry);
    return carry_frame(local, field, bytes, len);
}

static enum sluice_err give_next(struct sluice_local *local, struct sluice_batch *batch, int64_t now_us)
{
    struct reentry *reentry = &local->reentry;
    struct reentry_file *file = current_file(reentry);
    const struct sluice_cursor before = reentry->cursor;
    struct sluice_sealed_entry entry;
    bool given = true;

    if (sluice_sealed_next(&reentry->cursor, &entry) != 1) {
        const enum sluice_err err = carry_entries(local);
        file->at.offset = reentry->reader.at;
        file->at.index = 0;
        close_frame(reentry);
        return err;
    }
    const enum sluice_err err = reentry_give(local, &given, batch, file->store, &entry, now_us);
    if (err) {
        reentry->cursor = before;
        return err;
    }
    if (!given) {
        reentry->told.entries_left++;
        sluice_sealer_add_opened(&reentry->carry, before.at, (size_t)(reentry->cursor.at - before.at));
    }
    reentry->told.entries += given;
    file->at.index++;
    return SLUICE_OK;
}

enum sluice_err reentry_fill(struct sluice_local *local, struct sluice_batch *batch, int64_t now_us)
{
    struct reentry *reentry = &local->reentry;
    const size_t before = batch->count;
    enum sluice_err err = SLUICE_OK;

    while (!err && batch->count < batch->capacity && !reentry_at_end(reentry))
        err = reentry->content_open ? give_next(local, batch, now_us) : next_frame(local, now_us);
    /* No more room is an error only where there is none for even one. */
    if (err == SLUICE_ERR_FULL && batch->count > before)
        err = SLUICE_OK;
    if (!err && !reentry_at_end(reentry))
        err = carry_entries(local);
    return err;
}

/* --- commit and abort -------------------------------------------------- */

static bool has_moved(const struct reentry_file *file)
{
    return file->at.offset != file->committed.offset || file->at.index != file->committed.index;
}

void reentry_rows(const struct sluice_local *local, struct sluice_buffer *rows)
{
    const struct reentry *reentry = &local->reentry;

    for (size_t i = reentry->committed_current; i < reentry->count && i <= reentry->current; i++) {
        const struct reentry_file *file = &reentry->files[i];
        const bool consumed = file->at.done && !file->at.left;

        if (!consumed && !has_moved(file))
            continue;
        catalog_row_write(rows, &(struct row){ .kind = consumed ? ROW_CONSUMED : ROW_POSITION,
                                               .tenant = local->catalog.streams[file->stream].tenant,
                                               .stream = local->catalog.streams[file->stream].name,
                                               .deadline_s = file->deadline_s,
                                               .number = file->number,
                                               .value = file->at.offset,
                                               .extra = file->at.index });
    }
}

void reentry_committed(struct sluice_local *local)
{
    struct reentry *reentry = &local->reentry;

    for (size_t i = reentry->committed_current; i < reentry->count && i <= reentry->current; i++)
        reentry->files[i].committed = reentry->files[i].at;
    reentry->committed_current = reentry->current;
    reentry->told_committed = reentry->told;
    if (reentry->count > 0 && reentry_at_end(reentry))
        finish(reentry);
}

void reentry_abort(struct sluice_local *local)
{
    struct reentry *reentry = &local->reentry;

    for (size_t i = reentry->committed_current; i < reentry->count && i <= reentry->current; i++)
        reentry->files[i].at = reentry->files[i].committed;
    reentry->current = reentry->committed_current;
    reentry->told = reentry->told_committed;
    sluice_sealer_clear(&reentry->carry);
    close_file(reentry);
}

void reentry_forget(struct sluice_local *local, uint32_t stream, int64_t deadline_s)
{
    struct reentry *reentry = &local->reentry;

    for (size_t i = reentry->current; i < reentry->count; i++) {
        struct reentry_file *file = &reentry->files[i];

        if (file->stream != stream || file->deadline_s != deadline_s)
            continue;
        file->at.left = file->committed.left = true;
        if (i == reentry->current)
            close_file(reentry);
    }
}
