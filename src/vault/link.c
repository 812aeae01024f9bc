/* A second identifier of a SIM, for an interval:
 *   tag, from(big endian) -> subject_tag(16) to(4, little endian) */
#include "vault/vault_internal.h"

#include <assert.h>
#include <string.h>

#define LINK_SIZE (SLUICE_TAG_SIZE + 4)

enum sluice_err vault_link_decode(struct sluice_link *link, const struct vault_key *key, const uint8_t *plain,
                                  size_t plain_len)
{
    if (key->len != SLUICE_TAG_SIZE + 4 || plain_len != LINK_SIZE)
        return SLUICE_ERR_DAMAGED;
    memcpy(link->tag, key->bytes, SLUICE_TAG_SIZE);
    link->from_s = vault_key_number(key);
    memcpy(link->subject_tag, plain, SLUICE_TAG_SIZE);
    link->to_s = 0;
    for (size_t i = 0; i < 4; i++)
        link->to_s |= (uint32_t)plain[SLUICE_TAG_SIZE + i] << (8 * i);
    return SLUICE_OK;
}

enum sluice_err sluice_vault_link_put(struct sluice_vault *vault, const uint8_t tag[static SLUICE_TAG_SIZE],
                                      const uint8_t subject_tag[static SLUICE_TAG_SIZE],
                                      uint32_t from_s, uint32_t to_s)
{
    const struct vault_key key = vault_key_make(tag, from_s);
    const enum sluice_err err = vault_check(vault);
    uint8_t plain[LINK_SIZE];

    assert(!vault->read_only);
    memcpy(plain, subject_tag, SLUICE_TAG_SIZE);
    for (size_t i = 0; i < 4; i++)
        plain[SLUICE_TAG_SIZE + i] = (uint8_t)(to_s >> (8 * i));
    return err ? err : vault_stage_put(&vault->stage, vault->keys, VAULT_LINKS, &key, plain, sizeof plain);
}

enum sluice_err sluice_vault_link_remove(struct sluice_vault *vault,
                                         const uint8_t tag[static SLUICE_TAG_SIZE], uint32_t from_s)
{
    const struct vault_key key = vault_key_make(tag, from_s);
    const enum sluice_err err = vault_check(vault);

    assert(!vault->read_only);
    return err ? err : vault_stage_remove(&vault->stage, VAULT_LINKS, &key);
}

struct search {
    uint32_t at_s;
    struct sluice_interval around;
    bool found;
    uint8_t subject_tag[SLUICE_TAG_SIZE];
};

static enum sluice_err match(void *self, const struct vault_key *key, const uint8_t *plain, size_t plain_len)
{
    struct search *search = self;
    struct sluice_link link;
    const enum sluice_err err = vault_link_decode(&link, key, plain, plain_len);

    if (err)
        return err;
    vault_interval_narrow(&search->around, link.from_s, search->at_s);
    vault_interval_narrow(&search->around, link.to_s, search->at_s);
    if (link.from_s > search->at_s || (link.to_s <= search->at_s && link.to_s != SLUICE_ALWAYS_S))
        return SLUICE_OK;
    if (search->found && memcmp(search->subject_tag, link.subject_tag, SLUICE_TAG_SIZE) != 0)
        return SLUICE_ERR_LIMIT;
    search->found = true;
    memcpy(search->subject_tag, link.subject_tag, SLUICE_TAG_SIZE);
    return SLUICE_OK;
}

static enum sluice_err find(struct sluice_vault *vault, struct search *search, uint8_t *subject_tag,
                            const uint8_t tag[static SLUICE_TAG_SIZE], uint32_t from_max_s)
{
    const enum sluice_err err = vault_each(vault, VAULT_LINKS, tag, from_max_s, match, search);

    if (err)
        return err;
    if (!search->found)
        return vault_summary_missing(vault, VAULT_LINKS, vault_page_of(tag));
    memcpy(subject_tag, search->subject_tag, SLUICE_TAG_SIZE);
    return SLUICE_OK;
}

enum sluice_err sluice_vault_link_find(struct sluice_vault *vault,
                                       uint8_t subject_tag[static SLUICE_TAG_SIZE],
                                       const uint8_t tag[static SLUICE_TAG_SIZE], uint32_t at_s)
{
    struct search search = { .at_s = at_s };

    return find(vault, &search, subject_tag, tag, at_s);
}

enum sluice_err sluice_vault_link_find_around(struct sluice_vault *vault,
                                              uint8_t subject_tag[static SLUICE_TAG_SIZE],
                                              struct sluice_interval *around,
                                              const uint8_t tag[static SLUICE_TAG_SIZE], uint32_t at_s)
{
    struct search search = { .at_s = at_s, .around = { .to_s = SLUICE_ALWAYS_S } };
    const enum sluice_err err = find(vault, &search, subject_tag, tag, UINT32_MAX);

    *around = search.around;
    return err;
}

enum sluice_err sluice_vault_link_next(struct sluice_vault *vault, struct sluice_link *link)
{
    struct vault_key key = vault_key_make(link->tag, link->from_s);
    uint8_t plain[VAULT_PLAIN_MAX];
    size_t plain_len;
    const enum sluice_err err = vault_next(vault, plain, &plain_len, VAULT_LINKS, &key);

    return err ? err : vault_link_decode(link, &key, plain, plain_len);
}
