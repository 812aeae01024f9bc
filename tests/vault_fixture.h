/* A state folder with a keyring and a vault, opened and opened again. */
#ifndef TESTS_VAULT_FIXTURE_H
#define TESTS_VAULT_FIXTURE_H

#include <stdlib.h>

#include "scratch.h"
#include "sluice/vault.h"

struct vault_fixture {
    char folder[64];
    struct sluice_keyring *keyring;
    struct sluice_vault *vault;
    uint8_t tenant_key[SLUICE_HASH_KEY_SIZE];
};

static inline enum sluice_err fixture_try_open(struct vault_fixture *f)
{
    enum sluice_err err = sluice_keyring_open(&f->keyring, f->folder);

    if (!err)
        err = sluice_vault_open(&f->vault, f->folder, f->keyring);
    if (err) {
        sluice_keyring_close(f->keyring);
        f->keyring = NULL;
    }
    return err;
}

static inline void fixture_open(struct vault_fixture *f)
{
    assert_int_equal(fixture_try_open(f), SLUICE_OK);
    sluice_vault_tenant_key(f->vault, f->tenant_key, "acme");
}

static inline void fixture_close(struct vault_fixture *f)
{
    sluice_vault_close(f->vault);
    sluice_keyring_close(f->keyring);
    f->vault = NULL;
    f->keyring = NULL;
}

static inline void fixture_reopen(struct vault_fixture *f)
{
    fixture_close(f);
    fixture_open(f);
}

/* In an empty folder. */
static inline void fixture_new(struct vault_fixture *f)
{
    uint8_t public_key[SLUICE_PUBLIC_KEY_SIZE], secret_key[SLUICE_SECRET_KEY_SIZE];

    sluice_box_keypair(public_key, secret_key);
    assert_int_equal(sluice_keyring_create(f->folder, public_key, 1), SLUICE_OK);
    fixture_open(f);
}

static inline int fixture_setup(void **state)
{
    struct vault_fixture *f = calloc(1, sizeof *f);

    scratch_make(f->folder);
    fixture_new(f);
    *state = f;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    struct vault_fixture *f = *state;

    fixture_close(f);
    scratch_remove(f->folder);
    free(f);
    return 0;
}

/* The tag of a number, as if it were a SIM's. */
static inline void fixture_tag(const struct vault_fixture *f, uint8_t tag[static SLUICE_TAG_SIZE],
                               unsigned number)
{
    char digits[24];
    const int len = snprintf(digits, sizeof digits, "8999%015u", number);

    sluice_tag(tag, f->tenant_key, SLUICE_IDENTIFIER_ICCID, digits, (size_t)len);
}

static inline struct sluice_subject fixture_subject(const struct vault_fixture *f, unsigned number)
{
    struct sluice_subject subject = { .valid_to_s = SLUICE_ALWAYS_S, .registered = true };

    fixture_tag(f, subject.tag, number);
    snprintf(subject.account, sizeof subject.account, "account-%u", number);
    return subject;
}

/* Staged, not committed. */
static inline struct sluice_subject fixture_put(struct vault_fixture *f, unsigned number)
{
    struct sluice_subject subject = fixture_subject(f, number);

    assert_int_equal(sluice_vault_put(f->vault, &subject, 4), SLUICE_OK);
    return subject;
}

static inline uint64_t fixture_generation(struct vault_fixture *f, bool *reachable)
{
    uint64_t generation;

    assert_int_equal(sluice_vault_registry_generation(f->vault, &generation, reachable), SLUICE_OK);
    return generation;
}

static inline void fixture_commit(struct vault_fixture *f)
{
    assert_int_equal(sluice_vault_commit(f->vault), SLUICE_OK);
}

/* SLUICE_ERR_MISSING also for a grave, in which there must be nothing. */
static inline enum sluice_err fixture_find_at(struct vault_fixture *f, struct sluice_subject *subject,
                                              unsigned number, uint32_t at_s)
{
    static const struct sluice_subject nothing;
    uint8_t tag[SLUICE_TAG_SIZE];

    fixture_tag(f, tag, number);
    const enum sluice_err err = sluice_vault_find(f->vault, subject, tag, at_s);
    if (err || !sluice_subject_is_grave(subject))
        return err;
    struct sluice_subject grave = *subject;
    memset(grave.tag, 0, sizeof grave.tag);
    grave.generation_s = grave.valid_to_s = grave.erased = 0;
    assert_memory_equal(&grave, &nothing, sizeof grave);
    return SLUICE_ERR_MISSING;
}

static inline enum sluice_err fixture_find(struct vault_fixture *f, struct sluice_subject *subject,
                                           unsigned number)
{
    return fixture_find_at(f, subject, number, 1000);
}

static inline void assert_same_subject(const struct sluice_subject *a, const struct sluice_subject *b)
{
    assert_memory_equal(a->tag, b->tag, SLUICE_TAG_SIZE);
    assert_int_equal(a->generation_s, b->generation_s);
    assert_int_equal(a->valid_to_s, b->valid_to_s);
    assert_int_equal(a->registered, b->registered);
    assert_int_equal(a->contract, b->contract);
    assert_int_equal(a->age_below, b->age_below);
    assert_string_equal(a->region, b->region);
    assert_string_equal(a->account, b->account);
    assert_int_equal(a->consented, b->consented);
    assert_int_equal(a->objected, b->objected);
    assert_int_equal(a->restricted, b->restricted);
    assert_int_equal(a->erased, b->erased);
    assert_memory_equal(a->sole_user, b->sole_user, SLUICE_TAG_SIZE);
    assert_int_equal(a->link_count, b->link_count);
    assert_memory_equal(a->links, b->links, a->link_count * sizeof a->links[0]);
    assert_int_equal(a->secret_count, b->secret_count);
    assert_memory_equal(a->secrets, b->secrets, a->secret_count * sizeof a->secrets[0]);
}

/* Every generation of a subject, for every purpose. */
static inline struct sluice_vault_erasure fixture_whole(const struct vault_fixture *f, unsigned number)
{
    struct sluice_vault_erasure erasure = { .what = SLUICE_ERASE_SUBJECT, .purposes = UINT16_MAX };

    fixture_tag(f, erasure.tag, number);
    return erasure;
}

static inline void fixture_erase(struct vault_fixture *f, struct sluice_vault_erasure erasure)
{
    assert_int_equal(sluice_vault_erase(f->vault, &erasure, 1), SLUICE_OK);
}

#define WITH_VAULT(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

#endif
