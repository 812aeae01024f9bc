/* The rows of one stream, each held against what its record must have become.
 * Tables are larger than any cache and rows come in the order of pseudonyms,
 * so a few rows are taken in step: each step asks memory for what the next
 * one looks at. */
#include <string.h>

#include "gen/check_row.h"
#include "gen/check_stream.h"
#include "sluice/local.h"

#define ROWS_AHEAD    16
#define ROW_BYTES_MAX 2048 /* more than any row that must be */

struct pending {
    uint8_t bytes[ROW_BYTES_MAX];
    struct row row;
    const uint8_t *ref;
    size_t index; /* of the line; SIZE_MAX: of none, or told already */
    struct traffic_record record;
    struct truth truth;
    const struct stream_epoch *epoch;
    struct stream_names names;
};

struct rows {
    struct stream *stream;
    size_t count;
    struct pending pending[ROWS_AHEAD];
};

static bool has_ref(const struct row *row)
{
    return row_has(row, 6) && row->values[6].kind == ROW_BYTES && row->values[6].bytes.len == SLUICE_HASH_SIZE;
}

static void take_row(struct rows *rows, const uint8_t *bytes, size_t len)
{
    struct check *check = rows->stream->check;
    struct pending *pending = &rows->pending[rows->count];

    check->report.found++;
    if (len <= sizeof pending->bytes)
        memcpy(pending->bytes, bytes, len);
    if (len > sizeof pending->bytes || !row_read(&pending->row, pending->bytes, len) || !has_ref(&pending->row)) {
        check->report.invented++;
        check_tell(check, CHECK_NO_LINE, "a row is none, or has no ref");
        return;
    }
    pending->ref = (const uint8_t *)pending->row.values[6].bytes.bytes;
    stream_place_ahead(rows->stream, pending->ref);
    rows->count++;
}

/* Which line's row it is: one that may have it, and has none yet. */
static void find_line(struct stream *stream, struct pending *pending)
{
    struct check *check = stream->check;

    pending->index = stream_find(stream, pending->ref);
    if (pending->index == SIZE_MAX) {
        check->report.invented++;
        check_tell(check, CHECK_NO_LINE, "a row's ref is that of no record which may have one");
        return;
    }
    uint8_t *found = &stream->found[pending->index / 8];
    const uint8_t bit = (uint8_t)(1u << pending->index % 8);
    if (*found & bit) {
        check->report.doubled++;
        check_tell(check, check->lines[pending->index].line, "has two rows");
        pending->index = SIZE_MAX;
        return;
    }
    *found |= bit;
    truth_of_row(&check->world, check->lines[pending->index].line, stream->purpose, &pending->record,
                 &pending->truth);
    stream_names_ahead(stream, &pending->record, &pending->truth);
}

static void name(struct stream *stream, struct pending *pending)
{
    if (pending->index == SIZE_MAX)
        return;
    pending->epoch = stream_epoch_at(stream, pending->record.start_us);
    stream_name_row(stream, &pending->names, &stream->check->lines[pending->index], &pending->record,
                    &pending->truth, pending->epoch);
}

static void compare(struct stream *stream, struct pending *pending)
{
    struct check *check = stream->check;
    uint8_t scratch[ROW_SCRATCH_SIZE];
    struct row expected;

    if (pending->index == SIZE_MAX)
        return;
    stream_claim_names(stream, &pending->names);
    const struct row_source source = {
        .world = &check->world,
        .tenant = &declared_tenants[stream->tenant],
        .purpose = stream->declared,
        .record = &pending->record,
        .truth = &pending->truth,
        .basis = pending->truth.basis[stream->purpose],
        .policy_version = check->policies[stream->tenant]->version,
        .ref = pending->ref,
        .pseudonym = pending->names.subject,
        .device_pseudonym = pending->names.device,
        .secrets = &pending->epoch->secrets,
        .tag_key = stream->tag_key,
    };
    row_expect(&expected, scratch, &source);
    const unsigned number = row_difference(&pending->row, &expected);
    if (!pending->names.fault && !number)
        return;
    check->report.wrong++;
    if (pending->names.fault)
        check_tell(check, check->lines[pending->index].line, "%s", pending->names.fault);
    else
        check_tell(check, check->lines[pending->index].line, "field %s of its row is wrong",
                   row_field_name(number));
}

static void hold_against_truth(struct rows *rows)
{
    struct stream *stream = rows->stream;

    for (size_t i = 0; i < rows->count; i++)
        stream_line_ahead(stream, rows->pending[i].ref);
    for (size_t i = 0; i < rows->count && !stream->err; i++)
        find_line(stream, &rows->pending[i]);
    for (size_t i = 0; i < rows->count && !stream->err; i++)
        name(stream, &rows->pending[i]);
    for (size_t i = 0; i < rows->count && !stream->err; i++)
        compare(stream, &rows->pending[i]);
    rows->count = 0;
}

static int read_all(struct rows *rows, struct sluice_stream_reader *reader)
{
    struct check *check = rows->stream->check;
    const uint8_t *bytes;
    size_t len;
    int field, more = 0;

    while (!rows->stream->err && (more = sluice_stream_next(reader, &field, &bytes, &len)) > 0) {
        if (field != 1) {
            check->report.invented++;
            check_tell(check, CHECK_NO_LINE, "something sealed lies among the rows");
            continue;
        }
        take_row(rows, bytes, len);
        if (rows->count == ROWS_AHEAD)
            hold_against_truth(rows);
    }
    hold_against_truth(rows);
    return more;
}

void stream_read_rows(struct stream *stream)
{
    struct check *check = stream->check;
    struct sluice_stream_reader *reader;
    struct rows rows = { .stream = stream };

    stream->err = check_open(check, &reader, declared_tenants[stream->tenant].name, stream->declared->name);
    if (stream->err)
        return;
    if (read_all(&rows, reader) < 0) {
        check->report.wrong++;
        check_tell(check, CHECK_NO_LINE, "a file of the stream is damaged");
    }
    sluice_stream_close(reader);
}
