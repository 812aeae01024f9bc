/* Files that are packed, as a reader of elements meets them. The first byte
 * says whether the rest is what lies on the disk or what is packed in it, in
 * members of a length that the second byte gives, and which format it has.
 * Whatever comes: the reader gets to the end, in memory that does not depend
 * on what is inside, and every element says where it stood. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <zlib.h>

#include "feed/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static struct sluice_input_config config = { .name = "packed", .tenant = "acme", .megabyte = 1000000 };
static struct reader reader;
static uint8_t packed[1 << 20];
static int fd;

static size_t pack(const uint8_t *bytes, size_t len, size_t member)
{
    z_stream deflater = { .next_out = packed, .avail_out = sizeof packed };

    while (len > 0) {
        const size_t part = len < member ? len : member;

        assert(deflateInit2(&deflater, 1, Z_DEFLATED, 16 + MAX_WBITS, 1, Z_DEFAULT_STRATEGY) == Z_OK);
        deflater.next_in = (unsigned char *)(uintptr_t)bytes;
        deflater.avail_in = (unsigned)part;
        if (deflate(&deflater, Z_FINISH) != Z_STREAM_END)
            len = part;   /* no room: what there is will do */
        deflateEnd(&deflater);
        bytes += part;
        len -= part;
    }
    return sizeof packed - deflater.avail_out;
}

static void read_all(struct sluice_batch *batch)
{
    uint64_t last_position = 0;
    struct reader_element element;
    enum reader_step step = READER_PROGRESS;

    for (size_t steps = 0; step != READER_END; steps++) {
        assert(steps < (1u << 24));
        assert(reader_next(&reader, &step, &element, batch, false) == SLUICE_OK);
        assert(step == READER_ENTRY || step == READER_PROGRESS || step == READER_END || step == READER_FULL);
        if (step == READER_ENTRY) {
            assert(element.entry->position >= last_position && element.entry->line > 0);
            assert(element.entry->raw.len <= SCAN_SIZE_MAX);
            last_position = element.entry->position;
        }
        if (step == READER_FULL || batch->count == batch->capacity) {
            assert(batch->count > 0);
            sluice_batch_reset(batch);
            reader.file_in_batch = (struct sluice_str){ NULL, 0 };
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const enum sluice_format formats[] = { SLUICE_FORMAT_EMNIFY, SLUICE_FORMAT_RAW };
    const struct position start = { 0 };
    struct sluice_batch batch;
    struct feed_input input;
    struct source *source;
    char path[64];

    if (len < 2)
        return 0;
    if (!fd)
        fd = memfd_create("packed", MFD_CLOEXEC);
    config.format = formats[bytes[0] >> 1 & 1];
    const bool as_is = bytes[0] & 1;
    const size_t packed_len = as_is ? len - 2 : pack(bytes + 2, len - 2, 1 + (size_t)bytes[1] * bytes[1]);

    assert(ftruncate(fd, 0) == 0);
    assert(pwrite(fd, as_is ? bytes + 2 : packed, packed_len, 0) == (ssize_t)packed_len);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    assert(feed_input_init(&input, NULL, &config) == SLUICE_OK);
    assert(sluice_batch_init(&batch, 64, 1 << 20) == SLUICE_OK);
    assert(source_open(&source, path, 0) == SLUICE_OK);
    reader_open(&reader, source, &input, 0, SLUICE_STR("f"), &start);
    read_all(&batch);
    reader_close(&reader);
    sluice_batch_deinit(&batch);
    feed_input_deinit(&input);
    return 0;
}
