/* sluice feed: record formats to raw records, one file after the other. */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/feed_output.h"
#include "cli/feed_summary.h"
#include "sluice/clock.h"
#include "sluice/crypto.h"
#include "sluice/feed.h"
#include "sluice/name.h"
#include "sluice/wire.h"

#define COMMAND "sluice feed"
#define BATCH_RECORDS 16384
#define ARENA_SIZE_MAX ((size_t)256 << 20)
#define FRAME_SIZE_MAX 16
#define RECORDS_FIELD 0x0a /* `repeated RawRecord records = 1` of a RawBatch */

static const char help[] =
    "usage: sluice feed [-f FORMAT] [--tenant T] [--organisation ID=T]... [OPTION]... [FILE|DIR|-]...\n"
    "\n"
    "Reads records of any format and writes them as raw records (sluice.v1.RawBatch), for\n"
    "'format: raw' of another sluice. Without FILE it reads standard input. Raw records hold\n"
    "identifiers in clear: keep them where the records themselves may lie.\n"
    "\n"
    "  -f, --format FORMAT      emnify (also 1NCE; default), csv or raw\n"
    "      --tenant T           tenant of records that name no organisation\n"
    "      --organisation ID=T  an organisation of the source, and the tenant it is; may be repeated\n"
    "      --mapping FILE       csv: what the columns are\n"
    "      --megabyte N         octets in a megabyte of the source: 1000000 (default) or 1048576\n"
    "      --no-usage-records   octets of deleted PDP contexts count, as the source sends no usage records\n"
    "      --source NAME        source id of the records (default: the format)\n"
    "  -o, --output FILE        write to FILE, mode 0600, which is there whole or not at all;\n"
    "                           else to standard output, which may be no terminal\n"
    "      --json               the summary as one JSON object on standard error\n"
    "  -q, --quiet              no progress\n"
    "  -h, --help               this text\n"
    "\n"
    "What was refused, and fields that are not known, are told on standard error.\n"
    "Exit codes: 0 every record was written, 65 some were refused (the others are written), 66 no such\n"
    "file, 74 reading or writing failed, 78 the mapping is not usable.\n";

static const char *const formats[] = {
    [SLUICE_FORMAT_EMNIFY] = "emnify",
    [SLUICE_FORMAT_CSV] = "csv",
    [SLUICE_FORMAT_RAW] = "raw",
};

struct options {
    struct sluice_config *config; /* with one input, whose path changes from file to file */
    struct sluice_input_config *input;
    const char *output;
    bool json, quiet;
};

/* --- the command line */

__attribute__((format(printf, 1, 2))) static bool complain(const char *format, ...)
{
    va_list arguments;

    fputs(COMMAND ": ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputs("\n", stderr);
    return false;
}

static bool take_format(struct options *options, const char *text)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (strcmp(formats[i], text) == 0) {
            options->input->format = (enum sluice_format)i;
            return true;
        }
    return complain("--format is emnify, csv or raw, not '%s'", text);
}

static bool take_name(char target[static SLUICE_NAME_MAX + 1], const char *what, const char *text)
{
    if (!sluice_name_valid(text))
        return complain("%s is " SLUICE_NAME_SHAPE, what);
    snprintf(target, SLUICE_NAME_MAX + 1, "%s", text);
    return true;
}

static bool take_organisation(struct options *options, const char *text)
{
    struct sluice_input_config *input = options->input;
    const char *equals = strrchr(text, '=');
    struct sluice_organisation *organisation = &input->organisations[input->organisation_count];

    if (input->organisation_count == SLUICE_ORGANISATIONS_MAX)
        return complain("too many organisations");
    if (!equals || equals == text || (size_t)(equals - text) >= sizeof organisation->id)
        return complain("--organisation takes ID=TENANT, not '%s'", text);
    snprintf(organisation->id, sizeof organisation->id, "%.*s", (int)(equals - text), text);
    input->organisation_count++;
    return take_name(organisation->tenant, "a tenant's name", equals + 1);
}

static bool take_megabyte(struct options *options, const char *text)
{
    options->input->megabyte = strcmp(text, "1048576") == 0 ? 1048576 : 1000000;
    return strcmp(text, "1000000") == 0 || strcmp(text, "1048576") == 0 ||
           complain("--megabyte is 1000000 or 1048576, not '%s'", text);
}

static bool take_path(char target[static SLUICE_PATH_SIZE], const char *text)
{
    return snprintf(target, SLUICE_PATH_SIZE, "%s", text) < SLUICE_PATH_SIZE ||
           complain("a path is too long");
}

static bool take_option(struct options *options, int option)
{
    switch (option) {
    case 'f':
        return take_format(options, optarg);
    case 't':
        return take_name(options->input->tenant, "a tenant's name", optarg);
    case 'O':
        return take_organisation(options, optarg);
    case 'm':
        return take_path(options->input->mapping, optarg);
    case 'M':
        return take_megabyte(options, optarg);
    case 'u':
        options->input->usage_records = false;
        return true;
    case 's':
        return take_name(options->input->name, "a source's name", optarg);
    case 'o':
        options->output = optarg;
        return true;
    case 'j':
        options->json = true;
        return true;
    case 'q':
        options->quiet = true;
        return true;
    default:
        return false;
    }
}

/* What each option is alone, and what they are together. */
static bool check_options(struct options *options)
{
    struct sluice_input_config *input = options->input;

    if (!input->name[0])
        snprintf(input->name, sizeof input->name, "%s", formats[input->format]);
    if ((input->format == SLUICE_FORMAT_CSV) != (input->mapping[0] != '\0'))
        return complain("--mapping goes with --format csv, which needs it");
    if (input->format != SLUICE_FORMAT_RAW && !input->tenant[0] && !input->organisation_count)
        return complain("whose are the records? say --tenant, or --organisation for each of the source's");
    return true;
}

/* Returns 0, 'h', or '?' with the reason on standard error. */
static int read_options(int argc, char *argv[], struct options *options)
{
    static const struct option long_options[] = {
        { "format", required_argument, NULL, 'f' },
        { "tenant", required_argument, NULL, 't' },
        { "organisation", required_argument, NULL, 'O' },
        { "mapping", required_argument, NULL, 'm' },
        { "megabyte", required_argument, NULL, 'M' },
        { "no-usage-records", no_argument, NULL, 'u' },
        { "source", required_argument, NULL, 's' },
        { "output", required_argument, NULL, 'o' },
        { "json", no_argument, NULL, 'j' },
        { "quiet", no_argument, NULL, 'q' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    int option;

    while ((option = getopt_long(argc, argv, "f:o:qh", long_options, NULL)) != -1) {
        if (option == 'h')
            return 'h';
        if (!take_option(options, option))
            return '?';
    }
    return check_options(options) ? 0 : '?';
}

/* --- converting */

struct conversion {
    const struct options *options;
    struct feed_output output;
    struct feed_summary summary;
    struct sluice_clock clock;
    struct sluice_batch batch;
    struct sluice_buffer frames; /* of one batch */
    struct sluice_buffer record;
    int64_t shown_ns;
};

static void show_progress(struct conversion *conversion, const struct sluice_feed *feed, bool last)
{
    const int64_t now_ns = sluice_clock_monotonic_ns();
    uint64_t read = 0, known = 0;

    if (conversion->options->quiet || conversion->options->json || !isatty(STDERR_FILENO) ||
        (!last && now_ns - conversion->shown_ns < 500000000))
        return;
    conversion->shown_ns = now_ns;
    sluice_feed_progress(feed, &read, &known);
    fprintf(stderr, "\r%12" PRIu64 " records  %9.1f of %.1f MB%s", conversion->summary.records,
            (double)read / 1e6, (double)known / 1e6, last ? "\n" : "");
}

static void frame(struct conversion *conversion, const struct sluice_record *record)
{
    struct sluice_buffer *one = &conversion->record;
    uint8_t head[FRAME_SIZE_MAX] = { RECORDS_FIELD };

    sluice_buffer_clear(one);
    sluice_wire_write(one, record);
    const uint8_t *end = sluice_varint_write(head + 1, one->len);
    sluice_buffer_append(&conversion->frames, head, (size_t)(end - head));
    sluice_buffer_append(&conversion->frames, one->bytes, one->len);
    if (one->failed)
        conversion->frames.failed = true;
    conversion->summary.records++;
}

static enum sluice_err write_batch(struct conversion *conversion)
{
    const struct sluice_batch *batch = &conversion->batch;

    sluice_buffer_clear(&conversion->frames);
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->entries[i].reason)
            feed_summary_refused(&conversion->summary, &batch->entries[i]);
        else
            frame(conversion, &batch->entries[i].record);
    }
    const enum sluice_err err = sluice_buffer_err(&conversion->frames);
    if (err)
        return err;
    conversion->summary.bytes += conversion->frames.len;
    return feed_output_write(&conversion->output, conversion->frames.bytes, conversion->frames.len);
}

/* 0, or the exit code after a message. */
static int drain(struct conversion *conversion, struct sluice_feed *feed)
{
    bool end = false;

    while (!end) {
        sluice_batch_reset(&conversion->batch);
        enum sluice_err err =
            sluice_feed_fill(feed, &conversion->batch, sluice_clock_now_us(&conversion->clock), &end);
        if (err)
            return cli_fail(COMMAND, err, "%s", sluice_feed_current(feed));
        err = write_batch(conversion);
        if (err)
            return cli_fail(COMMAND, err, "%s",
                            conversion->output.path ? conversion->output.path : "standard output");
        show_progress(conversion, feed, false);
    }
    show_progress(conversion, feed, true);
    return EX_OK;
}

static int convert_file(struct conversion *conversion, const char *path)
{
    const struct options *options = conversion->options;
    struct sluice_findings findings;
    struct sluice_feed *feed = NULL;

    if (!take_path(options->input->path, path))
        return EX_USAGE;
    sluice_findings_init(&findings);
    const enum sluice_err err = sluice_feed_open(&feed, &findings, options->config, NULL, NULL);
    cli_findings(&findings);
    int code = EX_OK;
    if (err && findings.errors == 0) {
        char shown[SLUICE_SHOWN_SIZE];

        sluice_file_shown(shown, sluice_str_from(path));
        code = cli_fail(COMMAND, err, "%s", shown);
    }
    else if (err)
        code = err == SLUICE_ERR_FORMAT ? EX_CONFIG : sluice_err_exit_code(err);
    sluice_findings_deinit(&findings);
    if (err)
        return code;
    code = drain(conversion, feed);
    sluice_feed_unknown_fields(feed, feed_summary_unknown, &conversion->summary);
    sluice_feed_close(feed);
    return code;
}

static void tell(const struct conversion *conversion)
{
    struct sluice_buffer out;

    sluice_buffer_init(&out, 1 << 20);
    if (conversion->options->json)
        feed_summary_json(&conversion->summary, &out);
    else
        feed_summary_text(&conversion->summary, &out);
    fwrite(out.bytes, 1, out.len, stderr);
    sluice_buffer_deinit(&out);
}

static int convert_all(struct conversion *conversion, int count, char *const paths[])
{
    static char *const standard_input[] = { "-" };
    int code = EX_OK;

    if (count == 0) {
        paths = standard_input;
        count = 1;
    }
    for (int i = 0; i < count && code == EX_OK; i++)
        code = convert_file(conversion, paths[i]);

    const enum sluice_err err = feed_output_close(&conversion->output, code == EX_OK);
    if (err && code == EX_OK)
        code = cli_fail(COMMAND, err, "%s", conversion->output.path);
    if (code == EX_OK) {
        tell(conversion);
        code = conversion->summary.refused ? EX_DATAERR : EX_OK;
    }
    return code;
}

static int open_output(struct conversion *conversion)
{
    const char *path = conversion->options->output;
    const enum sluice_err err = feed_output_open(&conversion->output, path);

    if (err == SLUICE_ERR_USAGE) {
        fprintf(stderr, COMMAND ": %s\n",
                path ? "-o takes the name of a regular file"
                     : "raw records are not written to a terminal: use -o FILE or a pipe");
        return EX_USAGE;
    }
    return err ? cli_fail(COMMAND, err, "%s", path) : EX_OK;
}

static int convert(const struct options *options, int count, char *const paths[])
{
    struct conversion *conversion = calloc(1, sizeof *conversion);
    const enum sluice_err err = sluice_process_harden();
    int code = EX_OSERR;

    if (err) {
        free(conversion);
        return cli_fail(COMMAND, err, "core files and debuggers could not be kept out");
    }
    if (!conversion || sluice_batch_init(&conversion->batch, BATCH_RECORDS, ARENA_SIZE_MAX)) {
        free(conversion);
        return cli_fail(COMMAND, SLUICE_ERR_MEMORY, "batch");
    }
    conversion->options = options;
    sluice_clock_init(&conversion->clock, 0);
    sluice_buffer_init(&conversion->frames, 2 * ARENA_SIZE_MAX);
    sluice_buffer_init(&conversion->record, 2 * SLUICE_RECORD_SIZE_MAX);
    code = open_output(conversion);
    if (code == EX_OK)
        code = convert_all(conversion, count, paths);
    sluice_buffer_deinit(&conversion->record);
    sluice_buffer_deinit(&conversion->frames);
    sluice_batch_deinit(&conversion->batch);
    free(conversion);
    return code;
}

int cli_feed(int argc, char *argv[])
{
    struct options options = { .config = calloc(1, sizeof *options.config) };
    struct sluice_organisation *organisations = calloc(SLUICE_ORGANISATIONS_MAX, sizeof *organisations);
    int code = EX_OSERR;

    signal(SIGPIPE, SIG_IGN);
    if (!options.config || !organisations || sluice_crypto_init()) {
        code = cli_fail(COMMAND, SLUICE_ERR_MEMORY, "start");
        goto out;
    }
    options.config->input_count = 1;
    options.input = &options.config->inputs[0];
    *options.input = (struct sluice_input_config){ .usage_records = true,
                                                   .megabyte = 1000000,
                                                   .organisations = organisations };
    const int option = read_options(argc, argv, &options);
    if (option == 'h') {
        fputs(help, stdout);
        code = EX_OK;
    } else if (option) {
        code = cli_usage(COMMAND);
    } else {
        code = convert(&options, argc - optind, argv + optind);
    }
out:
    free(organisations);
    free(options.config);
    return code;
}
