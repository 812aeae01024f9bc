/* A row that is not found is either none, or was lost: to a flipped bit in its
 * key, to a torn tree. Taking the second for the first would mint new secrets
 * for a SIM that has some. So each page of each table carries, sealed, how many
 * rows it has and a keyed hash of their keys, folded together; before a row is
 * said to be missing, its page is counted. Once per page and process: what was
 * read once stays in memory. */
#include "vault/vault_internal.h"

#include <string.h>

#define SUMMARY_SIZE (8 + SLUICE_HASH_SIZE)

static void fold(struct vault_summary *summary, const struct sluice_vault *vault, const uint8_t *key,
                 size_t len)
{
    uint8_t hash[SLUICE_HASH_SIZE];

    sluice_hash(hash, key, len, vault->summary_key);
    for (size_t i = 0; i < sizeof hash; i++)
        summary->fold[i] ^= hash[i];
}

void vault_summary_add(struct vault_summary *summary, const struct sluice_vault *vault,
                       const struct vault_key *key)
{
    summary->count++;
    fold(summary, vault, key->bytes, key->len);
}

void vault_summary_take(struct vault_summary *summary, const struct sluice_vault *vault,
                        const struct vault_key *key)
{
    summary->count--;
    fold(summary, vault, key->bytes, key->len);
}

static struct vault_key key_of(enum vault_table table, unsigned page)
{
    return (struct vault_key){ 3, { (uint8_t)table, (uint8_t)(page >> 8), (uint8_t)page } };
}

enum sluice_err vault_summary_read(struct vault_summary *summary, const struct sluice_vault *vault,
                                   MDB_txn *txn, enum vault_table table, unsigned page)
{
    struct vault_key key = key_of(table, page);
    MDB_val name = { key.len, key.bytes }, sealed;
    uint8_t plain[VAULT_PLAIN_MAX];
    size_t len;
    enum sluice_err err = vault_env_err(mdb_get(txn, vault->env.tables[VAULT_SUMMARIES], &name, &sealed));

    *summary = (struct vault_summary){ .count = 0 };
    if (err)
        return err == SLUICE_ERR_MISSING ? SLUICE_OK : err;
    err = vault_row_unseal(plain, &len, vault->keys, VAULT_SUMMARIES, &key, sealed.mv_data, sealed.mv_size);
    if (err)
        return err;
    if (len != SUMMARY_SIZE)
        return SLUICE_ERR_DAMAGED;
    for (size_t i = 0; i < 8; i++)
        summary->count |= (uint64_t)plain[i] << (8 * i);
    memcpy(summary->fold, plain + 8, SLUICE_HASH_SIZE);
    return SLUICE_OK;
}

enum sluice_err vault_summary_write(const struct vault_summary *summary, const struct sluice_vault *vault,
                                    MDB_txn *txn, enum vault_table table, unsigned page)
{
    struct vault_key key = key_of(table, page);
    uint8_t plain[SUMMARY_SIZE], sealed[SUMMARY_SIZE + VAULT_SEAL_SIZE];
    MDB_val name = { key.len, key.bytes }, value = { sizeof sealed, sealed };

    for (size_t i = 0; i < 8; i++)
        plain[i] = (uint8_t)(summary->count >> (8 * i));
    memcpy(plain + 8, summary->fold, SLUICE_HASH_SIZE);
    vault_row_seal(sealed, vault->keys, VAULT_SUMMARIES, &key, plain, sizeof plain);
    return vault_env_err(mdb_put(txn, vault->env.tables[VAULT_SUMMARIES], &name, &value, 0));
}

static enum sluice_err count_page(struct vault_summary *summary, const struct sluice_vault *vault,
                                  enum vault_table table, unsigned page)
{
    MDB_cursor *cursor = vault->env.reader.cursors[table];
    const uint8_t first[2] = { (uint8_t)(page >> 8), (uint8_t)page };
    MDB_val name = { sizeof first, (void *)(uintptr_t)first }, value;
    int code = mdb_cursor_get(cursor, &name, &value, MDB_SET_RANGE);

    *summary = (struct vault_summary){ .count = 0 };
    while (!code && name.mv_size >= 2 && vault_page_of(name.mv_data) == page) {
        summary->count++;
        fold(summary, vault, name.mv_data, name.mv_size);
        code = mdb_cursor_get(cursor, &name, &value, MDB_NEXT);
    }
    return code == MDB_NOTFOUND ? SLUICE_OK : vault_env_err(code);
}

enum sluice_err vault_summary_missing(struct sluice_vault *vault, enum vault_table table, unsigned page)
{
    uint8_t *checked = &vault->checked[table][page / 8];
    struct vault_summary stored, counted;

    if (*checked >> page % 8 & 1)
        return SLUICE_ERR_MISSING;
    enum sluice_err err = vault_summary_read(&stored, vault, vault->env.reader.txn, table, page);
    if (!err)
        err = count_page(&counted, vault, table, page);
    if (err)
        return err;
    if (stored.count != counted.count || memcmp(stored.fold, counted.fold, sizeof stored.fold) != 0)
        return SLUICE_ERR_DAMAGED;
    *checked |= (uint8_t)(1u << page % 8);
    return SLUICE_ERR_MISSING;
}
