/* What is sealed: opened with the operator's key and held against the truth,
 * entry by entry. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gen/check.h"
#include "gen/line_write.h"
#include "gen/text.h"
#include "sluice/clock.h"
#include "sluice/local.h"
#include "sluice/seal.h"
#include "sluice/wire.h"

#define CONTENT_SIZE_MAX ((size_t)1 << 30)
#define RAW_SIZE_MAX (256 * 1024)

struct sealed {
    struct check *check;
    uint8_t tenant; /* park and suspended */
    enum sluice_store store;
    struct sluice_buffer content; /* of the seal at hand */
    struct sluice_buffer raw;
    char *line;      /* LINE_SIZE_MAX */
    uint8_t *found;  /* bits: by line of the input, or by index of check->lines */
    uint32_t *order; /* indices of the lines that are expected, by fingerprint */
    size_t order_count;
    uint8_t tenant_key[SLUICE_HASH_KEY_SIZE];
    uint64_t purpose_bits[DECLARED_PURPOSES_MAX]; /* of the vault, by purpose of declared.h */
    enum sluice_err err;
};

/* Marks it; false when it was marked before. */
static bool mark(struct sealed *sealed, size_t bit)
{
    const uint8_t mask = (uint8_t)(1u << bit % 8);
    const bool first = !(sealed->found[bit / 8] & mask);

    sealed->found[bit / 8] |= mask;
    return first;
}

static bool is_marked(const struct sealed *sealed, size_t bit)
{
    return sealed->found[bit / 8] & 1u << bit % 8;
}

static void tell_wrong(struct sealed *sealed, uint32_t line, const char *what)
{
    sealed->check->report.wrong++;
    check_tell(sealed->check, line, "%s", what);
}

static void tell_invented(struct sealed *sealed, const char *what)
{
    sealed->check->report.invented++;
    check_tell(sealed->check, CHECK_NO_LINE, "%s", what);
}

/* --- quarantine: by file and line */

/* The input's line that an entry says it was; CHECK_NO_LINE: none of ours. */
static uint32_t line_of(const struct check *check, const struct sluice_sealed_entry *entry)
{
    char name[64], own[64];
    unsigned long long number;

    if (entry->file.len >= sizeof name || entry->line == 0 || entry->line > WORLD_FILE_RECORDS)
        return CHECK_NO_LINE;
    memcpy(name, entry->file.bytes, entry->file.len);
    name[entry->file.len] = '\0';
    if (sscanf(name, GEN_INPUT_NAME, &number) != 1)
        return CHECK_NO_LINE;
    snprintf(own, sizeof own, GEN_INPUT_NAME, number);
    const uint64_t first = world_file(&check->world, 0); /* of this round */
    const uint64_t line = (number - first) * WORLD_FILE_RECORDS + entry->line - 1;
    return strcmp(name, own) == 0 && number >= first && line < check->world.records ? (uint32_t)line
                                                                                    : CHECK_NO_LINE;
}

static bool has_word(struct sluice_str text, const char *word)
{
    return sluice_str_equal(text, sluice_str_from(word));
}

static void take_quarantined(struct sealed *sealed, const struct sluice_sealed_entry *entry)
{
    struct check *check = sealed->check;
    const uint32_t line = line_of(check, entry);
    struct traffic_record record;
    struct truth truth = { 0 };

    if (line != CHECK_NO_LINE)
        truth_of_line(&check->world, line, &record, &truth);
    if (truth.disposition != SLUICE_QUARANTINED) {
        if (line == CHECK_NO_LINE)
            tell_invented(sealed, "an entry is of no line of the input");
        else
            check->report.invented++, check_tell(check, line, "should not be here");
        return;
    }
    if (!mark(sealed, line)) {
        check->report.doubled++;
        check_tell(check, line, "is here twice");
        return;
    }
    size_t len = line_write(sealed->line, &check->world, &record);
    if (len > SLUICE_RECORD_SIZE_MAX) /* of what is too large only the beginning is kept */
        len = SLUICE_RECORD_SIZE_MAX;
    if (!has_word(entry->reason, sluice_reason_word((enum sluice_reason)truth.reason)))
        tell_wrong(sealed, line, "has another reason than what is wrong with it");
    else if (entry->form != SLUICE_FORM_EMNIFY ||
             !sluice_str_equal(entry->raw, (struct sluice_str){ sealed->line, len }))
        tell_wrong(sealed, line, "is not kept as it arrived");
}

static void count_lost_lines(struct sealed *sealed)
{
    struct check *check = sealed->check;

    for (uint64_t n = 0; n < check->world.records && check->report.lost < check->report.expected; n++) {
        struct traffic_record record;
        struct truth truth;

        if (is_marked(sealed, n))
            continue;
        truth_of_line(&check->world, n, &record, &truth);
        if (truth.disposition != SLUICE_QUARANTINED)
            continue;
        check->report.lost++;
        check_tell(check, (uint32_t)n, "was not quarantined");
    }
}

/* --- park and suspended: by fingerprint */

static const struct check_line *sort_lines; /* qsort hands no context along */

static int by_fingerprint(const void *a, const void *b)
{
    return memcmp(sort_lines[*(const uint32_t *)a].fingerprint, sort_lines[*(const uint32_t *)b].fingerprint,
                  SLUICE_HASH_SIZE);
}

static bool is_expected(const struct sealed *sealed, const struct check_line *line)
{
    return line->tenant == sealed->tenant &&
           (sealed->store == SLUICE_STORE_PARK ? line->parked != 0 : line->suspended);
}

static void expect_lines(struct sealed *sealed)
{
    struct check *check = sealed->check;

    for (size_t i = 0; i < check->line_count; i++)
        sealed->order_count += is_expected(sealed, &check->lines[i]);
    check->report.expected = sealed->order_count;
    sealed->order = malloc((sealed->order_count + 1) * sizeof *sealed->order);
    if (!sealed->order) {
        sealed->err = SLUICE_ERR_MEMORY;
        return;
    }
    for (size_t i = 0, at = 0; i < check->line_count; i++)
        if (is_expected(sealed, &check->lines[i]))
            sealed->order[at++] = (uint32_t)i;
    sort_lines = check->lines;
    qsort(sealed->order, sealed->order_count, sizeof *sealed->order, by_fingerprint);
}

/* The index of the expected line with that fingerprint, or SIZE_MAX. */
static size_t find_fingerprint(const struct sealed *sealed,
                               const uint8_t fingerprint[static SLUICE_HASH_SIZE])
{
    const struct check_line *lines = sealed->check->lines;
    size_t from = 0, to = sealed->order_count;

    while (from < to) {
        const size_t middle = from + (to - from) / 2;
        const int order = memcmp(lines[sealed->order[middle]].fingerprint, fingerprint, SLUICE_HASH_SIZE);

        if (order == 0)
            return sealed->order[middle];
        if (order < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return SIZE_MAX;
}

/* The seal under the subject's secrets comes off with what the vault has. */
static bool open_parked(struct sealed *sealed, const struct sluice_sealed_entry *entry, uint32_t at_s)
{
    struct sluice_subject subject;
    uint8_t key[SLUICE_KEY_SIZE];

    if (!entry->has_subject || sluice_vault_find(sealed->check->vault, &subject, entry->subject, at_s))
        return false;
    sluice_park_key(key, subject.secrets[0], (size_t)subject.secret_count * SLUICE_SECRET_SIZE);
    sluice_wipe(&subject, sizeof subject);
    const enum sluice_err err = sluice_sealed_open_parked(&sealed->raw, entry, key);
    sluice_wipe(key, sizeof key);
    return !err;
}

/* The record itself, in the one form that keeps when it was collected. */
static bool is_record(const struct sealed *sealed, struct sluice_str raw,
                      const struct traffic_record *expected)
{
    struct sluice_record record = { 0 };
    uint32_t field, unknown = 0;
    char id[20];
    struct text text = { id };

    if (sluice_wire_read(&record, &field, &unknown, (const uint8_t *)raw.bytes, raw.len) !=
        SLUICE_REASON_NONE)
        return false;
    text_number(&text, expected->id);
    return sluice_str_equal(record.record_id, (struct sluice_str){ id, (size_t)(text.at - id) }) &&
           record.start_us == expected->start_us && record.service == expected->service &&
           record.collected_at_us >= sealed->check->world.clock_us;
}

static uint64_t purposes_of(const struct sealed *sealed, uint8_t parked)
{
    uint64_t bits = 0;

    for (uint8_t i = 0; i < declared_tenants[sealed->tenant].purpose_count; i++)
        if (parked & 1u << i)
            bits |= sealed->purpose_bits[i];
    return bits;
}

static const char *fault_of(struct sealed *sealed, const struct sluice_sealed_entry *entry,
                            const struct check_line *line)
{
    struct sluice_str raw = entry->raw;
    struct traffic_record record;
    struct truth truth;

    truth_of_line(&sealed->check->world, line->line, &record, &truth);
    sluice_buffer_clear(&sealed->raw);
    if (entry->form != SLUICE_FORM_RAW)
        return "is not kept as the record that it was read as";
    if (sealed->store == SLUICE_STORE_PARK) {
        if (entry->purposes != purposes_of(sealed, line->parked))
            return "is parked for other purposes";
        if (!open_parked(sealed, entry, line->start_s))
            return "does not open with its subject's secrets";
        raw = (struct sluice_str){ (const char *)sealed->raw.bytes, sealed->raw.len };
    } else if (!has_word(entry->reason, sluice_reason_word((enum sluice_reason)truth.reason))) {
        return "has another reason than what it lacks";
    }
    return is_record(sealed, raw, &record) ? NULL : "is another record inside";
}

static void take_waiting(struct sealed *sealed, const struct sluice_sealed_entry *entry)
{
    struct check *check = sealed->check;
    const size_t index = entry->has_fingerprint ? find_fingerprint(sealed, entry->fingerprint) : SIZE_MAX;

    if (index == SIZE_MAX) {
        tell_invented(sealed, "an entry has the fingerprint of no record that waits");
        return;
    }
    if (!mark(sealed, index)) {
        check->report.doubled++;
        check_tell(check, check->lines[index].line, "is here twice");
        return;
    }
    const char *fault = fault_of(sealed, entry, &check->lines[index]);
    if (fault)
        tell_wrong(sealed, check->lines[index].line, fault);
}

static void count_lost_waiting(struct sealed *sealed)
{
    struct check *check = sealed->check;

    for (size_t i = 0; i < sealed->order_count; i++) {
        if (is_marked(sealed, sealed->order[i]))
            continue;
        check->report.lost++;
        check_tell(check, check->lines[sealed->order[i]].line, "does not wait here");
    }
}

/* --- every store */

static void take_seal(struct sealed *sealed, const uint8_t *bytes, size_t len)
{
    struct check *check = sealed->check;
    struct sluice_sealed_entry entry;
    enum sluice_store store;
    int64_t deadline_s;
    int more = 0;

    sluice_buffer_clear(&sealed->content);
    if (sluice_sealed_open(&sealed->content, &store, &deadline_s, bytes, len, check->keyring->operator_public,
                           check->operator_secret, false) ||
        store != sealed->store) {
        tell_wrong(sealed, CHECK_NO_LINE, "a seal does not open");
        return;
    }
    struct sluice_cursor cursor = { sealed->content.bytes, sealed->content.bytes + sealed->content.len,
                                    false };
    while ((more = sluice_sealed_next(&cursor, &entry)) > 0) {
        check->report.found++;
        if (store == SLUICE_STORE_QUARANTINE)
            take_quarantined(sealed, &entry);
        else
            take_waiting(sealed, &entry);
    }
    if (more < 0)
        tell_wrong(sealed, CHECK_NO_LINE, "what a seal held is damaged");
}

static void read_seals(struct sealed *sealed, const char *tenant)
{
    struct check *check = sealed->check;
    struct sluice_stream_reader *reader;
    const uint8_t *bytes;
    size_t len;
    int field, more = 0;

    if (sealed->err)
        return;
    sealed->err = check_open(check, &reader, tenant, sluice_store_name(sealed->store));
    if (sealed->err)
        return;
    while ((more = sluice_stream_next(reader, &field, &bytes, &len)) > 0) {
        if (field == 2)
            take_seal(sealed, bytes, len);
        else
            tell_invented(sealed, "a row lies in clear among the seals");
    }
    if (more < 0)
        tell_wrong(sealed, CHECK_NO_LINE, "a file of the stream is damaged");
    sluice_stream_close(reader);
}

static void open_sealed(struct sealed *sealed, size_t bits)
{
    sluice_buffer_init(&sealed->content, CONTENT_SIZE_MAX);
    sluice_buffer_init(&sealed->raw, RAW_SIZE_MAX);
    sealed->line = malloc(LINE_SIZE_MAX);
    sealed->found = calloc(bits / 8 + 1, 1);
    if (!sealed->line || !sealed->found)
        sealed->err = SLUICE_ERR_MEMORY;
}

static enum sluice_err close_sealed(struct sealed *sealed)
{
    sluice_buffer_deinit(&sealed->content);
    sluice_buffer_deinit(&sealed->raw);
    free(sealed->line);
    free(sealed->found);
    free(sealed->order);
    if (!sealed->err)
        check_end(sealed->check);
    return sealed->err;
}

enum sluice_err check_quarantine(struct check *check)
{
    struct sealed sealed = { .check = check, .store = SLUICE_STORE_QUARANTINE };

    check_begin(check, NULL, sluice_store_name(SLUICE_STORE_QUARANTINE));
    check->report.expected = check->quarantined;
    open_sealed(&sealed, check->world.records);
    for (int i = 0; i < DECLARED_TENANTS; i++)
        read_seals(&sealed, declared_tenants[i].name);
    read_seals(&sealed, "unassigned");
    if (!sealed.err &&
        check->report.found - check->report.doubled - check->report.invented < check->quarantined)
        count_lost_lines(&sealed);
    return close_sealed(&sealed);
}

static enum sluice_err check_waiting(struct check *check, uint8_t tenant, enum sluice_store store)
{
    const struct declared_tenant *declared = &declared_tenants[tenant];
    struct sealed sealed = { .check = check, .tenant = tenant, .store = store };

    check_begin(check, declared->name, sluice_store_name(store));
    open_sealed(&sealed, check->line_count);
    for (uint8_t i = 0; !sealed.err && i < declared->purpose_count; i++) {
        uint8_t index;

        sealed.err =
            sluice_vault_purpose_index(check->vault, declared->name, declared->purposes[i].name, &index);
        if (!sealed.err)
            sealed.purpose_bits[i] = UINT64_C(1) << index;
    }
    if (!sealed.err)
        expect_lines(&sealed);
    read_seals(&sealed, declared->name);
    if (!sealed.err)
        count_lost_waiting(&sealed);
    return close_sealed(&sealed);
}

enum sluice_err check_park(struct check *check, uint8_t tenant)
{
    return check_waiting(check, tenant, SLUICE_STORE_PARK);
}

enum sluice_err check_suspended(struct check *check, uint8_t tenant)
{
    return check_waiting(check, tenant, SLUICE_STORE_SUSPENDED);
}
