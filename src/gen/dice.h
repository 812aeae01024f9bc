/* Counter-based randomness: a value is a function of seed, purpose and
 * number, so that record n or SIM i can be derived alone, in any order and by
 * anybody, without a table. Source: the finaliser of splitmix64 (Steele, Lea
 * and Flood 2014). Not for secrets. */
#ifndef GEN_DICE_H
#define GEN_DICE_H

#include <stdbool.h>
#include <stdint.h>

static inline uint64_t dice_mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* One throw: topic keeps the values of different questions about n apart. */
static inline uint64_t dice_throw(uint64_t seed, uint64_t topic, uint64_t n)
{
    return dice_mix(dice_mix(seed + topic * UINT64_C(0xd1342543de82ef95)) + n * UINT64_C(0x9e3779b97f4a7c15));
}

/* 0 .. bound - 1; the bias of the high half is below bound / 2^32. */
static inline uint32_t dice_below(uint64_t throw, uint32_t bound)
{
    return (uint32_t)(((throw >> 32) * bound) >> 32);
}

/* Several small choices out of one seed, in a fixed order. */
struct dice { uint64_t state; };

static inline uint64_t dice_next(struct dice *dice)
{
    dice->state += UINT64_C(0x9e3779b97f4a7c15);
    return dice_mix(dice->state);
}

static inline uint32_t dice_roll(struct dice *dice, uint32_t bound)
{
    return dice_below(dice_next(dice), bound);
}

static inline bool dice_chance(struct dice *dice, uint32_t per_mille)
{
    return dice_roll(dice, 1000) < per_mille;
}

#endif
