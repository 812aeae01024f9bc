#include "sluice/keep.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keep/audit.h"
#include "keep/keep_internal.h"
#include "local/io.h"
#include "local/walk.h"
#include "sluice/clock.h"

/* --- spooled input that nobody took up */

struct spools {
    const struct sluice_keep *keep;
    struct sluice_keep_report *report;
    int folder_fd;
};

static enum sluice_err delete_spool(void *self, const char *name)
{
    const struct spools *spools = self;
    const int64_t now_s = spools->keep->now_us / SLUICE_SECOND_US;
    struct stat st;
    char text[128];

    if (fstatat(spools->folder_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode) ||
        now_s - st.st_mtim.tv_sec < spools->keep->config->quarantine_s)
        return SLUICE_OK;
    spools->report->spools++;
    if (!spools->keep->transport)
        return SLUICE_OK;
    const int len = snprintf(text, sizeof text, "\"spool\":1,\"octets\":%lld,\"lateness_s\":%" PRId64,
                             (long long)st.st_size,
                             now_s - st.st_mtim.tv_sec - spools->keep->config->quarantine_s);
    const enum sluice_err err = io_unlink_at(spools->folder_fd, name, 0);
    return err ? err : receipt_write(spools->keep, RECEIPT_DELETED, (struct sluice_str){ text, (size_t)len });
}

enum sluice_err keep_spools(struct sluice_keep_report *report, const struct sluice_keep *keep)
{
    struct spools spools = { keep, report, -1 };
    char path[SLUICE_PATH_SIZE + 8];

    /* Files have the system's time, and a clock for tests another. */
    if (keep->config->clock_us)
        return SLUICE_OK;
    snprintf(path, sizeof path, "%s/spool", keep->config->state);
    enum sluice_err err = io_open_at(&spools.folder_fd, AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
    if (err)
        return err == SLUICE_ERR_MISSING ? SLUICE_OK : err;
    err = walk_names(spools.folder_fd, ".", delete_spool, &spools);
    close(spools.folder_fd);
    return err;
}

/* --- audit files have a period too */

static enum sluice_err prune_audit(struct sluice_keep_report *report, const struct sluice_keep *keep)
{
    static const char *const names[] = { SLUICE_AUDIT_RECEIPTS, SLUICE_AUDIT_ACCESS };
    const int64_t before_us = keep->now_us - keep->config->audit_s * SLUICE_SECOND_US;
    enum sluice_err err = SLUICE_OK;

    for (size_t i = 0; !err && i < sizeof names / sizeof names[0]; i++) {
        uint64_t cut;

        err = sluice_audit_prune(&cut, keep->config->state, names[i], keep->now_us, before_us);
        report->audit_lines += cut;
    }
    return err;
}

static int compare_streams(const void *left, const void *right)
{
    const struct sluice_keep_stream *a = left, *b = right;
    const int order = strcmp(a->tenant, b->tenant);

    return order ? order : strcmp(a->stream, b->stream);
}

enum sluice_err sluice_keep(struct sluice_keep_report *report, const struct sluice_keep *keep)
{
    enum sluice_err (*const steps[])(struct sluice_keep_report *, const struct sluice_keep *) = {
        keep_resume, keep_epochs, keep_buckets, keep_spools, prune_audit,
    };
    const size_t count = sizeof steps / sizeof steps[0] - (keep->transport ? 0 : 1);
    enum sluice_err result = SLUICE_OK;

    /* What fails keeps nothing else from being done. */
    for (size_t i = 0; i < count; i++) {
        const enum sluice_err err = steps[i](report, keep);

        if (!result)
            result = err;
    }
    if (report->stream_count > 0)
        qsort(report->streams, report->stream_count, sizeof *report->streams, compare_streams);
    return result;
}

/* --- the report */

struct sluice_keep_stream *report_stream(struct sluice_keep_report *report, const char *tenant, const char *stream)
{
    for (size_t i = 0; i < report->stream_count; i++)
        if (strcmp(report->streams[i].tenant, tenant) == 0 && strcmp(report->streams[i].stream, stream) == 0)
            return &report->streams[i];
    if (report->stream_count == report->stream_capacity) {
        const size_t larger = report->stream_capacity ? report->stream_capacity * 2 : 16;
        struct sluice_keep_stream *streams = realloc(report->streams, larger * sizeof *streams);

        if (!streams)
            return NULL;
        report->streams = streams;
        report->stream_capacity = larger;
    }
    struct sluice_keep_stream *added = &report->streams[report->stream_count++];
    memset(added, 0, sizeof *added);
    snprintf(added->tenant, sizeof added->tenant, "%s", tenant);
    snprintf(added->stream, sizeof added->stream, "%s", stream);
    return added;
}

void sluice_keep_report_free(struct sluice_keep_report *report)
{
    free(report->streams);
    *report = (struct sluice_keep_report){ 0 };
}

static void oldest_text(char text[static BUCKET_NAME_SIZE], const struct sluice_keep_stream *stream)
{
    if (stream->oldest_deadline_s)
        bucket_name(text, stream->oldest_deadline_s);
    else
        snprintf(text, BUCKET_NAME_SIZE, "-");
}

void sluice_keep_report_text(const struct sluice_keep_report *report, struct sluice_buffer *out)
{
    sluice_buffer_printf(out, "%-40s %8s %8s %14s %9s %9s  %s\n", "STREAM", "BUCKETS", "FILES", "OCTETS", "RECORDS",
                         "LATE BY", "NEXT DEADLINE");
    for (size_t i = 0; i < report->stream_count; i++) {
        const struct sluice_keep_stream *stream = &report->streams[i];
        char name[2 * SLUICE_NAME_MAX + 2], oldest[BUCKET_NAME_SIZE];

        snprintf(name, sizeof name, "%s/%s", stream->tenant, stream->stream);
        oldest_text(oldest, stream);
        sluice_buffer_printf(out, "%-40s %8" PRIu64 " %8" PRIu64 " %14" PRIu64 " %9" PRIu64 " %7" PRId64 " s  %s\n",
                             name, stream->buckets, stream->files, stream->octets, stream->records,
                             stream->lateness_s_max, oldest);
    }
    sluice_buffer_printf(out, "keys of epochs: %" PRIu64 ", spools: %" PRIu64 ", audit lines: %" PRIu64 "\n",
                         report->epochs, report->spools, report->audit_lines);
}

void sluice_keep_report_json(const struct sluice_keep_report *report, struct sluice_buffer *out)
{
    sluice_buffer_append_text(out, "{\"streams\":[");
    for (size_t i = 0; i < report->stream_count; i++) {
        const struct sluice_keep_stream *stream = &report->streams[i];
        char oldest[BUCKET_NAME_SIZE];

        oldest_text(oldest, stream);
        sluice_buffer_printf(out,
                             "%s{\"tenant\":\"%s\",\"stream\":\"%s\",\"buckets\":%" PRIu64 ",\"files\":%" PRIu64
                             ",\"octets\":%" PRIu64 ",\"records\":%" PRIu64 ",\"lateness_s_max\":%" PRId64,
                             i ? "," : "", stream->tenant, stream->stream, stream->buckets, stream->files,
                             stream->octets, stream->records, stream->lateness_s_max);
        if (stream->oldest_deadline_s)
            sluice_buffer_printf(out, ",\"next_deadline\":\"%s\"", oldest);
        sluice_buffer_append_text(out, "}");
    }
    sluice_buffer_printf(out, "],\"epochs\":%" PRIu64 ",\"spools\":%" PRIu64 ",\"audit_lines\":%" PRIu64 "}",
                         report->epochs, report->spools, report->audit_lines);
}
