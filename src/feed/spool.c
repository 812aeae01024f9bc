#include "feed/spool.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A slot: offset of its piece, length of its piece, nonce, sealed piece. An
 * empty slot, or one punched out, is all zeros and has length 0. */
struct spool_writer {
    int fd;
    uint64_t slot;
    uint64_t offset;
    uint8_t *key;
    uint8_t bytes[SPOOL_SLOT_SIZE];
};

struct spool_reader {
    int fd;
    uint64_t slot;                  /* the next one to be opened */
    uint64_t start;                 /* offset of the first piece */
    uint64_t offset;                /* where the next piece must start */
    uint8_t *key;
    size_t at, len;                 /* what of piece is not given yet */
    uint8_t bytes[SPOOL_SLOT_SIZE];
    uint8_t piece[SPOOL_PIECE_MAX];
};

static void put_number(uint8_t *at, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t get_number(const uint8_t *at, size_t size)
{
    uint64_t value = 0;

    for (size_t i = size; i > 0; i--)
        value = value << 8 | at[i - 1];
    return value;
}

static uint8_t *copy_key(const uint8_t key[static SLUICE_KEY_SIZE])
{
    uint8_t *copy = sluice_secret_alloc(SLUICE_KEY_SIZE);

    if (copy)
        memcpy(copy, key, SLUICE_KEY_SIZE);
    return copy;
}

/* What a slot is bound to: no slot can be moved or repeated. */
static void associate(uint8_t associated[static 16], uint64_t slot, uint64_t offset)
{
    put_number(associated, slot, 8);
    put_number(associated + 8, offset, 8);
}

/* The name of a new file is durable when its folder is. */
static enum sluice_err sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    enum sluice_err err = SLUICE_OK;
    int fd;

    if (!folder)
        return SLUICE_ERR_MEMORY;
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0)
        err = sluice_err_from_errno(errno);
    if (fd >= 0)
        close(fd);
    free(folder);
    return err;
}

enum sluice_err spool_writer_open(struct spool_writer **writer, const char *path,
                                  const uint8_t key[static SLUICE_KEY_SIZE])
{
    struct spool_writer *made = calloc(1, sizeof *made);
    enum sluice_err err = SLUICE_ERR_MEMORY;

    if (!made)
        return err;
    made->fd = -1;
    made->key = copy_key(key);
    if (made->key) {
        made->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        err = made->fd < 0 ? sluice_err_from_errno(errno) : sync_folder(path);
    }
    if (err) {
        spool_writer_close(made);
        return err;
    }
    *writer = made;
    return SLUICE_OK;
}

void spool_writer_close(struct spool_writer *writer)
{
    if (!writer)
        return;
    if (writer->fd >= 0)
        close(writer->fd);
    sluice_secret_free(writer->key, SLUICE_KEY_SIZE);
    free(writer);
}

static enum sluice_err write_slot(const struct spool_writer *writer, size_t len)
{
    size_t done = 0;

    while (done < len) {
        const ssize_t count = pwrite(writer->fd, writer->bytes + done, len - done,
                                     (off_t)(writer->slot * SPOOL_SLOT_SIZE + done));

        if (count < 0 && errno != EINTR)
            return sluice_err_from_errno(errno);
        done += count > 0 ? (size_t)count : 0;
    }
    return fdatasync(writer->fd) < 0 ? sluice_err_from_errno(errno) : SLUICE_OK;
}

enum sluice_err spool_write(struct spool_writer *writer, const char *bytes, size_t len)
{
    uint8_t associated[16];
    uint8_t *nonce = writer->bytes + 12;

    assert(len > 0 && len <= SPOOL_PIECE_MAX);
    put_number(writer->bytes, writer->offset, 8);
    put_number(writer->bytes + 8, len, 4);
    sluice_random(nonce, SLUICE_NONCE_SIZE);
    associate(associated, writer->slot, writer->offset);
    sluice_seal(writer->bytes + SPOOL_HEADER_SIZE, bytes, len, associated, sizeof associated, nonce, writer->key);

    const enum sluice_err err = write_slot(writer, SPOOL_HEADER_SIZE + len + SLUICE_MAC_SIZE);
    if (err)
        return err;   /* the slot is written anew by the next call */
    writer->slot++;
    writer->offset += len;
    return SLUICE_OK;
}

/* One slot's bytes; *got is short at the end of the file. */
static enum sluice_err read_slot(struct spool_reader *reader, size_t size, size_t *got)
{
    *got = 0;
    while (*got < size) {
        const ssize_t count = pread(reader->fd, reader->bytes + *got, size - *got,
                                    (off_t)(reader->slot * SPOOL_SLOT_SIZE + *got));

        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return sluice_err_from_errno(errno);
        if (count == 0)
            break;
        *got += (size_t)count;
    }
    return SLUICE_OK;
}

/* Step over what is punched out at the start. */
static enum sluice_err find_start(struct spool_reader *reader)
{
    for (;; reader->slot++) {
        size_t got;
        const enum sluice_err err = read_slot(reader, SPOOL_HEADER_SIZE, &got);

        if (err)
            return err;
        if (got < SPOOL_HEADER_SIZE) {
            reader->slot = 0;   /* nothing is there yet, or no more */
            return SLUICE_OK;
        }
        if (get_number(reader->bytes + 8, 4) != 0)
            break;
    }
    reader->start = reader->offset = get_number(reader->bytes, 8);
    return SLUICE_OK;
}

enum sluice_err spool_reader_open(struct spool_reader **reader, const char *path,
                                  const uint8_t key[static SLUICE_KEY_SIZE])
{
    struct spool_reader *made = calloc(1, sizeof *made);
    enum sluice_err err = SLUICE_ERR_MEMORY;

    if (!made)
        return err;
    made->fd = -1;
    made->key = copy_key(key);
    if (made->key) {
        made->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        err = made->fd < 0 ? sluice_err_from_errno(errno) : find_start(made);
    }
    if (err) {
        spool_reader_close(made);
        return err;
    }
    *reader = made;
    return SLUICE_OK;
}

void spool_reader_close(struct spool_reader *reader)
{
    if (!reader)
        return;
    if (reader->fd >= 0)
        close(reader->fd);
    sluice_secret_free(reader->key, SLUICE_KEY_SIZE);
    sluice_wipe(reader->piece, sizeof reader->piece);
    free(reader);
}

uint64_t spool_reader_start(const struct spool_reader *reader)
{
    return reader->start;
}

enum sluice_err spool_seek(struct spool_reader *reader, uint64_t offset, uint64_t *at)
{
    enum sluice_err err;

    reader->len = 0;
    reader->slot = 0;
    err = find_start(reader);
    while (!err) {
        size_t got;

        *at = reader->offset;
        err = read_slot(reader, SPOOL_HEADER_SIZE, &got);
        const uint64_t len = got == SPOOL_HEADER_SIZE ? get_number(reader->bytes + 8, 4) : 0;
        if (err || len == 0 || reader->offset + len > offset)
            break;
        reader->slot++;
        reader->offset += len;
    }
    return err;
}

/* Whether nothing was ever written behind the slot. */
static bool is_last(const struct spool_reader *reader)
{
    struct stat status;

    return fstat(reader->fd, &status) == 0 && (uint64_t)status.st_size <= (reader->slot + 1) * SPOOL_SLOT_SIZE;
}

/* Open the next slot. The last one may have been torn by a crash: then it is
 * not there, as nobody was told that it is. */
static enum sluice_err next_piece(struct spool_reader *reader)
{
    uint8_t associated[16];
    size_t got;
    enum sluice_err err = read_slot(reader, SPOOL_SLOT_SIZE, &got);

    if (err || got < SPOOL_HEADER_SIZE)
        return err;
    const uint64_t offset = get_number(reader->bytes, 8);
    const size_t len = (size_t)get_number(reader->bytes + 8, 4);
    if (len == 0)
        return SLUICE_OK;
    if (len > SPOOL_PIECE_MAX || offset != reader->offset)
        return SLUICE_ERR_DAMAGED;
    if (got < SPOOL_HEADER_SIZE + len + SLUICE_MAC_SIZE)
        return SLUICE_OK;
    associate(associated, reader->slot, offset);
    err = sluice_unseal(reader->piece, reader->bytes + SPOOL_HEADER_SIZE, len + SLUICE_MAC_SIZE, associated,
                        sizeof associated, reader->bytes + 12, reader->key);
    if (err)
        return is_last(reader) ? SLUICE_OK : err;
    reader->slot++;
    reader->offset += len;
    reader->at = 0;
    reader->len = len;
    return SLUICE_OK;
}

enum sluice_err spool_read(struct spool_reader *reader, char *bytes, size_t size, size_t *got)
{
    enum sluice_err err = SLUICE_OK;

    if (reader->len == 0)
        err = next_piece(reader);
    *got = reader->len < size ? reader->len : size;
    memcpy(bytes, reader->piece + reader->at, *got);
    reader->at += *got;
    reader->len -= *got;
    return err;
}

void spool_punch(const char *path, uint64_t offset)
{
    const int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    uint8_t header[SPOOL_HEADER_SIZE];
    uint64_t slot = 0;

    if (fd < 0)
        return;
    for (;; slot++) {
        if (pread(fd, header, sizeof header, (off_t)(slot * SPOOL_SLOT_SIZE)) != (ssize_t)sizeof header)
            break;
        const uint64_t len = get_number(header + 8, 4);

        if (len != 0 && get_number(header, 8) + len > offset)
            break;
    }
    if (slot > 0)
        (void)fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, (off_t)(slot * SPOOL_SLOT_SIZE));
    close(fd);
}
