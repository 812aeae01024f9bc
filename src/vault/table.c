/* One row: sealed under its page's key, bound to its table and key, so that a
 * row that was moved or exchanged does not open. */
#include "vault/vault_internal.h"

#include <assert.h>
#include <string.h>

struct vault_key vault_key_make(const uint8_t tag[static SLUICE_TAG_SIZE], uint32_t number)
{
    struct vault_key key = { .len = SLUICE_TAG_SIZE + 4 };

    memcpy(key.bytes, tag, SLUICE_TAG_SIZE);
    for (size_t i = 0; i < 4; i++)
        key.bytes[SLUICE_TAG_SIZE + i] = (uint8_t)(number >> (24 - 8 * i));
    return key;
}

struct vault_key vault_key_of_tag(const uint8_t tag[static SLUICE_TAG_SIZE])
{
    struct vault_key key = { .len = SLUICE_TAG_SIZE };

    memcpy(key.bytes, tag, SLUICE_TAG_SIZE);
    return key;
}

uint32_t vault_key_number(const struct vault_key *key)
{
    const uint8_t *at = key->bytes + SLUICE_TAG_SIZE;

    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

int vault_key_compare(const struct vault_key *a, const struct vault_key *b)
{
    return memcmp(a->bytes, b->bytes, a->len < b->len ? a->len : b->len);
}

/* A summary lies under the page that it sums up. */
static unsigned page_of(enum vault_table table, const struct vault_key *key)
{
    return vault_page_of(table == VAULT_SUMMARIES ? key->bytes + 1 : key->bytes);
}

static size_t place_of(uint8_t place[static 1 + VAULT_KEY_MAX], enum vault_table table,
                       const struct vault_key *key)
{
    place[0] = (uint8_t)table;
    memcpy(place + 1, key->bytes, key->len);
    return (size_t)key->len + 1;
}

void vault_row_seal(uint8_t *sealed, const struct vault_keys *keys, enum vault_table table,
                    const struct vault_key *key, const uint8_t *plain, size_t plain_len)
{
    uint8_t place[1 + VAULT_KEY_MAX];
    const size_t place_len = place_of(place, table, key);

    sluice_random(sealed, SLUICE_NONCE_SIZE);
    sluice_seal(sealed + SLUICE_NONCE_SIZE, plain, plain_len, place, place_len, sealed,
                keys->page[page_of(table, key)]);
}

enum sluice_err vault_row_unseal(uint8_t *plain, size_t *plain_len, const struct vault_keys *keys,
                                 enum vault_table table, const struct vault_key *key, const void *sealed,
                                 size_t sealed_len)
{
    uint8_t place[1 + VAULT_KEY_MAX];
    const size_t place_len = place_of(place, table, key);
    const uint8_t *bytes = sealed;

    *plain_len = 0;
    if (table == VAULT_USERS)
        return sealed_len == 0 ? SLUICE_OK : SLUICE_ERR_DAMAGED;
    if (sealed_len < VAULT_SEAL_SIZE || sealed_len > VAULT_SEALED_MAX)
        return SLUICE_ERR_DAMAGED;
    *plain_len = sealed_len - VAULT_SEAL_SIZE;
    return sluice_unseal(plain, bytes + SLUICE_NONCE_SIZE, sealed_len - SLUICE_NONCE_SIZE, place, place_len,
                         bytes, keys->page[page_of(table, key)]);
}

static enum sluice_err get_staged(const struct sluice_vault *vault, uint8_t plain[static VAULT_PLAIN_MAX],
                                  size_t *plain_len, const struct vault_staged *staged)
{
    if (staged->removed)
        return SLUICE_ERR_MISSING;
    return vault_row_unseal(plain, plain_len, vault->keys, staged->table, &staged->key, staged->sealed,
                            staged->sealed_len);
}

/* What is staged stands before what is pending, and that before the tables. */
static const struct vault_staged *find_in_memory(const struct sluice_vault *vault, enum vault_table table,
                                                 const struct vault_key *key)
{
    const struct vault_staged *staged = vault_stage_find(&vault->stage, table, key);

    return staged ? staged : vault_stage_find(&vault->pending, table, key);
}

enum sluice_err vault_get(struct sluice_vault *vault, uint8_t plain[static VAULT_PLAIN_MAX],
                          size_t *plain_len, enum vault_table table, const struct vault_key *key)
{
    const struct vault_staged *staged = find_in_memory(vault, table, key);
    MDB_val name = { key->len, (void *)(uintptr_t)key->bytes }, sealed;

    enum sluice_err err = vault_check(vault);
    if (err)
        return err;
    if (staged)
        return get_staged(vault, plain, plain_len, staged);
    err = vault_env_read(&vault->env);
    if (!err)
        err = vault_env_err(mdb_cursor_get(vault->env.reader.cursors[table], &name, &sealed, MDB_SET));
    if (err == SLUICE_ERR_MISSING)
        return vault_summary_missing(vault, table, vault_page_of(key->bytes));
    return err ? err
               : vault_row_unseal(plain, plain_len, vault->keys, table, key, sealed.mv_data, sealed.mv_size);
}

/* False where LMDB holds a key that we never wrote. */
static bool copy_key(struct vault_key *key, MDB_val name)
{
    if (name.mv_size < SLUICE_TAG_SIZE || name.mv_size > VAULT_KEY_MAX)
        return false;
    key->len = (uint8_t)name.mv_size;
    memcpy(key->bytes, name.mv_data, name.mv_size);
    return true;
}

static enum sluice_err each_committed(struct sluice_vault *vault, enum vault_table table,
                                      const uint8_t tag[static SLUICE_TAG_SIZE], uint32_t number_max,
                                      vault_visit *visit, void *self, bool *any)
{
    MDB_cursor *cursor = vault->env.reader.cursors[table];
    MDB_val name = { SLUICE_TAG_SIZE, (void *)(uintptr_t)tag }, sealed;
    uint8_t plain[VAULT_PLAIN_MAX];
    size_t plain_len = 0;
    enum sluice_err err = vault_env_err(mdb_cursor_get(cursor, &name, &sealed, MDB_SET_RANGE));

    while (!err) {
        struct vault_key key;

        if (!copy_key(&key, name)) {
            err = SLUICE_ERR_DAMAGED;
            break;
        }
        if (memcmp(key.bytes, tag, SLUICE_TAG_SIZE) != 0 || vault_key_number(&key) > number_max)
            break;
        if (!find_in_memory(vault, table, &key)) {
            *any = true;
            err =
                vault_row_unseal(plain, &plain_len, vault->keys, table, &key, sealed.mv_data, sealed.mv_size);
            if (!err)
                err = visit(self, &key, plain, plain_len);
        }
        if (!err)
            err = vault_env_err(mdb_cursor_get(cursor, &name, &sealed, MDB_NEXT));
    }
    sluice_wipe(plain, sizeof plain);
    return err == SLUICE_ERR_MISSING ? SLUICE_OK : err;
}

/* above: what stands before it; NULL: nothing */
static enum sluice_err each_in_memory(struct sluice_vault *vault, const struct vault_stage *stage,
                                      const struct vault_stage *above, enum vault_table table,
                                      const uint8_t tag[static SLUICE_TAG_SIZE], uint32_t number_max,
                                      vault_visit *visit, void *self, bool *any)
{
    const struct vault_staged *staged = vault_stage_first(stage, table, tag);
    uint8_t plain[VAULT_PLAIN_MAX];
    size_t plain_len = 0;
    enum sluice_err err = SLUICE_OK;

    if (!staged)
        return SLUICE_OK;
    for (; staged && !err; staged = vault_stage_next(staged)) {
        if (staged->removed || vault_key_number(&staged->key) > number_max ||
            (above && vault_stage_find(above, table, &staged->key)))
            continue;
        *any = true;
        err = get_staged(vault, plain, &plain_len, staged);
        if (!err)
            err = visit(self, &staged->key, plain, plain_len);
    }
    sluice_wipe(plain, sizeof plain);
    return err;
}

enum sluice_err vault_each(struct sluice_vault *vault, enum vault_table table,
                           const uint8_t tag[static SLUICE_TAG_SIZE], uint32_t number_max, vault_visit *visit,
                           void *self)
{
    bool any = false;
    enum sluice_err err = vault_check(vault);

    if (!err)
        err = vault_env_read(&vault->env);
    if (!err)
        err = each_committed(vault, table, tag, number_max, visit, self, &any);
    if (!err)
        err = each_in_memory(vault, &vault->pending, &vault->stage, table, tag, number_max, visit, self, &any);
    if (!err)
        err = each_in_memory(vault, &vault->stage, NULL, table, tag, number_max, visit, self, &any);
    if (!err && !any)
        return vault_summary_missing(vault, table, vault_page_of(tag));
    return err;
}

/* Of the table alone. */
static enum sluice_err next_in_table(MDB_val *name, MDB_val *sealed, const struct sluice_vault *vault,
                                     enum vault_table table, const struct vault_key *key)
{
    MDB_cursor *cursor = vault->env.reader.cursors[table];

    *name = (MDB_val){ key->len, (void *)(uintptr_t)key->bytes };
    enum sluice_err err = vault_env_err(mdb_cursor_get(cursor, name, sealed, MDB_SET_RANGE));
    if (!err && name->mv_size == key->len && memcmp(name->mv_data, key->bytes, key->len) == 0)
        err = vault_env_err(mdb_cursor_get(cursor, name, sealed, MDB_NEXT));
    return err;
}

enum sluice_err vault_next(struct sluice_vault *vault, uint8_t plain[static VAULT_PLAIN_MAX],
                           size_t *plain_len, enum vault_table table, struct vault_key *key)
{
    MDB_val name, sealed;
    struct vault_key found;
    enum sluice_err err = vault_check(vault);

    if (!err)
        err = vault_env_read(&vault->env);
    if (err)
        return err;
    const struct vault_staged *pending = vault_log_next(vault, table, key);
    err = next_in_table(&name, &sealed, vault, table, key);
    if (err && (err != SLUICE_ERR_MISSING || !pending))
        return err;
    if (!err && !copy_key(&found, name))
        return SLUICE_ERR_DAMAGED;
    if (pending && (err || vault_key_compare(&pending->key, &found) <= 0)) {
        *key = pending->key;
        return get_staged(vault, plain, plain_len, pending);
    }
    *key = found;
    return vault_row_unseal(plain, plain_len, vault->keys, table, key, sealed.mv_data, sealed.mv_size);
}
