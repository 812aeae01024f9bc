/* Overlays: a customer's special agreement, or another layer above the
 * general policy. A key that an overlay is silent on keeps the base's value;
 * where two overlays speak, the higher rank wins. */
#include <string.h>

#include "policy/policy_reader.h"
#include "sluice/clock.h"

/* What an agreement may change. Who promises, and since when, is the base's. */
static const char *const open_keys[] = { "min_age", "prohibited", "purposes", "recipients", "unknown_field" };

static void read_format(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    (void)target;
    if (node->kind != YAML_SCALAR || strcmp(node->text, "1") != 0)
        policy_complain(reader, POLICY_RULE_FORMAT_VERSION, node,
                        "write overlay: 1; this program knows no other version of the file");
}

/* Compared with the base's by the caller. */
static void read_tenant(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    const char *name;

    (void)target;
    policy_read_text(reader, &name, node);
}

static void read_id(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    struct policy_overlay *overlay = target;

    policy_read_text(reader, &overlay->id, node);
}

static void read_valid_from(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    struct policy_overlay *overlay = target;

    policy_read_instant(reader, &overlay->valid_from_us, node);
}

static void read_valid_to(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    struct policy_overlay *overlay = target;

    if (policy_read_instant(reader, &overlay->valid_to_us, node) &&
        overlay->valid_to_us <= overlay->valid_from_us)
        policy_complain(reader, POLICY_RULE_OVERLAY_VALIDITY, node, "choose an instant after valid_from");
}

static void read_rank(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    struct policy_overlay *overlay = target;

    policy_read_whole(reader, &overlay->rank, node, 1, 1000);
}

static void read_overrides(struct policy_reader *reader, void *target, const struct yaml_node *node)
{
    (void)target;
    if (node->kind != YAML_MAPPING) {
        policy_complain(reader, POLICY_RULE_VALUE_KIND, node,
                        "write a mapping here, as in the policy itself");
        return;
    }
    for (size_t i = 0; i < node->count; i++) {
        size_t key = 0;

        while (key < sizeof open_keys / sizeof open_keys[0] &&
               strcmp(node->children[i].key, open_keys[key]) != 0)
            key++;
        if (key == sizeof open_keys / sizeof open_keys[0])
            policy_complain_key(reader, POLICY_RULE_OVERLAY_KEY, &node->children[i],
                                "override min_age, prohibited, purposes, recipients and unknown_field only");
    }
}

static const struct policy_key overlay_keys[] = {
    { "overlay", true, read_format },
    { "tenant", true, read_tenant },
    { "id", true, read_id },
    { "valid_from", true, read_valid_from },
    { "valid_to", false, read_valid_to },
    { "rank", true, read_rank },
    { "overrides", true, read_overrides },
};

void policy_read_overlay(struct policy_reader *reader, struct policy_overlay *overlay,
                         const char *base_tenant)
{
    const struct yaml_node *root = yaml_root(overlay->document);
    const struct yaml_node *tenant = yaml_get(root, "tenant");

    overlay->valid_to_us = INT64_MAX;
    policy_read_mapping(reader, overlay, root, overlay_keys, sizeof overlay_keys / sizeof overlay_keys[0]);
    if (tenant && tenant->kind == YAML_SCALAR && base_tenant && strcmp(tenant->text, base_tenant) != 0)
        policy_complain(reader, POLICY_RULE_OVERLAY_TENANT, tenant,
                        "name the policy's own tenant: an overlay touches no other");
}

/* --- merging */

/* Mappings that are lists of things, or of independent terms, are merged key
 * by key. All others (a basis rule, a safeguard, a transform) mean something
 * only as a whole, so they are replaced. depth: 0 root, 1 purposes, 2 one
 * purpose, 3 its keys. */
static bool merges(const struct yaml_node *base, const struct yaml_node *over, unsigned depth)
{
    if (base->kind != YAML_MAPPING || over->kind != YAML_MAPPING)
        return false;
    return depth < 3 ||
           (depth == 3 && (strcmp(over->key, "retention") == 0 || strcmp(over->key, "fields") == 0));
}

static size_t index_of(const struct yaml_node children[], size_t count, const char *key)
{
    size_t index = 0;

    while (index < count && strcmp(children[index].key, key) != 0)
        index++;
    return index;
}

static enum sluice_err merge_mapping(struct sluice_arena *arena, struct yaml_node *merged,
                                     const struct yaml_node *base, const struct yaml_node *over,
                                     unsigned depth)
{
    struct yaml_node *children =
        sluice_arena_alloc(arena, (base->count + over->count + 1) * sizeof *children);
    enum sluice_err err = SLUICE_OK;
    size_t count = base->count;

    if (!children)
        return SLUICE_ERR_MEMORY;
    if (base->count)
        memcpy(children, base->children, base->count * sizeof *children);
    for (size_t i = 0; i < over->count && !err; i++) {
        const struct yaml_node *child = &over->children[i];
        const size_t index = index_of(children, base->count, child->key);

        if (index == base->count)
            children[count++] = *child;
        else if (merges(&children[index], child, depth + 1))
            err = merge_mapping(arena, &children[index], &base->children[index], child, depth + 1);
        else
            children[index] = *child;
    }
    *merged = *base;
    merged->children = children;
    merged->count = count;
    return err;
}

enum sluice_err policy_merge(struct sluice_policy_words *words)
{
    const struct yaml_node *root = yaml_root(words->documents[0]);
    enum sluice_err err = SLUICE_OK;

    for (size_t i = 1; i < words->document_count && !err; i++) {
        const struct yaml_node *overrides = yaml_get(yaml_root(words->documents[i]), "overrides");
        struct yaml_node *merged = sluice_arena_alloc(&words->arena, sizeof *merged);

        if (!merged)
            return SLUICE_ERR_MEMORY;
        if (!overrides || !merges(root, overrides, 0))
            continue; /* said already */
        err = merge_mapping(&words->arena, merged, root, overrides, 0);
        root = merged;
    }
    words->root = root;
    return err;
}
