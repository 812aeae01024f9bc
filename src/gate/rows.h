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

void rows_deinit(struct rows *rows);

/** The next row, not set; NULL when memory is exhausted. */
struct row *rows_append(struct rows *rows);

/** Order and write all to a stream of the transport. scratch is the caller's,
 *  reused from stream to stream. */
SLUICE_MUST_CHECK
enum sluice_err rows_write(struct rows *rows, struct rows *scratch, struct sluice_row **list, size_t *list_capacity,
                           struct sluice_transport *transport, uint32_t stream);

#endif
