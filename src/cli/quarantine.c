/* sluice quarantine: records that wait for a person. */
#include "cli/quarantine.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "cli/cli.h"
#include "keep/audit.h"
#include "sluice/crypto.h"
#include "sluice/name.h"

static const char help[] =
    "usage: sluice quarantine list [-c FILE] [--key FILE] [--tenant TENANT] [--json]\n"
    "       sluice quarantine open [-c FILE] --key FILE [--tenant TENANT] [--reason REASON] [-n N]\n"
    "       sluice quarantine replay [-c FILE] --key FILE [--reason REASON] [--json]\n"
    "\n"
    "list counts what is there: with the operator's key by reason and source file, without it\n"
    "by deadline. No value is shown. open prints entries as JSON lines, what they were refused\n"
    "for and the record as it arrived; the request stands in audit/access.ndjson in the state\n"
    "folder first. replay puts entries through the whole gate again, after the cause is gone;\n"
    "what is refused again is back in quarantine. It needs the state to itself.\n"
    "\n"
    "  -c, --config FILE    the configuration (default ./sluice.yaml)\n"
    "      --key FILE       the operator's secret key, the other half of keys/operator.pub\n"
    "      --tenant TENANT  only that tenant's; 'unassigned' for records of no tenant\n"
    "      --reason REASON  only those; 'sluice check --reasons' lists the words\n"
    "  -n, --rows N         stop after N entries\n"
    "      --json           one JSON document instead of text\n"
    "  -h, --help           this text\n"
    "\n"
    "Exits with 0, 65 when sealed bytes are damaged, 75 when a process runs on the state,\n"
    "77 when the key does not fit.\n";

static const struct {
    const char *name;
    int (*run)(const struct quarantine_request *request);
    bool needs_key;
} verbs[] = {
    { "list", quarantine_list, false },
    { "open", quarantine_open, true },
    { "replay", quarantine_replay, true },
};

struct quarantine_key *quarantine_key_read(const char *path, int *code)
{
    struct quarantine_key *key = sluice_secret_alloc(sizeof *key);
    enum sluice_err err = key ? sluice_operator_secret_read(key->secret_key, path) : SLUICE_ERR_MEMORY;

    if (err) {
        *code = cli_fail("sluice quarantine", err, "%s", path);
        quarantine_key_free(key);
        return NULL;
    }
    sluice_box_public_key(key->public_key, key->secret_key);
    return key;
}

void quarantine_key_free(struct quarantine_key *key)
{
    sluice_secret_free(key, sizeof *key);
}

int quarantine_audit(const struct sluice_config *config, const struct quarantine_request *request, const char *what,
                     int64_t now_us)
{
    char members[256];

    /* Who it was is what the system knows: the name of an account could be anybody's. */
    const int len = snprintf(members, sizeof members,
                             "\"what\":\"%s\",\"tenant\":\"%s\",\"reason\":\"%s\",\"uid\":%u", what,
                             request->tenant ? request->tenant : "*",
                             request->reason ? sluice_reason_word(request->reason) : "*", (unsigned)getuid());
    const enum sluice_err err = sluice_audit_append(config->state, SLUICE_AUDIT_ACCESS, now_us,
                                                    (struct sluice_str){ members, (size_t)len });
    return err ? cli_fail("sluice quarantine", err, "%s/audit: nothing is answered before it stands there",
                          config->state)
               : EX_OK;
}

static int usage_error(const char *command, const char *text)
{
    fprintf(stderr, "sluice quarantine: %s\n", text);
    return cli_usage(command);
}

/* NULL where the request can be handled. */
static const char *fault_of(const struct quarantine_request *request, size_t verb, const char *reason, bool rest)
{
    if (rest)
        return "takes no arguments but list, open or replay";
    if (verbs[verb].needs_key && !request->key_path)
        return "--key is missing: the operator's secret key";
    if (reason && sluice_reason_disposition(request->reason) != SLUICE_QUARANTINED)
        return "--reason must be a word of 'sluice check --reasons' that quarantines";
    if (request->tenant && !sluice_name_valid(request->tenant) && !sluice_name_reserved(request->tenant))
        return "--tenant must be the name of a tenant";
    return NULL;
}

int cli_quarantine(int argc, char *argv[])
{
    static const struct option names[] = {
        { "config", required_argument, NULL, 'c' }, { "key", required_argument, NULL, 'k' },
        { "tenant", required_argument, NULL, 't' }, { "reason", required_argument, NULL, 'r' },
        { "rows", required_argument, NULL, 'n' },   { "json", no_argument, NULL, 'j' },
        { "help", no_argument, NULL, 'h' },         { NULL, 0, NULL, 0 },
    };
    struct quarantine_request request = { .config_path = CLI_CONFIG, .rows_max = UINT64_MAX };
    const char *reason = NULL;
    size_t verb = 0;

    for (int c; (c = getopt_long(argc, argv, "c:n:h", names, NULL)) != -1;) {
        char *end = NULL;

        switch (c) {
        case 'c': request.config_path = optarg; break;
        case 'k': request.key_path = optarg; break;
        case 't': request.tenant = optarg; break;
        case 'r': reason = optarg; break;
        case 'n': request.rows_max = strtoull(optarg, &end, 10); break;
        case 'j': request.json = true; break;
        case 'h': fputs(help, stdout); return EX_OK;
        default:  return cli_usage(argv[0]);
        }
        if (end && (*end || end == optarg || *optarg == '-'))
            return usage_error(argv[0], "-n takes a whole number");
    }
    const size_t count = sizeof verbs / sizeof verbs[0];
    while (optind < argc && verb < count && strcmp(argv[optind], verbs[verb].name) != 0)
        verb++;
    if (optind == argc || verb == count)
        return usage_error(argv[0], "say what to do: list, open or replay");
    if (reason)
        request.reason = sluice_reason_from_word(sluice_str_from(reason));
    const char *fault = fault_of(&request, verb, reason, optind + 1 < argc);
    if (fault)
        return usage_error(argv[0], fault);

    enum sluice_err err = sluice_crypto_init();
    if (!err)
        err = sluice_process_harden();
    return err ? cli_fail("sluice quarantine", err, "the process cannot be made safe for keys")
               : verbs[verb].run(&request);
}
