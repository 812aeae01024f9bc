/* In three steps: the JSON as a list of values; the values into slots, along a
 * table of paths; the slots into the record, along a table of what is done
 * with each. So it does not matter in which order the members are written. */
#include "feed/emnify.h"

#include <stdlib.h>
#include <string.h>

#include "feed/decimal.h"
#include "feed/emnify_state.h"

enum sluice_err emnify_new(struct emnify **emnify, struct unknown_fields *unknown)
{
    struct emnify *made = calloc(1, sizeof *made);
    enum sluice_err err = made ? json_parser_new(&made->parser) : SLUICE_ERR_MEMORY;

    if (!err)
        err = path_tree_new(&made->paths, emnify_rows, emnify_row_count);
    if (err) {
        emnify_free(made);
        return err;
    }
    made->unknown = unknown;
    *emnify = made;
    return SLUICE_OK;
}

void emnify_free(struct emnify *emnify)
{
    if (!emnify)
        return;
    json_parser_free(emnify->parser);
    path_tree_free(emnify->paths);
    free(emnify);
}

/* --- values into slots */

static void note_secret(struct emnify *emnify, enum secret secret)
{
    if (secret > emnify->secret)
        emnify->secret = secret;
}

/* What is not taken may still be something that must not be held. */
static void inspect(struct emnify *emnify, size_t index, bool known)
{
    for (size_t i = index; i < emnify->nodes[index].end; i++) {
        const struct json_node *node = &emnify->nodes[i];

        if (node->kind == JSON_NULL)
            continue;
        if (node->name.len && !(known && i == index))
            note_secret(emnify, secret_of_name(node->name));
        if ((node->kind == JSON_STRING || (node->kind == JSON_NUMBER && !known)) && secret_card_in_text(node->text))
            note_secret(emnify, SECRET_HELD);
    }
}

/* The names from the element down to the node, with points between them. */
static void count_unknown(struct emnify *emnify, uint16_t parent, const struct json_node *node)
{
    const struct path_node *chain[JSON_DEPTH_MAX];
    char name[UNKNOWN_NAME_SIZE];
    size_t depth = 0, len = 0;

    for (uint16_t at = parent; at != PATH_ROOT; at = path_node(emnify->paths, at)->parent)
        chain[depth++] = path_node(emnify->paths, at);
    while (depth > 0) {
        const struct path_node *part = chain[--depth];

        if (len + part->name_len + 1 >= sizeof name)
            break;
        memcpy(name + len, part->name, part->name_len);
        len += part->name_len;
        name[len++] = '.';
    }
    /* An empty name counts as other: it is too long, or has none. */
    if (node->name.len == 0 || len + node->name.len >= sizeof name)
        len = 0;
    else
        memcpy(name + len, node->name.bytes, node->name.len);
    unknown_fields_count(emnify->unknown, (struct sluice_str){ name, len ? len + node->name.len : node->name.len });
}

static void take_value(struct emnify *emnify, const struct path_node *path, uint16_t index)
{
    if (!path->slot || emnify->nodes[index].text.len == 0)
        return;   /* what is empty is absent */
    if (path->slot == EMNIFY_DETAIL_MNC_LIST)
        emnify->networks++;
    emnify->slots[path->slot] = index;
}

static void walk(struct emnify *emnify, uint16_t parent, size_t container);

static void take_node(struct emnify *emnify, uint16_t parent, uint16_t at, uint16_t index)
{
    const struct path_node *path = path_node(emnify->paths, at);
    const struct json_node *node = &emnify->nodes[index];

    if (at == PATH_ROOT) {
        count_unknown(emnify, parent, node);
        inspect(emnify, index, false);
        return;
    }
    if (node->kind == JSON_NULL)
        return;   /* absent */
    note_secret(emnify, path->secret);
    if (path->known) {
        inspect(emnify, index, true);
    } else if (!(path->kinds & (1u << node->kind))) {
        if (!emnify->wrong_type)
            emnify->wrong_type = index;
        inspect(emnify, index, true);
    } else if (node->kind == JSON_OBJECT || node->kind == JSON_ARRAY) {
        walk(emnify, at, index);
    } else {
        take_value(emnify, path, index);
    }
}

/* As deep as JSON_DEPTH_MAX at most. */
static void walk(struct emnify *emnify, uint16_t parent, size_t container)
{
    const struct json_node *nodes = emnify->nodes;
    const bool array = nodes[container].kind == JSON_ARRAY;

    for (size_t i = container + 1; i < nodes[container].end; i = nodes[i].end) {
        const uint16_t at = array ? path_items(emnify->paths, parent)
                                  : path_child(emnify->paths, parent, nodes[i].name, nodes[i].hash);

        take_node(emnify, parent, at, (uint16_t)i);
    }
}

/* Some events carry a detail that is JSON no more: of no use, but not a fault
 * of the event. Counted, and searched like any bytes. */
static void ignore_detail_text(struct emnify *emnify)
{
    const uint16_t detail = emnify->slots[EMNIFY_DETAIL];

    if (!detail)
        return;
    unknown_fields_count(emnify->unknown, SLUICE_STR("detail"));
    note_secret(emnify, secret_in_bytes(emnify->nodes[detail].text));
}

/* --- what kind of element */

static struct sluice_str slot_text(const struct emnify *emnify, enum emnify_slot slot)
{
    const uint16_t node = emnify->slots[slot];

    return node ? emnify->nodes[node].text : (struct sluice_str){ NULL, 0 };
}

static bool slot_number(const struct emnify *emnify, enum emnify_slot slot, uint64_t *number)
{
    struct decimal value;

    return emnify->slots[slot] && decimal_parse(&value, slot_text(emnify, slot)) &&
           decimal_to_whole(number, &value, UINT32_MAX);
}

static bool same_word(struct sluice_str text, const char *word)
{
    return text.len == strlen(word) && strncasecmp(text.bytes, word, text.len) == 0;
}

static enum sluice_reason usage_mode(struct emnify *emnify)
{
    const enum emnify_slot word_slot =
        emnify->slots[EMNIFY_TRAFFIC_WORD] ? EMNIFY_TRAFFIC_WORD : EMNIFY_TRAFFIC_NAME;
    const struct sluice_str word = slot_text(emnify, word_slot);
    uint64_t id = 0;

    emnify->fault = emnify->slots[EMNIFY_TRAFFIC];
    if (!emnify->slots[EMNIFY_TRAFFIC])
        id = same_word(word, "Data") ? 5 : same_word(word, "SMS") ? 6 : 0;
    else if (!slot_number(emnify, EMNIFY_TRAFFIC, &id))
        return SLUICE_REASON_UNKNOWN_SERVICE;
    if (id != 5 && id != 6)
        return SLUICE_REASON_UNKNOWN_SERVICE;
    emnify->mode = id == 5 ? EMNIFY_DATA : EMNIFY_SMS;
    return SLUICE_REASON_NONE;
}

static enum sluice_reason event_mode(struct emnify *emnify)
{
    static const uint8_t events[] = {
        [1] = SLUICE_SIGNALLING_UPDATE_LOCATION,  [2] = SLUICE_SIGNALLING_UPDATE_GPRS_LOCATION,
        [3] = SLUICE_SIGNALLING_CREATE_PDP,       [4] = SLUICE_SIGNALLING_UPDATE_PDP,
        [5] = SLUICE_SIGNALLING_DELETE_PDP,       [15] = SLUICE_SIGNALLING_PURGE_LOCATION,
        [16] = SLUICE_SIGNALLING_PURGE_GPRS_LOCATION,
    };
    uint64_t id = 0;

    emnify->fault = emnify->slots[EMNIFY_EVENT];
    if (!slot_number(emnify, EMNIFY_EVENT, &id))
        return SLUICE_REASON_WRONG_TYPE;
    if (id >= sizeof events || events[id] == SLUICE_SIGNALLING_UNKNOWN)
        return SLUICE_REASON_OTHER_EVENT;

    emnify->mode = EMNIFY_SIGNALLING;
    if (events[id] == SLUICE_SIGNALLING_DELETE_PDP && !emnify->input->config->usage_records)
        emnify->mode = EMNIFY_CLOSED;
    emnify->record->service = emnify->mode == EMNIFY_CLOSED ? SLUICE_SERVICE_DATA : SLUICE_SERVICE_SIGNALLING;
    if (emnify->mode == EMNIFY_SIGNALLING)
        emnify->record->signalling_event = events[id];
    return SLUICE_REASON_NONE;
}

static enum sluice_reason find_mode(struct emnify *emnify)
{
    const bool usage = emnify->slots[EMNIFY_TRAFFIC] || emnify->slots[EMNIFY_TRAFFIC_WORD] ||
                       emnify->slots[EMNIFY_TRAFFIC_NAME];
    const bool event = emnify->slots[EMNIFY_EVENT] != 0;

    if (event && usage)
        return SLUICE_REASON_UNKNOWN_SERVICE;   /* two kinds of record in one */
    if (event)
        return event_mode(emnify);
    if (emnify->wrong_type)
        return SLUICE_REASON_NONE;              /* told later, with its place */
    return usage ? usage_mode(emnify) : SLUICE_REASON_MISSING_REQUIRED;
}

/* --- an element */

static void start(struct emnify *emnify, const struct feed_input *input, struct sluice_entry *entry)
{
    memset(emnify->slots, 0, sizeof emnify->slots);
    emnify->networks = 0;
    emnify->wrong_type = 0;
    emnify->fault = 0;
    emnify->secret = SECRET_NONE;
    emnify->mode = 0;
    emnify->input = input;
    emnify->record = &entry->record;
}

static enum sluice_reason decode_object(struct emnify *emnify, struct sluice_entry *entry)
{
    if (emnify->nodes[0].kind != JSON_OBJECT)
        return SLUICE_REASON_WRONG_TYPE;
    walk(emnify, PATH_ROOT, 0);
    ignore_detail_text(emnify);
    entry->record.tenant = feed_input_tenant(emnify->input, slot_text(emnify, EMNIFY_ORGANISATION));
    entry->tenant_hint = entry->record.tenant;

    enum sluice_reason reason = find_mode(emnify);
    if (!reason && emnify->wrong_type) {
        emnify->fault = emnify->wrong_type;
        reason = SLUICE_REASON_WRONG_TYPE;
    }
    return reason ? reason : emnify_take(emnify);
}

void emnify_decode(struct emnify *emnify, const struct feed_input *input, struct sluice_entry *entry,
                   char *scratch, int64_t now_us)
{
    size_t count;

    start(emnify, input, entry);
    feed_input_stamp(input, &entry->record, now_us);
    entry->tenant_hint = feed_input_tenant(input, (struct sluice_str){ NULL, 0 });

    enum sluice_reason reason =
        json_parse(emnify->parser, &emnify->nodes, &count, &entry->field, scratch, entry->raw);
    if (reason) {
        note_secret(emnify, secret_in_bytes(entry->raw));
    } else {
        reason = decode_object(emnify, entry);
        entry->field = reason ? emnify->nodes[emnify->fault].offset : 0;
    }

    entry->holds_secret = emnify->secret != SECRET_NONE;
    if (emnify->secret == SECRET_PROHIBITED)
        reason = SLUICE_REASON_PROHIBITED;
    else if (emnify->secret == SECRET_HELD && sluice_reason_disposition(reason) == SLUICE_QUARANTINED)
        reason = SLUICE_REASON_SECRET;
    if (reason)
        sluice_entry_refuse(entry, reason);
}
