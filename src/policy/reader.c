#include "policy/policy_reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sluice/clock.h"
#include "sluice/name.h"

#define FINDINGS_MAX 200 /* of one load: more of them help nobody */

static const struct {
    enum sluice_finding_level level;
    const char *word;
} rules[POLICY_RULE_COUNT] = {
#define X(name, level, word, text) [POLICY_RULE_##name] = { level, word },
    POLICY_RULE_MAP(X)
#undef X
};

const struct sluice_policy_rule sluice_policy_rules[] = {
#define X(name, level, word, text) { level, word, text },
    POLICY_RULE_MAP(X)
#undef X
};
const size_t sluice_policy_rule_count = POLICY_RULE_COUNT;

__attribute__((format(printf, 6, 0))) static void complain(struct policy_reader *reader,
                                                           enum policy_rule rule, const char *file,
                                                           unsigned line, unsigned column, const char *format,
                                                           va_list args)
{
    const size_t count = reader->findings->count - reader->findings_before;
    char text[256];

    if (count + 1 >= FINDINGS_MAX) {
        if (rules[rule].level == SLUICE_FINDING_ERROR)
            reader->findings->errors++; /* not listed, but it counts */
        if (count + 1 > FINDINGS_MAX)
            return;
        sluice_findings_add(reader->findings, SLUICE_FINDING_NOTE, rules[POLICY_RULE_TOO_MANY].word, file, 0,
                            0, "mend what is listed, then check again: there is more");
        return;
    }
    vsnprintf(text, sizeof text, format, args);
    sluice_findings_add(reader->findings, rules[rule].level, rules[rule].word, file, line, column, "%s",
                        text);
}

void policy_complain(struct policy_reader *reader, enum policy_rule rule, const struct yaml_node *node,
                     const char *format, ...)
{
    const bool by_key = node->kind != YAML_SCALAR && node->key; /* a block is found by its heading */
    va_list args;

    va_start(args, format);
    complain(reader, rule, node->file, by_key ? node->key_line : node->line,
             by_key ? node->key_column : node->column, format, args);
    va_end(args);
}

void policy_complain_key(struct policy_reader *reader, enum policy_rule rule, const struct yaml_node *node,
                         const char *format, ...)
{
    va_list args;

    va_start(args, format);
    complain(reader, rule, node->file, node->key_line, node->key_column, format, args);
    va_end(args);
}

static void refuse_key(struct policy_reader *reader, const struct yaml_node *node,
                       const struct policy_key keys[], size_t key_count)
{
    struct sluice_nearest nearest;

    sluice_nearest_init(&nearest, node->key);
    for (size_t i = 0; i < key_count; i++)
        sluice_nearest_offer(&nearest, keys[i].name);
    if (nearest.best[0])
        policy_complain_key(reader, POLICY_RULE_UNKNOWN_KEY, node, "correct this key; did you mean %s?",
                            nearest.best);
    else
        policy_complain_key(reader, POLICY_RULE_UNKNOWN_KEY, node, "remove this key: none is named so here");
}

void policy_read_confirmed(struct policy_reader *reader, const struct yaml_node *node)
{
    struct sluice_policy_words *words = reader->words;
    bool confirmed = true;

    if (!policy_read_yes_no(reader, &confirmed, node) || confirmed)
        return;
    if (words->unconfirmed_count == POLICY_UNCONFIRMED_MAX)
        policy_complain(reader, POLICY_RULE_LIMIT, node, "mark at most %d values as not confirmed",
                        POLICY_UNCONFIRMED_MAX);
    else
        words->unconfirmed[words->unconfirmed_count++] = node;
}

static const struct policy_key *find_key(const char *name, const struct policy_key keys[], size_t key_count)
{
    for (size_t i = 0; i < key_count; i++)
        if (strcmp(name, keys[i].name) == 0)
            return &keys[i];
    return NULL;
}

bool policy_read_mapping(struct policy_reader *reader, void *target, const struct yaml_node *node,
                         const struct policy_key keys[], size_t key_count)
{
    if (node->kind != YAML_MAPPING) {
        policy_complain(reader, POLICY_RULE_VALUE_KIND, node, "write a mapping here, KEY: VALUE");
        return false;
    }
    for (size_t i = 0; i < node->count; i++) {
        const struct yaml_node *child = &node->children[i];

        if (strcmp(child->key, "confirmed") == 0)
            policy_read_confirmed(reader, child);
        else if (!find_key(child->key, keys, key_count))
            refuse_key(reader, child, keys, key_count);
    }
    for (size_t i = 0; i < key_count; i++) {
        const struct yaml_node *child = yaml_get(node, keys[i].name);

        if (child)
            keys[i].read(reader, target, child);
        else if (keys[i].required)
            policy_complain(reader, POLICY_RULE_KEY_MISSING, node, "add %s here", keys[i].name);
    }
    return true;
}

static bool is_scalar(struct policy_reader *reader, const struct yaml_node *node, const char *want)
{
    if (node->kind == YAML_SCALAR && node->text[0])
        return true;
    policy_complain(reader, POLICY_RULE_VALUE_KIND, node, "write %s here", want);
    return false;
}

bool policy_read_text(struct policy_reader *reader, const char **text, const struct yaml_node *node)
{
    if (!is_scalar(reader, node, "a text"))
        return false;
    *text = node->text;
    return true;
}

bool policy_read_yes_no(struct policy_reader *reader, bool *yes, const struct yaml_node *node)
{
    static const char *const names[] = { "no", "yes", "false", "true", "off", "on" };
    uint8_t index;

    if (!policy_read_choice(reader, &index, node, names, 6))
        return false;
    *yes = index % 2 == 1;
    return true;
}

bool policy_read_whole(struct policy_reader *reader, uint32_t *value, const struct yaml_node *node,
                       uint32_t min, uint32_t max)
{
    uint64_t number = 0;

    if (!is_scalar(reader, node, "a whole number"))
        return false;
    for (const char *c = node->text; *c; c++) {
        if (*c < '0' || *c > '9') {
            policy_complain(reader, POLICY_RULE_VALUE_KIND, node, "write a whole number here");
            return false;
        }
        if (number <= UINT32_MAX)
            number = number * 10 + (uint64_t)(*c - '0');
    }
    if (number < min || number > max) {
        policy_complain(reader, POLICY_RULE_VALUE_RANGE, node, "choose a number from %u to %u", min, max);
        return false;
    }
    *value = (uint32_t)number;
    return true;
}

bool policy_read_period(struct policy_reader *reader, int64_t *seconds, const struct yaml_node *node)
{
    if (!is_scalar(reader, node, "a period such as 30d"))
        return false;
    if (sluice_period_parse(seconds, sluice_str_from(node->text))) {
        policy_complain(reader, POLICY_RULE_VALUE_KIND, node,
                        "write a period here: a whole number and s, m, h, d or w, such as 30d");
        return false;
    }
    return true;
}

bool policy_read_instant(struct policy_reader *reader, int64_t *time_us, const struct yaml_node *node)
{
    int64_t parsed;
    int offset;
    bool zone;

    if (!is_scalar(reader, node, "a date or an instant"))
        return false;
    if (sluice_time_parse(&parsed, &offset, &zone, sluice_str_from(node->text)) ||
        parsed < SLUICE_TIME_MIN_US || parsed >= SLUICE_TIME_MAX_US) {
        policy_complain(reader, POLICY_RULE_VALUE_KIND, node,
                        "write a date here, 2026-10-01, or an instant, 2026-10-01T00:00:00Z");
        return false;
    }
    *time_us = parsed;
    return true;
}

bool policy_read_choice(struct policy_reader *reader, uint8_t *index, const struct yaml_node *node,
                        const char *const names[], size_t name_count)
{
    char text[160] = "";

    for (size_t i = 0; i < name_count; i++) {
        const size_t len = strlen(text);

        if (!names[i])
            continue;
        if (node->kind == YAML_SCALAR && strcmp(node->text, names[i]) == 0) {
            *index = (uint8_t)i;
            return true;
        }
        snprintf(text + len, sizeof text - len, "%s%s", len ? ", " : "", names[i]);
    }
    policy_complain(reader, POLICY_RULE_VALUE_KIND, node, "write one of these here: %s", text);
    return false;
}

bool policy_read_list(struct policy_reader *reader, const struct yaml_node **items, size_t *count,
                      const struct yaml_node *node)
{
    *items = node->kind == YAML_SEQUENCE ? node->children : node;
    *count = node->kind == YAML_SEQUENCE ? node->count : 1;
    for (size_t i = 0; i < *count; i++)
        if (!is_scalar(reader, &(*items)[i], "a list of words, [a, b],"))
            return false;
    for (size_t i = 0; i < *count && i < 64; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp((*items)[i].text, (*items)[j].text) == 0) {
                policy_complain(reader, POLICY_RULE_VALUE_TWICE, &(*items)[i], "name this once");
                return false;
            }
    return true;
}

bool policy_read_choices(struct policy_reader *reader, uint16_t *bits, const struct yaml_node *node,
                         const char *const names[], size_t name_count)
{
    const struct yaml_node *items;
    size_t count;
    uint16_t chosen = 0;

    if (!policy_read_list(reader, &items, &count, node))
        return false;
    if (count == 0) {
        policy_complain(reader, POLICY_RULE_VALUE_RANGE, node, "name at least one, or leave the key out");
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        uint8_t index;

        if (!policy_read_choice(reader, &index, &items[i], names, name_count))
            return false;
        chosen |= (uint16_t)(1u << index);
    }
    *bits = chosen;
    return true;
}
