/* What a sound policy becomes, and what the shipped samples are. */
#include "test.h"

#include "policy_fixture.h"
#include "sluice/crypto.h"

static char folder[64];

static const struct sluice_projection *find(const struct sluice_purpose *purpose, enum sluice_field field)
{
    for (size_t i = 0; i < purpose->projection_count; i++)
        if (purpose->projections[i].field == field)
            return &purpose->projections[i];
    return NULL;
}

static void every_part_of_the_file_arrives(void **state)
{
    struct sluice_policy *policy = load_sound(folder, "policy.yaml", SOUND_POLICY);
    uint8_t digest[SLUICE_DIGEST_SIZE];

    assert_string_equal(policy->tenant, "acme");
    assert_int_equal(policy->effective_at_us, INT64_C(1769904000000000));
    assert_int_equal(policy->role, SLUICE_ROLE_CONTROLLER);
    assert_int_equal(policy->min_age, 13);
    assert_false(policy->quarantine_unknown_fields);
    assert_int_equal(policy->prohibited_count, 2);
    assert_string_equal(policy->prohibited[1], "national_id");
    assert_int_equal(policy->purpose_count, 4);
    sluice_digest(digest, SOUND_POLICY, strlen(SOUND_POLICY));
    assert_memory_equal(policy->version, digest, sizeof policy->version);
    sluice_policy_free(policy);
}

static void a_purpose_becomes_its_table(void **state)
{
    struct sluice_policy *policy = load_sound(folder, "policy.yaml", SOUND_POLICY);
    const struct sluice_purpose *billing = sluice_policy_purpose(policy, "billing");

    assert_non_null(billing);
    assert_true(billing->declared);
    assert_false(billing->anonymous);
    assert_false(billing->restrict_exempt);
    assert_false(billing->intersected);
    assert_int_equal(billing->objection, SLUICE_OBJECTION_BY_BASIS);
    assert_int_equal(billing->anchor, SLUICE_ANCHOR_INVOICE);
    assert_int_equal(billing->epoch_kind, SLUICE_EPOCH_MONTH);
    assert_int_equal(billing->roles, 1 << SLUICE_ROLE_CONTROLLER);
    assert_int_equal(billing->services, 1 << SLUICE_SERVICE_DATA | 1 << SLUICE_SERVICE_SMS_MO | 1 << SLUICE_SERVICE_SMS_MT);
    assert_int_equal(billing->required, UINT64_C(1) << SLUICE_FIELD_ACCOUNT);
    assert_int_equal(billing->assessed_at_us, INT64_C(1768435200000000));
    assert_int_equal(billing->retention_s, 180 * SLUICE_DAY_S);
    assert_int_equal(billing->bucket_s, SLUICE_DAY_S);

    const struct sluice_purpose *operations = sluice_policy_purpose(policy, "operations");
    assert_int_equal(operations->epoch_kind, SLUICE_EPOCH_SECONDS);
    assert_int_equal(operations->epoch_s, 7 * SLUICE_DAY_S);
    assert_int_equal(operations->bucket_s, 7200);
    assert_int_equal(operations->objection, SLUICE_OBJECTION_GROUND);
    assert_true(operations->services >> SLUICE_SERVICE_SIGNALLING & 1);
    assert_false(operations->services & 1 << SLUICE_SERVICE_UNKNOWN);
    assert_true(sluice_policy_purpose(policy, "analytics")->anonymous);
    assert_int_equal(sluice_policy_purpose(policy, "marketing")->objection, SLUICE_OBJECTION_ALWAYS);
    assert_null(sluice_policy_purpose(policy, "fraud"));
    sluice_policy_free(policy);
}

/* B-MIN-1: exactly the listed fields, by rising number. */
static void projections_are_the_listed_fields_and_no_other(void **state)
{
    static const struct sluice_projection expect[] = {
        { SLUICE_FIELD_SUBJECT, SLUICE_TRANSFORM_PSEUDONYM, 10, 0 },
        { SLUICE_FIELD_ICCID, SLUICE_TRANSFORM_TOKEN, 14, 0 },
        { SLUICE_FIELD_ACCOUNT, SLUICE_TRANSFORM_TAG, 18, 0 },
        { SLUICE_FIELD_UPLINK_OCTETS, SLUICE_TRANSFORM_KEEP, 35, 0 },
        { SLUICE_FIELD_START, SLUICE_TRANSFORM_KEEP, 45, 0 },
        { SLUICE_FIELD_END, SLUICE_TRANSFORM_COARSEN, 48, 900 },
        { SLUICE_FIELD_UE_ADDRESS, SLUICE_TRANSFORM_TRUNCATE, 61, 24 },
    };
    struct sluice_policy *policy = load_sound(folder, "policy.yaml", SOUND_POLICY);
    const struct sluice_purpose *billing = sluice_policy_purpose(policy, "billing");

    assert_int_equal(billing->projection_count, sizeof expect / sizeof expect[0]);
    for (size_t i = 0; i < billing->projection_count; i++) {
        assert_int_equal(billing->projections[i].field, expect[i].field);
        assert_int_equal(billing->projections[i].transform, expect[i].transform);
        assert_int_equal(billing->projections[i].number, expect[i].number);
        assert_int_equal(billing->projections[i].parameter, expect[i].parameter);
    }
    sluice_policy_free(policy);
}

static void a_field_that_is_dropped_is_no_projection(void **state)
{
    char *text = changed(SOUND_POLICY, "      start: keep\n", "      start: drop\n");
    struct sluice_policy *policy = load_sound(folder, "policy.yaml", text);

    assert_null(find(sluice_policy_purpose(policy, "billing"), SLUICE_FIELD_START));
    assert_non_null(find(sluice_policy_purpose(policy, "billing"), SLUICE_FIELD_END));
    sluice_policy_free(policy);
    free(text);
}

static void words_and_dpv_terms_are_the_same(void **state)
{
    char *text = changed(SOUND_POLICY, "dpv:PaymentManagement", "billing");
    char *more = changed(text, "basis: consent", "basis: eu-gdpr:A6-1-a");
    char *most = changed(more, "contract: individual, basis: contract", "contract: individual, basis: 6(1)(b)");
    struct sluice_policy *policy = load_sound(folder, "policy.yaml", most);

    assert_int_equal(sluice_purpose_basis(sluice_policy_purpose(policy, "marketing"), SLUICE_CONTRACT_NONE, SLUICE_STR("")),
                     SLUICE_BASIS_CONSENT);
    assert_int_equal(sluice_purpose_basis(sluice_policy_purpose(policy, "billing"), SLUICE_CONTRACT_INDIVIDUAL, SLUICE_STR("")),
                     SLUICE_BASIS_CONTRACT);
    sluice_policy_free(policy);
    free(most);
    free(more);
    free(text);
}

/* A window under 30 days is deleted by the hour, else by the day. */
static void buckets_are_hours_under_thirty_days(void **state)
{
    static const struct { const char *period; int64_t bucket_s; } cases[] = {
        { "29d", 3600 }, { "30d", SLUICE_DAY_S }, { "31d", SLUICE_DAY_S }, { "61m", 3600 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = changed(SOUND_POLICY, "60d", cases[i].period);
        struct loaded loaded = load_text(folder, "policy.yaml", text);

        assert_int_equal(loaded.err, SLUICE_OK);
        assert_int_equal(sluice_policy_purpose(loaded.policy, "marketing")->bucket_s, cases[i].bucket_s);
        unload(&loaded);
        free(text);
    }
}

/* B-LAW-2: by counterparty. */
static void the_basis_follows_the_counterparty(void **state)
{
    struct sluice_policy *policy = load_sound(folder, "policy.yaml", SOUND_POLICY);
    const struct sluice_purpose *billing = sluice_policy_purpose(policy, "billing");

    assert_int_equal(sluice_purpose_basis(billing, SLUICE_CONTRACT_INDIVIDUAL, SLUICE_STR("DE")), SLUICE_BASIS_CONTRACT);
    assert_int_equal(sluice_purpose_basis(billing, SLUICE_CONTRACT_BUSINESS, SLUICE_STR("DE")), SLUICE_BASIS_LEGITIMATE_INTERESTS);
    assert_int_equal(sluice_purpose_basis(billing, SLUICE_CONTRACT_NONE, SLUICE_STR("")), SLUICE_BASIS_LEGITIMATE_INTERESTS);
    sluice_policy_free(policy);
}

/* B-LAW-5: by region; an unknown region is none of the listed where that asks for consent. */
static void the_basis_follows_the_region(void **state)
{
    static const struct { const char *region; enum sluice_basis basis; } cases[] = {
        { "US", SLUICE_BASIS_CONTRACT }, { "US-CA", SLUICE_BASIS_CONTRACT }, { "DE", SLUICE_BASIS_CONSENT },
        { "", SLUICE_BASIS_CONSENT },    { "USA", SLUICE_BASIS_CONSENT },    { "U", SLUICE_BASIS_CONSENT },
        { "CA-QC", SLUICE_BASIS_NONE },  { "CA", SLUICE_BASIS_CONSENT },     { "CA-QCX", SLUICE_BASIS_CONSENT },
    };
    char *text = changed(SOUND_POLICY, "    basis: consent\n",
                         "    basis:\n"
                         "      - { region: CA-QC, basis: none }\n"
                         "      - { region: US, basis: contract }\n"
                         "      - { region_not: [US], basis: consent }\n");
    char *off = changed(text, "eprivacy: on", "eprivacy: { off: \"no network\" }");
    struct sluice_policy *policy = load_sound(folder, "policy.yaml", off);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(sluice_purpose_basis(sluice_policy_purpose(policy, "marketing"), SLUICE_CONTRACT_NONE,
                                              sluice_str_from(cases[i].region)),
                         cases[i].basis);
    sluice_policy_free(policy);
    free(off);
    free(text);
}

/* Unknown is not yes: being nowhere opens nothing that needs no consent. */
static void an_unknown_region_is_not_elsewhere(void **state)
{
    static const struct { enum sluice_basis basis, unknown; } cases[] = {
        { SLUICE_BASIS_CONTRACT, SLUICE_BASIS_NONE },
        { SLUICE_BASIS_LEGITIMATE_INTERESTS, SLUICE_BASIS_NONE },
        { SLUICE_BASIS_CONSENT, SLUICE_BASIS_CONSENT },
        { SLUICE_BASIS_NONE, SLUICE_BASIS_NONE },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct sluice_purpose purpose = {
            .basis_rules = { { .contracts = 1u << SLUICE_CONTRACT_NONE, .region_count = 1, .regions = { "US" },
                               .regions_inverted = true, .basis = (uint8_t)cases[i].basis } },
            .basis_rule_count = 1,
        };

        assert_int_equal(sluice_purpose_basis(&purpose, SLUICE_CONTRACT_NONE, SLUICE_STR("DE")), cases[i].basis);
        assert_int_equal(sluice_purpose_basis(&purpose, SLUICE_CONTRACT_NONE, SLUICE_STR("US")), SLUICE_BASIS_NONE);
        assert_int_equal(sluice_purpose_basis(&purpose, SLUICE_CONTRACT_NONE, SLUICE_STR("")), cases[i].unknown);
    }
}

/* Default deny: a contract that no rule names has no basis. */
static void no_rule_no_basis(void **state)
{
    char *text = changed(SOUND_POLICY, "      - { contract: [business, none], basis: legit", "      - { contract: business, basis: legit");
    struct loaded loaded = load_text(folder, "policy.yaml", text);

    assert_int_equal(loaded.err, SLUICE_OK);
    assert_int_equal(sluice_purpose_basis(sluice_policy_purpose(loaded.policy, "billing"), SLUICE_CONTRACT_NONE, SLUICE_STR("DE")),
                     SLUICE_BASIS_NONE);
    assert_int_equal(sluice_purpose_basis(sluice_policy_purpose(loaded.policy, "billing"), SLUICE_CONTRACT_BUSINESS, SLUICE_STR("DE")),
                     SLUICE_BASIS_LEGITIMATE_INTERESTS);
    unload(&loaded);
    free(text);
}

/* --- the shipped samples */

static void the_shipped_samples_load(void **state)
{
    static const struct { const char *name; size_t purposes, joins; } samples[] = {
        { "connectivity", 5, 3 }, { "device-management", 4, 1 }, { "engineering-software", 3, 0 },
        { "esim", 5, 3 },         { "support-portal", 4, 0 },
    };

    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        struct sluice_findings findings;
        struct sluice_policy *policy;
        char path[128];
        size_t warnings = 0;

        snprintf(path, sizeof path, "../deploy/policies/%s.yaml", samples[i].name);
        sluice_findings_init(&findings);
        assert_int_equal(sluice_policy_load(&policy, &findings, path, NOW_US), SLUICE_OK);
        assert_string_equal(policy->tenant, samples[i].name);
        assert_int_equal(policy->purpose_count, samples[i].purposes);
        for (size_t f = 0; f < findings.count; f++)
            if (findings.list[f].level == SLUICE_FINDING_WARNING) {
                warnings++;
                assert_string_equal(findings.list[f].rule, "join");
            }
        assert_int_equal(warnings, samples[i].joins);
        sluice_policy_free(policy);
        sluice_findings_deinit(&findings);
    }
}

/* No tenant of its own can use a sample as it is: B-LAW-1, F4. */
static void a_sample_taken_over_as_it_is_is_refused(void **state)
{
    static const char *const samples[] = { "connectivity", "device-management", "engineering-software", "esim", "support-portal" };

    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        static char text[32 * 1024];
        char path[128];

        snprintf(path, sizeof path, "../deploy/policies/%s.yaml", samples[i]);
        text[file_read(path, text, sizeof text - 1)] = '\0';
        char *own = changed(text, "\nsample: true\n", "\n");
        struct loaded loaded = load_text(folder, "policy.yaml", own);

        assert_int_equal(loaded.err, SLUICE_ERR_POLICY);
        for (size_t f = 0; f < loaded.findings.count; f++)
            if (loaded.findings.list[f].level == SLUICE_FINDING_ERROR)
                assert_string_equal(loaded.findings.list[f].rule, "unconfirmed");
        unload(&loaded);
        free(own);
    }
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
        cmocka_unit_test(every_part_of_the_file_arrives),
        cmocka_unit_test(a_purpose_becomes_its_table),
        cmocka_unit_test(projections_are_the_listed_fields_and_no_other),
        cmocka_unit_test(a_field_that_is_dropped_is_no_projection),
        cmocka_unit_test(words_and_dpv_terms_are_the_same),
        cmocka_unit_test(buckets_are_hours_under_thirty_days),
        cmocka_unit_test(the_basis_follows_the_counterparty),
        cmocka_unit_test(the_basis_follows_the_region),
        cmocka_unit_test(an_unknown_region_is_not_elsewhere),
        cmocka_unit_test(no_rule_no_basis),
        cmocka_unit_test(the_shipped_samples_load),
        cmocka_unit_test(a_sample_taken_over_as_it_is_is_refused),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
