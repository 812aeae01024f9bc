#include "vault/vault_internal.h"

#include <assert.h>

/* Rows come in order of table and page, so each page's summary is read and
 * written once. */
struct writing {
    struct sluice_vault *vault;
    MDB_txn *txn;
    struct vault_summary summary;
    unsigned table;       /* VAULT_TABLE_COUNT: none yet */
    unsigned page;
    bool changed;         /* the summary */
};

static enum sluice_err leave_page(struct writing *writing)
{
    if (!writing->changed)
        return SLUICE_OK;
    writing->changed = false;
    return vault_summary_write(&writing->summary, writing->vault, writing->txn, writing->table,
                               writing->page);
}

static enum sluice_err enter_page(struct writing *writing, const struct vault_staged *staged)
{
    const unsigned page = vault_page_of(staged->key.bytes);

    if (writing->table == staged->table && writing->page == page)
        return SLUICE_OK;
    const enum sluice_err err = leave_page(writing);
    if (err)
        return err;
    writing->table = staged->table;
    writing->page = page;
    return vault_summary_read(&writing->summary, writing->vault, writing->txn, staged->table, page);
}

static enum sluice_err put(struct writing *writing, struct vault_staged *staged)
{
    const MDB_dbi table = writing->vault->env.tables[staged->table];
    MDB_val name = { staged->key.len, staged->key.bytes };
    MDB_val sealed = { staged->sealed_len, staged->sealed };
    int code = mdb_put(writing->txn, table, &name, &sealed, MDB_NOOVERWRITE);

    if (code == MDB_KEYEXIST) {
        /* LMDB has set the value to what is there. */
        sealed = (MDB_val){ staged->sealed_len, staged->sealed };
        return vault_env_err(mdb_put(writing->txn, table, &name, &sealed, 0));
    }
    if (code)
        return vault_env_err(code);
    vault_summary_add(&writing->summary, writing->vault, &staged->key);
    writing->changed = true;
    return SLUICE_OK;
}

static enum sluice_err remove_row(struct writing *writing, struct vault_staged *staged)
{
    MDB_val name = { staged->key.len, staged->key.bytes };
    const int code = mdb_del(writing->txn, writing->vault->env.tables[staged->table], &name, NULL);

    if (code)
        return code == MDB_NOTFOUND ? SLUICE_OK : vault_env_err(code);
    vault_summary_take(&writing->summary, writing->vault, &staged->key);
    writing->changed = true;
    return SLUICE_OK;
}

enum sluice_err vault_commit_write(struct sluice_vault *vault, MDB_txn *txn)
{
    struct writing writing = { .vault = vault, .txn = txn, .table = VAULT_TABLE_COUNT };
    enum sluice_err err = SLUICE_OK;

    vault_stage_sort(&vault->stage);
    for (size_t i = 0; !err && i < vault->stage.count; i++) {
        struct vault_staged *staged = vault->stage.list[i];

        err = enter_page(&writing, staged);
        if (!err)
            err = staged->removed ? remove_row(&writing, staged) : put(&writing, staged);
    }
    return err ? err : leave_page(&writing);
}

enum sluice_err vault_keyring_save(struct sluice_vault *vault)
{
    if (!vault->keyring_unsaved)
        return SLUICE_OK;
    const enum sluice_err err = sluice_keyring_write(vault->keyring, vault->folder);
    vault->keyring_unsaved = err != SLUICE_OK;
    return err;
}

static enum sluice_err write_staged(struct sluice_vault *vault)
{
    MDB_txn *txn;

    /* The reader would keep the pages alive that this commit frees. */
    vault_env_read_end(&vault->env);
    enum sluice_err err = vault_env_err(mdb_txn_begin(vault->env.env, NULL, 0, &txn));
    if (err)
        return err;
    vault_guard_writing(true);
    err = vault_commit_write(vault, txn);
    if (err)
        mdb_txn_abort(txn);
    else
        err = vault_env_err(mdb_txn_commit(txn));
    vault_guard_writing(false);
    return err;
}

enum sluice_err vault_commit_one(struct sluice_vault *vault, enum vault_table table,
                                 const struct vault_key *key, const uint8_t *plain, size_t plain_len)
{
    const struct vault_stage kept = vault->stage;

    assert(!vault->read_only);
    vault_stage_init(&vault->stage);
    enum sluice_err err = vault_stage_put(&vault->stage, vault->keys, table, key, plain, plain_len);
    if (!err)
        err = write_staged(vault);
    vault_stage_deinit(&vault->stage);
    vault->stage = kept;
    return err;
}

enum sluice_err sluice_vault_commit(struct sluice_vault *vault)
{
    enum sluice_err err = vault_check(vault);

    assert(!vault->read_only || vault->stage.count == 0);
    if (!err && vault->stage.count > 0) {
        err = write_staged(vault);
        if (err)
            return err;
        vault_stage_clear(&vault->stage);
        if (vault->registry_staged) {
            vault->keyring->registry_generation = vault->registry_staged;
            vault->keyring_unsaved = true;
            vault->registry_staged = 0;
        }
    }
    return err ? err : vault_keyring_save(vault);
}

void sluice_vault_abort(struct sluice_vault *vault)
{
    vault_stage_clear(&vault->stage);
    vault->registry_staged = 0;
}
