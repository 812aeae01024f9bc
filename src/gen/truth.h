/* What must become of each line: a second, slow and plain model of the gate,
 * written from the project's promises and from declared.h alone, so that it
 * shares no mistake with the gate's code.
 *
 * Order of decisions, and what was chosen where the promises are silent:
 *  - A line that the feed refuses has the reason of the one thing broken in it.
 *  - Then: tenant, future, repeated or beyond the window, link, age; each ends it.
 *  - A repeated line is a duplicate where its original had passed the question
 *    (also when that was suspended or under age then), else what its original was.
 *  - So is a line of an earlier round, which is beyond the window after two.
 *  - Younger than the tenant's minimum age: `age_below` not above it.
 *  - Then each purpose by itself: role, service, basis, anonymous input,
 *    restriction, consent, objection, required field, deadline.
 *  - A record whose subject is restricted for every purpose is still routed. */
#ifndef GEN_TRUTH_H
#define GEN_TRUTH_H

#include <stdbool.h>
#include <stdint.h>
#include "gen/declared.h"
#include "gen/fleet.h"
#include "gen/traffic.h"
#include "sluice/reason.h"

struct truth {
    uint8_t disposition;          /* enum sluice_disposition */
    uint8_t reason;               /* enum sluice_reason */
    uint64_t sim;                 /* the subject; from here on only when the line is routed */
    bool registered;
    struct fleet_holding holding; /* zeroed but for the tenant when not registered */
    uint8_t outcome[DECLARED_PURPOSES_MAX];   /* enum sluice_outcome */
    uint8_t basis[DECLARED_PURPOSES_MAX];     /* enum sluice_basis */
};

/** Decide one line; record is that of its original. */
void truth_of_line(const struct world *world, uint64_t line, struct traffic_record *record,
                   struct truth *truth);

/** What the row of an emitted line is made of: sim, registered, holding and the
 *  basis of that purpose. Only for lines that truth_of_line routes. */
void truth_of_row(const struct world *world, uint64_t line, uint8_t purpose, struct traffic_record *record,
                  struct truth *truth);

/** Seconds since 1970: the deadline of the bucket that a row of the purpose lies in. */
int64_t truth_deadline_s(const struct declared_purpose *purpose, int64_t start_us, int64_t collected_at_us);

/** Numbers the epochs of a purpose; any two instants of one epoch give the same. */
uint32_t truth_epoch(const struct declared_purpose *purpose, int64_t start_us);

#endif
