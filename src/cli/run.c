/* sluice run: records in, purpose streams out, until the input ends or someone says stop. */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "cli/check.h"
#include "cli/cli.h"
#include "engine/engine.h"
#include "sluice/crypto.h"

static volatile sig_atomic_t stop_wanted;
static volatile sig_atomic_t reload_wanted;

static void on_signal(int number)
{
    if (number == SIGHUP)
        reload_wanted = 1;
    else if (stop_wanted++)
        _exit(EX_TEMPFAIL);   /* the second one does not wait; nothing that is committed is harmed */
}

static void listen_to_signals(void)
{
    struct sigaction action = { .sa_handler = on_signal };

    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static const char usage[] =
    "usage: sluice run [-c FILE] [--files] [--json] [--quiet]\n"
    "\n"
    "Reads what the inputs hold, lets each record through the gates that its tenant's policy\n"
    "opens, and writes one stream for each purpose. Ends with the input, unless 'watch: true'.\n"
    "\n"
    "  -c, --config FILE  configuration (default: sluice.yaml)\n"
    "      --files        end with the account of each source file\n"
    "      --json         last line on standard output: all counters as one JSON object\n"
    "  -q, --quiet        no progress\n"
    "  -h, --help         this text\n"
    "\n"
    "SIGTERM and SIGINT drain and commit, SIGHUP loads policies and registry again.\n"
    "Exit codes: 0 done, 65 damaged state, 74 disk, 75 another process runs, 78 configuration or policy.\n";

struct options {
    const char *config;
    bool files;
    bool json;
    bool quiet;
};

static void show_progress(const struct engine *engine, bool last)
{
    static int64_t shown_ns;
    const int64_t now_ns = sluice_clock_monotonic_ns();
    uint64_t read = 0, known = 0;

    if (!last && now_ns - shown_ns < 500000000)
        return;
    shown_ns = now_ns;
    sluice_feed_progress(engine->feed, &read, &known);
    fprintf(stderr, "\r%12" PRIu64 " records  %9.1f of %.1f MB%s", sluice_gate_in(engine->gate), (double)read / 1e6,
            (double)known / 1e6, last ? "\n" : "");
}

static void show_registry_progress(uint64_t rows)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\rregistry: %12" PRIu64 " rows", rows);
}

static void announce(const struct engine *engine)
{
    char text[SLUICE_TIME_TEXT_SIZE];

    if (!engine->config->clock_us)
        return;
    sluice_time_format(text, engine->config->clock_us);
    fprintf(stderr, "sluice: the clock starts at %s, as the configuration's 'clock' says: for tests only\n", text);
}

static void print_unknown_field(void *self, const char *name, uint64_t count)
{
    bool *first = self;

    if (*first)
        fprintf(stderr, "\nfields that no format knows, dropped (by name, this run):\n");
    *first = false;
    fprintf(stderr, "  %-40s %14" PRIu64 "\n", name, count);
}

static void report(const struct engine *engine, const struct options *options)
{
    struct sluice_buffer text;

    sluice_buffer_init(&text, 16 << 20);
    sluice_gate_report(engine->gate, &text);
    if (options->files) {
        sluice_buffer_append_text(&text, "\n");
        sluice_gate_report_files(engine->gate, &text);
    }
    fwrite(text.bytes, 1, text.len, stderr);
    sluice_feed_unknown_fields(engine->feed, print_unknown_field, &(bool){ true });
    fprintf(stderr, "\nstreams: %s/TENANT/PURPOSE; read them with 'sluice cat -c %s TENANT/PURPOSE'\n",
            engine->config->output, options->config);
    if (options->json) {
        sluice_buffer_clear(&text);
        sluice_gate_json(engine->gate, &text);
        sluice_buffer_append_text(&text, "\n");
        fwrite(text.bytes, 1, text.len, stdout);
        fflush(stdout);
    }
    sluice_buffer_deinit(&text);
}

/* An objection does not wait until somebody corrects a policy, nor the other way round. */
static void reload(struct engine *engine, struct sluice_findings *findings)
{
    reload_wanted = 0;
    sluice_findings_deinit(findings);
    const enum sluice_err policy_err = engine_reload_policies(engine, findings);
    const enum sluice_err registry_err = engine_reload_registry(engine, findings);

    cli_findings(findings);
    if (policy_err)
        fprintf(stderr, "sluice: policies are not reloaded (%s); what was in force stays in force\n",
                sluice_err_text(policy_err));
    if (registry_err)
        fprintf(stderr, "sluice: the registry is not reloaded (%s); correct it and send SIGHUP again\n",
                sluice_err_text(registry_err));
    if (!policy_err && !registry_err)
        fputs("sluice: reloaded\n", stderr);
}

static bool has_done(const struct sluice_keep_report *report)
{
    uint64_t buckets = 0;

    for (size_t i = 0; i < report->stream_count; i++)
        buckets += report->streams[i].buckets;
    return buckets || report->epochs || report->spools || report->audit_lines;
}

#define KEEP_INTERVAL_NS (INT64_C(3600) * 1000000000)

/* What is due goes at the start and every hour. A failure stops nothing: it is
 * told, and tried again. */
static void keep(struct engine *engine, int64_t *kept_ns)
{
    struct sluice_keep_report done = { 0 };
    struct sluice_findings findings;
    enum sluice_err err;

    if (*kept_ns && sluice_clock_monotonic_ns() - *kept_ns < KEEP_INTERVAL_NS)
        return;
    *kept_ns = sluice_clock_monotonic_ns();
    sluice_findings_init(&findings);
    err = engine_keep(engine, &findings, &done);
    if (err) {
        cli_findings(&findings);
        fprintf(stderr, "sluice: what is due could not be deleted (%s%s%s); see 'sluice keep'\n", sluice_err_text(err),
                done.failed[0] ? ": " : "", done.failed);
    }
    if (has_done(&done)) {
        struct sluice_buffer text;

        sluice_buffer_init(&text, 1 << 20);
        sluice_keep_report_text(&done, &text);
        fwrite(text.bytes, 1, text.len, stderr);
        sluice_buffer_deinit(&text);
    }
    sluice_keep_report_free(&done);
    sluice_findings_deinit(&findings);
}

static void tell_failure(const struct engine *engine, enum sluice_err err)
{
    char where[ENGINE_WHERE_SIZE];

    engine_where(engine, where);
    fprintf(stderr, "sluice run: %s: %s; %s; everything up to the last commit is safe\n", where, sluice_err_text(err),
            engine_advice(err) ? engine_advice(err) : "look at it, then start again");
}

/* The world may get better: wait, and try again for a minute. */
static bool may_retry(const struct engine *engine, enum sluice_err err, int *tries)
{
    char where[ENGINE_WHERE_SIZE];

    if (sluice_err_class(err) != SLUICE_CLASS_RETRY || *tries >= 12 || stop_wanted)
        return false;
    engine_where(engine, where);
    fprintf(stderr, "\nsluice: %s: %s; taken back to the last commit, trying again in 5 s\n", where,
            sluice_err_text(err));
    ++*tries;
    sleep(5);
    return true;
}

/* The clock was set while we run: nothing follows it, and somebody should know. */
static void tell_clock(const struct engine *engine, int64_t *told_us)
{
    const int64_t set_by_us = sluice_clock_set_by_us(&engine->clock);

    if (set_by_us - *told_us < 60 * SLUICE_SECOND_US && *told_us - set_by_us < 60 * SLUICE_SECOND_US)
        return;
    *told_us = set_by_us;
    fprintf(stderr, "\nsluice: the system's clock is %+" PRId64 " s from this process's, which goes on as it was; "
            "start it again if it began at a wrong time\n", set_by_us / SLUICE_SECOND_US);
}

static enum sluice_err run(struct engine *engine, struct sluice_findings *findings, const struct options *options)
{
    const struct timespec idle = { .tv_nsec = 200000000 };
    const bool progress = !options->quiet && isatty(STDERR_FILENO);
    enum sluice_err err = SLUICE_OK;
    int64_t kept_ns = 0, clock_told_us = 0;
    int tries = 0;

    for (bool end = false; !stop_wanted && (!end || engine->config->watch);) {
        if (reload_wanted)
            reload(engine, findings);
        keep(engine, &kept_ns);
        tell_clock(engine, &clock_told_us);
        err = engine_step(engine, &end);
        if (err && !may_retry(engine, err, &tries))
            return err;
        if (err)
            end = false;
        else
            tries = 0;
        if (progress)
            show_progress(engine, false);
        if (!err && end && engine->config->watch)
            nanosleep(&idle, NULL);
    }
    if (progress)
        show_progress(engine, true);
    err = engine_commit(engine);
    return err ? err : engine_close_files(engine);
}

/* -1 to go on, or the exit code. */
static int read_options(struct options *options, int argc, char *argv[])
{
    static const struct option names[] = {
        { "config", required_argument, NULL, 'c' }, { "json", no_argument, NULL, 'j' },
        { "quiet", no_argument, NULL, 'q' },        { "help", no_argument, NULL, 'h' },
        { "files", no_argument, NULL, 'f' },        { NULL, 0, NULL, 0 },
    };

    *options = (struct options){ .config = CLI_CONFIG };
    for (int c; (c = getopt_long(argc, argv, "c:qh", names, NULL)) != -1;) {
        switch (c) {
        case 'c': options->config = optarg; break;
        case 'j': options->json = true; break;
        case 'f': options->files = true; break;
        case 'q': options->quiet = true; break;
        case 'h': fputs(usage, stdout); return EX_OK;
        default:  return cli_usage(argv[0]);
        }
    }
    if (optind < argc) {
        fputs("sluice run: takes no arguments; inputs stand in the configuration\n", stderr);
        return cli_usage(argv[0]);
    }
    return -1;
}

int cli_run(int argc, char *argv[])
{
    struct sluice_findings findings;
    struct options options;
    struct engine engine;
    enum sluice_err err;
    const int code = read_options(&options, argc, argv);

    if (code >= 0)
        return code;
    err = sluice_process_harden();
    if (err)
        return cli_fail(argv[0], err, "core files and debuggers could not be kept out");
    listen_to_signals();
    sluice_findings_init(&findings);
    check_swap(&findings, options.config);
    err = engine_open(&engine, &findings, options.config, true, show_registry_progress);
    cli_findings(&findings);
    if (!err) {
        announce(&engine);
        err = run(&engine, &findings, &options);
        sluice_findings_deinit(&findings);
        sluice_gate_explain(engine.gate, &findings);
        cli_findings(&findings);
        if (err)
            tell_failure(&engine, err);
        report(&engine, &options);
        engine_close(&engine);
    }
    sluice_findings_deinit(&findings);
    return sluice_err_exit_code(err);
}
