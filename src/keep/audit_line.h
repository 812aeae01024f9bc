/* One line of an audit file, taken apart and put together. No I/O. */
#ifndef KEEP_AUDIT_LINE_H
#define KEEP_AUDIT_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "keep/audit.h"
#include "sluice/crypto.h"

struct audit_line {
    uint64_t sequence;
    int64_t at_us;
    uint64_t cut_through;     /* of a line that says older ones were taken out, else 0 */
    uint8_t previous[SLUICE_DIGEST_SIZE];
    uint8_t hash[SLUICE_DIGEST_SIZE];
};

/** False where the text is none of ours. Does not check the hash. */
bool audit_line_parse(struct audit_line *line, struct sluice_str text);

bool audit_line_hash_holds(const struct audit_line *line, struct sluice_str text);

/** Write the line after last (sequence 0: the first), newline included; returns its length. */
size_t audit_line_write(char text[static SLUICE_AUDIT_LINE_MAX + 1], const struct audit_line *last,
                        int64_t now_us, struct sluice_str members);

#endif
