/* Breaking a well-formed line in the one way that its plant says. */
#ifndef GEN_LINE_BREAK_H
#define GEN_LINE_BREAK_H

#include <stddef.h>
#include "gen/traffic.h"

/** line has room for LINE_SIZE_MAX bytes.
 *  Returns its new length. */
size_t line_break(char *line, size_t len, const struct traffic_record *record);

#endif
