/* The process dies at every call that changes the disk, and every such call
 * fails, while hours go cold, are written anew, leave the window, and
 * snapshots are on their way. Opened again, what came before is known, and
 * nothing else is. */
#include "test.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "fault.h"
#include "deduplicate/deduplicate.h"
#include "local/internal.h"
#include "scratch.h"
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

#define HOUR_US   (3600 * INT64_C(1000000))
#define T0        (INT64_C(1790000000) * 1000000)
#define STEP_US   (12 * HOUR_US)         /* record time from one transaction to the next */
#define WINDOW_S  (5 * 86400)
#define TOTAL     16                     /* transactions: the first hours have left the window by then */
#define ON_TIME   1100                   /* records of a transaction, enough for a file */
#define LATE      600                    /* and as many of a cold hour: now and then enough to write it anew */
#define LATE_STEPS 4

/* Each n-th call, from a random one on: each takes half a million look-ups. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STRIDE 17
#else
#define STRIDE 5
#endif

struct fixture {
    char folder[64];
    struct sluice_config *config;
    struct sluice_keyring *keyring;
    struct sluice_transport transport;
    struct deduplicate *set;
    bool is_open;
};

static struct fixture *fixture_new(void)
{
    struct fixture *f = calloc(1, sizeof *f);
    uint8_t public_key[SLUICE_PUBLIC_KEY_SIZE], secret_key[SLUICE_SECRET_KEY_SIZE];

    fault_clear();
    assert_int_equal(sluice_crypto_init(), SLUICE_OK);
    scratch_make(f->folder);
    f->config = calloc(1, sizeof *f->config);
    snprintf(f->config->state, sizeof f->config->state, "%s/state", f->folder);
    snprintf(f->config->output, sizeof f->config->output, "%s/out", f->folder);
    assert_int_equal(mkdir(f->config->state, 0700), 0);
    sluice_box_keypair(public_key, secret_key);
    assert_int_equal(sluice_keyring_create(f->config->state, public_key, 1), SLUICE_OK);
    return f;
}

static void fixture_close(struct fixture *f)
{
    if (!f->is_open)
        return;
    f->transport.ops->close(f->transport.self);
    sluice_keyring_close(f->keyring);
    deduplicate_free(f->set);
    f->is_open = false;
}

static enum sluice_err fixture_open(struct fixture *f)
{
    struct sluice_findings findings;

    enum sluice_err err = sluice_keyring_open(&f->keyring, f->config->state);
    if (err)
        return err;
    sluice_findings_init(&findings);
    f->set = deduplicate_new(WINDOW_S);
    const struct sluice_state_table table = deduplicate_table(f->set);
    err = sluice_local_open(&f->transport, &findings, f->config, f->keyring, NULL, &table, 1);
    if (err) {
        sluice_keyring_close(f->keyring);
        deduplicate_free(f->set);
    } else {
        f->is_open = true;
        err = deduplicate_open_folder(f->set, &findings, f->config->state);
        if (err)
            fixture_close(f);
    }
    sluice_findings_deinit(&findings);
    return err;
}

static void fixture_free(struct fixture *f)
{
    fault_clear();
    fixture_close(f);
    scratch_remove(f->folder);
    free(f->config);
    free(f);
}

static enum deduplicate_answer see(struct fixture *f, int64_t start_us, uint64_t id)
{
    uint8_t fingerprint[16];
    enum deduplicate_answer answer = deduplicate_prepare(f->set, fingerprint, start_us, (uint8_t *)&id, sizeof id);

    return answer ? answer : deduplicate_insert(f->set, start_us, fingerprint);
}

/* All records of a transaction must get the same answer; *err where one failed. */
static void see_all(struct fixture *f, uint64_t transaction, enum deduplicate_answer on_time,
                    enum deduplicate_answer late, enum sluice_err *err)
{
    const int64_t now_us = T0 + (int64_t)transaction * STEP_US, late_us = now_us - LATE_STEPS * STEP_US;

    *err = SLUICE_OK;
    for (uint64_t i = 0; !*err && i < ON_TIME + LATE; i++) {
        const enum deduplicate_answer answer = see(f, i < ON_TIME ? now_us : late_us, transaction << 32 | i);

        if (answer == DEDUPLICATE_FAILED)
            *err = deduplicate_err(f->set);
        else
            assert_int_equal(answer, i < ON_TIME ? on_time : late);
    }
}

static enum sluice_err act(struct fixture *f)
{
    struct sluice_local *local = local_of(&f->transport);
    enum sluice_err err;

    see_all(f, sluice_local_transactions(&f->transport), DEDUPLICATE_FIRST, DEDUPLICATE_FIRST, &err);
    if (!err)
        err = f->transport.ops->commit(f->transport.self, 1);
    if (err) {
        const enum sluice_err ignored = f->transport.ops->abort(f->transport.self);
        (void)ignored;
        return err;
    }
    for (int i = 0; !err && i < 4; i++)
        err = deduplicate_freeze(f->set);
    return err ? err : local_snapshot_step(local);
}

static enum sluice_err act_to_the_end(struct fixture *f)
{
    enum sluice_err err = SLUICE_OK;

    while (!err && sluice_local_transactions(&f->transport) < TOTAL)
        err = act(f);
    return err;
}

static enum deduplicate_answer known_or_beyond(int64_t start_us, int64_t newest_us)
{
    return start_us / HOUR_US < newest_us / HOUR_US - WINDOW_S / 3600 ? DEDUPLICATE_BEYOND : DEDUPLICATE_AGAIN;
}

static void check(struct fixture *f)
{
    const uint64_t transactions = sluice_local_transactions(&f->transport);
    const int64_t newest_us = T0 + ((int64_t)transactions - 1) * STEP_US;
    enum sluice_err err;

    for (uint64_t t = 0; t < transactions; t++) {
        const int64_t now_us = T0 + (int64_t)t * STEP_US;

        see_all(f, t, known_or_beyond(now_us, newest_us), known_or_beyond(now_us - LATE_STEPS * STEP_US, newest_us), &err);
        assert_int_equal(err, SLUICE_OK);
    }
    see_all(f, transactions, DEDUPLICATE_FIRST, DEDUPLICATE_FIRST, &err);
    assert_int_equal(err, SLUICE_OK);
    assert_int_equal(f->transport.ops->abort(f->transport.self), SLUICE_OK);
}

static void finish_and_check(struct fixture *f)
{
    check(f);
    assert_int_equal(act_to_the_end(f), SLUICE_OK);
    assert_true(deduplicate_cold_count(f->set) > 3 * ON_TIME);
    fixture_close(f);
    assert_int_equal(fixture_open(f), SLUICE_OK);
    check(f);
}

static int run_child(struct fixture *f, enum fault_kind kind, unsigned at, unsigned *calls)
{
    unsigned *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int status;

    assert_true(shared != MAP_FAILED);
    const pid_t child = fork();
    if (child == 0) {
        fault_set(kind, at, 0, 1);
        enum sluice_err err = fixture_open(f);
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

static unsigned first_call(void)
{
    static unsigned seed;
    const char *given = getenv("SLUICE_TEST_SEED");

    if (!seed) {
        seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
        print_message("SLUICE_TEST_SEED=%u\n", seed);
        srand(seed);
    }
    return 1 + (unsigned)rand() % STRIDE;
}

static unsigned count_calls(void)
{
    struct fixture *f = fixture_new();
    unsigned calls;

    assert_int_equal(run_child(f, FAULT_NONE, 0, &calls), 0);
    assert_true(calls > 100);
    assert_int_equal(fixture_open(f), SLUICE_OK);
    finish_and_check(f);
    fixture_free(f);
    return calls;
}

static void die_at_every_call(enum fault_kind kind)
{
    const unsigned calls = count_calls();
    unsigned ignored;

    for (unsigned at = first_call(); at <= calls; at += STRIDE) {
        struct fixture *f = fixture_new();

        assert_int_equal(run_child(f, kind, at, &ignored), FAULT_EXIT);
        assert_int_equal(fixture_open(f), SLUICE_OK);
        finish_and_check(f);
        fixture_free(f);
    }
}

static void dying_before_any_call_forgets_nothing(void **state)
{
    die_at_every_call(FAULT_DIE_BEFORE);
}

static void dying_halfway_through_any_write_forgets_nothing(void **state)
{
    die_at_every_call(FAULT_DIE_HALFWAY);
}

static void dying_after_any_call_forgets_nothing(void **state)
{
    die_at_every_call(FAULT_DIE_AFTER);
}

/* Every call fails; with the cause gone the same process goes on, or is begun again. */
static void fail_at_every_call(enum fault_kind kind, int error, unsigned times)
{
    const unsigned calls = count_calls();
    unsigned failures = 0;

    for (unsigned at = first_call(); at <= calls; at += STRIDE) {
        struct fixture *f = fixture_new();

        fault_set(kind, at, error, times);
        enum sluice_err err = fixture_open(f);
        if (!err)
            err = act_to_the_end(f);
        failures += err != SLUICE_OK;
        assert_true(!err || sluice_err_class(err) == SLUICE_CLASS_RETRY);
        fault_clear();
        if (f->is_open && err && (at % 2 || act(f)))
            fixture_close(f);
        if (!f->is_open)
            assert_int_equal(fixture_open(f), SLUICE_OK);
        finish_and_check(f);
        fixture_free(f);
    }
    assert_true(failures > 50 / STRIDE);
}

static void a_full_disk_forgets_nothing(void **state)
{
    fail_at_every_call(FAULT_ERROR, ENOSPC, 1);
    fail_at_every_call(FAULT_ERROR_HALFWAY, ENOSPC, 0);
}

static void a_failing_disk_forgets_nothing(void **state)
{
    fail_at_every_call(FAULT_ERROR_AFTER, EIO, 1);
}

static void no_descriptors_left_forgets_nothing(void **state)
{
    fail_at_every_call(FAULT_ERROR, EMFILE, 1);
}

static void files_are_on_the_device_before_the_log_speaks_of_them(void **state)
{
    struct fixture *f = fixture_new();

    assert_int_equal(fixture_open(f), SLUICE_OK);
    memset(&unsynced, 0, sizeof unsynced);
    enum sluice_err err = SLUICE_OK;
    while (!err && sluice_local_transactions(&f->transport) < TOTAL) {
        see_all(f, sluice_local_transactions(&f->transport), DEDUPLICATE_FIRST, DEDUPLICATE_FIRST, &err);
        assert_int_equal(err, SLUICE_OK);
        err = f->transport.ops->commit(f->transport.self, 1);
        for (int i = 0; !err && i < 4; i++)
            err = deduplicate_freeze(f->set);
    }
    assert_int_equal(err, SLUICE_OK);
    assert_true(deduplicate_cold_count(f->set) > 3 * ON_TIME);
    assert_int_equal(unsynced.early_commits, 0);
    fixture_free(f);
}

TEST_MAIN(cmocka_unit_test(dying_before_any_call_forgets_nothing),
          cmocka_unit_test(dying_halfway_through_any_write_forgets_nothing),
          cmocka_unit_test(dying_after_any_call_forgets_nothing),
          cmocka_unit_test(a_full_disk_forgets_nothing),
          cmocka_unit_test(a_failing_disk_forgets_nothing),
          cmocka_unit_test(no_descriptors_left_forgets_nothing),
          cmocka_unit_test(files_are_on_the_device_before_the_log_speaks_of_them))
