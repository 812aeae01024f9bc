/* The open files of streams: written ahead of the commit, cut back by an
 * abort, closed and renamed after it. At most OUTPUT_DESCRIPTORS_MAX of them
 * have a descriptor; the one not used longest gives its own up. */
#ifndef LOCAL_OUTPUT_H
#define LOCAL_OUTPUT_H

#include "local/catalog.h"
#include "sluice/transport.h"

#define OUTPUT_DESCRIPTORS_MAX 64
#define OUTPUT_STAGING_SIZE    ((size_t)256 << 10)

struct local_outputs {
    int folder_fd;                   /* the output folder */
    struct local_catalog *catalog;   /* borrowed */
    struct local_output *newest, *oldest;
    size_t descriptor_count;
    uint8_t *staging;                /* rows gather here, as rows are small and calls are not */
};

SLUICE_MUST_CHECK
enum sluice_err outputs_open(struct local_outputs *outputs, const char *folder, struct local_catalog *catalog);
void outputs_close(struct local_outputs *outputs);

/** Append rows to the open file of a bucket, which is made when there is none.
 *  On failure an abort must follow. */
SLUICE_MUST_CHECK
enum sluice_err output_append(struct local_outputs *outputs, struct local_output *output,
                              const struct sluice_row rows[], size_t count);

/** Everything written, and every new name, is on the device. */
SLUICE_MUST_CHECK
enum sluice_err outputs_sync(struct local_outputs *outputs);

/** Cut a file back to `written` where it may be longer. */
SLUICE_MUST_CHECK
enum sluice_err output_trim(struct local_outputs *outputs, struct local_output *output);

/** Back to the last commit. Cannot fail: what the disk refuses now is done before the next use. */
void outputs_revert(struct local_outputs *outputs);
/** What was written is committed; the catalog has been told. */
void outputs_committed(struct local_outputs *outputs);

/** Give up what is known of a bucket that is about to be deleted. */
void output_forget(struct local_outputs *outputs, struct local_output *output);

/** Do what a commit said is to be done; each is done once or was done before.
 *  Returns an error when some are still to be done. */
SLUICE_MUST_CHECK
enum sluice_err outputs_act(struct local_outputs *outputs);

#endif
