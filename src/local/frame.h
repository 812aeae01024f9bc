/* The frames of the change log. A segment is frames end to end, each sealed by
 * itself under the segment's own key:
 *
 *   8  magic
 *   4  type
 *   4  length of the payload, in clear before it is sealed
 *   8  sequence within the segment, from 0 without a gap
 *   8  transaction
 *   24 nonce, random
 *   .. payload and its authentication code
 *
 * Everything before the payload is authenticated with it, and the sequence has
 * no gap, so no frame can be changed, taken out, doubled or moved unseen. */
#ifndef LOCAL_FRAME_H
#define LOCAL_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "sluice/buffer.h"
#include "sluice/crypto.h"
#include "sluice/err.h"

#define FRAME_HEAD_SIZE    56
#define FRAME_OVERHEAD     (FRAME_HEAD_SIZE + SLUICE_MAC_SIZE)
#define FRAME_PAYLOAD_MAX  ((size_t)1 << 30)

enum frame_type {
    FRAME_SEGMENT = 1,  /* first of a segment: format version and the segment's number */
    FRAME_CHUNK,        /* a chunk of a table's snapshot */
    FRAME_COMPLETE,     /* the snapshot is whole; commits follow */
    FRAME_COMMIT,       /* what one transaction changed */
    FRAME_SETTLED,      /* the frame before is past doubt: what cannot be undone may be done */
    FRAME_MEANWHILE,    /* between chunks: what a commit changed in tables that are partly written */
};

struct frame {
    enum frame_type type;
    uint64_t sequence;
    uint64_t transaction;
    const uint8_t *payload;   /* into the reader's buffer, until the next frame */
    size_t len;
};

/** Begin a frame in an empty buffer: room for its head. The payload is appended by the caller. */
void frame_begin(struct sluice_buffer *out);

/** Seal what frame_begin and the caller put there.
 *  Returns SLUICE_ERR_MEMORY when the payload did not fit. */
SLUICE_MUST_CHECK
enum sluice_err frame_end(struct sluice_buffer *out, enum frame_type type, uint64_t sequence,
                          uint64_t transaction, const uint8_t key[static SLUICE_KEY_SIZE]);

/* The head as read; not proved before the payload is opened. */
struct frame_head {
    uint32_t type;
    uint32_t len;
    uint64_t sequence;
    uint64_t transaction;
};

/** False where the bytes begin no frame. */
bool frame_head_read(struct frame_head *head, const uint8_t bytes[static FRAME_HEAD_SIZE]);

/** Open a whole frame in place: its payload then begins at FRAME_HEAD_SIZE.
 *  Returns SLUICE_ERR_DAMAGED when head or payload is not what was written. */
SLUICE_MUST_CHECK
enum sluice_err frame_open(uint8_t *bytes, const struct frame_head *head,
                           const uint8_t key[static SLUICE_KEY_SIZE]);

/** Where in the bytes the next frame may begin: the offset of a magic, or len. */
size_t frame_find(const uint8_t *bytes, size_t len);

#endif
