/* Whether memory that is not locked may come to lie on a disk in clear. */
#ifndef SLUICE_SWAP_H
#define SLUICE_SWAP_H

#include <stdbool.h>

/** Whether some area of swap is neither compressed memory (zram) nor encrypted
 *  (dm-crypt, also below other layers, and below the file system of a swap file).
 *  What cannot be told counts as readable.
 *  In: proc, sys  "/proc" and "/sys" */
bool sluice_swap_is_readable(const char *proc, const char *sys);

#endif
