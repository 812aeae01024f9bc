/* Reading one merged document into a policy: each mapping by a table of keys,
 * each fault as a finding at its place. Reading goes on after a fault, so that
 * one run names them all. */
#ifndef POLICY_POLICY_READER_H
#define POLICY_POLICY_READER_H

#include "policy/policy_rule.h"
#include "policy/policy_words.h"

struct policy_reader {
    struct sluice_findings *findings;
    size_t findings_before;              /* how many there were when this load began */
    struct sluice_policy *policy;
    struct sluice_policy_words *words;
    int64_t now_us;
};

/* One key of a mapping. */
struct policy_key {
    const char *name;
    bool required;
    void (*read)(struct policy_reader *reader, void *target, const struct yaml_node *node);
};

/** Read a mapping by its table, in the table's order, into target. `confirmed`
 *  is a key of every mapping: `no` marks what the notice does not state.
 *  Returns false, with a finding, when node is no mapping. */
bool policy_read_mapping(struct policy_reader *reader, void *target, const struct yaml_node *node,
                         const struct policy_key keys[], size_t key_count);

/** The value of a `confirmed` key. */
void policy_read_confirmed(struct policy_reader *reader, const struct yaml_node *node);

/** Add a finding where a scalar stands, or where the heading of a block does. */
__attribute__((format(printf, 4, 5)))
void policy_complain(struct policy_reader *reader, enum policy_rule rule, const struct yaml_node *node,
                     const char *format, ...);
/** The same where node's key stands. What people wrote is never quoted: it
 *  could be a piece of an identifier. */
__attribute__((format(printf, 4, 5)))
void policy_complain_key(struct policy_reader *reader, enum policy_rule rule, const struct yaml_node *node,
                         const char *format, ...);

/* Each reads one scalar; false with a finding when it is not one, target unchanged. */
bool policy_read_text(struct policy_reader *reader, const char **text, const struct yaml_node *node);
bool policy_read_yes_no(struct policy_reader *reader, bool *yes, const struct yaml_node *node);
bool policy_read_whole(struct policy_reader *reader, uint32_t *value, const struct yaml_node *node,
                       uint32_t min, uint32_t max);
bool policy_read_period(struct policy_reader *reader, int64_t *seconds, const struct yaml_node *node);
bool policy_read_instant(struct policy_reader *reader, int64_t *time_us, const struct yaml_node *node);
/** The index of node's word among names, which may hold NULL for what cannot be named. */
bool policy_read_choice(struct policy_reader *reader, uint8_t *index, const struct yaml_node *node,
                        const char *const names[], size_t name_count);
/** Bits of the choices in a list, or of a single word. */
bool policy_read_choices(struct policy_reader *reader, uint16_t *bits, const struct yaml_node *node,
                         const char *const names[], size_t name_count);
/** The children of a list, or node itself where it is a single scalar.
 *  Returns false, with a finding, when it is neither or a child is no scalar. */
bool policy_read_list(struct policy_reader *reader, const struct yaml_node **items, size_t *count,
                      const struct yaml_node *node);

/* The parts of a policy, each in a file of its own. */
void policy_read_document(struct policy_reader *reader, const struct yaml_node *root);
void policy_read_recipients(struct policy_reader *reader, void *target, const struct yaml_node *node);
void policy_read_purposes(struct policy_reader *reader, void *target, const struct yaml_node *node);
void policy_read_basis(struct policy_reader *reader, struct sluice_purpose *purpose, const struct yaml_node *node);
void policy_read_retention(struct policy_reader *reader, struct sluice_purpose *purpose,
                           struct policy_purpose_words *words, const struct yaml_node *node);
void policy_read_fields(struct policy_reader *reader, struct sluice_purpose *purpose, const struct yaml_node *node);
void policy_read_commitments(struct policy_reader *reader, const struct yaml_node **commitments,
                             const struct yaml_node *node);

/* The checks over what was read. */
void policy_check_version(struct policy_reader *reader);
void policy_check_purposes(struct policy_reader *reader);
void policy_check_recipients(struct policy_reader *reader);
void policy_check_eprivacy(struct policy_reader *reader);
void policy_check_joins(struct policy_reader *reader);

/* What says when an overlay holds and which of two wins. */
struct policy_overlay {
    struct yaml_document *document;
    const char *id;
    int64_t valid_from_us;
    int64_t valid_to_us;                 /* exclusive; INT64_MAX: open */
    uint32_t rank;                       /* the higher wins */
};
/** Read an overlay's heading; base_tenant may be NULL where the base has none.
 *  Faults are findings. */
void policy_read_overlay(struct policy_reader *reader, struct policy_overlay *overlay, const char *base_tenant);

/** One version from what words holds: documents[0] is the base, the others
 *  are overlays by rising rank. Takes over words, also on failure. */
SLUICE_MUST_CHECK
enum sluice_err policy_build(struct sluice_policy **policy, struct sluice_findings *findings,
                             struct sluice_policy_words *words, int64_t now_us);
/** NULL when memory is exhausted. */
struct sluice_policy_words *policy_words_new(void);
void policy_words_free(struct sluice_policy_words *words);

/** The merged tree of words->documents into words->root.
 *  Returns SLUICE_OK or SLUICE_ERR_MEMORY. */
SLUICE_MUST_CHECK
enum sluice_err policy_merge(struct sluice_policy_words *words);

#endif
