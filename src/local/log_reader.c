#include "local/log.h"

#include <fcntl.h>
#include <unistd.h>

#include "local/io.h"

/* How far apart two sequence numbers may lie for a frame to be taken as a
 * later one of the same segment. */
#define SEQUENCE_AHEAD_MAX ((uint64_t)1 << 32)
#define SCAN_BLOCK         ((size_t)1 << 20)

enum sluice_err log_reader_open(struct log_reader *reader, int folder_fd, const char *name, const uint8_t *key)
{
    *reader = (struct log_reader){ .fd = -1, .key = key };
    sluice_buffer_init(&reader->bytes, FRAME_PAYLOAD_MAX + FRAME_OVERHEAD);
    enum sluice_err err = io_open_at(&reader->fd, folder_fd, name, O_RDONLY | O_NOFOLLOW, 0);
    return err ? err : io_size(&reader->size, reader->fd);
}

void log_reader_close(struct log_reader *reader)
{
    if (reader->fd >= 0)
        close(reader->fd);
    reader->fd = -1;
    /* It held rows of the tables in clear. */
    sluice_wipe(reader->bytes.bytes, reader->bytes.len);
    sluice_buffer_deinit(&reader->bytes);
}

/* Read and open the frame at an offset into the buffer.
 * Returns SLUICE_ERR_DAMAGED when there is none. */
static enum sluice_err read_frame(struct log_reader *reader, struct frame_head *head, uint64_t at)
{
    if (reader->size - at < FRAME_OVERHEAD)
        return SLUICE_ERR_DAMAGED;
    sluice_buffer_clear(&reader->bytes);
    uint8_t *bytes = sluice_buffer_reserve(&reader->bytes, FRAME_HEAD_SIZE);
    if (!bytes)
        return SLUICE_ERR_MEMORY;
    enum sluice_err err = io_read_at(reader->fd, bytes, FRAME_HEAD_SIZE, at);
    if (err)
        return err;
    if (!frame_head_read(head, bytes) || reader->size - at - FRAME_OVERHEAD < head->len)
        return SLUICE_ERR_DAMAGED;

    const size_t rest = (size_t)head->len + SLUICE_MAC_SIZE;
    bytes = sluice_buffer_reserve(&reader->bytes, rest);
    if (!bytes)
        return SLUICE_ERR_MEMORY;
    err = io_read_at(reader->fd, bytes, rest, at + FRAME_HEAD_SIZE);
    return err ? err : frame_open(reader->bytes.bytes, head, reader->key);
}

/* Whether a whole frame that is later than the next one begins at `at`. */
static enum sluice_err is_later_frame(struct log_reader *reader, uint64_t at, bool *found)
{
    struct frame_head head;
    uint8_t bytes[FRAME_HEAD_SIZE];

    *found = false;
    if (reader->size - at < FRAME_OVERHEAD)
        return SLUICE_OK;
    enum sluice_err err = io_read_at(reader->fd, bytes, sizeof bytes, at);
    if (err)
        return err;
    if (!frame_head_read(&head, bytes) || head.sequence <= reader->sequence ||
        head.sequence - reader->sequence > SEQUENCE_AHEAD_MAX)
        return SLUICE_OK;
    err = read_frame(reader, &head, at);
    *found = err == SLUICE_OK;
    return err == SLUICE_ERR_DAMAGED ? SLUICE_OK : err;
}

/* Look for a whole frame behind the one at reader->at that is not. */
static enum sluice_err find_later_frame(struct log_reader *reader, bool *found)
{
    struct sluice_buffer block;
    enum sluice_err err = SLUICE_OK;

    *found = false;
    sluice_buffer_init(&block, SCAN_BLOCK);
    for (uint64_t at = reader->at + 1; !err && !*found && reader->size - at >= FRAME_OVERHEAD;) {
        const size_t len = reader->size - at < SCAN_BLOCK ? (size_t)(reader->size - at) : SCAN_BLOCK;

        sluice_buffer_clear(&block);
        uint8_t *bytes = sluice_buffer_reserve(&block, len);
        err = bytes ? io_read_at(reader->fd, bytes, len, at) : SLUICE_ERR_MEMORY;
        if (err)
            break;
        const size_t next = frame_find(bytes, len);
        if (next < len) {
            err = is_later_frame(reader, at + next, found);
            at += next + 1;
        } else {
            /* A magic may lie across the end of the block. */
            at += len > 8 ? len - 7 : len;
        }
    }
    sluice_buffer_deinit(&block);
    return err;
}

enum sluice_err log_reader_next(struct log_reader *reader, struct frame *frame, bool *more)
{
    struct frame_head head;
    bool later = false;

    *more = false;
    if (reader->at == reader->size || reader->torn)
        return SLUICE_OK;
    enum sluice_err err = read_frame(reader, &head, reader->at);
    if (!err && head.sequence != reader->sequence)
        return SLUICE_ERR_DAMAGED;
    if (err == SLUICE_ERR_DAMAGED) {
        err = find_later_frame(reader, &later);
        reader->torn = !err && !later;
        return later ? SLUICE_ERR_DAMAGED : err;
    }
    if (err)
        return err;

    *frame = (struct frame){ .type = (enum frame_type)head.type,
                             .sequence = head.sequence,
                             .transaction = head.transaction,
                             .payload = reader->bytes.bytes + FRAME_HEAD_SIZE,
                             .len = head.len };
    reader->at += FRAME_OVERHEAD + (uint64_t)head.len;
    reader->sequence++;
    *more = true;
    return SLUICE_OK;
}
