/* What the change log knows of output files, in memory: which streams there
 * are, the open file of each stream and bucket with its committed length, and
 * how far sealed files have re-entered. Changed by rows that stand in commits;
 * the same rows bring it back. Knows nothing of the disk. */
#ifndef LOCAL_CATALOG_H
#define LOCAL_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "local/bucket.h"
#include "sluice/buffer.h"
#include "sluice/err.h"
#include "sluice/name.h"

struct local_stream {
    char tenant[SLUICE_NAME_MAX + 1];
    char name[SLUICE_NAME_MAX + 1];
    bool mixed;             /* the rows of a closed file are in an order that tells nothing */
};

/* The open file of one stream and bucket, or the memory that there was one. */
struct local_output {
    uint32_t stream;
    int64_t deadline_s;

    /* as committed */
    uint64_t last_number;   /* of the newest file: numbers are not used twice */
    uint64_t number;        /* of the open file; 0: none */
    uint64_t length;
    int64_t opened_us;      /* its first commit; of age */

    /* since the last commit; see output.c */
    uint64_t pending_number;  /* the file that is written; a new one until it is committed */
    uint64_t written;         /* bytes that belong to it */
    bool touched;             /* written to since the last commit */
    bool unsynced;            /* bytes may not be on the device */
    bool excess;              /* the file may be longer than `written` */
    bool closing;             /* the commit closes it */
    uint8_t names_unsynced;   /* bits of the folder levels with names that may not be on the device */
    int fd;
    struct local_output *newer, *older;   /* among those with a descriptor, by use */
};

/* How far one closed sealed file has re-entered. */
struct local_position {
    uint32_t stream;
    int64_t deadline_s;
    uint64_t number;
    uint64_t offset;        /* of a frame */
    uint64_t index;         /* entries of that frame which were given */
};

/* What the last commit says is to be done on disk, once it is past doubt. */
struct local_action {
    bool rename;            /* N.pb.open to N.pb; else delete N.pb */
    bool mix;               /* before that */
    uint32_t stream;
    int64_t deadline_s;
    uint64_t number;
};

struct local_catalog {
    struct local_stream *streams;
    size_t stream_count, stream_capacity;
    struct local_output **outputs;      /* in no order */
    size_t output_count, output_capacity;
    uint32_t *slots;                    /* hash of (stream, deadline) to index + 1 */
    size_t slot_count;
    struct local_position *positions;
    size_t position_count, position_capacity;
    struct local_action *actions;
    size_t action_count, action_capacity;
};

void catalog_init(struct local_catalog *catalog);
void catalog_deinit(struct local_catalog *catalog);

/** The number of a stream, made when there is none.
 *  Returns SLUICE_ERR_MEMORY. */
SLUICE_MUST_CHECK
enum sluice_err catalog_stream(struct local_catalog *catalog, uint32_t *stream, const char *tenant,
                               const char *name);

/** NULL when there is none. */
struct local_output *catalog_find(const struct local_catalog *catalog, uint32_t stream, int64_t deadline_s);
SLUICE_MUST_CHECK
enum sluice_err catalog_output(struct local_catalog *catalog, struct local_output **output, uint32_t stream,
                               int64_t deadline_s);

/** NULL when nothing of that file re-entered. */
const struct local_position *catalog_position(const struct local_catalog *catalog, uint32_t stream,
                                              int64_t deadline_s, uint64_t number);

/** Whether any file of the bucket has one. */
bool catalog_has_position(const struct local_catalog *catalog, uint32_t stream, int64_t deadline_s);

struct bucket_file catalog_file(const struct local_catalog *catalog, uint32_t stream, int64_t deadline_s,
                                uint64_t number, bool open);

/* --- rows */

enum row_kind {
    ROW_OPEN = 1,     /* a file is open and has a committed length: value, opened_us */
    ROW_LAST,         /* the newest number of a bucket without an open file; in snapshots */
    ROW_CLOSED,       /* the file is complete: value is its length; it is to be mixed, where extra is 1, and renamed */
    ROW_POSITION,     /* a sealed file re-entered up to: value, extra */
    ROW_CONSUMED,     /* a sealed file re-entered as a whole; it is to be deleted */
    ROW_FORGOTTEN,    /* everything of that bucket; number is 0 */
};

struct row {
    enum row_kind kind;
    const char *tenant, *stream;
    int64_t deadline_s;
    uint64_t number;
    uint64_t value, extra;
};

#define CATALOG_ROW_SIZE_MIN (1 + 2 * 2 + 4 * 8)
void catalog_row_write(struct sluice_buffer *out, const struct row *row);
/** False on bytes that catalog_row_write never writes. The row's names point into tenant and stream. */
bool catalog_row_read(struct row *row, char tenant[static SLUICE_NAME_MAX + 1],
                      char stream[static SLUICE_NAME_MAX + 1], struct sluice_cursor *cursor);
/** Take in rows. Actions of earlier rows are forgotten first: a commit follows only when they are done.
 *  Returns SLUICE_ERR_DAMAGED on bytes that catalog_row_write never writes. */
SLUICE_MUST_CHECK
enum sluice_err catalog_apply(struct local_catalog *catalog, const uint8_t *bytes, size_t len);
/** Room for what that many bytes of rows may add, streams and outputs that are there
 *  already: the next catalog_apply of them cannot fail. */
SLUICE_MUST_CHECK
enum sluice_err catalog_reserve(struct local_catalog *catalog, size_t len);
/** Everything as rows. */
void catalog_snapshot(const struct local_catalog *catalog, struct sluice_buffer *out);

#endif
