#include "test.h"

#include <stdio.h>

#include "gate/files.h"
#include "sluice/buffer.h"

#define MANY (3 * FILES_MAX)

static const struct sluice_str input = { "source", 6 };

/* One record more of a file, which was routed. */
static void count_one(struct files *files, uint32_t number)
{
    static const struct tally_sum one = { .records = 1, .octets = 1000 };
    char name[32];
    const int len = snprintf(name, sizeof name, "part-%05u", number);
    struct file_sums *sums = files_sums(files, 0, input, (struct sluice_str){ name, (size_t)len });

    assert_non_null(sums);
    tally_add(&sums->in, one, 1);
    tally_add(&sums->dispositions[SLUICE_ROUTED], one, 1);
}

static struct tally_sum total(const struct files *files)
{
    struct tally_sum sum = { 0 };

    for (uint32_t i = 1; i < files->names.count; i++)
        tally_add(&sum, ((const struct file_sums *)(const void *)names_beside(&files->names, i))->in, 1);
    return sum;
}

static void commit(struct files *files, struct files *copy)
{
    const struct sluice_state_table table = files_table(files), to = files_table(copy);
    struct sluice_buffer changes;

    sluice_buffer_init(&changes, 16 << 20);
    table.changes(table.self, &changes);
    assert_int_equal(to.apply(to.self, changes.bytes, changes.len), SLUICE_OK);
    table.committed(table.self);
    sluice_buffer_deinit(&changes);
}

static void accounts_of_files_do_not_grow_for_ever(void **state)
{
    struct files files, copy;

    files_init(&files);
    files_init(&copy);
    for (uint32_t i = 0; i < MANY; i++) {
        count_one(&files, i);
        count_one(&files, i > 2 ? i - 2 : i);   /* the one before the last goes on */
        if (i % 7 == 0)
            commit(&files, &copy);
        assert_true(files.names.count <= FILES_MAX + 20);
    }
    commit(&files, &copy);
    assert_int_equal(total(&files).records, 2 * MANY);
    assert_int_equal(total(&files).octets, 2000 * MANY);
    assert_true(files_balanced(&files));
    assert_in_range(files_count(&files), FILES_MAX / 2 - 20, FILES_MAX + 20);
    assert_int_equal(names_find(&files.names, SLUICE_STR("source/part-00000")), UINT32_MAX);
    assert_int_not_equal(names_find(&files.names, SLUICE_STR(FILES_EARLIER)), UINT32_MAX);

    /* What was written down says the same. */
    assert_int_equal(total(&copy).records, 2 * MANY);
    assert_int_equal(files_count(&copy), files_count(&files));
    files_deinit(&files);
    files_deinit(&copy);
}

static void what_is_summed_up_is_undone_with_its_commit(void **state)
{
    struct files files, copy;
    struct sluice_buffer out;
    const struct sluice_state_table table = files_table(&files);

    files_init(&files);
    files_init(&copy);
    for (uint32_t i = 0; i + 1 < FILES_MAX; i++)
        count_one(&files, i);
    commit(&files, &copy);
    assert_false(files.summing_up);
    count_one(&files, FILES_MAX - 1);
    count_one(&files, FILES_MAX);
    sluice_buffer_init(&out, 16 << 20);
    table.changes(table.self, &out);
    sluice_buffer_deinit(&out);
    assert_true(files.summing_up);
    table.undo(table.self);
    assert_int_equal(total(&files).records, FILES_MAX - 1);
    assert_int_not_equal(names_find(&files.names, SLUICE_STR("source/part-00000")), UINT32_MAX);

    count_one(&files, FILES_MAX);
    commit(&files, &copy);
    count_one(&files, 0);
    commit(&files, &copy);
    assert_int_equal(total(&files).records, FILES_MAX + 1);
    assert_int_equal(total(&copy).records, FILES_MAX + 1);
    assert_true(files_count(&files) < FILES_MAX);
    files_deinit(&files);
    files_deinit(&copy);
}

static void a_snapshot_has_no_empty_accounts(void **state)
{
    struct files files, copy, restored;
    struct sluice_buffer chunk;
    uint64_t number = 0;
    bool more = true;

    files_init(&files);
    files_init(&copy);
    files_init(&restored);
    for (uint32_t i = 0; i < MANY; i++)
        count_one(&files, i);
    commit(&files, &copy);
    commit(&files, &copy);
    const struct sluice_state_table table = files_table(&copy), to = files_table(&restored);
    sluice_buffer_init(&chunk, 16 << 20);
    for (uint64_t at = 0; more; at = number) {
        sluice_buffer_clear(&chunk);
        assert_int_equal(table.snapshot(table.self, &number, &chunk, &more), SLUICE_OK);
        assert_int_equal(to.restore(to.self, at, chunk.bytes, chunk.len), SLUICE_OK);
    }
    sluice_buffer_deinit(&chunk);
    assert_int_equal(total(&restored).records, MANY);
    assert_int_equal(restored.names.count, files_count(&copy) + 1);
    files_deinit(&files);
    files_deinit(&copy);
    files_deinit(&restored);
}

TEST_MAIN(cmocka_unit_test(accounts_of_files_do_not_grow_for_ever),
          cmocka_unit_test(what_is_summed_up_is_undone_with_its_commit),
          cmocka_unit_test(a_snapshot_has_no_empty_accounts))
