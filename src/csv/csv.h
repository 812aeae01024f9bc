/* Rows of comma-separated text (RFC 4180; another delimiter may be set). Only
 * src/csv/ includes <csv.h>. A quote inside a field that is not quoted is a
 * fault: who writes such rows has not escaped anything. */
#ifndef CSV_CSV_H
#define CSV_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "sluice/err.h"
#include "sluice/reason.h"
#include "sluice/record.h"
#include "sluice/str.h"

#define CSV_COLUMNS_MAX  256
#define CSV_ROW_SIZE_MAX SLUICE_RECORD_SIZE_MAX   /* bytes of one row with its line end */
#define CSV_NO_COLUMN    SIZE_MAX

struct csv_row {
    const struct sluice_str *columns;   /* unquoted, no space around; valid until the next row */
    size_t count;
    enum sluice_reason reason;          /* NONE, or why there are no columns: UNDECODABLE, TOO_LARGE, BAD_TEXT */
    uint64_t line;                      /* 1-based line it starts on */
    size_t len;                         /* bytes it took, its line end included */
    size_t line_count;                  /* lines it took: more than one where a quoted field has line ends */
};

/** Index of the column of that name in a header, exactly as written; or CSV_NO_COLUMN. */
size_t csv_column(const struct csv_row *header, const char *name);

/* --- a file from its start to its end */

struct csv_file;

/** A byte order mark at the start is skipped.
 *  Returns SLUICE_ERR_MISSING, _ACCESS, _IO, _MEMORY. */
SLUICE_MUST_CHECK
enum sluice_err csv_file_open(struct csv_file **file, const char *path, char delimiter);
void csv_file_close(struct csv_file *file);

/** The next row that is not blank.
 *  Returns 1 with *row set, also for a bad one; 0 at the end; -1 when reading failed (*err says why). */
int csv_file_next(struct csv_file *file, struct csv_row *row, enum sluice_err *err);

/** Bytes read so far and bytes of the whole, for progress. */
void csv_file_progress(const struct csv_file *file, uint64_t *read_bytes, uint64_t *total_bytes);

/* --- bytes that come from elsewhere, cut into rows; no I/O */

struct csv_splitter;

SLUICE_MUST_CHECK
enum sluice_err csv_splitter_new(struct csv_splitter **splitter, char delimiter);
void csv_splitter_free(struct csv_splitter *splitter);
/** Forget a row that has begun: other bytes come now. */
void csv_splitter_reset(struct csv_splitter *splitter);

enum csv_result {
    CSV_ROW,     /* a row, or a bad one: see its reason; row->len bytes are taken */
    CSV_BLANK,   /* row->len bytes of nothing are taken */
    CSV_SKIPPED, /* row->len bytes of a line beyond the limit are taken; the row comes when it ends */
    CSV_MORE     /* the row does not end in bytes: call again with more behind them */
};

/** Take the row at the start of bytes. Does not set row->line.
 *  In: last  nothing comes behind bytes. Never returns CSV_MORE then.
 *  Give at least CSV_ROW_SIZE_MAX + 1 bytes, or last: less is answered with CSV_MORE at worst.
 *  A row with a fault ends with its first line: the next line is the next row. */
enum csv_result csv_split(struct csv_splitter *splitter, struct csv_row *row,
                          const char *bytes, size_t len, bool last);

#endif
