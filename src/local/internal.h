/* The transport as a whole, for the files of this folder. */
#ifndef LOCAL_INTERNAL_H
#define LOCAL_INTERNAL_H

#include "local/load.h"
#include "local/log.h"
#include "local/output.h"
#include "local/reenter.h"
#include "sluice/local.h"

/* A snapshot on its way; see snapshot.c. */
struct snapshot {
    bool active;
    struct log_writer log;
    uint64_t segment;
    size_t table;           /* gradual tables before this one are whole */
    uint64_t chunk;         /* the next of that table */
};

struct sluice_local {
    const struct sluice_config *config;      /* borrowed, as the next two */
    struct sluice_keyring *keyring;
    struct sluice_feed *feed;                /* NULL: only what re-enters */
    bool no_arrivals;                        /* feed is for decoding only */
    struct sluice_state_table *tables;
    size_t table_count;

    char log_path[SLUICE_PATH_SIZE + 8];
    int log_fd;                              /* the folder of segments */
    struct log_writer log;                   /* the segment of keyring->state[0] */
    struct local_catalog catalog;
    struct local_outputs outputs;
    struct reentry reentry;
    struct sluice_buffer rows;               /* the catalog's part of a commit */

    struct snapshot snapshot;
    uint64_t transaction;                    /* of the last commit */
    uint64_t snapshot_size;                  /* bytes of the segment before its first commit */
    bool settled;                            /* the last commit is past doubt: its actions may be done */
    bool foreign;                            /* the log holds tables that were not given: no snapshot can be whole */
    bool retiring;                           /* a snapshot took over; the key before it is still in the file */
    bool lost;                               /* what is on disk is not known any more: open again */
};

/** The paths of the log's folder and of a segment for findings. */
void local_log_path(char path[static SLUICE_PATH_SIZE + 8], const struct sluice_config *config);

/** Finish what the last commit said, which must be done before anything else is committed. */
SLUICE_MUST_CHECK
enum sluice_err local_settle(struct sluice_local *local);

/** Commit what stands in local->rows, and the tables' changes with it.
 *  In: tables  false: the rows alone */
SLUICE_MUST_CHECK
enum sluice_err local_commit_rows(struct sluice_local *local, bool tables);

/** Mark the open files that fit for the next commit to close; a NULL name fits every stream. */
void local_mark_closing(struct sluice_local *local, const char *stream);

SLUICE_MUST_CHECK
enum sluice_err local_commit(void *self, int64_t now_us);
SLUICE_MUST_CHECK
enum sluice_err local_abort(void *self);

/** Cut outputs back to what is committed, delete what is not. */
SLUICE_MUST_CHECK
enum sluice_err local_recover_outputs(struct sluice_local *local, struct sluice_findings *findings);

/** For a log that is begun anew: closed files are known from here on; open ones can only be somebody
 *  else's, and would be deleted one day. */
SLUICE_MUST_CHECK
enum sluice_err local_note_outputs(struct sluice_local *local, struct sluice_findings *findings);

/** A snapshot from beginning to end. Between commits. */
SLUICE_MUST_CHECK
enum sluice_err local_snapshot(struct sluice_local *local);
/** Begin one, or go on with the one that is on its way by a bounded piece. Between commits. */
SLUICE_MUST_CHECK
enum sluice_err local_snapshot_step(struct sluice_local *local);
/** A commit is being put together: it may add what the snapshot on its way must know. */
void local_snapshot_meanwhile_begin(struct sluice_local *local);
void local_snapshot_meanwhile_add(struct sluice_local *local, size_t table, const uint8_t *section, size_t len);
/** The commit held. */
void local_snapshot_meanwhile_end(struct sluice_local *local);
/** Let go of a snapshot on its way. */
void local_snapshot_give_up(struct sluice_local *local);
/** Delete every segment but the one in force. */
SLUICE_MUST_CHECK
enum sluice_err local_drop_segments(struct sluice_local *local);
/** The keyring without the key before the last snapshot, and no file under it. */
SLUICE_MUST_CHECK
enum sluice_err local_retire(struct sluice_local *local);

static inline struct sluice_local *local_of(const struct sluice_transport *transport)
{
    return transport->self;
}

#endif
