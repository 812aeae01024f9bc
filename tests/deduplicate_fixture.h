/* A set over a folder, and what a transport would keep of it: changes, and the
 * chunks of snapshots between them. */
#ifndef TESTS_DEDUPLICATE_FIXTURE_H
#define TESTS_DEDUPLICATE_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "deduplicate/deduplicate.h"
#include "scratch.h"

#define HOUR_US  (3600 * INT64_C(1000000))
#define T0       (INT64_C(1790000000) * 1000000)
#define WINDOW_S (90 * 86400)
#define LATER_US (T0 + 48 * HOUR_US)   /* with a record of then, the hour of T0 is cold */

enum { ENTRIES_MAX = 20000 };

/* What a transport keeps: changes, and chunks between them. */
struct kept {
    bool is_chunk;
    uint64_t chunk;
    size_t at, len;
};

struct fixture {
    char folder[64];
    struct deduplicate *set;
    struct sluice_buffer bytes;
    struct kept kept[ENTRIES_MAX];
    size_t kept_count;
    size_t base;            /* where the last whole snapshot begins */
    uint64_t chunk;         /* the next of the one on its way */
    size_t chunk_base;      /* where that one begins; SIZE_MAX: none is */
};

static inline enum sluice_err open_folder(struct fixture *f)
{
    struct sluice_findings findings;

    sluice_findings_init(&findings);
    const enum sluice_err err = deduplicate_open_folder(f->set, &findings, f->folder);
    assert_int_equal(err != SLUICE_OK, findings.errors != 0);
    sluice_findings_deinit(&findings);
    return err;
}

static inline int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_int_equal(sluice_crypto_init(), SLUICE_OK);
    scratch_make(f->folder);
    sluice_buffer_init(&f->bytes, (size_t)1 << 30);
    f->chunk_base = SIZE_MAX;
    f->set = deduplicate_new(WINDOW_S);
    assert_int_equal(open_folder(f), SLUICE_OK);
    *state = f;
    return 0;
}

static inline int teardown(void **state)
{
    struct fixture *f = *state;

    deduplicate_free(f->set);
    scratch_remove(f->folder);
    sluice_buffer_deinit(&f->bytes);
    free(f);
    return 0;
}

static inline enum deduplicate_answer see(struct fixture *f, int64_t start_us, uint64_t id)
{
    uint8_t fingerprint[16];
    enum deduplicate_answer answer = deduplicate_prepare(f->set, fingerprint, start_us, (uint8_t *)&id, sizeof id);

    return answer ? answer : deduplicate_insert(f->set, start_us, fingerprint);
}

static inline struct kept *keep(struct fixture *f, size_t start)
{
    assert_true(f->kept_count < ENTRIES_MAX && !f->bytes.failed);
    f->kept[f->kept_count] = (struct kept){ .at = start, .len = f->bytes.len - start };
    return &f->kept[f->kept_count++];
}

static inline void commit(struct fixture *f)
{
    const struct sluice_state_table table = deduplicate_table(f->set);
    const size_t start = f->bytes.len;

    table.changes(table.self, &f->bytes);
    if (f->bytes.len > start)
        keep(f, start);
    table.committed(table.self);
}

static inline void undo(struct fixture *f)
{
    const struct sluice_state_table table = deduplicate_table(f->set);

    table.undo(table.self);
}

/* One chunk of a snapshot; the last one makes it the one in force. */
static inline void snapshot_step(struct fixture *f)
{
    const struct sluice_state_table table = deduplicate_table(f->set);
    const size_t start = f->bytes.len;
    const uint64_t number = f->chunk_base == SIZE_MAX ? 0 : f->chunk;
    bool more;

    if (number == 0)
        f->chunk_base = f->kept_count;
    f->chunk = number;
    assert_int_equal(table.snapshot(table.self, &f->chunk, &f->bytes, &more), SLUICE_OK);
    struct kept *chunk = keep(f, start);
    chunk->is_chunk = true;
    chunk->chunk = number;
    if (!more) {
        f->base = f->chunk_base;
        f->chunk_base = SIZE_MAX;
    }
}

static inline enum sluice_err restart(struct fixture *f)
{
    deduplicate_free(f->set);
    f->set = deduplicate_new(WINDOW_S);
    const struct sluice_state_table table = deduplicate_table(f->set);
    for (size_t i = f->base; i < f->kept_count; i++) {
        const struct kept *kept = &f->kept[i];
        const uint8_t *bytes = f->bytes.bytes + kept->at;

        /* Chunks of a snapshot that did not come to its end are in no log. */
        if (kept->is_chunk && f->chunk_base != SIZE_MAX && i >= f->chunk_base)
            continue;
        assert_int_equal(kept->is_chunk ? table.restore(table.self, kept->chunk, bytes, kept->len)
                                        : table.apply(table.self, bytes, kept->len), SLUICE_OK);
    }
    f->chunk_base = SIZE_MAX;
    return open_folder(f);
}

/* Until nothing more goes cold. */
static inline void freeze_all(struct fixture *f)
{
    commit(f);
    for (int i = 0; i < 200; i++) {
        assert_int_equal(deduplicate_freeze(f->set), SLUICE_OK);
        commit(f);
    }
}

static inline size_t count_files(const struct fixture *f)
{
    char command[128], text[16] = "";

    snprintf(command, sizeof command, "ls %s/deduplication | wc -l", f->folder);
    FILE *pipe = popen(command, "r");
    assert_non_null(fgets(text, sizeof text, pipe));
    pclose(pipe);
    return (size_t)atoi(text);
}

static inline void see_range(struct fixture *f, int64_t start_us, uint64_t from, uint64_t to, enum deduplicate_answer expected)
{
    for (uint64_t id = from; id < to; id++)
        assert_int_equal(see(f, start_us, id), expected);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
