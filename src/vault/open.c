#include "vault/vault_internal.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool rotating(const struct sluice_keyring *keyring)
{
    return keyring->root[1].generation != 0;
}

static void drop_slot(struct sluice_key_slot *slot)
{
    sluice_wipe(slot, sizeof *slot);
}

/* The root that the vault lies under decides what a crash in the middle of a
 * rotation comes to: before the commit it is undone, after it done. */
static enum sluice_err choose_root(struct sluice_vault *vault, uint64_t generation)
{
    struct sluice_key_slot *root = vault->keyring->root;

    if (rotating(vault->keyring) && generation == root[1].generation) {
        root[0] = root[1];
        drop_slot(&root[1]);
        vault->keyring_unsaved = true;
    } else if (generation == root[0].generation && rotating(vault->keyring)) {
        drop_slot(&root[1]);
        vault->keyring_unsaved = true;
    }
    if (generation == root[0].generation)
        return SLUICE_OK;
    return generation < root[0].generation ? SLUICE_ERR_OLDER : SLUICE_ERR_KEY;
}

/* To read, the keyring stays as it is, in memory too. */
static enum sluice_err choose_root_reading(const struct sluice_key_slot **root,
                                           const struct sluice_vault *vault, uint64_t generation)
{
    *root = vault->keyring->root;
    if (rotating(vault->keyring) && generation == (*root)[1].generation)
        (*root)++;
    if (generation == (*root)->generation)
        return SLUICE_OK;
    return generation < (*root)->generation ? SLUICE_ERR_OLDER : SLUICE_ERR_KEY;
}

/* Where the keyring knows of a vault, an empty one is the wrong one. */
static bool keyring_knows_a_vault(const struct sluice_keyring *keyring)
{
    return keyring->root[0].generation > 1 || keyring->registry_generation > 0 || rotating(keyring);
}

static enum sluice_err create(struct sluice_vault *vault, MDB_txn *txn)
{
    if (vault->read_only)
        return SLUICE_ERR_MISSING;
    if (keyring_knows_a_vault(vault->keyring))
        return SLUICE_ERR_OLDER;
    const enum sluice_err err = vault_env_tables(&vault->env, txn, true);
    return err ? err : vault_keys_create(vault->keys, txn, &vault->env, &vault->keyring->root[0]);
}

static enum sluice_err load(struct sluice_vault *vault, MDB_txn *txn)
{
    const struct sluice_key_slot *root = vault->keyring->root;
    uint64_t generation;
    enum sluice_err err = vault_env_tables(&vault->env, txn, false);

    if (!err)
        err = vault_keys_generation(&generation, txn, &vault->env);
    if (err)
        return err == SLUICE_ERR_MISSING ? SLUICE_ERR_DAMAGED : err;
    err = vault->read_only ? choose_root_reading(&root, vault, generation) : choose_root(vault, generation);
    return err ? err : vault_keys_load(vault->keys, txn, &vault->env, root);
}

static enum sluice_err open_contents(struct sluice_vault *vault)
{
    MDB_txn *txn;
    bool empty;
    enum sluice_err err =
        vault_env_err(mdb_txn_begin(vault->env.env, NULL, vault->read_only ? MDB_RDONLY : 0, &txn));

    if (err)
        return err;
    err = vault_env_is_empty(&empty, txn);
    if (!err)
        err = empty ? create(vault, txn) : load(vault, txn);
    if (err) {
        mdb_txn_abort(txn);
        return err;
    }
    vault->keys->alive = 1;
    return vault_env_err(mdb_txn_commit(txn));
}

static void derive_hash_key(uint8_t key[static SLUICE_HASH_KEY_SIZE], const struct sluice_keyring *keyring,
                            const char *what, const char *name)
{
    char text[64];
    const int len = snprintf(text, sizeof text, "%s %s", what, name);

    static_assert(SLUICE_HASH_KEY_SIZE == SLUICE_PSEUDONYM_SIZE, "a digest is a hash key");
    sluice_keyed_digest(key, text, (size_t)len, keyring->tag_key);
}

void sluice_vault_tenant_key(const struct sluice_vault *vault, uint8_t key[static SLUICE_HASH_KEY_SIZE],
                             const char *tenant)
{
    derive_hash_key(key, vault->keyring, "tenant", tenant);
}

static enum sluice_err allocate(struct sluice_vault *vault, const char *folder)
{
    vault->folder = strdup(folder);
    vault->keys = sluice_secret_alloc(sizeof *vault->keys);
    for (size_t i = 0; i < VAULT_ROW_TABLES; i++) {
        vault->checked[i] = calloc(1, VAULT_PAGES / 8);
        if (!vault->checked[i])
            return SLUICE_ERR_MEMORY;
    }
    return vault->folder && vault->keys ? SLUICE_OK : SLUICE_ERR_MEMORY;
}

static enum sluice_err open_in(struct sluice_vault *vault, const char *folder)
{
    char path[PATH_MAX];
    const int len = snprintf(path, sizeof path, "%s/%s", folder, VAULT_FOLDER);
    enum sluice_err err = allocate(vault, folder);

    if (!err && (len < 0 || len >= (int)sizeof path))
        err = SLUICE_ERR_LIMIT;
    if (err)
        return err;
    derive_hash_key(vault->names_key, vault->keyring, "vault", "names");
    derive_hash_key(vault->summary_key, vault->keyring, "vault", "summaries");
    derive_hash_key(vault->log_key, vault->keyring, "vault", "log");
    err = vault_env_open(&vault->env, path, vault->read_only);
    if (!err)
        err = open_contents(vault);
    if (!err)
        err = vault_log_load(vault);
    if (!err && !vault->read_only)
        err = vault_env_sync_folder(path);
    if (!err && !vault->read_only)
        err = vault_env_sync_folder(folder);
    if (!err && !vault->read_only)
        err = vault_registry_settle(vault);
    return err || vault->read_only ? err : vault_keyring_save(vault);
}

static enum sluice_err open_vault(struct sluice_vault **vault, const char *folder,
                                  struct sluice_keyring *keyring, bool read_only)
{
    struct sluice_vault *opened = calloc(1, sizeof *opened);

    *vault = NULL;
    if (!opened)
        return SLUICE_ERR_MEMORY;
    opened->opener = getpid();
    opened->keyring = keyring;
    opened->read_only = read_only;
    vault_stage_init(&opened->stage);
    vault_stage_init(&opened->pending);
    const enum sluice_err err = open_in(opened, folder);
    if (err)
        sluice_vault_close(opened);
    else
        *vault = opened;
    return err;
}

enum sluice_err sluice_vault_open(struct sluice_vault **vault, const char *folder,
                                  struct sluice_keyring *keyring)
{
    return open_vault(vault, folder, keyring, false);
}

enum sluice_err sluice_vault_open_reading(struct sluice_vault **vault, const char *folder,
                                          struct sluice_keyring *keyring)
{
    return open_vault(vault, folder, keyring, true);
}

void sluice_vault_close(struct sluice_vault *vault)
{
    if (!vault)
        return;
    /* In a forked child LMDB belongs to the parent: it is left alone. */
    if (vault->opener == getpid())
        vault_env_close(&vault->env);
    vault_stage_deinit(&vault->stage);
    vault_stage_deinit(&vault->pending);
    sluice_secret_free(vault->keys, sizeof *vault->keys);
    for (size_t i = 0; i < VAULT_ROW_TABLES; i++)
        free(vault->checked[i]);
    free(vault->folder);
    sluice_wipe(vault, sizeof *vault);
    free(vault);
}
