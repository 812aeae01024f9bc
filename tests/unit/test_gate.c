/* The gate over a real vault: what leaves for each purpose, and what becomes of
 * the rest. */
#include "gate_fixture.h"

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

/* Sealed and open alike, so that whoever drives the gate can end a commit before it is large. */
static void what_waits_for_the_commit_is_counted(void **state)
{
    struct fixture *f = *state;
    static char large[50000];

    memset(large, 'x', sizeof large);
    assert_int_equal(sluice_gate_held(f->gate), 0);
    arrive(f, 1);
    assert_int_equal(sluice_gate_run(f->gate, &f->batch, T0_US), SLUICE_OK);
    assert_true(sluice_gate_held(f->gate) > 100);
    sluice_batch_reset(&f->batch);
    const uint64_t before = sluice_gate_held(f->gate);
    for (unsigned i = 0; i < 10; i++) {
        arrive(f, 2)->service = SLUICE_SERVICE_UNKNOWN;
        f->batch.entries[i].raw = (struct sluice_str){ large, sizeof large };
    }
    assert_int_equal(sluice_gate_run(f->gate, &f->batch, T0_US), SLUICE_OK);
    assert_true(sluice_gate_held(f->gate) >= before + 10 * sizeof large);
    sluice_gate_finish(f->gate, false);
    assert_int_equal(sluice_gate_held(f->gate), 0);
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
    assert_int_equal(sluice_gate_prepare_policies(f->gate, "acme", &policy, 1, T0_US), SLUICE_ERR_LIMIT);

    arrive(f, 1);
    arrive(f, 2)->role = SLUICE_ROLE_PROCESSOR;
    run(f);
    assert_int_equal(row_count(f, BILLING), 1);
    assert_int_equal(row_count(f, FRAUD), 1);
    assert_int_equal(row_count(f, HOSTING), 1);
}

static struct sluice_policy *load_version(struct fixture *f, const char *tenant, int64_t effective_at_us)
{
    struct sluice_findings findings;
    struct sluice_policy *policy;
    char path[128];

    snprintf(path, sizeof path, "%s/%s.yaml", f->folder, tenant);
    sluice_findings_init(&findings);
    assert_int_equal(sluice_policy_load(&policy, &findings, path, T0_US), SLUICE_OK);
    sluice_findings_deinit(&findings);
    policy->effective_at_us = effective_at_us;
    return policy;
}

static void close_fraud(struct sluice_policy *policy)
{
    struct sluice_purpose *fraud = (struct sluice_purpose *)(uintptr_t)sluice_policy_purpose(policy, "fraud");

    fraud->services = 0;
}

/* A reload takes the files of all tenants or of none. */
static void versions_of_all_tenants_come_into_force_together(void **state)
{
    struct fixture *f = *state;

    for (int taken = 0; taken < 2; taken++) {
        struct sluice_policy *acme = load_version(f, "acme", T0_US - DAY_US), *beta = load_version(f, "beta", T0_US);

        close_fraud(acme);
        close_fraud(beta);
        if (!taken)
            beta->effective_at_us = T0_US + 1;      /* none of beta's is in force */
        assert_int_equal(sluice_gate_prepare_policies(f->gate, "acme", &acme, 1, T0_US), SLUICE_OK);
        assert_int_equal(sluice_gate_prepare_policies(f->gate, "beta", &beta, 1, T0_US),
                         taken ? SLUICE_OK : SLUICE_ERR_POLICY);
        if (taken)
            sluice_gate_take_policies(f->gate);
        else
            sluice_gate_drop_policies(f->gate);
        again(f);
        arrive(f, 1);
        arrive(f, 1)->tenant = SLUICE_STR("beta");
        run(f);
        for (int t = 0; t < 2; t++) {
            assert_int_equal(f->rows[t][BILLING]->n_records, 1);
            assert_int_equal(f->rows[t][FRAUD]->n_records, taken ? 0 : 1);
        }
    }
}

static void a_version_that_was_in_force_is_not_taken_back(void **state)
{
    struct fixture *f = *state;
    struct sluice_policy *versions[] = { load_version(f, "acme", T0_US - 9 * DAY_US),
                                         load_version(f, "acme", T0_US + DAY_US) };
    struct sluice_policy *earlier = load_version(f, "acme", T0_US - 9 * DAY_US);

    close_fraud(versions[1]);
    set_policies(f, "acme", versions, 2);
    arrive(f, 1);
    run(f);
    assert_int_equal(row_count(f, FRAUD), 1);
    /* The clock runs ahead and is put right: what was closed by then stays closed. */
    for (int64_t now_us = T0_US + 2 * DAY_US; now_us >= T0_US; now_us -= 2 * DAY_US) {
        again(f);
        arrive(f, 1);
        run_at(f, now_us);
        assert_int_equal(row_count(f, BILLING), 1);
        assert_int_equal(row_count(f, FRAUD), 0);
    }
    /* Nor does loading the same again open it, nor loading less. */
    struct sluice_policy *same[] = { load_version(f, "acme", T0_US - 9 * DAY_US), load_version(f, "acme", T0_US + DAY_US) };
    close_fraud(same[1]);
    set_policies(f, "acme", same, 2);
    assert_int_equal(sluice_gate_prepare_policies(f->gate, "acme", &earlier, 1, T0_US), SLUICE_ERR_OLDER);
    again(f);
    arrive(f, 1);
    run(f);
    assert_int_equal(row_count(f, BILLING), 1);
    assert_int_equal(row_count(f, FRAUD), 0);
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

TEST_MAIN(TEST(each_record_is_once_in_every_stream_that_it_may_enter),
          TEST(a_row_holds_what_its_purpose_lists_and_nothing_else),
          TEST(pseudonyms_join_within_a_purpose_and_epoch_only),
          TEST(a_pseudonym_outlives_the_memory_of_the_process),
          TEST(late_data_is_not_emitted_where_it_would_be_overdue),
          TEST(raw_records_that_make_no_sense_are_quarantined),
          TEST(a_record_from_the_future_moves_no_window),
          TEST(duplicates_and_what_is_beyond_the_window_are_counted),
          TEST(what_waits_for_the_commit_is_counted),
          TEST(nobodys_and_unnamed_records_are_quarantined),
          TEST(what_holds_a_secret_is_never_sealed),
          TEST(a_stream_is_in_the_order_of_its_own_pseudonyms),
          TEST(an_abort_leaves_nothing_and_the_next_try_everything),
          TEST(a_token_opens_to_the_sim_that_it_was_made_of),
          TEST(versions_of_all_tenants_come_into_force_together),
          TEST(a_version_that_was_in_force_is_not_taken_back),
          TEST(policies_that_are_refused_leave_everything_as_it_was),
          TEST(no_record_was_collected_in_the_future),
          TEST(what_comes_back_from_an_unknown_source_is_on_one_account))
