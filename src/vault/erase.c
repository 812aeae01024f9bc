/* Make rows unreadable for good, old copies of them included.
 *
 *   stage     what goes, in memory
 *   prepare   keyring: the root and the next one (a crash from here to the commit: nothing was asked)
 *   commit    rows, new keys of their pages and nodes, top under the next root
 *   finish    keyring: the next root alone (a crash before: opening finishes it)
 *
 * After finish no key opens an older copy of these pages: their keys lay under
 * nodes, the nodes under a top, and the top under a root that is nowhere. */
#include "vault/vault_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define WHOLE UINT16_MAX

struct erasure {
    struct sluice_vault *vault;
    struct vault_page_set *pages;
    const struct sluice_vault_erasure *asked;
    bool changed;          /* something of the subject was still there to destroy */
};

static void touch(struct erasure *self, const uint8_t *tag)
{
    vault_page_set_add(self->pages, vault_page_of(tag));
}

/* What is destroyed is overwritten by another secret rather than by zeros: who
 * overlooks the mark makes pseudonyms that link to nothing, not the same one for all. */
static void destroy_secrets(struct sluice_subject *subject, uint16_t purposes)
{
    for (size_t i = 0; i < subject->secret_count; i++)
        if (purposes >> i & 1)
            sluice_random(subject->secrets[i], SLUICE_SECRET_SIZE);
}

static enum sluice_err stage_subject(struct erasure *self, const struct vault_key *key,
                                     const struct sluice_subject *subject)
{
    uint8_t plain[VAULT_PLAIN_MAX];
    const size_t plain_len = vault_subject_encode(plain, subject);
    const enum sluice_err err =
        vault_stage_put(&self->vault->stage, self->vault->keys, VAULT_SUBJECTS, key, plain, plain_len);

    sluice_wipe(plain, plain_len);
    return err;
}

static enum sluice_err bury(struct erasure *self, const struct vault_key *key, uint32_t valid_to_s)
{
    const struct sluice_subject grave = { .valid_to_s = valid_to_s, .erased = WHOLE };

    return stage_subject(self, key, &grave);
}

/* A link of another SIM by now stays where it is. In the place of one that goes
 * a grave answers: a late record that bears this identifier alone would else be
 * of a SIM that nobody has met. */
static enum sluice_err erase_link(void *argument, const struct vault_key *key, const uint8_t *plain,
                                  size_t plain_len)
{
    struct erasure *self = argument;
    struct sluice_link link;
    enum sluice_err err = vault_link_decode(&link, key, plain, plain_len);

    if (err || memcmp(link.subject_tag, self->asked->tag, SLUICE_TAG_SIZE) != 0)
        return err;
    touch(self, key->bytes);
    err = vault_stage_remove(&self->vault->stage, VAULT_LINKS, key);
    return err ? err : bury(self, key, link.to_s);
}

static enum sluice_err erase_links(struct erasure *self, const struct sluice_subject *subject)
{
    enum sluice_err err = SLUICE_OK;

    for (size_t i = 0; !err && i < subject->link_count; i++) {
        err = vault_each(self->vault, VAULT_LINKS, subject->links[i], UINT32_MAX, erase_link, self);
        if (err == SLUICE_ERR_MISSING)
            err = SLUICE_OK;
    }
    return err;
}

/* Nothing is left of a device: it goes on, as another one. */
static enum sluice_err erase_whole(struct erasure *self, const struct vault_key *key,
                                   const struct sluice_subject *subject)
{
    touch(self, key->bytes);
    if (vault_subject_has_sole_user(subject))
        return vault_stage_remove(&self->vault->stage, VAULT_SUBJECTS, key);
    self->changed = true;
    const enum sluice_err err = erase_links(self, subject);
    return err ? err : bury(self, key, subject->valid_to_s);
}

/* One generation of the subject. */
static enum sluice_err erase_row(void *argument, const struct vault_key *key, const uint8_t *plain,
                                 size_t plain_len)
{
    struct erasure *self = argument;
    const uint16_t purposes = self->asked->purposes;
    struct sluice_subject subject;
    enum sluice_err err = vault_subject_decode(&subject, key, plain, plain_len);

    if (!err && purposes == WHOLE && !sluice_subject_is_grave(&subject)) {
        err = erase_whole(self, key, &subject);
    } else if (!err && (subject.erased & purposes) != purposes) {
        touch(self, key->bytes);
        destroy_secrets(&subject, purposes);
        subject.erased |= purposes;
        self->changed = true;
        err = stage_subject(self, key, &subject);
    }
    sluice_wipe(&subject, sizeof subject);
    return err;
}

/* A device that only this SIM used gets other secrets: it goes on, as another one. */
static enum sluice_err erase_device(void *argument, const struct vault_key *key, const uint8_t *plain,
                                    size_t plain_len)
{
    struct erasure *self = argument;
    struct sluice_subject device;
    enum sluice_err err = vault_subject_decode(&device, key, plain, plain_len);

    if (!err && memcmp(device.sole_user, self->asked->tag, SLUICE_TAG_SIZE) == 0) {
        touch(self, key->bytes);
        if (self->asked->purposes == WHOLE) {
            err = vault_stage_remove(&self->vault->stage, VAULT_SUBJECTS, key);
        } else {
            destroy_secrets(&device, self->asked->purposes);
            err = stage_subject(self, key, &device);
        }
    }
    sluice_wipe(&device, sizeof device);
    return err;
}

static enum sluice_err erase_user(void *argument, const struct vault_key *key, const uint8_t *plain,
                                  size_t plain_len)
{
    struct erasure *self = argument;
    enum sluice_err err;

    (void)plain, (void)plain_len;
    if (key->len != 2 * SLUICE_TAG_SIZE)
        return SLUICE_ERR_DAMAGED;
    err =
        vault_each(self->vault, VAULT_SUBJECTS, key->bytes + SLUICE_TAG_SIZE, UINT32_MAX, erase_device, self);
    if (err && err != SLUICE_ERR_MISSING)
        return err;
    if (self->asked->purposes != WHOLE)
        return SLUICE_OK;
    touch(self, key->bytes);
    return vault_stage_remove(&self->vault->stage, VAULT_USERS, key);
}

/* Walking with one of LMDB's cursors inside a walk with the same one would
 * lose its place, so keys are gathered first. */
struct gathered {
    struct vault_key *keys;
    size_t count;
    size_t capacity;
};

static enum sluice_err gather(void *argument, const struct vault_key *key, const uint8_t *plain,
                              size_t plain_len)
{
    struct gathered *gathered = argument;

    (void)plain, (void)plain_len;
    if (gathered->count == gathered->capacity) {
        const size_t capacity = gathered->capacity ? 2 * gathered->capacity : 16;
        struct vault_key *keys = realloc(gathered->keys, capacity * sizeof *keys);

        if (!keys)
            return SLUICE_ERR_MEMORY;
        gathered->keys = keys;
        gathered->capacity = capacity;
    }
    gathered->keys[gathered->count++] = *key;
    return SLUICE_OK;
}

/* Call visit for each row of a tag; visit may walk and stage whatever it likes. */
static enum sluice_err each_gathered(struct erasure *self, enum vault_table table, const uint8_t *tag,
                                     vault_visit *visit)
{
    struct gathered gathered = { .keys = NULL };
    uint8_t plain[VAULT_PLAIN_MAX];
    size_t plain_len;
    enum sluice_err err = vault_each(self->vault, table, tag, UINT32_MAX, gather, &gathered);

    if (err == SLUICE_ERR_MISSING)
        err = SLUICE_OK;
    for (size_t i = 0; !err && i < gathered.count; i++) {
        err = vault_get(self->vault, plain, &plain_len, table, &gathered.keys[i]);
        if (!err)
            err = visit(self, &gathered.keys[i], plain, plain_len);
    }
    sluice_wipe(plain, sizeof plain);
    free(gathered.keys);
    return err;
}

static enum sluice_err stage_one(struct erasure *self)
{
    const struct sluice_vault_erasure *asked = self->asked;
    bool buried = false;
    enum sluice_err err;

    if (asked->what == SLUICE_ERASE_EPOCH) {
        err = vault_epoch_bury(self->vault, &buried, asked->tenant, asked->purpose_index, asked->epoch);
        if (!err && buried)
            touch(self,
                  vault_epoch_key(self->vault, asked->tenant, asked->purpose_index, asked->epoch).bytes);
        return err;
    }
    err = each_gathered(self, VAULT_SUBJECTS, asked->tag, erase_row);
    if (err || (asked->purposes != WHOLE && !self->changed))
        return err;
    return each_gathered(self, VAULT_USERS, asked->tag, erase_user);
}

enum sluice_err vault_erase_stage(struct sluice_vault *vault, struct vault_erasing *erasing,
                                  const struct sluice_vault_erasure erasures[], size_t count)
{
    enum sluice_err err = SLUICE_OK;

    for (size_t i = 0; !err && i < count; i++) {
        struct erasure self = { .vault = vault, .pages = erasing->pages, .asked = &erasures[i] };

        err = stage_one(&self);
    }
    return err;
}

enum sluice_err vault_erase_prepare(struct sluice_vault *vault)
{
    struct sluice_key_slot *next = &vault->keyring->root[1];

    next->generation = vault->keyring->root[0].generation + 1;
    sluice_random(next->key, sizeof next->key);
    return sluice_keyring_write(vault->keyring, vault->folder);
}

static enum sluice_err write_rotated(struct sluice_vault *vault, const struct vault_erasing *erasing,
                                     MDB_txn *txn)
{
    enum sluice_err err = vault_commit_write(vault, txn, &vault->stage, true);

    for (unsigned page = 0; !err && page < VAULT_PAGES; page++)
        if (vault_page_set_has(erasing->pages, page))
            err = vault_rekey_page(vault, erasing->next, txn, page);
    if (!err)
        err = vault_keys_write(erasing->next, txn, &vault->env, &vault->keyring->root[1], erasing->pages);
    return err;
}

enum sluice_err vault_erase_commit(struct sluice_vault *vault, struct vault_erasing *erasing)
{
    MDB_txn *txn;

    memcpy(erasing->next, vault->keys, sizeof *vault->keys);
    vault_keys_renew(erasing->next, erasing->pages);
    vault_env_read_end(&vault->env);
    enum sluice_err err = vault_env_err(mdb_txn_begin(vault->env.env, NULL, 0, &txn));
    if (err)
        return err;
    vault_guard_writing(true);
    err = write_rotated(vault, erasing, txn);
    if (err) {
        mdb_txn_abort(txn);
    } else {
        /* A commit that fails may have reached the disk or not: until the vault is
         * opened again, either root may be the one. */
        err = vault_env_err(mdb_txn_commit(txn));
        vault->uncertain = err != SLUICE_OK;
    }
    vault_guard_writing(false);
    if (err)
        return err;

    memcpy(vault->keys, erasing->next, sizeof *vault->keys);
    vault->keyring->root[0] = vault->keyring->root[1];
    sluice_wipe(&vault->keyring->root[1], sizeof vault->keyring->root[1]);
    vault->keyring_unsaved = true;
    return SLUICE_OK;
}

enum sluice_err vault_erase_finish(struct sluice_vault *vault)
{
    return vault_keyring_save(vault);
}

/* Nothing was committed: the next root was never used. */
static void give_up(struct sluice_vault *vault)
{
    if (vault->keyring->root[1].generation == 0)
        return;
    sluice_wipe(&vault->keyring->root[1], sizeof vault->keyring->root[1]);
    vault->keyring_unsaved = true;
}

static enum sluice_err rotate(struct sluice_vault *vault, struct vault_erasing *erasing)
{
    enum sluice_err err = vault_erase_prepare(vault);

    if (!err)
        err = vault_erase_commit(vault, erasing);
    if (err && !vault->uncertain)
        give_up(vault);
    return err ? err : vault_erase_finish(vault);
}

enum sluice_err sluice_vault_erase(struct sluice_vault *vault, const struct sluice_vault_erasure erasures[],
                                   size_t count)
{
    struct vault_erasing erasing = { .pages = calloc(1, sizeof *erasing.pages),
                                     .next = sluice_secret_alloc(sizeof *erasing.next) };
    enum sluice_err err = vault_check(vault);

    assert(vault->stage.count == 0 && !vault->read_only);
    if (!err && (!erasing.pages || !erasing.next))
        err = SLUICE_ERR_MEMORY;
    /* An earlier erasure counts only once its keyring is written. */
    if (!err)
        err = vault_keyring_save(vault);
    if (!err)
        err = vault_merge(vault);
    if (!err)
        err = vault_erase_stage(vault, &erasing, erasures, count);
    if (!err && erasing.pages->count > 0)
        err = rotate(vault, &erasing);
    vault_stage_clear(&vault->stage);
    sluice_secret_free(erasing.next, sizeof *erasing.next);
    free(erasing.pages);
    return err;
}
