#include "deduplicate/fingerprints.h"

#include <assert.h>

#include "sluice/pages.h"

static struct fingerprint *slots_new(uint32_t capacity)
{
    return sluice_pages_alloc((size_t)capacity * sizeof(struct fingerprint));
}

static void slots_free(struct fingerprint *slots, uint32_t capacity)
{
    sluice_pages_free(slots, (size_t)capacity * sizeof *slots);
}

void fingerprints_free(struct fingerprints *set)
{
    if (set->capacity)
        slots_free(set->slots, set->capacity);
    *set = (struct fingerprints){ 0 };
}

uint64_t fingerprints_octets(const struct fingerprints *set)
{
    return (uint64_t)set->capacity * sizeof *set->slots;
}

/* The slot that holds the fingerprint, or the empty one where it belongs. */
static uint32_t slot_of(const struct fingerprints *set, struct fingerprint fingerprint)
{
    const uint32_t mask = set->capacity - 1;
    uint32_t i = fingerprints_place(set, fingerprint);

    while (!fingerprint_is_none(set->slots[i]) && !fingerprint_is_equal(set->slots[i], fingerprint))
        i = (i + 1) & mask;
    return i;
}

static uint32_t capacity_for(uint64_t count)
{
    uint32_t capacity = FINGERPRINTS_FIRST;

    /* Load at most 3/4: linear probing looks at two slots and a half on average. */
    while (count > capacity / 4 * 3) {
        assert(capacity < UINT32_C(1) << 31);
        capacity *= 2;
    }
    return capacity;
}

bool fingerprints_reserve(struct fingerprints *set, uint64_t count)
{
    const uint32_t capacity = capacity_for(count);
    struct fingerprints larger = { .count = set->count, .capacity = capacity };

    if (capacity <= set->capacity)
        return true;
    larger.shift = (uint8_t)(64 - __builtin_ctz(capacity));
    larger.slots = slots_new(capacity);
    if (!larger.slots)
        return false;
    for (uint32_t i = 0; i < set->capacity; i++)
        if (!fingerprint_is_none(set->slots[i]))
            larger.slots[slot_of(&larger, set->slots[i])] = set->slots[i];
    if (set->capacity)
        slots_free(set->slots, set->capacity);
    *set = larger;
    return true;
}

bool fingerprints_hold(const struct fingerprints *set, struct fingerprint fingerprint)
{
    return set->capacity && !fingerprint_is_none(set->slots[slot_of(set, fingerprint)]);
}

enum fingerprints_answer fingerprints_insert(struct fingerprints *set, struct fingerprint fingerprint)
{
    uint32_t i = slot_of(set, fingerprint);

    if (!fingerprint_is_none(set->slots[i]))
        return FINGERPRINTS_KNOWN;
    if (set->count + 1 > set->capacity / 4 * 3) {
        if (!fingerprints_reserve(set, (uint64_t)set->count + 1))
            return FINGERPRINTS_MEMORY;
        i = slot_of(set, fingerprint);
    }
    set->slots[i] = fingerprint;
    set->count++;
    return FINGERPRINTS_NEW;
}

/* Backward shift: what probing pushed behind the hole moves into it. */
void fingerprints_remove(struct fingerprints *set, struct fingerprint fingerprint)
{
    const uint32_t mask = set->capacity - 1;
    uint32_t hole = slot_of(set, fingerprint);

    assert(!fingerprint_is_none(set->slots[hole]));
    for (uint32_t i = (hole + 1) & mask; !fingerprint_is_none(set->slots[i]); i = (i + 1) & mask) {
        const uint32_t place = fingerprints_place(set, set->slots[i]);

        if (((i - place) & mask) >= ((i - hole) & mask)) {
            set->slots[hole] = set->slots[i];
            hole = i;
        }
    }
    set->slots[hole] = (struct fingerprint){ { 0, 0 } };
    set->count--;
}

uint64_t fingerprints_piece(uint64_t capacity, uint64_t from, uint64_t slots)
{
    uint64_t span = FINGERPRINTS_END;

    for (; capacity > slots && span > 1; capacity /= 2)
        span /= 2;
    return from + span < FINGERPRINTS_END ? from + span : FINGERPRINTS_END;
}

void fingerprints_append(const struct fingerprints *set, struct sluice_buffer *out, uint64_t from, uint64_t to)
{
    if (set->count == 0)
        return;
    const uint64_t last = to == FINGERPRINTS_END ? set->capacity : (to << 32) >> set->shift;

    for (uint64_t i = (from << 32) >> set->shift;; i++) {
        const uint32_t slot = (uint32_t)i & (set->capacity - 1);
        const struct fingerprint fingerprint = set->slots[slot];

        if (fingerprint_is_none(fingerprint)) {
            if (i >= last)
                return;
            continue;
        }
        /* What ran over the end of the slots comes behind them, and not at the beginning. */
        const bool ran_over = fingerprints_place(set, fingerprint) > slot;
        if (ran_over == (i >= set->capacity) && fingerprint_prefix(fingerprint) >= from &&
            fingerprint_prefix(fingerprint) < to)
            sluice_buffer_append(out, &fingerprint, sizeof fingerprint);
    }
}

/* By insertion: each is but a few places from where it belongs. */
void fingerprints_sort(struct fingerprint list[], size_t count)
{
    for (size_t i = 1; i < count; i++) {
        const struct fingerprint moved = list[i];
        size_t at = i;

        for (; at > 0 && fingerprint_compare(list[at - 1], moved) > 0; at--)
            list[at] = list[at - 1];
        list[at] = moved;
    }
}
