#include "vault/vault_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Address space, not disk: the file grows as it is filled. */
#define MAP_SIZE_MAX ((size_t)1 << 40)
#define MAP_SIZE_MIN ((size_t)1 << 28)

static const char *const table_names[VAULT_TABLE_COUNT] = {
    [VAULT_SUBJECTS] = "subjects", [VAULT_LINKS] = "links", [VAULT_EPOCHS] = "epochs",
    [VAULT_NAMES] = "names",       [VAULT_USERS] = "users", [VAULT_SUMMARIES] = "summaries",
    [VAULT_KEYS] = "keys",         [VAULT_LOG] = "log",
};

enum sluice_err vault_env_err(int code)
{
    switch (code) {
    case MDB_SUCCESS:      return SLUICE_OK;
    case MDB_NOTFOUND:     return SLUICE_ERR_MISSING;
    case MDB_MAP_FULL:     return SLUICE_ERR_SPACE;
    case MDB_PAGE_NOTFOUND:
    case MDB_CORRUPTED:
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
    case MDB_INCOMPATIBLE:
    case MDB_BAD_VALSIZE:
    case MDB_CURSOR_FULL:   /* the tree is deeper than any: it runs in a circle */
    case MDB_BAD_TXN:       /* an earlier step met damage */
    case EINVAL:           return SLUICE_ERR_DAMAGED;
    case MDB_READERS_FULL: return SLUICE_ERR_FULL;
    case MDB_PANIC:        return SLUICE_ERR_IO;   /* a commit could not be written: opening again tells how far it came */
    default:               return code > 0 ? sluice_err_from_errno(code) : SLUICE_ERR_IO;
    }
}

/* Not MDB_NOMEMINIT: it would write to the file whatever the heap held before. */
static int open_with_map(MDB_env **env, const char *folder, unsigned flags, size_t map_size)
{
    int code = mdb_env_create(env);

    if (code)
        return code;
    code = mdb_env_set_mapsize(*env, map_size);
    if (!code)
        code = mdb_env_set_maxdbs(*env, VAULT_TABLE_COUNT);
    if (!code)
        code = mdb_env_open(*env, folder, MDB_NOTLS | flags, 0600);
    if (code) {
        mdb_env_close(*env);
        *env = NULL;
    }
    return code;
}

static enum sluice_err open_env(MDB_env **env, const char *folder, unsigned flags)
{
    int code = ENOMEM;

    for (size_t size = MAP_SIZE_MAX; code == ENOMEM && size >= MAP_SIZE_MIN; size /= 2)
        code = open_with_map(env, folder, flags, size);
    return vault_env_err(code);
}

enum sluice_err vault_env_sync_folder(const char *path)
{
    const int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (folder < 0)
        return sluice_err_from_errno(errno);
    const enum sluice_err err = fsync(folder) == 0 ? SLUICE_OK : sluice_err_from_errno(errno);
    close(folder);
    return err;
}

enum sluice_err vault_env_open(struct vault_env *env, const char *folder, bool read_only)
{
    *env = (struct vault_env){ .env = NULL };
    if (!read_only && mkdir(folder, 0700) != 0 && errno != EEXIST)
        return sluice_err_from_errno(errno);
    enum sluice_err err = open_env(&env->env, folder, read_only ? MDB_RDONLY : 0);
    if (!err)
        err = vault_guard_begin(env->env, folder);
    /* A reader that was killed would keep freed pages from being used again. */
    int dead;
    return err || read_only ? err : vault_env_err(mdb_reader_check(env->env, &dead));
}

enum sluice_err vault_env_is_empty(bool *empty, MDB_txn *txn)
{
    MDB_dbi names;
    MDB_stat stat;
    int code = mdb_dbi_open(txn, NULL, 0, &names);

    if (!code)
        code = mdb_stat(txn, names, &stat);
    *empty = !code && stat.ms_entries == 0;
    return vault_env_err(code);
}

enum sluice_err vault_env_tables(struct vault_env *env, MDB_txn *txn, bool create)
{
    int code = 0;

    for (size_t i = 0; !code && i < VAULT_TABLE_COUNT; i++)
        code = mdb_dbi_open(txn, table_names[i], create ? MDB_CREATE : 0, &env->tables[i]);
    /* A vault without one of its tables is none. */
    return code == MDB_NOTFOUND ? SLUICE_ERR_DAMAGED : vault_env_err(code);
}

void vault_env_close(struct vault_env *env)
{
    if (!env->env)
        return;
    for (size_t i = 0; i < VAULT_TABLE_COUNT; i++)
        if (env->reader.cursors[i])
            mdb_cursor_close(env->reader.cursors[i]);
    if (env->reader.txn)
        mdb_txn_abort(env->reader.txn);
    vault_guard_end();
    mdb_env_close(env->env);
    *env = (struct vault_env){ .env = NULL };
}

static int open_cursors(struct vault_env *env)
{
    int code = 0;

    for (size_t i = 0; !code && i < VAULT_TABLE_COUNT; i++)
        code = env->reader.cursors[i]
                   ? mdb_cursor_renew(env->reader.txn, env->reader.cursors[i])
                   : mdb_cursor_open(env->reader.txn, env->tables[i], &env->reader.cursors[i]);
    return code;
}

enum sluice_err vault_env_read(struct vault_env *env)
{
    struct vault_reader *reader = &env->reader;

    if (reader->active)
        return SLUICE_OK;
    int code = reader->txn ? mdb_txn_renew(reader->txn)
                           : mdb_txn_begin(env->env, NULL, MDB_RDONLY, &reader->txn);
    if (code)
        return vault_env_err(code);
    reader->active = true;
    code = open_cursors(env);
    if (code)
        vault_env_read_end(env);
    return vault_env_err(code);
}

void vault_env_read_end(struct vault_env *env)
{
    if (env->reader.active)
        mdb_txn_reset(env->reader.txn);
    env->reader.active = false;
}
