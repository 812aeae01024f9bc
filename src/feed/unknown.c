#include "feed/unknown.h"

#include <stdbool.h>
#include <string.h>

#include "json/json.h"

#define INDEX_COUNT ((size_t)4 * UNKNOWN_NAMES_MAX)

#define DIGITS_MAX     4    /* of a name in all: fewer than tell a SIM apart */
#define ROW_MAX        2    /* one after the other */
#define WORD_MAX       23   /* letters and digits between signs: one less than base32 needs for an IMSI */
#define HEX_MAX        7

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_word(char c)
{
    return is_digit(c) || is_lower(c) || (c >= 'A' && c <= 'Z');
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Letters can spell a number too. Words of people are not all hexadecimal, and
 * no small letter stands alone between capitals and digits, as in base64. */
static bool is_readable(const char *word, size_t len)
{
    size_t hex = 0;

    for (size_t i = 0; i < len; i++) {
        hex += is_hex(word[i]);
        if (i > 0 && i + 1 < len && is_lower(word[i]) && !is_lower(word[i - 1]) && !is_lower(word[i + 1]))
            return false;
    }
    return len <= WORD_MAX && (hex < len || len <= HEX_MAX);
}

static bool has_few_digits(struct sluice_str name)
{
    size_t digits = 0, row = 0;

    for (size_t i = 0; i < name.len; i++) {
        row = is_digit(name.bytes[i]) ? row + 1 : 0;
        digits += row > 0;
        if (row > ROW_MAX || digits > DIGITS_MAX)
            return false;
    }
    return true;
}

static bool may_be_shown(struct sluice_str name)
{
    if (name.len == 0 || name.len >= UNKNOWN_NAME_SIZE || is_digit(name.bytes[0]) || !has_few_digits(name))
        return false;
    for (size_t at = 0; at < name.len;) {
        size_t len = 0;

        while (at + len < name.len && is_word(name.bytes[at + len]))
            len++;
        if (!is_readable(name.bytes + at, len))
            return false;
        at += len;
        if (at < name.len && (!name.bytes[at] || !strchr("_-.[]()", name.bytes[at])))
            return false;
        at++;
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

static void add(struct unknown_fields *fields, struct sluice_str name, uint64_t seen)
{
    uint16_t *slot = find(fields, name);

    if (!*slot && fields->count == UNKNOWN_NAMES_MAX) {
        fields->other += seen;
        return;
    }
    if (!*slot) {
        memcpy(fields->fields[fields->count].name, name.bytes, name.len);
        *slot = (uint16_t)++fields->count;
    }
    fields->fields[*slot - 1].seen += seen;
}

void unknown_fields_count(struct unknown_fields *fields, struct sluice_str name)
{
    fields->total++;
    if (may_be_shown(name))
        add(fields, name, 1);
    else
        fields->other++;
}

void unknown_fields_move(struct unknown_fields *to, struct unknown_fields *from)
{
    for (size_t i = 0; i < from->count; i++)
        add(to, sluice_str_from(from->fields[i].name), from->fields[i].seen);
    to->other += from->other;
    to->total += from->total;
    unknown_fields_clear(from);
}

void unknown_fields_clear(struct unknown_fields *fields)
{
    if (fields->total)
        memset(fields, 0, sizeof *fields);
}

void unknown_fields_visit(const struct unknown_fields *fields,
                          void (*visit)(void *self, const char *name, uint64_t count), void *self)
{
    for (size_t i = 0; i < fields->count; i++)
        visit(self, fields->fields[i].name, fields->fields[i].seen);
    if (fields->other)
        visit(self, "other", fields->other);
}
