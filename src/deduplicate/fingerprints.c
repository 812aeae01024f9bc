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

static uint32_t next(const struct fingerprints *set, uint32_t slot)
{
    return slot + 1 == set->capacity ? 0 : slot + 1;
}

/* The slot that holds the fingerprint, or the empty one where it belongs. */
static uint32_t slot_of(const struct fingerprints *set, struct fingerprint fingerprint)
{
    uint32_t i = fingerprints_place(set, fingerprint);

    while (!fingerprint_is_none(set->slots[i]) && !fingerprint_is_equal(set->slots[i], fingerprint))
        i = next(set, i);
    return i;
}

/* Load at most 3/4: linear probing looks at two slots and a half on average. */
static bool has_room(const struct fingerprints *set, uint64_t count)
{
    return set->capacity && count <= set->capacity / 4 * 3;
}

bool fingerprints_reserve(struct fingerprints *set, uint64_t count)
{
    /* An eighth more than was asked for: traffic is seldom what it was to the record. */
    const uint64_t wanted = count + count / 2, capacity = wanted > FINGERPRINTS_FIRST ? wanted : FINGERPRINTS_FIRST;
    struct fingerprints larger = { .count = set->count, .capacity = (uint32_t)capacity };

    if (has_room(set, count))
        return true;
    assert(capacity < UINT32_C(1) << 31);
    larger.slots = slots_new(larger.capacity);
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
    if (!has_room(set, (uint64_t)set->count + 1)) {
        if (!fingerprints_reserve(set, set->capacity))   /* by half */
            return FINGERPRINTS_MEMORY;
        i = slot_of(set, fingerprint);
    }
    set->slots[i] = fingerprint;
    set->count++;
    return FINGERPRINTS_NEW;
}

static uint32_t distance(const struct fingerprints *set, uint32_t from, uint32_t to)
{
    return to >= from ? to - from : to + (set->capacity - from);
}

/* Backward shift: what probing pushed behind the hole moves into it. */
void fingerprints_remove(struct fingerprints *set, struct fingerprint fingerprint)
{
    uint32_t hole = slot_of(set, fingerprint);

    assert(!fingerprint_is_none(set->slots[hole]));
    for (uint32_t i = next(set, hole); !fingerprint_is_none(set->slots[i]); i = next(set, i)) {
        if (distance(set, fingerprints_place(set, set->slots[i]), i) >= distance(set, hole, i)) {
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
    const uint64_t last = to * set->capacity >> 32;

    /* What begins with less than `to` stands at last, or before, or in the run that goes on there. */
    for (uint64_t i = from * set->capacity >> 32;; i++) {
        const uint32_t slot = (uint32_t)(i < set->capacity ? i : i - set->capacity);
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
