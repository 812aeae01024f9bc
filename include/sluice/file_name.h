/* Names of source files as people and logs may see them: a provider may have
 * put the number of a SIM into one. */
#ifndef SLUICE_FILE_NAME_H
#define SLUICE_FILE_NAME_H

#include <stdbool.h>
#include "sluice/str.h"

#define SLUICE_SHOWN_SIZE 512   /* with its NUL; what is longer is cut in front */

/** The name, or a path whose last part it is, as it may be shown: digits are
 *  stars where nine or more stand in a row, signs between single groups of them
 *  not counted, and bytes that are no printable UTF-8 are question marks. Dates
 *  and times of this century (20261122, 2026-11-22_10-30, 20261122103000) stay.
 *  Returns whether a digit was hidden, so that two names may look the same. */
bool sluice_file_shown(char shown[static SLUICE_SHOWN_SIZE], struct sluice_str name);

#endif
