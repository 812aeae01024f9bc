/* Holding what came out against the truth: the parts that gen_check is made
 * of. Memory: 32 octets for each record that was let in, and 16 for each row
 * of the stream at hand. */
#ifndef GEN_CHECK_H
#define GEN_CHECK_H

#include <stdbool.h>
#include <stdint.h>
#include "gate/deduplicate.h"
#include "gen/gen.h"
#include "gen/truth.h"
#include "sluice/config.h"
#include "sluice/keyring.h"
#include "sluice/policy.h"
#include "sluice/vault.h"

#define CHECK_EXAMPLES_MAX 5   /* of one stream */

/* A record that passed deduplication, and what must have become of it. */
struct check_line {
    uint32_t line;
    uint32_t start_s;
    uint8_t tenant;
    bool suspended;
    uint8_t emitted;           /* bits by purpose of its tenant */
    uint8_t parked;
    uint8_t fingerprint[SLUICE_HASH_SIZE];
};

struct check {
    struct world world;
    const char *folder;
    struct sluice_config *config;
    struct sluice_keyring *keyring;
    struct sluice_vault *vault;
    struct deduplicate *deduplicate;
    struct sluice_policy *policies[DECLARED_TENANTS];
    uint8_t operator_secret[SLUICE_SECRET_KEY_SIZE];

    struct check_line *lines;
    size_t line_count, line_capacity;
    uint64_t *pseudonyms;      /* a set: the first halves of all that were seen in any stream */
    size_t pseudonym_count, pseudonym_capacity;

    const struct gen_progress *progress;
    struct gen_report *report; /* of the stream at hand */
    void (*example)(void *self, const char *text);
    void *example_self;
    unsigned examples;         /* told of the stream at hand */
};

/** Derive every line again and keep those that passed deduplication. */
enum sluice_err check_lines(struct check *check);
/** The fingerprint of a record; false when the bucket of its time was never opened. */
bool check_fingerprint(const struct check *check, uint8_t fingerprint[static SLUICE_HASH_SIZE],
                       const struct traffic_record *record);

/** One stream of rows. */
enum sluice_err check_stream(struct check *check, uint8_t tenant, uint8_t purpose);

/** What is sealed. */
enum sluice_err check_quarantine(struct check *check);
enum sluice_err check_park(struct check *check, uint8_t tenant);
enum sluice_err check_suspended(struct check *check, uint8_t tenant);

/** Say what is wrong with a record, by its number and place, never by what it names. */
void check_tell(struct check *check, uint64_t line, const char *format, const char *word);
void check_tell_stray(struct check *check, const char *text);

/** Remember a pseudonym; false when another subject, purpose or epoch had it, or memory is out (*err). */
bool check_pseudonym_is_new(struct check *check, const uint8_t pseudonym[static SLUICE_PSEUDONYM_SIZE],
                            enum sluice_err *err);

#endif
