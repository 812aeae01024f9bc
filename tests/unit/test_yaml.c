#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "yaml/yaml.h"

struct parsed {
    struct yaml_document *document;
    struct sluice_findings findings;
    enum sluice_err err;
};

/* The bytes at the very end of their memory: an over-read stops the run. */
static struct parsed parse_bytes(const char *bytes, size_t len)
{
    struct parsed parsed;
    char *exact = malloc(len ? len : 1);

    memcpy(exact, bytes, len);
    sluice_findings_init(&parsed.findings);
    parsed.err = yaml_parse(&parsed.document, &parsed.findings, "test.yaml", exact, len);
    free(exact);
    return parsed;
}

static struct parsed parse(const char *text)
{
    return parse_bytes(text, strlen(text));
}

static void release(struct parsed *parsed)
{
    yaml_close(parsed->document);
    sluice_findings_deinit(&parsed->findings);
}

static void tree_keeps_order_text_and_positions(void **state)
{
    struct parsed parsed = parse("# a comment\nname: acme\nlist: [one, \"two words\"]\nmore:\n  deep: 'x'\n  empty:\n");
    const struct yaml_node *root, *node;

    assert_int_equal(parsed.err, SLUICE_OK);
    root = yaml_root(parsed.document);
    assert_int_equal(root->kind, YAML_MAPPING);
    assert_int_equal(root->count, 3);
    assert_string_equal(root->children[1].key, "list");

    node = yaml_get(root, "name");
    assert_string_equal(node->text, "acme");
    assert_int_equal(node->line, 2);
    assert_int_equal(node->column, 7);
    assert_int_equal(node->key_line, 2);
    assert_int_equal(node->key_column, 1);
    assert_false(node->quoted);
    assert_string_equal(node->file, "test.yaml");

    node = yaml_get(root, "list");
    assert_int_equal(node->kind, YAML_SEQUENCE);
    assert_int_equal(node->count, 2);
    assert_string_equal(node->children[0].text, "one");
    assert_string_equal(node->children[1].text, "two words");
    assert_true(node->children[1].quoted);
    assert_null(node->children[1].key);
    assert_int_equal(node->children[1].column, 13);

    node = yaml_get(yaml_get(root, "more"), "deep");
    assert_string_equal(node->text, "x");
    assert_int_equal(node->key_line, 5);
    assert_int_equal(node->key_column, 3);
    assert_string_equal(yaml_get(yaml_get(root, "more"), "empty")->text, "");
    release(&parsed);
}

static void what_is_not_there_is_null(void **state)
{
    struct parsed parsed = parse("a: b\nlist: [c]\n");

    assert_int_equal(parsed.err, SLUICE_OK);
    assert_null(yaml_get(yaml_root(parsed.document), "b"));
    assert_null(yaml_get(yaml_get(yaml_root(parsed.document), "a"), "b"));
    assert_null(yaml_get(yaml_get(yaml_root(parsed.document), "list"), "c"));
    assert_null(yaml_get(NULL, "a"));
    release(&parsed);
}

static void a_collection_of_many_children_keeps_them_all(void **state)
{
    char text[40000];
    size_t len = 0;

    for (unsigned i = 0; i < 1000; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "key%u: value%u\n", i, i);
    struct parsed parsed = parse(text);

    assert_int_equal(parsed.err, SLUICE_OK);
    assert_int_equal(yaml_root(parsed.document)->count, 1000);
    assert_string_equal(yaml_get(yaml_root(parsed.document), "key0")->text, "value0");
    assert_string_equal(yaml_get(yaml_root(parsed.document), "key999")->text, "value999");
    release(&parsed);
}

static void each_fault_is_refused_at_its_place(void **state)
{
    static const struct { const char *text; const char *rule; unsigned line, column; } cases[] = {
        { "a: &x 1\n",                  "yaml-anchor",        1, 4 },
        { "a: &x [1]\n",                "yaml-anchor",        1, 4 },
        { "a: &x {b: 1}\n",             "yaml-anchor",        1, 4 },
        { "&x a: 1\n",                  "yaml-anchor",        1, 1 },
        { "a: 1\nb: *a\n",              "yaml-anchor",        2, 4 },
        { "a: !!int 1\n",               "yaml-tag",           1, 4 },
        { "a: ! 1\n",                   "yaml-tag",           1, 4 },
        { "a: !!seq [1]\n",             "yaml-tag",           1, 4 },
        { "a: !!map {b: 1}\n",          "yaml-tag",           1, 4 },
        { "a: 1\n---\nb: 2\n",          "yaml-documents",     2, 1 },
        { "a: 1\nb: 2\na: 3\n",         "yaml-duplicate-key", 3, 1 },
        { "x:\n  a: 1\n  \"a\": 3\n",   "yaml-duplicate-key", 3, 3 },
        { "{a: 1, b: 2, a: 3}",         "yaml-duplicate-key", 1, 14 },
        { "? [a]\n: 1\n",               "yaml-key",           1, 3 },
        { "a: \"x\\0y\"\n",             "yaml-text",          1, 4 },
        { "a: \"x\\ey\"\n",             "yaml-text",          1, 4 },
        { "a: \"x\\x7fy\"\n",           "yaml-text",          1, 4 },
        { "\"x\\ey\": a\n",             "yaml-text",          1, 1 },
        { "",                           "yaml-empty",         1, 1 },
        { "# only a comment\n",         "yaml-empty",         2, 1 },
        { "a: [1\nb: 2\n",              "yaml-syntax",        2, 2 },
        { "a: \"open",                  "yaml-syntax",        1, 9 },
        { "a: 1\n b: 2\n",              "yaml-syntax",        2, 3 },
        { "a: \xff\n",                  "yaml-syntax",        1, 1 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct parsed parsed = parse(cases[i].text);

        if (parsed.err != SLUICE_ERR_FORMAT || parsed.findings.count != 1)
            print_error("case %zu: %s\n", i, cases[i].text);
        assert_int_equal(parsed.err, SLUICE_ERR_FORMAT);
        assert_null(parsed.document);
        assert_int_equal(parsed.findings.errors, 1);
        assert_string_equal(parsed.findings.list[0].rule, cases[i].rule);
        assert_string_equal(parsed.findings.list[0].file, "test.yaml");
        if (strcmp(cases[i].rule, "yaml-syntax") != 0) {
            assert_int_equal(parsed.findings.list[0].line, cases[i].line);
            assert_int_equal(parsed.findings.list[0].column, cases[i].column);
        }
        release(&parsed);
    }
}

static void nesting_ends_at_32(void **state)
{
    char text[80];

    memset(text, '[', 32);
    memset(text + 32, ']', 32);
    struct parsed parsed = parse_bytes(text, 64);
    assert_int_equal(parsed.err, SLUICE_OK);
    release(&parsed);

    memset(text, '[', 33);
    memset(text + 33, ']', 33);
    parsed = parse_bytes(text, 66);
    assert_int_equal(parsed.err, SLUICE_ERR_FORMAT);
    assert_string_equal(parsed.findings.list[0].rule, "yaml-nesting");
    release(&parsed);
}

static void too_large_is_refused(void **state)
{
    const size_t size = 4u * 1024 * 1024;
    char *text = malloc(size + 1);

    assert_non_null(text);
    memset(text, ' ', size + 1);
    memcpy(text, "a: 1", 4);
    struct parsed parsed = parse_bytes(text, size);
    assert_int_equal(parsed.err, SLUICE_OK);
    release(&parsed);
    parsed = parse_bytes(text, size + 1);
    assert_int_equal(parsed.err, SLUICE_ERR_FORMAT);
    assert_string_equal(parsed.findings.list[0].rule, "yaml-size");
    release(&parsed);

    /* 65 537 values with the list itself. */
    text[0] = '[';
    for (size_t i = 0; i < 65536; i++)
        memcpy(text + 1 + 2 * i, "1,", 2);
    text[1 + 2 * 65536] = ']';
    parsed = parse_bytes(text, 2 + 2 * 65536);
    assert_int_equal(parsed.err, SLUICE_ERR_FORMAT);
    assert_string_equal(parsed.findings.list[0].rule, "yaml-size");
    release(&parsed);
    free(text);
}

static void files_are_read_and_missing_ones_named(void **state)
{
    char path[] = "/tmp/sluice-test-yaml-XXXXXX";
    const int fd = mkstemp(path);
    struct sluice_findings findings;
    struct yaml_document *document;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, "a: 1\n", 5), 5);
    close(fd);
    sluice_findings_init(&findings);
    assert_int_equal(yaml_open(&document, &findings, path), SLUICE_OK);
    assert_string_equal(yaml_get(yaml_root(document), "a")->text, "1");
    assert_int_equal(findings.count, 0);
    assert_int_equal(yaml_bytes(document).len, 5);
    assert_memory_equal(yaml_bytes(document).bytes, "a: 1\n", 5);
    yaml_close(document);
    unlink(path);

    assert_int_equal(yaml_open(&document, &findings, path), SLUICE_ERR_MISSING);
    assert_null(document);
    assert_int_equal(findings.errors, 1);
    assert_string_equal(findings.list[0].file, path);
    assert_int_not_equal(yaml_open(&document, &findings, "/tmp"), SLUICE_OK);
    assert_int_equal(findings.errors, 2);
    sluice_findings_deinit(&findings);
}

TEST_MAIN(cmocka_unit_test(tree_keeps_order_text_and_positions),
          cmocka_unit_test(what_is_not_there_is_null),
          cmocka_unit_test(a_collection_of_many_children_keeps_them_all),
          cmocka_unit_test(each_fault_is_refused_at_its_place),
          cmocka_unit_test(nesting_ends_at_32),
          cmocka_unit_test(too_large_is_refused),
          cmocka_unit_test(files_are_read_and_missing_ones_named))
