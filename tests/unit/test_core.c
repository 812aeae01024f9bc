#include "test.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "files.h"
#include "scratch.h"
#include "sluice/arena.h"
#include "sluice/buffer.h"
#include "sluice/clock.h"
#include "sluice/swap.h"

static void instants_are_read_and_written_back(void **state)
{
    static const struct { const char *text; int64_t us; const char *back; } cases[] = {
        { "1970-01-01T00:00:00Z",          0,                        "1970-01-01T00:00:00Z" },
        { "2022-04-26T11:53:43Z",          INT64_C(1650974023000000), "2022-04-26T11:53:43Z" },
        { "2024-02-15T14:56:15.260Z",      INT64_C(1708008975260000), "2024-02-15T14:56:15.260000Z" },
        { "2017-10-26T07:28:00.000+0000",  INT64_C(1509002880000000), "2017-10-26T07:28:00Z" },
        { "2021-10-27T10:38:02+02:00",     INT64_C(1635323882000000), "2021-10-27T08:38:02Z" },
        { "2021-10-27T08:38:02",           INT64_C(1635323882000000), "2021-10-27T08:38:02Z" },
        { "2000-02-29",                    INT64_C(951782400000000),  "2000-02-29T00:00:00Z" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char back[SLUICE_TIME_TEXT_SIZE];
        int64_t us;
        int offset;
        bool given;

        assert_int_equal(sluice_time_parse(&us, &offset, &given, sluice_str_from(cases[i].text)), SLUICE_OK);
        assert_int_equal(us, cases[i].us);
        sluice_time_format(back, us);
        assert_string_equal(back, cases[i].back);
    }
}

static void instants_that_do_not_exist_are_refused(void **state)
{
    static const char *const cases[] = {
        "", "2021", "2021-13-01", "2021-00-10", "2021-02-29", "2100-02-29T00:00:00Z", "2021-01-01T24:00:00Z",
        "2021-01-01T00:60:00Z", "2021-01-01T00:00:00.Z", "2021-01-01T00:00:00.1234567890Z",
        "2021-01-01T00:00:00Zz", "2021-01-01T00:00:00+1", "2021-01-01x00:00:00Z", "2021-1-1",
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t us = 7;
        int offset = 7;
        bool given;

        assert_int_equal(sluice_time_parse(&us, &offset, &given, sluice_str_from(cases[i])), SLUICE_ERR_FORMAT);
        assert_int_equal(us, 7);
    }
}

static void every_day_of_four_centuries_comes_back(void **state)
{
    for (int64_t days = -200 * 365; days < 200 * 366; days++) {
        int year;
        unsigned month, day;

        sluice_civil_from_days(days, &year, &month, &day);
        assert_int_equal(sluice_days_from_civil(year, month, day), days);
    }
}

static void periods_have_a_unit(void **state)
{
    int64_t seconds = 0;

    assert_int_equal(sluice_period_parse(&seconds, SLUICE_STR("90d")), SLUICE_OK);
    assert_int_equal(seconds, 90 * 86400);
    assert_int_equal(sluice_period_parse(&seconds, SLUICE_STR("5m")), SLUICE_OK);
    assert_int_equal(seconds, 300);
    assert_int_equal(sluice_period_parse(&seconds, SLUICE_STR("90")), SLUICE_ERR_FORMAT);
    assert_int_equal(sluice_period_parse(&seconds, SLUICE_STR("d")), SLUICE_ERR_FORMAT);
    assert_int_equal(sluice_period_parse(&seconds, SLUICE_STR("-1d")), SLUICE_ERR_FORMAT);
}

static void an_arena_keeps_its_limit_and_its_blocks(void **state)
{
    struct sluice_arena arena;

    sluice_arena_init(&arena, 3 * 1024 * 1024);
    for (int round = 0; round < 3; round++) {
        char *first = sluice_arena_alloc(&arena, 100);
        char *second = sluice_arena_alloc(&arena, 100);

        assert_non_null(first);
        assert_int_equal((uintptr_t)second % 16, 0);
        memset(first, 1, 100);
        memset(second, 2, 100);
        assert_int_equal(first[99], 1);
        assert_int_equal(sluice_arena_used(&arena), 2 * 112);
        assert_non_null(sluice_arena_alloc(&arena, 2 * 1024 * 1024));
        assert_int_equal(sluice_arena_used(&arena), 3 * 1024 * 1024);
        assert_null(sluice_arena_alloc(&arena, 1024 * 1024));
        sluice_arena_reset(&arena);
        assert_int_equal(sluice_arena_used(&arena), 0);
    }
    assert_int_equal(arena.size, 3 * 1024 * 1024);
    sluice_arena_deinit(&arena);
}

static void a_buffer_fails_once_and_for_all(void **state)
{
    struct sluice_buffer buffer;

    sluice_buffer_init(&buffer, 8);
    sluice_buffer_append_u32(&buffer, 0x04030201);
    assert_int_equal(sluice_buffer_err(&buffer), SLUICE_OK);
    sluice_buffer_append_u64(&buffer, 1);
    sluice_buffer_append_u8(&buffer, 1);
    assert_int_equal(sluice_buffer_err(&buffer), SLUICE_ERR_MEMORY);
    assert_int_equal(buffer.len, 4);
    assert_memory_equal(buffer.bytes, "\x01\x02\x03\x04", 4);

    struct sluice_cursor cursor = { buffer.bytes, buffer.bytes + buffer.len, false };
    assert_int_equal(sluice_cursor_u32(&cursor), 0x04030201);
    assert_int_equal(sluice_cursor_u8(&cursor), 0);
    assert_true(cursor.failed);
    sluice_buffer_deinit(&buffer);
}

static void json_strings_are_escaped(void **state)
{
    struct sluice_buffer buffer;

    sluice_buffer_init(&buffer, 1024);
    sluice_buffer_append_json(&buffer, SLUICE_STR("a\"b\\c\n\xc3\xa9\xff"));
    assert_int_equal(buffer.len, strlen("\"a\\\"b\\\\c\\u000a\xc3\xa9\xef\xbf\xbd\""));
    assert_memory_equal(buffer.bytes, "\"a\\\"b\\\\c\\u000a\xc3\xa9\xef\xbf\xbd\"", buffer.len);
    sluice_buffer_deinit(&buffer);
}

static void make_swap(const char *folder, const char *area, const char *uuid, const char *below_uuid)
{
    char block[256], path[1024], heading[512];
    struct stat status;

    assert_int_equal(stat(folder, &status), 0);
    snprintf(heading, sizeof heading, "Filename\t\tType\t\tSize\t\tUsed\t\tPriority\n%s%s", area,
             area[0] ? "    file\t\t1048572\t\t0\t\t-2\n" : "");
    file_write(path_in(folder, "swaps"), heading, strlen(heading));
    snprintf(block, sizeof block, "%s/dev/block/%u:%u", folder, major(status.st_dev), minor(status.st_dev));
    snprintf(path, sizeof path, "rm -rf %s/dev; mkdir -p %s/dm %s/slaves/sda2/dm", folder, block, block);
    assert_int_equal(system(path), 0);
    file_write(path_in(block, "dm/uuid"), uuid, strlen(uuid));
    file_write(path_in(block, "slaves/sda2/dm/uuid"), below_uuid, strlen(below_uuid));
}

static void swap_is_readable_unless_it_is_encrypted(void **state)
{
    char folder[64], file[80];

    scratch_make(folder);
    snprintf(file, sizeof file, "%s/swaps", folder);
    assert_false(sluice_swap_is_readable(folder, folder));          /* no such thing as swap */
    make_swap(folder, "", "", "");
    assert_false(sluice_swap_is_readable(folder, folder));          /* none is on */
    make_swap(folder, file, "LVM-x\n", "PARTUUID\n");
    assert_true(sluice_swap_is_readable(folder, folder));
    make_swap(folder, file, "CRYPT-LUKS2-x\n", "PARTUUID\n");
    assert_false(sluice_swap_is_readable(folder, folder));
    make_swap(folder, file, "LVM-x\n", "CRYPT-LUKS2-x\n");
    assert_false(sluice_swap_is_readable(folder, folder));
    make_swap(folder, "/dev/zram0", "", "");
    assert_false(sluice_swap_is_readable(folder, folder));
    make_swap(folder, "/dev/gone", "CRYPT-LUKS2-x\n", "");
    assert_true(sluice_swap_is_readable(folder, folder));
    scratch_remove(folder);
}

TEST_MAIN(cmocka_unit_test(instants_are_read_and_written_back),
          cmocka_unit_test(instants_that_do_not_exist_are_refused),
          cmocka_unit_test(every_day_of_four_centuries_comes_back),
          cmocka_unit_test(periods_have_a_unit),
          cmocka_unit_test(an_arena_keeps_its_limit_and_its_blocks),
          cmocka_unit_test(a_buffer_fails_once_and_for_all),
          cmocka_unit_test(json_strings_are_escaped),
          cmocka_unit_test(swap_is_readable_unless_it_is_encrypted))
