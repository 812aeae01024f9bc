/* What is sealed comes back once, as it was, and only to who may open it. */
#include "test.h"

#include "fault.h"
#include "files.h"
#include "local_fixture.h"
#include "sluice/feed.h"
#include "sluice/wire.h"

/* One number arrives whenever it is asked for; decoding finds the number that the raw text is. */
static unsigned arrivals;

enum sluice_err sluice_feed_fill(struct sluice_feed *feed, struct sluice_batch *batch, int64_t now_us, bool *end)
{
    struct sluice_entry *entry = sluice_batch_append(batch);

    assert_non_null(entry);
    entry->record.charging_id = 1000 + arrivals++;
    *end = true;
    return SLUICE_OK;
}

void sluice_feed_decode(struct sluice_feed *feed, struct sluice_batch *batch, struct sluice_entry *entry,
                        int64_t now_us)
{
    entry->record.charging_id = strtoull(entry->raw.bytes, NULL, 10);
    entry->tenant_hint = SLUICE_STR("decoded");
    if (entry->record.charging_id == 13)
        sluice_entry_refuse(entry, SLUICE_REASON_UNDECODABLE);
}

static struct sluice_feed *const fake_feed = (struct sluice_feed *)&arrivals;

/* The transport with a feed and an input that the source id of entries names. */
static void open_with_feed(struct fixture *f)
{
    struct sluice_state_table tables[2];
    struct sluice_findings findings;

    fixture_close(f);
    sluice_findings_init(&findings);
    assert_int_equal(sluice_keyring_open(&f->keyring, f->config->state), SLUICE_OK);
    assert_int_equal(sluice_local_open(&f->transport, &findings, f->config, f->keyring, fake_feed, tables,
                                       fixture_tables(f, tables)), SLUICE_OK);
    sluice_findings_deinit(&findings);
    f->is_open = true;
}

static int setup(void **state)
{
    struct fixture *f = fixture_new();

    fault_clear();
    arrivals = 0;
    f->config->input_count = 2;
    strcpy(f->config->inputs[0].name, "other");
    strcpy(f->config->inputs[1].name, "emnify");
    open_with_feed(f);
    sluice_local_arrivals(&f->transport, false);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture_free(*state);
    return 0;
}

static struct sluice_entry make_entry(uint64_t number)
{
    struct sluice_entry entry = { .form = SLUICE_FORM_RAW, .line = number, .position = 10 * number,
                                  .file = SLUICE_STR("a.json") };

    entry.record.present = SLUICE_HAS(SLUICE_RAW_CHARGING_ID) | SLUICE_HAS(SLUICE_RAW_COLLECTED_AT) |
                           SLUICE_HAS(SLUICE_RAW_START);
    entry.record.charging_id = number;
    entry.record.collected_at_us = NOW_US + (int64_t)number;
    entry.record.start_us = NOW_US - SLUICE_SECOND_US;
    entry.record.service = SLUICE_SERVICE_DATA;
    entry.record.source_id = SLUICE_STR("emnify");
    entry.record.tenant = SLUICE_STR("acme");
    return entry;
}

static void seal_entry(struct fixture *f, enum sluice_store store, struct sluice_entry entry, const uint8_t *subject,
                       const uint8_t *key)
{
    sluice_sealer_add(&f->sealer, store, &entry, NULL, subject, key);
}

static void quarantine(struct fixture *f, uint64_t number, enum sluice_reason reason)
{
    struct sluice_entry entry = make_entry(number);
    char raw[24];

    const int len = snprintf(raw, sizeof raw, "%llu", (unsigned long long)number);
    entry.form = SLUICE_FORM_EMNIFY;
    entry.raw = (struct sluice_str){ raw, (size_t)len };
    entry.reason = (uint8_t)reason;
    seal_entry(f, SLUICE_STORE_QUARANTINE, entry, NULL, NULL);
}

static void write_sealed(struct fixture *f, enum sluice_store store, int64_t deadline_s)
{
    uint32_t id;

    sluice_buffer_clear(&f->rows);
    assert_int_equal(sluice_sealer_finish(&f->sealer, &f->rows, store, deadline_s, f->keyring), SLUICE_OK);
    const struct sluice_row row = { f->rows.bytes, f->rows.len };
    assert_int_equal(f->transport.ops->stream(f->transport.self, "acme", sluice_store_name(store), &id), SLUICE_OK);
    assert_int_equal(f->transport.ops->write(f->transport.self, id, deadline_s, &row, 1), SLUICE_OK);
}

static size_t poll(struct fixture *f, int64_t now_us, bool *end)
{
    sluice_batch_reset(&f->batch);
    assert_int_equal(f->transport.ops->poll(f->transport.self, &f->batch, now_us, end), SLUICE_OK);
    return f->batch.count;
}

static uint64_t number_at(const struct fixture *f, size_t i)
{
    return f->batch.entries[i].record.charging_id;
}

static struct sluice_local_reentry told(const struct fixture *f)
{
    struct sluice_local_reentry result;

    sluice_local_reentry(&f->transport, &result);
    return result;
}

/* --- suspended */

static void suspended_records_keep_what_they_had(void **state)
{
    struct fixture *f = *state;
    struct sluice_entry entry = make_entry(7);
    bool end;

    entry.passed_deduplication = true;
    memcpy(entry.fingerprint, "fingerprint-0001", 16);
    seal_entry(f, SLUICE_STORE_SUSPENDED, entry, NULL, NULL);
    write_sealed(f, SLUICE_STORE_SUSPENDED, DEADLINE_S);
    assert_int_equal(commit(f), SLUICE_OK);
    assert_int_equal(poll(f, NOW_US, &end), 0);
    assert_true(end);

    assert_int_equal(sluice_local_reenter(&f->transport, NULL, true, false), SLUICE_OK);
    assert_int_equal(poll(f, NOW_US + 99, &end), 1);
    assert_true(end);
    const struct sluice_entry *back = &f->batch.entries[0];
    assert_int_equal(back->kind, SLUICE_ENTRY_SUSPENDED);
    assert_int_equal(back->disposition, SLUICE_UNDECIDED);
    assert_int_equal(back->record.charging_id, 7);
    assert_int_equal(back->record.collected_at_us, NOW_US + 7);
    assert_true(back->passed_deduplication);
    assert_memory_equal(back->fingerprint, "fingerprint-0001", 16);
    assert_int_equal(back->line, 7);
    assert_int_equal(back->position, 70);
    assert_int_equal(back->input, 1);
    assert_true(sluice_str_equal(back->file, SLUICE_STR("a.json")));
    assert_true(sluice_str_equal(back->tenant_hint, SLUICE_STR("acme")));
    assert_int_equal(told(f).entries, 1);
    assert_int_equal(commit(f), SLUICE_OK);
    assert_int_equal(count_files(f, "acme", "suspended"), 0);
    assert_int_equal(poll(f, NOW_US, &end), 0);
}

static void what_is_sealed_meanwhile_waits_for_the_next_call(void **state)
{
    struct fixture *f = *state;
    bool end;

    for (uint64_t i = 0; i < 3; i++)
        seal_entry(f, SLUICE_STORE_SUSPENDED, make_entry(i), NULL, NULL);
    write_sealed(f, SLUICE_STORE_SUSPENDED, DEADLINE_S);
    assert_int_equal(commit(f), SLUICE_OK);
    f->batch.capacity = 2;
    assert_int_equal(sluice_local_reenter(&f->transport, NULL, true, false), SLUICE_OK);
    assert_int_equal(poll(f, NOW_US, &end), 2);
    assert_false(end);
    seal_entry(f, SLUICE_STORE_SUSPENDED, make_entry(10), NULL, NULL);
    write_sealed(f, SLUICE_STORE_SUSPENDED, DEADLINE_S);
    assert_int_equal(commit(f), SLUICE_OK);
    assert_int_equal(poll(f, NOW_US, &end), 1);
    assert_int_equal(number_at(f, 0), 2);
    assert_true(end);
    assert_int_equal(commit(f), SLUICE_OK);
    assert_int_equal(poll(f, NOW_US, &end), 0);
    assert_int_equal(sluice_local_reenter(&f->transport, NULL, true, false), SLUICE_OK);
    assert_int_equal(poll(f, NOW_US, &end), 1);
    assert_int_equal(number_at(f, 0), 10);
}

static void asking_twice_gives_each_once(void **state)
{
    struct fixture *f = *state;
    bool end;

    f->batch.capacity = 1;
    for (uint64_t i = 0; i < 3; i++) {
        seal_entry(f, SLUICE_STORE_SUSPENDED, make_entry(i), NULL, NULL);
        write_sealed(f, SLUICE_STORE_SUSPENDED, DEADLINE_S + (int64_t)i * DAY_S);
    }
    assert_int_equal(commit(f), SLUICE_OK);
    for (uint64_t i = 0; i < 3; i++) {
        assert_int_equal(sluice_local_reenter(&f->transport, NULL, true, false), SLUICE_OK);
        assert_int_equal(poll(f, NOW_US, &end), 1);
        assert_int_equal(number_at(f, 0), i);
        assert_int_equal(commit(f), SLUICE_OK);
    }
    assert_int_equal(poll(f, NOW_US, &end), 0);
    assert_true(end);
    assert_int_equal(commit(f), SLUICE_OK);
    assert_int_equal(count_files(f, "acme", "suspended"), 0);
}

static void an_abort_gives_them_again(void **state)
{
    struct fixture *f = *state;
    bool end;

    for (uint64_t i = 0; i < 5; i++)
        seal_entry(f, SLUICE_STORE_SUSPENDED, make_entry(i), NULL, NULL);
    write_sealed(f, SLUICE_STORE_SUSPENDED, DEADLINE_S);
    assert_int_equal(commit(f), SLUICE_OK);
    f->batch.capacity = 2;
    assert_int_equal(sluice_local_reenter(&f->transport, NULL, true, false), SLUICE_OK);
    assert_int_equal(poll(f, NOW_US, &end), 2);
    assert_int_equal(commit(f), SLUICE_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(poll(f, NOW_US, &end), 2);
        assert_int_equal(number_at(f, 0), 2);
        assert_int_equal(number_at(f, 1), 3);
        assert_int_equal(poll(f, NOW_US, &end), 1);
        assert_true(end);
        if (i == 0)
            abort_commit(f);
    }
    assert_int_equal(told(f).entries, 5);
    assert_int_equal(commit(f), SLUICE_OK);
    assert_int_equal(count_files(f, "acme", "suspended"), 0);
}

static void what_is_overdue_stays_for_keep(void **state)
{
    struct fixture *f = *state;
    bool end;

    seal_entry(f, SLUICE_STORE_SUSPENDED, make_entry(1), NULL, NULL);
    write_sealed(f, SLUICE_STORE_SUSPENDED, DEADLINE_S);
    seal_entry(f, SLUICE_STORE_SUSPENDED, make_entry(2), NULL, NULL);
    write_sealed(f, SLUICE_STORE_SUSPENDED, DEADLINE_S + DAY_S);
    assert_int_equal(commit(f), SLUICE_OK);
    assert_int_equal(sluice_local_reenter(&f->transport, NULL, true, false), SLUICE_OK);
    assert_int_equal(poll(f, DEADLINE_S * SLUICE_SECOND_US, &end), 1);
    assert_int_equal(number_at(f, 0), 2);
    assert_int_equal(told(f).files_left, 1);
    assert_int_equal(commit(f), SLUICE_OK);
    assert_int_equal(count_files(f, "acme", "suspended"), 1);
}

static void arrivals_come_behind_what_reenters(void **state)
{
    struct fixture *f = *state;
    bool end;

    for (uint64_t i = 0; i < 10; i++)
        seal_entry(f, SLUICE_STORE_SUSPENDED, make_entry(i), NULL, NULL);
    write_sealed(f, SLUICE_STORE_SUSPENDED, DEADLINE_S);
    assert_int_equal(commit(f), SLUICE_OK);
    sluice_local_arrivals(&f->transport, true);
    assert_int_equal(sluice_local_reenter(&f->transport, NULL, true, false), SLUICE_OK);
    assert_int_equal(poll(f, NOW_US, &end), 10);
    assert_int_equal(arrivals, 0);
    assert_false(end);
    assert_int_equal(poll(f, NOW_US, &end), 1);
    assert_int_equal(number_at(f, 0), 1000);
    assert_true(end);
}

/* --- damaged */

static void flip(struct fixture *f, const char *name, size_t offset)
{
    static uint8_t bytes[65536];
    char path[256];

    snprintf(path, sizeof path, "%s/%s", f->folder, name);
    const size_t len = file_read(path, bytes, sizeof bytes);
    assert_true(offset < len);
    bytes[offset] ^= 1;
    file_write(path, bytes, len);
}

static void a_damaged_frame_is_left_and_keeps_no_other(void **state)
{
    struct fixture *f = *state;
    bool end;

    for (uint64_t i = 0; i < 3; i++) {
        seal_entry(f, SLUICE_STORE_SUSPENDED, make_entry(i), NULL, NULL);
        write_sealed(f, SLUICE_STORE_SUSPENDED, DEADLINE_S);
    }
    assert_int_equal(commit(f), SLUICE_OK);
    assert_int_equal(sluice_local_close_files(&f->transport), SLUICE_OK);
    const size_t one = f->rows.len;
    flip(f, "out/acme/suspended/2026-12-01/1.pb", one + one / 2);

    assert_int_equal(sluice_local_reenter(&f->transport, NULL, true, false), SLUICE_OK);
    assert_int_equal(poll(f, NOW_US, &end), 2);
    assert_int_equal(number_at(f, 0), 0);
    assert_int_equal(number_at(f, 1), 2);
    assert_int_equal(told(f).frames_left, 1);
    assert_int_equal(commit(f), SLUICE_OK);

    /* It lies in a file of its own now, to be looked at until its deadline; the others are gone. */
    assert_int_equal(count_files(f, "acme", "suspended"), 0);
    assert_int_equal(sluice_local_close_files(&f->transport), SLUICE_OK);
    assert_int_equal(count_files(f, "acme", "suspended"), 1);
    assert_int_equal(sluice_local_reenter(&f->transport, NULL, true, false), SLUICE_OK);
    assert_int_equal(poll(f, NOW_US, &end), 0);
    assert_int_equal(told(f).frames_left, 1);
}

static void a_file_damaged_between_frames_is_left_as_it_is(void **state)
{
    struct fixture *f = *state;
    bool end;

    seal_entry(f, SLUICE_STORE_SUSPENDED, make_entry(1), NULL, NULL);
    write_sealed(f, SLUICE_STORE_SUSPENDED, DEADLINE_S);
    seal_entry(f, SLUICE_STORE_SUSPENDED, make_entry(2), NULL, NULL);
    write_sealed(f, SLUICE_STORE_SUSPENDED, DEADLINE_S + DAY_S);
    assert_int_equal(commit(f), SLUICE_OK);
    assert_int_equal(sluice_local_close_files(&f->transport), SLUICE_OK);
    flip(f, "out/acme/suspended/2026-12-01/1.pb", 0);
    assert_int_equal(sluice_local_reenter(&f->transport, NULL, true, false), SLUICE_OK);
    assert_int_equal(poll(f, NOW_US, &end), 1);
    assert_int_equal(number_at(f, 0), 2);
    assert_int_equal(told(f).files_left, 1);
    assert_int_equal(commit(f), SLUICE_OK);
    assert_int_equal(count_files(f, "acme", "suspended"), 1);
}

/* --- quarantine */

static void quarantine_takes_the_operators_key(void **state)
{
    struct fixture *f = *state;
    uint8_t other[SLUICE_SECRET_KEY_SIZE];
    bool end;

    quarantine(f, 1, SLUICE_REASON_FUTURE);
    write_sealed(f, SLUICE_STORE_QUARANTINE, DEADLINE_S);
    assert_int_equal(commit(f), SLUICE_OK);
    memcpy(other, f->operator_secret, sizeof other);
    other[5] ^= 1;
    assert_int_equal(sluice_local_replay(&f->transport, other, SLUICE_REASON_NONE), SLUICE_ERR_KEY);
    assert_int_equal(sluice_local_reenter(&f->transport, NULL, true, true), SLUICE_OK);
    assert_int_equal(poll(f, NOW_US, &end), 0);

    assert_int_equal(sluice_local_replay(&f->transport, f->operator_secret, SLUICE_REASON_NONE), SLUICE_OK);
    assert_int_equal(poll(f, NOW_US, &end), 1);
    const struct sluice_entry *back = &f->batch.entries[0];
    assert_int_equal(back->kind, SLUICE_ENTRY_QUARANTINED);
    assert_int_equal(back->form, SLUICE_FORM_EMNIFY);
    assert_int_equal(back->record.charging_id, 1);
    assert_int_equal(back->record.collected_at_us, NOW_US + 1);
    assert_int_equal(back->input, 1);
    assert_false(back->passed_deduplication);
    assert_true(sluice_str_equal(back->raw, SLUICE_STR("1")));
    assert_true(sluice_str_equal(back->tenant_hint, SLUICE_STR("decoded")));
}

static void entries_of_another_reason_stay(void **state)
{
    struct fixture *f = *state;
    bool end;

    f->batch.capacity = 2;
    for (uint64_t i = 0; i < 9; i++)
        quarantine(f, i, i % 3 ? SLUICE_REASON_FUTURE : SLUICE_REASON_BAD_IMSI);
    write_sealed(f, SLUICE_STORE_QUARANTINE, DEADLINE_S);
    assert_int_equal(commit(f), SLUICE_OK);

    /* Two calls, each a batch at a time, with an abort and a restart between. */
    assert_int_equal(sluice_local_replay(&f->transport, f->operator_secret, SLUICE_REASON_BAD_IMSI), SLUICE_OK);
    assert_int_equal(poll(f, NOW_US, &end), 2);
    assert_int_equal(number_at(f, 0), 0);
    assert_int_equal(number_at(f, 1), 3);
    assert_int_equal(commit(f), SLUICE_OK);
    assert_int_equal(poll(f, NOW_US, &end), 1);
    abort_commit(f);
    open_with_feed(f);
    sluice_local_arrivals(&f->transport, false);
    assert_int_equal(sluice_local_replay(&f->transport, f->operator_secret, SLUICE_REASON_BAD_IMSI), SLUICE_OK);
    assert_int_equal(poll(f, NOW_US, &end), 1);
    assert_int_equal(number_at(f, 0), 6);
    assert_true(end);
    assert_int_equal(commit(f), SLUICE_OK);

    f->batch.capacity = 10;
    assert_int_equal(sluice_local_replay(&f->transport, f->operator_secret, SLUICE_REASON_NONE), SLUICE_OK);
    assert_int_equal(poll(f, NOW_US, &end), 6);
    unsigned seen = 0;
    for (size_t i = 0; i < 6; i++) {
        seen |= 1u << number_at(f, i);
        assert_int_equal(f->batch.entries[i].record.collected_at_us, NOW_US + (int64_t)number_at(f, i));
    }
    assert_int_equal(seen, 1 << 1 | 1 << 2 | 1 << 4 | 1 << 5 | 1 << 7 | 1 << 8);
    assert_int_equal(commit(f), SLUICE_OK);
    assert_int_equal(count_files(f, "acme", "quarantine"), 0);
}

static void what_no_input_decodes_stays(void **state)
{
    struct fixture *f = *state;
    bool end;

    quarantine(f, 1, SLUICE_REASON_FUTURE);
    struct sluice_entry strange = make_entry(2);
    strange.form = SLUICE_FORM_CSV;
    strange.raw = SLUICE_STR("2");
    strange.reason = SLUICE_REASON_FUTURE;
    strange.record.source_id = SLUICE_STR("gone");
    seal_entry(f, SLUICE_STORE_QUARANTINE, strange, NULL, NULL);
    quarantine(f, 13, SLUICE_REASON_FUTURE);
    write_sealed(f, SLUICE_STORE_QUARANTINE, DEADLINE_S);
    assert_int_equal(commit(f), SLUICE_OK);
    assert_int_equal(sluice_local_replay(&f->transport, f->operator_secret, SLUICE_REASON_NONE), SLUICE_OK);
    assert_int_equal(poll(f, NOW_US, &end), 2);
    assert_int_equal(f->batch.entries[1].disposition, SLUICE_QUARANTINED);
    assert_int_equal(f->batch.entries[1].reason, SLUICE_REASON_UNDECODABLE);
    assert_int_equal(told(f).entries_left, 1);
    assert_int_equal(commit(f), SLUICE_OK);

    strcpy(f->config->inputs[0].name, "gone");
    assert_int_equal(sluice_local_replay(&f->transport, f->operator_secret, SLUICE_REASON_NONE), SLUICE_OK);
    assert_int_equal(poll(f, NOW_US, &end), 1);
    assert_int_equal(number_at(f, 0), 2);
    assert_int_equal(f->batch.entries[0].input, 0);
}

/* --- parked */

static struct sluice_vault *open_vault(struct fixture *f, struct sluice_subject *subject, uint8_t secrets)
{
    struct sluice_vault *vault;

    *subject = (struct sluice_subject){ .tag = "0123456789abcde", .valid_to_s = SLUICE_ALWAYS_S };
    assert_int_equal(sluice_vault_open(&vault, f->config->state, f->keyring), SLUICE_OK);
    assert_int_equal(sluice_vault_put(vault, subject, secrets), SLUICE_OK);
    assert_int_equal(sluice_vault_commit(vault), SLUICE_OK);
    return vault;
}

static void park(struct fixture *f, const struct sluice_subject *subject, uint64_t number)
{
    struct sluice_entry entry = make_entry(number);
    uint8_t key[SLUICE_KEY_SIZE];

    sluice_park_key(key, subject->secrets[0], (size_t)subject->secret_count * SLUICE_SECRET_SIZE);
    entry.purposes = 0x5;
    entry.passed_deduplication = true;
    seal_entry(f, SLUICE_STORE_PARK, entry, subject->tag, key);
    write_sealed(f, SLUICE_STORE_PARK, DEADLINE_S);
    assert_int_equal(commit(f), SLUICE_OK);
}

static void parked_records_open_with_their_subjects_secrets(void **state)
{
    struct fixture *f = *state;
    struct sluice_subject subject;
    bool end;

    struct sluice_vault *vault = open_vault(f, &subject, 3);
    park(f, &subject, 7);
    /* A purpose was declared since: one more secret at the end. */
    assert_int_equal(sluice_vault_put(vault, &subject, 4), SLUICE_OK);
    assert_int_equal(sluice_vault_commit(vault), SLUICE_OK);

    assert_int_equal(sluice_local_reenter(&f->transport, vault, false, true), SLUICE_OK);
    assert_int_equal(poll(f, NOW_US, &end), 1);
    const struct sluice_entry *back = &f->batch.entries[0];
    assert_int_equal(back->kind, SLUICE_ENTRY_PARKED);
    assert_int_equal(back->disposition, SLUICE_UNDECIDED);
    assert_int_equal(back->record.charging_id, 7);
    assert_int_equal(back->purposes, 0x5);
    assert_true(back->passed_deduplication);
    assert_int_equal(commit(f), SLUICE_OK);
    assert_int_equal(count_files(f, "acme", "park"), 0);
    sluice_vault_close(vault);
}

static void parked_records_of_an_erased_subject_are_expired(void **state)
{
    struct fixture *f = *state;
    struct sluice_subject subject;
    bool end;

    struct sluice_vault *vault = open_vault(f, &subject, 3);
    park(f, &subject, 7);
    struct sluice_vault_erasure erasure = { .what = SLUICE_ERASE_SUBJECT, .purposes = 0x2 };
    memcpy(erasure.tag, subject.tag, sizeof erasure.tag);
    assert_int_equal(sluice_vault_erase(vault, &erasure, 1), SLUICE_OK);

    assert_int_equal(sluice_local_reenter(&f->transport, vault, false, true), SLUICE_OK);
    assert_int_equal(poll(f, NOW_US, &end), 1);
    const struct sluice_entry *back = &f->batch.entries[0];
    assert_int_equal(back->disposition, SLUICE_DROPPED);
    assert_int_equal(back->reason, SLUICE_REASON_EXPIRED);
    assert_int_equal(back->raw.len, 0);
    assert_int_equal(back->record.charging_id, 0);
    assert_int_equal(back->purposes, 0x5);
    assert_int_equal(told(f).expired, 1);
    assert_int_equal(commit(f), SLUICE_OK);
    assert_int_equal(count_files(f, "acme", "park"), 0);
    sluice_vault_close(vault);
}

/* Records of a tenant that was taken out of the configuration wait for it, or for their deadline. */
static void what_is_of_no_configured_tenant_stays(void **state)
{
    struct fixture *f = *state;
    struct sluice_entry entry = make_entry(1);
    bool end;

    f->config->tenant_count = 1;
    strcpy(f->config->tenants[0].name, "acme");
    seal_entry(f, SLUICE_STORE_SUSPENDED, entry, NULL, NULL);
    entry.record.charging_id = 2;
    entry.record.tenant = SLUICE_STR("gone");
    seal_entry(f, SLUICE_STORE_SUSPENDED, entry, NULL, NULL);
    write_sealed(f, SLUICE_STORE_SUSPENDED, NOW_US / SLUICE_SECOND_US + 86400);
    assert_int_equal(f->transport.ops->commit(f->transport.self, NOW_US), SLUICE_OK);
    assert_int_equal(sluice_local_reenter(&f->transport, NULL, true, false), SLUICE_OK);
    assert_int_equal(poll(f, NOW_US, &end), 1);
    assert_int_equal(number_at(f, 0), 1);
    assert_int_equal(f->transport.ops->commit(f->transport.self, NOW_US), SLUICE_OK);
    assert_int_equal(told(f).entries_left, 1);

    strcpy(f->config->tenants[0].name, "gone");
    assert_int_equal(sluice_local_reenter(&f->transport, NULL, true, false), SLUICE_OK);
    assert_int_equal(poll(f, NOW_US, &end), 1);
    assert_int_equal(number_at(f, 0), 2);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

TEST_MAIN(CASE(suspended_records_keep_what_they_had),
          CASE(what_is_sealed_meanwhile_waits_for_the_next_call),
          CASE(asking_twice_gives_each_once),
          CASE(an_abort_gives_them_again),
          CASE(what_is_overdue_stays_for_keep),
          CASE(arrivals_come_behind_what_reenters),
          CASE(a_damaged_frame_is_left_and_keeps_no_other),
          CASE(a_file_damaged_between_frames_is_left_as_it_is),
          CASE(quarantine_takes_the_operators_key),
          CASE(entries_of_another_reason_stay),
          CASE(what_no_input_decodes_stays),
          CASE(parked_records_open_with_their_subjects_secrets),
          CASE(parked_records_of_an_erased_subject_are_expired),
          CASE(what_is_of_no_configured_tenant_stays))
