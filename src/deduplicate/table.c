/* Deduplication as a table of the state: what a commit logs, how an abort
 * undoes it, snapshots. */
#include "deduplicate/deduplicate_set.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* --- the table: changes and snapshots are runs of
 *     hour u32, count u32 | flags, [key 16], [file u64, its count u64], count fingerprints
 * behind the newest hour as u32. A run with a file stands for the whole hour:
 * what is in the file and what follows, and nothing else. */

#define KEY_FOLLOWS  0x80000000u
#define FILE_FOLLOWS 0x40000000u
#define COUNT_MASK   0x3fffffffu

#define PIECE_SLOTS  (SLUICE_STATE_CHUNK_SIZE / sizeof(struct fingerprint))

static void write_head(struct sluice_buffer *out, const struct bucket *bucket, uint32_t count, bool with_key,
                       const struct fingerprint_file *file)
{
    assert(count <= COUNT_MASK);
    sluice_buffer_append_u32(out, bucket->hour);
    sluice_buffer_append_u32(out, count | (with_key ? KEY_FOLLOWS : 0) | (file ? FILE_FOLLOWS : 0));
    if (with_key)
        sluice_buffer_append(out, bucket->key, sizeof bucket->key);
    if (file) {
        sluice_buffer_append_u64(out, file->number);
        sluice_buffer_append_u64(out, file->count);
    }
}

/* Not when it was displaced: then it is beyond the window. */
static struct bucket *in_place(const struct deduplicate *set, uint32_t hour)
{
    struct bucket *bucket = deduplicate_bucket(set, hour);

    return deduplicate_bucket_holds(bucket, hour) ? bucket : NULL;
}

/* --- changes ----------------------------------------------------------- */

static void begin_run(struct sluice_buffer *out, struct bucket *bucket)
{
    const size_t size = bucket->log_count * sizeof(struct fingerprint);

    write_head(out, bucket, bucket->log_count, false, NULL);
    (void)sluice_buffer_reserve(out, size);
    bucket->log_at = out->len - size;
    bucket->log_count = 0;
}

/* Runs instead of an hour for each: count them, then put each where its hour's run has room for it. */
static void write_insertions(const struct deduplicate *set, struct sluice_buffer *out)
{
    for (size_t i = 0; i < set->inserted_count; i++) {
        struct bucket *bucket = in_place(set, set->inserted[i].hour);

        if (bucket)
            bucket->log_count++;
    }
    for (size_t i = 0; i < set->inserted_count; i++) {
        const struct insertion *insertion = &set->inserted[i];
        struct bucket *bucket = in_place(set, insertion->hour);

        if (!bucket)
            continue;
        if (bucket->log_count)
            begin_run(out, bucket);
        if (out->failed)
            continue;
        memcpy(out->bytes + bucket->log_at, &insertion->fingerprint, sizeof insertion->fingerprint);
        bucket->log_at += sizeof insertion->fingerprint;
    }
}

/* Behind the insertions: what came since an hour was frozen is all that it has in memory. */
static void write_made(const struct deduplicate *set, struct sluice_buffer *out)
{
    for (size_t i = 0; i < set->freezing_count; i++) {
        const struct freezing *freezing = &set->freezing[i];
        const struct bucket *bucket = in_place(set, freezing->hour);

        if (!bucket || !freezing->complete)
            continue;
        write_head(out, bucket, bucket->memory.count, false, &freezing->made);
        fingerprints_append(&bucket->memory, out, 0, FINGERPRINTS_END);
    }
}

static void changes(void *self, struct sluice_buffer *out)
{
    struct deduplicate *set = self;

    set->logged = set->inserted_count || set->opened_count || set->newest_hour != set->newest_committed ||
                  (set->freezing_count && set->freezing[0].complete);
    if (!set->logged)
        return;
    sluice_buffer_append_u32(out, set->newest_hour);
    for (size_t i = 0; i < set->opened_count; i++) {
        const struct bucket *bucket = in_place(set, set->opened[i]);

        if (bucket)
            write_head(out, bucket, 0, true, NULL);
    }
    write_insertions(set, out);
    write_made(set, out);
}

static void committed(void *self)
{
    struct deduplicate *set = self;

    while (set->displaced_count > 0)
        deduplicate_bucket_close(set, &set->displaced[--set->displaced_count]);
    for (size_t i = 0; i < set->opened_count; i++)
        deduplicate_bucket(set, set->opened[i])->key_unsaved = false;
    deduplicate_close_old(set, set->newest_committed, set->newest_hour);
    deduplicate_cold_committed(set);
    set->newest_committed = set->newest_hour;
    set->inserted_count = 0;
    set->opened_count = 0;
}

/* What took a place was opened since, so nothing but new hours is closed here. */
static void put_back_displaced(struct deduplicate *set)
{
    while (set->displaced_count > 0) {
        const struct bucket *displaced = &set->displaced[--set->displaced_count];
        struct bucket *place = deduplicate_bucket(set, displaced->hour);

        if (place->used)
            deduplicate_bucket_close(set, place);
        *place = *displaced;
    }
}

static void undo(void *self)
{
    struct deduplicate *set = self;

    put_back_displaced(set);
    for (size_t i = set->inserted_count; i-- > 0;) {
        struct bucket *bucket = in_place(set, set->inserted[i].hour);

        if (bucket)
            deduplicate_bucket_remove(set, bucket, set->inserted[i].fingerprint);
    }
    for (size_t i = 0; i < set->opened_count; i++) {
        struct bucket *bucket = in_place(set, set->opened[i]);

        if (bucket)
            deduplicate_bucket_close(set, bucket);
    }
    set->newest_hour = set->newest_committed;
    set->inserted_count = 0;
    set->opened_count = 0;
}

/* --- restoring --------------------------------------------------------- */

struct run {
    uint32_t hour;
    uint32_t count;
    const uint8_t *key;            /* NULL: the hour has one */
    bool has_file;
    uint64_t file_number, file_count;
    const uint8_t *fingerprints;
};

static bool read_run(struct run *run, struct sluice_cursor *cursor)
{
    run->hour = sluice_cursor_u32(cursor);
    const uint32_t word = sluice_cursor_u32(cursor);
    run->count = word & COUNT_MASK;
    run->key = word & KEY_FOLLOWS ? sluice_cursor_bytes(cursor, SLUICE_HASH_KEY_SIZE) : NULL;
    run->has_file = word & FILE_FOLLOWS;
    run->file_number = run->has_file ? sluice_cursor_u64(cursor) : 0;
    run->file_count = run->has_file ? sluice_cursor_u64(cursor) : 0;
    run->fingerprints = sluice_cursor_bytes(cursor, (size_t)run->count * sizeof(struct fingerprint));
    return !cursor->failed && (!run->has_file || (run->file_number > 0 && run->file_count > 0));
}

/* A piece of a snapshot may hold again what a change between pieces brought. */
static enum sluice_err insert_run(struct deduplicate *set, struct bucket *bucket, const struct run *run, bool again)
{
    if (!deduplicate_bucket_reserve(set, bucket, (uint64_t)bucket->memory.count + run->count))
        return SLUICE_ERR_MEMORY;
    for (uint32_t i = 0; i < run->count; i++) {
        const struct fingerprint fingerprint = fingerprint_of(run->fingerprints + i * sizeof fingerprint);

        if (fingerprint_is_none(fingerprint))
            return SLUICE_ERR_DAMAGED;
        const enum deduplicate_answer answer = deduplicate_bucket_insert(set, bucket, fingerprint);
        if (answer == DEDUPLICATE_FAILED)
            return deduplicate_err(set);
        if (answer == DEDUPLICATE_AGAIN && !again)
            return SLUICE_ERR_DAMAGED;
    }
    return SLUICE_OK;
}

static enum sluice_err take_run(struct deduplicate *set, const struct run *run, bool again)
{
    struct bucket *bucket = deduplicate_bucket(set, run->hour);

    if (run->hour < deduplicate_oldest_hour(set, set->newest_hour))
        return SLUICE_OK;
    if (bucket->used && bucket->hour != run->hour)
        deduplicate_bucket_close(set, bucket);
    if (!bucket->used && !run->key)
        return SLUICE_ERR_DAMAGED;
    bucket->hour = run->hour;
    bucket->used = true;
    if (run->key)
        memcpy(bucket->key, run->key, sizeof bucket->key);
    if (run->has_file) {
        deduplicate_bucket_clear(set, bucket);
        deduplicate_set_file(set, bucket, run->file_number, run->file_count);
    }
    return run->count == 0 ? SLUICE_OK : insert_run(set, bucket, run, again);
}

static enum sluice_err take(struct deduplicate *set, const uint8_t *bytes, size_t len, bool again)
{
    struct sluice_cursor cursor = { bytes, bytes + len, false };
    const uint32_t newest = sluice_cursor_u32(&cursor);
    enum sluice_err err = SLUICE_OK;

    if (cursor.failed || newest < set->newest_hour)
        return SLUICE_ERR_DAMAGED;
    if (set->newest_hour)
        deduplicate_close_old(set, set->newest_hour, newest);
    set->newest_hour = newest;
    set->newest_committed = newest;
    while (!err && cursor.at < cursor.end) {
        struct run run;

        err = read_run(&run, &cursor) ? take_run(set, &run, again) : SLUICE_ERR_DAMAGED;
    }
    return err;
}

static enum sluice_err apply(void *self, const uint8_t *bytes, size_t len)
{
    return take(self, bytes, len, false);
}

static enum sluice_err restore(void *self, uint64_t chunk, const uint8_t *bytes, size_t len)
{
    struct deduplicate *set = self;

    if (chunk == 0) {
        for (size_t i = 0; i < RING_SIZE; i++)
            if (set->ring[i].used)
                deduplicate_bucket_close(set, &set->ring[i]);
        set->newest_hour = 0;
    }
    return take(set, bytes, len, true);
}

/* --- snapshots ---------------------------------------------------------
 * The first chunk has the key and the file of every hour, so that changes
 * between chunks find theirs. The numbers of later ones are where they begin:
 * place in the ring and prefix of the fingerprint, + 1. */

static void write_directory(const struct deduplicate *set, struct sluice_buffer *out)
{
    for (size_t i = 0; i < RING_SIZE; i++)
        if (set->ring[i].used)
            write_head(out, &set->ring[i], 0, true, set->ring[i].file.number ? &set->ring[i].file : NULL);
}

/* A piece of what an hour has in memory. Returns the prefix where the next one begins. */
static uint64_t write_piece(const struct deduplicate *set, struct sluice_buffer *out, const struct bucket *bucket,
                            uint64_t from)
{
    const struct fingerprints *frozen = deduplicate_frozen(set, bucket);
    const uint32_t capacity = frozen && frozen->capacity > bucket->memory.capacity ? frozen->capacity
                                                                                    : bucket->memory.capacity;
    const uint64_t to = fingerprints_piece(capacity, from, PIECE_SLOTS);
    const size_t head = out->len;

    write_head(out, bucket, 0, false, NULL);
    const size_t start = out->len;
    fingerprints_append(&bucket->memory, out, from, to);
    if (frozen)
        fingerprints_append(frozen, out, from, to);
    const uint64_t count = (out->len - start) / sizeof(struct fingerprint);
    assert(count <= COUNT_MASK);
    if (count == 0)
        out->len = head;
    for (size_t k = 0; count && !out->failed && k < 4; k++)
        out->bytes[head + 4 + k] = (uint8_t)(count >> (8 * k));
    return to;
}

static enum sluice_err snapshot(void *self, uint64_t *chunk, struct sluice_buffer *out, bool *more)
{
    const struct deduplicate *set = self;
    const size_t start = out->len;

    assert(set->inserted_count == 0 && set->opened_count == 0);
    sluice_buffer_append_u32(out, set->newest_hour);
    if (*chunk == 0) {
        write_directory(set, out);
        ++*chunk;
    }
    uint64_t place = (*chunk - 1) >> 32, prefix = (*chunk - 1) & (FINGERPRINTS_END - 1);
    while (place < RING_SIZE && out->len - start < SLUICE_STATE_CHUNK_SIZE) {
        const struct bucket *bucket = &set->ring[place];

        prefix = bucket->used ? write_piece(set, out, bucket, prefix) : FINGERPRINTS_END;
        if (prefix == FINGERPRINTS_END) {
            place++;
            prefix = 0;
        }
    }
    *chunk = (place << 32 | prefix) + 1;
    *more = place < RING_SIZE;
    return sluice_buffer_err(out);
}

struct sluice_state_table deduplicate_table(struct deduplicate *set)
{
    return (struct sluice_state_table){
        .id = 2, .name = "deduplication", .self = set, .gradual = true, .changes = changes, .committed = committed,
        .undo = undo, .apply = apply, .snapshot = snapshot, .restore = restore,
    };
}
