/* From record formats to records: files, folders and standard input in, batch
 * entries out. Parsers do no I/O: sources give bytes, the scanner cuts them
 * into elements, a format turns one element into one record. What cannot be
 * decoded becomes an entry with a reason, never a stop. */
#ifndef SLUICE_FEED_H
#define SLUICE_FEED_H

#include <stdbool.h>
#include "sluice/batch.h"
#include "sluice/config.h"
#include "sluice/err.h"
#include "sluice/state.h"

struct sluice_feed;

/** In: config   inputs; borrowed
 *      spool    folder where standard input is spooled, sealed, before it is read
 *      spool_key  what it is sealed under, the same after a restart; spool or
 *                 spool_key NULL: standard input is read as it comes, for
 *                 commands that keep no state
 *  Returns SLUICE_ERR_MISSING, _ACCESS, _FORMAT (a mapping), with findings that say where. */
SLUICE_MUST_CHECK
enum sluice_err sluice_feed_open(struct sluice_feed **feed, struct sluice_findings *findings,
                                 const struct sluice_config *config, const char *spool,
                                 const uint8_t *spool_key);
void sluice_feed_close(struct sluice_feed *feed);

/** From here on a thread reads and decodes ahead of sluice_feed_fill, which then
 *  gives whole batches in exchange for empty ones of the same capacity. Before
 *  sluice_feed_table and the first fill; all calls stay the one driver's.
 *  Returns SLUICE_ERR_MEMORY. */
SLUICE_MUST_CHECK
enum sluice_err sluice_feed_read_ahead(struct sluice_feed *feed, size_t capacity, size_t arena_size_max);

/** What was read ahead is read again, as the rules that it was decoded by have
 *  changed. Between commits only. */
void sluice_feed_drop_ahead(struct sluice_feed *feed);

/** Names of classes and fields that must not be held, on top of those that the
 *  feed knows: a record that carries one is dropped, whoever's it is. Before
 *  sluice_feed_open, as mappings look for them too; later only between
 *  sluice_feed_drop_ahead and the next fill.
 *  Returns false for what is no name, or when there are too many. */
bool sluice_feed_prohibit(struct sluice_str name);

/** Append entries until the batch is full or nothing is there now.
 *  *end: all files are read to their end (in a watched folder: for now).
 *  collected_at of each new record is now_us. May wait a fifth of a second for
 *  standard input, and comes back before it has looked at more than 64 MiB. */
SLUICE_MUST_CHECK
enum sluice_err sluice_feed_fill(struct sluice_feed *feed, struct sluice_batch *batch, int64_t now_us,
                                 bool *end);

/** One element of a format as one entry; used for replay from quarantine.
 *  entry->input, raw, form are set by the caller; everything else is the
 *  result. A collected_at that record has (and its bit in present) is kept. */
void sluice_feed_decode(struct sluice_feed *feed, struct sluice_batch *batch, struct sluice_entry *entry,
                        int64_t now_us);

/** Positions of all files as a table of the transport: id 1. */
struct sluice_state_table sluice_feed_table(struct sluice_feed *feed);

/** Bytes read and bytes known of, for progress. */
void sluice_feed_progress(const struct sluice_feed *feed, uint64_t *read_bytes, uint64_t *known_bytes);

/** The file that was read last as it may be shown, for messages about a failure.
 *  Not where a thread reads ahead. */
const char *sluice_feed_current(struct sluice_feed *feed);

/** Unknown fields seen (where a thread reads ahead: in what is committed), by name;
 *  what may hide an identifier (three digits in a row, five in all, hexadecimal,
 *  base64) and names beyond 256 count as "other". */
void sluice_feed_unknown_fields(const struct sluice_feed *feed,
                                void (*visit)(void *self, const char *name, uint64_t count), void *self);

#endif
