#include "vault/vault_internal.h"

#include <assert.h>
#include <string.h>

#include "sluice/buffer.h"

void sluice_tag(uint8_t tag[static SLUICE_TAG_SIZE], const uint8_t tenant_key[static SLUICE_HASH_KEY_SIZE],
                enum sluice_identifier_kind kind, const char *digits, size_t digit_count)
{
    uint8_t named[64] = { (uint8_t)kind };

    assert(digit_count < sizeof named);
    memcpy(named + 1, digits, digit_count);
    sluice_hash(tag, named, 1 + digit_count, tenant_key);
}

/* The generation to answer with: the latest that began by at_s and has not ended. */
struct choice {
    struct sluice_subject *subject;
    struct sluice_interval *around;    /* NULL: not asked for */
    uint32_t at_s;
    uint32_t best;
    bool found;
};

void vault_interval_narrow(struct sluice_interval *around, uint32_t edge_s, uint32_t at_s)
{
    if (edge_s <= at_s && edge_s > around->from_s)
        around->from_s = edge_s;
    if (edge_s > at_s && edge_s < around->to_s)
        around->to_s = edge_s;
}

static enum sluice_err choose(void *self, const struct vault_key *key, const uint8_t *plain, size_t plain_len)
{
    struct choice *choice = self;
    struct sluice_cursor cursor = { .at = plain, .end = plain + plain_len };
    const uint32_t number = vault_key_number(key), valid_to_s = sluice_cursor_u32(&cursor);
    const bool unknown = vault_subject_is_unknown(&cursor);

    if (cursor.failed)
        return SLUICE_ERR_DAMAGED;
    if (choice->around) {
        vault_interval_narrow(choice->around, number, choice->at_s);
        vault_interval_narrow(choice->around, valid_to_s, choice->at_s);
        choice->around->unknown |= unknown;
    }
    if (number > choice->at_s || (valid_to_s <= choice->at_s && valid_to_s != SLUICE_ALWAYS_S))
        return SLUICE_OK;
    if (choice->found && number < choice->best)
        return SLUICE_OK;
    choice->found = true;
    choice->best = number;
    return vault_subject_decode(choice->subject, key, plain, plain_len);
}

static enum sluice_err find(struct sluice_vault *vault, struct choice *choice,
                            const uint8_t tag[static SLUICE_TAG_SIZE], uint32_t number_max)
{
    const enum sluice_err err = vault_each(vault, VAULT_SUBJECTS, tag, number_max, choose, choice);

    if (err)
        return err;
    return choice->found ? SLUICE_OK : vault_summary_missing(vault, VAULT_SUBJECTS, vault_page_of(tag));
}

enum sluice_err sluice_vault_find(struct sluice_vault *vault, struct sluice_subject *subject,
                                  const uint8_t tag[static SLUICE_TAG_SIZE], uint32_t at_s)
{
    struct choice choice = { .subject = subject, .at_s = at_s };

    return find(vault, &choice, tag, at_s);
}

enum sluice_err sluice_vault_find_around(struct sluice_vault *vault, struct sluice_subject *subject,
                                         struct sluice_interval *around,
                                         const uint8_t tag[static SLUICE_TAG_SIZE], uint32_t at_s)
{
    struct choice choice = { .subject = subject, .around = around, .at_s = at_s };

    *around = (struct sluice_interval){ .to_s = SLUICE_ALWAYS_S };
    return find(vault, &choice, tag, UINT32_MAX);
}

static void mint(struct sluice_subject *subject, uint8_t count)
{
    if (subject->secret_count >= count || sluice_subject_is_grave(subject))
        return;
    sluice_random(subject->secrets[subject->secret_count],
                  (size_t)(count - subject->secret_count) * SLUICE_SECRET_SIZE);
    subject->secret_count = count;
}

enum sluice_err sluice_vault_put(struct sluice_vault *vault, struct sluice_subject *subject,
                                 uint8_t mint_count)
{
    const struct vault_key key = vault_key_make(subject->tag, subject->generation_s);
    uint8_t plain[VAULT_PLAIN_MAX];
    enum sluice_err err = vault_check(vault);

    assert(mint_count <= SLUICE_PURPOSES_MAX && !vault->read_only);
    if (err)
        return err;
    mint(subject, mint_count);
    const size_t plain_len = vault_subject_encode(plain, subject);
    err = vault_stage_put(&vault->stage, vault->keys, VAULT_SUBJECTS, &key, plain, plain_len);
    if (!err && vault_subject_has_sole_user(subject))
        err = vault_user_put(vault, subject->sole_user, subject->tag);
    sluice_wipe(plain, plain_len);
    return err;
}

enum sluice_err sluice_vault_next(struct sluice_vault *vault, struct sluice_subject *subject)
{
    struct vault_key key = vault_key_make(subject->tag, subject->generation_s);
    uint8_t plain[VAULT_PLAIN_MAX];
    size_t plain_len;
    enum sluice_err err = vault_next(vault, plain, &plain_len, VAULT_SUBJECTS, &key);

    if (err)
        return err;
    err = key.len == SLUICE_TAG_SIZE + 4 ? vault_subject_decode(subject, &key, plain, plain_len)
                                         : SLUICE_ERR_DAMAGED;
    sluice_wipe(plain, sizeof plain);
    return err;
}
