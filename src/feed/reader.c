#include "feed/reader.h"

#include <string.h>

static const uint8_t forms[] = {
    [SLUICE_FORMAT_EMNIFY] = SLUICE_FORM_EMNIFY,
    [SLUICE_FORMAT_CSV] = SLUICE_FORM_CSV,
    [SLUICE_FORMAT_RAW] = SLUICE_FORM_RAW,
};

void reader_open(struct reader *reader, struct source *source, const struct feed_input *input,
                 uint32_t input_index, struct sluice_str file, const struct position *position)
{
    reader->source = source;
    reader->input = input;
    reader->input_index = input_index;
    reader->file = file;
    reader->file_in_batch = (struct sluice_str){ NULL, 0 };
    reader->state = SOURCE_MORE;
    reader->at = reader->safe = *position;
    scanner_init(&reader->scanner, position->mode);
    reader->frames = (struct frames){ 0 };
    if (position->offset == 0) {
        reader->header_known = false;
        reader->header_len = 0;
    }
    reader->pending = false;
    reader->skipping = false;
    reader->start = reader->len = 0;
    if (input->csv)
        csv_splitter_reset(input->csv);
}

void reader_close(struct reader *reader)
{
    source_close(reader->source);
    reader->source = NULL;
}

/* --- the window */

static void skip_byte_order_mark(struct reader *reader)
{
    if (reader->at.offset == 0 && reader->len >= 3 && memcmp(reader->window + reader->start, "\xef\xbb\xbf", 3) == 0) {
        reader->start += 3;
        reader->len -= 3;
        reader->at.offset = 3;
    }
}

/* Put more behind what is left. */
static enum sluice_err read_more(struct reader *reader)
{
    size_t got = 0;

    if (reader->start > 0) {
        memmove(reader->window, reader->window + reader->start, reader->len);
        reader->start = 0;
    }
    const enum sluice_err err = source_read(reader->source, reader->window + reader->len,
                                            READER_WINDOW_SIZE - reader->len, &got, &reader->state);
    if (err)
        return err;
    reader->len += got;
    skip_byte_order_mark(reader);
    return SLUICE_OK;
}

static uint64_t count_lines(const char *bytes, size_t len)
{
    const char *end = bytes + len;
    uint64_t count = 0;

    while (bytes < end && (bytes = memchr(bytes, '\n', (size_t)(end - bytes)))) {
        count++;
        bytes++;
    }
    return count;
}

/* --- cutting, in the ways of the formats */

static enum scan_result cut_csv(struct reader *reader, struct scan *found, const char *window, size_t len, bool last)
{
    static const enum scan_result results[] = {
        [CSV_ROW] = SCAN_ELEMENT, [CSV_BLANK] = SCAN_NOTHING, [CSV_SKIPPED] = SCAN_SKIPPED, [CSV_MORE] = SCAN_MORE,
    };
    const enum csv_result result = csv_split(reader->input->csv, &reader->row, window, len, last);

    if (result == CSV_MORE)
        return SCAN_MORE;
    *found = (struct scan){ .len = reader->row.len, .taken = reader->row.len };
    if (result == CSV_ROW && reader->row.reason == SLUICE_REASON_TOO_LARGE)
        return SCAN_TOO_LARGE;
    while (found->len > 0 && strchr("\r\n", window[found->len - 1]))
        found->len--;
    return results[result];
}

static enum scan_result cut(struct reader *reader, struct scan *found, bool last)
{
    const char *window = reader->window + reader->start;

    switch (reader->input->config->format) {
    case SLUICE_FORMAT_CSV:
        return cut_csv(reader, found, window, reader->len, last);
    case SLUICE_FORMAT_RAW:
        return frames_next(&reader->frames, found, (const uint8_t *)window, reader->len, last);
    case SLUICE_FORMAT_EMNIFY:
        break;
    }
    return scanner_next(&reader->scanner, found, window, reader->len, last);
}

/* Lines of what is taken; raw records have none, so each counts as one. */
static uint64_t lines_taken(const struct reader *reader, const struct scan *found, enum scan_result result)
{
    const char *window = reader->window + reader->start;
    const size_t end = found->start + found->len;

    if (reader->input->config->format == SLUICE_FORMAT_RAW)
        return result != SCAN_NOTHING && result != SCAN_SKIPPED;
    /* An element that is a line has no line end inside. */
    if (result == SCAN_ELEMENT && reader->scanner.mode == SCAN_LINES && reader->at.mode == SCAN_LINES)
        return count_lines(window, found->start) + count_lines(window + end, found->taken - end);
    return count_lines(window, found->taken);
}

/* Lines before the element that was found. */
static uint64_t lines_before(const struct reader *reader, const struct scan *found)
{
    if (reader->input->config->format == SLUICE_FORMAT_RAW)
        return reader->at.line;
    return reader->at.line + count_lines(reader->window + reader->start, found->start);
}

static void take(struct reader *reader, const struct scan *found, enum scan_result result)
{
    reader->at.line += lines_taken(reader, found, result);
    reader->at.offset += found->taken;
    reader->at.mode = reader->scanner.mode;
    reader->start += found->taken;
    reader->len -= found->taken;
    reader->skipping = result == SCAN_SKIPPED;
    if (!reader->skipping)
        reader->safe = reader->at;
}

/* The start of an element beyond the limit is kept, so that a person sees what it was. */
static void keep_prefix(struct reader *reader, const struct scan *found)
{
    if (reader->skipping)
        return;
    reader->prefix_len = found->len < sizeof reader->prefix ? found->len : sizeof reader->prefix;
    memcpy(reader->prefix, reader->window + reader->start + found->start, reader->prefix_len);
    reader->skip_offset = reader->at.offset + found->start;
    reader->skip_line = lines_before(reader, found);
}

/* --- entries */

static bool name_file(struct reader *reader, struct sluice_batch *batch)
{
    if (reader->file_in_batch.len == 0)
        reader->file_in_batch = sluice_arena_copy(&batch->arena, reader->file);
    return reader->file_in_batch.bytes != NULL;
}

/* csv: the header line before the row, so that the bytes say all there is to know. */
static bool copy_raw(const struct reader *reader, struct sluice_str *raw, struct sluice_batch *batch, const char *bytes,
                     size_t len)
{
    const size_t header = reader->input->config->format == SLUICE_FORMAT_CSV ? reader->header_len + 1 : 0;
    char *copy = sluice_arena_alloc(&batch->arena, header + len + 1);

    if (!copy)
        return false;
    if (header) {
        memcpy(copy, reader->header, header - 1);
        copy[header - 1] = '\n';
    }
    memcpy(copy + header, bytes, len);
    *raw = (struct sluice_str){ copy, header + len };
    return true;
}

/* The columns lie in the splitter until the next row only. */
bool reader_copy_columns(const struct csv_row *row, struct reader_element *element, struct sluice_batch *batch)
{
    struct sluice_str *columns;
    size_t size = 0;
    char *text;

    for (size_t i = 0; i < row->count; i++)
        size += row->columns[i].len;
    columns = sluice_arena_alloc(&batch->arena, row->count * sizeof *columns + size + 1);
    if (!columns)
        return false;
    text = (char *)(columns + row->count);
    for (size_t i = 0; i < row->count; i++) {
        if (row->columns[i].len)
            memcpy(text, row->columns[i].bytes, row->columns[i].len);
        columns[i] = (struct sluice_str){ text, row->columns[i].len };
        text += row->columns[i].len;
    }
    element->columns = columns;
    element->column_count = row->count;
    return true;
}

/* What decoding needs besides raw. */
static bool prepare(const struct reader *reader, struct reader_element *element, struct sluice_batch *batch,
                    struct sluice_str raw)
{
    element->scratch = NULL;
    element->columns = NULL;
    element->column_count = 0;
    if (element->reason)
        return true;
    if (reader->input->config->format == SLUICE_FORMAT_CSV)
        return reader_copy_columns(&reader->row, element, batch);
    if (reader->input->config->format == SLUICE_FORMAT_EMNIFY && memchr(raw.bytes, '\\', raw.len)) {
        element->scratch = sluice_arena_alloc(&batch->arena, raw.len);
        return element->scratch != NULL;
    }
    return true;
}

static bool append(struct reader *reader, struct reader_element *element, struct sluice_batch *batch,
                   const char *bytes, size_t len, uint64_t offset, uint64_t line)
{
    struct sluice_str raw;

    if (!name_file(reader, batch) || !copy_raw(reader, &raw, batch, bytes, len) ||
        !prepare(reader, element, batch, raw))
        return false;
    element->entry = sluice_batch_append(batch);
    if (!element->entry)
        return false;
    element->entry->form = forms[reader->input->config->format];
    element->entry->input = reader->input_index;
    element->entry->position = offset;
    element->entry->line = line + 1;
    element->entry->file = reader->file_in_batch;
    element->entry->raw = raw;
    return true;
}

static bool append_found(struct reader *reader, struct reader_element *element, struct sluice_batch *batch,
                         const struct scan *found, enum scan_result result)
{
    const char *window = reader->window + reader->start;
    const size_t len = found->len < SCAN_SIZE_MAX ? found->len : SCAN_SIZE_MAX;

    element->reason = SLUICE_REASON_NONE;
    if (result == SCAN_TOO_LARGE)
        element->reason = SLUICE_REASON_TOO_LARGE;
    else if (result == SCAN_UNDELIMITED)
        element->reason = SLUICE_REASON_UNDECODABLE;
    else if (reader->input->config->format == SLUICE_FORMAT_CSV)
        element->reason = reader->row.reason;

    if (reader->skipping)
        return append(reader, element, batch, reader->prefix, reader->prefix_len, reader->skip_offset,
                      reader->skip_line);
    return append(reader, element, batch, window + found->start, len, reader->at.offset + found->start,
                  lines_before(reader, found));
}

/* --- steps */

/* The first row of a csv file names its columns. */
static void take_header(struct reader *reader, const struct scan *found)
{
    const char *row = reader->window + reader->start;

    reader->header_len = reader->row.reason ? 0 : found->len;
    memcpy(reader->header, row, reader->header_len);
    csv_map_bind(reader->input->map, &reader->row);
    reader->header_known = true;
}

static bool is_header(const struct reader *reader, enum scan_result result)
{
    return reader->input->config->format == SLUICE_FORMAT_CSV && !reader->header_known &&
           (result == SCAN_ELEMENT || result == SCAN_TOO_LARGE);
}

/* Nothing more comes. What gzip lost, and what it cut in the middle, is one
 * element that cannot be decoded. */
static enum scan_result cut_rest(struct reader *reader, struct scan *found)
{
    if (reader->state == SOURCE_END)
        return cut(reader, found, true);
    *found = (struct scan){ .len = reader->len, .taken = reader->len };
    reader->state = SOURCE_END;
    return SCAN_UNDELIMITED;
}

/* What stands at the start of the window, or was found before and did not fit. */
static enum scan_result find(struct reader *reader, struct scan *found)
{
    if (!reader->pending)
        return cut(reader, found, false);
    reader->pending = false;
    *found = reader->pending_scan;
    return reader->pending_result;
}

/* The window is used up. *more: there is something to be taken all the same. */
static enum sluice_err at_end_of_window(struct reader *reader, enum reader_step *step, bool may_grow, bool *more)
{
    const bool whole = reader->len == 0 && !reader->skipping;

    *more = false;
    if (reader->state == SOURCE_MORE || reader->state == SOURCE_SILENT) {
        const enum sluice_err err = read_more(reader);

        *step = reader->state == SOURCE_SILENT ? READER_SILENT : READER_PROGRESS;
        return err;
    }
    if (reader->state == SOURCE_END && whole)
        *step = READER_END;
    else if (may_grow && reader->state != SOURCE_DAMAGED)
        *step = READER_WAITS;
    else
        *more = true;
    return SLUICE_OK;
}

enum sluice_err reader_next(struct reader *reader, enum reader_step *step, struct reader_element *element,
                            struct sluice_batch *batch, bool may_grow)
{
    struct scan found = { 0 };
    enum scan_result result = find(reader, &found);

    *step = READER_PROGRESS;
    if (result == SCAN_MORE) {
        bool more;
        const enum sluice_err err = at_end_of_window(reader, step, may_grow, &more);

        if (err || !more)
            return err;
        result = cut_rest(reader, &found);
    }
    if (result == SCAN_SKIPPED) {
        keep_prefix(reader, &found);
    } else if (is_header(reader, result)) {
        take_header(reader, &found);
    } else if (result != SCAN_NOTHING) {
        *step = append_found(reader, element, batch, &found, result) ? READER_ENTRY : READER_FULL;
        reader->pending = *step == READER_FULL;
        reader->pending_scan = found;
        reader->pending_result = result;
    }
    if (*step != READER_FULL)
        take(reader, &found, result);
    return SLUICE_OK;
}

enum sluice_err reader_header(struct reader *reader, struct source *source, const struct feed_input *input)
{
    const struct position start = { 0 };
    struct reader_element element;
    enum reader_step step = READER_PROGRESS;
    enum sluice_err err = SLUICE_OK;

    reader_open(reader, source, input, 0, (struct sluice_str){ NULL, 0 }, &start);
    while (!err && step == READER_PROGRESS && !reader->header_known)
        err = reader_next(reader, &step, &element, NULL, true);
    reader_close(reader);
    return err;
}

void reader_bind_header(const struct reader *reader, struct csv_splitter *splitter)
{
    struct csv_row row;

    if (reader->source && reader->input->map && reader->header_len &&
        csv_split(splitter, &row, reader->header, reader->header_len, true) == CSV_ROW)
        csv_map_bind(reader->input->map, &row);
}
