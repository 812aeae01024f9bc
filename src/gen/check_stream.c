/* One stream of rows: each is found again by its ref, which only its record
 * can have, and compared whole (check_rows.c). */
#include <stdlib.h>
#include <string.h>

#include "gen/check_stream.h"
#include "gen/table.h"
#include "sluice/clock.h"

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

const struct stream_epoch *stream_epoch_at(struct stream *stream, int64_t start_us)
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
    const struct stream_epoch *epoch = stream_epoch_at(stream, (int64_t)line->start_s * SLUICE_SECOND_US);

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
    stream->places = table_new(stream->capacity * sizeof *stream->places);
    stream->found = calloc(stream->check->line_count / 8 + 1, 1);
    if (!stream->places || !stream->found)
        stream->err = SLUICE_ERR_MEMORY;
    return !stream->err;
}

/* A line on its way to its place, which memory is asked for meanwhile. */
struct waiting {
    uint8_t ref[SLUICE_HASH_SIZE];
    uint32_t index; /* of the line, plus 1; 0: it can have no row */
};

#define PLACES_AHEAD 16

void stream_place_ahead(const struct stream *stream, const uint8_t ref[static SLUICE_HASH_SIZE])
{
    __builtin_prefetch(&stream->places[start_place(stream, ref)], 1);
}

static void put_place(struct stream *stream, const struct waiting *waiting)
{
    size_t place = start_place(stream, waiting->ref);

    if (!waiting->index)
        return;
    while (stream->places[place].index)
        place = (place + 1) & (stream->capacity - 1);
    stream->places[place] = (struct stream_place){ prefix_of(waiting->ref), waiting->index };
}

static void expect_rows(struct stream *stream)
{
    struct check *check = stream->check;
    struct waiting waiting[PLACES_AHEAD] = { 0 };
    size_t count = 0;

    for (size_t i = 0; i < check->line_count; i++)
        check->report.expected += is_expected(stream, &check->lines[i]);
    if (!make_places(stream))
        return;
    for (size_t i = 0; !stream->err && i < check->line_count; i++) {
        struct waiting *ahead = &waiting[count % PLACES_AHEAD];

        if (!is_expected(stream, &check->lines[i]))
            continue;
        if (count >= PLACES_AHEAD)
            put_place(stream, ahead);
        ahead->index = ref_of(stream, &check->lines[i], ahead->ref) ? (uint32_t)i + 1 : 0;
        stream_place_ahead(stream, ahead->ref);
        count++;
    }
    for (size_t i = count < PLACES_AHEAD ? 0 : count - PLACES_AHEAD; i < count; i++)
        put_place(stream, &waiting[i % PLACES_AHEAD]);
}

void stream_line_ahead(struct stream *stream, const uint8_t ref[static SLUICE_HASH_SIZE])
{
    const struct stream_place *place = &stream->places[start_place(stream, ref)];

    /* Nearly always where it is looked for first. */
    if (!place->index)
        return;
    __builtin_prefetch(&stream->check->lines[place->index - 1]);
    __builtin_prefetch(&stream->found[(place->index - 1) / 8], 1);
}

size_t stream_find(struct stream *stream, const uint8_t ref[static SLUICE_HASH_SIZE])
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

/* --- the stream */

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
    table_free(stream->places, stream->capacity * sizeof *stream->places);
    free(stream->found);
    check_names_deinit(&stream->names);
}

enum sluice_err check_stream(struct check *check, struct check_names *secrets, uint8_t tenant, uint8_t purpose)
{
    struct stream stream = { .check = check,
                             .secrets = secrets,
                             .tenant = tenant,
                             .purpose = purpose,
                             .declared = &declared_tenants[tenant].purposes[purpose],
                             .names = { .value_size = SLUICE_PSEUDONYM_SIZE } };

    check_begin(check, declared_tenants[tenant].name, stream.declared->name);
    stream.err = open_stream(&stream);
    if (!stream.err)
        expect_rows(&stream);
    if (!stream.err)
        stream_read_rows(&stream);
    if (!stream.err)
        count_lost(&stream);
    close_stream(&stream);
    if (!stream.err)
        check_end(check);
    return stream.err;
}
