/* A tenant's promises, loaded from YAML, checked, and compiled to flat tables.
 * The hot path reads only struct sluice_purpose; everything in words is for
 * explain, diff, ropa and error messages. */
#ifndef SLUICE_POLICY_H
#define SLUICE_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "sluice/buffer.h"
#include "sluice/err.h"
#include "sluice/field.h"
#include "sluice/record.h"
#include "sluice/str.h"

#define SLUICE_PURPOSES_MAX        16   /* of one tenant, over all its versions */
#define SLUICE_PURPOSE_FIELDS_MAX  SLUICE_FIELD_COUNT
#define SLUICE_NAME_MAX            31   /* bytes of a tenant's, purpose's or input's name */
#define SLUICE_BASIS_RULES_MAX     8
#define SLUICE_RULE_REGIONS_MAX    40
#define SLUICE_POLICY_VERSION_SIZE 8    /* bytes: the start of BLAKE2b over the version's files */

/* GDPR Art. 6(1)(a) to (f); numbers as in proto LawfulBasis. 0 emits nothing. */
enum sluice_basis {
    SLUICE_BASIS_NONE,
    SLUICE_BASIS_CONSENT,
    SLUICE_BASIS_CONTRACT,
    SLUICE_BASIS_LEGAL_OBLIGATION,
    SLUICE_BASIS_VITAL_INTERESTS,
    SLUICE_BASIS_PUBLIC_TASK,
    SLUICE_BASIS_LEGITIMATE_INTERESTS,
    SLUICE_BASIS_COUNT
};

enum sluice_anchor {             /* from which instant a period runs */
    SLUICE_ANCHOR_EVENT,         /* start of the record */
    SLUICE_ANCHOR_COLLECTION,    /* collected_at */
    SLUICE_ANCHOR_INVOICE,       /* end of the calendar month of the event */
    SLUICE_ANCHOR_COUNT
};

enum sluice_epoch_kind {
    SLUICE_EPOCH_SECONDS,        /* epoch_s seconds since 1970 */
    SLUICE_EPOCH_MONTH,          /* calendar months in UTC */
    SLUICE_EPOCH_RECORD,         /* a pseudonym per record: nothing links two rows */
};

/* Whether an objection stops a purpose. */
enum sluice_objection {
    SLUICE_OBJECTION_BY_BASIS,   /* stops what rests on legitimate interests */
    SLUICE_OBJECTION_ALWAYS,     /* stops it whatever the basis: direct marketing */
    SLUICE_OBJECTION_GROUND,     /* goes on, on a recorded compelling ground */
};

/* First rule that fits decides. No rule fits: SLUICE_BASIS_NONE. */
struct sluice_basis_rule {
    uint8_t contracts;           /* bits of 1 << enum sluice_contract */
    bool regions_inverted;       /* fits where the region is none of the listed; an unknown region is none */
    uint8_t basis;               /* enum sluice_basis */
    uint8_t region_count;        /* 0: any region, known or not */
    char regions[SLUICE_RULE_REGIONS_MAX][7];   /* "DE", or "US-CA"; "US" covers "US-CA" */
};

/* One step of projection: the record's field in the form of one row number. */
struct sluice_projection {
    uint8_t field;               /* enum sluice_field */
    uint8_t transform;           /* enum sluice_transform */
    uint8_t number;              /* of purpose.proto */
    uint32_t parameter;
};

struct sluice_purpose {
    char name[SLUICE_NAME_MAX + 1];
    bool declared;               /* a zeroed purpose emits nothing */
    bool anonymous;              /* input: anonymous */
    bool restrict_exempt;        /* goes on while the subject is restricted */
    uint8_t objection;           /* enum sluice_objection */
    uint8_t anchor;              /* enum sluice_anchor */
    uint8_t epoch_kind;          /* enum sluice_epoch_kind */
    uint8_t roles;               /* bits of 1 << enum sluice_role */
    uint16_t services;           /* bits of 1 << enum sluice_service */
    uint8_t basis_rule_count;
    uint8_t projection_count;
    struct sluice_basis_rule basis_rules[SLUICE_BASIS_RULES_MAX];
    struct sluice_projection projections[SLUICE_PURPOSE_FIELDS_MAX];   /* by number, rising; what is not here is dropped */
    uint64_t required;           /* bits of 1 << enum sluice_field: absent, the purpose emits nothing */
    int64_t assessed_at_us;      /* records collected before are not emitted; 0: no assessment is needed */
    int64_t epoch_s;             /* for SLUICE_EPOCH_SECONDS */
    int64_t retention_s;         /* the period */
    int64_t bucket_s;            /* width of a deadline bucket: one day, or one hour under 30 days, or the policy's */

    /* Of an intersection only: what the current version adds, where the rest
     * is of the version that the record was collected under. */
    bool intersected;
    uint8_t current_anchor;      /* enum sluice_anchor */
    uint8_t current_rule_count;
    int64_t current_retention_s;
    struct sluice_basis_rule current_rules[SLUICE_BASIS_RULES_MAX];
};

#define SLUICE_PROHIBITED_MAX 64

struct sluice_policy_words;      /* what is only for people */

struct sluice_policy {
    char tenant[SLUICE_NAME_MAX + 1];
    uint8_t version[SLUICE_POLICY_VERSION_SIZE];
    int64_t effective_at_us;
    int64_t file_effective_at_us;/* of its file; earlier than effective_at_us after an overlay began or ended */
    uint8_t role;                /* enum sluice_role of records that do not say */
    uint8_t min_age;             /* subjects known to be younger are not held; 0: no limit */
    bool quarantine_unknown_fields;
    size_t prohibited_count;
    char prohibited[SLUICE_PROHIBITED_MAX][SLUICE_NAME_MAX + 1];   /* names of classes and fields that must not be held */
    size_t purpose_count;
    struct sluice_purpose purposes[SLUICE_PURPOSES_MAX];
    struct sluice_policy_words *words;
};

/* What is wrong with a policy, or worth knowing, and where. */
enum sluice_finding_level { SLUICE_FINDING_NOTE, SLUICE_FINDING_WARNING, SLUICE_FINDING_ERROR };
struct sluice_finding {
    uint8_t level;               /* enum sluice_finding_level */
    const char *rule;            /* fixed word, e.g. "basis-missing"; see policy check --rules */
    char file[256];
    unsigned line;               /* 1-based; 0: the whole file */
    unsigned column;             /* 1-based */
    char text[256];              /* one sentence that says what to do */
};
struct sluice_findings {
    struct sluice_finding *list;
    size_t count;
    size_t capacity;
    size_t errors;
    size_t lost;         /* there was no memory to keep them; errors counts them all the same */
};
void sluice_findings_init(struct sluice_findings *findings);
void sluice_findings_deinit(struct sluice_findings *findings);
__attribute__((format(printf, 7, 8)))
void sluice_findings_add(struct sluice_findings *findings, enum sluice_finding_level level,
                         const char *rule, const char *file, unsigned line, unsigned column,
                         const char *format, ...);
/* Every rule that loading a policy applies. */
struct sluice_policy_rule {
    uint8_t level;               /* enum sluice_finding_level */
    const char *word;            /* as in findings */
    const char *text;            /* what it asks for */
};
extern const struct sluice_policy_rule sluice_policy_rules[];
extern const size_t sluice_policy_rule_count;

/** FILE:LINE:COLUMN: error: TEXT [RULE], one line each. */
void sluice_findings_print(const struct sluice_findings *findings, struct sluice_buffer *out);
/** A JSON array of {level, rule, file, line, column, text}. */
void sluice_findings_json(const struct sluice_findings *findings, struct sluice_buffer *out);

/** Load one version from its file, with the overlays that the file names and
 *  that are in force at now_us (or when it takes effect, if that is later), and
 *  check it.
 *
 *  Out: policy    new; free with sluice_policy_free
 *       findings  every error, warning and note, in order of position
 *  In:  path      the policy's file
 *       now_us    for overlays, safeguards and assessments that end
 *  Returns SLUICE_OK, or SLUICE_ERR_POLICY with policy NULL when findings hold
 *  an error, or an error of reading. */
SLUICE_MUST_CHECK
enum sluice_err sluice_policy_load(struct sluice_policy **policy, struct sluice_findings *findings,
                                   const char *path, int64_t now_us);
void sluice_policy_free(struct sluice_policy *policy);

#define SLUICE_POLICY_VERSIONS_MAX 33   /* of one file: 16 overlays begin and end */
/** Load every version that a file gives: one, or one for each stretch of time
 *  between the starts and ends of its overlays.
 *
 *  Out: versions  versions[0..*count) by rising effective_at_us, none on failure
 *  Returns as sluice_policy_load does. */
SLUICE_MUST_CHECK
enum sluice_err sluice_policy_load_versions(struct sluice_policy *versions[static SLUICE_POLICY_VERSIONS_MAX],
                                            size_t *count, struct sluice_findings *findings,
                                            const char *path, int64_t now_us);

/** Bring the versions of a tenant's files in order: by rising effective_at_us,
 *  without what a file would have become after a later file replaced it. Those
 *  are freed. */
void sluice_policy_order(struct sluice_policy *versions[], size_t *count);

/** NULL when the policy declares no such purpose. */
const struct sluice_purpose *sluice_policy_purpose(const struct sluice_policy *policy, const char *name);

/** The basis for that counterparty and region; region may be empty (unknown). */
enum sluice_basis sluice_purpose_basis(const struct sluice_purpose *purpose,
                                       enum sluice_contract contract, struct sluice_str region);

/** What a record collected under `then` may do today: of purposes and fields
 *  the intersection (the stricter form where two transforms differ, dropped
 *  where neither is clearly stricter), of deadlines the earlier. The basis is
 *  the one of `then`, save that today's `none` and `consent` close. Epoch and
 *  bucket are today's. now and then may be the same; neither may be a result
 *  of this function. out is a copy. */
void sluice_purpose_intersect(struct sluice_purpose *out, const struct sluice_purpose *now,
                              const struct sluice_purpose *then);

/** The epoch of an instant: the second since 1970 in which it starts. For
 *  EPOCH_RECORD the day, as refs need a key that dies. */
uint32_t sluice_purpose_epoch(const struct sluice_purpose *purpose, int64_t start_us);
/** The first instant after that epoch, microseconds. */
int64_t sluice_purpose_epoch_end_us(const struct sluice_purpose *purpose, uint32_t epoch);

/** The deadline of the bucket, seconds since 1970: anchor plus period rounded
 *  down to the bucket's width. */
int64_t sluice_purpose_deadline_s(const struct sluice_purpose *purpose, int64_t start_us,
                                  int64_t collected_at_us);

/** Texts for people, into out. json: one JSON document instead of a table. */
enum sluice_err sluice_policy_explain(const struct sluice_policy *policy, bool json, struct sluice_buffer *out);
/** What a record collected under `then` may do while `now` is in force; both of one tenant. */
enum sluice_err sluice_policy_explain_then(const struct sluice_policy *then, const struct sluice_policy *now,
                                           bool json, struct sluice_buffer *out);
enum sluice_err sluice_policy_diff(const struct sluice_policy *from, const struct sluice_policy *to,
                                   bool json, struct sluice_buffer *out);
enum sluice_err sluice_policy_ropa(const struct sluice_policy *policy, bool json, struct sluice_buffer *out);
/** The narrowed proto file of one purpose: only the fields its consumers can see. */
enum sluice_err sluice_policy_proto(const struct sluice_policy *policy, const char *purpose,
                                    struct sluice_buffer *out);

#endif
