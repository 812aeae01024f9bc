/* sluice cat: rows of a stream as its consumers see them. */
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "cli/cli.h"
#include "codec/codec.h"
#include "local/batch_file.h"
#include "local/io.h"
#include "seal/proto.h"
#include "sluice/clock.h"
#include "sluice/crypto.h"
#include "sluice/local.h"
#include "sluice/name.h"
#include "sluice/seal.h"

#define OUT_BLOCK ((size_t)64 << 10)

static const char help[] =
    "usage: sluice cat [-c FILE] [-n N] [--json | --raw] TENANT/STREAM\n"
    "       sluice cat [-n N] [--json | --raw] FILE.pb...\n"
    "\n"
    "Prints the rows of a stream by deadline and then in the order they were written: closed\n"
    "files, and open ones as far as they are committed. Of what is sealed (quarantine, park,\n"
    "suspended) only store, deadline and number of records are told.\n"
    "\n"
    "  -c, --config FILE  the configuration (default ./sluice.yaml)\n"
    "  -n, --rows N       stop after N rows\n"
    "      --json         one JSON object a line (default)\n"
    "      --raw          the bytes as they are, a sluice.v1.PurposeBatch\n"
    "  -h, --help         this text\n"
    "\n"
    "Exits with 0, 65 where bytes are no batch, 66 when there is no such file.\n";

struct options {
    const char *config;
    uint64_t rows_max;
    bool raw;
};

struct printer {
    const struct options *options;
    struct sluice_buffer out;
    struct codec_row row;
    uint64_t rows;
    bool failed;            /* nobody reads any more, or the disk is full */
};

static void flush(struct printer *printer)
{
    const size_t len = printer->out.len;

    if (printer->out.failed || (len > 0 && fwrite(printer->out.bytes, 1, len, stdout) != len))
        printer->failed = true;
    sluice_buffer_clear(&printer->out);
}

static enum sluice_err print_sealed(struct printer *printer, const uint8_t *bytes, size_t len)
{
    char deadline[SLUICE_TIME_TEXT_SIZE];
    struct sluice_sealed_head head;

    const enum sluice_err err = sluice_sealed_peek(&head, bytes, len);
    if (err)
        return err;
    sluice_time_format(deadline, head.deadline_s * SLUICE_SECOND_US);
    sluice_buffer_printf(&printer->out, "{\"sealed\":\"%s\",\"expires_at\":\"%s\",\"records\":%u}",
                         sluice_store_name(head.store), deadline, head.record_count);
    return SLUICE_OK;
}

static enum sluice_err print_json(struct printer *printer, int field, const uint8_t *bytes, size_t len)
{
    enum sluice_err err;

    if (field == 2) {
        err = print_sealed(printer, bytes, len);
    } else {
        err = codec_row_read_purpose(&printer->row, bytes, len);
        if (!err)
            codec_row_json(&printer->out, &printer->row);
    }
    sluice_buffer_append_text(&printer->out, "\n");
    return err;
}

/* One field of a batch; true to go on. */
static bool print_row(struct printer *printer, enum sluice_err *err, int field, const uint8_t *bytes, size_t len)
{
    *err = SLUICE_OK;
    if (printer->rows == printer->options->rows_max)
        return false;
    if (printer->options->raw)
        proto_append_bytes(&printer->out, (uint32_t)field, bytes, len);
    else
        *err = print_json(printer, field, bytes, len);
    printer->rows++;
    if (printer->out.len >= OUT_BLOCK || printer->out.failed)
        flush(printer);
    return !*err && !printer->failed;
}

/* --- a stream ---------------------------------------------------------- */

/* Without the keyring the log cannot say how much of the open files counts. */
static struct sluice_keyring *open_keyring(const struct sluice_config *config)
{
    struct sluice_keyring *keyring;
    const enum sluice_err err = sluice_keyring_open(&keyring, config->state);

    if (!err)
        return keyring;
    fprintf(stderr, "sluice cat: only closed files are read, as the keyring cannot be: %s\n", sluice_err_text(err));
    return NULL;
}

static int print_stream(struct printer *printer, const struct sluice_config *config, const char *tenant,
                        const char *stream)
{
    struct sluice_keyring *keyring = open_keyring(config);
    struct sluice_stream_reader *reader;
    const uint8_t *bytes;
    size_t len;
    int field, got = 1;

    enum sluice_err err = sluice_stream_open(&reader, config, keyring, tenant, stream);
    if (keyring)
        sluice_keyring_close(keyring);
    if (err == SLUICE_ERR_MISSING)
        return cli_fail("sluice cat", err, "%s: nothing was written yet", config->output);
    if (err)
        return cli_fail("sluice cat", err, "%s/%s", tenant, stream);
    while ((got = sluice_stream_next(reader, &field, &bytes, &len)) > 0)
        if (!print_row(printer, &err, field, bytes, len))
            break;
    sluice_stream_close(reader);
    if (got < 0)
        err = SLUICE_ERR_DAMAGED;
    if (!err && got == 0 && printer->rows == 0)
        fprintf(stderr, "sluice cat: %s/%s has no rows\n", tenant, stream);
    return err ? cli_fail("sluice cat", err, "%s/%s, after %" PRIu64 " rows", tenant, stream, printer->rows) : EX_OK;
}

static int print_configured(struct printer *printer, const char *name)
{
    struct sluice_config *config;
    char tenant[SLUICE_NAME_MAX + 2], stream[SLUICE_NAME_MAX + 2];
    const char *slash = strchr(name, '/');

    snprintf(tenant, sizeof tenant, "%.*s", slash ? (int)(slash - name) : 0, name);
    snprintf(stream, sizeof stream, "%s", slash ? slash + 1 : "");
    if ((!sluice_name_valid(tenant) && !sluice_name_reserved(tenant)) ||
        (!sluice_name_valid(stream) && !sluice_name_reserved(stream))) {
        fputs("sluice cat: the argument must be TENANT/STREAM, or files whose names end in .pb\n", stderr);
        return EX_USAGE;
    }
    enum sluice_err err = sluice_crypto_init();
    if (!err)
        err = cli_config(&config, printer->options->config);
    if (err)
        return cli_fail("sluice cat", err, "%s", printer->options->config);
    const int code = print_stream(printer, config, tenant, stream);
    sluice_config_free(config);
    return code;
}

/* --- a file ------------------------------------------------------------ */

static bool ends_with(const char *text, const char *end)
{
    const size_t len = strlen(text), end_len = strlen(end);

    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static bool is_file(const char *name)
{
    return ends_with(name, ".pb") || ends_with(name, ".pb.open");
}

static int print_file(struct printer *printer, const char *path)
{
    struct batch_file file;
    const uint8_t *bytes;
    uint64_t size = 0;
    size_t len;
    int fd, field, got = 0;

    enum sluice_err err = io_open_at(&fd, AT_FDCWD, path, O_RDONLY, 0);
    if (err)
        return cli_fail("sluice cat", err, "%s", path);
    batch_file_init(&file);
    err = io_size(&size, fd);
    batch_file_begin(&file, fd, 0, size);
    while (!err && (got = batch_file_next(&file, &field, &bytes, &len, &err)) > 0)
        if (!print_row(printer, &err, field, bytes, len))
            break;
    const uint64_t at = file.at;
    batch_file_deinit(&file);
    /* The end of an open file may be a row in the making. */
    if (got == -1 && !ends_with(path, ".open"))
        err = SLUICE_ERR_DAMAGED;
    return err ? cli_fail("sluice cat", err, "%s, octet %" PRIu64, path, at) : EX_OK;
}

static int print_all(struct printer *printer, int count, char *names[])
{
    int code = EX_OK;

    if (count == 1 && !is_file(names[0]))
        return print_configured(printer, names[0]);
    for (int i = 0; code == EX_OK && !printer->failed && i < count; i++) {
        if (is_file(names[i]))
            code = print_file(printer, names[i]);
        else
            code = EX_USAGE;
    }
    if (code == EX_USAGE)
        fputs("sluice cat: one TENANT/STREAM, or files whose names end in .pb\n", stderr);
    return code;
}

/* -1 to go on, or the exit code. */
static int read_options(struct options *options, int argc, char *argv[])
{
    static const struct option names[] = {
        { "config", required_argument, NULL, 'c' }, { "rows", required_argument, NULL, 'n' },
        { "json", no_argument, NULL, 'j' },         { "raw", no_argument, NULL, 'r' },
        { "help", no_argument, NULL, 'h' },         { NULL, 0, NULL, 0 },
    };
    bool json = false;

    *options = (struct options){ .config = CLI_CONFIG, .rows_max = UINT64_MAX };
    for (int c; (c = getopt_long(argc, argv, "c:n:h", names, NULL)) != -1;) {
        char *end = NULL;

        switch (c) {
        case 'c': options->config = optarg; break;
        case 'n': options->rows_max = strtoull(optarg, &end, 10); break;
        case 'j': json = true; break;
        case 'r': options->raw = true; break;
        case 'h': fputs(help, stdout); return EX_OK;
        default:  return cli_usage(argv[0]);
        }
        if (end && (*end || end == optarg || *optarg == '-')) {
            fputs("sluice cat: -n takes a whole number\n", stderr);
            return cli_usage(argv[0]);
        }
    }
    if (optind == argc || (json && options->raw)) {
        fputs(optind == argc ? "sluice cat: TENANT/STREAM or a file is missing\n"
                             : "sluice cat: either --json or --raw\n", stderr);
        return cli_usage(argv[0]);
    }
    return -1;
}

int cli_cat(int argc, char *argv[])
{
    struct printer printer = { .rows = 0 };
    struct options options;
    int code = read_options(&options, argc, argv);

    if (code >= 0)
        return code;
    printer.options = &options;
    sluice_buffer_init(&printer.out, (size_t)1 << 31);
    codec_row_init(&printer.row);
    code = print_all(&printer, argc - optind, argv + optind);
    flush(&printer);
    if (fflush(stdout) != 0)
        printer.failed = true;
    if (printer.failed && code == EX_OK) {
        fputs("sluice cat: standard output could not be written\n", stderr);
        code = EX_IOERR;
    }
    codec_row_deinit(&printer.row);
    sluice_buffer_deinit(&printer.out);
    return code;
}
