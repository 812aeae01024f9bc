/* Reading ahead: a thread of its own fills batches while the driver works on
 * those before.
 *
 * The feed has one owner at a time. The thread owns it from ahead_take() until
 * ahead_pause() comes back, the driver at all other times. The transport does
 * not see the feed's own positions but `taken`: each batch carries what it
 * changed in them, and brings `taken` forward when it is given away. So a
 * commit covers the batches that were taken and no byte more, and what was
 * read ahead but never taken was never read. */
#ifndef FEED_AHEAD_H
#define FEED_AHEAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "feed/position.h"
#include "feed/unknown.h"
#include "sluice/batch.h"
#include "sluice/buffer.h"
#include "sluice/feed.h"

#define AHEAD_BATCHES 4   /* read and not taken, at most */

struct ahead_batch {
    struct sluice_batch batch;
    struct sluice_buffer changes;     /* of the feed's positions, by this batch */
    struct unknown_fields unknown;    /* counted in this batch */
    uint64_t read_bytes, known_bytes; /* of the feed, behind it */
    enum sluice_err err;
    bool end;
};

struct ahead {
    struct sluice_feed *feed;
    pthread_t thread;

    pthread_mutex_t lock;
    pthread_cond_t work;              /* for the thread */
    pthread_cond_t news;              /* for the driver */
    bool wanted;                      /* the feed is the thread's to fill from */
    bool filling;                     /* it is at it */
    bool dry;                         /* the newest batch says that there is nothing more for now */
    bool stop;
    int64_t now_us;                   /* when the driver asked last */
    size_t first, count;              /* of the batches that wait to be taken */

    /* the driver's own */
    struct positions taken;
    struct unknown_fields unknown;    /* of all commits */
    struct unknown_fields open;       /* of what was taken since the last one */
    uint64_t read_bytes, known_bytes;
    bool stale;                       /* the feed must start anew from taken */

    struct ahead_batch batches[AHEAD_BATCHES];
};

/** Batches of that many entries; nothing is read before the first ahead_take.
 *  Returns SLUICE_ERR_MEMORY. */
SLUICE_MUST_CHECK
enum sluice_err ahead_new(struct ahead **ahead, struct sluice_feed *feed, size_t capacity, size_t arena_size_max);
/** Waits for the batch that is being filled, at most. */
void ahead_free(struct ahead *ahead);

/** As sluice_feed_fill, but gives a whole batch in exchange for an empty one, or
 *  nothing where batch holds entries. After an error taken must be undone. */
SLUICE_MUST_CHECK
enum sluice_err ahead_take(struct ahead *ahead, struct sluice_batch *batch, int64_t now_us, bool *end);

/** The feed is the caller's until the next ahead_take; what was read ahead is kept. */
void ahead_pause(struct ahead *ahead);
/** Forget what was read ahead: the next ahead_take reads it again. */
void ahead_drop(struct ahead *ahead);

#endif
