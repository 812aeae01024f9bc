#include "test.h"

#include "feed/secret.h"

static void names_are_known_however_they_are_written(void **state)
{
    static const struct { const char *name; enum secret secret; } cases[] = {
        { "password", SECRET_HELD }, { "PIN1", SECRET_HELD },       { "api-key", SECRET_HELD },
        { "Ki", SECRET_HELD },       { "national_id", SECRET_PROHIBITED }, { "Health", SECRET_PROHIBITED },
        { "iccid", SECRET_NONE },    { "pint", SECRET_NONE },       { "healthy", SECRET_NONE },
        { "", SECRET_NONE },         { "a_very_long_name_that_nobody_listed", SECRET_NONE },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(secret_of_name(sluice_str_from(cases[i].name)), cases[i].secret);
}

/* B-ING-5: what a policy names is refused like what the law names. */
static void a_policy_can_prohibit_more(void **state)
{
    assert_int_equal(secret_of_name(SLUICE_STR("shoe_size")), SECRET_NONE);
    assert_true(secret_prohibit(SLUICE_STR("shoe-size")));
    assert_int_equal(secret_of_name(SLUICE_STR("Shoe_Size2")), SECRET_PROHIBITED);
    assert_int_equal(secret_of_name(SLUICE_STR("shoe")), SECRET_NONE);
    assert_false(secret_prohibit(SLUICE_STR("")));
    /* As long as a policy can write it. */
    assert_true(secret_prohibit(SLUICE_STR("trade_union_membership_of_users")));
    assert_int_equal(secret_of_name(SLUICE_STR("tradeUnionMembershipOfUsers")), SECRET_PROHIBITED);
    for (int i = 0; i < 2 * SECRET_PROHIBITED_MAX; i++) {
        const char name[] = { 'x', (char)('a' + i / 26 / 26), (char)('a' + i / 26 % 26), (char)('a' + i % 26), 0 };

        assert_int_equal(secret_prohibit(sluice_str_from(name)), i < SECRET_PROHIBITED_MAX - 2);
    }
    assert_int_equal(secret_of_name(SLUICE_STR("shoe_size")), SECRET_PROHIBITED);
}

TEST_MAIN(cmocka_unit_test(names_are_known_however_they_are_written),
          cmocka_unit_test(a_policy_can_prohibit_more))
