#include "registry/subject_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "csv/csv.h"
#include "sluice/clock.h"
#include "sluice/identity.h"
#include "sluice/name.h"

enum column {
    COLUMN_TENANT, COLUMN_ICCID, COLUMN_IMSI, COLUMN_MSISDN, COLUMN_EID, COLUMN_ACCOUNT, COLUMN_CONTRACT,
    COLUMN_REGION, COLUMN_AGE_BELOW, COLUMN_VALID_FROM, COLUMN_VALID_TO, COLUMN_COUNT
};

static const char *const column_names[COLUMN_COUNT] = {
    "tenant",   "iccid",  "imsi",      "msisdn",     "eid",      "account",
    "contract", "region", "age_below", "valid_from", "valid_to",
};

struct columns {
    size_t count;                     /* of the header */
    size_t at[COLUMN_COUNT];          /* CSV_NO_COLUMN: the file has none */
};

/* A row while it is read: what is wrong with it is said once. */
struct reading {
    struct loading *loading;
    const struct columns *columns;
    const struct csv_row *csv;
    const struct loading_tenant *tenant;
    struct subject_row *row;
    char wrong[160];
};

static bool refuse(struct reading *reading, const char *what, const char *advice)
{
    snprintf(reading->wrong, sizeof reading->wrong, "%s; %s", what, advice);
    return false;
}

static struct sluice_str text_of(const struct reading *reading, enum column column)
{
    const size_t at = reading->columns->at[column];

    return at >= reading->csv->count ? (struct sluice_str){ "", 0 } : reading->csv->columns[at];
}

static bool take_tenant(struct reading *reading)
{
    struct loading *loading = reading->loading;
    const size_t at = loading_tenant_find(loading, text_of(reading, COLUMN_TENANT));

    if (at == loading->tenant_count)
        return refuse(reading, "the tenant is not configured", "name one of 'tenants' in the configuration");
    reading->tenant = &loading->tenants[at];
    reading->row->holder.tenant = (uint8_t)at;
    return true;
}

static void add_link(struct reading *reading, enum sluice_identifier_kind kind, const char *digits,
                     size_t count)
{
    struct subject_row *row = reading->row;

    if (count > 0)
        sluice_tag(row->links[row->link_count++], reading->tenant->key, kind, digits, count);
}

/* Its own name first: what is left of the identifiers links to it. */
static bool take_identifiers(struct reading *reading)
{
    struct sluice_iccid iccid = { 0 };
    struct sluice_imsi imsi = { 0 };
    struct sluice_msisdn msisdn = { 0 };
    struct sluice_eid eid = { 0 };
    const struct sluice_str texts[] = { text_of(reading, COLUMN_ICCID), text_of(reading, COLUMN_IMSI),
                                        text_of(reading, COLUMN_MSISDN), text_of(reading, COLUMN_EID) };
    enum sluice_reason reason = texts[0].len ? sluice_iccid_parse(&iccid, texts[0]) : SLUICE_REASON_NONE;

    if (!reason && texts[1].len)
        reason = sluice_imsi_parse(&imsi, texts[1]);
    if (!reason && texts[2].len)
        reason = sluice_msisdn_parse(&msisdn, texts[2]);
    if (!reason && texts[3].len)
        reason = sluice_eid_parse(&eid, texts[3]);
    if (!reason && !iccid.digit_count && !imsi.digit_count)
        reason = SLUICE_REASON_NO_SUBJECT;
    if (reason)
        return refuse(reading, sluice_reason_text(reason), "correct the row");

    reading->row->named_by_imsi = !iccid.digit_count;
    if (iccid.digit_count) {
        sluice_tag(reading->row->tag, reading->tenant->key, SLUICE_IDENTIFIER_ICCID, iccid.digits,
                   iccid.digit_count);
        add_link(reading, SLUICE_IDENTIFIER_IMSI, imsi.digits, imsi.digit_count);
    } else {
        sluice_tag(reading->row->tag, reading->tenant->key, SLUICE_IDENTIFIER_IMSI, imsi.digits,
                   imsi.digit_count);
    }
    add_link(reading, SLUICE_IDENTIFIER_MSISDN, msisdn.digits, msisdn.digit_count);
    add_link(reading, SLUICE_IDENTIFIER_EID, eid.digits, eid.digit_count);
    return true;
}

static bool take_contract(struct reading *reading)
{
    static const struct { const char *word; enum sluice_contract contract; } words[] = {
        { "", SLUICE_CONTRACT_NONE },
        { "none", SLUICE_CONTRACT_NONE },
        { "individual", SLUICE_CONTRACT_INDIVIDUAL },
        { "business", SLUICE_CONTRACT_BUSINESS },
    };
    const struct sluice_str text = text_of(reading, COLUMN_CONTRACT);

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (!sluice_str_equal(text, sluice_str_from(words[i].word)))
            continue;
        reading->row->holder.contract = (uint8_t)words[i].contract;
        return true;
    }
    return refuse(reading, "contract is unknown", "write individual, business or none");
}


static bool take_region(struct reading *reading)
{
    const struct sluice_str text = text_of(reading, COLUMN_REGION);

    if (text.len > 0 && !sluice_region_valid(text))
        return refuse(reading, "region is no code of ISO 3166", "write it as in DE or US-CA");
    memcpy(reading->row->holder.region, text.bytes, text.len);
    return true;
}

static bool take_account(struct reading *reading)
{
    const struct sluice_str text = text_of(reading, COLUMN_ACCOUNT);

    if (text.len > SLUICE_ACCOUNT_MAX)
        return refuse(reading, "account is too long", "at most 47 bytes fit");
    if (text.len > 0 && memchr(text.bytes, '\0', text.len))
        return refuse(reading, "account holds a NUL", "correct the row");
    memcpy(reading->row->holder.account, text.bytes, text.len);
    return true;
}

static bool take_age(struct reading *reading)
{
    const struct sluice_str text = text_of(reading, COLUMN_AGE_BELOW);
    unsigned years = 0;
    size_t i = 0;

    while (i < text.len && i < 3 && text.bytes[i] >= '0' && text.bytes[i] <= '9')
        years = years * 10 + (unsigned)(text.bytes[i++] - '0');
    if (text.len > 0 && (i < text.len || years == 0 || years > 150))
        return refuse(reading, "age_below is no age", "write whole years, such as 13, or leave it empty");
    reading->row->holder.age_below = (uint8_t)years;
    return true;
}

static bool take_instant(const struct reading *reading, enum column column, uint32_t *seconds)
{
    const struct sluice_str text = text_of(reading, column);
    int64_t time_us;
    int offset;
    bool given;

    if (text.len == 0)
        return true;
    if (sluice_time_parse(&time_us, &offset, &given, text) != SLUICE_OK || time_us < SLUICE_TIME_MIN_US ||
        time_us >= SLUICE_TIME_MAX_US)
        return false;
    *seconds = (uint32_t)(time_us / SLUICE_SECOND_US);
    return true;
}

static bool take_interval(struct reading *reading)
{
    struct subject_row *row = reading->row;

    row->to_s = SLUICE_ALWAYS_S;
    if (!take_instant(reading, COLUMN_VALID_FROM, &row->from_s))
        return refuse(reading, "valid_from is no instant from 1970 to 2100",
                      "write it as 2026-11-01T00:00:00Z");
    if (!take_instant(reading, COLUMN_VALID_TO, &row->to_s))
        return refuse(reading, "valid_to is no instant from 1970 to 2100",
                      "write it as 2026-11-01T00:00:00Z");
    if (row->to_s <= row->from_s)
        return refuse(reading, "valid_to does not lie behind valid_from", "correct the row");
    return true;
}

static bool take_row(struct reading *reading)
{
    if (reading->csv->reason)
        return refuse(reading, sluice_reason_text(reading->csv->reason), "correct the row");
    if (reading->csv->count != reading->columns->count)
        return refuse(reading, "the row has another number of columns than the header", "correct the row");
    return take_tenant(reading) && take_identifiers(reading) && take_contract(reading) &&
           take_region(reading) && take_account(reading) && take_age(reading) && take_interval(reading);
}

/* What a refused row says of its SIM is unknown, which is not nothing: its
 * ICCID and its IMSI, by which records may name it, are told. */
static enum sluice_err visit_refused(struct reading *reading,
                                     enum sluice_err (*visit)(void *self, const struct subject_row *row),
                                     void *self)
{
    struct subject_row *row = reading->row;
    struct sluice_iccid iccid;
    struct sluice_imsi imsi;
    enum sluice_err err = SLUICE_OK;

    *row = (struct subject_row){ .line = row->line, .unknown = true, .to_s = SLUICE_ALWAYS_S };
    if (reading->csv->reason || !take_tenant(reading))
        return SLUICE_OK;
    if (sluice_iccid_parse(&iccid, text_of(reading, COLUMN_ICCID)) == SLUICE_REASON_NONE) {
        sluice_tag(row->tag, reading->tenant->key, SLUICE_IDENTIFIER_ICCID, iccid.digits, iccid.digit_count);
        err = visit(self, row);
    }
    if (!err && sluice_imsi_parse(&imsi, text_of(reading, COLUMN_IMSI)) == SLUICE_REASON_NONE) {
        sluice_tag(row->tag, reading->tenant->key, SLUICE_IDENTIFIER_IMSI, imsi.digits, imsi.digit_count);
        err = visit(self, row);
    }
    return err;
}

static enum sluice_err header_fault(struct loading *loading, uint64_t line, const char *text)
{
    sluice_findings_add(loading->notes.findings, SLUICE_FINDING_ERROR, "subject-header",
                        loading->config->subjects, (unsigned)line, 0, "%s", text);
    return SLUICE_ERR_FORMAT;
}

/* What a column is called may be somebody's number: only its place is told. */
static enum sluice_err take_header(struct loading *loading, struct columns *columns,
                                   const struct csv_row *header)
{
    size_t known = 0;
    char text[200];

    if (header->reason)
        return header_fault(loading, header->line, "the header is not readable as CSV");
    columns->count = header->count;
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        columns->at[i] = csv_column(header, column_names[i]);
        known += columns->at[i] != CSV_NO_COLUMN;
    }
    for (size_t i = 0; known < header->count && i < header->count; i++) {
        size_t c = 0;

        while (c < COLUMN_COUNT && columns->at[c] != i)
            c++;
        if (c < COLUMN_COUNT)
            continue;
        snprintf(text, sizeof text,
                 "column %zu is unknown or there twice; the columns are tenant, iccid, imsi, msisdn, eid, "
                 "account, contract, region, age_below, valid_from, valid_to",
                 i + 1);
        return header_fault(loading, header->line, text);
    }
    if (columns->at[COLUMN_TENANT] == CSV_NO_COLUMN)
        return header_fault(loading, header->line, "the column 'tenant' is missing");
    if (columns->at[COLUMN_ICCID] == CSV_NO_COLUMN && columns->at[COLUMN_IMSI] == CSV_NO_COLUMN)
        return header_fault(loading, header->line, "one of the columns 'iccid' and 'imsi' is needed");
    return SLUICE_OK;
}

static enum sluice_err each_row(struct loading *loading, struct csv_file *file, bool first,
                                enum sluice_err (*visit)(void *self, const struct subject_row *row),
                                void *self)
{
    struct columns columns;
    struct csv_row csv;
    enum sluice_err err = SLUICE_OK;
    int more = csv_file_next(file, &csv, &err);

    if (more == 0)
        return header_fault(loading, 1, "the file is empty; its first line names the columns");
    if (more > 0)
        err = take_header(loading, &columns, &csv);
    while (!err && (more = csv_file_next(file, &csv, &err)) > 0) {
        struct subject_row row = { .line = (uint32_t)csv.line };
        struct reading reading = { .loading = loading, .columns = &columns, .csv = &csv, .row = &row };

        loading->report->rows += first;
        if (take_row(&reading)) {
            err = visit(self, &row);
            continue;
        }
        if (first) {
            loading->report->rows_refused++;
            note(&loading->notes, NOTE_BAD_ROW, loading->config->subjects, csv.line, "%s", reading.wrong);
        }
        err = visit_refused(&reading, visit, self);
    }
    return err;
}

enum sluice_err subject_file_each(struct loading *loading, bool first,
                                  enum sluice_err (*visit)(void *self, const struct subject_row *row),
                                  void *self)
{
    struct csv_file *file = NULL;
    enum sluice_err err;

    if (!loading->config->subjects[0])
        return SLUICE_OK;
    err = csv_file_open(&file, loading->config->subjects, ',');
    if (err) {
        sluice_findings_add(loading->notes.findings, SLUICE_FINDING_ERROR, "subjects",
                            loading->config->subjects, 0, 0,
                            "%s; put the subject registry there or correct 'subjects'", sluice_err_text(err));
        return err;
    }
    err = each_row(loading, file, first, visit, self);
    csv_file_close(file);
    return err;
}

enum sluice_err subject_file_lines(uint64_t *count, const char *path)
{
    char bytes[64 * 1024];
    size_t len;
    FILE *file = path[0] ? fopen(path, "rb") : NULL;

    *count = 0;
    if (!file)
        return path[0] && errno != ENOENT ? sluice_err_from_errno(errno) : SLUICE_OK;
    while ((len = fread(bytes, 1, sizeof bytes, file)) > 0)
        for (const char *at = bytes; (at = memchr(at, '\n', len - (size_t)(at - bytes))) != NULL; at++)
            ++*count;
    const enum sluice_err err = ferror(file) ? SLUICE_ERR_IO : SLUICE_OK;
    fclose(file);
    return err;
}
