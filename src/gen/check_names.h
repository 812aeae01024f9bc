/* Which pseudonym each subject and device has in each epoch of one stream,
 * which secrets it is made from, and which pseudonyms were seen in any stream. */
#ifndef GEN_CHECK_NAMES_H
#define GEN_CHECK_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "sluice/crypto.h"

/* A value of fixed size by key, which is not 0. */
struct check_names {
    size_t value_size;   /* set before the first use; a multiple of 8 */
    uint64_t *slots;     /* each a key and its value; key 0: free */
    size_t count, capacity;
};

/** What it held may be secret: it is wiped. */
void check_names_deinit(struct check_names *names);

/** The value of key, zeroed when it is new (*is_new); NULL when memory is exhausted.
 *  Valid until the next call. */
uint8_t *check_names_find(struct check_names *names, uint64_t key, bool *is_new);
/** A hint to the cache. */
void check_names_ahead(const struct check_names *names, uint64_t key);

/* The secrets of one subject or device for each purpose of its tenant. */
#define CHECK_SECRETS_MAX  6
#define CHECK_SECRETS_SIZE (CHECK_SECRETS_MAX * SLUICE_SECRET_SIZE)

/* First halves of all pseudonyms of all streams: a value that two streams, two
 * epochs or two subjects share is found here (or by chance, once in 10^5 runs
 * of ten million). */
struct check_seen {
    uint64_t *slots;
    size_t count, capacity;
};

void check_seen_deinit(struct check_seen *seen);

enum check_seen_answer { CHECK_SEEN_FIRST, CHECK_SEEN_BEFORE, CHECK_SEEN_MEMORY };
enum check_seen_answer check_seen_add(struct check_seen *seen,
                                      const uint8_t pseudonym[static SLUICE_PSEUDONYM_SIZE]);
/** A hint to the cache. */
void check_seen_ahead(const struct check_seen *seen, const uint8_t pseudonym[static SLUICE_PSEUDONYM_SIZE]);

#endif
