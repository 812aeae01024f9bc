#include "sluice/batch.h"

#include <stdlib.h>
#include <string.h>

enum sluice_err sluice_batch_init(struct sluice_batch *batch, size_t capacity, size_t arena_size_max)
{
    *batch = (struct sluice_batch){ .capacity = capacity };
    batch->entries = calloc(capacity, sizeof *batch->entries);
    if (!batch->entries)
        return SLUICE_ERR_MEMORY;
    sluice_arena_init(&batch->arena, arena_size_max);
    return SLUICE_OK;
}

void sluice_batch_deinit(struct sluice_batch *batch)
{
    free(batch->entries);
    sluice_arena_deinit(&batch->arena);
    *batch = (struct sluice_batch){ 0 };
}

void sluice_batch_reset(struct sluice_batch *batch)
{
    batch->count = 0;
    sluice_arena_reset(&batch->arena);
}

struct sluice_entry *sluice_batch_append(struct sluice_batch *batch)
{
    if (batch->count == batch->capacity)
        return NULL;

    struct sluice_entry *entry = &batch->entries[batch->count++];
    memset(entry, 0, sizeof *entry);
    return entry;
}

void sluice_entry_refuse(struct sluice_entry *entry, enum sluice_reason reason)
{
    entry->reason = (uint8_t)reason;
    entry->disposition = (uint8_t)sluice_reason_disposition(reason);
}
