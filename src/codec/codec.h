/* The public codec's view of rows and raw records: what a consumer with
 * nothing but the proto files sees. Only this folder includes protobuf-c; it
 * prints rows and is what checks are made with, never in the hot path. */
#ifndef CODEC_CODEC_H
#define CODEC_CODEC_H

#include <stdint.h>
#include "sluice/arena.h"
#include "sluice/buffer.h"
#include "sluice/err.h"
#include "sluice/str.h"

#define CODEC_FIELD_COUNT_MAX 80      /* more than either message has */
#define CODEC_ROW_SIZE_MAX    65536   /* bytes of one row or record */

enum codec_kind {
    CODEC_TEXT,       /* bytes */
    CODEC_BYTES,      /* bytes */
    CODEC_ADDRESS,    /* bytes: 4 or 16 of them when whole */
    CODEC_UNSIGNED,   /* u64 */
    CODEC_SIGNED,     /* i64 */
    CODEC_BOOL,       /* u64: 0 or 1 */
    CODEC_ENUM,       /* i64; bytes: its word in lower case without prefix, empty for a number without one */
    CODEC_TIME_S,     /* i64: seconds since 1970 */
    CODEC_TIME_US,    /* i64: microseconds since 1970 */
};

struct codec_value {
    uint32_t number;          /* in the proto file */
    const char *name;         /* in the proto file */
    enum codec_kind kind;
    uint64_t u64;
    int64_t i64;
    struct sluice_str bytes;
};

/* One message taken apart: the fields that are there, in the order of their
 * numbers. What bytes point to is the row's own until the next read. */
struct codec_row {
    struct codec_value values[CODEC_FIELD_COUNT_MAX];
    size_t count;
    size_t unknown;           /* fields that the proto file does not have */
    struct sluice_arena arena;
};

/** A row is used for any number of reads, which then allocate nothing. */
void codec_row_init(struct codec_row *row);
void codec_row_deinit(struct codec_row *row);

/** Take one sluice.v1.PurposeRecord apart.
 *  Returns SLUICE_ERR_DAMAGED (no such message), _LIMIT (longer than a row may be) or _MEMORY;
 *  the row is empty then. */
SLUICE_MUST_CHECK
enum sluice_err codec_row_read_purpose(struct codec_row *row, const uint8_t *bytes, size_t len);

/** The same for a sluice.v1.RawRecord. */
SLUICE_MUST_CHECK
enum sluice_err codec_row_read_raw(struct codec_row *row, const uint8_t *bytes, size_t len);

/** NULL when the row does not have that field. */
const struct codec_value *codec_row_find(const struct codec_row *row, uint32_t number);

/** Append the row as one JSON object without line feed: names of the proto
 *  file, bytes as lower-case hex, addresses and instants as text. A value that
 *  has no such text (an instant beyond year 9999, an address of seven bytes, an
 *  enum's number without a word) is written as the number or the hex that it is. */
void codec_row_json(struct sluice_buffer *out, const struct codec_row *row);

/** Read and append in one; nothing is appended on failure. Returns as codec_row_read_purpose. */
SLUICE_MUST_CHECK
enum sluice_err codec_purpose_json(struct sluice_buffer *out, const uint8_t *bytes, size_t len);
SLUICE_MUST_CHECK
enum sluice_err codec_raw_json(struct sluice_buffer *out, const uint8_t *bytes, size_t len);

#endif
