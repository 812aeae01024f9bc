#include "local/log.h"

#include <fcntl.h>
#include <unistd.h>

#include "local/io.h"

#define FRAME_KEPT_MAX ((size_t)64 << 20)   /* a larger buffer is given back after use */

static void writer_init(struct log_writer *writer, uint8_t *key)
{
    *writer = (struct log_writer){ .fd = -1, .key = key };
    sluice_buffer_init(&writer->frame, FRAME_PAYLOAD_MAX + FRAME_OVERHEAD);
}

void log_writer_close(struct log_writer *writer)
{
    if (writer->fd >= 0)
        close(writer->fd);
    writer->fd = -1;
    sluice_buffer_deinit(&writer->frame);
}

enum sluice_err log_writer_create(struct log_writer *writer, int folder_fd, const char *name, uint64_t segment,
                                  uint64_t transaction, uint8_t *key)
{
    writer_init(writer, key);
    enum sluice_err err = io_open_at(&writer->fd, folder_fd, name, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
    if (err)
        return err;
    struct sluice_buffer *payload = log_writer_begin(writer);
    sluice_buffer_append_u32(payload, LOG_FORMAT);
    sluice_buffer_append_u64(payload, segment);
    return log_writer_append(writer, FRAME_SEGMENT, transaction, false);
}

enum sluice_err log_writer_resume(struct log_writer *writer, int folder_fd, const char *name,
                                  const struct log_reader *reader, uint8_t *key)
{
    writer_init(writer, key);
    writer->end = reader->at;
    writer->sequence = reader->sequence;
    enum sluice_err err = io_open_at(&writer->fd, folder_fd, name, O_RDWR | O_NOFOLLOW, 0);
    if (!err && reader->at < reader->size)
        err = io_truncate(writer->fd, writer->end);
    /* Without a tear too: what was read may not be on the device yet. */
    return err ? err : io_sync(writer->fd);
}

struct sluice_buffer *log_writer_begin(struct log_writer *writer)
{
    if (writer->frame.capacity > FRAME_KEPT_MAX)
        sluice_buffer_deinit(&writer->frame);
    sluice_buffer_clear(&writer->frame);
    frame_begin(&writer->frame);
    return &writer->frame;
}

/* Cut what a failed append left; needed before anything else is written
 * there, as a stale frame behind a new one would look like damage. */
static enum sluice_err cut_excess(struct log_writer *writer)
{
    if (!writer->excess)
        return SLUICE_OK;
    enum sluice_err err = io_truncate(writer->fd, writer->end);
    if (!err)
        err = io_sync(writer->fd);
    writer->excess = err != SLUICE_OK;
    return err;
}

enum sluice_err log_writer_append(struct log_writer *writer, enum frame_type type, uint64_t transaction, bool sync)
{
    enum sluice_err err = frame_end(&writer->frame, type, writer->sequence, transaction, writer->key);
    if (!err)
        err = cut_excess(writer);
    if (err)
        return err;

    err = io_write_at(writer->fd, writer->frame.bytes, writer->frame.len, writer->end);
    if (!err && sync)
        err = io_sync(writer->fd);
    if (err) {
        writer->excess = true;
        const enum sluice_err ignored = cut_excess(writer);   /* tried again before the next append */
        (void)ignored;
        return err;
    }
    writer->end += writer->frame.len;
    writer->sequence++;
    return SLUICE_OK;
}
