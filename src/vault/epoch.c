/* The secrets of a purpose's epoch:
 *   purpose_index(1) epoch(4) tenant_len(1) tenant [pseudonym ref digest token]
 * A row without secrets is a grave: the epoch was closed and is never made again. */
#include "vault/vault_internal.h"

#include <assert.h>
#include <string.h>

#include "sluice/buffer.h"

static_assert(sizeof(struct sluice_epoch_secrets) == 96, "copied as plain bytes");

struct epoch {
    uint8_t purpose_index;
    uint32_t number;
    char tenant[SLUICE_NAME_MAX + 1];
    bool buried;
    struct sluice_epoch_secrets secrets;
};

struct vault_key vault_epoch_key(const struct sluice_vault *vault, const char *tenant, uint8_t purpose_index,
                                 uint32_t epoch)
{
    uint8_t named[6 + SLUICE_NAME_MAX] = { 'E', purpose_index }, tag[SLUICE_TAG_SIZE];
    const size_t len = strlen(tenant);

    assert(len <= SLUICE_NAME_MAX);
    for (size_t i = 0; i < 4; i++)
        named[2 + i] = (uint8_t)(epoch >> (8 * i));
    memcpy(named + 6, tenant, len);
    sluice_hash(tag, named, 6 + len, vault->names_key);
    return vault_key_of_tag(tag);
}

static size_t encode(uint8_t plain[static VAULT_PLAIN_MAX], const struct epoch *epoch)
{
    const size_t tenant_len = strlen(epoch->tenant);
    uint8_t *at = plain;

    *at++ = epoch->purpose_index;
    for (size_t i = 0; i < 4; i++)
        *at++ = (uint8_t)(epoch->number >> (8 * i));
    *at++ = (uint8_t)tenant_len;
    memcpy(at, epoch->tenant, tenant_len);
    at += tenant_len;
    if (!epoch->buried) {
        memcpy(at, &epoch->secrets, sizeof epoch->secrets);
        at += sizeof epoch->secrets;
    }
    return (size_t)(at - plain);
}

static enum sluice_err decode(struct epoch *epoch, const uint8_t *plain, size_t plain_len)
{
    struct sluice_cursor cursor = { .at = plain, .end = plain + plain_len };

    *epoch = (struct epoch){ .purpose_index = sluice_cursor_u8(&cursor) };
    epoch->number = sluice_cursor_u32(&cursor);
    const size_t tenant_len = sluice_cursor_u8(&cursor);
    const uint8_t *tenant = sluice_cursor_bytes(&cursor, tenant_len);
    if (!tenant || tenant_len > SLUICE_NAME_MAX)
        return SLUICE_ERR_DAMAGED;
    memcpy(epoch->tenant, tenant, tenant_len);
    epoch->buried = cursor.at == cursor.end;
    if (epoch->buried)
        return SLUICE_OK;
    const uint8_t *secrets = sluice_cursor_bytes(&cursor, sizeof epoch->secrets);
    if (!secrets || cursor.at != cursor.end)
        return SLUICE_ERR_DAMAGED;
    memcpy(&epoch->secrets, secrets, sizeof epoch->secrets);
    return SLUICE_OK;
}

static enum sluice_err read_epoch(struct sluice_vault *vault, struct epoch *epoch,
                                  const struct vault_key *key)
{
    uint8_t plain[VAULT_PLAIN_MAX];
    size_t plain_len;
    enum sluice_err err = vault_get(vault, plain, &plain_len, VAULT_EPOCHS, key);

    if (!err)
        err = decode(epoch, plain, plain_len);
    sluice_wipe(plain, sizeof plain);
    return err;
}

static enum sluice_err stage(struct sluice_vault *vault, const struct epoch *epoch,
                             const struct vault_key *key)
{
    uint8_t plain[VAULT_PLAIN_MAX];

    assert(!vault->read_only);
    const enum sluice_err err =
        vault_stage_put(&vault->stage, vault->keys, VAULT_EPOCHS, key, plain, encode(plain, epoch));
    sluice_wipe(plain, sizeof plain);
    return err;
}

static struct epoch name_epoch(const char *tenant, uint8_t purpose_index, uint32_t number)
{
    struct epoch epoch = { .purpose_index = purpose_index, .number = number };

    assert(strlen(tenant) <= SLUICE_NAME_MAX);
    strcpy(epoch.tenant, tenant);
    return epoch;
}

enum sluice_err sluice_vault_epoch(struct sluice_vault *vault, struct sluice_epoch_secrets *secrets,
                                   const char *tenant, uint8_t purpose_index, uint32_t epoch, bool create)
{
    const struct vault_key key = vault_epoch_key(vault, tenant, purpose_index, epoch);
    struct epoch found;
    enum sluice_err err = read_epoch(vault, &found, &key);

    if (err == SLUICE_ERR_MISSING && create && !vault->read_only) {
        found = name_epoch(tenant, purpose_index, epoch);
        sluice_random(&found.secrets, sizeof found.secrets);
        err = stage(vault, &found, &key);
    }
    if (!err && found.buried)
        err = SLUICE_ERR_MISSING;
    if (!err)
        *secrets = found.secrets;
    sluice_wipe(&found, sizeof found);
    return err;
}

enum sluice_err vault_epoch_bury(struct sluice_vault *vault, bool *changed, const char *tenant,
                                 uint8_t purpose_index, uint32_t epoch)
{
    const struct vault_key key = vault_epoch_key(vault, tenant, purpose_index, epoch);
    struct epoch found;
    enum sluice_err err = read_epoch(vault, &found, &key);

    *changed = false;
    if (!err && found.buried)
        return SLUICE_OK;
    if (err && err != SLUICE_ERR_MISSING)
        return err;
    sluice_wipe(&found, sizeof found);
    found = name_epoch(tenant, purpose_index, epoch);
    found.buried = true;
    err = stage(vault, &found, &key);
    *changed = !err;
    return err;
}

enum sluice_err sluice_vault_epochs(struct sluice_vault *vault,
                                    void (*visit)(void *self, const char *tenant, uint8_t purpose_index,
                                                  const char *purpose, uint32_t epoch), void *self)
{
    struct vault_key key = { .len = SLUICE_TAG_SIZE };
    uint8_t plain[VAULT_PLAIN_MAX];
    char purpose[SLUICE_NAME_MAX + 1];
    size_t plain_len;
    enum sluice_err err;

    while (!(err = vault_next(vault, plain, &plain_len, VAULT_EPOCHS, &key))) {
        struct epoch epoch;

        err = decode(&epoch, plain, plain_len);
        if (!err)
            err = vault_purpose_name(vault, purpose, epoch.tenant, epoch.purpose_index);
        if (!err && !epoch.buried)
            visit(self, epoch.tenant, epoch.purpose_index, purpose, epoch.number);
        sluice_wipe(&epoch, sizeof epoch);
        if (err)
            break;
    }
    sluice_wipe(plain, sizeof plain);
    return err == SLUICE_ERR_MISSING ? SLUICE_OK : err;
}
