/* sluice.yaml as read: every option with its default, its unit and its check.
 * Paths are made absolute against the configuration's own folder. */
#ifndef SLUICE_CONFIG_H
#define SLUICE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "sluice/batch.h"
#include "sluice/err.h"
#include "sluice/policy.h"

#define SLUICE_TENANTS_MAX        64
#define SLUICE_INPUTS_MAX         64
#define SLUICE_ORGANISATIONS_MAX  256
#define SLUICE_POLICY_FILES_MAX   32
#define SLUICE_PATH_SIZE          4096

enum sluice_format { SLUICE_FORMAT_EMNIFY, SLUICE_FORMAT_CSV, SLUICE_FORMAT_RAW };

struct sluice_organisation {
    char id[64];                           /* as the source writes it */
    char tenant[SLUICE_NAME_MAX + 1];
};

struct sluice_input_config {
    char name[SLUICE_NAME_MAX + 1];        /* the source id of its records */
    enum sluice_format format;
    char path[SLUICE_PATH_SIZE];           /* a file, a folder, or "-" for standard input */
    char mapping[SLUICE_PATH_SIZE];        /* csv only */
    char tenant[SLUICE_NAME_MAX + 1];      /* of records without an organisation; may be empty */
    size_t organisation_count;
    struct sluice_organisation *organisations;
    bool usage_records;                    /* the source sends usage records, so octets in its events never count; default true */
    uint32_t megabyte;                     /* octets in the source's MB: 1000000 (default) or 1048576 */
    uint8_t role;                          /* enum sluice_role; 0: the tenant's policy says */
};

struct sluice_tenant_config {
    char name[SLUICE_NAME_MAX + 1];
    size_t policy_count;
    char (*policies)[SLUICE_PATH_SIZE];    /* one file per version */
};

struct sluice_config {
    char path[SLUICE_PATH_SIZE];           /* of the file itself */
    char folder[SLUICE_PATH_SIZE];
    char state[SLUICE_PATH_SIZE];          /* default: state */
    char output[SLUICE_PATH_SIZE];         /* default: out */
    char subjects[SLUICE_PATH_SIZE];       /* CSV of the subject registry */
    char registry[SLUICE_PATH_SIZE];       /* ndjson of consents and restrictions; may be empty */
    char operator_public[SLUICE_PATH_SIZE];/* default: keys/operator.pub */
    bool watch;                            /* go on when the input is at its end; default false */
    int64_t clock_us;                      /* tests only; 0: the system's clock */

    uint32_t commit_records;               /* records a commit, default 65536 */
    uint32_t commit_interval_ms;           /* at most this long open, default 1000 */
    uint64_t file_size_max;                /* octets at which an output file is closed, default 1 GiB */
    int64_t file_age_max_s;                /* seconds after which it is closed, default 3600 */
    int64_t deduplication_window_s;        /* record time, default 90 days */
    int64_t future_tolerance_s;            /* default 300 */

    /* periods of what is sealed and of what accounts for it, seconds */
    int64_t quarantine_s;                  /* default 30 days */
    int64_t park_s;                        /* default 90 days */
    int64_t suspended_s;                   /* default 7 days */
    int64_t audit_s;                       /* default 3 years */

    size_t tenant_count;
    struct sluice_tenant_config tenants[SLUICE_TENANTS_MAX];
    size_t input_count;
    struct sluice_input_config inputs[SLUICE_INPUTS_MAX];
};

/** Read and check a configuration; policies and mappings are not opened.
 *
 *  Out: config    new; free with sluice_config_free; NULL on failure
 *       findings  what is wrong, with line and column, unknown keys included
 *  Returns SLUICE_OK, SLUICE_ERR_CONFIG (findings hold an error) or an error of reading. */
SLUICE_MUST_CHECK
enum sluice_err sluice_config_load(struct sluice_config **config, struct sluice_findings *findings,
                                   const char *path);
void sluice_config_free(struct sluice_config *config);

/** NULL when no such tenant is configured. */
const struct sluice_tenant_config *sluice_config_tenant(const struct sluice_config *config, const char *name);

/** Every option with its kind, default and meaning, a line each. */
void sluice_config_reference(struct sluice_buffer *out);

#endif
