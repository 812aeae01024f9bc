#include "cli/check.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "cli/cli.h"
#include "engine/versions.h"
#include "sluice/clock.h"
#include "sluice/reason.h"

static const char help[] =
    "usage: sluice check [-c FILE] [--json]\n"
    "       sluice check --options | --reasons\n"
    "\n"
    "Says what is wrong with a configuration before anything runs: its options,\n"
    "policies, mappings and keys, the rights of its files and folders, disk space,\n"
    "the limits of the process, swap. Changes nothing.\n"
    "\n"
    "  -c, --config FILE   the configuration (default ./sluice.yaml)\n"
    "      --json          one JSON object instead of a line for each finding\n"
    "      --options       list every option with its kind, default and meaning\n"
    "      --reasons       list every reason that a record or a purpose's share of it is refused for\n"
    "      --help          this text\n"
    "\n"
    "Exits with 0 when nothing is wrong (warnings and notes may be shown), 78 when\n"
    "something is, 66 when there is no such file.\n";

void check_policies(struct check *check)
{
    for (size_t i = 0; i < check->config->tenant_count; i++)
        versions_check(check->findings, &check->config->tenants[i], check->now_us);
}

static void (*const checks[])(struct check *check) = {
    check_policies,
    check_keys,
    check_files,
    check_host,
};

static void look(struct check *check)
{
    struct sluice_clock clock;

    sluice_clock_init(&clock, check->config->clock_us);
    check->now_us = sluice_clock_now_us(&clock);
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++)
        checks[i](check);
}

static size_t count(const struct sluice_findings *findings, enum sluice_finding_level level)
{
    size_t found = 0;

    for (size_t i = 0; i < findings->count; i++)
        found += findings->list[i].level == level;
    return found;
}

static void tell_count(struct sluice_buffer *out, size_t number, const char *what, const char *after)
{
    sluice_buffer_printf(out, "%zu %s%s%s", number, what, number == 1 ? "" : "s", after);
}

static void tell(struct sluice_buffer *out, const struct sluice_findings *findings, const char *path,
                 const struct sluice_config *config)
{
    sluice_findings_print(findings, out);
    sluice_buffer_printf(out, "%s: ", path);
    if (config) {
        tell_count(out, config->tenant_count, "tenant", ", ");
        tell_count(out, config->input_count, "input", ", ");
    }
    tell_count(out, findings->errors, "error", ", ");
    tell_count(out, count(findings, SLUICE_FINDING_WARNING), "warning", "\n");
}

static void tell_json(struct sluice_buffer *out, const struct sluice_findings *findings, const char *path)
{
    sluice_buffer_append_text(out, "{\"config\":");
    sluice_buffer_append_json(out, sluice_str_from(path));
    sluice_buffer_printf(out,
                         ",\"errors\":%zu,\"warnings\":%zu,\"notes\":%zu,\"findings\":", findings->errors,
                         count(findings, SLUICE_FINDING_WARNING), count(findings, SLUICE_FINDING_NOTE));
    sluice_findings_json(findings, out);
    sluice_buffer_append_text(out, "}\n");
}

static int check_config(const char *path, bool json)
{
    struct sluice_findings findings;
    struct sluice_config *config = NULL;
    struct sluice_buffer out;

    sluice_findings_init(&findings);
    enum sluice_err err = sluice_config_load(&config, &findings, path);
    if (!err)
        look(&(struct check){ config, &findings, 0 });
    if (!err && findings.errors)
        err = SLUICE_ERR_CONFIG;

    sluice_buffer_init(&out, 4096 * (findings.count + 1));
    if (json)
        tell_json(&out, &findings, path);
    else
        tell(&out, &findings, path, config);
    const int code = cli_print(&out, sluice_err_exit_code(err));

    sluice_buffer_deinit(&out);
    sluice_config_free(config);
    sluice_findings_deinit(&findings);
    return code;
}

static void print_reasons(struct sluice_buffer *out)
{
    sluice_buffer_printf(out, "%-17s%-13s%s\n", "REASON", "RECORD IS", "BECAUSE");
    for (enum sluice_reason reason = SLUICE_REASON_NONE + 1; reason < SLUICE_REASON_COUNT; reason++)
        sluice_buffer_printf(out, "%-17s%-13s%s\n", sluice_reason_word(reason),
                             sluice_disposition_word(sluice_reason_disposition(reason)),
                             sluice_reason_text(reason));
    sluice_buffer_printf(out, "\n%-30s%s\n", "FOR A PURPOSE", "BECAUSE");
    for (enum sluice_outcome outcome = 0; outcome < SLUICE_OUTCOME_COUNT; outcome++)
        sluice_buffer_printf(out, "%-30s%s\n", sluice_outcome_word(outcome), sluice_outcome_text(outcome));
}

static int print_list(void (*list)(struct sluice_buffer *out))
{
    struct sluice_buffer out;

    sluice_buffer_init(&out, 65536);
    list(&out);
    const int code = cli_print(&out, EX_OK);
    sluice_buffer_deinit(&out);
    return code;
}

int cli_check(int argc, char *argv[])
{
    static const struct option options[] = {
        { "config", required_argument, NULL, 'c' },
        { "json", no_argument, NULL, 'j' },
        { "options", no_argument, NULL, 'o' },
        { "reasons", no_argument, NULL, 'r' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    const char *path = CLI_CONFIG;
    bool json = false;
    int option;

    while ((option = getopt_long(argc, argv, "c:", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            path = optarg;
            break;
        case 'j':
            json = true;
            break;
        case 'o':
            return print_list(sluice_config_reference);
        case 'r':
            return print_list(print_reasons);
        case 'h':
            fputs(help, stdout);
            return EX_OK;
        default:
            return cli_usage(argv[0]);
        }
    }
    if (optind < argc)
        return cli_usage(argv[0]);
    return check_config(path, json);
}
