#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "feed/scanner.h"

/* All that is found in a text, one mark after the other: the element's bytes
 * in <>, T for one that is too large, U for a rest without an end. */
static char found_text[8192];
static enum scan_mode last_mode;

static void note(enum scan_result result, const char *bytes, size_t len)
{
    char *end = found_text + strlen(found_text);

    if (result == SCAN_ELEMENT)
        snprintf(end, 512, "<%.*s>", (int)len, bytes);
    else if (result == SCAN_TOO_LARGE)
        strcpy(end, "T");
    else if (result == SCAN_UNDELIMITED)
        strcpy(end, "U");
}

/* Give the text in steps of so many bytes, each time in memory of its size. */
static const char *scan_steps(const char *text, size_t len, size_t step)
{
    struct scanner scanner;
    size_t from = 0, have = 0;

    scanner_init(&scanner, SCAN_START);
    found_text[0] = '\0';
    for (;;) {
        const bool last = have == len;
        struct scan found = { 0 };
        char *window = malloc(have - from + 1);

        memcpy(window, text + from, have - from);
        const enum scan_result result = scanner_next(&scanner, &found, window, have - from, last);
        note(result, window + found.start, found.len);
        free(window);
        if (result == SCAN_MORE) {
            assert_false(last);
            have = have + step < len ? have + step : len;
            continue;
        }
        assert_true(found.start + found.len <= found.taken || result == SCAN_SKIPPED);
        assert_true(found.taken <= have - from);
        from += found.taken;
        if (last && from == len && !scanner.skipping && result == SCAN_NOTHING)
            break;
    }
    last_mode = scanner.mode;
    return found_text;
}

static void assert_found(const char *text, const char *expected)
{
    for (size_t step = 1; step < strlen(text) + 2; step++)
        if (strcmp(scan_steps(text, strlen(text), step), expected) != 0)
            fail_msg("in steps of %zu: %s\nfound    %s\nexpected %s", step, text, found_text, expected);
}

static void lines_are_elements(void **state)
{
    assert_found("{\"a\":1}\n{\"a\":2}\n", "<{\"a\":1}><{\"a\":2}>");
    assert_found("{\"a\":1}\r\n\n  \n {\"a\":2} ", "<{\"a\":1}><{\"a\":2}>");
    assert_found("{}", "<{}>");
    assert_found("", "");
    assert_found(" \n\n ", "");
}

static void a_broken_line_costs_itself_only(void **state)
{
    assert_found("{\"a\":1}\n{\"a\n{\"a\":3}\n", "<{\"a\":1}><{\"a><{\"a\":3}>");
    assert_found("{\"a\":1}\n<html>\n{\"a\":3}\n", "<{\"a\":1}><<html>><{\"a\":3}>");
    assert_found("{\"a\":1}\n{\"a\":{\"b\":2}\n{\"a\":3}\n", "<{\"a\":1}><{\"a\":{\"b\":2}><{\"a\":3}>");
    /* also where it is the first */
    assert_found("{\"a\n{\"a\":2}\n{\"a\":3}\n", "<{\"a><{\"a\":2}><{\"a\":3}>");
    assert_found("{\"a\":{\"b\":1}\n{\"a\":2}\n", "<{\"a\":{\"b\":1}><{\"a\":2}>");
    assert_found("{\"a\":1,\n{\"a\":2}\n", "<{\"a\":1,><{\"a\":2}>");
    assert_found("garbage\n{\"a\":2}\n", "<garbage><{\"a\":2}>");
    assert_found("[error] it failed\n{\"a\":2}\n", "<[error] it failed><{\"a\":2}>");
}

static void an_array_holds_elements(void **state)
{
    assert_found("[{\"a\":1},{\"a\":2}]", "<{\"a\":1}><{\"a\":2}>");
    assert_found("[\n  {\n    \"a\": \"]}\\\"\"\n  },\n  {\"b\": [1, {}]}\n]\n", "<{\n    \"a\": \"]}\\\"\"\n  }><{\"b\": [1, {}]}>");
    assert_found("[]", "");
    assert_found("[1, {\"a\":1}]", "<[1, {\"a\":1}]>");   /* starts with no object: a line like any other */
}

static void values_in_an_array_that_are_no_objects_are_elements(void **state)
{
    assert_found("[{}, null, \"a,]\\\"b\", 12,[3]]", "<{}><null><\"a,]\\\"b\"><12><[3]>");
}

static void arrays_may_follow_one_another(void **state)
{
    assert_found("[{\"a\":1}][{\"a\":2}]\n[{\"a\":3},\n{\"a\":4}]", "<{\"a\":1}><{\"a\":2}><{\"a\":3}><{\"a\":4}>");
    assert_found("[{\"a\":1}]\n{\"a\":2}\n[{\"a\":3}]\n{\"a\":4}\n", "<{\"a\":1}><{\"a\":2}><{\"a\":3}><{\"a\":4}>");
}

static void a_file_of_another_layout_may_follow(void **state)
{
    assert_found("{\"a\":1}\n[\n  {\"b\":1},\n  {\n\"b\":2\n}\n]\n{\"c\":1}\n", "<{\"a\":1}><{\"b\":1}><{\n\"b\":2\n}><{\"c\":1}>");
    assert_found("{\"a\":1}\n{\n\"b\":1\n}\n{\n\"b\":2}\n", "<{\"a\":1}><{\n\"b\":1\n}><{\n\"b\":2}>");
    assert_found("{\"a\":1}\n[\n1\n]\n", "<{\"a\":1}><[><1><]>");
    assert_found("{\"a\":1}\n{\n{\"a\":2}\n[\n{\"a\":3}\n{\"a\":4}\n", "<{\"a\":1}><{><{\"a\":2}><{\"a\":3}><{\"a\":4}>");
}

static void an_array_without_end_is_one_rest(void **state)
{
    assert_found("[{\"a\":1},{\"a\":2", "<{\"a\":1}>U");
    assert_found("[{\"a\":1},{\"a\":\"x},{\"a\":3}]\n", "<{\"a\":1}>U");
    assert_found("[{\"a\":1}", "<{\"a\":1}>");   /* nothing of an element is lost */
}

static void objects_are_found_however_they_are_broken_into_lines(void **state)
{
    assert_found("{\n  \"a\": 1\n}\n{\n  \"a\": 2\n}\n", "<{\n  \"a\": 1\n}><{\n  \"a\": 2\n}>");
    assert_found("{\"a\":1}{\"a\":2} {\"a\":3}", "<{\"a\":1}><{\"a\":2}><{\"a\":3}>");
    assert_found("{\n\"l\": [\n{\n\"a\": 1\n},\n{\n\"a\": 2\n}\n]\n}", "<{\n\"l\": [\n{\n\"a\": 1\n},\n{\n\"a\": 2\n}\n]\n}>");
    assert_found("{\n \"a\": \"{[\\\"\"\n}", "<{\n \"a\": \"{[\\\"\"\n}>");
    assert_found("{\n \"a\": 1\n", "U");
    assert_found("{\n \"a\": 1\n}\n[{\"b\":1},{\"b\":2}]", "<{\n \"a\": 1\n}><{\"b\":1}><{\"b\":2}>");
}

static char *large_text(const char *before, size_t size, const char *after, size_t *len)
{
    char *text = malloc(strlen(before) + size + strlen(after) + 1);

    strcpy(text, before);
    memset(text + strlen(before), 'x', size);
    strcpy(text + strlen(before) + size, after);
    *len = strlen(before) + size + strlen(after);
    return text;
}

static void an_element_beyond_the_limit_is_skipped_to_its_end(void **state)
{
    static const struct { const char *before, *after, *found; } cases[] = {
        { "{\"a\":1}\n{\"b\":\"", "\"}\n{\"c\":1}\n", "<{\"a\":1}>T<{\"c\":1}>" },
        { "[{\"a\":1},{\"b\":\"", "\"},{\"c\":1}]", "<{\"a\":1}>T<{\"c\":1}>" },
        { "{\n\"a\":1\n}\n{\n\"b\":\"", "\"\n}\n{\n\"c\":1}", "<{\n\"a\":1\n}>T<{\n\"c\":1}>" },
        { "{\"b\":\"", "\"}{\"c\":1}{\"d\":1}", "T<{\"c\":1}><{\"d\":1}>" },
        { "{\"b\":\"", "", "U" },
        { "[{\"b\":\"", "", "U" },
        { "{\"a\":1}\n", "", "<{\"a\":1}>T" },
        { "[{},", "]", "<{}>T" },
    };
    static const size_t sizes[] = { SCAN_SIZE_MAX + 1, 4 * SCAN_SIZE_MAX + 7 };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t s = 0; s < 2; s++) {
            size_t len;
            char *text = large_text(cases[i].before, sizes[s], cases[i].after, &len);

            for (size_t step = 60000; step <= 4 * SCAN_SIZE_MAX; step += 61000)
                if (strcmp(scan_steps(text, len, step), cases[i].found) != 0)
                    fail_msg("case %zu, %zu bytes, step %zu: %.300s", i, sizes[s], step, found_text);
            free(text);
        }
    }
}

static void an_element_of_exactly_the_limit_passes(void **state)
{
    for (size_t size = SCAN_SIZE_MAX - 1; size <= SCAN_SIZE_MAX + 1; size++) {
        size_t len;
        char *text = large_text("{\"b\":\"", size - 8, "\"}\n{\"c\":1}\n", &len);
        struct scanner scanner;
        struct scan found;

        scanner_init(&scanner, SCAN_LINES);
        assert_int_equal(scanner_next(&scanner, &found, text, len, true),
                         size <= SCAN_SIZE_MAX ? SCAN_ELEMENT : SCAN_TOO_LARGE);
        assert_int_equal(found.len, size);
        assert_int_equal(found.taken, size + 1);
        free(text);
    }
}

/* Between two elements the mode says all that is needed to go on. */
static void goes_on_from_a_position(void **state)
{
    static const struct { const char *text, *rest; } cases[] = {
        { "[{\"a\":1},{\"a\":2}]", "<{\"a\":2}>" },
        { "{\"a\":1}\n[x\n", "<[x>" },
        { "{\"a\":1}{\"a\":2}", "<{\"a\":2}>" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const size_t len = strlen(cases[i].text);
        struct scanner scanner;
        struct scan found;
        size_t from = 0;
        enum scan_result result;

        scanner_init(&scanner, SCAN_START);
        do {
            result = scanner_next(&scanner, &found, cases[i].text + from, len - from, true);
            from += found.taken;
        } while (result != SCAN_ELEMENT);
        const enum scan_mode mode = scanner.mode;
        scanner_init(&scanner, mode);
        found_text[0] = '\0';
        while (from < len) {
            result = scanner_next(&scanner, &found, cases[i].text + from, len - from, true);
            note(result, cases[i].text + from + found.start, found.len);
            from += found.taken;
        }
        assert_string_equal(found_text, cases[i].rest);
    }
}

TEST_MAIN(cmocka_unit_test(lines_are_elements),
          cmocka_unit_test(a_broken_line_costs_itself_only),
          cmocka_unit_test(an_array_holds_elements),
          cmocka_unit_test(values_in_an_array_that_are_no_objects_are_elements),
          cmocka_unit_test(arrays_may_follow_one_another),
          cmocka_unit_test(a_file_of_another_layout_may_follow),
          cmocka_unit_test(an_array_without_end_is_one_rest),
          cmocka_unit_test(objects_are_found_however_they_are_broken_into_lines),
          cmocka_unit_test(an_element_beyond_the_limit_is_skipped_to_its_end),
          cmocka_unit_test(an_element_of_exactly_the_limit_passes),
          cmocka_unit_test(goes_on_from_a_position))
