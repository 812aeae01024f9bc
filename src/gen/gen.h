/* A fleet with planted truth: made from a seed, and held against what came out. */
#ifndef GEN_GEN_H
#define GEN_GEN_H

#include <stdbool.h>
#include <stdint.h>
#include "gen/totals.h"
#include "gen/world.h"
#include "sluice/config.h"
#include "sluice/err.h"

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

#endif
