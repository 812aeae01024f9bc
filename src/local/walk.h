/* What lies in the output folder, by stream and bucket. */
#ifndef LOCAL_WALK_H
#define LOCAL_WALK_H

#include "local/bucket.h"
#include "sluice/err.h"

/** Call visit for each bucket folder of a tenant and stream; NULL stands for
 *  every one. A folder that is not there holds nothing. A visit may delete
 *  what it visits. The first error ends the walk. */
SLUICE_MUST_CHECK
enum sluice_err walk_buckets(int output_fd, const char *tenant, const char *stream,
                             enum sluice_err (*visit)(void *self, const struct bucket_file *bucket), void *self);

/** Likewise for each file of one bucket; names that are none of ours are passed over. */
SLUICE_MUST_CHECK
enum sluice_err walk_files(int output_fd, const struct bucket_file *bucket,
                           enum sluice_err (*visit)(void *self, const struct bucket_file *file), void *self);

/** Call visit for each name in a folder but "." and "..". */
SLUICE_MUST_CHECK
enum sluice_err walk_names(int parent_fd, const char *folder,
                           enum sluice_err (*visit)(void *self, const char *name), void *self);

#endif
