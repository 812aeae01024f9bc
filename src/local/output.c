#include "local/output.h"

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "local/io.h"
#include "local/mix.h"

#define FOLDER_MODE 0750
#define FILE_MODE   0640
#define MIXED_MODE  0600   /* until it is mixed nobody else reads it */
#define LEVELS      4      /* bucket, stream, tenant, output folder */
#define SYNCS_MAX   8      /* single files and folders; beyond it the file system is synced as a whole */

enum sluice_err outputs_open(struct local_outputs *outputs, const char *folder, struct local_catalog *catalog)
{
    bool made;

    *outputs = (struct local_outputs){ .folder_fd = -1, .catalog = catalog };
    outputs->staging = malloc(OUTPUT_STAGING_SIZE);
    if (!outputs->staging)
        return SLUICE_ERR_MEMORY;
    enum sluice_err err = io_mkdir_at(&made, AT_FDCWD, folder, FOLDER_MODE);
    if (!err)
        err = io_open_at(&outputs->folder_fd, AT_FDCWD, folder, O_RDONLY | O_DIRECTORY, 0);
    return err || !made ? err : io_sync_folder(outputs->folder_fd, "..");
}

static struct bucket_file pending_file(const struct local_outputs *outputs, const struct local_output *output)
{
    return catalog_file(outputs->catalog, output->stream, output->deadline_s, output->pending_number, true);
}

/* --- descriptors, the one used last first ------------------------------ */

static void unlink_output(struct local_outputs *outputs, struct local_output *output)
{
    *(output->newer ? &output->newer->older : &outputs->newest) = output->older;
    *(output->older ? &output->older->newer : &outputs->oldest) = output->newer;
    output->newer = output->older = NULL;
}

static void link_newest(struct local_outputs *outputs, struct local_output *output)
{
    output->older = outputs->newest;
    *(outputs->newest ? &outputs->newest->newer : &outputs->oldest) = output;
    outputs->newest = output;
}

static void drop_descriptor(struct local_outputs *outputs, struct local_output *output)
{
    if (output->fd < 0)
        return;
    close(output->fd);
    output->fd = -1;
    outputs->descriptor_count--;
    unlink_output(outputs, output);
}

void outputs_close(struct local_outputs *outputs)
{
    while (outputs->newest)
        drop_descriptor(outputs, outputs->newest);
    if (outputs->folder_fd >= 0)
        close(outputs->folder_fd);
    outputs->folder_fd = -1;
    free(outputs->staging);
    outputs->staging = NULL;
}

/* What it wrote stays unsynced: outputs_sync knows what to do without a descriptor. */
static void evict_oldest(struct local_outputs *outputs)
{
    if (outputs->oldest->unsynced)
        io_sync_start(outputs->oldest->fd);
    drop_descriptor(outputs, outputs->oldest);
}

static enum sluice_err open_descriptor(struct local_outputs *outputs, struct local_output *output, int flags)
{
    const struct bucket_file file = pending_file(outputs, output);
    char path[BUCKET_PATH_SIZE];
    enum sluice_err err;

    if (output->fd >= 0) {
        unlink_output(outputs, output);
        link_newest(outputs, output);
        return SLUICE_OK;
    }
    bucket_file_path(path, &file);
    if (outputs->descriptor_count == OUTPUT_DESCRIPTORS_MAX)
        evict_oldest(outputs);
    /* Others may have taken the process's descriptors: give up our own, one by one. */
    while ((err = io_open_at(&output->fd, outputs->folder_fd, path, O_RDWR | O_NOFOLLOW | flags,
                             outputs->catalog->streams[output->stream].mixed ? MIXED_MODE : FILE_MODE)) ==
               SLUICE_ERR_FULL && outputs->oldest)
        evict_oldest(outputs);
    if (err)
        return err;
    outputs->descriptor_count++;
    link_newest(outputs, output);
    return SLUICE_OK;
}

/* --- files ------------------------------------------------------------- */

static enum sluice_err make_folders(struct local_outputs *outputs, struct local_output *output,
                                    const struct bucket_file *file)
{
    for (int level = 2; level >= 0; level--) {
        char path[BUCKET_PATH_SIZE];
        bool made;

        bucket_folder_path(path, file, level);
        const enum sluice_err err = io_mkdir_at(&made, outputs->folder_fd, path, FOLDER_MODE);
        if (err)
            return err;
        if (made)
            output->names_unsynced |= (uint8_t)(1 << (level + 1));
    }
    output->names_unsynced |= 1;
    return SLUICE_OK;
}

static enum sluice_err is_free(bool *free_number, struct local_outputs *outputs, struct bucket_file *file)
{
    enum sluice_err err = SLUICE_ERR_MISSING;

    for (int open = 0; open < 2 && err == SLUICE_ERR_MISSING; open++) {
        char path[BUCKET_PATH_SIZE];
        uint64_t size;

        file->open = open;
        bucket_file_path(path, file);
        err = io_size_at(&size, outputs->folder_fd, path);
    }
    *free_number = err == SLUICE_ERR_MISSING;
    return *free_number ? SLUICE_OK : err;
}

/* The next number that nothing on disk has: a state folder that was made anew
 * must not write over what an earlier one left. */
static enum sluice_err choose_number(struct local_outputs *outputs, struct local_output *output)
{
    struct bucket_file file = catalog_file(outputs->catalog, output->stream, output->deadline_s,
                                           output->last_number, true);
    enum sluice_err err = SLUICE_OK;
    bool free_number = false;

    while (!err && !free_number) {
        file.number++;
        err = is_free(&free_number, outputs, &file);
    }
    if (!err)
        output->pending_number = file.number;
    return err;
}

static enum sluice_err start_file(struct local_outputs *outputs, struct local_output *output)
{
    enum sluice_err err = choose_number(outputs, output);
    if (err)
        return err;

    const struct bucket_file file = pending_file(outputs, output);
    output->written = 0;
    output->excess = false;
    err = make_folders(outputs, output, &file);
    return err ? err : open_descriptor(outputs, output, O_CREAT | O_EXCL);
}

enum sluice_err output_trim(struct local_outputs *outputs, struct local_output *output)
{
    if (!output->excess)
        return SLUICE_OK;
    enum sluice_err err = open_descriptor(outputs, output, 0);
    if (!err)
        err = io_truncate(output->fd, output->written);
    if (!err) {
        output->excess = false;
        output->unsynced = true;   /* what was cut off must not come back when power goes */
    }
    return err;
}

/* The end of the file as it will be, behind what is staged. */
static enum sluice_err flush(struct local_outputs *outputs, struct local_output *output, size_t *staged)
{
    if (*staged == 0)
        return SLUICE_OK;
    const enum sluice_err err = io_write_at(output->fd, outputs->staging, *staged, output->written);
    if (err) {
        output->excess = true;
        return err;
    }
    output->written += *staged;
    *staged = 0;
    return SLUICE_OK;
}

static enum sluice_err write_large(struct local_output *output, const struct sluice_row *row)
{
    const enum sluice_err err = io_write_at(output->fd, row->bytes, row->len, output->written);

    output->excess |= err != SLUICE_OK;
    output->written += err ? 0 : row->len;
    return err;
}

enum sluice_err output_append(struct local_outputs *outputs, struct local_output *output,
                              const struct sluice_row rows[], size_t count)
{
    size_t staged = 0;

    output->touched = true;
    enum sluice_err err = output->pending_number ? open_descriptor(outputs, output, 0)
                                                 : start_file(outputs, output);
    if (!err)
        err = output_trim(outputs, output);
    output->unsynced |= !err;
    for (size_t i = 0; !err && i < count; i++) {
        if (rows[i].len > OUTPUT_STAGING_SIZE - staged)
            err = flush(outputs, output, &staged);
        if (err)
            break;
        if (rows[i].len > OUTPUT_STAGING_SIZE) {
            err = write_large(output, &rows[i]);
        } else {
            memcpy(outputs->staging + staged, rows[i].bytes, rows[i].len);
            staged += rows[i].len;
        }
    }
    return err ? err : flush(outputs, output, &staged);
}

/* --- commit and abort -------------------------------------------------- */

static enum sluice_err sync_names(struct local_outputs *outputs, struct local_output *output)
{
    const struct bucket_file file = pending_file(outputs, output);
    enum sluice_err err = SLUICE_OK;

    for (int level = 0; !err && level < LEVELS; level++) {
        char path[BUCKET_PATH_SIZE];

        if (!(output->names_unsynced & 1 << level))
            continue;
        bucket_folder_path(path, &file, level);
        err = io_sync_folder(outputs->folder_fd, path);
        if (!err)
            output->names_unsynced &= (uint8_t)~(1 << level);
    }
    return err;
}

static enum sluice_err sync_output(struct local_outputs *outputs, struct local_output *output)
{
    enum sluice_err err = SLUICE_OK;

    if (output->unsynced)
        err = io_sync(output->fd);
    if (!err)
        output->unsynced = false;
    return err || !output->names_unsynced ? err : sync_names(outputs, output);
}

/* How many single syncs it would take; more than any number where one of them
 * cannot be made, as the file has no descriptor any more. */
static size_t count_unsynced(const struct local_catalog *catalog)
{
    size_t count = 0;

    for (size_t i = 0; i < catalog->output_count; i++) {
        const struct local_output *output = catalog->outputs[i];

        if (output->unsynced && output->fd < 0)
            return SIZE_MAX;
        count += output->unsynced;
        for (int level = 0; level < LEVELS; level++)
            count += output->names_unsynced >> level & 1;
    }
    return count;
}

static enum sluice_err sync_everything(struct local_outputs *outputs)
{
    const enum sluice_err err = io_sync_everything(outputs->folder_fd);

    for (size_t i = 0; !err && i < outputs->catalog->output_count; i++) {
        outputs->catalog->outputs[i]->unsynced = false;
        outputs->catalog->outputs[i]->names_unsynced = 0;
    }
    return err;
}

enum sluice_err outputs_sync(struct local_outputs *outputs)
{
    struct local_catalog *catalog = outputs->catalog;
    enum sluice_err err = SLUICE_OK;

    if (count_unsynced(catalog) > SYNCS_MAX)
        return sync_everything(outputs);
    /* All are on their way before the first is waited for. */
    for (size_t i = 0; i < catalog->output_count; i++)
        if (catalog->outputs[i]->unsynced)
            io_sync_start(catalog->outputs[i]->fd);
    for (size_t i = 0; !err && i < catalog->output_count; i++)
        err = sync_output(outputs, catalog->outputs[i]);
    return err;
}

/* A file that no commit knows goes. If it cannot, its number is passed over and recovery deletes it. */
static void drop_new_file(struct local_outputs *outputs, struct local_output *output)
{
    const struct bucket_file file = pending_file(outputs, output);
    char path[BUCKET_PATH_SIZE];

    drop_descriptor(outputs, output);
    bucket_file_path(path, &file);
    const enum sluice_err ignored = io_unlink_at(outputs->folder_fd, path, 0);
    (void)ignored;
    output->excess = false;
}

static void revert(struct local_outputs *outputs, struct local_output *output)
{
    if (output->pending_number != output->number)
        drop_new_file(outputs, output);
    output->pending_number = output->number;
    output->written = output->length;
    output->touched = output->unsynced = output->closing = false;
    if (output->number == 0)
        return;
    output->excess = true;
    const enum sluice_err ignored = output_trim(outputs, output);   /* tried again before the next append */
    (void)ignored;
}

void outputs_revert(struct local_outputs *outputs)
{
    for (size_t i = 0; i < outputs->catalog->output_count; i++) {
        struct local_output *output = outputs->catalog->outputs[i];

        if (output->touched || output->closing)
            revert(outputs, output);
    }
}

void outputs_committed(struct local_outputs *outputs)
{
    for (size_t i = 0; i < outputs->catalog->output_count; i++) {
        struct local_output *output = outputs->catalog->outputs[i];

        if (!output->touched && !output->closing)
            continue;
        if (output->closing)
            drop_descriptor(outputs, output);
        output->pending_number = output->number;
        output->written = output->length;
        output->touched = output->closing = false;
    }
}

void output_forget(struct local_outputs *outputs, struct local_output *output)
{
    drop_descriptor(outputs, output);
}

/* Missing: done before, and perhaps taken away by a reader since. */
static enum sluice_err act(struct local_outputs *outputs, const struct local_action *action)
{
    struct bucket_file file =
        catalog_file(outputs->catalog, action->stream, action->deadline_s, action->number, action->rename);
    char from[BUCKET_PATH_SIZE], to[BUCKET_PATH_SIZE];

    bucket_file_path(from, &file);
    if (!action->rename)
        return io_unlink_at(outputs->folder_fd, from, 0);
    file.open = false;
    bucket_file_path(to, &file);
    const enum sluice_err err = action->mix ? mix_file(outputs->folder_fd, from, to, outputs->staging)
                                            : io_rename_at(outputs->folder_fd, from, to);
    return err == SLUICE_ERR_MISSING ? SLUICE_OK : err;
}

static enum sluice_err sync_actions(struct local_outputs *outputs)
{
    const struct local_catalog *catalog = outputs->catalog;
    enum sluice_err err = SLUICE_OK;

    if (catalog->action_count > SYNCS_MAX)
        return io_sync_everything(outputs->folder_fd);
    for (size_t i = 0; !err && i < catalog->action_count; i++) {
        const struct local_action *action = &catalog->actions[i];
        const struct bucket_file file =
            catalog_file(catalog, action->stream, action->deadline_s, action->number, false);
        char folder[BUCKET_PATH_SIZE];

        bucket_folder_path(folder, &file, 0);
        err = io_sync_folder(outputs->folder_fd, folder);
        if (err == SLUICE_ERR_MISSING)
            err = SLUICE_OK;
    }
    return err;
}

enum sluice_err outputs_act(struct local_outputs *outputs)
{
    struct local_catalog *catalog = outputs->catalog;
    enum sluice_err err = SLUICE_OK;

    for (size_t i = 0; !err && i < catalog->action_count; i++)
        err = act(outputs, &catalog->actions[i]);
    if (!err)
        err = sync_actions(outputs);
    /* All of them or none: each may be done again. */
    if (!err)
        catalog->action_count = 0;
    return err;
}
