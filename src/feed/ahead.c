#include "feed/ahead.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>

#include "feed/feed_state.h"

#define CHANGES_SIZE_MAX ((size_t)256 << 20)

/* --- the thread */

static void fill(struct ahead *ahead, struct ahead_batch *next, int64_t now_us)
{
    struct sluice_feed *feed = ahead->feed;

    sluice_batch_reset(&next->batch);
    sluice_buffer_clear(&next->changes);
    unknown_fields_clear(&next->unknown);
    next->err = feed_fill(feed, &next->batch, now_us, &next->end);
    positions_hand_over(&feed->positions, &next->changes);
    if (!next->err)
        next->err = sluice_buffer_err(&next->changes);
    unknown_fields_move(&next->unknown, &feed->unknown);
    next->read_bytes = feed->read_bytes;
    next->known_bytes = feed->known_bytes;
}

static bool may_fill(const struct ahead *ahead)
{
    return ahead->wanted && !ahead->dry && ahead->count < AHEAD_BATCHES;
}

static void fill_next(struct ahead *ahead)
{
    struct ahead_batch *next = &ahead->batches[(ahead->first + ahead->count) % AHEAD_BATCHES];
    const int64_t now_us = ahead->now_us;

    ahead->filling = true;
    pthread_mutex_unlock(&ahead->lock);
    fill(ahead, next, now_us);
    pthread_mutex_lock(&ahead->lock);
    ahead->filling = false;
    ahead->count++;
    ahead->dry = next->end || next->err;
    pthread_cond_signal(&ahead->news);
}

static void *read_on(void *self)
{
    struct ahead *ahead = self;

    pthread_mutex_lock(&ahead->lock);
    while (!ahead->stop) {
        if (may_fill(ahead))
            fill_next(ahead);
        else
            pthread_cond_wait(&ahead->work, &ahead->lock);
    }
    pthread_mutex_unlock(&ahead->lock);
    return NULL;
}

/* Signals are the driver's: they must wake it, not this thread. */
static enum sluice_err start_thread(struct ahead *ahead)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int failed = pthread_create(&ahead->thread, NULL, read_on, ahead);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed ? SLUICE_ERR_MEMORY : SLUICE_OK;
}

/* --- the driver's side */

void ahead_pause(struct ahead *ahead)
{
    pthread_mutex_lock(&ahead->lock);
    ahead->wanted = false;
    while (ahead->filling)
        pthread_cond_wait(&ahead->news, &ahead->lock);
    pthread_mutex_unlock(&ahead->lock);
}

void ahead_drop(struct ahead *ahead)
{
    ahead_pause(ahead);
    ahead->count = 0;
    ahead->dry = false;
    ahead->stale = true;
}

static enum sluice_err start_anew(struct ahead *ahead)
{
    feed_files_restart(ahead->feed);
    const enum sluice_err err = positions_copy(&ahead->feed->positions, &ahead->taken);
    ahead->stale = err != SLUICE_OK;
    return err;
}

/* The oldest batch; the thread does not touch it until it is released. */
static struct ahead_batch *wait_for_batch(struct ahead *ahead, int64_t now_us)
{
    pthread_mutex_lock(&ahead->lock);
    ahead->now_us = now_us;
    ahead->wanted = true;
    if (ahead->count == 0)
        ahead->dry = false;   /* look again */
    pthread_cond_signal(&ahead->work);
    while (ahead->count == 0)
        pthread_cond_wait(&ahead->news, &ahead->lock);
    pthread_mutex_unlock(&ahead->lock);
    return &ahead->batches[ahead->first];
}

static void release(struct ahead *ahead)
{
    pthread_mutex_lock(&ahead->lock);
    ahead->first = (ahead->first + 1) % AHEAD_BATCHES;
    ahead->count--;
    pthread_cond_signal(&ahead->work);
    pthread_mutex_unlock(&ahead->lock);
}

static enum sluice_err give(struct ahead *ahead, struct ahead_batch *oldest, struct sluice_batch *batch, bool *end)
{
    const struct sluice_batch empty = *batch;
    enum sluice_err err = oldest->err;

    if (!err)
        err = positions_take(&ahead->taken, oldest->changes.bytes, oldest->changes.len);
    if (err)
        return err;
    *batch = oldest->batch;
    oldest->batch = empty;
    *end = oldest->end;
    unknown_fields_move(&ahead->open, &oldest->unknown);
    ahead->read_bytes = oldest->read_bytes;
    ahead->known_bytes = oldest->known_bytes;
    return SLUICE_OK;
}

enum sluice_err ahead_take(struct ahead *ahead, struct sluice_batch *batch, int64_t now_us, bool *end)
{
    enum sluice_err err = SLUICE_OK;

    *end = false;
    if (batch->count > 0)
        return SLUICE_OK;
    if (ahead->stale)
        err = start_anew(ahead);
    if (err)
        return err;
    err = give(ahead, wait_for_batch(ahead, now_us), batch, end);
    release(ahead);
    return err;
}

/* taken was committed, or went back to what was. */
static void settle(void *self, bool committed)
{
    struct ahead *ahead = self;

    if (!committed) {
        ahead_drop(ahead);
        unknown_fields_clear(&ahead->open);
        return;
    }
    unknown_fields_move(&ahead->unknown, &ahead->open);
    positions_compact(&ahead->taken);
    if (feed_stdin_is_spooled(ahead->feed)) {
        ahead_pause(ahead);
        feed_stdin_committed(ahead->feed, &ahead->taken);
    }
}

/* --- making and freeing */

static enum sluice_err make_batches(struct ahead *ahead, size_t capacity, size_t arena_size_max)
{
    enum sluice_err err = SLUICE_OK;

    for (size_t i = 0; !err && i < AHEAD_BATCHES; i++) {
        sluice_buffer_init(&ahead->batches[i].changes, CHANGES_SIZE_MAX);
        err = sluice_batch_init(&ahead->batches[i].batch, capacity, arena_size_max);
    }
    return err;
}

static void free_all(struct ahead *ahead)
{
    for (size_t i = 0; i < AHEAD_BATCHES; i++) {
        sluice_batch_deinit(&ahead->batches[i].batch);
        sluice_buffer_deinit(&ahead->batches[i].changes);
    }
    positions_deinit(&ahead->taken);
    pthread_cond_destroy(&ahead->news);
    pthread_cond_destroy(&ahead->work);
    pthread_mutex_destroy(&ahead->lock);
    free(ahead);
}

enum sluice_err ahead_new(struct ahead **ahead, struct sluice_feed *feed, size_t capacity, size_t arena_size_max)
{
    struct ahead *made = calloc(1, sizeof *made);

    if (!made)
        return SLUICE_ERR_MEMORY;
    made->feed = feed;
    made->stale = true;
    pthread_mutex_init(&made->lock, NULL);
    pthread_cond_init(&made->work, NULL);
    pthread_cond_init(&made->news, NULL);
    positions_init(&made->taken);
    made->taken.settle = settle;
    made->taken.settle_self = made;
    enum sluice_err err = make_batches(made, capacity, arena_size_max);
    if (!err)
        err = start_thread(made);
    if (err) {
        free_all(made);
        return err;
    }
    *ahead = made;
    return SLUICE_OK;
}

void ahead_free(struct ahead *ahead)
{
    if (!ahead)
        return;
    pthread_mutex_lock(&ahead->lock);
    ahead->stop = true;
    pthread_cond_signal(&ahead->work);
    pthread_mutex_unlock(&ahead->lock);
    pthread_join(ahead->thread, NULL);
    free_all(ahead);
}
