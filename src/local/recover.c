/* Outputs after a crash: what the log knows of is cut to its committed length,
 * an open file that it does not know of was never committed and goes. A closed
 * one was: a log that does not know it has lost its end, and to go on from
 * there would write the same rows again. */
#include <stdio.h>
#include <string.h>

#include "local/internal.h"
#include "local/io.h"
#include "local/walk.h"
#include "sluice/clock.h"

struct recovery {
    struct sluice_local *local;
    struct sluice_findings *findings;
    int64_t now_s;
};

static struct recovery begin(struct sluice_local *local, struct sluice_findings *findings)
{
    struct sluice_clock clock;

    sluice_clock_init(&clock, local->config->clock_us);
    return (struct recovery){ local, findings, sluice_clock_now_us(&clock) / SLUICE_SECOND_US };
}

static enum sluice_err damaged(const struct recovery *recovery, const char *path, const char *text)
{
    char where[SLUICE_PATH_SIZE + BUCKET_PATH_SIZE];

    snprintf(where, sizeof where, "%s/%s", recovery->local->config->output, path);
    sluice_findings_add(recovery->findings, SLUICE_FINDING_ERROR, "output-damaged", where, 0, 0, "%s", text);
    return SLUICE_ERR_DAMAGED;
}

static enum sluice_err recover_file(const struct recovery *recovery, struct local_output *output)
{
    struct sluice_local *local = recovery->local;
    const struct bucket_file file =
        catalog_file(&local->catalog, output->stream, output->deadline_s, output->number, true);
    char path[BUCKET_PATH_SIZE];
    uint64_t size;

    bucket_file_path(path, &file);
    const enum sluice_err err = io_size_at(&size, local->outputs.folder_fd, path);
    if (err == SLUICE_ERR_MISSING)
        return damaged(recovery, path,
                       "the change log knows this file and it is not there: restore state and output together");
    if (err)
        return err;
    if (size < output->length)
        return damaged(recovery, path,
                       "the file is shorter than what was committed: restore state and output together");
    output->pending_number = output->number;
    output->written = output->length;
    output->excess = size > output->length;
    return output_trim(&local->outputs, output);
}

/* The stream's number without making one: SIZE_MAX where the log knows no such stream. */
static size_t known_stream(const struct local_catalog *catalog, const struct bucket_file *file)
{
    for (size_t i = 0; i < catalog->stream_count; i++)
        if (strcmp(catalog->streams[i].tenant, file->tenant) == 0 &&
            strcmp(catalog->streams[i].name, file->stream) == 0)
            return i;
    return SIZE_MAX;
}

/* Whether the last commit closed it: then its rename is still to be done. */
static bool is_closing(const struct local_catalog *catalog, size_t stream, const struct bucket_file *file)
{
    for (size_t i = 0; i < catalog->action_count; i++) {
        const struct local_action *action = &catalog->actions[i];

        if (action->rename && action->stream == stream && action->deadline_s == file->deadline_s &&
            action->number == file->number)
            return true;
    }
    return false;
}

/* A bucket that is due may be forgotten already and not yet deleted. */
static enum sluice_err judge_closed_file(const struct recovery *recovery, const struct bucket_file *file,
                                         const struct local_output *output)
{
    char path[BUCKET_PATH_SIZE];

    if ((output && file->number <= output->last_number) || file->deadline_s <= recovery->now_s)
        return SLUICE_OK;
    bucket_file_path(path, file);
    return damaged(recovery, path,
                   "the change log in the state folder does not know this file, so the log has lost its end: "
                   "restore state and output together");
}

static enum sluice_err judge_file(void *self, const struct bucket_file *file)
{
    const struct recovery *recovery = self;
    const struct local_catalog *catalog = &recovery->local->catalog;
    const size_t stream = known_stream(catalog, file);
    const struct local_output *output =
        stream == SIZE_MAX ? NULL : catalog_find(catalog, (uint32_t)stream, file->deadline_s);
    char path[BUCKET_PATH_SIZE];

    if (!file->open)
        return judge_closed_file(recovery, file, output);
    if ((output && output->number == file->number) || is_closing(catalog, stream, file))
        return SLUICE_OK;
    bucket_file_path(path, file);
    return io_unlink_at(recovery->local->outputs.folder_fd, path, 0);
}

static enum sluice_err judge_files(void *self, const struct bucket_file *bucket)
{
    const struct recovery *recovery = self;

    return walk_files(recovery->local->outputs.folder_fd, bucket, judge_file, self);
}

enum sluice_err local_recover_outputs(struct sluice_local *local, struct sluice_findings *findings)
{
    struct recovery recovery = begin(local, findings);
    enum sluice_err err = SLUICE_OK;

    for (size_t i = 0; !err && i < local->catalog.output_count; i++)
        if (local->catalog.outputs[i]->number)
            err = recover_file(&recovery, local->catalog.outputs[i]);
    return err ? err : walk_buckets(local->outputs.folder_fd, NULL, NULL, judge_files, &recovery);
}

/* What an earlier state folder closed stays: the log that begins here knows its numbers. */
static enum sluice_err note_closed_file(const struct recovery *recovery, const struct bucket_file *file)
{
    struct local_catalog *catalog = &recovery->local->catalog;
    struct local_output *output;
    uint32_t stream;

    enum sluice_err err = catalog_stream(catalog, &stream, file->tenant, file->stream);
    if (!err)
        err = catalog_output(catalog, &output, stream, file->deadline_s);
    if (!err && output->last_number < file->number)
        output->last_number = file->number;
    return err;
}

static enum sluice_err note_file(void *self, const struct bucket_file *file)
{
    char path[BUCKET_PATH_SIZE];

    if (!file->open)
        return note_closed_file(self, file);
    bucket_file_path(path, file);
    return damaged(self, path,
                   "this file is open for another state folder: give each state folder an output folder of its own");
}

static enum sluice_err note_files(void *self, const struct bucket_file *bucket)
{
    const struct recovery *recovery = self;

    return walk_files(recovery->local->outputs.folder_fd, bucket, note_file, self);
}

enum sluice_err local_note_outputs(struct sluice_local *local, struct sluice_findings *findings)
{
    struct recovery recovery = begin(local, findings);

    return walk_buckets(local->outputs.folder_fd, NULL, NULL, note_files, &recovery);
}
