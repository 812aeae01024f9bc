/* Every number here is on a test network (MCC 001 and 999), of a test range
 * (8999..., TAC 00...) or from a documentation prefix: none is a real SIM. */
#include "test.h"

#include <stdlib.h>

#include "sluice/identity.h"

struct digits_case { const char *text; enum sluice_reason expect; const char *digits; };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Each text stands at the very end of its memory, so that reading one byte
 * beyond it stops under the address sanitizer. */
static struct sluice_str exact(const char *text)
{
    static char *copy;

    free(copy);
    copy = malloc(strlen(text) ? strlen(text) : 1);
    assert_non_null(copy);
    memcpy(copy, text, strlen(text));
    return (struct sluice_str){ copy, strlen(text) };
}

/* An output that a refusal must leave alone: filled with 0x5a before. */
#define CHECK_CASES(type, parse, cases)                                                           \
    for (size_t i = 0; i < COUNT(cases); i++) {                                                   \
        struct type parsed, untouched;                                                            \
                                                                                                  \
        memset(&parsed, 0x5a, sizeof parsed);                                                     \
        memset(&untouched, 0x5a, sizeof untouched);                                               \
        assert_int_equal(parse(&parsed, exact((cases)[i].text)), (cases)[i].expect);              \
        if ((cases)[i].expect != SLUICE_REASON_NONE) {                                            \
            assert_memory_equal(&parsed, &untouched, sizeof parsed);                              \
            continue;                                                                             \
        }                                                                                         \
        struct type wanted = { .digit_count = (uint8_t)strlen((cases)[i].digits) };               \
        memcpy(wanted.digits, (cases)[i].digits, strlen((cases)[i].digits));                      \
        assert_memory_equal(&parsed, &wanted, sizeof parsed);                                     \
    }

static void imsi_is_six_to_fifteen_digits(void **state)
{
    static const struct digits_case cases[] = {
        { "001010123456789",  SLUICE_REASON_NONE, "001010123456789" },
        { "999990",           SLUICE_REASON_NONE, "999990" },
        { "99999012",         SLUICE_REASON_NONE, "99999012" },
        { "",                 SLUICE_REASON_BAD_IMSI, NULL },
        { "00101",            SLUICE_REASON_BAD_IMSI, NULL },
        { "0010101234567890", SLUICE_REASON_BAD_IMSI, NULL },
        { "00101012345678f",  SLUICE_REASON_BAD_IMSI, NULL },   /* filler left in */
        { "/01010123456789",  SLUICE_REASON_BAD_IMSI, NULL },   /* one below '0' */
        { "001010123456:89",  SLUICE_REASON_BAD_IMSI, NULL },   /* one above '9' */
        { "00101:",           SLUICE_REASON_BAD_IMSI, NULL },
        { "00101/",           SLUICE_REASON_BAD_IMSI, NULL },
        { "00101012345678 ",  SLUICE_REASON_BAD_IMSI, NULL },
        { "+01010123456789",  SLUICE_REASON_BAD_IMSI, NULL },
        { "\xd9\xa0\xd9\xa0\xd9\xa1", SLUICE_REASON_BAD_IMSI, NULL },   /* Arabic 001 */
    };

    CHECK_CASES(sluice_imsi, sluice_imsi_parse, cases)
}

/* Digits are looked at eight at a time: no place in them may be overlooked. */
static void what_is_no_digit_is_seen_wherever_it_stands(void **state)
{
    static const char strange[] = { '/', ':', '\0', ' ', 'a', '\x7f', '\x80', '\xb0', '\xff' };

    for (size_t len = SLUICE_IMSI_DIGITS_MIN; len <= SLUICE_IMSI_DIGITS_MAX; len++)
        for (size_t at = 0; at < len; at++)
            for (size_t i = 0; i < COUNT(strange); i++) {
                char text[] = "999990123456789";
                struct sluice_imsi imsi;

                assert_int_equal(sluice_imsi_parse(&imsi, (struct sluice_str){ text, len }), SLUICE_REASON_NONE);
                text[at] = strange[i];
                assert_int_equal(sluice_imsi_parse(&imsi, (struct sluice_str){ text, len }), SLUICE_REASON_BAD_IMSI);
            }
}

static void iccid_ends_in_its_luhn_digit(void **state)
{
    static const struct digits_case cases[] = {
        { "899900000000000014",    SLUICE_REASON_NONE, "899900000000000014" },
        { "8999000000000000013",   SLUICE_REASON_NONE, "8999000000000000013" },
        { "89990000000000000014",  SLUICE_REASON_NONE, "89990000000000000014" },
        { "8999000000000000013F",  SLUICE_REASON_NONE, "8999000000000000013" },
        { "8999000000000000013f",  SLUICE_REASON_NONE, "8999000000000000013" },
        { "89990000000000005",     SLUICE_REASON_BAD_ICCID, NULL },   /* right digit, too short */
        { "899900000000000000013", SLUICE_REASON_BAD_ICCID, NULL },   /* right digit, too long */
        { "899900000000000015",    SLUICE_REASON_BAD_ICCID, NULL },
        { "8999000000000000014",   SLUICE_REASON_BAD_ICCID, NULL },
        { "89990000000000000013",  SLUICE_REASON_BAD_ICCID, NULL },
        { "8999000000000000014F",  SLUICE_REASON_BAD_ICCID, NULL },
        { "899900000000000014F",   SLUICE_REASON_BAD_ICCID, NULL },   /* 19 characters: no filler there */
        { "899900000000000014FF",  SLUICE_REASON_BAD_ICCID, NULL },
        { "8999 00000000000013",   SLUICE_REASON_BAD_ICCID, NULL },
        { "8999000000100000013",   SLUICE_REASON_BAD_ICCID, NULL },   /* one digit changed */
        { "",                      SLUICE_REASON_BAD_ICCID, NULL },
    };

    CHECK_CASES(sluice_iccid, sluice_iccid_parse, cases)
}

static void msisdn_is_an_international_number(void **state)
{
    static const struct digits_case cases[] = {
        { "88312",            SLUICE_REASON_NONE, "88312" },
        { "+883120000000001", SLUICE_REASON_NONE, "883120000000001" },
        { "999000000000001",  SLUICE_REASON_NONE, "999000000000001" },
        { "8831",             SLUICE_REASON_BAD_MSISDN, NULL },
        { "+8831",            SLUICE_REASON_BAD_MSISDN, NULL },
        { "9990000000000012", SLUICE_REASON_BAD_MSISDN, NULL },
        { "00883120000001",   SLUICE_REASON_BAD_MSISDN, NULL },
        { "+088312000001",    SLUICE_REASON_BAD_MSISDN, NULL },
        { "++88312000001",    SLUICE_REASON_BAD_MSISDN, NULL },
        { "883 12000001",     SLUICE_REASON_BAD_MSISDN, NULL },
        { "+",                SLUICE_REASON_BAD_MSISDN, NULL },
        { "",                 SLUICE_REASON_BAD_MSISDN, NULL },
    };

    CHECK_CASES(sluice_msisdn, sluice_msisdn_parse, cases)
}

static void eid_has_check_digits_by_mod_97(void **state)
{
    static const struct digits_case cases[] = {
        { "89990000000000000000000000000107", SLUICE_REASON_NONE, "89990000000000000000000000000107" },
        { "89990000000000000000000000000108", SLUICE_REASON_BAD_EID, NULL },
        { "89990000000000000000000000000170", SLUICE_REASON_BAD_EID, NULL },   /* two digits swapped */
        { "98990000000000000000000000000107", SLUICE_REASON_BAD_EID, NULL },
        { "8999000000000000000000000000010",  SLUICE_REASON_BAD_EID, NULL },
        { "089990000000000000000000000000107", SLUICE_REASON_BAD_EID, NULL },
        { "8999000000000000000000000000010x", SLUICE_REASON_BAD_EID, NULL },
        { "",                                 SLUICE_REASON_BAD_EID, NULL },
    };

    CHECK_CASES(sluice_eid, sluice_eid_parse, cases)
}

static void imei_gets_its_check_digit(void **state)
{
    static const struct digits_case cases[] = {
        { "00123400000001",    SLUICE_REASON_NONE, "001234000000012" },
        { "001234000000012",   SLUICE_REASON_NONE, "001234000000012" },
        { "001234000000010",   SLUICE_REASON_NONE, "001234000000012" },    /* as networks send it */
        { "0012340000000139",  SLUICE_REASON_NONE, "0012340000000139" },   /* IMEISV: no check digit */
        { "001234000000013",   SLUICE_REASON_BAD_IMEI, NULL },
        { "0012340000001",     SLUICE_REASON_BAD_IMEI, NULL },
        { "00123400000001391", SLUICE_REASON_BAD_IMEI, NULL },
        { "00123400000001f",   SLUICE_REASON_BAD_IMEI, NULL },
        { "00-12340-000000-1", SLUICE_REASON_BAD_IMEI, NULL },
        { "",                  SLUICE_REASON_BAD_IMEI, NULL },
    };

    CHECK_CASES(sluice_imei, sluice_imei_parse, cases)
}

static void a_longer_number_before_leaves_nothing_behind(void **state)
{
    struct sluice_imsi reused, fresh = {0};

    assert_int_equal(sluice_imsi_parse(&reused, SLUICE_STR("999990000000001")), SLUICE_REASON_NONE);
    assert_int_equal(sluice_imsi_parse(&reused, SLUICE_STR("001011")), SLUICE_REASON_NONE);
    assert_int_equal(sluice_imsi_parse(&fresh, SLUICE_STR("001011")), SLUICE_REASON_NONE);
    assert_memory_equal(&reused, &fresh, sizeof fresh);
}

static void luhn_digit_finds_every_single_digit_error(void **state)
{
    char digits[] = "8999012345678901234";
    const size_t count = sizeof digits - 1;
    const char right = sluice_luhn_digit(digits, count);

    /* ISO/IEC 7812-1 annex B and the example that the number is known for. */
    assert_int_equal(sluice_luhn_digit("7992739871", 10), '3');
    assert_int_equal(sluice_luhn_digit("", 0), '0');
    assert_int_equal(sluice_luhn_digit("5", 1), '9');
    for (size_t i = 0; i < count; i++) {
        const char kept = digits[i];

        for (int other = '0'; other <= '9'; other++) {
            digits[i] = (char)other;
            assert_int_equal(sluice_luhn_digit(digits, count) == right, other == kept);
        }
        digits[i] = kept;
    }
}

static void addresses_are_read_in_both_families(void **state)
{
    static const struct {
        const char *text;
        uint8_t len;
        uint8_t bytes[16];
    } cases[] = {
        { "192.0.2.7",       4,  { 192, 0, 2, 7 } },
        { "198.51.100.255",  4,  { 198, 51, 100, 255 } },
        { "2001:db8::1",     16, { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } },
        { "2001:0db8:1111:2222:3333:4444:192.0.2.1", 16,
          { 0x20, 0x01, 0x0d, 0xb8, 0x11, 0x11, 0x22, 0x22, 0x33, 0x33, 0x44, 0x44, 192, 0, 2, 1 } },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct sluice_address address, wanted = { .len = cases[i].len };

        memset(&address, 0x5a, sizeof address);
        memcpy(wanted.bytes, cases[i].bytes, sizeof wanted.bytes);
        assert_int_equal(sluice_address_parse(&address, exact(cases[i].text)), SLUICE_REASON_NONE);
        assert_memory_equal(&address, &wanted, sizeof wanted);
    }
}

static void what_is_no_address_is_refused(void **state)
{
    static const struct sluice_str cases[] = {
        { "", 0 }, { "192.0.2", 7 }, { "192.0.2.256", 11 }, { "192.0.2.01", 10 }, { "192.0.2.1 ", 10 },
        { "192.0.2.1\0x", 11 }, { "2001:db8::/32", 13 }, { "2001:db8::1%eth0", 16 }, { "2001:db8", 8 },
        { "2001:db8::1::2", 14 }, { "3221225991", 10 }, { "0xc0000207", 10 },
        { "2001:0db8:1111:2222:3333:4444:5555:66661111111", 45 },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct sluice_address address = { .len = 9 };

        assert_int_equal(sluice_address_parse(&address, cases[i]), SLUICE_REASON_BAD_ADDRESS);
        assert_int_equal(address.len, 9);
    }
}

static void network_code_keeps_its_length(void **state)
{
    static const struct {
        const char *mcc, *mnc;
        bool is_number;
        const char *expect;   /* NULL: refused */
    } cases[] = {
        { "001", "01",   false, "00101" },
        { "001", "001",  false, "001001" },
        { "999", "99",   false, "99999" },
        { "999", "999",  false, "999999" },
        { "262", "07",   false, "26207" },
        { "262", "7",    false, "26207" },     /* Germany: two digits */
        { "262", "7",    true,  "26207" },
        { "262", "42",   true,  "26242" },
        { "302", "20",   true,  "302020" },    /* Canada: three digits */
        { "302", "7",    true,  "302007" },
        { "302", "720",  true,  "302720" },
        { "310", "410",  true,  "310410" },    /* both in use, but this one is whole */
        { "405", "854",  true,  "405854" },
        { "1",   "01",   false, "00101" },     /* every MCC has three digits */
        { "01",  "01",   false, "00101" },
        { "001", "1",    false, NULL },        /* both in use: 01 or 001 */
        { "001", "1",    true,  NULL },
        { "310", "26",   true,  NULL },
        { "405", "3",    true,  NULL },
        { "999", "99",   true,  NULL },
        { "000", "1",    true,  NULL },        /* no such country */
        { "299", "1",    false, NULL },
        { "262", "",     false, NULL },
        { "",    "01",   false, NULL },
        { "2620", "1",   false, NULL },
        { "262", "0007", false, NULL },
        { "262", "0007", true,  NULL },
        { "26x", "07",   false, NULL },
        { "262", "0x",   false, NULL },
        { "262", "-1",   true,  NULL },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct sluice_plmn plmn = { 7, 7, 7 };
        char text[SLUICE_PLMN_TEXT_SIZE] = "kept";
        const enum sluice_reason reason =
            sluice_plmn_parse(&plmn, sluice_str_from(cases[i].mcc), sluice_str_from(cases[i].mnc), cases[i].is_number);

        assert_int_equal(reason, cases[i].expect ? SLUICE_REASON_NONE : SLUICE_REASON_BAD_PLMN);
        if (!cases[i].expect) {
            assert_int_equal(plmn.mnc_digits, 7);
            continue;
        }
        sluice_plmn_format(text, &plmn);
        assert_string_equal(text, cases[i].expect);
    }
}

static void home_network_of_an_imsi_is_known_or_refused(void **state)
{
    /* Six digits name a network and hardly a SIM. */
    static const struct { const char *imsi, *expect; } cases[] = {
        { "001010123456789", "00101" },
        { "001001",          "001001" },
        { "262070", "26207" },
        { "302720", "302720" },
        { "310410", "310410" },
        { "208010", "20801" },    /* France uses both, no three-digit code starts with 01 */
        { "208500", NULL },       /* and both below 50 */
        { "310590", NULL },
        { "999990000000001", NULL },       /* 99 and 999 are both in use */
        { "001020", NULL },       /* not assigned */
        { "000010", NULL },
        { "299010", NULL },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct sluice_plmn plmn = { 7, 7, 7 };
        struct sluice_imsi imsi;
        char text[SLUICE_PLMN_TEXT_SIZE];

        assert_int_equal(sluice_imsi_parse(&imsi, sluice_str_from(cases[i].imsi)), SLUICE_REASON_NONE);
        assert_int_equal(sluice_plmn_of_imsi(&plmn, &imsi),
                         cases[i].expect ? SLUICE_REASON_NONE : SLUICE_REASON_BAD_PLMN);
        if (!cases[i].expect) {
            assert_int_equal(plmn.mcc, 7);
            continue;
        }
        sluice_plmn_format(text, &plmn);
        assert_string_equal(text, cases[i].expect);
    }
}

TEST_MAIN(cmocka_unit_test(imsi_is_six_to_fifteen_digits),
          cmocka_unit_test(what_is_no_digit_is_seen_wherever_it_stands),
          cmocka_unit_test(iccid_ends_in_its_luhn_digit),
          cmocka_unit_test(msisdn_is_an_international_number),
          cmocka_unit_test(eid_has_check_digits_by_mod_97),
          cmocka_unit_test(imei_gets_its_check_digit),
          cmocka_unit_test(a_longer_number_before_leaves_nothing_behind),
          cmocka_unit_test(luhn_digit_finds_every_single_digit_error),
          cmocka_unit_test(addresses_are_read_in_both_families),
          cmocka_unit_test(what_is_no_address_is_refused),
          cmocka_unit_test(network_code_keeps_its_length),
          cmocka_unit_test(home_network_of_an_imsi_is_known_or_refused))
