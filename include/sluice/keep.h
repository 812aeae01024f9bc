/* Nothing is kept past its deadline: bucket folders whose deadline has passed
 * are deleted, keys of epochs without a living row are destroyed, and what was
 * done is told by receipts (state/audit/receipts.ndjson) that chain. A receipt
 * says what is about to be done, another that it is done, so that a crash in
 * between leaves neither a deletion untold nor one half done. */
#ifndef SLUICE_KEEP_H
#define SLUICE_KEEP_H

#include <stddef.h>
#include <stdint.h>
#include "sluice/buffer.h"
#include "sluice/config.h"
#include "sluice/err.h"
#include "sluice/policy.h"
#include "sluice/transport.h"
#include "sluice/vault.h"

/* A purpose in one version of a tenant's policy. Each version counts: rows of
 * an epoch live as long as the longest of them says. */
struct sluice_keep_purpose {
    const char *tenant;
    const struct sluice_purpose *purpose;
};

/* The purposes of every policy that a configuration names, and what they point into. */
struct sluice_keep_policies {
    struct sluice_keep_purpose *purposes;
    size_t purpose_count;
    struct sluice_policy **versions;
    size_t version_count;
};
SLUICE_MUST_CHECK
enum sluice_err sluice_keep_policies_load(struct sluice_keep_policies *policies, struct sluice_findings *findings,
                                          const struct sluice_config *config, int64_t now_us);
void sluice_keep_policies_free(struct sluice_keep_policies *policies);

/* What one stream lost and what it has. */
struct sluice_keep_stream {
    char tenant[SLUICE_NAME_MAX + 1];
    char stream[SLUICE_NAME_MAX + 1];
    uint64_t buckets;            /* deleted, as the next three */
    uint64_t files;
    uint64_t octets;
    uint64_t records;            /* of sealed streams only: where counting is cheap */
    int64_t lateness_s_max;      /* from a deadline to its deletion */
    int64_t oldest_deadline_s;   /* of what is left; 0: nothing */
};

struct sluice_keep_report {
    struct sluice_keep_stream *streams;
    size_t stream_count, stream_capacity;
    uint64_t epochs;             /* destroyed */
    uint64_t spools;             /* input that nobody took up, deleted */
    uint64_t audit_lines;        /* past their own period, taken out */
    char failed[128];            /* the first bucket that could not be deleted; empty: none */
};
void sluice_keep_report_free(struct sluice_keep_report *report);
void sluice_keep_report_text(const struct sluice_keep_report *report, struct sluice_buffer *out);
/** One JSON object. */
void sluice_keep_report_json(const struct sluice_keep_report *report, struct sluice_buffer *out);

struct sluice_keep {
    const struct sluice_config *config;
    struct sluice_transport *transport;   /* of local; between commits. NULL: only look */
    struct sluice_vault *vault;           /* nothing staged; NULL: no epochs */
    const struct sluice_keep_purpose *purposes;
    size_t purpose_count;
    int64_t now_us;
};

/** Delete and destroy what is due; what a crash left half done is brought to its end first.
 *  Out: report  zeroed by the caller; free with sluice_keep_report_free, also on failure
 *  Without a transport nothing is changed: the report says what is due.
 *  The state folder's lock must be held, except to look. */
SLUICE_MUST_CHECK
enum sluice_err sluice_keep(struct sluice_keep_report *report, const struct sluice_keep *keep);

#endif
