/* What is in quarantine, counted or opened. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/quarantine.h"
#include "codec/codec.h"
#include "local/io.h"
#include "local/walk.h"
#include "sluice/clock.h"
#include "sluice/file_name.h"
#include "sluice/local.h"
#include "sluice/seal.h"
#include "sluice/utf8.h"

#define TENANTS_MAX (SLUICE_TENANTS_MAX + 1)
#define CONTENT_MAX ((size_t)1 << 31)
#define FILE_MAX    256

/* Entries of one tenant with one reason, from one file. Without a key: of one deadline. */
struct group {
    char tenant[SLUICE_NAME_MAX + 1];
    char reason[32];
    char file[FILE_MAX];
    int64_t deadline_s;
    uint64_t first_line, last_line;
    uint64_t records;
};

struct reading {
    const struct quarantine_request *request;
    struct sluice_config *config;
    struct sluice_keyring *keyring;
    struct quarantine_key *key;         /* NULL: heads only */
    char tenants[TENANTS_MAX][SLUICE_NAME_MAX + 1];
    size_t tenant_count;
    struct group *groups;
    size_t group_count, group_capacity;
    struct sluice_buffer content, out;
    uint64_t rows;
    uint64_t unopened;                  /* frames that the key does not fit, or damaged */
    enum sluice_err err;                /* of the first of them */
    enum sluice_err (*take)(struct reading *reading, const char *tenant, const struct sluice_sealed_entry *entry);
};

/* --- tenants that have anything ---------------------------------------- */

static enum sluice_err note_tenant(void *self, const struct bucket_file *bucket)
{
    struct reading *reading = self;

    for (size_t i = 0; i < reading->tenant_count; i++)
        if (strcmp(reading->tenants[i], bucket->tenant) == 0)
            return SLUICE_OK;
    if (reading->tenant_count == TENANTS_MAX)
        return SLUICE_ERR_LIMIT;
    snprintf(reading->tenants[reading->tenant_count++], sizeof reading->tenants[0], "%s", bucket->tenant);
    return SLUICE_OK;
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(left, right);
}

static enum sluice_err find_tenants(struct reading *reading)
{
    int output_fd;

    enum sluice_err err = io_open_at(&output_fd, AT_FDCWD, reading->config->output, O_RDONLY | O_DIRECTORY, 0);
    if (err)
        return err == SLUICE_ERR_MISSING ? SLUICE_OK : err;
    err = walk_buckets(output_fd, reading->request->tenant, "quarantine", note_tenant, reading);
    close(output_fd);
    qsort(reading->tenants, reading->tenant_count, sizeof reading->tenants[0], compare_names);
    return err;
}

/* --- reading ----------------------------------------------------------- */

static bool is_wanted(const struct reading *reading, const struct sluice_sealed_entry *entry)
{
    return !reading->request->reason ||
           sluice_str_equal(entry->reason, sluice_str_from(sluice_reason_word(reading->request->reason)));
}

static enum sluice_err take_entries(struct reading *reading, const char *tenant)
{
    struct sluice_cursor cursor = { reading->content.bytes, reading->content.bytes + reading->content.len, false };
    struct sluice_sealed_entry entry;
    enum sluice_err err = SLUICE_OK;
    int more;

    while (!err && reading->rows < reading->request->rows_max && (more = sluice_sealed_next(&cursor, &entry)) != 0) {
        if (more < 0)
            return SLUICE_ERR_DAMAGED;
        if (is_wanted(reading, &entry)) {
            err = reading->take(reading, tenant, &entry);
            reading->rows++;
        }
    }
    return err;
}

static struct group *find_group(struct reading *reading, const struct group *wanted)
{
    for (size_t i = 0; i < reading->group_count; i++) {
        struct group *group = &reading->groups[i];

        if (group->deadline_s == wanted->deadline_s && strcmp(group->tenant, wanted->tenant) == 0 &&
            strcmp(group->reason, wanted->reason) == 0 && strcmp(group->file, wanted->file) == 0)
            return group;
    }
    if (reading->group_count == reading->group_capacity) {
        const size_t larger = reading->group_capacity ? reading->group_capacity * 2 : 32;
        struct group *groups = realloc(reading->groups, larger * sizeof *groups);

        if (!groups)
            return NULL;
        reading->groups = groups;
        reading->group_capacity = larger;
    }
    reading->groups[reading->group_count] = *wanted;
    return &reading->groups[reading->group_count++];
}

static enum sluice_err take_head(struct reading *reading, const char *tenant, const uint8_t *bytes, size_t len)
{
    struct sluice_sealed_head head;
    struct group wanted = { .records = 0 };

    const enum sluice_err err = sluice_sealed_peek(&head, bytes, len);
    if (err)
        return err;
    snprintf(wanted.tenant, sizeof wanted.tenant, "%s", tenant);
    wanted.deadline_s = head.deadline_s;
    struct group *group = find_group(reading, &wanted);
    if (!group)
        return SLUICE_ERR_MEMORY;
    group->records += head.record_count;
    return SLUICE_OK;
}

/* A frame that does not open is counted, and the rest is read all the same. */
static enum sluice_err take_frame(struct reading *reading, const char *tenant, const uint8_t *bytes, size_t len)
{
    enum sluice_store store;
    int64_t deadline_s;

    if (!reading->key)
        return take_head(reading, tenant, bytes, len);
    sluice_wipe(reading->content.bytes, reading->content.len);
    sluice_buffer_clear(&reading->content);
    enum sluice_err err = sluice_sealed_open(&reading->content, &store, &deadline_s, bytes, len,
                                             reading->key->public_key, reading->key->secret_key, false);
    if (!err)
        err = take_entries(reading, tenant);
    if (err != SLUICE_ERR_KEY && err != SLUICE_ERR_DAMAGED)
        return err;
    reading->unopened++;
    if (!reading->err)
        reading->err = err;
    return SLUICE_OK;
}

static enum sluice_err read_tenant(struct reading *reading, const char *tenant)
{
    struct sluice_stream_reader *reader;
    const uint8_t *bytes;
    size_t len;
    int field, got = 0;

    enum sluice_err err = sluice_stream_open(&reader, reading->config, reading->keyring, tenant, "quarantine");
    if (err)
        return err;
    while (!err && reading->rows < reading->request->rows_max &&
           (got = sluice_stream_next(reader, &field, &bytes, &len)) > 0)
        if (field == 2)
            err = take_frame(reading, tenant, bytes, len);
    sluice_stream_close(reader);
    return !err && got < 0 ? SLUICE_ERR_DAMAGED : err;
}

static enum sluice_err read_all(struct reading *reading)
{
    enum sluice_err err = find_tenants(reading);

    for (size_t i = 0; !err && i < reading->tenant_count; i++)
        err = read_tenant(reading, reading->tenants[i]);
    return err;
}

static int begin(struct reading *reading, const struct quarantine_request *request)
{
    int code = EX_OK;

    *reading = (struct reading){ .request = request };
    sluice_buffer_init(&reading->content, CONTENT_MAX);
    sluice_buffer_init(&reading->out, CONTENT_MAX);
    enum sluice_err err = cli_config(&reading->config, request->config_path);
    if (err)
        return cli_fail("sluice quarantine", err, "%s", request->config_path);
    err = sluice_keyring_open(&reading->keyring, reading->config->state);
    if (err)
        return cli_fail("sluice quarantine", err, "the keyring in %s", reading->config->state);
    if (request->key_path)
        reading->key = quarantine_key_read(request->key_path, &code);
    return code;
}

static int end(struct reading *reading, enum sluice_err err, int code)
{
    if (reading->unopened > 0)
        fprintf(stderr, "sluice quarantine: %" PRIu64 " runs of entries did not open (%s)\n", reading->unopened,
                sluice_err_text(reading->err));
    if (code == EX_OK && err)
        code = cli_fail("sluice quarantine", err, "%s", reading->config->output);
    if (code == EX_OK)
        code = sluice_err_exit_code(reading->err);
    sluice_wipe(reading->content.bytes, reading->content.len);
    sluice_wipe(reading->out.bytes, reading->out.len);
    sluice_buffer_deinit(&reading->content);
    sluice_buffer_deinit(&reading->out);
    free(reading->groups);
    quarantine_key_free(reading->key);
    if (reading->keyring)
        sluice_keyring_close(reading->keyring);
    sluice_config_free(reading->config);
    return code;
}

/* --- list -------------------------------------------------------------- */

static enum sluice_err count_entry(struct reading *reading, const char *tenant,
                                   const struct sluice_sealed_entry *entry)
{
    struct group wanted = { .first_line = entry->line };

    snprintf(wanted.tenant, sizeof wanted.tenant, "%s", tenant);
    snprintf(wanted.reason, sizeof wanted.reason, "%.*s", (int)entry->reason.len, entry->reason.bytes);
    snprintf(wanted.file, sizeof wanted.file, "%.*s", (int)entry->file.len, entry->file.bytes);
    struct group *group = find_group(reading, &wanted);
    if (!group)
        return SLUICE_ERR_MEMORY;
    group->records++;
    if (entry->line < group->first_line)
        group->first_line = entry->line;
    if (entry->line > group->last_line)
        group->last_line = entry->line;
    return SLUICE_OK;
}

static int compare_groups(const void *left, const void *right)
{
    const struct group *a = left, *b = right;
    int order = strcmp(a->tenant, b->tenant);

    if (order == 0)
        order = strcmp(a->reason, b->reason);
    if (order == 0)
        order = strcmp(a->file, b->file);
    return order ? order : (a->deadline_s > b->deadline_s) - (a->deadline_s < b->deadline_s);
}

static void print_group(struct sluice_buffer *out, const struct group *group, bool by_reason)
{
    char deadline[SLUICE_TIME_TEXT_SIZE], file[SLUICE_SHOWN_SIZE];

    sluice_time_format(deadline, group->deadline_s * SLUICE_SECOND_US);
    sluice_file_shown(file, sluice_str_from(group->file));
    if (by_reason)
        sluice_buffer_printf(out, "%-20s %-18s %10" PRIu64 "  %s:%" PRIu64 "-%" PRIu64 "\n", group->tenant,
                             group->reason, group->records, file, group->first_line, group->last_line);
    else
        sluice_buffer_printf(out, "%-20s %10" PRIu64 "  %s\n", group->tenant, group->records, deadline);
}

static void print_group_json(struct sluice_buffer *out, const struct group *group, bool by_reason)
{
    char deadline[SLUICE_TIME_TEXT_SIZE], file[SLUICE_SHOWN_SIZE];

    sluice_file_shown(file, sluice_str_from(group->file));
    sluice_buffer_printf(out, "{\"tenant\":\"%s\",\"records\":%" PRIu64, group->tenant, group->records);
    if (by_reason) {
        sluice_buffer_printf(out, ",\"reason\":\"%s\",\"file\":", group->reason);
        sluice_buffer_append_json(out, sluice_str_from(file));
        sluice_buffer_printf(out, ",\"first_line\":%" PRIu64 ",\"last_line\":%" PRIu64, group->first_line,
                             group->last_line);
    } else {
        sluice_time_format(deadline, group->deadline_s * SLUICE_SECOND_US);
        sluice_buffer_printf(out, ",\"deadline\":\"%s\"", deadline);
    }
    sluice_buffer_append_text(out, "}");
}

static int print_groups(struct reading *reading)
{
    const bool by_reason = reading->key != NULL, json = reading->request->json;
    struct sluice_buffer *out = &reading->out;

    if (reading->group_count > 0)
        qsort(reading->groups, reading->group_count, sizeof *reading->groups, compare_groups);
    if (json)
        sluice_buffer_append_text(out, "[");
    else if (by_reason)
        sluice_buffer_printf(out, "%-20s %-18s %10s  %s\n", "TENANT", "REASON", "RECORDS", "FILE:LINES");
    else
        sluice_buffer_printf(out, "%-20s %10s  %s\n", "TENANT", "RECORDS", "DELETED AT");
    for (size_t i = 0; i < reading->group_count; i++) {
        if (json && i > 0)
            sluice_buffer_append_text(out, ",");
        (json ? print_group_json : print_group)(out, &reading->groups[i], by_reason);
    }
    if (json)
        sluice_buffer_append_text(out, "]\n");
    return cli_print(out, EX_OK);
}

int quarantine_list(const struct quarantine_request *request)
{
    enum sluice_err err = SLUICE_OK;
    struct reading reading;

    int code = begin(&reading, request);
    if (code == EX_OK) {
        reading.take = count_entry;
        err = read_all(&reading);
        code = print_groups(&reading);
    }
    return end(&reading, err, code);
}

/* --- open -------------------------------------------------------------- */

static void print_text(struct sluice_buffer *out, const char *name, struct sluice_str text)
{
    sluice_buffer_printf(out, ",\"%s\":", name);
    sluice_buffer_append_json(out, text);
}

/* As text where it is one, so that nothing of it is lost otherwise. */
static void print_raw(struct sluice_buffer *out, struct sluice_str raw)
{
    if (sluice_utf8_valid(raw)) {
        print_text(out, "raw", raw);
        return;
    }
    sluice_buffer_append_text(out, ",\"raw_hex\":\"");
    for (size_t i = 0; i < raw.len; i++)
        sluice_buffer_printf(out, "%02x", (uint8_t)raw.bytes[i]);
    sluice_buffer_append_text(out, "\"");
}

static void print_record(struct sluice_buffer *out, struct sluice_str raw)
{
    const size_t start = out->len;

    sluice_buffer_append_text(out, ",\"record\":");
    if (codec_raw_json(out, (const uint8_t *)raw.bytes, raw.len) == SLUICE_OK)
        return;
    out->len = start;
    print_raw(out, raw);
}

static enum sluice_err print_entry(struct reading *reading, const char *tenant,
                                   const struct sluice_sealed_entry *entry)
{
    static const char *const forms[] = { [SLUICE_FORM_RAW] = "raw", [SLUICE_FORM_EMNIFY] = "emnify",
                                         [SLUICE_FORM_CSV] = "csv" };
    struct sluice_buffer *out = &reading->out;
    char collected[SLUICE_TIME_TEXT_SIZE];

    sluice_time_format(collected, entry->collected_at_us);
    sluice_buffer_printf(out, "{\"tenant\":\"%s\"", tenant);
    print_text(out, "reason", entry->reason);
    if (entry->field.len > 0)
        print_text(out, "field", entry->field);
    print_text(out, "source", entry->source_id);
    print_text(out, "file", entry->file);
    sluice_buffer_printf(out, ",\"line\":%" PRIu64 ",\"position\":%" PRIu64 ",\"collected_at\":\"%s\",\"form\":\"%s\"",
                         entry->line, entry->position, collected, forms[entry->form]);
    if (entry->form == SLUICE_FORM_RAW)
        print_record(out, entry->raw);
    else
        print_raw(out, entry->raw);
    sluice_buffer_append_text(out, "}\n");

    const bool written = cli_print(out, EX_OK) == EX_OK;
    sluice_wipe(out->bytes, out->len);
    sluice_buffer_clear(out);
    return written ? SLUICE_OK : SLUICE_ERR_IO;
}

int quarantine_open(const struct quarantine_request *request)
{
    enum sluice_err err = SLUICE_OK;
    struct sluice_clock clock;
    struct reading reading;

    int code = begin(&reading, request);
    if (code == EX_OK) {
        sluice_clock_init(&clock, reading.config->clock_us);
        code = quarantine_audit(reading.config, request, "quarantine_open", sluice_clock_now_us(&clock));
    }
    if (code == EX_OK) {
        reading.take = print_entry;
        err = read_all(&reading);
    }
    return end(&reading, err, code);
}
