/* Who may get a stream, where they are, and what makes that lawful. */
#include <stdio.h>
#include <string.h>

#include "policy/policy_reader.h"
#include "sluice/clock.h"
#include "sluice/name.h"

#define ENDING_US (30 * SLUICE_DAY_S * SLUICE_SECOND_US)

/* --- safeguards */

static void read_mechanism(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    struct policy_safeguard *safeguard = target;
    char text[256];

    if (node->kind == YAML_SEQUENCE) {
        policy_complain(reader, POLICY_RULE_SAFEGUARD_ORDER, node,
                        "say which mechanism applies first: mechanism_any: [{ mechanism: ... }, ...]");
        return;
    }
    safeguard->mechanism = node->kind == YAML_SCALAR ? policy_mechanism_find(node->text) : NULL;
    if (!safeguard->mechanism) {
        policy_mechanisms_text(text);
        policy_complain(reader, POLICY_RULE_SAFEGUARD_MECHANISM, node, "use one of: %s", text);
    }
}

static void read_reference(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    struct policy_safeguard *safeguard = target;

    policy_read_text(reader, &safeguard->reference, node);
}

static void read_impact_assessment(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    struct policy_safeguard *safeguard = target;

    policy_read_text(reader, &safeguard->assessment, node);
}

static void read_expires(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    struct policy_safeguard *safeguard = target;

    policy_read_instant(reader, &safeguard->expires_us, node);
}

static const struct policy_key safeguard_keys[] = {
    { "mechanism", true, read_mechanism },
    { "reference", false, read_reference },
    { "assessment", false, read_impact_assessment },
    { "expires", false, read_expires },
};

static void read_one_safeguard(struct policy_reader *reader, struct policy_recipient *recipient,
                               const struct yaml_node *node)
{
    struct policy_safeguard *safeguard = &recipient->safeguards[recipient->safeguard_count];

    *safeguard = (struct policy_safeguard){ .node = node };
    if (policy_read_mapping(reader, safeguard, node, safeguard_keys, 4) && safeguard->mechanism)
        recipient->safeguard_count++;
}

static void read_safeguard(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    const struct yaml_node *ordered = yaml_get(node, "mechanism_any");

    if (node->kind == YAML_SEQUENCE || (ordered && node->count > 1)) {
        policy_complain(reader, POLICY_RULE_SAFEGUARD_ORDER, node,
                        "say which mechanism applies first: { mechanism_any: [{ mechanism: ... }, ...] }");
        return;
    }
    if (!ordered) {
        read_one_safeguard(reader, target, node);
        return;
    }
    if (ordered->kind != YAML_SEQUENCE || ordered->count == 0 || ordered->count > POLICY_SAFEGUARDS_MAX) {
        policy_complain(reader, POLICY_RULE_LIMIT, ordered,
                        "list 1 to %d mechanisms, the first that applies first", POLICY_SAFEGUARDS_MAX);
        return;
    }
    for (size_t i = 0; i < ordered->count; i++)
        read_one_safeguard(reader, target, &ordered->children[i]);
}

/* --- recipients */

static void read_name(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    struct policy_recipient *recipient = target;

    policy_read_text(reader, &recipient->name, node);
}

static void read_class(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    struct policy_recipient *recipient = target;
    char text[256];

    recipient->class = node->kind == YAML_SCALAR ? policy_class_find(node->text) : NULL;
    if (!recipient->class) {
        policy_classes_text(text);
        policy_complain(reader, POLICY_RULE_RECIPIENT_CLASS, node, "use one of: %s", text);
    }
}

static void read_country(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    struct policy_recipient *recipient = target;

    if (node->kind != YAML_SCALAR || !policy_country_known(node->text))
        policy_complain(reader, POLICY_RULE_RECIPIENT_COUNTRY, node,
                        "write a code of ISO 3166-1, such as DE");
    else
        memcpy(recipient->country, node->text, 2);
}

static void read_instructions(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    struct policy_recipient *recipient = target;

    policy_read_text(reader, &recipient->instructions, node);
}

static void read_confidentiality(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    struct policy_recipient *recipient = target;

    policy_read_text(reader, &recipient->confidentiality, node);
}

static const struct policy_key recipient_keys[] = {
    { "name", false, read_name },
    { "class", true, read_class },
    { "country", true, read_country },
    { "safeguard", false, read_safeguard },
    { "instructions", false, read_instructions },
    { "confidentiality", false, read_confidentiality },
};

void policy_read_recipients(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    struct sluice_policy_words *words = reader->words;

    (void)target;
    if (node->kind != YAML_MAPPING || node->count > POLICY_RECIPIENTS_MAX) {
        policy_complain(reader, POLICY_RULE_LIMIT, node, "list at most %d recipients by name",
                        POLICY_RECIPIENTS_MAX);
        return;
    }
    for (size_t i = 0; i < node->count; i++) {
        const struct yaml_node *child = &node->children[i];
        struct policy_recipient *recipient = &words->recipients[words->recipient_count];

        if (!sluice_name_valid(child->key))
            policy_complain_key(reader, POLICY_RULE_NAME_SHAPE, child,
                                "give the recipient a name of " SLUICE_NAME_SHAPE);
        *recipient = (struct policy_recipient){ .id = child->key, .node = child };
        policy_read_mapping(reader, recipient, child, recipient_keys, 6);
        words->recipient_count++;
    }
}

/* --- checks */

/* The first fault of one safeguard as a finding; true when it has none. */
static bool check_safeguard(struct policy_reader *reader, const struct policy_safeguard *safeguard)
{
    const struct policy_mechanism *mechanism = safeguard->mechanism;

    if (!safeguard->reference || (mechanism->expires && !safeguard->expires_us)) {
        policy_complain(reader, POLICY_RULE_SAFEGUARD_REFERENCE, safeguard->node,
                        "add %s to this %s safeguard",
                        safeguard->reference ? "expires, its last day," : "reference, the document's name,",
                        mechanism->name);
        return false;
    }
    if (mechanism->needs_assessment && !safeguard->assessment) {
        policy_complain(reader, POLICY_RULE_SAFEGUARD_ASSESSMENT, safeguard->node,
                        "add assessment, the reference of the transfer's impact assessment");
        return false;
    }
    return true;
}

static void check_life(struct policy_reader *reader, const struct policy_recipient *recipient, size_t alive)
{
    const struct policy_safeguard *safeguard = &recipient->safeguards[alive];

    if (alive == recipient->safeguard_count)
        policy_complain(reader, POLICY_RULE_SAFEGUARD_ENDED, recipient->safeguards[0].node,
                        "renew the safeguard of %s or take the recipient out: it has ended", recipient->id);
    else if (safeguard->expires_us && safeguard->expires_us - reader->now_us < ENDING_US)
        policy_complain(reader, POLICY_RULE_SAFEGUARD_ENDING, safeguard->node,
                        "renew the safeguard of %s: it ends within 30 days", recipient->id);
}

static void check_transfer(struct policy_reader *reader, const struct policy_recipient *recipient)
{
    size_t alive = recipient->safeguard_count;
    bool sound = true;

    for (size_t i = recipient->safeguard_count; i-- > 0;) {
        const struct policy_safeguard *safeguard = &recipient->safeguards[i];

        sound = check_safeguard(reader, safeguard) && sound;
        if (!safeguard->expires_us || safeguard->expires_us > reader->now_us)
            alive = i;
    }
    if (recipient->safeguard_count == 0 && !yaml_get(recipient->node, "safeguard"))
        policy_complain(reader, POLICY_RULE_SAFEGUARD_MISSING, recipient->node,
                        "%s lies outside %s: add a safeguard with mechanism, reference and expires",
                        recipient->country, reader->words->origin);
    else if (sound && recipient->safeguard_count > 0)
        check_life(reader, recipient, alive);
}

void policy_check_recipients(struct policy_reader *reader)
{
    const struct sluice_policy_words *words = reader->words;

    for (size_t i = 0; i < words->recipient_count; i++) {
        const struct policy_recipient *recipient = &words->recipients[i];
        const bool works_for_us = recipient->class && recipient->class->works_for_us;

        if (works_for_us && !recipient->instructions)
            policy_complain(reader, POLICY_RULE_RECIPIENT_INSTRUCTIONS, recipient->node,
                            "add instructions, the reference of what %s may do", recipient->id);
        if (works_for_us && !recipient->confidentiality)
            policy_complain(reader, POLICY_RULE_RECIPIENT_CONFIDENTIALITY, recipient->node,
                            "add confidentiality, the reference of what binds %s", recipient->id);
        if (recipient->country[0] && words->origin && !policy_zone_has(words->origin, recipient->country))
            check_transfer(reader, recipient);
    }
}
