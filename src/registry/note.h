/* What is wrong with lines of the registry's files, in words without
 * identifiers; the first few of each kind by line, the rest as a number. */
#ifndef REGISTRY_NOTE_H
#define REGISTRY_NOTE_H

#include <stdbool.h>
#include <stdint.h>
#include "sluice/err.h"
#include "sluice/policy.h"

#define NOTES_SHOWN_MAX 20

enum note_kind {
    NOTE_BAD_ROW,
    NOTE_SUBJECT_CONFLICT,
    NOTE_LINK_CONFLICT,
    NOTE_BAD_RIGHT,
    NOTE_KIND_COUNT
};

struct notes {
    struct sluice_findings *findings;
    uint64_t counts[NOTE_KIND_COUNT];
};

__attribute__((format(printf, 5, 6)))
void note(struct notes *notes, enum note_kind kind, const char *file, uint64_t line, const char *format, ...);
/** Say how many there were beyond those shown. */
void notes_finish(struct notes *notes, const char *subjects, const char *registry);

/* Line numbers, sorted when they are looked up. */
struct lines {
    uint32_t *list;
    size_t count;
    size_t capacity;
    bool sorted;
};
SLUICE_MUST_CHECK
enum sluice_err lines_add(struct lines *lines, uint32_t line);
bool lines_has(struct lines *lines, uint32_t line);
void lines_deinit(struct lines *lines);

#endif
