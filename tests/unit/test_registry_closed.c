/* What a load of the registry must not open: who was erased, and of whom a row could not be read. */
#include "test.h"

#include "registry_fixture.h"

static bool is_unknown(struct registry_fixture *f, enum sluice_identifier_kind kind, const char *digits,
                       const char *instant)
{
    struct sluice_interval around;
    struct sluice_subject subject;
    uint8_t tag[SLUICE_TAG_SIZE];

    tag_of(f, tag, kind, digits);
    (void)!sluice_vault_find_around(f->vault.vault, &subject, &around, tag, second_of(instant));
    return around.unknown;
}

/* Nobody knows what a bad row would have said: that it is a child's, say. */
static void what_a_refused_row_says_of_its_sim_is_unknown(void **state)
{
    static const char *const bad[] = {
        "1,001010000000001,,,a,,,thirteen,2026-01-01,", "1,001010000000001,,,a,personal,,13,,",
        "1,001010000000001,,,a,,Germany,,,2026-01-01", "1,001010000000001,9,,a,,,,,",
        "1,001010000000001,,,a,,,,never,",             "1,001010000000001",
        "1,001010000000001,,,a,,,,,,,,,",
    };
    struct registry_fixture *f = *state;
    uint8_t before[SLUICE_SECRET_SIZE];

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        loads(f, CSV("1,001010000000001,,,a,,,,,2026-03-01", "2,001010000000002,,,b,,,,,"), NULL);
        assert_false(is_unknown(f, SLUICE_IDENTIFIER_ICCID, iccid_of(1), "2026-02-01"));
        const struct sluice_subject known = found(f, 1, "2026-02-01");
        assert_true(i == 0 || memcmp(before, known.secrets[0], sizeof before) == 0);
        memcpy(before, known.secrets[0], sizeof before);

        loads(f, CSV(bad[i], "2,001010000000002,,,b,,,,,"), NULL);
        assert_int_equal(f->report.rows_refused, 1);
        assert_int_equal(f->report.unknown, 2);
        assert_true(is_unknown(f, SLUICE_IDENTIFIER_ICCID, iccid_of(1), "2026-02-01"));
        assert_true(is_unknown(f, SLUICE_IDENTIFIER_ICCID, iccid_of(1), "2027-02-01"));
        assert_true(is_unknown(f, SLUICE_IDENTIFIER_IMSI, "001010000000001", "2026-02-01"));
        assert_false(is_unknown(f, SLUICE_IDENTIFIER_ICCID, iccid_of(2), "2026-02-01"));
        assert_false(is_unknown(f, SLUICE_IDENTIFIER_IMSI, "001010000000002", "2026-02-01"));
        assert_string_equal(found(f, 2, "2026-02-01").account, "b");
    }
    /* Beside a row of the same SIM that is good; and where one of its names is all there is. */
    loads(f, CSV("1,,,,a,,,,,2026-03-01", "1,,,,b,,,0,2026-03-01,"), NULL);
    assert_true(is_unknown(f, SLUICE_IDENTIFIER_ICCID, iccid_of(1), "2026-02-01"));
    loads(f, CSV("0,001010000000003,,,a,,,0,,"), NULL);
    assert_true(is_unknown(f, SLUICE_IDENTIFIER_IMSI, "001010000000003", "2026-02-01"));
    assert_false(is_unknown(f, SLUICE_IDENTIFIER_ICCID, iccid_of(1), "2026-02-01"));
}

/* The operator's CSV goes on naming who was erased; the next holder is somebody else. */
static void a_load_does_not_bring_back_who_was_erased(void **state)
{
    struct registry_fixture *f = *state;
    const char *const registered = CSV("1,001010000000001,,,a,individual,DE,,2026-01-01,2026-06-01",
                                       "2,001010000000002,,,b,,,,,");
    struct sluice_vault_erasure erasure = { .what = SLUICE_ERASE_SUBJECT, .purposes = UINT16_MAX };
    static char first[16384];

    snprintf(first, sizeof first, "%s", registered);
    loads(f, first, right_line(1, CONSENT("marketing")));
    tag_of(f, erasure.tag, SLUICE_IDENTIFIER_ICCID, iccid_of(1));
    fixture_erase(&f->vault, erasure);
    for (int round = 0; round < 2; round++) {
        loads(f, first, right_line(1, CONSENT("marketing")));
        const struct sluice_subject grave = found(f, 1, "2026-03-01");
        assert_true(sluice_subject_is_grave(&grave));
        assert_int_equal(grave.secret_count, 0);
        assert_int_equal(grave.consented, 0);
        assert_string_equal(grave.account, "");
        assert_int_equal(found(f, 2, "2026-03-01").secret_count, 3);
        fixture_reopen(&f->vault);
    }
    /* He stays longer, he is not in the file at all, and another holder comes. */
    loads(f, CSV("1,,,,a,individual,DE,,2026-01-01,2026-07-01"), "");
    assert_true(sluice_subject_is_grave(&(struct sluice_subject[]){ found(f, 1, "2026-06-15") }[0]));
    loads(f, CSV("2,,,,b,,,,,"), right_line(1, "\"action\":\"restrict\""));
    assert_true(sluice_subject_is_grave(&(struct sluice_subject[]){ found(f, 1, "2026-03-01") }[0]));
    assert_int_equal(found(f, 1, "2026-03-01").restricted, 0);
    loads(f, CSV("1,,,,c,,,,2026-06-15,"), "");
    assert_true(sluice_subject_is_grave(&(struct sluice_subject[]){ found(f, 1, "2026-06-14") }[0]));
    assert_string_equal(found(f, 1, "2026-06-15").account, "c");
    assert_int_equal(found(f, 1, "2026-06-15").secret_count, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_REGISTRY(what_a_refused_row_says_of_its_sim_is_unknown),
        WITH_REGISTRY(a_load_does_not_bring_back_who_was_erased),
    };

    if (sluice_crypto_init() != SLUICE_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
