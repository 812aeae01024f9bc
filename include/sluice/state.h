/* State that changes with the records: tables in memory, each able to say
 * what changed since the last commit, to take that back, to apply it again and
 * to write itself out in chunks. A transport keeps the changes and snapshots;
 * a table knows nothing of where. All of a commit's changes hold, or none. */
#ifndef SLUICE_STATE_H
#define SLUICE_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include "sluice/buffer.h"
#include "sluice/err.h"

#define SLUICE_STATE_CHUNK_SIZE (4 * 1024 * 1024)   /* about; of a snapshot */

struct sluice_state_table {
    uint8_t id;                  /* unique among the tables of a transport, never reused */
    const char *name;
    void *self;
    bool gradual;                /* its snapshot may be taken with commits between the chunks; see restore */

    /** Append what changed since the last commit; nothing at all when nothing did. */
    void (*changes)(void *self, struct sluice_buffer *out);
    /** The changes are durable: forget how to undo them. */
    void (*committed)(void *self);
    /** Back to the last commit. */
    void (*undo)(void *self);
    /** Take in what changes() wrote. SLUICE_ERR_DAMAGED on bytes it never writes. */
    enum sluice_err (*apply)(void *self, const uint8_t *bytes, size_t len);
    /** Append chunk number *chunk of the whole table and step *chunk; *more is
     *  false with the last one. Called between commits only. */
    enum sluice_err (*snapshot)(void *self, uint64_t *chunk, struct sluice_buffer *out, bool *more);
    /** Take in one chunk; the first (chunk 0) empties the table. Of a gradual
     *  table each chunk is as of when it was taken: apply() of the commits
     *  between comes between chunks too, and a later chunk may repeat them. */
    enum sluice_err (*restore)(void *self, uint64_t chunk, const uint8_t *bytes, size_t len);
};

#endif
