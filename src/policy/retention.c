/* How long rows are kept, from when, and why: read and checked. */
#include <string.h>

#include "policy/policy_reader.h"
#include "sluice/clock.h"

#define PERIOD_MAX_S (36525 * SLUICE_DAY_S) /* a hundred years */
#define SHORT_PERIOD_S (30 * SLUICE_DAY_S)
#define HOUR_S INT64_C(3600)

const char *const policy_factor_names[POLICY_FACTOR_COUNT] = {
    "amount", "nature", "sensitivity", "risk", "purpose", "alternatives", "law",
};

struct retention_target {
    struct sluice_purpose *purpose;
    struct policy_purpose_words *words;
    bool anchor_given;
};

static void read_period(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    struct retention_target *retention = target;
    int64_t seconds;

    if (!policy_read_period(reader, &seconds, node))
        return;
    if (seconds < 60 || seconds > PERIOD_MAX_S)
        policy_complain(reader, POLICY_RULE_VALUE_RANGE, node, "keep rows for a minute to 36525d");
    else
        retention->purpose->retention_s = seconds;
}

static void read_anchor(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    struct retention_target *retention = target;

    retention->anchor_given = true;
    policy_read_choice(reader, &retention->purpose->anchor, node, policy_anchor_names, SLUICE_ANCHOR_COUNT);
}

static void read_criterion(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    struct retention_target *retention = target;
    const char *word;
    char text[256];

    if (!policy_read_text(reader, &word, node))
        return;
    retention->words->criterion = word;
    if (!policy_criterion_find(word)) {
        policy_criteria_text(text);
        policy_complain(reader, POLICY_RULE_CRITERION_MISSING, node, "use one of: %s", text);
    }
}

static void read_factors(struct policy_reader *reader, struct policy_purpose_words *words,
                         const struct yaml_node *node)
{
    for (size_t i = 0; i < node->count; i++) {
        size_t factor = 0;

        while (factor < POLICY_FACTOR_COUNT &&
               strcmp(node->children[i].key, policy_factor_names[factor]) != 0)
            factor++;
        if (factor == POLICY_FACTOR_COUNT)
            policy_complain(reader, POLICY_RULE_UNKNOWN_KEY, &node->children[i],
                            "weigh amount, nature, sensitivity, risk, purpose, alternatives and law only");
        else
            policy_read_text(reader, &words->factors[factor], &node->children[i]);
    }
    for (size_t i = 0; i < POLICY_FACTOR_COUNT; i++)
        if (!words->factors[i])
            policy_complain(reader, POLICY_RULE_JUSTIFICATION_MISSING, node,
                            "weigh %s too: all seven factors count", policy_factor_names[i]);
}

static void read_justification(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    struct retention_target *retention = target;

    if (node->kind == YAML_MAPPING)
        read_factors(reader, retention->words, node);
    else if (node->kind != YAML_SCALAR || !node->text[0])
        policy_complain(reader, POLICY_RULE_JUSTIFICATION_MISSING, node,
                        "justify the period: a text, or the seven factors amount to law");
    else
        retention->words->justification = node->text;
}

/* What is missing has rules of its own, so no key is required here. */
static const struct policy_key retention_keys[] = {
    { "period", true, read_period },
    { "anchor", false, read_anchor },
    { "criterion", false, read_criterion },
    { "justification", false, read_justification },
};

void policy_read_retention(struct policy_reader *reader, struct sluice_purpose *purpose,
                           struct policy_purpose_words *words, const struct yaml_node *node)
{
    struct retention_target target = { purpose, words, false };

    words->retention = node;
    if (!policy_read_mapping(reader, &target, node, retention_keys, 4))
        return;
    if (!target.anchor_given)
        policy_complain(reader, POLICY_RULE_ANCHOR_MISSING, node,
                        "say from when the period runs: anchor: event, collection or invoice");
    if (!yaml_get(node, "criterion"))
        policy_complain(reader, POLICY_RULE_CRITERION_MISSING, node,
                        "say what decides the period: criterion: contract, statute, operations, ...");
    if (!yaml_get(node, "justification"))
        policy_complain(reader, POLICY_RULE_JUSTIFICATION_MISSING, node,
                        "justify the period: a text, or the seven factors amount to law");
    purpose->bucket_s = purpose->retention_s < SHORT_PERIOD_S ? HOUR_S : SLUICE_DAY_S;
}
