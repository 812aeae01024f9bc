/* sluice keep: what is due goes. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "cli/cli.h"
#include "keep/audit.h"
#include "sluice/clock.h"
#include "sluice/crypto.h"
#include "sluice/keep.h"
#include "sluice/local.h"

static const char help[] =
    "usage: sluice keep [-c FILE] [--dry-run] [--json]\n"
    "       sluice keep [-c FILE] --verify [--json]\n"
    "\n"
    "Deletes every bucket of every stream whose deadline has passed, quarantine, park and\n"
    "suspended included, and destroys the keys of epochs in which no row can live any more.\n"
    "Each deletion leaves a receipt in audit/receipts.ndjson in the state folder. Run it\n"
    "daily; a running 'sluice run' does the same by itself, and then there is nothing to do.\n"
    "\n"
    "  -c, --config FILE  the configuration (default ./sluice.yaml)\n"
    "      --dry-run      say what is due and change nothing\n"
    "      --verify       check that no line of the audit files was changed, added or taken out\n"
    "      --json         one JSON object on standard output\n"
    "  -h, --help         this text\n"
    "\n"
    "Exits with 0 when nothing that is due is left, 65 when a chain is broken or state is\n"
    "damaged, 74 when something could not be deleted.\n";

struct options {
    const char *config;
    bool dry_run;
    bool json;
    bool verify;
};

/* What a run opens, in this order. */
struct opened {
    struct sluice_config *config;
    struct sluice_findings findings;
    int lock;
    struct sluice_keyring *keyring;
    struct sluice_vault *vault;
    struct sluice_keep_policies policies;
    struct sluice_transport transport;
    int64_t now_us;
};

static void close_all(struct opened *opened)
{
    if (opened->transport.ops)
        opened->transport.ops->close(opened->transport.self);
    sluice_keep_policies_free(&opened->policies);
    if (opened->vault)
        sluice_vault_close(opened->vault);
    if (opened->keyring)
        sluice_keyring_close(opened->keyring);
    if (opened->lock >= 0)
        close(opened->lock);
    sluice_findings_deinit(&opened->findings);
    sluice_config_free(opened->config);
}

/* --- deleting ---------------------------------------------------------- */

static int report(const struct sluice_keep_report *done, const struct options *options, int code)
{
    struct sluice_buffer out;

    sluice_buffer_init(&out, 16 << 20);
    if (options->json) {
        sluice_keep_report_json(done, &out);
        sluice_buffer_append_text(&out, "\n");
    } else {
        sluice_keep_report_text(done, &out);
    }
    code = cli_print(&out, code);
    sluice_buffer_deinit(&out);
    return code;
}

static int keep(struct opened *opened, const struct options *options)
{
    const struct sluice_keep what = { .config = opened->config,
                                      .transport = options->dry_run ? NULL : &opened->transport,
                                      .vault = opened->vault,
                                      .purposes = opened->policies.purposes,
                                      .purpose_count = opened->policies.purpose_count,
                                      .now_us = opened->now_us };
    struct sluice_keep_report done = { 0 };

    const enum sluice_err err = sluice_keep(&done, &what);
    int code = EX_OK;
    if (err)
        code = cli_fail("sluice keep", err, "not everything that is due could be deleted%s%s",
                        done.failed[0] ? ", first " : "", done.failed);
    code = report(&done, options, code);
    sluice_keep_report_free(&done);
    return code;
}

static enum sluice_err open_for_writing(struct opened *opened)
{
    enum sluice_err err = sluice_vault_open(&opened->vault, opened->config->state, opened->keyring);
    if (!err)
        err = sluice_local_open(&opened->transport, &opened->findings, opened->config, opened->keyring, NULL, NULL, 0);
    return err;
}

/* Beside whoever holds the state. */
static enum sluice_err open_for_looking(struct opened *opened)
{
    const enum sluice_err err = sluice_vault_open_reading(&opened->vault, opened->config->state, opened->keyring);

    return err == SLUICE_ERR_MISSING ? SLUICE_OK : err;
}

static int run(struct opened *opened, const struct options *options)
{
    const char *state = opened->config->state;

    enum sluice_err err = options->dry_run ? SLUICE_OK : sluice_local_lock(&opened->lock, state);
    if (err == SLUICE_ERR_LOCKED) {
        fputs("sluice keep: a process runs on this state and deletes what is due by itself\n", stderr);
        if (options->json)
            puts("{\"running\":true}");
        return EX_OK;
    }
    if (!err)
        err = sluice_keyring_open(&opened->keyring, state);
    if (err)
        return cli_fail("sluice keep", err, "%s", state);
    err = sluice_keep_policies_load(&opened->policies, &opened->findings, opened->config, opened->now_us);
    if (!err)
        err = options->dry_run ? open_for_looking(opened) : open_for_writing(opened);
    if (err) {
        cli_findings(&opened->findings);
        return cli_fail("sluice keep", err, "%s", state);
    }
    return keep(opened, options);
}

/* --- verifying --------------------------------------------------------- */

static int verify(struct opened *opened, const struct options *options)
{
    static const struct {
        const char *name, *word;
    } files[] = { { SLUICE_AUDIT_RECEIPTS, "receipts" }, { SLUICE_AUDIT_ACCESS, "access" } };
    enum sluice_err result = SLUICE_OK;
    uint64_t counts[2] = { 0 };

    for (size_t i = 0; i < 2; i++) {
        const enum sluice_err err =
            sluice_audit_verify(&opened->findings, &counts[i], opened->config->state, files[i].name);

        if (!result)
            result = err;
        if (!options->json)
            printf("%-16s %10" PRIu64 " lines hold%s\n", files[i].name, counts[i], err ? ", then the chain breaks" : "");
    }
    cli_findings(&opened->findings);
    if (options->json)
        printf("{\"holds\":%s,\"%s\":%" PRIu64 ",\"%s\":%" PRIu64 "}\n", result ? "false" : "true", files[0].word,
               counts[0], files[1].word, counts[1]);
    return sluice_err_exit_code(result);
}

/* -1 to go on, or the exit code. */
static int read_options(struct options *options, int argc, char *argv[])
{
    static const struct option names[] = {
        { "config", required_argument, NULL, 'c' }, { "dry-run", no_argument, NULL, 'd' },
        { "json", no_argument, NULL, 'j' },         { "verify", no_argument, NULL, 'v' },
        { "help", no_argument, NULL, 'h' },         { NULL, 0, NULL, 0 },
    };

    *options = (struct options){ .config = CLI_CONFIG };
    for (int c; (c = getopt_long(argc, argv, "c:h", names, NULL)) != -1;) {
        switch (c) {
        case 'c': options->config = optarg; break;
        case 'd': options->dry_run = true; break;
        case 'j': options->json = true; break;
        case 'v': options->verify = true; break;
        case 'h': fputs(help, stdout); return EX_OK;
        default:  return cli_usage(argv[0]);
        }
    }
    if (optind < argc || (options->verify && options->dry_run)) {
        fputs(optind < argc ? "sluice keep: takes no arguments\n"
                            : "sluice keep: --verify changes nothing anyway: leave --dry-run away\n", stderr);
        return cli_usage(argv[0]);
    }
    return -1;
}

int cli_keep(int argc, char *argv[])
{
    struct opened opened = { .lock = -1 };
    struct sluice_clock clock;
    struct options options;
    int code = read_options(&options, argc, argv);

    if (code >= 0)
        return code;
    enum sluice_err err = sluice_crypto_init();
    if (!err)
        err = sluice_process_harden();
    if (!err)
        err = cli_config(&opened.config, options.config);
    if (err)
        return cli_fail("sluice keep", err, "%s", options.config);
    sluice_findings_init(&opened.findings);
    sluice_clock_init(&clock, opened.config->clock_us);
    opened.now_us = sluice_clock_now_us(&clock);
    code = options.verify ? verify(&opened, &options) : run(&opened, &options);
    close_all(&opened);
    return code;
}
