/* What a conversion counted, and how it is told. */
#ifndef CLI_FEED_SUMMARY_H
#define CLI_FEED_SUMMARY_H

#include <stddef.h>
#include <stdint.h>
#include "sluice/batch.h"
#include "sluice/buffer.h"
#include "sluice/file_name.h"
#include "sluice/reason.h"

#define FEED_TOLD_MAX 20     /* refused records told one by one */
#define FEED_UNKNOWN_MAX 257 /* names of the feed, and "other" */

struct feed_summary {
    uint64_t records; /* written */
    uint64_t bytes;   /* of them, with their frames */
    uint64_t refused;
    uint64_t reasons[SLUICE_REASON_COUNT];
    struct feed_told { /* the first of those refused */
        char file[SLUICE_SHOWN_SIZE];
        uint64_t line;
        enum sluice_reason reason;
    } told[FEED_TOLD_MAX];
    size_t told_count;
    struct feed_unknown {
        char name[64];
        uint64_t count;
    } unknown[FEED_UNKNOWN_MAX];
    size_t unknown_count;
};

void feed_summary_refused(struct feed_summary *summary, const struct sluice_entry *entry);

/** A visitor of sluice_feed_unknown_fields: adds to what other files counted. */
void feed_summary_unknown(void *summary, const char *name, uint64_t count);

/** FILE:LINE: REASON: TEXT, for the first ones; then a table. */
void feed_summary_text(const struct feed_summary *summary, struct sluice_buffer *out);
/** One JSON object and a line end. */
void feed_summary_json(const struct feed_summary *summary, struct sluice_buffer *out);

#endif
