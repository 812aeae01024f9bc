/* What the gate holds in memory of a tenant's live subjects: one slot each,
 * with holder, rights and the pseudonyms of the epoch, so that the warm path
 * computes none. A cache over the vault: losing it loses nothing.
 *
 * Slots of one size, which depends on how many purposes need a pseudonym,
 * stand in chunks in the order of their arrival and never move; an index of
 * eight octets an entry, open addressing at loads of 0.56 to 0.7, says where.
 * For four purposes a slot is 128 octets, two lines of the cache, and a subject
 * takes 140 to 142. A batch goes through the table in steps, each of which
 * tells the cache what the next one reads. */
#ifndef GATE_SLOTS_H
#define GATE_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "sluice/vault.h"

struct slot {
    uint8_t tag[SLUICE_TAG_SIZE];
    uint32_t valid_from_s;      /* the slot is right for records that start from here */
    uint32_t valid_to_s;        /* up to, not including */
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
    struct slots_place *places;   /* the index */
    size_t place_count;
    uint8_t **chunks;
    size_t chunk_count;
    size_t slot_size;
    size_t lane_count;
    size_t token_count;
    size_t count;
};

/** Nothing is allocated before the first insert. */
void slots_init(struct slots *slots, size_t lane_count, size_t token_count);
void slots_deinit(struct slots *slots);

/** Tell the cache where in the index a tag will be looked for. */
void slots_prefetch(const struct slots *slots, const uint8_t tag[static SLUICE_TAG_SIZE]);
/** Look there, and tell the cache which slot it will be. */
void slots_prefetch_slot(const struct slots *slots, const uint8_t tag[static SLUICE_TAG_SIZE]);

/** The slot of that tag that holds at_s; NULL when there is none. It stays where it is. */
struct slot *slots_find(const struct slots *slots, const uint8_t tag[static SLUICE_TAG_SIZE], uint32_t at_s);

/** A new slot with tag and interval set and the rest zero; NULL when memory is exhausted. */
struct slot *slots_insert(struct slots *slots, const uint8_t tag[static SLUICE_TAG_SIZE],
                          uint32_t valid_from_s, uint32_t valid_to_s);

/** Octets of memory, those of the index too. */
size_t slots_octets(const struct slots *slots);

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
