/* Usage records and events of the emnify and 1NCE family as records. */
#ifndef FEED_EMNIFY_H
#define FEED_EMNIFY_H

#include <stdint.h>
#include "feed/input.h"
#include "feed/unknown.h"
#include "sluice/batch.h"
#include "sluice/err.h"

struct emnify;

/** In: unknown  counts the names that are not known; borrowed
 *  Returns SLUICE_ERR_MEMORY. */
SLUICE_MUST_CHECK
enum sluice_err emnify_new(struct emnify **emnify, struct unknown_fields *unknown);
void emnify_free(struct emnify *emnify);

/** Turn entry->raw, one JSON object, into entry->record; what cannot be is
 *  refused with its reason and where in raw the fault lies.
 *
 *  Traffic types 5 (data) and 6 (SMS) are taken, of the events those of
 *  locations and PDP contexts. rx is what comes from the device and counts as
 *  uplink, tx goes towards it: of an SMS, one of them is the direction. The
 *  octets of a deleted PDP context are in the usage records already and count
 *  only where the input has none.
 *  In: scratch  as many bytes as raw; may be NULL when raw holds no backslash */
void emnify_decode(struct emnify *emnify, const struct feed_input *input, struct sluice_entry *entry,
                   char *scratch, int64_t now_us);

#endif
