/* What a change of policy opens and what it closes, one row each. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "policy/policy_text.h"
#include "sluice/clock.h"

struct diff {
    bool json;
    struct policy_table table;
    struct sluice_buffer *out;
    const char *purpose; /* whose rows are written; "" for the whole policy */
    size_t count;
};

static void add(struct diff *diff, enum policy_effect effect, const char *what, const char *from,
                const char *to)
{
    static const char *const effects[] = { "", "opens", "closes", "changes" };

    if (effect == POLICY_SAME)
        return;
    diff->count++;
    if (!diff->json) {
        policy_table_add(&diff->table, "%s", effects[effect]);
        policy_table_add(&diff->table, "%s", diff->purpose[0] ? diff->purpose : "-");
        policy_table_add(&diff->table, "%s", what);
        policy_table_add(&diff->table, "%s", from);
        policy_table_add(&diff->table, "%s", to);
        return;
    }
    policy_json_separate(diff->out);
    sluice_buffer_append_text(diff->out, "{");
    policy_json_text(diff->out, "effect", effects[effect]);
    policy_json_text(diff->out, "purpose", diff->purpose[0] ? diff->purpose : NULL);
    policy_json_text(diff->out, "what", what);
    policy_json_text(diff->out, "from", from);
    policy_json_text(diff->out, "to", to);
    sluice_buffer_append_text(diff->out, "}");
}

/* More of it lets more out. */
static enum policy_effect by_size(int64_t from, int64_t to)
{
    return from == to ? POLICY_SAME : to > from ? POLICY_OPENS : POLICY_CLOSES;
}

static enum policy_effect reversed(enum policy_effect effect)
{
    return effect == POLICY_OPENS ? POLICY_CLOSES : effect == POLICY_CLOSES ? POLICY_OPENS : effect;
}

static void add_text(struct diff *diff, const char *what, const char *from, const char *to)
{
    add(diff, strcmp(from, to) == 0 ? POLICY_SAME : POLICY_CHANGES, what, from, to);
}

static void add_yes_no(struct diff *diff, const char *what, bool from, bool to)
{
    add(diff, by_size(from, to), what, from ? "yes" : "no", to ? "yes" : "no");
}

static void add_bits(struct diff *diff, const char *what, unsigned from, unsigned to,
                     const char *const names[], size_t name_count)
{
    for (size_t i = 0; i < name_count; i++)
        if ((from ^ to) >> i & 1)
            add(diff, to >> i & 1 ? POLICY_OPENS : POLICY_CLOSES, what, from >> i & 1 ? names[i] : "-",
                to >> i & 1 ? names[i] : "-");
}

/* --- one purpose in both versions */

static void diff_basis(struct diff *diff, const struct sluice_purpose *from, const struct sluice_purpose *to)
{
    struct sluice_buffer before, after;

    sluice_buffer_init(&before, 8192);
    sluice_buffer_init(&after, 8192);
    policy_basis_text(&before, from);
    policy_basis_text(&after, to);
    sluice_buffer_append_u8(&before, 0);
    sluice_buffer_append_u8(&after, 0);
    if (before.failed || after.failed)
        diff->out->failed = true;
    else
        add_text(diff, "basis", (const char *)before.bytes, (const char *)after.bytes);
    sluice_buffer_deinit(&before);
    sluice_buffer_deinit(&after);
}

static void diff_fields(struct diff *diff, const struct sluice_purpose *from, const struct sluice_purpose *to)
{
    char before[POLICY_TEXT_SIZE], after[POLICY_TEXT_SIZE];

    for (enum sluice_field field = SLUICE_FIELD_NONE + 1; field < SLUICE_FIELD_COUNT; field++) {
        const struct sluice_projection *old = policy_projection_of(from, field);
        const struct sluice_projection *new = policy_projection_of(to, field);

        policy_form_text(before, old);
        policy_form_text(after, new);
        add(diff, policy_form_effect(old, new), sluice_field_table[field].name, before, after);
    }
}

static int64_t epoch_seconds(const struct sluice_purpose *purpose)
{
    static const int64_t seconds[] = { [SLUICE_EPOCH_MONTH] = 31 * SLUICE_DAY_S, [SLUICE_EPOCH_RECORD] = 0 };

    return purpose->epoch_kind == SLUICE_EPOCH_SECONDS ? purpose->epoch_s : seconds[purpose->epoch_kind];
}

static void diff_periods(struct diff *diff, const struct sluice_purpose *from,
                         const struct sluice_purpose *to)
{
    char before[POLICY_TEXT_SIZE], after[POLICY_TEXT_SIZE];

    policy_period_text(before, from->retention_s);
    policy_period_text(after, to->retention_s);
    add(diff, by_size(from->retention_s, to->retention_s), "retention", before, after);
    add_text(diff, "anchor", policy_anchor_names[from->anchor], policy_anchor_names[to->anchor]);
    policy_period_text(before, from->bucket_s);
    policy_period_text(after, to->bucket_s);
    add_text(diff, "bucket", before, after);
    policy_epoch_text(before, from);
    policy_epoch_text(after, to);
    if (strcmp(before, after) != 0)
        add(diff, by_size(epoch_seconds(from), epoch_seconds(to)), "epoch", before, after);
}

/* NULL where the purpose has no such recipient. */
static const struct policy_recipient *find_recipient(const struct sluice_policy *policy,
                                                     const struct policy_purpose_words *words, const char *id)
{
    for (size_t i = 0; i < words->recipient_count; i++) {
        const struct policy_recipient *recipient = &policy->words->recipients[words->recipients[i]];

        if (strcmp(recipient->id, id) == 0)
            return recipient;
    }
    return NULL;
}

static void diff_recipients(struct diff *diff, const struct sluice_policy *from,
                            const struct policy_purpose_words *old, const struct sluice_policy *to,
                            const struct policy_purpose_words *new)
{
    for (size_t i = 0; i < old->recipient_count; i++) {
        const struct policy_recipient *before = &from->words->recipients[old->recipients[i]];
        const struct policy_recipient *after = find_recipient(to, new, before->id);

        if (!after) {
            add(diff, POLICY_CLOSES, "recipient", before->id, "-");
            continue;
        }
        add_text(diff, "recipient class", before->class->name, after->class->name);
        add_text(diff, "recipient country", before->country, after->country);
    }
    for (size_t i = 0; i < new->recipient_count; i++) {
        const char *id = to->words->recipients[new->recipients[i]].id;

        if (!find_recipient(from, old, id))
            add(diff, POLICY_OPENS, "recipient", "-", id);
    }
}

static void diff_objection(struct diff *diff, const struct sluice_purpose *from,
                           const struct sluice_purpose *to)
{
    static const char *const names[] = { "by-basis", "always", "goes on" };
    static const uint8_t freedom[] = { 1, 0, 2 }; /* by enum sluice_objection */

    add(diff, by_size(freedom[from->objection], freedom[to->objection]), "objection", names[from->objection],
        names[to->objection]);
}

static void diff_purpose(struct diff *diff, const struct sluice_policy *from,
                         const struct sluice_purpose *old, const struct sluice_policy *to,
                         const struct sluice_purpose *new)
{
    const struct policy_purpose_words *old_words = policy_words_of(from, old);
    const struct policy_purpose_words *new_words = policy_words_of(to, new);
    char before[POLICY_TEXT_SIZE], after[POLICY_TEXT_SIZE];

    add_text(diff, "purpose", old_words->term->dpv, new_words->term->dpv);
    diff_basis(diff, old, new);
    add(diff, reversed(by_size(old->anonymous, new->anonymous)), "input",
        old->anonymous ? "anonymous" : "record", new->anonymous ? "anonymous" : "record");
    add_bits(diff, "service", old->services, new->services, policy_service_names, SLUICE_SERVICE_COUNT);
    add_bits(diff, "role", old->roles, new->roles, policy_role_names, SLUICE_ROLE_PROCESSOR + 1);
    diff_fields(diff, old, new);
    for (enum sluice_field field = SLUICE_FIELD_NONE + 1; field < SLUICE_FIELD_COUNT; field++)
        if ((old->required ^ new->required) >> field & 1)
            add(diff, new->required >> field & 1 ? POLICY_CLOSES : POLICY_OPENS, "required",
                old->required >> field & 1 ? sluice_field_table[field].name : "-",
                new->required >> field & 1 ? sluice_field_table[field].name : "-");
    diff_periods(diff, old, new);
    diff_recipients(diff, from, old_words, to, new_words);
    diff_objection(diff, old, new);
    add_yes_no(diff, "restrict_exempt", old->restrict_exempt, new->restrict_exempt);
    snprintf(before, sizeof before, "%" PRIu32, old_words->minimum_group);
    snprintf(after, sizeof after, "%" PRIu32, new_words->minimum_group);
    add(diff, reversed(by_size(old_words->minimum_group, new_words->minimum_group)), "minimum_group", before,
        after);
}

/* --- the whole policy */

static bool prohibits(const struct sluice_policy *policy, const char *name)
{
    for (size_t i = 0; i < policy->prohibited_count; i++)
        if (strcmp(policy->prohibited[i], name) == 0)
            return true;
    return false;
}

static void diff_policy(struct diff *diff, const struct sluice_policy *from, const struct sluice_policy *to)
{
    char before[POLICY_TEXT_SIZE], after[POLICY_TEXT_SIZE];

    snprintf(before, sizeof before, "%u", from->min_age);
    snprintf(after, sizeof after, "%u", to->min_age);
    add(diff, reversed(by_size(from->min_age, to->min_age)), "min_age", before, after);
    add_text(diff, "role", policy_role_names[from->role], policy_role_names[to->role]);
    add(diff, by_size(!!from->words->eprivacy_off, !!to->words->eprivacy_off), "eprivacy",
        from->words->eprivacy_off ? "off" : "on", to->words->eprivacy_off ? "off" : "on");
    add_text(diff, "unknown_field", from->quarantine_unknown_fields ? "quarantine" : "drop",
             to->quarantine_unknown_fields ? "quarantine" : "drop");
    for (size_t i = 0; i < from->prohibited_count; i++)
        if (!prohibits(to, from->prohibited[i]))
            add(diff, POLICY_OPENS, "prohibited", from->prohibited[i], "-");
    for (size_t i = 0; i < to->prohibited_count; i++)
        if (!prohibits(from, to->prohibited[i]))
            add(diff, POLICY_CLOSES, "prohibited", "-", to->prohibited[i]);
}

static void diff_purposes(struct diff *diff, const struct sluice_policy *from, const struct sluice_policy *to)
{
    for (size_t i = 0; i < from->purpose_count; i++) {
        const struct sluice_purpose *old = &from->purposes[i];
        const struct sluice_purpose *new = sluice_policy_purpose(to, old->name);

        diff->purpose = old->name;
        if (new)
            diff_purpose(diff, from, old, to, new);
        else
            add(diff, POLICY_CLOSES, "purpose", policy_words_of(from, old)->term->dpv, "-");
    }
    for (size_t i = 0; i < to->purpose_count; i++) {
        const struct sluice_purpose *new = &to->purposes[i];

        diff->purpose = new->name;
        if (!sluice_policy_purpose(from, new->name))
            add(diff, POLICY_OPENS, "purpose", "-", policy_words_of(to, new)->term->dpv);
    }
}

enum sluice_err sluice_policy_diff(const struct sluice_policy *from, const struct sluice_policy *to,
                                   bool json, struct sluice_buffer *out)
{
    static const char *const heads[] = { "EFFECT", "PURPOSE", "WHAT", "FROM", "TO" };
    struct diff diff = { .json = json, .out = out, .purpose = "" };

    policy_table_init(&diff.table, 5);
    for (size_t i = 0; i < 5; i++)
        policy_table_add(&diff.table, "%s", heads[i]);
    if (json)
        sluice_buffer_append_text(out, "[");
    diff_policy(&diff, from, to);
    diff_purposes(&diff, from, to);
    if (json)
        sluice_buffer_append_text(out, "]\n");
    else if (diff.count == 0)
        sluice_buffer_append_text(out, "nothing opens, closes or changes\n");
    else
        policy_table_print(&diff.table, out);
    policy_table_deinit(&diff.table);
    return sluice_buffer_err(out);
}
