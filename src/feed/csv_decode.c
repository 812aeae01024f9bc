/* Rows of CSV files as records, by the rules of a mapping. */
#include <string.h>

#include "feed/csv_map.h"
#include "feed/csv_rule.h"
#include "feed/take.h"

/* A row on its way into a record. */
struct csv_row_state {
    struct csv_map *map;
    const struct feed_input *input;
    struct sluice_entry *entry;
    struct unknown_fields *unknown;
    const struct sluice_str *columns;
    size_t count;
    enum secret secret;
    size_t fault; /* the column at fault, or CSV_NO_COLUMN */
};

static void note_secret(struct csv_row_state *row, enum secret secret)
{
    if (secret > row->secret)
        row->secret = secret;
}

/* What is not taken may still be something that must not be held. */
static void inspect(struct csv_row_state *row)
{
    for (size_t i = 0; i < row->count; i++) {
        const struct csv_bound_column *column = &row->map->binding.columns[i];

        if (row->columns[i].len == 0)
            continue;
        note_secret(row, column->secret);
        if (column->known)
            continue;
        unknown_fields_count(row->unknown, column->name);
        if (secret_card_in_text(row->columns[i]))
            note_secret(row, SECRET_HELD);
    }
}

static enum sluice_reason take_column(const struct csv_row_state *row, struct csv_taken *taken, size_t i)
{
    const struct csv_binding *binding = &row->map->binding;
    const struct csv_rule *rule = &row->map->rules[i];
    const struct sluice_str text = row->columns[binding->column_of[i]];
    enum csv_unit unit = rule->reading.unit;

    if (text.len == 0)
        return SLUICE_REASON_NONE;
    if (binding->unit_of[i] != CSV_NO_COLUMN) {
        unit = csv_unit_find(row->columns[binding->unit_of[i]]);
        if (unit == CSV_UNIT_NONE)
            return SLUICE_REASON_BAD_VOLUME;
    }
    return csv_field_take(taken, &rule->reading, text, csv_unit_octets(unit, row->input->config->megabyte));
}

static enum sluice_reason take_columns(struct csv_row_state *row, struct csv_taken *taken)
{
    enum sluice_reason first = SLUICE_REASON_NONE;

    /* To the end, as the tenant may stand behind a fault. */
    for (size_t i = 0; i < row->map->rule_count; i++) {
        if (row->map->binding.column_of[i] == CSV_NO_COLUMN)
            continue;
        const enum sluice_reason reason = take_column(row, taken, i);
        if (reason && !first) {
            first = reason;
            row->fault = row->map->binding.column_of[i];
        }
    }
    return first;
}

static enum sluice_reason take_network(struct csv_taken *taken)
{
    if (taken->mcc.len == 0 || taken->mnc.len == 0)
        return SLUICE_REASON_NONE;
    return sluice_plmn_parse(&taken->record->serving_plmn, taken->mcc, taken->mnc, taken->mnc_is_number);
}

/* Where no column says, an SMS is one message; and octets are a delta only where there are any. */
static void complete(const struct csv_map *map, struct sluice_record *record)
{
    const bool sms = record->service == SLUICE_SERVICE_SMS_MO || record->service == SLUICE_SERVICE_SMS_MT;

    if (sms && !map->counts_messages) {
        record->message_count = 1;
        record->present |= SLUICE_HAS(SLUICE_RAW_MESSAGE_COUNT);
    }
    if (!(record->present & (SLUICE_HAS(SLUICE_RAW_UPLINK_OCTETS) | SLUICE_HAS(SLUICE_RAW_DOWNLINK_OCTETS))))
        record->counter_mode = SLUICE_COUNTER_UNKNOWN;
}

static enum sluice_reason decode_columns(struct csv_row_state *row)
{
    struct sluice_entry *entry = row->entry;
    struct csv_taken taken = { .record = &entry->record };

    inspect(row);
    enum sluice_reason reason = take_columns(row, &taken);
    entry->record.tenant = feed_input_tenant(row->input, taken.organisation);
    entry->tenant_hint = entry->record.tenant;
    if (!reason)
        reason = take_network(&taken);
    complete(row->map, &entry->record);
    return reason ? reason : take_check(&entry->record);
}

/* --- the row of an entry */

static void start_record(const struct csv_row_state *row, int64_t now_us)
{
    struct sluice_record *record = &row->entry->record;
    const uint64_t arrived = record->present & SLUICE_HAS(SLUICE_RAW_COLLECTED_AT);
    const int64_t collected_at_us = record->collected_at_us;

    *record = row->map->constants;
    record->present |= arrived;
    record->collected_at_us = collected_at_us;
    row->entry->tenant_hint = feed_input_tenant(row->input, (struct sluice_str){ NULL, 0 });
    feed_input_stamp(row->input, record, now_us);
}

/* Bytes into raw at which a column of its second row starts. */
static size_t column_offset(struct sluice_str raw, char delimiter, size_t column)
{
    bool quoted = false, in_row = false;
    size_t at = 0;

    for (; at < raw.len && (!in_row || column > 0); at++) {
        quoted ^= raw.bytes[at] == '"';
        if (in_row)
            column -= raw.bytes[at] == delimiter && !quoted;
        else
            in_row = raw.bytes[at] == '\n' && !quoted;
    }
    return at;
}

static void finish_row(const struct csv_row_state *row, enum sluice_reason reason)
{
    struct sluice_entry *entry = row->entry;

    if (row->fault != CSV_NO_COLUMN)
        entry->field = (uint32_t)column_offset(entry->raw, row->map->delimiter, row->fault);
    entry->holds_secret = row->secret != SECRET_NONE;
    if (row->secret == SECRET_PROHIBITED)
        reason = SLUICE_REASON_PROHIBITED;
    else if (row->secret == SECRET_HELD && sluice_reason_disposition(reason) == SLUICE_QUARANTINED)
        reason = SLUICE_REASON_SECRET;
    if (reason)
        sluice_entry_refuse(entry, reason);
}

void csv_map_decode(struct csv_map *map, const struct feed_input *input, struct sluice_entry *entry,
                    const struct sluice_str columns[], size_t count, struct unknown_fields *unknown,
                    int64_t now_us)
{
    struct csv_row_state row = { .map = map,
                                 .input = input,
                                 .entry = entry,
                                 .unknown = unknown,
                                 .columns = columns,
                                 .count = count,
                                 .fault = CSV_NO_COLUMN };
    enum sluice_reason reason = map->binding.reason;

    start_record(&row, now_us);
    if (count != map->binding.column_count) {
        /* Which column is which can only be guessed. */
        note_secret(&row, map->binding.secret);
        note_secret(&row, secret_in_bytes(entry->raw));
        reason = SLUICE_REASON_UNDECODABLE;
    } else if (reason) {
        inspect(&row);
    } else {
        reason = decode_columns(&row);
    }
    finish_row(&row, reason);
}
