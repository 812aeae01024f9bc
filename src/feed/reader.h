/* One file being read: a window over its bytes, cut into elements, each of
 * which becomes an entry. */
#ifndef FEED_READER_H
#define FEED_READER_H

#include <stdbool.h>
#include <stdint.h>
#include "csv/csv.h"
#include "feed/csv_map.h"
#include "feed/frames.h"
#include "feed/input.h"
#include "feed/position.h"
#include "feed/scanner.h"
#include "feed/source.h"
#include "sluice/batch.h"

#define READER_WINDOW_SIZE ((size_t)4 * SCAN_SIZE_MAX)

struct reader {
    struct source *source;              /* NULL: nothing is open */
    const struct feed_input *input;
    uint32_t input_index;
    struct sluice_str file;             /* its name; borrowed */
    struct sluice_str file_in_batch;    /* a copy in the batch being filled; empty: not yet */

    enum source_state state;
    struct position at;                 /* offset, line and mode of the window's first byte */
    struct position safe;               /* the same, of the last byte between two elements */
    struct scanner scanner;
    struct frames frames;
    struct csv_row row;                 /* csv only: the last one */
    size_t header_len;
    char header[CSV_ROW_SIZE_MAX];      /* the header line of the csv file, without its end */
    bool header_known;

    bool pending;                       /* found, but there was no memory for it */
    struct scan pending_scan;
    enum scan_result pending_result;

    bool skipping;                      /* an element beyond the limit; its start is kept */
    uint64_t skip_offset, skip_line;
    size_t prefix_len;
    char prefix[SCAN_SIZE_MAX];

    size_t start, len;                  /* of what in window is not taken yet */
    char window[READER_WINDOW_SIZE];
};

enum reader_step {
    READER_ENTRY,       /* entry is set */
    READER_PROGRESS,    /* call again */
    READER_SILENT,      /* a stream has nothing for now: call again later */
    READER_END,         /* at the end of what there is; all of it is given */
    READER_WAITS,       /* at the end of what there is, with half an element: it may grow */
    READER_FULL         /* the batch has no memory left: nothing was taken */
};

/* An element, to be decoded: its entry is appended, raw and place are set. */
struct reader_element {
    struct sluice_entry *entry;
    enum sluice_reason reason;          /* why it cannot be decoded at all, or NONE */
    char *scratch;                      /* for json */
    const struct sluice_str *columns;   /* csv: in the batch's arena */
    size_t column_count;
};

/** Start reading at a position. The source is taken over. For csv the header
 *  must have been read, see reader_header, unless position is the start. */
void reader_open(struct reader *reader, struct source *source, const struct feed_input *input,
                 uint32_t input_index, struct sluice_str file, const struct position *position);
void reader_close(struct reader *reader);

/** Give a csv file that is entered in its middle its header: the first bytes of the file. */
SLUICE_MUST_CHECK
enum sluice_err reader_header(struct reader *reader, struct source *source, const struct feed_input *input);

/** Take the next element.
 *  In: may_grow  the end of the file is its end for now only
 *  Returns an error of reading; *step says what happened otherwise. */
SLUICE_MUST_CHECK
enum sluice_err reader_next(struct reader *reader, enum reader_step *step, struct reader_element *element,
                            struct sluice_batch *batch, bool may_grow);

/** Columns of a row into the batch's arena; false when it is full. */
bool reader_copy_columns(const struct csv_row *row, struct reader_element *element, struct sluice_batch *batch);

/** Bind the header of the open csv file again, after another one was. */
void reader_bind_header(const struct reader *reader, struct csv_splitter *splitter);

#endif
