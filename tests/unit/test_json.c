#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "json/json.h"

/* An element in memory of exactly its size, so that a sanitizer sees an over-read. */
struct parsed {
    enum sluice_reason reason;
    const struct json_node *nodes;
    size_t count;
    uint32_t fault;
    char *bytes;
    char *scratch;
};

static struct json_parser *parser;

static struct parsed parse_bytes(const char *bytes, size_t len)
{
    struct parsed result = { .bytes = malloc(len ? len : 1), .scratch = malloc(len ? len : 1) };

    memcpy(result.bytes, bytes, len);
    result.reason = json_parse(parser, &result.nodes, &result.count, &result.fault, result.scratch,
                               (struct sluice_str){ result.bytes, len });
    return result;
}

static void done(struct parsed *result)
{
    free(result->bytes);
    free(result->scratch);
}

static enum sluice_reason reason_of(const char *text)
{
    struct parsed result = parse_bytes(text, strlen(text));

    done(&result);
    return result.reason;
}

/* The bystander of every refusal: the parser goes on with the next element. */
static void assert_still_works(void)
{
    struct parsed result = parse_bytes("{\"after\":1}", 11);

    assert_int_equal(result.reason, SLUICE_REASON_NONE);
    assert_int_equal(result.count, 2);
    done(&result);
}

static void assert_text(struct sluice_str text, const char *expected)
{
    assert_int_equal(text.len, strlen(expected));
    assert_memory_equal(text.bytes, expected, text.len);
}

static void lists_values_with_names_and_offsets(void **state)
{
    const char *element = " {\"a\": {\"b\":[1,\"x\"]}, \"c\":null,\"d\":true}\r\n";
    struct parsed result = parse_bytes(element, strlen(element));
    static const struct { const char *name, *text; enum json_kind kind; uint32_t offset; } expected[] = {
        { "",  "",     JSON_OBJECT,  1 },
        { "a", "",     JSON_OBJECT,  7 },
        { "b", "",     JSON_ARRAY,   12 },
        { "",  "1",    JSON_NUMBER,  13 },
        { "",  "x",    JSON_STRING,  15 },
        { "c", "",     JSON_NULL,    26 },
        { "d", "true", JSON_BOOLEAN, 35 },
    };

    assert_int_equal(result.reason, SLUICE_REASON_NONE);
    assert_int_equal(result.count, 7);
    for (size_t i = 0; i < 7; i++) {
        assert_text(result.nodes[i].name, expected[i].name);
        assert_text(result.nodes[i].text, expected[i].text);
        assert_int_equal(result.nodes[i].kind, expected[i].kind);
        assert_int_equal(result.nodes[i].offset, expected[i].offset);
    }
    assert_int_equal(result.nodes[0].end, 7);
    assert_int_equal(result.nodes[1].end, 5);   /* a: behind b and its items */
    assert_int_equal(result.nodes[2].end, 5);
    assert_int_equal(result.nodes[5].end, 6);
    done(&result);
}

static void numbers_stay_as_they_are_written(void **state)
{
    static const char *const numbers[] = {
        "0.1", "1.0", "-0", "1e3", "12345678901234567890123", "0.000000000000000000001", "3.333E+14",
    };

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        char element[64];

        snprintf(element, sizeof element, "{\"n\":%s}", numbers[i]);
        struct parsed result = parse_bytes(element, strlen(element));
        assert_int_equal(result.reason, SLUICE_REASON_NONE);
        assert_text(result.nodes[1].text, numbers[i]);
        done(&result);
    }
}

static void escapes_are_taken_off(void **state)
{
    const char *element = "{\"k\\u0065y\":\"a\\\"b\\\\\\u00e9\\ud83d\\ude00\",\"p\":\"q\"}";
    struct parsed result = parse_bytes(element, strlen(element));

    assert_int_equal(result.reason, SLUICE_REASON_NONE);
    assert_text(result.nodes[1].name, "key");
    assert_text(result.nodes[1].text, "a\"b\\\xc3\xa9\xf0\x9f\x98\x80");
    assert_int_equal(result.nodes[1].offset, 12);
    assert_text(result.nodes[2].text, "q");   /* the buffer of escapes is used once more: views stay */
    assert_text(result.nodes[1].name, "key");
    done(&result);
}

static void refuses_each_fault_and_goes_on(void **state)
{
    static const struct { const char *element; enum sluice_reason reason; } cases[] = {
        { "",                            SLUICE_REASON_UNDECODABLE },
        { " \n",                         SLUICE_REASON_UNDECODABLE },
        { "{",                           SLUICE_REASON_UNDECODABLE },
        { "{\"a\":1",                    SLUICE_REASON_UNDECODABLE },
        { "{\"a\":\"x",                  SLUICE_REASON_UNDECODABLE },
        { "{\"a\":1,}",                  SLUICE_REASON_UNDECODABLE },
        { "{\"a\" 1}",                   SLUICE_REASON_UNDECODABLE },
        { "{a:1}",                       SLUICE_REASON_UNDECODABLE },
        { "{\"a\":01}",                  SLUICE_REASON_UNDECODABLE },
        { "{\"a\":.5}",                  SLUICE_REASON_UNDECODABLE },
        { "{\"a\":NaN}",                 SLUICE_REASON_UNDECODABLE },
        { "{\"a\":2022-03-31T00:00:00Z}", SLUICE_REASON_UNDECODABLE },
        { "{\"a\":\"x\ny\"}",            SLUICE_REASON_UNDECODABLE },   /* control characters are escaped in JSON */
        { "{\"a\":\"\\x\"}",             SLUICE_REASON_UNDECODABLE },
        { "{\"a\":\"\\u12\"}",           SLUICE_REASON_UNDECODABLE },
        { "{\"a\":1} {\"b\":2}",         SLUICE_REASON_UNDECODABLE },
        { "{\"a\":1} tru",               SLUICE_REASON_UNDECODABLE },
        { "{\"a\":1}}",                  SLUICE_REASON_UNDECODABLE },
        { "{\"a\":1]",                   SLUICE_REASON_UNDECODABLE },
        { "// no\n{\"a\":1}",            SLUICE_REASON_UNDECODABLE },
        { "{\"a\":1,\"a\":2}",           SLUICE_REASON_DUPLICATE_FIELD },
        { "{\"a\":{\"b\":1},\"c\":[{}],\"a\":2}", SLUICE_REASON_DUPLICATE_FIELD },
        { "{\"a\":1,\"\\u0061\":2}",     SLUICE_REASON_DUPLICATE_FIELD },
        { "{\"a\":\"\xff\"}",            SLUICE_REASON_UNDECODABLE },
        { "{\"a\":\"\xc0\x80\"}",        SLUICE_REASON_UNDECODABLE },      /* overlong */
        { "{\"a\":\"\xed\xa0\x80\"}",    SLUICE_REASON_UNDECODABLE },      /* surrogate as UTF-8 */
        { "{\"a\":\"\\ud83d\"}",         SLUICE_REASON_BAD_TEXT },
        { "{\"a\":\"\\ud83dx\"}",        SLUICE_REASON_BAD_TEXT },
        { "{\"a\":\"\\ud83d\\u0041\"}",  SLUICE_REASON_BAD_TEXT },
        { "{\"a\":\"\\ude00\"}",         SLUICE_REASON_BAD_TEXT },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (reason_of(cases[i].element) != cases[i].reason)
            fail_msg("case %zu: %s", i, cases[i].element);
        assert_still_works();
    }
}

static void one_name_in_two_objects_is_no_duplicate(void **state)
{
    assert_int_equal(reason_of("{\"id\":1,\"sim\":{\"id\":2},\"list\":[{\"id\":3},{\"id\":4}],\"\":1}"),
                     SLUICE_REASON_NONE);
    /* Names that share a hash bit are told apart: 64 bits cannot hold 100 names. */
    char element[2048] = "{";
    for (int i = 0; i < 100; i++)
        snprintf(element + strlen(element), sizeof element - strlen(element), "\"n%d\":1,", i);
    strcpy(element + strlen(element) - 1, "}");
    assert_int_equal(reason_of(element), SLUICE_REASON_NONE);
    strcpy(element + strlen(element) - 1, ",\"n50\":1}");
    assert_int_equal(reason_of(element), SLUICE_REASON_DUPLICATE_FIELD);
}

static void limits_hold_at_their_edge(void **state)
{
    char deep[64] = "", *large = malloc(JSON_SIZE_MAX + 2);
    static char many[4096];

    for (int depth = 1; depth <= JSON_DEPTH_MAX + 1; depth++) {
        memset(deep, '[', (size_t)depth);
        memset(deep + depth, ']', (size_t)depth);
        deep[2 * depth] = '\0';
        assert_int_equal(reason_of(deep), depth <= JSON_DEPTH_MAX ? SLUICE_REASON_NONE : SLUICE_REASON_TOO_DEEP);
        assert_still_works();
    }
    for (int values = JSON_NODES_MAX - 2; values <= JSON_NODES_MAX; values++) {
        strcpy(many, "[");
        for (int i = 0; i < values; i++)
            strcat(many, i ? ",1" : "1");
        strcat(many, "]");
        assert_int_equal(reason_of(many), values < JSON_NODES_MAX ? SLUICE_REASON_NONE : SLUICE_REASON_TOO_LARGE);
        assert_still_works();
    }
    for (size_t size = JSON_SIZE_MAX - 1; size <= JSON_SIZE_MAX + 1; size++) {
        memset(large, 'x', size);
        memcpy(large, "{\"a\":\"\\n", 8);
        memcpy(large + size - 2, "\"}", 2);
        struct parsed result = parse_bytes(large, size);
        assert_int_equal(result.reason, size <= JSON_SIZE_MAX ? SLUICE_REASON_NONE : SLUICE_REASON_TOO_LARGE);
        done(&result);
        assert_still_works();
    }
    free(large);
}

static void a_broken_large_element_does_not_exhaust_the_pool(void **state)
{
    char *large = malloc(JSON_SIZE_MAX);

    for (int i = 0; i < 50; i++) {
        memset(large, 'x', JSON_SIZE_MAX);
        memcpy(large, "{\"\\n", 4);
        large[JSON_SIZE_MAX / 2] = '"';
        memcpy(large + JSON_SIZE_MAX / 2 + 1, ":\"\\n", 4);
        struct parsed result = parse_bytes(large, JSON_SIZE_MAX);   /* its second string never ends */
        assert_int_equal(result.reason, SLUICE_REASON_UNDECODABLE);
        done(&result);
    }
    assert_still_works();
    free(large);
}

static void finds_members_of_one_object(void **state)
{
    const char *element = "{\"x\":{\"inner\":1},\"y\":2}";
    struct parsed result = parse_bytes(element, strlen(element));

    assert_text(json_member(result.nodes, 0, "y")->text, "2");
    assert_null(json_member(result.nodes, 0, "inner"));
    assert_text(json_member(result.nodes, 1, "inner")->text, "1");
    assert_null(json_member(result.nodes, 1, "y"));
    assert_null(json_member(result.nodes, 2, "y"));   /* a number has no members */
    done(&result);
}

static void lines_are_numbered_and_judged_one_by_one(void **state)
{
    char path[] = "/tmp/sluice-test-json-XXXXXX";
    const int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w");
    struct json_lines *lines;
    struct json_line line;
    enum sluice_err err = SLUICE_OK;

    fputs("{\"n\":1}\n\n  \r\n{\"n\":2\n[3]\n", file);
    fputs("{\"long\":\"", file);
    for (int i = 0; i < 5 * JSON_SIZE_MAX; i++)
        fputc('x', file);
    fputs("\"}\n{\"n\":4}", file);
    fclose(file);

    assert_int_equal(json_lines_open(&lines, path), SLUICE_OK);
    static const struct { uint64_t number; enum sluice_reason reason; } expected[] = {
        { 1, SLUICE_REASON_NONE }, { 4, SLUICE_REASON_UNDECODABLE }, { 5, SLUICE_REASON_WRONG_TYPE },
        { 6, SLUICE_REASON_TOO_LARGE }, { 7, SLUICE_REASON_NONE },
    };
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        assert_int_equal(json_lines_next(lines, &line, &err), 1);
        assert_int_equal(line.number, expected[i].number);
        assert_int_equal(line.reason, expected[i].reason);
    }
    assert_text(json_member(line.nodes, 0, "n")->text, "4");
    assert_int_equal(json_lines_next(lines, &line, &err), 0);
    json_lines_close(lines);
    unlink(path);
    assert_int_equal(json_lines_open(&lines, path), SLUICE_ERR_MISSING);
}

static int setup(void **state)
{
    return json_parser_new(&parser) != SLUICE_OK;
}

static int teardown(void **state)
{
    json_parser_free(parser);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_values_with_names_and_offsets),
        cmocka_unit_test(numbers_stay_as_they_are_written),
        cmocka_unit_test(escapes_are_taken_off),
        cmocka_unit_test(refuses_each_fault_and_goes_on),
        cmocka_unit_test(one_name_in_two_objects_is_no_duplicate),
        cmocka_unit_test(limits_hold_at_their_edge),
        cmocka_unit_test(a_broken_large_element_does_not_exhaust_the_pool),
        cmocka_unit_test(finds_members_of_one_object),
        cmocka_unit_test(lines_are_numbered_and_judged_one_by_one),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
