/* Checks over the whole of what was read. */
#include <inttypes.h>
#include <string.h>

#include "policy/policy_reader.h"
#include "sluice/clock.h"

static const struct yaml_node *version_node(const struct policy_reader *reader, const char *key)
{
    const struct yaml_node *version = yaml_get(reader->words->root, "version");
    const struct yaml_node *node = yaml_get(version, key);

    return node ? node : version;
}

static void check_confirmed(struct policy_reader *reader)
{
    const struct sluice_policy_words *words = reader->words;

    if (words->sample && words->unconfirmed_count > 0)
        policy_complain(reader, POLICY_RULE_SAMPLE_UNCONFIRMED, words->root,
                        "%zu values are not confirmed by anybody: confirm or replace them before use",
                        words->unconfirmed_count);
    for (size_t i = 0; !words->sample && i < words->unconfirmed_count; i++)
        policy_complain(reader, POLICY_RULE_UNCONFIRMED, words->unconfirmed[i],
                        "confirm what stands here, then remove `confirmed: no`");
}

void policy_check_version(struct policy_reader *reader)
{
    const struct sluice_policy_words *words = reader->words;
    const int64_t effective_at_us = reader->policy->effective_at_us;
    const int64_t published_at_us = words->published_at_us;

    check_confirmed(reader);
    if (!effective_at_us || !published_at_us)
        return; /* said already */
    if (effective_at_us < published_at_us)
        policy_complain(reader, POLICY_RULE_VERSION_ORDER, version_node(reader, "effective_at"),
                        "choose an instant at or after published_at: nothing is promised backwards");
    else if (words->material && effective_at_us - published_at_us < words->notice_period_s * SLUICE_SECOND_US)
        policy_complain(reader, POLICY_RULE_NOTICE_PERIOD, version_node(reader, "effective_at"),
                        "wait %" PRId64
                        " days after published_at, or say material: no if nothing material changes",
                        words->notice_period_s / SLUICE_DAY_S);
}

/* --- purposes */

static void check_assessment(struct policy_reader *reader, const struct sluice_purpose *purpose,
                             const struct policy_purpose_words *words)
{
    if (policy_basis_any(purpose, SLUICE_BASIS_LEGITIMATE_INTERESTS) && !words->assessment)
        policy_complain(
            reader, POLICY_RULE_ASSESSMENT_MISSING, words->basis ? words->basis : words->node,
            "add assessment: { reference: ..., date: ... }, as legitimate interests are weighed first");
}

static bool uses_epoch(const struct sluice_purpose *purpose)
{
    for (size_t i = 0; i < purpose->projection_count; i++)
        if (purpose->projections[i].transform == SLUICE_TRANSFORM_PSEUDONYM ||
            purpose->projections[i].transform == SLUICE_TRANSFORM_TOKEN)
            return true;
    return false;
}

static void check_epoch(struct policy_reader *reader, const struct sluice_purpose *purpose,
                        const struct policy_purpose_words *words)
{
    const int64_t epoch_s = purpose->epoch_kind == SLUICE_EPOCH_MONTH ? 31 * SLUICE_DAY_S : purpose->epoch_s;

    if (words->epoch && words->retention && purpose->epoch_kind != SLUICE_EPOCH_RECORD &&
        uses_epoch(purpose) && epoch_s > purpose->retention_s)
        policy_complain(
            reader, POLICY_RULE_EPOCH_LONG, words->epoch,
            "choose an epoch within the retention period: this one links rows for longer than they live");
}

static void check_objection(struct policy_reader *reader, const struct sluice_purpose *purpose,
                            const struct policy_purpose_words *words)
{
    if (words->term->kind != POLICY_KIND_MARKETING)
        return;
    if (!words->objection)
        policy_complain(reader, POLICY_RULE_DEFAULT_APPLIED, words->node,
                        "objection is left out: it always stops marketing");
    else if (purpose->objection != SLUICE_OBJECTION_ALWAYS)
        policy_complain(reader, POLICY_RULE_OBJECTION_MARKETING, words->objection,
                        "write objection: always, as marketing has no ground to go on");
}

static void check_token(struct policy_reader *reader, const struct sluice_purpose *purpose,
                        const struct policy_purpose_words *words)
{
    if (words->term->kind == POLICY_KIND_BILLING)
        return;
    for (size_t i = 0; i < purpose->projection_count; i++)
        if (purpose->projections[i].transform == SLUICE_TRANSFORM_TOKEN)
            policy_complain(reader, POLICY_RULE_TOKEN_PURPOSE, words->fields,
                            "use a pseudonym of the subject instead: only billing may open tokens");
}

static void check_recipients(struct policy_reader *reader, const struct sluice_purpose *purpose,
                             const struct policy_purpose_words *words)
{
    for (size_t i = 0; i < words->recipient_count; i++) {
        const struct policy_class *class = reader->words->recipients[words->recipients[i]].class;

        if (!class)
            continue;
        if (words->internal_only && !class->internal)
            policy_complain(reader, POLICY_RULE_INTERNAL_ONLY, words->recipients_node,
                            "take out every recipient that is not internal, or internal_only");
        if (class->own_purposes && words->term->kind == POLICY_KIND_MARKETING &&
            !policy_basis_only(purpose, SLUICE_BASIS_CONSENT))
            policy_complain(reader, POLICY_RULE_THIRD_PARTY_CONSENT, words->recipients_node,
                            "rest the purpose on consent alone, or take the third party out");
    }
}

void policy_check_purposes(struct policy_reader *reader)
{
    for (size_t i = 0; i < reader->policy->purpose_count; i++) {
        const struct sluice_purpose *purpose = &reader->policy->purposes[i];
        const struct policy_purpose_words *words = &reader->words->purposes[i];

        check_assessment(reader, purpose, words);
        check_epoch(reader, purpose, words);
        if (!words->term)
            continue; /* said already */
        check_objection(reader, purpose, words);
        check_token(reader, purpose, words);
        check_recipients(reader, purpose, words);
    }
}
