/* The gate over a real vault: what leaves for each purpose, and what does not. */
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

enum { BILLING, FRAUD, MARKETING, HOSTING, QUARANTINE, PARK, STREAMS };
static const char *const stream_names[STREAMS] = { "billing", "fraud", "marketing", "hosting", "quarantine", "park" };

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

static enum sluice_err stream_number(void *self, const char *tenant, const char *name, uint32_t *stream)
{
    for (uint32_t i = 0; i < STREAMS; i++)
        if (strcmp(name, stream_names[i]) == 0)
            *stream = i + (strcmp(tenant, "beta") == 0 ? STREAMS : 0);
    return SLUICE_OK;
}

static enum sluice_err take_rows(void *self, uint32_t stream, int64_t deadline_s, const struct sluice_row rows[],
                                 size_t count)
{
    struct fixture *f = self;

    for (size_t i = 0; i < count; i++)
        sluice_buffer_append(&f->out[stream / STREAMS][stream % STREAMS], rows[i].bytes, rows[i].len);
    return SLUICE_OK;
}

static const struct sluice_transport_ops ops = { .stream = stream_number, .write = take_rows };

static void load_policy(struct fixture *f, const char *tenant)
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
    assert_int_equal(sluice_gate_set_policies(f->gate, tenant, &policy, 1, T0_US), SLUICE_OK);
}

static int setup(void **state)
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

static void forget_rows(struct fixture *f)
{
    for (int t = 0; t < 2; t++)
        for (int s = 0; s < STREAMS; s++) {
            if (f->rows[t][s])
                sluice__v1__purpose_batch__free_unpacked(f->rows[t][s], NULL);
            f->rows[t][s] = NULL;
        }
}

static int teardown(void **state)
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

static void set_iccid(struct sluice_record *record, unsigned sim)
{
    char text[24];

    snprintf(text, sizeof text, "899901%012u", sim);
    text[18] = sluice_luhn_digit(text, 18);
    record->iccid = (struct sluice_iccid){ .digit_count = 19 };
    memcpy(record->iccid.digits, text, 19);
}

/* A data record of that SIM with a new id; everything of it may be changed before run(). */
static struct sluice_record *arrive(struct fixture *f, unsigned sim)
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
static void run_at(struct fixture *f, int64_t now_us)
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

static void run(struct fixture *f)
{
    run_at(f, T0_US);
}

static void again(struct fixture *f)
{
    sluice_batch_reset(&f->batch);
}

static size_t row_count(const struct fixture *f, int stream)
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

static void put_subject(struct fixture *f, unsigned sim, void (*change)(struct sluice_subject *subject))
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
static uint16_t bit_of(struct fixture *f, const char *purpose)
{
    uint8_t index;

    assert_int_equal(sluice_vault_purpose_index(f->vault, "acme", purpose, &index), SLUICE_OK);
    return (uint16_t)(1u << index);
}

static uint16_t marketing_bit;
static void consent(struct sluice_subject *subject) { subject->consented = marketing_bit; }
static void object(struct sluice_subject *subject) { subject->objected = 0xffff; }
static void restrict_all(struct sluice_subject *subject) { subject->restricted = 0xffff; }
static void be_twelve(struct sluice_subject *subject) { subject->age_below = 13; }
static void be_fifteen(struct sluice_subject *subject) { subject->age_below = 16; }
static void be_individual(struct sluice_subject *subject)
{
    subject->contract = SLUICE_CONTRACT_INDIVIDUAL;
    strcpy(subject->account, "acct-1");
    subject->valid_to_s = (uint32_t)(T0_US / SLUICE_SECOND_US) - 7200;
}
static void be_business_later(struct sluice_subject *subject)
{
    subject->contract = SLUICE_CONTRACT_BUSINESS;
    strcpy(subject->account, "acct-2");
    subject->generation_s = (uint32_t)(T0_US / SLUICE_SECOND_US) - 7200;
}

/* B-PUR-1, B-LAW-1 */
static void each_record_is_once_in_every_stream_that_it_may_enter(void **state)
{
    struct fixture *f = *state;

    for (unsigned sim = 1; sim <= 50; sim++)
        arrive(f, sim);
    run(f);
    assert_int_equal(row_count(f, BILLING), 50);
    assert_int_equal(row_count(f, FRAUD), 50);
    assert_int_equal(row_count(f, MARKETING), 0);
    assert_int_equal(row_count(f, HOSTING), 0);
    for (size_t i = 0; i < 50; i++) {
        assert_string_equal(row(f, BILLING, i)->purpose, "billing");
        assert_string_equal(row(f, BILLING, i)->tenant, "acme");
        assert_int_equal(row(f, BILLING, i)->policy_version.len, 8);
        assert_int_equal(row(f, BILLING, i)->basis, SLUICE_BASIS_LEGITIMATE_INTERESTS);
    }
}

/* B-MIN-1: equal to the list, not a subset of it. */
static void a_row_holds_what_its_purpose_lists_and_nothing_else(void **state)
{
    struct fixture *f = *state;
    struct sluice_record *record = arrive(f, 7);

    record->imei = (struct sluice_imei){ .digit_count = 15 };
    memcpy(record->imei.digits, "004401000000012", 15);
    record->ue_address = (struct sluice_address){ 4, { 192, 0, 2, 77 } };
    record->destination = SLUICE_STR("99912345678");
    record->session_id = SLUICE_STR("session-1");
    record->apn = SLUICE_STR("iot.example");
    record->tac = 4711;
    record->present |= SLUICE_HAS(SLUICE_RAW_TAC);
    run(f);

    const Sluice__V1__PurposeRecord *fraud = row(f, FRAUD, 0), *billing = row(f, BILLING, 0);
    assert_true(fraud->has_subject_pseudonym && fraud->has_device_pseudonym);
    assert_string_equal(fraud->destination_prefix, "999");
    assert_string_equal(fraud->imei_tac, "00440100");
    assert_memory_equal(fraud->ue_address_prefix.data, "\xc0\x00\x02\x00", 4);
    assert_int_equal(fraud->start_coarse % 3600, 0);
    assert_int_equal(fraud->downlink_octets_log2, 13);
    assert_false(fraud->has_start || fraud->has_uplink_octets || fraud->has_downlink_octets || fraud->has_tac ||
                 fraud->has_token || fraud->has_session_id_tag || fraud->has_service);
    assert_null(fraud->apn);

    assert_int_equal(billing->start, record->start_us);
    assert_int_equal(billing->uplink_octets, 1000);
    assert_true(billing->has_token && billing->has_session_id_tag);
    assert_false(billing->has_account_tag);   /* nobody's account is known */
    assert_false(billing->has_downlink_octets || billing->has_device_pseudonym || billing->has_start_coarse);
    assert_int_equal(billing->base.n_unknown_fields, 0);
}

/* B-MIN-2 */
static void pseudonyms_join_within_a_purpose_and_epoch_only(void **state)
{
    struct fixture *f = *state;
    ProtobufCBinaryData first;

    arrive(f, 1);
    arrive(f, 1)->start_us -= 60 * SLUICE_SECOND_US;
    arrive(f, 1)->start_us -= 60 * DAY_US;      /* two months before */
    arrive(f, 1)->tenant = SLUICE_STR("beta");
    run(f);
    assert_int_equal(row_count(f, BILLING), 3);
    assert_int_equal(f->rows[1][BILLING]->n_records, 1);

    int equal = 0;
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < i; j++)
            equal += memcmp(row(f, BILLING, i)->subject_pseudonym.data, row(f, BILLING, j)->subject_pseudonym.data, 16) == 0;
    assert_int_equal(equal, 1);                 /* the two of this month */
    first = row(f, BILLING, 0)->subject_pseudonym;
    assert_bytes_not_equal(first, row(f, FRAUD, 0)->subject_pseudonym);
    assert_bytes_not_equal(f->rows[1][BILLING]->records[0]->subject_pseudonym, row(f, BILLING, 0)->subject_pseudonym);
    assert_bytes_not_equal(f->rows[1][BILLING]->records[0]->subject_pseudonym, row(f, BILLING, 2)->subject_pseudonym);
}

static void a_pseudonym_outlives_the_memory_of_the_process(void **state)
{
    struct fixture *f = *state;
    uint8_t before[16], ref[16];

    arrive(f, 1)->record_id = SLUICE_STR("same");
    run(f);
    memcpy(before, row(f, BILLING, 0)->subject_pseudonym.data, 16);
    memcpy(ref, row(f, BILLING, 0)->ref.data, 16);
    sluice_gate_forget_subjects(f->gate);
    again(f);
    arrive(f, 1);
    arrive(f, 2);
    run(f);
    assert_int_equal(row_count(f, BILLING), 2);
    const int same = memcmp(row(f, BILLING, 0)->subject_pseudonym.data, before, 16) == 0;
    const int same_too = memcmp(row(f, BILLING, 1)->subject_pseudonym.data, before, 16) == 0;
    assert_int_equal(same + same_too, 1);
    assert_memory_not_equal(row(f, BILLING, 0)->ref.data, ref, 16);
}

/* B-CON-1 */
static void marketing_sees_who_consented_and_nobody_else(void **state)
{
    struct fixture *f = *state;

    marketing_bit = bit_of(f, "marketing");
    put_subject(f, 1, consent);
    arrive(f, 1);
    arrive(f, 2);
    run(f);
    assert_int_equal(row_count(f, MARKETING), 1);
    assert_int_equal(row(f, MARKETING, 0)->basis, SLUICE_BASIS_CONSENT);
    assert_int_equal(row_count(f, BILLING), 2);
}

/* B-OBJ-2: billing goes on, on its recorded ground. */
static void an_objection_stops_what_rests_on_interest(void **state)
{
    struct fixture *f = *state;

    put_subject(f, 1, object);
    arrive(f, 1);
    arrive(f, 2);
    run(f);
    assert_int_equal(row_count(f, FRAUD), 1);
    assert_int_equal(row_count(f, BILLING), 2);
}

/* B-RST-1 */
static void a_restricted_subject_is_parked_and_its_neighbour_flows(void **state)
{
    struct fixture *f = *state;

    put_subject(f, 1, restrict_all);
    arrive(f, 1);
    arrive(f, 2);
    run(f);
    assert_int_equal(row_count(f, BILLING), 1);
    assert_int_equal(row_count(f, FRAUD), 1);
    assert_int_equal(f->rows[0][PARK]->n_sealed, 1);
    assert_int_equal(f->rows[0][PARK]->sealed[0]->record_count, 1);
}

/* What is closed anyway is not held for the day of the lift: consent that comes
 * later must not reach back. */
static void what_a_restricted_subject_never_allowed_is_not_parked(void **state)
{
    struct fixture *f = *state;
    struct sluice_buffer json;

    put_subject(f, 1, restrict_all);
    arrive(f, 1);
    run(f);
    sluice_buffer_init(&json, 1 << 20);
    sluice_gate_json(f->gate, &json);
    sluice_buffer_append_u8(&json, 0);
    assert_non_null(strstr((char *)json.bytes, "\"marketing\":{\"emitted\":0,\"parked\":0,\"dropped\":{\"no_consent\":1}}"));
    assert_non_null(strstr((char *)json.bytes, "\"fraud\":{\"emitted\":0,\"parked\":1,"));
    sluice_buffer_deinit(&json);
}

/* B-ING-6 */
static void a_child_leaves_a_count_and_nothing_else(void **state)
{
    struct fixture *f = *state;

    put_subject(f, 1, be_twelve);
    put_subject(f, 2, be_fifteen);
    arrive(f, 1);
    arrive(f, 2);
    run(f);
    assert_int_equal(f->batch.entries[0].reason, SLUICE_REASON_UNDER_AGE);
    assert_int_equal(row_count(f, BILLING), 1);
    assert_int_equal(f->out[0][QUARANTINE].len + f->out[0][PARK].len, 0);
}

/* B-LAW-2: the stamp follows the holder at the record's own time. */
static void the_basis_follows_the_holder_at_the_time_of_the_record(void **state)
{
    struct fixture *f = *state;

    put_subject(f, 1, be_individual);
    put_subject(f, 1, be_business_later);
    arrive(f, 1)->start_us = T0_US - 7300 * SLUICE_SECOND_US;
    arrive(f, 1)->start_us = T0_US - 7100 * SLUICE_SECOND_US;
    run(f);
    assert_int_equal(row_count(f, BILLING), 2);

    const size_t earlier = row(f, BILLING, 0)->start < row(f, BILLING, 1)->start ? 0 : 1;
    assert_int_equal(row(f, BILLING, earlier)->basis, SLUICE_BASIS_CONTRACT);
    assert_int_equal(row(f, BILLING, 1 - earlier)->basis, SLUICE_BASIS_LEGITIMATE_INTERESTS);
    /* Another holder: nothing joins the two. */
    assert_bytes_not_equal(row(f, BILLING, 0)->subject_pseudonym, row(f, BILLING, 1)->subject_pseudonym);
    assert_bytes_not_equal(row(f, BILLING, 0)->account_tag, row(f, BILLING, 1)->account_tag);
}

static void be_a_person(struct sluice_subject *subject) { subject->contract = SLUICE_CONTRACT_INDIVIDUAL; }

/* B-LAW-3: interests need an assessment first, a contract does not. */
static void nothing_rests_on_interests_before_they_are_assessed(void **state)
{
    struct fixture *f = *state;

    put_subject(f, 1, be_a_person);
    for (unsigned sim = 1; sim <= 2; sim++) {
        struct sluice_record *record = arrive(f, sim);

        record->collected_at_us = T0_US - 270 * DAY_US;      /* 2025 */
        record->start_us = record->collected_at_us - SLUICE_SECOND_US;
        record->end_us = record->start_us;
    }
    run_at(f, T0_US - 270 * DAY_US);
    assert_int_equal(row_count(f, FRAUD), 0);
    assert_int_equal(row_count(f, BILLING), 1);
    assert_int_equal(row(f, BILLING, 0)->basis, SLUICE_BASIS_CONTRACT);
}

/* B-ROL-2 */
static void a_record_behind_the_last_holder_takes_nothing_from_him(void **state)
{
    struct fixture *f = *state;
    uint8_t held[16], unheld[16];

    put_subject(f, 1, be_individual);   /* until two hours ago */
    for (int round = 0; round < 2; round++) {
        again(f);
        arrive(f, 1)->start_us = T0_US - 3 * 3600 * SLUICE_SECOND_US;
        run(f);
        if (round == 0)
            memcpy(held, row(f, FRAUD, 0)->subject_pseudonym.data, sizeof held);
        assert_memory_equal(row(f, FRAUD, 0)->subject_pseudonym.data, held, sizeof held);
        again(f);
        arrive(f, 1);
        run(f);
        if (round == 0)
            memcpy(unheld, row(f, FRAUD, 0)->subject_pseudonym.data, sizeof unheld);
        assert_memory_equal(row(f, FRAUD, 0)->subject_pseudonym.data, unheld, sizeof unheld);
        sluice_gate_forget_subjects(f->gate);
    }
    assert_memory_not_equal(held, unheld, sizeof held);
}

static void what_is_processed_for_a_customer_stays_in_the_customers_purposes(void **state)
{
    struct fixture *f = *state;

    arrive(f, 1)->role = SLUICE_ROLE_PROCESSOR;
    arrive(f, 2);
    run(f);
    assert_int_equal(row_count(f, HOSTING), 1);
    assert_int_equal(row_count(f, BILLING), 1);
    assert_int_equal(row_count(f, FRAUD), 1);
}

/* B-RET-5 */
static void late_data_is_not_emitted_where_it_would_be_overdue(void **state)
{
    struct fixture *f = *state;

    arrive(f, 1)->start_us = T0_US - 31 * DAY_US;
    arrive(f, 2)->start_us = T0_US - 29 * DAY_US;
    run(f);
    assert_int_equal(row_count(f, BILLING), 2);
    assert_int_equal(row_count(f, FRAUD), 1);
    assert_true(row(f, FRAUD, 0)->expires_at > T0_US / SLUICE_SECOND_US);
    assert_int_equal(row(f, FRAUD, 0)->expires_at % SLUICE_DAY_S, 0);
}

static void start_at(struct sluice_record *record, int64_t start_us)
{
    record->start_us = start_us;
    record->end_us = start_us + SLUICE_SECOND_US;
}

/* Formats check this; whoever writes raw records may not. */
static void raw_records_that_make_no_sense_are_quarantined(void **state)
{
    struct fixture *f = *state;

    arrive(f, 1)->end_us = T0_US - 2 * 3600 * SLUICE_SECOND_US;
    arrive(f, 2)->service = SLUICE_SERVICE_UNKNOWN;
    arrive(f, 3)->present &= ~SLUICE_HAS(SLUICE_RAW_START);
    arrive(f, 4);
    run(f);
    assert_int_equal(f->batch.entries[0].reason, SLUICE_REASON_TIME_ORDER);
    assert_int_equal(f->batch.entries[1].reason, SLUICE_REASON_UNKNOWN_SERVICE);
    assert_int_equal(f->batch.entries[2].reason, SLUICE_REASON_MISSING_REQUIRED);
    assert_int_equal(row_count(f, BILLING), 1);
}

static void a_record_from_the_future_moves_no_window(void **state)
{
    struct fixture *f = *state;

    start_at(arrive(f, 1), T0_US + 200 * DAY_US);
    start_at(arrive(f, 2), T0_US + 299 * SLUICE_SECOND_US);
    arrive(f, 3)->start_us = T0_US - 80 * DAY_US;
    run(f);
    assert_int_equal(f->batch.entries[0].reason, SLUICE_REASON_FUTURE);
    assert_int_equal(f->rows[0][QUARANTINE]->sealed[0]->record_count, 1);
    assert_int_equal(row_count(f, BILLING), 2);
}

static void duplicates_and_what_is_beyond_the_window_are_counted(void **state)
{
    struct fixture *f = *state;

    arrive(f, 1)->record_id = SLUICE_STR("x");
    arrive(f, 1)->record_id = SLUICE_STR("x");
    arrive(f, 1)->start_us = T0_US - 92 * DAY_US;
    run(f);
    again(f);
    arrive(f, 1)->record_id = SLUICE_STR("x");
    run(f);
    assert_int_equal(f->batch.entries[0].disposition, SLUICE_DUPLICATE);
    assert_int_equal(row_count(f, BILLING), 0);

    struct sluice_buffer json;
    sluice_buffer_init(&json, 1 << 20);
    sluice_gate_json(f->gate, &json);
    sluice_buffer_append_u8(&json, 0);
    assert_non_null(strstr((char *)json.bytes, "\"in\":4,\"routed\":1,\"duplicate\":2,"));
    assert_non_null(strstr((char *)json.bytes, "\"dropped\":{\"beyond_window\":1}"));
    sluice_buffer_deinit(&json);
}

static void nobodys_and_unnamed_records_are_quarantined(void **state)
{
    struct fixture *f = *state;
    struct sluice_record *record = arrive(f, 1);

    record->tenant = SLUICE_STR("gamma");
    arrive(f, 2)->iccid = (struct sluice_iccid){ 0 };
    arrive(f, 3);
    run(f);
    assert_int_equal(f->batch.entries[0].reason, SLUICE_REASON_NO_CONTROLLER);
    assert_int_equal(f->batch.entries[1].reason, SLUICE_REASON_NO_SUBJECT);
    assert_int_equal(row_count(f, BILLING), 1);
}

static void what_holds_a_secret_is_never_sealed(void **state)
{
    struct fixture *f = *state;

    arrive(f, 1);
    f->batch.entries[0].holds_secret = true;
    sluice_entry_refuse(&f->batch.entries[0], SLUICE_REASON_BAD_TIME);
    arrive(f, 2);
    sluice_entry_refuse(&f->batch.entries[1], SLUICE_REASON_BAD_TIME);
    run(f);
    assert_int_equal(f->batch.entries[0].reason, SLUICE_REASON_SECRET);
    assert_int_equal(f->rows[0][QUARANTINE]->n_sealed, 1);
    assert_int_equal(f->rows[0][QUARANTINE]->sealed[0]->record_count, 1);
}

static void a_stream_is_in_the_order_of_its_own_pseudonyms(void **state)
{
    struct fixture *f = *state;

    for (unsigned i = 0; i < 500; i++)
        arrive(f, i % 100);
    run(f);
    for (int stream = BILLING; stream <= FRAUD; stream++)
        for (size_t i = 1; i < 500; i++)
            assert_true(memcmp(row(f, stream, i - 1)->subject_pseudonym.data,
                               row(f, stream, i)->subject_pseudonym.data, 16) <= 0);
}

static void an_abort_leaves_nothing_and_the_next_try_everything(void **state)
{
    struct fixture *f = *state;
    struct sluice_state_table tables[SLUICE_GATE_TABLES];

    for (unsigned sim = 0; sim < 20; sim++)
        arrive(f, sim)->imei.digit_count = 0;
    assert_int_equal(sluice_gate_run(f->gate, &f->batch, T0_US), SLUICE_OK);
    sluice_gate_tables(f->gate, tables);
    for (int i = 0; i < SLUICE_GATE_TABLES; i++)
        tables[i].undo(tables[i].self);
    sluice_gate_finish(f->gate, false);
    assert_int_equal(sluice_gate_in(f->gate), 0);

    again(f);
    f->next_id = 0;
    for (unsigned sim = 0; sim < 20; sim++)
        arrive(f, sim);
    run(f);
    assert_int_equal(row_count(f, BILLING), 20);
    assert_int_equal(sluice_gate_in(f->gate), 20);
}

static void a_token_opens_to_the_sim_that_it_was_made_of(void **state)
{
    struct fixture *f = *state;
    struct sluice_epoch_secrets secrets;
    enum sluice_token_kind kind;
    char digits[SLUICE_TOKEN_DIGITS_MAX];
    size_t count;
    uint8_t index;
    struct sluice_purpose month = { .epoch_kind = SLUICE_EPOCH_MONTH };
    struct sluice_record *record = arrive(f, 42);

    arrive(f, 43);
    run(f);
    assert_int_equal(sluice_vault_purpose_index(f->vault, "acme", "billing", &index), SLUICE_OK);
    assert_int_equal(sluice_vault_epoch(f->vault, &secrets, "acme", index,
                                        sluice_purpose_epoch(&month, record->start_us), false), SLUICE_OK);
    int found = 0;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(sluice_token_open(&kind, digits, &count, row(f, BILLING, i)->token.data, secrets.token_key,
                                           row(f, BILLING, i)->subject_pseudonym.data), SLUICE_OK);
        assert_int_equal(kind, SLUICE_TOKEN_ICCID);
        assert_int_equal(count, 19);
        found += memcmp(digits, record->iccid.digits, 19) == 0;
    }
    assert_int_equal(found, 1);
}

/* Refused as a whole: half of them would leave the rules out of step with the purposes. */
static void policies_that_are_refused_leave_everything_as_it_was(void **state)
{
    struct fixture *f = *state;
    struct sluice_findings findings;
    struct sluice_policy *policy;
    char path[128];

    snprintf(path, sizeof path, "%s/more.yaml", f->folder);
    FILE *file = fopen(path, "w");
    const char *rest = strstr(policy_text, "sample:"), *purposes = strstr(policy_text, "  billing:");
    fprintf(file, "policy: 1\ntenant: acme\n%.*s", (int)(purposes - rest), rest);
    for (char name = 'a'; name < 'n'; name++)
        fprintf(file, "  new-%c:\n    purpose: dpv:ServiceProvision\n    basis: contract\n    epoch: month\n"
                "    fields: { subject: pseudonym, service: keep }\n"
                "    retention: { period: 60d, anchor: event, criterion: contract, justification: a test }\n", name);
    fclose(file);
    sluice_findings_init(&findings);
    assert_int_equal(sluice_policy_load(&policy, &findings, path, T0_US), SLUICE_OK);
    sluice_findings_deinit(&findings);
    assert_int_equal(sluice_gate_set_policies(f->gate, "acme", &policy, 1, T0_US), SLUICE_ERR_LIMIT);

    arrive(f, 1);
    arrive(f, 2)->role = SLUICE_ROLE_PROCESSOR;
    run(f);
    assert_int_equal(row_count(f, BILLING), 1);
    assert_int_equal(row_count(f, FRAUD), 1);
    assert_int_equal(row_count(f, HOSTING), 1);
}

/* Producers of raw records stamp them themselves. */
static void no_record_was_collected_in_the_future(void **state)
{
    struct fixture *f = *state;
    struct sluice_record *record = arrive(f, 1);

    start_at(record, T0_US + 900 * DAY_US);
    record->collected_at_us = record->start_us;
    arrive(f, 2);
    run(f);
    assert_int_equal(f->batch.entries[0].reason, SLUICE_REASON_FUTURE);
    assert_int_equal(f->batch.entries[1].disposition, SLUICE_ROUTED);
    assert_int_equal(row_count(f, BILLING), 1);
}

/* What a producer calls itself may be anything: it names no account, and fills no list. */
static void what_comes_back_from_an_unknown_source_is_on_one_account(void **state)
{
    struct fixture *f = *state;
    struct sluice_buffer json;

    for (unsigned i = 0; i < 2 * SLUICE_INPUTS_MAX; i++) {
        char *source = sluice_arena_alloc(&f->batch.arena, 32);
        struct sluice_record *record = arrive(f, i);

        snprintf(source, 32, "node-00101%010u", i);
        record->source_id = sluice_str_from(source);
        f->batch.entries[i].kind = SLUICE_ENTRY_SUSPENDED;
        f->batch.entries[i].sealed_for = SLUICE_REASON_UNKNOWN_LINK;
        f->batch.entries[i].input = 99;
    }
    run(f);
    assert_int_equal(row_count(f, BILLING), 2 * SLUICE_INPUTS_MAX);
    sluice_buffer_init(&json, 1 << 20);
    sluice_gate_json(f->gate, &json);
    sluice_gate_report_files(f->gate, &json);
    sluice_buffer_append_u8(&json, 0);
    assert_null(strstr((char *)json.bytes, "00101"));
    assert_non_null(strstr((char *)json.bytes, "unassigned"));
    sluice_buffer_deinit(&json);
}

static void restrict_and_erase(struct sluice_subject *subject) { subject->restricted = subject->erased = 0xffff; }

/* Nothing of an erased subject waits anywhere, restricted or not. */
static void what_was_erased_is_not_parked(void **state)
{
    struct fixture *f = *state;

    put_subject(f, 1, restrict_and_erase);
    put_subject(f, 2, restrict_all);
    arrive(f, 1);
    arrive(f, 2);
    run(f);
    assert_int_equal(row_count(f, BILLING), 0);
    assert_int_equal(f->rows[0][PARK]->n_sealed, 1);
    assert_int_equal(f->rows[0][PARK]->sealed[0]->record_count, 1);
}

/* The fixture's policy, to be changed and given to the gate. */
static struct sluice_policy *load_again(struct fixture *f)
{
    struct sluice_findings findings;
    struct sluice_policy *policy;
    char path[128];

    snprintf(path, sizeof path, "%s/acme.yaml", f->folder);
    sluice_findings_init(&findings);
    assert_int_equal(sluice_policy_load(&policy, &findings, path, T0_US), SLUICE_OK);
    sluice_findings_deinit(&findings);
    return policy;
}

/* What a version did not hold is not held because a later one would. */
static void a_child_stays_a_child_under_a_later_version(void **state)
{
    struct fixture *f = *state;
    struct sluice_policy *versions[] = { load_again(f), load_again(f) };

    versions[1]->effective_at_us = T0_US - DAY_US;
    versions[1]->min_age = 0;
    assert_int_equal(sluice_gate_set_policies(f->gate, "acme", versions, 2, T0_US), SLUICE_OK);
    put_subject(f, 1, be_twelve);
    arrive(f, 1)->collected_at_us = T0_US - 2 * DAY_US;
    f->batch.entries[0].record.start_us -= 2 * DAY_US;
    arrive(f, 1);
    run(f);
    assert_int_equal(f->batch.entries[0].reason, SLUICE_REASON_UNDER_AGE);
    assert_int_equal(f->batch.entries[1].disposition, SLUICE_ROUTED);
}

/* Consent in Germany, interest elsewhere: too many regions must not make Germany elsewhere. */
static void a_region_too_many_opens_nothing(void **state)
{
    struct fixture *f = *state;
    struct sluice_policy *policy = load_again(f);
    struct sluice_purpose *fraud = (struct sluice_purpose *)(uintptr_t)sluice_policy_purpose(policy, "fraud");

    fraud->basis_rules[1] = fraud->basis_rules[0];
    fraud->basis_rule_count = 2;
    fraud->basis_rules[0].basis = SLUICE_BASIS_CONSENT;
    fraud->basis_rules[0].region_count = 1;
    strcpy(fraud->basis_rules[0].regions[0], "DE");
    assert_int_equal(sluice_gate_set_policies(f->gate, "acme", &policy, 1, T0_US), SLUICE_OK);
    for (unsigned i = 0; i < 300; i++) {
        char *region = sluice_arena_alloc(&f->batch.arena, 8);

        snprintf(region, 8, "X%c-%03u", 'A' + i % 26, i);
        arrive(f, i)->region = sluice_str_from(region);
    }
    arrive(f, 400)->region = SLUICE_STR("DE");
    run(f);
    assert_int_equal(row_count(f, BILLING), 301);
    assert_int_equal(row_count(f, FRAUD), 254);
}

/* A parked record has passed the gate before; what cannot be judged now is taken back to the park. */
static void what_was_parked_is_judged_or_stays_parked(void **state)
{
    struct fixture *f = *state;
    struct sluice_record *record = arrive(f, 1);
    uint8_t key[SLUICE_HASH_KEY_SIZE];
    const uint64_t known = f->keyring->registry_generation;

    sluice_vault_tenant_key(f->vault, key, "acme");
    f->batch.entries[0].kind = SLUICE_ENTRY_PARKED;
    f->batch.entries[0].purposes = bit_of(f, "billing");
    sluice_tag(f->batch.entries[0].subject, key, SLUICE_IDENTIFIER_ICCID, record->iccid.digits,
               record->iccid.digit_count);
    f->config.future_tolerance_s = -7200;     /* stricter than when it came */
    f->keyring->registry_generation = known + 1;
    assert_int_equal(sluice_gate_run(f->gate, &f->batch, T0_US), SLUICE_ERR_IO);

    f->keyring->registry_generation = known;
    f->batch.entries[0].disposition = SLUICE_UNDECIDED;
    run(f);
    assert_int_equal(row_count(f, BILLING), 1);
    assert_int_equal(f->out[0][QUARANTINE].len, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
TEST_MAIN(TEST(each_record_is_once_in_every_stream_that_it_may_enter),
          TEST(a_row_holds_what_its_purpose_lists_and_nothing_else),
          TEST(pseudonyms_join_within_a_purpose_and_epoch_only),
          TEST(a_pseudonym_outlives_the_memory_of_the_process),
          TEST(marketing_sees_who_consented_and_nobody_else),
          TEST(an_objection_stops_what_rests_on_interest),
          TEST(a_restricted_subject_is_parked_and_its_neighbour_flows),
          TEST(what_a_restricted_subject_never_allowed_is_not_parked),
          TEST(a_child_leaves_a_count_and_nothing_else),
          TEST(the_basis_follows_the_holder_at_the_time_of_the_record),
          TEST(a_record_behind_the_last_holder_takes_nothing_from_him),
          TEST(nothing_rests_on_interests_before_they_are_assessed),
          TEST(what_is_processed_for_a_customer_stays_in_the_customers_purposes),
          TEST(late_data_is_not_emitted_where_it_would_be_overdue),
          TEST(raw_records_that_make_no_sense_are_quarantined),
          TEST(a_record_from_the_future_moves_no_window),
          TEST(duplicates_and_what_is_beyond_the_window_are_counted),
          TEST(nobodys_and_unnamed_records_are_quarantined),
          TEST(what_holds_a_secret_is_never_sealed),
          TEST(a_stream_is_in_the_order_of_its_own_pseudonyms),
          TEST(an_abort_leaves_nothing_and_the_next_try_everything),
          TEST(a_token_opens_to_the_sim_that_it_was_made_of),
          TEST(policies_that_are_refused_leave_everything_as_it_was),
          TEST(no_record_was_collected_in_the_future),
          TEST(what_comes_back_from_an_unknown_source_is_on_one_account),
          TEST(what_was_erased_is_not_parked),
          TEST(a_child_stays_a_child_under_a_later_version),
          TEST(a_region_too_many_opens_nothing),
          TEST(what_was_parked_is_judged_or_stays_parked))
