/* What a feed holds, shared by feed.c (entries), feed_files.c (which file is
 * next) and feed_stdin.c (standard input). */
#ifndef FEED_FEED_STATE_H
#define FEED_FEED_STATE_H

#include "feed/ahead.h"
#include "feed/emnify.h"
#include "feed/folder.h"
#include "feed/input.h"
#include "feed/position.h"
#include "feed/reader.h"
#include "feed/spool.h"
#include "feed/unknown.h"
#include "sluice/feed.h"
#include "sluice/file_name.h"

/* Files of one input, as its folder showed them last. */
struct feed_queue {
    struct folder folder;
    size_t next;               /* the first file not looked at since */
};

/* Standard input, on its way into a spool. */
struct feed_stdin {
    bool used;                 /* an input is standard input */
    size_t input;
    bool begun, ended;
    struct spool_writer *writer;
    char name[64 + SLUICE_NAME_MAX];   /* of the spool being written; empty: none */
    uint64_t punched;                  /* offset up to which it was given back to the disk */
    size_t len;                        /* bytes read, not in the spool yet */
    char bytes[SPOOL_PIECE_MAX];
};

struct sluice_feed {
    const struct sluice_config *config;
    size_t input_count;
    struct feed_input *inputs;
    struct feed_queue *queues;
    size_t turn;               /* the input whose file is next, so that none waits for ever */
    bool listed;               /* all folders have been looked at */

    struct positions positions;
    struct ahead *ahead;       /* NULL: what is read is given at once */
    struct emnify *emnify;
    struct unknown_fields unknown;

    bool spooled;              /* standard input goes through a spool; else it is read as it comes */
    char spool[SLUICE_PATH_SIZE + 16];
    uint8_t *spool_key;
    struct feed_stdin input;

    /* the file that is open */
    size_t place;              /* in positions */
    struct folder_file opened; /* what the folder showed of it; name is not set */
    bool may_grow;
    char path[2 * SLUICE_PATH_SIZE];
    char shown[SLUICE_SHOWN_SIZE];   /* of path */
    uint64_t read_bytes, known_bytes;
    struct reader reader;
};

/* feed.c */

/** sluice_feed_fill without reading ahead. */
SLUICE_MUST_CHECK
enum sluice_err feed_fill(struct sluice_feed *feed, struct sluice_batch *batch, int64_t now_us, bool *end);

/* feed_files.c */

/** Open the next file that has something new. *found is false when there is none. */
SLUICE_MUST_CHECK
enum sluice_err feed_files_next(struct sluice_feed *feed, bool *found);
/** The open file has given all there is. waits: but for half an element. */
SLUICE_MUST_CHECK
enum sluice_err feed_files_close(struct sluice_feed *feed, bool waits);
/** What has been read of the open file is done with. Its position was touched before. */
void feed_files_advance(struct sluice_feed *feed);
/** Start anew from what positions say now. */
void feed_files_restart(struct sluice_feed *feed);

/* feed_stdin.c */

/** Whether a file of that input is the spool that is being written. */
bool feed_stdin_is_open(const struct sluice_feed *feed, size_t input, const char *name);
/** Put into the spool what standard input has; wait a little where it has nothing. *got: something. */
SLUICE_MUST_CHECK
enum sluice_err feed_stdin_pump(struct sluice_feed *feed, bool *got);
/** Whether standard input goes through a spool. */
bool feed_stdin_is_spooled(const struct sluice_feed *feed);
/** After a commit of positions: delete spools that are consumed, shrink the one that is not. */
void feed_stdin_committed(struct sluice_feed *feed, const struct positions *positions);
void feed_stdin_close(struct sluice_feed *feed);

#endif
