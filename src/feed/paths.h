/* Which members of a JSON record are taken, known or unknown: a table of
 * dotted paths, made once into a tree that a record is walked along.
 * Items of an array stand in a path as []. */
#ifndef FEED_PATHS_H
#define FEED_PATHS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "json/json.h"
#include "sluice/err.h"

/* Kinds of values that a row takes; others are a WRONG_TYPE. null is always absent. */
#define PATH_TEXT   (1u << JSON_STRING)
#define PATH_NUMBER (1u << JSON_NUMBER)

struct path_row {
    const char *path;
    uint8_t slot;      /* what is taken; 0: known, not taken, with all that is in it */
    uint8_t kinds;     /* PATH_*; only of what is taken */
};

struct path_node {
    const char *name;
    size_t name_len;
    uint32_t hash;
    uint16_t parent;
    uint8_t slot;
    uint8_t kinds;     /* of slot, and objects or arrays where other rows go deeper */
    bool known;        /* has a row of its own that takes nothing */
    bool taken;        /* something at it or below it is taken */
    uint8_t secret;    /* enum secret: what its name tells, where a policy prohibits it */
};

struct path_tree;

/** In: rows  borrowed. Returns SLUICE_ERR_MEMORY. */
SLUICE_MUST_CHECK
enum sluice_err path_tree_new(struct path_tree **tree, const struct path_row rows[], size_t count);
void path_tree_free(struct path_tree *tree);

#define PATH_ROOT 0
/** The node of that name below a node; 0 where there is none. */
uint16_t path_child(const struct path_tree *tree, uint16_t parent, struct sluice_str name, uint32_t hash);
/** The node of an array's items; 0 where no row speaks of them. */
uint16_t path_items(const struct path_tree *tree, uint16_t parent);
const struct path_node *path_node(const struct path_tree *tree, uint16_t node);

#endif
