/* What a commit of the local transport costs, beside a plain append with
 * fdatasync of as many octets: eight streams with one, three and forty buckets,
 * full commits and small ones. Medians, and the 99th of a hundred. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sluice/clock.h"
#include "sluice/crypto.h"
#include "sluice/local.h"

#define STREAMS   8
#define ROW_SIZE  80
#define ROUNDS    40
#define CHANGES   24          /* octets of state a record */

struct shape {
    const char *name;
    size_t records;           /* each is a row in every second stream */
    size_t buckets;
};

static const struct shape shapes[] = {
    { "small", 16, 1 }, { "full", 65536, 1 }, { "full_3_buckets", 65536, 3 }, { "full_40_buckets", 65536, 40 },
};

static size_t changed;        /* octets that the table says have changed */
static uint8_t rows_bytes[65536 * ROW_SIZE];

static void must(enum sluice_err err, const char *what)
{
    if (err) {
        fprintf(stderr, "%s: %s\n", what, sluice_err_text(err));
        exit(1);
    }
}

static void changes(void *self, struct sluice_buffer *out)
{
    (void)self;
    if (changed)
        sluice_buffer_append(out, rows_bytes, changed);
}

static void nothing(void *self)
{
    (void)self;
    changed = 0;
}

static enum sluice_err take(void *self, const uint8_t *bytes, size_t len)
{
    (void)self, (void)bytes, (void)len;
    return SLUICE_OK;
}

static enum sluice_err snapshot(void *self, uint64_t *chunk, struct sluice_buffer *out, bool *more)
{
    (void)self, (void)out;
    ++*chunk;
    *more = false;
    return SLUICE_OK;
}

static enum sluice_err restore(void *self, uint64_t chunk, const uint8_t *bytes, size_t len)
{
    (void)chunk;
    return take(self, bytes, len);
}

static int compare(const void *left, const void *right)
{
    const int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

    return (a > b) - (a < b);
}

static void print(const char *name, int64_t times_ns[], size_t count)
{
    qsort(times_ns, count, sizeof *times_ns, compare);
    printf(",\"%s_p50_us\":%" PRId64 ",\"%s_p99_us\":%" PRId64, name, times_ns[count / 2] / 1000, name,
           times_ns[count * 99 / 100] / 1000);
}

static size_t write_rows(struct sluice_transport *transport, const uint32_t streams[], const struct shape *shape)
{
    static struct sluice_row rows[65536];
    size_t written = 0;

    for (size_t s = 0; s < STREAMS; s += 2) {
        for (size_t b = 0; b < shape->buckets; b++) {
            size_t count = 0;

            for (size_t i = b; i < shape->records; i += shape->buckets)
                rows[count++] = (struct sluice_row){ rows_bytes + i * ROW_SIZE, ROW_SIZE };
            must(transport->ops->write(transport->self, streams[s + b % 2], 1800000000 / 3600 * 3600 + (int64_t)b * 3600,
                                       rows, count), "write");
            written += count;
        }
    }
    return written;
}

static void measure(struct sluice_transport *transport, const uint32_t streams[], const struct shape *shape)
{
    int64_t commits_ns[ROUNDS], writes_ns = 0;
    size_t written = 0;
    char name[64];

    for (int round = -3; round < ROUNDS; round++) {
        const int64_t start_ns = sluice_clock_monotonic_ns();
        const size_t count = write_rows(transport, streams, shape);
        const int64_t written_ns = sluice_clock_monotonic_ns();

        changed = shape->records * CHANGES;
        must(transport->ops->commit(transport->self, 1), "commit");
        if (round < 0)
            continue;   /* files and folders are made in the first ones */
        writes_ns += written_ns - start_ns;
        written += count;
        commits_ns[round] = sluice_clock_monotonic_ns() - written_ns;
    }
    snprintf(name, sizeof name, "%s_commit", shape->name);
    print(name, commits_ns, ROUNDS);
    printf(",\"%s_write_ns_per_row\":%" PRId64, shape->name, writes_ns / (int64_t)written);
}

/* The same octets in one file. */
static void measure_append(const struct shape *shape)
{
    const size_t len = shape->records * (ROW_SIZE * STREAMS / 2 + CHANGES);
    int64_t times_ns[ROUNDS];
    uint8_t *bytes = calloc(1, len);
    const int fd = open("plain", O_WRONLY | O_CREAT | O_APPEND, 0600);
    char name[64];

    for (int round = -3; round < ROUNDS; round++) {
        if (write(fd, bytes, len) != (ssize_t)len)
            exit(1);
        const int64_t start_ns = sluice_clock_monotonic_ns();
        fdatasync(fd);
        if (round >= 0)
            times_ns[round] = sluice_clock_monotonic_ns() - start_ns;
    }
    close(fd);
    unlink("plain");
    free(bytes);
    snprintf(name, sizeof name, "%s_plain_fdatasync", shape->name);
    print(name, times_ns, ROUNDS);
}

int main(void)
{
    static struct sluice_config config = { .state = "state", .output = "out", .file_size_max = UINT64_C(1) << 40,
                                           .file_age_max_s = INT64_MAX };
    const struct sluice_state_table table = { .id = 9, .name = "bench", .changes = changes, .committed = nothing,
                                              .undo = nothing, .apply = take, .snapshot = snapshot,
                                              .restore = restore };
    uint8_t public_key[SLUICE_PUBLIC_KEY_SIZE], secret_key[SLUICE_SECRET_KEY_SIZE];
    struct sluice_transport transport;
    struct sluice_findings findings;
    struct sluice_keyring *keyring;
    uint32_t streams[STREAMS];

    must(sluice_crypto_init(), "crypto");
    mkdir("state", 0700);
    sluice_box_keypair(public_key, secret_key);
    must(sluice_keyring_create("state", public_key, 1), "keyring");
    must(sluice_keyring_open(&keyring, "state"), "keyring");
    sluice_findings_init(&findings);
    must(sluice_local_open(&transport, &findings, &config, keyring, NULL, &table, 1), "open");
    for (size_t i = 0; i < STREAMS; i++) {
        char name[] = "stream-a";

        name[7] = (char)('a' + i);
        must(transport.ops->stream(transport.self, "acme", name, &streams[i]), "stream");
    }
    sluice_random(rows_bytes, sizeof rows_bytes);

    printf("{\"streams\":%d,\"row_octets\":%d", STREAMS, ROW_SIZE);
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        measure(&transport, streams, &shapes[i]);
        measure_append(&shapes[i]);
    }
    puts("}");
    transport.ops->close(transport.self);
    sluice_keyring_close(keyring);
    sluice_findings_deinit(&findings);
    return 0;
}
