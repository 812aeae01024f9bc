#include "test.h"

#include <sys/wait.h>

#include "fault.h"
#include "files.h"
#include "local_fixture.h"
#include "sluice/feed.h"

/* Nothing arrives here but what re-enters: a feed that is never asked. */
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

static uint64_t numbers[NUMBERS_MAX];

static void commits_are_there_after_opening_again(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 10; i++)
        assert_int_equal(run_commit(f, 13), SLUICE_OK);
    fixture_reopen(f);
    assert_int_equal(f->counter.value, 130);
    assert_int_equal(f->wide.values[3], 4 * 13);
    assert_int_equal(sluice_local_transactions(&f->transport), 10);
    drain(f);
    assert_complete(f);
    fixture_reopen(f);
    assert_complete(f);
}

static void rows_come_in_the_order_of_buckets_and_writing(void **state)
{
    struct fixture *f = *state;

    for (uint64_t i = 0; i < 4; i++) {
        assert_int_equal(write_number(f, "acme", "billing", DEADLINE_S + (i % 2 ? 0 : DAY_S), i), SLUICE_OK);
        assert_int_equal(write_number(f, "beta", "billing", DEADLINE_S, 100 + i), SLUICE_OK);
        assert_int_equal(commit(f), SLUICE_OK);
    }
    assert_int_equal(read_stream(f, "acme", "billing", numbers, NUMBERS_MAX), 4);
    assert_int_equal(numbers[0], 1);
    assert_int_equal(numbers[1], 3);
    assert_int_equal(numbers[2], 0);
    assert_int_equal(numbers[3], 2);
    assert_int_equal(read_stream(f, "beta", "billing", numbers, NUMBERS_MAX), 4);
    assert_int_equal(numbers[3], 103);
    assert_int_equal(read_stream(f, "acme", "fraud", numbers, NUMBERS_MAX), 0);
}

static void an_abort_takes_rows_and_tables_back(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(run_commit(f, 3), SLUICE_OK);
    f->counter.value = 99;
    assert_int_equal(write_number(f, "acme", "billing", DEADLINE_S, 98), SLUICE_OK);
    assert_int_equal(write_number(f, "acme", "other", DEADLINE_S, 98), SLUICE_OK);
    abort_commit(f);
    assert_int_equal(f->counter.value, 3);
    assert_int_equal(access(path_in(f->folder, "out/acme/other/2026-12-01/1.pb.open"), F_OK), -1);
    assert_int_equal(run_commit(f, 2), SLUICE_OK);
    assert_int_equal(read_stream(f, "acme", "billing", numbers, NUMBERS_MAX), 3);
    assert_int_equal(numbers[2], 3);

    /* A closed file is read to its end. */
    assert_int_equal(write_number(f, "acme", "billing", DEADLINE_S, 98), SLUICE_OK);
    abort_commit(f);
    assert_int_equal(sluice_local_close_files(&f->transport), SLUICE_OK);
    assert_int_equal(read_stream(f, "acme", "billing", numbers, NUMBERS_MAX), 3);
    fixture_reopen(f);
    assert_int_equal(f->counter.value, 5);
    assert_int_equal(read_stream(f, "acme", "billing", numbers, NUMBERS_MAX), 3);
}

static void what_was_never_committed_is_gone_after_a_crash(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(run_commit(f, 3), SLUICE_OK);
    if (fork() == 0) {
        /* Buffers are the child's own; the keyring's memory is wiped, and writing needs no key. */
        if (write_number(f, "acme", "billing", DEADLINE_S, 98) || write_number(f, "acme", "other", DEADLINE_S, 98))
            _exit(1);
        _exit(0);
    }
    int status;
    assert_true(wait(&status) > 0);
    assert_int_equal(status, 0);
    assert_int_equal(access(path_in(f->folder, "out/acme/other/2026-12-01/1.pb.open"), F_OK), 0);

    fixture_reopen(f);
    assert_int_equal(access(path_in(f->folder, "out/acme/other/2026-12-01/1.pb.open"), F_OK), -1);
    assert_int_equal(sluice_local_close_files(&f->transport), SLUICE_OK);
    assert_int_equal(read_stream(f, "acme", "billing", numbers, NUMBERS_MAX), 2);
    assert_int_equal(run_commit(f, 2), SLUICE_OK);
    drain(f);
    assert_complete(f);
}

static void folders_and_files_have_their_modes_and_names(void **state)
{
    struct fixture *f = *state;
    struct stat st;

    umask(022);
    assert_int_equal(write_number(f, "acme", "billing", DEADLINE_S, 1), SLUICE_OK);
    assert_int_equal(write_number(f, "acme", "billing", DEADLINE_S + 3600, 2), SLUICE_OK);
    assert_int_equal(write_number(f, "acme", "billing", DEADLINE_S + 3661, 3), SLUICE_OK);
    assert_int_equal(commit(f), SLUICE_OK);
    assert_int_equal(stat(path_in(f->folder, "out/acme/billing/2026-12-01T01Z"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0750);
    assert_int_equal(stat(path_in(f->folder, "out/acme/billing/2026-12-01T010101Z/1.pb.open"), &st), 0);
    assert_int_equal(stat(path_in(f->folder, "out/acme/billing/2026-12-01/1.pb.open"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    assert_int_equal(stat(path_in(f->folder, "state/log"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(read_stream(f, "acme", "billing", numbers, NUMBERS_MAX), 3);
    assert_int_equal(numbers[2], 3);
}

static void files_close_by_size_and_by_age(void **state)
{
    struct fixture *f = *state;

    f->config->file_size_max = 100;
    assert_int_equal(write_number(f, "acme", "young", DEADLINE_S, 1), SLUICE_OK);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(write_number(f, "acme", "big", DEADLINE_S, 39), SLUICE_OK);
        assert_int_equal(commit(f), SLUICE_OK);
    }
    assert_int_equal(access(path_in(f->folder, "out/acme/big/2026-12-01/1.pb"), F_OK), 0);
    assert_int_equal(access(path_in(f->folder, "out/acme/big/2026-12-01/1.pb.open"), F_OK), -1);
    assert_int_equal(access(path_in(f->folder, "out/acme/big/2026-12-01/2.pb"), F_OK), 0);
    assert_int_equal(access(path_in(f->folder, "out/acme/young/2026-12-01/1.pb.open"), F_OK), 0);

    f->transport.ops->commit(f->transport.self, NOW_US + 3599 * SLUICE_SECOND_US);
    assert_int_equal(access(path_in(f->folder, "out/acme/young/2026-12-01/1.pb.open"), F_OK), 0);
    f->transport.ops->commit(f->transport.self, NOW_US + 3600 * SLUICE_SECOND_US);
    assert_int_equal(access(path_in(f->folder, "out/acme/young/2026-12-01/1.pb"), F_OK), 0);
    assert_int_equal(read_stream(f, "acme", "big", numbers, NUMBERS_MAX), 6);
    assert_int_equal(read_stream(f, "acme", "young", numbers, NUMBERS_MAX), 1);

    /* Numbers go on where they were, even when a reader took the files away. */
    assert_int_equal(unlink(path_in(f->folder, "out/acme/young/2026-12-01/1.pb")), 0);
    fixture_reopen(f);
    assert_int_equal(write_number(f, "acme", "young", DEADLINE_S, 2), SLUICE_OK);
    assert_int_equal(commit(f), SLUICE_OK);
    assert_int_equal(access(path_in(f->folder, "out/acme/young/2026-12-01/2.pb.open"), F_OK), 0);
    assert_int_equal(sluice_local_close_files(&f->transport), SLUICE_OK);
    assert_int_equal(access(path_in(f->folder, "out/acme/young/2026-12-01/2.pb"), F_OK), 0);
}

static void a_commit_of_nothing_writes_nothing(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(run_commit(f, 3), SLUICE_OK);
    const uint64_t before = sluice_local_transactions(&f->transport);
    fault_clear();
    assert_int_equal(commit(f), SLUICE_OK);
    assert_int_equal(sluice_local_transactions(&f->transport), before);
    assert_int_equal(fault.count, 0);
}

static void more_buckets_than_descriptors(void **state)
{
    struct fixture *f = *state;
    enum { BUCKETS = 150 };

    for (uint64_t round = 0; round < 3; round++) {
        for (uint64_t i = 0; i < BUCKETS; i++)
            assert_int_equal(write_number(f, "acme", "billing", DEADLINE_S + (int64_t)i * 3600, round * 1000 + i),
                             SLUICE_OK);
        if (round == 1)
            abort_commit(f);
        else
            assert_int_equal(commit(f), SLUICE_OK);
    }
    size_t open = 0;
    for (int fd = 0; fd < 1024; fd++)
        open += fcntl(fd, F_GETFD) >= 0;
    assert_true(open < 80);
    fixture_reopen(f);
    assert_int_equal(read_stream(f, "acme", "billing", numbers, NUMBERS_MAX), 2 * BUCKETS);
    for (uint64_t i = 0; i < BUCKETS; i++) {
        assert_int_equal(numbers[2 * i], i);
        assert_int_equal(numbers[2 * i + 1], 2000 + i);
    }
}

static void outputs_are_on_the_device_before_the_log_speaks_of_them(void **state)
{
    struct fixture *f = *state;

    memset(&unsynced, 0, sizeof unsynced);
    for (uint64_t i = 0; i < 200; i++) {
        assert_int_equal(write_number(f, "acme", "billing", DEADLINE_S + (int64_t)i * 3600, i), SLUICE_OK);
        if (i % 100 == 99 || i < 10)   /* few files, and more than there are descriptors */
            assert_int_equal(commit(f), SLUICE_OK);
    }
    assert_int_equal(unsynced.early_commits, 0);
}

static void readers_beside_the_writer_see_what_is_committed(void **state)
{
    struct fixture *f = *state;
    struct counter_table counter = { 0 };
    struct wide_table wide = { { 0 }, 0, 0 };
    struct sluice_state_table tables[2];
    struct sluice_findings findings;
    struct sluice_keyring *keyring;

    /* The reader's keyring is from before the snapshot. */
    assert_int_equal(sluice_keyring_open(&keyring, f->config->state), SLUICE_OK);
    assert_int_equal(run_commit(f, 3), SLUICE_OK);
    assert_int_equal(sluice_local_snapshot(&f->transport, true), SLUICE_OK);
    assert_int_equal(run_commit(f, 5), SLUICE_OK);
    assert_int_equal(write_number(f, "acme", "billing", DEADLINE_S, 98), SLUICE_OK);

    fixture_tables(f, tables);
    tables[0].self = &counter;
    tables[1].self = &wide;
    sluice_findings_init(&findings);
    assert_int_equal(sluice_local_read(&findings, f->config, keyring, tables, 2), SLUICE_OK);
    assert_int_equal(findings.count, 0);
    assert_int_equal(counter.value, 8);
    assert_int_equal(wide.values[1], 8);
    sluice_findings_deinit(&findings);
    sluice_keyring_close(keyring);
    assert_int_equal(read_stream(f, "acme", "billing", numbers, NUMBERS_MAX), 5);
    abort_commit(f);
}

static void a_reader_without_a_key_sees_closed_files(void **state)
{
    struct fixture *f = *state;
    struct sluice_stream_reader *reader;
    const uint8_t *bytes;
    size_t len;
    int field;

    assert_int_equal(run_commit(f, 3), SLUICE_OK);
    assert_int_equal(sluice_stream_open(&reader, f->config, NULL, "acme", "billing"), SLUICE_OK);
    assert_int_equal(sluice_stream_next(reader, &field, &bytes, &len), 0);
    sluice_stream_close(reader);
    assert_int_equal(sluice_local_close_files(&f->transport), SLUICE_OK);
    assert_int_equal(sluice_stream_open(&reader, f->config, NULL, "acme", "billing"), SLUICE_OK);
    for (int i = 0; i < 2; i++)
        assert_int_equal(sluice_stream_next(reader, &field, &bytes, &len), 1);
    assert_int_equal(sluice_stream_next(reader, &field, &bytes, &len), 0);
    sluice_stream_close(reader);
}

static void tables_that_are_not_given_survive(void **state)
{
    struct fixture *f = *state;
    struct sluice_findings findings;

    assert_int_equal(run_commit(f, 5), SLUICE_OK);
    fixture_close(f);
    sluice_findings_init(&findings);
    assert_int_equal(sluice_keyring_open(&f->keyring, f->config->state), SLUICE_OK);
    assert_int_equal(sluice_local_open(&f->transport, &findings, f->config, f->keyring, NULL, NULL, 0), SLUICE_OK);
    f->is_open = true;
    assert_int_equal(sluice_local_close_files(&f->transport), SLUICE_OK);
    assert_int_equal(sluice_local_snapshot(&f->transport, false), SLUICE_OK);
    assert_int_equal(sluice_local_snapshot(&f->transport, true), SLUICE_ERR_CONFIG);
    sluice_findings_deinit(&findings);
    fixture_reopen(f);
    assert_int_equal(f->counter.value, 5);
    assert_int_equal(access(path_in(f->folder, "out/acme/billing/2026-12-01/1.pb"), F_OK), 0);
}

static void a_forgotten_bucket_may_go(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(write_number(f, "acme", "billing", DEADLINE_S, 1), SLUICE_OK);
    assert_int_equal(write_number(f, "acme", "billing", DEADLINE_S + DAY_S, 2), SLUICE_OK);
    assert_int_equal(commit(f), SLUICE_OK);
    assert_int_equal(sluice_local_forget(&f->transport, "acme", "billing", DEADLINE_S), SLUICE_OK);
    assert_int_equal(sluice_local_forget(&f->transport, "acme", "never", DEADLINE_S), SLUICE_OK);
    scratch_remove(path_in(f->folder, "out/acme/billing/2026-12-01"));
    fixture_reopen(f);
    assert_int_equal(read_stream(f, "acme", "billing", numbers, NUMBERS_MAX), 1);
    assert_int_equal(numbers[0], 2);
    assert_int_equal(write_number(f, "acme", "billing", DEADLINE_S, 3), SLUICE_OK);
    assert_int_equal(commit(f), SLUICE_OK);
    assert_int_equal(read_stream(f, "acme", "billing", numbers, NUMBERS_MAX), 2);
}

static void what_an_abort_could_not_cut_is_cut_before_closing(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(write_number(f, "acme", "billing", DEADLINE_S, 1), SLUICE_OK);
    assert_int_equal(commit(f), SLUICE_OK);
    assert_int_equal(write_number(f, "acme", "billing", DEADLINE_S, 98), SLUICE_OK);
    fault_set(FAULT_ERROR, 1, EIO, 1);
    abort_commit(f);
    assert_int_equal(fault.count, 1);
    fault_clear();
    assert_int_equal(sluice_local_close_files(&f->transport), SLUICE_OK);
    assert_int_equal(read_stream(f, "acme", "billing", numbers, NUMBERS_MAX), 1);
}

/* --- what must be refused */

struct saved_file {
    char path[512];
    uint8_t bytes[65536];
    size_t len;
};

static void save(struct saved_file *saved, const char *path)
{
    snprintf(saved->path, sizeof saved->path, "%s", path);
    saved->len = file_read(path, saved->bytes, sizeof saved->bytes);
    assert_true(saved->len > 0 && saved->len < sizeof saved->bytes);
}

static void put_back(const struct saved_file *saved)
{
    file_write(saved->path, saved->bytes, saved->len);
}

/* One bit of each byte of the log: what opens is a state that was committed,
 * with exactly its rows; what is done on disk already is never undone. */
static void every_flipped_byte_of_a_log_is_damage_or_an_unfinished_commit(void **state)
{
    static struct saved_file log, billing, fraud;
    struct fixture *f = *state;
    unsigned damaged = 0, unfinished = 0;

    assert_int_equal(run_commit(f, 3), SLUICE_OK);
    drain(f);
    assert_int_equal(run_commit(f, 1), SLUICE_OK);
    assert_int_equal(f->counter.value, 4);
    save(&log, path_in(f->folder, "state/log/2.log"));
    save(&billing, path_in(f->folder, "out/acme/billing/2026-12-01/1.pb.open"));
    save(&fraud, path_in(f->folder, "out/acme/fraud/2026-12-01/1.pb.open"));
    fixture_close(f);

    for (size_t i = 0; i < log.len; i++) {
        log.bytes[i] ^= (uint8_t)(1 << i % 8);
        put_back(&log);
        put_back(&billing);
        put_back(&fraud);
        log.bytes[i] ^= (uint8_t)(1 << i % 8);
        const enum sluice_err err = fixture_try_open(f);
        if (err) {
            assert_int_equal(err, SLUICE_ERR_DAMAGED);
            damaged++;
            continue;
        }
        unfinished++;
        assert_int_equal(f->counter.value, 3);
        assert_complete(f);
        fixture_close(f);
    }
    assert_in_range(unfinished, 100, 300);
    assert_in_range(damaged, 1000, log.len);
    put_back(&log);
    put_back(&billing);
    put_back(&fraud);
    fixture_open(f);
    assert_int_equal(f->counter.value, 4);
    assert_complete(f);
}

/* Its input is deleted: a commit behind which something was done is not gone back behind. */
static void a_flipped_byte_never_takes_back_what_consumed_its_input(void **state)
{
    static struct saved_file log, billing;
    struct fixture *f = *state;
    unsigned damaged = 0, opened = 0;

    assert_int_equal(run_commit(f, 2), SLUICE_OK);
    drain(f);
    save(&log, path_in(f->folder, "state/log/2.log"));
    save(&billing, path_in(f->folder, "out/acme/billing/2026-12-01/1.pb.open"));
    fixture_close(f);
    for (size_t i = log.len - 500; i < log.len; i++) {
        log.bytes[i] ^= 1;
        put_back(&log);
        put_back(&billing);
        log.bytes[i] ^= 1;
        if (fixture_try_open(f)) {
            damaged++;
            continue;
        }
        opened++;
        assert_complete(f);
        fixture_close(f);
    }
    assert_true(damaged > 300);
    assert_in_range(opened, 1, 100);
}

static void every_shorter_log_is_an_earlier_state_or_damage(void **state)
{
    static struct saved_file log, billing, fraud;
    struct fixture *f = *state;
    unsigned seen[5] = { 0 };
    struct stat begun;

    assert_int_equal(stat(path_in(f->folder, "state/log/2.log"), &begun), 0);
    assert_int_equal(run_commit(f, 1), SLUICE_OK);
    f->counter.value = 2;
    assert_int_equal(write_number(f, "acme", "billing", DEADLINE_S, 1), SLUICE_OK);
    assert_int_equal(commit(f), SLUICE_OK);
    save(&log, path_in(f->folder, "state/log/2.log"));
    save(&billing, path_in(f->folder, "out/acme/billing/2026-12-01/1.pb.open"));
    save(&fraud, path_in(f->folder, "out/acme/fraud/2026-12-01/1.pb.open"));
    fixture_close(f);
    for (size_t len = 0; len < log.len; len++) {
        file_write(log.path, log.bytes, len);
        put_back(&billing);
        put_back(&fraud);
        const enum sluice_err err = fixture_try_open(f);
        assert_int_equal(err, len < (size_t)begun.st_size ? SLUICE_ERR_DAMAGED : SLUICE_OK);
        if (err)
            continue;
        seen[f->counter.value]++;
        assert_complete(f);
        fixture_close(f);
    }
    assert_true(seen[0] > 50 && seen[1] > 50);
    assert_int_equal(seen[2], 0);
    put_back(&log);
    put_back(&billing);
    put_back(&fraud);
}

static enum sluice_err open_and_find(struct fixture *f, const char *rule, const char *file)
{
    struct sluice_findings findings;

    fixture_close(f);
    sluice_findings_init(&findings);
    const enum sluice_err err = fixture_try_open_with(f, &findings);
    if (err) {
        assert_int_equal(findings.count, 1);
        assert_string_equal(findings.list[0].rule, rule);
        assert_non_null(strstr(findings.list[0].file, file));
    }
    sluice_findings_deinit(&findings);
    return err;
}

static void outputs_that_are_not_what_the_log_says_are_named(void **state)
{
    struct fixture *f = *state;
    char away[256];

    assert_int_equal(run_commit(f, 3), SLUICE_OK);
    fixture_close(f);
    snprintf(away, sizeof away, "%s/away", f->folder);
    assert_int_equal(rename(path_in(f->folder, "out/acme/fraud/2026-12-01/1.pb.open"), away), 0);
    assert_int_equal(open_and_find(f, "output-damaged", "out/acme/fraud/2026-12-01/1.pb.open"), SLUICE_ERR_DAMAGED);
    assert_int_equal(rename(away, path_in(f->folder, "out/acme/fraud/2026-12-01/1.pb.open")), 0);
    assert_int_equal(truncate(path_in(f->folder, "out/acme/billing/2026-12-01/1.pb.open"), 5), 0);
    assert_int_equal(open_and_find(f, "output-damaged", "out/acme/billing/2026-12-01/1.pb.open"), SLUICE_ERR_DAMAGED);
}

static void a_log_that_is_gone_is_not_begun_anew(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(run_commit(f, 3), SLUICE_OK);
    fixture_close(f);
    assert_int_equal(unlink(path_in(f->folder, "state/log/2.log")), 0);
    assert_int_equal(open_and_find(f, "log-missing", "state/log"), SLUICE_ERR_OLDER);
}

static void a_keyring_from_before_a_snapshot_is_refused(void **state)
{
    struct fixture *f = *state;
    uint8_t old[4096];

    const size_t len = file_read(path_in(f->folder, "state/keyring"), old, sizeof old);
    assert_int_equal(sluice_local_snapshot(&f->transport, true), SLUICE_OK);
    fixture_close(f);
    file_write(path_in(f->folder, "state/keyring"), old, len);
    assert_int_equal(open_and_find(f, "keyring-older", "state/log"), SLUICE_ERR_DAMAGED);
}

static void a_new_state_does_not_touch_the_open_files_of_another(void **state)
{
    struct fixture *f = *state;
    uint8_t public_key[SLUICE_PUBLIC_KEY_SIZE];

    assert_int_equal(run_commit(f, 3), SLUICE_OK);
    memcpy(public_key, f->keyring->operator_public, sizeof public_key);
    fixture_close(f);
    strcat(f->config->state, "2");
    assert_int_equal(mkdir(f->config->state, 0700), 0);
    assert_int_equal(sluice_keyring_create(f->config->state, public_key, 1), SLUICE_OK);
    assert_int_equal(open_and_find(f, "output-damaged", ".pb.open"), SLUICE_ERR_DAMAGED);
    f->config->state[strlen(f->config->state) - 1] = '\0';
    fixture_open(f);
    drain(f);
    assert_complete(f);
}

TEST_MAIN(WITH_LOCAL(commits_are_there_after_opening_again),
          WITH_LOCAL(rows_come_in_the_order_of_buckets_and_writing),
          WITH_LOCAL(an_abort_takes_rows_and_tables_back),
          WITH_LOCAL(what_was_never_committed_is_gone_after_a_crash),
          WITH_LOCAL(folders_and_files_have_their_modes_and_names),
          WITH_LOCAL(files_close_by_size_and_by_age),
          WITH_LOCAL(a_commit_of_nothing_writes_nothing),
          WITH_LOCAL(more_buckets_than_descriptors),
          WITH_LOCAL(outputs_are_on_the_device_before_the_log_speaks_of_them),
          WITH_LOCAL(readers_beside_the_writer_see_what_is_committed),
          WITH_LOCAL(a_reader_without_a_key_sees_closed_files),
          WITH_LOCAL(tables_that_are_not_given_survive),
          WITH_LOCAL(a_forgotten_bucket_may_go),
          WITH_LOCAL(what_an_abort_could_not_cut_is_cut_before_closing),
          WITH_LOCAL(every_flipped_byte_of_a_log_is_damage_or_an_unfinished_commit),
          WITH_LOCAL(a_flipped_byte_never_takes_back_what_consumed_its_input),
          WITH_LOCAL(every_shorter_log_is_an_earlier_state_or_damage),
          WITH_LOCAL(outputs_that_are_not_what_the_log_says_are_named),
          WITH_LOCAL(a_log_that_is_gone_is_not_begun_anew),
          WITH_LOCAL(a_keyring_from_before_a_snapshot_is_refused),
          WITH_LOCAL(a_new_state_does_not_touch_the_open_files_of_another))
