/* Sealed files as input: what was suspended, parked or quarantined comes back
 * as entries of a batch. The list of files is fixed when it is asked for, so
 * that what is sealed again meanwhile does not come back at once. How far each
 * file has come stands in the catalog, and a file is deleted in the commit
 * after its last entry: an entry comes back once, whatever crashes. */
#ifndef LOCAL_REENTER_H
#define LOCAL_REENTER_H

#include "local/batch_file.h"
#include "local/catalog.h"
#include "sluice/batch.h"
#include "sluice/local.h"
#include "sluice/reason.h"
#include "sluice/seal.h"
#include "sluice/vault.h"

struct sluice_local;

struct reentry_place {
    uint64_t offset;        /* of a frame */
    uint64_t index;         /* entries of that frame which were given */
    bool done;              /* the file has no more */
    bool left;              /* it is passed over: it stays until its deadline */
};

struct reentry_file {
    enum sluice_store store;
    uint32_t stream;
    int64_t deadline_s;
    uint64_t number;
    uint64_t size;
    struct reentry_place at, committed;
};

struct reentry {
    struct reentry_file *files;
    size_t count, capacity;
    size_t current, committed_current;
    struct sluice_vault *vault;       /* borrowed; for parked records */
    uint8_t *operator_secret;         /* secret memory; for quarantine */
    uint8_t operator_public[SLUICE_PUBLIC_KEY_SIZE];
    enum sluice_reason reason;        /* of quarantine: NONE stands for all */

    struct batch_file reader;         /* of the current file */
    struct sluice_buffer content;     /* of the current frame, opened */
    struct sluice_cursor cursor;      /* into it */
    bool content_open;
    struct sluice_buffer raw;         /* of one parked record */
    struct sluice_sealer carry;       /* entries of quarantine that stay there */
    struct sluice_buffer frame;       /* what is carried over */
    struct sluice_local_reentry told, told_committed;
};

void reentry_init(struct reentry *reentry);
void reentry_deinit(struct reentry *reentry);

/** Nothing is left to be given. */
static inline bool reentry_at_end(const struct reentry *reentry)
{
    return reentry->current == reentry->count;
}

/** Append entries until the batch is full or there are no more. */
SLUICE_MUST_CHECK
enum sluice_err reentry_fill(struct sluice_local *local, struct sluice_batch *batch, int64_t now_us);

/** What a commit has to say: rows for the catalog. */
void reentry_rows(const struct sluice_local *local, struct sluice_buffer *rows);
void reentry_committed(struct sluice_local *local);
void reentry_abort(struct sluice_local *local);
/** The files of a bucket that is about to be deleted. */
void reentry_forget(struct sluice_local *local, uint32_t stream, int64_t deadline_s);

/** Turn one opened entry into an entry of the batch (entry.c).
 *  Out: *given  false: it stays where it is and is to be carried over
 *  Returns SLUICE_ERR_FULL when the batch has no room; then nothing was appended. */
SLUICE_MUST_CHECK
enum sluice_err reentry_give(struct sluice_local *local, bool *given, struct sluice_batch *batch,
                             enum sluice_store store, const struct sluice_sealed_entry *sealed, int64_t now_us);

#endif
