/* A state and an output folder with a local transport over two tables, and a
 * pretend pipeline: numbers arrive in order, each becomes a row of `billing`,
 * each even one also a row of `fraud`, each third is suspended first. What
 * must come out is known from how many arrived. */
#ifndef TESTS_LOCAL_FIXTURE_H
#define TESTS_LOCAL_FIXTURE_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "local/internal.h"
#include "local/walk.h"
#include "scratch.h"
#include "seal/proto.h"
#include "sluice/clock.h"
#include "sluice/local.h"
#include "sluice/seal.h"

#define DAY_S       SLUICE_DAY_S
#define START_S     (INT64_C(20758) * DAY_S)          /* 2026-11-01 */
#define NOW_US      (START_S * SLUICE_SECOND_US)
#define DEADLINE_S  (START_S + 30 * DAY_S)

/* How many arrived: one number. */
struct counter_table {
    uint64_t value, committed;
};

/* A block of numbers that is snapshot in many chunks; value i is set by transaction i % WIDE_COUNT. */
#define WIDE_COUNT 8
struct wide_table {
    uint64_t values[WIDE_COUNT];
    unsigned changed;                   /* index + 1 of what changed since the commit; 0: nothing */
    uint64_t before;
};

struct fixture {
    char folder[64];
    struct sluice_config *config;
    struct sluice_keyring *keyring;
    struct sluice_transport transport;
    struct counter_table counter;
    struct wide_table wide;
    uint8_t operator_secret[SLUICE_SECRET_KEY_SIZE];
    struct sluice_batch batch;
    struct sluice_sealer sealer;
    struct sluice_buffer rows;
    bool is_open;
};

/* --- tables */

static inline void counter_changes(void *self, struct sluice_buffer *out)
{
    const struct counter_table *table = self;

    if (table->value != table->committed)
        sluice_buffer_append_u64(out, table->value);
}

static inline void counter_committed(void *self)
{
    struct counter_table *table = self;

    table->committed = table->value;
}

static inline void counter_undo(void *self)
{
    struct counter_table *table = self;

    table->value = table->committed;
}

static inline enum sluice_err counter_apply(void *self, const uint8_t *bytes, size_t len)
{
    struct counter_table *table = self;
    struct sluice_cursor cursor = { bytes, bytes + len, false };

    table->value = table->committed = sluice_cursor_u64(&cursor);
    return cursor.failed || cursor.at != cursor.end ? SLUICE_ERR_DAMAGED : SLUICE_OK;
}

static inline enum sluice_err counter_snapshot(void *self, uint64_t *chunk, struct sluice_buffer *out, bool *more)
{
    const struct counter_table *table = self;

    sluice_buffer_append_u64(out, table->value);
    ++*chunk;
    *more = false;
    return SLUICE_OK;
}

static inline enum sluice_err counter_restore(void *self, uint64_t chunk, const uint8_t *bytes, size_t len)
{
    return chunk == 0 ? counter_apply(self, bytes, len) : SLUICE_ERR_DAMAGED;
}

static inline void wide_changes(void *self, struct sluice_buffer *out)
{
    const struct wide_table *table = self;

    if (!table->changed)
        return;
    sluice_buffer_append_u32(out, table->changed - 1);
    sluice_buffer_append_u64(out, table->values[table->changed - 1]);
}

static inline void wide_committed(void *self)
{
    ((struct wide_table *)self)->changed = 0;
}

static inline void wide_undo(void *self)
{
    struct wide_table *table = self;

    if (table->changed)
        table->values[table->changed - 1] = table->before;
    table->changed = 0;
}

static inline enum sluice_err wide_apply(void *self, const uint8_t *bytes, size_t len)
{
    struct wide_table *table = self;
    struct sluice_cursor cursor = { bytes, bytes + len, false };
    const uint32_t index = sluice_cursor_u32(&cursor);
    const uint64_t value = sluice_cursor_u64(&cursor);

    if (cursor.failed || index >= WIDE_COUNT)
        return SLUICE_ERR_DAMAGED;
    table->values[index] = value;
    return SLUICE_OK;
}

static inline enum sluice_err wide_snapshot(void *self, uint64_t *chunk, struct sluice_buffer *out, bool *more)
{
    const struct wide_table *table = self;

    sluice_buffer_append_u64(out, table->values[*chunk]);
    *more = ++*chunk < WIDE_COUNT;
    return SLUICE_OK;
}

static inline enum sluice_err wide_restore(void *self, uint64_t chunk, const uint8_t *bytes, size_t len)
{
    struct wide_table *table = self;
    struct sluice_cursor cursor = { bytes, bytes + len, false };

    if (chunk == 0)
        memset(table, 0, sizeof *table);
    if (chunk >= WIDE_COUNT)
        return SLUICE_ERR_DAMAGED;
    table->values[chunk] = sluice_cursor_u64(&cursor);
    return cursor.failed ? SLUICE_ERR_DAMAGED : SLUICE_OK;
}

static inline size_t fixture_tables(struct fixture *f, struct sluice_state_table tables[2])
{
    tables[0] = (struct sluice_state_table){ .id = 100, .name = "counter", .self = &f->counter,
                                             .changes = counter_changes, .committed = counter_committed,
                                             .undo = counter_undo, .apply = counter_apply,
                                             .snapshot = counter_snapshot, .restore = counter_restore };
    tables[1] = (struct sluice_state_table){ .id = 101, .name = "wide", .self = &f->wide, .gradual = true,
                                             .changes = wide_changes, .committed = wide_committed,
                                             .undo = wide_undo, .apply = wide_apply,
                                             .snapshot = wide_snapshot, .restore = wide_restore };
    return 2;
}

/* --- opening and closing */

static inline enum sluice_err fixture_try_open_with(struct fixture *f, struct sluice_findings *findings)
{
    struct sluice_state_table tables[2];

    memset(&f->counter, 0, sizeof f->counter);
    memset(&f->wide, 0, sizeof f->wide);
    enum sluice_err err = sluice_keyring_open(&f->keyring, f->config->state);
    if (err)
        return err;
    err = sluice_local_open(&f->transport, findings, f->config, f->keyring, NULL, tables,
                            fixture_tables(f, tables));
    if (err) {
        sluice_keyring_close(f->keyring);
        f->keyring = NULL;
    }
    f->is_open = !err;
    return err;
}

static inline enum sluice_err fixture_try_open(struct fixture *f)
{
    struct sluice_findings findings;

    sluice_findings_init(&findings);
    const enum sluice_err err = fixture_try_open_with(f, &findings);
    sluice_findings_deinit(&findings);
    return err;
}

static inline void fixture_close(struct fixture *f)
{
    if (!f->is_open)
        return;
    f->transport.ops->close(f->transport.self);
    sluice_keyring_close(f->keyring);
    f->keyring = NULL;
    f->is_open = false;
}

static inline void fixture_open(struct fixture *f)
{
    assert_int_equal(fixture_try_open(f), SLUICE_OK);
}

static inline void fixture_reopen(struct fixture *f)
{
    fixture_close(f);
    fixture_open(f);
}

static inline struct fixture *fixture_new(void)
{
    struct fixture *f = calloc(1, sizeof *f);
    uint8_t public_key[SLUICE_PUBLIC_KEY_SIZE];

    assert_int_equal(sluice_crypto_init(), SLUICE_OK);
    scratch_make(f->folder);
    f->config = calloc(1, sizeof *f->config);
    snprintf(f->config->folder, sizeof f->config->folder, "%s", f->folder);
    snprintf(f->config->state, sizeof f->config->state, "%s/state", f->folder);
    snprintf(f->config->output, sizeof f->config->output, "%s/out", f->folder);
    f->config->file_size_max = UINT64_C(1) << 30;
    f->config->file_age_max_s = 3600;
    assert_int_equal(mkdir(f->config->state, 0700), 0);
    sluice_box_keypair(public_key, f->operator_secret);
    assert_int_equal(sluice_keyring_create(f->config->state, public_key, 1), SLUICE_OK);
    assert_int_equal(sluice_batch_init(&f->batch, 10, 1 << 20), SLUICE_OK);
    sluice_sealer_init(&f->sealer, 1 << 20);
    sluice_buffer_init(&f->rows, 1 << 20);
    return f;
}

static inline void fixture_free(struct fixture *f)
{
    fixture_close(f);
    scratch_remove(f->folder);
    sluice_batch_deinit(&f->batch);
    sluice_sealer_deinit(&f->sealer);
    sluice_buffer_deinit(&f->rows);
    free(f->config);
    free(f);
}

static inline int fixture_setup(void **state)
{
    *state = fixture_new();
    fixture_open(*state);
    return 0;
}

static inline int fixture_teardown(void **state)
{
    fixture_free(*state);
    return 0;
}

/* --- rows: `records = 1` with field 50 holding the number, padded to some length */

static inline enum sluice_err write_number(struct fixture *f, const char *tenant, const char *stream,
                                           int64_t deadline_s, uint64_t number)
{
    uint8_t padding[40] = { 0 };
    uint32_t id;

    sluice_buffer_clear(&f->rows);
    const size_t padding_len = number % sizeof padding;
    proto_append_head(&f->rows, 1, 10 + 2 + padding_len);
    proto_append_fixed64(&f->rows, 50, number);
    proto_append_bytes(&f->rows, 3, padding, padding_len);
    if (sluice_buffer_err(&f->rows))
        return SLUICE_ERR_MEMORY;
    const struct sluice_row row = { f->rows.bytes, f->rows.len };
    const enum sluice_err err = f->transport.ops->stream(f->transport.self, tenant, stream, &id);
    if (!err && strcmp(stream, "fraud") == 0)
        f->transport.ops->mix(f->transport.self, id);   /* one of each, wherever a process may die */
    return err ? err : f->transport.ops->write(f->transport.self, id, deadline_s, &row, 1);
}

static inline uint64_t read_number(const uint8_t *bytes, size_t len)
{
    struct sluice_cursor cursor = { bytes, bytes + len, false };
    struct proto_field field;

    assert_int_equal(proto_next(&cursor, &field), 1);
    assert_int_equal(field.number, 50);
    return field.value;
}

/* Numbers of a stream in order of reading; returns how many. */
static inline size_t read_stream(struct fixture *f, const char *tenant, const char *stream, uint64_t numbers[],
                                 size_t capacity)
{
    struct sluice_stream_reader *reader;
    const uint8_t *bytes;
    size_t count = 0, len;
    int field, got;

    assert_int_equal(sluice_stream_open(&reader, f->config, f->keyring, tenant, stream), SLUICE_OK);
    while ((got = sluice_stream_next(reader, &field, &bytes, &len)) > 0) {
        assert_int_equal(field, 1);
        assert_true(count < capacity);
        numbers[count++] = read_number(bytes, len);
    }
    assert_int_equal(got, 0);
    sluice_stream_close(reader);
    return count;
}

static inline enum sluice_err commit(struct fixture *f)
{
    return f->transport.ops->commit(f->transport.self, NOW_US);
}

static inline void abort_commit(struct fixture *f)
{
    assert_int_equal(f->transport.ops->abort(f->transport.self), SLUICE_OK);
}

/* --- the pretend pipeline */

static inline int64_t deadline_of(uint64_t number)
{
    return DEADLINE_S + (int64_t)(number / 20 % 4) * DAY_S;
}

static inline enum sluice_err emit_number(struct fixture *f, uint64_t number)
{
    const enum sluice_err err = write_number(f, "acme", "billing", deadline_of(number), number);

    if (err || number % 2)
        return err;
    return write_number(f, "acme", "fraud", deadline_of(number), number);
}

static inline void suspend_number(struct fixture *f, uint64_t number)
{
    struct sluice_entry entry = { .reason = SLUICE_REASON_STATE_UNKNOWN, .form = SLUICE_FORM_RAW };

    entry.record.present = SLUICE_HAS(SLUICE_RAW_CHARGING_ID);
    entry.record.charging_id = number;
    entry.record.service = SLUICE_SERVICE_DATA;
    entry.record.tenant = SLUICE_STR("acme");
    entry.record.collected_at_us = NOW_US;
    entry.passed_deduplication = true;
    memcpy(entry.fingerprint, &number, sizeof number);
    sluice_sealer_add(&f->sealer, SLUICE_STORE_SUSPENDED, &entry, NULL, NULL, NULL);
}

static inline enum sluice_err write_suspended(struct fixture *f)
{
    uint32_t id;

    sluice_buffer_clear(&f->rows);
    if (f->sealer.record_count == 0)
        return SLUICE_OK;
    enum sluice_err err = sluice_sealer_finish(&f->sealer, &f->rows, SLUICE_STORE_SUSPENDED, DEADLINE_S, f->keyring);
    const struct sluice_row row = { f->rows.bytes, f->rows.len };
    if (!err)
        err = f->transport.ops->stream(f->transport.self, "acme", "suspended", &id);
    return err ? err : f->transport.ops->write(f->transport.self, id, DEADLINE_S, &row, 1);
}

/* Numbers that come back from suspended are emitted. */
static inline enum sluice_err emit_reentered(struct fixture *f, bool *end)
{
    sluice_batch_reset(&f->batch);
    enum sluice_err err = f->transport.ops->poll(f->transport.self, &f->batch, NOW_US, end);
    for (size_t i = 0; !err && i < f->batch.count; i++) {
        assert_int_equal(f->batch.entries[i].kind, SLUICE_ENTRY_SUSPENDED);
        err = emit_number(f, f->batch.entries[i].record.charging_id);
    }
    return err;
}

/* One transaction: what re-enters, then count arrivals. */
static inline enum sluice_err run_commit(struct fixture *f, unsigned count)
{
    bool end;
    enum sluice_err err = emit_reentered(f, &end);

    for (unsigned i = 0; !err && i < count; i++) {
        const uint64_t number = f->counter.value++;

        if (number % 3 == 1)
            suspend_number(f, number);
        else
            err = emit_number(f, number);
    }
    if (!err)
        err = write_suspended(f);
    f->wide.changed = (unsigned)(sluice_local_transactions(&f->transport) % WIDE_COUNT) + 1;
    f->wide.before = f->wide.values[f->wide.changed - 1];
    f->wide.values[f->wide.changed - 1] = f->counter.value;
    if (!err)
        err = commit(f);
    if (err) {
        sluice_sealer_clear(&f->sealer);
        abort_commit(f);
    }
    return err;
}

/* Everything that is suspended comes back and is emitted. */
static inline void drain(struct fixture *f)
{
    bool end = false;

    assert_int_equal(sluice_local_reenter(&f->transport, NULL, true, false), SLUICE_OK);
    while (!end) {
        assert_int_equal(emit_reentered(f, &end), SLUICE_OK);
        assert_int_equal(commit(f), SLUICE_OK);
    }
}

#define NUMBERS_MAX 4096

static inline void assert_each_once(const uint64_t numbers[], size_t count, uint64_t end, uint64_t step)
{
    static uint8_t seen[NUMBERS_MAX];

    memset(seen, 0, sizeof seen);
    for (size_t i = 0; i < count; i++) {
        assert_true(numbers[i] < end);
        assert_int_equal(numbers[i] % step, 0);
        assert_int_equal(seen[numbers[i]]++, 0);
    }
    assert_int_equal(count, (end + step - 1) / step);
}

static inline enum sluice_err count_file(void *self, const struct bucket_file *file)
{
    *(size_t *)self += !file->open;
    return SLUICE_OK;
}

struct file_count {
    int output_fd;
    size_t count;
};

static inline enum sluice_err count_bucket(void *self, const struct bucket_file *bucket)
{
    struct file_count *counted = self;

    return walk_files(counted->output_fd, bucket, count_file, &counted->count);
}

/* Closed ones: an open one that an abort could not delete goes when the state is opened again. */
static inline size_t count_files(struct fixture *f, const char *tenant, const char *stream)
{
    struct file_count counted = { open(f->config->output, O_RDONLY | O_DIRECTORY), 0 };

    assert_true(counted.output_fd >= 0);
    assert_int_equal(walk_buckets(counted.output_fd, tenant, stream, count_bucket, &counted), SLUICE_OK);
    close(counted.output_fd);
    return counted.count;
}

/* Nothing lost, nothing doubled, nothing invented: call when nothing is suspended. */
static inline void assert_complete(struct fixture *f)
{
    static uint64_t numbers[NUMBERS_MAX];

    size_t count = read_stream(f, "acme", "billing", numbers, NUMBERS_MAX);
    assert_each_once(numbers, count, f->counter.value, 1);
    count = read_stream(f, "acme", "fraud", numbers, NUMBERS_MAX);
    assert_each_once(numbers, count, f->counter.value, 2);
    assert_int_equal(count_files(f, "acme", "suspended"), 0);
}

#define WITH_LOCAL(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

#endif
