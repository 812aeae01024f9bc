#include "feed/csv_map.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv/csv.h"
#include "feed/csv_rule.h"

#define VERSION "1"

struct reader {
    struct csv_map *map;
    struct sluice_findings *findings;
    size_t value_count; /* of map->values */
    uint64_t by_column; /* bits of the fields that a column fills */
    uint64_t by_constant;
};

__attribute__((format(printf, 3, 4))) static void fault(struct reader *reader, const struct yaml_node *node,
                                                        const char *format, ...)
{
    char text[256];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    sluice_findings_add(reader->findings, SLUICE_FINDING_ERROR, "mapping", node->file, node->line,
                        node->column, "%s", text);
}

static bool is_scalar(struct reader *reader, const struct yaml_node *node, const char *what)
{
    if (node->kind != YAML_SCALAR)
        fault(reader, node, "%s is one word", what);
    return node->kind == YAML_SCALAR;
}

static uint64_t bit_of(const struct csv_field *field)
{
    return UINT64_C(1) << (field - csv_fields);
}

/* --- words */

static void read_yes_no(struct reader *reader, bool *value, const struct yaml_node *node)
{
    if (!node || !is_scalar(reader, node, node->key))
        return;
    if (strcmp(node->text, "yes") == 0 || strcmp(node->text, "true") == 0)
        *value = true;
    else if (strcmp(node->text, "no") == 0 || strcmp(node->text, "false") == 0)
        *value = false;
    else
        fault(reader, node, "%s is yes or no", node->key);
}

static void read_delimiter(struct reader *reader, const struct yaml_node *node)
{
    if (!node || !is_scalar(reader, node, "delimiter"))
        return;
    if (strcmp(node->text, "tab") == 0)
        reader->map->delimiter = '\t';
    else if (strlen(node->text) == 1 && strchr(",;|\t", node->text[0]))
        reader->map->delimiter = node->text[0];
    else
        fault(reader, node, "delimiter is one of , ; | in quotes, or tab");
}

static const struct csv_field *read_field(struct reader *reader, const struct yaml_node *node)
{
    const struct csv_field *field = NULL;

    if (!is_scalar(reader, node, "field"))
        return NULL;
    field = csv_field_find(node->text);
    if (!field)
        fault(reader, node, "no field is called '%s'; ignore says that a column is known and not taken",
              node->text);
    return field;
}

static void read_time(struct reader *reader, struct csv_reading *reading, const struct yaml_node *node)
{
    static const char *const words[] = {
        [CSV_TIME_ISO] = "iso", [CSV_TIME_UNIX_S] = "unix_s", [CSV_TIME_UNIX_MS] = "unix_ms"
    };

    if (!node || !is_scalar(reader, node, "time"))
        return;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(node->text, words[i]) == 0) {
            reading->time = (enum csv_time)i;
            return;
        }
    fault(reader, node, "time is iso, unix_s or unix_ms");
}

static void read_unit(struct reader *reader, struct csv_rule *rule, const struct yaml_node *spec)
{
    const struct yaml_node *unit = yaml_get(spec, "unit"), *column = yaml_get(spec, "unit_column");

    if (!unit == !column) {
        fault(reader, spec, "say either the unit (B, KB, MB, KiB, MiB) or the unit_column that has it");
        return;
    }
    if (unit && is_scalar(reader, unit, "unit")) {
        rule->reading.unit = csv_unit_find(sluice_str_from(unit->text));
        if (rule->reading.unit == CSV_UNIT_NONE)
            fault(reader, unit, "unit is B, KB, MB, KiB or MiB");
    }
    if (column && is_scalar(reader, column, "unit_column"))
        rule->unit_column = sluice_str_from(column->text);
}

static bool read_number(uint32_t *number, const char *text)
{
    char *end;
    const unsigned long value = strtoul(text, &end, 10);

    if (text[0] < '0' || text[0] > '9' || *end || value > UINT32_MAX)
        return false;
    *number = (uint32_t)value;
    return true;
}

static void read_value(struct reader *reader, struct csv_reading *reading, const struct yaml_node *node)
{
    struct csv_value *value = &reader->map->values[reader->value_count];
    const struct csv_word *word = reading->field->words;

    if (!is_scalar(reader, node, "what a value stands for"))
        return;
    while (word && word->word && strcmp(word->word, node->text) != 0)
        word++;
    value->text = sluice_str_from(node->key);
    if (word ? !word->word : !read_number(&value->value, node->text)) {
        fault(reader, node, "'%s' is no %s", node->text, word ? reading->field->name : "whole number");
        return;
    }
    if (word)
        value->value = word->value;
    reader->value_count++;
    reading->value_count++;
}

static void read_values(struct reader *reader, struct csv_reading *reading, const struct yaml_node *node)
{
    if (!node)
        return;
    if (node->kind != YAML_MAPPING || node->count == 0) {
        fault(reader, node, "values takes a mapping: { WORD IN THE FILE: VALUE }");
        return;
    }
    reading->values = &reader->map->values[reader->value_count];
    for (size_t i = 0; i < node->count; i++)
        read_value(reader, reading, &node->children[i]);
}

/* --- columns */

/* The options of a column, and the kinds of field that take them. */
#define KIND(kind) (1u << (kind))
static const struct column_option {
    const char *name;
    uint32_t kinds;
} column_options[] = {
    { "field", UINT32_MAX },
    { "optional", UINT32_MAX },
    { "time", KIND(CSV_TIME) },
    { "unit", KIND(CSV_OCTETS) },
    { "unit_column", KIND(CSV_OCTETS) },
    { "values", KIND(CSV_CHOICE) | KIND(CSV_NUMBER_32) },
    { "number", KIND(CSV_MNC) },
};

static void check_options(struct reader *reader, const struct csv_field *field, const struct yaml_node *spec)
{
    const size_t count = sizeof column_options / sizeof column_options[0];

    for (size_t i = 0; i < spec->count; i++) {
        const struct yaml_node *child = &spec->children[i];
        size_t at = 0;

        while (at < count && strcmp(column_options[at].name, child->key) != 0)
            at++;
        if (at == count)
            fault(reader, child, "a column has no option '%s'", child->key);
        else if (!(column_options[at].kinds & KIND(field->kind)))
            fault(reader, child, "%s does not go with the field %s", child->key, field->name);
    }
}

static void note_field(struct reader *reader, uint64_t *filled, const struct csv_field *field,
                       const struct yaml_node *node)
{
    if (*filled & bit_of(field))
        fault(reader, node, "the field %s is filled already", field->name);
    *filled |= bit_of(field);
}

/* columns: { NAME: FIELD } is short for { NAME: { field: FIELD } }. */
static void read_column(struct reader *reader, struct csv_rule *rule, const struct yaml_node *spec)
{
    const struct yaml_node *name = spec->kind == YAML_MAPPING ? yaml_get(spec, "field") : spec;

    rule->name = sluice_str_from(spec->key);
    if (!name) {
        fault(reader, spec, "say which field the column is: COLUMN: FIELD or COLUMN: { field: FIELD }");
        return;
    }
    if (spec->kind == YAML_SCALAR && strcmp(spec->text, "ignore") == 0)
        return;
    const struct csv_field *field = read_field(reader, name);
    if (!field)
        return;
    rule->reading.field = field;
    if (secret_of_name(rule->name) == SECRET_PROHIBITED)
        fault(reader, spec, "the column is of a class of data that must not be held: nothing takes it");
    note_field(reader, &reader->by_column, field, name);
    if (spec->kind == YAML_MAPPING)
        check_options(reader, field, spec);
    if (field->kind == CSV_OCTETS)
        read_unit(reader, rule, spec);
    read_time(reader, &rule->reading, yaml_get(spec, "time"));
    read_yes_no(reader, &rule->reading.number, yaml_get(spec, "number"));
    read_yes_no(reader, &rule->optional, yaml_get(spec, "optional"));
    read_values(reader, &rule->reading, yaml_get(spec, "values"));
}

static size_t count_values(const struct yaml_node *columns)
{
    size_t count = 0;

    for (size_t i = 0; i < columns->count; i++) {
        const struct yaml_node *values = yaml_get(&columns->children[i], "values");

        count += values ? values->count : 0;
    }
    return count;
}

static enum sluice_err read_columns(struct reader *reader, const struct yaml_node *columns)
{
    struct csv_map *map = reader->map;

    if (columns->kind != YAML_MAPPING || columns->count == 0 || columns->count > CSV_COLUMNS_MAX) {
        fault(reader, columns, "columns takes a mapping of 1 to %d: { COLUMN: FIELD }", CSV_COLUMNS_MAX);
        return SLUICE_OK;
    }
    map->rules = calloc(columns->count, sizeof *map->rules);
    map->values = calloc(count_values(columns) + 1, sizeof *map->values);
    if (!map->rules || !map->values)
        return SLUICE_ERR_MEMORY;
    map->rule_count = columns->count;
    for (size_t i = 0; i < columns->count; i++)
        read_column(reader, &map->rules[i], &columns->children[i]);
    return SLUICE_OK;
}

/* --- constants */

#define CONSTANT_KINDS                                                                                       \
    (KIND(CSV_TEXT) | KIND(CSV_NUMBER_32) | KIND(CSV_CHOICE) | KIND(CSV_CURRENCY) | KIND(CSV_PLMN) |         \
     KIND(CSV_MINUTES) | KIND(CSV_ADDRESS))

static void read_constant(struct reader *reader, const struct yaml_node *node)
{
    const struct csv_reading reading = { .field = csv_field_find(node->key) };
    struct csv_taken taken = { .record = &reader->map->constants };

    if (!is_scalar(reader, node, "a constant"))
        return;
    if (!reading.field || !(KIND(reading.field->kind) & CONSTANT_KINDS)) {
        fault(reader, node, "'%s' is no field that may be the same in every row", node->key);
        return;
    }
    note_field(reader, &reader->by_constant, reading.field, node);
    const enum sluice_reason reason = csv_field_take(&taken, &reading, sluice_str_from(node->text), 1);
    if (reason)
        fault(reader, node, "not a value of %s: %s", node->key, sluice_reason_text(reason));
}

static void read_constants(struct reader *reader, const struct yaml_node *constants)
{
    if (!constants)
        return;
    if (constants->kind != YAML_MAPPING) {
        fault(reader, constants, "constants takes a mapping: { FIELD: VALUE }");
        return;
    }
    for (size_t i = 0; i < constants->count; i++)
        read_constant(reader, &constants->children[i]);
}

/* --- the whole */

static bool filled(const struct reader *reader, const char *name)
{
    return ((reader->by_column | reader->by_constant) & bit_of(csv_field_find(name))) != 0;
}

static void check_whole(struct reader *reader, const struct yaml_node *root)
{
    if (!filled(reader, "start"))
        fault(reader, root, "no column is the field start: every record needs one");
    if (!filled(reader, "service"))
        fault(reader, root, "neither a column nor a constant is the field service");
    if (!filled(reader, "iccid") && !filled(reader, "imsi") && !filled(reader, "msisdn") &&
        !filled(reader, "eid"))
        fault(reader, root, "no column names the SIM: iccid, imsi, msisdn or eid");
    if (filled(reader, "charge") && !filled(reader, "currency"))
        fault(reader, root, "a charge needs a currency, as a column or a constant");
    if (filled(reader, "mcc") != filled(reader, "mnc"))
        fault(reader, root, "mcc and mnc go together");
    if (filled(reader, "mcc") && filled(reader, "plmn"))
        fault(reader, root, "the serving network is given twice: plmn, and mcc with mnc");
}

static void check_version(struct reader *reader, const struct yaml_node *root)
{
    const struct yaml_node *version = yaml_get(root, "mapping");

    if (!version || version->kind != YAML_SCALAR || strcmp(version->text, VERSION) != 0)
        fault(reader, version ? version : root, "mapping: " VERSION " is the version that is known here");
}

static void check_keys(struct reader *reader, const struct yaml_node *root)
{
    static const char *const keys[] = { "mapping", "delimiter", "columns", "constants" };
    const size_t count = sizeof keys / sizeof keys[0];

    for (size_t i = 0; i < root->count; i++) {
        size_t at = 0;

        while (at < count && strcmp(keys[at], root->children[i].key) != 0)
            at++;
        if (at == count)
            fault(reader, &root->children[i], "a mapping has no '%s'", root->children[i].key);
    }
}

static enum sluice_err read_root(struct reader *reader, const struct yaml_node *root)
{
    const struct yaml_node *columns = yaml_get(root, "columns");

    if (root->kind != YAML_MAPPING || !columns) {
        fault(reader, root, "a mapping file takes { mapping: " VERSION ", columns: { COLUMN: FIELD } }");
        return SLUICE_OK;
    }
    check_version(reader, root);
    check_keys(reader, root);
    read_delimiter(reader, yaml_get(root, "delimiter"));
    const enum sluice_err err = read_columns(reader, columns);
    read_constants(reader, yaml_get(root, "constants"));
    if (!err)
        check_whole(reader, root);
    reader->map->counts_messages = filled(reader, "message_count");
    return err;
}

/* Takes the document over. */
static enum sluice_err compile(struct csv_map **map, struct sluice_findings *findings,
                               struct yaml_document *document)
{
    struct csv_map *made = calloc(1, sizeof *made);
    struct reader reader = { .map = made, .findings = findings };
    const size_t errors = findings->errors;

    if (!made) {
        yaml_close(document);
        return SLUICE_ERR_MEMORY;
    }
    made->document = document;
    made->delimiter = ',';
    made->constants.counter_mode = SLUICE_COUNTER_DELTA;
    enum sluice_err err = read_root(&reader, yaml_root(document));
    if (!err && findings->errors > errors)
        err = SLUICE_ERR_FORMAT;
    if (err)
        csv_map_free(made);
    else
        *map = made;
    return err;
}

enum sluice_err csv_map_load(struct csv_map **map, struct sluice_findings *findings, const char *path)
{
    struct yaml_document *document;
    const enum sluice_err err = yaml_open(&document, findings, path);

    return err ? err : compile(map, findings, document);
}

enum sluice_err csv_map_parse(struct csv_map **map, struct sluice_findings *findings, const char *name,
                              const char *bytes, size_t len)
{
    struct yaml_document *document;
    const enum sluice_err err = yaml_parse(&document, findings, name, bytes, len);

    return err ? err : compile(map, findings, document);
}

void csv_map_free(struct csv_map *map)
{
    if (!map)
        return;
    yaml_close(map->document);
    free(map->rules);
    free(map->values);
    free(map);
}

char csv_map_delimiter(const struct csv_map *map)
{
    return map->delimiter;
}
