/* Texts that many subjects share (accounts, regions), each kept once and
 * spoken of by a small number, with room beside each for what is computed from
 * it once: a customer's tag in a purpose instead of a hash a record. */
#ifndef GATE_NAMES_H
#define GATE_NAMES_H

#include <stddef.h>
#include <stdint.h>
#include "sluice/str.h"

struct names {
    char **texts;          /* [0] is the empty text */
    uint8_t *beside;       /* beside_size octets for each, zeroed */
    size_t beside_size;
    uint32_t count;
    uint32_t capacity;
    uint32_t *index;       /* open addressing: number + 1, 0 is free */
    uint32_t index_size;   /* a power of two */
    uint64_t hash_key[2];
};

/** Nothing is allocated before the first text. */
void names_init(struct names *names, size_t beside_size);
void names_deinit(struct names *names);

/** The number of a text, a new one at first sight; the empty text is 0.
 *  UINT32_MAX when memory is exhausted. */
uint32_t names_number(struct names *names, struct sluice_str text);

/** UINT32_MAX when there is none. */
uint32_t names_find(const struct names *names, struct sluice_str text);

static inline struct sluice_str names_text(const struct names *names, uint32_t number)
{
    return number ? sluice_str_from(names->texts[number]) : (struct sluice_str){ "", 0 };
}

static inline uint8_t *names_beside(const struct names *names, uint32_t number)
{
    return names->beside + (size_t)number * names->beside_size;
}

#endif
