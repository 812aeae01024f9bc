/* Which file is read next, and from where: what the folder shows against what
 * is committed. A file that has grown is continued, one that was replaced (its
 * first bytes differ, or it is shorter than what was read) is read anew. */
#include "feed/feed_state.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sluice/clock.h"
#include "sluice/crypto.h"

#define SETTLE_NS INT64_C(10000000000)   /* a watched file that stays as it is for that long will not grow */

static bool is_stdin(const struct sluice_feed *feed, size_t input)
{
    return strcmp(feed->inputs[input].config->path, "-") == 0;
}

/* --- looking at folders */

static enum sluice_err list_input(struct sluice_feed *feed, size_t input)
{
    const struct sluice_input_config *config = feed->inputs[input].config;
    struct feed_queue *queue = &feed->queues[input];
    char prefix[SLUICE_NAME_MAX + 2] = "";
    enum sluice_err err;

    queue->next = 0;
    if (is_stdin(feed, input) && !feed->spooled)
        return SLUICE_OK;
    snprintf(feed->path, sizeof feed->path, "%s", is_stdin(feed, input) ? feed->spool : config->path);
    if (is_stdin(feed, input))
        snprintf(prefix, sizeof prefix, "%s.", config->name);
    err = folder_list(&queue->folder, feed->path, prefix, is_stdin(feed, input) ? ".spool" : "");
    for (size_t i = 0; i < queue->folder.count; i++)
        feed->known_bytes += queue->folder.files[i].size;
    /* No spool yet, or a spool folder that was never needed. */
    return err == SLUICE_ERR_MISSING && is_stdin(feed, input) ? SLUICE_OK : err;
}

static int compare_file(const void *name, const void *file)
{
    return strcmp(name, ((const struct folder_file *)file)->name);
}

/* Forget files that are gone, of inputs that are still there. */
static enum sluice_err forget_missing(struct sluice_feed *feed, size_t input)
{
    const struct sluice_input_config *config = feed->inputs[input].config;
    const struct folder *folder = &feed->queues[input].folder;
    const size_t len = strlen(config->name);
    enum sluice_err err = SLUICE_OK;

    for (size_t i = 0; !err && i < feed->positions.count; i++) {
        const struct position_file *file = &feed->positions.files[i];

        if (!file->exists || strncmp(file->name, config->name, len) != 0 || file->name[len] != '/')
            continue;
        if (!folder->count || !bsearch(file->name + len + 1, folder->files, folder->count,
                                       sizeof *folder->files, compare_file))
            err = positions_remove(&feed->positions, i);
    }
    return err;
}

static enum sluice_err list_all(struct sluice_feed *feed)
{
    enum sluice_err err = SLUICE_OK;

    positions_compact(&feed->positions);
    feed->known_bytes = 0;
    for (size_t i = 0; !err && i < feed->input_count; i++) {
        err = list_input(feed, i);
        if (!err)
            err = forget_missing(feed, i);
    }
    feed->listed = !err;
    return err;
}

/* --- one file */

static void file_path(struct sluice_feed *feed, size_t input, const char *name)
{
    const struct sluice_input_config *config = feed->inputs[input].config;
    struct stat status;

    if (is_stdin(feed, input))
        snprintf(feed->path, sizeof feed->path, "%s/%s", feed->spool, name);
    else if (stat(config->path, &status) == 0 && S_ISDIR(status.st_mode))
        snprintf(feed->path, sizeof feed->path, "%s/%s", config->path, name);
    else
        snprintf(feed->path, sizeof feed->path, "%s", config->path);
}

/* Hash the first size bytes; *size becomes less where the file is shorter. */
static enum sluice_err hash_head(const char *path, uint32_t *size, uint8_t hash[static POSITION_HASH_SIZE])
{
    uint8_t bytes[POSITION_HEAD_MAX], digest[SLUICE_DIGEST_SIZE];
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got;

    if (fd < 0)
        return sluice_err_from_errno(errno);
    got = pread(fd, bytes, *size, 0);
    close(fd);
    if (got < 0)
        return SLUICE_ERR_IO;
    *size = (uint32_t)got;
    sluice_digest(digest, bytes, (size_t)got);
    memcpy(hash, digest, POSITION_HASH_SIZE);
    return SLUICE_OK;
}

/* Whether the file is the one that the position speaks of. */
static enum sluice_err is_same(const char *path, const struct position *position, uint64_t size, bool *same)
{
    uint8_t hash[POSITION_HASH_SIZE];
    uint32_t head_size = position->head_size;
    enum sluice_err err;

    *same = false;
    if (size < position->size)
        return SLUICE_OK;
    err = hash_head(path, &head_size, hash);
    *same = !err && head_size == position->head_size && memcmp(hash, position->head, sizeof hash) == 0;
    return err;
}

static enum sluice_err remember_head(const char *path, struct position *position, uint64_t size)
{
    position->head_size = size < POSITION_HEAD_MAX ? (uint32_t)size : POSITION_HEAD_MAX;
    return hash_head(path, &position->head_size, position->head);
}

static bool looks_the_same(const struct position_file *file, const struct folder_file *shown)
{
    return file->seen_since_ns != 0 && file->seen_size == shown->size && file->seen_mtime_ns == shown->mtime_ns &&
           file->seen_inode == shown->inode;
}

/* Since when a file looks as it does. */
static void remember_look(struct position_file *file, const struct folder_file *shown)
{
    if (looks_the_same(file, shown))
        return;
    file->seen_since_ns = sluice_clock_monotonic_ns();
    file->seen_size = shown->size;
    file->seen_mtime_ns = shown->mtime_ns;
    file->seen_inode = shown->inode;
}

/* What a look at the folder tells without opening the file: nothing new. */
static bool nothing_new(const struct sluice_feed *feed, const struct position_file *file,
                        const struct folder_file *shown, bool *settled)
{
    *settled = false;
    if (!looks_the_same(file, shown))
        return false;
    if (file->now.done)
        return true;
    *settled = sluice_clock_monotonic_ns() - file->seen_since_ns >= SETTLE_NS;
    return feed->config->watch && !*settled;
}

static bool same_position(const struct position *a, const struct position *b)
{
    return a->offset == b->offset && a->line == b->line && a->size == b->size && a->head_size == b->head_size &&
           memcmp(a->head, b->head, sizeof a->head) == 0 && a->mode == b->mode && a->done == b->done;
}

static enum sluice_err set_position(struct sluice_feed *feed, size_t place, const struct position *position)
{
    struct position *now = &feed->positions.files[place].now;
    enum sluice_err err;

    if (same_position(now, position))
        return SLUICE_OK;
    err = positions_touch(&feed->positions, place);
    if (!err)
        *now = *position;
    return err;
}

/* Bring the position of a file in line with the file. *read: there is something to read. */
static enum sluice_err update_position(struct sluice_feed *feed, size_t place, const struct folder_file *shown,
                                       bool spool, bool *read)
{
    struct position position = feed->positions.files[place].now;
    bool same = spool;
    enum sluice_err err = SLUICE_OK;

    if (!spool)
        err = is_same(feed->path, &position, shown->size, &same);
    if (!err && !same)
        position = (struct position){ 0 };
    if (!err && !spool && position.head_size < POSITION_HEAD_MAX && position.head_size < shown->size)
        err = remember_head(feed->path, &position, shown->size);
    *read = !position.done || shown->size != position.size;
    if (*read)
        position.done = false;
    return err ? err : set_position(feed, place, &position);
}

static enum sluice_err open_source(struct sluice_feed *feed, struct source **source, bool spool, uint64_t offset)
{
    struct spool_reader *reader;
    enum sluice_err err;

    if (!spool)
        return source_open(source, feed->path, offset);
    err = spool_reader_open(&reader, feed->path, feed->spool_key);
    return err ? err : source_open_spool(source, reader, offset);
}

static enum sluice_err open_file(struct sluice_feed *feed, size_t input, size_t place, bool spool)
{
    const struct feed_input *owner = &feed->inputs[input];
    const struct position *now = &feed->positions.files[place].now;
    const char *name = feed->positions.files[place].name + strlen(owner->config->name) + 1;
    struct source *source;
    enum sluice_err err = SLUICE_OK;

    if (owner->map && now->offset > 0) {
        err = open_source(feed, &source, spool, 0);
        if (!err)
            err = reader_header(&feed->reader, source, owner);
    }
    if (!err)
        err = open_source(feed, &source, spool, now->offset);
    if (err)
        return err;
    reader_open(&feed->reader, source, owner, (uint32_t)input, spool ? SLUICE_STR("stdin") : sluice_str_from(name), now);
    feed->place = place;
    return SLUICE_OK;
}

/* Look at one file of a folder and open it where it has something new. */
static enum sluice_err try_file(struct sluice_feed *feed, size_t input, const struct folder_file *shown, bool *found)
{
    const bool spool = is_stdin(feed, input);
    char name[POSITION_NAME_MAX];
    size_t place;
    bool settled, read;

    *found = false;
    snprintf(name, sizeof name, "%s/%s", feed->inputs[input].config->name, shown->name);
    enum sluice_err err = positions_add(&feed->positions, &place, sluice_str_from(name));
    if (err || nothing_new(feed, &feed->positions.files[place], shown, &settled))
        return err;

    file_path(feed, input, shown->name);
    err = update_position(feed, place, shown, spool, &read);
    if (err == SLUICE_ERR_MISSING)
        return SLUICE_OK;   /* gone since: the next look forgets it */
    feed->opened = *shown;
    feed->may_grow = spool ? feed_stdin_is_open(feed, input, shown->name) : feed->config->watch && !settled;
    if (!err && read) {
        err = open_file(feed, input, place, spool);
        *found = !err;
    } else if (!err) {
        remember_look(&feed->positions.files[place], shown);
    }
    return err;
}

/* Standard input that is not spooled is one file without a position that matters. */
static enum sluice_err open_stream(struct sluice_feed *feed, size_t input, bool *found)
{
    const struct position start = { 0 };
    struct source *source;
    enum sluice_err err;

    if (feed->input.begun)
        return SLUICE_OK;
    err = positions_add(&feed->positions, &feed->place, SLUICE_STR("stdin"));
    if (!err)
        err = source_open_stream(&source, STDIN_FILENO);
    if (err)
        return err;
    feed->input.begun = true;
    feed->may_grow = false;
    snprintf(feed->path, sizeof feed->path, "standard input");
    reader_open(&feed->reader, source, &feed->inputs[input], (uint32_t)input, SLUICE_STR("stdin"), &start);
    *found = true;
    return SLUICE_OK;
}

static enum sluice_err next_of_input(struct sluice_feed *feed, size_t input, bool *found)
{
    struct feed_queue *queue = &feed->queues[input];
    enum sluice_err err = SLUICE_OK;

    if (is_stdin(feed, input) && !feed->spooled)
        return open_stream(feed, input, found);
    /* A file that fails stays the next one: who goes on without it would lose it. */
    while (!err && !*found && queue->next < queue->folder.count) {
        err = try_file(feed, input, &queue->folder.files[queue->next], found);
        queue->next += err ? 0 : 1;
    }
    return err;
}

static enum sluice_err next_of_all(struct sluice_feed *feed, bool *found)
{
    enum sluice_err err = SLUICE_OK;

    for (size_t i = 0; !err && !*found && i < feed->input_count; i++) {
        err = next_of_input(feed, feed->turn, found);
        feed->turn = (feed->turn + 1) % feed->input_count;
    }
    return err;
}

enum sluice_err feed_files_next(struct sluice_feed *feed, bool *found)
{
    enum sluice_err err = SLUICE_OK;
    bool pumped = false;

    *found = false;
    if (!feed->listed)
        err = list_all(feed);
    if (!err)
        err = next_of_all(feed, found);
    if (err || *found)
        return err;
    if (feed->input.used && feed->spooled && !feed->input.ended)
        err = feed_stdin_pump(feed, &pumped);
    if (!err && (feed->config->watch || pumped)) {
        err = list_all(feed);
        if (!err)
            err = next_of_all(feed, found);
    }
    return err;
}

void feed_files_advance(struct sluice_feed *feed)
{
    struct position_file *file = &feed->positions.files[feed->place];

    assert(file->changed);
    file->now.offset = feed->reader.safe.offset;
    file->now.line = feed->reader.safe.line;
    file->now.mode = feed->reader.safe.mode;
}

enum sluice_err feed_files_close(struct sluice_feed *feed, bool waits)
{
    struct position_file *file = &feed->positions.files[feed->place];
    struct position position = file->now;

    reader_close(&feed->reader);
    remember_look(file, &feed->opened);
    position.size = feed->opened.size;
    position.done = !waits;
    return set_position(feed, feed->place, &position);
}

void feed_files_restart(struct sluice_feed *feed)
{
    reader_close(&feed->reader);
    feed->listed = false;
    feed->turn = 0;
}
