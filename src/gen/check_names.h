/* Which pseudonym each subject and device has in each epoch of one stream,
 * and which were seen in any. */
#ifndef GEN_CHECK_NAMES_H
#define GEN_CHECK_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "sluice/crypto.h"

/* A pseudonym by who has it. key 0: free. */
struct check_name {
    uint64_t key;
    uint8_t pseudonym[SLUICE_PSEUDONYM_SIZE];
};

struct check_names {
    struct check_name *slots;
    size_t count, capacity;
};

void check_names_deinit(struct check_names *names);

/** The entry of key, zeroed but for it when it is new (*is_new); NULL when memory is
 *  exhausted. key is not 0. Valid until the next call. */
struct check_name *check_names_find(struct check_names *names, uint64_t key, bool *is_new);

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

#endif
