/* Holding what came out against the truth: the parts that gen_check is made
 * of. Memory: 28 octets for each record that passed deduplication; for the
 * stream at hand 11 to 21 for each of its rows and 32 to 64 for each of its
 * pseudonyms, of which 11 to 21 stay until the end. */
#ifndef GEN_CHECK_H
#define GEN_CHECK_H

#include <stdbool.h>
#include <stdint.h>
#include "deduplicate/deduplicate.h"
#include "gen/check_names.h"
#include "gen/gen.h"
#include "gen/truth.h"
#include "sluice/config.h"
#include "sluice/keyring.h"
#include "sluice/policy.h"
#include "sluice/vault.h"

#define CHECK_EXAMPLES_MAX 5   /* of one stream */
#define CHECK_NO_LINE      UINT32_MAX

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
    const struct gen_progress *progress;
    const struct gen_listener *listener;

    struct sluice_config *config;
    struct sluice_keyring *keyring;
    struct sluice_vault *vault;
    struct deduplicate *deduplicate;
    struct sluice_policy *policies[DECLARED_TENANTS];
    uint8_t operator_secret[SLUICE_SECRET_KEY_SIZE];

    struct check_line *lines;
    size_t line_count;
    uint64_t quarantined;      /* lines */
    struct check_seen seen;    /* in all streams so far */

    struct gen_report report;  /* of the stream at hand */
    unsigned examples;         /* told of it */
    bool clean;                /* so far */
};

/** Derive every line again and keep those that passed deduplication. */
SLUICE_MUST_CHECK
enum sluice_err check_lines(struct check *check);
/** The fingerprint of a record; false when the bucket of its time was never opened. */
bool check_fingerprint(const struct check *check, uint8_t fingerprint[static SLUICE_HASH_SIZE],
                       const struct traffic_record *record);

/** Rows of one stream. secrets go along from stream to stream of the tenant. */
SLUICE_MUST_CHECK
enum sluice_err check_stream(struct check *check, struct check_names *secrets, uint8_t tenant, uint8_t purpose);

/* What is sealed. */
SLUICE_MUST_CHECK
enum sluice_err check_quarantine(struct check *check);
SLUICE_MUST_CHECK
enum sluice_err check_park(struct check *check, uint8_t tenant);
SLUICE_MUST_CHECK
enum sluice_err check_suspended(struct check *check, uint8_t tenant);

/** Streams that nobody declared. */
SLUICE_MUST_CHECK
enum sluice_err check_stray(struct check *check);

/** A stream to read; one that has no files is empty. */
struct sluice_stream_reader;
SLUICE_MUST_CHECK
enum sluice_err check_open(struct check *check, struct sluice_stream_reader **reader, const char *tenant,
                           const char *stream);

/** Begin and end the report of a stream. */
void check_begin(struct check *check, const char *tenant, const char *stream);
void check_end(struct check *check);

/** One example, by the record's number and place, never by what it names;
 *  CHECK_NO_LINE: of no record. */
__attribute__((format(printf, 3, 4)))
void check_tell(struct check *check, uint32_t line, const char *format, ...);

#endif
