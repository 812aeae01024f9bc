/* The emnify feed, files to batch entries, beside the JSON parser alone on the
 * same bytes in memory and beside reading them. Medians of interleaved rounds. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gen/gen.h"
#include "json/json.h"
#include "sluice/clock.h"
#include "sluice/crypto.h"
#include "sluice/feed.h"

#define FOLDER "fleet"
#define ROUNDS_MAX 64
#define BATCH_RECORDS 16384
#define READ_SIZE (256 * 1024)

struct lines {
    char *bytes;
    size_t len;
};

static void die(const char *what, enum sluice_err err)
{
    fprintf(stderr, "bench_feed: %s: %s\n", what, sluice_err_text(err));
    exit(sluice_err_exit_code(err));
}

static void make_fleet(uint64_t records)
{
    static struct totals totals;
    static char path[SLUICE_PATH_SIZE];
    struct world world;

    world_init(&world, 1, records / 10 + 1, records);
    const enum sluice_err err = gen_write(&world, FOLDER, NULL, &totals, path);
    if (err)
        die(path, err);
}

/* --- what is measured */

/* Read every input file, into lines where it is given. */
static void read_files(struct lines *lines)
{
    static char buffer[READ_SIZE];
    ssize_t got = 1;

    for (unsigned long long i = 0; got >= 0; i++) {
        char name[64];

        snprintf(name, sizeof name, FOLDER "/input/" GEN_INPUT_NAME, i);
        const int fd = open(name, O_RDONLY);
        if (fd < 0)
            return;
        while ((got = read(fd, buffer, sizeof buffer)) > 0) {
            if (!lines)
                continue;
            lines->bytes = realloc(lines->bytes, lines->len + (size_t)got);
            if (!lines->bytes)
                die("lines", SLUICE_ERR_MEMORY);
            memcpy(lines->bytes + lines->len, buffer, (size_t)got);
            lines->len += (size_t)got;
        }
        close(fd);
    }
    die("reading", SLUICE_ERR_IO);
}

static uint64_t parse_lines(struct json_parser *parser, const struct lines *lines)
{
    static char scratch[JSON_SIZE_MAX];
    const char *at = lines->bytes, *end = at + lines->len;
    uint64_t values = 0;

    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const size_t len = newline ? (size_t)(newline - at) : (size_t)(end - at);
        const struct json_node *nodes;
        size_t count = 0;
        uint32_t fault;

        if (len <= JSON_SIZE_MAX && json_parse(parser, &nodes, &count, &fault, scratch,
                                               (struct sluice_str){ at, len }) == SLUICE_REASON_NONE)
            values += count;
        at += len + 1;
    }
    return values;
}

/* Returns how many entries there were. */
static uint64_t feed_files(const struct sluice_config *config, struct sluice_batch *batch, uint64_t *refused)
{
    struct sluice_findings findings;
    struct sluice_feed *feed;
    uint64_t entries = 0;
    bool end = false;

    sluice_findings_init(&findings);
    enum sluice_err err = sluice_feed_open(&feed, &findings, config, NULL, NULL);
    if (err)
        die("open", err);
    for (*refused = 0; !end; entries += batch->count) {
        sluice_batch_reset(batch);
        err = sluice_feed_fill(feed, batch, config->clock_us, &end);
        if (err)
            die("fill", err);
        for (size_t i = 0; i < batch->count; i++)
            *refused += batch->entries[i].reason != SLUICE_REASON_NONE;
    }
    sluice_feed_close(feed);
    sluice_findings_deinit(&findings);
    return entries;
}

/* --- rounds */

static int by_value(const void *a, const void *b)
{
    return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

static double median(double values[], size_t count)
{
    qsort(values, count, sizeof *values, by_value);
    return values[count / 2];
}

static double rate(size_t bytes, int64_t start_ns)
{
    return (double)bytes / 1e6 / ((double)(sluice_clock_monotonic_ns() - start_ns) / 1e9);
}

static void measure(const struct sluice_config *config, const struct lines *lines, size_t rounds)
{
    static double read_mb[ROUNDS_MAX], parse_mb[ROUNDS_MAX], feed_mb[ROUNDS_MAX];
    uint64_t entries = 0, refused = 0, values = 0;
    struct json_parser *parser;
    struct sluice_batch batch;

    if (json_parser_new(&parser) || sluice_batch_init(&batch, BATCH_RECORDS, (size_t)256 << 20))
        die("start", SLUICE_ERR_MEMORY);
    feed_files(config, &batch, &refused); /* warms the page cache and the arena */
    for (size_t round = 0; round < rounds; round++) {
        int64_t start_ns = sluice_clock_monotonic_ns();
        read_files(NULL);
        read_mb[round] = rate(lines->len, start_ns);

        start_ns = sluice_clock_monotonic_ns();
        values = parse_lines(parser, lines);
        parse_mb[round] = rate(lines->len, start_ns);

        start_ns = sluice_clock_monotonic_ns();
        entries = feed_files(config, &batch, &refused);
        feed_mb[round] = rate(lines->len, start_ns);
    }
    const double parser_rate = median(parse_mb, rounds), feed_rate = median(feed_mb, rounds);
    printf("{\"feed_mb_per_s\":%.1f,\"parser_mb_per_s\":%.1f,\"ratio\":%.3f,\"read_mb_per_s\":%.0f"
           ",\"records_per_s\":%.0f,\"records\":%" PRIu64 ",\"refused\":%" PRIu64
           ",\"bytes_per_record\":%.0f,\"values_per_record\":%.1f}\n",
           feed_rate, parser_rate, feed_rate / parser_rate, median(read_mb, rounds),
           feed_rate * 1e6 * (double)entries / (double)lines->len, entries, refused,
           (double)lines->len / (double)entries, (double)values / (double)entries);
    sluice_batch_deinit(&batch);
    json_parser_free(parser);
}

int main(int argc, char *argv[])
{
    const uint64_t records = argc > 1 ? strtoull(argv[1], NULL, 10) : 500000;
    const size_t rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : 5;
    struct sluice_findings findings;
    struct sluice_config *config;
    struct lines lines = { 0 };

    if (argc > 3 || records < 1 || records > WORLD_RECORDS_MAX || rounds < 1 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "usage: bench_feed [RECORDS] [ROUNDS]\n");
        return 64;
    }
    enum sluice_err err = sluice_crypto_init();
    if (err)
        die("start", err);
    make_fleet(records);
    sluice_findings_init(&findings);
    err = sluice_config_load(&config, &findings, FOLDER "/sluice.yaml");
    if (err)
        die(FOLDER "/sluice.yaml", err);
    read_files(&lines);
    measure(config, &lines, rounds);
    free(lines.bytes);
    sluice_config_free(config);
    sluice_findings_deinit(&findings);
    return 0;
}
