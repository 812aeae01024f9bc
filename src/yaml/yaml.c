/* libyaml's events become a tree in one arena. Only what every reader of a
 * configuration understands the same way is let through: YAML's shorthands
 * (anchors, tags, merges) make a file say what its lines do not show. */
#include "yaml/yaml.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "sluice/arena.h"

#define FILE_SIZE_MAX (4u * 1024 * 1024)
#define DEPTH_MAX 32
#define NODES_MAX 65536
#define ARENA_SIZE_MAX (128u * 1024 * 1024)

struct yaml_document {
    struct sluice_arena arena;
    struct yaml_node *root;
    struct sluice_str bytes;
    struct sluice_str file; /* with its NUL */
};

struct reader {
    yaml_parser_t parser;
    struct yaml_document *document;
    struct sluice_findings *findings;
    const char *name;
    size_t node_count;
};

static enum sluice_err refuse(struct reader *reader, yaml_mark_t mark, const char *rule, const char *text)
{
    sluice_findings_add(reader->findings, SLUICE_FINDING_ERROR, rule, reader->name, (unsigned)mark.line + 1,
                        (unsigned)mark.column + 1, "%s", text);
    return SLUICE_ERR_FORMAT;
}

/* libyaml's problems are fixed sentences: nothing of the input is in them. */
static enum sluice_err refuse_syntax(struct reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;

    if (parser->error == YAML_MEMORY_ERROR)
        return SLUICE_ERR_MEMORY;
    sluice_findings_add(reader->findings, SLUICE_FINDING_ERROR, "yaml-syntax", reader->name,
                        (unsigned)parser->problem_mark.line + 1, (unsigned)parser->problem_mark.column + 1,
                        "this is not YAML: %s", parser->problem ? parser->problem : "unreadable");
    return SLUICE_ERR_FORMAT;
}

static enum sluice_err next_event(struct reader *reader, yaml_event_t *event)
{
    return yaml_parser_parse(&reader->parser, event) ? SLUICE_OK : refuse_syntax(reader);
}

static enum sluice_err check_decoration(struct reader *reader, const yaml_event_t *event,
                                        const yaml_char_t *anchor, const yaml_char_t *tag)
{
    if (anchor)
        return refuse(reader, event->start_mark, "yaml-anchor",
                      "write the value out instead of using an anchor");
    if (tag)
        return refuse(reader, event->start_mark, "yaml-tag", "leave the tag away; types follow from the key");
    return SLUICE_OK;
}

/* Findings are printed on terminals: a control character in a text could
 * rewrite what the terminal shows. */
static bool is_plain_text(const yaml_char_t *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((text[i] < 0x20 && text[i] != '\n' && text[i] != '\t') || text[i] == 0x7f)
            return false;
    return true;
}

static enum sluice_err take_scalar(struct reader *reader, const char **text, const yaml_event_t *event)
{
    enum sluice_err err = check_decoration(reader, event, event->data.scalar.anchor, event->data.scalar.tag);
    if (err)
        return err;
    if (!is_plain_text(event->data.scalar.value, event->data.scalar.length))
        return refuse(reader, event->start_mark, "yaml-text", "take the control character out of this text");

    char *copy = sluice_arena_alloc(&reader->document->arena, event->data.scalar.length + 1);
    if (!copy)
        return SLUICE_ERR_MEMORY;
    memcpy(copy, event->data.scalar.value, event->data.scalar.length);
    copy[event->data.scalar.length] = '\0';
    *text = copy;
    return SLUICE_OK;
}

/* The next child of a collection, zeroed, in an array that doubles in the arena. */
static struct yaml_node *append_child(struct reader *reader, struct yaml_node **list, size_t *count,
                                      size_t *capacity)
{
    if (*count == *capacity) {
        const size_t grown = *capacity ? *capacity * 2 : 8;
        struct yaml_node *copy = sluice_arena_alloc(&reader->document->arena, grown * sizeof *copy);

        if (!copy)
            return NULL;
        if (*count)
            memcpy(copy, *list, *count * sizeof *copy);
        *list = copy;
        *capacity = grown;
    }
    struct yaml_node *child = &(*list)[(*count)++];
    *child = (struct yaml_node){ 0 };
    return child;
}

static int compare_keys(const void *a, const void *b)
{
    const struct yaml_node *const *left = a;
    const struct yaml_node *const *right = b;
    const int order = strcmp((*left)->key, (*right)->key);

    return order ? order : (*left < *right ? -1 : *left > *right);
}

static enum sluice_err check_duplicates(struct reader *reader, const struct yaml_node *mapping)
{
    const struct yaml_node **sorted = malloc((mapping->count + 1) * sizeof *sorted);
    enum sluice_err err = SLUICE_OK;

    if (!sorted)
        return SLUICE_ERR_MEMORY;
    for (size_t i = 0; i < mapping->count; i++)
        sorted[i] = &mapping->children[i];
    qsort(sorted, mapping->count, sizeof *sorted, compare_keys);
    for (size_t i = 1; i < mapping->count && !err; i++)
        if (strcmp(sorted[i - 1]->key, sorted[i]->key) == 0) {
            sluice_findings_add(reader->findings, SLUICE_FINDING_ERROR, "yaml-duplicate-key", reader->name,
                                sorted[i]->key_line, sorted[i]->key_column,
                                "take one of the two away: this key stands on line %u already",
                                sorted[i - 1]->key_line);
            err = SLUICE_ERR_FORMAT;
        }
    free(sorted);
    return err;
}

static enum sluice_err read_node(struct reader *reader, struct yaml_node *node, const yaml_event_t *event,
                                 unsigned depth);

/* One key of a mapping, whose event is given, and the value that follows it. */
static enum sluice_err read_pair(struct reader *reader, struct yaml_node *child, const yaml_event_t *key,
                                 unsigned depth)
{
    if (key->type != YAML_SCALAR_EVENT)
        return refuse(reader, key->start_mark, "yaml-key", "use a plain word as the key");
    enum sluice_err err = take_scalar(reader, &child->key, key);
    if (err)
        return err;
    child->key_line = (unsigned)key->start_mark.line + 1;
    child->key_column = (unsigned)key->start_mark.column + 1;

    yaml_event_t value;
    err = next_event(reader, &value);
    if (err)
        return err;
    err = read_node(reader, child, &value, depth);
    yaml_event_delete(&value);
    return err;
}

static enum sluice_err read_collection(struct reader *reader, struct yaml_node *node, unsigned depth)
{
    const yaml_event_type_t end =
        node->kind == YAML_MAPPING ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;
    struct yaml_node *list = NULL;
    size_t capacity = 0;
    bool more = true;
    enum sluice_err err = SLUICE_OK;

    while (more && !err) {
        yaml_event_t event;

        err = next_event(reader, &event);
        if (err)
            return err;
        if (event.type == end) {
            more = false;
        } else {
            struct yaml_node *child = append_child(reader, &list, &node->count, &capacity);

            if (!child)
                err = SLUICE_ERR_MEMORY;
            else if (node->kind == YAML_MAPPING)
                err = read_pair(reader, child, &event, depth);
            else
                err = read_node(reader, child, &event, depth);
        }
        yaml_event_delete(&event);
    }
    node->children = list;
    return err || node->kind != YAML_MAPPING ? err : check_duplicates(reader, node);
}

static enum sluice_err read_node(struct reader *reader, struct yaml_node *node, const yaml_event_t *event,
                                 unsigned depth)
{
    enum sluice_err err;

    node->file = reader->document->file.bytes;
    node->line = (unsigned)event->start_mark.line + 1;
    node->column = (unsigned)event->start_mark.column + 1;
    if (++reader->node_count > NODES_MAX)
        return refuse(reader, event->start_mark, "yaml-size",
                      "split the file: it has more than 65536 values");

    switch (event->type) {
    case YAML_SCALAR_EVENT:
        node->kind = YAML_SCALAR;
        node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
        return take_scalar(reader, &node->text, event);
    case YAML_SEQUENCE_START_EVENT:
        node->kind = YAML_SEQUENCE;
        err = check_decoration(reader, event, event->data.sequence_start.anchor,
                               event->data.sequence_start.tag);
        break;
    case YAML_MAPPING_START_EVENT:
        node->kind = YAML_MAPPING;
        err =
            check_decoration(reader, event, event->data.mapping_start.anchor, event->data.mapping_start.tag);
        break;
    case YAML_ALIAS_EVENT:
        return refuse(reader, event->start_mark, "yaml-anchor",
                      "write the value out instead of using an alias");
    default:
        return refuse(reader, event->start_mark, "yaml-syntax", "a value is missing here");
    }
    if (!err && depth == DEPTH_MAX)
        err = refuse(reader, event->start_mark, "yaml-nesting", "nest less deeply: 32 levels are allowed");
    return err ? err : read_collection(reader, node, depth + 1);
}

/* Reads past the starts of stream and document, then the one value. */
static enum sluice_err read_document(struct reader *reader)
{
    yaml_event_t event;
    enum sluice_err err;
    yaml_event_type_t type;

    do {
        err = next_event(reader, &event);
        if (err)
            return err;
        type = event.type;
        if (type == YAML_STREAM_END_EVENT)
            err = refuse(reader, event.start_mark, "yaml-empty", "the file says nothing; write its keys");
        else if (type != YAML_STREAM_START_EVENT && type != YAML_DOCUMENT_START_EVENT)
            err = read_node(reader, reader->document->root, &event, 0);
        yaml_event_delete(&event);
    } while (!err && (type == YAML_STREAM_START_EVENT || type == YAML_DOCUMENT_START_EVENT));
    return err;
}

static enum sluice_err expect_end(struct reader *reader)
{
    yaml_event_t event;
    enum sluice_err err;
    yaml_event_type_t type;

    do {
        err = next_event(reader, &event);
        if (err)
            return err;
        type = event.type;
        if (type == YAML_DOCUMENT_START_EVENT)
            err = refuse(reader, event.start_mark, "yaml-documents",
                         "put a second document into a file of its own");
        yaml_event_delete(&event);
    } while (!err && type != YAML_STREAM_END_EVENT);
    return err;
}

enum sluice_err yaml_parse(struct yaml_document **document, struct sluice_findings *findings,
                           const char *name, const char *bytes, size_t len)
{
    struct reader reader = { .findings = findings, .name = name };
    enum sluice_err err = SLUICE_ERR_MEMORY;

    *document = NULL;
    if (len > FILE_SIZE_MAX) {
        sluice_findings_add(findings, SLUICE_FINDING_ERROR, "yaml-size", name, 0, 0,
                            "split the file: it is larger than 4 MiB");
        return SLUICE_ERR_FORMAT;
    }
    if (!yaml_parser_initialize(&reader.parser))
        return SLUICE_ERR_MEMORY;
    reader.document = calloc(1, sizeof *reader.document);
    if (!reader.document)
        goto out;
    sluice_arena_init(&reader.document->arena, ARENA_SIZE_MAX);
    reader.document->root = sluice_arena_alloc(&reader.document->arena, sizeof *reader.document->root);
    reader.document->bytes = sluice_arena_copy(&reader.document->arena, (struct sluice_str){ bytes, len });
    reader.document->file =
        sluice_arena_copy(&reader.document->arena, (struct sluice_str){ name, strlen(name) + 1 });
    if (!reader.document->root || !reader.document->bytes.bytes || !reader.document->file.bytes)
        goto out;
    *reader.document->root = (struct yaml_node){ 0 };

    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)bytes, len);
    err = read_document(&reader);
    if (!err)
        err = expect_end(&reader);
out:
    yaml_parser_delete(&reader.parser);
    if (err)
        yaml_close(reader.document);
    else
        *document = reader.document;
    return err;
}

static enum sluice_err refuse_file(struct sluice_findings *findings, const char *path, int saved_errno)
{
    sluice_findings_add(findings, SLUICE_FINDING_ERROR, "file", path, 0, 0, "this file cannot be read: %s",
                        strerror(saved_errno));
    return sluice_err_from_errno(saved_errno);
}

enum sluice_err yaml_open(struct yaml_document **document, struct sluice_findings *findings, const char *path)
{
    enum sluice_err err = SLUICE_ERR_MEMORY;
    FILE *file = fopen(path, "re");

    *document = NULL;
    if (!file)
        return refuse_file(findings, path, errno);

    /* One byte more than allowed, so that a file too large shows as such. */
    char *bytes = malloc(FILE_SIZE_MAX + 1);
    if (bytes) {
        const size_t len = fread(bytes, 1, FILE_SIZE_MAX + 1, file);

        err = ferror(file) ? refuse_file(findings, path, errno)
                           : yaml_parse(document, findings, path, bytes, len);
    }
    free(bytes);
    fclose(file);
    return err;
}

void yaml_close(struct yaml_document *document)
{
    if (!document)
        return;
    sluice_arena_deinit(&document->arena);
    free(document);
}

const struct yaml_node *yaml_root(const struct yaml_document *document)
{
    return document->root;
}

struct sluice_str yaml_bytes(const struct yaml_document *document)
{
    return document->bytes;
}

const struct yaml_node *yaml_get(const struct yaml_node *node, const char *key)
{
    if (!node || node->kind != YAML_MAPPING)
        return NULL;
    for (size_t i = 0; i < node->count; i++)
        if (strcmp(node->children[i].key, key) == 0)
            return &node->children[i];
    return NULL;
}
