#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sluice/config.h"

/* The smallest configuration that is right, and the bystander of every fault below. */
#define TENANTS "tenants: { acme: { policies: [a.yaml] }, beta: { policies: [b.yaml] } }\n"
#define INPUT   "inputs:\n  - { name: emnify, format: emnify, path: input, tenant: acme }\n"

struct loaded {
    struct sluice_config *config;
    struct sluice_findings findings;
    enum sluice_err err;
    char folder[64];
    char path[96];
};

static void load(struct loaded *loaded, const char *text)
{
    strcpy(loaded->folder, "/tmp/sluice-config-XXXXXX");
    assert_non_null(mkdtemp(loaded->folder));
    snprintf(loaded->path, sizeof loaded->path, "%s/sluice.yaml", loaded->folder);
    FILE *file = fopen(loaded->path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);

    sluice_findings_init(&loaded->findings);
    loaded->err = sluice_config_load(&loaded->config, &loaded->findings, loaded->path);
}

static void unload(struct loaded *loaded)
{
    sluice_config_free(loaded->config);
    sluice_findings_deinit(&loaded->findings);
    unlink(loaded->path);
    rmdir(loaded->folder);
}

static void a_small_configuration_gets_every_default(void **state)
{
    struct loaded loaded;
    char path[256];

    load(&loaded, TENANTS INPUT);
    assert_int_equal(loaded.err, SLUICE_OK);
    assert_int_equal(loaded.findings.count, 0);

    const struct sluice_config *config = loaded.config;
    char *folder = realpath(loaded.folder, NULL);
    snprintf(path, sizeof path, "%s/state", folder);
    assert_string_equal(config->state, path);
    snprintf(path, sizeof path, "%s/keys/operator.pub", folder);
    assert_string_equal(config->operator_public, path);
    snprintf(path, sizeof path, "%s/input", folder);
    assert_string_equal(config->inputs[0].path, path);
    assert_string_equal(config->folder, folder);
    free(folder);
    assert_string_equal(config->subjects, "");
    assert_string_equal(config->registry, "");
    assert_false(config->watch);
    assert_int_equal(config->clock_us, 0);
    assert_int_equal(config->commit_records, 65536);
    assert_int_equal(config->commit_interval_ms, 1000);
    assert_int_equal(config->file_size_max, UINT64_C(1) << 30);
    assert_int_equal(config->file_age_max_s, 3600);
    assert_int_equal(config->deduplication_window_s, 90 * 86400);
    assert_int_equal(config->future_tolerance_s, 300);
    assert_int_equal(config->quarantine_s, 30 * 86400);
    assert_int_equal(config->park_s, 90 * 86400);
    assert_int_equal(config->suspended_s, 7 * 86400);
    assert_int_equal(config->audit_s, 1095 * INT64_C(86400));
    assert_int_equal(config->inputs[0].megabyte, 1000000);
    assert_true(config->inputs[0].usage_records);
    assert_int_equal(config->inputs[0].role, SLUICE_ROLE_UNKNOWN);
    unload(&loaded);
}

static void every_option_is_read(void **state)
{
    struct loaded loaded;

    load(&loaded,
         "state: s\noutput: /o\nsubjects: subjects.csv\nregistry: registry.ndjson\nkeys: { operator: /k.pub }\n"
         "watch: yes\ncommit: { records: 7, interval: 20ms }\nfiles: { size: 2MiB, age: 2m }\n"
         "deduplication: { window: 1w, future: 1s }\n"
         "retention: { quarantine: 1d, park: 2d, suspended: 3d, audit: 4d }\n"
         TENANTS
         "inputs:\n"
         "  - { name: rows, format: csv, path: '-', mapping: map.yaml, megabyte: 1048576, usage_records: no,\n"
         "      role: processor, organisations: { '12': acme, 'x y': beta } }\n"
         "  - { name: again, format: raw, path: /in }\n");
    assert_int_equal(loaded.err, SLUICE_OK);

    const struct sluice_config *config = loaded.config;
    assert_string_equal(config->output, "/o");
    assert_string_equal(config->operator_public, "/k.pub");
    assert_true(config->watch);
    assert_int_equal(config->commit_records, 7);
    assert_int_equal(config->commit_interval_ms, 20);
    assert_int_equal(config->file_size_max, 2 * 1024 * 1024);
    assert_int_equal(config->file_age_max_s, 120);
    assert_int_equal(config->deduplication_window_s, 7 * 86400);
    assert_int_equal(config->future_tolerance_s, 1);
    assert_int_equal(config->quarantine_s, 86400);
    assert_int_equal(config->park_s, 2 * 86400);
    assert_int_equal(config->suspended_s, 3 * 86400);
    assert_int_equal(config->audit_s, 4 * 86400);

    const struct sluice_input_config *input = &config->inputs[0];
    assert_int_equal(config->input_count, 2);
    assert_string_equal(input->name, "rows");
    assert_int_equal(input->format, SLUICE_FORMAT_CSV);
    assert_string_equal(input->path, "-");
    assert_non_null(strstr(input->mapping, "/map.yaml"));
    assert_int_equal(input->megabyte, 1048576);
    assert_false(input->usage_records);
    assert_int_equal(input->role, SLUICE_ROLE_PROCESSOR);
    assert_int_equal(input->organisation_count, 2);
    assert_string_equal(input->organisations[0].id, "12");
    assert_string_equal(input->organisations[1].tenant, "beta");
    assert_string_equal(config->inputs[1].path, "/in");

    assert_string_equal(config->tenants[1].name, "beta");
    assert_non_null(strstr(config->tenants[1].policies[0], "/b.yaml"));
    assert_ptr_equal(sluice_config_tenant(config, "beta"), &config->tenants[1]);
    assert_null(sluice_config_tenant(config, "gamma"));
    unload(&loaded);
}

/* One fault each; where it stands, which rule, and a word of what to do. */
static void one_fault_is_one_finding_with_its_place(void **state)
{
    static const struct { const char *text; const char *rule; unsigned line, column; const char *says; } cases[] = {
        { "stat: x\n" TENANTS INPUT, "unknown-key", 1, 1, "did you mean state" },
        { "retenton: { park: 1d }\n" TENANTS INPUT, "unknown-key", 1, 1, "did you mean retention?" },
        { TENANTS INPUT "commit: { record: 1 }\n", "unknown-key", 4, 11, "did you mean commit.records" },
        { "zzzzzzzzzzzz: 1\n" TENANTS INPUT, "unknown-key", 1, 1, "check --options" },
        { "'00101000000001': 1\n" TENANTS INPUT, "unknown-key", 1, 1, "this value is no option" },
        { TENANTS "inputs: [{ name: a, format: raw, path: b, tenent: acme }]\n", "unknown-key", 2, 43, "tenant?" },
        { "tenants: { acme: { policy: [a.yaml], policies: [a.yaml] } }\n", "unknown-key", 1, 20, "policies" },
        { "commit: 5\n" TENANTS INPUT, "kind", 1, 9, "commit takes a mapping" },
        { "state: [a]\n" TENANTS INPUT, "kind", 1, 8, "state takes one value" },
        { "- a\n", "kind", 1, 1, "mapping of options" },
        { TENANTS "inputs: emnify\n", "kind", 2, 9, "takes a list" },
        { TENANTS "inputs: [emnify]\n", "kind", 2, 10, "mapping of options" },
        { "tenants: [acme]\n", "kind", 1, 10, "by name" },
        { "tenants: { acme: a.yaml }\n", "kind", 1, 18, "policies: [FILE]" },
        { "tenants: { acme: { policies: a.yaml } }\n", "kind", 1, 30, "list of files" },
        { "tenants: { acme: { policies: [[a]] } }\n", "kind", 1, 31, "one file" },
        { "watch: no\n", "missing", 1, 1, "tenants is required" },
        { "tenants: {}\n", "limit", 1, 10, "1 to 64 tenants" },
        { "tenants: { acme: {} }\n", "missing", 1, 18, "policies is required" },
        { "tenants: { acme: { policies: [] } }\n", "limit", 1, 30, "1 to 32 policies" },
        { TENANTS "inputs: [{ format: raw, path: b }]\n", "missing", 2, 10, "name is required" },
        { TENANTS "inputs: [{ name: a, path: b, tenant: acme }]\n", "missing", 2, 10, "format is required" },
        { TENANTS "inputs: [{ name: a, format: raw }]\n", "missing", 2, 10, "path is required" },
        { "tenants: { Acme: { policies: [a] } }\n", "name-shape", 1, 12, "a-z" },
        { "tenants: { a123: { policies: [a] } }\n", "name-shape", 1, 12, "three digits" },
        { "tenants: { quarantine: { policies: [a] } }\n", "name-reserved", 1, 12, "another name" },
        { TENANTS "inputs: [{ name: A, format: raw, path: b }]\n", "name-shape", 2, 18, "name must be" },
        { TENANTS "inputs: [{ name: a, format: raw, path: b, tenant: acne }]\n", "unknown-tenant", 2, 51, "acme?" },
        { TENANTS "inputs: [{ name: a, format: raw, path: b, organisations: { x: zz } }]\n", "unknown-tenant", 2, 63,
          "add it" },
        { TENANTS "inputs: [{ name: a, format: raw, path: b, organisations: [acme] }]\n", "kind", 2, 58, "mapping" },
        { TENANTS "inputs: [{ name: a, format: raw, path: b, organisations: { '': acme } }]\n", "value", 2, 60, "bytes" },
        { TENANTS "inputs: [{ name: a, format: csv, path: b, tenant: acme }]\n", "mapping-missing", 2, 10, "mapping" },
        { TENANTS "inputs: [{ name: a, format: raw, path: b, mapping: c }]\n", "mapping-unused", 2, 43, "csv" },
        { TENANTS "inputs: [{ name: a, format: xml, path: b, tenant: acme }]\n", "value", 2, 29, "emnify, csv, raw" },
        { TENANTS "inputs: [{ name: a, format: raw, path: b, megabyte: 1024 }]\n", "value", 2, 53, "1048576" },
        { TENANTS "inputs: [{ name: a, format: raw, path: b, role: owner }]\n", "value", 2, 49, "processor" },
        { TENANTS "inputs: [{ name: a, format: raw, path: b }, { name: a, format: raw, path: c }]\n", "name-twice", 2, 53,
          "two inputs" },
        { TENANTS "inputs: [{ name: a, format: raw, path: '-' }, { name: c, format: raw, path: '-' }]\n", "path-twice",
          2, 77, "twice" },
        { TENANTS "inputs: [{ name: a, format: raw, path: out }]\n", "folders-overlap", 2, 40, "cannot be" },
        { "output: state\n" TENANTS INPUT, "folders-overlap", 1, 9, "same folder" },
        { "tenants: { acme: { policies: [a, a] } }\n" INPUT, "policy-twice", 1, 34, "one version" },
        { "state: ''\n" TENANTS INPUT, "value", 1, 8, "empty" },
        { "watch: maybe\n" TENANTS INPUT, "value", 1, 8, "yes or no" },
        { "clock: tomorrow\n" TENANTS INPUT, "value", 1, 8, "2026-11-01T00:00:00Z" },
        { "clock: 1970-01-01\n" TENANTS INPUT, "value", 1, 8, "between 1970" },
        { "commit: { records: 0 }\n" TENANTS INPUT, "value", 1, 20, "1 to 16777216" },
        { "commit: { records: 16777217 }\n" TENANTS INPUT, "value", 1, 20, "1 to 16777216" },
        { "commit: { records: 1e3 }\n" TENANTS INPUT, "value", 1, 20, "whole number" },
        { "commit: { records: -1 }\n" TENANTS INPUT, "value", 1, 20, "whole number" },
        { "commit: { records: 99999999999999999999999 }\n" TENANTS INPUT, "value", 1, 20, "whole number" },
        { "commit: { interval: 1 }\n" TENANTS INPUT, "value", 1, 21, "ms, s, m or h" },
        { "commit: { interval: 0s }\n" TENANTS INPUT, "value", 1, 21, "1 to 3600000 milliseconds" },
        { "files: { size: 1GB }\n" TENANTS INPUT, "value", 1, 16, "KiB, MiB or GiB" },
        { "files: { size: 1KiB }\n" TENANTS INPUT, "value", 1, 16, "octets" },
        { "files: { size: 18446744073709551615KiB }\n" TENANTS INPUT, "value", 1, 16, "KiB, MiB or GiB" },
        { "retention: { park: 1y }\n" TENANTS INPUT, "value", 1, 20, "s, m, h, d or w" },
        { "retention: { park: 1m }\n" TENANTS INPUT, "value", 1, 20, "3600 to" },
    };

    unsigned wrong = 0;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct loaded loaded;

        load(&loaded, cases[i].text);
        assert_int_equal(loaded.err, SLUICE_ERR_CONFIG);
        assert_null(loaded.config);

        const struct sluice_finding *finding = &loaded.findings.list[0];
        if (loaded.findings.errors != 1 || strcmp(finding->rule, cases[i].rule) != 0 ||
            !strstr(finding->text, cases[i].says) || finding->line != cases[i].line ||
            finding->column != cases[i].column) {
            print_error("case %zu: %zu errors, %u:%u %s: %s\n", i, loaded.findings.errors, finding->line,
                        finding->column, finding->rule, finding->text);
            wrong++;
        }
        unload(&loaded);
    }
    assert_int_equal(wrong, 0);
}

static void all_faults_of_a_file_are_found_at_once(void **state)
{
    struct loaded loaded;

    load(&loaded, "watch: maybe\nfiles: { size: 1, age: 1 }\n" INPUT);
    assert_int_equal(loaded.err, SLUICE_ERR_CONFIG);
    assert_int_equal(loaded.findings.errors, 5);   /* watch, size, age, tenants, and acme that is none */
    unload(&loaded);
}

static void what_is_odd_but_usable_is_said_and_loaded(void **state)
{
    static const struct { const char *text; const char *rule; } cases[] = {
        { "clock: 2026-11-01T00:00:00Z\n" TENANTS INPUT, "clock-set" },
        { TENANTS "inputs: [{ name: a, format: emnify, path: b }]\n", "input-unassigned" },
        { TENANTS, "inputs-none" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct loaded loaded;

        load(&loaded, cases[i].text);
        assert_int_equal(loaded.err, SLUICE_OK);
        assert_non_null(loaded.config);
        assert_int_equal(loaded.findings.count, 1);
        assert_string_equal(loaded.findings.list[0].rule, cases[i].rule);
        unload(&loaded);
    }
}

static void a_file_that_is_not_there_is_missing_and_no_yaml_is_a_configuration_at_fault(void **state)
{
    struct sluice_findings findings;
    struct sluice_config *config;
    struct loaded loaded;

    sluice_findings_init(&findings);
    assert_int_equal(sluice_config_load(&config, &findings, "/nowhere/sluice.yaml"), SLUICE_ERR_MISSING);
    assert_null(config);
    assert_true(findings.errors > 0);
    sluice_findings_deinit(&findings);

    load(&loaded, "a: [\n");
    assert_int_equal(loaded.err, SLUICE_ERR_CONFIG);
    assert_true(loaded.findings.errors > 0);
    unload(&loaded);
}

static void more_than_the_limits_is_refused(void **state)
{
    struct loaded loaded;
    char *text = malloc(1 << 20);
    size_t len = (size_t)sprintf(text, TENANTS "inputs:\n");

    for (int i = 0; i <= SLUICE_INPUTS_MAX; i++)
        len += (size_t)sprintf(text + len, "  - { name: a%c%c, format: raw, path: p%d }\n", 'a' + i / 26, 'a' + i % 26, i);
    load(&loaded, text);
    assert_int_equal(loaded.err, SLUICE_ERR_CONFIG);
    assert_string_equal(loaded.findings.list[0].rule, "limit");
    unload(&loaded);
    free(text);
}

static void the_reference_names_every_option_with_its_default(void **state)
{
    struct sluice_buffer buffer;

    sluice_buffer_init(&buffer, 1 << 16);
    sluice_config_reference(&buffer);
    sluice_buffer_append_u8(&buffer, 0);
    assert_int_equal(sluice_buffer_err(&buffer), SLUICE_OK);
    const char *text = (const char *)buffer.bytes;
    assert_non_null(strstr(text, "deduplication.window"));
    assert_non_null(strstr(text, "90d"));
    assert_non_null(strstr(text, "inputs[].megabyte"));
    assert_non_null(strstr(text, "1000000 | 1048576"));
    assert_non_null(strstr(text, "(required)"));
    sluice_buffer_deinit(&buffer);
}

TEST_MAIN(cmocka_unit_test(a_small_configuration_gets_every_default),
          cmocka_unit_test(every_option_is_read),
          cmocka_unit_test(one_fault_is_one_finding_with_its_place),
          cmocka_unit_test(all_faults_of_a_file_are_found_at_once),
          cmocka_unit_test(what_is_odd_but_usable_is_said_and_loaded),
          cmocka_unit_test(a_file_that_is_not_there_is_missing_and_no_yaml_is_a_configuration_at_fault),
          cmocka_unit_test(more_than_the_limits_is_refused),
          cmocka_unit_test(the_reference_names_every_option_with_its_default))
