/* What the files of the vault share.
 *
 * In the order to read: env (LMDB), key_tree (roots, nodes, pages), table (one
 * sealed row), stage, log and commit (all or nothing), summary (what is not there),
 * then what is kept: row and subject, link, user, epoch, purpose,
 * registry_state; erase last. Only these files know LMDB. */
#ifndef VAULT_VAULT_INTERNAL_H
#define VAULT_VAULT_INTERNAL_H

#include <lmdb.h>
#include <sys/types.h>
#include "sluice/arena.h"
#include "sluice/buffer.h"
#include "sluice/vault.h"

#define VAULT_FOLDER       "vault"
#define VAULT_PAGES        65536u
#define VAULT_NODES        256u
#define VAULT_NODE_PAGES   256u
#define VAULT_KEY_MAX      32      /* bytes of a row's key */
#define VAULT_PLAIN_MAX    1024    /* bytes of a row before it is sealed */
#define VAULT_SEAL_SIZE    (SLUICE_NONCE_SIZE + SLUICE_MAC_SIZE)
#define VAULT_SEALED_MAX   (VAULT_PLAIN_MAX + VAULT_SEAL_SIZE)

/* The order is that of the bytes that stand for them in keys and seals: never change it.
 * All but the last three hold rows by tag, under the page of its first two bytes. */
enum vault_table {
    VAULT_SUBJECTS,    /* tag, generation (big endian) */
    VAULT_LINKS,       /* tag, first second (big endian) */
    VAULT_EPOCHS,      /* tag of tenant, purpose, epoch */
    VAULT_NAMES,       /* tag of a tenant, or of the registry */
    VAULT_USERS,       /* tag of a SIM, tag of a device that it alone used; no value */
    VAULT_SUMMARIES,   /* table, page (big endian) */
    VAULT_KEYS,        /* the tree: 'T', or 'N' and a node */
    VAULT_LOG,         /* chunks of rows that are not in their tables yet */
    VAULT_TABLE_COUNT
};
#define VAULT_ROW_TABLES VAULT_SUMMARIES

struct vault_key {
    uint8_t len;
    uint8_t bytes[VAULT_KEY_MAX];
};

static inline unsigned vault_page_of(const uint8_t *tag)
{
    return (unsigned)tag[0] << 8 | tag[1];
}

/* --- env: LMDB --------------------------------------------------------- */

/* A read transaction that stays open from one find to the next, for speed; let
 * go at each commit, so that LMDB may use freed pages again. */
struct vault_reader {
    MDB_txn *txn;
    MDB_cursor *cursors[VAULT_TABLE_COUNT];
    bool active;
};

struct vault_env {
    MDB_env *env;
    MDB_dbi tables[VAULT_TABLE_COUNT];
    struct vault_reader reader;
};

/** The folder is made where it is missing, unless read_only. */
SLUICE_MUST_CHECK
enum sluice_err vault_env_open(struct vault_env *env, const char *folder, bool read_only);
SLUICE_MUST_CHECK
enum sluice_err vault_env_is_empty(bool *empty, MDB_txn *txn);
/** The tables can be used once txn is committed. */
SLUICE_MUST_CHECK
enum sluice_err vault_env_tables(struct vault_env *env, MDB_txn *txn, bool create);
/** The names of new files in it become durable. */
SLUICE_MUST_CHECK
enum sluice_err vault_env_sync_folder(const char *path);
void vault_env_close(struct vault_env *env);
enum sluice_err vault_env_err(int code);

SLUICE_MUST_CHECK
enum sluice_err vault_env_read(struct vault_env *env);      /* the reader becomes active */
void vault_env_read_end(struct vault_env *env);

/* --- guard ------------------------------------------------------------- */

/** Until vault_guard_end a mapped file that is damaged is told, with EX_DATAERR, rather than met as a signal. */
SLUICE_MUST_CHECK
enum sluice_err vault_guard_begin(MDB_env *env, const char *folder);
/** From the begin of a write to its commit or abort. */
void vault_guard_writing(bool writing);
void vault_guard_end(void);

/* --- key_tree ---------------------------------------------------------- */

/* In locked memory; wiped in a forked child, where alive reads zero. */
struct vault_keys {
    uint64_t alive;
    uint8_t node[VAULT_NODES][SLUICE_KEY_SIZE];
    uint8_t page[VAULT_PAGES][SLUICE_KEY_SIZE];
};

/* Which pages get new keys. */
struct vault_page_set {
    size_t count;
    uint8_t bits[VAULT_PAGES / 8];
};
void vault_page_set_add(struct vault_page_set *set, unsigned page);
bool vault_page_set_has(const struct vault_page_set *set, unsigned page);

/** All keys new, and written under root. */
SLUICE_MUST_CHECK
enum sluice_err vault_keys_create(struct vault_keys *keys, MDB_txn *txn, const struct vault_env *env,
                                  const struct sluice_key_slot *root);
/** The generation of the root that the top lies under; MISSING in an empty vault. */
SLUICE_MUST_CHECK
enum sluice_err vault_keys_generation(uint64_t *generation, MDB_txn *txn, const struct vault_env *env);
SLUICE_MUST_CHECK
enum sluice_err vault_keys_load(struct vault_keys *keys, MDB_txn *txn, const struct vault_env *env,
                                const struct sluice_key_slot *root);
/** New keys for the pages and for the nodes above them. */
void vault_keys_renew(struct vault_keys *keys, const struct vault_page_set *pages);
/** Write the nodes above these pages, and the top under root. */
SLUICE_MUST_CHECK
enum sluice_err vault_keys_write(const struct vault_keys *keys, MDB_txn *txn, const struct vault_env *env,
                                 const struct sluice_key_slot *root, const struct vault_page_set *pages);

/* --- table: one sealed row --------------------------------------------- */

/** sealed has plain_len + VAULT_SEAL_SIZE bytes: nonce, then the sealed row. */
void vault_row_seal(uint8_t *sealed, const struct vault_keys *keys, enum vault_table table,
                    const struct vault_key *key, const uint8_t *plain, size_t plain_len);
/** plain has VAULT_PLAIN_MAX bytes. */
SLUICE_MUST_CHECK
enum sluice_err vault_row_unseal(uint8_t *plain, size_t *plain_len, const struct vault_keys *keys,
                                 enum vault_table table, const struct vault_key *key, const void *sealed,
                                 size_t sealed_len);

/* --- stage ------------------------------------------------------------- */

/* A row that waits for commit; already sealed, since it does not lie in locked memory. */
struct vault_staged {
    struct vault_staged *next;     /* of the same slot of the hash table */
    uint8_t table;
    bool removed;
    struct vault_key key;
    uint32_t sealed_len;
    uint8_t *sealed;
};

struct vault_stage {
    struct sluice_arena arena;
    struct vault_staged **slots;   /* by bytes of the tag */
    size_t slot_count;             /* a power of two */
    struct vault_staged **list;    /* in order of staging */
    size_t count;
    size_t capacity;
};

void vault_stage_init(struct vault_stage *stage);
void vault_stage_deinit(struct vault_stage *stage);
void vault_stage_clear(struct vault_stage *stage);
/** Returns SLUICE_ERR_MEMORY; what was staged before stays. */
SLUICE_MUST_CHECK
enum sluice_err vault_stage_put(struct vault_stage *stage, const struct vault_keys *keys,
                                enum vault_table table, const struct vault_key *key, const uint8_t *plain,
                                size_t plain_len);
SLUICE_MUST_CHECK
enum sluice_err vault_stage_remove(struct vault_stage *stage, enum vault_table table,
                                   const struct vault_key *key);
/** As it was sealed for another stage. */
SLUICE_MUST_CHECK
enum sluice_err vault_stage_put_sealed(struct vault_stage *stage, enum vault_table table,
                                       const struct vault_key *key, const uint8_t *sealed, size_t sealed_len);
/** NULL when the row is not staged. */
const struct vault_staged *vault_stage_find(const struct vault_stage *stage, enum vault_table table,
                                            const struct vault_key *key);
/** The first and the next staged row with this tag; NULL: no more. */
const struct vault_staged *vault_stage_first(const struct vault_stage *stage, enum vault_table table,
                                             const uint8_t tag[static SLUICE_TAG_SIZE]);
const struct vault_staged *vault_stage_next(const struct vault_staged *staged);
/** By table and key. */
void vault_stage_sort(struct vault_stage *stage);

/* --- the vault --------------------------------------------------------- */

#define VAULT_LOG_ROWS_MAX ((size_t)512 * 1024)   /* of the log; they stay in memory, 200 bytes each */

/* Numbers of the chunks in the log, [first, next). */
struct vault_log_span {
    uint64_t first;
    uint64_t next;
};

struct sluice_vault {
    struct vault_env env;
    struct vault_keys *keys;
    struct sluice_keyring *keyring;    /* borrowed */
    char *folder;                      /* where the keyring lies */
    bool read_only;
    pid_t opener;
    bool keyring_unsaved;              /* the vault is ahead of the keyring's file */
    bool uncertain;                    /* whether a rotation was committed: opening again tells */
    struct vault_stage stage;
    struct vault_stage pending;        /* what the log has: committed, and not in the tables yet */
    bool pending_sorted;
    bool loading;                      /* rows come in order: straight into the tables with them */
    struct vault_log_span log;
    uint8_t log_key[SLUICE_HASH_KEY_SIZE];
    uint8_t names_key[SLUICE_HASH_KEY_SIZE];       /* tags of epochs, tenants, registry */
    uint8_t summary_key[SLUICE_HASH_KEY_SIZE];
    uint64_t registry_staged;                      /* generation that the next commit brings; 0: none */
    uint8_t *checked[VAULT_ROW_TABLES];            /* bits of pages whose summary was found to hold */
};

/** SLUICE_ERR_KEY in a forked child, SLUICE_ERR_IO after a commit that may or may not hold. */
static inline enum sluice_err vault_check(const struct sluice_vault *vault)
{
    if (!vault->keys->alive)
        return SLUICE_ERR_KEY;
    return vault->uncertain ? SLUICE_ERR_IO : SLUICE_OK;
}

/** One row by its exact key, staged or committed, opened into plain.
 *  Returns SLUICE_ERR_MISSING, SLUICE_ERR_DAMAGED. */
SLUICE_MUST_CHECK
enum sluice_err vault_get(struct sluice_vault *vault, uint8_t plain[static VAULT_PLAIN_MAX],
                          size_t *plain_len, enum vault_table table, const struct vault_key *key);

/** Walk the rows of one tag in a table whose number is at most number_max, staged
 *  and committed, in no order; visit may stop with anything but SLUICE_OK, which is then returned.
 *  Returns SLUICE_ERR_MISSING when there was none. */
typedef enum sluice_err vault_visit(void *self, const struct vault_key *key, const uint8_t *plain,
                                    size_t plain_len);
SLUICE_MUST_CHECK
enum sluice_err vault_each(struct sluice_vault *vault, enum vault_table table,
                           const uint8_t tag[static SLUICE_TAG_SIZE], uint32_t number_max, vault_visit *visit,
                           void *self);

/** The first committed row behind key. */
SLUICE_MUST_CHECK
enum sluice_err vault_next(struct sluice_vault *vault, uint8_t plain[static VAULT_PLAIN_MAX],
                           size_t *plain_len, enum vault_table table, struct vault_key *key);

/** tag(16) || number (big endian). */
struct vault_key vault_key_make(const uint8_t tag[static SLUICE_TAG_SIZE], uint32_t number);
struct vault_key vault_key_of_tag(const uint8_t tag[static SLUICE_TAG_SIZE]);
uint32_t vault_key_number(const struct vault_key *key);
/** Both of one table, whose keys have one length. */
int vault_key_compare(const struct vault_key *a, const struct vault_key *b);

/* --- commit and summary ------------------------------------------------ */

/** Write everything staged there into txn; with_log_rows: also what the log takes. */
SLUICE_MUST_CHECK
enum sluice_err vault_commit_write(struct sluice_vault *vault, MDB_txn *txn, struct vault_stage *stage,
                                   bool with_log_rows);
/** Bring the log into the tables. Nothing may be staged. */
SLUICE_MUST_CHECK
enum sluice_err vault_merge(struct sluice_vault *vault);
/** Make one row durable now, whatever else is staged. */
SLUICE_MUST_CHECK
enum sluice_err vault_commit_one(struct sluice_vault *vault, enum vault_table table,
                                 const struct vault_key *key, const uint8_t *plain, size_t plain_len);
/** Bring the keyring's file up to what the vault holds. */
SLUICE_MUST_CHECK
enum sluice_err vault_keyring_save(struct sluice_vault *vault);

/* --- log --------------------------------------------------------------- */

bool vault_log_takes(const struct vault_staged *staged);
/** With what is staged behind it. */
struct vault_log_span vault_log_span_after(const struct sluice_vault *vault);
SLUICE_MUST_CHECK
enum sluice_err vault_log_stage_span(struct sluice_vault *vault, struct vault_log_span span);
/** Write what is staged, as far as the log takes it. */
SLUICE_MUST_CHECK
enum sluice_err vault_log_append(const struct sluice_vault *vault, MDB_txn *txn);
/** That was committed: the same rows are pending. */
SLUICE_MUST_CHECK
enum sluice_err vault_log_absorb(struct sluice_vault *vault);
SLUICE_MUST_CHECK
enum sluice_err vault_log_load(struct sluice_vault *vault);
/** The first pending row of the table behind key, or NULL. */
const struct vault_staged *vault_log_next(struct sluice_vault *vault, enum vault_table table,
                                          const struct vault_key *key);

/* How many rows a page of a table has, and their keys' hashes folded into one. */
struct vault_summary {
    uint64_t count;
    uint8_t fold[SLUICE_HASH_SIZE];
};
void vault_summary_add(struct vault_summary *summary, const struct sluice_vault *vault,
                       const struct vault_key *key);
void vault_summary_take(struct vault_summary *summary, const struct sluice_vault *vault,
                        const struct vault_key *key);
SLUICE_MUST_CHECK
enum sluice_err vault_summary_read(struct vault_summary *summary, const struct sluice_vault *vault,
                                   MDB_txn *txn, enum vault_table table, unsigned page);
SLUICE_MUST_CHECK
enum sluice_err vault_summary_write(const struct vault_summary *summary, const struct sluice_vault *vault,
                                    MDB_txn *txn, enum vault_table table, unsigned page);
/** Whether a row that was not found is really none: SLUICE_ERR_MISSING, or
 *  SLUICE_ERR_DAMAGED where the page has lost a row. */
SLUICE_MUST_CHECK
enum sluice_err vault_summary_missing(struct sluice_vault *vault, enum vault_table table, unsigned page);

/* --- what is kept ------------------------------------------------------ */

/** Returns the length, at most VAULT_PLAIN_MAX. */
size_t vault_subject_encode(uint8_t plain[static VAULT_PLAIN_MAX], const struct sluice_subject *subject);
/** tag and generation_s are set from the key. */
SLUICE_MUST_CHECK
enum sluice_err vault_subject_decode(struct sluice_subject *subject, const struct vault_key *key,
                                     const uint8_t *plain, size_t plain_len);
/** flags stands behind valid_to. */
bool vault_subject_is_unknown(struct sluice_cursor *flags);
bool vault_subject_has_sole_user(const struct sluice_subject *subject);

/** A row begins or ends at edge_s. */
void vault_interval_narrow(struct sluice_interval *around, uint32_t edge_s, uint32_t at_s);
SLUICE_MUST_CHECK
enum sluice_err vault_link_decode(struct sluice_link *link, const struct vault_key *key, const uint8_t *plain,
                                  size_t plain_len);

/** Note that only this SIM used the device. */
SLUICE_MUST_CHECK
enum sluice_err vault_user_put(struct sluice_vault *vault, const uint8_t sim_tag[static SLUICE_TAG_SIZE],
                               const uint8_t device_tag[static SLUICE_TAG_SIZE]);

struct vault_key vault_epoch_key(const struct sluice_vault *vault, const char *tenant, uint8_t purpose_index,
                                 uint32_t epoch);
/** Stage that the epoch is dead; *changed is false where it was already. */
SLUICE_MUST_CHECK
enum sluice_err vault_epoch_bury(struct sluice_vault *vault, bool *changed, const char *tenant,
                                 uint8_t purpose_index, uint32_t epoch);
/** name is empty where the tenant has no such purpose. */
SLUICE_MUST_CHECK
enum sluice_err vault_purpose_name(struct sluice_vault *vault, char name[static SLUICE_NAME_MAX + 1],
                                   const char *tenant, uint8_t index);

/** After a crash between the commit of a load and its keyring: the vault is right. */
SLUICE_MUST_CHECK
enum sluice_err vault_registry_settle(struct sluice_vault *vault);

/** Seal every row of a page again, under its key in next. */
SLUICE_MUST_CHECK
enum sluice_err vault_rekey_page(struct sluice_vault *vault, const struct vault_keys *next, MDB_txn *txn,
                                 unsigned page);

/* --- erase: the steps, for tests that stop between them ---------------- */

struct vault_erasing {
    struct vault_page_set *pages;
    struct vault_keys *next;           /* the tree as it will be */
};
SLUICE_MUST_CHECK
enum sluice_err vault_erase_stage(struct sluice_vault *vault, struct vault_erasing *erasing,
                                  const struct sluice_vault_erasure erasures[], size_t count);
SLUICE_MUST_CHECK
enum sluice_err vault_erase_prepare(struct sluice_vault *vault); /* keyring with both roots */
SLUICE_MUST_CHECK
enum sluice_err vault_erase_commit(struct sluice_vault *vault, struct vault_erasing *erasing);
SLUICE_MUST_CHECK
enum sluice_err vault_erase_finish(struct sluice_vault *vault); /* keyring with the new one */

#endif
