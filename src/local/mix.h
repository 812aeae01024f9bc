/* Takes from a complete file what the order of its rows tells. */
#ifndef LOCAL_MIX_H
#define LOCAL_MIX_H

#include <stdint.h>
#include "local/output.h"

/** Write the rows of a complete file under another name, in an order that is a
 *  function of the rows alone, and delete the file; done again it comes out the
 *  same.
 *
 *  In: from, to  below the folder; TO.mix lies beside them meanwhile
 *      staging   OUTPUT_STAGING_SIZE bytes
 *  Returns SLUICE_ERR_MISSING when there is no such file, SLUICE_ERR_DAMAGED when it is no batch of rows. */
SLUICE_MUST_CHECK
enum sluice_err mix_file(int folder_fd, const char *from, const char *to, uint8_t staging[]);

#endif
