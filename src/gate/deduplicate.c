#include "gate/deduplicate.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Hours that can be open at once: the window and some slack for what is newer
 * than the newest. A power of two, so the place of an hour is a mask. */
#define RING_SIZE (32 * 1024)
#define RING_MASK (RING_SIZE - 1)
#define SLOTS_FIRST 64

struct fingerprint { uint64_t word[2]; };   /* both zero: an empty slot */

struct bucket {
    uint32_t hour;                  /* record time / 1 h */
    uint32_t count;
    uint32_t capacity;              /* a power of two; 0: the bucket is not in use */
    bool key_unsaved;               /* made since the last commit */
    uint8_t key[SLUICE_HASH_KEY_SIZE];
    struct fingerprint *slots;
};

struct insertion { uint32_t hour; struct fingerprint fingerprint; };

struct deduplicate {
    int64_t window_hours;
    uint32_t newest_hour;           /* 0: nothing came yet */
    uint32_t newest_committed;
    uint64_t octets;
    uint64_t count;
    struct bucket *ring;
    /* Since the last commit, in order: what to log, and what to undo. */
    struct insertion *inserted;
    size_t inserted_count;
    size_t inserted_capacity;
    uint32_t *opened;               /* hours whose key was made since */
    size_t opened_count;
    size_t opened_capacity;
};

struct deduplicate *deduplicate_new(int64_t window_s)
{
    struct deduplicate *set = calloc(1, sizeof *set);

    if (!set)
        return NULL;
    set->window_hours = (window_s + 3599) / 3600;
    assert(set->window_hours < RING_SIZE - 24);
    set->ring = calloc(RING_SIZE, sizeof *set->ring);
    if (!set->ring) {
        free(set);
        return NULL;
    }
    set->octets = RING_SIZE * sizeof *set->ring;
    return set;
}

static void bucket_close(struct deduplicate *set, struct bucket *bucket)
{
    set->octets -= (uint64_t)bucket->capacity * sizeof *bucket->slots;
    set->count -= bucket->count;
    free(bucket->slots);
    sluice_wipe(bucket, sizeof *bucket);
}

void deduplicate_free(struct deduplicate *set)
{
    if (!set)
        return;
    for (size_t i = 0; i < RING_SIZE; i++)
        if (set->ring[i].capacity)
            bucket_close(set, &set->ring[i]);
    free(set->ring);
    free(set->inserted);
    free(set->opened);
    free(set);
}

static uint8_t *put(uint8_t *at, const void *bytes, size_t len)
{
    /* The length first, so that no two different records write the same bytes. */
    *at++ = (uint8_t)len;
    if (len)
        memcpy(at, bytes, len);
    return at + len;
}

static uint8_t *put_str(uint8_t *at, struct sluice_str text)
{
    return put(at, text.bytes, text.len);
}

size_t deduplicate_identity(uint8_t out[static DEDUPLICATE_IDENTITY_MAX], const struct sluice_record *record)
{
    uint8_t *at = out;

    at = put_str(at, record->tenant);
    at = put_str(at, record->source_id);
    *at++ = record->service == SLUICE_SERVICE_SIGNALLING;
    if (record->record_id.len) {
        at = put_str(at, record->record_id);
    } else {
        at = put_str(at, record->session_id);
        at = put(at, &record->charging_id, sizeof record->charging_id);
        at = put(at, &record->partial_sequence, sizeof record->partial_sequence);
        at = put(at, &record->start_us, sizeof record->start_us);
        at = put(at, &record->end_us, sizeof record->end_us);
        at = put(at, &record->uplink_octets, sizeof record->uplink_octets);
        at = put(at, &record->downlink_octets, sizeof record->downlink_octets);
        at = put(at, &record->message_count, sizeof record->message_count);
        at = put(at, record->iccid.digits, record->iccid.digit_count);
        at = put(at, record->imsi.digits, record->imsi.digit_count);
        at = put(at, record->msisdn.digits, record->msisdn.digit_count);
        at = put_str(at, record->destination);
    }
    assert(at <= out + DEDUPLICATE_IDENTITY_MAX);
    return (size_t)(at - out);
}

static struct bucket *bucket_at(const struct deduplicate *set, uint32_t hour)
{
    return &set->ring[hour & RING_MASK];
}

static bool bucket_alloc(struct deduplicate *set, struct bucket *bucket, uint32_t hour)
{
    bucket->slots = calloc(SLOTS_FIRST, sizeof *bucket->slots);
    if (!bucket->slots)
        return false;
    bucket->hour = hour;
    bucket->capacity = SLOTS_FIRST;
    bucket->count = 0;
    set->octets += SLOTS_FIRST * sizeof *bucket->slots;
    return true;
}

static bool room_for_one(void **list, size_t *capacity, size_t count, size_t item_size)
{
    if (count < *capacity)
        return true;

    const size_t grown = *capacity ? *capacity * 2 : 1024;
    void *larger = realloc(*list, grown * item_size);
    if (!larger)
        return false;
    *list = larger;
    *capacity = grown;
    return true;
}

static bool bucket_open(struct deduplicate *set, struct bucket *bucket, uint32_t hour)
{
    if (!room_for_one((void **)&set->opened, &set->opened_capacity, set->opened_count, sizeof *set->opened) ||
        !bucket_alloc(set, bucket, hour))
        return false;
    sluice_random(bucket->key, sizeof bucket->key);
    bucket->key_unsaved = true;
    set->opened[set->opened_count++] = hour;
    return true;
}

static uint32_t oldest_hour(const struct deduplicate *set, uint32_t newest)
{
    return newest > set->window_hours ? newest - (uint32_t)set->window_hours : 0;
}

/* Let go of every hour that left the window. */
static void close_old(struct deduplicate *set, uint32_t from_newest, uint32_t to_newest)
{
    const uint32_t from = oldest_hour(set, from_newest), to = oldest_hour(set, to_newest);

    if (to - from >= RING_SIZE) {
        for (size_t i = 0; i < RING_SIZE; i++)
            if (set->ring[i].capacity && set->ring[i].hour < to)
                bucket_close(set, &set->ring[i]);
        return;
    }
    for (uint32_t hour = from; hour < to; hour++)
        if (bucket_at(set, hour)->capacity && bucket_at(set, hour)->hour == hour)
            bucket_close(set, bucket_at(set, hour));
}

static struct fingerprint to_fingerprint(const uint8_t bytes[static SLUICE_HASH_SIZE])
{
    struct fingerprint fingerprint;

    memcpy(&fingerprint, bytes, sizeof fingerprint);
    return fingerprint;
}

static bool is_empty(struct fingerprint fingerprint)
{
    return (fingerprint.word[0] | fingerprint.word[1]) == 0;
}

static bool is_equal(struct fingerprint a, struct fingerprint b)
{
    return a.word[0] == b.word[0] && a.word[1] == b.word[1];
}

enum deduplicate_answer deduplicate_prepare(struct deduplicate *set, uint8_t fingerprint[static SLUICE_HASH_SIZE],
                                            int64_t start_us, const uint8_t *identity, size_t identity_len)
{
    const uint32_t hour = (uint32_t)(start_us / DEDUPLICATE_BUCKET_US);
    struct bucket *bucket = bucket_at(set, hour);

    if (hour > set->newest_hour)
        set->newest_hour = hour;
    /* The window moves on at once; what left it is let go with the commit. */
    if (hour < oldest_hour(set, set->newest_hour))
        return DEDUPLICATE_BEYOND;
    if (bucket->capacity && bucket->hour != hour)
        bucket_close(set, bucket);          /* an hour that left the window and was not let go yet */
    if (!bucket->capacity && !bucket_open(set, bucket, hour))
        return DEDUPLICATE_MEMORY;

    sluice_hash(fingerprint, identity, identity_len, bucket->key);
    if (is_empty(to_fingerprint(fingerprint)))
        fingerprint[0] = 1;
    __builtin_prefetch(&bucket->slots[to_fingerprint(fingerprint).word[0] & (bucket->capacity - 1)], 1);
    return DEDUPLICATE_FIRST;
}

/* The slot that holds the fingerprint, or the empty one where it belongs. */
static uint32_t slot_of(const struct bucket *bucket, struct fingerprint fingerprint)
{
    const uint32_t mask = bucket->capacity - 1;
    uint32_t i = (uint32_t)fingerprint.word[0] & mask;

    while (!is_empty(bucket->slots[i]) && !is_equal(bucket->slots[i], fingerprint))
        i = (i + 1) & mask;
    return i;
}

static bool bucket_grow(struct deduplicate *set, struct bucket *bucket, uint32_t capacity)
{
    struct bucket larger = *bucket;

    larger.capacity = capacity;
    larger.slots = calloc(capacity, sizeof *larger.slots);
    if (!larger.slots)
        return false;
    for (uint32_t i = 0; i < bucket->capacity; i++)
        if (!is_empty(bucket->slots[i]))
            larger.slots[slot_of(&larger, bucket->slots[i])] = bucket->slots[i];
    set->octets += (uint64_t)(capacity - bucket->capacity) * sizeof *larger.slots;
    free(bucket->slots);
    *bucket = larger;
    return true;
}

static enum deduplicate_answer bucket_insert(struct deduplicate *set, struct bucket *bucket,
                                             struct fingerprint fingerprint)
{
    uint32_t i = slot_of(bucket, fingerprint);

    if (!is_empty(bucket->slots[i]))
        return DEDUPLICATE_AGAIN;
    /* Load at most 3/4: linear probing looks at two slots and a half on average. */
    if (bucket->count + 1 > bucket->capacity / 4 * 3) {
        if (!bucket_grow(set, bucket, bucket->capacity * 2))
            return DEDUPLICATE_MEMORY;
        i = slot_of(bucket, fingerprint);
    }
    bucket->slots[i] = fingerprint;
    bucket->count++;
    set->count++;
    return DEDUPLICATE_FIRST;
}

enum deduplicate_answer deduplicate_insert(struct deduplicate *set, int64_t start_us,
                                           const uint8_t bytes[static SLUICE_HASH_SIZE])
{
    const uint32_t hour = (uint32_t)(start_us / DEDUPLICATE_BUCKET_US);
    const struct fingerprint fingerprint = to_fingerprint(bytes);
    struct bucket *bucket = bucket_at(set, hour);

    assert(bucket->capacity && bucket->hour == hour);
    if (!room_for_one((void **)&set->inserted, &set->inserted_capacity, set->inserted_count,
                      sizeof *set->inserted))
        return DEDUPLICATE_MEMORY;

    const enum deduplicate_answer answer = bucket_insert(set, bucket, fingerprint);
    if (answer == DEDUPLICATE_FIRST)
        set->inserted[set->inserted_count++] = (struct insertion){ hour, fingerprint };
    return answer;
}

/* Backward shift: what probing pushed behind the hole moves into it. */
static void bucket_remove(struct deduplicate *set, struct bucket *bucket, struct fingerprint fingerprint)
{
    const uint32_t mask = bucket->capacity - 1;
    uint32_t hole = slot_of(bucket, fingerprint);

    assert(is_equal(bucket->slots[hole], fingerprint));
    for (uint32_t i = (hole + 1) & mask; !is_empty(bucket->slots[i]); i = (i + 1) & mask) {
        const uint32_t home = (uint32_t)bucket->slots[i].word[0] & mask;

        if (((i - home) & mask) >= ((i - hole) & mask)) {
            bucket->slots[hole] = bucket->slots[i];
            hole = i;
        }
    }
    bucket->slots[hole] = (struct fingerprint){ { 0, 0 } };
    bucket->count--;
    set->count--;
}

void deduplicate_remove(struct deduplicate *set, int64_t start_us,
                        const uint8_t bytes[static SLUICE_HASH_SIZE])
{
    const uint32_t hour = (uint32_t)(start_us / DEDUPLICATE_BUCKET_US);
    const struct fingerprint fingerprint = to_fingerprint(bytes);

    bucket_remove(set, bucket_at(set, hour), fingerprint);
    /* It is among the last ones: a batch is a small part of a commit. */
    for (size_t i = set->inserted_count; i-- > 0;) {
        if (set->inserted[i].hour == hour && is_equal(set->inserted[i].fingerprint, fingerprint)) {
            set->inserted[i] = set->inserted[--set->inserted_count];
            return;
        }
    }
    assert(false && "only what was inserted since the last commit is taken back");
}

const uint8_t *deduplicate_bucket_key(const struct deduplicate *set, int64_t start_us)
{
    const uint32_t hour = (uint32_t)(start_us / DEDUPLICATE_BUCKET_US);
    const struct bucket *bucket = bucket_at(set, hour);

    return bucket->capacity && bucket->hour == hour ? bucket->key : NULL;
}

uint64_t deduplicate_octets(const struct deduplicate *set)
{
    return set->octets;
}

uint64_t deduplicate_count(const struct deduplicate *set)
{
    return set->count;
}

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

static void changes(void *self, struct sluice_buffer *out)
{
    struct deduplicate *set = self;

    if (set->inserted_count == 0 && set->opened_count == 0 && set->newest_hour == set->newest_committed)
        return;
    sluice_buffer_append_u32(out, set->newest_hour);
    for (size_t i = 0; i < set->opened_count; i++)
        write_run(out, bucket_at(set, set->opened[i]), 0, true);

    /* Runs instead of an hour for each; undo does not care about the order. */
    qsort(set->inserted, set->inserted_count, sizeof *set->inserted, by_hour);
    for (size_t i = 0, end; i < set->inserted_count; i = end) {
        const uint32_t hour = set->inserted[i].hour;

        for (end = i; end < set->inserted_count && set->inserted[end].hour == hour; end++)
            ;
        write_run(out, bucket_at(set, hour), (uint32_t)(end - i), false);
        for (; i < end; i++)
            sluice_buffer_append(out, &set->inserted[i].fingerprint, sizeof set->inserted[i].fingerprint);
    }
}

static void committed(void *self)
{
    struct deduplicate *set = self;

    for (size_t i = 0; i < set->opened_count; i++)
        bucket_at(set, set->opened[i])->key_unsaved = false;
    if (set->newest_committed)
        close_old(set, set->newest_committed, set->newest_hour);
    set->newest_committed = set->newest_hour;
    set->inserted_count = 0;
    set->opened_count = 0;
}

static void undo(void *self)
{
    struct deduplicate *set = self;

    for (size_t i = set->inserted_count; i-- > 0;)
        bucket_remove(set, bucket_at(set, set->inserted[i].hour), set->inserted[i].fingerprint);
    for (size_t i = 0; i < set->opened_count; i++)
        bucket_close(set, bucket_at(set, set->opened[i]));
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
    struct bucket *bucket = bucket_at(set, hour);

    if (cursor->failed)
        return SLUICE_ERR_DAMAGED;
    if (hour < oldest_hour(set, set->newest_hour))
        return SLUICE_OK;
    if (bucket->capacity && bucket->hour != hour)
        bucket_close(set, bucket);
    if (!bucket->capacity) {
        if (!key)
            return SLUICE_ERR_DAMAGED;
        if (!bucket_alloc(set, bucket, hour))
            return SLUICE_ERR_MEMORY;
    }
    if (key)
        memcpy(bucket->key, key, sizeof bucket->key);

    const uint32_t capacity = capacity_for((uint64_t)bucket->count + count);
    if (capacity > bucket->capacity && !bucket_grow(set, bucket, capacity))
        return SLUICE_ERR_MEMORY;
    for (uint32_t i = 0; i < count; i++) {
        const struct fingerprint fingerprint = to_fingerprint(bytes + i * sizeof fingerprint);

        if (is_empty(fingerprint) || bucket_insert(set, bucket, fingerprint) != DEDUPLICATE_FIRST)
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
        close_old(set, set->newest_hour, newest);
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
            if (!is_empty(bucket->slots[i]))
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
                bucket_close(set, &set->ring[i]);
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
