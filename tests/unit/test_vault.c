#include "test.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "files.h"
#include "vault/vault_internal.h"
#include "vault_fixture.h"

static void a_row_comes_back_as_it_was_put(void **state)
{
    struct vault_fixture *f = *state;
    struct sluice_subject full = fixture_subject(f, 1), found;

    full.generation_s = 500;
    full.valid_to_s = 2000;
    full.contract = 2;
    full.age_below = 13;
    memcpy(full.region, "US-CA", 6);
    memset(full.account, 'a', SLUICE_ACCOUNT_MAX);
    full.consented = 0x8001;
    full.objected = 0x0100;
    full.restricted = 0xffff;
    full.erased = 0x0010;
    fixture_tag(f, full.sole_user, 77);
    full.link_count = SLUICE_LINKS_MAX;
    for (unsigned i = 0; i < SLUICE_LINKS_MAX; i++)
        fixture_tag(f, full.links[i], 100 + i);
    assert_int_equal(sluice_vault_put(f->vault, &full, SLUICE_PURPOSES_MAX), SLUICE_OK);
    struct sluice_subject empty = { .valid_to_s = SLUICE_ALWAYS_S };
    fixture_tag(f, empty.tag, 2);
    assert_int_equal(sluice_vault_put(f->vault, &empty, 0), SLUICE_OK);

    for (int round = 0; round < 3; round++) {
        assert_int_equal(fixture_find(f, &found, 1), SLUICE_OK);
        assert_same_subject(&found, &full);
        assert_int_equal(fixture_find(f, &found, 2), SLUICE_OK);
        assert_same_subject(&found, &empty);
        if (round == 0)
            fixture_commit(f);
        else
            fixture_reopen(f);
    }
}

static void minted_secrets_are_random_and_stay(void **state)
{
    struct vault_fixture *f = *state;
    static const uint8_t none[SLUICE_SECRET_SIZE];
    const struct sluice_subject a = fixture_put(f, 1), b = fixture_put(f, 2);
    struct sluice_subject again;

    for (size_t i = 0; i < 4; i++) {
        assert_memory_not_equal(a.secrets[i], none, sizeof none);
        assert_memory_not_equal(a.secrets[i], b.secrets[i], sizeof none);
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(a.secrets[i], a.secrets[j], sizeof none);
    }
    fixture_commit(f);
    /* One more purpose: the secrets there are stay. */
    assert_int_equal(fixture_find(f, &again, 1), SLUICE_OK);
    assert_int_equal(sluice_vault_put(f->vault, &again, 5), SLUICE_OK);
    fixture_commit(f);
    assert_int_equal(fixture_find(f, &again, 1), SLUICE_OK);
    assert_int_equal(again.secret_count, 5);
    assert_memory_equal(again.secrets, a.secrets, 4 * SLUICE_SECRET_SIZE);
    assert_memory_not_equal(again.secrets[4], none, sizeof none);
    /* Fewer than there are takes none away. */
    assert_int_equal(sluice_vault_put(f->vault, &again, 1), SLUICE_OK);
    assert_int_equal(fixture_find(f, &again, 1), SLUICE_OK);
    assert_int_equal(again.secret_count, 5);
}

static void what_was_not_put_is_missing(void **state)
{
    struct vault_fixture *f = *state;
    struct sluice_subject found;

    assert_int_equal(fixture_find(f, &found, 1), SLUICE_ERR_MISSING);
    fixture_put(f, 1);
    assert_int_equal(fixture_find(f, &found, 2), SLUICE_ERR_MISSING);
    fixture_commit(f);
    assert_int_equal(fixture_find(f, &found, 2), SLUICE_ERR_MISSING);
    assert_int_equal(fixture_find(f, &found, 1), SLUICE_OK);
}

static void the_generation_whose_interval_holds_the_instant_is_found(void **state)
{
    static const struct { uint32_t at_s, generation_s; bool found; } cases[] = {
        { 0, 0, false },    { 99, 0, false },          { 100, 100, true }, { 199, 100, true },
        { 200, 200, true }, { 299, 200, true },        { 300, 0, false },  { 349, 0, false },
        { 350, 350, true }, { 4000000000, 350, true },
    };
    static const uint32_t generations[][2] = { { 200, 300 }, { 350, SLUICE_ALWAYS_S }, { 100, 200 } };
    struct vault_fixture *f = *state;

    for (int round = 0; round < 4; round++) {
        /* All committed; then one staged among them; then all staged again. */
        for (size_t i = 0; i < 3; i++) {
            struct sluice_subject subject = fixture_subject(f, 1);

            subject.generation_s = generations[i][0];
            subject.valid_to_s = generations[i][1];
            if (round == 0 || round == 3 || i == (size_t)round)
                assert_int_equal(sluice_vault_put(f->vault, &subject, 1), SLUICE_OK);
        }
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            struct sluice_subject found;
            uint8_t tag[SLUICE_TAG_SIZE];

            fixture_tag(f, tag, 1);
            assert_int_equal(sluice_vault_find(f->vault, &found, tag, cases[i].at_s),
                             cases[i].found ? SLUICE_OK : SLUICE_ERR_MISSING);
            if (cases[i].found)
                assert_int_equal(found.generation_s, cases[i].generation_s);
        }
        if (round == 0)
            fixture_commit(f);
    }
}

static void an_earlier_open_generation_answers_behind_a_closed_one(void **state)
{
    struct vault_fixture *f = *state;
    struct sluice_subject unregistered = fixture_subject(f, 1), held = fixture_subject(f, 1), found;

    held.generation_s = 500;
    held.valid_to_s = 600;
    assert_int_equal(sluice_vault_put(f->vault, &unregistered, 1), SLUICE_OK);
    assert_int_equal(sluice_vault_put(f->vault, &held, 1), SLUICE_OK);
    fixture_commit(f);
    assert_int_equal(sluice_vault_find(f->vault, &found, held.tag, 550), SLUICE_OK);
    assert_int_equal(found.generation_s, 500);
    assert_int_equal(sluice_vault_find(f->vault, &found, held.tag, 600), SLUICE_OK);
    assert_int_equal(found.generation_s, 0);
}

static void an_interval_ends_where_the_answer_changes(void **state)
{
    static const struct { uint32_t at_s, from_s, to_s; bool held; } cases[] = {
        { 0, 0, 100, false }, { 150, 100, 200, true }, { 200, 200, 300, true }, { 300, 300, SLUICE_ALWAYS_S, false },
    };
    struct vault_fixture *f = *state;
    struct sluice_subject first = fixture_subject(f, 1), second = fixture_subject(f, 1);
    uint8_t stranger[SLUICE_TAG_SIZE];
    struct sluice_interval around;
    struct sluice_subject found;

    first.generation_s = 100;
    first.valid_to_s = 200;
    second.generation_s = 200;
    second.valid_to_s = 300;
    assert_int_equal(sluice_vault_put(f->vault, &first, 0), SLUICE_OK);
    fixture_commit(f);
    assert_int_equal(sluice_vault_put(f->vault, &second, 0), SLUICE_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(sluice_vault_find_around(f->vault, &found, &around, first.tag, cases[i].at_s),
                         cases[i].held ? SLUICE_OK : SLUICE_ERR_MISSING);
        assert_int_equal(around.from_s, cases[i].from_s);
        assert_int_equal(around.to_s, cases[i].to_s);
        if (cases[i].held)
            assert_int_equal(found.generation_s, cases[i].from_s);
    }
    fixture_tag(f, stranger, 9);
    assert_int_equal(sluice_vault_find_around(f->vault, &found, &around, stranger, 7), SLUICE_ERR_MISSING);
    assert_int_equal(around.from_s, 0);
    assert_int_equal(around.to_s, SLUICE_ALWAYS_S);
}

static void one_unknown_generation_makes_its_subject_unknown(void **state)
{
    struct vault_fixture *f = *state;
    struct sluice_subject first = fixture_subject(f, 1), second = fixture_subject(f, 1), found;
    struct sluice_interval around;

    first.valid_to_s = 100;
    second.generation_s = 200;
    second.unknown = true;
    assert_int_equal(sluice_vault_put(f->vault, &first, 0), SLUICE_OK);
    assert_int_equal(sluice_vault_put(f->vault, &second, 0), SLUICE_OK);
    fixture_put(f, 2);
    fixture_commit(f);
    for (uint32_t at_s = 50; at_s < 300; at_s += 100) {
        (void)!sluice_vault_find_around(f->vault, &found, &around, first.tag, at_s);
        assert_true(around.unknown);
        assert_int_equal(sluice_vault_find_around(f->vault, &found, &around, fixture_subject(f, 2).tag, at_s), SLUICE_OK);
        assert_false(around.unknown);
    }
    assert_int_equal(sluice_vault_find(f->vault, &found, first.tag, 250), SLUICE_OK);
    assert_true(found.unknown);
}

static void an_abort_forgets_what_was_staged_and_nothing_else(void **state)
{
    struct vault_fixture *f = *state;
    const struct sluice_subject kept = fixture_put(f, 1);
    struct sluice_subject changed, found;

    fixture_commit(f);
    changed = kept;
    changed.consented = 3;
    assert_int_equal(sluice_vault_put(f->vault, &changed, 4), SLUICE_OK);
    fixture_put(f, 2);
    assert_int_equal(fixture_find(f, &found, 1), SLUICE_OK);
    assert_int_equal(found.consented, 3);
    sluice_vault_abort(f->vault);
    assert_int_equal(fixture_find(f, &found, 2), SLUICE_ERR_MISSING);
    assert_int_equal(fixture_find(f, &found, 1), SLUICE_OK);
    assert_same_subject(&found, &kept);
    fixture_commit(f);
    fixture_reopen(f);
    assert_int_equal(fixture_find(f, &found, 2), SLUICE_ERR_MISSING);
}

static void many_rows_come_back_in_order(void **state)
{
    enum { COUNT = 5000 };
    struct vault_fixture *f = *state;
    struct sluice_subject walk = { .generation_s = 0 }, found;
    struct sluice_vault_stats stats;
    uint8_t before[SLUICE_TAG_SIZE] = { 0 };
    unsigned seen = 0;

    for (unsigned i = 0; i < COUNT; i++) {
        fixture_put(f, i);
        if (i % 1700 == 0)
            fixture_commit(f);
    }
    fixture_commit(f);
    for (unsigned i = 0; i < COUNT; i++)
        assert_int_equal(fixture_find(f, &found, i), SLUICE_OK);
    for (unsigned i = COUNT; i < 2 * COUNT; i++)
        assert_int_equal(fixture_find(f, &found, i), SLUICE_ERR_MISSING);
    while (sluice_vault_next(f->vault, &walk) == SLUICE_OK) {
        assert_true(memcmp(walk.tag, before, sizeof before) > 0);
        memcpy(before, walk.tag, sizeof before);
        seen++;
    }
    assert_int_equal(seen, COUNT);
    assert_int_equal(sluice_vault_stats(f->vault, &stats), SLUICE_OK);
    assert_int_equal(stats.subjects, COUNT);
    assert_int_equal(stats.root_generation, 1);
}

static void a_tag_depends_on_tenant_kind_and_digits(void **state)
{
    struct vault_fixture *f = *state;
    uint8_t other[SLUICE_HASH_KEY_SIZE], tags[4][SLUICE_TAG_SIZE];

    sluice_vault_tenant_key(f->vault, other, "beta");
    sluice_tag(tags[0], f->tenant_key, SLUICE_IDENTIFIER_IMSI, "001010123456789", 15);
    sluice_tag(tags[1], f->tenant_key, SLUICE_IDENTIFIER_MSISDN, "001010123456789", 15);
    sluice_tag(tags[2], f->tenant_key, SLUICE_IDENTIFIER_IMSI, "001010123456780", 15);
    sluice_tag(tags[3], other, SLUICE_IDENTIFIER_IMSI, "001010123456789", 15);
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(tags[i], tags[j], SLUICE_TAG_SIZE);
}

static void a_link_holds_in_its_interval_for_one_sim(void **state)
{
    struct vault_fixture *f = *state;
    uint8_t msisdn[SLUICE_TAG_SIZE], a[SLUICE_TAG_SIZE], b[SLUICE_TAG_SIZE], found[SLUICE_TAG_SIZE];

    fixture_tag(f, msisdn, 50);
    fixture_tag(f, a, 1);
    fixture_tag(f, b, 2);
    assert_int_equal(sluice_vault_link_find(f->vault, found, msisdn, 150), SLUICE_ERR_MISSING);
    assert_int_equal(sluice_vault_link_put(f->vault, msisdn, a, 100, 200), SLUICE_OK);
    assert_int_equal(sluice_vault_link_put(f->vault, msisdn, b, 200, SLUICE_ALWAYS_S), SLUICE_OK);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(sluice_vault_link_find(f->vault, found, msisdn, 99), SLUICE_ERR_MISSING);
        assert_int_equal(sluice_vault_link_find(f->vault, found, msisdn, 100), SLUICE_OK);
        assert_memory_equal(found, a, sizeof a);
        assert_int_equal(sluice_vault_link_find(f->vault, found, msisdn, 199), SLUICE_OK);
        assert_memory_equal(found, a, sizeof a);
        assert_int_equal(sluice_vault_link_find(f->vault, found, msisdn, 200), SLUICE_OK);
        assert_memory_equal(found, b, sizeof b);
        fixture_commit(f);
    }
    assert_int_equal(sluice_vault_link_put(f->vault, msisdn, a, 150, 250), SLUICE_OK);
    assert_int_equal(sluice_vault_link_find(f->vault, found, msisdn, 220), SLUICE_ERR_LIMIT);
    assert_int_equal(sluice_vault_link_find(f->vault, found, msisdn, 160), SLUICE_OK);
    assert_memory_equal(found, a, sizeof a);
}

static void a_removed_link_is_gone_and_its_neighbours_stay(void **state)
{
    struct vault_fixture *f = *state;
    uint8_t msisdn[SLUICE_TAG_SIZE], a[SLUICE_TAG_SIZE], found[SLUICE_TAG_SIZE];
    struct sluice_link link = { .from_s = 0 };

    fixture_tag(f, msisdn, 50);
    fixture_tag(f, a, 1);
    assert_int_equal(sluice_vault_link_put(f->vault, msisdn, a, 100, 200), SLUICE_OK);
    assert_int_equal(sluice_vault_link_put(f->vault, msisdn, a, 300, 400), SLUICE_OK);
    fixture_commit(f);
    assert_int_equal(sluice_vault_link_remove(f->vault, msisdn, 100), SLUICE_OK);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(sluice_vault_link_find(f->vault, found, msisdn, 150), SLUICE_ERR_MISSING);
        assert_int_equal(sluice_vault_link_find(f->vault, found, msisdn, 350), SLUICE_OK);
        fixture_commit(f);
        fixture_reopen(f);
    }
    /* Put, removed and put again before a commit: it is there. */
    assert_int_equal(sluice_vault_link_put(f->vault, msisdn, a, 500, 600), SLUICE_OK);
    assert_int_equal(sluice_vault_link_remove(f->vault, msisdn, 500), SLUICE_OK);
    assert_int_equal(sluice_vault_link_find(f->vault, found, msisdn, 550), SLUICE_ERR_MISSING);
    assert_int_equal(sluice_vault_link_put(f->vault, msisdn, a, 500, 600), SLUICE_OK);
    assert_int_equal(sluice_vault_link_find(f->vault, found, msisdn, 550), SLUICE_OK);
    fixture_commit(f);
    assert_int_equal(sluice_vault_link_find(f->vault, found, msisdn, 550), SLUICE_OK);
    assert_int_equal(sluice_vault_link_remove(f->vault, msisdn, 500), SLUICE_OK);
    fixture_commit(f);
    assert_int_equal(sluice_vault_link_next(f->vault, &link), SLUICE_OK);
    assert_memory_equal(link.tag, msisdn, sizeof msisdn);
    assert_memory_equal(link.subject_tag, a, sizeof a);
    assert_int_equal(link.from_s, 300);
    assert_int_equal(link.to_s, 400);
    assert_int_equal(sluice_vault_link_next(f->vault, &link), SLUICE_ERR_MISSING);
}

static void a_vault_that_is_gone_is_not_made_anew(void **state)
{
    struct vault_fixture *f = *state;
    const uint8_t digest[SLUICE_DIGEST_SIZE] = "files";
    char path[128];

    assert_int_equal(sluice_vault_registry_loaded(f->vault, digest), SLUICE_OK);
    fixture_commit(f);
    fixture_close(f);
    snprintf(path, sizeof path, "%s/vault", f->folder);
    scratch_remove(path);
    assert_int_equal(fixture_try_open(f), SLUICE_ERR_OLDER);
}

static void another_keyring_opens_nothing(void **state)
{
    struct vault_fixture *f = *state;
    uint8_t public_key[SLUICE_PUBLIC_KEY_SIZE], secret_key[SLUICE_SECRET_KEY_SIZE];

    fixture_put(f, 1);
    fixture_commit(f);
    fixture_close(f);
    unlink(path_in(f->folder, "keyring"));
    sluice_box_keypair(public_key, secret_key);
    assert_int_equal(sluice_keyring_create(f->folder, public_key, 1), SLUICE_OK);
    assert_int_equal(fixture_try_open(f), SLUICE_ERR_DAMAGED);
}

static void only_its_owner_may_read_it(void **state)
{
    struct vault_fixture *f = *state;
    struct stat status;

    assert_int_equal(stat(path_in(f->folder, "vault"), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    assert_int_equal(stat(path_in(f->folder, "vault/data.mdb"), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

static void a_reader_beside_the_owner_sees_what_is_committed(void **state)
{
    struct vault_fixture *f = *state;
    struct vault_fixture reader = *f;
    struct sluice_subject found;
    uint8_t index;

    fixture_put(f, 1);
    fixture_commit(f);
    fixture_put(f, 2);
    /* LMDB does not let one process open a file twice, so the reader is another one. */
    const pid_t child = fork();
    if (child == 0) {
        int failed = sluice_keyring_open(&reader.keyring, reader.folder) != SLUICE_OK ||
                     sluice_vault_open_reading(&reader.vault, reader.folder, reader.keyring) != SLUICE_OK;

        if (!failed)
            failed = fixture_find(&reader, &found, 1) != SLUICE_OK ||
                     fixture_find(&reader, &found, 2) != SLUICE_ERR_MISSING ||
                     sluice_vault_purpose_index(reader.vault, "acme", "new", &index) != SLUICE_ERR_MISSING;
        _exit(failed);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    fixture_commit(f);
    assert_int_equal(fixture_find(f, &found, 2), SLUICE_OK);
}

static void a_forked_child_is_refused(void **state)
{
    struct vault_fixture *f = *state;
    struct sluice_subject found, put;
    struct sluice_epoch_secrets secrets;
    int status;

    put = fixture_put(f, 1);
    fixture_commit(f);
    const pid_t child = fork();
    if (child == 0) {
        const bool refused = fixture_find(f, &found, 1) == SLUICE_ERR_KEY &&
                             sluice_vault_put(f->vault, &put, 5) == SLUICE_ERR_KEY &&
                             sluice_vault_commit(f->vault) == SLUICE_ERR_KEY &&
                             sluice_vault_epoch(f->vault, &secrets, "acme", 0, 1, true) == SLUICE_ERR_KEY;
        sluice_vault_close(f->vault);
        _exit(refused ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(fixture_find(f, &found, 1), SLUICE_OK);
}

/* Neither secrets nor accounts, in any file. */
static void nothing_readable_lies_on_disk(void **state)
{
    struct vault_fixture *f = *state;
    static uint8_t bytes[16 << 20];
    const struct sluice_subject subject = fixture_put(f, 1);

    fixture_commit(f);
    const size_t len = file_read(path_in(f->folder, "vault/data.mdb"), bytes, sizeof bytes);
    assert_in_range(len, 1 << 20, sizeof bytes - 1);
    assert_null(memmem(bytes, len, subject.secrets[0], 8));
    assert_null(memmem(bytes, len, "account-", 8));
    assert_null(memmem(bytes, len, "acme", 4));
    assert_non_null(memmem(bytes, len, subject.tag, SLUICE_TAG_SIZE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_VAULT(a_row_comes_back_as_it_was_put),
        WITH_VAULT(minted_secrets_are_random_and_stay),
        WITH_VAULT(what_was_not_put_is_missing),
        WITH_VAULT(the_generation_whose_interval_holds_the_instant_is_found),
        WITH_VAULT(an_earlier_open_generation_answers_behind_a_closed_one),
        WITH_VAULT(an_interval_ends_where_the_answer_changes),
        WITH_VAULT(one_unknown_generation_makes_its_subject_unknown),
        WITH_VAULT(an_abort_forgets_what_was_staged_and_nothing_else),
        WITH_VAULT(many_rows_come_back_in_order),
        WITH_VAULT(a_tag_depends_on_tenant_kind_and_digits),
        WITH_VAULT(a_link_holds_in_its_interval_for_one_sim),
        WITH_VAULT(a_removed_link_is_gone_and_its_neighbours_stay),
        WITH_VAULT(a_vault_that_is_gone_is_not_made_anew),
        WITH_VAULT(another_keyring_opens_nothing),
        WITH_VAULT(only_its_owner_may_read_it),
        WITH_VAULT(a_reader_beside_the_owner_sees_what_is_committed),
        WITH_VAULT(a_forked_child_is_refused),
        WITH_VAULT(nothing_readable_lies_on_disk),
    };

    if (sluice_crypto_init() != SLUICE_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
