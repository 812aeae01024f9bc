/* A gate over a real vault with two tenants and one policy, and what it let out. */
#ifndef TESTS_GATE_FIXTURE_H
#define TESTS_GATE_FIXTURE_H

#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sluice/clock.h"
#include "sluice/crypto.h"
#include "sluice/gate.h"
#include "sluice/token.h"
#include "sluice/v1/purpose.pb-c.h"

#define T0_US (INT64_C(1790000000) * 1000000)          /* 2026-09-21 */
#define DAY_US (SLUICE_DAY_S * SLUICE_SECOND_US)

static const char policy_text[] =
    "policy: 1\n"
    "tenant: %s\n"
    "sample: true\n"
    "version: { id: '1', published_at: 2026-01-01, last_updated: 2026-01-01,\n"
    "           effective_at: 2026-01-01T00:00:00Z, material: no }\n"
    "controller: { name: Acme, contact: privacy@acme.example, role: controller, origin_zone: EEA }\n"
    "eprivacy: { off: a test }\n"
    "min_age: 13\n"
    "purposes:\n"
    "  billing:\n"
    "    purpose: dpv:PaymentManagement\n"
    "    basis:\n"
    "      - { contract: individual, basis: contract }\n"
    "      - { contract: [business, none], basis: legitimate-interests }\n"
    "    assessment: { reference: LIA-1, date: 2026-01-01 }\n"
    "    objection: { ground: 'the bill' }\n"
    "    epoch: month\n"
    "    fields: { subject: pseudonym, iccid: token, account: tag, session_id: tag, service: keep, start: keep,\n"
    "              uplink_octets: keep }\n"
    "    retention: { period: 180d, anchor: invoice, criterion: statute, justification: a test }\n"
    "  fraud:\n"
    "    purpose: dpv:FraudPreventionAndDetection\n"
    "    basis: legitimate-interests\n"
    "    assessment: { reference: LIA-2, date: 2026-01-01 }\n"
    "    epoch: 7d\n"
    "    fields: { subject: pseudonym, device: pseudonym, destination: { truncate: 3 }, ue_address: { truncate: 24 },\n"
    "              imei: truncate, start: { coarsen: 1h }, downlink_octets: bucket }\n"
    "    retention: { period: 30d, anchor: event, criterion: safeguarding, justification: a test }\n"
    "  marketing:\n"
    "    purpose: dpv:DirectMarketing\n"
    "    basis: consent\n"
    "    epoch: month\n"
    "    fields: { subject: pseudonym, service: keep }\n"
    "    retention: { period: 90d, anchor: event, criterion: purpose, justification: a test }\n"
    "  hosting:\n"
    "    purpose: dpv:ServiceProvision\n"
    "    basis: contract\n"
    "    roles: [processor]\n"
    "    epoch: month\n"
    "    fields: { subject: pseudonym, service: keep }\n"
    "    retention: { period: 60d, anchor: event, criterion: contract, justification: a test }\n";

enum { BILLING, FRAUD, MARKETING, HOSTING, QUARANTINE, PARK, SUSPENDED, STREAMS };
static const char *const stream_names[STREAMS] = { "billing", "fraud", "marketing", "hosting", "quarantine", "park",
                                                     "suspended" };

struct fixture {
    char folder[64];
    struct sluice_config config;
    struct sluice_keyring *keyring;
    struct sluice_vault *vault;
    struct sluice_gate *gate;
    struct sluice_transport transport;
    struct sluice_batch batch;
    uint64_t next_id;
    /* What came out, by stream of the first tenant, and of the second. */
    struct sluice_buffer out[2][STREAMS];
    Sluice__V1__PurposeBatch *rows[2][STREAMS];
};

static inline enum sluice_err stream_number(void *self, const char *tenant, const char *name, uint32_t *stream)
{
    for (uint32_t i = 0; i < STREAMS; i++)
        if (strcmp(name, stream_names[i]) == 0)
            *stream = i + (strcmp(tenant, "beta") == 0 ? STREAMS : 0);
    return SLUICE_OK;
}

static inline enum sluice_err take_rows(void *self, uint32_t stream, int64_t deadline_s, const struct sluice_row rows[],
                                 size_t count)
{
    struct fixture *f = self;

    for (size_t i = 0; i < count; i++)
        sluice_buffer_append(&f->out[stream / STREAMS][stream % STREAMS], rows[i].bytes, rows[i].len);
    return SLUICE_OK;
}

static const struct sluice_transport_ops ops = { .stream = stream_number, .write = take_rows };

static inline void set_policies(struct fixture *f, const char *tenant, struct sluice_policy *versions[], size_t count)
{
    assert_int_equal(sluice_gate_prepare_policies(f->gate, tenant, versions, count, T0_US), SLUICE_OK);
    sluice_gate_take_policies(f->gate);
}

static inline void load_policy(struct fixture *f, const char *tenant)
{
    struct sluice_findings findings;
    struct sluice_policy *policy;
    char path[128];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s.yaml", f->folder, tenant);
    file = fopen(path, "w");
    fprintf(file, policy_text, tenant);
    fclose(file);
    sluice_findings_init(&findings);
    if (sluice_policy_load(&policy, &findings, path, T0_US)) {
        struct sluice_buffer text;

        sluice_buffer_init(&text, 1 << 16);
        sluice_findings_print(&findings, &text);
        fail_msg("%.*s", (int)text.len, (char *)text.bytes);
    }
    sluice_findings_deinit(&findings);
    set_policies(f, tenant, &policy, 1);
}

static inline int setup(void **state)
{
    struct fixture *f = *state = calloc(1, sizeof *f);
    uint8_t public_key[SLUICE_PUBLIC_KEY_SIZE], secret_key[SLUICE_SECRET_KEY_SIZE];

    strcpy(f->folder, "/tmp/sluice-test-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    f->config.tenant_count = 2;
    strcpy(f->config.tenants[0].name, "acme");
    strcpy(f->config.tenants[1].name, "beta");
    f->config.input_count = 1;
    strcpy(f->config.inputs[0].name, "emnify");
    f->config.deduplication_window_s = 90 * SLUICE_DAY_S;
    f->config.future_tolerance_s = 300;
    f->config.quarantine_s = f->config.park_s = f->config.suspended_s = 30 * SLUICE_DAY_S;
    assert_int_equal(sluice_crypto_init(), SLUICE_OK);
    sluice_box_keypair(public_key, secret_key);
    assert_int_equal(sluice_keyring_create(f->folder, public_key, T0_US), SLUICE_OK);
    assert_int_equal(sluice_keyring_open(&f->keyring, f->folder), SLUICE_OK);
    assert_int_equal(sluice_vault_open(&f->vault, f->folder, f->keyring), SLUICE_OK);
    assert_int_equal(sluice_vault_registry_loaded(f->vault, (uint8_t[SLUICE_DIGEST_SIZE]){ 1 }), SLUICE_OK);
    assert_int_equal(sluice_vault_commit(f->vault), SLUICE_OK);
    assert_int_equal(sluice_gate_new(&f->gate, &f->config, f->keyring, f->vault), SLUICE_OK);
    assert_int_equal(sluice_batch_init(&f->batch, SLUICE_GATE_BATCH, 1 << 20), SLUICE_OK);
    load_policy(f, "acme");
    load_policy(f, "beta");
    f->transport = (struct sluice_transport){ &ops, f };
    for (int t = 0; t < 2; t++)
        for (int s = 0; s < STREAMS; s++)
            sluice_buffer_init(&f->out[t][s], 1 << 24);
    return 0;
}

static inline void forget_rows(struct fixture *f)
{
    for (int t = 0; t < 2; t++)
        for (int s = 0; s < STREAMS; s++) {
            if (f->rows[t][s])
                sluice__v1__purpose_batch__free_unpacked(f->rows[t][s], NULL);
            f->rows[t][s] = NULL;
        }
}

static inline int teardown(void **state)
{
    struct fixture *f = *state;
    char command[128];

    forget_rows(f);
    for (int t = 0; t < 2; t++)
        for (int s = 0; s < STREAMS; s++)
            sluice_buffer_deinit(&f->out[t][s]);
    sluice_gate_free(f->gate);
    sluice_vault_close(f->vault);
    sluice_keyring_close(f->keyring);
    sluice_batch_deinit(&f->batch);
    snprintf(command, sizeof command, "rm -r %s", f->folder);
    assert_int_equal(system(command), 0);
    free(f);
    return 0;
}

static inline void set_iccid(struct sluice_record *record, unsigned sim)
{
    char text[24];

    snprintf(text, sizeof text, "899901%012u", sim);
    text[18] = sluice_luhn_digit(text, 18);
    record->iccid = (struct sluice_iccid){ .digit_count = 19 };
    memcpy(record->iccid.digits, text, 19);
}

/* A data record of that SIM with a new id; everything of it may be changed before run(). */
static inline struct sluice_record *arrive(struct fixture *f, unsigned sim)
{
    struct sluice_entry *entry = sluice_batch_append(&f->batch);
    struct sluice_record *record = &entry->record;
    char *id = sluice_arena_alloc(&f->batch.arena, 16);

    snprintf(id, 16, "%u", (unsigned)++f->next_id);
    entry->form = SLUICE_FORM_EMNIFY;
    entry->raw = SLUICE_STR("{}");
    entry->file = SLUICE_STR("a.ndjson");
    record->tenant = SLUICE_STR("acme");
    record->source_id = SLUICE_STR("emnify");
    record->record_id = sluice_str_from(id);
    record->service = SLUICE_SERVICE_DATA;
    set_iccid(record, sim);
    record->start_us = T0_US - 3600 * SLUICE_SECOND_US;
    record->end_us = record->start_us + SLUICE_SECOND_US;
    record->collected_at_us = T0_US;
    record->uplink_octets = 1000;
    record->downlink_octets = 5000;
    record->present = SLUICE_HAS(SLUICE_RAW_START) | SLUICE_HAS(SLUICE_RAW_END) | SLUICE_HAS(SLUICE_RAW_UPLINK_OCTETS) |
                      SLUICE_HAS(SLUICE_RAW_DOWNLINK_OCTETS) | SLUICE_HAS(SLUICE_RAW_COLLECTED_AT);
    return record;
}

/* Let the batch through and commit; rows of this commit replace those of the last. */
static inline void run_at(struct fixture *f, int64_t now_us)
{
    struct sluice_state_table tables[SLUICE_GATE_TABLES];

    forget_rows(f);
    for (int t = 0; t < 2; t++)
        for (int s = 0; s < STREAMS; s++)
            sluice_buffer_clear(&f->out[t][s]);
    assert_int_equal(sluice_gate_run(f->gate, &f->batch, now_us), SLUICE_OK);
    assert_int_equal(sluice_gate_emit(f->gate, &f->transport), SLUICE_OK);
    sluice_gate_tables(f->gate, tables);
    for (int i = 0; i < SLUICE_GATE_TABLES; i++)
        tables[i].committed(tables[i].self);
    sluice_gate_finish(f->gate, true);
    for (int t = 0; t < 2; t++)
        for (int s = 0; s < STREAMS; s++) {
            f->rows[t][s] = sluice__v1__purpose_batch__unpack(NULL, f->out[t][s].len, f->out[t][s].bytes);
            assert_non_null(f->rows[t][s]);
        }
    assert_true(sluice_gate_balanced(f->gate));
}

static inline void run(struct fixture *f)
{
    run_at(f, T0_US);
}

static inline void again(struct fixture *f)
{
    sluice_batch_reset(&f->batch);
}

static inline size_t row_count(const struct fixture *f, int stream)
{
    return f->rows[0][stream]->n_records;
}

static const Sluice__V1__PurposeRecord *row(const struct fixture *f, int stream, size_t i)
{
    assert_true(i < row_count(f, stream));
    return f->rows[0][stream]->records[i];
}

#define assert_bytes_equal(a, b)     do { assert_int_equal((a).len, (b).len); assert_memory_equal((a).data, (b).data, (a).len); } while (0)
#define assert_bytes_not_equal(a, b) assert_memory_not_equal((a).data, (b).data, (a).len)

static inline void put_subject(struct fixture *f, unsigned sim, void (*change)(struct sluice_subject *subject))
{
    struct sluice_subject subject = { .registered = true, .valid_to_s = SLUICE_ALWAYS_S };
    uint8_t key[SLUICE_HASH_KEY_SIZE];
    struct sluice_record record;

    set_iccid(&record, sim);
    sluice_vault_tenant_key(f->vault, key, "acme");
    sluice_tag(subject.tag, key, SLUICE_IDENTIFIER_ICCID, record.iccid.digits, record.iccid.digit_count);
    change(&subject);
    assert_int_equal(sluice_vault_put(f->vault, &subject, 4), SLUICE_OK);
    assert_int_equal(sluice_vault_commit(f->vault), SLUICE_OK);
    sluice_gate_forget_subjects(f->gate);
}

/* The bit that a purpose has in a subject's rights. */
static inline uint16_t bit_of(struct fixture *f, const char *purpose)
{
    uint8_t index;

    assert_int_equal(sluice_vault_purpose_index(f->vault, "acme", purpose, &index), SLUICE_OK);
    return (uint16_t)(1u << index);
}

static uint16_t marketing_bit;
static inline void consent(struct sluice_subject *subject) { subject->consented = marketing_bit; }
static inline void object(struct sluice_subject *subject) { subject->objected = 0xffff; }
static inline void restrict_all(struct sluice_subject *subject) { subject->restricted = 0xffff; }
static inline void be_twelve(struct sluice_subject *subject) { subject->age_below = 13; }
static inline void be_fifteen(struct sluice_subject *subject) { subject->age_below = 16; }
static inline void be_individual(struct sluice_subject *subject)
{
    subject->contract = SLUICE_CONTRACT_INDIVIDUAL;
    strcpy(subject->account, "acct-1");
    subject->valid_to_s = (uint32_t)(T0_US / SLUICE_SECOND_US) - 7200;
}
static inline void be_business_later(struct sluice_subject *subject)
{
    subject->contract = SLUICE_CONTRACT_BUSINESS;
    strcpy(subject->account, "acct-2");
    subject->generation_s = (uint32_t)(T0_US / SLUICE_SECOND_US) - 7200;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
