/* What was done with stored data, as lines of JSON that chain: every line
 * carries the hash of the one before and its own, so that a line that is
 * changed, taken out, put in or moved is seen by whoever checks.
 *
 *   {"sequence":7,"at":"2026-11-01T00:00:00Z",MEMBERS,"previous":"HEX","hash":"HEX"}
 *
 * hash is BLAKE2b-256 over the line up to where its own member begins. A chain
 * cannot show that its newest lines are gone: keep copies elsewhere. */
#ifndef KEEP_AUDIT_H
#define KEEP_AUDIT_H

#include <stdint.h>
#include "sluice/err.h"
#include "sluice/policy.h"
#include "sluice/str.h"

#define SLUICE_AUDIT_RECEIPTS "receipts.ndjson"   /* what was deleted and destroyed */
#define SLUICE_AUDIT_ACCESS   "access.ndjson"     /* who opened what is sealed or tokenised */
#define SLUICE_AUDIT_MEMBERS_MAX 3072             /* bytes of the members of one line */
#define SLUICE_AUDIT_LINE_MAX    4096

/** Append one line to STATE/audit/NAME, durable on return.
 *  In: members  JSON members without braces, such as "what":"token_open","tenant":"acme";
 *               no identifier may stand in them
 *  Returns SLUICE_ERR_DAMAGED when the file's last line is none of ours,
 *  SLUICE_ERR_LIMIT when members are too long. On failure the file is as it was.
 *  Thread and process: writers exclude one another. */
SLUICE_MUST_CHECK
enum sluice_err sluice_audit_append(const char *state_folder, const char *name, int64_t now_us,
                                    struct sluice_str members);

/** Check the whole chain of one file; a file that is not there is an empty chain.
 *  Out: line_count  lines that hold
 *  Returns SLUICE_ERR_DAMAGED with a finding that names file and line. */
SLUICE_MUST_CHECK
enum sluice_err sluice_audit_verify(struct sluice_findings *findings, uint64_t *line_count,
                                    const char *state_folder, const char *name);

/** Copy the last line, without newline; len 0 when there is none.
 *  A line that was cut short by a crash does not count. */
SLUICE_MUST_CHECK
enum sluice_err sluice_audit_last(char line[static SLUICE_AUDIT_LINE_MAX], size_t *len,
                                  const char *state_folder, const char *name);

/** Take out the lines from before an instant; a line that says so stays.
 *  Out: cut_count  lines taken out */
SLUICE_MUST_CHECK
enum sluice_err sluice_audit_prune(uint64_t *cut_count, const char *state_folder, const char *name,
                                   int64_t now_us, int64_t before_us);

#endif
