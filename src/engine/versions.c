/* A tenant's policy versions from its files into the gate. */
#include "engine/versions.h"

#include <stdlib.h>
#include <string.h>

#include "sluice/feed.h"

static enum sluice_err load_all(struct sluice_policy *versions[], size_t *count, struct sluice_findings *findings,
                                const struct sluice_tenant_config *tenant, int64_t now_us)
{
    enum sluice_err result = SLUICE_OK;

    for (size_t i = 0; i < tenant->policy_count; i++) {
        const char *path = tenant->policies[i];
        size_t added = 0;
        const enum sluice_err err = sluice_policy_load_versions(versions + *count, &added, findings, path, now_us);

        if (err) {
            result = err;
            continue;   /* say everything that is wrong, not the first thing only */
        }
        *count += added;
        if (added && strcmp(versions[*count - 1]->tenant, tenant->name) != 0) {
            sluice_findings_add(findings, SLUICE_FINDING_ERROR, "policy-tenant", path, 0, 0,
                                "the policy is of another tenant than %s, which sluice.yaml gives it to; "
                                "make 'tenant' and the key under 'tenants' the same", tenant->name);
            result = SLUICE_ERR_POLICY;
        }
    }
    return result;
}

static void say_none_in_force(struct sluice_findings *findings, const struct sluice_tenant_config *tenant)
{
    sluice_findings_add(findings, SLUICE_FINDING_ERROR, "policy-in-force", tenant->policies[0], 0, 0,
                        "no version of tenant %s is in force yet; give it one whose effective_at has come",
                        tenant->name);
}

static void free_all(struct sluice_policy *versions[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        sluice_policy_free(versions[i]);
}

/* What one tenant prohibits no input may carry. It holds from here on, also
 * where the versions are not taken after all: a name too many drops, never opens. */
static enum sluice_err prohibit(struct sluice_findings *findings, const struct sluice_tenant_config *tenant,
                                struct sluice_policy *const versions[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < versions[i]->prohibited_count; k++) {
            if (sluice_feed_prohibit(sluice_str_from(versions[i]->prohibited[k])))
                continue;
            sluice_findings_add(findings, SLUICE_FINDING_ERROR, "prohibited-limit", tenant->policies[0], 0, 0,
                                "the policies of all tenants prohibit too many names together; take some out");
            return SLUICE_ERR_LIMIT;
        }
    return SLUICE_OK;
}

static void say_why(struct sluice_findings *findings, const struct sluice_tenant_config *tenant, enum sluice_err err)
{
    if (err == SLUICE_ERR_POLICY)
        say_none_in_force(findings, tenant);
    else if (err == SLUICE_ERR_LIMIT)
        sluice_findings_add(findings, SLUICE_FINDING_ERROR, "purpose-limit", tenant->policies[0], 0, 0,
                            "tenant %s has more than %d purposes over all its versions; each keeps its place for good",
                            tenant->name, SLUICE_PURPOSES_MAX);
    else if (err == SLUICE_ERR_OLDER)
        sluice_findings_add(findings, SLUICE_FINDING_ERROR, "policy-back", tenant->policies[0], 0, 0,
                            "the version of tenant %s that is in force is not among its files any more, and what it "
                            "closed stays closed; put it back, or give a version a later effective_at",
                            tenant->name);
}

static enum sluice_err prepare(struct sluice_gate *gate, struct sluice_findings *findings,
                               const struct sluice_tenant_config *tenant, int64_t now_us)
{
    struct sluice_policy *versions[SLUICE_POLICY_FILES_MAX * SLUICE_POLICY_VERSIONS_MAX];
    size_t count = 0;
    enum sluice_err err = load_all(versions, &count, findings, tenant, now_us);

    if (err) {
        free_all(versions, count);
        return err;
    }
    sluice_policy_order(versions, &count);
    err = prohibit(findings, tenant, versions, count);
    if (err) {
        free_all(versions, count);
        return err;
    }
    err = sluice_gate_prepare_policies(gate, tenant->name, versions, count, now_us);
    say_why(findings, tenant, err);
    return err;
}

enum sluice_err versions_load(struct sluice_gate *gate, struct sluice_findings *findings,
                              const struct sluice_config *config, int64_t now_us)
{
    enum sluice_err result = SLUICE_OK;

    /* Say what is wrong with each of them. */
    for (size_t t = 0; t < config->tenant_count; t++) {
        const enum sluice_err err = prepare(gate, findings, &config->tenants[t], now_us);

        if (err)
            result = err;
    }
    if (result)
        sluice_gate_drop_policies(gate);
    else
        sluice_gate_take_policies(gate);
    return result;
}

void versions_check(struct sluice_findings *findings, const struct sluice_tenant_config *tenant, int64_t now_us)
{
    struct sluice_policy *versions[SLUICE_POLICY_FILES_MAX * SLUICE_POLICY_VERSIONS_MAX];
    size_t count = 0;
    bool in_force = false;

    if (!load_all(versions, &count, findings, tenant, now_us)) {
        for (size_t i = 0; i < count; i++)
            in_force |= versions[i]->effective_at_us <= now_us;
        if (!in_force)
            say_none_in_force(findings, tenant);
    }
    free_all(versions, count);
}
