/* One generated world: everything about it follows from these numbers. */
#ifndef GEN_WORLD_H
#define GEN_WORLD_H

#include <stdint.h>

#define WORLD_SIMS_MAX     UINT64_C(100000000)    /* what the identifiers' digits can tell apart */
#define WORLD_RECORDS_MAX  UINT64_C(4000000000)   /* what a 32-bit record number can tell apart */
#define WORLD_FILE_RECORDS 250000                 /* lines of one input file */

#define WORLD_HOUR_US   INT64_C(3600000000)
#define WORLD_DAY_US    (24 * WORLD_HOUR_US)
#define WORLD_TRAFFIC_US (3 * WORLD_DAY_US)       /* what is on time lies this far before the clock */
/* From round to round: all that a round emitted is due when the next one
 * starts, and deduplication (90 days) still knows what was on time in it. */
#define WORLD_ROUND_US   (80 * WORLD_DAY_US)
#define WORLD_ROUNDS_MAX 250                      /* they end before 32 bits of seconds do, in 2106 */

/* How devices behave; a SIM's class is its place in the fleet. */
enum world_class { WORLD_METER, WORLD_TRACKER, WORLD_CAMERA, WORLD_ALARM, WORLD_CLASSES };

struct world {
    uint64_t seed;                           /* of the fleet */
    uint64_t sims;
    uint64_t records;                        /* of each round */
    uint32_t round;
    uint64_t traffic_seed;                   /* of the round's lines; that of round 0 is seed */
    int64_t fleet_us;                        /* the clock of round 0: the fleet stays what it was then */
    int64_t clock_us;                        /* when the pipeline starts */
    uint64_t class_first[WORLD_CLASSES];     /* SIM of each class */
    uint64_t class_size[WORLD_CLASSES];      /* never 0: small fleets share SIMs among classes */
};

/** The clock is 12:20 UTC of a day from 2026 to 2028 that the seed picks: so
 *  hours and days, at which deadlines fall, are never close. */
void world_init(struct world *world, uint64_t seed, uint64_t sims, uint64_t records);

/** The same fleet with other traffic, that much later. */
void world_set_round(struct world *world, uint32_t round);

/** The number of the input file that a line of this round stands in: files are numbered on over the rounds. */
uint64_t world_file(const struct world *world, uint64_t line);

#endif
