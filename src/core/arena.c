#include "sluice/arena.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE (1024 * 1024)

struct sluice_arena_block {
    struct sluice_arena_block *next;
    size_t size;                          /* bytes at data */
    _Alignas(16) unsigned char data[];
};

void sluice_arena_init(struct sluice_arena *arena, size_t size_max)
{
    *arena = (struct sluice_arena){ .size_max = size_max };
}

void sluice_arena_deinit(struct sluice_arena *arena)
{
    struct sluice_arena_block *block = arena->first;

    while (block) {
        struct sluice_arena_block *next = block->next;
        free(block);
        block = next;
    }
    *arena = (struct sluice_arena){ .size_max = arena->size_max };
}

/* Step to a block with room for size: the next one that is kept, or a new one
 * put right behind the current. */
static struct sluice_arena_block *next_block(struct sluice_arena *arena, size_t size)
{
    struct sluice_arena_block *next = arena->current ? arena->current->next : arena->first;

    if (next && next->size >= size)
        return next;

    const size_t block_size = size > BLOCK_SIZE ? size : BLOCK_SIZE;
    if (block_size > arena->size_max || arena->size > arena->size_max - block_size)
        return NULL;

    struct sluice_arena_block *block = malloc(sizeof *block + block_size);
    if (!block)
        return NULL;
    block->size = block_size;
    block->next = next;
    if (arena->current)
        arena->current->next = block;
    else
        arena->first = block;
    arena->size += block_size;
    return block;
}

void *sluice_arena_alloc(struct sluice_arena *arena, size_t size)
{
    if (size > arena->size_max)
        return NULL;

    const size_t rounded = (size + 15) & ~(size_t)15;
    if (!arena->current || arena->current->size - arena->used < rounded) {
        struct sluice_arena_block *block = next_block(arena, rounded);
        if (!block)
            return NULL;
        arena->current = block;
        arena->used = 0;
    }
    void *result = arena->current->data + arena->used;
    arena->used += rounded;
    return result;
}

struct sluice_str sluice_arena_copy(struct sluice_arena *arena, struct sluice_str source)
{
    char *bytes = sluice_arena_alloc(arena, source.len ? source.len : 1);

    if (!bytes)
        return (struct sluice_str){ NULL, 0 };
    if (source.len)
        memcpy(bytes, source.bytes, source.len);
    return (struct sluice_str){ bytes, source.len };
}

void sluice_arena_reset(struct sluice_arena *arena)
{
    arena->current = NULL;
    arena->used = 0;
}
