/* Hours that go into files: what came before stays known, over late records,
 * aborts, restarts from the log and from snapshots with commits between their
 * chunks; and a file that is not what was written is named, never believed. */
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "gate/deduplicate.h"
#include "files.h"
#include "scratch.h"

#define HOUR_US  (3600 * INT64_C(1000000))
#define T0       (INT64_C(1790000000) * 1000000)
#define WINDOW_S (90 * 86400)
#define LATER_US (T0 + 48 * HOUR_US)   /* with a record of then, the hour of T0 is cold */

enum { ENTRIES_MAX = 20000 };

/* What a transport keeps: changes, and chunks between them. */
struct kept {
    bool is_chunk;
    uint64_t chunk;
    size_t at, len;
};

struct fixture {
    char folder[64];
    struct deduplicate *set;
    struct sluice_buffer bytes;
    struct kept kept[ENTRIES_MAX];
    size_t kept_count;
    size_t base;            /* where the last whole snapshot begins */
    uint64_t chunk;         /* the next of the one on its way */
    size_t chunk_base;      /* where that one begins; SIZE_MAX: none is */
};

static enum sluice_err open_folder(struct fixture *f)
{
    struct sluice_findings findings;

    sluice_findings_init(&findings);
    const enum sluice_err err = deduplicate_open_folder(f->set, &findings, f->folder);
    assert_int_equal(err != SLUICE_OK, findings.errors != 0);
    sluice_findings_deinit(&findings);
    return err;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_int_equal(sluice_crypto_init(), SLUICE_OK);
    scratch_make(f->folder);
    sluice_buffer_init(&f->bytes, (size_t)1 << 30);
    f->chunk_base = SIZE_MAX;
    f->set = deduplicate_new(WINDOW_S);
    assert_int_equal(open_folder(f), SLUICE_OK);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    deduplicate_free(f->set);
    scratch_remove(f->folder);
    sluice_buffer_deinit(&f->bytes);
    free(f);
    return 0;
}

static enum deduplicate_answer see(struct fixture *f, int64_t start_us, uint64_t id)
{
    uint8_t fingerprint[16];
    enum deduplicate_answer answer = deduplicate_prepare(f->set, fingerprint, start_us, (uint8_t *)&id, sizeof id);

    return answer ? answer : deduplicate_insert(f->set, start_us, fingerprint);
}

static struct kept *keep(struct fixture *f, size_t start)
{
    assert_true(f->kept_count < ENTRIES_MAX && !f->bytes.failed);
    f->kept[f->kept_count] = (struct kept){ .at = start, .len = f->bytes.len - start };
    return &f->kept[f->kept_count++];
}

static void commit(struct fixture *f)
{
    const struct sluice_state_table table = deduplicate_table(f->set);
    const size_t start = f->bytes.len;

    table.changes(table.self, &f->bytes);
    if (f->bytes.len > start)
        keep(f, start);
    table.committed(table.self);
}

static void undo(struct fixture *f)
{
    const struct sluice_state_table table = deduplicate_table(f->set);

    table.undo(table.self);
}

/* One chunk of a snapshot; the last one makes it the one in force. */
static void snapshot_step(struct fixture *f)
{
    const struct sluice_state_table table = deduplicate_table(f->set);
    const size_t start = f->bytes.len;
    const uint64_t number = f->chunk_base == SIZE_MAX ? 0 : f->chunk;
    bool more;

    if (number == 0)
        f->chunk_base = f->kept_count;
    f->chunk = number;
    assert_int_equal(table.snapshot(table.self, &f->chunk, &f->bytes, &more), SLUICE_OK);
    struct kept *chunk = keep(f, start);
    chunk->is_chunk = true;
    chunk->chunk = number;
    if (!more) {
        f->base = f->chunk_base;
        f->chunk_base = SIZE_MAX;
    }
}

static enum sluice_err restart(struct fixture *f)
{
    deduplicate_free(f->set);
    f->set = deduplicate_new(WINDOW_S);
    const struct sluice_state_table table = deduplicate_table(f->set);
    for (size_t i = f->base; i < f->kept_count; i++) {
        const struct kept *kept = &f->kept[i];
        const uint8_t *bytes = f->bytes.bytes + kept->at;

        /* Chunks of a snapshot that did not come to its end are in no log. */
        if (kept->is_chunk && f->chunk_base != SIZE_MAX && i >= f->chunk_base)
            continue;
        assert_int_equal(kept->is_chunk ? table.restore(table.self, kept->chunk, bytes, kept->len)
                                        : table.apply(table.self, bytes, kept->len), SLUICE_OK);
    }
    f->chunk_base = SIZE_MAX;
    return open_folder(f);
}

/* Until nothing more goes cold. */
static void freeze_all(struct fixture *f)
{
    commit(f);
    for (int i = 0; i < 200; i++) {
        assert_int_equal(deduplicate_freeze(f->set), SLUICE_OK);
        commit(f);
    }
}

static size_t count_files(const struct fixture *f)
{
    char command[128], text[16] = "";

    snprintf(command, sizeof command, "ls %s/deduplication | wc -l", f->folder);
    FILE *pipe = popen(command, "r");
    assert_non_null(fgets(text, sizeof text, pipe));
    pclose(pipe);
    return (size_t)atoi(text);
}

static void see_range(struct fixture *f, int64_t start_us, uint64_t from, uint64_t to, enum deduplicate_answer expected)
{
    for (uint64_t id = from; id < to; id++)
        assert_int_equal(see(f, start_us, id), expected);
}

/* --- */

static void a_cold_hour_leaves_memory_and_stays_known(void **state)
{
    struct fixture *f = *state;

    see_range(f, T0, 0, 50000, DEDUPLICATE_FIRST);
    see_range(f, T0 + 24 * HOUR_US, 0, 5000, DEDUPLICATE_FIRST);   /* stays hot */
    commit(f);
    const uint64_t hot = deduplicate_octets(f->set);
    freeze_all(f);
    assert_int_equal(deduplicate_cold_count(f->set), 0);   /* as yet nothing is a day older than the newest */
    see_range(f, LATER_US, 0, 1, DEDUPLICATE_FIRST);
    freeze_all(f);
    assert_int_equal(deduplicate_cold_count(f->set), 50000);
    assert_int_equal(deduplicate_count(f->set), 55001);
    assert_true(deduplicate_octets(f->set) < hot - 50000 * 16);
    assert_int_equal(count_files(f), 1);

    for (int round = 0; round < 2; round++) {
        see_range(f, T0, 0, 50000, DEDUPLICATE_AGAIN);
        see_range(f, T0 + 24 * HOUR_US, 0, 5000, DEDUPLICATE_AGAIN);
        see_range(f, T0, 50000 + (uint64_t)round * 100, 50100 + (uint64_t)round * 100, DEDUPLICATE_FIRST);
        see_range(f, T0, 50000 + (uint64_t)round * 100, 50100 + (uint64_t)round * 100, DEDUPLICATE_AGAIN);
        commit(f);
        assert_int_equal(restart(f), SLUICE_OK);
    }
    see_range(f, T0, 0, 50200, DEDUPLICATE_AGAIN);
    see_range(f, T0, 50200, 90000, DEDUPLICATE_FIRST);   /* worth writing the file anew */
    commit(f);
    freeze_all(f);
    assert_int_equal(deduplicate_cold_count(f->set), 90000);
    commit(f);
    assert_int_equal(count_files(f), 1);
    see_range(f, T0, 0, 90000, DEDUPLICATE_AGAIN);
    assert_int_equal(restart(f), SLUICE_OK);
    see_range(f, T0, 0, 90000, DEDUPLICATE_AGAIN);
    see_range(f, T0, 90000, 91000, DEDUPLICATE_FIRST);
}

static void a_small_hour_stays_in_memory(void **state)
{
    struct fixture *f = *state;

    see_range(f, T0, 0, 500, DEDUPLICATE_FIRST);
    see_range(f, LATER_US, 0, 1, DEDUPLICATE_FIRST);
    commit(f);
    freeze_all(f);
    assert_int_equal(deduplicate_cold_count(f->set), 0);
    assert_int_equal(count_files(f), 0);
    see_range(f, T0, 0, 500, DEDUPLICATE_AGAIN);
}

static void an_hour_is_written_in_pieces_while_late_records_come(void **state)
{
    enum { MANY = 400000 };
    struct fixture *f = *state;
    uint64_t late = MANY;
    int steps = 0;

    see_range(f, T0, 0, MANY, DEDUPLICATE_FIRST);
    see_range(f, LATER_US, 0, 1, DEDUPLICATE_FIRST);
    commit(f);
    for (; deduplicate_cold_count(f->set) == 0; steps++) {
        assert_true(steps < 100);
        assert_int_equal(deduplicate_freeze(f->set), SLUICE_OK);
        see_range(f, T0, late - 100, late, DEDUPLICATE_AGAIN);
        see_range(f, T0, late, late + 50, DEDUPLICATE_FIRST);
        if (steps % 2)
            undo(f);
        else
            late += 50;
        commit(f);
        snapshot_step(f);
    }
    assert_true(steps > 3);
    assert_int_equal(deduplicate_count(f->set), late + 1);
    for (int round = 0; round < 2; round++) {
        see_range(f, T0, 0, late, DEDUPLICATE_AGAIN);
        see_range(f, T0, late, late + 50, DEDUPLICATE_FIRST);
        undo(f);
        while (round == 0 && f->chunk_base != SIZE_MAX)
            snapshot_step(f);
        assert_int_equal(restart(f), SLUICE_OK);
    }
    assert_int_equal(deduplicate_count(f->set), late + 1);
}

static void an_hour_that_leaves_the_window_takes_its_file_along(void **state)
{
    struct fixture *f = *state;

    see_range(f, T0, 0, 3000, DEDUPLICATE_FIRST);
    see_range(f, T0 + HOUR_US, 0, 3000, DEDUPLICATE_FIRST);
    see_range(f, LATER_US, 0, 1, DEDUPLICATE_FIRST);
    commit(f);
    freeze_all(f);
    assert_int_equal(count_files(f), 2);
    /* The oldest hour that is in, with the newest at the window's other edge. */
    see_range(f, T0 + WINDOW_S * INT64_C(1000000), 0, 1, DEDUPLICATE_FIRST);
    see_range(f, T0, 0, 3000, DEDUPLICATE_AGAIN);
    see_range(f, T0, 3000, 3001, DEDUPLICATE_FIRST);
    see_range(f, T0 - HOUR_US, 0, 1, DEDUPLICATE_BEYOND);
    commit(f);
    see_range(f, T0 + HOUR_US + WINDOW_S * INT64_C(1000000), 0, 1, DEDUPLICATE_FIRST);
    see_range(f, T0, 0, 3000, DEDUPLICATE_BEYOND);
    undo(f);
    see_range(f, T0, 0, 3001, DEDUPLICATE_AGAIN);
    see_range(f, T0 + HOUR_US + WINDOW_S * INT64_C(1000000), 0, 1, DEDUPLICATE_FIRST);
    commit(f);
    assert_null(deduplicate_bucket_key(f->set, T0));
    assert_int_equal(deduplicate_cold_count(f->set), 3000);
    assert_int_equal(count_files(f), 2);   /* a torn frame would be no commit */
    see_range(f, T0 + HOUR_US, 0, 3000, DEDUPLICATE_AGAIN);
    commit(f);
    commit(f);
    assert_int_equal(count_files(f), 1);
    assert_int_equal(restart(f), SLUICE_OK);
    see_range(f, T0 + HOUR_US, 0, 3000, DEDUPLICATE_AGAIN);
    see_range(f, T0, 0, 10, DEDUPLICATE_BEYOND);
}

/* It goes while it is being written, and when its file is whole but not named yet. */
static void an_hour_may_leave_the_window_at_any_step(void **state)
{
    struct fixture *f = *state;

    for (int steps = 1; steps < 5; steps++) {
        const int64_t base_us = T0 + steps * 4000 * HOUR_US;

        see_range(f, base_us, 0, 300000, DEDUPLICATE_FIRST);
        see_range(f, base_us + 48 * HOUR_US, 0, 1, DEDUPLICATE_FIRST);
        commit(f);
        for (int i = 0; i < steps; i++)
            assert_int_equal(deduplicate_freeze(f->set), SLUICE_OK);
        see_range(f, base_us + HOUR_US + WINDOW_S * INT64_C(1000000), 0, 1, DEDUPLICATE_FIRST);
        undo(f);
        see_range(f, base_us, 0, 100, DEDUPLICATE_AGAIN);
        see_range(f, base_us + HOUR_US + WINDOW_S * INT64_C(1000000), 0, 1, DEDUPLICATE_FIRST);
        commit(f);
        assert_int_equal(deduplicate_count(f->set), 2);
        assert_int_equal(deduplicate_cold_count(f->set), 0);
        commit(f);
        commit(f);
        assert_int_equal(restart(f), SLUICE_OK);
        assert_int_equal(count_files(f), 0);
    }
}

static void files_that_no_commit_names_go_at_the_start(void **state)
{
    struct fixture *f = *state;

    see_range(f, T0, 0, 3000, DEDUPLICATE_FIRST);
    see_range(f, LATER_US, 0, 1, DEDUPLICATE_FIRST);
    commit(f);
    for (int i = 0; i < 40; i++)
        assert_int_equal(deduplicate_freeze(f->set), SLUICE_OK);
    assert_int_equal(count_files(f), 1);   /* written, not committed */
    assert_int_equal(restart(f), SLUICE_OK);
    assert_int_equal(count_files(f), 0);
    see_range(f, T0, 0, 3000, DEDUPLICATE_AGAIN);
    see_range(f, T0, 3000, 3010, DEDUPLICATE_FIRST);
}

/* --- a model says what is right */

static void it_agrees_with_a_model_over_everything_that_may_happen(void **state)
{
    enum { IDS = 40000, STEPS = 3000 };
    static bool seen[IDS], saved[IDS];
    const char *given = getenv("SLUICE_TEST_SEED");
    const unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
    struct fixture *f = *state;
    uint64_t cold_max = 0, restarts = 0;

    print_message("SLUICE_TEST_SEED=%u\n", seed);
    srand(seed);
    memset(seen, 0, sizeof seen);
    memset(saved, 0, sizeof saved);
    see_range(f, LATER_US, 1000000, 1000001, DEDUPLICATE_FIRST);
    commit(f);
    for (int step = 0; step < STEPS; step++) {
        const int what = rand() % 10;

        if (what < 5) {
            for (int i = rand() % 200; i > 0; i--) {
                const uint64_t id = (uint64_t)rand() % IDS;
                const int64_t start_us = T0 + (int64_t)(id % 5) * HOUR_US;

                assert_int_equal(see(f, start_us, id), seen[id] ? DEDUPLICATE_AGAIN : DEDUPLICATE_FIRST);
                seen[id] = true;
            }
        }
        if (what == 5) {
            undo(f);
            memcpy(seen, saved, sizeof seen);
        }
        if (what >= 2) {
            commit(f);
            memcpy(saved, seen, sizeof saved);
        }
        if (what == 5 || what == 6)
            assert_int_equal(deduplicate_freeze(f->set), SLUICE_OK);
        if (what == 7 || what == 8)
            snapshot_step(f);
        if (what == 9 && rand() % 10 == 0) {
            assert_int_equal(restart(f), SLUICE_OK);
            restarts++;
        }
        if (deduplicate_cold_count(f->set) > cold_max)
            cold_max = deduplicate_cold_count(f->set);
    }
    assert_true(cold_max > 10000 && restarts > 5);
    uint64_t count = 1;
    for (int id = 0; id < IDS; id++)
        count += seen[id];
    assert_int_equal(deduplicate_count(f->set), count);
}

/* --- damage */

static void make_cold(struct fixture *f, uint64_t count, char path[static 128])
{
    see_range(f, T0, 0, count, DEDUPLICATE_FIRST);
    see_range(f, LATER_US, 0, 1, DEDUPLICATE_FIRST);
    commit(f);
    freeze_all(f);
    assert_int_equal(deduplicate_cold_count(f->set), count);
    snprintf(path, 128, "%s/deduplication/1.seen", f->folder);
}

static void flip(const char *path, off_t at, uint8_t bit)
{
    const int fd = open(path, O_RDWR);
    uint8_t byte;

    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= bit;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

static void assert_named(const struct fixture *f, const char *path)
{
    struct sluice_findings findings;

    sluice_findings_init(&findings);
    deduplicate_explain(f->set, &findings);
    assert_int_equal(findings.count, 1);
    assert_string_equal(findings.list[0].file, path);
    assert_non_null(strstr(findings.list[0].text, "2026-09-21T14:00:00Z"));
    sluice_findings_deinit(&findings);
}

/* Each answer is right, or there is none. */
static void a_flipped_bit_never_makes_a_wrong_answer(void **state)
{
    struct fixture *f = *state;
    char path[128];
    struct stat st;
    unsigned refused = 0;

    make_cold(f, 4000, path);
    assert_int_equal(stat(path, &st), 0);
    for (off_t at = 0; at < st.st_size; at += 97) {
        bool told = false;

        flip(path, at, (uint8_t)(1 << at % 8));
        assert_int_equal(restart(f), SLUICE_OK);
        for (uint64_t id = 0; !told && id < 5000; id++) {
            const enum deduplicate_answer answer = see(f, T0, id);

            told = answer == DEDUPLICATE_FAILED;
            if (told)
                assert_int_equal(deduplicate_err(f->set), SLUICE_ERR_DAMAGED);
            else
                assert_int_equal(answer, id < 4000 ? DEDUPLICATE_AGAIN : DEDUPLICATE_FIRST);
        }
        undo(f);
        if (told)
            assert_named(f, path);
        refused += told;
        flip(path, at, (uint8_t)(1 << at % 8));
    }
    /* Every octet counts: all of them are under a hash, and all blocks were asked for. */
    assert_int_equal(refused, (st.st_size + 96) / 97);
    assert_int_equal(restart(f), SLUICE_OK);
    see_range(f, T0, 0, 4000, DEDUPLICATE_AGAIN);
}

static void a_damaged_file_is_not_merged_into_another(void **state)
{
    struct fixture *f = *state;
    char path[128];
    bool told = false;

    make_cold(f, 4000, path);
    see_range(f, T0, 4000, 6000, DEDUPLICATE_FIRST);
    commit(f);
    flip(path, 5000, 1);
    assert_int_equal(restart(f), SLUICE_OK);
    for (int i = 0; !told && i < 100; i++)
        told = deduplicate_freeze(f->set) == SLUICE_ERR_DAMAGED;
    assert_true(told);
    assert_named(f, path);
}

static void a_cut_or_missing_file_is_named_at_the_start(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    char path[128];

    make_cold(f, 4000, path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(truncate(path, st.st_size - 1), 0);
    assert_int_equal(restart(f), SLUICE_ERR_DAMAGED);
    assert_named(f, path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(restart(f), SLUICE_ERR_DAMAGED);
    assert_named(f, path);
}

/* Two blocks of one file, or the same block of two files, in each other's place. */
static void a_block_in_another_place_is_not_believed(void **state)
{
    struct fixture *f = *state;
    uint8_t blocks[2][4096];
    char path[128];
    bool told = false;

    make_cold(f, 4000, path);
    const int fd = open(path, O_RDWR);
    assert_int_equal(pread(fd, blocks, sizeof blocks, 0), sizeof blocks);
    assert_int_equal(pwrite(fd, blocks[1], 4096, 0), 4096);
    assert_int_equal(pwrite(fd, blocks[0], 4096, 4096), 4096);
    close(fd);
    assert_int_equal(restart(f), SLUICE_OK);
    for (uint64_t id = 0; !told && id < 4000; id++)
        told = see(f, T0, id) == DEDUPLICATE_FAILED;
    assert_true(told);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
TEST_MAIN(TEST(a_cold_hour_leaves_memory_and_stays_known),
          TEST(a_small_hour_stays_in_memory),
          TEST(an_hour_is_written_in_pieces_while_late_records_come),
          TEST(an_hour_that_leaves_the_window_takes_its_file_along),
          TEST(an_hour_may_leave_the_window_at_any_step),
          TEST(files_that_no_commit_names_go_at_the_start),
          TEST(it_agrees_with_a_model_over_everything_that_may_happen),
          TEST(a_flipped_bit_never_makes_a_wrong_answer),
          TEST(a_damaged_file_is_not_merged_into_another),
          TEST(a_cut_or_missing_file_is_named_at_the_start),
          TEST(a_block_in_another_place_is_not_believed))
