/* What a policy says to people, kept beside the compiled tables: for explain,
 * diff, ropa and the checks. Texts are borrowed from the documents, which live
 * as long as the policy, and nodes say where each thing stands. */
#ifndef POLICY_POLICY_WORDS_H
#define POLICY_POLICY_WORDS_H

#include "policy/policy_vocabulary.h"
#include "sluice/arena.h"
#include "sluice/policy.h"
#include "yaml/yaml.h"

#define POLICY_OVERLAYS_MAX    16
#define POLICY_RECIPIENTS_MAX  32
#define POLICY_SAFEGUARDS_MAX  4
#define POLICY_UNCONFIRMED_MAX 256
#define POLICY_GROUP_MIN       15
#define POLICY_GROUP_DEFAULT   20

struct policy_safeguard {
    const struct policy_mechanism *mechanism;
    const char *reference;          /* the document; NULL: not given */
    const char *assessment;         /* of the transfer's impact; NULL: not given */
    int64_t expires_us;             /* 0: open */
    const struct yaml_node *node;
};

struct policy_recipient {
    const char *id;
    const char *name;               /* NULL: not given */
    const struct policy_class *class;
    char country[3];
    const char *instructions;       /* NULL: not given */
    const char *confidentiality;    /* NULL: not given */
    size_t safeguard_count;         /* in the order in which they are claimed */
    struct policy_safeguard safeguards[POLICY_SAFEGUARDS_MAX];
    const struct yaml_node *node;
};

/* The factors that a period is weighed by (GDPR Art. 5(1)(e)). */
enum policy_factor {
    POLICY_FACTOR_AMOUNT,
    POLICY_FACTOR_NATURE,
    POLICY_FACTOR_SENSITIVITY,
    POLICY_FACTOR_RISK,
    POLICY_FACTOR_PURPOSE,
    POLICY_FACTOR_ALTERNATIVES,
    POLICY_FACTOR_LAW,
    POLICY_FACTOR_COUNT
};
extern const char *const policy_factor_names[POLICY_FACTOR_COUNT];

struct policy_purpose_words {
    const struct policy_term *term;           /* of the vocabulary */
    const char *assessment;                   /* reference; NULL: not given */
    int64_t assessment_expires_us;            /* 0: open */
    const char *criterion;
    const char *justification;                /* as a text; NULL where it is given by factors */
    const char *factors[POLICY_FACTOR_COUNT]; /* NULL: not given */
    const char *objection_ground;
    bool internal_only;
    uint32_t minimum_group;                   /* subjects in a released aggregate */
    size_t recipient_count;
    uint8_t recipients[POLICY_RECIPIENTS_MAX];/* index into the policy's */
    const struct yaml_node *node;             /* the purpose */
    const struct yaml_node *commitments;      /* sequence or NULL */
    const struct yaml_node *basis, *retention, *fields, *epoch, *bucket, *objection, *recipients_node;
};

struct sluice_policy_words {
    struct yaml_document *documents[1 + POLICY_OVERLAYS_MAX];
    size_t document_count;
    struct sluice_arena arena;                /* of the merged tree */
    const struct yaml_node *root;             /* merged */

    bool sample;
    const char *controller;
    const char *contact;
    const char *origin;                       /* EEA or a country */
    const char *version_id;
    int64_t published_at_us;
    int64_t last_updated_us;
    bool material;
    int64_t notice_period_s;
    const char *eprivacy_off;                 /* the reason; NULL: on */
    const struct yaml_node *commitments;      /* sequence or NULL */
    const struct yaml_node *prohibited_node;
    size_t overlay_count;
    const char *overlays[POLICY_OVERLAYS_MAX];/* ids of those in force, the strongest last; borrowed */
    size_t recipient_count;
    struct policy_recipient recipients[POLICY_RECIPIENTS_MAX];
    struct policy_purpose_words purposes[SLUICE_PURPOSES_MAX];
    size_t unconfirmed_count;
    const struct yaml_node *unconfirmed[POLICY_UNCONFIRMED_MAX];
};

/** Whether every rule of the purpose's basis is one. */
bool policy_basis_only(const struct sluice_purpose *purpose, enum sluice_basis basis);
bool policy_basis_any(const struct sluice_purpose *purpose, enum sluice_basis basis);

#endif
