#include "test.h"

#include "registry_fixture.h"

static void rights_apply_in_the_order_of_lines(void **state)
{
    struct registry_fixture *f = *state;
    char rights[2048];

    snprintf(rights, sizeof rights, "%s%s%s%s%s%s%s", right_line(1, CONSENT("marketing")),
             right_line(2, CONSENT("marketing")), right_line(1, ACTION("withdraw", "marketing")),
             right_line(1, ACTION("object", "fraud")), right_line(2, ACTION("restrict", "billing")),
             right_line(2, "\"action\":\"restrict\""), right_line(2, ACTION("lift", "fraud")));
    loads(f, CSV("1,,,,a,,,,,", "2,,,,b,,,,,", "3,,,,c,,,,,"), rights);
    assert_int_equal(found(f, 1, "2026-01-01").consented, 0);
    assert_int_equal(found(f, 1, "2026-01-01").objected, 1 << 2);
    assert_int_equal(found(f, 1, "2026-01-01").restricted, 0);
    assert_int_equal(found(f, 2, "2026-01-01").consented, 1 << 1);
    assert_int_equal(found(f, 2, "2026-01-01").restricted, 0xffff & ~(1 << 2));
    assert_int_equal(found(f, 3, "2026-01-01").consented, 0);
    assert_int_equal(f->report.rights, 7);
    assert_int_equal(f->report.rights_refused, 0);
    /* What the file no longer says no longer holds. */
    loads(f, CSV("1,,,,a,,,,,", "2,,,,b,,,,,", "3,,,,c,,,,,"), right_line(3, CONSENT("marketing")));
    assert_int_equal(found(f, 1, "2026-01-01").objected, 0);
    assert_int_equal(found(f, 2, "2026-01-01").consented, 0);
    assert_int_equal(found(f, 3, "2026-01-01").consented, 1 << 1);
}

static void a_right_is_that_of_the_holder_at_its_instant(void **state)
{
    struct registry_fixture *f = *state;
    char rights[1024];

    snprintf(rights, sizeof rights, "%s%s", right_line(1, CONSENT("marketing")),
             right_line(1, ACTION("restrict", "fraud")));
    loads(f,
          CSV("1,,,,a,,,,2026-01-01,2026-05-01", "1,,,,b,,,,2026-05-01,2026-06-01", "1,,,,c,,,,2026-06-01,"),
          rights);
    assert_int_equal(found(f, 1, "2026-02-01").consented, 0);
    assert_int_equal(found(f, 1, "2026-05-15").consented, 1 << 1);
    assert_int_equal(found(f, 1, "2026-05-15").restricted, 1 << 2);
    assert_int_equal(found(f, 1, "2026-06-15").consented, 0);
    assert_int_equal(found(f, 1, "2026-06-15").restricted, 0);
}

static void before_the_first_holder_a_restriction_counts_and_a_consent_does_not(void **state)
{
    struct registry_fixture *f = *state;
    char rights[1024];

    snprintf(rights, sizeof rights, "%s%s", right_line(1, CONSENT("marketing")),
             right_line(1, ACTION("restrict", "fraud")));
    loads(f, CSV("1,,,,b,,,,2026-06-01,"), rights);
    assert_int_equal(found(f, 1, "2026-06-15").consented, 0);
    assert_int_equal(found(f, 1, "2026-06-15").restricted, 1 << 2);
}

static void a_sim_that_nobody_registered_can_be_restricted(void **state)
{
    struct registry_fixture *f = *state;

    loads(f, CSV("2,,,,b,,,,,"), right_line(1, "\"action\":\"restrict\""));
    const struct sluice_subject subject = found(f, 1, "2026-01-01");
    assert_false(subject.registered);
    assert_int_equal(subject.restricted, 0xffff);
    assert_int_equal(subject.secret_count, 3);
    loads(f, CSV("2,,,,b,,,,,"), "");
    assert_int_equal(found(f, 1, "2026-01-01").restricted, 0);
    assert_memory_equal(found(f, 1, "2026-01-01").secrets, subject.secrets, sizeof subject.secrets[0]);
}

static void a_holders_consent_is_not_that_of_the_time_without_holder(void **state)
{
    struct registry_fixture *f = *state;
    struct sluice_subject met = { .valid_to_s = SLUICE_ALWAYS_S };

    tag_of(f, met.tag, SLUICE_IDENTIFIER_ICCID, iccid_of(1));
    assert_int_equal(sluice_vault_put(f->vault.vault, &met, 3), SLUICE_OK);
    fixture_commit(&f->vault);
    loads(f, CSV("1,,,,a,,,,2026-05-01,2026-06-01"), right_line(1, CONSENT("marketing")));
    assert_int_equal(found(f, 1, "2026-05-15").consented, 1 << 1);
    assert_int_equal(found(f, 1, "2026-04-15").consented, 0);
    assert_int_equal(found(f, 1, "2026-06-15").consented, 0);
}

static void an_imsi_names_the_sim_that_it_is_linked_to(void **state)
{
    struct registry_fixture *f = *state;
    struct sluice_subject subject;
    uint8_t tag[SLUICE_TAG_SIZE];
    static const char rights[] =
        "{\"tenant\":\"acme\",\"imsi\":\"001010000000001\"," CONSENT("marketing") ",\"at\":\"2026-05-01\"}\n"
        "{\"tenant\":\"acme\",\"imsi\":\"001010000000002\"," CONSENT("marketing") ",\"at\":\"2026-05-01\"}\n";

    loads(f, CSV("1,001010000000001,,,a,,,,2026-01-01,2026-05-01", "2,001010000000001,,,b,,,,2026-05-01,",
                 "0,001010000000002,,,c,,,,,"), rights);
    assert_int_equal(found(f, 1, "2026-04-01").consented, 0);
    assert_int_equal(found(f, 2, "2026-05-02").consented, 1 << 1);
    tag_of(f, tag, SLUICE_IDENTIFIER_IMSI, "001010000000002");
    assert_int_equal(sluice_vault_find(f->vault.vault, &subject, tag, 5), SLUICE_OK);
    assert_int_equal(subject.consented, 1 << 1);
    tag_of(f, tag, SLUICE_IDENTIFIER_IMSI, "001010000000001");
    assert_int_equal(sluice_vault_find(f->vault.vault, &subject, tag, 5), SLUICE_ERR_MISSING);
}

static void an_imsi_that_two_sims_claim_is_the_first_ones(void **state)
{
    struct registry_fixture *f = *state;

    loads(f, CSV("1,001010000000001,,,a,,,,,", "2,001010000000001,,,b,,,,,"),
          "{\"tenant\":\"acme\",\"imsi\":\"001010000000001\","
          CONSENT("marketing") ",\"at\":\"2026-05-01\"}\n");
    assert_int_equal(found(f, 1, "2026-04-01").consented, 1 << 1);
    assert_int_equal(found(f, 2, "2026-04-01").consented, 0);
}

#define SIM "{\"tenant\":\"acme\",\"iccid\":\"%s\""
#define AT  ",\"at\":\"2026-05-01\"}\n"

/* A good line for SIM 2, then that one for SIM 1. */
static const char *behind_a_consent(const char *line)
{
    static char rights[1024];
    size_t len = (size_t)snprintf(rights, sizeof rights, "%s", right_line(2, CONSENT("marketing")));

    /* iccid_of is the only argument that any of them takes. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    len += (size_t)snprintf(rights + len, sizeof rights - len, line, iccid_of(1));
#pragma GCC diagnostic pop
    assert_true(len < sizeof rights);
    return rights;
}

static void a_bad_right_is_refused_with_its_line(void **state)
{
    static const char *const lines[] = {
        (SIM ",\"action\":\"consent\",\"purpose\":\"marketing\"" AT),
        (SIM ",\"action\":\"consent\",\"purpose\":\"marketing\",\"evidence\":\"\"" AT),
        (SIM ",\"action\":\"unobject\"" AT),
        (SIM ",\"action\":\"lift\",\"purpose\":\"fraud\",\"at\":1}\n"),
        (SIM ",\"action\":\"object\",\"purpose\":\"unheard\"" AT),
        ("{\"tenant\":\"gamma\",\"iccid\":\"%s\",\"action\":\"object\",\"purpose\":\"fraud\"" AT),
    };
    struct registry_fixture *f = *state;

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        loads(f, CSV("1,,,,a,,,,,", "2,,,,b,,,,,"), behind_a_consent(lines[i]));
        assert_int_equal(f->report.rights_refused, 1);
        assert_int_equal(finding(f, "right")->line, 2);
        assert_int_equal(found(f, 1, "2026-06-01").consented, 0);
        assert_int_equal(found(f, 1, "2026-06-01").objected, 0);
        assert_int_equal(found(f, 2, "2026-06-01").consented, 1 << 1);
    }
}

/* To go on without such a line would emit what somebody objected to. */
static void a_line_that_may_close_something_is_read_or_nothing_is(void **state)
{
    static const char *const lines[] = {
        SIM ",\"action\":\"object\"" AT,
        SIM ",\"action\":\"withdraw\"" AT,
        SIM ",\"action\":\"object\",\"purpose\":7" AT,
        SIM ",\"action\":\"restrict\",\"purpose\":null" AT,
        SIM ",\"action\":\"forget\",\"purpose\":\"fraud\"" AT,
        SIM ",\"action\":\"object\",\"purpose\":\"fraud\"}\n",
        SIM ",\"action\":\"object\",\"purpose\":\"fraud\",\"at\":1}\n",
        SIM ",\"action\":\"object\",\"purpose\":\"fraud\",\"at\":\"2026-05-01\",\"why\":\"\"}\n",
        "{\"tenant\":\"acme\",\"iccid\":\"1%s\",\"action\":\"object\",\"purpose\":\"fraud\"" AT,
        "{\"tenant\":\"acme\",\"action\":\"object\",\"purpose\":\"fraud\"" AT,
        "not JSON\n",
        "[]\n",
    };
    struct registry_fixture *f = *state;

    loads(f, CSV("1,,,,a,,,,,", "2,,,,b,,,,,"), right_line(1, ACTION("object", "fraud")));
    const uint16_t objected = found(f, 1, "2026-06-01").objected;

    assert_true(objected);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        assert_int_equal(load(f, CSV("1,,,,a,,,,,", "2,,,,b,,,,,"), behind_a_consent(lines[i])), SLUICE_ERR_FORMAT);
        assert_int_equal(f->report.rights_refused, 1);
        assert_true(f->findings.errors > 0);
        /* What was in force is. */
        assert_int_equal(found(f, 1, "2026-06-01").objected, objected);
        assert_int_equal(found(f, 2, "2026-06-01").consented, 0);
    }
}

/* A copy that was cut off, a file that somebody is still writing: what it has not would be lifted. */
static void a_registry_that_is_cut_short_is_not_taken(void **state)
{
    struct registry_fixture *f = *state;
    const char *const subjects = CSV("1,,,,a,,,,,", "2,,,,b,,,,,");
    char whole[8192], lines[1024];

    snprintf(lines, sizeof lines, "%s%s", right_line(1, ACTION("object", "fraud")),
             right_line(2, "\"action\":\"restrict\""));
    snprintf(whole, sizeof whole, "%s", with_end(lines));
    assert_int_equal(load_as_written(f, subjects, whole), SLUICE_OK);
    const uint64_t generation = fixture_generation(&f->vault, &(bool){ false });

    /* The newline at its end may be missing. */
    for (size_t len = strlen(whole) - 1; len-- > 0;) {
        whole[len] = '\0';
        assert_int_equal(load_as_written(f, subjects, whole), SLUICE_ERR_FORMAT);
        assert_non_null(finding(f, "right"));
        assert_int_equal(found(f, 1, "2026-06-01").objected, 1 << 2);
        assert_int_equal(found(f, 2, "2026-06-01").restricted, 0xffff);
    }
    assert_int_equal(fixture_generation(&f->vault, &(bool){ false }), generation);
    assert_int_equal(load_as_written(f, subjects, "{\"end\":true,\"lines\":0}"), SLUICE_OK);
    assert_int_equal(found(f, 1, "2026-06-01").objected, 0);
}

static void the_end_of_the_registry_counts_its_lines_and_is_last(void **state)
{
    static const char *const ends[] = {
        "", "{\"end\":true,\"lines\":0}\n", "{\"end\":true,\"lines\":2}\n", "{\"end\":true,\"lines\":\"1\"}\n",
        "{\"end\":true}\n", "{\"end\":false,\"lines\":1}\n", "{\"end\":true,\"lines\":1,\"more\":1}\n",
        "{\"end\":true,\"lines\":1}\n{\"end\":true,\"lines\":1}\n",
    };
    struct registry_fixture *f = *state;
    const char *const subjects = CSV("1,,,,a,,,,,");
    char text[1024];

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        snprintf(text, sizeof text, "%s%s", right_line(1, CONSENT("marketing")), ends[i]);
        assert_int_equal(load_as_written(f, subjects, text), SLUICE_ERR_FORMAT);
        assert_int_equal(find(f, &(struct sluice_subject){ .tag = { 0 } }, 1, "2026-06-01"), SLUICE_ERR_MISSING);
    }
    snprintf(text, sizeof text, "\n%s\n{\"lines\" : 1, \"end\" : true}\n\n", right_line(1, CONSENT("marketing")));
    assert_int_equal(load_as_written(f, subjects, text), SLUICE_OK);
    assert_int_equal(found(f, 1, "2026-06-01").consented, 1 << 1);
    snprintf(text, sizeof text, "{\"end\":true,\"lines\":0}\n%s", right_line(1, ACTION("object", "fraud")));
    assert_int_equal(load_as_written(f, subjects, text), SLUICE_ERR_FORMAT);
    assert_int_equal(found(f, 1, "2026-06-01").consented, 1 << 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_REGISTRY(rights_apply_in_the_order_of_lines),
        WITH_REGISTRY(a_right_is_that_of_the_holder_at_its_instant),
        WITH_REGISTRY(before_the_first_holder_a_restriction_counts_and_a_consent_does_not),
        WITH_REGISTRY(a_sim_that_nobody_registered_can_be_restricted),
        WITH_REGISTRY(a_holders_consent_is_not_that_of_the_time_without_holder),
        WITH_REGISTRY(an_imsi_names_the_sim_that_it_is_linked_to),
        WITH_REGISTRY(an_imsi_that_two_sims_claim_is_the_first_ones),
        WITH_REGISTRY(a_bad_right_is_refused_with_its_line),
        WITH_REGISTRY(a_line_that_may_close_something_is_read_or_nothing_is),
        WITH_REGISTRY(a_registry_that_is_cut_short_is_not_taken),
        WITH_REGISTRY(the_end_of_the_registry_counts_its_lines_and_is_last),
    };

    if (sluice_crypto_init() != SLUICE_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
