#include "feed/paths.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "feed/secret.h"

#define NODES_MAX   384
#define INDEX_COUNT 2048   /* a power of two, mostly empty */

struct path_tree {
    size_t count;
    uint32_t items_hash;
    struct path_node nodes[NODES_MAX];
    uint16_t index[INDEX_COUNT];          /* by parent and name; 0: free */
};

static const struct sluice_str items_name = { "[]", 2 };

static size_t first_slot(uint16_t parent, uint32_t hash)
{
    return (hash ^ (uint32_t)parent * 0x9e3779b1u) & (INDEX_COUNT - 1);
}

uint16_t path_child(const struct path_tree *tree, uint16_t parent, struct sluice_str name, uint32_t hash)
{
    for (size_t at = first_slot(parent, hash); tree->index[at]; at = (at + 1) & (INDEX_COUNT - 1)) {
        const struct path_node *node = &tree->nodes[tree->index[at]];

        if (node->hash == hash && node->parent == parent && node->name_len == name.len &&
            memcmp(node->name, name.bytes, name.len) == 0)
            return tree->index[at];
    }
    return 0;
}

uint16_t path_items(const struct path_tree *tree, uint16_t parent)
{
    return path_child(tree, parent, items_name, tree->items_hash);
}

const struct path_node *path_node(const struct path_tree *tree, uint16_t node)
{
    return &tree->nodes[node];
}

static uint16_t add_child(struct path_tree *tree, uint16_t parent, struct sluice_str name)
{
    const uint32_t hash = json_name_hash(name);
    const uint16_t known = path_child(tree, parent, name, hash);
    size_t at = first_slot(parent, hash);

    if (known)
        return known;
    assert(tree->count < NODES_MAX);
    while (tree->index[at])
        at = (at + 1) & (INDEX_COUNT - 1);
    tree->nodes[tree->count] =
        (struct path_node){ .name = name.bytes, .name_len = name.len, .hash = hash, .parent = parent,
                            .secret = (uint8_t)secret_of_name(name) };
    tree->index[at] = (uint16_t)tree->count;
    return (uint16_t)tree->count++;
}

static void add_row(struct path_tree *tree, const struct path_row *row)
{
    uint16_t node = PATH_ROOT;
    const char *at = row->path;

    for (;;) {
        const size_t len = strcspn(at, ".");
        const struct sluice_str name = { at, len };
        const enum json_kind container = sluice_str_equal(name, items_name) ? JSON_ARRAY : JSON_OBJECT;

        tree->nodes[node].kinds |= (uint8_t)(1u << container);
        tree->nodes[node].taken |= row->slot != 0;
        node = add_child(tree, node, name);
        if (at[len] == '\0')
            break;
        at += len + 1;
    }
    assert(!tree->nodes[node].known && !tree->nodes[node].slot);   /* each path has one row */
    tree->nodes[node].slot = row->slot;
    tree->nodes[node].kinds |= row->kinds;
    tree->nodes[node].known = row->slot == 0;
    tree->nodes[node].taken |= row->slot != 0;
}

enum sluice_err path_tree_new(struct path_tree **tree, const struct path_row rows[], size_t count)
{
    struct path_tree *made = calloc(1, sizeof *made);

    if (!made)
        return SLUICE_ERR_MEMORY;
    made->count = 1;   /* the root */
    made->items_hash = json_name_hash(items_name);
    for (size_t i = 0; i < count; i++)
        add_row(made, &rows[i]);
    *tree = made;
    return SLUICE_OK;
}

void path_tree_free(struct path_tree *tree)
{
    free(tree);
}
