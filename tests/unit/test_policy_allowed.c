/* What is near to a fault and none: and where in time, or for whom, it becomes one. */
#include "test.h"

#include "policy_fixture.h"

static char folder[64];

static void what_the_rules_allow_loads_without_a_word(void **state)
{
    static const struct { const char *find, *with; } cases[] = {
        /* a long window with all seven factors */
        { "period: 7d, anchor: event, criterion: operations, justification: faults",
          "period: 90d, anchor: event, criterion: operations, justification: { amount: a, nature: b, sensitivity: c, "
          "risk: d, purpose: e, alternatives: f, law: g }" },
        /* no record stream, so nothing to be joined with */
        { "    minimum_group: 20\n", "    minimum_group: 20\n    fields: { start: keep, uplink_octets: keep, cell_id: keep }\n" },
        /* a long epoch, and no pseudonym that it could link */
        { "    epoch: month\n    fields: { subject: pseudonym, service: keep }\n    retention: { period: 60d",
          "    epoch: month\n    fields: { service: keep }\n    retention: { period: 7d" },
        { "    epoch: month\n    fields: { subject: pseudonym, service: keep }\n    retention: { period: 60d",
          "    epoch: record\n    fields: { subject: pseudonym, service: keep }\n    retention: { period: 12h" },
        { "recipients:\n  host: { class: processor, country: DE, instructions: I-1, confidentiality: C-1 }",
          "recipients:\n  host: { class: third-party, country: DE }" },   /* not for marketing */
        { "minimum_group: 20", "minimum_group: 15" },
        { "fields: { subject: pseudonym, service: keep }", "fields: { subject: pseudonym, cell_id: keep }" },   /* by consent */
        { "end: { coarsen: 15m }", "end: { coarsen: 31d }" },
        { "bucket: 2h", "bucket: 7d" },
        { "epoch: 7d", "epoch: record" },
        { "country: DE", "country: NO" },
        { "class: processor, country: DE, instructions: I-1, confidentiality: C-1", "class: internal, country: DE" },
        { "country: JP\n    safeguard: { mechanism: scc, reference: SCC-1, expires: 2027-12-31 }",
          "country: JP\n    safeguard: { mechanism: adequacy, reference: DECISION-1 }" },
        { "mechanism: scc,", "mechanism: uk-contract, assessment: TIA-1," },
        { ", expires: 2028-01-15 }", " }" },
        { "basis: consent\n", "basis: { basis: consent, confirmed: yes }\n" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = changed(SOUND_POLICY, cases[i].find, cases[i].with);
        struct loaded loaded = load_text(folder, "policy.yaml", text);
        if (loaded.err || loaded.findings.count) {
            print_error("case %zu: %s\n", i, cases[i].with);
            print_findings(&loaded.findings);
        }
        assert_int_equal(loaded.err, SLUICE_OK);
        assert_int_equal(loaded.findings.count, 0);
        unload(&loaded);
        free(text);
    }
}

static void an_internal_purpose_takes_an_internal_recipient(void **state)
{
    char *one = changed(SOUND_POLICY, "recipients:\n", "recipients:\n  own: { class: internal, country: DE }\n");
    char *text = changed(one, "    internal_only: yes\n", "    internal_only: yes\n    recipients: [own]\n");
    struct loaded loaded = load_text(folder, "policy.yaml", text);

    assert_int_equal(loaded.err, SLUICE_OK);
    assert_int_equal(loaded.findings.count, 0);
    unload(&loaded);
    free(text);
    free(one);
}

/* Two mechanisms are no fault when their order is said (B-XFR-3), and the
 * second is used when the first has ended (B-XFR-2). */
static void ordered_mechanisms_are_taken(void **state)
{
    char *text = changed(SOUND_POLICY, "safeguard: { mechanism: scc, reference: SCC-1, expires: 2027-12-31 }",
                         "safeguard: { mechanism_any: [{ mechanism: scc, reference: S, expires: 2026-10-01 }, "
                         "{ mechanism: dpf, reference: D, expires: 2027-10-01 }] }");
    struct loaded loaded = load_text(folder, "policy.yaml", text);

    assert_int_equal(loaded.err, SLUICE_OK);
    assert_int_equal(loaded.findings.count, 0);
    unload(&loaded);
    free(text);
}

/* B-XFR-2: what was lawful when it was written is refused when it has ended. */
static void safeguards_and_assessments_end_with_time(void **state)
{
    struct sluice_findings findings;
    struct sluice_policy *policy;
    const int64_t later_us = INT64_C(1830297600) * SLUICE_SECOND_US;   /* 2028-01-01 */

    file_write(path_in(folder, "policy.yaml"), SOUND_POLICY, strlen(SOUND_POLICY));
    sluice_findings_init(&findings);
    assert_int_equal(sluice_policy_load(&policy, &findings, path_in(folder, "policy.yaml"), later_us), SLUICE_ERR_POLICY);
    assert_null(policy);
    assert_int_equal(findings.errors, 1);
    assert_string_equal(findings.list[0].rule, "safeguard-ended");
    sluice_findings_deinit(&findings);
}

/* B-NTF-1: a material change waits for 30 days, one that is not material for none. */
static void the_notice_period_binds_material_changes_only(void **state)
{
    static const struct { const char *with; enum sluice_err expect; } cases[] = {
        { "effective_at: 2026-01-31, material: yes", SLUICE_OK },
        { "effective_at: 2026-01-30T23:59:59Z, material: yes", SLUICE_ERR_POLICY },
        { "effective_at: 2026-01-01, material: no", SLUICE_OK },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = changed(SOUND_POLICY, "effective_at: 2026-02-01, material: yes", cases[i].with);
        struct loaded loaded = load_text(folder, "policy.yaml", text);

        assert_int_equal(loaded.err, cases[i].expect);
        unload(&loaded);
        free(text);
    }
}

/* A sample may say what nobody has confirmed; a tenant may not. */
static void samples_load_unconfirmed_values(void **state)
{
    char *unconfirmed = changed(SOUND_POLICY, "criterion: statute,", "criterion: statute, confirmed: no,");
    char *sample = changed(unconfirmed, "sample: no", "sample: yes");
    struct loaded refused = load_text(folder, "policy.yaml", unconfirmed);
    struct loaded taken = load_text(folder, "policy.yaml", sample);

    assert_int_equal(refused.err, SLUICE_ERR_POLICY);
    assert_string_equal(refused.findings.list[0].rule, "unconfirmed");
    assert_int_equal(taken.err, SLUICE_OK);
    assert_string_equal(taken.findings.list[0].rule, "sample-unconfirmed");
    unload(&refused);
    unload(&taken);
    free(sample);
    free(unconfirmed);
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
        cmocka_unit_test(what_the_rules_allow_loads_without_a_word),
        cmocka_unit_test(an_internal_purpose_takes_an_internal_recipient),
        cmocka_unit_test(ordered_mechanisms_are_taken),
        cmocka_unit_test(safeguards_and_assessments_end_with_time),
        cmocka_unit_test(the_notice_period_binds_material_changes_only),
        cmocka_unit_test(samples_load_unconfirmed_values),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
