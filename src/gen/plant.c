#include "gen/plant.h"

#include "gen/dice.h"

enum topic { TOPIC_REPEATS = 300, TOPIC_PLANT, TOPIC_EARLIER };

#define NEAR_PER_MILLE 20 /* repeats a line shortly before */
#define FAR_PER_MILLE 10  /* repeats any line before */
#define NEAR_LINES 32
#define LAST_ROUND_PER_MILLE 8   /* came in the round before already */
#define OLD_ROUND_PER_MILLE 2    /* in the one before that */

static const struct {
    const char *name;
    uint32_t share;
    enum sluice_reason reason;
} plants[PLANT_COUNT] = {
#define X(name, share, reason) [PLANT_##name] = { #name, share, SLUICE_REASON_##reason },
    PLANT_MAP(X)
#undef X
};

#define X(name, share, reason) +(share)
enum { ALL_SHARES = 0 PLANT_MAP(X) };
#undef X

uint64_t plant_original(const struct world *world, uint64_t line)
{
    while (line >= PLANT_FIRST_LINE) {
        const uint64_t throw = dice_throw(world->traffic_seed, TOPIC_REPEATS, line);
        const uint32_t per_mille = dice_below(throw, 1000);

        if (per_mille < NEAR_PER_MILLE)
            line -= 1 + (throw &(NEAR_LINES - 1));
        else if (per_mille < NEAR_PER_MILLE + FAR_PER_MILLE)
            line = dice_mix(throw) % line;
        else
            return line;
    }
    return line;
}

bool plant_earlier(const struct world *world, uint64_t line, uint32_t *back, uint64_t *there)
{
    const uint64_t throw = dice_throw(world->traffic_seed, TOPIC_EARLIER, line);
    const uint32_t per_mille = dice_below(throw, 1000);

    *back = per_mille < OLD_ROUND_PER_MILLE ? 2 : 1;
    *there = dice_mix(throw) % world->records;
    return line >= PLANT_FIRST_LINE && world->round >= *back &&
           per_mille < OLD_ROUND_PER_MILLE + LAST_ROUND_PER_MILLE;
}

enum plant plant_of(const struct world *world, uint64_t line)
{
    uint32_t left = dice_below(dice_throw(world->traffic_seed, TOPIC_PLANT, line), 100000);

    if (line < PLANT_FIRST_LINE || left >= ALL_SHARES)
        return PLANT_NOTHING;
    for (int plant = 0; plant < PLANT_COUNT; plant++) {
        if (left < plants[plant].share)
            return (enum plant)plant;
        left -= plants[plant].share;
    }
    return PLANT_NOTHING;
}

enum sluice_reason plant_reason(enum plant plant)
{
    return plants[plant].reason;
}

const char *plant_name(enum plant plant)
{
    return plants[plant].name;
}

bool plant_is_malformed(enum plant plant)
{
    return plant >= PLANT_CUT_OFF;
}

bool plant_fits_events(enum plant plant)
{
    return plant == PLANT_NOTHING || plant == PLANT_LATE || plant == PLANT_EXTRAS || plant == PLANT_NULLS ||
           plant == PLANT_BEYOND || plant == PLANT_FUTURE;
}
