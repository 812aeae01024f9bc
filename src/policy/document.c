/* The top of a policy: who promises, which version, since when. */
#include <string.h>

#include "policy/policy_reader.h"
#include "sluice/clock.h"
#include "sluice/name.h"

#define NOTICE_PERIOD_DEFAULT_S (30 * SLUICE_DAY_S)

static void read_format(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    (void)target;
    if (node->kind != YAML_SCALAR || strcmp(node->text, "1") != 0)
        policy_complain(reader, POLICY_RULE_FORMAT_VERSION, node,
                        "write policy: 1; this program knows no other version of the file");
}

static void read_tenant(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    struct sluice_policy *policy = target;
    const char *name;

    if (!policy_read_text(reader, &name, node))
        return;
    if (!sluice_name_valid(name))
        policy_complain(reader, POLICY_RULE_NAME_SHAPE, node, "give the tenant a name of " SLUICE_NAME_SHAPE);
    else
        memcpy(policy->tenant, name, strlen(name) + 1);
}

static void read_sample(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    (void)target;
    policy_read_yes_no(reader, &reader->words->sample, node);
}

/* --- version */

static void read_version_id(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    (void)target;
    policy_read_text(reader, &reader->words->version_id, node);
}

static void read_published_at(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    (void)target;
    policy_read_instant(reader, &reader->words->published_at_us, node);
}

static void read_last_updated(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    (void)target;
    policy_read_instant(reader, &reader->words->last_updated_us, node);
}

static void read_effective_at(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    struct sluice_policy *policy = target;

    policy_read_instant(reader, &policy->effective_at_us, node);
}

static void read_material(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    (void)target;
    policy_read_yes_no(reader, &reader->words->material, node);
}

static const struct policy_key version_keys[] = {
    { "id", true, read_version_id },
    { "published_at", true, read_published_at },
    { "last_updated", true, read_last_updated },
    { "effective_at", true, read_effective_at },
    { "material", false, read_material },
};

static void read_version(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    /* A change that nobody has classified is treated as material. */
    reader->words->material = true;
    policy_read_mapping(reader, target, node, version_keys, 5);
    if (node->kind == YAML_MAPPING && !yaml_get(node, "material"))
        policy_complain(reader, POLICY_RULE_DEFAULT_APPLIED, node,
                        "material is left out: the version is treated as a material change");
}

static void read_notice_period(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    (void)target;
    policy_read_period(reader, &reader->words->notice_period_s, node);
}

static const struct policy_key change_keys[] = { { "notice_period", true, read_notice_period } };

static void read_change(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    policy_read_mapping(reader, target, node, change_keys, 1);
}

/* --- controller */

static void read_controller_name(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    (void)target;
    policy_read_text(reader, &reader->words->controller, node);
}

static void read_contact(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    (void)target;
    policy_read_text(reader, &reader->words->contact, node);
}

static void read_role(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    struct sluice_policy *policy = target;

    policy_read_choice(reader, &policy->role, node, policy_role_names, SLUICE_ROLE_PROCESSOR + 1);
}

static void read_origin_zone(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    const char *zone;

    (void)target;
    if (!policy_read_text(reader, &zone, node))
        return;
    if (policy_zone_known(zone))
        reader->words->origin = zone;
    else
        policy_complain(reader, POLICY_RULE_RECIPIENT_COUNTRY, node,
                        "write EEA or the ISO 3166-1 code of a country, such as GB");
}

static const struct policy_key controller_keys[] = {
    { "name", true, read_controller_name },
    { "contact", true, read_contact },
    { "role", false, read_role },
    { "origin_zone", true, read_origin_zone },
};

static void read_controller(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    policy_read_mapping(reader, target, node, controller_keys, 4);
}

/* --- what holds for every purpose */

static void read_eprivacy(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    const struct yaml_node *reason = yaml_get(node, "off");
    bool on = true;

    (void)target;
    if (reason && node->count == 1)
        policy_read_text(reader, &reader->words->eprivacy_off, reason);
    else if (policy_read_yes_no(reader, &on, node) && !on)
        policy_complain(reader, POLICY_RULE_EPRIVACY_REASON, node,
                        "say why no electronic communications service is offered: { off: \"reason\" }");
}

static void read_min_age(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    struct sluice_policy *policy = target;
    uint32_t age;

    if (policy_read_whole(reader, &age, node, 0, 21))
        policy->min_age = (uint8_t)age;
}

static void read_unknown_field(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    static const char *const names[] = { "drop", "quarantine" };
    struct sluice_policy *policy = target;
    uint8_t index;

    if (policy_read_choice(reader, &index, node, names, 2))
        policy->quarantine_unknown_fields = index == 1;
}

static void read_prohibited(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    struct sluice_policy *policy = target;
    const struct yaml_node *items;
    size_t count;

    reader->words->prohibited_node = node;
    if (!policy_read_list(reader, &items, &count, node))
        return;
    if (count > SLUICE_PROHIBITED_MAX) {
        policy_complain(reader, POLICY_RULE_LIMIT, node, "prohibit at most %d classes and fields",
                        SLUICE_PROHIBITED_MAX);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (!sluice_name_valid(items[i].text))
            policy_complain(reader, POLICY_RULE_NAME_SHAPE, &items[i],
                            "name a class or field in " SLUICE_NAME_SHAPE);
        else
            strcpy(policy->prohibited[policy->prohibited_count++], items[i].text);
    }
}

/* Ids like SOR-02b or KIG-04.1a: three capitals, two digits, then what tells parts apart. */
static bool is_commitment(const char *id)
{
    const size_t len = strlen(id);

    if (len < 6 || len > 12 || id[3] != '-')
        return false;
    for (size_t i = 0; i < len; i++) {
        const char c = id[i];
        const bool capital = c >= 'A' && c <= 'Z', digit = c >= '0' && c <= '9';
        const bool part = digit || (c >= 'a' && c <= 'z') || c == '.';

        if (i < 3 ? !capital : i < 4 ? false : i < 6 ? !digit : !part)
            return false;
    }
    return true;
}

void policy_read_commitments(struct policy_reader *reader, const struct yaml_node **commitments,
                             const struct yaml_node *node)
{
    const struct yaml_node *items;
    size_t count;

    if (!policy_read_list(reader, &items, &count, node))
        return;
    for (size_t i = 0; i < count; i++)
        if (!is_commitment(items[i].text)) {
            policy_complain(reader, POLICY_RULE_COMMITMENT_SHAPE, &items[i],
                            "write the id of a promise, like SOR-02b");
            return;
        }
    *commitments = node;
}

static void read_commitments(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    (void)target;
    policy_read_commitments(reader, &reader->words->commitments, node);
}

/* Overlays were read and merged before. */
static void read_overlays(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    (void)reader;
    (void)target;
    (void)node;
}

/* In the order in which they are read: recipients before the purposes that name them. */
static const struct policy_key document_keys[] = {
    { "policy", true, read_format },
    { "tenant", true, read_tenant },
    { "sample", false, read_sample },
    { "version", true, read_version },
    { "controller", true, read_controller },
    { "change", false, read_change },
    { "overlays", false, read_overlays },
    { "eprivacy", false, read_eprivacy },
    { "min_age", false, read_min_age },
    { "unknown_field", false, read_unknown_field },
    { "prohibited", false, read_prohibited },
    { "commitments", false, read_commitments },
    { "recipients", false, policy_read_recipients },
    { "purposes", true, policy_read_purposes },
};

static void note_default(struct policy_reader *reader, const struct yaml_node *root, const char *key,
                         const char *text)
{
    if (root->kind == YAML_MAPPING && !yaml_get(root, key))
        policy_complain(reader, POLICY_RULE_DEFAULT_APPLIED, root, "%s is left out: %s", key, text);
}

void policy_read_document(struct policy_reader *reader, const struct yaml_node *root)
{
    reader->policy->role = SLUICE_ROLE_CONTROLLER;
    reader->words->notice_period_s = NOTICE_PERIOD_DEFAULT_S;
    policy_read_mapping(reader, reader->policy, root, document_keys,
                        sizeof document_keys / sizeof document_keys[0]);
    note_default(reader, root, "change", "a material change waits 30d after its publication");
    note_default(reader, root, "eprivacy", "ePrivacy is on");
    note_default(reader, root, "unknown_field", "fields that are not known are dropped and counted");
}
