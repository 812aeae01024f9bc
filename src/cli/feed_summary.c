#include "cli/feed_summary.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void feed_summary_refused(struct feed_summary *summary, const struct sluice_entry *entry)
{
    summary->refused++;
    summary->reasons[entry->reason]++;
    if (summary->told_count == FEED_TOLD_MAX)
        return;
    struct feed_told *told = &summary->told[summary->told_count++];

    sluice_file_shown(told->file, entry->file);
    told->line = entry->line;
    told->reason = (enum sluice_reason)entry->reason;
}

void feed_summary_unknown(void *self, const char *name, uint64_t count)
{
    struct feed_summary *summary = self;
    size_t at = 0;

    while (at < summary->unknown_count && strcmp(summary->unknown[at].name, name) != 0)
        at++;
    /* Each file has room for as many names as all of them together. */
    if (at == FEED_UNKNOWN_MAX - 1 && strcmp(name, "other") != 0) {
        feed_summary_unknown(summary, "other", count);
        return;
    }
    if (at == summary->unknown_count) {
        snprintf(summary->unknown[at].name, sizeof summary->unknown[at].name, "%s", name);
        summary->unknown_count++;
    }
    summary->unknown[at].count += count;
}

/* --- as text */

static void print_told(const struct feed_summary *summary, struct sluice_buffer *out)
{
    for (size_t i = 0; i < summary->told_count; i++)
        sluice_buffer_printf(out, "%s:%" PRIu64 ": %s: %s\n", summary->told[i].file, summary->told[i].line,
                             sluice_reason_word(summary->told[i].reason),
                             sluice_reason_text(summary->told[i].reason));
    if (summary->refused > summary->told_count)
        sluice_buffer_printf(out, "... and %" PRIu64 " more\n", summary->refused - summary->told_count);
    if (summary->refused)
        sluice_buffer_append_text(out, "\n");
}

void feed_summary_text(const struct feed_summary *summary, struct sluice_buffer *out)
{
    print_told(summary, out);
    sluice_buffer_printf(out, "%-30s %14" PRIu64 "  (%" PRIu64 " bytes)\n", "records written",
                         summary->records, summary->bytes);
    sluice_buffer_printf(out, "%-30s %14" PRIu64 "\n", "refused", summary->refused);
    for (int i = 0; i < SLUICE_REASON_COUNT; i++)
        if (summary->reasons[i])
            sluice_buffer_printf(out, "  %-28s %14" PRIu64 "  %s\n",
                                 sluice_reason_word((enum sluice_reason)i), summary->reasons[i],
                                 sluice_reason_text((enum sluice_reason)i));
    if (summary->unknown_count)
        sluice_buffer_append_text(out, "fields not known, dropped\n");
    for (size_t i = 0; i < summary->unknown_count; i++)
        sluice_buffer_printf(out, "  %-28s %14" PRIu64 "\n", summary->unknown[i].name,
                             summary->unknown[i].count);
}

/* --- as JSON */

static void member(struct sluice_buffer *out, const char **comma, const char *name, uint64_t value)
{
    sluice_buffer_append_text(out, *comma);
    sluice_buffer_append_json(out, sluice_str_from(name));
    sluice_buffer_printf(out, ":%" PRIu64, value);
    *comma = ",";
}

static void print_places(const struct feed_summary *summary, struct sluice_buffer *out)
{
    for (size_t i = 0; i < summary->told_count; i++) {
        sluice_buffer_append_text(out, i ? ",{\"file\":" : "{\"file\":");
        sluice_buffer_append_json(out, sluice_str_from(summary->told[i].file));
        sluice_buffer_printf(out, ",\"line\":%" PRIu64 ",\"reason\":\"%s\"}", summary->told[i].line,
                             sluice_reason_word(summary->told[i].reason));
    }
}

void feed_summary_json(const struct feed_summary *summary, struct sluice_buffer *out)
{
    const char *comma = "";

    sluice_buffer_printf(
        out, "{\"records\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"refused\":%" PRIu64 ",\"reasons\":{",
        summary->records, summary->bytes, summary->refused);
    for (int i = 0; i < SLUICE_REASON_COUNT; i++)
        if (summary->reasons[i])
            member(out, &comma, sluice_reason_word((enum sluice_reason)i), summary->reasons[i]);
    sluice_buffer_append_text(out, "},\"first_refused\":[");
    print_places(summary, out);
    sluice_buffer_append_text(out, "],\"unknown_fields\":{");
    comma = "";
    for (size_t i = 0; i < summary->unknown_count; i++)
        member(out, &comma, summary->unknown[i].name, summary->unknown[i].count);
    sluice_buffer_append_text(out, "}}\n");
}
