/* The gate over a real vault: consents, objections, restrictions, age, holders
 * and roles. */
#include "gate_fixture.h"

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

/* B-ROL-2 */
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

static void have_imsi(struct sluice_record *record, unsigned sim, bool alone)
{
    record->imsi = (struct sluice_imsi){ .digit_count = 15 };
    memcpy(record->imsi.digits, "001010000000000", 15);
    record->imsi.digits[14] = (char)('0' + sim);
    if (alone)
        record->iccid.digit_count = 0;
}

static void have_device(struct sluice_record *record)
{
    record->imei = (struct sluice_imei){ .digit_count = 15 };
    memcpy(record->imei.digits, "004999010640000", 15);
}

static void put_linked(struct fixture *f, unsigned sim)
{
    struct sluice_subject subject = { .registered = true, .valid_to_s = SLUICE_ALWAYS_S, .link_count = 1 };
    uint8_t key[SLUICE_HASH_KEY_SIZE];
    struct sluice_record record = { .present = 0 };

    set_iccid(&record, sim);
    have_imsi(&record, sim, false);
    sluice_vault_tenant_key(f->vault, key, "acme");
    sluice_tag(subject.tag, key, SLUICE_IDENTIFIER_ICCID, record.iccid.digits, record.iccid.digit_count);
    sluice_tag(subject.links[0], key, SLUICE_IDENTIFIER_IMSI, record.imsi.digits, record.imsi.digit_count);
    assert_int_equal(sluice_vault_put(f->vault, &subject, 4), SLUICE_OK);
    assert_int_equal(sluice_vault_link_put(f->vault, subject.links[0], subject.tag, 0, SLUICE_ALWAYS_S), SLUICE_OK);
    assert_int_equal(sluice_vault_commit(f->vault), SLUICE_OK);
}

static void erase_sim(struct fixture *f, unsigned sim)
{
    struct sluice_vault_erasure erasure = { .what = SLUICE_ERASE_SUBJECT, .purposes = UINT16_MAX };
    uint8_t key[SLUICE_HASH_KEY_SIZE];
    struct sluice_record record;

    set_iccid(&record, sim);
    sluice_vault_tenant_key(f->vault, key, "acme");
    sluice_tag(erasure.tag, key, SLUICE_IDENTIFIER_ICCID, record.iccid.digits, record.iccid.digit_count);
    assert_int_equal(sluice_vault_erase(f->vault, &erasure, 1), SLUICE_OK);
    sluice_gate_forget_subjects(f->gate);
}

/* Late, or again, by ICCID or by IMSI alone: nobody new is met. */
static void who_is_erased_stays_so_when_records_come_late(void **state)
{
    struct fixture *f = *state;
    struct sluice_vault_stats before, after;

    for (unsigned sim = 1; sim <= 2; sim++) {
        put_linked(f, sim);
        arrive(f, sim);
        have_imsi(arrive(f, sim), sim, true);
    }
    run(f);
    assert_int_equal(row_count(f, BILLING), 4);
    erase_sim(f, 1);
    assert_int_equal(sluice_vault_stats(f->vault, &before), SLUICE_OK);
    again(f);
    for (unsigned sim = 1; sim <= 2; sim++) {
        have_imsi(arrive(f, sim), sim, true);
        have_imsi(arrive(f, sim), sim, false);
    }
    have_device(arrive(f, 1));
    run(f);
    assert_int_equal(row_count(f, BILLING), 2);
    assert_int_equal(row_count(f, FRAUD), 2);
    assert_int_equal(sluice_vault_stats(f->vault, &after), SLUICE_OK);
    assert_int_equal(after.subjects, before.subjects);
}

/* Looked up once and kept, for as long as it is that SIM's. */
static void an_imsi_is_followed_to_the_sim_that_had_it_then(void **state)
{
    struct fixture *f = *state;
    const uint32_t handed_on_s = (uint32_t)(T0_US / SLUICE_SECOND_US) - 7200;
    uint8_t key[SLUICE_HASH_KEY_SIZE], imsi[SLUICE_TAG_SIZE], sims[2][SLUICE_TAG_SIZE];
    struct sluice_record *record = &(struct sluice_record){ .present = 0 };

    sluice_vault_tenant_key(f->vault, key, "acme");
    have_imsi(record, 7, false);
    sluice_tag(imsi, key, SLUICE_IDENTIFIER_IMSI, record->imsi.digits, record->imsi.digit_count);
    for (unsigned sim = 0; sim < 2; sim++) {
        set_iccid(record, sim + 1);
        sluice_tag(sims[sim], key, SLUICE_IDENTIFIER_ICCID, record->iccid.digits, record->iccid.digit_count);
    }
    assert_int_equal(sluice_vault_link_put(f->vault, imsi, sims[0], 0, handed_on_s), SLUICE_OK);
    assert_int_equal(sluice_vault_link_put(f->vault, imsi, sims[1], handed_on_s, SLUICE_ALWAYS_S), SLUICE_OK);
    assert_int_equal(sluice_vault_commit(f->vault), SLUICE_OK);
    for (int round = 0; round < 2; round++) {
        /* By the IMSI and by the ICCID of whose it was, before and after. */
        for (unsigned i = 0; i < 8; i++) {
            record = arrive(f, 1 + i / 4);
            record->start_us -= i / 4 ? 0 : 7200 * SLUICE_SECOND_US;
            record->end_us = record->start_us;
            if (i % 2)
                have_imsi(record, 7, true);
        }
        run(f);
        assert_int_equal(row_count(f, FRAUD), 8);
        unsigned same = 0;
        for (size_t i = 1; i < 8; i++)
            same += memcmp(row(f, FRAUD, i)->subject_pseudonym.data, row(f, FRAUD, 0)->subject_pseudonym.data, 16) == 0;
        assert_int_equal(same, 3);
        again(f);
    }
    /* After a load it is somebody else's, or nobody's. */
    assert_int_equal(sluice_vault_link_remove(f->vault, imsi, handed_on_s), SLUICE_OK);
    assert_int_equal(sluice_vault_commit(f->vault), SLUICE_OK);
    sluice_gate_forget_subjects(f->gate);
    arrive(f, 2);
    have_imsi(arrive(f, 2), 7, true);
    run(f);
    assert_bytes_not_equal(row(f, FRAUD, 0)->subject_pseudonym, row(f, FRAUD, 1)->subject_pseudonym);
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
    set_policies(f, "acme", versions, 2);
    put_subject(f, 1, be_twelve);
    arrive(f, 1)->collected_at_us = T0_US - 2 * DAY_US;
    f->batch.entries[0].record.start_us -= 2 * DAY_US;
    arrive(f, 1);
    run(f);
    assert_int_equal(f->batch.entries[0].reason, SLUICE_REASON_UNDER_AGE);
    assert_int_equal(f->batch.entries[1].disposition, SLUICE_ROUTED);
}

/* What one of the two versions holds back for a person stays held back. */
static void an_unknown_field_is_quarantined_under_either_version(void **state)
{
    static const struct { bool now, then; bool quarantined; } cases[] = {
        { false, false, false }, { true, false, true }, { false, true, true }, { true, true, true },
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sluice_policy *versions[] = { load_again(f), load_again(f) };

        versions[0]->quarantine_unknown_fields = cases[i].then;
        versions[1]->quarantine_unknown_fields = cases[i].now;
        versions[1]->effective_at_us = T0_US - DAY_US;
        set_policies(f, "acme", versions, 2);
        sluice_batch_reset(&f->batch);
        arrive(f, 1)->collected_at_us = T0_US - 2 * DAY_US;
        f->batch.entries[0].record.start_us -= 2 * DAY_US;
        f->batch.entries[0].has_unknown_field = true;
        arrive(f, 1);
        run(f);
        assert_int_equal(f->batch.entries[0].reason,
                         cases[i].quarantined ? SLUICE_REASON_UNKNOWN_FIELD : SLUICE_REASON_NONE);
        assert_int_equal(f->batch.entries[1].disposition, SLUICE_ROUTED);
    }
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
    set_policies(f, "acme", &policy, 1);
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

static void be_unknown(struct sluice_subject *subject) { subject->unknown = true; }
static void be_known(struct sluice_subject *subject) { subject->unknown = false; }

/* The registry has a row of the subject and could not read it. */
static void records_of_an_unknown_subject_wait(void **state)
{
    struct fixture *f = *state;
    uint8_t key[SLUICE_HASH_KEY_SIZE];

    put_subject(f, 1, be_unknown);
    arrive(f, 1);
    arrive(f, 2);
    struct sluice_record *record = arrive(f, 1);
    sluice_vault_tenant_key(f->vault, key, "acme");
    f->batch.entries[2].kind = SLUICE_ENTRY_PARKED;
    f->batch.entries[2].purposes = bit_of(f, "billing");
    sluice_tag(f->batch.entries[2].subject, key, SLUICE_IDENTIFIER_ICCID, record->iccid.digits,
               record->iccid.digit_count);
    run(f);
    assert_int_equal(f->batch.entries[0].disposition, SLUICE_SUSPENDED);
    assert_int_equal(f->batch.entries[0].reason, SLUICE_REASON_STATE_UNKNOWN);
    assert_int_equal(row_count(f, BILLING), 1);
    assert_int_equal(row_count(f, FRAUD), 1);
    /* What was parked is parked. */
    assert_int_equal(f->rows[0][PARK]->n_sealed, 1);
    assert_int_equal(f->rows[0][PARK]->sealed[0]->record_count, 1);

    assert_int_equal(f->rows[0][SUSPENDED]->n_sealed, 1);

    put_subject(f, 1, be_known);
    again(f);
    arrive(f, 1);
    f->batch.entries[0].kind = SLUICE_ENTRY_SUSPENDED;
    f->batch.entries[0].sealed_for = SLUICE_REASON_STATE_UNKNOWN;
    run(f);
    assert_int_equal(row_count(f, BILLING), 1);
    assert_int_equal(f->out[0][SUSPENDED].len, 0);
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

TEST_MAIN(TEST(marketing_sees_who_consented_and_nobody_else),
          TEST(an_objection_stops_what_rests_on_interest),
          TEST(a_restricted_subject_is_parked_and_its_neighbour_flows),
          TEST(what_a_restricted_subject_never_allowed_is_not_parked),
          TEST(a_child_leaves_a_count_and_nothing_else),
          TEST(the_basis_follows_the_holder_at_the_time_of_the_record),
          TEST(a_record_behind_the_last_holder_takes_nothing_from_him),
          TEST(nothing_rests_on_interests_before_they_are_assessed),
          TEST(what_is_processed_for_a_customer_stays_in_the_customers_purposes),
          TEST(what_was_erased_is_not_parked),
          TEST(an_imsi_is_followed_to_the_sim_that_had_it_then),
          TEST(who_is_erased_stays_so_when_records_come_late),
          TEST(a_child_stays_a_child_under_a_later_version),
          TEST(an_unknown_field_is_quarantined_under_either_version),
          TEST(a_region_too_many_opens_nothing),
          TEST(records_of_an_unknown_subject_wait),
          TEST(what_was_parked_is_judged_or_stays_parked))
