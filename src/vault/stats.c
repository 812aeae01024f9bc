#include "vault/vault_internal.h"

static enum sluice_err count_rows(uint64_t *count, MDB_txn *txn, MDB_dbi table)
{
    MDB_stat stat;
    const enum sluice_err err = vault_env_err(mdb_stat(txn, table, &stat));

    *count = err ? 0 : stat.ms_entries;
    return err;
}

/* Those that are pending for the first time are not in their table yet. */
static enum sluice_err count_pending(uint64_t *count, const struct sluice_vault *vault, enum vault_table table)
{
    MDB_txn *txn = vault->env.reader.txn;
    enum sluice_err err = SLUICE_OK;

    for (size_t i = 0; !err && i < vault->pending.count; i++) {
        const struct vault_staged *staged = vault->pending.list[i];
        MDB_val name = { staged->key.len, (void *)(uintptr_t)staged->key.bytes }, value;

        if (staged->table != table)
            continue;
        err = vault_env_err(mdb_get(txn, vault->env.tables[table], &name, &value));
        *count += err == SLUICE_ERR_MISSING;
        err = err == SLUICE_ERR_MISSING ? SLUICE_OK : err;
    }
    return err;
}

static void count_epoch(void *self, const char *tenant, uint8_t purpose_index, const char *purpose,
                        uint32_t epoch)
{
    (void)tenant, (void)purpose_index, (void)purpose, (void)epoch;
    ++*(uint64_t *)self;
}

enum sluice_err sluice_vault_stats(struct sluice_vault *vault, struct sluice_vault_stats *stats)
{
    MDB_envinfo info;
    MDB_stat stat;
    enum sluice_err err = vault_check(vault);

    *stats = (struct sluice_vault_stats){ .subjects = 0 };
    if (!err)
        err = vault_env_read(&vault->env);
    if (err)
        return err;
    MDB_txn *txn = vault->env.reader.txn;
    err = count_rows(&stats->subjects, txn, vault->env.tables[VAULT_SUBJECTS]);
    if (!err)
        err = count_pending(&stats->subjects, vault, VAULT_SUBJECTS);
    if (!err)
        err = count_rows(&stats->links, txn, vault->env.tables[VAULT_LINKS]);
    if (!err)
        err = vault_keys_generation(&stats->root_generation, txn, &vault->env);
    if (!err)
        err = vault_env_err(mdb_env_info(vault->env.env, &info));
    if (!err)
        err = vault_env_err(mdb_env_stat(vault->env.env, &stat));
    if (!err)
        stats->bytes = (info.me_last_pgno + 1) * stat.ms_psize;
    return err ? err : sluice_vault_epochs(vault, count_epoch, &stats->epochs);
}
