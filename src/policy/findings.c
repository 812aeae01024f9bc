#include "sluice/policy.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void sluice_findings_init(struct sluice_findings *findings)
{
    *findings = (struct sluice_findings){ 0 };
}

void sluice_findings_deinit(struct sluice_findings *findings)
{
    free(findings->list);
    sluice_findings_init(findings);
}

void sluice_findings_add(struct sluice_findings *findings, enum sluice_finding_level level, const char *rule,
                         const char *file, unsigned line, unsigned column, const char *format, ...)
{
    if (level == SLUICE_FINDING_ERROR)
        findings->errors++;
    if (findings->count == findings->capacity) {
        const size_t capacity = findings->capacity ? findings->capacity * 2 : 16;
        struct sluice_finding *list = realloc(findings->list, capacity * sizeof *list);

        if (!list) {
            findings->lost++;
            return;
        }
        findings->list = list;
        findings->capacity = capacity;
    }

    struct sluice_finding *finding = &findings->list[findings->count++];
    *finding =
        (struct sluice_finding){ .level = (uint8_t)level, .rule = rule, .line = line, .column = column };
    snprintf(finding->file, sizeof finding->file, "%s", file);

    va_list args;
    va_start(args, format);
    vsnprintf(finding->text, sizeof finding->text, format, args);
    va_end(args);
}

static const char *const levels[] = { "note", "warning", "error" };

void sluice_findings_print(const struct sluice_findings *findings, struct sluice_buffer *out)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct sluice_finding *finding = &findings->list[i];

        sluice_buffer_append_text(out, finding->file);
        if (finding->line)
            sluice_buffer_printf(out, ":%u:%u", finding->line, finding->column);
        sluice_buffer_printf(out, ": %s: %s [%s]\n", levels[finding->level], finding->text, finding->rule);
    }
}

void sluice_findings_json(const struct sluice_findings *findings, struct sluice_buffer *out)
{
    sluice_buffer_append_text(out, "[");
    for (size_t i = 0; i < findings->count; i++) {
        const struct sluice_finding *finding = &findings->list[i];

        sluice_buffer_printf(out, "%s{\"level\":\"%s\",\"rule\":\"%s\",\"file\":", i ? "," : "",
                             levels[finding->level], finding->rule);
        sluice_buffer_append_json(out, sluice_str_from(finding->file));
        sluice_buffer_printf(out, ",\"line\":%u,\"column\":%u,\"text\":", finding->line, finding->column);
        sluice_buffer_append_json(out, sluice_str_from(finding->text));
        sluice_buffer_append_text(out, "}");
    }
    sluice_buffer_append_text(out, "]");
}
