/* Memory of one batch or one commit: handed out in order, freed all at once.
 * Blocks are kept on reset, so a steady state allocates nothing. */
#ifndef SLUICE_ARENA_H
#define SLUICE_ARENA_H

#include <stddef.h>
#include "sluice/str.h"

struct sluice_arena_block;

struct sluice_arena {
    struct sluice_arena_block *first;    /* the chain of blocks, in order of use */
    struct sluice_arena_block *current;
    size_t used;                         /* bytes used in current */
    size_t size_max;                     /* bytes of all blocks together may not exceed this */
    size_t size;                         /* bytes of all blocks together */
};

/** Nothing is allocated before the first use. */
void sluice_arena_init(struct sluice_arena *arena, size_t size_max);
void sluice_arena_deinit(struct sluice_arena *arena);

/** size bytes aligned to 16, not zeroed, valid until reset.
 *  Returns NULL when size_max or the system's memory is exhausted. */
void *sluice_arena_alloc(struct sluice_arena *arena, size_t size);

/** A copy of bytes in the arena. bytes is NULL in the result when memory is exhausted. */
struct sluice_str sluice_arena_copy(struct sluice_arena *arena, struct sluice_str source);

/** Everything handed out becomes invalid; the blocks are kept. */
void sluice_arena_reset(struct sluice_arena *arena);

/** Bytes taken since the last reset, with what was left over of blocks. */
size_t sluice_arena_used(const struct sluice_arena *arena);

#endif
