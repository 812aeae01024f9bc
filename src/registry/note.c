#include "registry/note.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const struct {
    const char *rule;
    const char *more;      /* completes "and N more ..." */
} kinds[NOTE_KIND_COUNT] = {
    [NOTE_BAD_ROW] = { "subject-row", "rows were refused" },
    [NOTE_SUBJECT_CONFLICT] = { "subject-conflict", "rows overlap an earlier one of their SIM" },
    [NOTE_LINK_CONFLICT] = { "link-conflict", "identifiers belong to another SIM at that time" },
    [NOTE_BAD_RIGHT] = { "right", "lines were refused" },
};

void note(struct notes *notes, enum note_kind kind, const char *file, uint64_t line, const char *format, ...)
{
    char text[256];
    va_list args;

    if (notes->counts[kind]++ >= NOTES_SHOWN_MAX)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    sluice_findings_add(notes->findings, SLUICE_FINDING_WARNING, kinds[kind].rule, file, (unsigned)line, 0,
                        "%s", text);
}

void notes_finish(struct notes *notes, const char *subjects, const char *registry)
{
    for (unsigned kind = 0; kind < NOTE_KIND_COUNT; kind++)
        if (notes->counts[kind] > NOTES_SHOWN_MAX)
            sluice_findings_add(notes->findings, SLUICE_FINDING_WARNING, kinds[kind].rule,
                                kind == NOTE_BAD_RIGHT ? registry : subjects, 0, 0, "and %llu more %s",
                                (unsigned long long)(notes->counts[kind] - NOTES_SHOWN_MAX),
                                kinds[kind].more);
}

enum sluice_err lines_add(struct lines *lines, uint32_t line)
{
    if (lines->count == lines->capacity) {
        const size_t capacity = lines->capacity ? 2 * lines->capacity : 64;
        uint32_t *list = realloc(lines->list, capacity * sizeof *list);

        if (!list)
            return SLUICE_ERR_MEMORY;
        lines->list = list;
        lines->capacity = capacity;
    }
    lines->list[lines->count++] = line;
    lines->sorted = false;
    return SLUICE_OK;
}

static int compare(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

bool lines_has(struct lines *lines, uint32_t line)
{
    if (lines->count == 0)
        return false;
    if (!lines->sorted)
        qsort(lines->list, lines->count, sizeof line, compare);
    lines->sorted = true;
    return bsearch(&line, lines->list, lines->count, sizeof line, compare) != NULL;
}

void lines_deinit(struct lines *lines)
{
    free(lines->list);
    *lines = (struct lines){ .list = NULL };
}
