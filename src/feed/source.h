/* The bytes of one file from an offset on: as they are, or unpacked where they
 * are gzip, which their first bytes tell. Unpacking goes through buffers of
 * fixed size: what swells costs time, not memory. */
#ifndef FEED_SOURCE_H
#define FEED_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "sluice/err.h"

struct source;
struct spool_reader;

/** In:  path     of a regular file
 *       offset   of the first byte wanted, counted in unpacked bytes
 *  Returns SLUICE_ERR_MISSING, _ACCESS, _IO, _MEMORY. */
SLUICE_MUST_CHECK
enum sluice_err source_open(struct source **source, const char *path, uint64_t offset);
/** The same from a descriptor that cannot seek; it is not closed. */
SLUICE_MUST_CHECK
enum sluice_err source_open_stream(struct source **source, int fd);
/** The same from a sealed spool, which is taken over, also on failure. */
SLUICE_MUST_CHECK
enum sluice_err source_open_spool(struct source **source, struct spool_reader *spool, uint64_t offset);
void source_close(struct source *source);

enum source_state {
    SOURCE_MORE,       /* there may be more at once */
    SOURCE_SILENT,     /* a stream gave nothing for a while, which is not its end */
    SOURCE_END,        /* nothing more for now, and the bytes so far are whole */
    SOURCE_CUT,        /* likewise, but a gzip file stops in its middle */
    SOURCE_DAMAGED     /* a gzip file holds what is none: nothing comes behind it */
};

/** Read up to size bytes; *got may be 0 while there is more.
 *  Returns an error of reading, or of a spool that was changed (SLUICE_ERR_DAMAGED). */
SLUICE_MUST_CHECK
enum sluice_err source_read(struct source *source, char *bytes, size_t size, size_t *got,
                            enum source_state *state);

/** Whether it turned out to be gzip. */
bool source_is_packed(const struct source *source);

/** Bytes taken from the file itself since the last call, for progress. */
uint64_t source_taken(struct source *source);

#endif
