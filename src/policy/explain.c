/* A policy in words: its purposes, and what each makes of each field. */
#include "policy/policy_text.h"
#include "sluice/clock.h"

static void line(struct sluice_buffer *out, const char *label, const char *text)
{
    sluice_buffer_printf(out, "  %-11s %s\n", label, text);
}

/* A line whose text is built in place: begin, then append, then a newline. */
static void begin(struct sluice_buffer *out, const char *label)
{
    sluice_buffer_printf(out, "  %-11s ", label);
}

static void end(struct sluice_buffer *out)
{
    sluice_buffer_append_text(out, "\n");
}

static void explain_head(const struct sluice_policy *policy, struct sluice_buffer *out)
{
    const struct sluice_policy_words *words = policy->words;
    char text[POLICY_TEXT_SIZE];

    sluice_buffer_printf(out, "%s, version ", policy->tenant);
    policy_version_text(out, policy);
    policy_instant_text(text, policy->effective_at_us);
    sluice_buffer_printf(out, ", in force from %s%s\n", text, words->sample ? ", a sample" : "");
    line(out, "controller", words->controller);
    line(out, "contact", words->contact);
    line(out, "origin", words->origin);
    line(out, "eprivacy", words->eprivacy_off ? "off" : "on");
    if (words->eprivacy_off)
        line(out, "because", words->eprivacy_off);
    if (policy->min_age) {
        begin(out, "minimum age");
        sluice_buffer_printf(out, "%u\n", policy->min_age);
    }
    line(out, "unknown", policy->quarantine_unknown_fields ? "quarantine" : "drop");
    for (size_t i = 0; i < policy->prohibited_count; i++)
        sluice_buffer_printf(out, i ? ", %s" : "  prohibited  %s", policy->prohibited[i]);
    if (policy->prohibited_count)
        end(out);
    for (size_t i = 0; i < words->overlay_count; i++)
        line(out, "overlay", words->overlays[i]);
}

static void explain_kept(const struct sluice_purpose *purpose, const struct policy_purpose_words *words,
                         struct sluice_buffer *out)
{
    char period[POLICY_TEXT_SIZE], bucket[POLICY_TEXT_SIZE], epoch[POLICY_TEXT_SIZE];

    if (purpose->anonymous) {
        begin(out, "kept");
        sluice_buffer_printf(out, "no record: aggregates over at least %u subjects\n", words->minimum_group);
        return;
    }
    policy_period_text(period, purpose->retention_s);
    policy_period_text(bucket, purpose->bucket_s);
    policy_epoch_text(epoch, purpose);
    begin(out, "kept");
    sluice_buffer_printf(out, "%s from %s (%s), deleted in steps of %s\n", period,
                         policy_anchor_names[purpose->anchor], words->criterion, bucket);
    line(out, "epoch", epoch);
}

static void explain_purpose(const struct sluice_policy *policy, const struct sluice_purpose *purpose,
                            struct sluice_buffer *out)
{
    const struct policy_purpose_words *words = policy_words_of(policy, purpose);
    char text[POLICY_TEXT_SIZE];

    sluice_buffer_printf(out, "\n%s: dpv:%s\n", purpose->name, words->term->dpv);
    begin(out, "basis");
    policy_basis_text(out, purpose);
    end(out);
    if (words->assessment) {
        policy_instant_text(text, purpose->assessed_at_us);
        begin(out, "assessed");
        sluice_buffer_printf(out, "%s, %s\n", words->assessment, text);
    }
    begin(out, "services");
    policy_bits_text(out, purpose->services, policy_service_names, SLUICE_SERVICE_COUNT);
    end(out);
    begin(out, "roles");
    policy_bits_text(out, purpose->roles, policy_role_names, SLUICE_ROLE_PROCESSOR + 1);
    end(out);
    explain_kept(purpose, words, out);
    begin(out, "recipients");
    policy_recipients_text(out, policy, words);
    end(out);
    begin(out, "objection");
    policy_objection_text(out, purpose, words);
    end(out);
    line(out, "restriction", purpose->restrict_exempt ? "goes on" : "parks");
    if (words->commitments) {
        begin(out, "expresses");
        policy_ids_text(out, words->commitments);
        end(out);
    }
}

static bool any_projects(const struct sluice_policy *policy, enum sluice_field field)
{
    for (size_t i = 0; i < policy->purpose_count; i++)
        if (policy_projection_of(&policy->purposes[i], field))
            return true;
    return false;
}

static void explain_matrix(const struct sluice_policy *policy, struct sluice_buffer *out)
{
    struct policy_table table;
    char text[POLICY_TEXT_SIZE];

    policy_table_init(&table, policy->purpose_count + 2);
    policy_table_add(&table, "FIELD");
    policy_table_add(&table, "CATEGORY");
    for (size_t i = 0; i < policy->purpose_count; i++)
        policy_table_add(&table, "%s%s", policy->purposes[i].name, policy->purposes[i].anonymous ? "*" : "");
    for (enum sluice_field field = SLUICE_FIELD_NONE + 1; field < SLUICE_FIELD_COUNT; field++) {
        if (!any_projects(policy, field))
            continue;
        policy_table_add(&table, "%s", sluice_field_table[field].name);
        policy_table_add(&table, "%s", sluice_category_table[sluice_field_table[field].category].name);
        for (size_t i = 0; i < policy->purpose_count; i++) {
            const struct sluice_projection *projection = policy_projection_of(&policy->purposes[i], field);

            policy_form_text(text, projection);
            policy_table_add(&table, "%s", projection ? text : "-");
        }
    }
    end(out);
    policy_table_print(&table, out);
    policy_table_deinit(&table);
    sluice_buffer_append_text(out, "\n- is dropped, and so is every field that is not listed.\n");
    for (size_t i = 0; i < policy->purpose_count; i++)
        if (policy->purposes[i].anonymous) {
            sluice_buffer_append_text(out, "* no record leaves: released aggregates only.\n");
            break;
        }
}

enum sluice_err sluice_policy_explain(const struct sluice_policy *policy, bool json,
                                      struct sluice_buffer *out)
{
    if (json) {
        policy_explain_json(policy, out);
        return sluice_buffer_err(out);
    }
    explain_head(policy, out);
    for (size_t i = 0; i < policy->purpose_count; i++)
        explain_purpose(policy, &policy->purposes[i], out);
    explain_matrix(policy, out);
    return sluice_buffer_err(out);
}
