/* sluice keys: the operator's pair of keys and the keyring. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/vault_reader.h"
#include "sluice/clock.h"

static const char help[] =
    "usage: sluice keys init [-c FILE] [--operator-secret FILE]\n"
    "       sluice keys status [-c FILE] [--json]\n"
    "\n"
    "init makes the state folder, the operator's pair of keys unless the public one\n"
    "is there, and the keyring: the keys of the vault, of the state and of what the\n"
    "gate seals for itself. What is there already is never replaced.\n"
    "status tells generations, counts and epochs, never a key.\n"
    "\n"
    "  -c, --config FILE           the configuration (default ./sluice.yaml)\n"
    "      --operator-secret FILE  where the operator's secret key goes (default: beside the\n"
    "                              public one, .key for .pub)\n"
    "      --json                  one JSON object instead of text\n"
    "      --help                  this text\n"
    "\n"
    "The secret key opens quarantine and parked records: keep it on another machine.\n"
    "Never back up the keyring together with the vault: a copy of both undoes erasures.\n"
    "Exits with 0, 73 when there is a keyring already, 77 when a file is open to others.\n";

/* --- init */

static int fail_path(enum sluice_err err, const char *path)
{
    return cli_fail("sluice keys", err, "%s", path);
}

static enum sluice_err make_folder(const char *path)
{
    return mkdir(path, 0700) == 0 || errno == EEXIST ? SLUICE_OK : sluice_err_from_errno(errno);
}

static enum sluice_err make_folder_of(const char *file)
{
    char path[SLUICE_PATH_SIZE];
    const char *slash = strrchr(file, '/');

    if (!slash || slash == file)
        return SLUICE_OK;
    snprintf(path, sizeof path, "%.*s", (int)(slash - file), file);
    return make_folder(path);
}

static void default_secret_path(char path[static SLUICE_PATH_SIZE], const char *public_path)
{
    const size_t len = strlen(public_path);
    const bool pub = len > 4 && strcmp(public_path + len - 4, ".pub") == 0;

    snprintf(path, SLUICE_PATH_SIZE, "%.*s.key", (int)(pub ? len - 4 : len), public_path);
}

/* A pair, unless the public half is there. */
static int make_operator_keys(uint8_t key[static SLUICE_PUBLIC_KEY_SIZE], const struct sluice_config *config,
                              const char *secret_path)
{
    const char *public_path = config->operator_public;
    enum sluice_err err = sluice_operator_public_read(key, public_path);

    if (err == SLUICE_OK)
        printf("operator's public key  %s (was there)\n", public_path);
    if (err != SLUICE_ERR_MISSING)
        return err ? fail_path(err, public_path) : EX_OK;
    err = make_folder_of(public_path);
    if (err)
        return fail_path(err, public_path);
    err = sluice_operator_key_create(secret_path, public_path);
    if (err)
        return fail_path(err, secret_path);
    err = sluice_operator_public_read(key, public_path);
    if (err)
        return fail_path(err, public_path);
    printf("operator's public key  %s\noperator's secret key  %s (keep it on another machine)\n", public_path,
           secret_path);
    return EX_OK;
}

/* Whether the state was written under a keyring that is not there any more: a
 * new one could open nothing of it. */
static bool has_lost_keyring(const struct sluice_config *config)
{
    char keyring[SLUICE_PATH_SIZE + 32], vault[SLUICE_PATH_SIZE + 32];

    snprintf(keyring, sizeof keyring, "%s/%s", config->state, SLUICE_KEYRING_FILE);
    snprintf(vault, sizeof vault, "%s/vault/data.mdb", config->state);
    return access(keyring, F_OK) != 0 && access(vault, F_OK) == 0;
}

static int make_keys(const struct sluice_config *config, const char *secret_path)
{
    uint8_t operator_public[SLUICE_PUBLIC_KEY_SIZE];
    char default_path[SLUICE_PATH_SIZE];
    struct sluice_clock clock;
    enum sluice_err err = make_folder(config->state);

    if (err)
        return fail_path(err, config->state);
    if (has_lost_keyring(config))
        return cli_fail("sluice keys", SLUICE_ERR_EXISTS,
                        "what %s holds opens with the keyring that was there: restore that, or begin anew with "
                        "empty folders of state and output", config->state);
    default_secret_path(default_path, config->operator_public);
    const int code = make_operator_keys(operator_public, config, secret_path ? secret_path : default_path);
    if (code)
        return code;
    sluice_clock_init(&clock, config->clock_us);
    err = sluice_keyring_create(config->state, operator_public, sluice_clock_now_us(&clock));
    if (err == SLUICE_ERR_EXISTS)
        return cli_fail("sluice keys", err, "%s/%s stays as it is", config->state, SLUICE_KEYRING_FILE);
    if (err)
        return fail_path(err, config->state);
    printf("keyring                %s/%s\n", config->state, SLUICE_KEYRING_FILE);
    return EX_OK;
}

static int init(const char *config_path, const char *secret_path)
{
    struct sluice_config *config;
    enum sluice_err err = sluice_crypto_init();

    if (!err)
        err = sluice_process_harden();
    if (err)
        return cli_fail("sluice keys", err, "the process cannot be made safe for keys");
    err = cli_config(&config, config_path);
    if (err)
        return sluice_err_exit_code(err);
    const int code = make_keys(config, secret_path);
    sluice_config_free(config);
    return code;
}

/* --- status */

/* The living epochs of one purpose. */
struct epochs {
    char tenant[SLUICE_NAME_MAX + 1];
    char purpose[SLUICE_NAME_MAX + 1];
    uint32_t count;
    uint32_t first;
    uint32_t last;
};

struct status {
    struct sluice_vault_stats stats;
    uint64_t registry_generation;
    bool registry_reachable;
    size_t count;
    struct epochs list[SLUICE_TENANTS_MAX * SLUICE_PURPOSES_MAX];
};

static void note_epoch(void *self, const char *tenant, uint8_t purpose_index, const char *purpose,
                       uint32_t epoch)
{
    struct status *status = self;
    size_t at = 0;

    (void)purpose_index;
    while (at < status->count &&
           (strcmp(status->list[at].tenant, tenant) != 0 || strcmp(status->list[at].purpose, purpose) != 0))
        at++;
    if (at == sizeof status->list / sizeof status->list[0])
        return;
    struct epochs *epochs = &status->list[at];
    if (at == status->count) {
        status->count++;
        *epochs = (struct epochs){ .first = epoch, .last = epoch };
        memcpy(epochs->tenant, tenant, strlen(tenant) + 1);
        memcpy(epochs->purpose, purpose, strlen(purpose) + 1);
    }
    epochs->count++;
    epochs->first = epoch < epochs->first ? epoch : epochs->first;
    epochs->last = epoch > epochs->last ? epoch : epochs->last;
}

static int by_name(const void *a, const void *b)
{
    const struct epochs *x = a, *y = b;
    const int order = strcmp(x->tenant, y->tenant);

    return order ? order : strcmp(x->purpose, y->purpose);
}

static enum sluice_err gather(struct status *status, const struct vault_reader_set *set)
{
    if (!set->vault)
        return SLUICE_OK;
    enum sluice_err err =
        sluice_vault_registry_generation(set->vault, &status->registry_generation, &status->registry_reachable);
    if (!err)
        err = sluice_vault_stats(set->vault, &status->stats);
    if (!err)
        err = sluice_vault_epochs(set->vault, note_epoch, status);
    qsort(status->list, status->count, sizeof status->list[0], by_name);
    return err;
}

static void tell(struct sluice_buffer *out, const struct vault_reader_set *set, const struct status *status)
{
    const struct sluice_keyring *keyring = set->keyring;
    char created[SLUICE_TIME_TEXT_SIZE];

    sluice_time_format(created, keyring->created_at_us);
    sluice_buffer_printf(out, "keyring    serial %" PRIu64 ", made %s\n", keyring->serial, created);
    sluice_buffer_printf(out, "root       generation %" PRIu64 "%s\n", keyring->root[0].generation,
                         keyring->root[1].generation ? ", a rotation is under way" : "");
    sluice_buffer_printf(out, "state      generation %" PRIu64 "%s\n", keyring->state[0].generation,
                         keyring->state[1].generation ? ", a snapshot is under way" : "");
    if (!set->vault) {
        sluice_buffer_append_text(out, "vault      none yet\n");
        return;
    }
    sluice_buffer_printf(
        out, "registry   generation %" PRIu64 "%s\n", status->registry_generation,
        status->registry_reachable ? "" : ", not reachable: never loaded, or older than the keyring knows");
    sluice_buffer_printf(out,
                         "vault      %" PRIu64 " subjects and devices, %" PRIu64 " links, %" PRIu64 " MB\n",
                         status->stats.subjects, status->stats.links, status->stats.bytes / 1000000);
    sluice_buffer_printf(out, "epochs     %" PRIu64 " with living keys\n", status->stats.epochs);
    for (size_t i = 0; i < status->count; i++) {
        const struct epochs *epochs = &status->list[i];

        sluice_buffer_printf(out, "           %s/%s: %" PRIu32 ", number %" PRIu32 " to %" PRIu32 "\n",
                             epochs->tenant, epochs->purpose, epochs->count, epochs->first, epochs->last);
    }
}

static void tell_json(struct sluice_buffer *out, const struct vault_reader_set *set,
                      const struct status *status)
{
    const struct sluice_keyring *keyring = set->keyring;

    sluice_buffer_printf(
        out,
        "{\"keyring_serial\":%" PRIu64 ",\"root_generation\":%" PRIu64 ",\"root_rotating\":%s"
        ",\"state_generation\":%" PRIu64 ",\"registry_generation\":%" PRIu64
        ",\"registry_reachable\":%s,\"vault\":%s,\"subjects\":%" PRIu64 ",\"links\":%" PRIu64
        ",\"bytes\":%" PRIu64 ",\"epochs\":[",
        keyring->serial, keyring->root[0].generation, keyring->root[1].generation ? "true" : "false",
        keyring->state[0].generation, status->registry_generation,
        status->registry_reachable ? "true" : "false", set->vault ? "true" : "false", status->stats.subjects,
        status->stats.links, status->stats.bytes);
    for (size_t i = 0; i < status->count; i++)
        sluice_buffer_printf(out,
                             "%s{\"tenant\":\"%s\",\"purpose\":\"%s\",\"count\":%" PRIu32
                             ",\"first\":%" PRIu32 ",\"last\":%" PRIu32 "}",
                             i ? "," : "", status->list[i].tenant, status->list[i].purpose,
                             status->list[i].count, status->list[i].first, status->list[i].last);
    sluice_buffer_append_text(out, "]}\n");
}

static int show_status(const char *config_path, bool json)
{
    struct status *status = calloc(1, sizeof *status);
    struct vault_reader_set set;
    struct sluice_buffer out;

    if (!status)
        return cli_fail("sluice keys", SLUICE_ERR_MEMORY, "status");
    int code = vault_reader_open(&set, "sluice keys", config_path);
    if (!code) {
        const enum sluice_err err = gather(status, &set);

        sluice_buffer_init(&out, 1 << 20);
        (json ? tell_json : tell)(&out, &set, status);
        code =
            err ? cli_fail("sluice keys", err, "the vault in %s", set.config->state) : cli_print(&out, EX_OK);
        sluice_buffer_deinit(&out);
        vault_reader_close(&set);
    }
    free(status);
    return code;
}

int cli_keys(int argc, char *argv[])
{
    static const struct option options[] = {
        { "config", required_argument, NULL, 'c' },
        { "operator-secret", required_argument, NULL, 's' },
        { "json", no_argument, NULL, 'j' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    const char *config = CLI_CONFIG, *secret = NULL;
    bool json = false;
    int option;

    while ((option = getopt_long(argc, argv, "c:", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            config = optarg;
            break;
        case 's':
            secret = optarg;
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
    if (strcmp(verb, "init") == 0 && !json)
        return init(config, secret);
    if (strcmp(verb, "status") == 0 && !secret)
        return show_status(config, json);
    return cli_usage(argv[0]);
}
