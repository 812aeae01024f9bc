#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "files.h"
#include "vault/vault_internal.h"
#include "vault_fixture.h"

enum { VICTIM = 1, BYSTANDER = 2 };

static void copy_file(const char *from_folder, const char *to_folder, const char *name)
{
    static uint8_t bytes[32 << 20];
    const size_t len = file_read(path_in(from_folder, name), bytes, sizeof bytes);

    assert_true(len < sizeof bytes);
    file_write(path_in(to_folder, name), bytes, len);
    assert_int_equal(chmod(path_in(to_folder, name), 0600), 0);
}

static void copy_state(char copy[static 64], const struct vault_fixture *f)
{
    scratch_make(copy);
    assert_int_equal(mkdir(path_in(copy, "vault"), 0700), 0);
    copy_file(f->folder, copy, "keyring");
    copy_file(f->folder, copy, "vault/data.mdb");
}

/* The vault of before beside the keyring of after: nothing opens. */
static void old_copies_of_the_vault_are_unreadable(void **state)
{
    struct vault_fixture *f = *state;
    struct vault_fixture old = { .vault = NULL };

    fixture_put(f, VICTIM);
    fixture_commit(f);
    fixture_close(f);
    copy_state(old.folder, f);
    fixture_open(f);
    fixture_erase(f, fixture_whole(f, VICTIM));
    fixture_close(f);
    copy_file(f->folder, old.folder, "keyring");
    assert_int_equal(fixture_try_open(&old), SLUICE_ERR_OLDER);
    scratch_remove(old.folder);
    fixture_open(f);
}

enum step { AFTER_MERGE, AFTER_PREPARE, AFTER_COMMIT, AFTER_FINISH, STEPS };

/* What lies on disk after each step of an erasure, as a crash there leaves it. */
static void run_steps(struct vault_fixture *f, char copies[static STEPS][64])
{
    const struct sluice_vault_erasure erasure = fixture_whole(f, VICTIM);
    struct vault_erasing erasing = { .pages = calloc(1, sizeof *erasing.pages),
                                     .next = sluice_secret_alloc(sizeof *erasing.next) };

    assert_int_equal(vault_merge(f->vault), SLUICE_OK);
    copy_state(copies[AFTER_MERGE], f);
    assert_int_equal(vault_erase_stage(f->vault, &erasing, &erasure, 1), SLUICE_OK);
    assert_int_equal(vault_erase_prepare(f->vault), SLUICE_OK);
    copy_state(copies[AFTER_PREPARE], f);
    assert_int_equal(vault_erase_commit(f->vault, &erasing), SLUICE_OK);
    copy_state(copies[AFTER_COMMIT], f);
    assert_int_equal(vault_erase_finish(f->vault), SLUICE_OK);
    copy_state(copies[AFTER_FINISH], f);
    vault_stage_clear(&f->vault->stage);
    sluice_secret_free(erasing.next, sizeof *erasing.next);
    free(erasing.pages);
}

static void a_crash_between_any_two_steps_comes_to_one_of_both(void **state)
{
    struct vault_fixture *f = *state;
    char copies[STEPS][64];
    const struct sluice_subject victim = fixture_put(f, VICTIM), bystander = fixture_put(f, BYSTANDER);

    fixture_commit(f);
    run_steps(f, copies);
    for (int step = 0; step < STEPS; step++) {
        struct vault_fixture crashed = { .vault = NULL };
        struct sluice_subject found;
        const bool erased = step >= AFTER_COMMIT;

        memcpy(crashed.folder, copies[step], sizeof crashed.folder);
        for (int round = 0; round < 2; round++) {
            fixture_open(&crashed);
            assert_int_equal(crashed.keyring->root[0].generation, erased ? 2 : 1);
            assert_int_equal(crashed.keyring->root[1].generation, 0);
            assert_int_equal(fixture_find(&crashed, &found, VICTIM), erased ? SLUICE_ERR_MISSING : SLUICE_OK);
            if (!erased)
                assert_same_subject(&found, &victim);
            assert_int_equal(fixture_find(&crashed, &found, BYSTANDER), SLUICE_OK);
            assert_same_subject(&found, &bystander);
            fixture_close(&crashed);
            /* On disk as well. */
            assert_int_equal(sluice_keyring_open(&crashed.keyring, crashed.folder), SLUICE_OK);
            assert_int_equal(crashed.keyring->root[1].generation, 0);
            sluice_keyring_close(crashed.keyring);
        }
        /* Asked again, it is done. */
        fixture_open(&crashed);
        fixture_erase(&crashed, fixture_whole(&crashed, VICTIM));
        fixture_reopen(&crashed);
        assert_int_equal(fixture_find(&crashed, &found, VICTIM), SLUICE_ERR_MISSING);
        assert_int_equal(crashed.keyring->root[0].generation, 2);
        fixture_close(&crashed);
        scratch_remove(crashed.folder);
    }
}

/* Files may grow by so many bytes and no more, as on a disk that is full. */
static void limit_growth(const struct vault_fixture *f, long bytes)
{
    struct rlimit limit;
    struct stat status;

    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(stat(path_in(f->folder, "vault/data.mdb"), &status), 0);
    limit.rlim_cur = bytes < 0 ? limit.rlim_max : (rlim_t)(status.st_size + bytes);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void an_erasure_that_cannot_be_written_can_be_asked_again(void **state)
{
    struct vault_fixture *f = *state;
    const struct sluice_vault_erasure erasure = fixture_whole(f, VICTIM);
    const struct sluice_subject victim = fixture_put(f, VICTIM), bystander = fixture_put(f, BYSTANDER);
    struct sluice_subject found;

    fixture_commit(f);
    limit_growth(f, 0);
    /* The log stays what it was, and nothing was asked. */
    assert_int_not_equal(sluice_vault_erase(f->vault, &erasure, 1), SLUICE_OK);
    assert_int_equal(fixture_find(f, &found, VICTIM), SLUICE_OK);
    assert_same_subject(&found, &victim);
    limit_growth(f, -1);
    fixture_reopen(f);
    assert_int_equal(vault_merge(f->vault), SLUICE_OK);
    limit_growth(f, 0);
    assert_int_not_equal(sluice_vault_erase(f->vault, &erasure, 1), SLUICE_OK);
    /* Nobody knows what the disk has: nothing is said before it is looked at again. */
    assert_int_equal(fixture_find(f, &found, VICTIM), SLUICE_ERR_IO);
    assert_int_equal(sluice_vault_erase(f->vault, &erasure, 1), SLUICE_ERR_IO);
    limit_growth(f, -1);
    fixture_reopen(f);
    assert_int_equal(fixture_find(f, &found, VICTIM), SLUICE_OK);
    assert_same_subject(&found, &victim);
    fixture_erase(f, erasure);
    fixture_reopen(f);
    assert_int_equal(fixture_find(f, &found, VICTIM), SLUICE_ERR_MISSING);
    assert_int_equal(fixture_find(f, &found, BYSTANDER), SLUICE_OK);
    assert_same_subject(&found, &bystander);
}

static void a_commit_that_cannot_be_written_can_be_asked_again(void **state)
{
    struct vault_fixture *f = *state;
    const struct sluice_subject before = fixture_put(f, BYSTANDER);
    struct sluice_subject found;

    fixture_commit(f);
    for (unsigned i = 10; i < 2000; i++)
        fixture_put(f, i);
    limit_growth(f, 4096);
    assert_int_not_equal(sluice_vault_commit(f->vault), SLUICE_OK);
    assert_int_equal(fixture_find(f, &found, BYSTANDER), SLUICE_OK);
    limit_growth(f, -1);
    fixture_commit(f);
    fixture_reopen(f);
    for (unsigned i = 10; i < 2000; i++)
        assert_int_equal(fixture_find(f, &found, i), SLUICE_OK);
    assert_int_equal(fixture_find(f, &found, BYSTANDER), SLUICE_OK);
    assert_same_subject(&found, &before);
}

/* The file that a crash leaves beside the keyring must not bring the old root back either. */
static void no_root_of_before_is_left_on_disk(void **state)
{
    struct vault_fixture *f = *state;
    uint8_t before[SLUICE_KEY_SIZE], bytes[4096];

    fixture_put(f, VICTIM);
    fixture_commit(f);
    memcpy(before, f->keyring->root[0].key, sizeof before);
    assert_int_equal(vault_erase_prepare(f->vault), SLUICE_OK);
    size_t len = file_read(path_in(f->folder, "keyring"), bytes, sizeof bytes);
    assert_non_null(memmem(bytes, len, before, 8));
    sluice_wipe(&f->keyring->root[1], sizeof f->keyring->root[1]);
    fixture_erase(f, fixture_whole(f, VICTIM));
    len = file_read(path_in(f->folder, "keyring"), bytes, sizeof bytes);
    assert_null(memmem(bytes, len, before, 8));
    assert_int_equal(access(path_in(f->folder, "keyring.new"), F_OK), -1);
}

static void a_reader_opens_in_the_middle_of_a_rotation_and_writes_nothing(void **state)
{
    struct vault_fixture *f = *state;
    char copies[STEPS][64];

    fixture_put(f, VICTIM);
    fixture_put(f, BYSTANDER);
    fixture_commit(f);
    run_steps(f, copies);
    for (int step = 0; step < STEPS; step++) {
        struct vault_fixture reader = { .vault = NULL };
        struct sluice_subject found;
        uint8_t before[1024], after[1024];

        memcpy(reader.folder, copies[step], sizeof reader.folder);
        const size_t len = file_read(path_in(reader.folder, "keyring"), before, sizeof before);
        assert_int_equal(sluice_keyring_open(&reader.keyring, reader.folder), SLUICE_OK);
        assert_int_equal(sluice_vault_open_reading(&reader.vault, reader.folder, reader.keyring), SLUICE_OK);
        memcpy(reader.tenant_key, f->tenant_key, sizeof reader.tenant_key);
        assert_int_equal(fixture_find(&reader, &found, BYSTANDER), SLUICE_OK);
        fixture_close(&reader);
        assert_int_equal(file_read(path_in(reader.folder, "keyring"), after, sizeof after), len);
        assert_memory_equal(before, after, len);
        scratch_remove(reader.folder);
    }
}

/* A child erases one subject after the other until it is killed. */
static void erase_until_killed(struct vault_fixture *f, unsigned count)
{
    fixture_open(f);
    for (unsigned i = 1; i < count; i++)
        fixture_erase(f, fixture_whole(f, i));
    fixture_close(f);
}

static void killed_at_any_moment_each_subject_is_whole_or_gone(void **state)
{
    enum { COUNT = 60, ROUNDS = 20 };
    struct vault_fixture *f = *state;
    struct sluice_subject before[COUNT], found;
    unsigned seed = (unsigned)time(NULL), gone = 0;

    print_message("seed %u\n", seed);
    for (unsigned i = 0; i < COUNT; i++)
        before[i] = fixture_put(f, i);
    fixture_commit(f);
    fixture_close(f);
    for (int round = 0; round < ROUNDS; round++) {
        const pid_t child = fork();

        if (child == 0) {
            erase_until_killed(f, COUNT);
            _exit(0);
        }
        usleep((useconds_t)rand_r(&seed) % 20000);
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, NULL, 0), child);
        fixture_open(f);
        assert_int_equal(f->keyring->root[1].generation, 0);
        gone = 0;
        for (unsigned i = 0; i < COUNT; i++) {
            const enum sluice_err err = fixture_find(f, &found, i);

            gone += err == SLUICE_ERR_MISSING;
            if (!err)
                assert_same_subject(&found, &before[i]);
            assert_true(err == SLUICE_OK || (err == SLUICE_ERR_MISSING && i > 0));
        }
        assert_int_equal(f->keyring->root[0].generation, gone + 1);
        fixture_close(f);
    }
    assert_true(gone > 0);
    fixture_open(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_VAULT(old_copies_of_the_vault_are_unreadable),
        WITH_VAULT(a_crash_between_any_two_steps_comes_to_one_of_both),
        WITH_VAULT(an_erasure_that_cannot_be_written_can_be_asked_again),
        WITH_VAULT(a_commit_that_cannot_be_written_can_be_asked_again),
        WITH_VAULT(no_root_of_before_is_left_on_disk),
        WITH_VAULT(a_reader_opens_in_the_middle_of_a_rotation_and_writes_nothing),
        WITH_VAULT(killed_at_any_moment_each_subject_is_whole_or_gone),
    };

    if (sluice_crypto_init() != SLUICE_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
