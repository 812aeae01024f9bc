/* Which load of the subject registry the vault holds:
 *   generation(8) digest(32) of the files */
#include "vault/vault_internal.h"

#include <assert.h>
#include <string.h>

#include "sluice/buffer.h"

#define STATE_SIZE (8 + SLUICE_DIGEST_SIZE)

static struct vault_key key_of(const struct sluice_vault *vault)
{
    uint8_t tag[SLUICE_TAG_SIZE];

    sluice_hash(tag, "R", 1, vault->names_key);
    return vault_key_of_tag(tag);
}

/* Zeros when there was no load yet. */
static enum sluice_err read_state(struct sluice_vault *vault, uint64_t *generation,
                                  uint8_t digest[static SLUICE_DIGEST_SIZE])
{
    const struct vault_key key = key_of(vault);
    uint8_t plain[VAULT_PLAIN_MAX];
    size_t plain_len;
    const enum sluice_err err = vault_get(vault, plain, &plain_len, VAULT_NAMES, &key);

    *generation = 0;
    memset(digest, 0, SLUICE_DIGEST_SIZE);
    if (err)
        return err == SLUICE_ERR_MISSING ? SLUICE_OK : err;
    if (plain_len != STATE_SIZE)
        return SLUICE_ERR_DAMAGED;
    struct sluice_cursor cursor = { .at = plain, .end = plain + plain_len };
    *generation = sluice_cursor_u64(&cursor);
    memcpy(digest, cursor.at, SLUICE_DIGEST_SIZE);
    return SLUICE_OK;
}

enum sluice_err sluice_vault_registry_generation(struct sluice_vault *vault, uint64_t *generation,
                                                 bool *reachable)
{
    uint8_t digest[SLUICE_DIGEST_SIZE];
    const enum sluice_err err = read_state(vault, generation, digest);

    *reachable = !err && *generation > 0 && *generation >= vault->keyring->registry_generation;
    return err;
}

enum sluice_err sluice_vault_registry_digest(struct sluice_vault *vault,
                                             uint8_t digest[static SLUICE_DIGEST_SIZE])
{
    uint64_t generation;

    return read_state(vault, &generation, digest);
}

static void encode(uint8_t plain[static STATE_SIZE], uint64_t generation,
                   const uint8_t digest[static SLUICE_DIGEST_SIZE])
{
    for (size_t i = 0; i < 8; i++)
        plain[i] = (uint8_t)(generation >> (8 * i));
    memcpy(plain + 8, digest, SLUICE_DIGEST_SIZE);
}

enum sluice_err sluice_vault_registry_begin(struct sluice_vault *vault)
{
    static const uint8_t none[SLUICE_DIGEST_SIZE];
    const struct vault_key key = key_of(vault);
    uint8_t plain[STATE_SIZE], before[SLUICE_DIGEST_SIZE];
    uint64_t generation;
    enum sluice_err err = read_state(vault, &generation, before);

    assert(!vault->read_only && !vault->registry_staged);
    vault->loading = !err;
    if (!err)
        err = vault_merge(vault);
    if (err || generation == 0)
        return err;
    encode(plain, generation, none);
    return vault_commit_one(vault, VAULT_NAMES, &key, plain, sizeof plain);
}

enum sluice_err sluice_vault_registry_loaded(struct sluice_vault *vault,
                                             const uint8_t digest[static SLUICE_DIGEST_SIZE])
{
    const struct vault_key key = key_of(vault);
    uint8_t plain[STATE_SIZE], before[SLUICE_DIGEST_SIZE];
    uint64_t generation;
    enum sluice_err err = read_state(vault, &generation, before);

    assert(!vault->read_only);
    if (err)
        return err;
    /* Behind what the keyring knows when an older vault was put back: go on above both. */
    if (generation < vault->keyring->registry_generation)
        generation = vault->keyring->registry_generation;
    if (!vault->registry_staged)
        generation++;
    encode(plain, generation, digest);
    err = vault_stage_put(&vault->stage, vault->keys, VAULT_NAMES, &key, plain, sizeof plain);
    if (!err)
        vault->registry_staged = generation;
    return err;
}

enum sluice_err vault_registry_settle(struct sluice_vault *vault)
{
    uint8_t digest[SLUICE_DIGEST_SIZE];
    uint64_t generation;
    const enum sluice_err err = read_state(vault, &generation, digest);

    if (!err && generation > vault->keyring->registry_generation) {
        vault->keyring->registry_generation = generation;
        vault->keyring_unsaved = true;
    }
    return err;
}
