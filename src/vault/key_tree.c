/* root -> top (256 node keys) -> node (256 page keys) -> page (its rows).
 * 2 MB of page keys stay in memory; the rest is read once. */
#include "vault/vault_internal.h"

#include <string.h>

#define KEYS_SIZE (256 * SLUICE_KEY_SIZE)        /* of a top or a node */
#define TOP_SIZE  (8 + SLUICE_NONCE_SIZE + KEYS_SIZE + SLUICE_MAC_SIZE)
#define NODE_SIZE (SLUICE_NONCE_SIZE + KEYS_SIZE + SLUICE_MAC_SIZE)

void vault_page_set_add(struct vault_page_set *set, unsigned page)
{
    set->count += !vault_page_set_has(set, page);
    set->bits[page / 8] |= (uint8_t)(1u << page % 8);
}

bool vault_page_set_has(const struct vault_page_set *set, unsigned page)
{
    return set->bits[page / 8] >> page % 8 & 1;
}

static bool has_node(const struct vault_page_set *set, unsigned node)
{
    const uint8_t *bits = &set->bits[node * VAULT_NODE_PAGES / 8];
    unsigned any = 0;

    for (size_t i = 0; i < VAULT_NODE_PAGES / 8; i++)
        any |= bits[i];
    return any != 0;
}

/* What binds a sealed block of keys to its place: 'N' and the node, or 'T' and the root's generation. */
struct place {
    uint8_t len;
    uint8_t bytes[9];
};

static struct place place_of_node(unsigned node)
{
    return (struct place){ 2, { 'N', (uint8_t)node } };
}

static struct place place_of_top(uint64_t generation)
{
    struct place place = { 9, { 'T' } };

    for (size_t i = 0; i < 8; i++)
        place.bytes[1 + i] = (uint8_t)(generation >> (8 * i));
    return place;
}

/* The keys of a node's pages, one behind the other. */
static uint8_t *pages_of(const struct vault_keys *keys, unsigned node)
{
    return (uint8_t *)(uintptr_t)keys->page + (size_t)node * KEYS_SIZE;
}

static void seal_keys(uint8_t *out, const uint8_t keys[static KEYS_SIZE], struct place place,
                      const uint8_t under[static SLUICE_KEY_SIZE])
{
    sluice_random(out, SLUICE_NONCE_SIZE);
    sluice_seal(out + SLUICE_NONCE_SIZE, keys, KEYS_SIZE, place.bytes, place.len, out, under);
}

static enum sluice_err unseal_keys(uint8_t keys[static KEYS_SIZE], const uint8_t *sealed, struct place place,
                                   const uint8_t under[static SLUICE_KEY_SIZE])
{
    return sluice_unseal(keys, sealed + SLUICE_NONCE_SIZE, KEYS_SIZE + SLUICE_MAC_SIZE, place.bytes,
                         place.len, sealed, under);
}

static enum sluice_err write_top(const struct vault_keys *keys, MDB_txn *txn, const struct vault_env *env,
                                 const struct sluice_key_slot *root)
{
    static const char name[] = "T";
    uint8_t top[TOP_SIZE];
    MDB_val key = { 1, (void *)name }, value = { sizeof top, top };
    const struct place place = place_of_top(root->generation);

    memcpy(top, place.bytes + 1, 8);
    seal_keys(top + 8, (const uint8_t *)keys->node, place, root->key);
    return vault_env_err(mdb_put(txn, env->tables[VAULT_KEYS], &key, &value, 0));
}

static enum sluice_err write_node(const struct vault_keys *keys, MDB_txn *txn, const struct vault_env *env,
                                  unsigned node)
{
    struct place place = place_of_node(node);
    uint8_t sealed[NODE_SIZE];
    MDB_val key = { place.len, place.bytes }, value = { sizeof sealed, sealed };

    seal_keys(sealed, pages_of(keys, node), place, keys->node[node]);
    return vault_env_err(mdb_put(txn, env->tables[VAULT_KEYS], &key, &value, 0));
}

enum sluice_err vault_keys_create(struct vault_keys *keys, MDB_txn *txn, const struct vault_env *env,
                                  const struct sluice_key_slot *root)
{
    enum sluice_err err = SLUICE_OK;

    sluice_random(keys->node, sizeof keys->node);
    sluice_random(keys->page, sizeof keys->page);
    for (unsigned node = 0; !err && node < VAULT_NODES; node++)
        err = write_node(keys, txn, env, node);
    return err ? err : write_top(keys, txn, env, root);
}

static enum sluice_err get(MDB_val *value, MDB_txn *txn, const struct vault_env *env, const void *name,
                           size_t len, size_t expected)
{
    MDB_val key = { len, (void *)(uintptr_t)name };
    const enum sluice_err err = vault_env_err(mdb_get(txn, env->tables[VAULT_KEYS], &key, value));

    return !err && value->mv_size != expected ? SLUICE_ERR_DAMAGED : err;
}

enum sluice_err vault_keys_generation(uint64_t *generation, MDB_txn *txn, const struct vault_env *env)
{
    MDB_val top;
    const enum sluice_err err = get(&top, txn, env, "T", 1, TOP_SIZE);

    *generation = 0;
    for (size_t i = 0; !err && i < 8; i++)
        *generation |= (uint64_t)((const uint8_t *)top.mv_data)[i] << (8 * i);
    return err;
}

static enum sluice_err load_node(struct vault_keys *keys, MDB_txn *txn, const struct vault_env *env,
                                 unsigned node)
{
    const struct place place = place_of_node(node);
    MDB_val sealed;
    const enum sluice_err err = get(&sealed, txn, env, place.bytes, place.len, NODE_SIZE);

    if (err)
        return err == SLUICE_ERR_MISSING ? SLUICE_ERR_DAMAGED : err;
    return unseal_keys(pages_of(keys, node), sealed.mv_data, place, keys->node[node]);
}

enum sluice_err vault_keys_load(struct vault_keys *keys, MDB_txn *txn, const struct vault_env *env,
                                const struct sluice_key_slot *root)
{
    MDB_val top;
    enum sluice_err err = get(&top, txn, env, "T", 1, TOP_SIZE);

    if (!err)
        err = unseal_keys((uint8_t *)keys->node, (const uint8_t *)top.mv_data + 8,
                          place_of_top(root->generation), root->key);
    for (unsigned node = 0; !err && node < VAULT_NODES; node++)
        err = load_node(keys, txn, env, node);
    return err;
}

void vault_keys_renew(struct vault_keys *keys, const struct vault_page_set *pages)
{
    for (unsigned page = 0; page < VAULT_PAGES; page++)
        if (vault_page_set_has(pages, page))
            sluice_random(keys->page[page], SLUICE_KEY_SIZE);
    for (unsigned node = 0; node < VAULT_NODES; node++)
        if (has_node(pages, node))
            sluice_random(keys->node[node], SLUICE_KEY_SIZE);
}

enum sluice_err vault_keys_write(const struct vault_keys *keys, MDB_txn *txn, const struct vault_env *env,
                                 const struct sluice_key_slot *root, const struct vault_page_set *pages)
{
    enum sluice_err err = SLUICE_OK;

    for (unsigned node = 0; !err && node < VAULT_NODES; node++)
        if (has_node(pages, node))
            err = write_node(keys, txn, env, node);
    return err ? err : write_top(keys, txn, env, root);
}
