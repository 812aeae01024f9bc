/* One purpose: what it is for and on which terms. */
#include <string.h>

#include "policy/policy_reader.h"
#include "sluice/clock.h"
#include "sluice/name.h"

#define EPOCH_MIN_S INT64_C(3600)
#define BUCKET_MIN_S INT64_C(60)

struct purpose_target {
    struct sluice_purpose *purpose;
    struct policy_purpose_words *words;
};

static void read_term(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    struct purpose_target *to = target;
    struct sluice_nearest nearest;
    const char *word;

    if (!policy_read_text(reader, &word, node))
        return;
    to->words->term = policy_term_find(word);
    if (to->words->term)
        return;
    sluice_nearest_init(&nearest, word);
    policy_terms_offer(&nearest);
    policy_complain(reader, POLICY_RULE_PURPOSE_UNKNOWN, node,
                    "use a word that `sluice policy check --vocabulary` lists%s%s%s",
                    nearest.best[0] ? "; did you mean " : ", such as billing or dpv:PaymentManagement",
                    nearest.best, nearest.best[0] ? "?" : "");
}

static void read_basis(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    struct purpose_target *to = target;

    to->words->basis = node;
    policy_read_basis(reader, to->purpose, node);
}

/* --- the interest assessment */

static void read_assessment_reference(struct policy_reader *reader, void *target,
                                      const struct yaml_node *node)
{
    struct purpose_target *to = target;

    policy_read_text(reader, &to->words->assessment, node);
}

static void read_assessment_date(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    struct purpose_target *to = target;

    policy_read_instant(reader, &to->purpose->assessed_at_us, node);
}

static void read_assessment_expires(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    struct purpose_target *to = target;

    policy_read_instant(reader, &to->words->assessment_expires_us, node);
}

static const struct policy_key assessment_keys[] = {
    { "reference", true, read_assessment_reference },
    { "date", true, read_assessment_date },
    { "expires", false, read_assessment_expires },
};

static void read_assessment(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    struct purpose_target *to = target;

    policy_read_mapping(reader, target, node, assessment_keys, 3);
    if (to->words->assessment_expires_us && to->words->assessment_expires_us <= reader->now_us)
        policy_complain(reader, POLICY_RULE_ASSESSMENT_ENDED, node,
                        "assess again, or take legitimate interests out: the assessment has ended");
}

/* --- what goes in */

static void read_input(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    static const char *const names[] = { "record", "anonymous" };
    struct purpose_target *to = target;
    uint8_t index;

    if (policy_read_choice(reader, &index, node, names, 2))
        to->purpose->anonymous = index == 1;
}

static void read_services(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    struct purpose_target *to = target;

    policy_read_choices(reader, &to->purpose->services, node, policy_service_names, SLUICE_SERVICE_COUNT);
}

static void read_roles(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    struct purpose_target *to = target;
    uint16_t bits;

    if (policy_read_choices(reader, &bits, node, policy_role_names, SLUICE_ROLE_PROCESSOR + 1))
        to->purpose->roles = (uint8_t)bits;
}

static void read_epoch(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    struct purpose_target *to = target;
    int64_t seconds;

    to->words->epoch = node;
    if (node->kind == YAML_SCALAR && strcmp(node->text, "month") == 0) {
        to->purpose->epoch_kind = SLUICE_EPOCH_MONTH;
    } else if (node->kind == YAML_SCALAR && strcmp(node->text, "record") == 0) {
        to->purpose->epoch_kind = SLUICE_EPOCH_RECORD;
    } else if (policy_read_period(reader, &seconds, node)) {
        if (seconds < EPOCH_MIN_S)
            policy_complain(reader, POLICY_RULE_EPOCH_RANGE, node,
                            "choose month, record, or a period of an hour or more");
        else
            to->purpose->epoch_s = seconds;
    }
}

static void read_fields(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    struct purpose_target *to = target;

    to->words->fields = node;
    policy_read_fields(reader, to->purpose, node);
}

static void read_required(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    struct purpose_target *to = target;
    const struct yaml_node *items;
    size_t count;

    if (!policy_read_list(reader, &items, &count, node))
        return;
    for (size_t i = 0; i < count; i++) {
        const enum sluice_field field = sluice_field_from_name(sluice_str_from(items[i].text));

        if (field == SLUICE_FIELD_NONE)
            policy_complain(reader, POLICY_RULE_FIELD_UNKNOWN, &items[i], "name a field of the field table");
        else
            to->purpose->required |= UINT64_C(1) << field;
    }
}

/* --- what comes out, and to whom */

static void read_retention(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    struct purpose_target *to = target;

    policy_read_retention(reader, to->purpose, to->words, node);
}

static void read_bucket(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    struct purpose_target *to = target;
    int64_t seconds;

    to->words->bucket = node;
    if (!policy_read_period(reader, &seconds, node))
        return;
    if (seconds < BUCKET_MIN_S || seconds > to->purpose->retention_s)
        policy_complain(reader, POLICY_RULE_BUCKET_RANGE, node,
                        "choose a width from a minute to the retention period");
    else
        to->purpose->bucket_s = seconds;
}

static void read_recipients(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    struct purpose_target *to = target;
    const struct sluice_policy_words *words = reader->words;
    const struct yaml_node *items;
    size_t count;

    to->words->recipients_node = node;
    if (!policy_read_list(reader, &items, &count, node))
        return;
    for (size_t i = 0; i < count; i++) {
        size_t index = 0;

        while (index < words->recipient_count && strcmp(words->recipients[index].id, items[i].text) != 0)
            index++;
        if (index == words->recipient_count)
            policy_complain(reader, POLICY_RULE_RECIPIENT_UNKNOWN, &items[i],
                            "declare this recipient under recipients first");
        else if (to->words->recipient_count < POLICY_RECIPIENTS_MAX)
            to->words->recipients[to->words->recipient_count++] = (uint8_t)index;
    }
}

static void read_objection(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    static const char *const names[] = { "by-basis", "always" };
    struct purpose_target *to = target;
    const struct yaml_node *ground = yaml_get(node, "ground");

    to->words->objection = node;
    if (node->kind != YAML_MAPPING) {
        policy_read_choice(reader, &to->purpose->objection, node, names, 2);
    } else if (!ground || node->count != 1 || ground->kind != YAML_SCALAR || !ground->text[0]) {
        policy_complain(reader, POLICY_RULE_OBJECTION_GROUND, node,
                        "write by-basis, always, or { ground: \"reference of the compelling ground\" }");
    } else {
        to->purpose->objection = SLUICE_OBJECTION_GROUND;
        to->words->objection_ground = ground->text;
    }
}

static void read_restrict_exempt(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    struct purpose_target *to = target;

    policy_read_yes_no(reader, &to->purpose->restrict_exempt, node);
}

static void read_internal_only(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    struct purpose_target *to = target;

    policy_read_yes_no(reader, &to->words->internal_only, node);
}

static void read_minimum_group(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    struct purpose_target *to = target;
    uint32_t group;

    if (!policy_read_whole(reader, &group, node, 0, UINT32_MAX))
        return;
    if (group < POLICY_GROUP_MIN)
        policy_complain(reader, POLICY_RULE_GROUP_SMALL, node, "choose %d or more; %d is a common choice",
                        POLICY_GROUP_MIN, POLICY_GROUP_DEFAULT);
    to->words->minimum_group = group;
}

static void read_purpose_commitments(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    struct purpose_target *to = target;

    policy_read_commitments(reader, &to->words->commitments, node);
}

/* In the order in which they are read: input and retention before what depends on them. */
static const struct policy_key purpose_keys[] = {
    { "purpose", true, read_term },
    { "basis", false, read_basis },
    { "assessment", false, read_assessment },
    { "input", false, read_input },
    { "services", false, read_services },
    { "roles", false, read_roles },
    { "epoch", false, read_epoch },
    { "fields", false, read_fields },
    { "required", false, read_required },
    { "retention", false, read_retention },
    { "bucket", false, read_bucket },
    { "recipients", false, read_recipients },
    { "internal_only", false, read_internal_only },
    { "objection", false, read_objection },
    { "restrict_exempt", false, read_restrict_exempt },
    { "minimum_group", false, read_minimum_group },
    { "commitments", false, read_purpose_commitments },
};

/* Nobody chooses these for you, save where no row ever leaves. */
static void require(struct policy_reader *reader, const struct sluice_purpose *purpose,
                    const struct yaml_node *node)
{
    if (!yaml_get(node, "basis"))
        policy_complain(reader, POLICY_RULE_BASIS_MISSING, node, "give the purpose a lawful basis");
    if (purpose->anonymous)
        return;
    if (!yaml_get(node, "fields"))
        policy_complain(reader, POLICY_RULE_KEY_MISSING, node,
                        "add fields here: what is not listed is dropped");
    if (!yaml_get(node, "epoch"))
        policy_complain(reader, POLICY_RULE_KEY_MISSING, node,
                        "add epoch here: how long a pseudonym lasts, month, record or a period");
    if (!yaml_get(node, "retention"))
        policy_complain(reader, POLICY_RULE_RETENTION_MISSING, node,
                        "add retention here: period, anchor, criterion and justification");
}

static void read_purpose(struct policy_reader *reader, struct sluice_purpose *purpose,
                         struct policy_purpose_words *words, const struct yaml_node *node)
{
    struct purpose_target target = { purpose, words };

    *purpose = (struct sluice_purpose){
        .declared = true,
        .roles = 1u << SLUICE_ROLE_CONTROLLER,
        .epoch_s = SLUICE_DAY_S,
        .retention_s = SLUICE_DAY_S,
        .bucket_s = SLUICE_DAY_S,
        .services = (uint16_t)((1u << SLUICE_SERVICE_COUNT) - 1) & (uint16_t) ~(1u << SLUICE_SERVICE_UNKNOWN),
    };
    *words = (struct policy_purpose_words){ .node = node, .minimum_group = POLICY_GROUP_DEFAULT };
    strcpy(purpose->name, node->key);
    if (policy_read_mapping(reader, &target, node, purpose_keys,
                            sizeof purpose_keys / sizeof purpose_keys[0]))
        require(reader, purpose, node);
    if (!words->objection && words->term && words->term->kind == POLICY_KIND_MARKETING)
        purpose->objection = SLUICE_OBJECTION_ALWAYS;
}

void policy_read_purposes(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    struct sluice_policy *policy = target;

    if (node->kind != YAML_MAPPING || node->count == 0 || node->count > SLUICE_PURPOSES_MAX) {
        policy_complain(reader, POLICY_RULE_LIMIT, node, "declare 1 to %d purposes by name",
                        SLUICE_PURPOSES_MAX);
        return;
    }
    for (size_t i = 0; i < node->count; i++) {
        const struct yaml_node *child = &node->children[i];

        if (!sluice_name_valid(child->key)) {
            policy_complain_key(reader, POLICY_RULE_NAME_SHAPE, child,
                                "give the purpose a name of " SLUICE_NAME_SHAPE);
            continue;
        }
        if (sluice_name_reserved(child->key))
            policy_complain_key(reader, POLICY_RULE_NAME_RESERVED, child,
                                "give the purpose another name: every tenant has a stream of this one");
        read_purpose(reader, &policy->purposes[policy->purpose_count],
                     &reader->words->purposes[policy->purpose_count], child);
        policy->purpose_count++;
    }
}
