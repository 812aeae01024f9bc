#include "gen/world.h"

#include <assert.h>

#include "gen/dice.h"
#include "sluice/clock.h"

enum topic { TOPIC_CLOCK = 1, TOPIC_ROUND };

static const uint32_t class_per_mille[WORLD_CLASSES] = {
    [WORLD_METER] = 600,
    [WORLD_TRACKER] = 250,
    [WORLD_CAMERA] = 50,
    [WORLD_ALARM] = 100,
};

static int64_t clock_of(uint64_t seed)
{
    const int64_t first_day = sluice_days_from_civil(2026, 3, 1);

    return (first_day + dice_below(dice_throw(seed, TOPIC_CLOCK, 0), 900)) * WORLD_DAY_US + 12 * WORLD_HOUR_US +
           WORLD_HOUR_US / 3;
}

void world_init(struct world *world, uint64_t seed, uint64_t sims, uint64_t records)
{
    uint64_t first = 0;

    assert(sims > 0 && sims <= WORLD_SIMS_MAX && records <= WORLD_RECORDS_MAX);
    *world = (struct world){ .seed = seed, .sims = sims, .records = records, .fleet_us = clock_of(seed) };
    world_set_round(world, 0);
    for (int class = 0; class < WORLD_CLASSES; class ++) {
        world->class_first[class] = first;
        world->class_size[class] = sims * class_per_mille[class] / 1000;
        first += world->class_size[class];
        if (world->class_size[class] == 0) {
            world->class_first[class] = 0;
            world->class_size[class] = sims;
        }
    }
    /* What rounding left over is not a class of its own. */
    if (world->class_size[WORLD_ALARM] < sims)
        world->class_size[WORLD_ALARM] = sims - world->class_first[WORLD_ALARM];
}

void world_set_round(struct world *world, uint32_t round)
{
    assert(round <= WORLD_ROUNDS_MAX);
    world->round = round;
    world->clock_us = world->fleet_us + round * WORLD_ROUND_US;
    world->traffic_seed = round ? dice_throw(world->seed, TOPIC_ROUND, round) : world->seed;
}

uint64_t world_file(const struct world *world, uint64_t line)
{
    const uint64_t files = (world->records + WORLD_FILE_RECORDS - 1) / WORLD_FILE_RECORDS;

    return world->round * files + line / WORLD_FILE_RECORDS;
}
