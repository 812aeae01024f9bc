#include "gen/check_names.h"

#include <stdlib.h>
#include <string.h>

#include "gen/dice.h"

#define CAPACITY_FIRST 4096 /* a power of two, as every capacity */

void check_names_deinit(struct check_names *names)
{
    free(names->slots);
    *names = (struct check_names){ 0 };
}

static size_t name_place(const struct check_name *slots, size_t capacity, uint64_t key)
{
    size_t i = (size_t)dice_mix(key) & (capacity - 1);

    while (slots[i].key != 0 && slots[i].key != key)
        i = (i + 1) & (capacity - 1);
    return i;
}

static bool grow_names(struct check_names *names)
{
    const size_t capacity = names->capacity ? names->capacity * 2 : CAPACITY_FIRST;
    struct check_name *slots = calloc(capacity, sizeof *slots);

    if (!slots)
        return false;
    for (size_t i = 0; i < names->capacity; i++)
        if (names->slots[i].key != 0)
            slots[name_place(slots, capacity, names->slots[i].key)] = names->slots[i];
    free(names->slots);
    names->slots = slots;
    names->capacity = capacity;
    return true;
}

struct check_name *check_names_find(struct check_names *names, uint64_t key, bool *is_new)
{
    if ((names->count + 1) * 4 > names->capacity * 3 && !grow_names(names))
        return NULL;

    struct check_name *name = &names->slots[name_place(names->slots, names->capacity, key)];
    *is_new = name->key == 0;
    names->count += *is_new;
    name->key = key;
    return name;
}

void check_seen_deinit(struct check_seen *seen)
{
    free(seen->slots);
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
    uint64_t *slots = calloc(capacity, sizeof *slots);

    if (!slots)
        return false;
    for (size_t i = 0; i < seen->capacity; i++)
        if (seen->slots[i] != 0)
            slots[seen_place(slots, capacity, seen->slots[i])] = seen->slots[i];
    free(seen->slots);
    seen->slots = slots;
    seen->capacity = capacity;
    return true;
}

enum check_seen_answer check_seen_add(struct check_seen *seen,
                                      const uint8_t pseudonym[static SLUICE_PSEUDONYM_SIZE])
{
    uint64_t value;

    if ((seen->count + 1) * 4 > seen->capacity * 3 && !grow_seen(seen))
        return CHECK_SEEN_MEMORY;
    memcpy(&value, pseudonym, sizeof value);
    if (value == 0)
        value = 1;

    uint64_t *slot = &seen->slots[seen_place(seen->slots, seen->capacity, value)];
    if (*slot == value)
        return CHECK_SEEN_BEFORE;
    *slot = value;
    seen->count++;
    return CHECK_SEEN_FIRST;
}
