#include "deduplicate/deduplicate_set.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

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
    fingerprint_folder_init(&set->folder);
    return set;
}

void deduplicate_bucket_clear(struct deduplicate *set, struct bucket *bucket)
{
    set->octets -= fingerprints_octets(&bucket->memory);
    set->count -= bucket->memory.count;
    fingerprints_free(&bucket->memory);
}

void deduplicate_bucket_close(struct deduplicate *set, struct bucket *bucket)
{
    deduplicate_cold_close(set, bucket);
    deduplicate_bucket_clear(set, bucket);
    sluice_wipe(bucket, sizeof *bucket);
}

void deduplicate_free(struct deduplicate *set)
{
    if (!set)
        return;
    for (size_t i = 0; i < RING_SIZE; i++)
        if (set->ring[i].used)
            deduplicate_bucket_close(set, &set->ring[i]);
    for (size_t i = 0; i < set->displaced_count; i++)
        deduplicate_bucket_close(set, &set->displaced[i]);
    deduplicate_folder_close(set);
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

bool deduplicate_bucket_reserve(struct deduplicate *set, struct bucket *bucket, uint64_t count)
{
    const uint64_t before = fingerprints_octets(&bucket->memory);

    if (!fingerprints_reserve(&bucket->memory, count))
        return false;
    set->octets += fingerprints_octets(&bucket->memory) - before;
    return true;
}

bool deduplicate_room(void **list, size_t *capacity, size_t count, size_t item_size)
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

/* An abort brings the window back, and with it the hour that another took the place of. */
static bool bucket_displace(struct deduplicate *set, struct bucket *bucket)
{
    if (!deduplicate_room((void **)&set->displaced, &set->displaced_capacity, set->displaced_count,
                          sizeof *set->displaced))
        return false;
    set->displaced[set->displaced_count++] = *bucket;
    sluice_wipe(bucket, sizeof *bucket);
    return true;
}

static bool bucket_open(struct deduplicate *set, struct bucket *bucket, uint32_t hour)
{
    if (!deduplicate_room((void **)&set->opened, &set->opened_capacity, set->opened_count, sizeof *set->opened))
        return false;
    *bucket = (struct bucket){ .hour = hour, .used = true, .key_unsaved = true };
    sluice_random(bucket->key, sizeof bucket->key);
    set->opened[set->opened_count++] = hour;
    return true;
}

/* As much traffic as in the hour before is likely: then nothing has to grow in a hurry. */
static uint64_t expected_count(const struct deduplicate *set, uint32_t hour)
{
    const struct bucket *before = deduplicate_bucket(set, hour - 1);

    return hour == set->newest_hour && deduplicate_bucket_holds(before, hour - 1) ? before->memory.count : 1;
}

/* The bucket of an hour that has none yet, or has nothing of its own in memory. */
static bool bucket_prepare(struct deduplicate *set, struct bucket *bucket, uint32_t hour)
{
    if (bucket->used && bucket->hour != hour && !bucket_displace(set, bucket))
        return false;
    if (!bucket->used && !bucket_open(set, bucket, hour))
        return false;
    return deduplicate_bucket_reserve(set, bucket, expected_count(set, hour));
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
            if (set->ring[i].used && set->ring[i].hour < to)
                deduplicate_bucket_close(set, &set->ring[i]);
        return;
    }
    for (uint32_t hour = from; hour < to; hour++)
        if (deduplicate_bucket_holds(deduplicate_bucket(set, hour), hour))
            deduplicate_bucket_close(set, deduplicate_bucket(set, hour));
}

static enum deduplicate_answer failed(struct deduplicate *set, enum sluice_err err)
{
    set->err = err;
    return DEDUPLICATE_FAILED;
}

enum sluice_err deduplicate_err(const struct deduplicate *set)
{
    return set->err;
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
    if ((!deduplicate_bucket_holds(bucket, hour) || !bucket->memory.capacity) && !bucket_prepare(set, bucket, hour))
        return failed(set, SLUICE_ERR_MEMORY);

    sluice_hash(fingerprint, identity, identity_len, bucket->key);
    if (fingerprint_is_none(fingerprint_of(fingerprint)))
        fingerprint[0] = 1;
    return DEDUPLICATE_FIRST;
}

void deduplicate_prefetch(const struct deduplicate *set, int64_t start_us,
                          const uint8_t fingerprint[static SLUICE_HASH_SIZE])
{
    const struct fingerprints *memory = &deduplicate_bucket(set, (uint32_t)(start_us / DEDUPLICATE_BUCKET_US))->memory;

    if (memory->capacity)
        __builtin_prefetch(&memory->slots[fingerprints_place(memory, fingerprint_of(fingerprint))], 1);
}

enum deduplicate_answer deduplicate_bucket_insert(struct deduplicate *set, struct bucket *bucket,
                                                  struct fingerprint fingerprint)
{
    const uint32_t capacity = bucket->memory.capacity;

    switch (fingerprints_insert(&bucket->memory, fingerprint)) {
    case FINGERPRINTS_KNOWN:
        return DEDUPLICATE_AGAIN;
    case FINGERPRINTS_MEMORY:
        return failed(set, SLUICE_ERR_MEMORY);
    default:
        set->octets += (uint64_t)(bucket->memory.capacity - capacity) * sizeof fingerprint;
        set->count++;
        return DEDUPLICATE_FIRST;
    }
}

void deduplicate_bucket_remove(struct deduplicate *set, struct bucket *bucket, struct fingerprint fingerprint)
{
    fingerprints_remove(&bucket->memory, fingerprint);
    set->count--;
}

enum deduplicate_answer deduplicate_insert(struct deduplicate *set, int64_t start_us,
                                           const uint8_t bytes[static SLUICE_HASH_SIZE])
{
    const uint32_t hour = (uint32_t)(start_us / DEDUPLICATE_BUCKET_US);
    const struct fingerprint fingerprint = fingerprint_of(bytes);
    struct bucket *bucket = deduplicate_bucket(set, hour);
    bool is_cold = false;

    /* It was prepared, and then a record of the same batch moved the window past it. */
    if (!deduplicate_bucket_holds(bucket, hour))
        return DEDUPLICATE_BEYOND;
    if (!deduplicate_room((void **)&set->inserted, &set->inserted_capacity, set->inserted_count,
                          sizeof *set->inserted))
        return failed(set, SLUICE_ERR_MEMORY);
    if (bucket->file.number || set->freezing_count) {
        const enum sluice_err err = deduplicate_cold_holds(&is_cold, set, bucket, fingerprint);
        if (err)
            return failed(set, err);
    }
    if (is_cold)
        return DEDUPLICATE_AGAIN;

    const enum deduplicate_answer answer = deduplicate_bucket_insert(set, bucket, fingerprint);
    if (answer == DEDUPLICATE_FIRST)
        set->inserted[set->inserted_count++] = (struct insertion){ hour, fingerprint };
    return answer;
}

void deduplicate_remove(struct deduplicate *set, int64_t start_us,
                        const uint8_t bytes[static SLUICE_HASH_SIZE])
{
    const uint32_t hour = (uint32_t)(start_us / DEDUPLICATE_BUCKET_US);
    const struct fingerprint fingerprint = fingerprint_of(bytes);

    deduplicate_bucket_remove(set, deduplicate_bucket(set, hour), fingerprint);
    /* It is among the last ones: a batch is a small part of a commit. */
    for (size_t i = set->inserted_count; i-- > 0;) {
        if (set->inserted[i].hour == hour && fingerprint_is_equal(set->inserted[i].fingerprint, fingerprint)) {
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

uint64_t deduplicate_cold_count(const struct deduplicate *set)
{
    return set->cold_count;
}
