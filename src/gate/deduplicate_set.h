/* The set as its two files know it: deduplicate.c looks up and inserts,
 * deduplicate_table.c logs, snapshots and restores. */
#ifndef GATE_DEDUPLICATE_SET_H
#define GATE_DEDUPLICATE_SET_H

#include "gate/deduplicate.h"

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
    struct bucket *displaced;       /* left the window and gave their place to another hour since */
    size_t displaced_count;
    size_t displaced_capacity;
};

struct bucket *deduplicate_bucket(const struct deduplicate *set, uint32_t hour);
/** Whether it is the bucket of that hour, and not of one that shares its place. */
bool deduplicate_bucket_holds(const struct bucket *bucket, uint32_t hour);
/** Room for the first fingerprints of an hour; its key is not set. */
bool deduplicate_bucket_alloc(struct deduplicate *set, struct bucket *bucket, uint32_t hour);
bool deduplicate_bucket_grow(struct deduplicate *set, struct bucket *bucket, uint32_t capacity);
enum deduplicate_answer deduplicate_bucket_insert(struct deduplicate *set, struct bucket *bucket,
                                                  struct fingerprint fingerprint);
void deduplicate_bucket_remove(struct deduplicate *set, struct bucket *bucket, struct fingerprint fingerprint);
/** Wipe its key with it. */
void deduplicate_bucket_close(struct deduplicate *set, struct bucket *bucket);

/** The first hour of the window that ends with newest. */
uint32_t deduplicate_oldest_hour(const struct deduplicate *set, uint32_t newest);
/** Let go of every hour that left the window. */
void deduplicate_close_old(struct deduplicate *set, uint32_t from_newest, uint32_t to_newest);

struct fingerprint deduplicate_fingerprint(const uint8_t bytes[static SLUICE_HASH_SIZE]);
bool deduplicate_is_empty(struct fingerprint fingerprint);

#endif
