#include "config/config_option.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sluice/clock.h"
#include "sluice/name.h"

void config_error(struct config_reader *reader, const char *rule, unsigned line, unsigned column,
                  const char *format, ...)
{
    char text[256];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    sluice_findings_add(reader->findings, SLUICE_FINDING_ERROR, rule, reader->file, line, column, "%s", text);
}

/* "%s" of what somebody wrote is kept short, and out altogether where it
 * could be a piece of an identifier. */
static const char *shown(const char *text)
{
    unsigned digits = 0;

    for (const char *c = text; *c; c++) {
        digits = *c >= '0' && *c <= '9' ? digits + 1 : 0;
        if (digits == 3 || c - text == 40)
            return "this value";
    }
    return text;
}

bool config_name_set(struct config_reader *reader, char target[static SLUICE_NAME_MAX + 1], const char *what,
                     const char *text, unsigned line, unsigned column)
{
    if (!sluice_name_valid(text)) {
        config_error(reader, "name-shape", line, column, "%s must be " SLUICE_NAME_SHAPE, what);
        return false;
    }
    snprintf(target, SLUICE_NAME_MAX + 1, "%s", text);
    return true;
}

bool config_path_set(struct config_reader *reader, char target[static SLUICE_PATH_SIZE],
                     const struct yaml_node *node)
{
    const bool whole = node->text[0] == '/' || strcmp(node->text, "-") == 0;
    int len;

    if (!node->text[0]) {
        config_error(reader, "value", node->line, node->column,
                     "the path is empty: name a file or folder, or leave the option out");
        return false;
    }
    if (whole)
        len = snprintf(target, SLUICE_PATH_SIZE, "%s", node->text);
    else
        len = snprintf(target, SLUICE_PATH_SIZE, "%s/%s", reader->folder, node->text);
    if (len >= SLUICE_PATH_SIZE) {
        target[0] = '\0';
        config_error(reader, "value", node->line, node->column, "the path is longer than %d bytes",
                     SLUICE_PATH_SIZE - 1);
        return false;
    }
    return true;
}

/* A whole number and how many bytes of text it took; 0 where there is none or it is too large. */
static size_t number_read(uint64_t *value, const char *text)
{
    size_t len = 0;

    *value = 0;
    for (; text[len] >= '0' && text[len] <= '9'; len++) {
        if (*value > (UINT64_MAX - 9) / 10)
            return 0;
        *value = *value * 10 + (uint64_t)(text[len] - '0');
    }
    return len;
}

struct unit {
    const char *word;
    uint64_t factor;
};

static bool quantity_read(uint64_t *value, const char *text, const struct unit units[])
{
    const size_t len = number_read(value, text);

    for (const struct unit *unit = units; len && unit->word; unit++)
        if (strcmp(text + len, unit->word) == 0)
            return !__builtin_mul_overflow(*value, unit->factor, value);
    return false;
}

static const struct unit no_unit[] = { { "", 1 }, { NULL, 0 } };
static const struct unit size_units[] = {
    { "KiB", 1024 },
    { "MiB", 1024 * 1024 },
    { "GiB", 1024 * 1024 * 1024 },
    { NULL, 0 },
};
static const struct unit period_units[] = {
    { "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 }, { "w", 7 * 86400 }, { NULL, 0 },
};
static const struct unit period_ms_units[] = {
    { "ms", 1 }, { "s", 1000 }, { "m", 60 * 1000 }, { "h", 3600 * 1000 }, { NULL, 0 },
};

/* How each kind of quantity is written. */
static const struct {
    const struct unit *units;
    const char *want;
    const char *unit;
} quantities[] = {
    [CONFIG_COUNT] = { no_unit, "a whole number", "" },
    [CONFIG_SIZE] = { size_units, "a whole number with KiB, MiB or GiB", " octets" },
    [CONFIG_PERIOD] = { period_units, "a whole number with s, m, h, d or w", " seconds" },
    [CONFIG_PERIOD_MS] = { period_ms_units, "a whole number with ms, s, m or h", " milliseconds" },
};

static bool quantity_set(struct config_reader *reader, uint64_t *value, const struct config_option *option,
                         const struct yaml_node *node)
{
    if (!quantity_read(value, node->text, quantities[option->type].units)) {
        config_error(reader, "value", node->line, node->column, "%s must be %s", option->path,
                     quantities[option->type].want);
        return false;
    }
    if (*value < option->min || *value > option->max) {
        config_error(reader, "value", node->line, node->column, "%s must be %llu to %llu%s", option->path,
                     (unsigned long long)option->min, (unsigned long long)option->max,
                     quantities[option->type].unit);
        return false;
    }
    return true;
}

static bool choice_set(struct config_reader *reader, uint32_t *value, const struct config_option *option,
                       const struct yaml_node *node)
{
    char words[128] = "";

    for (const struct config_choice *choice = option->choices; choice->word; choice++) {
        if (strcmp(node->text, choice->word) == 0) {
            *value = choice->value;
            return true;
        }
        if (words[0])
            strncat(words, ", ", sizeof words - strlen(words) - 1);
        strncat(words, choice->word, sizeof words - strlen(words) - 1);
    }
    config_error(reader, "value", node->line, node->column, "%s must be one of %s", option->path, words);
    return false;
}

static bool yes_no_set(struct config_reader *reader, bool *value, const struct config_option *option,
                       const struct yaml_node *node)
{
    const bool yes = strcmp(node->text, "yes") == 0 || strcmp(node->text, "true") == 0;
    const bool no = strcmp(node->text, "no") == 0 || strcmp(node->text, "false") == 0;

    if (!yes && !no)
        config_error(reader, "value", node->line, node->column, "%s must be yes or no", option->path);
    else
        *value = yes;
    return yes || no;
}

static bool instant_set(struct config_reader *reader, int64_t *value, const struct config_option *option,
                        const struct yaml_node *node)
{
    int64_t instant;
    int offset;
    bool zone;

    if (sluice_time_parse(&instant, &offset, &zone, sluice_str_from(node->text)) ||
        instant <= SLUICE_TIME_MIN_US || instant >= SLUICE_TIME_MAX_US) {
        config_error(reader, "value", node->line, node->column,
                     "%s must be an instant such as 2026-11-01T00:00:00Z, between 1970 and 2100",
                     option->path);
        return false;
    }
    *value = instant;
    return true;
}

void config_option_set(struct config_reader *reader, void *base, const struct config_option *option,
                       const struct yaml_node *node)
{
    char *target = (char *)base + option->offset;
    uint64_t quantity;
    uint32_t choice;

    switch (option->type) {
    case CONFIG_PATH:
        config_path_set(reader, target, node);
        break;
    case CONFIG_NAME:
        config_name_set(reader, target, option->path, node->text, node->line, node->column);
        break;
    case CONFIG_YES_NO:
        yes_no_set(reader, (bool *)target, option, node);
        break;
    case CONFIG_INSTANT:
        instant_set(reader, (int64_t *)(void *)target, option, node);
        break;
    case CONFIG_COUNT:
    case CONFIG_PERIOD_MS:
        assert(option->max <= UINT32_MAX);
        if (quantity_set(reader, &quantity, option, node))
            *(uint32_t *)(void *)target = (uint32_t)quantity;
        break;
    case CONFIG_SIZE:
    case CONFIG_PERIOD:
        assert(option->max <= INT64_MAX); /* so the same bytes are right for int64_t */
        if (quantity_set(reader, &quantity, option, node))
            memcpy(target, &quantity, sizeof quantity);
        break;
    case CONFIG_CHOICE_U32:
        if (choice_set(reader, &choice, option, node))
            memcpy(target, &choice, sizeof choice);
        break;
    case CONFIG_CHOICE_U8:
        if (choice_set(reader, &choice, option, node))
            *(uint8_t *)target = (uint8_t)choice;
        break;
    case CONFIG_STRUCTURE:
        break;
    }
}

void config_options_default(struct config_reader *reader, void *base, const struct config_options *options)
{
    for (size_t i = 0; i < options->count; i++) {
        const struct config_option *option = &options->rows[i];
        const struct yaml_node node = { .kind = YAML_SCALAR, .text = option->fallback };

        if (option->fallback)
            config_option_set(reader, base, option, &node);
    }
}

/* The row of prefix.key; *inside is set where prefix.key only starts longer paths. */
static const struct config_option *find(const struct config_options *options, const char *path, bool *inside)
{
    const size_t len = strlen(path);

    *inside = false;
    for (size_t i = 0; i < options->count; i++) {
        if (strcmp(options->rows[i].path, path) == 0)
            return &options->rows[i];
        if (strncmp(options->rows[i].path, path, len) == 0 && options->rows[i].path[len] == '.')
            *inside = true;
    }
    return NULL;
}

/* Offers each row cut to as many steps as the path has, so that a mistyped
 * section is told from a mistyped option. */
static void unknown(struct config_reader *reader, const struct config_options *options, const char *path,
                    const struct yaml_node *node)
{
    const bool nested = strchr(path, '.') != NULL;
    struct sluice_nearest nearest;

    sluice_nearest_init(&nearest, path);
    for (size_t i = 0; i < options->count; i++) {
        const char *row = options->rows[i].path;
        char cut[SLUICE_NEAREST_SIZE];

        snprintf(cut, sizeof cut, "%.*s", (int)(nested ? strlen(row) : strcspn(row, ".")), row);
        sluice_nearest_offer(&nearest, cut);
    }
    if (nearest.best[0])
        config_error(reader, "unknown-key", node->key_line, node->key_column,
                     "%s is no option; did you mean %s?", shown(path), nearest.best);
    else
        config_error(reader, "unknown-key", node->key_line, node->key_column,
                     "%s is no option; 'sluice check --options' lists them", shown(path));
}

struct walk {
    const struct config_options *options;
    void *base;
    uint64_t seen; /* bits by row */
};

static void walk_mapping(struct config_reader *reader, struct walk *walk, const char *prefix,
                         const struct yaml_node *mapping)
{
    for (size_t i = 0; i < mapping->count; i++) {
        const struct yaml_node *child = &mapping->children[i];
        char path[128];
        bool inside;

        snprintf(path, sizeof path, "%s%s%s", prefix, prefix[0] ? "." : "", child->key);
        const struct config_option *option = find(walk->options, path, &inside);

        if (option && option->type == CONFIG_STRUCTURE) {
            walk->seen |= UINT64_C(1) << (option - walk->options->rows);
        } else if (option && child->kind != YAML_SCALAR) {
            config_error(reader, "kind", child->line, child->column, "%s takes one value", path);
        } else if (option) {
            walk->seen |= UINT64_C(1) << (option - walk->options->rows);
            config_option_set(reader, walk->base, option, child);
        } else if (inside && child->kind != YAML_MAPPING) {
            config_error(reader, "kind", child->line, child->column, "%s takes a mapping of options", path);
        } else if (inside) {
            walk_mapping(reader, walk, path, child);
        } else {
            unknown(reader, walk->options, path, child);
        }
    }
}

void config_options_read(struct config_reader *reader, void *base, const struct config_options *options,
                         const struct yaml_node *mapping)
{
    struct walk walk = { options, base, 0 };

    walk_mapping(reader, &walk, "", mapping);
    for (size_t i = 0; i < options->count; i++)
        if (options->rows[i].required && !(walk.seen >> i & 1))
            config_error(reader, "missing", mapping->line, mapping->column, "%s is required and missing",
                         options->rows[i].path);
}
