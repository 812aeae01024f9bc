#include "test.h"

#include "sluice/file_name.h"

static void numbers_are_hidden_and_dates_are_not(void **state)
{
    static const struct { const char *name, *shown; } cases[] = {
        { "usage.json", "usage.json" },
        { "usage-20261122.json", "usage-20261122.json" },
        { "usage_2026-11-22_10-30.json", "usage_2026-11-22_10-30.json" },
        { "usage_20261122T103000Z.csv.gz", "usage_20261122T103000Z.csv.gz" },
        { "20261122103000_0001.ndjson", "20261122103000_0001.ndjson" },
        { "cdr-12345678.json", "cdr-12345678.json" },
        { "cdr-123456789.json", "cdr-*********.json" },
        { "001010123456789.json", "***************.json" },
        { "sim8999010000000000011x", "sim*******************x" },
        { "2026-11-22-001010123456789.json", "2026-11-22-***************.json" },
        { "001010123456789_20261122.json", "***************_20261122.json" },
        { "001-01-0123456789.json", "***-**-**********.json" },
        { "0-0-1-0-1-0-1-2-3-4.json", "*-*-*-*-*-*-*-*-*-*.json" },
        { "+999 000 000 01", "+*** *** *** **" },
        { "20261322103000", "**************" },          /* no 13th month */
        { "19261122103000", "**************" },          /* no record is so old */
        { "part-1.2.3.json", "part-1.2.3.json" },
        { "1--2--3--4--5--6--7--8--9", "1--2--3--4--5--6--7--8--9" },
        { "/data/123456789012/cdr-123456789.json", "/data/123456789012/cdr-*********.json" },
        { "a\x1b[2Jb\x7f\xc2\x9b\xff.json", "a?[2Jb???.json" },
        { "caf\xc3\xa9.json", "caf\xc3\xa9.json" },
        { "", "" },
    };
    char shown[SLUICE_SHOWN_SIZE];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const bool hidden = sluice_file_shown(shown, sluice_str_from(cases[i].name));

        assert_string_equal(shown, cases[i].shown);
        assert_int_equal(hidden, strchr(cases[i].shown, '*') != NULL);
    }
}

static void a_long_path_keeps_its_end(void **state)
{
    char path[2 * SLUICE_SHOWN_SIZE], shown[SLUICE_SHOWN_SIZE];

    memset(path, 'd', sizeof path);
    memcpy(path + sizeof path - 17, "/001010123456789", 17);
    assert_true(sluice_file_shown(shown, sluice_str_from(path)));
    assert_int_equal(strlen(shown), SLUICE_SHOWN_SIZE - 1);
    assert_string_equal(shown + SLUICE_SHOWN_SIZE - 18, "d/***************");
}

TEST_MAIN(cmocka_unit_test(numbers_are_hidden_and_dates_are_not), cmocka_unit_test(a_long_path_keeps_its_end))
