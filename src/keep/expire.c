/* Buckets past their deadline. The transport forgets a bucket before its
 * folder goes, as it would take a missing file for damage. */
#include <assert.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keep/keep_internal.h"
#include "local/batch_file.h"
#include "local/io.h"
#include "local/walk.h"
#include "sluice/clock.h"
#include "sluice/local.h"
#include "sluice/seal.h"

static_assert(sizeof ((struct sluice_keep_report *)0)->failed >= BUCKET_PATH_SIZE, "names of buckets fit");

/* One bucket that is due, with names of its own: a walk's are gone when it is over. */
struct due {
    char tenant[SLUICE_NAME_MAX + 1];
    char stream[SLUICE_NAME_MAX + 1];
    int64_t deadline_s;
};

struct expiry {
    const struct sluice_keep *keep;
    struct sluice_keep_report *report;
    int output_fd;
    struct due *due;
    size_t count, capacity;
};

struct contents {
    int output_fd;
    bool is_sealed;
    uint64_t files, octets, records;
};

static struct bucket_file bucket_of(const struct due *due)
{
    return (struct bucket_file){ .tenant = due->tenant, .stream = due->stream, .deadline_s = due->deadline_s };
}

/* --- what is due */

static enum sluice_err look_at_bucket(void *self, const struct bucket_file *bucket)
{
    struct expiry *expiry = self;

    if (bucket->deadline_s > expiry->keep->now_us / SLUICE_SECOND_US) {
        struct sluice_keep_stream *stream = report_stream(expiry->report, bucket->tenant, bucket->stream);

        if (!stream)
            return SLUICE_ERR_MEMORY;
        if (!stream->oldest_deadline_s || bucket->deadline_s < stream->oldest_deadline_s)
            stream->oldest_deadline_s = bucket->deadline_s;
        return SLUICE_OK;
    }
    if (expiry->count == expiry->capacity) {
        const size_t larger = expiry->capacity ? expiry->capacity * 2 : 32;
        struct due *due = realloc(expiry->due, larger * sizeof *due);

        if (!due)
            return SLUICE_ERR_MEMORY;
        expiry->due = due;
        expiry->capacity = larger;
    }
    struct due *added = &expiry->due[expiry->count++];
    *added = (struct due){ .deadline_s = bucket->deadline_s };
    snprintf(added->tenant, sizeof added->tenant, "%s", bucket->tenant);
    snprintf(added->stream, sizeof added->stream, "%s", bucket->stream);
    return SLUICE_OK;
}

/* The longest overdue first. */
static int compare_due(const void *left, const void *right)
{
    const struct due *a = left, *b = right;

    return (a->deadline_s > b->deadline_s) - (a->deadline_s < b->deadline_s);
}

/* --- what is in it */

/* Sealed files say in clear how many records they hold; what cannot be read does not count. */
static void count_records(struct contents *contents, const char *path, uint64_t size)
{
    struct batch_file file;
    struct sluice_sealed_head head;
    enum sluice_err err;
    const uint8_t *bytes;
    size_t len;
    int fd, field;

    if (io_open_at(&fd, contents->output_fd, path, O_RDONLY | O_NOFOLLOW, 0))
        return;
    batch_file_init(&file);
    batch_file_begin(&file, fd, 0, size);
    while (batch_file_next(&file, &field, &bytes, &len, &err) > 0)
        if (field == 2 && sluice_sealed_peek(&head, bytes, len) == SLUICE_OK)
            contents->records += head.record_count;
    batch_file_deinit(&file);
}

static enum sluice_err count_file(void *self, const struct bucket_file *file)
{
    struct contents *contents = self;
    char path[BUCKET_PATH_SIZE];
    uint64_t size;

    bucket_file_path(path, file);
    const enum sluice_err err = io_size_at(&size, contents->output_fd, path);
    if (err)
        return err == SLUICE_ERR_MISSING ? SLUICE_OK : err;
    contents->files++;
    contents->octets += size;
    if (contents->is_sealed)
        count_records(contents, path, size);
    return SLUICE_OK;
}

static bool is_sealed(const char *stream)
{
    for (int store = SLUICE_STORE_QUARANTINE; store <= SLUICE_STORE_SUSPENDED; store++)
        if (strcmp(stream, sluice_store_name((enum sluice_store)store)) == 0)
            return true;
    return false;
}

static enum sluice_err count_contents(const struct expiry *expiry, const struct due *due, struct contents *contents)
{
    const struct bucket_file bucket = bucket_of(due);

    *contents = (struct contents){ .output_fd = expiry->output_fd, .is_sealed = is_sealed(due->stream) };
    return walk_files(expiry->output_fd, &bucket, count_file, contents);
}

/* --- deleting */

struct emptying {
    int output_fd;
    const char *folder;
};

/* Also what others put there: the folder's deadline is theirs. */
static enum sluice_err delete_name(void *self, const char *name)
{
    const struct emptying *emptying = self;
    char path[BUCKET_PATH_SIZE + 256];

    snprintf(path, sizeof path, "%s/%s", emptying->folder, name);
    return io_unlink_at(emptying->output_fd, path, 0);
}

static enum sluice_err delete_folder(int output_fd, const struct bucket_file *bucket)
{
    char folder[BUCKET_PATH_SIZE], stream[BUCKET_PATH_SIZE];
    struct emptying emptying = { output_fd, folder };

    bucket_folder_path(folder, bucket, 0);
    bucket_folder_path(stream, bucket, 1);
    enum sluice_err err = walk_names(output_fd, folder, delete_name, &emptying);
    if (!err)
        err = io_unlink_at(output_fd, folder, AT_REMOVEDIR);
    if (!err)
        err = io_sync_folder(output_fd, stream);
    return err == SLUICE_ERR_MISSING ? SLUICE_OK : err;
}

/* Both steps may have been done before; the second receipt is what ends it. */
static enum sluice_err finish(const struct expiry *expiry, const struct due *due, struct sluice_str text)
{
    const struct bucket_file bucket = bucket_of(due);
    struct sluice_buffer told;

    enum sluice_err err =
        sluice_local_forget(expiry->keep->transport, due->tenant, due->stream, due->deadline_s);
    if (!err)
        err = delete_folder(expiry->output_fd, &bucket);
    if (err)
        return err;
    sluice_buffer_init(&told, SLUICE_PATH_SIZE);
    sluice_buffer_append_str(&told, text);
    sluice_buffer_printf(&told, ",\"lateness_s\":%" PRId64,
                         expiry->keep->now_us / SLUICE_SECOND_US - due->deadline_s);
    err = sluice_buffer_err(&told);
    if (!err)
        err = receipt_write(expiry->keep, RECEIPT_DELETED, (struct sluice_str){ (char *)told.bytes, told.len });
    sluice_buffer_deinit(&told);
    return err;
}

static enum sluice_err delete_bucket(const struct expiry *expiry, const struct due *due,
                                     const struct contents *contents)
{
    char text[512], name[BUCKET_NAME_SIZE], deadline[SLUICE_TIME_TEXT_SIZE];

    bucket_name(name, due->deadline_s);
    sluice_time_format(deadline, due->deadline_s * SLUICE_SECOND_US);
    int len = snprintf(text, sizeof text,
                       "\"tenant\":\"%s\",\"stream\":\"%s\",\"bucket\":\"%s\",\"deadline\":\"%s\","
                       "\"files\":%" PRIu64 ",\"octets\":%" PRIu64,
                       due->tenant, due->stream, name, deadline, contents->files, contents->octets);
    if (contents->is_sealed)
        len += snprintf(text + len, sizeof text - (size_t)len, ",\"records\":%" PRIu64, contents->records);
    const struct sluice_str told = { text, (size_t)len };
    const enum sluice_err err = receipt_write(expiry->keep, RECEIPT_DELETING, told);
    return err ? err : finish(expiry, due, told);
}

static enum sluice_err report_bucket(const struct expiry *expiry, const struct due *due,
                                     const struct contents *contents)
{
    const int64_t lateness_s = expiry->keep->now_us / SLUICE_SECOND_US - due->deadline_s;
    struct sluice_keep_stream *stream = report_stream(expiry->report, due->tenant, due->stream);

    if (!stream)
        return SLUICE_ERR_MEMORY;
    stream->buckets++;
    stream->files += contents->files;
    stream->octets += contents->octets;
    stream->records += contents->records;
    if (lateness_s > stream->lateness_s_max)
        stream->lateness_s_max = lateness_s;
    return SLUICE_OK;
}

static enum sluice_err expire(const struct expiry *expiry, const struct due *due)
{
    struct contents contents;

    enum sluice_err err = count_contents(expiry, due, &contents);
    if (!err && expiry->keep->transport)
        err = delete_bucket(expiry, due, &contents);
    return err ? err : report_bucket(expiry, due, &contents);
}

/* A crash came between the receipts: the folder is there, or half of it, or nothing. */
static enum sluice_err resume(const struct expiry *expiry)
{
    struct sluice_buffer text;
    char bucket[BUCKET_NAME_SIZE];
    struct due due;

    sluice_buffer_init(&text, SLUICE_PATH_SIZE);
    enum sluice_err err = receipt_unfinished(expiry->keep, RECEIPT_DELETING, &text);
    const struct sluice_str told = { (const char *)text.bytes, text.len };
    if (!err && text.len > 0 && receipt_member(due.tenant, sizeof due.tenant, told, "tenant") &&
        receipt_member(due.stream, sizeof due.stream, told, "stream") &&
        receipt_member(bucket, sizeof bucket, told, "bucket") && bucket_parse(&due.deadline_s, bucket))
        err = finish(expiry, &due, told);
    sluice_buffer_deinit(&text);
    return err;
}

static enum sluice_err open_output(struct expiry *expiry, struct sluice_keep_report *report,
                                   const struct sluice_keep *keep)
{
    *expiry = (struct expiry){ .keep = keep, .report = report, .output_fd = -1 };
    return io_open_at(&expiry->output_fd, AT_FDCWD, keep->config->output, O_RDONLY | O_DIRECTORY, 0);
}

enum sluice_err keep_resume(struct sluice_keep_report *report, const struct sluice_keep *keep)
{
    struct expiry expiry;

    if (!keep->transport)
        return SLUICE_OK;
    enum sluice_err err = open_output(&expiry, report, keep);
    if (err)
        return err == SLUICE_ERR_MISSING ? SLUICE_OK : err;
    err = resume(&expiry);
    close(expiry.output_fd);
    return err;
}

/* A folder that cannot be deleted keeps no other from being. */
static enum sluice_err expire_all(const struct expiry *expiry)
{
    struct sluice_keep_report *report = expiry->report;
    enum sluice_err result = SLUICE_OK;

    for (size_t i = 0; i < expiry->count; i++) {
        const enum sluice_err err = expire(expiry, &expiry->due[i]);
        const struct bucket_file bucket = bucket_of(&expiry->due[i]);

        if (err && !result)
            bucket_folder_path(report->failed, &bucket, 0);
        result = result ? result : err;
    }
    return result;
}

enum sluice_err keep_buckets(struct sluice_keep_report *report, const struct sluice_keep *keep)
{
    struct expiry expiry;

    enum sluice_err err = open_output(&expiry, report, keep);
    if (err)
        return err == SLUICE_ERR_MISSING ? SLUICE_OK : err;
    err = walk_buckets(expiry.output_fd, NULL, NULL, look_at_bucket, &expiry);
    if (!err && expiry.count > 0) {
        qsort(expiry.due, expiry.count, sizeof *expiry.due, compare_due);
        err = expire_all(&expiry);
    }
    free(expiry.due);
    close(expiry.output_fd);
    return err;
}
