#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "feed/decimal.h"

#define MB  UINT64_C(1000000)
#define MIB UINT64_C(1048576)
#define BAD UINT64_MAX

static uint64_t octets(const char *text, uint64_t unit)
{
    struct decimal value;
    uint64_t result;

    /* Exactly the bytes of the text, so that a sanitizer sees an over-read. */
    const size_t len = strlen(text);
    char *bytes = malloc(len ? len : 1);
    memcpy(bytes, text, len);
    const bool parsed = decimal_parse(&value, (struct sluice_str){ bytes, len });
    free(bytes);
    return parsed && decimal_to_octets(&result, &value, unit) ? result : BAD;
}

static void megabytes_with_six_decimals_are_whole_octets(void **state)
{
    static const struct { const char *text; uint64_t unit, octets; } cases[] = {
        { "0.219933", MB, 219933 },
        { "0.015085", MB, 15085 },
        { "0.000001", MB, 1 },
        { "0", MB, 0 },
        { "0.0", MB, 0 },
        { "-0", MB, 0 },
        { "1.0", MB, 1000000 },
        { "99999999.999999", MB, UINT64_C(99999999999999) },
        { "1.5e-3", MB, 1500 },
        { "2E2", MB, 200000000 },
        { "0000.5", MB, 500000 },
        { "0.1000000000000000000000000000", MB, 100000 },   /* zeros at the end say nothing */
        { "0.0000001", MB, BAD },                           /* a tenth of an octet */
        { "0.0000015", MB, BAD },
        { "1.5", 1, BAD },
        { "1500", 1, 1500 },
        { "9223372036854775807", 1, INT64_MAX },
        { "9223372036854775808", 1, BAD },
        { "9223372036854.775807", MB, INT64_MAX },
        { "9223372036854.775808", MB, BAD },
        { "1e30", MB, BAD },
        { "-1", MB, BAD },
        { "-0.000001", MB, BAD },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (octets(cases[i].text, cases[i].unit) != cases[i].octets)
            fail_msg("%s", cases[i].text);
}

static void binary_megabytes_round_to_the_nearest_octet(void **state)
{
    static const struct { const char *text; uint64_t octets; } cases[] = {
        { "1", 1048576 },
        { "0.000001", 1 },                     /* 1.048576 */
        { "0.000002", 2 },                     /* 2.097 */
        { "0.00000047683715820312", 0 },       /* just below half an octet */
        { "0.000000476837158203125", 1 },      /* half an octet: up */
        { "0.000001430511474609375", 2 },      /* one and a half */
        { "0.219933", 230616 },                /* 230616.47 */
        { "1e-39", 0 },
        { "8796093022207.999999", INT64_MAX },
        { "8796093022208", BAD },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const uint64_t result = octets(cases[i].text, MIB);

        if (cases[i].octets == INT64_MAX)
            assert_in_range(result, INT64_MAX - 2, INT64_MAX);
        else if (result != cases[i].octets)
            fail_msg("%s", cases[i].text);
    }
}

static void text_that_is_no_number_is_refused(void **state)
{
    static const char *const texts[] = {
        "", "-", "+1", ".5", "5.", "1e", "1e+", "1e41", "1e-41", "1.2.3", "1,5", "0x10", " 1", "1 ", "NaN", "inf",
        "1e2e3", "--1", "1-", "12345678901234567890123456789", "\xd9\xa1",
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct decimal value = { 77, 7, true };

        if (decimal_parse(&value, sluice_str_from(texts[i])))
            fail_msg("%s", texts[i]);
        assert_true(value.units == 77 && value.scale == 7 && value.negative);
    }
}

static void counts_are_whole(void **state)
{
    static const struct { const char *text; uint64_t maximum, count; } cases[] = {
        { "1", 10, 1 }, { "1.0", 10, 1 }, { "1.000", 10, 1 }, { "0.0", 10, 0 }, { "1e1", 10, 10 }, { "10", 10, 10 },
        { "11", 10, BAD }, { "0.5", 10, BAD }, { "-1", 10, BAD }, { "1e40", UINT64_MAX - 1, BAD },
        { "4294967295", UINT32_MAX, UINT32_MAX }, { "4294967296", UINT32_MAX, BAD },
        { "18446744073709551615", UINT64_MAX, UINT64_MAX },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct decimal value;
        uint64_t count = BAD;

        assert_true(decimal_parse(&value, sluice_str_from(cases[i].text)));
        if (!decimal_to_whole(&count, &value, cases[i].maximum))
            count = BAD;
        if (count != cases[i].count)
            fail_msg("%s", cases[i].text);
    }
}

static void amounts_keep_their_scale(void **state)
{
    static const struct { const char *text; bool good; int64_t units; uint8_t scale; } cases[] = {
        { "0.00188512", true, 188512, 8 },
        { "0.07", true, 7, 2 },
        { "0.0700", true, 7, 2 },
        { "0", true, 0, 0 },
        { "-1.5", true, -15, 1 },
        { "1e3", true, 1000, 0 },
        { "1.88512e-3", true, 188512, 8 },
        { "0.000000000000000001", true, 1, 18 },
        { "0.0000000000000000001", false, 0, 0 },
        { "9223372036854775807", true, INT64_MAX, 0 },
        { "9.223372036854775808", false, 0, 0 },
        { "1e19", false, 0, 0 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct decimal value;
        int64_t units = 0;
        uint8_t scale = 0;

        assert_true(decimal_parse(&value, sluice_str_from(cases[i].text)));
        if (decimal_to_amount(&units, &scale, &value) != cases[i].good)
            fail_msg("%s", cases[i].text);
        assert_int_equal(units, cases[i].units);
        assert_int_equal(scale, cases[i].scale);
    }
}

/* Against an independent way: octets written as megabytes by moving the point. */
static void every_octet_count_survives_being_written_as_megabytes(void **state)
{
    const unsigned seed = (unsigned)time(NULL);

    printf("seed %u\n", seed);
    srand(seed);
    for (int i = 0; i < 100000; i++) {
        const uint64_t expected = ((uint64_t)rand() << 20 ^ (uint64_t)rand()) >> (rand() % 50);
        char text[64];

        snprintf(text, sizeof text, "%llu.%06llu", (unsigned long long)(expected / MB),
                 (unsigned long long)(expected % MB));
        if (octets(text, MB) != expected)
            fail_msg("seed %u: %s", seed, text);
    }
}

TEST_MAIN(cmocka_unit_test(megabytes_with_six_decimals_are_whole_octets),
          cmocka_unit_test(binary_megabytes_round_to_the_nearest_octet),
          cmocka_unit_test(text_that_is_no_number_is_refused),
          cmocka_unit_test(counts_are_whole),
          cmocka_unit_test(amounts_keep_their_scale),
          cmocka_unit_test(every_octet_count_survives_being_written_as_megabytes))
