/* A fleet with planted truth: made from a seed, and held against what came out. */
#ifndef GEN_GEN_H
#define GEN_GEN_H

#include <stdbool.h>
#include <stdint.h>
#include "gen/totals.h"
#include "gen/world.h"
#include "sluice/config.h"
#include "sluice/err.h"

#define GEN_SOURCE        "emnify"   /* the name of the input */
#define GEN_TRUTH_FILE    "truth/truth.json"
#define GEN_CANARIES_FILE "truth/canaries.txt"
#define GEN_INPUT_NAME    "part-%05llu.ndjson"

/* Called from time to time with how much is done, 0 to total. */
struct gen_progress {
    void (*tell)(void *self, const char *what, uint64_t done, uint64_t total);
    void *self;
};

/** Write the world into a new folder: input, registry, policies, keys,
 *  configuration and truth.
 *
 *  Out: totals  what must come out
 *       path    the file that could not be written, when an error is returned
 *  Returns SLUICE_ERR_EXISTS when the folder holds a fleet already, or an error of writing. */
SLUICE_MUST_CHECK
enum sluice_err gen_write(const struct world *world, const char *folder, const struct gen_progress *progress,
                          struct totals *totals, char path[static SLUICE_PATH_SIZE]);

/** The next round of the fleet in that folder: input beside what is left of the
 *  old, and clock and truth of the round in place of the old ones. The round
 *  before must have been run, as some of its lines come again.
 *
 *  Out: world, totals, path  as above
 *  Returns SLUICE_ERR_MISSING when there is no fleet, SLUICE_ERR_LIMIT behind the last
 *  round, or an error of writing. */
SLUICE_MUST_CHECK
enum sluice_err gen_next(struct world *world, const char *folder, const struct gen_progress *progress,
                         struct totals *totals, char path[static SLUICE_PATH_SIZE]);

/* What was found of one stream. */
struct gen_report {
    char stream[2 * SLUICE_NAME_MAX + 2];   /* TENANT/PURPOSE, or what is sealed */
    uint64_t expected, found;
    uint64_t lost;       /* expected, and not there */
    uint64_t doubled;    /* there more than once */
    uint64_t invented;   /* there, and of no record that may be */
    uint64_t wrong;      /* there, with something else in it than must be */
};

struct gen_listener {
    /** One stream is done. */
    void (*report)(void *self, const struct gen_report *report);
    /** One example of what is wrong: a sentence without identifiers. */
    void (*example)(void *self, const char *text);
    void *self;
};

/** Hold what a run made of the fleet in that folder against the truth.
 *  Out: clean     nothing lost, doubled, invented or wrong
 *       findings  what is wrong with its configuration, policies or state, on an error
 *  Returns an error when it could not be looked at, such as SLUICE_ERR_MISSING. */
SLUICE_MUST_CHECK
enum sluice_err gen_check(const char *folder, const struct gen_progress *progress,
                          const struct gen_listener *listener, struct sluice_findings *findings, bool *clean);

#endif
