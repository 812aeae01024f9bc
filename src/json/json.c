/* yajl calls back value by value; the callbacks write them down as a list.
 *
 * One yajl handle takes element after element (yajl_allow_multiple_values), so
 * a steady state allocates nothing. What yajl allocates lies in a pool of
 * fixed size, so that a new handle after a broken element costs no call of
 * malloc either: the pool is emptied and filled again. */
#include "json/json.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <yajl/yajl_parse.h>

#include "json/escape.h"
#include "sluice/utf8.h"

/* yajl keeps the handle, a lexer, a stack of states (a byte for each level)
 * and two buffers that double up to the longest string: less than 600 KiB. */
#define POOL_SIZE ((size_t)1024 * 1024)

/* An object or array that is still open. */
struct level {
    uint16_t node;
    uint64_t names;           /* a bit per hash of a member's name: no bit, no duplicate */
};

struct json_parser {
    yajl_handle handle;       /* NULL: to be made before the next element */
    struct sluice_str element;
    char *scratch;
    size_t scratch_used;

    struct json_node nodes[JSON_NODES_MAX];
    size_t count;
    struct level levels[JSON_DEPTH_MAX];
    size_t depth;
    size_t complete_at;       /* bytes into element where its value ended; 0: not yet */
    struct sluice_str name;   /* of the member whose value comes next */
    uint32_t hash;

    enum sluice_reason reason;
    uint32_t fault;

    size_t pool_used;
    size_t pool_last;         /* where the newest block starts: it alone can grow in place */
    _Alignas(16) unsigned char pool[POOL_SIZE];
};

/* --- memory for yajl; each block is behind 16 bytes that hold its size */

static void *pool_malloc(void *ctx, size_t size)
{
    struct json_parser *parser = ctx;
    const size_t rounded = (size + 15) & ~(size_t)15;

    /* The limits of an element bound what yajl can ask for. */
    assert(rounded + 16 <= POOL_SIZE - parser->pool_used);
    parser->pool_last = parser->pool_used;
    memcpy(parser->pool + parser->pool_used, &size, sizeof size);
    void *block = parser->pool + parser->pool_used + 16;
    parser->pool_used += rounded + 16;
    return block;
}

static void *pool_realloc(void *ctx, void *old, size_t size)
{
    struct json_parser *parser = ctx;

    if (old && (unsigned char *)old == parser->pool + parser->pool_last + 16) {
        parser->pool_used = parser->pool_last;
        return pool_malloc(ctx, size);
    }
    void *block = pool_malloc(ctx, size);
    if (old) {
        size_t old_size;

        memcpy(&old_size, (unsigned char *)old - 16, sizeof old_size);
        memcpy(block, old, old_size < size ? old_size : size);
    }
    return block;
}

static void pool_free(void *ctx, void *block)
{
    (void)ctx;
    (void)block;
}

/* --- writing down what yajl says */

static int refuse(struct json_parser *parser, enum sluice_reason reason, uint32_t fault)
{
    parser->reason = reason;
    parser->fault = fault;
    return 0;
}

static uint32_t consumed(const struct json_parser *parser)
{
    return (uint32_t)yajl_get_bytes_consumed(parser->handle);
}

/* Where the string starts that ends, with its quote, at end: at the nearest
 * quote before it that no odd number of backslashes escapes. */
static uint32_t string_start(struct sluice_str element, uint32_t end)
{
    for (uint32_t at = end - 1; at > 0;) {
        uint32_t backslashes = 0;

        at--;
        if (element.bytes[at] != '"')
            continue;
        while (backslashes < at && element.bytes[at - 1 - backslashes] == '\\')
            backslashes++;
        if (backslashes % 2 == 0)
            return at;
    }
    return 0;
}

/* An unescaped string lies in a buffer that yajl uses again: a copy in scratch. */
static struct sluice_str copy_string(struct json_parser *parser, const char *text, size_t len, uint32_t *offset)
{
    char *copy = parser->scratch + parser->scratch_used;

    assert(parser->scratch && len <= parser->element.len - parser->scratch_used);
    *offset = string_start(parser->element, consumed(parser));
    memcpy(copy, text, len);
    parser->scratch_used += len;
    return (struct sluice_str){ copy, len };
}

/* A string as a view, into the element where it stands there as it is. */
static inline struct sluice_str keep_string(struct json_parser *parser, const unsigned char *bytes, size_t len,
                                            uint32_t *offset)
{
    const char *text = (const char *)bytes;
    const uintptr_t distance = (uintptr_t)text - (uintptr_t)parser->element.bytes;

    if (distance >= parser->element.len)
        return copy_string(parser, text, len, offset);
    *offset = (uint32_t)distance - 1;
    return (struct sluice_str){ text, len };
}

/* An object or array stays open until its end is seen: end is set then. */
static int add_node(struct json_parser *parser, enum json_kind kind, struct sluice_str text, uint32_t offset)
{
    if (parser->complete_at)
        return refuse(parser, SLUICE_REASON_UNDECODABLE, offset);   /* a second value */
    if (parser->count == JSON_NODES_MAX)
        return refuse(parser, SLUICE_REASON_TOO_LARGE, offset);

    parser->nodes[parser->count] = (struct json_node){
        .name = parser->name, .hash = parser->hash, .text = text,
        .offset = offset, .kind = (uint8_t)kind, .end = (uint16_t)(parser->count + 1),
    };
    parser->count++;
    parser->name.len = 0;
    parser->hash = 0;
    return 1;
}

static int add_scalar(struct json_parser *parser, enum json_kind kind, struct sluice_str text, uint32_t offset)
{
    if (!add_node(parser, kind, text, offset))
        return 0;
    if (parser->depth == 0)
        parser->complete_at = consumed(parser);
    return 1;
}

static int on_null(void *ctx)
{
    struct json_parser *parser = ctx;

    return add_scalar(parser, JSON_NULL, (struct sluice_str){ NULL, 0 }, consumed(parser) - 4);
}

static int on_boolean(void *ctx, int value)
{
    struct json_parser *parser = ctx;
    const struct sluice_str text = value ? SLUICE_STR("true") : SLUICE_STR("false");

    return add_scalar(parser, JSON_BOOLEAN, text, consumed(parser) - (uint32_t)text.len);
}

static int on_number(void *ctx, const char *bytes, size_t len)
{
    struct json_parser *parser = ctx;

    return add_scalar(parser, JSON_NUMBER, (struct sluice_str){ bytes, len },
                      (uint32_t)(bytes - parser->element.bytes));
}

static int on_string(void *ctx, const unsigned char *bytes, size_t len)
{
    struct json_parser *parser = ctx;
    uint32_t offset;
    const struct sluice_str text = keep_string(parser, bytes, len, &offset);

    return add_scalar(parser, JSON_STRING, text, offset);
}

static int open_container(struct json_parser *parser, enum json_kind kind)
{
    const uint32_t offset = consumed(parser) - 1;

    if (parser->depth == JSON_DEPTH_MAX)
        return refuse(parser, SLUICE_REASON_TOO_DEEP, offset);
    if (!add_node(parser, kind, (struct sluice_str){ NULL, 0 }, offset))
        return 0;
    parser->levels[parser->depth++] = (struct level){ .node = (uint16_t)(parser->count - 1) };
    return 1;
}

static int close_container(void *ctx)
{
    struct json_parser *parser = ctx;

    parser->depth--;
    parser->nodes[parser->levels[parser->depth].node].end = (uint16_t)parser->count;
    if (parser->depth == 0)
        parser->complete_at = consumed(parser);
    return 1;
}

static int on_start_object(void *ctx)
{
    return open_container(ctx, JSON_OBJECT);
}

static int on_start_array(void *ctx)
{
    return open_container(ctx, JSON_ARRAY);
}

/* Whether the innermost open object has a member of that name already. */
static bool has_member(const struct json_parser *parser, struct sluice_str name, uint32_t hash)
{
    const size_t object = parser->levels[parser->depth - 1].node;

    for (size_t i = object + 1; i < parser->count; i = parser->nodes[i].end)
        if (parser->nodes[i].hash == hash && sluice_str_equal(parser->nodes[i].name, name))
            return true;
    return false;
}

static int on_name(void *ctx, const unsigned char *bytes, size_t len)
{
    struct json_parser *parser = ctx;
    struct level *level = &parser->levels[parser->depth - 1];
    uint32_t offset;

    parser->name = keep_string(parser, bytes, len, &offset);
    parser->hash = json_name_hash(parser->name);
    const uint64_t bit = UINT64_C(1) << (parser->hash & 63);
    if ((level->names & bit) && has_member(parser, parser->name, parser->hash))
        return refuse(parser, SLUICE_REASON_DUPLICATE_FIELD, offset);
    level->names |= bit;
    return 1;
}

static const yajl_callbacks callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_boolean,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_start_map = on_start_object,
    .yajl_map_key = on_name,
    .yajl_end_map = close_container,
    .yajl_start_array = on_start_array,
    .yajl_end_array = close_container,
};

/* --- elements */

static void renew_handle(struct json_parser *parser)
{
    yajl_alloc_funcs memory = { pool_malloc, pool_realloc, pool_free, parser };

    parser->pool_used = 0;
    parser->pool_last = 0;
    parser->handle = yajl_alloc(&callbacks, &memory, parser);
    yajl_config(parser->handle, yajl_allow_multiple_values, 1);
    /* Checked by sluice_utf8_valid, which also knows overlong forms. */
    yajl_config(parser->handle, yajl_dont_validate_strings, 1);
}

enum sluice_err json_parser_new(struct json_parser **parser)
{
    struct json_parser *made = calloc(1, sizeof *made);

    if (!made)
        return SLUICE_ERR_MEMORY;
    *parser = made;
    return SLUICE_OK;
}

void json_parser_free(struct json_parser *parser)
{
    free(parser);
}

static void start_element(struct json_parser *parser, char *scratch, struct sluice_str element)
{
    parser->element = element;
    parser->scratch = scratch;
    parser->scratch_used = 0;
    parser->count = 0;
    parser->depth = 0;
    parser->complete_at = 0;
    parser->name = (struct sluice_str){ NULL, 0 };
    parser->hash = 0;
    parser->reason = SLUICE_REASON_NONE;
    parser->fault = 0;
    if (!parser->handle)
        renew_handle(parser);
}

/* What yajl need not see: it replaces half a surrogate pair by a question mark. */
static enum sluice_reason check_text(struct sluice_str element, bool escapes, uint32_t *fault)
{
    if (!sluice_utf8_valid(element))
        return SLUICE_REASON_UNDECODABLE;
    if (escapes && !json_surrogates_paired(element, fault))
        return SLUICE_REASON_BAD_TEXT;
    return SLUICE_REASON_NONE;
}

static bool only_space(struct sluice_str element, size_t from)
{
    for (size_t i = from; i < element.len; i++)
        if (!strchr(" \t\r\n", element.bytes[i]) || element.bytes[i] == '\0')
            return false;
    return true;
}

enum sluice_reason json_parse(struct json_parser *parser, const struct json_node **nodes, size_t *count,
                              uint32_t *fault, char *scratch, struct sluice_str element)
{
    *nodes = parser->nodes;
    *count = 0;
    *fault = 0;
    if (element.len > JSON_SIZE_MAX)
        return SLUICE_REASON_TOO_LARGE;
    if (element.len == 0)
        return SLUICE_REASON_UNDECODABLE;

    enum sluice_reason reason = check_text(element, scratch != NULL, fault);
    if (reason)
        return reason;

    start_element(parser, scratch, element);
    const yajl_status status = yajl_parse(parser->handle, (const unsigned char *)element.bytes, element.len);
    /* yajl calls half a value ok, as more may come, and keeps the half. */
    if (status == yajl_status_ok && parser->complete_at && only_space(element, parser->complete_at)) {
        *count = parser->count;
        return SLUICE_REASON_NONE;
    }
    const size_t stopped_at = yajl_get_bytes_consumed(parser->handle);
    parser->handle = NULL;
    *fault = parser->reason ? parser->fault : (uint32_t)(stopped_at < element.len ? stopped_at : 0);
    return parser->reason ? parser->reason : SLUICE_REASON_UNDECODABLE;
}

const struct json_node *json_member(const struct json_node *nodes, size_t object, const char *name)
{
    const struct sluice_str wanted = sluice_str_from(name);

    if (nodes[object].kind != JSON_OBJECT)
        return NULL;
    for (size_t i = object + 1; i < nodes[object].end; i = nodes[i].end)
        if (sluice_str_equal(nodes[i].name, wanted))
            return &nodes[i];
    return NULL;
}

static uint64_t load(const char *bytes, size_t size)
{
    uint64_t word = 0;

    memcpy(&word, bytes, size);
    return word;
}

/* First and last bytes and the length: enough to spread names, in a few instructions. */
uint32_t json_name_hash(struct sluice_str name)
{
    const char *bytes = name.bytes;
    const size_t len = name.len;
    uint64_t head = 0, tail = 0;

    if (len >= 8) {
        head = load(bytes, 8);
        tail = load(bytes + len - 8, 8);
    } else if (len >= 4) {
        head = load(bytes, 4);
        tail = load(bytes + len - 4, 4);
    } else if (len > 0) {
        head = (uint64_t)(unsigned char)bytes[0] | (uint64_t)(unsigned char)bytes[len / 2] << 8;
        tail = (unsigned char)bytes[len - 1];
    }
    const uint64_t mixed = (head ^ (tail * 31) ^ len) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(mixed >> 32);
}
