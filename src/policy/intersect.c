/* What a record of an earlier version may still do: see sluice/policy.h. */
#include "sluice/policy.h"

#include <string.h>

#include "policy/policy_text.h"

/* The stricter of two transforms of one field. DROP (0) wherever neither is
 * clearly stricter: a prefix and a pseudonym, say, each tell what the other
 * hides. A pseudonym lasts an epoch, a tag as long as the purpose. */
#define KEEP SLUICE_TRANSFORM_KEEP
#define PSEUDONYM SLUICE_TRANSFORM_PSEUDONYM
#define TRUNCATE SLUICE_TRANSFORM_TRUNCATE
#define COARSEN SLUICE_TRANSFORM_COARSEN
#define BUCKET SLUICE_TRANSFORM_BUCKET
#define TOKEN SLUICE_TRANSFORM_TOKEN
#define TAG SLUICE_TRANSFORM_TAG
static const uint8_t stricter[SLUICE_TRANSFORM_COUNT][SLUICE_TRANSFORM_COUNT] = {
    [KEEP] = { [KEEP] = KEEP,
               [PSEUDONYM] = PSEUDONYM,
               [TRUNCATE] = TRUNCATE,
               [COARSEN] = COARSEN,
               [BUCKET] = BUCKET,
               [TOKEN] = TOKEN,
               [TAG] = TAG },
    [PSEUDONYM] = { [KEEP] = PSEUDONYM, [PSEUDONYM] = PSEUDONYM, [TAG] = PSEUDONYM },
    [TRUNCATE] = { [KEEP] = TRUNCATE, [TRUNCATE] = TRUNCATE },
    [COARSEN] = { [KEEP] = COARSEN, [COARSEN] = COARSEN },
    [BUCKET] = { [KEEP] = BUCKET, [BUCKET] = BUCKET },
    [TOKEN] = { [KEEP] = TOKEN, [TOKEN] = TOKEN },
    [TAG] = { [KEEP] = TAG, [PSEUDONYM] = PSEUDONYM, [TAG] = TAG },
};

/* A shorter prefix tells less, so does a longer interval. */
static uint32_t stricter_parameter(uint8_t transform, uint32_t a, uint32_t b)
{
    const uint32_t less = a < b ? a : b, more = a < b ? b : a;

    return transform == SLUICE_TRANSFORM_COARSEN ? more : less;
}

static bool same_form(const struct sluice_projection *a, const struct sluice_projection *b)
{
    return a->transform == b->transform && a->parameter == b->parameter;
}

/* The form that tells no more than either; transform DROP where there is none. */
static struct sluice_projection stricter_form(const struct sluice_projection *a,
                                              const struct sluice_projection *b)
{
    const uint8_t transform = stricter[a->transform][b->transform];
    struct sluice_projection chosen = transform == a->transform ? *a : *b;

    if (transform == SLUICE_TRANSFORM_DROP)
        chosen = (struct sluice_projection){ .transform = SLUICE_TRANSFORM_DROP };
    else if (a->transform == b->transform)
        chosen.parameter = stricter_parameter(transform, a->parameter, b->parameter);
    return chosen;
}

enum policy_effect policy_form_effect(const struct sluice_projection *from,
                                      const struct sluice_projection *to)
{
    if (!from || !to)
        return from ? POLICY_CLOSES : to ? POLICY_OPENS : POLICY_SAME;
    if (same_form(from, to))
        return POLICY_SAME;

    const struct sluice_projection both = stricter_form(from, to);
    return same_form(&both, to) ? POLICY_CLOSES : same_form(&both, from) ? POLICY_OPENS : POLICY_CHANGES;
}

/* In now's order of fields, which may differ from the order of numbers where
 * a form of then is the stricter; so each goes to its place. */
static void insert(struct sluice_purpose *out, const struct sluice_projection *projection)
{
    size_t at = out->projection_count++;

    for (; at > 0 && out->projections[at - 1].number > projection->number; at--)
        out->projections[at] = out->projections[at - 1];
    out->projections[at] = *projection;
}

static void intersect_fields(struct sluice_purpose *out, const struct sluice_purpose *now,
                             const struct sluice_purpose *then)
{
    out->projection_count = 0;
    memset(out->projections, 0, sizeof out->projections);
    for (size_t i = 0; i < now->projection_count; i++) {
        const struct sluice_projection *today = &now->projections[i];
        const struct sluice_projection *earlier = policy_projection_of(then, (enum sluice_field)today->field);

        if (!earlier)
            continue;
        const struct sluice_projection both = stricter_form(today, earlier);
        if (both.transform != SLUICE_TRANSFORM_DROP)
            insert(out, &both);
    }
}

/* Ever less goes on against an objection: a ground, the basis, nothing. */
static uint8_t stricter_objection(uint8_t a, uint8_t b)
{
    static const uint8_t strictness[] = {
        [SLUICE_OBJECTION_GROUND] = 0,
        [SLUICE_OBJECTION_BY_BASIS] = 1,
        [SLUICE_OBJECTION_ALWAYS] = 2,
    };

    return strictness[a] > strictness[b] ? a : b;
}

void sluice_purpose_intersect(struct sluice_purpose *out, const struct sluice_purpose *now,
                              const struct sluice_purpose *then)
{
    if (!now->declared || !then->declared) {
        memset(out, 0, sizeof *out); /* emits nothing */
        return;
    }
    *out = *now;
    if (now == then)
        return;

    out->anonymous = now->anonymous || then->anonymous;
    out->restrict_exempt = now->restrict_exempt && then->restrict_exempt;
    out->objection = stricter_objection(now->objection, then->objection);
    out->roles = now->roles & then->roles;
    out->services = now->services & then->services;
    out->required = now->required | then->required;
    intersect_fields(out, now, then);

    /* The basis, its assessment and the period are those of then, closed by now's. */
    out->intersected = true;
    out->basis_rule_count = then->basis_rule_count;
    memcpy(out->basis_rules, then->basis_rules, sizeof out->basis_rules);
    out->current_rule_count = now->basis_rule_count;
    memcpy(out->current_rules, now->basis_rules, sizeof out->current_rules);
    out->assessed_at_us = then->assessed_at_us;
    out->anchor = then->anchor;
    out->retention_s = then->retention_s;
    out->current_anchor = now->anchor;
    out->current_retention_s = now->retention_s;
}
