/* libcsv pushes fields; here they are pulled row by row. It is given line
 * after line until it says that the row has ended, so that the bytes and lines
 * of each row are known, and a fault costs one line only. */
#include "csv/csv.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <csv.h>

#include "sluice/utf8.h"

struct csv_splitter {
    struct csv_parser parser;
    bool skipping;              /* inside a line beyond the limit */

    /* the row being taken */
    size_t rows;                /* that have ended in the bytes given so far */
    size_t count;
    size_t used;                /* bytes of text */
    bool too_many;              /* columns */
    struct sluice_str columns[CSV_COLUMNS_MAX];
    char text[CSV_ROW_SIZE_MAX];
};

enum sluice_err csv_splitter_new(struct csv_splitter **splitter, char delimiter)
{
    struct csv_splitter *made = calloc(1, sizeof *made);

    if (!made)
        return SLUICE_ERR_MEMORY;
    csv_init(&made->parser, CSV_STRICT | CSV_STRICT_FINI);
    csv_set_delim(&made->parser, (unsigned char)delimiter);
    *splitter = made;
    return SLUICE_OK;
}

void csv_splitter_free(struct csv_splitter *splitter)
{
    if (!splitter)
        return;
    csv_free(&splitter->parser);
    free(splitter);
}

void csv_splitter_reset(struct csv_splitter *splitter)
{
    splitter->skipping = false;
}

/* libcsv reuses the buffer of a field for the next one. */
static void on_field(void *bytes, size_t len, void *self)
{
    struct csv_splitter *splitter = self;

    if (splitter->count == CSV_COLUMNS_MAX || len > sizeof splitter->text - splitter->used) {
        splitter->too_many = true;
        return;
    }
    char *copy = splitter->text + splitter->used;
    memcpy(copy, bytes, len);
    splitter->columns[splitter->count++] = (struct sluice_str){ copy, len };
    splitter->used += len;
}

static void on_row(int end, void *self)
{
    struct csv_splitter *splitter = self;

    (void)end;
    splitter->rows++;
}

static void start_row(struct csv_splitter *splitter)
{
    /* Whatever a fault left half done is thrown away. */
    csv_set_opts(&splitter->parser, CSV_STRICT);
    csv_fini(&splitter->parser, on_field, on_row, splitter);
    csv_set_opts(&splitter->parser, CSV_STRICT | CSV_STRICT_FINI);
    splitter->rows = 0;
    splitter->count = 0;
    splitter->used = 0;
    splitter->too_many = false;
}

static bool is_blank(const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i] != ' ' && bytes[i] != '\t' && bytes[i] != '\r' && bytes[i] != '\n')
            return false;
    return true;
}

/* Bytes of the line at the start, with its end; 0 where the end is not there. */
static size_t line_length(const char *bytes, size_t len, bool last)
{
    const char *newline = len ? memchr(bytes, '\n', len) : NULL;

    if (newline)
        return (size_t)(newline - bytes) + 1;
    return last ? len : 0;
}

static enum csv_result bad_line(struct csv_row *row, size_t len, enum sluice_reason reason)
{
    *row = (struct csv_row){ .reason = reason, .len = len, .line_count = 1 };
    return CSV_ROW;
}

/* Forget a line that is too long up to its end, however often bytes have to come for it. */
static enum csv_result skip_line(struct csv_splitter *splitter, struct csv_row *row,
                                 const char *bytes, size_t len, bool last)
{
    const size_t line = line_length(bytes, len, last);

    splitter->skipping = line == 0 && !last;
    if (!splitter->skipping)
        return bad_line(row, line, SLUICE_REASON_TOO_LARGE);
    *row = (struct csv_row){ .len = len };
    return CSV_SKIPPED;
}

/* Give libcsv one line. False: the row is at fault. */
static bool parse_line(struct csv_splitter *splitter, const char *bytes, size_t len)
{
    if (csv_parse(&splitter->parser, bytes, len, on_field, on_row, splitter) != len)
        return false;
    if (bytes[len - 1] != '\n' && splitter->rows == 0)   /* the last line has no end */
        return csv_fini(&splitter->parser, on_field, on_row, splitter) == 0;
    return true;
}

static enum csv_result finish_row(const struct csv_splitter *splitter, struct csv_row *row,
                                  const char *bytes, size_t len, size_t line_count)
{
    /* Two rows in a line: a lone carriage return, which no known source ends rows with. */
    if (splitter->rows != 1)
        return bad_line(row, line_length(bytes, len, true), SLUICE_REASON_UNDECODABLE);

    *row = (struct csv_row){ .len = len, .line_count = line_count };
    if (splitter->too_many)
        row->reason = SLUICE_REASON_TOO_LARGE;
    else if (!sluice_utf8_valid((struct sluice_str){ bytes, len }))
        row->reason = SLUICE_REASON_BAD_TEXT;
    if (!row->reason) {
        row->columns = splitter->columns;
        row->count = splitter->count;
    }
    return CSV_ROW;
}

enum csv_result csv_split(struct csv_splitter *splitter, struct csv_row *row,
                          const char *bytes, size_t len, bool last)
{
    size_t taken = 0;

    if (len == 0 && !last)
        return CSV_MORE;
    if (splitter->skipping)
        return skip_line(splitter, row, bytes, len, last);

    const size_t first = line_length(bytes, len, last);
    if (first > CSV_ROW_SIZE_MAX || (first == 0 && len > CSV_ROW_SIZE_MAX))
        return skip_line(splitter, row, bytes, len, last);
    if (first == 0 && !last)
        return CSV_MORE;
    if (is_blank(bytes, first)) {
        *row = (struct csv_row){ .len = first, .line_count = first > 0 };
        return CSV_BLANK;
    }

    start_row(splitter);
    for (size_t lines = 1;; lines++) {
        const size_t line = line_length(bytes + taken, len - taken, last);

        if (line == 0 && !last && len <= CSV_ROW_SIZE_MAX)
            return CSV_MORE;
        /* A quote that opens and never closes: only its own line is to blame. */
        if (line == 0 || taken + line > CSV_ROW_SIZE_MAX || !parse_line(splitter, bytes + taken, line))
            return bad_line(row, first, SLUICE_REASON_UNDECODABLE);
        taken += line;
        if (splitter->rows > 0)
            return finish_row(splitter, row, bytes, taken, lines);
    }
}

size_t csv_column(const struct csv_row *header, const char *name)
{
    const struct sluice_str wanted = sluice_str_from(name);

    for (size_t i = 0; i < header->count; i++)
        if (sluice_str_equal(header->columns[i], wanted))
            return i;
    return CSV_NO_COLUMN;
}
