#include "local/batch_file.h"

#include <string.h>
#include <unistd.h>

#include "local/io.h"
#include "seal/proto.h"

#define READ_AHEAD    ((size_t)256 << 10)
#define HEAD_SIZE_MAX 11   /* one byte of tag, ten of length */

void batch_file_init(struct batch_file *file)
{
    *file = (struct batch_file){ .fd = -1 };
    sluice_buffer_init(&file->bytes, BATCH_FIELD_MAX + READ_AHEAD);
}

void batch_file_end(struct batch_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
    sluice_buffer_clear(&file->bytes);
}

void batch_file_deinit(struct batch_file *file)
{
    batch_file_end(file);
    sluice_buffer_deinit(&file->bytes);
}

void batch_file_begin(struct batch_file *file, int fd, uint64_t at, uint64_t size)
{
    batch_file_end(file);
    file->fd = fd;
    file->at = file->start = at;
    file->size = size;
}

/* Have len bytes from `at` on in the buffer, or as many as the file has. */
static enum sluice_err fill(struct batch_file *file, size_t len)
{
    const size_t used = (size_t)(file->at - file->start);
    const size_t held = file->bytes.len - used;
    const uint64_t left = file->size - file->at;

    if (held >= len || held == left)
        return SLUICE_OK;
    if (used > 0) {
        memmove(file->bytes.bytes, file->bytes.bytes + used, held);
        file->bytes.len = held;
        file->start = file->at;
    }
    uint64_t more = (len > READ_AHEAD ? len : READ_AHEAD) - held;
    if (more > left - held)
        more = left - held;
    uint8_t *into = sluice_buffer_reserve(&file->bytes, (size_t)more);
    if (!into) {
        sluice_buffer_clear(&file->bytes);
        file->start = file->at;
        return SLUICE_ERR_MEMORY;
    }
    const enum sluice_err err = io_read_at(file->fd, into, (size_t)more, file->at + held);
    if (err)
        file->bytes.len -= (size_t)more;
    return err;
}

static struct sluice_cursor held_bytes(const struct batch_file *file)
{
    const uint8_t *at = file->bytes.bytes + (file->at - file->start);

    return (struct sluice_cursor){ at, file->bytes.bytes + file->bytes.len, false };
}

int batch_file_next(struct batch_file *file, int *field, const uint8_t **bytes, size_t *len, enum sluice_err *err)
{
    if (file->at == file->size)
        return 0;
    *err = fill(file, HEAD_SIZE_MAX);
    if (*err)
        return -2;

    struct sluice_cursor cursor = held_bytes(file);
    const uint8_t *start = cursor.at;
    const uint64_t tag = proto_varint(&cursor);
    const uint64_t size = proto_varint(&cursor);
    if (cursor.failed || (tag & 7) != PROTO_BYTES || tag >> 3 == 0 || tag >> 3 > 15 || size > BATCH_FIELD_MAX)
        return -1;
    const size_t head = (size_t)(cursor.at - start);
    if (size > file->size - file->at - head)
        return -1;

    *err = fill(file, head + (size_t)size);
    if (*err)
        return -2;
    *field = (int)(tag >> 3);
    *bytes = held_bytes(file).at + head;
    *len = (size_t)size;
    file->at += head + size;
    return 1;
}
