/* The account as JSON for scripts and as a table for people. */
#include "gate/tally.h"

#include <inttypes.h>
#include <string.h>

static void append_name(struct sluice_buffer *out, bool *first, const char *name)
{
    sluice_buffer_printf(out, "%s\"%s\":", *first ? "" : ",", name);
    *first = false;
}

static int64_t reason_total(const struct tally *tally, enum sluice_reason reason)
{
    int64_t records = 0;

    for (size_t t = 0; t < tally->tenant_count; t++)
        records += tally->tenants[t].reasons[reason].records;
    return records;
}

/* The counts of every reason that leads to a disposition, zero left out. */
static void append_reasons(struct sluice_buffer *out, const struct tally *tally, const char *name,
                           enum sluice_disposition disposition)
{
    bool first = true;

    sluice_buffer_printf(out, ",\"%s\":{", name);
    for (enum sluice_reason r = SLUICE_REASON_NONE + 1; r < SLUICE_REASON_COUNT; r++) {
        const int64_t records = reason_total(tally, r);

        if (sluice_reason_disposition(r) != disposition || !records)
            continue;
        append_name(out, &first, sluice_reason_word(r));
        sluice_buffer_printf(out, "%" PRId64, records);
    }
    sluice_buffer_append_text(out, "}");
}

static void append_purpose(struct sluice_buffer *out, const struct tally_purpose *purpose)
{
    bool first = true;

    sluice_buffer_printf(out, "{\"emitted\":%" PRId64 ",\"parked\":%" PRId64 ",\"dropped\":{",
                         purpose->outcomes[SLUICE_EMITTED].records, purpose->outcomes[SLUICE_PARKED].records);
    for (enum sluice_outcome o = SLUICE_PARKED + 1; o < SLUICE_OUTCOME_COUNT; o++) {
        if (!purpose->outcomes[o].records)
            continue;
        append_name(out, &first, sluice_outcome_word(o));
        sluice_buffer_printf(out, "%" PRId64, purpose->outcomes[o].records);
    }
    sluice_buffer_append_text(out, "}}");
}

static void append_sum(struct sluice_buffer *out, const char *name, struct tally_sum sum)
{
    sluice_buffer_printf(out, "\"%s\":{\"records\":%" PRId64 ",\"octets\":%" PRId64 ",\"seconds\":%" PRId64
                              ",\"messages\":%" PRId64 "}",
                         name, sum.records, sum.octets, sum.seconds, sum.messages);
}

static void append_inputs(struct sluice_buffer *out, const struct tally *tally)
{
    bool first = true;

    sluice_buffer_append_text(out, ",\"inputs\":{");
    for (size_t i = 0; i < tally->input_count; i++) {
        append_name(out, &first, tally->inputs[i].name);
        sluice_buffer_append_text(out, "{");
        append_sum(out, "in", tally->inputs[i].in);
        for (enum sluice_disposition d = SLUICE_ROUTED; d < SLUICE_DISPOSITION_COUNT; d++) {
            sluice_buffer_append_text(out, ",");
            append_sum(out, sluice_disposition_word(d), tally->inputs[i].dispositions[d]);
        }
        sluice_buffer_append_text(out, "}");
    }
    sluice_buffer_append_text(out, "}");
}

void tally_json(const struct tally *tally, size_t file_count, bool balanced, struct sluice_buffer *out)
{
    bool first_tenant = true;

    sluice_buffer_printf(out, "{\"in\":%" PRId64, tally_in(tally).records);
    for (enum sluice_disposition d = SLUICE_ROUTED; d < SLUICE_DROPPED; d++)
        sluice_buffer_printf(out, ",\"%s\":%" PRId64, sluice_disposition_word(d),
                             tally_disposition(tally, d).records);
    append_reasons(out, tally, "dropped", SLUICE_DROPPED);
    append_reasons(out, tally, "quarantined_reasons", SLUICE_QUARANTINED);
    append_reasons(out, tally, "suspended_reasons", SLUICE_SUSPENDED);
    sluice_buffer_append_text(out, ",\"tenants\":{");
    for (size_t t = 0; t < tally->tenant_count; t++) {
        const struct tally_tenant *tenant = &tally->tenants[t];
        bool first = true;

        append_name(out, &first_tenant, tenant->name);
        sluice_buffer_printf(out, "{\"routed\":%" PRId64 ",\"purposes\":{",
                             tenant->reasons[SLUICE_REASON_NONE].records);
        for (size_t p = 0; p < tenant->purpose_count; p++) {
            append_name(out, &first, tenant->purposes[p].name);
            append_purpose(out, &tenant->purposes[p]);
        }
        sluice_buffer_append_text(out, "}}");
    }
    sluice_buffer_append_text(out, "}");
    append_inputs(out, tally);
    sluice_buffer_printf(out, ",\"files\":%zu,\"balanced\":%s}", file_count, balanced ? "true" : "false");
}

static void report_line(struct sluice_buffer *out, const char *indent, const char *name, struct tally_sum sum)
{
    sluice_buffer_printf(out, "%s%-*s %14" PRId64 " %20" PRId64 " %14" PRId64 " %12" PRId64 "\n", indent,
                         (int)(28 - strlen(indent)), name, sum.records, sum.octets, sum.seconds, sum.messages);
}

static void report_reasons(struct sluice_buffer *out, const struct tally *tally, enum sluice_disposition disposition)
{
    for (enum sluice_reason r = SLUICE_REASON_NONE + 1; r < SLUICE_REASON_COUNT; r++) {
        struct tally_sum sum = { 0, 0, 0, 0 };

        if (sluice_reason_disposition(r) != disposition || r == SLUICE_REASON_DUPLICATE)
            continue;
        for (size_t t = 0; t < tally->tenant_count; t++)
            tally_add(&sum, tally->tenants[t].reasons[r], 1);
        if (sum.records)
            report_line(out, "    ", sluice_reason_word(r), sum);
    }
}

void tally_report(const struct tally *tally, bool balanced, struct sluice_buffer *out)
{
    sluice_buffer_printf(out, "%-28s %14s %20s %14s %12s\n", "", "records", "octets", "seconds", "messages");
    report_line(out, "", "in", tally_in(tally));
    for (enum sluice_disposition d = SLUICE_ROUTED; d < SLUICE_DISPOSITION_COUNT; d++) {
        report_line(out, "  ", sluice_disposition_word(d), tally_disposition(tally, d));
        report_reasons(out, tally, d);
    }
    for (size_t t = 0; t < tally->tenant_count; t++) {
        const struct tally_tenant *tenant = &tally->tenants[t];

        if (!tenant->purpose_count)
            continue;
        sluice_buffer_append_text(out, "\n");
        report_line(out, "", tenant->name, tenant->reasons[SLUICE_REASON_NONE]);
        for (size_t p = 0; p < tenant->purpose_count; p++) {
            sluice_buffer_printf(out, "  %s\n", tenant->purposes[p].name);
            for (enum sluice_outcome o = 0; o < SLUICE_OUTCOME_COUNT; o++)
                if (tenant->purposes[p].outcomes[o].records || o == SLUICE_EMITTED)
                    report_line(out, "    ", sluice_outcome_word(o), tenant->purposes[p].outcomes[o]);
        }
    }
    sluice_buffer_append_text(out, balanced
                                       ? "\nbalanced: every record, octet, second and message is accounted for\n"
                                       : "\nNOT BALANCED: the sums above do not add up; please report this\n");
}
