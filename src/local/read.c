/* For readers beside the process that holds the lock: nothing is changed. The
 * log is read as it stands; a snapshot that takes over meanwhile means another
 * keyring and another segment, so reading starts over with those. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "local/batch_file.h"
#include "local/internal.h"
#include "local/io.h"
#include "local/walk.h"

#define TRIES 3

/* Read the log into tables and catalog once. */
static enum sluice_err read_once(struct local_catalog *catalog, struct sluice_findings *findings,
                                 const struct sluice_config *config, const struct sluice_keyring *keyring,
                                 const struct sluice_state_table tables[], size_t table_count)
{
    char folder[SLUICE_PATH_SIZE + 8], name[SEGMENT_NAME_SIZE], path[sizeof folder + SEGMENT_NAME_SIZE];
    struct load load = { .findings = findings, .catalog = catalog, .tables = tables, .table_count = table_count };
    struct segment_choice choice;
    struct log_reader reader;
    int log_fd;

    local_log_path(folder, config);
    enum sluice_err err = io_open_at(&log_fd, AT_FDCWD, folder, O_RDONLY | O_DIRECTORY, 0);
    if (err)
        return err == SLUICE_ERR_MISSING && keyring->state[0].generation <= 1 ? SLUICE_OK : err;
    err = segment_choose(&choice, findings, log_fd, folder, keyring);
    if (!err && choice.segment) {
        segment_name(name, choice.segment, false);
        snprintf(path, sizeof path, "%s/%s", folder, name);
        err = log_reader_open(&reader, log_fd, name, keyring->state[choice.slot].key);
        if (!err)
            err = load_segment(&load, &reader, choice.segment, path);
        log_reader_close(&reader);
    }
    close(log_fd);
    return err;
}

static bool is_same_log(const struct sluice_keyring *a, const struct sluice_keyring *b)
{
    return a->state[0].generation == b->state[0].generation && a->state[1].generation == b->state[1].generation;
}

/* Read the log, again when it was replaced meanwhile. */
static enum sluice_err read_log(struct local_catalog *catalog, struct sluice_findings *findings,
                                const struct sluice_config *config, const struct sluice_keyring *keyring,
                                const struct sluice_state_table tables[], size_t table_count)
{
    struct sluice_keyring *fresh = NULL;
    enum sluice_err err = SLUICE_OK;

    for (int i = 0; i < TRIES; i++) {
        struct sluice_findings found;
        struct sluice_keyring *newer;

        catalog_deinit(catalog);
        sluice_findings_init(&found);
        err = read_once(catalog, &found, config, fresh ? fresh : keyring, tables, table_count);
        const bool again = err && i + 1 < TRIES && sluice_keyring_open(&newer, config->state) == SLUICE_OK;
        const bool replaced = again && !is_same_log(newer, fresh ? fresh : keyring);
        for (size_t k = 0; !replaced && k < found.count; k++)
            sluice_findings_add(findings, found.list[k].level, found.list[k].rule, found.list[k].file,
                                found.list[k].line, found.list[k].column, "%s", found.list[k].text);
        sluice_findings_deinit(&found);
        if (again) {
            sluice_keyring_close(fresh);
            fresh = newer;
        }
        if (!replaced)
            break;
    }
    sluice_keyring_close(fresh);
    return err;
}

enum sluice_err sluice_local_read(struct sluice_findings *findings, const struct sluice_config *config,
                                  struct sluice_keyring *keyring, const struct sluice_state_table tables[],
                                  size_t table_count)
{
    struct local_catalog catalog;

    catalog_init(&catalog);
    const enum sluice_err err = read_log(&catalog, findings, config, keyring, tables, table_count);
    catalog_deinit(&catalog);
    return err;
}

/* --- streams ----------------------------------------------------------- */

struct stream_file {
    int64_t deadline_s;
    uint64_t number;
    uint64_t start;         /* where a sealed file that half re-entered begins */
    uint64_t size;
    bool open;
};

struct sluice_stream_reader {
    int output_fd;
    char tenant[SLUICE_NAME_MAX + 1];
    char stream[SLUICE_NAME_MAX + 1];
    struct local_catalog catalog;
    uint32_t id;            /* of the stream in the catalog */
    struct stream_file *files;
    size_t count, capacity, next;
    struct batch_file file;
};

static enum sluice_err add_file(struct sluice_stream_reader *reader, const struct stream_file *file)
{
    if (reader->count == reader->capacity) {
        const size_t larger = reader->capacity ? reader->capacity * 2 : 16;
        struct stream_file *files = realloc(reader->files, larger * sizeof *files);

        if (!files)
            return SLUICE_ERR_MEMORY;
        reader->files = files;
        reader->capacity = larger;
    }
    reader->files[reader->count++] = *file;
    return SLUICE_OK;
}

/* What the last commit says is to be done with a file; NULL: nothing. */
static const struct local_action *find_action(const struct local_catalog *catalog, uint32_t stream,
                                              const struct bucket_file *file)
{
    for (size_t i = 0; i < catalog->action_count; i++) {
        const struct local_action *action = &catalog->actions[i];

        if (action->stream == stream && action->deadline_s == file->deadline_s && action->number == file->number)
            return action;
    }
    return NULL;
}

/* How much of a file counts. A closed file counts whole, also where its new
 * name is on its way; an open one as far as the log knows of it. False where
 * nothing of it does. */
static bool committed_size(const struct sluice_stream_reader *reader, const struct bucket_file *file, uint64_t *size)
{
    const struct local_action *action = find_action(&reader->catalog, reader->id, file);

    if (action)
        return action->rename;
    if (!file->open)
        return true;
    const struct local_output *output = catalog_find(&reader->catalog, reader->id, file->deadline_s);
    if (!output || output->number != file->number || output->length > *size)
        return false;
    *size = output->length;
    return true;
}

static enum sluice_err list_file(void *self, const struct bucket_file *file)
{
    struct sluice_stream_reader *reader = self;
    struct stream_file added = { .deadline_s = file->deadline_s, .number = file->number, .open = file->open };
    char path[BUCKET_PATH_SIZE];

    bucket_file_path(path, file);
    const enum sluice_err err = io_size_at(&added.size, reader->output_fd, path);
    if (err)
        return err == SLUICE_ERR_MISSING ? SLUICE_OK : err;
    if (!committed_size(reader, file, &added.size))
        return SLUICE_OK;
    const struct local_position *position =
        catalog_position(&reader->catalog, reader->id, file->deadline_s, file->number);
    if (position && position->offset <= added.size)
        added.start = position->offset;
    return add_file(reader, &added);
}

static bool is_listed(const struct sluice_stream_reader *reader, int64_t deadline_s, uint64_t number)
{
    for (size_t i = 0; i < reader->count; i++)
        if (reader->files[i].deadline_s == deadline_s && reader->files[i].number == number)
            return true;
    return false;
}

/* A file that was open by the log and whose name changed while the folder was
 * listed may have been seen under neither name. */
static enum sluice_err list_renamed(struct sluice_stream_reader *reader, int64_t deadline_s, uint64_t number)
{
    struct bucket_file file =
        catalog_file(&reader->catalog, reader->id, deadline_s, number, true);
    enum sluice_err err = SLUICE_OK;

    for (int open = 1; !err && open >= 0 && !is_listed(reader, deadline_s, number); open--) {
        file.open = open;
        err = list_file(reader, &file);
    }
    return err;
}

static enum sluice_err list_all_renamed(struct sluice_stream_reader *reader)
{
    const struct local_catalog *catalog = &reader->catalog;
    enum sluice_err err = SLUICE_OK;

    for (size_t i = 0; !err && i < catalog->output_count; i++)
        if (catalog->outputs[i]->stream == reader->id && catalog->outputs[i]->number)
            err = list_renamed(reader, catalog->outputs[i]->deadline_s, catalog->outputs[i]->number);
    for (size_t i = 0; !err && i < catalog->action_count; i++)
        if (catalog->actions[i].stream == reader->id && catalog->actions[i].rename)
            err = list_renamed(reader, catalog->actions[i].deadline_s, catalog->actions[i].number);
    return err;
}

static enum sluice_err list_bucket(void *self, const struct bucket_file *bucket)
{
    struct sluice_stream_reader *reader = self;

    return walk_files(reader->output_fd, bucket, list_file, reader);
}

/* By bucket, then number; should one be seen under both names, the closed one first. */
static int compare_files(const void *left, const void *right)
{
    const struct stream_file *a = left, *b = right;

    if (a->deadline_s != b->deadline_s)
        return a->deadline_s < b->deadline_s ? -1 : 1;
    if (a->number != b->number)
        return a->number < b->number ? -1 : 1;
    return a->open - b->open;
}

static void order_files(struct sluice_stream_reader *reader)
{
    size_t kept = 0;

    if (reader->count > 0)
        qsort(reader->files, reader->count, sizeof *reader->files, compare_files);
    for (size_t i = 0; i < reader->count; i++) {
        const struct stream_file *file = &reader->files[i];

        if (kept > 0 && reader->files[kept - 1].deadline_s == file->deadline_s &&
            reader->files[kept - 1].number == file->number)
            continue;
        reader->files[kept++] = *file;
    }
    reader->count = kept;
}

static enum sluice_err read_catalog(struct local_catalog *catalog, const struct sluice_config *config,
                                    const struct sluice_keyring *keyring)
{
    struct sluice_findings findings;

    sluice_findings_init(&findings);
    const enum sluice_err err = read_log(catalog, &findings, config, keyring, NULL, 0);
    sluice_findings_deinit(&findings);
    return err;
}

enum sluice_err sluice_stream_open(struct sluice_stream_reader **reader, const struct sluice_config *config,
                                   struct sluice_keyring *keyring, const char *tenant, const char *stream)
{
    struct sluice_stream_reader *opened = calloc(1, sizeof *opened);
    enum sluice_err err = SLUICE_OK;

    *reader = NULL;
    if (!opened)
        return SLUICE_ERR_MEMORY;
    opened->output_fd = -1;
    snprintf(opened->tenant, sizeof opened->tenant, "%s", tenant);
    snprintf(opened->stream, sizeof opened->stream, "%s", stream);
    catalog_init(&opened->catalog);
    batch_file_init(&opened->file);
    if (keyring)
        err = read_catalog(&opened->catalog, config, keyring);
    if (!err)
        err = io_open_at(&opened->output_fd, AT_FDCWD, config->output, O_RDONLY | O_DIRECTORY, 0);
    if (!err)
        err = catalog_stream(&opened->catalog, &opened->id, opened->tenant, opened->stream);
    if (!err)
        err = walk_buckets(opened->output_fd, opened->tenant, opened->stream, list_bucket, opened);
    if (!err)
        err = list_all_renamed(opened);
    if (err) {
        sluice_stream_close(opened);
        return err;
    }
    order_files(opened);
    *reader = opened;
    return SLUICE_OK;
}

/* Closed since it was listed, it has its other name, and counts whole: its rows
 * may have another order now. Deleted, nobody may see it any more. */
static enum sluice_err open_next(struct sluice_stream_reader *reader)
{
    const struct stream_file *file = &reader->files[reader->next++];
    struct bucket_file name = { reader->tenant, reader->stream, file->deadline_s, file->number, file->open };
    char path[BUCKET_PATH_SIZE];
    uint64_t size = file->size;
    int fd;

    bucket_file_path(path, &name);
    enum sluice_err err = io_open_at(&fd, reader->output_fd, path, O_RDONLY | O_NOFOLLOW, 0);
    if (err == SLUICE_ERR_MISSING && file->open) {
        name.open = false;
        bucket_file_path(path, &name);
        err = io_open_at(&fd, reader->output_fd, path, O_RDONLY | O_NOFOLLOW, 0);
        if (!err && (err = io_size(&size, fd)))
            close(fd);
    }
    if (!err)
        batch_file_begin(&reader->file, fd, file->start, size);
    return err == SLUICE_ERR_MISSING ? SLUICE_OK : err;
}

int sluice_stream_next(struct sluice_stream_reader *reader, int *field, const uint8_t **bytes, size_t *len)
{
    enum sluice_err err;

    for (;;) {
        if (reader->file.fd >= 0) {
            const int got = batch_file_next(&reader->file, field, bytes, len, &err);

            if (got != 0)
                return got < 0 ? -1 : 1;
            batch_file_end(&reader->file);
        }
        if (reader->next == reader->count)
            return 0;
        if (open_next(reader))
            return -1;
    }
}

void sluice_stream_close(struct sluice_stream_reader *reader)
{
    if (!reader)
        return;
    batch_file_deinit(&reader->file);
    catalog_deinit(&reader->catalog);
    if (reader->output_fd >= 0)
        close(reader->output_fd);
    free(reader->files);
    free(reader);
}
