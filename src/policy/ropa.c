/* The record of processing activities, GDPR Art. 30(1), from the policy that
 * runs: (a) controller, (b) purposes, (c) categories of people and data,
 * (d) recipients, (e) transfers, (f) time limits, (g) measures. */
#include <string.h>

#include "policy/policy_text.h"
#include "sluice/clock.h"

/* (g), what the program does whatever the policy says. */
static const char *const measures[] = {
    "pseudonyms from random secrets, apart for each purpose and epoch, destroyed with the subject or the epoch",
    "only the listed fields leave; whatever is not listed is dropped",
    "quarantined, parked and suspended records are sealed; keys are held in locked memory",
    "rows are deleted with their deadline's bucket, and a receipt is kept",
};

struct categories {
    bool used[SLUICE_CATEGORY_COUNT];
};

static struct categories categories_of(const struct sluice_purpose *purpose)
{
    struct categories categories = { { false } };

    for (size_t i = 0; i < purpose->projection_count; i++)
        categories.used[sluice_field_table[purpose->projections[i].field].category] = true;
    return categories;
}

/* (c) Whoever holds or uses a SIM; the other party where its number is used. */
static const char *people_of(const struct categories *categories)
{
    return categories->used[SLUICE_CATEGORY_COMMUNICATION_PARTNER]
               ? "holders and users of SIMs, and those they communicate with"
               : "holders and users of SIMs";
}

static const struct policy_recipient *recipient_of(const struct sluice_policy *policy,
                                                   const struct policy_purpose_words *words, size_t i)
{
    return &policy->words->recipients[words->recipients[i]];
}

/* --- text */

static void text_transfers(const struct sluice_policy *policy, const struct policy_purpose_words *words,
                           struct sluice_buffer *out)
{
    char until[POLICY_TEXT_SIZE];
    size_t count = 0;

    sluice_buffer_append_text(out, "  transfers   ");
    for (size_t i = 0; i < words->recipient_count; i++) {
        const struct policy_recipient *recipient = recipient_of(policy, words, i);

        for (size_t j = 0; j < recipient->safeguard_count; j++) {
            const struct policy_safeguard *safeguard = &recipient->safeguards[j];

            sluice_buffer_printf(out, "%s%s to %s: %s (Art. %s), %s", count++ ? "; " : "", recipient->id,
                                 recipient->country, safeguard->mechanism->name,
                                 safeguard->mechanism->article, safeguard->reference);
            if (safeguard->expires_us) {
                policy_instant_text(until, safeguard->expires_us);
                sluice_buffer_printf(out, " until %s", until);
            }
        }
    }
    sluice_buffer_append_text(out, count ? "\n" : "none\n");
}

static void text_limit(const struct sluice_purpose *purpose, const struct policy_purpose_words *words,
                       struct sluice_buffer *out)
{
    char period[POLICY_TEXT_SIZE];

    if (purpose->anonymous) {
        sluice_buffer_append_text(out, "  time limit  no record is kept\n");
        return;
    }
    policy_period_text(period, purpose->retention_s);
    sluice_buffer_printf(out, "  time limit  %s from %s; criterion: %s\n", period,
                         policy_anchor_names[purpose->anchor], words->criterion);
    if (words->justification)
        sluice_buffer_printf(out, "  justified   %s\n", words->justification);
    for (size_t i = 0; i < POLICY_FACTOR_COUNT; i++)
        if (words->factors[i])
            sluice_buffer_printf(out, "  justified   %s: %s\n", policy_factor_names[i], words->factors[i]);
}

static void text_purpose(const struct sluice_policy *policy, const struct sluice_purpose *purpose,
                         struct sluice_buffer *out)
{
    const struct policy_purpose_words *words = policy_words_of(policy, purpose);
    const struct categories categories = categories_of(purpose);
    bool first = true;

    sluice_buffer_printf(out, "\n%s\n  purpose     dpv:%s (%s)\n  basis       ", purpose->name,
                         words->term->dpv, words->term->fideslang);
    policy_basis_text(out, purpose);
    sluice_buffer_printf(out, "\n  people      %s\n  data        ", people_of(&categories));
    for (size_t i = 0; i < SLUICE_CATEGORY_COUNT; i++)
        if (categories.used[i]) {
            sluice_buffer_printf(out, "%s%s (%s)", first ? "" : ", ", sluice_category_table[i].name,
                                 sluice_category_table[i].dpv);
            first = false;
        }
    sluice_buffer_append_text(out, first ? "none\n  recipients  " : "\n  recipients  ");
    policy_recipients_text(out, policy, words);
    sluice_buffer_append_text(out, "\n");
    text_transfers(policy, words, out);
    text_limit(purpose, words, out);
}

static void ropa_text(const struct sluice_policy *policy, struct sluice_buffer *out)
{
    sluice_buffer_printf(
        out,
        "Record of processing activities (GDPR Art. 30(1))\n\n%s\n  contact     %s\n  role        %s\n"
        "  version     ",
        policy->words->controller, policy->words->contact, policy_role_names[policy->role]);
    policy_version_text(out, policy);
    sluice_buffer_append_text(out, "\n");
    for (size_t i = 0; i < policy->purpose_count; i++)
        text_purpose(policy, &policy->purposes[i], out);
    sluice_buffer_append_text(out, "\nmeasures\n");
    for (size_t i = 0; i < sizeof measures / sizeof measures[0]; i++)
        sluice_buffer_printf(out, "  - %s\n", measures[i]);
}

/* --- JSON */

static void json_safeguards(const struct policy_recipient *recipient, struct sluice_buffer *out)
{
    char until[SLUICE_TIME_TEXT_SIZE];

    policy_json_key(out, "safeguards");
    sluice_buffer_append_text(out, "[");
    for (size_t i = 0; i < recipient->safeguard_count; i++) {
        const struct policy_safeguard *safeguard = &recipient->safeguards[i];

        policy_json_separate(out);
        sluice_buffer_append_text(out, "{");
        policy_json_text(out, "mechanism", safeguard->mechanism->name);
        policy_json_text(out, "article", safeguard->mechanism->article);
        policy_json_text(out, "reference", safeguard->reference);
        policy_json_text(out, "assessment", safeguard->assessment);
        if (safeguard->expires_us)
            sluice_time_format(until, safeguard->expires_us);
        policy_json_text(out, "expires", safeguard->expires_us ? until : NULL);
        sluice_buffer_append_text(out, "}");
    }
    sluice_buffer_append_text(out, "]");
}

static void json_recipients(const struct sluice_policy *policy, const struct policy_purpose_words *words,
                            struct sluice_buffer *out)
{
    policy_json_key(out, "recipients");
    sluice_buffer_append_text(out, "[");
    for (size_t i = 0; i < words->recipient_count; i++) {
        const struct policy_recipient *recipient = recipient_of(policy, words, i);

        policy_json_separate(out);
        sluice_buffer_append_text(out, "{");
        policy_json_text(out, "id", recipient->id);
        policy_json_text(out, "name", recipient->name);
        policy_json_text(out, "class", recipient->class->name);
        policy_json_text(out, "country", recipient->country);
        policy_json_text(out, "instructions", recipient->instructions);
        policy_json_text(out, "confidentiality", recipient->confidentiality);
        json_safeguards(recipient, out);
        sluice_buffer_append_text(out, "}");
    }
    sluice_buffer_append_text(out, "]");
}

static void json_categories(const struct categories *categories, struct sluice_buffer *out)
{
    policy_json_key(out, "data");
    sluice_buffer_append_text(out, "[");
    for (size_t i = 0; i < SLUICE_CATEGORY_COUNT; i++) {
        if (!categories->used[i])
            continue;
        policy_json_separate(out);
        sluice_buffer_append_text(out, "{");
        policy_json_text(out, "category", sluice_category_table[i].name);
        policy_json_text(out, "dpv", sluice_category_table[i].dpv);
        policy_json_text(out, "fideslang", sluice_category_table[i].fideslang);
        sluice_buffer_append_text(out, "}");
    }
    sluice_buffer_append_text(out, "]");
}

static void json_limit(const struct sluice_purpose *purpose, const struct policy_purpose_words *words,
                       struct sluice_buffer *out)
{
    policy_json_key(out, "time_limit");
    if (purpose->anonymous) {
        sluice_buffer_append_text(out, "null");
        return;
    }
    sluice_buffer_append_text(out, "{");
    policy_json_number(out, "period_s", purpose->retention_s);
    policy_json_text(out, "anchor", policy_anchor_names[purpose->anchor]);
    policy_json_text(out, "criterion", words->criterion);
    policy_json_text(out, "justification", words->justification);
    for (size_t i = 0; i < POLICY_FACTOR_COUNT; i++)
        if (words->factors[i])
            policy_json_text(out, policy_factor_names[i], words->factors[i]);
    sluice_buffer_append_text(out, "}");
}

static void json_purpose(const struct sluice_policy *policy, const struct sluice_purpose *purpose,
                         struct sluice_buffer *out)
{
    const struct policy_purpose_words *words = policy_words_of(policy, purpose);
    const struct categories categories = categories_of(purpose);
    struct sluice_buffer basis;

    policy_json_separate(out);
    sluice_buffer_append_text(out, "{");
    policy_json_text(out, "name", purpose->name);
    policy_json_key(out, "purpose");
    sluice_buffer_printf(out, "\"dpv:%s\"", words->term->dpv);
    policy_json_text(out, "data_use", words->term->fideslang);
    sluice_buffer_init(&basis, 8192);
    policy_basis_text(&basis, purpose);
    policy_json_key(out, "basis");
    sluice_buffer_append_json(out, (struct sluice_str){ (const char *)basis.bytes, basis.len });
    sluice_buffer_deinit(&basis);
    policy_json_text(out, "people", people_of(&categories));
    json_categories(&categories, out);
    json_recipients(policy, words, out);
    json_limit(purpose, words, out);
    sluice_buffer_append_text(out, "}");
}

static void ropa_json(const struct sluice_policy *policy, struct sluice_buffer *out)
{
    sluice_buffer_append_text(out, "{");
    policy_json_text(out, "controller", policy->words->controller);
    policy_json_text(out, "contact", policy->words->contact);
    policy_json_text(out, "role", policy_role_names[policy->role]);
    policy_json_text(out, "tenant", policy->tenant);
    policy_json_text(out, "version", policy->words->version_id);
    policy_json_key(out, "activities");
    sluice_buffer_append_text(out, "[");
    for (size_t i = 0; i < policy->purpose_count; i++)
        json_purpose(policy, &policy->purposes[i], out);
    sluice_buffer_append_text(out, "]");
    policy_json_key(out, "measures");
    sluice_buffer_append_text(out, "[");
    for (size_t i = 0; i < sizeof measures / sizeof measures[0]; i++) {
        policy_json_separate(out);
        sluice_buffer_append_json(out, sluice_str_from(measures[i]));
    }
    sluice_buffer_append_text(out, "]}\n");
}

enum sluice_err sluice_policy_ropa(const struct sluice_policy *policy, bool json, struct sluice_buffer *out)
{
    if (json)
        ropa_json(policy, out);
    else
        ropa_text(policy, out);
    return sluice_buffer_err(out);
}
