/* One stream of rows: each is found again by its ref, which only its record
 * can have, and compared whole. */
#include <stdlib.h>
#include <string.h>

#include "gen/check_row.h"
#include "gen/check_stream.h"
#include "sluice/clock.h"
#include "sluice/local.h"

/* --- epochs */

static struct stream_epoch *add_epoch(struct stream *stream, uint32_t number)
{
    struct stream_epoch *epochs = realloc(stream->epochs, (stream->epoch_count + 1) * sizeof *epochs);

    if (!epochs) {
        stream->err = SLUICE_ERR_MEMORY;
        return NULL;
    }
    stream->epochs = epochs;
    stream->last_epoch = stream->epoch_count++;
    struct stream_epoch *epoch = &epochs[stream->last_epoch];
    *epoch = (struct stream_epoch){ .number = number };
    const enum sluice_err err =
        sluice_vault_epoch(stream->check->vault, &epoch->secrets, declared_tenants[stream->tenant].name,
                           stream->index, number, false);
    epoch->exists = err == SLUICE_OK;
    if (err && err != SLUICE_ERR_MISSING)
        stream->err = err;
    return epoch;
}

/* The keys of the epoch; NULL when the gate never made any, or on an error. */
static const struct stream_epoch *epoch_of(struct stream *stream, int64_t start_us)
{
    const uint32_t number = sluice_purpose_epoch(stream->loaded, start_us);
    struct stream_epoch *epoch = stream->epoch_count ? &stream->epochs[stream->last_epoch] : NULL;

    for (size_t i = 0; (!epoch || epoch->number != number) && i < stream->epoch_count; i++) {
        epoch = &stream->epochs[i];
        stream->last_epoch = i;
    }
    if (!epoch || epoch->number != number)
        epoch = add_epoch(stream, number);
    return epoch && epoch->exists ? epoch : NULL;
}

/* --- finding rows again */

static bool is_expected(const struct stream *stream, const struct check_line *line)
{
    return line->tenant == stream->tenant && (line->emitted & 1u << stream->purpose);
}

static bool ref_of(struct stream *stream, const struct check_line *line, uint8_t ref[static SLUICE_HASH_SIZE])
{
    const struct stream_epoch *epoch = epoch_of(stream, (int64_t)line->start_s * SLUICE_SECOND_US);

    if (epoch)
        sluice_hash(ref, line->fingerprint, sizeof line->fingerprint, epoch->secrets.ref_key);
    return epoch != NULL;
}

static uint32_t prefix_of(const uint8_t *ref)
{
    uint32_t prefix;

    memcpy(&prefix, ref, sizeof prefix);
    return prefix;
}

static size_t start_place(const struct stream *stream, const uint8_t *ref)
{
    uint64_t word;

    memcpy(&word, ref + 8, sizeof word);
    return (size_t)word & (stream->capacity - 1);
}

static bool make_places(struct stream *stream)
{
    stream->capacity = 64;
    while (stream->capacity * 3 < stream->check->report.expected * 4)
        stream->capacity *= 2;
    stream->places = calloc(stream->capacity, sizeof *stream->places);
    stream->found = calloc(stream->check->line_count / 8 + 1, 1);
    if (!stream->places || !stream->found)
        stream->err = SLUICE_ERR_MEMORY;
    return !stream->err;
}

static void expect_rows(struct stream *stream)
{
    struct check *check = stream->check;

    for (size_t i = 0; i < check->line_count; i++)
        check->report.expected += is_expected(stream, &check->lines[i]);
    if (!make_places(stream))
        return;
    for (size_t i = 0; !stream->err && i < check->line_count; i++) {
        uint8_t ref[SLUICE_HASH_SIZE];

        if (!is_expected(stream, &check->lines[i]) || !ref_of(stream, &check->lines[i], ref))
            continue;
        size_t place = start_place(stream, ref);
        while (stream->places[place].index)
            place = (place + 1) & (stream->capacity - 1);
        stream->places[place] = (struct stream_place){ prefix_of(ref), (uint32_t)i + 1 };
    }
}

/* The index of the line whose row has this ref; SIZE_MAX: none's. */
static size_t find_line(struct stream *stream, const uint8_t ref[static SLUICE_HASH_SIZE])
{
    const uint32_t prefix = prefix_of(ref);

    for (size_t i = start_place(stream, ref); stream->places[i].index; i = (i + 1) & (stream->capacity - 1)) {
        const size_t line = stream->places[i].index - 1;
        uint8_t expected[SLUICE_HASH_SIZE];

        if (stream->places[i].prefix == prefix && ref_of(stream, &stream->check->lines[line], expected) &&
            memcmp(expected, ref, sizeof expected) == 0)
            return line;
    }
    return SIZE_MAX;
}

/* --- rows */

static void compare(struct stream *stream, const struct row *row, const struct check_line *line,
                    const uint8_t ref[static SLUICE_HASH_SIZE])
{
    struct check *check = stream->check;
    uint8_t scratch[ROW_SCRATCH_SIZE];
    struct traffic_record record;
    struct stream_names names;
    struct truth truth;
    struct row expected;

    truth_of_line(&check->world, line->line, &record, &truth);
    const struct stream_epoch *epoch = epoch_of(stream, record.start_us);
    stream_name_row(stream, &names, line, &record, &truth, epoch);
    const struct row_source source = {
        .world = &check->world,
        .tenant = &declared_tenants[stream->tenant],
        .purpose = stream->declared,
        .record = &record,
        .truth = &truth,
        .basis = truth.basis[stream->purpose],
        .policy_version = check->policies[stream->tenant]->version,
        .ref = ref,
        .pseudonym = names.subject,
        .device_pseudonym = names.device,
        .secrets = &epoch->secrets,
        .tag_key = stream->tag_key,
    };
    row_expect(&expected, scratch, &source);
    const unsigned number = row_difference(row, &expected);
    if (!names.fault && !number)
        return;
    check->report.wrong++;
    if (names.fault)
        check_tell(check, line->line, "%s", names.fault);
    else
        check_tell(check, line->line, "field %s of its row is wrong", row_field_name(number));
}

static void take_row(struct stream *stream, const uint8_t *bytes, size_t len)
{
    struct check *check = stream->check;
    struct row row;

    check->report.found++;
    if (!row_read(&row, bytes, len) || !row_has(&row, 6) || row.values[6].kind != ROW_BYTES ||
        row.values[6].bytes.len != SLUICE_HASH_SIZE) {
        check->report.invented++;
        check_tell(check, CHECK_NO_LINE, "a row is none, or has no ref");
        return;
    }
    const uint8_t *ref = (const uint8_t *)row.values[6].bytes.bytes;
    const size_t index = find_line(stream, ref);
    if (index == SIZE_MAX) {
        check->report.invented++;
        check_tell(check, CHECK_NO_LINE, "a row's ref is that of no record which may have one");
        return;
    }
    const uint8_t bit = (uint8_t)(1u << index % 8);
    if (stream->found[index / 8] & bit) {
        check->report.doubled++;
        check_tell(check, check->lines[index].line, "has two rows");
        return;
    }
    stream->found[index / 8] |= bit;
    compare(stream, &row, &check->lines[index], ref);
}

static void read_rows(struct stream *stream)
{
    struct check *check = stream->check;
    struct sluice_stream_reader *reader;
    const uint8_t *bytes;
    size_t len;
    int field, more = 0;

    stream->err = check_open(check, &reader, declared_tenants[stream->tenant].name, stream->declared->name);
    if (stream->err)
        return;
    while (!stream->err && (more = sluice_stream_next(reader, &field, &bytes, &len)) > 0) {
        if (field == 1) {
            take_row(stream, bytes, len);
        } else {
            check->report.invented++;
            check_tell(check, CHECK_NO_LINE, "something sealed lies among the rows");
        }
    }
    if (more < 0) {
        check->report.wrong++;
        check_tell(check, CHECK_NO_LINE, "a file of the stream is damaged");
    }
    sluice_stream_close(reader);
}

static void count_lost(struct stream *stream)
{
    struct check *check = stream->check;

    for (size_t i = 0; i < check->line_count; i++) {
        if (!is_expected(stream, &check->lines[i]) || (stream->found[i / 8] & 1u << i % 8))
            continue;
        check->report.lost++;
        check_tell(check, check->lines[i].line, "has no row");
    }
}

static enum sluice_err open_stream(struct stream *stream)
{
    struct check *check = stream->check;
    const char *tenant = declared_tenants[stream->tenant].name;

    stream->loaded = sluice_policy_purpose(check->policies[stream->tenant], stream->declared->name);
    if (!stream->loaded)
        return SLUICE_ERR_POLICY;
    sluice_vault_tenant_key(check->vault, stream->tenant_key, tenant);
    enum sluice_err err =
        sluice_vault_purpose_index(check->vault, tenant, stream->declared->name, &stream->index);
    if (!err)
        err = sluice_vault_purpose_tag_key(check->vault, stream->tag_key, tenant, stream->index);
    return err;
}

static void close_stream(struct stream *stream)
{
    for (size_t i = 0; i < stream->epoch_count; i++)
        sluice_wipe(&stream->epochs[i].secrets, sizeof stream->epochs[i].secrets);
    free(stream->epochs);
    free(stream->places);
    free(stream->found);
    if (stream->secrets.slots)
        sluice_wipe(stream->secrets.slots, stream->secrets.capacity * sizeof *stream->secrets.slots);
    check_names_deinit(&stream->secrets);
    check_names_deinit(&stream->names);
}

enum sluice_err check_stream(struct check *check, struct check_seen *seen, uint8_t tenant, uint8_t purpose)
{
    struct stream stream = { .check = check,
                             .seen = seen,
                             .tenant = tenant,
                             .purpose = purpose,
                             .declared = &declared_tenants[tenant].purposes[purpose] };

    check_begin(check, declared_tenants[tenant].name, stream.declared->name);
    stream.err = open_stream(&stream);
    if (!stream.err)
        expect_rows(&stream);
    if (!stream.err)
        read_rows(&stream);
    if (!stream.err)
        count_lost(&stream);
    close_stream(&stream);
    if (!stream.err)
        check_end(check);
    return stream.err;
}
