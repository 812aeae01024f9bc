#include "test.h"

#include "vault/vault_internal.h"
#include "vault_fixture.h"

enum { VICTIM = 1, BYSTANDER = 2 };

static void erasing_destroys_one_subject_and_no_other(void **state)
{
    struct vault_fixture *f = *state;
    const struct sluice_subject before = fixture_put(f, BYSTANDER);
    struct sluice_subject found;

    fixture_put(f, VICTIM);
    fixture_commit(f);
    fixture_erase(f, fixture_whole(f, VICTIM));
    for (int round = 0; round < 2; round++) {
        assert_int_equal(fixture_find(f, &found, VICTIM), SLUICE_ERR_MISSING);
        assert_int_equal(fixture_find(f, &found, BYSTANDER), SLUICE_OK);
        assert_same_subject(&found, &before);
        assert_int_equal(f->keyring->root[0].generation, 2);
        assert_int_equal(f->keyring->root[1].generation, 0);
        fixture_reopen(f);
    }
}

static void every_generation_goes(void **state)
{
    struct vault_fixture *f = *state;
    struct sluice_subject found;

    for (uint32_t i = 0; i < 3; i++) {
        struct sluice_subject subject = fixture_subject(f, VICTIM);

        subject.generation_s = i * 300;
        subject.valid_to_s = (i + 1) * 300;
        assert_int_equal(sluice_vault_put(f->vault, &subject, 2), SLUICE_OK);
    }
    fixture_put(f, BYSTANDER);
    fixture_commit(f);
    fixture_erase(f, fixture_whole(f, VICTIM));
    for (uint32_t at_s = 0; at_s < 1200; at_s += 100)
        assert_int_equal(fixture_find_at(f, &found, VICTIM, at_s), SLUICE_ERR_MISSING);
    assert_int_equal(fixture_find(f, &found, BYSTANDER), SLUICE_OK);
}

/* Who is replayed or comes late meets the grave, under every identifier, and no new secret. */
static void a_grave_is_left_that_nothing_is_minted_in(void **state)
{
    struct vault_fixture *f = *state;
    struct sluice_subject victim = fixture_subject(f, VICTIM), found;
    uint8_t imsi[SLUICE_TAG_SIZE], linked[SLUICE_TAG_SIZE];

    victim.generation_s = 200;
    victim.valid_to_s = 2000;
    fixture_tag(f, imsi, 50);
    memcpy(victim.links[victim.link_count++], imsi, SLUICE_TAG_SIZE);
    assert_int_equal(sluice_vault_put(f->vault, &victim, 4), SLUICE_OK);
    assert_int_equal(sluice_vault_link_put(f->vault, imsi, victim.tag, 300, 1500), SLUICE_OK);
    fixture_put(f, BYSTANDER);
    fixture_commit(f);
    fixture_erase(f, fixture_whole(f, VICTIM));
    for (int round = 0; round < 3; round++) {
        assert_int_equal(sluice_vault_find(f->vault, &found, victim.tag, 1000), SLUICE_OK);
        assert_true(sluice_subject_is_grave(&found));
        assert_int_equal(found.generation_s, 200);
        assert_int_equal(found.valid_to_s, 2000);
        assert_int_equal(sluice_vault_put(f->vault, &found, 4), SLUICE_OK);
        assert_int_equal(found.secret_count, 0);
        assert_int_equal(sluice_vault_link_find(f->vault, linked, imsi, 1000), SLUICE_ERR_MISSING);
        assert_int_equal(sluice_vault_find(f->vault, &found, imsi, 1000), SLUICE_OK);
        assert_true(sluice_subject_is_grave(&found));
        /* Before and behind the interval nobody is erased. */
        assert_int_equal(sluice_vault_find(f->vault, &found, victim.tag, 100), SLUICE_ERR_MISSING);
        assert_int_equal(sluice_vault_find(f->vault, &found, imsi, 1600), SLUICE_ERR_MISSING);
        assert_int_equal(fixture_find(f, &found, BYSTANDER), SLUICE_OK);
        assert_int_equal(found.secret_count, 4);
        fixture_commit(f);
        fixture_erase(f, fixture_whole(f, VICTIM));
        assert_int_equal(f->keyring->root[0].generation, 2);
        fixture_reopen(f);
    }
}

static void erasing_from_one_purpose_leaves_the_others_intact(void **state)
{
    struct vault_fixture *f = *state;
    const struct sluice_subject before = fixture_put(f, VICTIM);
    struct sluice_vault_erasure erasure = fixture_whole(f, VICTIM);
    struct sluice_subject found;

    fixture_commit(f);
    erasure.purposes = 1 << 1;
    fixture_erase(f, erasure);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(fixture_find(f, &found, VICTIM), SLUICE_OK);
        assert_memory_equal(found.secrets[0], before.secrets[0], SLUICE_SECRET_SIZE);
        assert_memory_not_equal(found.secrets[1], before.secrets[1], SLUICE_SECRET_SIZE);
        assert_memory_equal(found.secrets[2], before.secrets[2], SLUICE_SECRET_SIZE);
        assert_int_equal(found.erased, 1 << 1);
        assert_string_equal(found.account, before.account);
        fixture_reopen(f);
    }
    /* Whoever minds the mark less than they should gets nothing that many share. */
    static const uint8_t none[SLUICE_SECRET_SIZE];
    assert_memory_not_equal(found.secrets[1], none, sizeof none);
}

static void links_go_with_their_subject(void **state)
{
    struct vault_fixture *f = *state;
    struct sluice_subject victim = fixture_subject(f, VICTIM), bystander = fixture_subject(f, BYSTANDER);
    uint8_t shared[SLUICE_TAG_SIZE], own[SLUICE_TAG_SIZE], found[SLUICE_TAG_SIZE];

    fixture_tag(f, shared, 50);
    fixture_tag(f, own, 51);
    memcpy(victim.links[victim.link_count++], shared, SLUICE_TAG_SIZE);
    memcpy(victim.links[victim.link_count++], own, SLUICE_TAG_SIZE);
    assert_int_equal(sluice_vault_put(f->vault, &victim, 2), SLUICE_OK);
    assert_int_equal(sluice_vault_put(f->vault, &bystander, 2), SLUICE_OK);
    assert_int_equal(sluice_vault_link_put(f->vault, shared, victim.tag, 0, 500), SLUICE_OK);
    assert_int_equal(sluice_vault_link_put(f->vault, shared, bystander.tag, 500, SLUICE_ALWAYS_S), SLUICE_OK);
    assert_int_equal(sluice_vault_link_put(f->vault, own, victim.tag, 0, SLUICE_ALWAYS_S), SLUICE_OK);
    fixture_commit(f);
    fixture_erase(f, fixture_whole(f, VICTIM));
    assert_int_equal(sluice_vault_link_find(f->vault, found, own, 100), SLUICE_ERR_MISSING);
    assert_int_equal(sluice_vault_link_find(f->vault, found, shared, 100), SLUICE_ERR_MISSING);
    assert_int_equal(sluice_vault_link_find(f->vault, found, shared, 600), SLUICE_OK);
    assert_memory_equal(found, bystander.tag, SLUICE_TAG_SIZE);
}

static struct sluice_subject put_device(struct vault_fixture *f, unsigned device, unsigned sim)
{
    struct sluice_subject subject = { .valid_to_s = SLUICE_ALWAYS_S };

    fixture_tag(f, subject.tag, device);
    fixture_tag(f, subject.sole_user, sim);
    assert_int_equal(sluice_vault_put(f->vault, &subject, 3), SLUICE_OK);
    return subject;
}

static void devices_that_only_it_used_are_rekeyed(void **state)
{
    struct vault_fixture *f = *state;
    struct sluice_subject shared, found;

    fixture_put(f, VICTIM);
    put_device(f, 60, VICTIM);
    shared = put_device(f, 61, VICTIM);
    put_device(f, 62, BYSTANDER);
    fixture_commit(f);
    memset(shared.sole_user, 0xff, SLUICE_TAG_SIZE);   /* another SIM was put in */
    assert_int_equal(sluice_vault_put(f->vault, &shared, 3), SLUICE_OK);
    fixture_commit(f);
    fixture_erase(f, fixture_whole(f, VICTIM));
    assert_int_equal(fixture_find(f, &found, 60), SLUICE_ERR_MISSING);
    assert_int_equal(fixture_find(f, &found, 61), SLUICE_OK);
    assert_same_subject(&found, &shared);
    assert_int_equal(fixture_find(f, &found, 62), SLUICE_OK);
}

static void devices_follow_their_sim_purpose_by_purpose(void **state)
{
    struct vault_fixture *f = *state;
    struct sluice_vault_erasure erasure = fixture_whole(f, VICTIM);
    struct sluice_subject device, found;

    fixture_put(f, VICTIM);
    device = put_device(f, 60, VICTIM);
    fixture_commit(f);
    erasure.purposes = 1 << 2;
    fixture_erase(f, erasure);
    assert_int_equal(fixture_find(f, &found, 60), SLUICE_OK);
    assert_memory_equal(found.secrets, device.secrets, 2 * SLUICE_SECRET_SIZE);
    assert_memory_not_equal(found.secrets[2], device.secrets[2], SLUICE_SECRET_SIZE);
    assert_int_equal(found.erased, 0);   /* the device goes on, as another one */
}

static void a_destroyed_epoch_is_never_made_again(void **state)
{
    struct vault_fixture *f = *state;
    struct sluice_epoch_secrets secrets, other, found;
    const struct sluice_vault_erasure erasures[] = {
        { .what = SLUICE_ERASE_EPOCH, .tenant = "acme", .purpose_index = 0, .epoch = 7 },
        { .what = SLUICE_ERASE_EPOCH, .tenant = "acme", .purpose_index = 0, .epoch = 9 },   /* never made */
    };
    struct sluice_vault_stats stats;

    assert_int_equal(sluice_vault_epoch(f->vault, &secrets, "acme", 0, 7, true), SLUICE_OK);
    assert_int_equal(sluice_vault_epoch(f->vault, &other, "acme", 0, 8, true), SLUICE_OK);
    fixture_commit(f);
    assert_int_equal(sluice_vault_erase(f->vault, erasures, 2), SLUICE_OK);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(sluice_vault_epoch(f->vault, &found, "acme", 0, 7, true), SLUICE_ERR_MISSING);
        assert_int_equal(sluice_vault_epoch(f->vault, &found, "acme", 0, 9, true), SLUICE_ERR_MISSING);
        assert_int_equal(sluice_vault_epoch(f->vault, &found, "acme", 0, 8, true), SLUICE_OK);
        assert_memory_equal(&found, &other, sizeof other);
        assert_int_equal(sluice_vault_stats(f->vault, &stats), SLUICE_OK);
        assert_int_equal(stats.epochs, 1);
        fixture_reopen(f);
    }
    assert_int_equal(f->keyring->root[0].generation, 2);   /* one rotation for both */
}

static void erasing_again_changes_nothing(void **state)
{
    struct vault_fixture *f = *state;
    struct sluice_vault_erasure in_one = fixture_whole(f, BYSTANDER);
    const struct sluice_vault_erasure epoch = { .what = SLUICE_ERASE_EPOCH, .tenant = "acme", .epoch = 3 };

    in_one.purposes = 1;
    fixture_put(f, VICTIM);
    fixture_put(f, BYSTANDER);
    fixture_commit(f);
    for (int round = 0; round < 2; round++) {
        fixture_erase(f, fixture_whole(f, VICTIM));
        fixture_erase(f, in_one);
        fixture_erase(f, epoch);
        assert_int_equal(f->keyring->root[0].generation, 4);
    }
    fixture_erase(f, fixture_whole(f, 12345));
    assert_int_equal(f->keyring->root[0].generation, 4);
}

static void many_are_erased_in_one_rotation(void **state)
{
    enum { COUNT = 1000 };
    struct vault_fixture *f = *state;
    static struct sluice_vault_erasure erasures[COUNT / 2];
    struct sluice_subject found;

    for (unsigned i = 0; i < COUNT; i++)
        fixture_put(f, i);
    fixture_commit(f);
    for (unsigned i = 0; i < COUNT / 2; i++)
        erasures[i] = fixture_whole(f, 2 * i);
    assert_int_equal(sluice_vault_erase(f->vault, erasures, COUNT / 2), SLUICE_OK);
    assert_int_equal(f->keyring->root[0].generation, 2);
    fixture_reopen(f);
    for (unsigned i = 0; i < COUNT; i++)
        assert_int_equal(fixture_find(f, &found, i), i % 2 ? SLUICE_OK : SLUICE_ERR_MISSING);
}

/* Every key that is left, tried on every old copy of the node, page and row. */
static void no_key_that_is_left_opens_what_was_erased(void **state)
{
    struct vault_fixture *f = *state;
    const struct sluice_subject victim = fixture_put(f, VICTIM);
    const struct vault_key key = vault_key_make(victim.tag, 0);
    uint8_t plain[VAULT_PLAIN_MAX], old_row[VAULT_SEALED_MAX], logged_row[VAULT_SEALED_MAX];
    size_t plain_len, old_len;
    struct vault_keys *old = sluice_secret_alloc(sizeof *old);

    fixture_put(f, BYSTANDER);
    fixture_commit(f);
    /* As the log has it, and as the table will. */
    const struct vault_staged *logged = vault_stage_find(&f->vault->pending, VAULT_SUBJECTS, &key);
    assert_non_null(logged);
    const size_t logged_len = logged->sealed_len;
    memcpy(logged_row, logged->sealed, logged_len);
    assert_int_equal(vault_merge(f->vault), SLUICE_OK);
    assert_int_equal(vault_env_read(&f->vault->env), SLUICE_OK);
    MDB_val name = { key.len, (void *)(uintptr_t)key.bytes }, sealed;
    assert_int_equal(mdb_get(f->vault->env.reader.txn, f->vault->env.tables[VAULT_SUBJECTS], &name, &sealed),
                     0);
    old_len = sealed.mv_size;
    memcpy(old_row, sealed.mv_data, old_len);
    memcpy(old, f->vault->keys, sizeof *old);
    assert_int_equal(
        vault_row_unseal(plain, &plain_len, f->vault->keys, VAULT_SUBJECTS, &key, old_row, old_len),
        SLUICE_OK);

    fixture_erase(f, fixture_whole(f, VICTIM));
    assert_int_equal(
        vault_row_unseal(plain, &plain_len, f->vault->keys, VAULT_SUBJECTS, &key, old_row, old_len),
        SLUICE_ERR_DAMAGED);
    assert_int_equal(
        vault_row_unseal(plain, &plain_len, f->vault->keys, VAULT_SUBJECTS, &key, logged_row, logged_len),
        SLUICE_ERR_DAMAGED);
    const unsigned page = vault_page_of(victim.tag);
    assert_memory_not_equal(old->page[page], f->vault->keys->page[page], SLUICE_KEY_SIZE);
    assert_memory_not_equal(old->node[page / VAULT_NODE_PAGES], f->vault->keys->node[page / VAULT_NODE_PAGES],
                            SLUICE_KEY_SIZE);
    assert_memory_equal(old->page[page ^ 0xff00], f->vault->keys->page[page ^ 0xff00], SLUICE_KEY_SIZE);
    sluice_secret_free(old, sizeof *old);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_VAULT(erasing_destroys_one_subject_and_no_other),
        WITH_VAULT(every_generation_goes),
        WITH_VAULT(a_grave_is_left_that_nothing_is_minted_in),
        WITH_VAULT(erasing_from_one_purpose_leaves_the_others_intact),
        WITH_VAULT(links_go_with_their_subject),
        WITH_VAULT(devices_that_only_it_used_are_rekeyed),
        WITH_VAULT(devices_follow_their_sim_purpose_by_purpose),
        WITH_VAULT(a_destroyed_epoch_is_never_made_again),
        WITH_VAULT(erasing_again_changes_nothing),
        WITH_VAULT(many_are_erased_in_one_rotation),
        WITH_VAULT(no_key_that_is_left_opens_what_was_erased),
    };

    if (sluice_crypto_init() != SLUICE_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
