#include "test.h"

#include "gen/check_names.h"
#include "gen/check_row.h"

/* --- rows */

/* purpose "x" (1), basis 2 (2), expires_at 7 (5) */
static const uint8_t plain[] = { 0x0a, 1, 'x', 0x10, 2, 0x29, 7, 0, 0, 0, 0, 0, 0, 0 };

static void a_row_is_read_by_number_and_kind(void **state)
{
    struct row row;

    assert_true(row_read(&row, plain, sizeof plain));
    assert_int_equal(row.values[1].kind, ROW_BYTES);
    assert_true(sluice_str_equal(row.values[1].bytes, SLUICE_STR("x")));
    assert_int_equal(row.values[2].kind, ROW_VARINT);
    assert_int_equal(row.values[2].number, 2);
    assert_int_equal(row.values[5].kind, ROW_FIXED64);
    assert_int_equal(row.values[5].number, 7);
    assert_true(row_has(&row, 1) && row_has(&row, 2) && row_has(&row, 5));
    assert_false(row_has(&row, 6));
}

static void bytes_that_are_no_row_are_refused(void **state)
{
    static const struct { uint8_t bytes[4]; size_t len; } cases[] = {
        { { 0x10 }, 1 },                      /* a number without its value */
        { { 0x10, 0x80 }, 2 },                /* a number without its end */
        { { 0x0a, 2, 'x' }, 3 },              /* a text shorter than it says */
        { { 0x29, 7 }, 2 },                   /* a fixed number cut off */
        { { 0x00, 1 }, 2 },                   /* field 0 */
        { { 0x98, 0x04, 1 }, 3 },             /* field 67: there is none */
        { { 0x10, 1, 0x10, 1 }, 4 },          /* a field twice */
        { { 0x15, 1, 1, 1 }, 4 },             /* a kind that no row has */
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct row row;

        if (row_read(&row, cases[i].bytes, cases[i].len))
            fail_msg("case %zu is taken for a row", i);
    }
}

static void any_difference_is_found_and_named(void **state)
{
    struct row row, same;

    assert_true(row_read(&row, plain, sizeof plain));
    same = row;
    assert_int_equal(row_difference(&row, &same), 0);
    same.values[2].number = 3;
    assert_int_equal(row_difference(&row, &same), 2);
    same = row;
    same.values[1].bytes = SLUICE_STR("y");
    assert_int_equal(row_difference(&row, &same), 1);
    same = row;
    same.present[0] &= ~(UINT64_C(1) << 5);
    assert_int_equal(row_difference(&row, &same), 5);
    same = row;
    same.present[1] |= UINT64_C(1) << 2;
    same.values[66] = (struct row_value){ .kind = ROW_VARINT };   /* one more, though zero */
    assert_int_equal(row_difference(&row, &same), 66);
    same = row;
    same.values[2].kind = ROW_FIXED64;                             /* the same number, another kind */
    assert_int_equal(row_difference(&row, &same), 2);
    assert_string_equal(row_field_name(46), "start");
}

/* --- pseudonyms */

static void a_name_is_kept_for_each_key_however_many(void **state)
{
    struct check_names names = { .value_size = SLUICE_PSEUDONYM_SIZE };
    bool is_new;

    for (uint64_t key = 1; key <= 20000; key++) {
        uint8_t *name = check_names_find(&names, key, &is_new);

        assert_non_null(name);
        assert_true(is_new);
        memcpy(name, &key, sizeof key);
    }
    for (uint64_t key = 1; key <= 20000; key++) {
        const uint8_t *name = check_names_find(&names, key, &is_new);

        assert_false(is_new);
        assert_memory_equal(name, &key, sizeof key);
    }
    check_names_deinit(&names);
}

static void a_pseudonym_is_new_once(void **state)
{
    struct check_seen seen = { 0 };

    for (int again = 0; again < 2; again++) {
        for (uint32_t i = 0; i < 20000; i++) {
            uint8_t pseudonym[SLUICE_PSEUDONYM_SIZE];

            memset(pseudonym, 0, sizeof pseudonym);
            memcpy(pseudonym, &i, sizeof i);
            pseudonym[7] = 1;
            assert_int_equal(check_seen_add(&seen, pseudonym), again ? CHECK_SEEN_BEFORE : CHECK_SEEN_FIRST);
        }
    }
    check_seen_deinit(&seen);
}

TEST_MAIN(cmocka_unit_test(a_row_is_read_by_number_and_kind),
          cmocka_unit_test(bytes_that_are_no_row_are_refused),
          cmocka_unit_test(any_difference_is_found_and_named),
          cmocka_unit_test(a_name_is_kept_for_each_key_however_many),
          cmocka_unit_test(a_pseudonym_is_new_once))
