/* Raw records, as 'sluice feed' and other feeds write them, as entries. */
#ifndef FEED_RAW_H
#define FEED_RAW_H

#include <stdint.h>
#include "feed/input.h"
#include "feed/unknown.h"
#include "sluice/batch.h"
#include "sluice/config.h"

/** Turn entry->raw, one RawRecord, into entry->record, or refuse it. What the
 *  record says of itself stays: its source, tenant, role, instant of arrival.
 *  In: config   a tenant that is none of its is refused; NULL: any is taken
 *      unknown  counts fields that are not known */
void raw_decode(const struct sluice_config *config, const struct feed_input *input, struct sluice_entry *entry,
                struct unknown_fields *unknown, int64_t now_us);

#endif
