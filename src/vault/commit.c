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

enum sluice_err vault_commit_write(struct sluice_vault *vault, MDB_txn *txn, struct vault_stage *stage,
                                   bool with_log_rows)
{
    struct writing writing = { .vault = vault, .txn = txn, .table = VAULT_TABLE_COUNT };
    enum sluice_err err = SLUICE_OK;

    vault_stage_sort(stage);
    for (size_t i = 0; !err && i < stage->count; i++) {
        struct vault_staged *staged = stage->list[i];

        if (!with_log_rows && vault_log_takes(staged))
            continue;
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

static enum sluice_err write_all(struct sluice_vault *vault, MDB_txn *txn, bool merge)
{
    enum sluice_err err = SLUICE_OK;

    if (merge) {
        err = vault_commit_write(vault, txn, &vault->pending, true);
        if (!err)
            err = vault_env_err(mdb_drop(txn, vault->env.tables[VAULT_LOG], 0));
    } else if (!vault->loading) {
        err = vault_log_append(vault, txn);
    }
    return err ? err : vault_commit_write(vault, txn, &vault->stage, merge || vault->loading);
}

/* The transaction holds: what is in memory follows. */
static enum sluice_err follow(struct sluice_vault *vault, bool merge, struct vault_log_span span)
{
    vault->log = span;
    if (merge) {
        vault_stage_deinit(&vault->pending);
        vault_stage_init(&vault->pending);
        return SLUICE_OK;
    }
    if (vault->loading)
        return SLUICE_OK;
    const enum sluice_err err = vault_log_absorb(vault);
    vault->uncertain = err != SLUICE_OK;   /* opening again finds them */
    return err;
}

static enum sluice_err write_staged(struct sluice_vault *vault, bool merge)
{
    struct vault_log_span span = vault->log;
    MDB_txn *txn;
    enum sluice_err err = SLUICE_OK;

    if (merge)
        span.first = span.next;
    else if (!vault->loading)
        span = vault_log_span_after(vault);
    if (span.first != vault->log.first || span.next != vault->log.next)
        err = vault_log_stage_span(vault, span);
    if (err)
        return err;
    /* The reader would keep the pages alive that this commit frees. */
    vault_env_read_end(&vault->env);
    err = vault_env_err(mdb_txn_begin(vault->env.env, NULL, 0, &txn));
    if (err)
        return err;
    vault_guard_writing(true);
    err = write_all(vault, txn, merge);
    if (err)
        mdb_txn_abort(txn);
    else
        err = vault_env_err(mdb_txn_commit(txn));
    vault_guard_writing(false);
    return err ? err : follow(vault, merge, span);
}

static bool is_merge_due(const struct sluice_vault *vault)
{
    return vault->pending.count > 0 &&
           (vault->loading || vault->pending.count + vault->stage.count > VAULT_LOG_ROWS_MAX);
}

enum sluice_err vault_merge(struct sluice_vault *vault)
{
    assert(vault->stage.count == 0 && !vault->read_only);
    if (vault->pending.count == 0)
        return SLUICE_OK;
    const enum sluice_err err = write_staged(vault, true);
    vault_stage_clear(&vault->stage);
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
        err = write_staged(vault, is_merge_due(vault));
    vault_stage_deinit(&vault->stage);
    vault->stage = kept;
    return err;
}

enum sluice_err sluice_vault_commit(struct sluice_vault *vault)
{
    enum sluice_err err = vault_check(vault);

    assert(!vault->read_only || vault->stage.count == 0);
    if (!err && vault->stage.count > 0) {
        err = write_staged(vault, is_merge_due(vault));
        if (err)
            return err;
        vault_stage_clear(&vault->stage);
        if (vault->registry_staged) {
            vault->keyring->registry_generation = vault->registry_staged;
            vault->keyring_unsaved = true;
            vault->registry_staged = 0;
            vault->loading = false;
        }
    }
    return err ? err : vault_keyring_save(vault);
}

void sluice_vault_abort(struct sluice_vault *vault)
{
    vault_stage_clear(&vault->stage);
    vault->registry_staged = 0;
    vault->loading = false;
}
