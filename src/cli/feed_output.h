/* Where raw records go: standard output, or a file that is there whole or not
 * at all and that only its owner reads. */
#ifndef CLI_FEED_OUTPUT_H
#define CLI_FEED_OUTPUT_H

#include <stddef.h>
#include <stdint.h>
#include "sluice/config.h"
#include "sluice/err.h"

struct feed_output {
    int fd;
    const char *path;            /* NULL: standard output */
    char part[SLUICE_PATH_SIZE]; /* what it is called until it is whole */
};

/** path NULL: standard output. Returns SLUICE_ERR_USAGE for a terminal or what is no regular file. */
SLUICE_MUST_CHECK
enum sluice_err feed_output_open(struct feed_output *output, const char *path);
SLUICE_MUST_CHECK
enum sluice_err feed_output_write(const struct feed_output *output, const uint8_t *bytes, size_t len);
/** whole: the file takes its place; else it is gone. Called once after an open that succeeded. */
SLUICE_MUST_CHECK
enum sluice_err feed_output_close(struct feed_output *output, bool whole);

#endif
