/* The rows of one stream until the commit: bytes in the gate's arena, and what
 * they are ordered by. A stream is written bucket by bucket, each in the order
 * of its own pseudonyms, so that the order of two streams joins nothing. */
#ifndef GATE_ROWS_H
#define GATE_ROWS_H

#include <stddef.h>
#include <stdint.h>
#include "sluice/err.h"
#include "sluice/transport.h"

struct row {
    uint64_t key[2];        /* the pseudonym, or the ref where the stream has none; big endian order */
    int64_t time;           /* as emitted, then part of the ref */
    int64_t deadline_s;
    const uint8_t *bytes;
    uint32_t len;
    uint32_t tie;
};

struct rows {
    struct row *list;
    size_t count;
    size_t capacity;
};

/* What is moved in place of rows, to bring them in order. */
struct rows_place {
    uint64_t key;           /* the first half of the row's */
    uint32_t number;        /* of the row in its list */
};

/* Memory to order one stream after the other in. */
struct rows_scratch {
    struct rows_place *places;
    struct rows_place *spare;
    size_t capacity;        /* of each */
};

/* One stream in order, as the transport borrows it until its commit. */
struct rows_views {
    struct sluice_row *list;
    size_t capacity;
};

void rows_deinit(struct rows *rows);
void rows_scratch_deinit(struct rows_scratch *scratch);

/** The next row, not set; NULL when memory is exhausted. */
struct row *rows_append(struct rows *rows);

/** Order and write all to a stream of the transport. */
SLUICE_MUST_CHECK
enum sluice_err rows_write(const struct rows *rows, struct rows_scratch *scratch, struct rows_views *views,
                           struct sluice_transport *transport, uint32_t stream);

#endif
