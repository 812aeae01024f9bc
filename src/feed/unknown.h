/* Names of fields that a format does not know, counted: dropped data should
 * be seen, but a name may itself be an identifier. */
#ifndef FEED_UNKNOWN_H
#define FEED_UNKNOWN_H

#include <stddef.h>
#include <stdint.h>
#include "sluice/str.h"

#define UNKNOWN_NAMES_MAX 256
#define UNKNOWN_NAME_SIZE 64   /* with its NUL */

struct unknown_fields {
    size_t count;
    uint64_t total;                                     /* of all, by name or not */
    uint64_t other;                                     /* what is not counted by name */
    struct unknown_field {
        char name[UNKNOWN_NAME_SIZE];
        uint64_t seen;
    } fields[UNKNOWN_NAMES_MAX];
    uint16_t index[4 * UNKNOWN_NAMES_MAX];              /* by hash; 0: free, else the field's index + 1 */
};

/** Count a name. It is shown when it reads like one: letters, digits and _-.[]()
 *  with no digit first, no three digits in a row and no more than four of them,
 *  at most 63 bytes, and no word of it longer than 23, of 8 or more hexadecimal
 *  digits, or spelled like base64. All others, and those beyond the first 256,
 *  count as "other". */
void unknown_fields_count(struct unknown_fields *fields, struct sluice_str name);

/** Add what from has counted, and empty it. */
void unknown_fields_move(struct unknown_fields *to, struct unknown_fields *from);
void unknown_fields_clear(struct unknown_fields *fields);

/** Names in order of first sight, "other" last; only what was seen. */
void unknown_fields_visit(const struct unknown_fields *fields,
                          void (*visit)(void *self, const char *name, uint64_t count), void *self);

#endif
