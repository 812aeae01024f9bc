/* One segment of the change log as a file: appended by one writer, read from
 * its beginning by anybody with the key. */
#ifndef LOCAL_LOG_H
#define LOCAL_LOG_H

#include "local/frame.h"
#include "sluice/config.h"

#define LOG_FORMAT 1   /* of the payloads: in the first frame of each segment */

/* --- reading */

struct log_reader {
    int fd;
    uint64_t size;          /* of the file when it was opened */
    uint64_t at;            /* end of the last whole frame */
    uint64_t sequence;      /* of the next frame */
    bool torn;              /* what follows at was never committed */
    const uint8_t *key;     /* borrowed */
    struct sluice_buffer bytes;
};

SLUICE_MUST_CHECK
enum sluice_err log_reader_open(struct log_reader *reader, int folder_fd, const char *name, const uint8_t *key);
void log_reader_close(struct log_reader *reader);

/** Take the next frame. *more is false at the end: then `at` is where the next
 *  append belongs, and `torn` tells whether an unfinished one lies there.
 *  Returns SLUICE_ERR_DAMAGED, `at` being where, when a frame is not whole
 *  although a later one is: a write cut short can only be the last. */
SLUICE_MUST_CHECK
enum sluice_err log_reader_next(struct log_reader *reader, struct frame *frame, bool *more);

/* --- writing */

struct log_writer {
    int fd;
    uint64_t end;                  /* of what is durable */
    uint64_t sequence;             /* of the next frame */
    bool excess;                   /* the file may be longer than end */
    uint8_t *key;                  /* secret memory, borrowed */
    struct sluice_buffer frame;    /* the one in the making */
};

/** A new segment file; its first frame is written but not synced. */
SLUICE_MUST_CHECK
enum sluice_err log_writer_create(struct log_writer *writer, int folder_fd, const char *name, uint64_t segment,
                                  uint64_t transaction, uint8_t *key);
/** Go on behind what a reader found; a torn tail is cut. */
SLUICE_MUST_CHECK
enum sluice_err log_writer_resume(struct log_writer *writer, int folder_fd, const char *name,
                                  const struct log_reader *reader, uint8_t *key);
void log_writer_close(struct log_writer *writer);

/** The buffer for the next frame's payload. */
struct sluice_buffer *log_writer_begin(struct log_writer *writer);
/** Seal and append it. With sync it is durable on return; without, an
 *  append with sync must follow. On failure the log ends where it did. */
SLUICE_MUST_CHECK
enum sluice_err log_writer_append(struct log_writer *writer, enum frame_type type, uint64_t transaction, bool sync);

#endif
