#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "files.h"
#include "vault/vault_internal.h"
#include "vault_fixture.h"

enum { VICTIM = 1, BYSTANDER = 2 };

/* Out of the log, to where a test looks for rows. */
static void commit_into_tables(struct vault_fixture *f)
{
    fixture_commit(f);
    assert_int_equal(vault_merge(f->vault), SLUICE_OK);
}

/* One bit of a sealed row flipped: that row is damaged, its neighbours are not. */
static void a_flipped_bit_in_a_row_is_damage(void **state)
{
    struct vault_fixture *f = *state;
    struct sluice_subject found;
    const struct sluice_subject victim = fixture_put(f, VICTIM), bystander = fixture_put(f, BYSTANDER);
    const struct vault_key key = vault_key_make(victim.tag, 0);
    uint8_t bytes[VAULT_SEALED_MAX];
    size_t len = 0;

    commit_into_tables(f);
    for (size_t bit = 0; bit == 0 || bit < 8 * len; bit++) {
        MDB_txn *txn;
        MDB_val name = { key.len, (void *)(uintptr_t)key.bytes }, sealed;

        vault_env_read_end(&f->vault->env);
        assert_int_equal(mdb_txn_begin(f->vault->env.env, NULL, MDB_NOSYNC, &txn), 0);
        assert_int_equal(mdb_get(txn, f->vault->env.tables[VAULT_SUBJECTS], &name, &sealed), 0);
        len = sealed.mv_size;
        memcpy(bytes, sealed.mv_data, len);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        sealed.mv_data = bytes;
        assert_int_equal(mdb_put(txn, f->vault->env.tables[VAULT_SUBJECTS], &name, &sealed, 0), 0);
        assert_int_equal(mdb_txn_commit(txn), 0);
        assert_int_equal(fixture_find(f, &found, VICTIM), SLUICE_ERR_DAMAGED);
        assert_int_equal(fixture_find(f, &found, BYSTANDER), SLUICE_OK);
        assert_same_subject(&found, &bystander);

        vault_env_read_end(&f->vault->env);
        assert_int_equal(mdb_txn_begin(f->vault->env.env, NULL, MDB_NOSYNC, &txn), 0);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        sealed.mv_data = bytes;
        assert_int_equal(mdb_put(txn, f->vault->env.tables[VAULT_SUBJECTS], &name, &sealed, 0), 0);
        assert_int_equal(mdb_txn_commit(txn), 0);
    }
    assert_int_equal(fixture_find(f, &found, VICTIM), SLUICE_OK);
}

/* LMDB is given other rows behind the vault's back. */
static void tamper(struct vault_fixture *f, enum vault_table table, const struct vault_key *take,
                   const struct vault_key *put)
{
    MDB_txn *txn;
    MDB_val name = { take->len, (void *)(uintptr_t)take->bytes }, sealed;
    uint8_t bytes[VAULT_SEALED_MAX];

    vault_env_read_end(&f->vault->env);
    assert_int_equal(mdb_txn_begin(f->vault->env.env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_get(txn, f->vault->env.tables[table], &name, &sealed), 0);
    memcpy(bytes, sealed.mv_data, sealed.mv_size);
    sealed.mv_data = bytes;
    const size_t len = sealed.mv_size;
    assert_int_equal(mdb_del(txn, f->vault->env.tables[table], &name, NULL), 0);
    if (put) {
        MDB_val other = { put->len, (void *)(uintptr_t)put->bytes };

        sealed = (MDB_val){ len, bytes };
        assert_int_equal(mdb_put(txn, f->vault->env.tables[table], &other, &sealed, 0), 0);
    }
    assert_int_equal(mdb_txn_commit(txn), 0);
}

static void a_row_that_was_lost_is_damage_and_not_a_new_subject(void **state)
{
    struct vault_fixture *f = *state;
    const struct sluice_subject victim = fixture_put(f, VICTIM);
    const struct vault_key key = vault_key_make(victim.tag, 0);
    struct sluice_subject found;

    fixture_put(f, BYSTANDER);
    commit_into_tables(f);
    tamper(f, VAULT_SUBJECTS, &key, NULL);
    assert_int_equal(fixture_find(f, &found, VICTIM), SLUICE_ERR_DAMAGED);
    assert_int_equal(fixture_find(f, &found, BYSTANDER), SLUICE_OK);
    assert_int_equal(fixture_find(f, &found, 33), SLUICE_ERR_MISSING);
}

static void an_epoch_that_was_lost_is_damage_and_not_made_again(void **state)
{
    struct vault_fixture *f = *state;
    struct sluice_epoch_secrets secrets;

    assert_int_equal(sluice_vault_epoch(f->vault, &secrets, "acme", 0, 7, true), SLUICE_OK);
    fixture_commit(f);
    const struct vault_key key = vault_epoch_key(f->vault, "acme", 0, 7);
    tamper(f, VAULT_EPOCHS, &key, NULL);
    fixture_reopen(f);
    assert_int_equal(sluice_vault_epoch(f->vault, &secrets, "acme", 0, 7, true), SLUICE_ERR_DAMAGED);
    assert_int_equal(sluice_vault_epoch(f->vault, &secrets, "acme", 0, 8, true), SLUICE_OK);
}

static void a_row_in_the_place_of_another_is_damage(void **state)
{
    struct vault_fixture *f = *state;
    struct sluice_subject first = fixture_subject(f, VICTIM), found;
    struct vault_key from, to;

    assert_int_equal(sluice_vault_put(f->vault, &first, 2), SLUICE_OK);
    commit_into_tables(f);
    /* The same page and the same tag, another generation; then a flipped bit in the tag. */
    from = vault_key_make(first.tag, 0);
    to = vault_key_make(first.tag, 500);
    tamper(f, VAULT_SUBJECTS, &from, &to);
    assert_int_equal(fixture_find(f, &found, VICTIM), SLUICE_ERR_DAMAGED);
    from = to;
    from.bytes[15] ^= 1;
    tamper(f, VAULT_SUBJECTS, &to, &from);
    assert_int_equal(fixture_find(f, &found, VICTIM), SLUICE_ERR_DAMAGED);
    struct sluice_subject walk = { .generation_s = 0 };
    assert_int_equal(sluice_vault_next(f->vault, &walk), SLUICE_ERR_DAMAGED);
}

static void flipped_bits_in_the_key_tree_are_damage(void **state)
{
    struct vault_fixture *f = *state;
    static const struct { struct vault_key key; size_t at; } cases[] = {
        { { 1, { 'T' } }, 8 },             /* nonce */
        { { 1, { 'T' } }, 4000 },
        { { 2, { 'N', 0 } }, 5000 },
        { { 2, { 'N', 255 } }, 8231 },     /* the last byte */
    };

    fixture_put(f, VICTIM);
    fixture_commit(f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int round = 0; round < 2; round++) {
            static uint8_t bytes[16384];
            MDB_txn *txn;
            MDB_val name = { cases[i].key.len, (void *)(uintptr_t)cases[i].key.bytes }, value;
            struct vault_env env;

            fixture_close(f);
            assert_int_equal(vault_env_open(&env, path_in(f->folder, "vault"), false), SLUICE_OK);
            assert_int_equal(mdb_txn_begin(env.env, NULL, 0, &txn), 0);
            assert_int_equal(vault_env_tables(&env, txn, false), SLUICE_OK);
            assert_int_equal(mdb_get(txn, env.tables[VAULT_KEYS], &name, &value), 0);
            memcpy(bytes, value.mv_data, value.mv_size);
            bytes[cases[i].at] ^= 0x10;
            value.mv_data = bytes;
            assert_int_equal(mdb_put(txn, env.tables[VAULT_KEYS], &name, &value, 0), 0);
            assert_int_equal(mdb_txn_commit(txn), 0);
            vault_env_close(&env);
            if (round == 0)
                assert_int_equal(fixture_try_open(f), SLUICE_ERR_DAMAGED);
            else
                fixture_open(f);
        }
    }
}

/* What a child says of the vault: whether any row came out as another one or as none. */
enum { FLIPS_ROWS = 400 };
static int look_at_every_row(struct vault_fixture *f, const struct sluice_subject before[static FLIPS_ROWS])
{
    struct sluice_subject found;

    if (fixture_try_open(f) != SLUICE_OK)
        return 0;
    for (unsigned i = 0; i < FLIPS_ROWS; i++) {
        const enum sluice_err err = fixture_find(f, &found, i);

        if (err == SLUICE_OK && memcmp(found.secrets, before[i].secrets, sizeof before[i].secrets) != 0)
            return 1;
        if (err != SLUICE_OK && err != SLUICE_ERR_DAMAGED)
            return 2;
    }
    return 0;
}

/* LMDB's own pages have no checksum: there it may stop the process, which is
 * why each round is a child. It must not give another secret, nor none. */
static void no_flipped_bit_in_the_file_makes_another_secret(void **state)
{
    enum { ROUNDS = 300 };
    struct vault_fixture *f = *state;
    static struct sluice_subject before[FLIPS_ROWS];
    unsigned seed = (unsigned)time(NULL), stopped = 0;
    char path[128];
    struct stat status;

    print_message("seed %u\n", seed);
    for (unsigned i = 0; i < FLIPS_ROWS; i++) {
        before[i] = fixture_put(f, i);
        if (i % 100 == 99)
            fixture_commit(f);
    }
    fixture_close(f);
    snprintf(path, sizeof path, "%s/vault/data.mdb", f->folder);
    const int file = open(path, O_RDWR);
    assert_int_equal(fstat(file, &status), 0);
    for (int round = 0; round < ROUNDS; round++) {
        /* Half of them where the rows are, at the end. */
        const off_t tail = round % 2 ? status.st_size : 64 * 4096;
        const off_t at = status.st_size - 1 - (off_t)((unsigned)rand_r(&seed) % (unsigned)tail);
        uint8_t sound, flipped;
        int code;

        assert_int_equal(pread(file, &sound, 1, at), 1);
        flipped = sound ^ (uint8_t)(1 << rand_r(&seed) % 8);
        assert_int_equal(pwrite(file, &flipped, 1, at), 1);
        const pid_t child = fork();
        if (child == 0) {
            fclose(stderr);
            signal(SIGSEGV, SIG_DFL);
            signal(SIGBUS, SIG_DFL);
            _exit(look_at_every_row(f, before));
        }
        assert_int_equal(waitpid(child, &code, 0), child);
        stopped += WIFSIGNALED(code);
        assert_true(WIFSIGNALED(code) || WEXITSTATUS(code) == 0);
        assert_int_equal(pwrite(file, &sound, 1, at), 1);
    }
    close(file);
    print_message("%u of %d stopped in LMDB\n", stopped, ROUNDS);
    assert_int_equal(look_at_every_row(f, before), 0);
    assert_non_null(f->vault);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_VAULT(a_flipped_bit_in_a_row_is_damage),
        WITH_VAULT(a_row_that_was_lost_is_damage_and_not_a_new_subject),
        WITH_VAULT(an_epoch_that_was_lost_is_damage_and_not_made_again),
        WITH_VAULT(a_row_in_the_place_of_another_is_damage),
        WITH_VAULT(flipped_bits_in_the_key_tree_are_damage),
        WITH_VAULT(no_flipped_bit_in_the_file_makes_another_secret),
    };

    if (sluice_crypto_init() != SLUICE_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
