/* A page under a new key: every row of it, in every table. */
#include "vault/vault_internal.h"

#include <string.h>

/* One row of a page: out of the old key, into the new one. Same length, so LMDB writes it in place. */
static enum sluice_err rekey_row(struct sluice_vault *vault, const struct vault_keys *next,
                                 MDB_cursor *cursor, enum vault_table table, MDB_val name, MDB_val sealed)
{
    uint8_t plain[VAULT_PLAIN_MAX], again[VAULT_SEALED_MAX];
    struct vault_key key = { .len = (uint8_t)name.mv_size };
    MDB_val value = { sealed.mv_size, again };
    size_t plain_len;

    if (name.mv_size > sizeof key.bytes)
        return SLUICE_ERR_DAMAGED;
    memcpy(key.bytes, name.mv_data, name.mv_size);
    const enum sluice_err err =
        vault_row_unseal(plain, &plain_len, vault->keys, table, &key, sealed.mv_data, sealed.mv_size);
    if (err)
        return err;
    vault_row_seal(again, next, table, &key, plain, plain_len);
    sluice_wipe(plain, plain_len);
    name.mv_data = key.bytes;
    return vault_env_err(mdb_cursor_put(cursor, &name, &value, MDB_CURRENT));
}

static enum sluice_err rekey_table(struct sluice_vault *vault, const struct vault_keys *next, MDB_txn *txn,
                                   enum vault_table table, unsigned page)
{
    const uint8_t first[2] = { (uint8_t)(page >> 8), (uint8_t)page };
    MDB_val name = { sizeof first, (void *)(uintptr_t)first }, sealed;
    MDB_cursor *cursor;
    enum sluice_err err = vault_env_err(mdb_cursor_open(txn, vault->env.tables[table], &cursor));

    if (err)
        return err;
    err = vault_env_err(mdb_cursor_get(cursor, &name, &sealed, MDB_SET_RANGE));
    while (!err && name.mv_size >= SLUICE_TAG_SIZE && vault_page_of(name.mv_data) == page) {
        err = rekey_row(vault, next, cursor, table, name, sealed);
        if (!err)
            err = vault_env_err(mdb_cursor_get(cursor, &name, &sealed, MDB_NEXT));
    }
    mdb_cursor_close(cursor);
    return err == SLUICE_ERR_MISSING ? SLUICE_OK : err;
}

static enum sluice_err rekey_summary(struct sluice_vault *vault, const struct vault_keys *next, MDB_txn *txn,
                                     enum vault_table table, unsigned page)
{
    uint8_t place[3] = { (uint8_t)table, (uint8_t)(page >> 8), (uint8_t)page };
    MDB_val name = { sizeof place, place }, sealed;
    MDB_cursor *cursor;
    enum sluice_err err = vault_env_err(mdb_cursor_open(txn, vault->env.tables[VAULT_SUMMARIES], &cursor));

    if (err)
        return err;
    err = vault_env_err(mdb_cursor_get(cursor, &name, &sealed, MDB_SET));
    if (!err)
        err = rekey_row(vault, next, cursor, VAULT_SUMMARIES, name, sealed);
    mdb_cursor_close(cursor);
    return err == SLUICE_ERR_MISSING ? SLUICE_OK : err;
}

enum sluice_err vault_rekey_page(struct sluice_vault *vault, const struct vault_keys *next, MDB_txn *txn,
                                 unsigned page)
{
    enum sluice_err err = SLUICE_OK;

    for (unsigned table = 0; !err && table < VAULT_ROW_TABLES; table++) {
        if (table != VAULT_USERS)
            err = rekey_table(vault, next, txn, table, page);
        if (!err)
            err = rekey_summary(vault, next, txn, table, page);
    }
    return err;
}
