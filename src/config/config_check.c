/* What is wrong between options that are each right by themselves. */
#include <string.h>

#include "config/config_option.h"
#include "sluice/name.h"

static void check_tenant(struct config_reader *reader, const struct sluice_config *config, const char *name,
                         const struct yaml_node *node)
{
    struct sluice_nearest nearest;

    /* An empty name was refused for its shape already. */
    if (!node || !name[0] || sluice_config_tenant(config, name))
        return;
    sluice_nearest_init(&nearest, name);
    for (size_t i = 0; i < config->tenant_count; i++)
        sluice_nearest_offer(&nearest, config->tenants[i].name);
    config_error(reader, "unknown-tenant", node->line, node->column, "%s is none of the tenants%s%s%s", name,
                 nearest.best[0] ? "; did you mean " : "; add it under tenants", nearest.best,
                 nearest.best[0] ? "?" : "");
}

static void check_format(struct config_reader *reader, const struct sluice_input_config *input,
                         const struct yaml_node *node)
{
    const struct yaml_node *mapping = yaml_get(node, "mapping");

    if (!yaml_get(node, "format"))
        return;
    if (input->format == SLUICE_FORMAT_CSV && !mapping)
        config_error(reader, "mapping-missing", node->line, node->column,
                     "a csv input needs a mapping: the file that says what its columns are");
    if (input->format != SLUICE_FORMAT_CSV && mapping)
        config_error(reader, "mapping-unused", mapping->key_line, mapping->key_column,
                     "only a csv input has a mapping: remove it, or set format: csv");
    if (input->format != SLUICE_FORMAT_RAW && !input->tenant[0] && input->organisation_count == 0)
        sluice_findings_add(reader->findings, SLUICE_FINDING_WARNING, "input-unassigned", reader->file,
                            node->line, node->column,
                            "the input has neither a tenant nor organisations: "
                            "each of its records will be quarantined as no_controller");
}

static void check_input(struct config_reader *reader, const struct sluice_config *config, size_t index,
                        const struct yaml_node *node)
{
    const struct sluice_input_config *input = &config->inputs[index];
    const struct yaml_node *name = yaml_get(node, "name");
    const struct yaml_node *path = yaml_get(node, "path");
    const struct yaml_node *organisations = yaml_get(node, "organisations");

    for (size_t i = 0; i < index && input->name[0]; i++)
        if (strcmp(config->inputs[i].name, input->name) == 0)
            config_error(reader, "name-twice", name->line, name->column,
                         "two inputs are named %s: a name is the source id of an input's records",
                         input->name);
    for (size_t i = 0; i < index && input->path[0]; i++)
        if (strcmp(config->inputs[i].path, input->path) == 0)
            config_error(reader, "path-twice", path->line, path->column,
                         "another input reads the same path: its records would come twice");
    if (path && input->path[0] &&
        (strcmp(input->path, config->output) == 0 || strcmp(input->path, config->state) == 0))
        config_error(reader, "folders-overlap", path->line, path->column,
                     "an input cannot be the output or the state folder");

    check_tenant(reader, config, input->tenant, yaml_get(node, "tenant"));
    for (size_t i = 0; organisations && i < input->organisation_count; i++)
        check_tenant(reader, config, input->organisations[i].tenant, &organisations->children[i]);
    check_format(reader, input, node);
}

static void check_policies(struct config_reader *reader, const struct sluice_tenant_config *tenant,
                           const struct yaml_node *node)
{
    const struct yaml_node *policies = yaml_get(node, "policies");

    for (size_t i = 0; i < tenant->policy_count; i++)
        for (size_t j = 0; j < i && tenant->policies[i][0]; j++)
            if (strcmp(tenant->policies[i], tenant->policies[j]) == 0)
                config_error(reader, "policy-twice", policies->children[i].line, policies->children[i].column,
                             "the same policy file stands twice: each file is one version");
}

void config_check(struct config_reader *reader, const struct sluice_config *config,
                  const struct yaml_node *root)
{
    const struct yaml_node *inputs = yaml_get(root, "inputs");
    const struct yaml_node *tenants = yaml_get(root, "tenants");
    const struct yaml_node *output = yaml_get(root, "output");
    const struct yaml_node *clock = yaml_get(root, "clock");

    if (strcmp(config->state, config->output) == 0)
        config_error(reader, "folders-overlap", output ? output->line : root->line,
                     output ? output->column : root->column,
                     "state and output are the same folder: who reads streams must not reach the keys");
    if (clock && config->clock_us)
        sluice_findings_add(reader->findings, SLUICE_FINDING_NOTE, "clock-set", reader->file, clock->key_line,
                            clock->key_column, "the clock starts at a fixed instant: for tests only");
    if (config->input_count == 0 && !inputs)
        sluice_findings_add(reader->findings, SLUICE_FINDING_WARNING, "inputs-none", reader->file, root->line,
                            root->column, "there are no inputs: nothing will be read");
    for (size_t i = 0; i < config->tenant_count; i++)
        check_policies(reader, &config->tenants[i], &tenants->children[i]);
    for (size_t i = 0; i < config->input_count; i++)
        check_input(reader, config, i, &inputs->children[i]);
}
