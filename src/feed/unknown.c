#include "feed/unknown.h"

#include <stdbool.h>
#include <string.h>

#include "json/json.h"

#define INDEX_COUNT ((size_t)4 * UNKNOWN_NAMES_MAX)

static bool may_be_shown(struct sluice_str name)
{
    size_t digits = 0;

    if (name.len == 0 || name.len >= UNKNOWN_NAME_SIZE)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        const char c = name.bytes[i];

        if (c < 0x21 || c > 0x7e)
            return false;
        digits = c >= '0' && c <= '9' ? digits + 1 : 0;
        if (digits == 3)
            return false;
    }
    return true;
}

/* The slot of the name in the index: its own, or the free one where it belongs. */
static uint16_t *find(struct unknown_fields *fields, struct sluice_str name)
{
    size_t at = json_name_hash(name) % INDEX_COUNT;

    while (fields->index[at]) {
        const char *known = fields->fields[fields->index[at] - 1].name;

        if (sluice_str_equal(sluice_str_from(known), name))
            break;
        at = (at + 1) % INDEX_COUNT;
    }
    return &fields->index[at];
}

void unknown_fields_count(struct unknown_fields *fields, struct sluice_str name)
{
    fields->total++;
    if (!may_be_shown(name)) {
        fields->other++;
        return;
    }
    uint16_t *slot = find(fields, name);
    if (!*slot && fields->count == UNKNOWN_NAMES_MAX) {
        fields->other++;
        return;
    }
    if (!*slot) {
        memcpy(fields->fields[fields->count].name, name.bytes, name.len);
        *slot = (uint16_t)++fields->count;
    }
    fields->fields[*slot - 1].seen++;
}

void unknown_fields_visit(const struct unknown_fields *fields,
                          void (*visit)(void *self, const char *name, uint64_t count), void *self)
{
    for (size_t i = 0; i < fields->count; i++)
        visit(self, fields->fields[i].name, fields->fields[i].seen);
    if (fields->other)
        visit(self, "other", fields->other);
}
