/* Standard input: sealed on disk before it is used. */
#include "unit/feed_fixture.h"

#include "feed/spool.h"

static bool contains(const char *file_path, const char *text)
{
    static char bytes[4 * 1024 * 1024];
    FILE *file = fopen(file_path, "r");
    size_t len;

    assert_non_null(file);
    len = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return memmem(bytes, len, text, strlen(text)) != NULL;
}

static void standard_input_is_sealed_before_it_is_used(void **state)
{
    char spool[256];
    bool end = false;
    int pipes[2];

    snprintf(config.inputs[0].path, sizeof config.inputs[0].path, "-");
    assert_int_equal(pipe(pipes), 0);
    set_stdin(pipes[0]);
    assert_int_equal(write(pipes[1], lines(1, 3), strlen(lines(1, 3))), (ssize_t)strlen(lines(1, 3)));
    open_feed();
    batch.capacity = 2;
    assert_int_equal(sluice_feed_fill(feed, &batch, NOW, &end), SLUICE_OK);
    assert_int_equal(batch.count, 2);
    assert_memory_equal(batch.entries[0].file.bytes, "stdin", 5);
    spool_path(spool, "emnify.000001.spool");
    assert_int_equal(access(spool, F_OK), 0);
    assert_false(contains(spool, "001010000000001"));
    struct stat status;
    assert_int_equal(stat(spool, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);

    /* A crash: what was spooled and not committed comes from the spool, with no input at all. */
    restart(false);
    close(pipes[1]);
    set_stdin(open("/dev/null", O_RDONLY));
    assert_string_equal(drain(10), "stdin:3=3 ");
    assert_int_equal(access(spool, F_OK), 0);
    commit();
    assert_int_equal(access(spool, F_OK), -1);   /* consumed and committed: gone */
}

static void standard_input_is_followed_until_it_ends(void **state)
{
    char spool[256];
    bool end = false;
    int pipes[2];

    snprintf(config.inputs[0].path, sizeof config.inputs[0].path, "-");
    assert_int_equal(pipe(pipes), 0);
    set_stdin(pipes[0]);
    open_feed();
    assert_int_equal(sluice_feed_fill(feed, &batch, NOW, &end), SLUICE_OK);
    assert_int_equal(batch.count, 0);
    assert_false(end);                            /* silent, not ended */
    for (int id = 1; id <= 3; id++) {
        /* Each in two halves, so that an element spans two pieces. */
        const char *text = lines(id, id);

        assert_int_equal(write(pipes[1], text, 30), 30);
        sluice_batch_reset(&batch);
        assert_int_equal(sluice_feed_fill(feed, &batch, NOW, &end), SLUICE_OK);
        assert_int_equal(batch.count, 0);
        assert_int_equal(write(pipes[1], text + 30, strlen(text) - 30), (ssize_t)strlen(text) - 30);
        assert_int_equal(sluice_feed_fill(feed, &batch, NOW, &end), SLUICE_OK);
        assert_int_equal(batch.count, 1);
        assert_false(end);
        commit();
    }
    assert_int_equal(write(pipes[1], record(4), strlen(record(4))), (ssize_t)strlen(record(4)));   /* no line end */
    close(pipes[1]);
    assert_string_equal(drain(10), "stdin:4=4 ");
    commit();
    spool_path(spool, "emnify.000001.spool");
    assert_int_equal(access(spool, F_OK), -1);
}

static void flip_a_byte(int fd)
{
    assert_int_equal(pwrite(fd, "X", 1, 100), 1);
}

/* Both pieces open, but not where they stand. */
static void put_the_second_piece_first(int fd)
{
    static char slot[SPOOL_SLOT_SIZE];

    assert_true(pread(fd, slot, sizeof slot, SPOOL_SLOT_SIZE) > 0);
    assert_int_equal(pwrite(fd, slot, sizeof slot, 0), sizeof slot);
}

static void a_damaged_spool_stops(void **state)
{
    static void (*const damages[])(int fd) = { flip_a_byte, put_the_second_piece_first };

    snprintf(config.inputs[0].path, sizeof config.inputs[0].path, "-");
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        char spool[256];
        bool end = false;
        int pipes[2];

        assert_int_equal(pipe(pipes), 0);
        set_stdin(pipes[0]);
        open_feed();
        sluice_batch_reset(&batch);
        for (int id = 1; id <= 2; id++) {         /* two pieces */
            assert_int_equal(write(pipes[1], lines(id, id), strlen(lines(id, id))), (ssize_t)strlen(lines(id, id)));
            assert_int_equal(sluice_feed_fill(feed, &batch, NOW, &end), SLUICE_OK);
        }
        assert_int_equal(batch.count, 2);
        close(pipes[1]);
        close_feed();
        spool_path(spool, "emnify.000001.spool");
        const int fd = open(spool, O_RDWR);
        damages[i](fd);
        close(fd);
        set_stdin(open("/dev/null", O_RDONLY));
        open_feed();
        sluice_batch_reset(&batch);
        assert_int_equal(sluice_feed_fill(feed, &batch, NOW, &end), SLUICE_ERR_DAMAGED);
        assert_int_equal(unlink(spool), 0);
        close_feed();
    }
}

static void without_a_spool_standard_input_is_read_as_it_comes(void **state)
{
    struct sluice_findings findings;
    int pipes[2];

    sluice_findings_init(&findings);
    snprintf(config.inputs[0].path, sizeof config.inputs[0].path, "-");
    assert_int_equal(pipe(pipes), 0);
    set_stdin(pipes[0]);
    assert_int_equal(write(pipes[1], lines(1, 3), strlen(lines(1, 3))), (ssize_t)strlen(lines(1, 3)));
    close(pipes[1]);
    assert_int_equal(sluice_feed_open(&feed, &findings, &config, NULL, NULL), SLUICE_OK);
    assert_string_equal(drain(2), "stdin:1=1 stdin:2=2 stdin:3=3 ");
    sluice_findings_deinit(&findings);
}

TEST_MAIN(TEST(standard_input_is_sealed_before_it_is_used),
          TEST(standard_input_is_followed_until_it_ends),
          TEST(a_damaged_spool_stops),
          TEST(without_a_spool_standard_input_is_read_as_it_comes))
