/* The set of records that came before, exact over a window of record time.
 *
 * A duplicate bears the same record time, so the set is kept per hour of it:
 * a bucket of 128-bit fingerprints (siphashx24) under a random key of its own.
 * Fingerprints of two hours cannot be compared, and when an hour leaves the
 * window its key and its fingerprints go as a whole. The window ends at the
 * newest record time that was let in, not at the clock: an idle system forgets
 * nothing, and no jump of the clock moves it.
 *
 * Hours within a day of the newest are hot: in memory, some 21 to 32 octets a
 * fingerprint. Older ones of some size are cold: sorted in a file each, 16
 * octets a fingerprint and 1.5 of a filter, which is read into memory when the
 * first late record asks for that hour. What comes late is kept in memory
 * beside the file until it is worth writing the file anew. A change of files is
 * a change of the table like any other: a file is durable before the commit
 * that names it, and what no commit names is deleted at the next start. */
#ifndef DEDUPLICATE_DEDUPLICATE_H
#define DEDUPLICATE_DEDUPLICATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "sluice/crypto.h"
#include "sluice/policy.h"
#include "sluice/record.h"
#include "sluice/state.h"

#define DEDUPLICATE_BUCKET_US (3600 * INT64_C(1000000))
#define DEDUPLICATE_IDENTITY_MAX 768   /* bytes that name a record */

struct deduplicate;

enum deduplicate_answer {
    DEDUPLICATE_FIRST,
    DEDUPLICATE_AGAIN,
    DEDUPLICATE_BEYOND,   /* older than the window */
    DEDUPLICATE_FAILED,   /* deduplicate_err says why */
};

/** NULL when memory is exhausted. */
struct deduplicate *deduplicate_new(int64_t window_s);
void deduplicate_free(struct deduplicate *set);

/** The bytes that name a record: tenant, source, whether it is signalling, and
 *  its id; without an id everything that a retransmission repeats.
 *  Returns how many of out were written. */
size_t deduplicate_identity(uint8_t out[static DEDUPLICATE_IDENTITY_MAX], const struct sluice_record *record);

/** The fingerprint of a record that starts at start_us. Makes the bucket's key
 *  when it is the first of its hour.
 *  Returns DEDUPLICATE_FIRST (not looked up yet), _BEYOND or _FAILED. */
enum deduplicate_answer deduplicate_prepare(struct deduplicate *set, uint8_t fingerprint[static SLUICE_HASH_SIZE],
                                            int64_t start_us, const uint8_t *identity, size_t identity_len);
/** Tell the cache where it will be looked for. */
void deduplicate_prefetch(const struct deduplicate *set, int64_t start_us,
                          const uint8_t fingerprint[static SLUICE_HASH_SIZE]);
/** Look up and insert what was prepared. DEDUPLICATE_BEYOND when the window moved past it since. */
enum deduplicate_answer deduplicate_insert(struct deduplicate *set, int64_t start_us,
                                           const uint8_t fingerprint[static SLUICE_HASH_SIZE]);
/** Take one back that was inserted since the last commit: the record left the flow for a person to decide. */
void deduplicate_remove(struct deduplicate *set, int64_t start_us,
                        const uint8_t fingerprint[static SLUICE_HASH_SIZE]);

/** The key of the bucket that start_us falls into; NULL when there is none. For gen --check. */
const uint8_t *deduplicate_bucket_key(const struct deduplicate *set, int64_t start_us);

/** Why the last call answered DEDUPLICATE_FAILED. */
enum sluice_err deduplicate_err(const struct deduplicate *set);
/** Name the file and the hour whose damage stopped a look-up; nothing where none did. */
void deduplicate_explain(const struct deduplicate *set, struct sluice_findings *findings);

/** The state folder, once the table is restored: from now on hours go cold.
 *  Deletes files that the state does not speak of.
 *  Returns SLUICE_ERR_DAMAGED with a finding where one is missing or cut. */
SLUICE_MUST_CHECK
enum sluice_err deduplicate_open_folder(struct deduplicate *set, struct sluice_findings *findings, const char *state);
/** A bounded piece of writing cold hours out. Between commits only. A failure
 *  loses nothing and may be tried again. */
SLUICE_MUST_CHECK
enum sluice_err deduplicate_freeze(struct deduplicate *set);
/** Whether an hour is on its way to disk: further pieces and a commit are needed. */
bool deduplicate_is_freezing(const struct deduplicate *set);

/** Octets of memory, and fingerprints: all, and those that are in files. */
uint64_t deduplicate_octets(const struct deduplicate *set);
uint64_t deduplicate_count(const struct deduplicate *set);
uint64_t deduplicate_cold_count(const struct deduplicate *set);

/** Table id 2. */
struct sluice_state_table deduplicate_table(struct deduplicate *set);

#endif
