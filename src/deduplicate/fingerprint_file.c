#include "deduplicate/fingerprint_file.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "local/io.h"

#define BLOCK_SIZE   4096
#define BLOCK_ITEMS  (BLOCK_SIZE / sizeof(struct fingerprint) - 1)   /* beside its hash */
#define BLOCK_WORDS  (BLOCK_ITEMS * 2)
#define FILTER_BITS  12                                              /* a fingerprint */
#define HASH_OFFSET  (BLOCK_SIZE - SLUICE_HASH_SIZE)

static uint64_t item_blocks(uint64_t count)
{
    return (count + BLOCK_ITEMS - 1) / BLOCK_ITEMS;
}

static uint64_t filter_words(uint64_t count)
{
    return count * FILTER_BITS / 64 + 1;
}

static uint64_t filter_blocks(uint64_t count)
{
    return (filter_words(count) + BLOCK_WORDS - 1) / BLOCK_WORDS;
}

/* Whole blocks, so that they are read and written as they are. */
static uint64_t *filter_new(uint64_t count)
{
    return calloc(filter_blocks(count), BLOCK_WORDS * sizeof(uint64_t));
}

uint64_t fingerprint_file_size(uint64_t count)
{
    return (item_blocks(count) + filter_blocks(count)) * BLOCK_SIZE;
}

uint64_t fingerprint_file_octets(const struct fingerprint_file *file)
{
    return file->filter ? filter_blocks(file->count) * BLOCK_WORDS * sizeof *file->filter : 0;
}

void fingerprint_file_forget(struct fingerprint_file *file)
{
    free(file->filter);
    *file = (struct fingerprint_file){ 0 };
}

void fingerprint_file_name(char name[static FINGERPRINT_FILE_NAME_SIZE], uint64_t number)
{
    snprintf(name, FINGERPRINT_FILE_NAME_SIZE, "%llu.seen", (unsigned long long)number);
}

uint64_t fingerprint_file_number(const char *name)
{
    char *end;
    const uint64_t number = strtoull(name, &end, 10);
    char again[FINGERPRINT_FILE_NAME_SIZE];

    fingerprint_file_name(again, number);
    return strcmp(name, again) == 0 ? number : 0;
}

void fingerprint_folder_init(struct fingerprint_folder *folder)
{
    *folder = (struct fingerprint_folder){ .fd = -1, .open_fd = -1 };
}

static void close_file(struct fingerprint_folder *folder)
{
    if (folder->open_fd >= 0)
        close(folder->open_fd);
    folder->open_fd = -1;
}

void fingerprint_folder_close(struct fingerprint_folder *folder)
{
    close_file(folder);
    if (folder->fd >= 0)
        close(folder->fd);
    folder->fd = -1;
}

/* --- blocks ------------------------------------------------------------ */

/* The hash of a block is over where it stands too. Nothing that names a record
 * is as long as a block, so the hour's key serves both. */
static void block_hash(uint8_t hash[static SLUICE_HASH_SIZE], uint8_t block[static BLOCK_SIZE], uint64_t number,
                       uint64_t index, const uint8_t key[static SLUICE_HASH_KEY_SIZE])
{
    const uint64_t place[2] = { number, index };

    memcpy(block + HASH_OFFSET, place, sizeof place);
    sluice_hash(hash, block, BLOCK_SIZE, key);
}

static void seal_block(uint8_t block[static BLOCK_SIZE], uint64_t number, uint64_t index,
                       const uint8_t key[static SLUICE_HASH_KEY_SIZE])
{
    uint8_t hash[SLUICE_HASH_SIZE];

    block_hash(hash, block, number, index, key);
    memcpy(block + HASH_OFFSET, hash, sizeof hash);
}

static enum sluice_err open_file(struct fingerprint_folder *folder, uint64_t number)
{
    char name[FINGERPRINT_FILE_NAME_SIZE];

    if (folder->open_fd >= 0 && folder->open_number == number)
        return SLUICE_OK;
    close_file(folder);
    fingerprint_file_name(name, number);
    folder->open_number = number;
    const enum sluice_err err = io_open_at(&folder->open_fd, folder->fd, name, O_RDONLY | O_NOFOLLOW, 0);
    return err == SLUICE_ERR_MISSING ? SLUICE_ERR_DAMAGED : err;
}

static enum sluice_err read_block(void *block, struct fingerprint_folder *folder, const struct fingerprint_file *file,
                                  uint64_t index, const uint8_t key[static SLUICE_HASH_KEY_SIZE])
{
    uint8_t read[SLUICE_HASH_SIZE], hash[SLUICE_HASH_SIZE], *bytes = block;

    enum sluice_err err = open_file(folder, file->number);
    if (!err)
        err = io_read_at(folder->open_fd, bytes, BLOCK_SIZE, index * BLOCK_SIZE);
    if (err)
        return err;
    memcpy(read, bytes + HASH_OFFSET, sizeof read);
    block_hash(hash, bytes, file->number, index, key);
    return memcmp(read, hash, sizeof hash) == 0 ? SLUICE_OK : SLUICE_ERR_DAMAGED;
}

/* --- the filter: four bits of one word for each fingerprint ------------- */

static uint64_t scale(uint64_t fraction, uint64_t whole)
{
    return (uint64_t)((unsigned __int128)fraction * whole >> 64);
}

/* The first bits choose the word, others those in it: a file in order fills the filter in order. */
static uint64_t filter_mask(struct fingerprint fingerprint)
{
    const uint64_t bits = fingerprint.word[1];

    return UINT64_C(1) << (bits & 63) | UINT64_C(1) << (bits >> 6 & 63) | UINT64_C(1) << (bits >> 12 & 63) |
           UINT64_C(1) << (bits >> 18 & 63);
}

static bool filter_passes(const struct fingerprint_file *file, struct fingerprint fingerprint)
{
    const uint64_t mask = filter_mask(fingerprint);

    return (file->filter[scale(fingerprint.word[0], filter_words(file->count))] & mask) == mask;
}

static enum sluice_err load_filter(struct fingerprint_folder *folder, struct fingerprint_file *file,
                                   const uint8_t key[static SLUICE_HASH_KEY_SIZE])
{
    uint64_t *filter = filter_new(file->count);
    uint64_t block[BLOCK_SIZE / sizeof(uint64_t)];
    enum sluice_err err = filter ? SLUICE_OK : SLUICE_ERR_MEMORY;

    for (uint64_t i = 0; !err && i < filter_blocks(file->count); i++) {
        err = read_block(block, folder, file, item_blocks(file->count) + i, key);
        if (!err)
            memcpy(filter + i * BLOCK_WORDS, block, BLOCK_WORDS * sizeof *filter);
    }
    if (err)
        free(filter);
    else
        file->filter = filter;
    return err;
}

/* --- looking up -------------------------------------------------------- */

static uint64_t items_in(const struct fingerprint_file *file, uint64_t index)
{
    const uint64_t left = file->count - index * BLOCK_ITEMS;

    return left < BLOCK_ITEMS ? left : BLOCK_ITEMS;
}

static bool block_holds(const struct fingerprint items[], size_t count, struct fingerprint fingerprint)
{
    size_t low = 0;

    for (size_t high = count; low < high;) {
        const size_t middle = low + (high - low) / 2;

        if (fingerprint_compare(items[middle], fingerprint) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && fingerprint_is_equal(items[low], fingerprint);
}

/* Fingerprints are evenly spread, so how far away one is tells how many blocks lie between. */
static uint64_t blocks_between(uint64_t distance, uint64_t blocks)
{
    const uint64_t away = scale(distance, blocks);

    return away ? away : 1;
}

static enum sluice_err search(bool *holds, struct fingerprint_folder *folder, const struct fingerprint_file *file,
                              const uint8_t key[static SLUICE_HASH_KEY_SIZE], struct fingerprint wanted)
{
    const uint64_t blocks = item_blocks(file->count);
    struct fingerprint items[BLOCK_ITEMS + 1];
    uint64_t low = 0, high = blocks, at = scale(wanted.word[0], blocks);

    *holds = false;
    while (low < high) {
        const enum sluice_err err = read_block(items, folder, file, at, key);
        if (err)
            return err;
        const uint64_t count = items_in(file, at);
        if (fingerprint_compare(wanted, items[0]) < 0) {
            const uint64_t away = blocks_between(items[0].word[0] - wanted.word[0], blocks);

            high = at;
            at = at - low > away ? at - away : low;
        } else if (fingerprint_compare(wanted, items[count - 1]) > 0) {
            const uint64_t away = blocks_between(wanted.word[0] - items[count - 1].word[0], blocks);

            low = at + 1;
            at = high - at > away ? at + away : high - 1;
        } else {
            *holds = block_holds(items, count, wanted);
            return SLUICE_OK;
        }
    }
    return SLUICE_OK;
}

enum sluice_err fingerprint_file_holds(bool *holds, struct fingerprint_folder *folder, struct fingerprint_file *file,
                                       const uint8_t key[static SLUICE_HASH_KEY_SIZE], struct fingerprint fingerprint)
{
    if (!file->filter) {
        const enum sluice_err err = load_filter(folder, file, key);
        if (err)
            return err;
    }
    *holds = filter_passes(file, fingerprint);
    return *holds ? search(holds, folder, file, key, fingerprint) : SLUICE_OK;
}

enum sluice_err fingerprint_reader_peek(struct fingerprint_reader *reader, struct fingerprint *fingerprint, bool *end,
                                        struct fingerprint_folder *folder, const struct fingerprint_file *file,
                                        const uint8_t key[static SLUICE_HASH_KEY_SIZE])
{
    const uint64_t block = reader->next / BLOCK_ITEMS;

    static_assert(sizeof reader->held == BLOCK_SIZE, "a block is read into it");
    *end = reader->next >= file->count;
    if (*end)
        return SLUICE_OK;
    if (reader->block != block + 1) {
        reader->block = 0;
        const enum sluice_err err = read_block(reader->held, folder, file, block, key);
        if (err)
            return err;
        reader->block = block + 1;
    }
    *fingerprint = reader->held[reader->next % BLOCK_ITEMS];
    return SLUICE_OK;
}

/* --- writing ----------------------------------------------------------- */

void fingerprint_writer_init(struct fingerprint_writer *writer)
{
    *writer = (struct fingerprint_writer){ .fd = -1 };
    sluice_buffer_init(&writer->blocks, (size_t)1 << 30);
}

void fingerprint_writer_close(struct fingerprint_writer *writer)
{
    if (writer->fd >= 0)
        close(writer->fd);
    free(writer->filter);
    sluice_buffer_deinit(&writer->blocks);
    fingerprint_writer_init(writer);
}

enum sluice_err fingerprint_writer_begin(struct fingerprint_writer *writer, const struct fingerprint_folder *folder,
                                         uint64_t number, uint64_t count)
{
    char name[FINGERPRINT_FILE_NAME_SIZE];

    assert(writer->fd < 0);
    fingerprint_file_name(name, number);
    writer->filter = filter_new(count);
    enum sluice_err err = writer->filter ? SLUICE_OK : SLUICE_ERR_MEMORY;
    if (!err)
        err = io_open_at(&writer->fd, folder->fd, name, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
    if (err) {
        fingerprint_writer_close(writer);
        return err;
    }
    writer->number = number;
    writer->count = count;
    return SLUICE_OK;
}

static uint8_t *last_block(struct fingerprint_writer *writer)
{
    return writer->blocks.bytes + writer->blocks.len - BLOCK_SIZE;
}

static uint64_t next_index(const struct fingerprint_writer *writer)
{
    return (writer->size + writer->blocks.len) / BLOCK_SIZE;
}

/* The block at the end of the buffer, full or not, is the file's next. */
static void seal_last(struct fingerprint_writer *writer, const uint8_t key[static SLUICE_HASH_KEY_SIZE])
{
    if (!writer->blocks.failed)
        seal_block(last_block(writer), writer->number, next_index(writer) - 1, key);
}

void fingerprint_writer_add(struct fingerprint_writer *writer, struct fingerprint fingerprint,
                            const uint8_t key[static SLUICE_HASH_KEY_SIZE])
{
    const uint64_t at = writer->added % BLOCK_ITEMS;

    assert(writer->added < writer->count);
    if (at == 0) {
        uint8_t *block = sluice_buffer_reserve(&writer->blocks, BLOCK_SIZE);

        if (block)
            memset(block, 0, BLOCK_SIZE);
    }
    if (!writer->blocks.failed)
        memcpy(last_block(writer) + at * sizeof fingerprint, &fingerprint, sizeof fingerprint);
    writer->filter[scale(fingerprint.word[0], filter_words(writer->count))] |= filter_mask(fingerprint);
    writer->added++;
    if (writer->added % BLOCK_ITEMS == 0 || writer->added == writer->count)
        seal_last(writer, key);
}

enum sluice_err fingerprint_writer_flush(struct fingerprint_writer *writer)
{
    const bool is_partial = writer->added % BLOCK_ITEMS != 0 && writer->added < writer->count;

    if (sluice_buffer_err(&writer->blocks))
        return SLUICE_ERR_MEMORY;
    const size_t whole = writer->blocks.len - (is_partial ? BLOCK_SIZE : 0);
    const enum sluice_err err = io_write_at(writer->fd, writer->blocks.bytes, whole, writer->size);
    if (err)
        return err;
    io_sync_start(writer->fd);
    writer->size += whole;
    if (is_partial)
        memmove(writer->blocks.bytes, writer->blocks.bytes + whole, BLOCK_SIZE);
    writer->blocks.len -= whole;
    return SLUICE_OK;
}

enum sluice_err fingerprint_writer_finish(struct fingerprint_writer *writer,
                                          const uint8_t key[static SLUICE_HASH_KEY_SIZE])
{
    assert(writer->added == writer->count);
    for (uint64_t i = 0; i < filter_blocks(writer->count); i++) {
        uint8_t *block = sluice_buffer_reserve(&writer->blocks, BLOCK_SIZE);

        if (block)
            memcpy(block, writer->filter + i * BLOCK_WORDS, BLOCK_WORDS * sizeof *writer->filter);
        seal_last(writer, key);
    }
    return fingerprint_writer_flush(writer);
}

void fingerprint_writer_drop(struct fingerprint_writer *writer, const struct fingerprint_folder *folder)
{
    char name[FINGERPRINT_FILE_NAME_SIZE];

    if (writer->fd < 0)
        return;
    fingerprint_file_name(name, writer->number);
    fingerprint_writer_close(writer);
    const enum sluice_err ignored = io_unlink_at(folder->fd, name, 0);   /* else it goes at the next start */
    (void)ignored;
}
