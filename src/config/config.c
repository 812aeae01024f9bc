#include "sluice/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config_option.h"
#include "sluice/name.h"

static bool one_kind(struct config_reader *reader, const struct yaml_node *node, enum yaml_kind kind,
                     const char *what)
{
    if (node->kind == kind)
        return true;
    config_error(reader, "kind", node->line, node->column, "%s", what);
    return false;
}

static enum sluice_err organisations_read(struct config_reader *reader, struct sluice_input_config *input,
                                          const struct yaml_node *node)
{
    if (!node || !one_kind(reader, node, YAML_MAPPING, "organisations takes a mapping: { \"ID\": TENANT }"))
        return SLUICE_OK;
    if (node->count > SLUICE_ORGANISATIONS_MAX) {
        config_error(reader, "limit", node->line, node->column, "more than %d organisations of one input",
                     SLUICE_ORGANISATIONS_MAX);
        return SLUICE_OK;
    }
    input->organisations = calloc(node->count ? node->count : 1, sizeof *input->organisations);
    if (!input->organisations)
        return SLUICE_ERR_MEMORY;

    for (size_t i = 0; i < node->count; i++) {
        const struct yaml_node *child = &node->children[i];
        struct sluice_organisation *organisation = &input->organisations[i];

        input->organisation_count++;
        if (strlen(child->key) == 0 || strlen(child->key) >= sizeof organisation->id)
            config_error(reader, "value", child->key_line, child->key_column,
                         "an organisation's id has 1 to %zu bytes", sizeof organisation->id - 1);
        else
            snprintf(organisation->id, sizeof organisation->id, "%s", child->key);
        if (one_kind(reader, child, YAML_SCALAR, "an organisation belongs to one tenant: name it"))
            config_name_set(reader, organisation->tenant, "a tenant's name", child->text, child->line,
                            child->column);
    }
    return SLUICE_OK;
}

static enum sluice_err inputs_read(struct config_reader *reader, struct sluice_config *config,
                                   const struct yaml_node *node)
{
    enum sluice_err err = SLUICE_OK;

    if (!node || !one_kind(reader, node, YAML_SEQUENCE, "inputs takes a list, one mapping an input"))
        return SLUICE_OK;
    if (node->count > SLUICE_INPUTS_MAX) {
        config_error(reader, "limit", node->line, node->column, "more than %d inputs", SLUICE_INPUTS_MAX);
        return SLUICE_OK;
    }
    for (size_t i = 0; i < node->count && !err; i++) {
        const struct yaml_node *child = &node->children[i];
        struct sluice_input_config *input = &config->inputs[i];

        config->input_count++;
        config_options_default(reader, input, &config_options_input);
        if (!one_kind(reader, child, YAML_MAPPING, "an input takes a mapping of options"))
            continue;
        config_options_read(reader, input, &config_options_input, child);
        err = organisations_read(reader, input, yaml_get(child, "organisations"));
    }
    return err;
}

static enum sluice_err policies_read(struct config_reader *reader, struct sluice_tenant_config *tenant,
                                     const struct yaml_node *node)
{
    if (!one_kind(reader, node, YAML_SEQUENCE, "policies takes a list of files, one a version"))
        return SLUICE_OK;
    if (node->count == 0 || node->count > SLUICE_POLICY_FILES_MAX) {
        config_error(reader, "limit", node->line, node->column, "a tenant needs 1 to %d policies",
                     SLUICE_POLICY_FILES_MAX);
        return SLUICE_OK;
    }
    tenant->policies = calloc(node->count, sizeof *tenant->policies);
    if (!tenant->policies)
        return SLUICE_ERR_MEMORY;
    for (size_t i = 0; i < node->count; i++) {
        const struct yaml_node *child = &node->children[i];

        tenant->policy_count++;
        if (one_kind(reader, child, YAML_SCALAR, "a policy is one file: give its path"))
            config_path_set(reader, tenant->policies[i], child);
    }
    return SLUICE_OK;
}

static enum sluice_err tenant_read(struct config_reader *reader, struct sluice_tenant_config *tenant,
                                   const struct yaml_node *node)
{
    if (config_name_set(reader, tenant->name, "a tenant's name", node->key, node->key_line,
                        node->key_column) &&
        sluice_name_reserved(node->key))
        config_error(reader, "name-reserved", node->key_line, node->key_column,
                     "%s is a folder of every output: give the tenant another name", node->key);
    if (!one_kind(reader, node, YAML_MAPPING, "a tenant takes a mapping: { policies: [FILE] }"))
        return SLUICE_OK;

    for (size_t i = 0; i < node->count; i++)
        if (strcmp(node->children[i].key, "policies") != 0)
            config_error(reader, "unknown-key", node->children[i].key_line, node->children[i].key_column,
                         "a tenant has one option, policies");
    if (!yaml_get(node, "policies")) {
        config_error(reader, "missing", node->line, node->column, "policies is required and missing");
        return SLUICE_OK;
    }
    return policies_read(reader, tenant, yaml_get(node, "policies"));
}

static enum sluice_err tenants_read(struct config_reader *reader, struct sluice_config *config,
                                    const struct yaml_node *node)
{
    enum sluice_err err = SLUICE_OK;

    if (!node || !one_kind(reader, node, YAML_MAPPING, "tenants takes a mapping by name"))
        return SLUICE_OK;
    if (node->count == 0 || node->count > SLUICE_TENANTS_MAX) {
        config_error(reader, "limit", node->line, node->column, "1 to %d tenants are needed",
                     SLUICE_TENANTS_MAX);
        return SLUICE_OK;
    }
    for (size_t i = 0; i < node->count && !err; i++)
        err = tenant_read(reader, &config->tenants[config->tenant_count++], &node->children[i]);
    return err;
}

/* The absolute folder that the file lies in, and the file itself. */
static enum sluice_err place(struct sluice_config *config, const char *path)
{
    char *whole = realpath(path, NULL);
    if (!whole)
        return sluice_err_from_errno(errno);

    const size_t folder_len = (size_t)(strrchr(whole, '/') - whole);
    enum sluice_err err = SLUICE_OK;

    if (strlen(whole) < sizeof config->path) {
        strcpy(config->path, whole);
        snprintf(config->folder, sizeof config->folder, "%.*s", folder_len ? (int)folder_len : 1, whole);
    } else {
        err = SLUICE_ERR_LIMIT;
    }
    free(whole);
    return err;
}

static enum sluice_err read_root(struct config_reader *reader, struct sluice_config *config,
                                 const struct yaml_node *root)
{
    config_options_default(reader, config, &config_options_top);
    if (!one_kind(reader, root, YAML_MAPPING,
                  "a configuration is a mapping of options; 'sluice check --options' lists them"))
        return SLUICE_ERR_CONFIG;
    config_options_read(reader, config, &config_options_top, root);

    enum sluice_err err = tenants_read(reader, config, yaml_get(root, "tenants"));
    if (!err)
        err = inputs_read(reader, config, yaml_get(root, "inputs"));
    if (!err)
        config_check(reader, config, root);
    return err;
}

enum sluice_err sluice_config_load(struct sluice_config **config, struct sluice_findings *findings,
                                   const char *path)
{
    struct sluice_config *loaded = calloc(1, sizeof *loaded);
    struct yaml_document *document = NULL;
    const size_t errors = findings->errors;
    enum sluice_err err = SLUICE_ERR_MEMORY;

    *config = NULL;
    if (!loaded)
        return err;
    err = yaml_open(&document, findings, path);
    if (err)
        goto out;
    err = place(loaded, path);
    if (err)
        goto out;

    struct config_reader reader = { .findings = findings, .file = path, .folder = loaded->folder };
    err = read_root(&reader, loaded, yaml_root(document));

out:
    /* A file that is there and is no YAML is a configuration at fault all the same. */
    if (err == SLUICE_ERR_FORMAT || (!err && findings->errors > errors))
        err = SLUICE_ERR_CONFIG;
    yaml_close(document);
    if (err)
        sluice_config_free(loaded);
    else
        *config = loaded;
    return err;
}

void sluice_config_free(struct sluice_config *config)
{
    if (!config)
        return;
    for (size_t i = 0; i < config->tenant_count; i++)
        free(config->tenants[i].policies);
    for (size_t i = 0; i < config->input_count; i++)
        free(config->inputs[i].organisations);
    free(config);
}

const struct sluice_tenant_config *sluice_config_tenant(const struct sluice_config *config, const char *name)
{
    for (size_t i = 0; i < config->tenant_count; i++)
        if (strcmp(config->tenants[i].name, name) == 0)
            return &config->tenants[i];
    return NULL;
}
