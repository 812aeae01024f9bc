#include "vault/vault_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define SLOT_COUNT_MIN  1024u
#define ARENA_SIZE_MAX  ((size_t)1 << 31)   /* of one commit */

void vault_stage_init(struct vault_stage *stage)
{
    *stage = (struct vault_stage){ .slots = NULL };
    sluice_arena_init(&stage->arena, ARENA_SIZE_MAX);
}

void vault_stage_deinit(struct vault_stage *stage)
{
    sluice_arena_deinit(&stage->arena);
    free(stage->slots);
    free(stage->list);
    *stage = (struct vault_stage){ .slots = NULL };
}

void vault_stage_clear(struct vault_stage *stage)
{
    if (stage->count == 0)
        return;
    memset(stage->slots, 0, stage->slot_count * sizeof(struct vault_staged *));
    stage->count = 0;
    sluice_arena_reset(&stage->arena);
}

/* A tag is a keyed hash already, and its last bytes are as even as any. */
static struct vault_staged **slot_of(const struct vault_stage *stage, const uint8_t *tag)
{
    uint64_t number;

    memcpy(&number, tag + SLUICE_TAG_SIZE - sizeof number, sizeof number);
    return &stage->slots[number & (stage->slot_count - 1)];
}

static bool has_tag(const struct vault_staged *staged, enum vault_table table, const uint8_t *tag)
{
    return staged->table == table && memcmp(staged->key.bytes, tag, SLUICE_TAG_SIZE) == 0;
}

const struct vault_staged *vault_stage_first(const struct vault_stage *stage, enum vault_table table,
                                             const uint8_t tag[static SLUICE_TAG_SIZE])
{
    const struct vault_staged *staged = stage->count > 0 ? *slot_of(stage, tag) : NULL;

    while (staged && !has_tag(staged, table, tag))
        staged = staged->next;
    return staged;
}

const struct vault_staged *vault_stage_next(const struct vault_staged *staged)
{
    const struct vault_staged *next = staged->next;

    while (next && !has_tag(next, staged->table, staged->key.bytes))
        next = next->next;
    return next;
}

const struct vault_staged *vault_stage_find(const struct vault_stage *stage, enum vault_table table,
                                            const struct vault_key *key)
{
    const struct vault_staged *staged = vault_stage_first(stage, table, key->bytes);

    while (staged && (staged->key.len != key->len || memcmp(staged->key.bytes, key->bytes, key->len) != 0))
        staged = vault_stage_next(staged);
    return staged;
}

static void insert(struct vault_stage *stage, struct vault_staged *staged)
{
    struct vault_staged **slot = slot_of(stage, staged->key.bytes);

    staged->next = *slot;
    *slot = staged;
}

static enum sluice_err grow_slots(struct vault_stage *stage)
{
    const size_t slot_count = stage->slot_count ? 2 * stage->slot_count : SLOT_COUNT_MIN;
    struct vault_staged **slots = calloc(slot_count, sizeof(struct vault_staged *));

    if (!slots)
        return SLUICE_ERR_MEMORY;
    free(stage->slots);
    stage->slots = slots;
    stage->slot_count = slot_count;
    for (size_t i = 0; i < stage->count; i++)
        insert(stage, stage->list[i]);
    return SLUICE_OK;
}

static enum sluice_err grow_list(struct vault_stage *stage)
{
    const size_t capacity = stage->capacity ? 2 * stage->capacity : SLOT_COUNT_MIN;
    struct vault_staged **list = realloc(stage->list, capacity * sizeof(struct vault_staged *));

    if (!list)
        return SLUICE_ERR_MEMORY;
    stage->list = list;
    stage->capacity = capacity;
    return SLUICE_OK;
}

/* The staged row of this key, an empty one where there is none yet. */
static enum sluice_err find_or_add(struct vault_stage *stage, struct vault_staged **staged,
                                   enum vault_table table, const struct vault_key *key)
{
    enum sluice_err err = SLUICE_OK;

    *staged = (struct vault_staged *)(uintptr_t)vault_stage_find(stage, table, key);
    if (*staged)
        return SLUICE_OK;
    if (stage->count == stage->capacity)
        err = grow_list(stage);
    if (!err && stage->count >= stage->slot_count)
        err = grow_slots(stage);
    *staged = err ? NULL : sluice_arena_alloc(&stage->arena, sizeof **staged);
    if (!*staged)
        return SLUICE_ERR_MEMORY;
    **staged = (struct vault_staged){ .table = (uint8_t)table, .key = *key };
    insert(stage, *staged);
    stage->list[stage->count++] = *staged;
    return SLUICE_OK;
}

enum sluice_err vault_stage_put(struct vault_stage *stage, const struct vault_keys *keys,
                                enum vault_table table, const struct vault_key *key, const uint8_t *plain,
                                size_t plain_len)
{
    const size_t sealed_len = table == VAULT_USERS ? 0 : plain_len + VAULT_SEAL_SIZE;
    struct vault_staged *staged;

    assert(plain_len <= VAULT_PLAIN_MAX);
    uint8_t *sealed = sluice_arena_alloc(&stage->arena, sealed_len ? sealed_len : 1);
    if (!sealed)
        return SLUICE_ERR_MEMORY;
    const enum sluice_err err = find_or_add(stage, &staged, table, key);
    if (err)
        return err;
    if (sealed_len > 0)
        vault_row_seal(sealed, keys, table, key, plain, plain_len);
    staged->sealed = sealed;
    staged->sealed_len = (uint32_t)sealed_len;
    staged->removed = false;
    return SLUICE_OK;
}

enum sluice_err vault_stage_put_sealed(struct vault_stage *stage, enum vault_table table,
                                       const struct vault_key *key, const uint8_t *sealed, size_t sealed_len)
{
    struct vault_staged *staged;
    uint8_t *copy = sluice_arena_alloc(&stage->arena, sealed_len ? sealed_len : 1);

    if (!copy)
        return SLUICE_ERR_MEMORY;
    const enum sluice_err err = find_or_add(stage, &staged, table, key);
    if (err)
        return err;
    memcpy(copy, sealed, sealed_len);
    staged->sealed = copy;
    staged->sealed_len = (uint32_t)sealed_len;
    return SLUICE_OK;
}

enum sluice_err vault_stage_remove(struct vault_stage *stage, enum vault_table table,
                                   const struct vault_key *key)
{
    struct vault_staged *staged;
    const enum sluice_err err = find_or_add(stage, &staged, table, key);

    if (!err)
        staged->removed = true;
    return err;
}

static int compare(const void *a, const void *b)
{
    const struct vault_staged *x = *(struct vault_staged *const *)a, *y = *(struct vault_staged *const *)b;

    if (x->table != y->table)
        return x->table < y->table ? -1 : 1;
    return vault_key_compare(&x->key, &y->key);
}

void vault_stage_sort(struct vault_stage *stage)
{
    if (stage->count > 0)
        qsort(stage->list, stage->count, sizeof(struct vault_staged *), compare);
}
