/* Which column of a file is which rule of its mapping: found once for each header. */
#include "feed/csv_map.h"

#include <string.h>

#include "feed/csv_rule.h"

static void forget(struct csv_binding *binding)
{
    binding->reason = SLUICE_REASON_NONE;
    binding->secret = SECRET_NONE;
    binding->column_count = 0;
    binding->names_len = 0;
}

static void add_column(struct csv_binding *binding, struct sluice_str name)
{
    char *copy = binding->names + binding->names_len;

    if (name.len > 0)
        memcpy(copy, name.bytes, name.len);
    binding->names_len += name.len;
    binding->columns[binding->column_count++] =
        (struct csv_bound_column){ .name = { copy, name.len }, .secret = secret_of_name(name) };
}

static size_t find_column(const struct csv_binding *binding, struct sluice_str name)
{
    for (size_t i = 0; i < binding->column_count; i++)
        if (sluice_str_equal(binding->columns[i].name, name))
            return i;
    return CSV_NO_COLUMN;
}

static bool has_double_name(const struct csv_binding *binding)
{
    for (size_t i = 0; i < binding->column_count; i++)
        if (find_column(binding, binding->columns[i].name) < i)
            return true;
    return false;
}

static size_t bind_unit(struct csv_binding *binding, const struct csv_rule *rule)
{
    const size_t at = find_column(binding, rule->unit_column);

    if (at == CSV_NO_COLUMN)
        binding->reason = SLUICE_REASON_MISSING_REQUIRED;
    else
        binding->columns[at].known = true;
    return at;
}

static void bind_rule(struct csv_binding *binding, size_t i, const struct csv_rule *rule)
{
    const bool takes = rule->reading.field != NULL;
    const size_t at = find_column(binding, rule->name);

    binding->column_of[i] = takes ? at : CSV_NO_COLUMN;
    binding->unit_of[i] = CSV_NO_COLUMN;
    if (at == CSV_NO_COLUMN) {
        if (takes && !rule->optional)
            binding->reason = SLUICE_REASON_MISSING_REQUIRED;
        return;
    }
    binding->columns[at].known = true;
    if (takes && binding->columns[at].secret == SECRET_HELD)
        binding->columns[at].secret = SECRET_NONE;   /* who maps it says that it is none */
    if (rule->unit_column.len > 0)
        binding->unit_of[i] = bind_unit(binding, rule);
}

static void bind_rules(struct csv_map *map)
{
    struct csv_binding *binding = &map->binding;

    for (size_t i = 0; i < map->rule_count; i++)
        bind_rule(binding, i, &map->rules[i]);
    for (size_t i = 0; i < binding->column_count; i++)
        if (binding->columns[i].secret > binding->secret)
            binding->secret = binding->columns[i].secret;
    if (has_double_name(binding))
        binding->reason = SLUICE_REASON_DUPLICATE_FIELD;
}

void csv_map_bind(struct csv_map *map, const struct csv_row *header)
{
    forget(&map->binding);
    for (size_t i = 0; i < header->count; i++)
        add_column(&map->binding, header->columns[i]);
    if (!header->reason)   /* else it has no columns, and fits no row */
        bind_rules(map);
}

enum secret csv_map_secret(const struct csv_map *map)
{
    return map->binding.secret;
}
