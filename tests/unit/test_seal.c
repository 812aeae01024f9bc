#include "test.h"

#include <stdlib.h>

#include "seal/proto.h"
#include "sluice/crypto.h"
#include "sluice/seal.h"
#include "sluice/wire.h"

#define DEADLINE_S INT64_C(1795996800)   /* 2026-11-30 */

static struct sluice_keyring *keyring;
static uint8_t operator_secret[SLUICE_SECRET_KEY_SIZE];
static struct sluice_sealer sealer;
static struct sluice_buffer out, content;
static const uint8_t subject[16] = "0123456789abcdef";
static uint8_t subject_key[SLUICE_KEY_SIZE];

static int setup(void **state)
{
    assert_int_equal(sluice_crypto_init(), SLUICE_OK);
    keyring = calloc(1, sizeof *keyring);
    assert_non_null(keyring);
    sluice_box_keypair(keyring->operator_public, operator_secret);
    sluice_box_keypair(keyring->worker_public, keyring->worker_secret);
    sluice_random(subject_key, sizeof subject_key);
    sluice_sealer_init(&sealer, 1 << 20);
    sluice_buffer_init(&out, 1 << 20);
    sluice_buffer_init(&content, 1 << 20);
    return 0;
}

static int teardown(void **state)
{
    sluice_sealer_deinit(&sealer);
    sluice_buffer_deinit(&out);
    sluice_buffer_deinit(&content);
    free(keyring);
    return 0;
}

static struct sluice_entry make_entry(uint64_t line, const char *raw)
{
    struct sluice_entry entry = { .reason = SLUICE_REASON_FUTURE, .form = SLUICE_FORM_EMNIFY, .position = 100 * line,
                                  .line = line, .file = SLUICE_STR("a.json"), .raw = sluice_str_from(raw) };

    entry.record.source_id = SLUICE_STR("emnify");
    entry.record.tenant = SLUICE_STR("acme");
    entry.record.present = SLUICE_HAS(SLUICE_RAW_COLLECTED_AT) | SLUICE_HAS(SLUICE_RAW_START);
    entry.record.collected_at_us = INT64_C(1793491200000001);
    entry.record.start_us = INT64_C(1793487600000002);
    entry.record.record_id = SLUICE_STR("r-1");
    return entry;
}

/* The frame's content, its tag and length checked and taken off. */
static struct sluice_str frame_at(struct sluice_cursor *batch)
{
    struct proto_field field;

    assert_int_equal(proto_next(batch, &field), 1);
    assert_int_equal(field.number, 2);
    assert_int_equal(field.type, PROTO_BYTES);
    return field.bytes;
}

static enum sluice_err open_frame(struct sluice_str frame, const uint8_t *public_key, const uint8_t *secret_key,
                                  bool worker)
{
    enum sluice_store store;
    int64_t deadline_s;

    sluice_buffer_clear(&content);
    return sluice_sealed_open(&content, &store, &deadline_s, (const uint8_t *)frame.bytes, frame.len, public_key,
                              secret_key, worker);
}

static void quarantine_keeps_what_arrived_for_the_operator_alone(void **state)
{
    const char *const raws[] = { "{\"id\":1}", "", "{\"id\":3}" };
    struct sluice_sealed_entry entry;
    struct sluice_sealed_head head;

    for (size_t i = 0; i < 3; i++) {
        struct sluice_entry given = make_entry(i + 1, raws[i]);
        sluice_sealer_add(&sealer, SLUICE_STORE_QUARANTINE, &given, i == 2 ? "imsi" : NULL, NULL, NULL);
    }
    assert_int_equal(sluice_sealer_finish(&sealer, &out, SLUICE_STORE_QUARANTINE, DEADLINE_S, keyring), SLUICE_OK);

    struct sluice_cursor batch = { out.bytes, out.bytes + out.len, false };
    const struct sluice_str frame = frame_at(&batch);
    assert_true(batch.at == batch.end);
    assert_int_equal(sluice_sealed_peek(&head, (const uint8_t *)frame.bytes, frame.len), SLUICE_OK);
    assert_int_equal(head.store, SLUICE_STORE_QUARANTINE);
    assert_int_equal(head.deadline_s, DEADLINE_S);
    assert_int_equal(head.record_count, 3);

    assert_int_equal(open_frame(frame, keyring->worker_public, keyring->worker_secret, true), SLUICE_ERR_KEY);
    assert_int_equal(open_frame(frame, keyring->worker_public, keyring->worker_secret, false), SLUICE_ERR_KEY);
    assert_int_equal(open_frame(frame, keyring->operator_public, operator_secret, false), SLUICE_OK);

    struct sluice_cursor cursor = { content.bytes, content.bytes + content.len, false };
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(sluice_sealed_next(&cursor, &entry), 1);
        assert_true(sluice_str_equal(entry.reason, SLUICE_STR("future")));
        assert_int_equal(entry.line, i + 1);
        assert_int_equal(entry.position, 100 * (i + 1));
        assert_true(sluice_str_equal(entry.file, SLUICE_STR("a.json")));
        assert_true(sluice_str_equal(entry.source_id, SLUICE_STR("emnify")));
        assert_true(sluice_str_equal(entry.tenant, SLUICE_STR("acme")));
        assert_int_equal(entry.collected_at_us, INT64_C(1793491200000001));
        assert_int_equal(entry.field.len, i == 2 ? 4 : 0);
        assert_false(entry.has_fingerprint);
        assert_false(entry.has_subject);
        /* The second was never bytes: it is kept as a record. */
        assert_int_equal(entry.form, i == 1 ? SLUICE_FORM_RAW : SLUICE_FORM_EMNIFY);
        if (i != 1)
            assert_true(sluice_str_equal(entry.raw, sluice_str_from(raws[i])));
    }
    assert_int_equal(sluice_sealed_next(&cursor, &entry), 0);
}

static void suspended_records_come_back_as_they_were(void **state)
{
    struct sluice_entry given = make_entry(1, "{\"id\":1}");
    struct sluice_sealed_entry entry;
    struct sluice_record record;
    uint32_t field, unknown = 0;

    given.passed_deduplication = true;
    memcpy(given.fingerprint, "fingerprint-0001", 16);
    sluice_sealer_add(&sealer, SLUICE_STORE_SUSPENDED, &given, NULL, NULL, NULL);
    assert_int_equal(sluice_sealer_finish(&sealer, &out, SLUICE_STORE_SUSPENDED, DEADLINE_S, keyring), SLUICE_OK);

    struct sluice_cursor batch = { out.bytes, out.bytes + out.len, false };
    const struct sluice_str frame = frame_at(&batch);
    assert_int_equal(open_frame(frame, keyring->operator_public, operator_secret, false), SLUICE_OK);
    assert_int_equal(open_frame(frame, keyring->worker_public, keyring->worker_secret, true), SLUICE_OK);

    struct sluice_cursor cursor = { content.bytes, content.bytes + content.len, false };
    assert_int_equal(sluice_sealed_next(&cursor, &entry), 1);
    assert_true(entry.has_fingerprint);
    assert_memory_equal(entry.fingerprint, "fingerprint-0001", 16);
    assert_int_equal(entry.form, SLUICE_FORM_RAW);
    assert_int_equal(sluice_wire_read(&record, &field, &unknown, (const uint8_t *)entry.raw.bytes, entry.raw.len),
                     SLUICE_REASON_NONE);
    assert_int_equal(record.collected_at_us, given.record.collected_at_us);
    assert_int_equal(record.start_us, given.record.start_us);
    assert_true(sluice_str_equal(record.record_id, SLUICE_STR("r-1")));
    assert_int_equal(sluice_sealed_next(&cursor, &entry), 0);
}

static void a_secret_beside_a_record_stays_behind_when_it_waits(void **state)
{
    static const char raw[] = "{\"id\":1,\"puk\":\"24681357\"}";
    struct sluice_entry given = make_entry(1, raw);

    given.holds_secret = true;
    given.passed_deduplication = true;
    sluice_sealer_add(&sealer, SLUICE_STORE_SUSPENDED, &given, NULL, NULL, NULL);
    assert_int_equal(sluice_sealer_finish(&sealer, &out, SLUICE_STORE_SUSPENDED, DEADLINE_S, keyring), SLUICE_OK);

    struct sluice_cursor batch = { out.bytes, out.bytes + out.len, false };
    assert_int_equal(open_frame(frame_at(&batch), keyring->worker_public, keyring->worker_secret, true), SLUICE_OK);
    assert_null(memmem(content.bytes, content.len, "24681357", 8));
    assert_non_null(memmem(content.bytes, content.len, "emnify", 6));
}

static void parked_records_need_the_subjects_key_too(void **state)
{
    struct sluice_entry given = make_entry(1, "{\"id\":1}");
    struct sluice_sealed_entry entry;
    uint8_t other_key[SLUICE_KEY_SIZE];
    struct sluice_buffer raw;

    sluice_buffer_init(&raw, 1 << 16);
    given.purposes = 0x8001;
    sluice_sealer_add(&sealer, SLUICE_STORE_PARK, &given, NULL, subject, subject_key);
    assert_int_equal(sluice_sealer_finish(&sealer, &out, SLUICE_STORE_PARK, DEADLINE_S, keyring), SLUICE_OK);

    struct sluice_cursor batch = { out.bytes, out.bytes + out.len, false };
    assert_int_equal(open_frame(frame_at(&batch), keyring->worker_public, keyring->worker_secret, true), SLUICE_OK);
    struct sluice_cursor cursor = { content.bytes, content.bytes + content.len, false };
    assert_int_equal(sluice_sealed_next(&cursor, &entry), 1);
    assert_int_equal(entry.purposes, 0x8001);
    assert_int_equal(entry.start_us, given.record.start_us);
    assert_true(entry.has_subject);
    assert_null(memmem(content.bytes, content.len, "r-1", 3));

    memcpy(other_key, subject_key, sizeof other_key);
    other_key[0] ^= 1;
    assert_int_equal(sluice_sealed_open_parked(&raw, &entry, other_key), SLUICE_ERR_DAMAGED);
    assert_int_equal(raw.len, 0);
    entry.subject[0] ^= 1;
    assert_int_equal(sluice_sealed_open_parked(&raw, &entry, subject_key), SLUICE_ERR_DAMAGED);
    entry.subject[0] ^= 1;
    assert_int_equal(sluice_sealed_open_parked(&raw, &entry, subject_key), SLUICE_OK);
    assert_non_null(memmem(raw.bytes, raw.len, "r-1", 3));
    sluice_buffer_deinit(&raw);
}

static void the_key_of_parked_rows_is_of_every_secret(void **state)
{
    uint8_t secrets[3 * SLUICE_SECRET_SIZE], one[SLUICE_KEY_SIZE], two[SLUICE_KEY_SIZE];

    sluice_random(secrets, sizeof secrets);
    sluice_park_key(one, secrets, sizeof secrets);
    sluice_park_key(two, secrets, sizeof secrets);
    assert_memory_equal(one, two, sizeof one);
    for (size_t i = 0; i < sizeof secrets; i += SLUICE_SECRET_SIZE) {
        secrets[i] ^= 1;
        sluice_park_key(two, secrets, sizeof secrets);
        assert_memory_not_equal(one, two, sizeof one);
        secrets[i] ^= 1;
    }
    sluice_park_key(two, secrets, 2 * SLUICE_SECRET_SIZE);
    assert_memory_not_equal(one, two, sizeof one);
}

static void every_changed_bit_is_seen(void **state)
{
    struct sluice_entry given = make_entry(1, "{\"id\":1}");
    struct sluice_sealed_entry entry;

    sluice_sealer_add(&sealer, SLUICE_STORE_SUSPENDED, &given, NULL, NULL, NULL);
    assert_int_equal(sluice_sealer_finish(&sealer, &out, SLUICE_STORE_SUSPENDED, DEADLINE_S, keyring), SLUICE_OK);
    struct sluice_cursor batch = { out.bytes, out.bytes + out.len, false };
    const struct sluice_str frame = frame_at(&batch);
    uint8_t *bytes = (uint8_t *)(uintptr_t)frame.bytes;
    size_t unseen = 0;

    for (size_t i = 0; i < frame.len * 8; i++) {
        bytes[i / 8] ^= (uint8_t)(1 << i % 8);
        if (open_frame(frame, keyring->worker_public, keyring->worker_secret, true) == SLUICE_OK) {
            /* Only where another field's key lies may a change go unnoticed: what opens is the same. */
            struct sluice_cursor cursor = { content.bytes, content.bytes + content.len, false };
            assert_int_equal(sluice_sealed_next(&cursor, &entry), 1);
            assert_int_equal(entry.line, 1);
            unseen++;
        }
        bytes[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    assert_true(unseen <= (SLUICE_SEALED_KEY_SIZE + 2) * 8);
    assert_int_equal(open_frame(frame, keyring->worker_public, keyring->worker_secret, true), SLUICE_OK);
}

static void frames_follow_one_another_and_a_sealer_is_used_again(void **state)
{
    struct sluice_sealed_entry entry;

    assert_int_equal(sluice_sealer_finish(&sealer, &out, SLUICE_STORE_SUSPENDED, DEADLINE_S, keyring), SLUICE_OK);
    assert_int_equal(out.len, 0);
    for (uint64_t round = 1; round <= 2; round++) {
        struct sluice_entry given = make_entry(round, "x");
        sluice_sealer_add(&sealer, SLUICE_STORE_SUSPENDED, &given, NULL, NULL, NULL);
        assert_int_equal(sluice_sealer_finish(&sealer, &out, SLUICE_STORE_SUSPENDED, DEADLINE_S, keyring), SLUICE_OK);
    }
    struct sluice_entry forgotten = make_entry(9, "x");
    sluice_sealer_add(&sealer, SLUICE_STORE_SUSPENDED, &forgotten, NULL, NULL, NULL);
    sluice_sealer_clear(&sealer);
    assert_int_equal(sluice_sealer_finish(&sealer, &out, SLUICE_STORE_SUSPENDED, DEADLINE_S, keyring), SLUICE_OK);

    struct sluice_cursor batch = { out.bytes, out.bytes + out.len, false };
    for (uint64_t round = 1; round <= 2; round++) {
        assert_int_equal(open_frame(frame_at(&batch), keyring->worker_public, keyring->worker_secret, true),
                         SLUICE_OK);
        struct sluice_cursor cursor = { content.bytes, content.bytes + content.len, false };
        assert_int_equal(sluice_sealed_next(&cursor, &entry), 1);
        assert_int_equal(entry.line, round);
        assert_int_equal(sluice_sealed_next(&cursor, &entry), 0);
    }
    assert_true(batch.at == batch.end);
}

static void what_does_not_fit_is_told_and_leaves_nothing(void **state)
{
    struct sluice_entry given = make_entry(1, "0123456789012345678901234567890123456789");
    struct sluice_sealer small;
    struct sluice_buffer narrow;

    sluice_sealer_init(&small, 16);
    sluice_sealer_add(&small, SLUICE_STORE_QUARANTINE, &given, NULL, NULL, NULL);
    assert_int_equal(sluice_sealer_finish(&small, &out, SLUICE_STORE_QUARANTINE, DEADLINE_S, keyring),
                     SLUICE_ERR_MEMORY);
    assert_int_equal(out.len, 0);
    sluice_sealer_deinit(&small);

    sluice_buffer_init(&narrow, 64);
    sluice_sealer_add(&sealer, SLUICE_STORE_QUARANTINE, &given, NULL, NULL, NULL);
    assert_int_equal(sluice_sealer_finish(&sealer, &narrow, SLUICE_STORE_QUARANTINE, DEADLINE_S, keyring),
                     SLUICE_ERR_MEMORY);
    assert_int_equal(narrow.len, 0);
    sluice_buffer_deinit(&narrow);

    /* The entries are still there for a second try. */
    assert_int_equal(sluice_sealer_finish(&sealer, &out, SLUICE_STORE_QUARANTINE, DEADLINE_S, keyring), SLUICE_OK);
    assert_true(out.len > 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

TEST_MAIN(CASE(quarantine_keeps_what_arrived_for_the_operator_alone),
          CASE(suspended_records_come_back_as_they_were),
          CASE(a_secret_beside_a_record_stays_behind_when_it_waits),
          CASE(parked_records_need_the_subjects_key_too),
          CASE(the_key_of_parked_rows_is_of_every_secret),
          CASE(every_changed_bit_is_seen),
          CASE(frames_follow_one_another_and_a_sealer_is_used_again),
          CASE(what_does_not_fit_is_told_and_leaves_nothing))
