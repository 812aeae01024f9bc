/* YAML as a tree that knows where everything stands. Only src/yaml/ includes
 * <yaml.h>. Anchors, aliases, tags and several documents are refused; so are
 * duplicate keys, control characters, nesting beyond 32, more than 65 536 values
 * and files beyond 4 MiB. */
#ifndef YAML_YAML_H
#define YAML_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "sluice/err.h"
#include "sluice/policy.h"
#include "sluice/str.h"

enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

struct yaml_node {
    enum yaml_kind kind;
    const char *file;                /* as given when it was opened: for findings */
    unsigned line;                   /* 1-based */
    unsigned column;                 /* 1-based */
    bool quoted;                     /* scalar: written in quotes */
    const char *text;                /* scalar: NUL-terminated, no NUL inside */
    const char *key;                 /* of a mapping's child; else NULL */
    unsigned key_line, key_column;
    size_t count;                    /* children of a sequence or mapping */
    const struct yaml_node *children;
};

struct yaml_document;

/** Out: document  free with yaml_close; borrowed by all nodes
 *       findings  what is wrong, with position
 *  Returns SLUICE_OK, SLUICE_ERR_FORMAT (finding added), or an error of reading (finding added). */
SLUICE_MUST_CHECK
enum sluice_err yaml_open(struct yaml_document **document, struct sluice_findings *findings, const char *path);
/** The same from bytes; name stands for the file in findings. */
SLUICE_MUST_CHECK
enum sluice_err yaml_parse(struct yaml_document **document, struct sluice_findings *findings,
                           const char *name, const char *bytes, size_t len);
void yaml_close(struct yaml_document *document);

const struct yaml_node *yaml_root(const struct yaml_document *document);
/** The bytes that the document was read from: what a version is named after. */
struct sluice_str yaml_bytes(const struct yaml_document *document);
/** NULL when node is NULL, no mapping, or has no such key. */
const struct yaml_node *yaml_get(const struct yaml_node *node, const char *key);

#endif
