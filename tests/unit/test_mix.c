/* Files of a mixed stream: closed, their rows stand in an order that says
 * nothing of when they came. That nothing is lost by it, wherever the process
 * dies, is in test_local_crash: its fraud stream is mixed. */
#include "test.h"

#include <sys/stat.h>

#include "files.h"
#include "local/mix.h"
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

#define ROWS 60

/* Rows as they are read when they came in this order, a commit each. */
static void come_and_close(struct fixture *f, uint64_t numbers[static ROWS], const char *stream, int64_t deadline_s,
                           unsigned step)
{
    for (uint64_t i = 0; i < ROWS; i++) {
        assert_int_equal(write_number(f, "acme", stream, deadline_s, i * step % ROWS), SLUICE_OK);
        assert_int_equal(commit(f), SLUICE_OK);
    }
    assert_int_equal(sluice_local_close_files(&f->transport), SLUICE_OK);
    assert_int_equal(read_stream(f, "acme", stream, numbers, ROWS), ROWS);
    assert_each_once(numbers, ROWS, ROWS, 1);
}

static size_t neighbours(const uint64_t numbers[static ROWS])
{
    size_t count = 0;

    for (size_t i = 1; i < ROWS; i++)
        count += numbers[i] == numbers[i - 1] + 1;
    return count;
}

static void the_order_of_commits_cannot_be_seen(void **state)
{
    uint64_t kept[ROWS], mixed[ROWS];

    come_and_close(*state, kept, "billing", DEADLINE_S, 1);
    come_and_close(*state, mixed, "fraud", DEADLINE_S, 1);
    assert_int_equal(neighbours(kept), ROWS - 1);
    assert_true(neighbours(mixed) < 10);
}

/* The order is of the rows alone: whatever brought them first leaves no trace. */
static void the_same_rows_come_out_the_same(void **state)
{
    struct fixture *other;
    uint64_t one[ROWS], again[ROWS];

    come_and_close(*state, one, "fraud", DEADLINE_S, 1);
    assert_int_equal(fixture_setup((void **)&other), 0);
    come_and_close(other, again, "fraud", DEADLINE_S, 7);
    fixture_teardown((void **)&other);
    assert_memory_equal(one, again, sizeof one);
}

/* Its folder's group may read a file when it is closed; of a mixed one not before. */
static void nobody_else_reads_it_before(void **state)
{
    struct fixture *f = *state;
    static const struct { const char *stream; mode_t open; } cases[] = { { "billing", 0640 }, { "fraud", 0600 } };

    for (size_t i = 0; i < 2; i++)
        assert_int_equal(write_number(f, "acme", cases[i].stream, DEADLINE_S, 1), SLUICE_OK);
    assert_int_equal(commit(f), SLUICE_OK);
    for (int closed = 0; closed < 2; closed++) {
        for (size_t i = 0; i < 2; i++) {
            const struct bucket_file file = { "acme", cases[i].stream, DEADLINE_S, 1, !closed };
            char path[BUCKET_PATH_SIZE + sizeof "out/"] = "out/";
            struct stat status;

            bucket_file_path(path + strlen("out/"), &file);
            assert_int_equal(stat(path_in(f->folder, path), &status), 0);
            assert_int_equal(status.st_mode & 0777 & ~cases[i].open, closed ? 0640 & ~cases[i].open : 0);
        }
        assert_int_equal(sluice_local_close_files(&f->transport), SLUICE_OK);
    }
}

static void only_rows_are_mixed(void **state)
{
    struct fixture *f = *state;
    static const uint8_t sealed[] = { 2 << 3 | 2, 2, 'b', 'a', 2 << 3 | 2, 1, 'x' };
    static const uint8_t cut_off[] = { 1 << 3 | 2, 1, 'x', 1 << 3 | 2, 2, 'y' };
    static const uint8_t rows[] = { 1 << 3 | 2, 1, 'x' };
    static uint8_t staging[OUTPUT_STAGING_SIZE];
    const struct {
        const uint8_t *bytes;
        size_t len;
        enum sluice_err err;
    } cases[] = { { sealed, sizeof sealed, SLUICE_ERR_DAMAGED }, { cut_off, sizeof cut_off, SLUICE_ERR_DAMAGED },
                  { rows, sizeof rows, SLUICE_OK }, { rows, 0, SLUICE_OK } };
    const int folder_fd = open(f->folder, O_RDONLY | O_DIRECTORY);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[16];

        file_write(path_in(f->folder, "from"), cases[i].bytes, cases[i].len);
        assert_int_equal(mix_file(folder_fd, "from", "to", staging), cases[i].err);
        /* refused, it stays as it was */
        const char *name = cases[i].err ? "from" : "to";
        assert_int_equal(file_read(path_in(f->folder, name), bytes, sizeof bytes), cases[i].len);
        assert_memory_equal(bytes, cases[i].bytes, cases[i].len);
        assert_int_equal(faccessat(folder_fd, cases[i].err ? "to" : "from", F_OK, 0), -1);
    }
    assert_int_equal(unlinkat(folder_fd, "to", 0), 0);
    assert_int_equal(mix_file(folder_fd, "none", "to", staging), SLUICE_ERR_MISSING);
    close(folder_fd);
}

TEST_MAIN(WITH_LOCAL(the_order_of_commits_cannot_be_seen),
          WITH_LOCAL(the_same_rows_come_out_the_same),
          WITH_LOCAL(nobody_else_reads_it_before),
          WITH_LOCAL(only_rows_are_mixed))
