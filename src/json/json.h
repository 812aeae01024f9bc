/* One JSON element as a flat list of its values, in the order they are
 * written. Only src/json/ includes <yajl/yajl_parse.h>. No I/O; nothing is
 * allocated after json_parser_new.
 *
 * Numbers stay the text they were written as: what is billed never passes
 * through a float. */
#ifndef JSON_JSON_H
#define JSON_JSON_H

#include <stddef.h>
#include <stdint.h>
#include "sluice/err.h"
#include "sluice/reason.h"
#include "sluice/record.h"
#include "sluice/str.h"

#define JSON_DEPTH_MAX 16                       /* objects and arrays within one another */
#define JSON_NODES_MAX 512                      /* values of one element, containers included */
#define JSON_SIZE_MAX  SLUICE_RECORD_SIZE_MAX   /* bytes of one element */

enum json_kind { JSON_NULL, JSON_BOOLEAN, JSON_NUMBER, JSON_STRING, JSON_OBJECT, JSON_ARRAY };

struct json_node {
    struct sluice_str name;   /* of a member, unescaped; empty for array items and the element itself */
    struct sluice_str text;   /* string unescaped; number, true, false as written; else empty */
    uint32_t hash;            /* json_name_hash of name */
    uint32_t offset;          /* bytes into the element at which the value starts */
    uint16_t end;             /* index behind its last descendant: the next sibling, if there is one */
    uint8_t kind;             /* enum json_kind */
};

struct json_parser;

SLUICE_MUST_CHECK
enum sluice_err json_parser_new(struct json_parser **parser);
void json_parser_free(struct json_parser *parser);

/** Take one element apart; white space around it is allowed.
 *
 *  Out: nodes    the element itself first, each container before what is in it;
 *                valid until the next call, their texts as long as element and scratch
 *       count    of nodes
 *       fault    bytes into element of what is wrong, 0 when not known
 *  In:  scratch  as many bytes as element: unescaped strings lie there; NULL
 *                says that element holds no backslash
 *  Returns SLUICE_REASON_NONE, UNDECODABLE (no JSON, no UTF-8, or more than one
 *  value), TOO_LARGE (bytes or values), TOO_DEEP, DUPLICATE_FIELD (two members
 *  of an object with one name), BAD_TEXT (half of a surrogate pair). */
enum sluice_reason json_parse(struct json_parser *parser, const struct json_node **nodes, size_t *count,
                              uint32_t *fault, char *scratch, struct sluice_str element);

/** The member of that name of the object at nodes[object]; NULL when it is no object or has none. */
const struct json_node *json_member(const struct json_node *nodes, size_t object, const char *name);

/** Names in tables of our own are found by it. */
uint32_t json_name_hash(struct sluice_str name);

/* A file of one object a line, for registries: read once, line by line. */
struct json_lines;

/** Returns SLUICE_ERR_MISSING, _ACCESS, _IO, _MEMORY. */
SLUICE_MUST_CHECK
enum sluice_err json_lines_open(struct json_lines **lines, const char *path);
void json_lines_close(struct json_lines *lines);

struct json_line {
    uint64_t number;                /* 1-based */
    enum sluice_reason reason;      /* NONE, or why there are no nodes: as json_parse, and WRONG_TYPE where it is no object */
    const struct json_node *nodes;  /* valid until the next line is taken */
    size_t count;
};

/** The next line that is not blank.
 *  Returns 1 with *line set, 0 at the end, -1 when reading failed (*err says why). */
int json_lines_next(struct json_lines *lines, struct json_line *line, enum sluice_err *err);

#endif
