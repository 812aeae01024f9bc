/* Policies as tests write them: a sound one, and the same with one thing changed. */
#ifndef TESTS_POLICY_FIXTURE_H
#define TESTS_POLICY_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>

#include "files.h"
#include "scratch.h"
#include "sluice/clock.h"
#include "sluice/policy.h"

#define NOW_US (INT64_C(1793491200) * SLUICE_SECOND_US)   /* 2026-11-01T00:00:00Z */

/* Sound, and nothing is left to a default. */
#define SOUND_HEAD                                                                                          \
    "policy: 1\n"                                                                                           \
    "tenant: acme\n"                                                                                        \
    "sample: no\n"                                                                                          \
    "version: { id: v1, published_at: 2026-01-01, last_updated: 2026-01-01, effective_at: 2026-02-01, material: yes }\n" \
    "controller: { name: Acme Ltd, contact: privacy@acme.example, role: controller, origin_zone: EEA }\n"   \
    "change: { notice_period: 30d }\n"                                                                      \
    "eprivacy: on\n"                                                                                        \
    "min_age: 13\n"                                                                                         \
    "unknown_field: drop\n"                                                                                 \
    "prohibited: [health, national_id]\n"                                                                   \
    "commitments: [SOR-01, SOR-04.1a]\n"                                                                    \
    "recipients:\n"                                                                                         \
    "  host: { class: processor, country: DE, instructions: I-1, confidentiality: C-1 }\n"                  \
    "  importer:\n"                                                                                         \
    "    class: affiliate\n"                                                                                \
    "    country: JP\n"                                                                                     \
    "    safeguard: { mechanism: scc, reference: SCC-1, expires: 2027-12-31 }\n"                            \
    "    instructions: I-2\n"                                                                               \
    "    confidentiality: C-2\n"
#define SOUND_BILLING                                                                                       \
    "  billing:\n"                                                                                          \
    "    purpose: dpv:PaymentManagement\n"                                                                  \
    "    basis:\n"                                                                                          \
    "      - { contract: individual, basis: contract }\n"                                                   \
    "      - { contract: [business, none], basis: legitimate-interests }\n"                                 \
    "    assessment: { reference: LIA-1, date: 2026-01-15, expires: 2028-01-15 }\n"                         \
    "    services: [data, sms-mo, sms-mt]\n"                                                                \
    "    epoch: month\n"                                                                                    \
    "    fields:\n"                                                                                         \
    "      subject: pseudonym\n"                                                                            \
    "      iccid: token\n"                                                                                  \
    "      account: tag\n"                                                                                  \
    "      start: keep\n"                                                                                   \
    "      end: { coarsen: 15m }\n"                                                                         \
    "      uplink_octets: keep\n"                                                                           \
    "      ue_address: { truncate: 24 }\n"                                                                  \
    "    required: [account]\n"                                                                             \
    "    retention: { period: 180d, anchor: invoice, criterion: statute, justification: bills are challenged }\n" \
    "    recipients: [host]\n"                                                                              \
    "    commitments: [SOR-02e]\n"
#define SOUND_REST                                                                                          \
    "  operations:\n"                                                                                       \
    "    purpose: operations\n"                                                                             \
    "    basis: legitimate-interests\n"                                                                     \
    "    assessment: { reference: LIA-2, date: 2026-01-15 }\n"                                              \
    "    epoch: 7d\n"                                                                                       \
    "    fields: { subject: pseudonym, start: { coarsen: 1h }, uplink_octets: bucket }\n"                   \
    "    retention: { period: 7d, anchor: event, criterion: operations, justification: faults }\n"          \
    "    bucket: 2h\n"                                                                                      \
    "    recipients: [importer]\n"                                                                          \
    "    objection: { ground: CG-1 }\n"                                                                     \
    "  analytics:\n"                                                                                        \
    "    purpose: analytics\n"                                                                              \
    "    basis: legitimate-interests\n"                                                                     \
    "    assessment: { reference: LIA-3, date: 2026-01-15 }\n"                                              \
    "    input: anonymous\n"                                                                                \
    "    internal_only: yes\n"                                                                              \
    "    minimum_group: 20\n"                                                                               \
    "  marketing:\n"                                                                                        \
    "    purpose: direct-marketing\n"                                                                       \
    "    basis: consent\n"                                                                                  \
    "    epoch: month\n"                                                                                    \
    "    fields: { subject: pseudonym, service: keep }\n"                                                   \
    "    retention: { period: 60d, anchor: event, criterion: purpose, justification: recent use }\n"        \
    "    objection: always\n"
#define SOUND_POLICY SOUND_HEAD "purposes:\n" SOUND_BILLING SOUND_REST

struct loaded {
    struct sluice_policy *policy;
    struct sluice_findings findings;
    enum sluice_err err;
};

/* Nearly every policy has the note of lasting pseudonyms; only the tests of that rule want to see it. */
static inline void drop_traces(struct sluice_findings *findings)
{
    size_t kept = 0;

    for (size_t i = 0; i < findings->count; i++)
        if (strcmp(findings->list[i].rule, "join-trace") != 0)
            findings->list[kept++] = findings->list[i];
    findings->count = kept;
}

/* Load text as FOLDER/NAME at NOW_US. */
static inline struct loaded load_text_and_traces(const char *folder, const char *name, const char *text)
{
    struct loaded loaded;

    file_write(path_in(folder, name), text, strlen(text));
    sluice_findings_init(&loaded.findings);
    loaded.err = sluice_policy_load(&loaded.policy, &loaded.findings, path_in(folder, name), NOW_US);
    return loaded;
}

static inline struct loaded load_text(const char *folder, const char *name, const char *text)
{
    struct loaded loaded = load_text_and_traces(folder, name, text);

    drop_traces(&loaded.findings);
    return loaded;
}

static inline void unload(struct loaded *loaded)
{
    sluice_policy_free(loaded->policy);
    sluice_findings_deinit(&loaded->findings);
}

/* text with the first `find` replaced. To be freed. */
static inline char *changed(const char *text, const char *find, const char *with)
{
    const char *at = strstr(text, find);
    const size_t size = strlen(text) + strlen(with) + 1;
    char *result = malloc(size);

    assert_non_null(at);
    assert_non_null(result);
    snprintf(result, size, "%.*s%s%s", (int)(at - text), text, with, at + strlen(find));
    return result;
}

static inline void print_findings(const struct sluice_findings *findings)
{
    struct sluice_buffer text;

    sluice_buffer_init(&text, 1 << 20);
    sluice_findings_print(findings, &text);
    print_error("%.*s", (int)text.len, text.bytes ? (const char *)text.bytes : "");
    sluice_buffer_deinit(&text);
}

static inline struct sluice_policy *load_sound(const char *folder, const char *name, const char *text)
{
    struct loaded loaded = load_text(folder, name, text);

    if (loaded.err)
        print_findings(&loaded.findings);
    assert_int_equal(loaded.err, SLUICE_OK);
    sluice_findings_deinit(&loaded.findings);
    return loaded.policy;
}

#endif
