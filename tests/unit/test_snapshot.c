/* Snapshots of the change log: a chunk a call with commits between, taking over, keys. */
#include "test.h"

#include "files.h"
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

static void a_snapshot_takes_over_and_the_old_key_is_gone(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(run_commit(f, 40), SLUICE_OK);
    const uint64_t before = f->keyring->state[0].generation;
    assert_int_equal(sluice_local_snapshot(&f->transport, false), SLUICE_OK);
    assert_int_equal(f->keyring->state[0].generation, before);
    assert_int_equal(sluice_local_snapshot(&f->transport, true), SLUICE_OK);
    assert_int_equal(f->keyring->state[0].generation, before + 1);
    assert_int_equal(f->keyring->state[1].generation, 0);
    assert_int_equal(access(path_in(f->folder, "state/log/2.log"), F_OK), -1);
    assert_int_equal(access(path_in(f->folder, "state/log/3.log"), F_OK), 0);
    assert_int_equal(run_commit(f, 5), SLUICE_OK);
    fixture_reopen(f);
    assert_int_equal(f->counter.value, 45);
    assert_int_equal(f->wide.values[0], 40);
    drain(f);
    assert_complete(f);
}

/* Opened again after any number of steps, before and after the snapshot took over. */
static void commits_between_the_chunks_of_a_snapshot_are_in_it(void **state)
{
    struct fixture *f = *state;
    unsigned taken_over = 0;

    for (unsigned steps = 1; steps < 30; steps++) {
        const uint64_t before = f->keyring->state[0].generation;

        for (unsigned i = 0; i < steps; i++) {
            assert_int_equal(run_commit(f, 1), SLUICE_OK);
            assert_int_equal(local_snapshot_step(local_of(&f->transport)), SLUICE_OK);
            if (i % 3 == 0) {
                assert_int_equal(write_number(f, "acme", "billing", DEADLINE_S, 4000), SLUICE_OK);
                f->wide.changed = 1;
                f->wide.before = f->wide.values[0];
                f->wide.values[0] = 4000;
                abort_commit(f);
            }
        }
        taken_over += f->keyring->state[0].generation > before;
        const struct wide_table wide = f->wide;
        const uint64_t counter = f->counter.value;
        fixture_reopen(f);
        assert_int_equal(f->counter.value, counter);
        assert_memory_equal(f->wide.values, wide.values, sizeof wide.values);
        assert_int_equal(f->keyring->state[1].generation, 0);
    }
    assert_true(taken_over > 5);
    drain(f);
    assert_complete(f);
}

static void the_end_of_input_ends_a_snapshot_too(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(run_commit(f, 5), SLUICE_OK);
    const uint64_t before = f->keyring->state[0].generation;
    assert_int_equal(local_snapshot_step(local_of(&f->transport)), SLUICE_OK);
    assert_int_equal(f->keyring->state[1].generation, before + 1);
    assert_int_equal(sluice_local_close_files(&f->transport), SLUICE_OK);
    assert_int_equal(f->keyring->state[0].generation, before + 1);
    assert_int_equal(f->keyring->state[1].generation, 0);
    fixture_reopen(f);
    assert_int_equal(f->counter.value, 5);
}

TEST_MAIN(WITH_LOCAL(a_snapshot_takes_over_and_the_old_key_is_gone),
          WITH_LOCAL(commits_between_the_chunks_of_a_snapshot_are_in_it),
          WITH_LOCAL(the_end_of_input_ends_a_snapshot_too))
