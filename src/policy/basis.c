/* Which lawful basis a purpose has, for whom. */
#include <string.h>

#include "policy/policy_reader.h"

static void read_contracts(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    struct sluice_basis_rule *rule = target;
    uint16_t bits;

    if (policy_read_choices(reader, &bits, node, policy_contract_names, SLUICE_CONTRACT_COUNT))
        rule->contracts = (uint8_t)bits;
}

/* ISO 3166-1, or 3166-2: a country, a hyphen, one to three letters or digits. */
static bool is_region(const char *region)
{
    const size_t len = strlen(region);
    char country[3] = { 0 };

    if (len < 2 || len == 3 || len > 6)
        return false;
    memcpy(country, region, 2);
    if (!policy_country_known(country) || (len > 2 && region[2] != '-'))
        return false;
    for (size_t i = 3; i < len; i++)
        if (!(region[i] >= 'A' && region[i] <= 'Z') && !(region[i] >= '0' && region[i] <= '9'))
            return false;
    return true;
}

static void read_regions(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    struct sluice_basis_rule *rule = target;
    const struct yaml_node *items;
    size_t count;

    if (rule->region_count) {
        policy_complain(reader, POLICY_RULE_BASIS_REGION, node, "use one of region and region_not in a rule");
        return;
    }
    if (!policy_read_list(reader, &items, &count, node))
        return;
    if (count == 0 || count > SLUICE_RULE_REGIONS_MAX) {
        policy_complain(reader, POLICY_RULE_LIMIT, node, "list 1 to %d regions", SLUICE_RULE_REGIONS_MAX);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (!is_region(items[i].text)) {
            policy_complain(reader, POLICY_RULE_BASIS_REGION, &items[i],
                            "write a code of ISO 3166, such as DE or US-CA");
            return;
        }
        strcpy(rule->regions[i], items[i].text);
    }
    rule->region_count = (uint8_t)count;
}

static void read_regions_not(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    struct sluice_basis_rule *rule = target;

    read_regions(reader, target, node);
    rule->regions_inverted = rule->region_count > 0;
}

static void read_word(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    struct sluice_basis_rule *rule = target;
    const char *word;

    if (!policy_read_text(reader, &word, node))
        return;
    rule->basis = (uint8_t)policy_basis_find(word);
    if (rule->basis == SLUICE_BASIS_NONE && strcmp(word, "none") != 0)
        policy_complain(reader, POLICY_RULE_BASIS_UNKNOWN, node,
                        "use consent, contract, legal-obligation, vital-interests, public-task, "
                        "legitimate-interests, or none where no row may leave");
}

static const struct policy_key rule_keys[] = {
    { "contract", false, read_contracts },
    { "region", false, read_regions },
    { "region_not", false, read_regions_not },
    { "basis", true, read_word },
};

static bool is_catch_all(const struct sluice_basis_rule *rule)
{
    return rule->region_count == 0 && rule->contracts == (1u << SLUICE_CONTRACT_COUNT) - 1;
}

static void read_rule(struct policy_reader *reader, struct sluice_purpose *purpose,
                      const struct yaml_node *node)
{
    struct sluice_basis_rule *rule = &purpose->basis_rules[purpose->basis_rule_count];

    for (size_t i = 0; i < purpose->basis_rule_count; i++)
        if (is_catch_all(&purpose->basis_rules[i])) {
            policy_complain(reader, POLICY_RULE_BASIS_UNREACHABLE, node,
                            "move this rule up or remove it: an earlier one fits everybody");
            break;
        }
    *rule = (struct sluice_basis_rule){ .contracts = (1u << SLUICE_CONTRACT_COUNT) - 1 };
    if (node->kind == YAML_SCALAR)
        read_word(reader, rule, node);
    else
        policy_read_mapping(reader, rule, node, rule_keys, 4);
    purpose->basis_rule_count++;
}

/* Contract kinds that no rule covers whatever their region emit nothing: say so. */
static void warn_gap(struct policy_reader *reader, const struct sluice_purpose *purpose,
                     const struct yaml_node *node)
{
    for (unsigned contract = 0; contract < SLUICE_CONTRACT_COUNT; contract++) {
        bool covered = false;

        for (size_t i = 0; i < purpose->basis_rule_count; i++)
            covered |= purpose->basis_rules[i].contracts >> contract & 1;
        if (!covered)
            policy_complain(reader, POLICY_RULE_BASIS_GAP, node,
                            "no rule fits contract: %s, so nothing of theirs leaves; "
                            "add { contract: %s, basis: none } if that is meant",
                            policy_contract_names[contract], policy_contract_names[contract]);
    }
}

void policy_read_basis(struct policy_reader *reader, struct sluice_purpose *purpose,
                       const struct yaml_node *node)
{
    const struct yaml_node *items = node->kind == YAML_SEQUENCE ? node->children : node;
    const size_t count = node->kind == YAML_SEQUENCE ? node->count : 1;

    if (count == 0 || (node->kind == YAML_SCALAR && !node->text[0])) {
        policy_complain(reader, POLICY_RULE_BASIS_MISSING, node, "give the purpose a lawful basis");
        return;
    }
    if (count > SLUICE_BASIS_RULES_MAX) {
        policy_complain(reader, POLICY_RULE_LIMIT, node, "use at most %d basis rules",
                        SLUICE_BASIS_RULES_MAX);
        return;
    }
    for (size_t i = 0; i < count; i++)
        read_rule(reader, purpose, &items[i]);
    warn_gap(reader, purpose, node);
}

bool policy_basis_only(const struct sluice_purpose *purpose, enum sluice_basis basis)
{
    for (size_t i = 0; i < purpose->basis_rule_count; i++)
        if (purpose->basis_rules[i].basis != basis && purpose->basis_rules[i].basis != SLUICE_BASIS_NONE)
            return false;
    return policy_basis_any(purpose, basis);
}

bool policy_basis_any(const struct sluice_purpose *purpose, enum sluice_basis basis)
{
    for (size_t i = 0; i < purpose->basis_rule_count; i++)
        if (purpose->basis_rules[i].basis == basis)
            return true;
    return false;
}

/* --- deciding */

/* "US" covers "US-CA". */
static bool covers(const char *listed, struct sluice_str region)
{
    const size_t len = strlen(listed);

    return region.len >= len && memcmp(region.bytes, listed, len) == 0 &&
           (region.len == len || region.bytes[len] == '-');
}

static bool rule_fits(const struct sluice_basis_rule *rule, enum sluice_contract contract,
                      struct sluice_str region)
{
    bool found = false;

    if (!(rule->contracts >> contract & 1))
        return false;
    if (rule->region_count == 0)
        return true;
    /* Not known is not elsewhere, unless that asks for consent or lets nothing leave. */
    if (region.len == 0)
        return rule->regions_inverted &&
               (rule->basis == SLUICE_BASIS_CONSENT || rule->basis == SLUICE_BASIS_NONE);
    for (size_t i = 0; i < rule->region_count && !found; i++)
        found = covers(rule->regions[i], region);
    return found != rule->regions_inverted;
}

static enum sluice_basis first_that_fits(const struct sluice_basis_rule rules[], size_t count,
                                         enum sluice_contract contract, struct sluice_str region)
{
    for (size_t i = 0; i < count; i++)
        if (rule_fits(&rules[i], contract, region))
            return (enum sluice_basis)rules[i].basis;
    return SLUICE_BASIS_NONE;
}

enum sluice_basis sluice_purpose_basis(const struct sluice_purpose *purpose, enum sluice_contract contract,
                                       struct sluice_str region)
{
    const enum sluice_basis basis =
        first_that_fits(purpose->basis_rules, purpose->basis_rule_count, contract, region);

    if (!purpose->intersected)
        return basis;

    /* The record keeps the basis of its time, save where today's is none or asks for consent. */
    const enum sluice_basis today =
        first_that_fits(purpose->current_rules, purpose->current_rule_count, contract, region);
    return today == SLUICE_BASIS_NONE || (today == SLUICE_BASIS_CONSENT && basis != SLUICE_BASIS_NONE)
               ? today
               : basis;
}
