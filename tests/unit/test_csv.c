#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "csv/csv.h"

#define LIMIT CSV_ROW_SIZE_MAX

static char path[] = "/tmp/sluice-test-csv-XXXXXX";
static struct csv_file *file;

static void write_file(const char *bytes, size_t len)
{
    FILE *out = fopen(path, "w");

    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, len, out), len);
    fclose(out);
}

static void open_text(const char *text)
{
    write_file(text, strlen(text));
    assert_int_equal(csv_file_open(&file, path, ','), SLUICE_OK);
}

/* The next row's columns with | between them; "!" and the reason's word for a bad one. */
static const char *next(uint64_t *line)
{
    static char text[4096];
    struct csv_row row;
    enum sluice_err err;

    if (csv_file_next(file, &row, &err) == 0)
        return "end";
    *line = row.line;
    if (row.reason) {
        snprintf(text, sizeof text, "!%s", sluice_reason_word(row.reason));
        return text;
    }
    text[0] = '\0';
    for (size_t i = 0; i < row.count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%.*s", i ? "|" : "",
                 (int)row.columns[i].len, row.columns[i].bytes);
    return text;
}

static void assert_rows(const char *const rows[], const uint64_t lines[], size_t count)
{
    uint64_t line = 0;

    for (size_t i = 0; i < count; i++) {
        assert_string_equal(next(&line), rows[i]);
        assert_int_equal(line, lines[i]);
    }
    assert_string_equal(next(&line), "end");
    assert_string_equal(next(&line), "end");
    csv_file_close(file);
}

static void rows_come_with_their_line(void **state)
{
    static const char *const rows[] = { "a|b", "1|2", "3|", "|", "5|6" };
    static const uint64_t lines[] = { 1, 2, 5, 6, 7 };

    open_text("a,b\n1, 2 \r\n\n  \n3,\n,\n5,6");
    assert_rows(rows, lines, 5);
}

static void quotes_hold_delimiters_quotes_and_line_ends(void **state)
{
    static const char *const rows[] = { "a,b|c\"d|e\nf", "g", " h " };
    static const uint64_t lines[] = { 1, 3, 4 };

    open_text("\"a,b\",\"c\"\"d\",\"e\nf\"\ng\n\" h \"");
    assert_rows(rows, lines, 3);
}

static void a_byte_order_mark_is_no_text(void **state)
{
    static const char *const rows[] = { "tenant|imsi" };
    static const uint64_t lines[] = { 1 };

    open_text("\xef\xbb\xbftenant,imsi\n");
    assert_rows(rows, lines, 1);
}

static void a_fault_costs_its_line_only(void **state)
{
    static const struct { const char *line, *word; } cases[] = {
        { "1,5\" disk\n",       "!undecodable" },   /* quote in a field without quotes */
        { "\"1\"x,2\n",         "!undecodable" },   /* text behind a closing quote */
        { "1\r2\n",             "!undecodable" },   /* carriage return as line end */
        { "1,\xff\n",           "!bad_text" },
        { "\"never closed,2\n", "!undecodable" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *const rows[] = { "first", cases[i].word, "good|row", "last" };
        static const uint64_t lines[] = { 1, 2, 3, 4 };
        char text[256];

        snprintf(text, sizeof text, "first\n%sgood,row\nlast", cases[i].line);
        open_text(text);
        assert_rows(rows, lines, 4);
    }
}

static void a_quote_left_open_at_the_end_is_a_fault(void **state)
{
    static const char *const rows[] = { "a", "!undecodable" };
    static const uint64_t lines[] = { 1, 2 };

    open_text("a\n\"b");
    assert_rows(rows, lines, 2);
}

static void rows_beyond_the_limit_are_one_fault_each(void **state)
{
    for (size_t size = LIMIT - 1; size <= LIMIT + 1; size++) {
        char *text = malloc(size + 16);
        uint64_t line;

        memset(text, 'x', size + 2);
        memcpy(text, "a\n", 2);
        text[size + 1] = '\n';                   /* the second row has size bytes */
        memcpy(text + size + 2, "b,c\n", 4);
        write_file(text, size + 6);
        assert_int_equal(csv_file_open(&file, path, ','), SLUICE_OK);
        assert_string_equal(next(&line), "a");
        if (size > LIMIT)
            assert_string_equal(next(&line), "!too_large");
        else
            assert_int_equal(next(&line)[0], 'x');
        assert_string_equal(next(&line), "b|c");
        assert_int_equal(line, 3);
        csv_file_close(file);
        free(text);
    }
}

static void a_line_longer_than_any_window_is_skipped(void **state)
{
    const size_t size = 5 * 1024 * 1024;
    char *text = malloc(size);
    uint64_t line;

    memset(text, ',', size);
    memcpy(text, "a\n", 2);
    memcpy(text + size - 3, "\nb\n", 3);
    write_file(text, size);
    assert_int_equal(csv_file_open(&file, path, ','), SLUICE_OK);
    assert_string_equal(next(&line), "a");
    assert_string_equal(next(&line), "!too_large");
    assert_string_equal(next(&line), "b");
    assert_int_equal(line, 3);
    csv_file_close(file);
    free(text);
}

static void too_many_columns_are_a_fault(void **state)
{
    for (size_t columns = CSV_COLUMNS_MAX; columns <= CSV_COLUMNS_MAX + 1; columns++) {
        char text[1024] = "";
        uint64_t line;

        memset(text, ',', columns - 1);
        strcpy(text + columns - 1, "\nb\n");
        open_text(text);
        if (columns > CSV_COLUMNS_MAX)
            assert_string_equal(next(&line), "!too_large");
        else
            assert_int_equal(next(&line)[0], '|');
        assert_string_equal(next(&line), "b");
        csv_file_close(file);
    }
}

static void rows_do_not_depend_on_where_bytes_are_cut(void **state)
{
    static const char text[] = "a,\"b\nc\",d\n\n\"e\"\"\",f\r\nx\"y\n\"\",g";
    struct csv_splitter *splitter;

    assert_int_equal(csv_splitter_new(&splitter, ','), SLUICE_OK);
    for (size_t step = 1; step < sizeof text; step++) {
        size_t from = 0, have = 0, rows = 0, columns = 0, bad = 0;

        while (from < sizeof text - 1) {
            /* Exactly the bytes that have come, so that a sanitizer sees an over-read. */
            char *bytes = malloc(have - from + 1);
            struct csv_row row;

            memcpy(bytes, text + from, have - from);
            const enum csv_result result = csv_split(splitter, &row, bytes, have - from, have == sizeof text - 1);
            if (result == CSV_MORE) {
                have = have + step < sizeof text - 1 ? have + step : sizeof text - 1;
            } else {
                from += row.len;
                rows += result == CSV_ROW;
                bad += result == CSV_ROW && row.reason;
                columns += result == CSV_ROW ? row.count : 0;
            }
            free(bytes);
        }
        assert_int_equal(rows, 4);
        assert_int_equal(bad, 1);
        assert_int_equal(columns, 7);
    }
    csv_splitter_free(splitter);
}

static void columns_are_found_by_name(void **state)
{
    struct csv_row row;
    enum sluice_err err;

    write_file("tenant;imsi;\"ic cid\"\n", 21);
    assert_int_equal(csv_file_open(&file, path, ';'), SLUICE_OK);
    assert_int_equal(csv_file_next(file, &row, &err), 1);
    assert_int_equal(csv_column(&row, "imsi"), 1);
    assert_int_equal(csv_column(&row, "ic cid"), 2);
    assert_int_equal(csv_column(&row, "IMSI"), CSV_NO_COLUMN);
    assert_int_equal(csv_column(&row, "ims"), CSV_NO_COLUMN);
    csv_file_close(file);
}

static void a_tab_may_be_the_delimiter(void **state)
{
    uint64_t line;

    write_file("a\t\tb\n", 5);
    assert_int_equal(csv_file_open(&file, path, '\t'), SLUICE_OK);
    assert_string_equal(next(&line), "a||b");
    csv_file_close(file);
}

static void a_missing_file_is_missing(void **state)
{
    assert_int_equal(csv_file_open(&file, "/nonexistent/subjects.csv", ','), SLUICE_ERR_MISSING);
}

static int setup(void **state)
{
    const int fd = mkstemp(path);

    return fd < 0 || close(fd) < 0;
}

static int teardown(void **state)
{
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_with_their_line),
        cmocka_unit_test(quotes_hold_delimiters_quotes_and_line_ends),
        cmocka_unit_test(a_byte_order_mark_is_no_text),
        cmocka_unit_test(a_fault_costs_its_line_only),
        cmocka_unit_test(a_quote_left_open_at_the_end_is_a_fault),
        cmocka_unit_test(rows_beyond_the_limit_are_one_fault_each),
        cmocka_unit_test(a_line_longer_than_any_window_is_skipped),
        cmocka_unit_test(too_many_columns_are_a_fault),
        cmocka_unit_test(rows_do_not_depend_on_where_bytes_are_cut),
        cmocka_unit_test(columns_are_found_by_name),
        cmocka_unit_test(a_tab_may_be_the_delimiter),
        cmocka_unit_test(a_missing_file_is_missing),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
