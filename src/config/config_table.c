/* The tables of options, and the reference that is printed from them. */
#include <assert.h>
#include <string.h>

#include "config/config_option.h"
#include "sluice/record.h"

static_assert(sizeof(enum sluice_format) == sizeof(uint32_t), "read as a CONFIG_CHOICE_U32");

#define TOP(member) offsetof(struct sluice_config, member)
#define INPUT(member) offsetof(struct sluice_input_config, member)
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

#define KIB UINT64_C(1024)
#define HOUR_S UINT64_C(3600)
#define DAY_S UINT64_C(86400)

static const struct config_choice formats[] = {
    { "emnify", SLUICE_FORMAT_EMNIFY },
    { "csv", SLUICE_FORMAT_CSV },
    { "raw", SLUICE_FORMAT_RAW },
    { NULL, 0 },
};
static const struct config_choice megabytes[] = {
    { "1000000", 1000000 },
    { "1048576", 1048576 },
    { NULL, 0 },
};
static const struct config_choice roles[] = {
    { "controller", SLUICE_ROLE_CONTROLLER },
    { "processor", SLUICE_ROLE_PROCESSOR },
    { NULL, 0 },
};

static const struct config_option top_rows[] = {
    { "state", CONFIG_PATH, .offset = TOP(state), .fallback = "state",
      .help = "folder of the lock, keyring, vault, state log and audit log" },
    { "output", CONFIG_PATH, .offset = TOP(output), .fallback = "out",
      .help = "folder of the streams: OUTPUT/TENANT/STREAM/BUCKET/N.pb" },
    { "subjects", CONFIG_PATH, .offset = TOP(subjects),
      .help = "CSV of the subject registry: who holds which SIM, from when to when" },
    { "registry", CONFIG_PATH, .offset = TOP(registry),
      .help = "ndjson of consents, objections and restrictions; its last line counts the others" },
    { "keys.operator", CONFIG_PATH, .offset = TOP(operator_public), .fallback = "keys/operator.pub",
      .help = "the operator's public key: quarantine and park are sealed to it" },
    { "clock", CONFIG_INSTANT, .offset = TOP(clock_us),
      .help = "tests only: the instant at which the process starts, instead of the system's time" },
    { "watch", CONFIG_YES_NO, .offset = TOP(watch), .fallback = "no",
      .help = "go on when the input is at its end and wait for more" },
    { "inputs", CONFIG_STRUCTURE, .help = "list of where records come from" },
    { "tenants", CONFIG_STRUCTURE, .required = true,
      .help = "one mapping a tenant, by name: { policies: [FILE, ...] }, one file a version" },
    { "commit.records", CONFIG_COUNT, .offset = TOP(commit_records), .fallback = "65536", .min = 1,
      .max = 16 * KIB * KIB, .help = "most records of one commit" },
    { "commit.interval", CONFIG_PERIOD_MS, .offset = TOP(commit_interval_ms), .fallback = "1s", .min = 1,
      .max = HOUR_S * 1000, .help = "a commit is open at most this long" },
    { "files.size", CONFIG_SIZE, .offset = TOP(file_size_max), .fallback = "1GiB", .min = 64 * KIB,
      .max = KIB * KIB * KIB * KIB, .help = "size at which a file of a stream is closed" },
    { "files.age", CONFIG_PERIOD, .offset = TOP(file_age_max_s), .fallback = "1h", .min = 1,
      .max = 30 * DAY_S, .help = "age at which a file of a stream is closed" },
    { "deduplication.window", CONFIG_PERIOD, .offset = TOP(deduplication_window_s), .fallback = "90d",
      .min = HOUR_S, .max = 3660 * DAY_S, .help = "how far back, in record time, a duplicate is known" },
    { "deduplication.future", CONFIG_PERIOD, .offset = TOP(future_tolerance_s), .fallback = "5m", .min = 0,
      .max = DAY_S, .help = "a record that starts later than this after its arrival is quarantined" },
    { "retention.quarantine", CONFIG_PERIOD, .offset = TOP(quarantine_s), .fallback = "30d", .min = HOUR_S,
      .max = 3660 * DAY_S, .help = "how long a sealed bad record waits for a person" },
    { "retention.park", CONFIG_PERIOD, .offset = TOP(park_s), .fallback = "90d", .min = HOUR_S,
      .max = 3660 * DAY_S, .help = "how long a sealed record of a restricted subject waits" },
    { "retention.suspended", CONFIG_PERIOD, .offset = TOP(suspended_s), .fallback = "7d", .min = HOUR_S,
      .max = 3660 * DAY_S, .help = "how long a sealed record waits for what it lacks" },
    { "retention.audit", CONFIG_PERIOD, .offset = TOP(audit_s), .fallback = "1095d", .min = DAY_S,
      .max = 36600 * DAY_S, .help = "how long receipts and the audit log are kept" },
};
const struct config_options config_options_top = { top_rows, COUNT(top_rows) };

static const struct config_option input_rows[] = {
    { "name", CONFIG_NAME, .required = true, .offset = INPUT(name), .help = "the source id of its records" },
    { "format", CONFIG_CHOICE_U32, .required = true, .offset = INPUT(format), .choices = formats,
      .help = "how its bytes are written; raw is what sluice feed writes" },
    { "path", CONFIG_PATH, .required = true, .offset = INPUT(path),
      .help = "a file, a folder of files, or - for standard input" },
    { "mapping", CONFIG_PATH, .offset = INPUT(mapping),
      .help = "csv only: the file that says what its columns are" },
    { "tenant", CONFIG_NAME, .offset = INPUT(tenant), .help = "tenant of records that name no organisation" },
    { "organisations", CONFIG_STRUCTURE, .help = "mapping of the source's organisation ids to tenants" },
    { "usage_records", CONFIG_YES_NO, .offset = INPUT(usage_records), .fallback = "yes",
      .help = "the source sends usage records, so octets in its events do not count" },
    { "megabyte", CONFIG_CHOICE_U32, .offset = INPUT(megabyte), .fallback = "1000000", .choices = megabytes,
      .help = "octets in what the source calls a megabyte" },
    { "role", CONFIG_CHOICE_U8, .offset = INPUT(role), .choices = roles,
      .help = "the tenant's role for its records; without it the tenant's policy says" },
};
const struct config_options config_options_input = { input_rows, COUNT(input_rows) };

static_assert(COUNT(top_rows) <= CONFIG_OPTIONS_MAX, "one bit a row");
static_assert(COUNT(input_rows) <= CONFIG_OPTIONS_MAX, "one bit a row");

static const char *const type_words[] = {
    [CONFIG_PATH] = "path",
    [CONFIG_NAME] = "name",
    [CONFIG_YES_NO] = "yes or no",
    [CONFIG_INSTANT] = "instant, ISO 8601",
    [CONFIG_COUNT] = "whole number",
    [CONFIG_SIZE] = "size: KiB, MiB, GiB",
    [CONFIG_PERIOD] = "period: s, m, h, d, w",
    [CONFIG_PERIOD_MS] = "period: ms, s, m, h",
    [CONFIG_CHOICE_U32] = NULL, /* its choices */
    [CONFIG_CHOICE_U8] = NULL,
    [CONFIG_STRUCTURE] = "see the manual",
};

static void print_type(struct sluice_buffer *out, const struct config_option *option)
{
    char words[80] = "";

    for (const struct config_choice *choice = option->choices; choice && choice->word; choice++) {
        if (choice != option->choices)
            strncat(words, " | ", sizeof words - strlen(words) - 1);
        strncat(words, choice->word, sizeof words - strlen(words) - 1);
    }
    sluice_buffer_printf(out, "%-24s", option->choices ? words : type_words[option->type]);
}

static void print_rows(struct sluice_buffer *out, const struct config_options *options, const char *prefix)
{
    for (size_t i = 0; i < options->count; i++) {
        const struct config_option *option = &options->rows[i];
        const char *fallback = option->fallback ? option->fallback : option->required ? "(required)" : "-";
        char path[64];

        strcpy(path, prefix);
        strncat(path, option->path, sizeof path - strlen(path) - 1);
        sluice_buffer_printf(out, "%-24s", path);
        print_type(out, option);
        sluice_buffer_printf(out, "%-19s%s\n", fallback, option->help);
    }
}

void sluice_config_reference(struct sluice_buffer *out)
{
    sluice_buffer_printf(out, "%-24s%-24s%-19s%s\n", "OPTION", "VALUE", "DEFAULT", "MEANING");
    print_rows(out, &config_options_top, "");
    print_rows(out, &config_options_input, "inputs[].");
}
