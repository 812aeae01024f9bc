/* A folder of record files and a feed over it, fresh for each test. */
#ifndef TESTS_FEED_FIXTURE_H
#define TESTS_FEED_FIXTURE_H

#include "test.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "sluice/crypto.h"
#include "sluice/feed.h"

#define UNUSED __attribute__((unused))
#define NOW INT64_C(1790000000000000)

static char folder[64], path[PATH_MAX];
static struct sluice_config config;
static struct sluice_feed *feed;
static struct sluice_batch batch;
static struct sluice_state_table table;
static uint8_t key[SLUICE_KEY_SIZE] = "0123456789abcdef0123456789abcde";

/* --- files of records */

UNUSED static const char *in_folder(const char *name)
{
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

UNUSED static void write_bytes(const char *name, const char *mode, const void *bytes, size_t len)
{
    FILE *file = fopen(in_folder(name), mode);

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    fclose(file);
}

UNUSED static void write_text(const char *name, const char *mode, const char *text)
{
    write_bytes(name, mode, text, strlen(text));
}

UNUSED static const char *record(int id)
{
    static char texts[8][512];
    static int next;
    char *text = texts[next++ % 8];

    snprintf(text, sizeof texts[0],
             "{\"id\":%d,\"traffic_type\":{\"id\":5},\"imsi\":\"001010000000001\",\"volume\":{\"rx\":0.5,\"tx\":0},"
             "\"start_timestamp\":\"2026-04-26T11:53:43Z\"}", id);
    return text;
}

/* Lines with the records first to last. */
UNUSED static const char *lines(int first, int last)
{
    static char text[65536];

    text[0] = '\0';
    for (int id = first; id <= last; id++)
        sprintf(text + strlen(text), "%s\n", record(id));
    return text;
}

UNUSED static void write_gzip(const char *name, const char *mode, const char *text)
{
    gzFile file = gzopen(in_folder(name), mode);

    assert_int_equal(gzwrite(file, text, (unsigned)strlen(text)), (int)strlen(text));
    assert_int_equal(gzclose(file), Z_OK);
}

/* --- a feed, and what comes out of it: FILE:LINE=ID, or the reason's word */

UNUSED static void open_feed(void)
{
    struct sluice_findings findings;
    char spool[sizeof folder + 8];

    sluice_findings_init(&findings);
    snprintf(spool, sizeof spool, "%s.spool", folder);
    assert_int_equal(sluice_feed_open(&feed, &findings, &config, spool, key), SLUICE_OK);
    table = sluice_feed_table(feed);
    sluice_findings_deinit(&findings);
}

UNUSED static void close_feed(void)
{
    sluice_feed_close(feed);
    feed = NULL;
}

static char seen[16384];

UNUSED static void describe(const struct sluice_entry *entry)
{
    char *end = seen + strlen(seen);
    const char *id = entry->reason ? sluice_reason_word(entry->reason) : entry->record.record_id.bytes;
    const int id_len = entry->reason ? (int)strlen(id) : (int)entry->record.record_id.len;

    snprintf(end, sizeof seen - strlen(seen), "%.*s:%d=%.*s ", (int)entry->file.len, entry->file.bytes,
             (int)entry->line, id_len, id);
}

/* Everything there is now, in batches of so many. */
UNUSED static const char *drain(size_t capacity)
{
    bool end = false;

    seen[0] = '\0';
    for (int i = 0; !end && i < 100000; i++) {
        sluice_batch_reset(&batch);
        batch.capacity = capacity;
        assert_int_equal(sluice_feed_fill(feed, &batch, NOW, &end), SLUICE_OK);
        for (size_t e = 0; e < batch.count; e++) {
            assert_int_equal(batch.entries[e].record.collected_at_us, NOW);
            describe(&batch.entries[e]);
        }
    }
    assert_true(end);
    return seen;
}

static struct sluice_buffer kept;   /* the changes of all commits so far */

UNUSED static void commit(void)
{
    table.changes(table.self, &kept);
    table.committed(table.self);
}

/* Commit, and give the table to the next process: by changes, or by a snapshot. */
UNUSED static void restart(bool by_snapshot)
{
    uint64_t chunk = 0;
    bool more = true;

    commit();
    if (by_snapshot) {
        sluice_buffer_clear(&kept);
        while (more)
            assert_int_equal(table.snapshot(table.self, &chunk, &kept, &more), SLUICE_OK);
    }
    close_feed();
    open_feed();
    if (by_snapshot)
        assert_int_equal(table.restore(table.self, 0, kept.bytes, kept.len), SLUICE_OK);
    else
        assert_int_equal(table.apply(table.self, kept.bytes, kept.len), SLUICE_OK);
}

/* --- standard input and its spool */

static int saved_stdin;

UNUSED static void spool_path(char text[static 256], const char *name)
{
    snprintf(text, 256, "%s.spool/%s", folder, name);
}

UNUSED static void set_stdin(int fd)
{
    assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
    close(fd);
}

/* --- the frame of a test */

static int remove_entry(const char *name, const struct stat *status, int type, struct FTW *ftw)
{
    return remove(name);
}

static int setup(void **state)
{
    strcpy(folder, "/tmp/sluice-test-feed-XXXXXX");
    if (!mkdtemp(folder) || sluice_crypto_init())
        return -1;
    memset(&config, 0, sizeof config);
    config.input_count = 1;
    config.inputs[0] = (struct sluice_input_config){ .name = "emnify", .tenant = "acme", .usage_records = true,
                                                     .megabyte = 1000000 };
    strcpy(config.inputs[0].path, folder);
    saved_stdin = dup(STDIN_FILENO);
    sluice_buffer_init(&kept, SIZE_MAX);
    return (int)sluice_batch_init(&batch, 1000, 64 * 1024 * 1024);
}

static int teardown(void **state)
{
    char spool[256];

    sluice_feed_close(feed);
    feed = NULL;
    sluice_buffer_deinit(&kept);
    sluice_batch_deinit(&batch);
    set_stdin(saved_stdin);
    spool_path(spool, "");
    rmdir(spool);
    return nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
