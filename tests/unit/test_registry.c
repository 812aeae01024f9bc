#include "test.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "files.h"
#include "sluice/clock.h"
#include "sluice/identity.h"
#include "sluice/registry.h"
#include "vault_fixture.h"

#define HEADER "tenant,iccid,imsi,msisdn,eid,account,contract,region,age_below,valid_from,valid_to\n"

struct fixture {
    struct vault_fixture vault;
    struct sluice_config *config;
    struct sluice_findings findings;
    struct sluice_registry_report report;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    void *vault = NULL;
    uint8_t index;

    fixture_setup(&vault);
    f->vault = *(struct vault_fixture *)vault;
    free(vault);
    f->config = calloc(1, sizeof *f->config);
    f->config->tenant_count = 2;
    strcpy(f->config->tenants[0].name, "acme");
    strcpy(f->config->tenants[1].name, "beta");
    snprintf(f->config->subjects, sizeof f->config->subjects, "%s/subjects.csv", f->vault.folder);
    sluice_findings_init(&f->findings);
    assert_int_equal(sluice_vault_purpose_index(f->vault.vault, "acme", "billing", &index), SLUICE_OK);
    assert_int_equal(sluice_vault_purpose_index(f->vault.vault, "acme", "marketing", &index), SLUICE_OK);
    assert_int_equal(sluice_vault_purpose_index(f->vault.vault, "acme", "fraud", &index), SLUICE_OK);
    assert_int_equal(sluice_vault_purpose_index(f->vault.vault, "beta", "billing", &index), SLUICE_OK);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    sluice_findings_deinit(&f->findings);
    free(f->config);
    fixture_close(&f->vault);
    scratch_remove(f->vault.folder);
    free(f);
    return 0;
}

/* ICCIDs 8999..., with their Luhn digit. */
static const char *iccid_of(unsigned number)
{
    static char text[4][24];
    static unsigned next;
    char *digits = text[next++ % 4];

    snprintf(digits, 24, "8999%014u", number);
    digits[18] = sluice_luhn_digit(digits, 18);
    digits[19] = '\0';
    return digits;
}

static enum sluice_err load(struct fixture *f, const char *subjects, const char *rights)
{
    char path[128];

    file_write(f->config->subjects, subjects, strlen(subjects));
    f->config->registry[0] = '\0';
    if (rights) {
        snprintf(path, sizeof path, "%s/registry.ndjson", f->vault.folder);
        file_write(path, rights, strlen(rights));
        strcpy(f->config->registry, path);
    }
    sluice_findings_deinit(&f->findings);
    return sluice_registry_load(f->vault.vault, f->config, &f->findings, NULL, &f->report);
}

static void loads(struct fixture *f, const char *subjects, const char *rights)
{
    assert_int_equal(load(f, subjects, rights), SLUICE_OK);
}

/* A CSV of rows in the shape "NUMBER,imsi,msisdn,eid,account,contract,region,age,from,to" of acme. */
static const char *csv(const char *const rows[], size_t count)
{
    static char text[16384];
    size_t len = (size_t)snprintf(text, sizeof text, "%s", HEADER);

    for (size_t i = 0; i < count; i++) {
        const unsigned number = (unsigned)strtoul(rows[i], NULL, 10);

        len += (size_t)snprintf(text + len, sizeof text - len, "acme,%s%s\n", number ? iccid_of(number) : "",
                                strchr(rows[i], ','));
    }
    return text;
}
#define CSV(...) csv((const char *const[]){ __VA_ARGS__ }, sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

static uint32_t second_of(const char *instant)
{
    int64_t us;
    int offset;
    bool given;

    assert_int_equal(sluice_time_parse(&us, &offset, &given, sluice_str_from(instant)), SLUICE_OK);
    return (uint32_t)(us / SLUICE_SECOND_US);
}

static void tag_of(const struct fixture *f, uint8_t tag[static SLUICE_TAG_SIZE], enum sluice_identifier_kind kind,
                   const char *digits)
{
    sluice_tag(tag, f->vault.tenant_key, kind, digits, strlen(digits));
}

static enum sluice_err find(struct fixture *f, struct sluice_subject *subject, unsigned number, const char *instant)
{
    uint8_t tag[SLUICE_TAG_SIZE];

    tag_of(f, tag, SLUICE_IDENTIFIER_ICCID, iccid_of(number));
    return sluice_vault_find(f->vault.vault, subject, tag, second_of(instant));
}

static struct sluice_subject found(struct fixture *f, unsigned number, const char *instant)
{
    struct sluice_subject subject;

    assert_int_equal(find(f, &subject, number, instant), SLUICE_OK);
    return subject;
}

/* The SIM that an identifier is linked to, as its number; 0: none. */
static unsigned linked(struct fixture *f, enum sluice_identifier_kind kind, const char *digits, const char *instant)
{
    uint8_t tag[SLUICE_TAG_SIZE], to[SLUICE_TAG_SIZE], candidate[SLUICE_TAG_SIZE];

    tag_of(f, tag, kind, digits);
    if (sluice_vault_link_find(f->vault.vault, to, tag, second_of(instant)) != SLUICE_OK)
        return 0;
    for (unsigned number = 1; number < 100; number++) {
        tag_of(f, candidate, SLUICE_IDENTIFIER_ICCID, iccid_of(number));
        if (memcmp(candidate, to, sizeof to) == 0)
            return number;
    }
    return 999;
}

static const struct sluice_finding *finding(const struct fixture *f, const char *rule)
{
    for (size_t i = 0; i < f->findings.count; i++)
        if (strcmp(f->findings.list[i].rule, rule) == 0)
            return &f->findings.list[i];
    return NULL;
}

static void assert_same_secrets(const struct sluice_subject *a, const struct sluice_subject *b)
{
    assert_int_equal(a->secret_count, b->secret_count);
    assert_memory_equal(a->secrets, b->secrets, a->secret_count * sizeof a->secrets[0]);
}

static void a_row_becomes_a_subject_with_its_links(void **state)
{
    struct fixture *f = *state;

    loads(f, CSV("1,001010000000001,99912345,89990000000000000000000000000010,account-a,individual,US-CA,13,2026-01-01T00:00:00Z,2026-07-01",
                 "2,,,,,,,,,"), NULL);
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
    struct fixture *f = *state;
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
        "", "tenant,iccid,colour\n", "tenant,iccid,iccid\n", "iccid,imsi\n", "tenant,account\n", "tenant,\"iccid\n",
    };
    struct fixture *f = *state;

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
    struct fixture *f = *state;
    struct sluice_subject subject;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        loads(f, CSV("7,,,,,,,,,", rows[i], "8,,,,,,,,,"), NULL);
        assert_int_equal(f->report.rows, 3);
        assert_int_equal(f->report.rows_refused, 1);
        assert_int_equal(f->findings.count, 1);
        assert_int_equal(f->findings.list[0].line, 3);
        assert_int_equal(find(f, &subject, 1, "2026-06-01"), SLUICE_ERR_MISSING);
        found(f, 7, "2026-06-01");
        found(f, 8, "2026-06-01");
    }
    loads(f, HEADER "gamma,,001010000000001,,,,,,,,\nacme,,001010000000002,,,,,,,,\n", NULL);
    assert_int_equal(f->report.rows_refused, 1);
    assert_int_equal(f->findings.list[0].line, 2);
    loads(f, HEADER "acme,8999000000000000010,,,,,,,,,\n", NULL);   /* Luhn */
    assert_int_equal(f->report.rows_refused, 1);
}

static void no_identifier_stands_in_a_finding(void **state)
{
    struct fixture *f = *state;
    char text[4096];

    snprintf(text, sizeof text, HEADER "acme,8999000000000000010,,,,,,,,,\n001010000000001,,001010000000001,,,,,,,,\n"
             "acme,,001010000000001,999111222333,,,,,001010000000001,,\nacme,,001010000000001,,,,,,,,\n"
             "acme,,001010000000001,,,,,,,,\nacme,%s,001010000000001,,,,,,,,\n", iccid_of(1));
    loads(f, text, "{\"tenant\":\"acme\",\"imsi\":\"001010000000001\",\"action\":\"001010000000001\"}\n"
                   "{\"001010000000001\":1}\n001010000000001\n");
    assert_true(f->findings.count >= 7);
    for (size_t i = 0; i < f->findings.count; i++) {
        assert_null(strstr(f->findings.list[i].text, "0010"));
        assert_null(strstr(f->findings.list[i].text, "8999"));
        assert_null(strstr(f->findings.list[i].text, "9991"));
    }
    assert_int_equal(load(f, "tenant,imsi,001010000000001\n", NULL), SLUICE_ERR_FORMAT);
    assert_null(strstr(f->findings.list[0].text, "0010"));
}

static void a_row_that_continues_with_the_same_account_extends(void **state)
{
    struct fixture *f = *state;

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
    struct fixture *f = *state;

    loads(f, CSV("1,,,,b,,,,2026-02-01,2026-03-01", "1,,,,a,,,,2026-01-01,2026-02-01", "1,,,,b,,,,2026-04-01,"), NULL);
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
    struct fixture *f = *state;

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
    struct fixture *f = *state;

    loads(f, CSV("1,001010000000001,,,a,,,,2026-01-01,2026-02-01", "1,001010000000002,,,a,,,,2026-01-01,2026-02-01",
                 "1,001010000000002,,,a,,,,2026-02-01,", "1,001010000000003,,,a,,,,2026-02-01,"), NULL);
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
    struct fixture *f = *state;

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
    struct fixture *f = *state;

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
    struct fixture *f = *state;
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
    struct fixture *f = *state;

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
    struct fixture *f = *state;
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
    struct fixture *f = *state;

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
    struct fixture *f = *state;

    loads(f, CSV("1,,,,a,,,,2026-02-01,"), NULL);
    loads(f, CSV("1,,,,b,,,,2026-01-01,"), NULL);
    assert_string_equal(found(f, 1, "2026-03-01").account, "b");
    loads(f, CSV("1,,,,a,,,,2026-02-01,"), NULL);
    assert_string_equal(found(f, 1, "2026-03-01").account, "a");
}

#define RIGHT(number, rest) right_line(number, rest)
static const char *right_line(unsigned number, const char *rest)
{
    static char text[8][256];
    static unsigned next;
    char *line = text[next++ % 8];

    snprintf(line, sizeof text[0], "{\"tenant\":\"acme\",\"iccid\":\"%s\",%s,\"at\":\"2026-05-01T00:00:00Z\"}\n",
             iccid_of(number), rest);
    return line;
}

#define CONSENT(purpose) "\"action\":\"consent\",\"purpose\":\"" purpose "\",\"evidence\":\"form\""
#define ACTION(action, purpose) "\"action\":\"" action "\",\"purpose\":\"" purpose "\""

static void rights_apply_in_the_order_of_lines(void **state)
{
    struct fixture *f = *state;
    char rights[2048];

    snprintf(rights, sizeof rights, "%s%s%s%s%s%s%s", RIGHT(1, CONSENT("marketing")), RIGHT(2, CONSENT("marketing")),
             RIGHT(1, ACTION("withdraw", "marketing")), RIGHT(1, ACTION("object", "fraud")),
             RIGHT(2, ACTION("restrict", "billing")), RIGHT(2, "\"action\":\"restrict\""),
             RIGHT(2, ACTION("lift", "fraud")));
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
    loads(f, CSV("1,,,,a,,,,,", "2,,,,b,,,,,", "3,,,,c,,,,,"), RIGHT(3, CONSENT("marketing")));
    assert_int_equal(found(f, 1, "2026-01-01").objected, 0);
    assert_int_equal(found(f, 2, "2026-01-01").consented, 0);
    assert_int_equal(found(f, 3, "2026-01-01").consented, 1 << 1);
}

static void a_right_is_that_of_the_holder_at_its_instant(void **state)
{
    struct fixture *f = *state;
    char rights[1024];

    snprintf(rights, sizeof rights, "%s%s", RIGHT(1, CONSENT("marketing")), RIGHT(1, ACTION("restrict", "fraud")));
    loads(f, CSV("1,,,,a,,,,2026-01-01,2026-05-01", "1,,,,b,,,,2026-05-01,2026-06-01", "1,,,,c,,,,2026-06-01,"),
          rights);
    assert_int_equal(found(f, 1, "2026-02-01").consented, 0);
    assert_int_equal(found(f, 1, "2026-05-15").consented, 1 << 1);
    assert_int_equal(found(f, 1, "2026-05-15").restricted, 1 << 2);
    assert_int_equal(found(f, 1, "2026-06-15").consented, 0);
    assert_int_equal(found(f, 1, "2026-06-15").restricted, 0);
}

static void before_the_first_holder_a_restriction_counts_and_a_consent_does_not(void **state)
{
    struct fixture *f = *state;
    char rights[1024];

    snprintf(rights, sizeof rights, "%s%s", RIGHT(1, CONSENT("marketing")), RIGHT(1, ACTION("restrict", "fraud")));
    loads(f, CSV("1,,,,b,,,,2026-06-01,"), rights);
    assert_int_equal(found(f, 1, "2026-06-15").consented, 0);
    assert_int_equal(found(f, 1, "2026-06-15").restricted, 1 << 2);
}

static void a_sim_that_nobody_registered_can_be_restricted(void **state)
{
    struct fixture *f = *state;

    loads(f, CSV("2,,,,b,,,,,"), RIGHT(1, "\"action\":\"restrict\""));
    const struct sluice_subject subject = found(f, 1, "2026-01-01");
    assert_false(subject.registered);
    assert_int_equal(subject.restricted, 0xffff);
    assert_int_equal(subject.secret_count, 3);
    loads(f, CSV("2,,,,b,,,,,"), "");
    assert_int_equal(found(f, 1, "2026-01-01").restricted, 0);
    assert_memory_equal(found(f, 1, "2026-01-01").secrets, subject.secrets, sizeof subject.secrets[0]);
}

static void an_imsi_names_the_sim_that_it_is_linked_to(void **state)
{
    struct fixture *f = *state;
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

static void a_bad_right_is_refused_with_its_line(void **state)
{
    static const char *const lines[] = {
        "{\"tenant\":\"acme\",\"iccid\":\"%s\",\"action\":\"consent\",\"purpose\":\"marketing\",\"at\":\"2026-05-01\"}\n",
        "{\"tenant\":\"acme\",\"iccid\":\"%s\",\"action\":\"consent\",\"purpose\":\"marketing\",\"evidence\":\"\",\"at\":\"2026-05-01\"}\n",
        "{\"tenant\":\"acme\",\"iccid\":\"%s\",\"action\":\"object\",\"at\":\"2026-05-01\"}\n",
        "{\"tenant\":\"acme\",\"iccid\":\"%s\",\"action\":\"object\",\"purpose\":\"unheard\",\"at\":\"2026-05-01\"}\n",
        "{\"tenant\":\"acme\",\"iccid\":\"%s\",\"action\":\"object\",\"purpose\":7,\"at\":\"2026-05-01\"}\n",
        "{\"tenant\":\"acme\",\"iccid\":\"%s\",\"action\":\"restrict\",\"purpose\":null,\"at\":\"2026-05-01\"}\n",
        "{\"tenant\":\"acme\",\"iccid\":\"%s\",\"action\":\"forget\",\"purpose\":\"fraud\",\"at\":\"2026-05-01\"}\n",
        "{\"tenant\":\"acme\",\"iccid\":\"%s\",\"action\":\"object\",\"purpose\":\"fraud\"}\n",
        "{\"tenant\":\"acme\",\"iccid\":\"%s\",\"action\":\"object\",\"purpose\":\"fraud\",\"at\":1}\n",
        "{\"tenant\":\"acme\",\"iccid\":\"%s\",\"action\":\"object\",\"purpose\":\"fraud\",\"at\":\"2026-05-01\",\"why\":\"\"}\n",
        "{\"tenant\":\"gamma\",\"iccid\":\"%s\",\"action\":\"object\",\"purpose\":\"fraud\",\"at\":\"2026-05-01\"}\n",
        "{\"tenant\":\"acme\",\"iccid\":\"1%s\",\"action\":\"object\",\"purpose\":\"fraud\",\"at\":\"2026-05-01\"}\n",
        "{\"tenant\":\"acme\",\"action\":\"object\",\"purpose\":\"fraud\",\"at\":\"2026-05-01\"}\n",
        "not JSON\n",
        "[]\n",
    };
    struct fixture *f = *state;
    char rights[1024];

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        size_t len = (size_t)snprintf(rights, sizeof rights, "%s", RIGHT(2, CONSENT("marketing")));

        /* iccid_of is the only argument that any of them takes. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        len += (size_t)snprintf(rights + len, sizeof rights - len, lines[i], iccid_of(1));
#pragma GCC diagnostic pop
        loads(f, CSV("1,,,,a,,,,,", "2,,,,b,,,,,"), rights);
        assert_int_equal(f->report.rights_refused, 1);
        assert_int_equal(finding(f, "right")->line, 2);
        assert_int_equal(found(f, 1, "2026-06-01").consented, 0);
        assert_int_equal(found(f, 1, "2026-06-01").objected, 0);
        assert_int_equal(found(f, 2, "2026-06-01").consented, 1 << 1);
    }
}

static void the_first_findings_of_a_kind_are_shown_and_the_rest_counted(void **state)
{
    struct fixture *f = *state;
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
    struct fixture *f = *state;
    bool changed, reachable;

    loads(f, CSV("1,,,,a,,,,,"), "");
    assert_int_equal(sluice_vault_registry_generation(f->vault.vault, &reachable), 1);
    assert_true(reachable);
    assert_int_equal(sluice_registry_sync(f->vault.vault, f->config, &f->findings, NULL, &changed), SLUICE_OK);
    assert_false(changed);
    file_write(f->config->registry, RIGHT(1, CONSENT("marketing")), strlen(RIGHT(1, CONSENT("marketing"))));
    assert_int_equal(sluice_registry_sync(f->vault.vault, f->config, &f->findings, NULL, &changed), SLUICE_OK);
    assert_true(changed);
    assert_int_equal(sluice_vault_registry_generation(f->vault.vault, &reachable), 2);
    assert_int_equal(sluice_registry_sync(f->vault.vault, f->config, &f->findings, NULL, &changed), SLUICE_OK);
    assert_false(changed);
    /* Also when the vault was put back from an older copy, which then knows less. */
    f->vault.keyring->registry_generation = 5;
    assert_int_equal(sluice_registry_sync(f->vault.vault, f->config, &f->findings, NULL, &changed), SLUICE_OK);
    assert_true(changed);
    assert_int_equal(sluice_vault_registry_generation(f->vault.vault, &reachable), 6);
    assert_true(reachable);
}

static void a_load_that_fails_is_taken_up_again(void **state)
{
    struct fixture *f = *state;
    bool changed;
    char name[SLUICE_PATH_SIZE];

    loads(f, CSV("1,,,,a,,,,,"), NULL);
    strcpy(name, f->config->subjects);
    strcpy(f->config->subjects, "/nowhere/subjects.csv");
    assert_int_equal(sluice_registry_sync(f->vault.vault, f->config, &f->findings, NULL, &changed), SLUICE_ERR_MISSING);
    assert_int_equal(f->findings.errors, 1);
    strcpy(f->config->subjects, name);
    assert_int_equal(sluice_registry_sync(f->vault.vault, f->config, &f->findings, NULL, &changed), SLUICE_OK);
    assert_true(changed);
    assert_string_equal(found(f, 1, "2026-01-01").account, "a");
}

static void without_a_registry_nobody_is_registered_and_that_is_known(void **state)
{
    struct fixture *f = *state;
    bool changed, reachable;

    f->config->subjects[0] = '\0';
    assert_int_equal(sluice_registry_sync(f->vault.vault, f->config, &f->findings, NULL, &changed), SLUICE_OK);
    assert_true(changed);
    assert_int_equal(sluice_vault_registry_generation(f->vault.vault, &reachable), 1);
    assert_true(reachable);
}

/* Enough for several commits and for every page. */
static void many_subjects_are_loaded_and_reloaded(void **state)
{
    enum { COUNT = 70000 };
    struct fixture *f = *state;
    const size_t size = 200u * COUNT;
    char *text = malloc(size);
    size_t len = 0;

    assert_non_null(text);
    len += (size_t)snprintf(text, size, "%s", HEADER);
    for (unsigned i = 1; i <= COUNT; i++)
        len += (size_t)snprintf(text + len, size - len, "acme,%s,00101%010u,999%09u,,account-%u,,,,,\n", iccid_of(i), i,
                                i, i % 100);
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

#define WITH_REGISTRY(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

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
        WITH_REGISTRY(rights_apply_in_the_order_of_lines),
        WITH_REGISTRY(a_right_is_that_of_the_holder_at_its_instant),
        WITH_REGISTRY(before_the_first_holder_a_restriction_counts_and_a_consent_does_not),
        WITH_REGISTRY(a_sim_that_nobody_registered_can_be_restricted),
        WITH_REGISTRY(an_imsi_names_the_sim_that_it_is_linked_to),
        WITH_REGISTRY(a_bad_right_is_refused_with_its_line),
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
