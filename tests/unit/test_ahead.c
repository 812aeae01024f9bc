/* Reading ahead: what a thread has read and nobody has taken was never read. */
#include "unit/feed_fixture.h"

#include <time.h>

#include "feed/feed_state.h"

#define BATCH 4

static void open_ahead(void)
{
    open_feed();
    assert_int_equal(sluice_feed_read_ahead(feed, BATCH, 1 << 20), SLUICE_OK);
    table = sluice_feed_table(feed);
    batch.capacity = BATCH;
}

static void setup_batch(void)
{
    sluice_batch_deinit(&batch);
    assert_int_equal(sluice_batch_init(&batch, BATCH, 1 << 20), SLUICE_OK);
}

static bool take_one(void)
{
    bool end = false;

    sluice_batch_reset(&batch);
    assert_int_equal(sluice_feed_fill(feed, &batch, NOW, &end), SLUICE_OK);
    return end;
}

static void take(const char *expect)
{
    seen[0] = '\0';
    (void)take_one();
    for (size_t e = 0; e < batch.count; e++)
        describe(&batch.entries[e]);
    assert_string_equal(seen, expect);
}

static size_t waiting(void)
{
    pthread_mutex_lock(&feed->ahead->lock);
    const size_t count = feed->ahead->count;
    pthread_mutex_unlock(&feed->ahead->lock);
    return count;
}

/* To do what it must not. */
static void give_it_time(void)
{
    const struct timespec moment = { .tv_nsec = 20000000 };

    nanosleep(&moment, NULL);
}

/* Until the thread has nothing more to do. */
static void let_it_read(size_t batches)
{
    const struct timespec moment = { .tv_nsec = 1000000 };

    for (int i = 0; i < 20000 && waiting() < batches; i++)
        nanosleep(&moment, NULL);
    assert_int_equal(waiting(), batches);
}

/* Take the table to the next process, without what was read and not taken. */
static void crash_after_commit(void)
{
    commit();
    close_feed();
    open_ahead();
    assert_int_equal(table.apply(table.self, kept.bytes, kept.len), SLUICE_OK);
}

static void entries_come_in_order(void **state)
{
    char expected[sizeof seen];

    write_text("a.ndjson", "w", lines(1, 50));
    write_text("b.ndjson", "w", "");
    write_text("c.ndjson", "w", lines(51, 103));
    open_feed();
    strcpy(expected, drain(BATCH));
    assert_non_null(strstr(expected, "c.ndjson:53=103 "));
    close_feed();

    setup_batch();
    open_ahead();
    assert_string_equal(drain(BATCH), expected);
    assert_string_equal(drain(BATCH), "");
    write_text("d.ndjson", "w", lines(104, 104));
    config.watch = true;
    assert_string_equal(drain(BATCH), "d.ndjson:1=104 ");   /* it looks again when it is asked again */
    config.watch = false;
}

static void it_reads_so_far_and_no_further(void **state)
{
    setup_batch();
    write_text("a.ndjson", "w", lines(1, 100));
    open_ahead();
    assert_int_equal(waiting(), 0);                       /* nothing before it is asked */
    take("a.ndjson:1=1 a.ndjson:2=2 a.ndjson:3=3 a.ndjson:4=4 ");
    let_it_read(AHEAD_BATCHES);
    give_it_time();
    assert_int_equal(waiting(), AHEAD_BATCHES);
    ahead_pause(feed->ahead);
    assert_int_equal(feed->reader.safe.line, BATCH * (AHEAD_BATCHES + 1));
    take("a.ndjson:5=5 a.ndjson:6=6 a.ndjson:7=7 a.ndjson:8=8 ");
    let_it_read(AHEAD_BATCHES);
}

static void a_commit_covers_what_was_taken(void **state)
{
    setup_batch();
    write_text("a.ndjson", "w", lines(1, 20));
    write_text("b.ndjson", "w", lines(21, 23));
    open_ahead();
    take("a.ndjson:1=1 a.ndjson:2=2 a.ndjson:3=3 a.ndjson:4=4 ");
    let_it_read(AHEAD_BATCHES);
    crash_after_commit();
    take("a.ndjson:5=5 a.ndjson:6=6 a.ndjson:7=7 a.ndjson:8=8 ");
    take("a.ndjson:9=9 a.ndjson:10=10 a.ndjson:11=11 a.ndjson:12=12 ");
    let_it_read(3);                                       /* to the end, and that it is one */
    crash_after_commit();
    assert_string_equal(drain(BATCH), "a.ndjson:13=13 a.ndjson:14=14 a.ndjson:15=15 a.ndjson:16=16 "
                                      "a.ndjson:17=17 a.ndjson:18=18 a.ndjson:19=19 a.ndjson:20=20 "
                                      "b.ndjson:1=21 b.ndjson:2=22 b.ndjson:3=23 ");
    crash_after_commit();
    assert_string_equal(drain(BATCH), "");
}

static void an_undo_reads_again_what_was_taken(void **state)
{
    setup_batch();
    write_text("a.ndjson", "w", lines(1, 30));
    open_ahead();
    table.undo(table.self);                               /* before anything was read */
    take("a.ndjson:1=1 a.ndjson:2=2 a.ndjson:3=3 a.ndjson:4=4 ");
    commit();
    take("a.ndjson:5=5 a.ndjson:6=6 a.ndjson:7=7 a.ndjson:8=8 ");
    take("a.ndjson:9=9 a.ndjson:10=10 a.ndjson:11=11 a.ndjson:12=12 ");
    let_it_read(AHEAD_BATCHES);
    table.undo(table.self);
    take("a.ndjson:5=5 a.ndjson:6=6 a.ndjson:7=7 a.ndjson:8=8 ");
    table.undo(table.self);                               /* while it reads */
    take("a.ndjson:5=5 a.ndjson:6=6 a.ndjson:7=7 a.ndjson:8=8 ");
    commit();
    table.undo(table.self);                               /* nothing to take back */
    take("a.ndjson:9=9 a.ndjson:10=10 a.ndjson:11=11 a.ndjson:12=12 ");
}

static void what_is_dropped_is_read_again(void **state)
{
    setup_batch();
    write_text("a.ndjson", "w", lines(1, 12));
    open_ahead();
    take("a.ndjson:1=1 a.ndjson:2=2 a.ndjson:3=3 a.ndjson:4=4 ");
    commit();
    let_it_read(3);
    sluice_feed_drop_ahead(feed);
    assert_int_equal(waiting(), 0);
    take("a.ndjson:5=5 a.ndjson:6=6 a.ndjson:7=7 a.ndjson:8=8 ");
    take("a.ndjson:9=9 a.ndjson:10=10 a.ndjson:11=11 a.ndjson:12=12 ");
}

static void an_error_comes_when_its_turn_is_there(void **state)
{
    char away[sizeof folder + 8];
    bool end;

    setup_batch();
    config.watch = true;
    write_text("a.ndjson", "w", lines(1, 4));
    open_ahead();
    take("a.ndjson:1=1 a.ndjson:2=2 a.ndjson:3=3 a.ndjson:4=4 ");
    commit();
    assert_true(take_one());
    snprintf(away, sizeof away, "%s.away", folder);
    assert_int_equal(rename(folder, away), 0);
    sluice_batch_reset(&batch);
    assert_int_equal(sluice_feed_fill(feed, &batch, NOW, &end), SLUICE_ERR_MISSING);
    assert_int_equal(batch.count, 0);
    give_it_time();
    assert_int_equal(waiting(), 0);                       /* it does not try on by itself */
    table.undo(table.self);
    assert_int_equal(sluice_feed_fill(feed, &batch, NOW, &end), SLUICE_ERR_MISSING);
    table.undo(table.self);
    assert_int_equal(rename(away, folder), 0);
    write_text("a.ndjson", "a", lines(5, 5));
    take("a.ndjson:5=5 ");
    config.watch = false;
}

static void it_stops_while_it_is_full_and_while_it_reads(void **state)
{
    setup_batch();
    write_text("a.ndjson", "w", lines(1, 60));
    open_ahead();
    close_feed();                                         /* before anything was asked */
    open_ahead();
    take("a.ndjson:1=1 a.ndjson:2=2 a.ndjson:3=3 a.ndjson:4=4 ");
    close_feed();                                         /* at it */
    open_ahead();
    take("a.ndjson:1=1 a.ndjson:2=2 a.ndjson:3=3 a.ndjson:4=4 ");
    let_it_read(AHEAD_BATCHES);
    close_feed();
}

static void nothing_is_mixed_with_entries_from_elsewhere(void **state)
{
    bool end = true;

    setup_batch();
    write_text("a.ndjson", "w", lines(1, 2));
    open_ahead();
    sluice_batch_reset(&batch);
    assert_non_null(sluice_batch_append(&batch));
    assert_int_equal(sluice_feed_fill(feed, &batch, NOW, &end), SLUICE_OK);
    assert_int_equal(batch.count, 1);
    assert_false(end);
    take("a.ndjson:1=1 a.ndjson:2=2 ");
}

/* --- unknown fields belong to what is committed */

static uint64_t unknown_seen;

static void add_unknown(void *self, const char *name, uint64_t count)
{
    assert_string_equal(name, "colour");
    unknown_seen += count;
}

static uint64_t unknown(void)
{
    unknown_seen = 0;
    sluice_feed_unknown_fields(feed, add_unknown, NULL);
    return unknown_seen;
}

static void unknown_fields_count_with_their_commit(void **state)
{
    char text[512];

    setup_batch();
    snprintf(text, sizeof text, "{\"colour\":1,%s\n", record(1) + 1);
    for (int i = 0; i < 12; i++)
        write_text("a.ndjson", "a", text);
    open_ahead();
    (void)take_one();
    let_it_read(3);
    assert_int_equal(unknown(), 0);
    table.undo(table.self);
    assert_int_equal(unknown(), 0);
    (void)take_one();
    commit();
    assert_int_equal(unknown(), BATCH);

    /* A replay between two batches counts as well, and disturbs nothing. */
    struct sluice_entry entry = { .raw = { text, strlen(text) - 1 }, .form = SLUICE_FORM_EMNIFY };
    sluice_feed_decode(feed, &batch, &entry, NOW);
    assert_int_equal(entry.reason, SLUICE_REASON_NONE);
    while (!take_one())
        ;
    commit();
    assert_int_equal(unknown(), 13);
}

/* --- standard input */

static void standard_input_is_punched_by_commits_alone(void **state)
{
    char spool[256];
    int pipes[2];

    setup_batch();
    snprintf(config.inputs[0].path, sizeof config.inputs[0].path, "-");
    assert_int_equal(pipe(pipes), 0);
    set_stdin(pipes[0]);
    assert_int_equal(write(pipes[1], lines(1, 6), strlen(lines(1, 6))), (ssize_t)strlen(lines(1, 6)));
    close(pipes[1]);
    open_ahead();
    take("stdin:1=1 stdin:2=2 stdin:3=3 stdin:4=4 ");
    let_it_read(1);
    commit();
    spool_path(spool, "emnify.000001.spool");
    assert_int_equal(access(spool, F_OK), 0);             /* read to its end, and not yet taken */
    table.undo(table.self);
    take("stdin:5=5 stdin:6=6 ");
    assert_int_equal(access(spool, F_OK), 0);
    while (!take_one())
        ;
    commit();
    assert_int_equal(access(spool, F_OK), -1);
}

TEST_MAIN(TEST(entries_come_in_order),
          TEST(it_reads_so_far_and_no_further),
          TEST(a_commit_covers_what_was_taken),
          TEST(an_undo_reads_again_what_was_taken),
          TEST(what_is_dropped_is_read_again),
          TEST(an_error_comes_when_its_turn_is_there),
          TEST(it_stops_while_it_is_full_and_while_it_reads),
          TEST(nothing_is_mixed_with_entries_from_elsewhere),
          TEST(unknown_fields_count_with_their_commit),
          TEST(standard_input_is_punched_by_commits_alone))
