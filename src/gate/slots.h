/* What the gate holds in memory of a tenant's live subjects: one slot each,
 * with holder, rights and the pseudonyms of the epoch, so that the warm path
 * computes none. A cache over the vault: losing it loses nothing.
 *
 * Open addressing with linear probing over slots of one size, which depends on
 * how many purposes need a pseudonym: 40 octets and 20 for each (and 28 where
 * a token is kept). At loads of 0.76 to 0.85 that is 142 to 159 octets a
 * subject for four purposes. The capacity is no power of two, so that a large
 * table can grow by an eighth. */
#ifndef GATE_SLOTS_H
#define GATE_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "sluice/vault.h"

#define SLOTS_LANE_NONE UINT32_MAX

struct slot {
    uint8_t tag[SLUICE_TAG_SIZE];
    uint32_t valid_from_s;      /* the slot is right for records that start from here */
    uint32_t valid_to_s;        /* up to, not including; 0: the slot is free */
    uint32_t account;           /* index in the accounts; 0: none */
    uint16_t consented;         /* bits by purpose index */
    uint16_t objected;
    uint16_t restricted;
    uint8_t contract;           /* enum sluice_contract */
    uint8_t region;             /* index in the regions; 0: not known */
    uint8_t age_below;
    uint8_t reserved;
    uint16_t erased;            /* bits of purposes whose secret was destroyed */
    /* then: uint32_t epoch[lanes] (epoch + 1; 0: not computed),
     *       uint8_t pseudonym[lanes][16], uint8_t token[tokens][28] */
};

struct slots {
    uint8_t *memory;
    size_t slot_size;
    size_t lane_count;
    size_t token_count;
    size_t capacity;
    size_t count;
};

/** Nothing is allocated before the first insert. */
void slots_init(struct slots *slots, size_t lane_count, size_t token_count);
void slots_deinit(struct slots *slots);

/** Tell the cache where a tag will be looked for. */
void slots_prefetch(const struct slots *slots, const uint8_t tag[static SLUICE_TAG_SIZE]);

/** The slot of that tag that holds at_s; NULL when there is none. Valid until the next insert. */
struct slot *slots_find(const struct slots *slots, const uint8_t tag[static SLUICE_TAG_SIZE], uint32_t at_s);

/** A new slot with tag and interval set and the rest zero; NULL when memory is exhausted. */
struct slot *slots_insert(struct slots *slots, const uint8_t tag[static SLUICE_TAG_SIZE],
                          uint32_t valid_from_s, uint32_t valid_to_s);

static inline uint32_t *slot_epochs(struct slot *slot)
{
    return (uint32_t *)(void *)(slot + 1);
}

static inline uint8_t *slot_pseudonym(const struct slots *slots, struct slot *slot, size_t lane)
{
    return (uint8_t *)(slot_epochs(slot) + slots->lane_count) + lane * SLUICE_PSEUDONYM_SIZE;
}

static inline uint8_t *slot_token(const struct slots *slots, struct slot *slot, size_t token)
{
    return slot_pseudonym(slots, slot, slots->lane_count) + token * 28;
}

#endif
