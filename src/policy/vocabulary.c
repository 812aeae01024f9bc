#include "policy/policy_vocabulary.h"

#include <stdio.h>
#include <string.h>

#include "sluice/name.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* Source: DPV 2.0, module purposes; fideslang 3, data uses. */
static const struct policy_term terms[] = {
    { "service", "ServiceProvision", "essential.service", POLICY_KIND_SERVICE },
    { "requested-service", "RequestedServiceProvision", "essential.service", POLICY_KIND_SERVICE },
    { "contract", "FulfilmentOfContractualObligation", "essential.service", POLICY_KIND_SERVICE },
    { "billing", "PaymentManagement", "essential.service.payment_processing", POLICY_KIND_BILLING },
    { "claims", "CustomerClaimsManagement", "essential.service.payment_processing", POLICY_KIND_BILLING },
    { "disputes", "DisputeManagement", "essential.legal_obligation", POLICY_KIND_BILLING },
    { "fraud", "FraudPreventionAndDetection", "essential.fraud_detection", POLICY_KIND_FRAUD },
    { NULL, "MaintainFraudDatabase", "essential.fraud_detection", POLICY_KIND_FRAUD },
    { "misuse", "MisusePreventionAndDetection", "essential.fraud_detection", POLICY_KIND_FRAUD },
    { "security", "EnforceSecurity", "essential.service.security", POLICY_KIND_SECURITY },
    { NULL, "EnforceAccessControl", "essential.service.security", POLICY_KIND_SECURITY },
    { "operations", "TechnicalServiceProvision", "essential.service.operations", POLICY_KIND_OPERATIONS },
    { "faults", "RepairImpairments", "essential.service.operations.support", POLICY_KIND_OPERATIONS },
    { "robustness", "IncreaseServiceRobustness", "essential.service.operations", POLICY_KIND_OPERATIONS },
    { "capacity", "InternalResourceOptimisation", "essential.service.operations", POLICY_KIND_OPERATIONS },
    { "support", "CustomerCare", "essential.service.operations.support", POLICY_KIND_ENQUIRIES },
    { NULL, "CommunicationForCustomerCare", "essential.service.operations.support", POLICY_KIND_ENQUIRIES },
    { "analytics", "ServiceUsageAnalytics", "analytics.reporting", POLICY_KIND_ANALYTICS },
    { "improvement", "ImproveExistingProductsAndServices", "functional.service.improve",
      POLICY_KIND_ANALYTICS },
    { "optimisation", "ServiceOptimisation", "functional.service.improve", POLICY_KIND_ANALYTICS },
    { NULL, "OptimisationForController", "functional.service.improve", POLICY_KIND_ANALYTICS },
    { NULL, "OptimisationForConsumer", "functional.service.improve", POLICY_KIND_ANALYTICS },
    { NULL, "OptimiseUserInterface", "functional.service.improve", POLICY_KIND_ANALYTICS },
    { "research", "ResearchAndDevelopment", "analytics", POLICY_KIND_ANALYTICS },
    { NULL, "ScientificResearch", "analytics", POLICY_KIND_ANALYTICS },
    { NULL, "AcademicResearch", "analytics", POLICY_KIND_ANALYTICS },
    { NULL, "CommercialResearch", "analytics", POLICY_KIND_ANALYTICS },
    { "statistics", "ProvideOfficialStatistics", "analytics.reporting", POLICY_KIND_ANALYTICS },
    { NULL, "SellInsightsFromData", "third_party_sharing", POLICY_KIND_ANALYTICS },
    { "marketing", "Marketing", "marketing", POLICY_KIND_MARKETING },
    { "direct-marketing", "DirectMarketing", "marketing.communications", POLICY_KIND_MARKETING },
    { "advertising", "Advertising", "marketing.advertising", POLICY_KIND_MARKETING },
    { NULL, "PersonalisedAdvertising", "marketing.advertising", POLICY_KIND_MARKETING },
    { NULL, "TargetedAdvertising", "marketing.advertising", POLICY_KIND_MARKETING },
    { NULL, "SocialMediaMarketing", "marketing.advertising", POLICY_KIND_MARKETING },
    { NULL, "ProvideProductRecommendations", "personalize", POLICY_KIND_MARKETING },
    { "value-added", "ServicePersonalisation", "personalize", POLICY_KIND_MARKETING },
    { NULL, "SellDataToThirdParties", "third_party_sharing", POLICY_KIND_MARKETING },
    { "legal", "LegalCompliance", "essential.legal_obligation", POLICY_KIND_LEGAL },
    { "records", "RecordManagement", "essential.legal_obligation", POLICY_KIND_ADMINISTRATION },
    { "registration", "ServiceRegistration", "essential.service", POLICY_KIND_ADMINISTRATION },
    { "accounts", "AccountManagement", "essential.service", POLICY_KIND_ADMINISTRATION },
    { "orders", "CustomerOrderManagement", "essential.service", POLICY_KIND_ADMINISTRATION },
    { "relationship", "CustomerRelationshipManagement", "essential.service.operations.support",
      POLICY_KIND_ADMINISTRATION },
    { "governance", "OrganisationGovernance", "essential.legal_obligation", POLICY_KIND_ADMINISTRATION },
};

/* Source: DPV 2.0, extension eu-gdpr, module legal_basis. */
const struct policy_basis_word policy_basis_words[SLUICE_BASIS_COUNT] = {
    [SLUICE_BASIS_NONE] = { "none", "", "" },
    [SLUICE_BASIS_CONSENT] = { "consent", "A6-1-a", "6(1)(a)" },
    [SLUICE_BASIS_CONTRACT] = { "contract", "A6-1-b", "6(1)(b)" },
    [SLUICE_BASIS_LEGAL_OBLIGATION] = { "legal-obligation", "A6-1-c", "6(1)(c)" },
    [SLUICE_BASIS_VITAL_INTERESTS] = { "vital-interests", "A6-1-d", "6(1)(d)" },
    [SLUICE_BASIS_PUBLIC_TASK] = { "public-task", "A6-1-e", "6(1)(e)" },
    [SLUICE_BASIS_LEGITIMATE_INTERESTS] = { "legitimate-interests", "A6-1-f", "6(1)(f)" },
};

/* internal, works for us, own purposes */
static const struct policy_class classes[] = {
    { "internal", true, false, false },    { "processor", false, true, false },
    { "affiliate", false, true, false },   { "reseller", false, true, false },
    { "advisor", false, true, false },     { "authority", false, false, false },
    { "third-party", false, false, true },
};

static const struct policy_mechanism mechanisms[] = {
    { "adequacy", "45(3)", false, false },
    { "scc", "46(2)(c)", true, false },
    { "bcr", "46(2)(b)", true, false },
    { "code-of-conduct", "46(2)(e)", true, false },
    { "certification", "46(2)(f)", true, false },
    { "dpf", "45(3)", true, false },
    { "uk-contract", "UK GDPR 46(2)(d)", true, true },
    { "contract", "46(3)(a)", true, true },
};

static const char *const criteria[] = {
    "accounting",   "archiving",  "claims",   "contract", "disputes", "enforcement", "intellectual-property",
    "litigation",   "operations", "problems", "purpose",  "queries",  "regulatory",  "reporting",
    "safeguarding", "service",    "statute",  "tax",
};

const char *const policy_service_names[SLUICE_SERVICE_COUNT] = {
    [SLUICE_SERVICE_DATA] = "data",
    [SLUICE_SERVICE_SMS_MO] = "sms-mo",
    [SLUICE_SERVICE_SMS_MT] = "sms-mt",
    [SLUICE_SERVICE_VOICE_MO] = "voice-mo",
    [SLUICE_SERVICE_VOICE_MT] = "voice-mt",
    [SLUICE_SERVICE_NIDD] = "nidd",
    [SLUICE_SERVICE_SIGNALLING] = "signalling",
};
const char *const policy_contract_names[SLUICE_CONTRACT_COUNT] = {
    [SLUICE_CONTRACT_NONE] = "none",
    [SLUICE_CONTRACT_INDIVIDUAL] = "individual",
    [SLUICE_CONTRACT_BUSINESS] = "business",
};
const char *const policy_role_names[] = {
    [SLUICE_ROLE_UNKNOWN] = NULL,
    [SLUICE_ROLE_CONTROLLER] = "controller",
    [SLUICE_ROLE_PROCESSOR] = "processor",
};
const char *const policy_anchor_names[SLUICE_ANCHOR_COUNT] = {
    [SLUICE_ANCHOR_EVENT] = "event",
    [SLUICE_ANCHOR_COLLECTION] = "collection",
    [SLUICE_ANCHOR_INVOICE] = "invoice",
};

static const char eea[] =
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK";

/* clang-format off */
static const char iso_3166[] =
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW "
    "BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI "
    "FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN "
    "IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME "
    "MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF "
    "PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV "
    "SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE "
    "YT ZA ZM ZW";
/* clang-format on */

/* The DPV term behind an optional prefix. */
static bool is_term(const char *word, const char *prefix, const char *term)
{
    const size_t prefix_len = strlen(prefix);

    return strncmp(word, prefix, prefix_len) == 0 && strcmp(word + prefix_len, term) == 0;
}

const struct policy_term *policy_term_find(const char *word)
{
    for (size_t i = 0; i < COUNT(terms); i++)
        if ((terms[i].alias && strcmp(word, terms[i].alias) == 0) || is_term(word, "dpv:", terms[i].dpv))
            return &terms[i];
    return NULL;
}

enum sluice_basis policy_basis_find(const char *word)
{
    for (unsigned i = SLUICE_BASIS_NONE + 1; i < SLUICE_BASIS_COUNT; i++) {
        const struct policy_basis_word *basis = &policy_basis_words[i];

        if (strcmp(word, basis->alias) == 0 || is_term(word, "eu-gdpr:", basis->dpv) ||
            strcmp(word, basis->article) == 0)
            return (enum sluice_basis)i;
    }
    return SLUICE_BASIS_NONE;
}

const struct policy_class *policy_class_find(const char *name)
{
    for (size_t i = 0; i < COUNT(classes); i++)
        if (strcmp(name, classes[i].name) == 0)
            return &classes[i];
    return NULL;
}

const struct policy_mechanism *policy_mechanism_find(const char *name)
{
    for (size_t i = 0; i < COUNT(mechanisms); i++)
        if (strcmp(name, mechanisms[i].name) == 0)
            return &mechanisms[i];
    return NULL;
}

const char *policy_criterion_find(const char *word)
{
    for (size_t i = 0; i < COUNT(criteria); i++)
        if (strcmp(word, criteria[i]) == 0)
            return criteria[i];
    return NULL;
}

/* Whether the two letters stand in a list of codes with a space between. */
static bool listed(const char *list, const char *code)
{
    if (strlen(code) != 2)
        return false;
    for (const char *at = list; *at; at += at[2] ? 3 : 2)
        if (memcmp(at, code, 2) == 0)
            return true;
    return false;
}

bool policy_country_known(const char *country)
{
    return listed(iso_3166, country);
}

bool policy_zone_known(const char *zone)
{
    return strcmp(zone, "EEA") == 0 || policy_country_known(zone);
}

bool policy_zone_has(const char *zone, const char *country)
{
    return strcmp(zone, "EEA") == 0 ? listed(eea, country) : strcmp(zone, country) == 0;
}

/* One more word of an enumeration, cut where the text is full. */
static void enumerate(char text[static 256], const char *word)
{
    const size_t len = strlen(text);

    snprintf(text + len, 256 - len, "%s%s", len ? ", " : "", word);
}

void policy_classes_text(char text[static 256])
{
    text[0] = '\0';
    for (size_t i = 0; i < COUNT(classes); i++)
        enumerate(text, classes[i].name);
}

void policy_mechanisms_text(char text[static 256])
{
    text[0] = '\0';
    for (size_t i = 0; i < COUNT(mechanisms); i++)
        enumerate(text, mechanisms[i].name);
}

void policy_criteria_text(char text[static 256])
{
    text[0] = '\0';
    for (size_t i = 0; i < COUNT(criteria); i++)
        enumerate(text, criteria[i]);
}

void policy_terms_offer(struct sluice_nearest *nearest)
{
    for (size_t i = 0; i < COUNT(terms); i++)
        if (terms[i].alias)
            sluice_nearest_offer(nearest, terms[i].alias);
}

/* A field with the forms that it may leave in, the bounds of each parameter beside it. */
static void print_field(struct sluice_buffer *out, enum sluice_field field)
{
    const struct sluice_field_row *row = &sluice_field_table[field];
    bool first = true;

    sluice_buffer_printf(out, "%-18s %-22s ", row->name, sluice_category_table[row->category].name);
    for (size_t i = 0; i < sluice_form_count; i++) {
        const struct sluice_form_row *form = &sluice_form_table[i];

        if (form->field != field)
            continue;
        sluice_buffer_printf(out, "%s%s", first ? "" : ", ", sluice_transform_names[form->transform]);
        if (form->parameter_max)
            sluice_buffer_printf(out, " (%u to %u %s)", form->parameter_min, form->parameter_max, form->unit);
        first = false;
    }
    sluice_buffer_append_text(out, first ? "none: it never leaves\n" : "\n");
}

void policy_vocabulary_print(struct sluice_buffer *out)
{
    char text[256];

    sluice_buffer_printf(out, "%-18s %-22s %s\n", "FIELD", "CATEGORY", "FORMS");
    for (enum sluice_field field = SLUICE_FIELD_NONE + 1; field < SLUICE_FIELD_COUNT; field++)
        print_field(out, field);
    sluice_buffer_append_text(out, "\n");
    sluice_buffer_printf(out, "%-18s %-39s %s\n", "PURPOSE", "DPV TERM", "FIDESLANG DATA USE");
    for (size_t i = 0; i < COUNT(terms); i++)
        sluice_buffer_printf(out, "%-18s dpv:%-35s %s\n", terms[i].alias ? terms[i].alias : "-", terms[i].dpv,
                             terms[i].fideslang);
    sluice_buffer_printf(out, "\n%-22s %-15s %s\n", "BASIS", "DPV TERM", "GDPR ARTICLE");
    for (size_t i = SLUICE_BASIS_NONE + 1; i < SLUICE_BASIS_COUNT; i++)
        sluice_buffer_printf(out, "%-22s eu-gdpr:%-7s %s\n", policy_basis_words[i].alias,
                             policy_basis_words[i].dpv, policy_basis_words[i].article);
    policy_criteria_text(text);
    sluice_buffer_printf(out, "\nretention criteria: %s\n", text);
    policy_classes_text(text);
    sluice_buffer_printf(out, "recipient classes: %s\n", text);
    policy_mechanisms_text(text);
    sluice_buffer_printf(out, "transfer mechanisms: %s\n", text);
}
