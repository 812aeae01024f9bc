#include "test.h"

#include <stdio.h>

#include "vault_fixture.h"

static void a_purpose_keeps_its_index(void **state)
{
    struct vault_fixture *f = *state;
    uint8_t index, key[SLUICE_HASH_KEY_SIZE], again[SLUICE_HASH_KEY_SIZE], other[SLUICE_HASH_KEY_SIZE];

    fixture_put(f, 1);   /* staged all the while: a purpose waits for no commit */
    assert_int_equal(sluice_vault_purpose_index(f->vault, "acme", "billing", &index), SLUICE_OK);
    assert_int_equal(index, 0);
    assert_int_equal(sluice_vault_purpose_index(f->vault, "acme", "fraud", &index), SLUICE_OK);
    assert_int_equal(index, 1);
    assert_int_equal(sluice_vault_purpose_index(f->vault, "beta", "fraud", &index), SLUICE_OK);
    assert_int_equal(index, 0);
    assert_int_equal(sluice_vault_purpose_tag_key(f->vault, key, "acme", 1), SLUICE_OK);
    assert_int_equal(sluice_vault_purpose_tag_key(f->vault, other, "beta", 0), SLUICE_OK);
    assert_memory_not_equal(key, other, sizeof key);
    fixture_reopen(f);
    assert_int_equal(sluice_vault_purpose_index(f->vault, "acme", "fraud", &index), SLUICE_OK);
    assert_int_equal(index, 1);
    assert_int_equal(sluice_vault_purpose_tag_key(f->vault, again, "acme", 1), SLUICE_OK);
    assert_memory_equal(key, again, sizeof key);
    assert_int_equal(sluice_vault_purpose_tag_key(f->vault, again, "acme", 2), SLUICE_ERR_MISSING);
}

static void a_tenant_has_so_many_purposes_and_no_more(void **state)
{
    struct vault_fixture *f = *state;
    uint8_t index;

    for (unsigned i = 0; i < SLUICE_PURPOSES_MAX; i++) {
        char name[SLUICE_NAME_MAX + 1];

        snprintf(name, sizeof name, "purpose-%c-abcdefghijklmnopqrstu", (char)('a' + i));
        assert_int_equal(sluice_vault_purpose_index(f->vault, "acme", name, &index), SLUICE_OK);
        assert_int_equal(index, i);
    }
    assert_int_equal(sluice_vault_purpose_index(f->vault, "acme", "one-more", &index), SLUICE_ERR_LIMIT);
    assert_int_equal(sluice_vault_purpose_index(f->vault, "beta", "one-more", &index), SLUICE_OK);
}

static void an_epoch_keeps_its_secrets(void **state)
{
    struct vault_fixture *f = *state;
    struct sluice_epoch_secrets first, again, other;

    assert_int_equal(sluice_vault_epoch(f->vault, &first, "acme", 0, 7, false), SLUICE_ERR_MISSING);
    assert_int_equal(sluice_vault_epoch(f->vault, &first, "acme", 0, 7, true), SLUICE_OK);
    assert_int_equal(sluice_vault_epoch(f->vault, &again, "acme", 0, 7, true), SLUICE_OK);
    assert_memory_equal(&first, &again, sizeof first);
    assert_int_equal(sluice_vault_epoch(f->vault, &other, "acme", 0, 8, true), SLUICE_OK);
    assert_memory_not_equal(first.pseudonym_secret, other.pseudonym_secret, SLUICE_SECRET_SIZE);
    assert_int_equal(sluice_vault_epoch(f->vault, &other, "acme", 1, 7, true), SLUICE_OK);
    assert_memory_not_equal(first.pseudonym_secret, other.pseudonym_secret, SLUICE_SECRET_SIZE);
    assert_int_equal(sluice_vault_epoch(f->vault, &other, "beta", 0, 7, true), SLUICE_OK);
    assert_memory_not_equal(first.pseudonym_secret, other.pseudonym_secret, SLUICE_SECRET_SIZE);
    fixture_commit(f);
    fixture_reopen(f);
    assert_int_equal(sluice_vault_epoch(f->vault, &again, "acme", 0, 7, false), SLUICE_OK);
    assert_memory_equal(&first, &again, sizeof first);
}

static void note_epoch(void *self, const char *tenant, uint8_t purpose_index, const char *purpose,
                       uint32_t epoch)
{
    char *text = self;

    if (strcmp(tenant, "acme") == 0)
        snprintf(text, 64, "%u %s %u", purpose_index, purpose, epoch);
    else
        strcat(text, "!");
}

static void living_epochs_are_listed_by_name(void **state)
{
    struct vault_fixture *f = *state;
    struct sluice_epoch_secrets secrets;
    char text[64] = "";
    uint8_t index;

    assert_int_equal(sluice_vault_purpose_index(f->vault, "acme", "billing", &index), SLUICE_OK);
    assert_int_equal(sluice_vault_epoch(f->vault, &secrets, "acme", index, 661, true), SLUICE_OK);
    fixture_commit(f);
    assert_int_equal(sluice_vault_epochs(f->vault, note_epoch, text), SLUICE_OK);
    assert_string_equal(text, "0 billing 661");
}

static void the_registry_generation_rises_with_each_load(void **state)
{
    struct vault_fixture *f = *state;
    const uint8_t digest[SLUICE_DIGEST_SIZE] = "files";
    uint8_t found[SLUICE_DIGEST_SIZE];
    bool reachable;

    assert_int_equal(fixture_generation(f, &reachable), 0);
    assert_false(reachable);
    assert_int_equal(sluice_vault_registry_loaded(f->vault, digest), SLUICE_OK);
    fixture_commit(f);
    assert_int_equal(fixture_generation(f, &reachable), 1);
    assert_true(reachable);
    assert_int_equal(f->keyring->registry_generation, 1);
    fixture_reopen(f);
    assert_int_equal(f->keyring->registry_generation, 1);
    assert_int_equal(sluice_vault_registry_digest(f->vault, found), SLUICE_OK);
    assert_memory_equal(found, digest, sizeof digest);
    assert_int_equal(sluice_vault_registry_loaded(f->vault, digest), SLUICE_OK);
    sluice_vault_abort(f->vault);
    assert_int_equal(fixture_generation(f, &reachable), 1);
    assert_int_equal(sluice_vault_registry_loaded(f->vault, digest), SLUICE_OK);
    fixture_commit(f);
    assert_int_equal(fixture_generation(f, &reachable), 2);
}

static void a_registry_older_than_the_keyring_knows_is_not_reachable(void **state)
{
    struct vault_fixture *f = *state;
    const uint8_t digest[SLUICE_DIGEST_SIZE] = "files";
    bool reachable;

    assert_int_equal(sluice_vault_registry_loaded(f->vault, digest), SLUICE_OK);
    fixture_commit(f);
    f->keyring->registry_generation = 9;
    assert_int_equal(fixture_generation(f, &reachable), 1);
    assert_false(reachable);
    /* The next load is above both. */
    assert_int_equal(sluice_vault_registry_loaded(f->vault, digest), SLUICE_OK);
    fixture_commit(f);
    assert_int_equal(fixture_generation(f, &reachable), 10);
    assert_true(reachable);
}

static void a_crash_between_load_and_keyring_is_settled(void **state)
{
    struct vault_fixture *f = *state;
    const uint8_t digest[SLUICE_DIGEST_SIZE] = "files";
    bool reachable;

    assert_int_equal(sluice_vault_registry_loaded(f->vault, digest), SLUICE_OK);
    fixture_commit(f);
    f->keyring->registry_generation = 0;
    assert_int_equal(sluice_keyring_write(f->keyring, f->folder), SLUICE_OK);
    fixture_reopen(f);
    assert_int_equal(f->keyring->registry_generation, 1);
    fixture_reopen(f);
    assert_int_equal(f->keyring->registry_generation, 1);
    assert_int_equal(fixture_generation(f, &reachable), 1);
    assert_true(reachable);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_VAULT(a_purpose_keeps_its_index),
        WITH_VAULT(a_tenant_has_so_many_purposes_and_no_more),
        WITH_VAULT(an_epoch_keeps_its_secrets),
        WITH_VAULT(living_epochs_are_listed_by_name),
        WITH_VAULT(the_registry_generation_rises_with_each_load),
        WITH_VAULT(a_registry_older_than_the_keyring_knows_is_not_reachable),
        WITH_VAULT(a_crash_between_load_and_keyring_is_settled),
    };

    if (sluice_crypto_init() != SLUICE_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
