/* Where records come from and where rows go, with one commit over input
 * position, outputs and state. Two implementations: local (files, no server)
 * and kafka. Stages never see this; the driver does. */
#ifndef SLUICE_TRANSPORT_H
#define SLUICE_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "sluice/batch.h"
#include "sluice/err.h"
#include "sluice/state.h"

/* The bytes of one row, framed as field 1 (or 2, sealed) of a PurposeBatch:
 * written one after the other they are a batch. */
struct sluice_row {
    const uint8_t *bytes;
    size_t len;
};

struct sluice_transport_ops {
    /** Append arrivals (and re-entries) to the batch until it is full or there
     *  is nothing now. *end: everything there was has been given. */
    enum sluice_err (*poll)(void *self, struct sluice_batch *batch, int64_t now_us, bool *end);

    /** A number for a stream of rows; the same name gives the same number. */
    enum sluice_err (*stream)(void *self, const char *tenant, const char *name, uint32_t *stream);

    /** From now on the order of this stream's rows is to tell nothing, not even
     *  which commit brought them: readers get them mixed. May be NULL. */
    void (*mix)(void *self, uint32_t stream);

    /** Rows of one stream and one deadline bucket, in the order to be kept.
     *  The bytes are borrowed until commit or abort. */
    enum sluice_err (*write)(void *self, uint32_t stream, int64_t deadline_s,
                             const struct sluice_row rows[], size_t count);

    /** Input position, rows and the tables' changes become durable together. */
    enum sluice_err (*commit)(void *self, int64_t now_us);
    /** Back to the last commit: input, rows, tables. */
    enum sluice_err (*abort)(void *self);

    void (*close)(void *self);
};

struct sluice_transport {
    const struct sluice_transport_ops *ops;
    void *self;
};

#endif
