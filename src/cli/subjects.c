/* sluice subjects: the subject registry, into the vault. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/vault_reader.h"
#include "engine/engine.h"
#include "sluice/clock.h"

static const char help[] =
    "usage: sluice subjects load [-c FILE] [--json]\n"
    "       sluice subjects status [-c FILE] [--json]\n"
    "\n"
    "load brings the configuration's 'subjects' (CSV) and 'registry' (ndjson) into the\n"
    "vault, whether they changed or not ('sluice run' does it when they changed), and\n"
    "tells bad rows and conflicts by line. Secrets of known SIMs stay what they are; what\n"
    "the CSV no longer has becomes unregistered.\n"
    "status counts what the vault holds.\n"
    "\n"
    "  -c, --config FILE   the configuration (default ./sluice.yaml)\n"
    "      --json          one JSON object instead of text\n"
    "      --help          this text\n"
    "\n"
    "Exits with 0, 65 when rows or lines were refused (the others are loaded), 66 when a\n"
    "file is not there, 75 when another process holds the state folder, 78 for a bad\n"
    "configuration or policy.\n";

/* --- load */

static int64_t started_ns;

static void show_progress(uint64_t rows)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r%12" PRIu64 " subjects  %6.1f s", rows,
                (double)(sluice_clock_monotonic_ns() - started_ns) / 1e9);
}

struct figure {
    const char *name;
    const char *text;
    size_t offset;
};
#define FIGURE(member, description) { #member, description, offsetof(struct sluice_registry_report, member) }
static const struct figure figures[] = {
    FIGURE(rows, "rows read"),
    FIGURE(rows_refused, "  bad, refused"),
    FIGURE(conflicts, "  conflicts, of which the first row wins"),
    FIGURE(subjects, "subjects registered"),
    FIGURE(subjects_new, "  new"),
    FIGURE(subjects_changed, "  changed"),
    FIGURE(unregistered, "no longer registered"),
    FIGURE(unknown, "identifiers of bad rows, whose records wait"),
    FIGURE(links, "links of further identifiers"),
    FIGURE(rights, "consents, objections and restrictions read"),
    FIGURE(rights_refused, "  bad, refused"),
};

static uint64_t value_of(const struct sluice_registry_report *report, const struct figure *figure)
{
    return *(const uint64_t *)((const char *)report + figure->offset);
}

static void tell_report(struct sluice_buffer *out, const struct sluice_registry_report *report,
                        int64_t duration_ns)
{
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++)
        sluice_buffer_printf(out, "%12" PRIu64 "  %s\n", value_of(report, &figures[i]), figures[i].text);
    sluice_buffer_printf(out, "%12.1f  seconds\n", (double)duration_ns / 1e9);
}

static void tell_report_json(struct sluice_buffer *out, const struct sluice_registry_report *report,
                             int64_t duration_ns)
{
    sluice_buffer_append_text(out, "{");
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++)
        sluice_buffer_printf(out, "\"%s\":%" PRIu64 ",", figures[i].name, value_of(report, &figures[i]));
    sluice_buffer_printf(out, "\"duration_ms\":%" PRId64 "}\n", duration_ns / 1000000);
}

static int tell_loaded(const struct sluice_registry_report *report, int64_t duration_ns, bool json)
{
    const bool refused = report->rows_refused || report->conflicts || report->rights_refused;
    struct sluice_buffer out;

    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
    sluice_buffer_init(&out, 65536);
    (json ? tell_report_json : tell_report)(&out, report, duration_ns);
    const int code = cli_print(&out, refused ? EX_DATAERR : EX_OK);
    sluice_buffer_deinit(&out);
    return code;
}

static int load(const char *config_path, bool json)
{
    struct sluice_registry_report report;
    struct sluice_findings findings;
    struct engine engine;

    sluice_findings_init(&findings);
    enum sluice_err err = sluice_process_harden();
    if (!err)
        err = engine_open_vault(&engine, &findings, config_path);
    if (err) {
        cli_findings(&findings);
        sluice_findings_deinit(&findings);
        return sluice_err_exit_code(err);
    }
    started_ns = sluice_clock_monotonic_ns();
    err = sluice_registry_load(engine.vault, engine.config, &findings, show_progress, &report);
    cli_findings(&findings);
    const int code = err ? cli_fail("sluice subjects", err, "the load was cut short; load again")
                         : tell_loaded(&report, sluice_clock_monotonic_ns() - started_ns, json);
    engine_close(&engine);
    sluice_findings_deinit(&findings);
    return code;
}

/* --- status */

struct counts {
    uint64_t registered;
    uint64_t unregistered;
    uint64_t devices;
    uint64_t consented;
    uint64_t objected;
    uint64_t restricted;
    uint64_t erased;
    uint64_t links;
    uint64_t generation;
    bool reachable;
};

static void count_one(struct counts *counts, const struct sluice_subject *subject)
{
    static const uint8_t none[SLUICE_TAG_SIZE];
    const bool device = memcmp(subject->sole_user, none, sizeof none) != 0;

    counts->devices += device;
    counts->registered += subject->registered;
    counts->unregistered += !subject->registered && !device && !sluice_subject_is_grave(subject);
    counts->consented += subject->consented != 0;
    counts->objected += subject->objected != 0;
    counts->restricted += subject->restricted != 0;
    counts->erased += sluice_subject_is_grave(subject);
}

static enum sluice_err count_all(struct counts *counts, struct sluice_vault *vault)
{
    struct sluice_subject *subject = sluice_secret_alloc(sizeof *subject);
    struct sluice_vault_stats stats;
    enum sluice_err err = subject ? sluice_vault_stats(vault, &stats) : SLUICE_ERR_MEMORY;

    *counts = (struct counts){ .links = err ? 0 : stats.links };
    if (!err)
        err = sluice_vault_registry_generation(vault, &counts->generation, &counts->reachable);
    while (!err && !(err = sluice_vault_next(vault, subject)))
        count_one(counts, subject);
    sluice_secret_free(subject, sizeof *subject);
    return err == SLUICE_ERR_MISSING ? SLUICE_OK : err;
}

static void tell_counts(struct sluice_buffer *out, const struct counts *counts, bool json)
{
    static const char *const words[2][2] = { { "no", "yes" }, { "false", "true" } };

    sluice_buffer_printf(
        out,
        json ? "{\"registered\":%" PRIu64 ",\"unregistered\":%" PRIu64 ",\"devices\":%" PRIu64
               ",\"links\":%" PRIu64 ",\"consented\":%" PRIu64 ",\"objected\":%" PRIu64
               ",\"restricted\":%" PRIu64 ",\"erased\":%" PRIu64 ",\"generation\":%" PRIu64 ",\"reachable\":%s}\n"
             : "%12" PRIu64 "  subjects registered\n%12" PRIu64 "  met, not registered\n%12" PRIu64
               "  devices\n%12" PRIu64 "  links of further identifiers\n%12" PRIu64
               "  with a consent\n%12" PRIu64 "  with an objection\n%12" PRIu64 "  restricted\n%12" PRIu64
               "  erased\n%12" PRIu64
               "  loads so far, reachable: %s\n",
        counts->registered, counts->unregistered, counts->devices, counts->links, counts->consented,
        counts->objected, counts->restricted, counts->erased, counts->generation,
        words[json][counts->reachable]);
}

static int show_status(const char *config_path, bool json)
{
    struct vault_reader_set set;
    struct counts counts = { .generation = 0 };
    struct sluice_buffer out;
    int code = vault_reader_open(&set, "sluice subjects", config_path);

    if (code)
        return code;
    const enum sluice_err err = set.vault ? count_all(&counts, set.vault) : SLUICE_OK;
    sluice_buffer_init(&out, 65536);
    tell_counts(&out, &counts, json);
    code =
        err ? cli_fail("sluice subjects", err, "the vault in %s", set.config->state) : cli_print(&out, EX_OK);
    sluice_buffer_deinit(&out);
    vault_reader_close(&set);
    return code;
}

int cli_subjects(int argc, char *argv[])
{
    static const struct option options[] = {
        { "config", required_argument, NULL, 'c' },
        { "json", no_argument, NULL, 'j' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    const char *config = CLI_CONFIG;
    bool json = false;
    int option;

    while ((option = getopt_long(argc, argv, "c:", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            config = optarg;
            break;
        case 'j':
            json = true;
            break;
        case 'h':
            fputs(help, stdout);
            return EX_OK;
        default:
            return cli_usage(argv[0]);
        }
    }
    const char *verb = optind + 1 == argc ? argv[optind] : "";
    if (strcmp(verb, "load") == 0)
        return load(config, json);
    if (strcmp(verb, "status") == 0)
        return show_status(config, json);
    return cli_usage(argv[0]);
}
