/* The fields of a purpose, compiled to the rows that projection walks. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy_reader.h"
#include "sluice/clock.h"
#include "sluice/name.h"

/* The transform's word and, where it has one, its parameter: `keep` or `{ coarsen: 15m }`. */
static bool take_apart(struct policy_reader *reader, const struct yaml_node *node, const char **word,
                       const struct yaml_node **parameter)
{
    *parameter = NULL;
    if (node->kind == YAML_SCALAR) {
        *word = node->text;
        return true;
    }
    if (node->kind != YAML_MAPPING || node->count != 1) {
        policy_complain(reader, POLICY_RULE_VALUE_KIND, node,
                        "write a transform here: a word such as keep, or { coarsen: 15m }");
        return false;
    }
    *word = node->children[0].key;
    *parameter = &node->children[0];
    return true;
}

static enum sluice_transform find_transform(const char *word)
{
    for (unsigned i = 0; i < SLUICE_TRANSFORM_COUNT; i++)
        if (strcmp(word, sluice_transform_names[i]) == 0)
            return (enum sluice_transform)i;
    return SLUICE_TRANSFORM_COUNT;
}

/* A field that has no such form: say which forms it has. */
static void refuse_form(struct policy_reader *reader, const struct yaml_node *node, enum sluice_field field,
                        enum sluice_transform transform)
{
    char text[128] = "drop";

    for (size_t i = 0; i < sluice_form_count; i++)
        if (sluice_form_table[i].field == field) {
            const size_t len = strlen(text);
            snprintf(text + len, sizeof text - len, ", %s",
                     sluice_transform_names[sluice_form_table[i].transform]);
        }
    if (transform == SLUICE_TRANSFORM_KEEP && sluice_field_table[field].direct_identifier)
        policy_complain(reader, POLICY_RULE_IDENTIFIER_KEPT, node,
                        "%s names somebody: it may leave only as %s", sluice_field_table[field].name, text);
    else
        policy_complain(reader, POLICY_RULE_FORM_MISSING, node, "%s may leave only as %s",
                        sluice_field_table[field].name, text);
}

static bool read_parameter(struct policy_reader *reader, uint32_t *parameter,
                           const struct sluice_form_row *form, const struct yaml_node *node)
{
    int64_t seconds;

    if (strcmp(form->unit, "seconds") != 0)
        return policy_read_whole(reader, parameter, node, 0, UINT32_MAX);
    if (!policy_read_period(reader, &seconds, node))
        return false;
    *parameter = seconds > UINT32_MAX ? UINT32_MAX : (uint32_t)seconds;
    return true;
}

static bool check_parameter(struct policy_reader *reader, uint32_t *parameter,
                            const struct sluice_form_row *form, const struct yaml_node *node,
                            const struct yaml_node *given)
{
    const bool takes_one = form->parameter_max > 0;

    if (!takes_one && given) {
        policy_complain(reader, POLICY_RULE_PARAMETER_UNWANTED, given, "write %s without a parameter",
                        sluice_transform_names[form->transform]);
        return false;
    }
    if (!takes_one)
        return true;
    if (!given) {
        policy_complain(
            reader, POLICY_RULE_PARAMETER_MISSING, node, "write { %s: ... }, %" PRIu32 " to %" PRIu32 " %s",
            sluice_transform_names[form->transform], form->parameter_min, form->parameter_max, form->unit);
        return false;
    }
    if (!read_parameter(reader, parameter, form, given))
        return false;
    if (*parameter < form->parameter_min || *parameter > form->parameter_max) {
        policy_complain(reader, POLICY_RULE_PARAMETER_RANGE, given, "choose %" PRIu32 " to %" PRIu32 " %s",
                        form->parameter_min, form->parameter_max, form->unit);
        return false;
    }
    return true;
}

/* What a policy prohibits is a field's name or a category's. */
static bool is_prohibited(const struct sluice_policy *policy, const char *name, enum sluice_field field)
{
    for (size_t i = 0; i < policy->prohibited_count; i++) {
        if (strcmp(policy->prohibited[i], name) == 0)
            return true;
        if (field != SLUICE_FIELD_NONE &&
            strcmp(policy->prohibited[i], sluice_category_table[sluice_field_table[field].category].name) ==
                0)
            return true;
    }
    return false;
}

static void refuse_field(struct policy_reader *reader, const struct yaml_node *node)
{
    struct sluice_nearest nearest;

    sluice_nearest_init(&nearest, node->key);
    for (unsigned i = SLUICE_FIELD_NONE + 1; i < SLUICE_FIELD_COUNT; i++)
        sluice_nearest_offer(&nearest, sluice_field_table[i].name);
    policy_complain_key(reader, POLICY_RULE_FIELD_UNKNOWN, node, "use a name of the field table%s%s%s",
                        nearest.best[0] ? "; did you mean " : "", nearest.best, nearest.best[0] ? "?" : "");
}

static void read_field(struct policy_reader *reader, struct sluice_purpose *purpose,
                       const struct yaml_node *node)
{
    const enum sluice_field field = sluice_field_from_name(sluice_str_from(node->key));
    const struct yaml_node *given;
    const char *word;

    if (is_prohibited(reader->policy, node->key, field)) {
        policy_complain_key(reader, POLICY_RULE_PROHIBITED_MAPPED, node,
                            "take the field out: the policy prohibits it");
        return;
    }
    if (field == SLUICE_FIELD_NONE) {
        refuse_field(reader, node);
        return;
    }
    if (!take_apart(reader, node, &word, &given))
        return;

    const enum sluice_transform transform = find_transform(word);
    if (transform == SLUICE_TRANSFORM_COUNT) {
        policy_complain(reader, POLICY_RULE_TRANSFORM_UNKNOWN, node,
                        "use keep, drop, pseudonym, truncate, coarsen, bucket, token or tag");
        return;
    }
    if (transform == SLUICE_TRANSFORM_DROP)
        return;

    const struct sluice_form_row *form = sluice_form_find(field, transform);
    uint32_t parameter = 0;
    if (!form)
        refuse_form(reader, node, field, transform);
    else if (check_parameter(reader, &parameter, form, node, given))
        purpose->projections[purpose->projection_count++] = (struct sluice_projection){
            (uint8_t)field,
            (uint8_t)transform,
            form->number,
            parameter,
        };
}

static int compare_numbers(const void *a, const void *b)
{
    const struct sluice_projection *left = a, *right = b;

    return (int)left->number - (int)right->number;
}

void policy_read_fields(struct policy_reader *reader, struct sluice_purpose *purpose,
                        const struct yaml_node *node)
{
    if (node->kind != YAML_MAPPING) {
        policy_complain(reader, POLICY_RULE_VALUE_KIND, node, "write a mapping here, FIELD: TRANSFORM");
        return;
    }
    /* Keys are distinct, so no field comes twice and the projections fit. */
    for (size_t i = 0; i < node->count; i++) {
        const struct yaml_node *child = &node->children[i];

        if (strcmp(child->key, "confirmed") == 0)
            policy_read_confirmed(reader, child);
        else
            read_field(reader, purpose, child);
    }
    qsort(purpose->projections, purpose->projection_count, sizeof purpose->projections[0], compare_numbers);
    for (size_t i = 1; i < purpose->projection_count; i++)
        if (purpose->projections[i].number == purpose->projections[i - 1].number)
            policy_complain(reader, POLICY_RULE_FORM_TWICE, node,
                            "take %s or %s out: both leave as the same column",
                            sluice_field_table[purpose->projections[i - 1].field].name,
                            sluice_field_table[purpose->projections[i].field].name);
}
