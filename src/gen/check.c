#include "gen/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gen/table.h"
#include "sluice/local.h"

/* --- what the check prints */

void check_begin(struct check *check, const char *tenant, const char *stream)
{
    check->report = (struct gen_report){ 0 };
    check->examples = 0;
    snprintf(check->report.stream, sizeof check->report.stream, "%s%s%s", tenant ? tenant : "",
             tenant ? "/" : "", stream);
}

void check_end(struct check *check)
{
    const struct gen_report *report = &check->report;

    check->clean &= report->lost + report->doubled + report->invented + report->wrong == 0;
    check->listener->report(check->listener->self, report);
}

void check_tell(struct check *check, uint32_t line, const char *format, ...)
{
    char text[512];
    va_list args;
    int len;

    if (check->examples++ >= CHECK_EXAMPLES_MAX)
        return;
    len = snprintf(text, sizeof text, "%s: ", check->report.stream);
    if (line != CHECK_NO_LINE)
        len +=
            snprintf(text + len, sizeof text - (size_t)len, "record %u (" GEN_INPUT_NAME " line %u): ", line,
                     (unsigned long long)world_file(&check->world, line), line % WORLD_FILE_RECORDS + 1);
    va_start(args, format);
    vsnprintf(text + len, sizeof text - (size_t)len, format, args);
    va_end(args);
    check->listener->example(check->listener->self, text);
}

/* --- what it needs */

static void path_of(char path[static SLUICE_PATH_SIZE], const struct check *check, const char *name)
{
    snprintf(path, SLUICE_PATH_SIZE, "%s/%s", check->folder, name);
}

static enum sluice_err load_policies(struct check *check, struct sluice_findings *findings)
{
    enum sluice_err err = SLUICE_OK;

    for (int i = 0; !err && i < DECLARED_TENANTS; i++) {
        char path[SLUICE_PATH_SIZE], name[64];

        snprintf(name, sizeof name, "policies/%s.yaml", declared_tenants[i].name);
        path_of(path, check, name);
        err = sluice_policy_load(&check->policies[i], findings, path, check->world.clock_us);
    }
    return err;
}

/* The keys of the buckets, out of the state log. */
static enum sluice_err read_state(struct check *check, struct sluice_findings *findings)
{
    check->deduplicate = deduplicate_new(check->config->deduplication_window_s);
    if (!check->deduplicate)
        return SLUICE_ERR_MEMORY;

    const struct sluice_state_table table = deduplicate_table(check->deduplicate);
    return sluice_local_read(findings, check->config, check->keyring, &table, 1);
}

static enum sluice_err open_all(struct check *check, struct sluice_findings *findings)
{
    char path[SLUICE_PATH_SIZE], vault[SLUICE_PATH_SIZE + 8];

    path_of(path, check, GEN_TRUTH_FILE);
    enum sluice_err err = totals_read(&check->world, path);
    path_of(path, check, "sluice.yaml");
    if (!err)
        err = sluice_config_load(&check->config, findings, path);
    if (!err)
        err = load_policies(check, findings);
    path_of(path, check, "keys/operator.key");
    if (!err)
        err = sluice_operator_secret_read(check->operator_secret, path);
    if (!err)
        err = sluice_keyring_open(&check->keyring, check->config->state);
    if (err)
        return err;
    /* Opening would make one: then nothing was run yet. */
    snprintf(vault, sizeof vault, "%s/vault", check->config->state);
    if (access(vault, F_OK) != 0)
        return SLUICE_ERR_MISSING;
    err = sluice_vault_open(&check->vault, check->config->state, check->keyring);
    return err ? err : read_state(check, findings);
}

static void close_all(struct check *check)
{
    if (check->vault)
        sluice_vault_close(check->vault);
    if (check->keyring)
        sluice_keyring_close(check->keyring);
    deduplicate_free(check->deduplicate);
    for (int i = 0; i < DECLARED_TENANTS; i++)
        sluice_policy_free(check->policies[i]);
    sluice_config_free(check->config);
    sluice_wipe(check->operator_secret, sizeof check->operator_secret);
    check_seen_deinit(&check->seen);
    table_free(check->lines, check->world.records * sizeof *check->lines);
}

enum sluice_err check_open(struct check *check, struct sluice_stream_reader **reader, const char *tenant,
                           const char *stream)
{
    return sluice_stream_open(reader, check->config, check->keyring, tenant, stream);
}

/* --- the check */

static enum sluice_err check_streams(struct check *check)
{
    enum sluice_err err = SLUICE_OK;

    for (uint8_t tenant = 0; tenant < DECLARED_TENANTS; tenant++) {
        struct check_names secrets = { .value_size = CHECK_SECRETS_SIZE };

        for (uint8_t purpose = 0; !err && purpose < declared_tenants[tenant].purpose_count; purpose++)
            err = check_stream(check, &secrets, tenant, purpose);
        check_names_deinit(&secrets);
        if (!err)
            err = check_park(check, tenant);
        if (!err)
            err = check_suspended(check, tenant);
    }
    if (!err)
        err = check_quarantine(check);
    return err ? err : check_stray(check);
}

enum sluice_err gen_check(const char *folder, const struct gen_progress *progress,
                          const struct gen_listener *listener, struct sluice_findings *findings, bool *clean)
{
    struct check check = { .folder = folder, .progress = progress, .listener = listener, .clean = true };
    enum sluice_err err = open_all(&check, findings);

    if (!err)
        err = check_lines(&check);
    if (!err)
        err = check_streams(&check);
    *clean = !err && check.clean;
    close_all(&check);
    return err;
}
