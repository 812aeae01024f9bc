#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "gate/rows.h"

/* A transport that keeps what it is given. */
struct sink {
    int64_t deadlines[64];
    size_t deadline_count;
    size_t row_count;
    const uint8_t *order[100000];
};

static enum sluice_err keep_rows(void *self, uint32_t stream, int64_t deadline_s, const struct sluice_row rows[],
                                 size_t count)
{
    struct sink *sink = self;

    assert_int_equal(stream, 3);
    sink->deadlines[sink->deadline_count++] = deadline_s;
    for (size_t i = 0; i < count; i++)
        sink->order[sink->row_count++] = rows[i].bytes;
    return SLUICE_OK;
}

static void write_all(struct rows *rows, struct sink *sink)
{
    static const struct sluice_transport_ops ops = { .write = keep_rows };
    struct sluice_transport transport = { &ops, sink };
    struct rows_scratch scratch = { 0 };
    struct rows_views views = { 0 };

    assert_int_equal(rows_write(rows, &scratch, &views, &transport, 3), SLUICE_OK);
    free(views.list);
    rows_scratch_deinit(&scratch);
}

static uint64_t random_word(void)
{
    return (uint64_t)rand() << 40 ^ (uint64_t)rand() << 20 ^ (uint64_t)rand();
}

/* Every row comes out once, bucket by bucket, in the order of pseudonym, then time. */
static void check_order(size_t count, size_t subjects, int64_t deadlines)
{
    static const uint8_t base[100000];
    struct rows rows = { 0 };
    struct sink *sink = calloc(1, sizeof *sink);
    struct row *copy = calloc(count, sizeof *copy);
    char *seen = calloc(count, 1);

    for (size_t i = 0; i < count; i++) {
        struct row *row = rows_append(&rows);
        srand((unsigned)(i % subjects) + 1);
        const uint64_t key = random_word();
        srand((unsigned)(i * 7919 + subjects));
        *row = (struct row){ .key = { key, key ^ 1 }, .time = rand() % 50, .deadline_s = (rand() % deadlines) * 86400,
                             .bytes = base + i, .len = 1, .tie = (uint32_t)i };
        copy[i] = *row;
    }
    write_all(&rows, sink);
    assert_int_equal(sink->row_count, count);
    for (size_t i = 0; i < sink->deadline_count; i++)
        for (size_t j = 0; j < i; j++)
            assert_true(sink->deadlines[i] != sink->deadlines[j]);
    for (size_t i = 0; i < count; i++) {
        const struct row *row = &copy[sink->order[i] - base];

        assert_int_equal(seen[sink->order[i] - base]++, 0);
        if (i == 0)
            continue;
        const struct row *before = &copy[sink->order[i - 1] - base];
        if (before->deadline_s != row->deadline_s)
            continue;
        assert_true(before->key[0] <= row->key[0]);
        if (before->key[0] == row->key[0])
            assert_true(before->time <= row->time);
    }
    free(seen);
    free(copy);
    free(sink);
    rows_deinit(&rows);
}

static void rows_leave_in_the_order_of_their_pseudonyms(void **state)
{
    check_order(1, 1, 1);
    check_order(40, 7, 1);
    check_order(5000, 3000, 1);
    check_order(70000, 60000, 1);
}

static void each_bucket_is_written_apart(void **state)
{
    check_order(5000, 3000, 7);
    check_order(50, 50, 50);
}

static void one_subject_that_sends_everything_is_no_trouble(void **state)
{
    check_order(20000, 1, 1);
    check_order(20000, 3, 2);
}

TEST_MAIN(cmocka_unit_test(rows_leave_in_the_order_of_their_pseudonyms),
          cmocka_unit_test(each_bucket_is_written_apart),
          cmocka_unit_test(one_subject_that_sends_everything_is_no_trouble))
