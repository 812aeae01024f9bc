/* Hours that go into files: what came before stays known, over late records,
 * aborts, restarts from the log and from snapshots with commits between their
 * chunks. */
#include "test.h"

#include <time.h>

#include "deduplicate_fixture.h"

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
    assert_int_equal(count_files(f), 2);   /* it wrote nothing, so the frame before may be torn yet */
    for (uint64_t i = 5000; i < 5002; i++) {
        see_range(f, T0 + 24 * HOUR_US, i, i + 1, DEDUPLICATE_FIRST);
        commit(f);
    }
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
    enum { MANY = 200000 };
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
    assert_true(steps > 1);
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

static void what_came_while_a_file_was_written_is_known_after_a_restart(void **state)
{
    struct fixture *f = *state;

    see_range(f, T0, 0, 3000, DEDUPLICATE_FIRST);
    see_range(f, LATER_US, 0, 1, DEDUPLICATE_FIRST);
    commit(f);
    assert_int_equal(deduplicate_freeze(f->set), SLUICE_OK);
    see_range(f, T0, 3000, 3100, DEDUPLICATE_FIRST);
    commit(f);   /* names the file */
    assert_int_equal(deduplicate_cold_count(f->set), 3000);
    assert_int_equal(restart(f), SLUICE_OK);
    assert_int_equal(deduplicate_count(f->set), 3101);
    see_range(f, T0, 0, 3100, DEDUPLICATE_AGAIN);
    see_range(f, T0, 3100, 3200, DEDUPLICATE_FIRST);
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
    for (uint64_t i = 1; i < 3; i++) {
        see_range(f, T0 + HOUR_US + WINDOW_S * INT64_C(1000000), i, i + 1, DEDUPLICATE_FIRST);
        commit(f);
    }
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

        see_range(f, base_us, 0, 200000, DEDUPLICATE_FIRST);
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
        if (what == 7 && rand() % 20 == 0)
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

TEST_MAIN(TEST(a_cold_hour_leaves_memory_and_stays_known),
          TEST(a_small_hour_stays_in_memory),
          TEST(an_hour_is_written_in_pieces_while_late_records_come),
          TEST(what_came_while_a_file_was_written_is_known_after_a_restart),
          TEST(an_hour_that_leaves_the_window_takes_its_file_along),
          TEST(an_hour_may_leave_the_window_at_any_step),
          TEST(files_that_no_commit_names_go_at_the_start),
          TEST(it_agrees_with_a_model_over_everything_that_may_happen))
