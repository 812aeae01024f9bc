/* A segment of the change log with snapshot and commits. The first byte says
 * what the rest is: bytes of a file, which no key opens, or payloads, which are
 * sealed into frames as the writer would. Whatever comes: no crash, and what
 * the catalog took in it gives back. */
#include <assert.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "local/load.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static uint8_t key[SLUICE_KEY_SIZE] = "a key that is only for fuzzing..";
static int fd;
static struct sluice_buffer file, frame;

static enum sluice_err take(void *self, const uint8_t *bytes, size_t len)
{
    (void)self;
    return len > 0 && bytes[0] == 0xff ? SLUICE_ERR_DAMAGED : SLUICE_OK;
}

static enum sluice_err take_chunk(void *self, uint64_t chunk, const uint8_t *bytes, size_t len)
{
    (void)chunk;
    return take(self, bytes, len);
}

static const struct sluice_state_table table = { .id = 1, .name = "table", .apply = take, .restore = take_chunk };

static void append_frame(enum frame_type type, uint64_t sequence, uint64_t transaction, const uint8_t *bytes,
                         size_t len)
{
    sluice_buffer_clear(&frame);
    frame_begin(&frame);
    sluice_buffer_append(&frame, bytes, len);
    assert(frame_end(&frame, type, sequence, transaction, key) == SLUICE_OK);
    sluice_buffer_append(&file, frame.bytes, frame.len);
}

/* Each frame: a byte for its type and how far sequence and transaction go on, a length, the payload. */
static void seal_frames(struct sluice_cursor *cursor)
{
    static const uint8_t start[] = { LOG_FORMAT, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0 };
    uint64_t sequence = 0, transaction = 5;

    append_frame(FRAME_SEGMENT, sequence++, transaction, start, sizeof start);
    while (cursor->at < cursor->end && sequence < 64) {
        const uint8_t head = sluice_cursor_u8(cursor);
        const size_t wanted = sluice_cursor_u8(cursor), left = (size_t)(cursor->end - cursor->at);
        const size_t len = wanted < left ? wanted : left;
        const enum frame_type type = (enum frame_type)(FRAME_SEGMENT + (head & 7) % 6);

        transaction += type == FRAME_COMMIT || type == FRAME_MEANWHILE;
        if (head & 0x40)
            transaction++;
        append_frame(type, sequence, transaction, sluice_cursor_bytes(cursor, len), len);
        sequence += head & 0x80 ? 2 : 1;
    }
}

static void assert_comes_back(const struct local_catalog *catalog)
{
    struct sluice_buffer once, twice;
    struct local_catalog again;

    sluice_buffer_init(&once, 1 << 20);
    sluice_buffer_init(&twice, 1 << 20);
    catalog_init(&again);
    catalog_snapshot(catalog, &once);
    assert(catalog_apply(&again, once.bytes, once.len) == SLUICE_OK);
    catalog_snapshot(&again, &twice);
    assert(once.len == twice.len);
    catalog_deinit(&again);
    sluice_buffer_deinit(&once);
    sluice_buffer_deinit(&twice);
}

static void load(void)
{
    struct local_catalog catalog;
    struct sluice_findings findings;
    struct load loaded = { .findings = &findings, .catalog = &catalog, .tables = &table, .table_count = 1 };
    struct log_reader reader = { .fd = fd, .size = file.len, .key = key };

    assert(ftruncate(fd, 0) == 0 && pwrite(fd, file.bytes, file.len, 0) == (ssize_t)file.len);
    sluice_buffer_init(&reader.bytes, FRAME_PAYLOAD_MAX + FRAME_OVERHEAD);
    catalog_init(&catalog);
    sluice_findings_init(&findings);
    const enum sluice_err err = load_segment(&loaded, &reader, 2, "2.log");
    assert(err == SLUICE_OK || err == SLUICE_ERR_DAMAGED || err == SLUICE_ERR_MEMORY);
    assert((err == SLUICE_ERR_DAMAGED) == (findings.errors > 0));
    assert(reader.at <= file.len);
    if (!err)
        assert_comes_back(&catalog);
    sluice_findings_deinit(&findings);
    catalog_deinit(&catalog);
    sluice_buffer_deinit(&reader.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct sluice_cursor cursor = { bytes, bytes + len, false };

    if (!fd) {
        assert(sluice_crypto_init() == SLUICE_OK);
        fd = memfd_create("segment", MFD_CLOEXEC);
        sluice_buffer_init(&file, 1 << 24);
        sluice_buffer_init(&frame, 1 << 20);
    }
    if (len == 0)
        return 0;
    sluice_buffer_clear(&file);
    if (sluice_cursor_u8(&cursor) == 0)
        sluice_buffer_append(&file, cursor.at, len - 1);
    else
        seal_frames(&cursor);
    load();
    return 0;
}
