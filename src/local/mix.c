/* Within a commit the rows of a stream stand in the order of their pseudonyms,
 * but commits stand one behind the other: who has two streams and sees where
 * the order starts again knows which rows came at one time, at low rates which
 * few. A reader of closed files must not see it where nothing else joins rows.
 *
 * Rows are ordered by a hash of themselves. Each has a `ref` of its own that
 * nobody without the keys can tell, so this order says nothing of another
 * stream's, and after a crash it comes out the same. */
#include "local/mix.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "local/io.h"
#include "sluice/crypto.h"
#include "sluice/wire.h"

#define ROW_TAG (1 << 3 | 2)   /* PurposeBatch.records */
#define FILE_MODE 0640

struct place {
    uint64_t key;
    uint64_t at;
};

struct mix {
    const uint8_t *bytes;
    size_t len;
    struct place *places;
    size_t count;
};

/* Length of the framed row there; 0 when it is none. */
static size_t frame_len(const uint8_t *at, const uint8_t *end)
{
    uint64_t len = 0;
    size_t head = 1;

    if (at == end || at[0] != ROW_TAG)
        return 0;
    for (unsigned shift = 0;; shift += 7) {
        if (at + head == end || shift > 28)
            return 0;
        len |= (uint64_t)(at[head] & 0x7f) << shift;
        if (at[head++] < 0x80)
            break;
    }
    return len <= (uint64_t)(end - at) - head ? head + (size_t)len : 0;
}

static uint64_t key_of(const uint8_t *row, size_t len)
{
    static const uint8_t no_key[SLUICE_HASH_KEY_SIZE];   /* nothing here is secret; the ref makes it unlike */
    uint8_t hash[SLUICE_HASH_SIZE];
    uint64_t key;

    sluice_hash(hash, row, len, no_key);
    memcpy(&key, hash, sizeof key);
    return key;
}

/* With places NULL it counts. */
static enum sluice_err find_rows(struct mix *mix)
{
    const uint8_t *const end = mix->bytes + mix->len;

    mix->count = 0;
    for (const uint8_t *at = mix->bytes; at < end; mix->count++) {
        const size_t len = frame_len(at, end);

        if (len == 0)
            return SLUICE_ERR_DAMAGED;
        if (mix->places)
            mix->places[mix->count] = (struct place){ key_of(at, len), (uint64_t)(at - mix->bytes) };
        at += len;
    }
    return SLUICE_OK;
}

static int compare(const void *a, const void *b)
{
    const struct place *left = a, *right = b;

    if (left->key != right->key)
        return left->key < right->key ? -1 : 1;
    return (left->at > right->at) - (left->at < right->at);
}

static enum sluice_err order_rows(struct mix *mix)
{
    enum sluice_err err = find_rows(mix);

    if (err)
        return err;
    mix->places = malloc((mix->count + 1) * sizeof *mix->places);
    if (!mix->places)
        return SLUICE_ERR_MEMORY;
    err = find_rows(mix);
    qsort(mix->places, mix->count, sizeof *mix->places, compare);
    return err;
}

static enum sluice_err write_rows(const struct mix *mix, int fd, uint8_t staging[])
{
    uint64_t written = 0;
    size_t staged = 0;
    enum sluice_err err = SLUICE_OK;

    for (size_t i = 0; !err && i < mix->count; i++) {
        const uint8_t *row = mix->bytes + mix->places[i].at;
        const size_t len = frame_len(row, mix->bytes + mix->len);

        if (staged + len > OUTPUT_STAGING_SIZE) {
            err = io_write_at(fd, staging, staged, written);
            written += staged;
            staged = 0;
        }
        if (!err && len > OUTPUT_STAGING_SIZE) {
            err = io_write_at(fd, row, len, written);
            written += len;
        } else if (!err) {
            memcpy(staging + staged, row, len);
            staged += len;
        }
    }
    if (!err && staged)
        err = io_write_at(fd, staging, staged, written);
    return err ? err : io_sync(fd);
}

/* Whole on the device before it has the name that readers look for. */
static enum sluice_err write_file(int folder_fd, const char *path, const struct mix *mix, uint8_t staging[])
{
    char beside[BUCKET_PATH_SIZE + sizeof ".mix"];
    int fd;

    snprintf(beside, sizeof beside, "%s.mix", path);
    enum sluice_err err = io_open_at(&fd, folder_fd, beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, FILE_MODE);
    if (err)
        return err;
    err = write_rows(mix, fd, staging);
    close(fd);
    if (!err)
        err = io_rename_at(folder_fd, beside, path);
    if (err) {
        const enum sluice_err ignored = io_unlink_at(folder_fd, beside, 0);
        (void)ignored;
    }
    return err;
}

enum sluice_err mix_file(int folder_fd, const char *from, const char *to, uint8_t staging[])
{
    struct mix mix = { 0 };
    uint64_t size;
    int fd;

    enum sluice_err err = io_open_at(&fd, folder_fd, from, O_RDONLY | O_NOFOLLOW, 0);
    if (err)
        return err;
    err = io_size(&size, fd);
    mix.len = err ? 0 : (size_t)size;
    if (!err)
        err = io_map(&mix.bytes, fd, mix.len);
    close(fd);
    if (!err)
        err = order_rows(&mix);
    if (!err)
        err = write_file(folder_fd, to, &mix, staging);
    free(mix.places);
    io_unmap(mix.bytes, mix.len);
    /* A reader beside us may hold the old one: it stays as it was to its end. */
    return err ? err : io_unlink_at(folder_fd, from, 0);
}
