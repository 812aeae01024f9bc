#include "test.h"

#include "feed/unknown.h"

static struct unknown_fields unknown;

static bool is_shown(const char *name)
{
    memset(&unknown, 0, sizeof unknown);
    unknown_fields_count(&unknown, sluice_str_from(name));
    assert_int_equal(unknown.total, 1);
    assert_int_equal(unknown.count + unknown.other, 1);
    return unknown.count == 1 && strcmp(unknown.fields[0].name, name) == 0;
}

static void names_that_read_like_names_are_shown(void **state)
{
    static const char *const names[] = {
        "signal", "x", "_id", "newField", "IMSIHash", "detail.pdp_context.uePlmnId", "ipv4_address", "e2e_delay_p95",
        "network-slice", "(raw)", "Usage(MB)", "detail.mnc.[].extra", "m2m", "gtpV2", "iPhone", "facade",
        "interconnectAgreement", "n98c",
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (!is_shown(names[i]) )
            fail_msg("%s is not shown", names[i]);
}

/* An identifier as a name, in every spelling that somebody thought of. */
static void names_that_may_hide_an_identifier_are_not(void **state)
{
    static const char *const names[] = {
        "001010123456789", "imsi123", "x_001", "0-0-1-0-1", "a0b0c1d0e1", "0_0_1_0_1_0_1", "9lives",
        "ab00cd10ef12",              /* hexadecimal */
        "id_deadbeef", "DEADBEEFCAFE",
        "MDAxMDEwMDAwMDAwMDAx",      /* base64 */
        "sim_MDAxMDEwMTIzNDU2Nzg5",
        "GAYDCMBRGAYTEMZUGU3DOOBZ",  /* base32 */
        "zeroZeroOneZeroOneZeroOne", /* longer than a word */
        "two words", "caf\xc3\xa9", "%30%30%31", "@type", "a:b", "a/b", "\\u0030", "a\"b", "",
        "a_name_that_is_longer_than_any_format_would_have_it_in_any_country",
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (is_shown(names[i]))
            fail_msg("%s is shown", names[i]);
}

TEST_MAIN(cmocka_unit_test(names_that_read_like_names_are_shown),
          cmocka_unit_test(names_that_may_hide_an_identifier_are_not))
