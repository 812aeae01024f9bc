#include "gen/policy_write.h"

#include "gen/declared.h"
#include "gen/gen.h"
#include "sluice/clock.h"

#define POLICY_SIZE_MAX (256 * 1024)

static void write_tenants(struct sluice_buffer *out)
{
    sluice_buffer_append_text(out, "tenants:\n");
    for (int i = 0; i < DECLARED_TENANTS; i++)
        sluice_buffer_printf(out, "  %s: { policies: [policies/%s.yaml] }\n", declared_tenants[i].name,
                             declared_tenants[i].name);
}

static void write_organisations(struct sluice_buffer *out)
{
    sluice_buffer_append_text(out, "    organisations:\n");
    for (int i = 0; i < DECLARED_TENANTS; i++)
        for (int j = 0; j < 2 && declared_tenants[i].organisations[j]; j++)
            sluice_buffer_printf(out, "      \"%u\": %s\n", declared_tenants[i].organisations[j],
                                 declared_tenants[i].name);
}

void policy_write_config(const struct world *world, struct file_place *place)
{
    struct sluice_buffer out;
    char clock[SLUICE_TIME_TEXT_SIZE];

    sluice_buffer_init(&out, POLICY_SIZE_MAX);
    sluice_time_format(clock, world->clock_us);
    sluice_buffer_append_text(&out, "# A generated fleet. Run it with: sluice run -c sluice.yaml\n");
    sluice_buffer_printf(&out, "clock: %s   # tests only: the instant that the records were made for\n",
                         clock);
    sluice_buffer_append_text(&out,
                              "state: state\noutput: out\nsubjects: subjects.csv\nregistry: registry.ndjson\n"
                              "retention: { park: 60d }   # gone before the next round, as all else\n"
                              "keys:\n  operator: keys/operator.pub\n"
                              "inputs:\n  - name: " GEN_SOURCE "\n    format: emnify\n    path: input\n");
    write_organisations(&out);
    write_tenants(&out);
    file_write(place, "sluice.yaml", &out);
    sluice_buffer_deinit(&out);
}

/* --- one policy */

static const char *const basis_words[SLUICE_BASIS_COUNT] = {
    [SLUICE_BASIS_CONSENT] = "consent",
    [SLUICE_BASIS_CONTRACT] = "contract",
    [SLUICE_BASIS_LEGITIMATE_INTERESTS] = "legitimate-interests",
};
static const char *const contract_words[SLUICE_CONTRACT_COUNT] = {
    [SLUICE_CONTRACT_NONE] = "none",
    [SLUICE_CONTRACT_INDIVIDUAL] = "individual",
    [SLUICE_CONTRACT_BUSINESS] = "business",
};
static const char *const role_words[] = {
    [SLUICE_ROLE_CONTROLLER] = "controller",
    [SLUICE_ROLE_PROCESSOR] = "processor",
};
static const char *const service_words[SLUICE_SERVICE_COUNT] = {
    [SLUICE_SERVICE_DATA] = "data",
    [SLUICE_SERVICE_SMS_MO] = "sms-mo",
    [SLUICE_SERVICE_SMS_MT] = "sms-mt",
    [SLUICE_SERVICE_SIGNALLING] = "signalling",
};
static const char *const anchor_words[SLUICE_ANCHOR_COUNT] = {
    [SLUICE_ANCHOR_EVENT] = "event",
    [SLUICE_ANCHOR_COLLECTION] = "collection",
    [SLUICE_ANCHOR_INVOICE] = "invoice",
};

/* [a, b] of the words whose bits are set. */
static void write_choices(struct sluice_buffer *out, unsigned bits, const char *const words[], unsigned count)
{
    const char *comma = "[";

    for (unsigned i = 0; i < count; i++) {
        if (!(bits & 1u << i) || !words[i])
            continue;
        sluice_buffer_printf(out, "%s%s", comma, words[i]);
        comma = ", ";
    }
    sluice_buffer_append_text(out, "]");
}

static void write_rule(struct sluice_buffer *out, const struct declared_rule *rule)
{
    const char *comma = "[";

    sluice_buffer_append_text(out, "      - { contract: ");
    write_choices(out, rule->contracts, contract_words, SLUICE_CONTRACT_COUNT);
    if (rule->regions[0]) {
        sluice_buffer_printf(out, ", %s: ", rule->elsewhere ? "region_not" : "region");
        for (int i = 0; i < DECLARED_REGIONS_MAX && rule->regions[i]; i++, comma = ", ")
            sluice_buffer_printf(out, "%s%s", comma, rule->regions[i]);
        sluice_buffer_append_text(out, "]");
    }
    sluice_buffer_printf(out, ", basis: %s }\n", basis_words[rule->basis]);
}

static void write_basis(struct sluice_buffer *out, const struct declared_purpose *purpose,
                        const char *assessed_at)
{
    unsigned uncovered = (1u << SLUICE_CONTRACT_COUNT) - 1;
    bool interests = false;

    sluice_buffer_append_text(out, "    basis:\n");
    for (int i = 0; i < DECLARED_RULES_MAX && purpose->rules[i].basis; i++) {
        write_rule(out, &purpose->rules[i]);
        uncovered &= ~(unsigned)purpose->rules[i].contracts;
        interests |= purpose->rules[i].basis == SLUICE_BASIS_LEGITIMATE_INTERESTS;
    }
    if (uncovered) { /* said in so many words, as the loader asks for */
        sluice_buffer_append_text(out, "      - { contract: ");
        write_choices(out, uncovered, contract_words, SLUICE_CONTRACT_COUNT);
        sluice_buffer_append_text(out, ", basis: none }\n");
    }
    if (interests)
        sluice_buffer_printf(out, "    assessment: { reference: \"Balancing test of %s\", date: %s }\n",
                             purpose->name, assessed_at);
    if (purpose->objection == SLUICE_OBJECTION_ALWAYS)
        sluice_buffer_append_text(out, "    objection: always\n");
    if (purpose->objection == SLUICE_OBJECTION_GROUND)
        sluice_buffer_append_text(out, "    objection: { ground: \"Loss register\" }\n");
    if (purpose->restrict_exempt)
        sluice_buffer_append_text(out, "    restrict_exempt: yes\n");
}

static void write_epoch(struct sluice_buffer *out, const struct declared_purpose *purpose)
{
    if (purpose->epoch_kind == SLUICE_EPOCH_MONTH)
        sluice_buffer_append_text(out, "    epoch: month\n");
    else if (purpose->epoch_kind == SLUICE_EPOCH_RECORD)
        sluice_buffer_append_text(out, "    epoch: record\n");
    else
        sluice_buffer_printf(out, "    epoch: %ud\n", purpose->epoch_days);
}

static void write_fields(struct sluice_buffer *out, const struct declared_purpose *purpose)
{
    sluice_buffer_append_text(out, "    fields:\n");
    for (int i = 0; i < DECLARED_FIELDS_MAX && purpose->fields[i].field; i++) {
        const struct declared_field *field = &purpose->fields[i];
        const char *transform = sluice_transform_names[field->transform];
        const char *unit = field->transform == SLUICE_TRANSFORM_COARSEN ? "s" : "";

        sluice_buffer_printf(out, "      %s: ", sluice_field_table[field->field].name);
        if (field->parameter)
            sluice_buffer_printf(out, "{ %s: %u%s }\n", transform, field->parameter, unit);
        else
            sluice_buffer_printf(out, "%s\n", transform);
    }
    if (purpose->required)
        sluice_buffer_printf(out, "    required: [%s]\n", sluice_field_table[purpose->required].name);
}

static void write_purpose(struct sluice_buffer *out, const struct declared_purpose *purpose,
                          const char *assessed_at)
{
    sluice_buffer_printf(out, "  %s:\n    purpose: %s\n", purpose->name, purpose->dpv);
    write_basis(out, purpose, assessed_at);
    sluice_buffer_append_text(out, "    roles: ");
    write_choices(out, purpose->roles, role_words, SLUICE_ROLE_PROCESSOR + 1);
    sluice_buffer_append_text(out, "\n    services: ");
    write_choices(out, purpose->services, service_words, SLUICE_SERVICE_COUNT);
    sluice_buffer_append_text(out, "\n");
    if (purpose->anonymous) {
        sluice_buffer_append_text(out, "    input: anonymous\n");
        return;
    }
    write_epoch(out, purpose);
    write_fields(out, purpose);
    sluice_buffer_printf(
        out,
        "    retention:\n      period: %ud\n      anchor: %s\n      criterion: purpose\n"
        "      justification: { amount: few fields, nature: traffic data, sensitivity: pseudonyms,\n"
        "        risk: low, purpose: named above, alternatives: none shorter, law: none longer }\n"
        "    bucket: %uh\n    recipients: [team]\n",
        purpose->retention_days, anchor_words[purpose->anchor], purpose->bucket_hours);
}

static void write_heading(struct sluice_buffer *out, const struct declared_tenant *tenant,
                          const struct world *world)
{
    char published_at[SLUICE_TIME_TEXT_SIZE], effective_at[SLUICE_TIME_TEXT_SIZE];

    sluice_time_format(published_at, world->fleet_us - 400 * WORLD_DAY_US);
    sluice_time_format(effective_at, world->fleet_us - 365 * WORLD_DAY_US);
    sluice_buffer_printf(
        out,
        "# What a generated tenant promises. Nobody does business under it.\n"
        "policy: 1\ntenant: %s\n"
        "version: { id: \"1\", published_at: %s, last_updated: %s, effective_at: %s, material: yes }\n"
        "controller: { name: The %s company, contact: privacy@example.com, role: %s, origin_zone: EEA }\n"
        "change: { notice_period: 30d }\nunknown_field: drop\n",
        tenant->name, published_at, published_at, effective_at, tenant->name, role_words[tenant->role]);
    sluice_buffer_append_text(out, tenant->eprivacy_off
                                       ? "eprivacy: { off: \"Sells dashboards for networks of others\" }\n"
                                       : "eprivacy: yes\n");
    if (tenant->min_age)
        sluice_buffer_printf(out, "min_age: %u\n", tenant->min_age);
    sluice_buffer_append_text(
        out, "recipients:\n  team: { name: Our own staff, class: internal, country: DE }\npurposes:\n");
}

void policy_write_all(const struct world *world, struct file_place *place)
{
    char assessed_at[SLUICE_TIME_TEXT_SIZE];

    sluice_time_format(assessed_at, world->fleet_us - 380 * WORLD_DAY_US);
    for (int i = 0; i < DECLARED_TENANTS; i++) {
        const struct declared_tenant *tenant = &declared_tenants[i];
        struct sluice_buffer out;
        char name[64];

        sluice_buffer_init(&out, POLICY_SIZE_MAX);
        write_heading(&out, tenant, world);
        for (int purpose = 0; purpose < tenant->purpose_count; purpose++)
            write_purpose(&out, &tenant->purposes[purpose], assessed_at);
        snprintf(name, sizeof name, "policies/%s.yaml", tenant->name);
        file_write(place, name, &out);
        sluice_buffer_deinit(&out);
    }
}
