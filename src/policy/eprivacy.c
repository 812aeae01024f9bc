/* The ePrivacy Directive, 2002/58/EC: the special law of traffic data, narrower
 * than GDPR and than most notices. Its rules have words of their own
 * (eprivacy-...), so that a reader can tell the law from the promise. They
 * hold unless the policy says why no electronic communications service is
 * offered.
 *
 *   Art. 6(1)  erase or make anonymous what conveyance needs no more
 *   Art. 6(2)  billing, up to the end of the period in which the bill may be
 *              challenged: 6 months from the invoice in Germany, a year in France
 *   Art. 6(3)  marketing and value-added services with consent alone
 *   Art. 9     location with consent or anonymous
 *   R. 29      fraud, faults and security: individual cases, so a short window
 *              (3 months for security in France, 7 days for faults in Germany) */
#include "policy/policy_reader.h"
#include "sluice/clock.h"

#define BILLING_USUAL_S (184 * SLUICE_DAY_S)
#define BILLING_MAX_S (397 * SLUICE_DAY_S)
#define WINDOW_S (30 * SLUICE_DAY_S)

/* Where there is none, that is said already, or nothing leaves. */
static bool has_basis(const struct sluice_purpose *purpose)
{
    for (size_t i = 0; i < purpose->basis_rule_count; i++)
        if (purpose->basis_rules[i].basis != SLUICE_BASIS_NONE)
            return true;
    return false;
}

static void check_use(struct policy_reader *reader, const struct sluice_purpose *purpose,
                      const struct policy_purpose_words *words)
{
    const bool marketing = words->term->kind == POLICY_KIND_MARKETING;

    if ((words->term->kind != POLICY_KIND_ANALYTICS && !marketing) || !has_basis(purpose))
        return;
    if (policy_basis_only(purpose, SLUICE_BASIS_CONSENT) || (purpose->anonymous && !marketing))
        return;
    if (marketing)
        policy_complain(reader, POLICY_RULE_EPRIVACY_CONSENT, words->basis,
                        "rest marketing and value-added services on consent alone (Art. 6(3))");
    else
        policy_complain(reader, POLICY_RULE_EPRIVACY_PURPOSE, words->node,
                        "use input: anonymous, or rest the purpose on consent alone (Art. 6(1))");
}

static void check_location(struct policy_reader *reader, const struct sluice_purpose *purpose,
                           const struct policy_purpose_words *words)
{
    const enum policy_kind kind = words->term->kind;

    if (purpose->anonymous || kind == POLICY_KIND_FRAUD || kind == POLICY_KIND_SECURITY ||
        policy_basis_only(purpose, SLUICE_BASIS_CONSENT))
        return;
    for (size_t i = 0; i < purpose->projection_count; i++) {
        const uint8_t field = purpose->projections[i].field;

        if (field == SLUICE_FIELD_TAC || field == SLUICE_FIELD_LAC || field == SLUICE_FIELD_CELL_ID)
            policy_complain(reader, POLICY_RULE_EPRIVACY_LOCATION, words->fields,
                            "take %s out, or rest the purpose on consent alone (Art. 9)",
                            sluice_field_table[field].name);
    }
}

static void check_billing(struct policy_reader *reader, const struct sluice_purpose *purpose,
                          const struct policy_purpose_words *words)
{
    if (words->term->kind != POLICY_KIND_BILLING || !words->retention)
        return;
    if (purpose->retention_s > BILLING_MAX_S)
        policy_complain(reader, POLICY_RULE_EPRIVACY_BILLING, words->retention,
                        "keep billing for 397d at most: no bill may be challenged for longer (Art. 6(2))");
    else if (purpose->retention_s > BILLING_USUAL_S)
        policy_complain(
            reader, POLICY_RULE_EPRIVACY_BILLING_LONG, words->retention,
            "make sure that bills may be challenged for so long where you offer the service (Art. 6(2))");
}

static void check_window(struct policy_reader *reader, const struct sluice_purpose *purpose,
                         const struct policy_purpose_words *words)
{
    const enum policy_kind kind = words->term->kind;

    if (kind != POLICY_KIND_FRAUD && kind != POLICY_KIND_SECURITY && kind != POLICY_KIND_OPERATIONS)
        return;
    if (words->retention && purpose->retention_s > WINDOW_S && !words->factors[POLICY_FACTOR_LAW])
        policy_complain(reader, POLICY_RULE_EPRIVACY_WINDOW, words->retention,
                        "keep it for 30d at most, or justify the period by all seven factors (recital 29)");
}

void policy_check_eprivacy(struct policy_reader *reader)
{
    if (reader->words->eprivacy_off)
        return;
    for (size_t i = 0; i < reader->policy->purpose_count; i++) {
        const struct sluice_purpose *purpose = &reader->policy->purposes[i];
        const struct policy_purpose_words *words = &reader->words->purposes[i];

        if (!words->term)
            continue; /* said already */
        check_use(reader, purpose, words);
        check_location(reader, purpose, words);
        check_billing(reader, purpose, words);
        check_window(reader, purpose, words);
    }
}
