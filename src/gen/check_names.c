#include "gen/check_names.h"

#include <assert.h>
#include <string.h>

#include "gen/dice.h"
#include "gen/table.h"

#define CAPACITY_FIRST 4096 /* a power of two, as every capacity */

static size_t slot_words(const struct check_names *names)
{
    return 1 + names->value_size / sizeof(uint64_t);
}

void check_names_deinit(struct check_names *names)
{
    const size_t size = names->capacity * slot_words(names) * sizeof *names->slots;

    if (names->slots)
        sluice_wipe(names->slots, size);
    table_free(names->slots, size);
    *names = (struct check_names){ .value_size = names->value_size };
}

static uint64_t *name_place(const struct check_names *names, uint64_t key)
{
    const size_t words = slot_words(names), mask = names->capacity - 1;
    size_t i = (size_t)dice_mix(key) & mask;

    while (names->slots[i * words] != 0 && names->slots[i * words] != key)
        i = (i + 1) & mask;
    return &names->slots[i * words];
}

static bool grow_names(struct check_names *names)
{
    const size_t words = slot_words(names);
    struct check_names larger = *names;

    assert(names->value_size && names->value_size % sizeof(uint64_t) == 0);
    larger.capacity = names->capacity ? names->capacity * 2 : CAPACITY_FIRST;
    larger.slots = table_new(larger.capacity * words * sizeof *larger.slots);
    if (!larger.slots)
        return false;
    for (size_t i = 0; i < names->capacity; i++) {
        const uint64_t *slot = &names->slots[i * words];

        if (*slot)
            memcpy(name_place(&larger, *slot), slot, words * sizeof *slot);
    }
    check_names_deinit(names);
    *names = larger;
    return true;
}

uint8_t *check_names_find(struct check_names *names, uint64_t key, bool *is_new)
{
    if ((names->count + 1) * 4 > names->capacity * 3 && !grow_names(names))
        return NULL;

    uint64_t *slot = name_place(names, key);
    *is_new = *slot == 0;
    names->count += *is_new;
    *slot = key;
    return (uint8_t *)(slot + 1);
}

void check_names_ahead(const struct check_names *names, uint64_t key)
{
    if (names->capacity)
        __builtin_prefetch(&names->slots[((size_t)dice_mix(key) & (names->capacity - 1)) * slot_words(names)], 1);
}

void check_seen_deinit(struct check_seen *seen)
{
    table_free(seen->slots, seen->capacity * sizeof *seen->slots);
    *seen = (struct check_seen){ 0 };
}

/* Pseudonyms are as good as random: they are their own hash. */
static size_t seen_place(const uint64_t *slots, size_t capacity, uint64_t value)
{
    size_t i = (size_t)value & (capacity - 1);

    while (slots[i] != 0 && slots[i] != value)
        i = (i + 1) & (capacity - 1);
    return i;
}

static bool grow_seen(struct check_seen *seen)
{
    const size_t capacity = seen->capacity ? seen->capacity * 2 : CAPACITY_FIRST;
    uint64_t *slots = table_new(capacity * sizeof *slots);

    if (!slots)
        return false;
    for (size_t i = 0; i < seen->capacity; i++)
        if (seen->slots[i] != 0)
            slots[seen_place(slots, capacity, seen->slots[i])] = seen->slots[i];
    table_free(seen->slots, seen->capacity * sizeof *slots);
    seen->slots = slots;
    seen->capacity = capacity;
    return true;
}

static uint64_t seen_value(const uint8_t pseudonym[static SLUICE_PSEUDONYM_SIZE])
{
    uint64_t value;

    memcpy(&value, pseudonym, sizeof value);
    return value ? value : 1;
}

void check_seen_ahead(const struct check_seen *seen, const uint8_t pseudonym[static SLUICE_PSEUDONYM_SIZE])
{
    if (seen->capacity)
        __builtin_prefetch(&seen->slots[(size_t)seen_value(pseudonym) & (seen->capacity - 1)], 1);
}

enum check_seen_answer check_seen_add(struct check_seen *seen,
                                      const uint8_t pseudonym[static SLUICE_PSEUDONYM_SIZE])
{
    const uint64_t value = seen_value(pseudonym);

    if ((seen->count + 1) * 4 > seen->capacity * 3 && !grow_seen(seen))
        return CHECK_SEEN_MEMORY;

    uint64_t *slot = &seen->slots[seen_place(seen->slots, seen->capacity, value)];
    if (*slot == value)
        return CHECK_SEEN_BEFORE;
    *slot = value;
    seen->count++;
    return CHECK_SEEN_FIRST;
}
