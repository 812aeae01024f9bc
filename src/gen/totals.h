/* The sums that the pipeline must end with, and truth.json that keeps them. */
#ifndef GEN_TOTALS_H
#define GEN_TOTALS_H

#include <stdint.h>
#include "gen/truth.h"
#include "sluice/buffer.h"
#include "sluice/err.h"

struct totals_sum {
    uint64_t records, octets, messages;   /* the format has no durations: seconds are 0 */
};

struct totals {
    struct totals_sum in;
    struct totals_sum reasons[SLUICE_REASON_COUNT];   /* NONE: routed */
    struct totals_sum routed[DECLARED_TENANTS];
    struct totals_sum outcomes[DECLARED_TENANTS][DECLARED_PURPOSES_MAX][SLUICE_OUTCOME_COUNT];
    uint64_t parked[DECLARED_TENANTS];                /* records parked for any purpose */
    uint64_t suspended[DECLARED_TENANTS];
};

void totals_add(struct totals *totals, const struct traffic_record *record, const struct truth *truth);

/** Records of that disposition. */
uint64_t totals_of(const struct totals *totals, enum sluice_disposition disposition);

/** truth.json: what the world was made from, and the sums by the names that
 *  `sluice run --json` uses for them. */
void totals_write(const struct totals *totals, const struct world *world, struct sluice_buffer *out);

/** The world that a truth.json was written for. */
SLUICE_MUST_CHECK
enum sluice_err totals_read(struct world *world, const char *path);

#endif
