/* The purposes of all policies, as the retention of epochs needs them. */
#include <stdlib.h>

#include "sluice/keep.h"

static enum sluice_err add_version(struct sluice_keep_policies *policies, const char *tenant,
                                   struct sluice_policy *version)
{
    struct sluice_policy **versions =
        realloc(policies->versions, (policies->version_count + 1) * sizeof(struct sluice_policy *));
    if (!versions) {
        sluice_policy_free(version);
        return SLUICE_ERR_MEMORY;
    }
    policies->versions = versions;
    policies->versions[policies->version_count++] = version;
    if (version->purpose_count == 0)
        return SLUICE_OK;

    const size_t count = policies->purpose_count + version->purpose_count;
    struct sluice_keep_purpose *purposes = realloc(policies->purposes, count * sizeof *purposes);
    if (!purposes)
        return SLUICE_ERR_MEMORY;
    policies->purposes = purposes;
    for (size_t i = 0; i < version->purpose_count; i++)
        policies->purposes[policies->purpose_count++] =
            (struct sluice_keep_purpose){ tenant, &version->purposes[i] };
    return SLUICE_OK;
}

static enum sluice_err load_file(struct sluice_keep_policies *policies, struct sluice_findings *findings,
                                 const char *tenant, const char *path, int64_t now_us)
{
    struct sluice_policy *versions[SLUICE_POLICY_VERSIONS_MAX];
    size_t count = 0;

    enum sluice_err err = sluice_policy_load_versions(versions, &count, findings, path, now_us);
    for (size_t i = 0; i < count; i++) {
        const enum sluice_err add_err = add_version(policies, tenant, versions[i]);

        if (!err)
            err = add_err;
    }
    return err;
}

enum sluice_err sluice_keep_policies_load(struct sluice_keep_policies *policies, struct sluice_findings *findings,
                                          const struct sluice_config *config, int64_t now_us)
{
    enum sluice_err err = SLUICE_OK;

    *policies = (struct sluice_keep_policies){ 0 };
    for (size_t i = 0; !err && i < config->tenant_count; i++)
        for (size_t k = 0; !err && k < config->tenants[i].policy_count; k++)
            err = load_file(policies, findings, config->tenants[i].name, config->tenants[i].policies[k], now_us);
    if (err)
        sluice_keep_policies_free(policies);
    return err;
}

void sluice_keep_policies_free(struct sluice_keep_policies *policies)
{
    for (size_t i = 0; i < policies->version_count; i++)
        sluice_policy_free(policies->versions[i]);
    free(policies->versions);
    free(policies->purposes);
    *policies = (struct sluice_keep_policies){ 0 };
}
