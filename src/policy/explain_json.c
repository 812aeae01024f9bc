/* The same as explain.c for scripts: one JSON document. */
#include "policy/policy_text.h"
#include "sluice/clock.h"

void policy_json_ids(struct sluice_buffer *out, const char *key, const struct yaml_node *ids)
{
    policy_json_key(out, key);
    sluice_buffer_append_text(out, "[");
    if (ids && ids->kind == YAML_SCALAR)
        sluice_buffer_append_json(out, sluice_str_from(ids->text));
    for (size_t i = 0; ids && i < ids->count; i++) {
        policy_json_separate(out);
        sluice_buffer_append_json(out, sluice_str_from(ids->children[i].text));
    }
    sluice_buffer_append_text(out, "]");
}

static void json_fields(const struct sluice_purpose *purpose, struct sluice_buffer *out)
{
    policy_json_key(out, "fields");
    sluice_buffer_append_text(out, "{");
    for (size_t i = 0; i < purpose->projection_count; i++) {
        const struct sluice_projection *projection = &purpose->projections[i];

        policy_json_key(out, sluice_field_table[projection->field].name);
        sluice_buffer_append_text(out, "{");
        policy_json_text(out, "transform", sluice_transform_names[projection->transform]);
        policy_json_number(out, "number", projection->number);
        if (projection->parameter)
            policy_json_number(out, "parameter", projection->parameter);
        sluice_buffer_append_text(out, "}");
    }
    sluice_buffer_append_text(out, "}");
}

static void json_recipients(const struct sluice_policy *policy, const struct policy_purpose_words *words,
                            struct sluice_buffer *out)
{
    policy_json_key(out, "recipients");
    sluice_buffer_append_text(out, "[");
    for (size_t i = 0; i < words->recipient_count; i++) {
        const struct policy_recipient *recipient = &policy->words->recipients[words->recipients[i]];

        policy_json_separate(out);
        sluice_buffer_append_text(out, "{");
        policy_json_text(out, "id", recipient->id);
        policy_json_text(out, "class", recipient->class->name);
        policy_json_text(out, "country", recipient->country);
        sluice_buffer_append_text(out, "}");
    }
    sluice_buffer_append_text(out, "]");
}

static void json_names(struct sluice_buffer *out, const char *key, unsigned bits, const char *const names[],
                       size_t name_count)
{
    policy_json_key(out, key);
    sluice_buffer_append_text(out, "[");
    for (size_t i = 0; i < name_count; i++)
        if (names[i] && (bits >> i & 1)) {
            policy_json_separate(out);
            sluice_buffer_append_json(out, sluice_str_from(names[i]));
        }
    sluice_buffer_append_text(out, "]");
}

static void json_basis(const struct sluice_purpose *purpose, struct sluice_buffer *out)
{
    policy_json_key(out, "basis");
    sluice_buffer_append_text(out, "[");
    for (size_t i = 0; i < purpose->basis_rule_count; i++) {
        const struct sluice_basis_rule *rule = &purpose->basis_rules[i];

        policy_json_separate(out);
        sluice_buffer_append_text(out, "{");
        policy_json_text(out, "basis", policy_basis_words[rule->basis].alias);
        policy_json_text(out, "article", policy_basis_words[rule->basis].article);
        json_names(out, "contract", rule->contracts, policy_contract_names, SLUICE_CONTRACT_COUNT);
        if (rule->region_count) {
            policy_json_key(out, rule->regions_inverted ? "region_not" : "region");
            sluice_buffer_append_text(out, "[");
            for (size_t j = 0; j < rule->region_count; j++) {
                policy_json_separate(out);
                sluice_buffer_append_json(out, sluice_str_from(rule->regions[j]));
            }
            sluice_buffer_append_text(out, "]");
        }
        sluice_buffer_append_text(out, "}");
    }
    sluice_buffer_append_text(out, "]");
}

static void json_objection(const struct sluice_purpose *purpose, const struct policy_purpose_words *words,
                           struct sluice_buffer *out)
{
    static const char *const names[] = { "by-basis", "always", "ground" }; /* by enum sluice_objection */

    policy_json_text(out, "objection", names[purpose->objection]);
    if (purpose->objection == SLUICE_OBJECTION_GROUND)
        policy_json_text(out, "objection_ground", words->objection_ground);
}

static void json_purpose(const struct sluice_policy *policy, const struct sluice_purpose *purpose,
                         struct sluice_buffer *out)
{
    const struct policy_purpose_words *words = policy_words_of(policy, purpose);
    char text[POLICY_TEXT_SIZE];

    policy_json_separate(out);
    sluice_buffer_append_text(out, "{");
    policy_json_text(out, "name", purpose->name);
    policy_json_key(out, "purpose");
    sluice_buffer_printf(out, "\"dpv:%s\"", words->term->dpv);
    policy_json_text(out, "data_use", words->term->fideslang);
    json_basis(purpose, out);
    policy_json_text(out, "assessment", words->assessment);
    policy_json_text(out, "input", purpose->anonymous ? "anonymous" : "record");
    json_names(out, "services", purpose->services, policy_service_names, SLUICE_SERVICE_COUNT);
    json_names(out, "roles", purpose->roles, policy_role_names, SLUICE_ROLE_PROCESSOR + 1);
    json_objection(purpose, words, out);
    policy_json_yes_no(out, "restrict_exempt", purpose->restrict_exempt);
    if (purpose->anonymous) {
        policy_json_number(out, "minimum_group", words->minimum_group);
    } else {
        policy_json_number(out, "retention_s", purpose->retention_s);
        policy_json_text(out, "anchor", policy_anchor_names[purpose->anchor]);
        policy_json_text(out, "criterion", words->criterion);
        policy_json_number(out, "bucket_s", purpose->bucket_s);
        policy_epoch_text(text, purpose);
        policy_json_text(out, "epoch", text);
    }
    json_recipients(policy, words, out);
    json_fields(purpose, out);
    policy_json_ids(out, "commitments", words->commitments);
    sluice_buffer_append_text(out, "}");
}

void policy_explain_json(const struct sluice_policy *policy, struct sluice_buffer *out)
{
    const struct sluice_policy_words *words = policy->words;
    char text[POLICY_TEXT_SIZE];

    sluice_buffer_append_text(out, "{");
    policy_json_text(out, "tenant", policy->tenant);
    policy_json_text(out, "id", words->version_id);
    policy_json_key(out, "version");
    sluice_buffer_append_text(out, "\"");
    for (size_t i = 0; i < sizeof policy->version; i++)
        sluice_buffer_printf(out, "%02x", policy->version[i]);
    sluice_buffer_append_text(out, "\"");
    sluice_time_format(text, policy->effective_at_us);
    policy_json_text(out, "effective_at", text);
    policy_json_yes_no(out, "sample", words->sample);
    policy_json_text(out, "controller", words->controller);
    policy_json_text(out, "contact", words->contact);
    policy_json_text(out, "origin_zone", words->origin);
    policy_json_yes_no(out, "eprivacy", !words->eprivacy_off);
    policy_json_number(out, "min_age", policy->min_age);
    policy_json_text(out, "unknown_field", policy->quarantine_unknown_fields ? "quarantine" : "drop");
    policy_json_ids(out, "prohibited", words->prohibited_node);
    policy_json_ids(out, "commitments", words->commitments);
    policy_json_key(out, "purposes");
    sluice_buffer_append_text(out, "[");
    for (size_t i = 0; i < policy->purpose_count; i++)
        json_purpose(policy, &policy->purposes[i], out);
    sluice_buffer_append_text(out, "]}\n");
}
