/* Standard input: sealed on disk first, read from there. A spool that a crash
 * left behind is read by the next run like any other file. */
#include "feed/feed_state.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define WAIT_MS 200                          /* for the first bytes of a piece */
#define MORE_WAIT_MS 5                       /* for more of them: a piece costs a write to the disk */
#define PUNCH_STEP (UINT64_C(64) << 20)

bool feed_stdin_is_open(const struct sluice_feed *feed, size_t input, const char *name)
{
    return feed->input.used && feed->input.input == input && !feed->input.ended &&
           strcmp(feed->input.name, name) == 0;
}

static bool has_bytes(int wait_ms)
{
    struct pollfd wait = { .fd = STDIN_FILENO, .events = POLLIN };

    return poll(&wait, 1, wait_ms) > 0;
}

/* Read a piece: as much as comes without pause. */
static enum sluice_err read_piece(struct sluice_feed *feed, size_t *len)
{
    int wait_ms = WAIT_MS;

    *len = 0;
    while (*len < sizeof feed->input.bytes && has_bytes(wait_ms)) {
        const ssize_t got = read(STDIN_FILENO, feed->input.bytes + *len, sizeof feed->input.bytes - *len);

        if (got < 0 && errno != EINTR)
            return sluice_err_from_errno(errno);
        if (got == 0) {
            feed->input.ended = true;
            break;
        }
        *len += got > 0 ? (size_t)got : 0;
        wait_ms = MORE_WAIT_MS;
    }
    return SLUICE_OK;
}

/* A name that no spool from before has. */
static enum sluice_err begin_spool(struct sluice_feed *feed)
{
    const char *input = feed->inputs[feed->input.input].config->name;
    enum sluice_err err = SLUICE_ERR_EXISTS;

    if (mkdir(feed->spool, 0700) < 0 && errno != EEXIST)
        return sluice_err_from_errno(errno);
    for (unsigned number = 1; err == SLUICE_ERR_EXISTS && number < 1000000; number++) {
        snprintf(feed->input.name, sizeof feed->input.name, "%s.%06u.spool", input, number);
        snprintf(feed->path, sizeof feed->path, "%s/%s", feed->spool, feed->input.name);
        err = spool_writer_open(&feed->input.writer, feed->path, feed->spool_key);
    }
    return err;
}

enum sluice_err feed_stdin_pump(struct sluice_feed *feed, bool *got)
{
    enum sluice_err err = SLUICE_OK;

    *got = false;
    /* A piece that could not be written is kept: it can be read only once. */
    if (feed->input.len == 0)
        err = read_piece(feed, &feed->input.len);
    if (!err && feed->input.len > 0 && !feed->input.writer)
        err = begin_spool(feed);
    if (!err && feed->input.len > 0) {
        err = spool_write(feed->input.writer, feed->input.bytes, feed->input.len);
        *got = !err;
    }
    if (*got)
        feed->input.len = 0;
    return err;
}

/* Only bytes as they came can be entered in their middle, and csv needs its header. */
static bool may_shrink(const struct sluice_feed *feed, const struct position_file *file)
{
    return feed->reader.source && strcmp(file->name, feed->positions.files[feed->place].name) == 0 &&
           !source_is_packed(feed->reader.source) && !feed->reader.input->map &&
           file->committed.offset >= feed->input.punched + PUNCH_STEP;
}

static void settle_spool(struct sluice_feed *feed, const struct position_file *file)
{
    const char *name = strchr(file->name, '/') + 1;
    char path[2 * SLUICE_PATH_SIZE];

    snprintf(path, sizeof path, "%s/%s", feed->spool, name);
    if (file->committed.done && !feed_stdin_is_open(feed, feed->input.input, name)) {
        /* Its position goes when the folder is looked at next and it is not there. */
        (void)unlink(path);
    } else if (may_shrink(feed, file)) {
        spool_punch(path, file->committed.offset);
        feed->input.punched = file->committed.offset;
    }
}

bool feed_stdin_is_spooled(const struct sluice_feed *feed)
{
    return feed->input.used && feed->spooled;
}

void feed_stdin_committed(struct sluice_feed *feed, const struct positions *positions)
{
    const char *input;

    if (!feed_stdin_is_spooled(feed))
        return;
    input = feed->inputs[feed->input.input].config->name;
    for (size_t i = 0; i < positions->count; i++) {
        const struct position_file *file = &positions->files[i];

        if (file->exists && strncmp(file->name, input, strlen(input)) == 0 && file->name[strlen(input)] == '/')
            settle_spool(feed, file);
    }
}

void feed_stdin_close(struct sluice_feed *feed)
{
    spool_writer_close(feed->input.writer);
    feed->input.writer = NULL;
}
