/* The closed lists that a policy speaks in. Purposes and bases are terms of
 * the W3C Data Privacy Vocabulary 2.0 and its GDPR extension; each has a short
 * alias, and its fideslang data use beside it. */
#ifndef POLICY_POLICY_VOCABULARY_H
#define POLICY_POLICY_VOCABULARY_H

#include <stdbool.h>
#include <stddef.h>
#include "sluice/policy.h"

/* What the checks know a purpose by. */
enum policy_kind {
    POLICY_KIND_SERVICE,      /* conveyance and what the customer asked for */
    POLICY_KIND_BILLING,
    POLICY_KIND_FRAUD,
    POLICY_KIND_SECURITY,
    POLICY_KIND_OPERATIONS,
    POLICY_KIND_ENQUIRIES,    /* customer care */
    POLICY_KIND_ANALYTICS,    /* statistics, improvement, research */
    POLICY_KIND_MARKETING,    /* and value-added services */
    POLICY_KIND_LEGAL,
    POLICY_KIND_ADMINISTRATION,
};

struct policy_term {
    const char *alias;        /* NULL: none */
    const char *dpv;
    const char *fideslang;
    enum policy_kind kind;
};

struct policy_basis_word {
    const char *alias;
    const char *dpv;          /* of the extension eu-gdpr */
    const char *article;
};

struct policy_class {
    const char *name;
    bool internal;            /* of the controller itself */
    bool works_for_us;        /* acts on instructions: GDPR Art. 28, 29 */
    bool own_purposes;        /* uses what it gets for itself */
};

struct policy_mechanism {
    const char *name;
    const char *article;
    bool expires;             /* must say until when */
    bool needs_assessment;    /* of the transfer's impact */
};

/** By alias or DPV term; NULL when it is none. */
const struct policy_term *policy_term_find(const char *word);
/** By alias, DPV term or article; SLUICE_BASIS_NONE when it is none. */
enum sluice_basis policy_basis_find(const char *word);
const struct policy_class *policy_class_find(const char *name);
const struct policy_mechanism *policy_mechanism_find(const char *name);
/** ISO 3166-1 alpha-2. */
bool policy_country_known(const char *country);
/** EEA, or a country, which is a zone by itself: where no safeguard is needed. */
bool policy_zone_known(const char *zone);
bool policy_zone_has(const char *zone, const char *country);
/** NULL when the criterion is none of the closed list. */
const char *policy_criterion_find(const char *word);

extern const struct policy_basis_word policy_basis_words[SLUICE_BASIS_COUNT];
extern const char *const policy_service_names[];    /* by enum sluice_service; NULL: cannot be named */
extern const char *const policy_contract_names[];   /* by enum sluice_contract */
extern const char *const policy_role_names[];       /* by enum sluice_role; NULL: cannot be named */
extern const char *const policy_anchor_names[];     /* by enum sluice_anchor */

/** What may stand there, for messages: "a, b, c" into text. */
void policy_classes_text(char text[static 256]);
void policy_mechanisms_text(char text[static 256]);
void policy_criteria_text(char text[static 256]);

struct sluice_nearest;
/** Offer every alias as what was probably meant. */
void policy_terms_offer(struct sluice_nearest *nearest);
struct sluice_buffer;
/** Every word of every list, for people. */
void policy_vocabulary_print(struct sluice_buffer *out);

#endif
