#include "sluice/arena.h"

#include <string.h>

#include "sluice/pages.h"

/* Each block is as large as all before it: a commit of many rows lies in a few
 * large ones, in huge pages. */
#define BLOCK_SIZE_MIN ((size_t)1024 * 1024)
#define BLOCK_SIZE_MAX ((size_t)32 * 1024 * 1024)

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

    /* A forked child finds zeros: what it was not given it leaves alone. */
    while (block && block->size) {
        struct sluice_arena_block *next = block->next;
        sluice_pages_free(block, sizeof *block + block->size);
        block = next;
    }
    *arena = (struct sluice_arena){ .size_max = arena->size_max };
}

static size_t block_size_for(const struct sluice_arena *arena, size_t size)
{
    const size_t left = arena->size_max - arena->size;
    size_t block_size = arena->size;

    if (block_size > BLOCK_SIZE_MAX)
        block_size = BLOCK_SIZE_MAX;
    if (block_size < BLOCK_SIZE_MIN || block_size > left)
        block_size = BLOCK_SIZE_MIN;
    block_size = size > block_size ? size : block_size;
    return block_size > left ? 0 : block_size;
}

/* Step to a block with room for size: the next one that is kept, or a new one
 * put right behind the current. */
static struct sluice_arena_block *next_block(struct sluice_arena *arena, size_t size)
{
    struct sluice_arena_block *next = arena->current ? arena->current->next : arena->first;

    if (next && next->size >= size)
        return next;

    const size_t block_size = block_size_for(arena, size);
    struct sluice_arena_block *block = block_size ? sluice_pages_alloc(sizeof *block + block_size) : NULL;
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

size_t sluice_arena_used(const struct sluice_arena *arena)
{
    size_t used = arena->used;

    if (arena->current)
        for (const struct sluice_arena_block *block = arena->first; block != arena->current; block = block->next)
            used += block->size;
    return used;
}
