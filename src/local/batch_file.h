/* A file of a stream taken apart: PurposeBatch, field by field, up to a length. */
#ifndef LOCAL_BATCH_FILE_H
#define LOCAL_BATCH_FILE_H

#include <stdint.h>
#include "sluice/buffer.h"
#include "sluice/err.h"

#define BATCH_FIELD_MAX ((size_t)1 << 31)   /* bytes of one record or of one run of sealed ones */

struct batch_file {
    int fd;
    uint64_t size;          /* what is committed of it */
    uint64_t at;            /* of the next field */
    uint64_t start;         /* of the bytes in the buffer */
    struct sluice_buffer bytes;
};

void batch_file_init(struct batch_file *file);
void batch_file_deinit(struct batch_file *file);
/** Read from fd, which the file then owns, between two offsets of fields. */
void batch_file_begin(struct batch_file *file, int fd, uint64_t at, uint64_t size);
void batch_file_end(struct batch_file *file);

/** 1 with the next field's number and bytes, without frame, valid until the
 *  next call; 0 at the end; -1 where the bytes are no batch; -2 with *err when reading failed. */
int batch_file_next(struct batch_file *file, int *field, const uint8_t **bytes, size_t *len, enum sluice_err *err);

#endif
