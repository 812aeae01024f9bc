/* Text as fields of a record: what all formats have in common. Each function
 * changes the record only when it returns SLUICE_REASON_NONE, else the reason
 * to refuse it. Empty text never gets here. */
#ifndef FEED_TAKE_H
#define FEED_TAKE_H

#include <stdint.h>
#include "feed/decimal.h"
#include "sluice/reason.h"
#include "sluice/record.h"
#include "sluice/str.h"

enum sluice_reason take_text(struct sluice_str *field, struct sluice_str text);

/** An ISO 8601 instant between 1970 and 2100; without a zone it is UTC. */
enum sluice_reason take_time(struct sluice_record *record, int number, int64_t *field, struct sluice_str text);
/** A whole number of units of unit_us microseconds since 1970. */
enum sluice_reason take_unix_time(struct sluice_record *record, int number, int64_t *field,
                                  struct sluice_str text, int64_t unit_us);

/** Whole numbers; `bad` is returned for what is none, or beyond the field. */
enum sluice_reason take_whole(struct sluice_record *record, int number, uint64_t *field,
                              struct sluice_str text, enum sluice_reason bad);
enum sluice_reason take_whole_32(struct sluice_record *record, int number, uint32_t *field,
                                 struct sluice_str text, enum sluice_reason bad);

/** A decimal in units of `unit` octets. */
enum sluice_reason take_octets(struct sluice_record *record, int number, uint64_t *field,
                               struct sluice_str text, uint64_t unit);
/** The source's charge; its currency comes with take_currency. */
enum sluice_reason take_charge(struct sluice_record *record, struct sluice_str text);
/** Three capital letters, ISO 4217. */
enum sluice_reason take_currency(struct sluice_record *record, struct sluice_str text);

/** What no format may leave open: a service, a start, an order in time, a
 *  subject, a controller, a currency for a charge. */
enum sluice_reason take_check(const struct sluice_record *record);

#endif
