/* What a record that was collected under one version may do under a later one:
 * both versions and what comes of them, purpose by purpose and field by field. */
#include <stdio.h>
#include <string.h>

#include "policy/policy_text.h"
#include "sluice/reason.h"

#define CELL_SIZE 512

struct telling {
    const struct sluice_policy *then, *now;
    const char *purpose;
    bool json;
    struct policy_table table;
    struct sluice_buffer *out;
};

static void add(struct telling *telling, const char *what, const char *then, const char *now, const char *holds)
{
    const char *const cells[] = { telling->purpose, what, then, now, holds };
    static const char *const names[] = { "purpose", "what", "then", "now", "holds" };

    if (telling->json) {
        policy_json_separate(telling->out);
        sluice_buffer_append_text(telling->out, "{");
    }
    for (size_t i = 0; i < 5; i++) {
        if (telling->json)
            policy_json_text(telling->out, names[i], cells[i]);
        else
            policy_table_add(&telling->table, "%s", cells[i]);
    }
    if (telling->json)
        sluice_buffer_append_text(telling->out, "}");
}

/* A text that is built in a buffer, as far as it fits a cell. */
typedef void writer(struct sluice_buffer *out, const struct sluice_purpose *purpose);

static void to_cell(char cell[static CELL_SIZE], writer *write, const struct sluice_purpose *purpose)
{
    struct sluice_buffer text;

    sluice_buffer_init(&text, CELL_SIZE);
    write(&text, purpose);
    snprintf(cell, CELL_SIZE, "%.*s", (int)text.len, text.bytes ? (const char *)text.bytes : "");
    sluice_buffer_deinit(&text);
}

static void write_services(struct sluice_buffer *out, const struct sluice_purpose *purpose)
{
    policy_bits_text(out, purpose->services, policy_service_names, SLUICE_SERVICE_COUNT);
}

static void write_roles(struct sluice_buffer *out, const struct sluice_purpose *purpose)
{
    policy_bits_text(out, purpose->roles, policy_role_names, SLUICE_ROLE_PROCESSOR + 1);
}

static void write_input(struct sluice_buffer *out, const struct sluice_purpose *purpose)
{
    sluice_buffer_append_text(out, purpose->anonymous ? "anonymous" : "record");
}

static void write_restriction(struct sluice_buffer *out, const struct sluice_purpose *purpose)
{
    sluice_buffer_append_text(out, purpose->restrict_exempt ? "goes on" : "parks");
}

static void write_objection(struct sluice_buffer *out, const struct sluice_purpose *purpose)
{
    static const char *const names[] = { "by-basis", "always", "goes on" }; /* by enum sluice_objection */

    sluice_buffer_append_text(out, names[purpose->objection]);
}

static void tell_rules(struct telling *telling, const struct sluice_purpose *then, const struct sluice_purpose *now,
                       const struct sluice_purpose *both)
{
    static const struct { const char *what; writer *write; } rules[] = {
        { "input", write_input },         { "services", write_services },       { "roles", write_roles },
        { "objection", write_objection }, { "restriction", write_restriction },
    };
    char cells[3][CELL_SIZE];

    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        to_cell(cells[0], rules[i].write, then);
        to_cell(cells[1], rules[i].write, now);
        to_cell(cells[2], rules[i].write, both);
        add(telling, rules[i].what, cells[0], cells[1], cells[2]);
    }
}

static void tell_basis(struct telling *telling, const struct sluice_purpose *then, const struct sluice_purpose *now)
{
    char cells[3][CELL_SIZE];

    to_cell(cells[0], policy_basis_text, then);
    to_cell(cells[1], policy_basis_text, now);
    if (strcmp(cells[0], cells[1]) == 0)
        strcpy(cells[2], cells[0]);
    else
        strcpy(cells[2], "as then; where now says consent or none, that");
    add(telling, "basis", cells[0], cells[1], cells[2]);
}

static void period(char cell[static CELL_SIZE], const struct sluice_purpose *purpose)
{
    char text[POLICY_TEXT_SIZE];

    policy_period_text(text, purpose->retention_s);
    snprintf(cell, CELL_SIZE, "%s from %s", text, policy_anchor_names[purpose->anchor]);
}

static void tell_retention(struct telling *telling, const struct sluice_purpose *then,
                           const struct sluice_purpose *now)
{
    char cells[2][CELL_SIZE];

    period(cells[0], then);
    period(cells[1], now);
    add(telling, "retention", cells[0], cells[1],
        then->anchor != now->anchor           ? "what ends earlier"
        : then->retention_s < now->retention_s ? cells[0]
                                               : cells[1]);
}

static void tell_fields(struct telling *telling, const struct sluice_purpose *then, const struct sluice_purpose *now,
                        const struct sluice_purpose *both)
{
    char cells[3][POLICY_TEXT_SIZE];

    for (enum sluice_field field = SLUICE_FIELD_NONE + 1; field < SLUICE_FIELD_COUNT; field++) {
        const struct sluice_projection *forms[] = { policy_projection_of(then, field), policy_projection_of(now, field),
                                                    policy_projection_of(both, field) };

        if (!forms[0] && !forms[1])
            continue;
        for (size_t i = 0; i < 3; i++)
            policy_form_text(cells[i], forms[i]);
        add(telling, sluice_field_table[field].name, cells[0], cells[1], cells[2]);
    }
}

static bool names(const struct sluice_policy *policy, const struct sluice_purpose *purpose, const char *id)
{
    const struct policy_purpose_words *words = policy_words_of(policy, purpose);

    for (size_t i = 0; i < words->recipient_count; i++)
        if (strcmp(policy->words->recipients[words->recipients[i]].id, id) == 0)
            return true;
    return false;
}

/* Each recipient of one version, save those that the other tells. */
static void tell_recipients(struct telling *telling, const struct sluice_purpose *then,
                            const struct sluice_purpose *now)
{
    const struct policy_purpose_words *old = policy_words_of(telling->then, then);
    const struct policy_purpose_words *new = policy_words_of(telling->now, now);

    for (size_t i = 0; i < old->recipient_count; i++) {
        const char *id = telling->then->words->recipients[old->recipients[i]].id;
        const char *also = names(telling->now, now, id) ? id : "-";

        add(telling, "recipient", id, also, also);
    }
    for (size_t i = 0; i < new->recipient_count; i++) {
        const char *id = telling->now->words->recipients[new->recipients[i]].id;

        if (!names(telling->then, then, id))
            add(telling, "recipient", "-", id, "-");
    }
}

/* then or now may be NULL, not both. */
static void tell_purpose(struct telling *telling, const struct sluice_purpose *then, const struct sluice_purpose *now)
{
    const char *was = then ? policy_words_of(telling->then, then)->term->dpv : "-";
    const char *is = now ? policy_words_of(telling->now, now)->term->dpv : "-";
    struct sluice_purpose both;

    telling->purpose = then ? then->name : now->name;
    add(telling, "purpose", was, is,
        !now    ? sluice_outcome_word(SLUICE_CLOSED_SINCE)
        : !then ? sluice_outcome_word(SLUICE_NOT_YET_DECLARED)
                : is);
    if (!then || !now)
        return;
    sluice_purpose_intersect(&both, now, then);
    tell_basis(telling, then, now);
    tell_rules(telling, then, now, &both);
    tell_fields(telling, then, now, &both);
    if (!both.anonymous)
        tell_retention(telling, then, now);
    tell_recipients(telling, then, now);
}

static void tell_purposes(struct telling *telling)
{
    const struct sluice_policy *then = telling->then, *now = telling->now;

    for (size_t i = 0; i < then->purpose_count; i++)
        tell_purpose(telling, &then->purposes[i], sluice_policy_purpose(now, then->purposes[i].name));
    for (size_t i = 0; i < now->purpose_count; i++)
        if (!sluice_policy_purpose(then, now->purposes[i].name))
            tell_purpose(telling, NULL, &now->purposes[i]);
}

enum sluice_err sluice_policy_explain_then(const struct sluice_policy *then, const struct sluice_policy *now,
                                           bool json, struct sluice_buffer *out)
{
    static const char *const heads[] = { "PURPOSE", "WHAT", "THEN", "NOW", "HOLDS" };
    struct telling telling = { .then = then, .now = now, .json = json, .out = out };

    policy_table_init(&telling.table, 5);
    for (size_t i = 0; i < 5; i++)
        policy_table_add(&telling.table, "%s", heads[i]);
    if (json) {
        sluice_buffer_append_text(out, "[");
    } else {
        sluice_buffer_printf(out, "%s, collected under version ", then->tenant);
        policy_version_text(out, then);
        sluice_buffer_append_text(out, ", judged while version ");
        policy_version_text(out, now);
        sluice_buffer_append_text(out, " is in force\n\n");
    }
    tell_purposes(&telling);
    if (json)
        sluice_buffer_append_text(out, "]\n");
    else
        policy_table_print(&telling.table, out);
    policy_table_deinit(&telling.table);
    return sluice_buffer_err(out);
}
