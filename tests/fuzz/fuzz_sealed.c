/* Files of streams and what is sealed in them, as a reader meets them: fields
 * of a batch, heads of sealed records, and the entries of a content that did
 * open. The first byte says which. Whatever comes: no crash, nothing read
 * beyond the end, and fields written back are the same bytes. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "local/batch_file.h"
#include "seal/proto.h"
#include "sluice/seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void read_batch(const uint8_t *bytes, size_t len)
{
    const int fd = memfd_create("stream", MFD_CLOEXEC);
    struct batch_file file;
    enum sluice_err err = SLUICE_OK;
    const uint8_t *field_bytes;
    uint64_t at = 0;
    size_t field_len;
    int field, got;

    assert(fd >= 0 && pwrite(fd, bytes, len, 0) == (ssize_t)len);
    batch_file_init(&file);
    batch_file_begin(&file, fd, 0, len);
    while ((got = batch_file_next(&file, &field, &field_bytes, &field_len, &err)) > 0) {
        assert(field >= 1 && field <= 15);
        assert(file.at > at && file.at <= len);
        assert(memcmp(field_bytes, bytes + file.at - field_len, field_len) == 0);
        at = file.at;
    }
    assert(got != 0 || at == len);
    assert(got != -2);
    batch_file_deinit(&file);
}

static void read_head(const uint8_t *bytes, size_t len)
{
    static const uint8_t public_key[SLUICE_PUBLIC_KEY_SIZE], secret_key[SLUICE_SECRET_KEY_SIZE];
    struct sluice_sealed_head head;
    struct sluice_buffer content;
    enum sluice_store store;
    int64_t deadline_s;

    sluice_buffer_init(&content, 1 << 20);
    if (sluice_sealed_peek(&head, bytes, len) == SLUICE_OK)
        assert(sluice_store_name(head.store));
    assert(sluice_sealed_open(&content, &store, &deadline_s, bytes, len, public_key, secret_key, true));
    assert(content.len == 0);
    sluice_buffer_deinit(&content);
}

static void read_entries(const uint8_t *bytes, size_t len)
{
    struct sluice_cursor cursor = { bytes, bytes + len, false };
    const uint8_t key[SLUICE_KEY_SIZE] = { 1 };
    struct sluice_sealed_entry entry;
    struct sluice_buffer raw;
    int got;

    sluice_buffer_init(&raw, 1 << 20);
    while ((got = sluice_sealed_next(&cursor, &entry)) > 0) {
        assert(entry.form < SLUICE_FORM_COUNT);
        assert(entry.raw.len <= len);
        assert(sluice_sealed_open_parked(&raw, &entry, key) != SLUICE_OK);
    }
    assert(got < 0 || cursor.at == cursor.end);
    sluice_buffer_deinit(&raw);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static void (*const read[])(const uint8_t *, size_t) = { read_batch, read_head, read_entries };
    static int is_ready;

    if (!is_ready++)
        assert(sluice_crypto_init() == SLUICE_OK);
    if (len == 0)
        return 0;
    /* Exactly as much memory as there are bytes: a byte too far is seen. */
    uint8_t *copy = malloc(len);
    assert(copy);
    memcpy(copy, bytes + 1, len - 1);
    read[bytes[0] % 3](copy, len - 1);
    free(copy);
    return 0;
}
