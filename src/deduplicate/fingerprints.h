/* A set of fingerprints in memory: open addressing with linear probing, where
 * a fingerprint's place is told by its first bits. So the slots are in order
 * but for short runs: growing, writing out sorted and taking pieces all go
 * through memory from front to back. */
#ifndef DEDUPLICATE_FINGERPRINTS_H
#define DEDUPLICATE_FINGERPRINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "sluice/buffer.h"
#include "sluice/crypto.h"

#define FINGERPRINTS_FIRST 64            /* slots that a set begins with */
#define FINGERPRINTS_END   (UINT64_C(1) << 32)

struct fingerprint { uint64_t word[2]; };   /* both zero: none */

struct fingerprints {
    struct fingerprint *slots;
    uint32_t count;
    uint32_t capacity;   /* 0: no room yet */
};

static inline struct fingerprint fingerprint_of(const uint8_t bytes[static SLUICE_HASH_SIZE])
{
    struct fingerprint fingerprint;

    memcpy(&fingerprint, bytes, sizeof fingerprint);
    return fingerprint;
}

static inline bool fingerprint_is_none(struct fingerprint a)
{
    return (a.word[0] | a.word[1]) == 0;
}

static inline bool fingerprint_is_equal(struct fingerprint a, struct fingerprint b)
{
    return a.word[0] == b.word[0] && a.word[1] == b.word[1];
}

static inline int fingerprint_compare(struct fingerprint a, struct fingerprint b)
{
    if (a.word[0] != b.word[0])
        return a.word[0] < b.word[0] ? -1 : 1;
    return (a.word[1] > b.word[1]) - (a.word[1] < b.word[1]);
}

/* The place where the search for it begins. */
static inline uint32_t fingerprints_place(const struct fingerprints *set, struct fingerprint fingerprint)
{
    return (uint32_t)((fingerprint.word[0] >> 32) * set->capacity >> 32);
}

/** False when memory is exhausted; then the set is as it was. */
bool fingerprints_reserve(struct fingerprints *set, uint64_t count);
void fingerprints_free(struct fingerprints *set);
/** Octets of memory. */
uint64_t fingerprints_octets(const struct fingerprints *set);

bool fingerprints_hold(const struct fingerprints *set, struct fingerprint fingerprint);

enum fingerprints_answer { FINGERPRINTS_NEW, FINGERPRINTS_KNOWN, FINGERPRINTS_MEMORY };
/** Look up and insert; the set must have been reserved. */
enum fingerprints_answer fingerprints_insert(struct fingerprints *set, struct fingerprint fingerprint);
/** It must be there. */
void fingerprints_remove(struct fingerprints *set, struct fingerprint fingerprint);

/** The first 32 bits of a fingerprint: what pieces are told by, whatever the capacity is. */
static inline uint64_t fingerprint_prefix(struct fingerprint fingerprint)
{
    return fingerprint.word[0] >> 32;
}
/** Where a piece of about that many slots ends that begins with a prefix: at most FINGERPRINTS_END. */
uint64_t fingerprints_piece(uint64_t capacity, uint64_t from, uint64_t slots);
/** Append those with a prefix in [from, to), nearly sorted. */
void fingerprints_append(const struct fingerprints *set, struct sluice_buffer *out, uint64_t from, uint64_t to);
/** Sort what was appended. */
void fingerprints_sort(struct fingerprint list[], size_t count);

#endif
