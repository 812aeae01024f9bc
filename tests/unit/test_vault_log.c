/* Rows that are committed to the log and not in their tables yet: they are
 * found, walked, overwritten and killed like any others. */
#include "test.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "files.h"
#include "vault/vault_internal.h"
#include "vault_fixture.h"

static uint64_t table_count(struct vault_fixture *f, enum vault_table table)
{
    MDB_stat stat;

    assert_int_equal(vault_env_read(&f->vault->env), SLUICE_OK);
    assert_int_equal(mdb_stat(f->vault->env.reader.txn, f->vault->env.tables[table], &stat), 0);
    return stat.ms_entries;
}

static void assert_rows(struct vault_fixture *f, const struct sluice_subject before[], unsigned count)
{
    struct sluice_subject found, walk = { .generation_s = 0 };
    uint8_t last[SLUICE_TAG_SIZE] = { 0 };
    struct sluice_vault_stats stats;

    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(fixture_find(f, &found, i), SLUICE_OK);
        assert_same_subject(&found, &before[i]);
    }
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(sluice_vault_next(f->vault, &walk), SLUICE_OK);
        assert_true(memcmp(last, walk.tag, sizeof last) < 0);
        memcpy(last, walk.tag, sizeof last);
    }
    assert_int_equal(sluice_vault_next(f->vault, &walk), SLUICE_ERR_MISSING);
    assert_int_equal(sluice_vault_stats(f->vault, &stats), SLUICE_OK);
    assert_int_equal(stats.subjects, count);
}

static void rows_of_log_and_tables_are_one(void **state)
{
    enum { COUNT = 900 };
    struct vault_fixture *f = *state;
    static struct sluice_subject before[COUNT];

    /* The first third is merged, of which some are overwritten; the rest stays in the log. */
    for (unsigned i = 0; i < COUNT; i++) {
        before[i] = fixture_put(f, i);
        if (i % 100 == 99)
            fixture_commit(f);
        if (i == COUNT / 3)
            sluice_vault_abort(f->vault), before[i] = fixture_put(f, i);
        if (i == COUNT / 3 - 1)
            assert_int_equal(vault_merge(f->vault), SLUICE_OK);
    }
    assert_int_equal(table_count(f, VAULT_SUBJECTS), COUNT / 3);
    for (unsigned i = 0; i < COUNT; i += 7) {
        before[i].consented = 3;
        assert_int_equal(sluice_vault_put(f->vault, &before[i], 4), SLUICE_OK);
    }
    fixture_commit(f);
    for (int round = 0; round < 2; round++) {
        assert_rows(f, before, COUNT);
        fixture_reopen(f);
        assert_int_equal(table_count(f, VAULT_SUBJECTS), COUNT / 3);
    }
    assert_int_equal(vault_merge(f->vault), SLUICE_OK);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(table_count(f, VAULT_SUBJECTS), COUNT);
        assert_int_equal(table_count(f, VAULT_LOG), 0);
        assert_rows(f, before, COUNT);
        fixture_reopen(f);
    }
}

static void a_log_of_many_rows_goes_into_the_tables(void **state)
{
    enum { COMMIT = 65536 };
    struct vault_fixture *f = *state;
    struct sluice_subject found;
    unsigned count = 0;

    while (count <= VAULT_LOG_ROWS_MAX) {
        for (unsigned i = 0; i < COMMIT; i++) {
            struct sluice_subject subject = { .valid_to_s = SLUICE_ALWAYS_S };

            fixture_tag(f, subject.tag, count++);
            assert_int_equal(sluice_vault_put(f->vault, &subject, 1), SLUICE_OK);
        }
        fixture_commit(f);
        assert_true(f->vault->pending.count <= VAULT_LOG_ROWS_MAX);
    }
    assert_int_equal(table_count(f, VAULT_SUBJECTS), count);
    assert_int_equal(table_count(f, VAULT_LOG), 0);
    for (unsigned i = 0; i < count; i += 997)
        assert_int_equal(fixture_find(f, &found, i), SLUICE_OK);
    fixture_put(f, count);
    fixture_commit(f);
    fixture_reopen(f);
    assert_int_equal(fixture_find(f, &found, count), SLUICE_OK);
}

/* LMDB behind the vault's back, while that is closed. */
static MDB_txn *begin_behind(struct vault_fixture *f, struct vault_env *env)
{
    MDB_txn *txn;

    assert_int_equal(vault_env_open(env, path_in(f->folder, "vault"), false), SLUICE_OK);
    assert_int_equal(mdb_txn_begin(env->env, NULL, MDB_NOSYNC, &txn), 0);
    assert_int_equal(vault_env_tables(env, txn, false), SLUICE_OK);
    return txn;
}

static size_t get_chunk(struct vault_fixture *f, uint8_t number, uint8_t bytes[static 2048])
{
    const uint8_t key[8] = { 0, 0, 0, 0, 0, 0, 0, number };
    MDB_val name = { sizeof key, (void *)(uintptr_t)key }, value;
    struct vault_env env;
    MDB_txn *txn = begin_behind(f, &env);

    assert_int_equal(mdb_get(txn, env.tables[VAULT_LOG], &name, &value), 0);
    const size_t len = value.mv_size;
    memcpy(bytes, value.mv_data, len);
    mdb_txn_abort(txn);
    vault_env_close(&env);
    return len;
}

/* len 0: take it out. */
static void set_chunk(struct vault_fixture *f, uint8_t number, uint8_t *bytes, size_t len)
{
    const uint8_t key[8] = { 0, 0, 0, 0, 0, 0, 0, number };
    MDB_val name = { sizeof key, (void *)(uintptr_t)key }, value = { len, bytes };
    struct vault_env env;
    MDB_txn *txn = begin_behind(f, &env);

    assert_int_equal(len ? mdb_put(txn, env.tables[VAULT_LOG], &name, &value, 0)
                         : mdb_del(txn, env.tables[VAULT_LOG], &name, NULL), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    vault_env_close(&env);
}

static void a_chunk_that_is_changed_or_missing_is_damage(void **state)
{
    struct vault_fixture *f = *state;
    struct sluice_subject before[3];
    uint8_t chunks[3][2048];
    size_t lens[3];

    for (unsigned i = 0; i < 3; i++) {
        before[i] = fixture_put(f, i);
        fixture_commit(f);
    }
    fixture_close(f);
    for (uint8_t i = 0; i < 3; i++)
        lens[i] = get_chunk(f, i, chunks[i]);
    for (size_t bit = 0; bit < 8 * lens[1]; bit += 3) {
        chunks[1][bit / 8] ^= (uint8_t)(1 << bit % 8);
        set_chunk(f, 1, chunks[1], lens[1]);
        assert_int_equal(fixture_try_open(f), SLUICE_ERR_DAMAGED);
        chunks[1][bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    set_chunk(f, 1, chunks[2], lens[2]);
    assert_int_equal(fixture_try_open(f), SLUICE_ERR_DAMAGED);
    set_chunk(f, 1, chunks[1], lens[1]);
    for (uint8_t i = 0; i < 3; i++) {
        set_chunk(f, i, NULL, 0);
        assert_int_equal(fixture_try_open(f), SLUICE_ERR_DAMAGED);
        set_chunk(f, i, chunks[i], lens[i]);
    }
    set_chunk(f, 3, chunks[1], lens[1]);
    assert_int_equal(fixture_try_open(f), SLUICE_ERR_DAMAGED);
    set_chunk(f, 3, NULL, 0);
    fixture_open(f);
    assert_rows(f, before, 3);
}

/* What a child has committed and said so. */
struct said {
    unsigned number;
    uint8_t secret[SLUICE_SECRET_SIZE];
};

static void mint_until_killed(struct vault_fixture *f, int pipe_fd, unsigned from)
{
    struct said said[40];

    fixture_open(f);
    for (unsigned number = from;;) {
        for (unsigned i = 0; i < 40; i++) {
            const struct sluice_subject subject = fixture_put(f, number);

            said[i].number = number++;
            memcpy(said[i].secret, subject.secrets[0], SLUICE_SECRET_SIZE);
        }
        fixture_commit(f);
        if (write(pipe_fd, said, sizeof said) != sizeof said)
            _exit(1);
        if (number % 400 == 0)
            assert_int_equal(vault_merge(f->vault), SLUICE_OK);
        if (number % 600 == 0)
            fixture_erase(f, fixture_whole(f, 7));   /* nobody, so that it merges and no more */
    }
}

static void killed_at_any_moment_what_was_committed_is_there(void **state)
{
    enum { ROUNDS = 20, SAID_MAX = 200000 };
    struct vault_fixture *f = *state;
    static struct said said[SAID_MAX];
    unsigned seed = (unsigned)time(NULL), count = 0;

    print_message("seed %u\n", seed);
    fixture_close(f);
    for (int round = 0; round < ROUNDS; round++) {
        int ends[2];
        ssize_t got;

        assert_int_equal(pipe(ends), 0);
        const pid_t child = fork();
        if (child == 0) {
            close(ends[0]);
            mint_until_killed(f, ends[1], 100000 * (unsigned)(round + 1));
        }
        close(ends[1]);
        usleep(1000 + (useconds_t)rand_r(&seed) % 30000);
        kill(child, SIGKILL);
        while (count + 40 <= SAID_MAX && (got = read(ends[0], &said[count], 40 * sizeof *said)) > 0)
            count += (unsigned)(got / (ssize_t)sizeof *said);
        close(ends[0]);
        assert_int_equal(waitpid(child, NULL, 0), child);
        fixture_open(f);
        for (unsigned i = 0; i < count; i++) {
            struct sluice_subject found;

            assert_int_equal(fixture_find(f, &found, said[i].number), SLUICE_OK);
            assert_memory_equal(found.secrets[0], said[i].secret, SLUICE_SECRET_SIZE);
        }
        fixture_close(f);
    }
    assert_true(count > 0);
    fixture_open(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_VAULT(rows_of_log_and_tables_are_one),
        WITH_VAULT(a_log_of_many_rows_goes_into_the_tables),
        WITH_VAULT(a_chunk_that_is_changed_or_missing_is_damage),
        WITH_VAULT(killed_at_any_moment_what_was_committed_is_there),
    };

    if (sluice_crypto_init() != SLUICE_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
