/* Hours that go cold. Between commits one hour at a time is written out, a
 * piece at a time:
 *
 *   frozen   what the hour has in memory is set aside; what comes late from
 *            now on goes into a set of its own
 *   written  in order, merged with the file that the hour had before
 *   complete on the device; the next commit names it
 *   in force the frozen part is freed; the file before is deleted with the
 *            commit after, as a commit whose frame is torn was none
 *
 * The log knows only the last step, so a crash before it leaves the hour as it
 * was, and a file that nobody speaks of. */
#include "gate/deduplicate_set.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "local/io.h"
#include "local/walk.h"
#include "sluice/clock.h"

#define COLD_AFTER_HOURS 24
#define FREEZE_MIN       1024              /* fingerprints that are worth a file */
#define FREEZE_SHARE     16                /* and of a file that share is worth writing it anew */
#define FREEZE_SLOTS     (256 * 1024)      /* a piece, some 4 MB */

#define FOLDER_NAME "deduplication"

/* --- looking up -------------------------------------------------------- */

static bool is_freezing(const struct deduplicate *set, const struct bucket *bucket)
{
    return set->freezing.active && deduplicate_bucket_holds(bucket, set->freezing.hour);
}

const struct fingerprints *deduplicate_frozen(const struct deduplicate *set, const struct bucket *bucket)
{
    return is_freezing(set, bucket) ? &set->freezing.frozen : NULL;
}

const struct fingerprint_file *deduplicate_made(const struct deduplicate *set, const struct bucket *bucket)
{
    return is_freezing(set, bucket) && set->freezing.complete ? &set->freezing.made : NULL;
}

static enum sluice_err note_damage(struct deduplicate *set, const struct bucket *bucket, enum sluice_err err)
{
    if (err == SLUICE_ERR_DAMAGED) {
        set->damaged_number = bucket->file.number;
        set->damaged_hour = bucket->hour;
    }
    return err;
}

enum sluice_err deduplicate_cold_holds(bool *holds, struct deduplicate *set, struct bucket *bucket,
                                       struct fingerprint fingerprint)
{
    const struct fingerprints *frozen = deduplicate_frozen(set, bucket);

    *holds = frozen && fingerprints_hold(frozen, fingerprint);
    if (*holds || !bucket->file.number)
        return SLUICE_OK;
    const uint64_t before = fingerprint_file_octets(&bucket->file);
    const enum sluice_err err = fingerprint_file_holds(holds, &set->folder, &bucket->file, bucket->key, fingerprint);
    set->octets += fingerprint_file_octets(&bucket->file) - before;
    return note_damage(set, bucket, err);
}

/* --- files come and go ------------------------------------------------- */

/* Without memory for it the file stays until the next start. */
static void drop_later(struct deduplicate *set, uint64_t number)
{
    if (deduplicate_room((void **)&set->dropped, &set->dropped_capacity, set->dropped_count, sizeof *set->dropped))
        set->dropped[set->dropped_count++] = number;
}

static void forget_file(struct deduplicate *set, struct bucket *bucket)
{
    if (!bucket->file.number)
        return;
    drop_later(set, bucket->file.number);
    set->octets -= fingerprint_file_octets(&bucket->file);
    set->count -= bucket->file.count;
    set->cold_count -= bucket->file.count;
    fingerprint_file_forget(&bucket->file);
}

void deduplicate_set_file(struct deduplicate *set, struct bucket *bucket, uint64_t number, uint64_t count)
{
    forget_file(set, bucket);
    bucket->file = (struct fingerprint_file){ .number = number, .count = count };
    set->count += count;
    set->cold_count += count;
    if (number > set->last_number)
        set->last_number = number;
}

static void delete_file(const struct deduplicate *set, uint64_t number)
{
    char name[FINGERPRINT_FILE_NAME_SIZE];

    fingerprint_file_name(name, number);
    const enum sluice_err ignored = io_unlink_at(set->folder.fd, name, 0);   /* else it goes at the next start */
    (void)ignored;
}

static void delete_dropped(struct deduplicate *set)
{
    for (size_t i = 0; set->folder.fd >= 0 && i < set->dropped_before; i++)
        delete_file(set, set->dropped[i]);
    set->dropped_count -= set->dropped_before;
    if (set->dropped_count)
        memmove(set->dropped, set->dropped + set->dropped_before, set->dropped_count * sizeof *set->dropped);
    set->dropped_before = set->dropped_count;
}

/* --- freezing ---------------------------------------------------------- */

/* Nothing is written any more; what was set aside is let go. */
static void freezing_end(struct deduplicate *set)
{
    struct freezing *freezing = &set->freezing;

    set->octets -= fingerprints_octets(&freezing->frozen);
    set->count -= freezing->frozen.count;
    fingerprints_free(&freezing->frozen);
    if (freezing->complete)
        drop_later(set, freezing->made.number);
    fingerprint_writer_drop(&freezing->writer, &set->folder);
    freezing->active = freezing->complete = false;
}

static bool is_worth_a_file(const struct bucket *bucket)
{
    return bucket->memory.count >= FREEZE_MIN + bucket->file.count / FREEZE_SHARE;
}

/* The oldest hour that is cold and not in a file, or not enough of it. */
static struct bucket *find_cold(const struct deduplicate *set)
{
    const uint32_t oldest = deduplicate_oldest_hour(set, set->newest_hour);

    for (uint32_t hour = oldest; hour + COLD_AFTER_HOURS < set->newest_hour; hour++) {
        struct bucket *bucket = deduplicate_bucket(set, hour);

        if (deduplicate_bucket_holds(bucket, hour) && is_worth_a_file(bucket))
            return bucket;
    }
    return NULL;
}

static void freeze(struct deduplicate *set, struct bucket *bucket)
{
    set->freezing.active = true;
    set->freezing.hour = bucket->hour;
    set->freezing.frozen = bucket->memory;
    bucket->memory = (struct fingerprints){ 0 };
}

static enum sluice_err begin_file(struct deduplicate *set, const struct bucket *bucket)
{
    struct freezing *freezing = &set->freezing;

    freezing->made = (struct fingerprint_file){ .number = ++set->last_number,
                                                .count = freezing->frozen.count + bucket->file.count };
    freezing->prefix = 0;
    freezing->old = (struct fingerprint_reader){ 0 };
    return fingerprint_writer_begin(&freezing->writer, &set->folder, freezing->made.number, freezing->made.count);
}

/* Those of the file before that come before one, or before a prefix. */
static enum sluice_err merge_old(struct deduplicate *set, const struct bucket *bucket, const struct fingerprint *before,
                                 uint64_t to)
{
    struct freezing *freezing = &set->freezing;

    for (;; freezing->old.next++) {
        struct fingerprint next;
        bool end = true;

        if (bucket->file.number) {
            const enum sluice_err err =
                fingerprint_reader_peek(&freezing->old, &next, &end, &set->folder, &bucket->file, bucket->key);
            if (err)
                return err;
        }
        if (end || (before ? fingerprint_compare(next, *before) > 0 : fingerprint_prefix(next) >= to))
            return SLUICE_OK;
        fingerprint_writer_add(&freezing->writer, next, bucket->key);
    }
}

static enum sluice_err merge_piece(struct deduplicate *set, const struct bucket *bucket, struct sluice_buffer *piece,
                                   uint64_t to)
{
    struct freezing *freezing = &set->freezing;
    enum sluice_err err = SLUICE_OK;

    fingerprints_append(&freezing->frozen, piece, freezing->prefix, to);
    if (sluice_buffer_err(piece))
        return SLUICE_ERR_MEMORY;
    struct fingerprint *list = (struct fingerprint *)(void *)piece->bytes;
    const size_t count = piece->len / sizeof *list;
    fingerprints_sort(list, count);
    for (size_t i = 0; !err && i < count; i++) {
        err = merge_old(set, bucket, &list[i], 0);
        if (!err)
            fingerprint_writer_add(&freezing->writer, list[i], bucket->key);
    }
    return err ? err : merge_old(set, bucket, NULL, to);
}

static enum sluice_err write_piece(struct deduplicate *set, const struct bucket *bucket)
{
    struct freezing *freezing = &set->freezing;
    const uint64_t slots = freezing->frozen.capacity > bucket->file.count ? freezing->frozen.capacity
                                                                          : bucket->file.count;
    const uint64_t to = fingerprints_piece(slots, freezing->prefix, FREEZE_SLOTS);
    struct sluice_buffer piece;

    sluice_buffer_init(&piece, SIZE_MAX);
    enum sluice_err err = merge_piece(set, bucket, &piece, to);
    sluice_buffer_deinit(&piece);
    if (!err)
        err = fingerprint_writer_flush(&freezing->writer);
    freezing->prefix = to;
    if (err || to < FINGERPRINTS_END)
        return err;
    err = fingerprint_writer_finish(&freezing->writer, &set->folder, bucket->key);
    freezing->complete = !err;
    return err;
}

enum sluice_err deduplicate_freeze(struct deduplicate *set)
{
    struct freezing *freezing = &set->freezing;
    enum sluice_err err = SLUICE_OK;

    assert(set->inserted_count == 0 && set->opened_count == 0);
    if (set->folder.fd < 0 || freezing->complete)
        return SLUICE_OK;
    if (!freezing->active) {
        struct bucket *found = find_cold(set);

        if (!found)
            return SLUICE_OK;
        freeze(set, found);
    }
    struct bucket *bucket = deduplicate_bucket(set, freezing->hour);
    assert(is_freezing(set, bucket));
    if (freezing->writer.fd < 0)
        err = begin_file(set, bucket);
    if (!err)
        err = write_piece(set, bucket);
    if (err)
        fingerprint_writer_drop(&freezing->writer, &set->folder);   /* the next call begins anew */
    return note_damage(set, bucket, err);
}

bool deduplicate_is_freezing(const struct deduplicate *set)
{
    return set->freezing.active;
}

void deduplicate_cold_committed(struct deduplicate *set)
{
    struct freezing *freezing = &set->freezing;

    delete_dropped(set);
    if (!freezing->complete)
        return;
    const struct fingerprint_file made = freezing->made;
    struct bucket *bucket = deduplicate_bucket(set, freezing->hour);
    freezing->complete = false;
    freezing_end(set);
    deduplicate_set_file(set, bucket, made.number, made.count);
}

void deduplicate_cold_close(struct deduplicate *set, struct bucket *bucket)
{
    if (set->freezing.active && set->freezing.hour == bucket->hour)
        freezing_end(set);
    forget_file(set, bucket);
}

void deduplicate_cold_free(struct deduplicate *set)
{
    fingerprint_folder_close(&set->folder);
    free(set->dropped);
}

/* --- the folder -------------------------------------------------------- */

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
    (void)note_damage(set, bucket, err);
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
