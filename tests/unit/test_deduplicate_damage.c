/* A file of fingerprints that is not what was written is named, and never believed. */
#include "test.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "deduplicate_fixture.h"

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

TEST_MAIN(TEST(a_flipped_bit_never_makes_a_wrong_answer),
          TEST(a_damaged_file_is_not_merged_into_another),
          TEST(a_cut_or_missing_file_is_named_at_the_start),
          TEST(a_block_in_another_place_is_not_believed))
