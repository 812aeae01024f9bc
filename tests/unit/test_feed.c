/* Which files are read, and from where: positions, undo, restarts, watching. */
#include "unit/feed_fixture.h"

#include "feed/scanner.h"

static void files_come_by_name_and_lines_in_order(void **state)
{
    write_text("b.ndjson", "w", lines(3, 4));
    write_text("a.ndjson", "w", lines(1, 2));
    write_text(".hidden", "w", lines(8, 8));
    write_text("half.tmp", "w", lines(9, 9));
    assert_int_equal(mkdir(in_folder("sub"), 0700), 0);
    write_text("sub/c.ndjson", "w", lines(7, 7));
    open_feed();
    assert_string_equal(drain(100), "a.ndjson:1=1 a.ndjson:2=2 b.ndjson:1=3 b.ndjson:2=4 ");
    assert_string_equal(drain(100), "");
}

static void an_entry_says_where_it_comes_from(void **state)
{
    bool end;

    write_text("a.ndjson", "w", "\n{broken\n");
    write_text("a.ndjson", "a", lines(5, 5));
    open_feed();
    assert_int_equal(sluice_feed_fill(feed, &batch, NOW, &end), SLUICE_OK);
    assert_int_equal(batch.count, 2);
    const struct sluice_entry *bad = &batch.entries[0], *good = &batch.entries[1];
    assert_int_equal(bad->reason, SLUICE_REASON_UNDECODABLE);
    assert_int_equal(bad->disposition, SLUICE_QUARANTINED);
    assert_int_equal(bad->line, 2);
    assert_int_equal(bad->position, 1);
    assert_int_equal(bad->raw.len, 7);
    assert_memory_equal(bad->raw.bytes, "{broken", 7);
    assert_int_equal(good->disposition, SLUICE_UNDECIDED);
    assert_int_equal(good->form, SLUICE_FORM_EMNIFY);
    assert_int_equal(good->line, 3);
    assert_int_equal(good->position, 9);
    assert_memory_equal(good->raw.bytes, record(5), strlen(record(5)));
}

static void small_batches_give_the_same_records(void **state)
{
    char whole[sizeof seen];

    write_text("a.ndjson", "w", lines(1, 40));
    write_text("b.ndjson", "w", "[");
    for (int id = 41; id <= 60; id++) {
        write_text("b.ndjson", "a", record(id));
        write_text("b.ndjson", "a", id < 60 ? ",\n" : "]");
    }
    open_feed();
    strcpy(whole, drain(1000));
    assert_non_null(strstr(whole, "b.ndjson:20=60"));
    for (size_t capacity = 1; capacity < 9; capacity += 3) {
        close_feed();
        open_feed();
        assert_string_equal(drain(capacity), whole);
    }
    /* Memory that ends in the middle of a batch cuts the batch. */
    close_feed();
    open_feed();
    sluice_batch_deinit(&batch);
    assert_int_equal(sluice_batch_init(&batch, 2000, 1024 * 1024), SLUICE_OK);
    assert_string_equal(drain(2000), whole);
}

static void an_undo_reads_again_from_the_last_commit(void **state)
{
    bool end;

    write_text("a.ndjson", "w", lines(1, 6));
    write_text("b.ndjson", "w", lines(7, 9));
    open_feed();
    batch.capacity = 2;
    assert_int_equal(sluice_feed_fill(feed, &batch, NOW, &end), SLUICE_OK);
    commit();
    sluice_batch_reset(&batch);
    batch.capacity = 5;
    assert_int_equal(sluice_feed_fill(feed, &batch, NOW, &end), SLUICE_OK);
    assert_int_equal(batch.count, 5);
    table.undo(table.self);
    assert_string_equal(drain(100), "a.ndjson:3=3 a.ndjson:4=4 a.ndjson:5=5 a.ndjson:6=6 b.ndjson:1=7 b.ndjson:2=8 b.ndjson:3=9 ");
    table.undo(table.self);
    drain(100);
    commit();
    table.undo(table.self);   /* nothing to take back */
    assert_string_equal(drain(100), "");
}

static void a_restart_goes_on_at_the_committed_position(void **state)
{
    for (int by_snapshot = 0; by_snapshot < 2; by_snapshot++) {
        bool end;

        write_text("a.json", "w", "[");
        write_text("a.json", "a", record(1));
        write_text("a.json", "a", ", ");
        write_text("a.json", "a", record(2));
        write_text("a.json", "a", ",\n");
        write_text("a.json", "a", record(3));
        write_text("a.json", "a", "]\n");
        write_text("b.ndjson", "w", lines(4, 5));
        open_feed();
        sluice_batch_reset(&batch);
        batch.capacity = 1;
        assert_int_equal(sluice_feed_fill(feed, &batch, NOW, &end), SLUICE_OK);
        restart(by_snapshot);
        assert_string_equal(drain(100), "a.json:1=2 a.json:2=3 b.ndjson:1=4 b.ndjson:2=5 ");
        restart(by_snapshot);
        assert_string_equal(drain(100), "");
        close_feed();
    }
}

static void a_file_that_grew_is_continued(void **state)
{
    write_text("a.ndjson", "w", lines(1, 1));
    open_feed();
    assert_string_equal(drain(100), "a.ndjson:1=1 ");
    restart(false);
    write_text("a.ndjson", "a", lines(2, 3));
    assert_string_equal(drain(100), "a.ndjson:2=2 a.ndjson:3=3 ");
    restart(false);
    assert_string_equal(drain(100), "");
    write_text("empty", "w", "");
    restart(false);
    assert_string_equal(drain(100), "");
    write_text("empty", "a", lines(4, 4));
    restart(false);
    assert_string_equal(drain(100), "empty:1=4 ");
}

static void a_file_that_was_replaced_is_read_anew(void **state)
{
    write_text("a.ndjson", "w", lines(1, 3));
    open_feed();
    drain(100);
    restart(true);
    write_text("a.ndjson", "w", lines(7, 9));     /* as long as before */
    assert_string_equal(drain(100), "a.ndjson:1=7 a.ndjson:2=8 a.ndjson:3=9 ");
    restart(true);
    write_text("a.ndjson", "w", lines(7, 7));     /* starts the same, but is shorter */
    assert_string_equal(drain(100), "a.ndjson:1=7 ");
}

static void a_file_that_shrank_is_read_anew(void **state)
{
    write_text("a.ndjson", "w", lines(1, 60));
    open_feed();
    drain(100);
    restart(true);
    write_text("a.ndjson", "w", lines(1, 50));    /* more than its first bytes are as before */
    assert_true(strncmp(drain(100), "a.ndjson:1=1 a.ndjson:2=2 ", 26) == 0);
    assert_non_null(strstr(seen, "a.ndjson:50=50 "));
}

static void a_file_that_is_gone_is_forgotten(void **state)
{
    struct sluice_buffer bytes;

    write_text("a.ndjson", "w", lines(1, 1));
    write_text("b.ndjson", "w", lines(2, 2));
    open_feed();
    drain(100);
    assert_int_equal(unlink(in_folder("a.ndjson")), 0);
    restart(false);
    drain(100);
    sluice_buffer_init(&bytes, SIZE_MAX);
    table.changes(table.self, &bytes);
    assert_int_equal(bytes.bytes[0], 2);          /* forgotten */
    assert_memory_equal(bytes.bytes + 5, "emnify/a.ndjson", 15);
    assert_int_equal(bytes.len, 20);
    sluice_buffer_deinit(&bytes);
}

static void a_watched_folder_gives_new_files_and_new_lines(void **state)
{
    char half[512];

    config.watch = true;
    write_text("a.ndjson", "w", lines(1, 1));
    open_feed();
    assert_string_equal(drain(100), "a.ndjson:1=1 ");
    assert_string_equal(drain(100), "");
    write_text("b.ndjson", "w", lines(2, 2));
    write_text("a.ndjson", "a", lines(3, 3));
    assert_string_equal(drain(100), "a.ndjson:2=3 b.ndjson:1=2 ");
    /* Half a line waits for its other half. */
    snprintf(half, sizeof half, "%s", record(4));
    write_bytes("a.ndjson", "a", half, 20);
    assert_string_equal(drain(100), "");
    assert_string_equal(drain(100), "");
    write_bytes("a.ndjson", "a", half + 20, strlen(half) - 20);
    write_text("a.ndjson", "a", "\n");
    assert_string_equal(drain(100), "a.ndjson:3=4 ");
}

static void half_an_element_beyond_the_limit_waits_as_well(void **state)
{
    char *text = malloc(SCAN_SIZE_MAX * 2);

    config.watch = true;
    memset(text, 'x', SCAN_SIZE_MAX * 2);
    memcpy(text, "{\"id\":\"", 7);
    write_text("a.ndjson", "w", lines(1, 1));
    write_bytes("a.ndjson", "a", text, SCAN_SIZE_MAX * 2);
    open_feed();
    assert_string_equal(drain(100), "a.ndjson:1=1 ");
    restart(false);
    write_text("a.ndjson", "a", "x\"}\n");
    write_text("a.ndjson", "a", lines(2, 2));
    assert_string_equal(drain(100), "a.ndjson:2=too_large a.ndjson:3=2 ");
    free(text);
}

static void without_watching_half_a_line_is_a_line(void **state)
{
    write_text("a.ndjson", "w", lines(1, 1));
    write_bytes("a.ndjson", "a", record(2), 20);
    open_feed();
    assert_string_equal(drain(100), "a.ndjson:1=1 a.ndjson:2=undecodable ");
}

static void damaged_positions_are_refused(void **state)
{
    struct sluice_buffer bytes;

    write_text("a.ndjson", "w", lines(1, 1));
    open_feed();
    drain(10);
    sluice_buffer_init(&bytes, SIZE_MAX);
    table.changes(table.self, &bytes);
    assert_true(bytes.len > 20);
    close_feed();
    for (size_t len = 1; len < bytes.len; len++) {
        open_feed();
        assert_int_equal(table.apply(table.self, bytes.bytes, len), SLUICE_ERR_DAMAGED);
        close_feed();
    }
    open_feed();
    assert_int_equal(table.apply(table.self, bytes.bytes, bytes.len), SLUICE_OK);
    assert_string_equal(drain(10), "");
    sluice_buffer_deinit(&bytes);
}

static void a_missing_input_is_told_with_its_name(void **state)
{
    struct sluice_findings findings;

    sluice_findings_init(&findings);
    snprintf(config.inputs[0].path, sizeof config.inputs[0].path, "/nonexistent/input");
    assert_int_equal(sluice_feed_open(&feed, &findings, &config, NULL, NULL), SLUICE_ERR_MISSING);
    feed = NULL;
    assert_int_equal(findings.errors, 1);
    assert_string_equal(findings.list[0].file, "/nonexistent/input");
    sluice_findings_deinit(&findings);
}

TEST_MAIN(TEST(files_come_by_name_and_lines_in_order),
          TEST(an_entry_says_where_it_comes_from),
          TEST(small_batches_give_the_same_records),
          TEST(an_undo_reads_again_from_the_last_commit),
          TEST(a_restart_goes_on_at_the_committed_position),
          TEST(a_file_that_grew_is_continued),
          TEST(a_file_that_was_replaced_is_read_anew),
          TEST(a_file_that_shrank_is_read_anew),
          TEST(a_file_that_is_gone_is_forgotten),
          TEST(a_watched_folder_gives_new_files_and_new_lines),
          TEST(half_an_element_beyond_the_limit_waits_as_well),
          TEST(without_watching_half_a_line_is_a_line),
          TEST(damaged_positions_are_refused),
          TEST(a_missing_input_is_told_with_its_name))
