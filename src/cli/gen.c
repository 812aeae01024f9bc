#include "cli/cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "gen/gen.h"
#include "sluice/clock.h"
#include "sluice/crypto.h"

static const char help[] =
    "usage: sluice gen --sims N --records N --seed S --out DIR [--json]\n"
    "       sluice gen --next DIR [--json]\n"
    "       sluice gen --check DIR [--json]\n"
    "\n"
    "Makes a fleet of SIMs with traffic and planted truth, on test networks only:\n"
    "input, subject registry, consents and restrictions, policies, keys and a\n"
    "configuration that runs it. The same numbers give the same bytes, but for keys.\n"
    "\n"
    "  sluice gen --sims 1000 --records 10000 --seed 1 --out DIR\n"
    "  sluice run -c DIR/sluice.yaml\n"
    "  sluice gen --check DIR\n"
    "\n"
    "      --sims N      SIMs in the fleet, up to 100000000\n"
    "      --records N   lines of input, up to 4000000000\n"
    "      --seed S      a number that all of it follows from\n"
    "      --out DIR     a folder that holds no fleet yet\n"
    "      --next DIR    the next round: new traffic of the fleet in DIR, 80 days later;\n"
    "                    what the round before emitted is due then. Run that one first, as\n"
    "                    some of its lines come again; its input may be deleted after that\n"
    "      --check DIR   hold what came out of the last round against the truth: every row, its\n"
    "                    fields, its ref and its pseudonyms; one JSON line a stream\n"
    "      --json        no progress; with --out: the truth's sums on standard output\n"
    "      --help        this text\n"
    "\n"
    "--check exits with 0 when nothing was lost, doubled, invented or wrong in any\n"
    "stream, else with 1 and says of a few records which.\n";

struct gen_options {
    uint64_t sims, records, seed;
    bool has_sims, has_records, has_seed, json;
    const char *out, *next, *check;
};

/* One line that is written over, only where somebody looks. */
static void tell_progress(void *self, const char *what, uint64_t done, uint64_t total)
{
    (void)self;
    fprintf(stderr, "\r%s: %llu of %llu%s", what, (unsigned long long)done, (unsigned long long)total,
            done == total ? "\n" : "");
}

static bool parse_number(uint64_t *number, const char *text, uint64_t min, uint64_t max)
{
    char *end;

    errno = 0;
    const unsigned long long value = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end || errno || value < min || value > max)
        return false;
    *number = value;
    return true;
}

static int make(const struct gen_options *options)
{
    const struct gen_progress progress = { tell_progress, NULL };
    struct totals *totals = calloc(1, sizeof *totals);
    char path[SLUICE_PATH_SIZE] = "";
    struct world world;
    enum sluice_err err = totals ? sluice_crypto_init() : SLUICE_ERR_MEMORY;

    const struct gen_progress *shown = !options->json && isatty(STDERR_FILENO) ? &progress : NULL;
    const char *folder = options->next ? options->next : options->out;
    if (!err && options->next) {
        err = gen_next(&world, folder, shown, totals, path);
    } else if (!err) {
        world_init(&world, options->seed, options->sims, options->records);
        err = gen_write(&world, folder, shown, totals, path);
    }
    int code = err ? cli_fail("sluice gen", err, "%s", path) : EX_OK;
    if (!err && options->json) {
        struct sluice_buffer out;

        sluice_buffer_init(&out, 1024 * 1024);
        totals_write(totals, &world, &out);
        code = cli_print(&out, EX_OK);
        sluice_buffer_deinit(&out);
    } else if (!err) {
        printf("%llu records of %llu SIMs; run them with: sluice run -c %s/sluice.yaml\n",
               (unsigned long long)world.records, (unsigned long long)world.sims, folder);
    }
    free(totals);
    return code;
}

/* --- the check */

static void print_report(void *self, const struct gen_report *report)
{
    (void)self;
    printf("{\"stream\":\"%s\",\"expected\":%llu,\"found\":%llu,\"lost\":%llu,\"doubled\":%llu,"
           "\"invented\":%llu,\"wrong\":%llu}\n",
           report->stream, (unsigned long long)report->expected, (unsigned long long)report->found,
           (unsigned long long)report->lost, (unsigned long long)report->doubled,
           (unsigned long long)report->invented, (unsigned long long)report->wrong);
    fflush(stdout);
}

static void print_example(void *self, const char *text)
{
    (void)self;
    fprintf(stderr, "%s\n", text);
}

static int check(const struct gen_options *options)
{
    static const struct gen_listener listener = { print_report, print_example, NULL };
    const struct gen_progress progress = { tell_progress, NULL };
    struct sluice_findings findings;
    bool clean = false;
    enum sluice_err err = sluice_crypto_init();

    sluice_findings_init(&findings);
    if (!err)
        err = gen_check(options->check, !options->json && isatty(STDERR_FILENO) ? &progress : NULL, &listener,
                        &findings, &clean);
    if (err)
        cli_findings(&findings);
    sluice_findings_deinit(&findings);
    if (err)
        return cli_fail("sluice gen", err, "%s", options->check);
    return clean ? EX_OK : 1;
}

/* --- the command line */

static int read_options(int argc, char *argv[], struct gen_options *options)
{
    static const struct option long_options[] = {
        { "sims", required_argument, NULL, 's' },  { "records", required_argument, NULL, 'r' },
        { "seed", required_argument, NULL, 'S' },  { "out", required_argument, NULL, 'o' },
        { "check", required_argument, NULL, 'c' }, { "json", no_argument, NULL, 'j' },
        { "help", no_argument, NULL, 'h' },        { "next", required_argument, NULL, 'n' },
        { NULL, 0, NULL, 0 },
    };
    int option;
    bool ok = true;

    while (ok && (option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        switch (option) {
        case 's':
            ok = options->has_sims = parse_number(&options->sims, optarg, 1, WORLD_SIMS_MAX);
            break;
        case 'r':
            ok = options->has_records = parse_number(&options->records, optarg, 1, WORLD_RECORDS_MAX);
            break;
        case 'S':
            ok = options->has_seed = parse_number(&options->seed, optarg, 0, UINT64_MAX);
            break;
        case 'o':
            options->out = optarg;
            break;
        case 'n':
            options->next = optarg;
            break;
        case 'c':
            options->check = optarg;
            break;
        case 'j':
            options->json = true;
            break;
        case 'h':
            return 'h';
        default:
            return '?';
        }
    }
    if (!ok)
        fprintf(stderr, "sluice gen: '%s' is no whole number in its range\n", argv[optind - 1]);
    return ok && optind == argc ? 0 : '?';
}

int cli_gen(int argc, char *argv[])
{
    struct gen_options options = { 0 };
    const int option = read_options(argc, argv, &options);

    if (option == 'h') {
        fputs(help, stdout);
        return EX_OK;
    }
    const bool makes = options.has_sims && options.has_records && options.has_seed && options.out;
    if (option || makes + (options.next != NULL) + (options.check != NULL) != 1)
        return cli_usage("sluice gen");
    return options.check ? check(&options) : make(&options);
}
