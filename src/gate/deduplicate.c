#include "gate/deduplicate_set.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sluice/pages.h"

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

void deduplicate_bucket_close(struct deduplicate *set, struct bucket *bucket)
{
    set->octets -= (uint64_t)bucket->capacity * sizeof *bucket->slots;
    set->count -= bucket->count;
    sluice_pages_free(bucket->slots, (size_t)bucket->capacity * sizeof *bucket->slots);
    sluice_wipe(bucket, sizeof *bucket);
}

void deduplicate_free(struct deduplicate *set)
{
    if (!set)
        return;
    for (size_t i = 0; i < RING_SIZE; i++)
        if (set->ring[i].capacity)
            deduplicate_bucket_close(set, &set->ring[i]);
    for (size_t i = 0; i < set->displaced_count; i++)
        deduplicate_bucket_close(set, &set->displaced[i]);
    free(set->ring);
    free(set->inserted);
    free(set->opened);
    free(set->displaced);
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
        at = put(at, record->eid.digits, record->eid.digit_count);
        at = put_str(at, record->destination);
    }
    assert(at <= out + DEDUPLICATE_IDENTITY_MAX);
    return (size_t)(at - out);
}

struct bucket *deduplicate_bucket(const struct deduplicate *set, uint32_t hour)
{
    return &set->ring[hour & RING_MASK];
}

bool deduplicate_bucket_alloc(struct deduplicate *set, struct bucket *bucket, uint32_t hour)
{
    bucket->slots = sluice_pages_alloc(SLOTS_FIRST * sizeof *bucket->slots);
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
        !deduplicate_bucket_alloc(set, bucket, hour))
        return false;
    sluice_random(bucket->key, sizeof bucket->key);
    bucket->key_unsaved = true;
    set->opened[set->opened_count++] = hour;
    return true;
}

bool deduplicate_bucket_holds(const struct bucket *bucket, uint32_t hour)
{
    return bucket->capacity && bucket->hour == hour;
}

/* An abort brings the window back, and with it the hour that another took the place of. */
static bool bucket_displace(struct deduplicate *set, struct bucket *bucket)
{
    if (!room_for_one((void **)&set->displaced, &set->displaced_capacity, set->displaced_count,
                      sizeof *set->displaced))
        return false;
    set->displaced[set->displaced_count++] = *bucket;
    sluice_wipe(bucket, sizeof *bucket);
    return true;
}

uint32_t deduplicate_oldest_hour(const struct deduplicate *set, uint32_t newest)
{
    return newest > set->window_hours ? newest - (uint32_t)set->window_hours : 0;
}

/* Let go of every hour that left the window. */
void deduplicate_close_old(struct deduplicate *set, uint32_t from_newest, uint32_t to_newest)
{
    const uint32_t from = deduplicate_oldest_hour(set, from_newest), to = deduplicate_oldest_hour(set, to_newest);

    if (to - from >= RING_SIZE) {
        for (size_t i = 0; i < RING_SIZE; i++)
            if (set->ring[i].capacity && set->ring[i].hour < to)
                deduplicate_bucket_close(set, &set->ring[i]);
        return;
    }
    for (uint32_t hour = from; hour < to; hour++)
        if (deduplicate_bucket_holds(deduplicate_bucket(set, hour), hour))
            deduplicate_bucket_close(set, deduplicate_bucket(set, hour));
}

struct fingerprint deduplicate_fingerprint(const uint8_t bytes[static SLUICE_HASH_SIZE])
{
    struct fingerprint fingerprint;

    memcpy(&fingerprint, bytes, sizeof fingerprint);
    return fingerprint;
}

bool deduplicate_is_empty(struct fingerprint fingerprint)
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
    struct bucket *bucket = deduplicate_bucket(set, hour);

    if (hour > set->newest_hour)
        set->newest_hour = hour;
    /* The window moves on at once; what left it is let go with the commit. */
    if (hour < deduplicate_oldest_hour(set, set->newest_hour))
        return DEDUPLICATE_BEYOND;
    if (bucket->capacity && bucket->hour != hour && !bucket_displace(set, bucket))
        return DEDUPLICATE_MEMORY;
    if (!bucket->capacity && !bucket_open(set, bucket, hour))
        return DEDUPLICATE_MEMORY;

    sluice_hash(fingerprint, identity, identity_len, bucket->key);
    if (deduplicate_is_empty(deduplicate_fingerprint(fingerprint)))
        fingerprint[0] = 1;
    __builtin_prefetch(&bucket->slots[deduplicate_fingerprint(fingerprint).word[0] & (bucket->capacity - 1)], 1);
    return DEDUPLICATE_FIRST;
}

/* The slot that holds the fingerprint, or the empty one where it belongs. */
static uint32_t slot_of(const struct bucket *bucket, struct fingerprint fingerprint)
{
    const uint32_t mask = bucket->capacity - 1;
    uint32_t i = (uint32_t)fingerprint.word[0] & mask;

    while (!deduplicate_is_empty(bucket->slots[i]) && !is_equal(bucket->slots[i], fingerprint))
        i = (i + 1) & mask;
    return i;
}

bool deduplicate_bucket_grow(struct deduplicate *set, struct bucket *bucket, uint32_t capacity)
{
    struct bucket larger = *bucket;

    larger.capacity = capacity;
    larger.slots = sluice_pages_alloc((size_t)capacity * sizeof *larger.slots);
    if (!larger.slots)
        return false;
    for (uint32_t i = 0; i < bucket->capacity; i++)
        if (!deduplicate_is_empty(bucket->slots[i]))
            larger.slots[slot_of(&larger, bucket->slots[i])] = bucket->slots[i];
    set->octets += (uint64_t)(capacity - bucket->capacity) * sizeof *larger.slots;
    sluice_pages_free(bucket->slots, (size_t)bucket->capacity * sizeof *bucket->slots);
    *bucket = larger;
    return true;
}

enum deduplicate_answer deduplicate_bucket_insert(struct deduplicate *set, struct bucket *bucket,
                                             struct fingerprint fingerprint)
{
    uint32_t i = slot_of(bucket, fingerprint);

    if (!deduplicate_is_empty(bucket->slots[i]))
        return DEDUPLICATE_AGAIN;
    /* Load at most 3/4: linear probing looks at two slots and a half on average. */
    if (bucket->count + 1 > bucket->capacity / 4 * 3) {
        if (!deduplicate_bucket_grow(set, bucket, bucket->capacity * 2))
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
    const struct fingerprint fingerprint = deduplicate_fingerprint(bytes);
    struct bucket *bucket = deduplicate_bucket(set, hour);

    /* It was prepared, and then a record of the same batch moved the window past it. */
    if (!deduplicate_bucket_holds(bucket, hour))
        return DEDUPLICATE_BEYOND;
    if (!room_for_one((void **)&set->inserted, &set->inserted_capacity, set->inserted_count,
                      sizeof *set->inserted))
        return DEDUPLICATE_MEMORY;

    const enum deduplicate_answer answer = deduplicate_bucket_insert(set, bucket, fingerprint);
    if (answer == DEDUPLICATE_FIRST)
        set->inserted[set->inserted_count++] = (struct insertion){ hour, fingerprint };
    return answer;
}

/* Backward shift: what probing pushed behind the hole moves into it. */
void deduplicate_bucket_remove(struct deduplicate *set, struct bucket *bucket, struct fingerprint fingerprint)
{
    const uint32_t mask = bucket->capacity - 1;
    uint32_t hole = slot_of(bucket, fingerprint);

    assert(is_equal(bucket->slots[hole], fingerprint));
    for (uint32_t i = (hole + 1) & mask; !deduplicate_is_empty(bucket->slots[i]); i = (i + 1) & mask) {
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
    const struct fingerprint fingerprint = deduplicate_fingerprint(bytes);

    deduplicate_bucket_remove(set, deduplicate_bucket(set, hour), fingerprint);
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
    const struct bucket *bucket = deduplicate_bucket(set, hour);

    return deduplicate_bucket_holds(bucket, hour) ? bucket->key : NULL;
}

uint64_t deduplicate_octets(const struct deduplicate *set)
{
    return set->octets;
}

uint64_t deduplicate_count(const struct deduplicate *set)
{
    return set->count;
}
