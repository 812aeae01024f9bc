#include "test.h"

#include "bytes.h"
#include "sluice/token.h"

static void a_token_is_the_documented_function(void **state)
{
    uint8_t key[SLUICE_KEY_SIZE], pseudonym[SLUICE_PSEUDONYM_SIZE], token[SLUICE_TOKEN_SIZE];

    fill(key, sizeof key, 64);
    fill(pseudonym, sizeof pseudonym, 100);
    sluice_token_seal(token, key, pseudonym, SLUICE_TOKEN_ICCID, "8999000000000000017", 19);
    /* Computed in Python from RFC 8439 and hashlib.blake2b. */
    assert_hex(token, sizeof token, "d6cb1fa6362fc4dafa209b377e52a9e01dcdddb3ee28f6868128e9");
}

static void a_token_opens_to_what_was_sealed(void **state)
{
    static const struct { enum sluice_token_kind kind; const char *digits; } cases[] = {
        { SLUICE_TOKEN_ICCID, "89990000000000000125" },
        { SLUICE_TOKEN_ICCID, "899900000000000017" },
        { SLUICE_TOKEN_IMSI, "001010123456789" },
        { SLUICE_TOKEN_IMSI, "999991" },
    };
    uint8_t key[SLUICE_KEY_SIZE], pseudonym[SLUICE_PSEUDONYM_SIZE], token[SLUICE_TOKEN_SIZE];

    fill(key, sizeof key, 1);
    fill(pseudonym, sizeof pseudonym, 2);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const size_t count = strlen(cases[i].digits);
        char digits[SLUICE_TOKEN_DIGITS_MAX];
        enum sluice_token_kind kind;
        size_t digit_count;

        sluice_token_seal(token, key, pseudonym, cases[i].kind, cases[i].digits, count);
        assert_int_equal(sluice_token_open(&kind, digits, &digit_count, token, key, pseudonym), SLUICE_OK);
        assert_int_equal(kind, cases[i].kind);
        assert_int_equal(digit_count, count);
        assert_memory_equal(digits, cases[i].digits, count);
    }
}

static void a_token_opens_with_its_key_for_its_row_unchanged_or_not_at_all(void **state)
{
    uint8_t key[SLUICE_KEY_SIZE], pseudonym[SLUICE_PSEUDONYM_SIZE], token[SLUICE_TOKEN_SIZE];
    char digits[SLUICE_TOKEN_DIGITS_MAX] = "untouched";
    enum sluice_token_kind kind;
    size_t count;

    fill(key, sizeof key, 1);
    fill(pseudonym, sizeof pseudonym, 2);
    sluice_token_seal(token, key, pseudonym, SLUICE_TOKEN_IMSI, "001010123456789", 15);
    for (size_t bit = 0; bit < 8 * sizeof token; bit++) {
        token[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(sluice_token_open(&kind, digits, &count, token, key, pseudonym), SLUICE_ERR_KEY);
        token[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    key[31] ^= 1;
    assert_int_equal(sluice_token_open(&kind, digits, &count, token, key, pseudonym), SLUICE_ERR_KEY);
    key[31] ^= 1;
    pseudonym[0] ^= 1;
    assert_int_equal(sluice_token_open(&kind, digits, &count, token, key, pseudonym), SLUICE_ERR_KEY);
    pseudonym[0] ^= 1;
    assert_string_equal(digits, "untouched");
    assert_int_equal(sluice_token_open(&kind, digits, &count, token, key, pseudonym), SLUICE_OK);
}

/* Two plaintexts under one stream would give away their difference. */
static void two_identifiers_under_one_pseudonym_share_no_stream(void **state)
{
    uint8_t key[SLUICE_KEY_SIZE], pseudonym[SLUICE_PSEUDONYM_SIZE];
    uint8_t a[SLUICE_TOKEN_SIZE], b[SLUICE_TOKEN_SIZE];
    size_t same = 0;

    fill(key, sizeof key, 1);
    fill(pseudonym, sizeof pseudonym, 2);
    sluice_token_seal(a, key, pseudonym, SLUICE_TOKEN_IMSI, "001010123456789", 15);
    sluice_token_seal(b, key, pseudonym, SLUICE_TOKEN_IMSI, "001010123456780", 15);
    for (size_t i = 0; i < sizeof a; i++)
        same += a[i] == b[i];
    assert_in_range(same, 0, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_is_the_documented_function),
        cmocka_unit_test(a_token_opens_to_what_was_sealed),
        cmocka_unit_test(a_token_opens_with_its_key_for_its_row_unchanged_or_not_at_all),
        cmocka_unit_test(two_identifiers_under_one_pseudonym_share_no_stream),
    };

    if (sluice_crypto_init() != SLUICE_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
