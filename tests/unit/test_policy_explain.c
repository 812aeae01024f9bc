/* What a policy says to people, held against texts that somebody has read:
 * tests/golden/policy/. After a change on purpose, look at what differs and
 * then write the new text: SLUICE_GOLDEN=write build/dev/tests/test_policy_explain */
#include "test.h"

#include <sys/wait.h>

#include "json/json.h"
#include "policy_fixture.h"

static char folder[64];

static void assert_golden(const char *name, const struct sluice_buffer *text)
{
    static char golden[64 * 1024];
    char path[128];
    const char *mode = getenv("SLUICE_GOLDEN");

    assert_int_equal(sluice_buffer_err(text), SLUICE_OK);
    snprintf(path, sizeof path, "golden/policy/%s", name);
    if (mode && strcmp(mode, "write") == 0)
        file_write(path, text->bytes, text->len);
    const size_t len = file_read(path, golden, sizeof golden);
    if (len != text->len || memcmp(golden, text->bytes, len) != 0)
        print_error("%s differs; it is now:\n%.*s\n", path, (int)text->len, text->bytes);
    assert_int_equal(len, text->len);
    assert_memory_equal(golden, text->bytes, len);
}

static void assert_json(const struct sluice_buffer *text)
{
    struct json_parser *parser;
    const struct json_node *nodes;
    size_t count;
    uint32_t fault;
    char *scratch = malloc(text->len);

    assert_non_null(scratch);
    assert_int_equal(json_parser_new(&parser), SLUICE_OK);
    assert_int_equal(json_parse(parser, &nodes, &count, &fault, scratch,
                                (struct sluice_str){ (const char *)text->bytes, text->len }), SLUICE_REASON_NONE);
    json_parser_free(parser);
    free(scratch);
}

/* PRIVACY by what runs: the printed text changes whenever the policy does. */
static void explain_prints_the_matrix(void **state)
{
    struct sluice_policy *policy = load_sound(folder, "policy.yaml", SOUND_POLICY);
    struct sluice_buffer out;

    sluice_buffer_init(&out, 1 << 20);
    assert_int_equal(sluice_policy_explain(policy, false, &out), SLUICE_OK);
    assert_golden("explain.txt", &out);
    sluice_buffer_clear(&out);
    assert_int_equal(sluice_policy_explain(policy, true, &out), SLUICE_OK);
    assert_json(&out);
    assert_golden("explain.json", &out);
    sluice_buffer_deinit(&out);
    sluice_policy_free(policy);
}

/* GDPR Art. 30(1): B-RET-3, the period with its justification is printed. */
static void ropa_prints_the_record_of_processing(void **state)
{
    char *text = changed(SOUND_POLICY, "justification: faults",
                         "justification: { amount: A1, nature: N1, sensitivity: S1, risk: R1, purpose: P1, alternatives: X1, law: L1 }");
    struct sluice_policy *policy = load_sound(folder, "policy.yaml", text);
    struct sluice_buffer out;

    sluice_buffer_init(&out, 1 << 20);
    assert_int_equal(sluice_policy_ropa(policy, false, &out), SLUICE_OK);
    assert_golden("ropa.txt", &out);
    sluice_buffer_clear(&out);
    assert_int_equal(sluice_policy_ropa(policy, true, &out), SLUICE_OK);
    assert_json(&out);
    assert_golden("ropa.json", &out);
    sluice_buffer_deinit(&out);
    sluice_policy_free(policy);
    free(text);
}

/* One change of each kind. */
static char *new_version(void)
{
    static const struct { const char *find, *with; } changes[] = {
        { "min_age: 13", "min_age: 16" },
        { "eprivacy: on", "eprivacy: { off: \"sold\" }" },
        { "[health, national_id]", "[health, biometric]" },
        { "unknown_field: drop", "unknown_field: quarantine" },
        { "{ contract: individual, basis: contract }", "{ contract: individual, basis: consent }" },
        { "services: [data, sms-mo, sms-mt]", "services: [data, nidd]" },
        { "      start: keep\n", "      start: { coarsen: 1m }\n" },
        { "      end: { coarsen: 15m }\n", "      end: { coarsen: 5m }\n" },
        { "      uplink_octets: keep\n", "      downlink_octets: keep\n" },
        { "      ue_address: { truncate: 24 }\n", "      ue_address: pseudonym\n" },
        { "required: [account]", "required: [service]" },
        { "period: 180d, anchor: invoice", "period: 90d, anchor: event" },
        { "recipients: [host]", "recipients: [importer]" },
        { "country: JP", "country: KR" },
        { "epoch: 7d", "epoch: record" },
        { "bucket: 2h", "bucket: 1h" },
        { "objection: { ground: CG-1 }", "objection: by-basis\n    restrict_exempt: yes" },
        { "minimum_group: 20", "minimum_group: 15" },
        { "  marketing:\n", "  offers:\n" },
    };
    char *text = changed(SOUND_POLICY, "sample: no", "sample: no");

    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        char *more = changed(text, changes[i].find, changes[i].with);
        free(text);
        text = more;
    }
    return text;
}

static void diff_tells_what_opens_and_what_closes(void **state)
{
    char *text = new_version();
    struct sluice_policy *from = load_sound(folder, "old.yaml", SOUND_POLICY);
    struct sluice_policy *to = load_sound(folder, "new.yaml", text);
    struct sluice_buffer out;

    sluice_buffer_init(&out, 1 << 20);
    assert_int_equal(sluice_policy_diff(from, to, false, &out), SLUICE_OK);
    assert_golden("diff.txt", &out);
    sluice_buffer_clear(&out);
    assert_int_equal(sluice_policy_diff(from, to, true, &out), SLUICE_OK);
    assert_json(&out);
    assert_golden("diff.json", &out);

    /* Nothing changes between a version and itself. */
    sluice_buffer_clear(&out);
    assert_int_equal(sluice_policy_diff(to, to, true, &out), SLUICE_OK);
    assert_int_equal(out.len, 3);
    assert_memory_equal(out.bytes, "[]\n", 3);
    sluice_buffer_deinit(&out);
    sluice_policy_free(from);
    sluice_policy_free(to);
    free(text);
}

static bool has_line(const struct sluice_buffer *text, const char *line)
{
    return memmem(text->bytes, text->len, line, strlen(line)) != NULL;
}

static void proto_shows_only_what_leaves(void **state)
{
    struct sluice_policy *policy = load_sound(folder, "policy.yaml", SOUND_POLICY);
    struct sluice_buffer out;

    sluice_buffer_init(&out, 1 << 20);
    assert_int_equal(sluice_policy_proto(policy, "operations", &out), SLUICE_OK);
    assert_golden("operations.proto", &out);
    assert_true(has_line(&out, "subject_pseudonym = 10;"));
    assert_true(has_line(&out, "start_coarse = 46;"));
    assert_false(has_line(&out, "start = 45"));
    assert_false(has_line(&out, "token = 14"));
    assert_false(has_line(&out, "raw.proto"));
    assert_false(has_line(&out, "enum Service"));

    sluice_buffer_clear(&out);
    assert_int_equal(sluice_policy_proto(policy, "marketing", &out), SLUICE_OK);
    assert_true(has_line(&out, "enum Service {"));
    assert_int_equal(sluice_policy_proto(policy, "nothing", &out), SLUICE_ERR_MISSING);
    assert_int_equal(sluice_policy_proto(policy, "analytics", &out), SLUICE_ERR_MISSING);
    sluice_buffer_deinit(&out);
    sluice_policy_free(policy);
}

static bool compiles(const char *name)
{
    char command[256];

    snprintf(command, sizeof command, "protoc-c --proto_path=%s --c_out=%s %s/%s", folder, folder, folder, name);
    const int status = system(command);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Of a shipped policy every purpose: the compiler takes what is printed. */
static void every_proto_file_compiles(void **state)
{
    struct sluice_findings findings;
    struct sluice_policy *policy;
    struct sluice_buffer out;

    sluice_findings_init(&findings);
    assert_int_equal(sluice_policy_load(&policy, &findings, "../deploy/policies/connectivity.yaml", NOW_US), SLUICE_OK);
    sluice_buffer_init(&out, 1 << 20);
    for (size_t i = 0; i < policy->purpose_count; i++) {
        if (policy->purposes[i].anonymous)
            continue;
        sluice_buffer_clear(&out);
        assert_int_equal(sluice_policy_proto(policy, policy->purposes[i].name, &out), SLUICE_OK);
        file_write(path_in(folder, "narrow.proto"), out.bytes, out.len);
        assert_true(compiles("narrow.proto"));
    }
    sluice_buffer_clear(&out);
    assert_int_equal(sluice_policy_proto(policy, "billing", &out), SLUICE_OK);
    assert_true(has_line(&out, "charge_units = 64;"));   /* one field of the policy, three of the row */
    assert_true(has_line(&out, "charge_scale = 65;"));
    assert_true(has_line(&out, "currency = 66;"));
    file_write(path_in(folder, "broken.proto"), out.bytes, out.len - 3);
    assert_false(compiles("broken.proto 2>/dev/null"));
    sluice_buffer_deinit(&out);
    sluice_policy_free(policy);
    sluice_findings_deinit(&findings);
}

static void a_full_buffer_is_an_error_not_half_a_text(void **state)
{
    struct sluice_policy *policy = load_sound(folder, "policy.yaml", SOUND_POLICY);
    struct sluice_buffer out;

    sluice_buffer_init(&out, 100);
    assert_int_equal(sluice_policy_explain(policy, false, &out), SLUICE_ERR_MEMORY);
    sluice_buffer_clear(&out);
    assert_int_equal(sluice_policy_explain(policy, true, &out), SLUICE_ERR_MEMORY);
    sluice_buffer_clear(&out);
    assert_int_equal(sluice_policy_ropa(policy, true, &out), SLUICE_ERR_MEMORY);
    sluice_buffer_clear(&out);
    assert_int_equal(sluice_policy_proto(policy, "billing", &out), SLUICE_ERR_MEMORY);
    sluice_buffer_deinit(&out);
    sluice_policy_free(policy);
}

static int make_folder(void **state)
{
    scratch_make(folder);
    return 0;
}

static int remove_folder(void **state)
{
    scratch_remove(folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(explain_prints_the_matrix),
        cmocka_unit_test(ropa_prints_the_record_of_processing),
        cmocka_unit_test(diff_tells_what_opens_and_what_closes),
        cmocka_unit_test(proto_shows_only_what_leaves),
        cmocka_unit_test(every_proto_file_compiles),
        cmocka_unit_test(a_full_buffer_is_an_error_not_half_a_text),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
