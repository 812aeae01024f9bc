#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "cli/cli.h"
#include "policy/policy_vocabulary.h"
#include "sluice/clock.h"
#include "sluice/crypto.h"

static const char help[] =
    "usage: sluice policy check [--json] [--at INSTANT] FILE...\n"
    "       sluice policy check [--json] [-c FILE]\n"
    "       sluice policy check --rules | --vocabulary\n"
    "       sluice policy explain [--json] FILE\n"
    "       sluice policy explain [--json] [--at INSTANT] --collected-at INSTANT FILE...\n"
    "       sluice policy diff [--json] OLD NEW\n"
    "       sluice policy ropa [--json] FILE\n"
    "       sluice policy proto PURPOSE FILE\n"
    "\n"
    "check says what is wrong with policies and what is worth knowing, each with its\n"
    "place and what to do; without FILE, with all that the configuration names.\n"
    "explain prints what each purpose does and makes of each field; with\n"
    "--collected-at, of a tenant's versions, what a record that was collected then may\n"
    "still do: what either version closes is closed. diff tells what a change opens\n"
    "and closes. ropa prints the record of processing activities\n"
    "(GDPR Art. 30). proto prints the proto file for one purpose's consumers.\n"
    "\n"
    "  -c, --config FILE   the configuration (default ./sluice.yaml)\n"
    "      --json          one JSON document instead of text\n"
    "      --at INSTANT    as of that instant: overlays, safeguards and assessments end\n"
    "      --collected-at INSTANT  when the record was collected\n"
    "      --rules         list every rule that check applies\n"
    "      --vocabulary    list the words for fields, purposes, bases, criteria, recipients\n"
    "      --help          this text\n"
    "\n"
    "Exits with 0 when no error is found (warnings and notes may be shown), 78 when\n"
    "one is, 66 when a file or a purpose is not there.\n";

struct request {
    const char *command; /* "sluice policy", for messages */
    const char *config;  /* NULL: not given */
    bool json;
    bool rules;
    bool vocabulary;
    int64_t now_us;
    int64_t collected_at_us; /* INT64_MIN: not given */
    int argc; /* what follows the verb */
    char **argv;
};

static int print(struct sluice_buffer *out, enum sluice_err err)
{
    const int code = cli_print(out, sluice_err_exit_code(err));

    sluice_buffer_deinit(out);
    return code;
}

/* --- check */

static int print_rules(void)
{
    static const char *const levels[] = { "note", "warning", "error" };
    struct sluice_buffer out;

    sluice_buffer_init(&out, 64 * 1024);
    sluice_buffer_printf(&out, "%-26s%-9s%s\n", "RULE", "BREACH", "WHAT IT ASKS FOR");
    for (size_t i = 0; i < sluice_policy_rule_count; i++)
        sluice_buffer_printf(&out, "%-26s%-9s%s\n", sluice_policy_rules[i].word,
                             levels[sluice_policy_rules[i].level], sluice_policy_rules[i].text);
    return print(&out, SLUICE_OK);
}

static int print_vocabulary(void)
{
    struct sluice_buffer out;

    sluice_buffer_init(&out, 64 * 1024);
    policy_vocabulary_print(&out);
    return print(&out, SLUICE_OK);
}

/* Whatever a file's overlays make of it in time. tenant NULL: any. */
static enum sluice_err check_file(struct sluice_findings *findings, const char *path, const char *tenant,
                                  int64_t now_us)
{
    struct sluice_policy *versions[SLUICE_POLICY_VERSIONS_MAX];
    size_t count;
    enum sluice_err err = sluice_policy_load_versions(versions, &count, findings, path, now_us);

    if (err)
        return err;
    if (tenant && strcmp(versions[0]->tenant, tenant) != 0) {
        sluice_findings_add(findings, SLUICE_FINDING_ERROR, "policy-tenant", path, 0, 0,
                            "the configuration gives this policy to %s: make tenant the same", tenant);
        err = SLUICE_ERR_POLICY;
    }
    for (size_t i = 0; i < count; i++)
        sluice_policy_free(versions[i]);
    return err;
}

/* The first error of all; the rest is in the findings. */
static void keep_first(enum sluice_err *first, enum sluice_err err)
{
    if (!*first)
        *first = err;
}

static enum sluice_err check_config(struct sluice_findings *findings, struct request *request,
                                    size_t *checked)
{
    struct sluice_config *config = NULL;
    enum sluice_err first =
        sluice_config_load(&config, findings, request->config ? request->config : CLI_CONFIG);

    if (first)
        return first;
    if (config->clock_us)
        request->now_us = config->clock_us;
    for (size_t i = 0; i < config->tenant_count; i++)
        for (size_t j = 0; j < config->tenants[i].policy_count; j++, ++*checked)
            keep_first(&first, check_file(findings, config->tenants[i].policies[j], config->tenants[i].name,
                                          request->now_us));
    sluice_config_free(config);
    return first;
}

static void tell(struct sluice_buffer *out, const struct sluice_findings *findings, size_t checked)
{
    size_t warnings = 0;

    for (size_t i = 0; i < findings->count; i++)
        warnings += findings->list[i].level == SLUICE_FINDING_WARNING;
    sluice_findings_print(findings, out);
    sluice_buffer_printf(out, "%zu %s, %zu error%s, %zu warning%s\n", checked,
                         checked == 1 ? "policy" : "policies", findings->errors,
                         findings->errors == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s");
}

static void tell_json(struct sluice_buffer *out, const struct sluice_findings *findings, size_t checked)
{
    sluice_buffer_printf(out, "{\"policies\":%zu,\"errors\":%zu,\"findings\":", checked, findings->errors);
    sluice_findings_json(findings, out);
    sluice_buffer_append_text(out, "}\n");
}

static int check(struct request *request)
{
    struct sluice_findings findings;
    struct sluice_buffer out;
    size_t checked = 0;
    enum sluice_err err = SLUICE_OK;

    if (request->rules)
        return print_rules();
    if (request->vocabulary)
        return print_vocabulary();
    if (request->argc > 0 && request->config)
        return cli_usage(request->command);

    sluice_findings_init(&findings);
    if (request->argc == 0)
        err = check_config(&findings, request, &checked);
    for (int i = 0; i < request->argc; i++, checked++)
        keep_first(&err, check_file(&findings, request->argv[i], NULL, request->now_us));

    sluice_buffer_init(&out, 4096 * (findings.count + 1));
    if (request->json)
        tell_json(&out, &findings, checked);
    else
        tell(&out, &findings, checked);
    sluice_findings_deinit(&findings);
    return print(&out, err);
}

/* --- the others read one policy or two */

/* Loads a policy; its errors and warnings go to standard error. */
static enum sluice_err load(struct sluice_policy **policy, const struct request *request, const char *path)
{
    struct sluice_findings findings;

    sluice_findings_init(&findings);
    const enum sluice_err err = sluice_policy_load(policy, &findings, path, request->now_us);
    if (err)
        cli_findings(&findings);
    sluice_findings_deinit(&findings);
    return err;
}

typedef enum sluice_err (*writer)(const struct sluice_policy *policy, bool json, struct sluice_buffer *out);

static int write_one(const struct request *request, writer write)
{
    struct sluice_policy *policy;
    struct sluice_buffer out;

    if (request->argc != 1)
        return cli_usage(request->command);
    enum sluice_err err = load(&policy, request, request->argv[0]);
    if (err)
        return cli_fail(request->command, err, "%s", request->argv[0]);
    sluice_buffer_init(&out, 16 * 1024 * 1024);
    err = write(policy, request->json, &out);
    sluice_policy_free(policy);
    return print(&out, err);
}

/* The version in force at an instant, of those in order; NULL before the first. */
static const struct sluice_policy *in_force(struct sluice_policy *const versions[], size_t count, int64_t at_us)
{
    const struct sluice_policy *found = NULL;

    for (size_t i = 0; i < count && versions[i]->effective_at_us <= at_us; i++)
        found = versions[i];
    return found;
}

static enum sluice_err load_versions(struct sluice_policy *versions[], size_t *count, const struct request *request)
{
    struct sluice_findings findings;
    enum sluice_err err = SLUICE_OK;

    *count = 0;
    sluice_findings_init(&findings);
    for (int i = 0; !err && i < request->argc; i++) {
        size_t added = 0;

        err = sluice_policy_load_versions(versions + *count, &added, &findings, request->argv[i], request->now_us);
        *count += added;
        if (!err && strcmp(versions[0]->tenant, versions[*count - 1]->tenant) != 0) {
            sluice_findings_add(&findings, SLUICE_FINDING_ERROR, "policy-tenant", request->argv[i], 0, 0,
                                "is of another tenant than the file before; give the versions of one");
            err = SLUICE_ERR_POLICY;
        }
    }
    if (err)
        cli_findings(&findings);
    else
        sluice_policy_order(versions, count);
    sluice_findings_deinit(&findings);
    return err;
}

static int explain_then(struct request *request)
{
    struct sluice_policy *versions[SLUICE_POLICY_FILES_MAX * SLUICE_POLICY_VERSIONS_MAX];
    struct sluice_buffer out;
    size_t count = 0;

    if (request->argc < 1 || request->argc > SLUICE_POLICY_FILES_MAX)
        return cli_usage(request->command);
    enum sluice_err err = load_versions(versions, &count, request);
    const struct sluice_policy *then = in_force(versions, count, request->collected_at_us);
    const struct sluice_policy *now = in_force(versions, count, request->now_us);
    sluice_buffer_init(&out, 16 * 1024 * 1024);
    if (!err && !now)
        err = SLUICE_ERR_POLICY;
    /* A record from before the first version is judged under it, as the gate does. */
    if (!err)
        err = sluice_policy_explain_then(then ? then : versions[0], now, request->json, &out);
    for (size_t i = 0; i < count; i++)
        sluice_policy_free(versions[i]);
    if (!err)
        return print(&out, err);
    sluice_buffer_deinit(&out);
    return cli_fail(request->command, err, "no version that is in force at that instant, among %s", request->argv[0]);
}

static int explain(struct request *request)
{
    return request->collected_at_us == INT64_MIN ? write_one(request, sluice_policy_explain) : explain_then(request);
}

static int ropa(struct request *request)
{
    return write_one(request, sluice_policy_ropa);
}

static int diff(struct request *request)
{
    struct sluice_policy *from = NULL, *to = NULL;
    struct sluice_buffer out;

    if (request->argc != 2)
        return cli_usage(request->command);
    enum sluice_err err = load(&from, request, request->argv[0]);
    const char *at_fault = request->argv[0];
    if (!err) {
        err = load(&to, request, request->argv[1]);
        at_fault = request->argv[1];
    }
    sluice_buffer_init(&out, 16 * 1024 * 1024);
    if (!err)
        err = sluice_policy_diff(from, to, request->json, &out);
    sluice_policy_free(from);
    sluice_policy_free(to);
    if (!err)
        return print(&out, err);
    sluice_buffer_deinit(&out);
    return cli_fail(request->command, err, "%s", at_fault);
}

static int proto(struct request *request)
{
    struct sluice_policy *policy;
    struct sluice_buffer out;

    if (request->argc != 2)
        return cli_usage(request->command);
    enum sluice_err err = load(&policy, request, request->argv[1]);
    if (err)
        return cli_fail(request->command, err, "%s", request->argv[1]);
    sluice_buffer_init(&out, 1024 * 1024);
    err = sluice_policy_proto(policy, request->argv[0], &out);
    sluice_policy_free(policy);
    if (!err)
        return print(&out, err);
    sluice_buffer_deinit(&out);
    return cli_fail(request->command, err, "%s has no purpose of that name that lets records out",
                    request->argv[1]);
}

static const struct verb {
    const char *name;
    int (*run)(struct request *request);
} verbs[] = {
    { "check", check }, { "explain", explain }, { "diff", diff }, { "ropa", ropa }, { "proto", proto },
};

/* Sets what the options say; an exit code where the command ends with that, else -1. */
static int read_options(struct request *request, int argc, char *argv[])
{
    static const struct option options[] = {
        { "config", required_argument, NULL, 'c' },
        { "json", no_argument, NULL, 'j' },
        { "at", required_argument, NULL, 'a' },
        { "collected-at", required_argument, NULL, 'o' },
        { "rules", no_argument, NULL, 'r' },
        { "vocabulary", no_argument, NULL, 'v' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    int option, offset;
    bool zone;

    while ((option = getopt_long(argc, argv, "c:", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            request->config = optarg;
            break;
        case 'j':
            request->json = true;
            break;
        case 'r':
            request->rules = true;
            break;
        case 'v':
            request->vocabulary = true;
            break;
        case 'a':
        case 'o':
            if (!sluice_time_parse(option == 'a' ? &request->now_us : &request->collected_at_us, &offset, &zone,
                                   sluice_str_from(optarg)))
                break;
            fprintf(stderr, "%s: %s takes an instant such as 2026-11-01T00:00:00Z\n", request->command,
                    option == 'a' ? "--at" : "--collected-at");
            return EX_USAGE;
        case 'h':
            fputs(help, stdout);
            return EX_OK;
        default:
            return cli_usage(request->command);
        }
    }
    return -1;
}

int cli_policy(int argc, char *argv[])
{
    struct sluice_clock clock;

    sluice_clock_init(&clock, 0);
    struct request request = { .command = argv[0],
                               .now_us = sluice_clock_now_us(&clock),
                               .collected_at_us = INT64_MIN };
    const int code = read_options(&request, argc, argv);
    if (code >= 0)
        return code;
    const enum sluice_err err = sluice_crypto_init();
    if (err)
        return cli_fail(request.command, err, "cryptography");

    for (size_t i = 0; optind < argc && i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(argv[optind], verbs[i].name) != 0)
            continue;
        request.argc = argc - optind - 1;
        request.argv = argv + optind + 1;
        return verbs[i].run(&request);
    }
    return cli_usage(request.command);
}
