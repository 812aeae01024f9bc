#include "policy/policy_text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sluice/clock.h"

void policy_period_text(char text[static POLICY_TEXT_SIZE], int64_t seconds)
{
    static const struct {
        int64_t seconds;
        char unit;
    } units[] = {
        { SLUICE_DAY_S, 'd' },
        { 3600, 'h' },
        { 60, 'm' },
        { 1, 's' },
    };
    size_t i = 0;

    while (seconds % units[i].seconds != 0)
        i++;
    snprintf(text, POLICY_TEXT_SIZE, "%" PRId64 "%c", seconds / units[i].seconds, units[i].unit);
}

void policy_form_text(char text[static POLICY_TEXT_SIZE], const struct sluice_projection *projection)
{
    const enum sluice_transform transform =
        projection ? (enum sluice_transform)projection->transform : SLUICE_TRANSFORM_DROP;
    char parameter[POLICY_TEXT_SIZE] = "";

    if (projection && transform == SLUICE_TRANSFORM_COARSEN && projection->parameter)
        policy_period_text(parameter, projection->parameter);
    else if (projection && projection->parameter)
        snprintf(parameter, sizeof parameter, "%" PRIu32, projection->parameter);
    snprintf(text, POLICY_TEXT_SIZE, "%s%s%.20s", sluice_transform_names[transform], parameter[0] ? " " : "",
             parameter);
}

void policy_instant_text(char text[static POLICY_TEXT_SIZE], int64_t time_us)
{
    sluice_time_format(text, time_us);
    if (time_us % (SLUICE_DAY_S * SLUICE_SECOND_US) == 0)
        text[10] = '\0';
}

void policy_epoch_text(char text[static POLICY_TEXT_SIZE], const struct sluice_purpose *purpose)
{
    if (purpose->epoch_kind == SLUICE_EPOCH_SECONDS)
        policy_period_text(text, purpose->epoch_s);
    else
        strcpy(text, purpose->epoch_kind == SLUICE_EPOCH_MONTH ? "month" : "record");
}

void policy_version_text(struct sluice_buffer *out, const struct sluice_policy *policy)
{
    sluice_buffer_printf(out, "%s (", policy->words->version_id);
    for (size_t i = 0; i < sizeof policy->version; i++)
        sluice_buffer_printf(out, "%02x", policy->version[i]);
    sluice_buffer_append_text(out, ")");
}

void policy_bits_text(struct sluice_buffer *out, unsigned bits, const char *const names[], size_t name_count)
{
    bool all = true, first = true;

    for (size_t i = 0; i < name_count; i++)
        all &= !names[i] || (bits >> i & 1);
    if (all) {
        sluice_buffer_append_text(out, "all");
        return;
    }
    for (size_t i = 0; i < name_count; i++)
        if (names[i] && (bits >> i & 1)) {
            sluice_buffer_printf(out, "%s%s", first ? "" : ", ", names[i]);
            first = false;
        }
}

static void rule_text(struct sluice_buffer *out, const struct sluice_basis_rule *rule)
{
    sluice_buffer_append_text(out, policy_basis_words[rule->basis].alias);
    if (rule->contracts != (1u << SLUICE_CONTRACT_COUNT) - 1) {
        sluice_buffer_append_text(out, " for ");
        policy_bits_text(out, rule->contracts, policy_contract_names, SLUICE_CONTRACT_COUNT);
    }
    for (size_t i = 0; i < rule->region_count; i++) {
        const char *first = rule->regions_inverted ? " outside " : " in ";

        sluice_buffer_printf(out, "%s%s", i ? ", " : first, rule->regions[i]);
    }
}

void policy_basis_text(struct sluice_buffer *out, const struct sluice_purpose *purpose)
{
    for (size_t i = 0; i < purpose->basis_rule_count; i++) {
        sluice_buffer_append_text(out, i ? "; " : "");
        rule_text(out, &purpose->basis_rules[i]);
    }
}

void policy_objection_text(struct sluice_buffer *out, const struct sluice_purpose *purpose,
                           const struct policy_purpose_words *words)
{
    if (purpose->objection == SLUICE_OBJECTION_GROUND)
        sluice_buffer_printf(out, "goes on: %s", words->objection_ground);
    else
        sluice_buffer_append_text(out, purpose->objection == SLUICE_OBJECTION_ALWAYS ? "always" : "by-basis");
}

void policy_recipients_text(struct sluice_buffer *out, const struct sluice_policy *policy,
                            const struct policy_purpose_words *words)
{
    if (words->recipient_count == 0)
        sluice_buffer_append_text(out, "none");
    for (size_t i = 0; i < words->recipient_count; i++) {
        const struct policy_recipient *recipient = &policy->words->recipients[words->recipients[i]];

        sluice_buffer_printf(out, "%s%s (%s, %s)", i ? ", " : "", recipient->id, recipient->class->name,
                             recipient->country);
    }
}

void policy_ids_text(struct sluice_buffer *out, const struct yaml_node *ids)
{
    if (!ids)
        return;
    if (ids->kind == YAML_SCALAR)
        sluice_buffer_append_text(out, ids->text);
    for (size_t i = 0; i < ids->count; i++)
        sluice_buffer_printf(out, "%s%s", i ? ", " : "", ids->children[i].text);
}

const struct policy_purpose_words *policy_words_of(const struct sluice_policy *policy,
                                                   const struct sluice_purpose *purpose)
{
    return &policy->words->purposes[purpose - policy->purposes];
}

const struct sluice_projection *policy_projection_of(const struct sluice_purpose *purpose,
                                                     enum sluice_field field)
{
    for (size_t i = 0; i < purpose->projection_count; i++)
        if (purpose->projections[i].field == field)
            return &purpose->projections[i];
    return NULL;
}

/* --- JSON */

void policy_json_separate(struct sluice_buffer *out)
{
    const uint8_t last = out->len ? out->bytes[out->len - 1] : '{';

    if (last != '{' && last != '[' && last != ':')
        sluice_buffer_append_text(out, ",");
}

void policy_json_key(struct sluice_buffer *out, const char *key)
{
    policy_json_separate(out);
    sluice_buffer_append_json(out, sluice_str_from(key));
    sluice_buffer_append_text(out, ":");
}

void policy_json_text(struct sluice_buffer *out, const char *key, const char *text)
{
    policy_json_key(out, key);
    if (text)
        sluice_buffer_append_json(out, sluice_str_from(text));
    else
        sluice_buffer_append_text(out, "null");
}

void policy_json_number(struct sluice_buffer *out, const char *key, int64_t number)
{
    policy_json_key(out, key);
    sluice_buffer_printf(out, "%" PRId64, number);
}

void policy_json_yes_no(struct sluice_buffer *out, const char *key, bool yes)
{
    policy_json_key(out, key);
    sluice_buffer_append_text(out, yes ? "true" : "false");
}

/* --- tables */

#define TABLE_SIZE_MAX (256 * 1024)
#define TABLE_COLUMNS_MAX (SLUICE_PURPOSES_MAX + 2)

void policy_table_init(struct policy_table *table, size_t columns)
{
    table->columns = columns;
    sluice_buffer_init(&table->cells, TABLE_SIZE_MAX);
}

void policy_table_deinit(struct policy_table *table)
{
    sluice_buffer_deinit(&table->cells);
}

void policy_table_add(struct policy_table *table, const char *format, ...)
{
    char text[256];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    sluice_buffer_append(&table->cells, text, strlen(text) + 1);
}

static void measure(const struct policy_table *table, size_t widths[static TABLE_COLUMNS_MAX])
{
    const char *cell = (const char *)table->cells.bytes, *end = cell + table->cells.len;

    for (size_t i = 0; cell < end; i++) {
        const size_t len = strlen(cell);

        if (len > widths[i % table->columns])
            widths[i % table->columns] = len;
        cell += len + 1;
    }
}

void policy_table_print(const struct policy_table *table, struct sluice_buffer *out)
{
    size_t widths[TABLE_COLUMNS_MAX] = { 0 };

    if (table->cells.failed) {
        out->failed = true;
        return;
    }
    measure(table, widths);
    const char *cell = (const char *)table->cells.bytes, *end = cell + table->cells.len;
    for (size_t i = 0; cell < end; i++) {
        const bool last = (i + 1) % table->columns == 0;

        sluice_buffer_printf(out, "%-*s%s", last ? 0 : (int)widths[i % table->columns], cell,
                             last ? "\n" : "  ");
        cell += strlen(cell) + 1;
    }
}
