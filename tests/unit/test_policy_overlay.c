/* Special agreements above a policy, and the versions in time that they make: B-ROL-4. */
#include "test.h"

#include "policy_fixture.h"

static char folder[64];

static const struct sluice_projection *find(const struct sluice_purpose *purpose, enum sluice_field field)
{
    for (size_t i = 0; i < purpose->projection_count; i++)
        if (purpose->projections[i].field == field)
            return &purpose->projections[i];
    return NULL;
}

#define OVERLAID "tenant: acme\noverlays: [customer.yaml]\n"
#define CUSTOMER                                                                                       \
    "overlay: 1\ntenant: acme\nid: customer-1\nvalid_from: 2026-10-01\nvalid_to: 2026-12-01\nrank: 1\n" \
    "overrides:\n"                                                                                     \
    "  min_age: 16\n"                                                                                  \
    "  purposes:\n"                                                                                    \
    "    operations:\n"                                                                                \
    "      retention: { period: 3d }\n"                                                                \
    "      epoch: 1d\n"                                                                                 \
    "      fields: { uplink_octets: drop, rat: keep }\n"

static void write_overlaid(const char *overlay)
{
    char *text = changed(SOUND_POLICY, "tenant: acme\n", OVERLAID);

    file_write(path_in(folder, "policy.yaml"), text, strlen(text));
    file_write(path_in(folder, "customer.yaml"), overlay, strlen(overlay));
    free(text);
}

static void an_agreement_prevails_and_is_silent_on_the_rest(void **state)
{
    struct sluice_findings findings;
    struct sluice_policy *policy, *base;

    write_overlaid(CUSTOMER);
    sluice_findings_init(&findings);
    assert_int_equal(sluice_policy_load(&policy, &findings, path_in(folder, "policy.yaml"), NOW_US), SLUICE_OK);
    const struct sluice_purpose *operations = sluice_policy_purpose(policy, "operations");
    assert_int_equal(policy->min_age, 16);
    assert_int_equal(operations->retention_s, 3 * SLUICE_DAY_S);
    assert_int_equal(operations->anchor, SLUICE_ANCHOR_EVENT);
    assert_int_equal(operations->bucket_s, 7200);
    assert_null(find(operations, SLUICE_FIELD_UPLINK_OCTETS));
    assert_non_null(find(operations, SLUICE_FIELD_RAT));
    assert_non_null(find(operations, SLUICE_FIELD_SUBJECT));
    assert_int_equal(sluice_policy_purpose(policy, "billing")->retention_s, 180 * SLUICE_DAY_S);

    /* Another version than the base alone. */
    base = load_sound(folder, "base.yaml", SOUND_POLICY);
    assert_memory_not_equal(policy->version, base->version, sizeof base->version);
    sluice_policy_free(base);
    sluice_policy_free(policy);
    sluice_findings_deinit(&findings);
}

/* 30 days, 10 days, 30 days: before, within and after the agreement. */
static void overlays_make_versions_in_time(void **state)
{
    static const struct { int64_t effective_at_us, retention_s; } expect[] = {
        { INT64_C(1769904000000000), 7 * SLUICE_DAY_S },   /* 2026-02-01 */
        { INT64_C(1790812800000000), 3 * SLUICE_DAY_S },   /* 2026-10-01 */
        { INT64_C(1796083200000000), 7 * SLUICE_DAY_S },   /* 2026-12-01 */
    };
    struct sluice_policy *versions[SLUICE_POLICY_VERSIONS_MAX];
    struct sluice_findings findings;
    size_t count;

    write_overlaid(CUSTOMER);
    sluice_findings_init(&findings);
    assert_int_equal(sluice_policy_load_versions(versions, &count, &findings, path_in(folder, "policy.yaml"), NOW_US), SLUICE_OK);
    assert_int_equal(count, 3);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(versions[i]->effective_at_us, expect[i].effective_at_us);
        assert_int_equal(sluice_policy_purpose(versions[i], "operations")->retention_s, expect[i].retention_s);
    }
    assert_memory_equal(versions[0]->version, versions[2]->version, SLUICE_POLICY_VERSION_SIZE);
    assert_memory_not_equal(versions[0]->version, versions[1]->version, SLUICE_POLICY_VERSION_SIZE);
    for (size_t i = 0; i < count; i++)
        sluice_policy_free(versions[i]);
    sluice_findings_deinit(&findings);
}

/* What means something only as a whole is replaced as a whole: nothing of the
 * base's safeguard or assessment survives in the agreement's. */
static void terms_are_replaced_not_mixed(void **state)
{
    static const char overlay[] =
        "overlay: 1\ntenant: acme\nid: c\nvalid_from: 2026-10-01\nrank: 1\n"
        "overrides:\n"
        "  recipients: { importer: { safeguard: { mechanism: adequacy, reference: D } } }\n"
        "  purposes: { billing: { assessment: { reference: LIA-9, date: 2026-01-15 } } }\n";
    const int64_t later_us = INT64_C(1843430400) * SLUICE_SECOND_US;   /* 2028-06-01: the base's have ended */
    struct sluice_findings findings;
    struct sluice_policy *policy;

    write_overlaid(overlay);
    sluice_findings_init(&findings);
    assert_int_equal(sluice_policy_load(&policy, &findings, path_in(folder, "policy.yaml"), later_us), SLUICE_OK);
    drop_traces(&findings);
    assert_int_equal(findings.count, 0);
    sluice_policy_free(policy);
    sluice_findings_deinit(&findings);
}

/* The agreement of an old version ends after a new version has begun: that
 * does not bring the old one back. */
static void an_old_version_does_not_come_back(void **state)
{
    struct sluice_policy *versions[2 * SLUICE_POLICY_VERSIONS_MAX];
    struct sluice_findings findings;
    size_t count, added;
    char *later = changed(SOUND_POLICY, "effective_at: 2026-02-01", "effective_at: 2026-11-01");

    write_overlaid(CUSTOMER);   /* 2026-02-01, 10-01, 12-01 */
    file_write(path_in(folder, "later.yaml"), later, strlen(later));
    sluice_findings_init(&findings);
    assert_int_equal(sluice_policy_load_versions(versions, &count, &findings, path_in(folder, "later.yaml"), NOW_US), SLUICE_OK);
    assert_int_equal(sluice_policy_load_versions(versions + count, &added, &findings, path_in(folder, "policy.yaml"), NOW_US),
                     SLUICE_OK);
    count += added;
    assert_int_equal(count, 4);
    sluice_policy_order(versions, &count);
    assert_int_equal(count, 3);
    assert_int_equal(versions[0]->effective_at_us, INT64_C(1769904000000000));
    assert_int_equal(versions[1]->effective_at_us, INT64_C(1790812800000000));
    assert_int_equal(versions[1]->min_age, 16);
    assert_int_equal(versions[2]->effective_at_us, NOW_US);
    assert_int_equal(versions[2]->min_age, 13);
    for (size_t i = 0; i < count; i++)
        sluice_policy_free(versions[i]);
    sluice_findings_deinit(&findings);
    free(later);
}

/* Three versions share the base's warning: it is told once. */
static void what_versions_share_is_told_once(void **state)
{
    struct sluice_policy *versions[SLUICE_POLICY_VERSIONS_MAX];
    struct sluice_findings findings;
    size_t count;
    char *base = changed(SOUND_POLICY, "tenant: acme\n", OVERLAID);
    char *text = changed(base, ", material: yes", "");

    file_write(path_in(folder, "policy.yaml"), text, strlen(text));
    file_write(path_in(folder, "customer.yaml"), CUSTOMER, strlen(CUSTOMER));
    sluice_findings_init(&findings);
    assert_int_equal(sluice_policy_load_versions(versions, &count, &findings, path_in(folder, "policy.yaml"), NOW_US), SLUICE_OK);
    assert_int_equal(count, 3);
    drop_traces(&findings);
    assert_int_equal(findings.count, 1);
    for (size_t i = 0; i < count; i++)
        sluice_policy_free(versions[i]);
    sluice_findings_deinit(&findings);
    free(text);
    free(base);
}

static void the_higher_rank_wins(void **state)
{
    static const char strong[] = "overlay: 1\ntenant: acme\nid: c2\nvalid_from: 2026-10-01\nrank: 2\n"
                                 "overrides: { min_age: 18 }\n";

    for (int order = 0; order < 2; order++) {
        char *text = changed(SOUND_POLICY, "tenant: acme\n",
                             order ? "tenant: acme\noverlays: [customer.yaml, strong.yaml]\n"
                                   : "tenant: acme\noverlays: [strong.yaml, customer.yaml]\n");

        file_write(path_in(folder, "customer.yaml"), CUSTOMER, strlen(CUSTOMER));
        file_write(path_in(folder, "strong.yaml"), strong, strlen(strong));
        struct sluice_policy *policy = load_sound(folder, "policy.yaml", text);
        assert_int_equal(policy->min_age, 18);
        assert_int_equal(sluice_policy_purpose(policy, "operations")->retention_s, 3 * SLUICE_DAY_S);
        sluice_policy_free(policy);
        free(text);
    }
}

static void each_fault_of_an_overlay_is_refused(void **state)
{
    static const struct { const char *find, *with, *rule; } cases[] = {
        { "tenant: acme", "tenant: beta", "overlay-tenant" },
        { "min_age: 16", "tenant: beta", "overlay-key" },
        { "min_age: 16", "version: { id: v9 }", "overlay-key" },
        { "min_age: 16", "sample: yes", "overlay-key" },
        { "min_age: 16", "eprivacy: { off: x }", "overlay-key" },
        { "valid_to: 2026-12-01", "valid_to: 2026-10-01", "overlay-validity" },
        { "overlay: 1", "overlay: 2", "format-version" },
        { "rank: 1", "rank: 0", "value-range" },
        { "rank: 1\n", "", "key-missing" },
        { "id: customer-1\n", "", "key-missing" },
        { "valid_from: 2026-10-01\n", "", "key-missing" },
        { "min_age: 16", "min_age: 99", "value-range" },
        { "period: 3d", "period: 1h", "bucket-range" },     /* faults of the whole are found too */
        { "uplink_octets: drop", "iccid: token", "token-purpose" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *overlay = changed(CUSTOMER, cases[i].find, cases[i].with);
        struct sluice_findings findings;
        struct sluice_policy *policy;
        bool found = false;

        write_overlaid(overlay);
        sluice_findings_init(&findings);
        const enum sluice_err err = sluice_policy_load(&policy, &findings, path_in(folder, "policy.yaml"), NOW_US);
        for (size_t f = 0; f < findings.count; f++)
            found |= strcmp(findings.list[f].rule, cases[i].rule) == 0;
        if (err != SLUICE_ERR_POLICY || !found) {
            print_error("case %zu: %s\n", i, cases[i].with);
            print_findings(&findings);
        }
        assert_int_equal(err, SLUICE_ERR_POLICY);
        assert_null(policy);
        assert_true(found);
        sluice_findings_deinit(&findings);
        free(overlay);
    }
}

static void findings_of_an_overlay_name_its_file(void **state)
{
    char *overlay = changed(CUSTOMER, "period: 3d", "period: 3");
    struct sluice_findings findings;
    struct sluice_policy *policy;

    write_overlaid(overlay);
    sluice_findings_init(&findings);
    assert_int_equal(sluice_policy_load(&policy, &findings, path_in(folder, "policy.yaml"), NOW_US), SLUICE_ERR_POLICY);
    drop_traces(&findings);
    assert_non_null(strstr(findings.list[0].file, "customer.yaml"));
    assert_int_equal(findings.list[0].line, 11);
    assert_int_equal(findings.list[0].column, 28);
    sluice_findings_deinit(&findings);
    free(overlay);
}

static void two_overlays_of_one_rank_are_refused(void **state)
{
    char *text = changed(SOUND_POLICY, "tenant: acme\n", "tenant: acme\noverlays: [customer.yaml, again.yaml]\n");

    file_write(path_in(folder, "customer.yaml"), CUSTOMER, strlen(CUSTOMER));
    file_write(path_in(folder, "again.yaml"), CUSTOMER, strlen(CUSTOMER));
    struct loaded loaded = load_text(folder, "policy.yaml", text);
    assert_int_equal(loaded.err, SLUICE_ERR_POLICY);
    assert_string_equal(loaded.findings.list[0].rule, "overlay-rank");
    unload(&loaded);
    free(text);
}

static void missing_files_are_named(void **state)
{
    char *text = changed(SOUND_POLICY, "tenant: acme\n", "tenant: acme\noverlays: [nowhere.yaml]\n");
    struct loaded loaded = load_text(folder, "policy.yaml", text);

    assert_int_equal(loaded.err, SLUICE_ERR_MISSING);
    assert_null(loaded.policy);
    assert_non_null(strstr(loaded.findings.list[0].file, "nowhere.yaml"));
    unload(&loaded);

    sluice_findings_init(&loaded.findings);
    loaded.err = sluice_policy_load(&loaded.policy, &loaded.findings, path_in(folder, "none.yaml"), NOW_US);
    assert_int_equal(loaded.err, SLUICE_ERR_MISSING);
    unload(&loaded);
    free(text);
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
        cmocka_unit_test(an_agreement_prevails_and_is_silent_on_the_rest),
        cmocka_unit_test(overlays_make_versions_in_time),
        cmocka_unit_test(terms_are_replaced_not_mixed),
        cmocka_unit_test(an_old_version_does_not_come_back),
        cmocka_unit_test(what_versions_share_is_told_once),
        cmocka_unit_test(the_higher_rank_wins),
        cmocka_unit_test(each_fault_of_an_overlay_is_refused),
        cmocka_unit_test(findings_of_an_overlay_name_its_file),
        cmocka_unit_test(two_overlays_of_one_rank_are_refused),
        cmocka_unit_test(missing_files_are_named),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
