/* Deduplication as a table of the state: what a commit logs, how an abort
 * undoes it, snapshots. */
#include "gate/deduplicate_set.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* --- the table: changes and snapshots are runs of
 *     hour u32, count u32 | KEY_FOLLOWS, [key 16], count fingerprints
 * behind the newest hour as u32. */

#define KEY_FOLLOWS 0x80000000u

static void write_run(struct sluice_buffer *out, const struct bucket *bucket, uint32_t count, bool with_key)
{
    sluice_buffer_append_u32(out, bucket->hour);
    sluice_buffer_append_u32(out, count | (with_key ? KEY_FOLLOWS : 0));
    if (with_key)
        sluice_buffer_append(out, bucket->key, sizeof bucket->key);
}

static int by_hour(const void *a, const void *b)
{
    const struct insertion *x = a, *y = b;

    return (x->hour > y->hour) - (x->hour < y->hour);
}

/* Not when it was displaced: then it is beyond the window. */
static bool is_in_place(const struct deduplicate *set, uint32_t hour)
{
    return deduplicate_bucket_holds(deduplicate_bucket(set, hour), hour);
}

static void changes(void *self, struct sluice_buffer *out)
{
    struct deduplicate *set = self;

    if (set->inserted_count == 0 && set->opened_count == 0 && set->newest_hour == set->newest_committed)
        return;
    sluice_buffer_append_u32(out, set->newest_hour);
    for (size_t i = 0; i < set->opened_count; i++)
        if (is_in_place(set, set->opened[i]))
            write_run(out, deduplicate_bucket(set, set->opened[i]), 0, true);

    /* Runs instead of an hour for each; undo does not care about the order. */
    qsort(set->inserted, set->inserted_count, sizeof *set->inserted, by_hour);
    for (size_t i = 0, end; i < set->inserted_count; i = end) {
        const uint32_t hour = set->inserted[i].hour;

        for (end = i; end < set->inserted_count && set->inserted[end].hour == hour; end++)
            ;
        if (!is_in_place(set, hour))
            continue;
        write_run(out, deduplicate_bucket(set, hour), (uint32_t)(end - i), false);
        for (; i < end; i++)
            sluice_buffer_append(out, &set->inserted[i].fingerprint, sizeof set->inserted[i].fingerprint);
    }
}

static void committed(void *self)
{
    struct deduplicate *set = self;

    while (set->displaced_count > 0)
        deduplicate_bucket_close(set, &set->displaced[--set->displaced_count]);
    for (size_t i = 0; i < set->opened_count; i++)
        deduplicate_bucket(set, set->opened[i])->key_unsaved = false;
    if (set->newest_committed)
        deduplicate_close_old(set, set->newest_committed, set->newest_hour);
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

        if (place->capacity)
            deduplicate_bucket_close(set, place);
        *place = *displaced;
    }
}

static void undo(void *self)
{
    struct deduplicate *set = self;

    put_back_displaced(set);
    for (size_t i = set->inserted_count; i-- > 0;)
        if (is_in_place(set, set->inserted[i].hour))
            deduplicate_bucket_remove(set, deduplicate_bucket(set, set->inserted[i].hour),
                                      set->inserted[i].fingerprint);
    for (size_t i = 0; i < set->opened_count; i++)
        if (is_in_place(set, set->opened[i]))
            deduplicate_bucket_close(set, deduplicate_bucket(set, set->opened[i]));
    set->newest_hour = set->newest_committed;
    set->inserted_count = 0;
    set->opened_count = 0;
}

static uint32_t capacity_for(uint64_t count)
{
    uint32_t capacity = SLOTS_FIRST;

    while (count + 1 > capacity / 4 * 3)
        capacity *= 2;
    return capacity;
}

static enum sluice_err read_run(struct deduplicate *set, struct sluice_cursor *cursor)
{
    const uint32_t hour = sluice_cursor_u32(cursor);
    const uint32_t word = sluice_cursor_u32(cursor);
    const uint32_t count = word & ~KEY_FOLLOWS;
    const uint8_t *key = word & KEY_FOLLOWS ? sluice_cursor_bytes(cursor, SLUICE_HASH_KEY_SIZE) : NULL;
    const uint8_t *bytes = sluice_cursor_bytes(cursor, (size_t)count * sizeof(struct fingerprint));
    struct bucket *bucket = deduplicate_bucket(set, hour);

    if (cursor->failed)
        return SLUICE_ERR_DAMAGED;
    if (hour < deduplicate_oldest_hour(set, set->newest_hour))
        return SLUICE_OK;
    if (bucket->capacity && bucket->hour != hour)
        deduplicate_bucket_close(set, bucket);
    if (!bucket->capacity) {
        if (!key)
            return SLUICE_ERR_DAMAGED;
        if (!deduplicate_bucket_alloc(set, bucket, hour))
            return SLUICE_ERR_MEMORY;
    }
    if (key)
        memcpy(bucket->key, key, sizeof bucket->key);

    const uint32_t capacity = capacity_for((uint64_t)bucket->count + count);
    if (capacity > bucket->capacity && !deduplicate_bucket_grow(set, bucket, capacity))
        return SLUICE_ERR_MEMORY;
    for (uint32_t i = 0; i < count; i++) {
        const struct fingerprint fingerprint = deduplicate_fingerprint(bytes + i * sizeof fingerprint);

        if (deduplicate_is_empty(fingerprint) || deduplicate_bucket_insert(set, bucket, fingerprint) != DEDUPLICATE_FIRST)
            return SLUICE_ERR_DAMAGED;
    }
    return SLUICE_OK;
}

static enum sluice_err apply(void *self, const uint8_t *bytes, size_t len)
{
    struct deduplicate *set = self;
    struct sluice_cursor cursor = { bytes, bytes + len, false };
    enum sluice_err err = SLUICE_OK;
    const uint32_t newest = sluice_cursor_u32(&cursor);

    if (cursor.failed || newest < set->newest_hour)
        return SLUICE_ERR_DAMAGED;
    if (set->newest_hour)
        deduplicate_close_old(set, set->newest_hour, newest);
    set->newest_hour = newest;
    set->newest_committed = newest;
    while (!err && cursor.at < cursor.end)
        err = read_run(set, &cursor);
    return err;
}

/* Chunk numbers are places in the ring. */
static enum sluice_err snapshot(void *self, uint64_t *chunk, struct sluice_buffer *out, bool *more)
{
    struct deduplicate *set = self;

    assert(set->inserted_count == 0 && set->opened_count == 0);
    sluice_buffer_append_u32(out, set->newest_hour);
    while (*chunk < RING_SIZE && out->len < SLUICE_STATE_CHUNK_SIZE) {
        const struct bucket *bucket = &set->ring[(*chunk)++];

        if (!bucket->capacity)
            continue;
        write_run(out, bucket, bucket->count, true);
        for (uint32_t i = 0; i < bucket->capacity; i++)
            if (!deduplicate_is_empty(bucket->slots[i]))
                sluice_buffer_append(out, &bucket->slots[i], sizeof bucket->slots[i]);
    }
    *more = *chunk < RING_SIZE;
    return sluice_buffer_err(out);
}

static enum sluice_err restore(void *self, uint64_t chunk, const uint8_t *bytes, size_t len)
{
    struct deduplicate *set = self;

    if (chunk == 0) {
        for (size_t i = 0; i < RING_SIZE; i++)
            if (set->ring[i].capacity)
                deduplicate_bucket_close(set, &set->ring[i]);
        set->newest_hour = 0;
    }
    return apply(self, bytes, len);
}

struct sluice_state_table deduplicate_table(struct deduplicate *set)
{
    return (struct sluice_state_table){
        .id = 2, .name = "deduplication", .self = set, .changes = changes, .committed = committed,
        .undo = undo, .apply = apply, .snapshot = snapshot, .restore = restore,
    };
}
