/* Records as the provider's JSON writes them: the emnify and 1NCE family,
 * usage records and events, one a line, with its habits (decimals as text,
 * nulls for empty objects, check digits of zero). */
#ifndef GEN_LINE_WRITE_H
#define GEN_LINE_WRITE_H

#include <stddef.h>
#include "gen/traffic.h"

#define LINE_SIZE_MAX (80 * 1024)   /* of the longest line that is ever planted */

/** Write the line, without its end.
 *  Returns how many bytes of out were written. */
size_t line_write(char out[static LINE_SIZE_MAX], const struct world *world,
                  const struct traffic_record *record);

#endif
