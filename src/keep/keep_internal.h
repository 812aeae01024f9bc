/* What the files of this folder share. */
#ifndef KEEP_KEEP_INTERNAL_H
#define KEEP_KEEP_INTERNAL_H

#include "local/bucket.h"
#include "sluice/keep.h"

/* Whatever is done stands between two receipts with the same text: a line's
 * members without "what". A process that finds the first of them at the end of
 * the file brings it to its end. */
#define RECEIPT_DELETING   "deleting"
#define RECEIPT_DELETED    "deleted"
#define RECEIPT_DESTROYING "destroying"
#define RECEIPT_DESTROYED  "destroyed"

SLUICE_MUST_CHECK
enum sluice_err receipt_write(const struct sluice_keep *keep, const char *what, struct sluice_str text);

/** The text of the last receipt where it says that something is about to be done; empty otherwise. */
SLUICE_MUST_CHECK
enum sluice_err receipt_unfinished(const struct sluice_keep *keep, const char *doing, struct sluice_buffer *text);

/** The value of a member of a receipt's text, without quotes; false where there is none. */
bool receipt_member(char *value, size_t size, struct sluice_str text, const char *name);

/** The stream's line of the report, made when there is none. NULL: no memory. */
struct sluice_keep_stream *report_stream(struct sluice_keep_report *report, const char *tenant, const char *stream);

/** Bring a deletion to its end that a crash cut short (expire.c, as the next one). */
SLUICE_MUST_CHECK
enum sluice_err keep_resume(struct sluice_keep_report *report, const struct sluice_keep *keep);
/** Delete every bucket that is due. */
SLUICE_MUST_CHECK
enum sluice_err keep_buckets(struct sluice_keep_report *report, const struct sluice_keep *keep);
/** Destroy the keys of every epoch without a living row (epochs.c), and tell of
 *  those that a crash left untold: before anything else is told. */
SLUICE_MUST_CHECK
enum sluice_err keep_epochs(struct sluice_keep_report *report, const struct sluice_keep *keep);
/** Delete spooled input that nobody took up. */
SLUICE_MUST_CHECK
enum sluice_err keep_spools(struct sluice_keep_report *report, const struct sluice_keep *keep);

#endif
