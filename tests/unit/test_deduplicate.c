#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "deduplicate/deduplicate.h"

#define HOUR_US  (3600 * INT64_C(1000000))
#define T0       (INT64_C(1790000000) * 1000000)
#define WINDOW_S (90 * 86400)

static int setup(void **state)
{
    return sluice_crypto_init() || !(*state = deduplicate_new(WINDOW_S));
}

static int teardown(void **state)
{
    deduplicate_free(*state);
    return 0;
}

static enum deduplicate_answer see(struct deduplicate *set, int64_t start_us, uint64_t id)
{
    uint8_t fingerprint[16];
    enum deduplicate_answer answer = deduplicate_prepare(set, fingerprint, start_us, (uint8_t *)&id, sizeof id);

    return answer ? answer : deduplicate_insert(set, start_us, fingerprint);
}

static void commit(struct deduplicate *set, struct sluice_buffer *log)
{
    const struct sluice_state_table table = deduplicate_table(set);

    table.changes(table.self, log);
    table.committed(table.self);
}

static void the_second_of_two_is_a_duplicate(void **state)
{
    assert_int_equal(see(*state, T0, 1), DEDUPLICATE_FIRST);
    assert_int_equal(see(*state, T0, 2), DEDUPLICATE_FIRST);
    assert_int_equal(see(*state, T0, 1), DEDUPLICATE_AGAIN);
    assert_int_equal(see(*state, T0 + HOUR_US, 1), DEDUPLICATE_FIRST);   /* another record time: another record */
    assert_int_equal(deduplicate_count(*state), 3);
}

static void the_window_moves_with_record_time_alone(void **state)
{
    const int64_t window_us = WINDOW_S * INT64_C(1000000);

    assert_int_equal(see(*state, T0, 1), DEDUPLICATE_FIRST);
    assert_int_equal(see(*state, T0 - window_us, 2), DEDUPLICATE_FIRST);
    assert_int_equal(see(*state, T0 - window_us - 2 * HOUR_US, 3), DEDUPLICATE_BEYOND);
    assert_int_equal(see(*state, T0 + 2 * HOUR_US, 4), DEDUPLICATE_FIRST);
    assert_int_equal(see(*state, T0 - window_us, 2), DEDUPLICATE_BEYOND);
    assert_int_equal(see(*state, T0, 1), DEDUPLICATE_AGAIN);
}

static void an_hour_that_left_the_window_goes_as_a_whole(void **state)
{
    struct sluice_buffer log;

    sluice_buffer_init(&log, 1 << 20);
    for (uint64_t id = 0; id < 1000; id++)
        see(*state, T0, id);
    commit(*state, &log);
    assert_non_null(deduplicate_bucket_key(*state, T0));
    see(*state, T0 + (WINDOW_S + 7200) * INT64_C(1000000), 1);
    commit(*state, &log);
    assert_null(deduplicate_bucket_key(*state, T0));
    assert_int_equal(deduplicate_count(*state), 1);
    sluice_buffer_deinit(&log);
}

static void an_abort_forgets_exactly_what_came_since_the_commit(void **state)
{
    const struct sluice_state_table table = deduplicate_table(*state);
    struct sluice_buffer log;

    sluice_buffer_init(&log, 1 << 20);
    for (uint64_t id = 0; id < 500; id++)
        see(*state, T0, id);
    commit(*state, &log);
    for (uint64_t id = 500; id < 5000; id++)
        see(*state, T0 + (int64_t)(id % 3) * HOUR_US, id);
    table.undo(table.self);

    assert_int_equal(deduplicate_count(*state), 500);
    assert_null(deduplicate_bucket_key(*state, T0 + HOUR_US));
    for (uint64_t id = 0; id < 500; id++)
        assert_int_equal(see(*state, T0, id), DEDUPLICATE_AGAIN);
    for (uint64_t id = 500; id < 5000; id++)
        assert_int_equal(see(*state, T0 + (int64_t)(id % 3) * HOUR_US, id), DEDUPLICATE_FIRST);
    sluice_buffer_deinit(&log);
}

static void what_is_taken_back_may_come_again(void **state)
{
    uint8_t fingerprint[16];
    const uint64_t id = 7;

    see(*state, T0, 1);
    assert_int_equal(deduplicate_prepare(*state, fingerprint, T0, (const uint8_t *)&id, sizeof id), DEDUPLICATE_FIRST);
    assert_int_equal(deduplicate_insert(*state, T0, fingerprint), DEDUPLICATE_FIRST);
    deduplicate_remove(*state, T0, fingerprint);
    assert_int_equal(see(*state, T0, id), DEDUPLICATE_FIRST);
    assert_int_equal(see(*state, T0, 1), DEDUPLICATE_AGAIN);
}

/* A model with linear search says what is right. */
static void it_agrees_with_a_slow_model_over_commits_aborts_and_restarts(void **state)
{
    enum { IDS = 400, STEPS = 20000 };
    static bool seen[IDS], saved[IDS];
    const unsigned seed = (unsigned)time(NULL);
    struct deduplicate *set = *state;
    struct sluice_buffer log, chunk;

    print_message("seed %u\n", seed);
    srand(seed);
    memset(seen, 0, sizeof seen);
    memset(saved, 0, sizeof saved);
    sluice_buffer_init(&log, 64 << 20);
    sluice_buffer_init(&chunk, 64 << 20);
    for (int step = 0; step < STEPS; step++) {
        const uint64_t id = (uint64_t)rand() % IDS;
        const int what = rand() % 100;

        if (what == 0) {
            const struct sluice_state_table table = deduplicate_table(set);

            table.undo(table.self);
            memcpy(seen, saved, sizeof seen);
        } else if (what == 1) {
            struct deduplicate *again = deduplicate_new(WINDOW_S);
            const struct sluice_state_table from = deduplicate_table(set), to = deduplicate_table(again);
            uint64_t at = 0;

            sluice_buffer_clear(&log);
            commit(set, &log);
            memcpy(saved, seen, sizeof saved);
            for (bool more = true; more;) {
                sluice_buffer_clear(&chunk);
                const uint64_t number = at;
                assert_int_equal(from.snapshot(from.self, &at, &chunk, &more), SLUICE_OK);
                assert_int_equal(to.restore(to.self, number, chunk.bytes, chunk.len), SLUICE_OK);
            }
            deduplicate_free(set);
            *state = set = again;
        } else {
            const int64_t start_us = T0 + (int64_t)(id % 7) * HOUR_US;

            assert_int_equal(see(set, start_us, id), seen[id] ? DEDUPLICATE_AGAIN : DEDUPLICATE_FIRST);
            seen[id] = true;
        }
    }
    sluice_buffer_deinit(&log);
    sluice_buffer_deinit(&chunk);
}

static void the_change_log_rebuilds_the_set(void **state)
{
    struct deduplicate *again = deduplicate_new(WINDOW_S);
    const struct sluice_state_table table = deduplicate_table(again);
    struct sluice_buffer log;

    sluice_buffer_init(&log, 16 << 20);
    for (uint64_t round = 0; round < 20; round++) {
        sluice_buffer_clear(&log);
        for (uint64_t id = 0; id < 300; id++)
            see(*state, T0 + (int64_t)(id % 5) * HOUR_US, round * 300 + id);
        commit(*state, &log);
        assert_int_equal(table.apply(table.self, log.bytes, log.len), SLUICE_OK);
    }
    assert_int_equal(deduplicate_count(again), 6000);
    assert_int_equal(see(again, T0 + 4 * HOUR_US, 5999), DEDUPLICATE_AGAIN);
    assert_int_equal(see(again, T0 + 4 * HOUR_US, 6004), DEDUPLICATE_FIRST);
    for (size_t len = 0; len < log.len; len += 13) {
        struct deduplicate *broken = deduplicate_new(WINDOW_S);
        const struct sluice_state_table target = deduplicate_table(broken);

        /* A cut change is refused, or ends at a run by chance: never a crash. */
        (void)target.apply(target.self, log.bytes, len);
        deduplicate_free(broken);
    }
    deduplicate_free(again);
    sluice_buffer_deinit(&log);
}

static void different_records_have_different_identities(void **state)
{
    struct sluice_record a = { .tenant = SLUICE_STR("acme"), .source_id = SLUICE_STR("emnify"),
                               .record_id = SLUICE_STR("12"), .service = SLUICE_SERVICE_DATA };
    struct sluice_record b = a;
    uint8_t x[DEDUPLICATE_IDENTITY_MAX], y[DEDUPLICATE_IDENTITY_MAX];

    assert_int_equal(deduplicate_identity(x, &a), deduplicate_identity(y, &b));
    assert_memory_equal(x, y, deduplicate_identity(x, &a));

    b.source_id = SLUICE_STR("emnify1");
    b.record_id = SLUICE_STR("2");
    const size_t len = deduplicate_identity(x, &a);
    assert_int_equal(len, deduplicate_identity(y, &b));
    assert_memory_not_equal(x, y, len);

    b = a;
    b.service = SLUICE_SERVICE_SIGNALLING;   /* events have ids of their own */
    deduplicate_identity(y, &b);
    assert_memory_not_equal(x, y, len);

    a.record_id = b.record_id = SLUICE_STR("");
    b.service = SLUICE_SERVICE_DATA;
    b.start_us = 1;
    deduplicate_identity(x, &a);
    assert_memory_not_equal(x, y, deduplicate_identity(y, &b));
}

/* Two hours 32 768 apart share a place: a device whose clock was reset beside one that is right. */
static void hours_that_share_a_place_do_not_meet(void **state)
{
    const int64_t late = T0 + 32768 * HOUR_US;
    const struct sluice_state_table table = deduplicate_table(*state);
    struct deduplicate *again = deduplicate_new(WINDOW_S);
    const struct sluice_state_table target = deduplicate_table(again);
    uint8_t early[16], fingerprint[16];
    struct sluice_buffer log;
    uint64_t id = 1;

    sluice_buffer_init(&log, 1 << 20);
    assert_int_equal(see(*state, T0, 7), DEDUPLICATE_FIRST);
    commit(*state, &log);
    assert_int_equal(target.apply(target.self, log.bytes, log.len), SLUICE_OK);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(see(*state, T0, 8), DEDUPLICATE_FIRST);
        /* One batch: both are prepared before either is looked up. */
        assert_int_equal(deduplicate_prepare(*state, early, T0, (uint8_t *)&id, sizeof id), DEDUPLICATE_FIRST);
        assert_int_equal(deduplicate_prepare(*state, fingerprint, late, (uint8_t *)&id, sizeof id), DEDUPLICATE_FIRST);
        assert_int_equal(deduplicate_insert(*state, T0, early), DEDUPLICATE_BEYOND);
        assert_int_equal(deduplicate_insert(*state, late, fingerprint), DEDUPLICATE_FIRST);
        if (round)
            break;
        table.undo(table.self);
        assert_int_equal(see(*state, T0, 7), DEDUPLICATE_AGAIN);
    }
    sluice_buffer_clear(&log);
    commit(*state, &log);
    assert_int_equal(target.apply(target.self, log.bytes, log.len), SLUICE_OK);
    assert_int_equal(see(*state, late, 1), DEDUPLICATE_AGAIN);
    assert_int_equal(see(again, late, 1), DEDUPLICATE_AGAIN);
    assert_int_equal(see(again, late, 2), DEDUPLICATE_FIRST);
    assert_int_equal(deduplicate_count(*state), 1);
    deduplicate_free(again);
    sluice_buffer_deinit(&log);
}

/* Without an id the SIM tells them apart, whatever it is named by. */
static void two_sims_that_send_alike_are_no_duplicates(void **state)
{
    struct sluice_record a = { .tenant = SLUICE_STR("acme"), .source_id = SLUICE_STR("emnify"), .start_us = T0 };
    struct sluice_record b;
    uint8_t x[DEDUPLICATE_IDENTITY_MAX], y[DEDUPLICATE_IDENTITY_MAX];

    (void)state;
    a.eid.digit_count = 32;
    memset(a.eid.digits, '8', 32);
    b = a;
    b.eid.digits[31] = '9';
    const size_t len = deduplicate_identity(x, &a);
    assert_int_equal(deduplicate_identity(y, &b), len);
    assert_memory_not_equal(x, y, len);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
TEST_MAIN(TEST(the_second_of_two_is_a_duplicate),
          TEST(the_window_moves_with_record_time_alone),
          TEST(an_hour_that_left_the_window_goes_as_a_whole),
          TEST(an_abort_forgets_exactly_what_came_since_the_commit),
          TEST(what_is_taken_back_may_come_again),
          TEST(it_agrees_with_a_slow_model_over_commits_aborts_and_restarts),
          TEST(the_change_log_rebuilds_the_set),
          TEST(different_records_have_different_identities),
          TEST(hours_that_share_a_place_do_not_meet),
          TEST(two_sims_that_send_alike_are_no_duplicates))
