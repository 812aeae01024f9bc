#include "gate/tenant.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sluice/wire.h"

void tenant_init(struct tenant *tenant, const char *name, struct sluice_vault *vault)
{
    memset(tenant, 0, sizeof *tenant);
    tenant->name_len = strlen(name);
    memcpy(tenant->name, name, tenant->name_len + 1);
    sluice_vault_tenant_key(vault, tenant->hash_key, name);
    slots_init(&tenant->subjects, 0, 0);
    slots_init(&tenant->links, 1, 0);
    slots_init(&tenant->devices, 0, 0);
    names_init(&tenant->accounts, (size_t)SLUICE_PURPOSES_MAX * SLUICE_HASH_SIZE);
    names_init(&tenant->regions, 0);
}

static void free_versions(struct sluice_policy *versions[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        sluice_policy_free(versions[i]);
}

static void wipe_secrets(struct tenant *tenant)
{
    for (size_t p = 0; p < tenant->purpose_count; p++) {
        struct tenant_purpose *purpose = &tenant->purposes[p];

        if (purpose->secrets)
            sluice_wipe(purpose->secrets, EPOCHS_CACHED * sizeof *purpose->secrets);
        memset(purpose->epochs, 0, sizeof purpose->epochs);
    }
}

void tenant_forget(struct tenant *tenant)
{
    slots_deinit(&tenant->subjects);
    slots_deinit(&tenant->links);
    slots_deinit(&tenant->devices);
    names_deinit(&tenant->accounts);
    wipe_secrets(tenant);
}

void tenant_deinit(struct tenant *tenant)
{
    tenant_drop(tenant);
    tenant_forget(tenant);
    for (size_t p = 0; p < tenant->purpose_count; p++) {
        sluice_secret_free(tenant->purposes[p].secrets, EPOCHS_CACHED * sizeof *tenant->purposes[p].secrets);
        rows_deinit(&tenant->purposes[p].rows);
    }
    names_deinit(&tenant->regions);
    free_versions(tenant->versions, tenant->version_count);
    free(tenant->versions);
    free(tenant->rules);
    sluice_wipe(tenant, sizeof *tenant);
}

static int by_effective(const void *a, const void *b)
{
    const struct sluice_policy *const *x = a, *const *y = b;

    return ((*x)->effective_at_us > (*y)->effective_at_us) - ((*x)->effective_at_us < (*y)->effective_at_us);
}

/* Among those of the versions in force and the first ones of the next. */
static bool has_purpose(const struct tenant *tenant, const char *name)
{
    for (size_t p = 0; p < tenant->next.purpose_count; p++)
        if (strcmp(tenant->purposes[p].name, name) == 0)
            return true;
    return false;
}

static enum sluice_err add_purpose(struct tenant *tenant, struct sluice_vault *vault, const char *name)
{
    struct tenant_purpose purpose = { .lane = LANE_NONE, .device_lane = LANE_NONE, .token = LANE_NONE };
    enum sluice_err err;

    if (has_purpose(tenant, name))
        return SLUICE_OK;
    if (tenant->next.purpose_count == SLUICE_PURPOSES_MAX)
        return SLUICE_ERR_LIMIT;
    memcpy(purpose.name, name, strlen(name) + 1);
    err = sluice_vault_purpose_index(vault, tenant->name, name, &purpose.index);
    if (!err)
        err = sluice_vault_purpose_tag_key(vault, purpose.tag_key, tenant->name, purpose.index);
    if (err)
        return err;
    purpose.secrets = sluice_secret_alloc(EPOCHS_CACHED * sizeof *purpose.secrets);
    if (!purpose.secrets)
        return SLUICE_ERR_MEMORY;
    tenant->purposes[tenant->next.purpose_count++] = purpose;
    return SLUICE_OK;
}

static bool uses(const struct sluice_purpose *purpose, enum sluice_field field, enum sluice_transform transform)
{
    for (size_t i = 0; i < purpose->projection_count; i++)
        if (purpose->projections[i].field == field && purpose->projections[i].transform == transform)
            return true;
    return false;
}

static bool uses_token(const struct sluice_purpose *purpose)
{
    return uses(purpose, SLUICE_FIELD_ICCID, SLUICE_TRANSFORM_TOKEN) ||
           uses(purpose, SLUICE_FIELD_IMSI, SLUICE_TRANSFORM_TOKEN);
}

/* Slots have a lane for each purpose that some version gives a pseudonym. A
 * pseudonym a record needs none: nothing of it is kept. */
static void assign_lanes(struct tenant *tenant)
{
    size_t lanes = 0, device_lanes = 1, tokens = 0;

    for (size_t p = 0; p < tenant->purpose_count; p++) {
        struct tenant_purpose *purpose = &tenant->purposes[p];

        if (purpose->index >= tenant->secret_count)
            tenant->secret_count = (uint8_t)(purpose->index + 1);
        purpose->lane = purpose->device_lane = purpose->token = LANE_NONE;
        for (size_t v = 0; v < tenant->version_count; v++) {
            const struct sluice_purpose *declared = sluice_policy_purpose(tenant->versions[v], purpose->name);

            if (!declared || declared->anonymous)
                continue;
            if (declared->epoch_kind == SLUICE_EPOCH_RECORD) {
                purpose->mixed = true;
                purpose->stream_known = false;
                continue;
            }
            const bool token = uses_token(declared);
            if (purpose->lane == LANE_NONE &&
                (token || uses(declared, SLUICE_FIELD_SUBJECT, SLUICE_TRANSFORM_PSEUDONYM)))
                purpose->lane = (uint8_t)lanes++;
            if (purpose->token == LANE_NONE && token)
                purpose->token = (uint8_t)tokens++;
            if (purpose->device_lane == LANE_NONE &&
                uses(declared, SLUICE_FIELD_DEVICE, SLUICE_TRANSFORM_PSEUDONYM))
                purpose->device_lane = (uint8_t)device_lanes++;
        }
    }
    tenant_forget(tenant);
    slots_init(&tenant->subjects, lanes, tokens);
    slots_init(&tenant->devices, device_lanes, 0);
}

static uint8_t *put_field(uint8_t *at, unsigned number, const void *bytes, size_t len)
{
    at = sluice_varint_write(at, number << 3 | 2);
    at = sluice_varint_write(at, len);
    memcpy(at, bytes, len);
    return at + len;
}

static void write_prefix(struct row_prefix *prefix, const struct tenant *tenant, const char *purpose,
                         const uint8_t version[static SLUICE_POLICY_VERSION_SIZE])
{
    uint8_t *at = put_field(prefix->bytes, 1, purpose, strlen(purpose));

    *at++ = 2 << 3;
    prefix->basis_at = (uint8_t)(at - prefix->bytes);
    *at++ = SLUICE_BASIS_NONE;
    at = put_field(at, 3, version, SLUICE_POLICY_VERSION_SIZE);
    at = put_field(at, 4, tenant->name, strlen(tenant->name));
    assert(at <= prefix->bytes + ROW_PREFIX_MAX);
    prefix->len = (uint8_t)(at - prefix->bytes);
}

static void fill_basis(struct tenant *tenant, struct rule *rule, uint8_t region)
{
    for (enum sluice_contract contract = 0; contract < SLUICE_CONTRACT_COUNT; contract++)
        rule->basis[contract][region] =
            (uint8_t)sluice_purpose_basis(&rule->purpose, contract, names_text(&tenant->regions, region));
}

static bool depends_on_region(const struct sluice_basis_rule rules[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (rules[i].region_count)
            return true;
    return false;
}

/* A region that has no number any more must not pass for one that is not known. */
static void fill_basis_beyond(struct rule *rule)
{
    const struct sluice_purpose *purpose = &rule->purpose;
    const bool depends = depends_on_region(purpose->basis_rules, purpose->basis_rule_count) ||
                         depends_on_region(purpose->current_rules, purpose->current_rule_count);

    for (enum sluice_contract contract = 0; contract < SLUICE_CONTRACT_COUNT; contract++)
        rule->basis[contract][REGION_BEYOND] = depends ? SLUICE_BASIS_NONE : rule->basis[contract][0];
}

static void compile_rule(struct tenant *tenant, struct rule *rule, const struct sluice_policy *then,
                         const struct sluice_policy *now, const char *name)
{
    const struct sluice_purpose *declared_then = sluice_policy_purpose(then, name);
    const struct sluice_purpose *declared_now = sluice_policy_purpose(now, name);

    rule->usable = declared_then && declared_now;
    if (!rule->usable)
        return;
    sluice_purpose_intersect(&rule->purpose, declared_now, declared_then);
    write_prefix(&rule->prefix, tenant, name, then->version);
    for (uint32_t region = 0; region <= REGIONS_MAX && (region == 0 || region < tenant->regions.count); region++)
        fill_basis(tenant, rule, (uint8_t)region);
    fill_basis_beyond(rule);
}

/* Declared by a version that was in force, and not by the one that is. */
static bool was_closed(struct sluice_policy *const versions[], size_t current, const char *name)
{
    bool before = false;

    for (size_t v = 0; v < current; v++)
        before |= sluice_policy_purpose(versions[v], name) != NULL;
    return before && !sluice_policy_purpose(versions[current], name);
}

/* NULL: no memory. */
static struct rule *compile(struct tenant *tenant, struct sluice_policy *const versions[], size_t version_count,
                            size_t current, size_t purpose_count)
{
    struct rule *rules = calloc(version_count * purpose_count + 1, sizeof *rules);

    for (size_t p = 0; rules && p < purpose_count; p++) {
        const char *name = tenant->purposes[p].name;
        const enum sluice_outcome absent = was_closed(versions, current, name) ? SLUICE_CLOSED_SINCE
                                                                               : SLUICE_NOT_YET_DECLARED;

        for (size_t v = 0; v < version_count; v++) {
            struct rule *rule = &rules[v * purpose_count + p];

            rule->absent = (uint8_t)absent;
            compile_rule(tenant, rule, versions[v], versions[current], name);
        }
    }
    return rules;
}

static size_t version_at(struct sluice_policy *const versions[], size_t count, int64_t at_us)
{
    size_t version = 0;

    while (version + 1 < count && versions[version + 1]->effective_at_us <= at_us)
        version++;
    return version;
}

size_t tenant_version_at(const struct tenant *tenant, int64_t at_us)
{
    return version_at(tenant->versions, tenant->version_count, at_us);
}

/* What has been in force closes for good: it is followed, never taken back,
 * also where the clock is behind it by now. */
static enum sluice_err choose_current(const struct tenant *tenant, struct tenant_versions *next, int64_t now_us)
{
    const int64_t since_us = tenant->version_count ? tenant->versions[tenant->current]->effective_at_us : INT64_MIN;

    if (next->count == 0 || next->list[0]->effective_at_us > now_us)
        return SLUICE_ERR_POLICY;
    next->current = version_at(next->list, next->count, now_us > since_us ? now_us : since_us);
    return next->list[next->current]->effective_at_us < since_us ? SLUICE_ERR_OLDER : SLUICE_OK;
}

static enum sluice_err add_purposes(struct tenant *tenant, struct sluice_vault *vault)
{
    const struct tenant_versions *next = &tenant->next;
    enum sluice_err err = SLUICE_OK;

    for (size_t v = 0; !err && v < next->count; v++)
        for (size_t p = 0; !err && p < next->list[v]->purpose_count; p++)
            err = add_purpose(tenant, vault, next->list[v]->purposes[p].name);
    return err;
}

enum sluice_err tenant_prepare(struct tenant *tenant, struct sluice_vault *vault, struct sluice_policy *versions[],
                               size_t count, int64_t now_us)
{
    struct tenant_versions *next = &tenant->next;

    assert(!next->list);
    *next = (struct tenant_versions){ .list = malloc((count + 1) * sizeof(struct sluice_policy *)),
                                      .purpose_count = tenant->purpose_count };
    if (!next->list) {
        free_versions(versions, count);
        return SLUICE_ERR_MEMORY;
    }
    next->count = count;
    memcpy(next->list, versions, count * sizeof(struct sluice_policy *));
    qsort(next->list, count, sizeof(struct sluice_policy *), by_effective);
    enum sluice_err err = choose_current(tenant, next, now_us);
    if (!err)
        err = add_purposes(tenant, vault);
    if (!err) {
        next->rules = compile(tenant, next->list, count, next->current, next->purpose_count);
        err = next->rules ? SLUICE_OK : SLUICE_ERR_MEMORY;
    }
    if (err)
        tenant_drop(tenant);
    return err;
}

void tenant_drop(struct tenant *tenant)
{
    struct tenant_versions *next = &tenant->next;

    if (!next->list)
        return;
    /* The purposes behind those in force were added for these versions. */
    while (next->purpose_count > tenant->purpose_count) {
        struct tenant_purpose *purpose = &tenant->purposes[--next->purpose_count];

        sluice_secret_free(purpose->secrets, EPOCHS_CACHED * sizeof *purpose->secrets);
        sluice_wipe(purpose, sizeof *purpose);
    }
    free_versions(next->list, next->count);
    free(next->list);
    free(next->rules);
    *next = (struct tenant_versions){ .list = NULL };
}

void tenant_take(struct tenant *tenant)
{
    const struct tenant_versions next = tenant->next;

    if (!next.list)
        return;
    free_versions(tenant->versions, tenant->version_count);
    free(tenant->versions);
    free(tenant->rules);
    tenant->versions = next.list;
    tenant->version_count = next.count;
    tenant->current = next.current;
    tenant->rules = next.rules;
    tenant->purpose_count = next.purpose_count;
    tenant->next = (struct tenant_versions){ .list = NULL };
    assign_lanes(tenant);
}

/* Never back, whatever the clock does. */
enum sluice_err tenant_advance(struct tenant *tenant, int64_t now_us)
{
    const size_t current = tenant_version_at(tenant, now_us);

    if (current <= tenant->current)
        return SLUICE_OK;
    struct rule *rules = compile(tenant, tenant->versions, tenant->version_count, current, tenant->purpose_count);
    if (!rules)
        return SLUICE_ERR_MEMORY;
    free(tenant->rules);
    tenant->rules = rules;
    tenant->current = current;
    return SLUICE_OK;
}

uint8_t tenant_region(struct tenant *tenant, struct sluice_str region)
{
    const uint32_t before = tenant->regions.count;
    /* Records bring texts of their own: no more of them are kept than have a number. */
    const uint32_t number = before > REGIONS_MAX ? names_find(&tenant->regions, region)
                                                 : names_number(&tenant->regions, region);

    if (number > REGIONS_MAX)
        return REGION_BEYOND;
    if (tenant->regions.count != before)
        for (size_t i = 0; i < tenant->version_count * tenant->purpose_count; i++)
            if (tenant->rules[i].usable)
                fill_basis(tenant, &tenant->rules[i], (uint8_t)number);
    return (uint8_t)number;
}

enum sluice_err tenant_epoch(struct tenant *tenant, struct tenant_purpose *purpose, struct sluice_vault *vault,
                             uint32_t number, const struct sluice_epoch_secrets **secrets)
{
    struct epoch *epoch = &purpose->epochs[purpose->epoch_last];
    uint8_t at = purpose->epoch_last;

    if (!epoch->loaded || epoch->number != number) {
        for (at = 0; at < EPOCHS_CACHED; at++)
            if (purpose->epochs[at].loaded && purpose->epochs[at].number == number)
                break;
        if (at == EPOCHS_CACHED) {
            at = purpose->epoch_next;
            purpose->epoch_next = (uint8_t)((at + 1) % EPOCHS_CACHED);
            purpose->epochs[at].loaded = false;

            const enum sluice_err err =
                sluice_vault_epoch(vault, &purpose->secrets[at], tenant->name, purpose->index, number, true);
            if (err && err != SLUICE_ERR_MISSING)
                return err;
            purpose->epochs[at] = (struct epoch){ number, true, err == SLUICE_ERR_MISSING };
        }
        purpose->epoch_last = at;
    }
    *secrets = purpose->epochs[at].closed ? NULL : &purpose->secrets[at];
    return SLUICE_OK;
}
