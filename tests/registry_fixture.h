/* Registry files on disk, and what a load of them leaves in a vault. */
#ifndef TESTS_REGISTRY_FIXTURE_H
#define TESTS_REGISTRY_FIXTURE_H

#include "files.h"
#include "sluice/clock.h"
#include "sluice/identity.h"
#include "sluice/registry.h"
#include "vault_fixture.h"

#define HEADER "tenant,iccid,imsi,msisdn,eid,account,contract,region,age_below,valid_from,valid_to\n"

struct registry_fixture {
    struct vault_fixture vault;
    struct sluice_config *config;
    struct sluice_findings findings;
    struct sluice_registry_report report;
};

static inline int registry_setup(void **state)
{
    struct registry_fixture *f = calloc(1, sizeof *f);
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

static inline int registry_teardown(void **state)
{
    struct registry_fixture *f = *state;

    sluice_findings_deinit(&f->findings);
    free(f->config);
    fixture_close(&f->vault);
    scratch_remove(f->vault.folder);
    free(f);
    return 0;
}

/* ICCIDs 8999..., with their Luhn digit. */
static inline const char *iccid_of(unsigned number)
{
    static char text[4][24];
    static unsigned next;
    char *digits = text[next++ % 4];

    snprintf(digits, 24, "8999%014u", number);
    digits[18] = sluice_luhn_digit(digits, 18);
    digits[19] = '\0';
    return digits;
}

static inline enum sluice_err load_as_written(struct registry_fixture *f, const char *subjects,
                                              const char *rights)
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

/* Whole lines, with the one behind them that counts them. */
static inline const char *with_end(const char *rights)
{
    static char text[8192];
    unsigned lines = 0;

    for (const char *at = rights; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    assert_true((size_t)snprintf(text, sizeof text, "%s{\"end\":true,\"lines\":%u}\n", rights, lines) <
                sizeof text);
    return text;
}

static inline enum sluice_err load(struct registry_fixture *f, const char *subjects, const char *rights)
{
    return load_as_written(f, subjects, rights ? with_end(rights) : NULL);
}

static inline void loads(struct registry_fixture *f, const char *subjects, const char *rights)
{
    assert_int_equal(load(f, subjects, rights), SLUICE_OK);
}

/* A CSV of rows in the shape "NUMBER,imsi,msisdn,eid,account,contract,region,age,from,to" of acme. */
static inline const char *csv(const char *const rows[], size_t count)
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
#define CSV(...)                                                                                             \
    csv((const char *const[]){ __VA_ARGS__ }, sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

static inline uint32_t second_of(const char *instant)
{
    int64_t us;
    int offset;
    bool given;

    assert_int_equal(sluice_time_parse(&us, &offset, &given, sluice_str_from(instant)), SLUICE_OK);
    return (uint32_t)(us / SLUICE_SECOND_US);
}

static inline void tag_of(const struct registry_fixture *f, uint8_t tag[static SLUICE_TAG_SIZE],
                          enum sluice_identifier_kind kind, const char *digits)
{
    sluice_tag(tag, f->vault.tenant_key, kind, digits, strlen(digits));
}

static inline enum sluice_err find(struct registry_fixture *f, struct sluice_subject *subject,
                                   unsigned number, const char *instant)
{
    uint8_t tag[SLUICE_TAG_SIZE];

    tag_of(f, tag, SLUICE_IDENTIFIER_ICCID, iccid_of(number));
    return sluice_vault_find(f->vault.vault, subject, tag, second_of(instant));
}

static inline struct sluice_subject found(struct registry_fixture *f, unsigned number, const char *instant)
{
    struct sluice_subject subject;

    assert_int_equal(find(f, &subject, number, instant), SLUICE_OK);
    return subject;
}

/* The SIM that an identifier is linked to, as its number; 0: none. */
static inline unsigned linked(struct registry_fixture *f, enum sluice_identifier_kind kind,
                              const char *digits, const char *instant)
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

static inline const struct sluice_finding *finding(const struct registry_fixture *f, const char *rule)
{
    for (size_t i = 0; i < f->findings.count; i++)
        if (strcmp(f->findings.list[i].rule, rule) == 0)
            return &f->findings.list[i];
    return NULL;
}

static inline void assert_same_secrets(const struct sluice_subject *a, const struct sluice_subject *b)
{
    assert_int_equal(a->secret_count, b->secret_count);
    assert_memory_equal(a->secrets, b->secrets, a->secret_count * sizeof a->secrets[0]);
}

/* Lines of the ndjson, of acme at 2026-05-01. */
static inline const char *right_line(unsigned number, const char *rest)
{
    static char text[8][256];
    static unsigned next;
    char *line = text[next++ % 8];

    snprintf(line, sizeof text[0],
             "{\"tenant\":\"acme\",\"iccid\":\"%s\",%s,\"at\":\"2026-05-01T00:00:00Z\"}\n", iccid_of(number),
             rest);
    return line;
}

#define CONSENT(purpose) "\"action\":\"consent\",\"purpose\":\"" purpose "\",\"evidence\":\"form\""
#define ACTION(action, purpose) "\"action\":\"" action "\",\"purpose\":\"" purpose "\""

#define WITH_REGISTRY(test) cmocka_unit_test_setup_teardown(test, registry_setup, registry_teardown)

#endif
