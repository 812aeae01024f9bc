/* UTF-8 as Unicode 15 table 3-7 has it: no overlong forms, no surrogates,
 * nothing beyond U+10FFFF. */
#ifndef SLUICE_UTF8_H
#define SLUICE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include "sluice/str.h"

/** Length of the well-formed sequence at bytes[0..len), len > 0; 0 where there is none. */
size_t sluice_utf8_length(const char *bytes, size_t len);

/** Whether all of text is well-formed. */
bool sluice_utf8_valid(struct sluice_str text);

#endif
