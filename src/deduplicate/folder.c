/* The folder with the files of cold hours: opened at the start, when every file
 * that the state speaks of must be there, and every other goes. */
#include "deduplicate/deduplicate_set.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "local/io.h"
#include "local/walk.h"
#include "sluice/clock.h"

#define FOLDER_NAME "deduplication"

void deduplicate_folder_close(struct deduplicate *set)
{
    fingerprint_folder_close(&set->folder);
    free(set->dropped);
}

static void file_path(char path[static SLUICE_PATH_SIZE + 64], const struct deduplicate *set, uint64_t number)
{
    char name[FINGERPRINT_FILE_NAME_SIZE];

    fingerprint_file_name(name, number);
    snprintf(path, SLUICE_PATH_SIZE + 64, "%s/%s", set->path, name);
}

void deduplicate_explain(const struct deduplicate *set, struct sluice_findings *findings)
{
    char path[SLUICE_PATH_SIZE + 64], hour[SLUICE_TIME_TEXT_SIZE];

    if (!set->damaged_number)
        return;
    file_path(path, set, set->damaged_number);
    sluice_time_format(hour, set->damaged_hour * DEDUPLICATE_BUCKET_US);
    sluice_findings_add(findings, SLUICE_FINDING_ERROR, "deduplication-damaged", path, 0, 0,
                        "what says which records of the hour from %s came before is not what was written; restore the "
                        "state folder as a whole, or begin anew with an empty state and output folder", hour);
}

static enum sluice_err check_file(struct deduplicate *set, const struct bucket *bucket,
                                  struct sluice_findings *findings)
{
    char name[FINGERPRINT_FILE_NAME_SIZE];
    uint64_t size;

    fingerprint_file_name(name, bucket->file.number);
    enum sluice_err err = io_size_at(&size, set->folder.fd, name);
    if (err == SLUICE_ERR_MISSING || (!err && size != fingerprint_file_size(bucket->file.count)))
        err = SLUICE_ERR_DAMAGED;
    (void)deduplicate_note_damage(set, bucket, err);
    if (err == SLUICE_ERR_DAMAGED)
        deduplicate_explain(set, findings);
    return err;
}

static int compare_numbers(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

struct named { const struct deduplicate *set; uint64_t *numbers; size_t count, capacity; };

static enum sluice_err delete_unnamed(void *self, const char *name)
{
    const struct named *named = self;
    const uint64_t number = fingerprint_file_number(name);

    if (!number || !named->count)
        return number ? io_unlink_at(named->set->folder.fd, name, 0) : SLUICE_OK;
    if (bsearch(&number, named->numbers, named->count, sizeof number, compare_numbers))
        return SLUICE_OK;
    return io_unlink_at(named->set->folder.fd, name, 0);
}

/* Every file that the state speaks of is there and whole in size; no other is. */
static enum sluice_err check_files(struct deduplicate *set, struct sluice_findings *findings)
{
    struct named named = { .set = set };
    enum sluice_err err = SLUICE_OK;

    for (size_t i = 0; !err && i < RING_SIZE; i++) {
        if (!set->ring[i].file.number)
            continue;
        err = check_file(set, &set->ring[i], findings);
        if (!err && !deduplicate_room((void **)&named.numbers, &named.capacity, named.count, sizeof *named.numbers))
            err = SLUICE_ERR_MEMORY;
        if (!err)
            named.numbers[named.count++] = set->ring[i].file.number;
    }
    if (!err && named.count)
        qsort(named.numbers, named.count, sizeof *named.numbers, compare_numbers);
    if (!err)
        err = walk_names(set->folder.fd, ".", delete_unnamed, &named);
    free(named.numbers);
    return err;
}

enum sluice_err deduplicate_open_folder(struct deduplicate *set, struct sluice_findings *findings, const char *state)
{
    bool made;

    snprintf(set->path, sizeof set->path, "%s/" FOLDER_NAME, state);
    enum sluice_err err = io_mkdir_at(&made, AT_FDCWD, set->path, 0700);
    if (!err)
        err = io_open_at(&set->folder.fd, AT_FDCWD, set->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
    if (!err && made)
        err = io_sync_folder(set->folder.fd, "..");
    if (!err)
        err = check_files(set, findings);
    if (!err)
        set->dropped_count = set->dropped_before = 0;   /* while restoring: they are gone */
    return err;
}
