/* Which identifiers the rows of the CSV give to which SIM, and from when to when. */
#ifndef REGISTRY_LINK_CLAIM_H
#define REGISTRY_LINK_CLAIM_H

#include "registry/subject_file.h"

#define CLAIMS_MAX 256   /* of one identifier that stand beside one another */

struct link_claim {
    uint8_t tag[SLUICE_TAG_SIZE];
    uint8_t subject_tag[SLUICE_TAG_SIZE];
    uint32_t from_s;
    uint32_t to_s;
    uint32_t line;
};

struct link_claims {
    struct link_claim *list;    /* in order of tag and line */
    size_t count;
    size_t capacity;
};

/** Read the claims of a range of tags, from rows that were not refused. */
SLUICE_MUST_CHECK
enum sluice_err link_claims_read(struct link_claims *claims, struct loading *loading,
                                 struct loading_range range);
void link_claims_deinit(struct link_claims *claims);

/** What the claims of one identifier come to, in order of time: the first in
 *  the file wins, conflicts are noted and counted. */
size_t link_claims_settle(struct link_claim out[static CLAIMS_MAX], struct loading *loading,
                          const struct link_claim claims[], size_t count);

#endif
