#include "test.h"

#include "sluice/name.h"

static void names_have_one_shape(void **state)
{
    static const struct { const char *text; bool valid; } cases[] = {
        { "a", true },
        { "acme-iot_2", true },
        { "a23b45", true },
        { "abcdefghijklmnopqrstuvwxyzabcde", true },     /* 31 */
        { "abcdefghijklmnopqrstuvwxyzabcdef", false },   /* 32 */
        { "", false },
        { "2a", false },
        { "-a", false },
        { "A", false },
        { "a.b", false },
        { "a/b", false },
        { "a b", false },
        { "a\xc3\xa9", false },
        { "a123", false },                               /* could be a piece of an identifier */
        { "a123b", false },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(sluice_name_valid(cases[i].text), cases[i].valid);
}

static void streams_of_every_tenant_are_reserved(void **state)
{
    assert_true(sluice_name_reserved("quarantine"));
    assert_true(sluice_name_reserved("park"));
    assert_true(sluice_name_reserved("suspended"));
    assert_true(sluice_name_reserved("unassigned"));
    assert_false(sluice_name_reserved("billing"));
}

static const char *nearest_of(const char *text)
{
    static struct sluice_nearest nearest;

    sluice_nearest_init(&nearest, text);
    sluice_nearest_offer(&nearest, "retention");
    sluice_nearest_offer(&nearest, "output");
    sluice_nearest_offer(&nearest, "outputs");
    return nearest.best;
}

static void the_nearest_candidate_is_offered_and_no_far_one(void **state)
{
    assert_string_equal(nearest_of("retenton"), "retention");
    assert_string_equal(nearest_of("outptu"), "output");
    assert_string_equal(nearest_of("outpus"), "output");    /* one away from both: the first */
    assert_string_equal(nearest_of("tenants"), "");
    assert_string_equal(nearest_of("x"), "");
}

TEST_MAIN(cmocka_unit_test(names_have_one_shape),
          cmocka_unit_test(streams_of_every_tenant_are_reserved),
          cmocka_unit_test(the_nearest_candidate_is_offered_and_no_far_one))
