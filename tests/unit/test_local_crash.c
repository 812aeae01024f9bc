/* The process dies at every call that changes the disk, in three ways, and at
 * random moments; and every such call fails. Whatever happened, opening again
 * and going on gives the same streams. */
#include "test.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "fault.h"
#include "files.h"
#include "local_fixture.h"
#include "sluice/feed.h"

enum sluice_err sluice_feed_fill(struct sluice_feed *feed, struct sluice_batch *batch, int64_t now_us, bool *end)
{
    fail();
    return SLUICE_ERR_IO;
}

void sluice_feed_decode(struct sluice_feed *feed, struct sluice_batch *batch, struct sluice_entry *entry,
                        int64_t now_us)
{
    fail();
}

#define TOTAL 50

/* Sanitizers have allocators of their own, and are slow: every third call will do there. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STRIDE 3
#else
#define STRIDE 1

static unsigned allocations;         /* since it was set to 0 */
static unsigned failing_allocation;  /* 0: none */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static bool allocation_fails(void)
{
    allocations++;
    return failing_allocation && allocations == failing_allocation;
}

void *malloc(size_t size)
{
    return allocation_fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return allocation_fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return allocation_fails() ? NULL : __libc_realloc(old, size);
}
#endif

static int new_closed(void **state)
{
    struct fixture *f = fixture_new();

    fault_clear();
    f->config->file_size_max = 300;
    f->batch.capacity = 2;   /* what re-enters takes several commits, and stops within a frame */
    *state = f;
    return 0;
}

static int free_closed(void **state)
{
    fault_clear();
    fixture_free(*state);
    return 0;
}

/* The next thing to do, told by how far the state has come. */
static enum sluice_err act(struct fixture *f)
{
    const uint64_t transaction = sluice_local_transactions(&f->transport);
    enum sluice_err err = SLUICE_OK;

    if (transaction % 8 == 2)
        err = sluice_local_snapshot(&f->transport, true);
    /* One that takes many commits: its end is in another place each time. */
    for (int i = 0; !err && i < 3; i++)
        err = local_snapshot_step(local_of(&f->transport));
    if (!err && transaction % 5 == 3)
        err = sluice_local_reenter(&f->transport, NULL, true, false);
    if (!err && transaction % 6 == 4) {
        err = write_number(f, "acme", "billing", DEADLINE_S, TOTAL + 1);
        if (!err)
            err = write_number(f, "acme", "aborted", DEADLINE_S, TOTAL + 1);
        abort_commit(f);
    }
    return err ? err : run_commit(f, 7);
}

static enum sluice_err act_to_the_end(struct fixture *f)
{
    enum sluice_err err = SLUICE_OK;

    while (!err && f->counter.value < TOTAL)
        err = act(f);
    return err ? err : sluice_local_close_files(&f->transport);
}

static void finish_and_check(struct fixture *f)
{
    assert_int_equal(act_to_the_end(f), SLUICE_OK);
    drain(f);
    assert_complete(f);
    assert_int_equal(read_stream(f, "acme", "aborted", NULL, 0), 0);
    fixture_reopen(f);
    assert_complete(f);
}

/* A child that does everything from opening on; how it ended, and how many calls it made. */
static int run_child(struct fixture *f, enum fault_kind kind, unsigned at, unsigned *calls)
{
    unsigned *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int status;

    assert_true(shared != MAP_FAILED);
    const pid_t child = fork();
    if (child == 0) {
        fault_set(kind, at, 0, 1);
        enum sluice_err err = fixture_try_open(f);
        if (!err)
            err = act_to_the_end(f);
        if (!err)
            fixture_close(f);
        *shared = fault.count;
        _exit(err ? 1 : 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    *calls = *shared;
    munmap(shared, sizeof *shared);
    return WEXITSTATUS(status);
}

/* Each call: a fresh state, so that the run up to there is always the same. */
static void die_at_every_call(enum fault_kind kind)
{
    unsigned calls, ignored;
    void *state;

    new_closed(&state);
    assert_int_equal(run_child(state, FAULT_NONE, 0, &calls), 0);
    assert_true(calls > 100);
    fixture_open(state);
    finish_and_check(state);
    free_closed(&state);

    for (unsigned at = 1; at <= calls; at += STRIDE) {
        new_closed(&state);
        assert_int_equal(run_child(state, kind, at, &ignored), FAULT_EXIT);
        fixture_open(state);
        finish_and_check(state);
        free_closed(&state);
    }
}

static void dying_before_any_call_loses_and_doubles_nothing(void **state)
{
    die_at_every_call(FAULT_DIE_BEFORE);
}

static void dying_halfway_through_any_write_loses_and_doubles_nothing(void **state)
{
    die_at_every_call(FAULT_DIE_HALFWAY);
}

static void dying_after_any_call_loses_and_doubles_nothing(void **state)
{
    die_at_every_call(FAULT_DIE_AFTER);
}

/* Recovery itself dies at every call, again and again, until it gets through. */
static void dying_during_recovery_converges(void **unused)
{
    unsigned calls, total;
    void *state;

    new_closed(&state);
    assert_int_equal(run_child(state, FAULT_NONE, 0, &total), 0);
    free_closed(&state);
    for (unsigned at = total / 7; at < total; at += total / 7) {
        new_closed(&state);
        assert_int_equal(run_child(state, FAULT_DIE_AFTER, at, &calls), FAULT_EXIT);
        for (unsigned again = 1; run_child(state, FAULT_DIE_AFTER, again, &calls) == FAULT_EXIT; again += 3) {
        }
        fixture_open(state);
        finish_and_check(state);
        free_closed(&state);
    }
}

static void dying_at_random_moments_loses_and_doubles_nothing(void **state)
{
    struct fixture *f = *state;
    const char *given = getenv("SLUICE_TEST_SEED");
    const unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);

    print_message("SLUICE_TEST_SEED=%u\n", seed);
    srand(seed);
    for (int round = 0; round < 40; round++) {
        const pid_t child = fork();
        int status;

        if (child == 0) {
            fault_clear();
            if (fixture_try_open(f))
                _exit(1);
            for (;;)
                if (f->counter.value >= NUMBERS_MAX - 100 ? commit(f) : act(f))
                    _exit(1);
        }
        const struct timespec wait = { 0, rand() % 15000000 };
        nanosleep(&wait, NULL);
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
    }
    fixture_open(f);
    print_message("%llu numbers survived\n", (unsigned long long)f->counter.value);
    finish_and_check(f);
}

/* Readers take no lock: files are closed, renamed and begun under them, and the log is replaced. */
static void a_reader_beside_a_busy_writer_sees_each_number_once(void **state)
{
    static uint64_t numbers[NUMBERS_MAX];
    static uint8_t seen[NUMBERS_MAX];
    struct fixture *f = *state;
    size_t reads = 0, last = 0;
    int status = 0;

    fixture_open(f);
    fixture_close(f);
    const pid_t child = fork();
    if (child == 0) {
        fault_clear();
        if (fixture_try_open(f))
            _exit(1);
        while (f->counter.value < NUMBERS_MAX - 100)
            if (act(f))
                _exit(1);
        _exit(0);
    }
    while (waitpid(child, &status, WNOHANG) == 0) {
        assert_int_equal(sluice_keyring_open(&f->keyring, f->config->state), SLUICE_OK);
        const size_t count = read_stream(f, "acme", "fraud", numbers, NUMBERS_MAX);
        sluice_keyring_close(f->keyring);
        f->keyring = NULL;

        memset(seen, 0, sizeof seen);
        for (size_t i = 0; i < count; i++) {
            assert_true(numbers[i] < NUMBERS_MAX);
            assert_int_equal(seen[numbers[i]]++, 0);
        }
        assert_true(count >= last);   /* what was seen stays */
        last = count;
        reads++;
    }
    assert_int_equal(status, 0);
    assert_true(reads > 3);
    fixture_open(f);
    finish_and_check(f);
}

/* Every call fails, alone or with some or all of those behind it until the cause is gone. */
static void fail_at_every_call(enum fault_kind kind, int error, unsigned times)
{
    unsigned calls, failures = 0;
    void *state;

    new_closed(&state);
    assert_int_equal(run_child(state, FAULT_NONE, 0, &calls), 0);
    free_closed(&state);
    for (unsigned at = 1; at <= calls; at += STRIDE) {
        new_closed(&state);
        struct fixture *f = state;

        fault_set(kind, at, error, times);
        enum sluice_err err = fixture_try_open(f);
        if (!err)
            err = act_to_the_end(f);
        failures += err != SLUICE_OK;
        fault_clear();
        if (!f->is_open)
            fixture_open(f);
        /* The cause is gone: the same process goes on, or is begun again where it
         * says that it must be; and sometimes it is begun again right away. */
        else if (err && (at % 2 || act(f)))
            fixture_reopen(f);
        finish_and_check(f);
        free_closed(&state);
    }
    assert_true(failures > 50 / STRIDE);
}

static void a_full_disk_costs_nothing_but_time(void **state)
{
    fail_at_every_call(FAULT_ERROR, ENOSPC, 1);
    fail_at_every_call(FAULT_ERROR_HALFWAY, ENOSPC, 0);
}

static void a_failing_disk_costs_nothing_but_time(void **state)
{
    fail_at_every_call(FAULT_ERROR_AFTER, EIO, 1);
    fail_at_every_call(FAULT_ERROR, EIO, 2);
}

static void no_descriptors_left_costs_nothing_but_time(void **state)
{
    fail_at_every_call(FAULT_ERROR, EMFILE, 1);
}

#if STRIDE == 1
static void no_memory_left_costs_nothing_but_time(void **unused)
{
    unsigned failures = 0;
    bool done = false;

    for (unsigned at = 1; !done; at++) {
        void *state;

        new_closed(&state);
        struct fixture *f = state;
        allocations = 0;
        failing_allocation = at;
        enum sluice_err err = fixture_try_open(f);
        if (!err)
            err = act_to_the_end(f);
        done = allocations < at;
        failing_allocation = 0;
        failures += err != SLUICE_OK;
        assert_true(!err || sluice_err_class(err) == SLUICE_CLASS_RETRY);
        if (!f->is_open)
            fixture_open(f);
        finish_and_check(f);
        free_closed(&state);
    }
    assert_true(failures > 20);
}
#endif

TEST_MAIN(cmocka_unit_test(dying_before_any_call_loses_and_doubles_nothing),
          cmocka_unit_test(dying_halfway_through_any_write_loses_and_doubles_nothing),
          cmocka_unit_test(dying_after_any_call_loses_and_doubles_nothing),
          cmocka_unit_test(dying_during_recovery_converges),
          cmocka_unit_test_setup_teardown(dying_at_random_moments_loses_and_doubles_nothing, new_closed, free_closed),
          cmocka_unit_test_setup_teardown(a_reader_beside_a_busy_writer_sees_each_number_once, new_closed, free_closed),
          cmocka_unit_test(a_full_disk_costs_nothing_but_time),
          cmocka_unit_test(a_failing_disk_costs_nothing_but_time),
#if STRIDE == 1
          cmocka_unit_test(no_memory_left_costs_nothing_but_time),
#endif
          cmocka_unit_test(no_descriptors_left_costs_nothing_but_time))
