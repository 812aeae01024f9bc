/* Hours that go cold. Between commits they are written out, one after the
 * other and a piece at a time:
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
#include "deduplicate/deduplicate_set.h"

#include <assert.h>

#include "local/io.h"

#define COLD_AFTER_HOURS 24
#define FREEZE_MIN       1024              /* fingerprints that are worth a file */
#define FREEZE_SHARE     16                /* and of a file that share is worth writing it anew */
#define FREEZE_SLOTS     (256 * 1024)      /* a piece, some 4 MB */

/* --- looking up -------------------------------------------------------- */

static struct freezing *freezing_of(struct deduplicate *set, uint32_t hour)
{
    for (size_t i = 0; i < set->freezing_count; i++)
        if (set->freezing[i].hour == hour)
            return &set->freezing[i];
    return NULL;
}

const struct fingerprints *deduplicate_frozen(const struct deduplicate *set, const struct bucket *bucket)
{
    for (size_t i = 0; i < set->freezing_count; i++)
        if (deduplicate_bucket_holds(bucket, set->freezing[i].hour))
            return &set->freezing[i].frozen;
    return NULL;
}

enum sluice_err deduplicate_note_damage(struct deduplicate *set, const struct bucket *bucket, enum sluice_err err)
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
    return deduplicate_note_damage(set, bucket, err);
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
static void freezing_end(struct deduplicate *set, struct freezing *freezing)
{
    set->octets -= fingerprints_octets(&freezing->frozen);
    set->count -= freezing->frozen.count;
    fingerprints_free(&freezing->frozen);
    fingerprint_writer_drop(&freezing->writer, &set->folder);
    set->freezing_count--;
    memmove(freezing, freezing + 1, (size_t)(set->freezing + set->freezing_count - freezing) * sizeof *freezing);
}

static bool is_worth_a_file(const struct bucket *bucket)
{
    return bucket->memory.count >= FREEZE_MIN + bucket->file.count / FREEZE_SHARE;
}

/* The oldest hour that is cold and not in a file, or not enough of it. */
static struct bucket *find_cold(struct deduplicate *set)
{
    const uint32_t oldest = deduplicate_oldest_hour(set, set->newest_hour);

    for (uint32_t hour = oldest; hour + COLD_AFTER_HOURS < set->newest_hour; hour++) {
        struct bucket *bucket = deduplicate_bucket(set, hour);

        if (deduplicate_bucket_holds(bucket, hour) && is_worth_a_file(bucket) && !freezing_of(set, hour))
            return bucket;
    }
    return NULL;
}

static struct freezing *freeze(struct deduplicate *set, struct bucket *bucket)
{
    struct freezing *freezing = &set->freezing[set->freezing_count++];

    *freezing = (struct freezing){ .hour = bucket->hour, .frozen = bucket->memory };
    fingerprint_writer_init(&freezing->writer);
    bucket->memory = (struct fingerprints){ 0 };
    return freezing;
}

static enum sluice_err begin_file(struct deduplicate *set, struct freezing *freezing, const struct bucket *bucket)
{
    freezing->made = (struct fingerprint_file){ .number = ++set->last_number,
                                                .count = freezing->frozen.count + bucket->file.count };
    freezing->prefix = 0;
    freezing->old = (struct fingerprint_reader){ 0 };
    return fingerprint_writer_begin(&freezing->writer, &set->folder, freezing->made.number, freezing->made.count);
}

/* Those of the file before that come before one, or before a prefix. */
static enum sluice_err merge_old(struct deduplicate *set, struct freezing *freezing, const struct bucket *bucket,
                                 const struct fingerprint *before, uint64_t to)
{
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

static enum sluice_err merge_piece(struct deduplicate *set, struct freezing *freezing, const struct bucket *bucket,
                                   struct sluice_buffer *piece, uint64_t to)
{
    enum sluice_err err = SLUICE_OK;

    fingerprints_append(&freezing->frozen, piece, freezing->prefix, to);
    if (sluice_buffer_err(piece))
        return SLUICE_ERR_MEMORY;
    struct fingerprint *list = (struct fingerprint *)(void *)piece->bytes;
    const size_t count = piece->len / sizeof *list;
    fingerprints_sort(list, count);
    for (size_t i = 0; !err && i < count; i++) {
        err = merge_old(set, freezing, bucket, &list[i], 0);
        if (!err)
            fingerprint_writer_add(&freezing->writer, list[i], bucket->key);
    }
    return err ? err : merge_old(set, freezing, bucket, NULL, to);
}

static enum sluice_err write_piece(struct deduplicate *set, struct freezing *freezing, const struct bucket *bucket)
{
    const uint64_t slots = freezing->frozen.capacity > bucket->file.count ? freezing->frozen.capacity
                                                                          : bucket->file.count;
    const uint64_t to = fingerprints_piece(slots, freezing->prefix, FREEZE_SLOTS);
    struct sluice_buffer piece;

    sluice_buffer_init(&piece, SIZE_MAX);
    enum sluice_err err = merge_piece(set, freezing, bucket, &piece, to);
    sluice_buffer_deinit(&piece);
    if (!err)
        err = fingerprint_writer_flush(&freezing->writer);
    freezing->prefix = to;
    if (err || to < FINGERPRINTS_END)
        return err;
    err = fingerprint_writer_finish(&freezing->writer, bucket->key);
    freezing->written = !err;
    return err;
}

/* The one that is being written, or the next; NULL: nothing is cold, or a commit is to come first. */
static struct freezing *next_freezing(struct deduplicate *set)
{
    for (size_t i = 0; i < set->freezing_count; i++)
        if (!set->freezing[i].written)
            return &set->freezing[i];
    struct bucket *found = set->freezing_count < FREEZING_MAX ? find_cold(set) : NULL;
    return found ? freeze(set, found) : NULL;
}

static enum sluice_err freeze_piece(struct deduplicate *set, struct freezing *freezing)
{
    const struct bucket *bucket = deduplicate_bucket(set, freezing->hour);
    enum sluice_err err = SLUICE_OK;

    assert(deduplicate_bucket_holds(bucket, freezing->hour));
    if (freezing->writer.fd < 0)
        err = begin_file(set, freezing, bucket);
    if (!err)
        err = write_piece(set, freezing, bucket);
    if (err)
        fingerprint_writer_drop(&freezing->writer, &set->folder);   /* the next call begins anew */
    return deduplicate_note_damage(set, bucket, err);
}

/* What is whole becomes durable: one by itself, several at once. */
static enum sluice_err sync_written(struct deduplicate *set)
{
    struct freezing *first = NULL;
    size_t count = 0;

    for (size_t i = 0; i < set->freezing_count; i++) {
        struct freezing *freezing = &set->freezing[i];

        if (!freezing->written || freezing->complete)
            continue;
        first = first ? first : freezing;
        count++;
    }
    if (!first)
        return SLUICE_OK;
    enum sluice_err err = count == 1 ? io_sync(first->writer.fd) : io_sync_everything(set->folder.fd);
    if (!err && count == 1)
        err = io_sync_folder(set->folder.fd, ".");
    for (struct freezing *freezing = first; freezing < first + count; freezing++) {
        if (err)
            fingerprint_writer_drop(&freezing->writer, &set->folder);
        else
            fingerprint_writer_close(&freezing->writer);
        freezing->written = freezing->complete = !err;
    }
    return err;
}

enum sluice_err deduplicate_freeze(struct deduplicate *set)
{
    enum sluice_err err = SLUICE_OK;
    struct freezing *freezing;

    assert(set->inserted_count == 0 && set->opened_count == 0);
    if (set->folder.fd < 0)
        return SLUICE_OK;
    for (uint64_t done = 0; !err && done < FREEZE_SLOTS && (freezing = next_freezing(set));) {
        err = freeze_piece(set, freezing);
        done += freezing->written ? freezing->made.count : FREEZE_SLOTS;
    }
    return err ? err : sync_written(set);
}

bool deduplicate_is_freezing(const struct deduplicate *set)
{
    return set->freezing_count > 0;
}

void deduplicate_cold_committed(struct deduplicate *set)
{
    /* A commit without changes wrote no frame, and the last one may be torn yet. */
    if (set->logged)
        delete_dropped(set);
    while (set->freezing_count && set->freezing[0].complete) {
        const struct fingerprint_file made = set->freezing[0].made;
        struct bucket *bucket = deduplicate_bucket(set, set->freezing[0].hour);

        freezing_end(set, &set->freezing[0]);
        deduplicate_set_file(set, bucket, made.number, made.count);
    }
}

void deduplicate_cold_close(struct deduplicate *set, struct bucket *bucket)
{
    struct freezing *freezing = freezing_of(set, bucket->hour);

    if (freezing && freezing->complete)
        drop_later(set, freezing->made.number);
    if (freezing)
        freezing_end(set, freezing);
    forget_file(set, bucket);
}
