#include "gate/names.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sluice/crypto.h"

void names_init(struct names *names, size_t beside_size)
{
    *names = (struct names){ .beside_size = beside_size };
    sluice_random(names->hash_key, sizeof names->hash_key);
}

void names_deinit(struct names *names)
{
    for (uint32_t i = 1; i < names->count; i++)
        free(names->texts[i]);
    free(names->texts);
    free(names->beside);
    free(names->index);
    names_init(names, names->beside_size);
}

/* Keyed, so that nobody who chooses account names can make the table slow. */
static uint32_t hash(const struct names *names, struct sluice_str text)
{
    uint8_t out[SLUICE_HASH_SIZE];
    uint32_t word;

    sluice_hash(out, text.bytes, text.len, (const uint8_t *)names->hash_key);
    memcpy(&word, out, sizeof word);
    return word;
}

static uint32_t *place(const struct names *names, struct sluice_str text)
{
    uint32_t i = hash(names, text) & (names->index_size - 1);

    while (names->index[i] && !sluice_str_equal(names_text(names, names->index[i] - 1), text))
        i = (i + 1) & (names->index_size - 1);
    return &names->index[i];
}

static bool grow(struct names *names)
{
    const uint32_t capacity = names->capacity ? names->capacity * 2 : 64;
    char **texts = realloc(names->texts, capacity * sizeof *texts);
    if (!texts)
        return false;
    names->texts = texts;

    uint8_t *beside = realloc(names->beside, capacity * names->beside_size + 1);
    if (!beside)
        return false;
    names->beside = beside;
    memset(beside + (size_t)names->capacity * names->beside_size, 0,
           (size_t)(capacity - names->capacity) * names->beside_size);

    uint32_t *index = calloc((size_t)capacity * 2, sizeof *index);
    if (!index)
        return false;
    free(names->index);
    names->index = index;
    names->index_size = capacity * 2;
    names->capacity = capacity;
    if (names->count == 0) {
        names->texts[0] = NULL;
        names->count = 1;
    }
    for (uint32_t i = 1; i < names->count; i++)
        *place(names, names_text(names, i)) = i + 1;
    return true;
}

uint32_t names_find(const struct names *names, struct sluice_str text)
{
    if (text.len == 0)
        return 0;
    const uint32_t at = names->index_size ? *place(names, text) : 0;

    return at ? at - 1 : UINT32_MAX;
}

uint32_t names_number(struct names *names, struct sluice_str text)
{
    if (names->count == names->capacity && !grow(names))
        return UINT32_MAX;
    if (text.len == 0)
        return 0;

    uint32_t *at = place(names, text);
    if (*at)
        return *at - 1;

    char *copy = malloc(text.len + 1);
    if (!copy)
        return UINT32_MAX;
    memcpy(copy, text.bytes, text.len);
    copy[text.len] = '\0';
    names->texts[names->count] = copy;
    *at = names->count + 1;
    return names->count++;
}
