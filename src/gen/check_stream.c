/* One stream of rows: each is found again by its ref, which only its record
 * can have, and compared whole. */
#include <stdlib.h>
#include <string.h>

#include "gen/check.h"
#include "gen/check_names.h"
#include "gen/check_row.h"
#include "sluice/clock.h"
#include "sluice/local.h"

/* Where the row of a line is looked for. index 0: free. */
struct place {
    uint32_t prefix;        /* of the ref */
    uint32_t index;         /* of the line, plus 1 */
};

struct epoch {
    uint32_t number;
    bool exists;
    struct sluice_epoch_secrets secrets;
};

struct stream {
    struct check *check;
    struct check_seen *seen;
    uint8_t tenant, purpose;               /* of declared.h */
    const struct declared_purpose *declared;
    const struct sluice_purpose *loaded;   /* numbers its epochs */
    uint8_t index;                         /* the purpose's in the vault */
    uint8_t tenant_key[SLUICE_HASH_KEY_SIZE];
    uint8_t tag_key[SLUICE_HASH_KEY_SIZE];
    struct place *places;
    size_t capacity;                       /* a power of two */
    uint8_t *found;                        /* bits by index of the line */
    struct epoch *epochs;
    size_t epoch_count, last_epoch;
    struct check_names names;
    enum sluice_err err;
};

/* --- epochs */

static struct epoch *add_epoch(struct stream *stream, uint32_t number)
{
    struct epoch *epochs = realloc(stream->epochs, (stream->epoch_count + 1) * sizeof *epochs);

    if (!epochs) {
        stream->err = SLUICE_ERR_MEMORY;
        return NULL;
    }
    stream->epochs = epochs;
    stream->last_epoch = stream->epoch_count++;
    struct epoch *epoch = &epochs[stream->last_epoch];
    *epoch = (struct epoch){ .number = number };
    const enum sluice_err err = sluice_vault_epoch(stream->check->vault, &epoch->secrets,
                                                   declared_tenants[stream->tenant].name, stream->index, number, false);
    epoch->exists = err == SLUICE_OK;
    if (err && err != SLUICE_ERR_MISSING)
        stream->err = err;
    return epoch;
}

/* The keys of the epoch; NULL when the gate never made any, or on an error. */
static const struct epoch *epoch_of(struct stream *stream, int64_t start_us)
{
    const uint32_t number = sluice_purpose_epoch(stream->loaded, start_us);
    struct epoch *epoch = stream->epoch_count ? &stream->epochs[stream->last_epoch] : NULL;

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
    const struct epoch *epoch = epoch_of(stream, (int64_t)line->start_s * SLUICE_SECOND_US);

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
        stream->places[place] = (struct place){ prefix_of(ref), (uint32_t)i + 1 };
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

/* --- pseudonyms */

static void subject_tag(const struct stream *stream, uint8_t tag[static SLUICE_TAG_SIZE], const struct truth *truth)
{
    const struct world *world = &stream->check->world;
    char digits[FLEET_ICCID_DIGITS];

    if (fleet_has_iccid(world, truth->sim)) {
        fleet_iccid(digits, world, truth->sim);
        sluice_tag(tag, stream->tenant_key, SLUICE_IDENTIFIER_ICCID, digits, FLEET_ICCID_DIGITS);
    } else {
        fleet_imsi(digits, world, truth->sim);
        sluice_tag(tag, stream->tenant_key, SLUICE_IDENTIFIER_IMSI, digits, FLEET_IMSI_DIGITS);
    }
}

static void device_tag(const struct stream *stream, uint8_t tag[static SLUICE_TAG_SIZE], uint64_t device)
{
    char digits[FLEET_IMEI_DIGITS];

    fleet_imei(digits, &stream->check->world, device);
    sluice_tag(tag, stream->tenant_key, SLUICE_IDENTIFIER_DEVICE, digits, FLEET_IMEI_DIGITS);
}

/* The pseudonym that the vault's secrets make; false when they make none. */
static bool derive(struct stream *stream, uint8_t pseudonym[static SLUICE_PSEUDONYM_SIZE],
                   const uint8_t tag[static SLUICE_TAG_SIZE], uint32_t at_s, const struct epoch *epoch,
                   enum sluice_field field)
{
    struct sluice_subject subject;
    const enum sluice_err err = sluice_vault_find(stream->check->vault, &subject, tag, at_s);
    const bool there = !err && stream->index < subject.secret_count;

    if (there)
        sluice_pseudonym(pseudonym, subject.secrets[stream->index], epoch->secrets.pseudonym_secret, epoch->number,
                         stream->index, (uint8_t)field);
    sluice_wipe(&subject, sizeof subject);
    if (err && err != SLUICE_ERR_MISSING)
        stream->err = err;
    return there;
}

/* What the row is held against, besides its record. */
struct names_of_row {
    uint8_t subject[SLUICE_PSEUDONYM_SIZE];
    uint8_t device[SLUICE_PSEUDONYM_SIZE];
    const char *fault;   /* NULL: none */
};

/* A pseudonym nobody else may have had, in this stream or another. */
static void claim(struct stream *stream, struct names_of_row *names, const uint8_t *pseudonym)
{
    switch (check_seen_add(stream->seen, pseudonym)) {
    case CHECK_SEEN_FIRST:
        return;
    case CHECK_SEEN_BEFORE:
        names->fault = "its pseudonym is another's too";
        return;
    case CHECK_SEEN_MEMORY:
        stream->err = SLUICE_ERR_MEMORY;
        return;
    }
}

static void transaction_name(struct stream *stream, struct names_of_row *names, uint8_t *pseudonym,
                             const struct check_line *line, const struct epoch *epoch, enum sluice_field field)
{
    uint8_t message[1 + SLUICE_HASH_SIZE] = { (uint8_t)field };

    memcpy(message + 1, line->fingerprint, SLUICE_HASH_SIZE);
    sluice_keyed_digest(pseudonym, message, sizeof message, epoch->secrets.digest_key);
    claim(stream, names, pseudonym);
}

/* One subject, one purpose, one epoch: one pseudonym. */
static void lasting_name(struct stream *stream, struct names_of_row *names, uint8_t *pseudonym, uint64_t who,
                         const uint8_t tag[static SLUICE_TAG_SIZE], uint32_t at_s, const struct epoch *epoch,
                         enum sluice_field field, uint32_t truth_number)
{
    bool is_new;
    struct check_name *name = check_names_find(&stream->names, who << 24 | truth_number, &is_new);

    if (!name) {
        stream->err = SLUICE_ERR_MEMORY;
        return;
    }
    if (is_new && !derive(stream, name->pseudonym, tag, at_s, epoch, field))
        names->fault = "the vault has no secret for it";
    else if (is_new)
        claim(stream, names, name->pseudonym);
    memcpy(pseudonym, name->pseudonym, SLUICE_PSEUDONYM_SIZE);
}

static void name_row(struct stream *stream, struct names_of_row *names, const struct check_line *line,
                     const struct traffic_record *record, const struct truth *truth, const struct epoch *epoch)
{
    uint8_t tag[SLUICE_TAG_SIZE];

    *names = (struct names_of_row){ .fault = NULL };
    if (stream->declared->epoch_kind == SLUICE_EPOCH_RECORD) {
        transaction_name(stream, names, names->subject, line, epoch, SLUICE_FIELD_SUBJECT);
        return;
    }
    /* Bit 0: a subject or a device; bit 1: the subject's generation; bit 2: never 0. */
    const uint32_t number = truth_epoch(stream->declared, record->start_us);
    subject_tag(stream, tag, truth);
    lasting_name(stream, names, names->subject, truth->sim << 3 | 4 | (uint64_t)truth->holding.generation << 1, tag,
                 line->start_s, epoch, SLUICE_FIELD_SUBJECT, number);
    if (record->has_device) {
        device_tag(stream, tag, record->device);
        lasting_name(stream, names, names->device, record->device << 3 | 4 | 1, tag, 0, epoch, SLUICE_FIELD_DEVICE,
                     number);
    }
}

/* --- rows */

static void compare(struct stream *stream, const struct row *row, const struct check_line *line,
                    const uint8_t ref[static SLUICE_HASH_SIZE])
{
    struct check *check = stream->check;
    uint8_t scratch[ROW_SCRATCH_SIZE];
    struct traffic_record record;
    struct names_of_row names;
    struct truth truth;
    struct row expected;

    truth_of_line(&check->world, line->line, &record, &truth);
    const struct epoch *epoch = epoch_of(stream, record.start_us);
    name_row(stream, &names, line, &record, &truth, epoch);
    const struct row_source source = {
        .world = &check->world, .tenant = &declared_tenants[stream->tenant], .purpose = stream->declared,
        .record = &record, .truth = &truth, .basis = truth.basis[stream->purpose],
        .policy_version = check->policies[stream->tenant]->version, .ref = ref, .pseudonym = names.subject,
        .device_pseudonym = names.device, .secrets = &epoch->secrets, .tag_key = stream->tag_key,
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
    if (!row_read(&row, bytes, len) || row.values[6].bytes.len != SLUICE_HASH_SIZE) {
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
    enum sluice_err err = sluice_vault_purpose_index(check->vault, tenant, stream->declared->name, &stream->index);
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
    check_names_deinit(&stream->names);
}

enum sluice_err check_stream(struct check *check, struct check_seen *seen, uint8_t tenant, uint8_t purpose)
{
    struct stream stream = { .check = check, .seen = seen, .tenant = tenant, .purpose = purpose,
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
