#include "registry/holder.h"

#include <stdlib.h>
#include <string.h>

#define ARENA_SIZE_MAX ((size_t)1 << 32)

void holders_init(struct holders *holders)
{
    *holders = (struct holders){ .count = 0 };
    sluice_arena_init(&holders->arena, ARENA_SIZE_MAX);
    /* Keyed: accounts come from a file that somebody may have written to make them collide. */
    sluice_random(holders->hash_key, sizeof holders->hash_key);
}

void holders_deinit(struct holders *holders)
{
    sluice_arena_deinit(&holders->arena);
    free(holders->list);
    free(holders->slots);
}

static uint32_t *slot_of(const struct holders *holders, const struct holder *holder)
{
    uint8_t hash[SLUICE_HASH_SIZE];
    uint32_t at;

    sluice_hash(hash, holder, sizeof *holder, holders->hash_key);
    memcpy(&at, hash, sizeof at);
    for (at &= holders->slot_count - 1; holders->slots[at]; at = (at + 1) & (holders->slot_count - 1))
        if (memcmp(holders->list[holders->slots[at] - 1], holder, sizeof *holder) == 0)
            break;
    return &holders->slots[at];
}

static bool grow(struct holders *holders)
{
    const uint32_t capacity = holders->capacity ? 2 * holders->capacity : 1024;
    struct holder **list = realloc(holders->list, capacity * sizeof(struct holder *));
    uint32_t *slots = calloc(2 * (size_t)capacity, sizeof *slots);

    if (list)
        holders->list = list;
    if (!list || !slots) {
        free(slots);
        return false;
    }
    free(holders->slots);
    holders->slots = slots;
    holders->slot_count = 2 * capacity;
    holders->capacity = capacity;
    for (uint32_t i = 0; i < holders->count; i++)
        *slot_of(holders, holders->list[i]) = i + 1;
    return true;
}

uint32_t holders_number(struct holders *holders, const struct holder *holder)
{
    if (holders->count == holders->capacity && !grow(holders))
        return HOLDER_NONE;
    uint32_t *slot = slot_of(holders, holder);
    if (*slot)
        return *slot - 1;
    struct holder *copy = sluice_arena_alloc(&holders->arena, sizeof *copy);
    if (!copy)
        return HOLDER_NONE;
    *copy = *holder;
    holders->list[holders->count] = copy;
    *slot = ++holders->count;
    return *slot - 1;
}

bool holders_same_account(const struct holders *holders, uint32_t a, uint32_t b)
{
    return a == b || strcmp(holders->list[a]->account, holders->list[b]->account) == 0;
}
