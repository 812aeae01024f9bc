/* Outputs after a crash: what the log knows of is cut to its committed length,
 * what it does not know of was never committed and goes. */
#include <stdio.h>
#include <string.h>

#include "local/internal.h"
#include "local/io.h"
#include "local/walk.h"

struct recovery {
    struct sluice_local *local;
    struct sluice_findings *findings;
};

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

static enum sluice_err drop_unknown_file(void *self, const struct bucket_file *file)
{
    const struct recovery *recovery = self;
    const struct local_catalog *catalog = &recovery->local->catalog;
    char path[BUCKET_PATH_SIZE];

    if (!file->open)
        return SLUICE_OK;
    const size_t stream = known_stream(catalog, file);
    if (stream != SIZE_MAX) {
        const struct local_output *output = catalog_find(catalog, (uint32_t)stream, file->deadline_s);

        if ((output && output->number == file->number) || is_closing(catalog, stream, file))
            return SLUICE_OK;
    }
    bucket_file_path(path, file);
    return io_unlink_at(recovery->local->outputs.folder_fd, path, 0);
}

static enum sluice_err drop_unknown_files(void *self, const struct bucket_file *bucket)
{
    const struct recovery *recovery = self;

    return walk_files(recovery->local->outputs.folder_fd, bucket, drop_unknown_file, self);
}

enum sluice_err local_recover_outputs(struct sluice_local *local, struct sluice_findings *findings)
{
    struct recovery recovery = { local, findings };
    enum sluice_err err = SLUICE_OK;

    for (size_t i = 0; !err && i < local->catalog.output_count; i++)
        if (local->catalog.outputs[i]->number)
            err = recover_file(&recovery, local->catalog.outputs[i]);
    return err ? err : walk_buckets(local->outputs.folder_fd, NULL, NULL, drop_unknown_files, &recovery);
}

static enum sluice_err refuse_open_file(void *self, const struct bucket_file *file)
{
    char path[BUCKET_PATH_SIZE];

    if (!file->open)
        return SLUICE_OK;
    bucket_file_path(path, file);
    return damaged(self, path,
                   "this file is open for another state folder: give each state folder an output folder of its own");
}

static enum sluice_err refuse_open_files(void *self, const struct bucket_file *bucket)
{
    const struct recovery *recovery = self;

    return walk_files(recovery->local->outputs.folder_fd, bucket, refuse_open_file, self);
}

enum sluice_err local_refuse_outputs(struct sluice_local *local, struct sluice_findings *findings)
{
    struct recovery recovery = { local, findings };

    return walk_buckets(local->outputs.folder_fd, NULL, NULL, refuse_open_files, &recovery);
}
