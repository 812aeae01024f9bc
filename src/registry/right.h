/* registry.ndjson: consents, objections and restrictions, until there are
 * commands for them. One object a line:
 *   {"tenant":"acme","iccid":"...","action":"consent","purpose":"marketing",
 *    "evidence":"...","at":"2026-11-01T00:00:00Z"}
 * and at the end, so that a file which was cut short is told from a whole one,
 *   {"end":true,"lines":N} */
#ifndef REGISTRY_RIGHT_H
#define REGISTRY_RIGHT_H

#include <stdbool.h>
#include <stdint.h>
#include "sluice/vault.h"

enum right_action {
    RIGHT_CONSENT,
    RIGHT_WITHDRAW,
    RIGHT_OBJECT,
    RIGHT_UNOBJECT,
    RIGHT_RESTRICT,
    RIGHT_LIFT,
    RIGHT_ACTION_COUNT
};

struct right {
    uint8_t tag[SLUICE_TAG_SIZE];           /* of the subject; of an IMSI until all rows were seen */
    uint8_t subject_tag[SLUICE_TAG_SIZE];   /* resolved: of the SIM that the IMSI is linked to */
    uint32_t at_s;
    uint32_t line;
    uint16_t purposes;              /* bits; all ones: every purpose */
    uint8_t tenant;
    uint8_t action;                 /* enum right_action */
    bool by_imsi;                   /* may be a link to a SIM that is named by its ICCID */
    bool resolved;                  /* only where by_imsi */
    bool held;                      /* a registered holder's: of no other generation */
};

struct rights {
    struct right *list;             /* in order of tag and line */
    size_t count;
    size_t capacity;
};

struct loading;
struct subject_row;

/** Read the whole file; bad lines are noted and counted.
 *  Returns SLUICE_ERR_FORMAT when one of them may have closed something, or
 *  when the end line is missing or counts others: to go on without a line would
 *  let through what somebody objected to. */
SLUICE_MUST_CHECK
enum sluice_err rights_read(struct loading *loading);
void rights_deinit(struct rights *rights);

/** Where a row of the CSV links the IMSI that a line names to a SIM, the line is that SIM's. */
void rights_resolve(struct rights *rights, const struct subject_row *row);
/** After every row was seen: in order of subjects. */
void rights_sort(struct rights *rights);

/* What of a subject's rights a generation of it has. */
struct right_bits {
    uint16_t consented;
    uint16_t objected;
    uint16_t restricted;
};
/** Which of a subject's lines a generation has.
 *  In:  rights      those of one subject, in order of lines
 *       gap_s       where the gap before the generation begins: all but consents apply from there
 *       registered  false: lines of registered holders do not apply */
struct right_bits rights_of(const struct right rights[], size_t count, uint32_t gap_s, uint32_t from_s,
                            uint32_t to_s, bool registered);
/** Lines of that interval are a registered holder's. */
void rights_hold(struct right rights[], size_t count, uint32_t from_s, uint32_t to_s);

#endif
