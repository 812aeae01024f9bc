/* What has to be known of escapes before a parser may be trusted with them. */
#ifndef JSON_ESCAPE_H
#define JSON_ESCAPE_H

#include <stdbool.h>
#include <stdint.h>
#include "sluice/str.h"

/** Whether each \u of a high surrogate is followed by one of a low surrogate,
 *  and no low one stands alone. *fault is where not. Other faults of escapes
 *  are the parser's to find. */
bool json_surrogates_paired(struct sluice_str element, uint32_t *fault);

#endif
