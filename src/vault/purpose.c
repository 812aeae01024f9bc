/* The purposes of a tenant, in the order in which they got their index, with
 * the key of each one's tags:
 *   count(1), then for each: name_len(1) name tag_key(16) */
#include "vault/vault_internal.h"

#include <assert.h>
#include <string.h>

#include "sluice/buffer.h"

struct purposes {
    uint8_t count;
    struct {
        char name[SLUICE_NAME_MAX + 1];
        uint8_t tag_key[SLUICE_HASH_KEY_SIZE];
    } list[SLUICE_PURPOSES_MAX];
};
static_assert(1 + SLUICE_PURPOSES_MAX * (1 + SLUICE_NAME_MAX + SLUICE_HASH_KEY_SIZE) <= VAULT_PLAIN_MAX,
              "a tenant's purposes fit a row");

static struct vault_key key_of(const struct sluice_vault *vault, const char *tenant)
{
    uint8_t named[1 + SLUICE_NAME_MAX] = { 'P' }, tag[SLUICE_TAG_SIZE];
    const size_t len = strlen(tenant);

    assert(len <= SLUICE_NAME_MAX);
    memcpy(named + 1, tenant, len);
    sluice_hash(tag, named, 1 + len, vault->names_key);
    return vault_key_of_tag(tag);
}

static enum sluice_err decode(struct purposes *purposes, const uint8_t *plain, size_t plain_len)
{
    struct sluice_cursor cursor = { .at = plain, .end = plain + plain_len };

    *purposes = (struct purposes){ .count = sluice_cursor_u8(&cursor) };
    if (purposes->count > SLUICE_PURPOSES_MAX)
        return SLUICE_ERR_DAMAGED;
    for (size_t i = 0; i < purposes->count; i++) {
        const size_t len = sluice_cursor_u8(&cursor);
        const uint8_t *name = sluice_cursor_bytes(&cursor, len);
        const uint8_t *tag_key = sluice_cursor_bytes(&cursor, SLUICE_HASH_KEY_SIZE);

        if (cursor.failed || len > SLUICE_NAME_MAX)
            return SLUICE_ERR_DAMAGED;
        memcpy(purposes->list[i].name, name, len);
        memcpy(purposes->list[i].tag_key, tag_key, SLUICE_HASH_KEY_SIZE);
    }
    return cursor.at == cursor.end ? SLUICE_OK : SLUICE_ERR_DAMAGED;
}

static size_t encode(uint8_t plain[static VAULT_PLAIN_MAX], const struct purposes *purposes)
{
    uint8_t *at = plain;

    *at++ = purposes->count;
    for (size_t i = 0; i < purposes->count; i++) {
        const size_t len = strlen(purposes->list[i].name);

        *at++ = (uint8_t)len;
        memcpy(at, purposes->list[i].name, len);
        memcpy(at + len, purposes->list[i].tag_key, SLUICE_HASH_KEY_SIZE);
        at += len + SLUICE_HASH_KEY_SIZE;
    }
    return (size_t)(at - plain);
}

/* A tenant that nobody has met yet has none. */
static enum sluice_err read_purposes(struct sluice_vault *vault, struct purposes *purposes,
                                     const char *tenant)
{
    const struct vault_key key = key_of(vault, tenant);
    uint8_t plain[VAULT_PLAIN_MAX];
    size_t plain_len;
    enum sluice_err err = vault_get(vault, plain, &plain_len, VAULT_NAMES, &key);

    *purposes = (struct purposes){ .count = 0 };
    if (err == SLUICE_ERR_MISSING)
        return SLUICE_OK;
    if (!err)
        err = decode(purposes, plain, plain_len);
    sluice_wipe(plain, sizeof plain);
    return err;
}

static enum sluice_err add(struct sluice_vault *vault, struct purposes *purposes, const char *tenant,
                           const char *purpose)
{
    const struct vault_key key = key_of(vault, tenant);
    uint8_t plain[VAULT_PLAIN_MAX];
    const size_t at = purposes->count;

    if (vault->read_only)
        return SLUICE_ERR_MISSING;
    if (at == SLUICE_PURPOSES_MAX)
        return SLUICE_ERR_LIMIT;
    assert(strlen(purpose) <= SLUICE_NAME_MAX);
    strcpy(purposes->list[at].name, purpose);
    sluice_random(purposes->list[at].tag_key, SLUICE_HASH_KEY_SIZE);
    purposes->count++;
    const enum sluice_err err = vault_commit_one(vault, VAULT_NAMES, &key, plain, encode(plain, purposes));
    sluice_wipe(plain, sizeof plain);
    return err;
}

static uint8_t position(const struct purposes *purposes, const char *purpose)
{
    uint8_t at = 0;

    while (at < purposes->count && strcmp(purposes->list[at].name, purpose) != 0)
        at++;
    return at;
}

enum sluice_err sluice_vault_purpose_find(struct sluice_vault *vault, const char *tenant,
                                          const char *purpose, uint8_t *index)
{
    struct purposes purposes;
    enum sluice_err err = read_purposes(vault, &purposes, tenant);
    const uint8_t at = position(&purposes, purpose);

    if (!err && at == purposes.count)
        err = SLUICE_ERR_MISSING;
    if (!err)
        *index = at;
    sluice_wipe(&purposes, sizeof purposes);
    return err;
}

enum sluice_err sluice_vault_purpose_index(struct sluice_vault *vault, const char *tenant,
                                           const char *purpose, uint8_t *index)
{
    struct purposes purposes;
    enum sluice_err err = read_purposes(vault, &purposes, tenant);
    const uint8_t at = position(&purposes, purpose);

    if (!err && at == purposes.count)
        err = add(vault, &purposes, tenant, purpose);
    if (!err)
        *index = at;
    sluice_wipe(&purposes, sizeof purposes);
    return err;
}

enum sluice_err sluice_vault_purpose_count(struct sluice_vault *vault, const char *tenant, uint8_t *count)
{
    struct purposes purposes;
    const enum sluice_err err = read_purposes(vault, &purposes, tenant);

    *count = purposes.count;
    sluice_wipe(&purposes, sizeof purposes);
    return err;
}

enum sluice_err sluice_vault_purpose_tag_key(struct sluice_vault *vault,
                                             uint8_t key[static SLUICE_HASH_KEY_SIZE], const char *tenant,
                                             uint8_t purpose_index)
{
    struct purposes purposes;
    enum sluice_err err = read_purposes(vault, &purposes, tenant);

    if (!err && purpose_index >= purposes.count)
        err = SLUICE_ERR_MISSING;
    if (!err)
        memcpy(key, purposes.list[purpose_index].tag_key, SLUICE_HASH_KEY_SIZE);
    sluice_wipe(&purposes, sizeof purposes);
    return err;
}

enum sluice_err vault_purpose_name(struct sluice_vault *vault, char name[static SLUICE_NAME_MAX + 1],
                                   const char *tenant, uint8_t index)
{
    struct purposes purposes;
    const enum sluice_err err = read_purposes(vault, &purposes, tenant);

    memset(name, 0, SLUICE_NAME_MAX + 1);
    if (!err && index < purposes.count)
        strcpy(name, purposes.list[index].name);
    sluice_wipe(&purposes, sizeof purposes);
    return err;
}
