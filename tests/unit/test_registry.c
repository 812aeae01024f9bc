#include "test.h"

#include "registry_fixture.h"

static void a_row_becomes_a_subject_with_its_links(void **state)
{
    struct registry_fixture *f = *state;

    loads(f,
          CSV("1,001010000000001,99912345,89990000000000000000000000000010,account-a,individual,US-CA,13,"
              "2026-01-01T00:00:00Z,2026-07-01",
              "2,,,,,,,,,"),
          NULL);
    struct sluice_subject subject = found(f, 1, "2026-03-01");
    assert_true(subject.registered);
    assert_string_equal(subject.account, "account-a");
    assert_int_equal(subject.contract, SLUICE_CONTRACT_INDIVIDUAL);
    assert_string_equal(subject.region, "US-CA");
    assert_int_equal(subject.age_below, 13);
    assert_int_equal(subject.generation_s, second_of("2026-01-01"));
    assert_int_equal(subject.valid_to_s, second_of("2026-07-01"));
    assert_int_equal(subject.secret_count, 3);
    assert_int_equal(subject.link_count, 3);
    assert_int_equal(find(f, &subject, 1, "2025-12-31"), SLUICE_ERR_MISSING);
    assert_int_equal(find(f, &subject, 1, "2026-07-01"), SLUICE_ERR_MISSING);
    assert_int_equal(linked(f, SLUICE_IDENTIFIER_IMSI, "001010000000001", "2026-03-01"), 1);
    assert_int_equal(linked(f, SLUICE_IDENTIFIER_MSISDN, "99912345", "2026-03-01"), 1);
    assert_int_equal(linked(f, SLUICE_IDENTIFIER_MSISDN, "99912345", "2026-08-01"), 0);
    subject = found(f, 2, "1980-01-01");
    assert_true(subject.registered);
    assert_int_equal(subject.valid_to_s, SLUICE_ALWAYS_S);
    assert_string_equal(subject.account, "");
    assert_int_equal(f->report.rows, 2);
    assert_int_equal(f->report.subjects, 2);
    assert_int_equal(f->report.subjects_new, 2);
    assert_int_equal(linked(f, SLUICE_IDENTIFIER_EID, "89990000000000000000000000000010", "2026-06-30"), 1);
    assert_int_equal(f->report.links, 3);
    assert_int_equal(f->findings.count, 0);
}

static void columns_may_stand_in_any_order_and_be_left_out(void **state)
{
    struct registry_fixture *f = *state;
    struct sluice_subject subject;
    uint8_t tag[SLUICE_TAG_SIZE];

    loads(f, "account,imsi,tenant\nacc,001010000000007,acme\n", NULL);
    tag_of(f, tag, SLUICE_IDENTIFIER_IMSI, "001010000000007");
    assert_int_equal(sluice_vault_find(f->vault.vault, &subject, tag, 5), SLUICE_OK);
    assert_string_equal(subject.account, "acc");
}

static void a_header_that_is_not_usable_is_an_error(void **state)
{
    static const char *const headers[] = {
        "",
        "tenant,iccid,colour\n",
        "tenant,iccid,iccid\n",
        "iccid,imsi\n",
        "tenant,account\n",
        "tenant,\"iccid\n",
    };
    struct registry_fixture *f = *state;

    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        assert_int_equal(load(f, headers[i], NULL), SLUICE_ERR_FORMAT);
        assert_int_equal(f->findings.errors, 1);
    }
    assert_int_equal(load(f, "tenant,iccid\n", NULL), SLUICE_OK);
}

static void a_bad_row_is_refused_with_its_line_and_the_others_are_loaded(void **state)
{
    static const char *const rows[] = {
        "1,00101,,,,,,,,",                       /* IMSI too short */
        "1,,12,,,,,,,",                          /* MSISDN too short */
        "1,,,123,,,,,,",                         /* no EID */
        "0,,,,acc,,,,,",                         /* names no SIM */
        "1,,,,,private,,,,",                     /* contract */
        "1,,,,,,Germany,,,",                     /* region */
        "1,,,,,,de,,,",
        "1,,,,,,DE-,,,",
        "1,,,,,,,thirteen,,",                    /* age */
        "1,,,,,,,0,,",
        "1,,,,,,,1000,,",
        "1,,,,,,,,2026-13-01,",                  /* instants */
        "1,,,,,,,,,tomorrow",
        "1,,,,,,,,2026-01-02,2026-01-02",        /* empty interval */
        "1,,,,,,,,,,extra",
        "1,,,,123456789012345678901234567890123456789012345678,,,,,",
    };
    struct registry_fixture *f = *state;
    struct sluice_subject subject;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        loads(f, CSV("7,,,,,,,,,", rows[i], "8,,,,,,,,,"), NULL);
        assert_int_equal(f->report.rows, 3);
        assert_int_equal(f->report.rows_refused, 1);
        assert_int_equal(f->findings.count, 1);
        assert_int_equal(f->findings.list[0].line, 3);
        /* At most somebody of whom nothing is known. */
        if (find(f, &subject, 1, "2026-06-01") == SLUICE_OK)
            assert_false(subject.registered);
        found(f, 7, "2026-06-01");
        found(f, 8, "2026-06-01");
    }
    loads(f, HEADER "gamma,,001010000000001,,,,,,,,\nacme,,001010000000002,,,,,,,,\n", NULL);
    assert_int_equal(f->report.rows_refused, 1);
    assert_int_equal(f->findings.list[0].line, 2);
    loads(f, HEADER "acme,8999000000000000010,,,,,,,,,\n", NULL);   /* Luhn */
    assert_int_equal(f->report.rows_refused, 1);
}

static void findings_name_nobody(const struct registry_fixture *f, size_t at_least)
{
    assert_true(f->findings.count >= at_least);
    for (size_t i = 0; i < f->findings.count; i++) {
        assert_null(strstr(f->findings.list[i].text, "0010"));
        assert_null(strstr(f->findings.list[i].text, "8999"));
        assert_null(strstr(f->findings.list[i].text, "9991"));
    }
}

static void no_identifier_stands_in_a_finding(void **state)
{
    struct registry_fixture *f = *state;
    char text[4096];

    snprintf(text, sizeof text,
             HEADER
             "acme,8999000000000000010,,,,,,,,,\n001010000000001,,001010000000001,,,,,,,,\n"
             "acme,,001010000000001,999111222333,,,,,001010000000001,,\nacme,,001010000000001,,,,,,,,\n"
             "acme,,001010000000001,,,,,,,,\nacme,%s,001010000000001,,,,,,,,\n",
             iccid_of(1));
    loads(f, text, NULL);
    findings_name_nobody(f, 4);
    assert_int_equal(load(f, text, "{\"tenant\":\"acme\",\"imsi\":\"001010000000001\",\"action\":\"001010000000001\"}\n"
                                   "{\"001010000000001\":1}\n001010000000001\n"), SLUICE_ERR_FORMAT);
    findings_name_nobody(f, 3);
    assert_int_equal(load(f, "tenant,imsi,001010000000001\n", NULL), SLUICE_ERR_FORMAT);
    assert_null(strstr(f->findings.list[0].text, "0010"));
}

static void a_row_that_continues_with_the_same_account_extends(void **state)
{
    struct registry_fixture *f = *state;

    loads(f, CSV("1,,,,a,individual,DE,,2026-01-01,2026-02-01", "1,,,,a,business,FR,,2026-02-01,2026-03-01",
                 "1,,,,a,business,IT,,2026-03-01,"), NULL);
    const struct sluice_subject subject = found(f, 1, "2026-01-15");
    assert_int_equal(subject.generation_s, second_of("2026-01-01"));
    assert_int_equal(subject.valid_to_s, SLUICE_ALWAYS_S);
    assert_string_equal(subject.region, "IT");   /* what the latest row says */
    assert_int_equal(f->report.subjects, 1);
}

static void another_account_or_a_gap_is_another_generation(void **state)
{
    struct registry_fixture *f = *state;

    loads(f,
          CSV("1,,,,b,,,,2026-02-01,2026-03-01", "1,,,,a,,,,2026-01-01,2026-02-01", "1,,,,b,,,,2026-04-01,"),
          NULL);
    const struct sluice_subject a = found(f, 1, "2026-01-15"), b = found(f, 1, "2026-02-15"),
                                later = found(f, 1, "2026-04-15");
    struct sluice_subject none;

    assert_string_equal(a.account, "a");
    assert_string_equal(b.account, "b");
    assert_memory_not_equal(a.secrets[0], b.secrets[0], SLUICE_SECRET_SIZE);
    assert_memory_not_equal(b.secrets[0], later.secrets[0], SLUICE_SECRET_SIZE);
    assert_int_equal(find(f, &none, 1, "2026-03-15"), SLUICE_ERR_MISSING);
    assert_int_equal(f->report.subjects, 3);
}

static void of_rows_that_overlap_the_first_wins(void **state)
{
    static const char *const overlapping[] = {
        "1,001010000000009,,,b,,,,2026-01-15,2026-02-15", "1,001010000000009,,,b,,,,2026-02-15,2026-03-15",
        "1,001010000000009,,,b,,,,,",                     "1,001010000000009,,,b,,,,2026-02-05,2026-02-06",
        "1,001010000000009,,,a,,,,2026-02-01,2026-03-02", "1,001010000000009,,,a,,DE,,2026-02-01,2026-03-01",
    };
    struct registry_fixture *f = *state;

    for (size_t i = 0; i < sizeof overlapping / sizeof overlapping[0]; i++) {
        loads(f, CSV("1,,,,a,,,,2026-02-01,2026-03-01", overlapping[i], "2,,,,c,,,,,"), NULL);
        assert_string_equal(found(f, 1, "2026-02-15").account, "a");
        assert_int_equal(found(f, 1, "2026-02-15").valid_to_s, second_of("2026-03-01"));
        assert_int_equal(f->report.conflicts, 1);
        assert_int_equal(f->report.subjects, 2);
        assert_int_equal(finding(f, "subject-conflict")->line, 3);
        /* Nor does the row's IMSI count. */
        assert_int_equal(linked(f, SLUICE_IDENTIFIER_IMSI, "001010000000009", "2026-02-15"), 0);
        found(f, 2, "2026-02-15");
    }
}

static void a_sim_may_have_two_imsis(void **state)
{
    struct registry_fixture *f = *state;

    loads(f,
          CSV("1,001010000000001,,,a,,,,2026-01-01,2026-02-01",
              "1,001010000000002,,,a,,,,2026-01-01,2026-02-01", "1,001010000000002,,,a,,,,2026-02-01,",
              "1,001010000000003,,,a,,,,2026-02-01,"),
          NULL);
    assert_int_equal(f->report.conflicts, 0);
    assert_int_equal(f->report.subjects, 1);
    assert_int_equal(found(f, 1, "2026-03-01").link_count, 3);
    assert_int_equal(linked(f, SLUICE_IDENTIFIER_IMSI, "001010000000001", "2026-01-15"), 1);
    assert_int_equal(linked(f, SLUICE_IDENTIFIER_IMSI, "001010000000001", "2026-02-15"), 0);
    assert_int_equal(linked(f, SLUICE_IDENTIFIER_IMSI, "001010000000002", "2026-01-15"), 1);
    assert_int_equal(linked(f, SLUICE_IDENTIFIER_IMSI, "001010000000002", "2026-02-15"), 1);
    assert_int_equal(linked(f, SLUICE_IDENTIFIER_IMSI, "001010000000003", "2026-02-15"), 1);
}

static void a_number_may_move_but_not_belong_to_two(void **state)
{
    struct registry_fixture *f = *state;

    loads(f, CSV("1,,999111111,,a,,,,2026-01-01,2026-02-01", "2,,999111111,,b,,,,2026-02-01,",
                 "3,,999111111,,c,,,,2026-01-15,2026-02-15"), NULL);
    assert_int_equal(linked(f, SLUICE_IDENTIFIER_MSISDN, "999111111", "2026-01-20"), 1);
    assert_int_equal(linked(f, SLUICE_IDENTIFIER_MSISDN, "999111111", "2026-02-10"), 2);
    assert_int_equal(f->report.conflicts, 1);
    assert_int_equal(finding(f, "link-conflict")->line, 4);
    /* The SIM itself is there. */
    assert_string_equal(found(f, 3, "2026-01-20").account, "c");
}

static void an_imsi_that_names_a_sim_links_to_no_other(void **state)
{
    struct registry_fixture *f = *state;

    loads(f, CSV("0,001010000000001,,,a,,,,,", "2,001010000000001,,,b,,,,,"), NULL);
    assert_int_equal(f->report.conflicts, 1);
    assert_int_equal(finding(f, "link-conflict")->line, 3);
    assert_int_equal(linked(f, SLUICE_IDENTIFIER_IMSI, "001010000000001", "2026-01-01"), 0);
    loads(f, CSV("2,001010000000001,,,b,,,,,", "0,001010000000001,,,a,,,,,"), NULL);
    assert_int_equal(f->report.conflicts, 1);
    assert_int_equal(linked(f, SLUICE_IDENTIFIER_IMSI, "001010000000001", "2026-01-01"), 2);
}

static void two_tenants_know_nothing_of_each_other(void **state)
{
    struct registry_fixture *f = *state;
    char text[512];

    snprintf(text, sizeof text, HEADER "acme,%s,001010000000001,,,a,,,,,\nbeta,%s,001010000000001,,,b,,,,,\n",
             iccid_of(1), iccid_of(1));
    loads(f, text, NULL);
    assert_int_equal(f->report.conflicts, 0);
    assert_int_equal(f->report.subjects, 2);
    assert_string_equal(found(f, 1, "2026-01-01").account, "a");
    assert_int_equal(found(f, 1, "2026-01-01").secret_count, 3);
    sluice_vault_tenant_key(f->vault.vault, f->vault.tenant_key, "beta");
    assert_string_equal(found(f, 1, "2026-01-01").account, "b");
    assert_int_equal(found(f, 1, "2026-01-01").secret_count, 1);
}

static void secrets_stay_when_the_files_are_loaded_again(void **state)
{
    struct registry_fixture *f = *state;

    loads(f, CSV("1,,999111111,,a,,DE,,,", "2,,,,b,,,,,"), NULL);
    const struct sluice_subject one = found(f, 1, "2026-01-01"), two = found(f, 2, "2026-01-01");
    loads(f, CSV("2,,,,b,,,,,", "1,,999222222,,a,,FR,,,"), NULL);
    const struct sluice_subject again = found(f, 1, "2026-01-01"), bystander = found(f, 2, "2026-01-01");

    assert_string_equal(again.region, "FR");
    assert_same_secrets(&one, &again);
    assert_same_secrets(&two, &bystander);
    assert_int_equal(f->report.subjects_new, 0);
    assert_int_equal(f->report.subjects_changed, 1);
    assert_int_equal(linked(f, SLUICE_IDENTIFIER_MSISDN, "999111111", "2026-01-01"), 0);
    assert_int_equal(linked(f, SLUICE_IDENTIFIER_MSISDN, "999222222", "2026-01-01"), 1);
}

static void a_sim_that_was_met_before_keeps_its_secrets_when_it_is_registered(void **state)
{
    struct registry_fixture *f = *state;
    struct sluice_subject met = { .valid_to_s = SLUICE_ALWAYS_S };

    tag_of(f, met.tag, SLUICE_IDENTIFIER_ICCID, iccid_of(1));
    assert_int_equal(sluice_vault_put(f->vault.vault, &met, 2), SLUICE_OK);
    fixture_commit(&f->vault);
    loads(f, CSV("1,,,,a,,,,,"), NULL);
    const struct sluice_subject subject = found(f, 1, "2026-01-01");
    assert_true(subject.registered);
    assert_int_equal(subject.secret_count, 3);
    assert_memory_equal(subject.secrets, met.secrets, 2 * SLUICE_SECRET_SIZE);
}

static void what_the_csv_no_longer_has_becomes_unregistered_and_may_come_back(void **state)
{
    struct registry_fixture *f = *state;

    loads(f, CSV("1,,999111111,,a,business,DE,16,,", "2,,,,b,,,,,"), NULL);
    const struct sluice_subject before = found(f, 1, "2026-01-01");
    loads(f, CSV("2,,,,b,,,,,"), NULL);
    const struct sluice_subject gone = found(f, 1, "2026-01-01");
    assert_false(gone.registered);
    assert_string_equal(gone.account, "");
    assert_string_equal(gone.region, "");
    assert_int_equal(gone.contract, SLUICE_CONTRACT_NONE);
    assert_int_equal(gone.age_below, 16);
    assert_int_equal(gone.link_count, 0);
    assert_same_secrets(&before, &gone);
    assert_int_equal(f->report.unregistered, 1);
    assert_int_equal(linked(f, SLUICE_IDENTIFIER_MSISDN, "999111111", "2026-01-01"), 0);
    assert_true(found(f, 2, "2026-01-01").registered);
    loads(f, CSV("1,,999111111,,a,business,DE,16,,", "2,,,,b,,,,,"), NULL);
    const struct sluice_subject back = found(f, 1, "2026-01-01");
    assert_same_subject(&before, &back);
}

static void an_interval_that_is_corrected_leaves_no_row_in_front_of_it(void **state)
{
    struct registry_fixture *f = *state;

    loads(f, CSV("1,,,,a,,,,2026-02-01,"), NULL);
    loads(f, CSV("1,,,,b,,,,2026-01-01,"), NULL);
    assert_string_equal(found(f, 1, "2026-03-01").account, "b");
    loads(f, CSV("1,,,,a,,,,2026-02-01,"), NULL);
    assert_string_equal(found(f, 1, "2026-03-01").account, "a");
}

static void the_first_findings_of_a_kind_are_shown_and_the_rest_counted(void **state)
{
    struct registry_fixture *f = *state;
    static char text[8192];
    size_t len = (size_t)snprintf(text, sizeof text, "%s", HEADER);

    for (unsigned i = 0; i < 50; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "acme,,1,,,,,,,,\n");
    loads(f, text, NULL);
    assert_int_equal(f->report.rows_refused, 50);
    assert_int_equal(f->findings.count, 21);
    assert_int_equal(f->findings.list[20].line, 0);
    assert_string_equal(f->findings.list[20].text, "and 30 more rows were refused");
    assert_int_equal(f->findings.errors, 0);
}

static void files_are_loaded_when_they_changed(void **state)
{
    struct registry_fixture *f = *state;
    bool changed, reachable;

    loads(f, CSV("1,,,,a,,,,,"), "");
    assert_int_equal(fixture_generation(&f->vault, &reachable), 1);
    assert_true(reachable);
    assert_int_equal(sluice_registry_sync(f->vault.vault, f->config, &f->findings, NULL, &changed),
                     SLUICE_OK);
    assert_false(changed);
    const char *rights = with_end(right_line(1, CONSENT("marketing")));
    file_write(f->config->registry, rights, strlen(rights));
    assert_int_equal(sluice_registry_sync(f->vault.vault, f->config, &f->findings, NULL, &changed),
                     SLUICE_OK);
    assert_true(changed);
    assert_int_equal(fixture_generation(&f->vault, &reachable), 2);
    assert_int_equal(sluice_registry_sync(f->vault.vault, f->config, &f->findings, NULL, &changed),
                     SLUICE_OK);
    assert_false(changed);
    /* Also when the vault was put back from an older copy, which then knows less. */
    f->vault.keyring->registry_generation = 5;
    assert_int_equal(sluice_registry_sync(f->vault.vault, f->config, &f->findings, NULL, &changed),
                     SLUICE_OK);
    assert_true(changed);
    assert_int_equal(fixture_generation(&f->vault, &reachable), 6);
    assert_true(reachable);
}

static void a_load_that_fails_is_taken_up_again(void **state)
{
    struct registry_fixture *f = *state;
    bool changed;
    char name[SLUICE_PATH_SIZE];

    loads(f, CSV("1,,,,a,,,,,"), NULL);
    strcpy(name, f->config->subjects);
    strcpy(f->config->subjects, "/nowhere/subjects.csv");
    assert_int_equal(sluice_registry_sync(f->vault.vault, f->config, &f->findings, NULL, &changed),
                     SLUICE_ERR_MISSING);
    assert_int_equal(f->findings.errors, 1);
    strcpy(f->config->subjects, name);
    assert_int_equal(sluice_registry_sync(f->vault.vault, f->config, &f->findings, NULL, &changed),
                     SLUICE_OK);
    assert_true(changed);
    assert_string_equal(found(f, 1, "2026-01-01").account, "a");
}

static void without_a_registry_nobody_is_registered_and_that_is_known(void **state)
{
    struct registry_fixture *f = *state;
    bool changed, reachable;

    f->config->subjects[0] = '\0';
    assert_int_equal(sluice_registry_sync(f->vault.vault, f->config, &f->findings, NULL, &changed),
                     SLUICE_OK);
    assert_true(changed);
    assert_int_equal(fixture_generation(&f->vault, &reachable), 1);
    assert_true(reachable);
}

/* Enough for several commits and for every page. */
static void many_subjects_are_loaded_and_reloaded(void **state)
{
    enum { COUNT = 70000 };
    struct registry_fixture *f = *state;
    const size_t size = 200u * COUNT;
    char *text = malloc(size);
    size_t len = 0;

    assert_non_null(text);
    len += (size_t)snprintf(text, size, "%s", HEADER);
    for (unsigned i = 1; i <= COUNT; i++)
        len += (size_t)snprintf(text + len, size - len, "acme,%s,00101%010u,999%09u,,account-%u,,,,,\n",
                                iccid_of(i), i, i, i % 100);
    loads(f, text, NULL);
    assert_int_equal(f->report.subjects_new, COUNT);
    assert_int_equal(f->report.links, 2 * COUNT);
    for (unsigned i = 1; i <= COUNT; i += 997) {
        char imsi[24];
        uint8_t tag[SLUICE_TAG_SIZE], to[SLUICE_TAG_SIZE];

        const struct sluice_subject subject = found(f, i, "2026-01-01");
        snprintf(imsi, sizeof imsi, "00101%010u", i);
        tag_of(f, tag, SLUICE_IDENTIFIER_IMSI, imsi);
        assert_int_equal(sluice_vault_link_find(f->vault.vault, to, tag, 5), SLUICE_OK);
        assert_memory_equal(to, subject.tag, sizeof to);
    }
    loads(f, text, NULL);
    assert_int_equal(f->report.subjects, COUNT);
    assert_int_equal(f->report.subjects_new, 0);
    assert_int_equal(f->report.subjects_changed, 0);
    assert_int_equal(f->report.unregistered, 0);
    assert_int_equal(f->report.links, 2 * COUNT);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_REGISTRY(a_row_becomes_a_subject_with_its_links),
        WITH_REGISTRY(columns_may_stand_in_any_order_and_be_left_out),
        WITH_REGISTRY(a_header_that_is_not_usable_is_an_error),
        WITH_REGISTRY(a_bad_row_is_refused_with_its_line_and_the_others_are_loaded),
        WITH_REGISTRY(no_identifier_stands_in_a_finding),
        WITH_REGISTRY(a_row_that_continues_with_the_same_account_extends),
        WITH_REGISTRY(another_account_or_a_gap_is_another_generation),
        WITH_REGISTRY(of_rows_that_overlap_the_first_wins),
        WITH_REGISTRY(a_sim_may_have_two_imsis),
        WITH_REGISTRY(a_number_may_move_but_not_belong_to_two),
        WITH_REGISTRY(an_imsi_that_names_a_sim_links_to_no_other),
        WITH_REGISTRY(two_tenants_know_nothing_of_each_other),
        WITH_REGISTRY(secrets_stay_when_the_files_are_loaded_again),
        WITH_REGISTRY(a_sim_that_was_met_before_keeps_its_secrets_when_it_is_registered),
        WITH_REGISTRY(what_the_csv_no_longer_has_becomes_unregistered_and_may_come_back),
        WITH_REGISTRY(an_interval_that_is_corrected_leaves_no_row_in_front_of_it),
        WITH_REGISTRY(the_first_findings_of_a_kind_are_shown_and_the_rest_counted),
        WITH_REGISTRY(files_are_loaded_when_they_changed),
        WITH_REGISTRY(a_load_that_fails_is_taken_up_again),
        WITH_REGISTRY(without_a_registry_nobody_is_registered_and_that_is_known),
        WITH_REGISTRY(many_subjects_are_loaded_and_reloaded),
    };

    if (sluice_crypto_init() != SLUICE_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
