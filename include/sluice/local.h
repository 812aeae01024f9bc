/* The embedded transport: files, no server. The change log is the truth: a
 * commit is one frame at its end, written after the outputs it speaks of are
 * durable. Recovery cuts outputs back to the lengths of the last whole frame.
 *
 *   state/lock            held by the one process that may write
 *   state/log/N.log       frames sealed under the state key: snapshot chunks, then commits
 *   state/audit/          receipts of what keep deleted, hash-chained
 *   OUTPUT/TENANT/STREAM/BUCKET/N.pb[.open]   PurposeBatch bytes; BUCKET is the
 *                         deadline as YYYY-MM-DD or YYYY-MM-DDThhZ; readers use closed files
 */
#ifndef SLUICE_LOCAL_H
#define SLUICE_LOCAL_H

#include "sluice/config.h"
#include "sluice/feed.h"
#include "sluice/keyring.h"
#include "sluice/state.h"
#include "sluice/transport.h"
#include "sluice/vault.h"

struct sluice_local;

/** The state folder's lock: SLUICE_ERR_LOCKED when somebody has it. *fd stays open to hold it. */
SLUICE_MUST_CHECK
enum sluice_err sluice_local_lock(int *fd, const char *state_folder);

/** Recover and open for writing. The lock must be held.
 *  In: tables  restored before this returns; feed's and the caller's; what they
 *              point to is borrowed. Tables of the log that are not given stay
 *              as they are, and then no snapshot can be written
 *      feed    may be NULL: then poll gives re-entries only
 *  Returns SLUICE_ERR_DAMAGED with a finding that names file and offset. */
SLUICE_MUST_CHECK
enum sluice_err sluice_local_open(struct sluice_transport *transport, struct sluice_findings *findings,
                                  const struct sluice_config *config, struct sluice_keyring *keyring,
                                  struct sluice_feed *feed, const struct sluice_state_table tables[],
                                  size_t table_count);

/** Restore the tables only, change nothing: for readers beside the lock's holder. */
SLUICE_MUST_CHECK
enum sluice_err sluice_local_read(struct sluice_findings *findings, const struct sluice_config *config,
                                  struct sluice_keyring *keyring, const struct sluice_state_table tables[],
                                  size_t table_count);

/** From now on poll gives what is suspended (and parked) once more, each once,
 *  before anything that arrives. Between commits; makes one that closes their open files.
 *  vault opens the second seal of parked rows; rows whose subject's secrets are gone are dropped as expired. */
SLUICE_MUST_CHECK
enum sluice_err sluice_local_reenter(struct sluice_transport *transport, struct sluice_vault *vault,
                                     bool suspended, bool parked);

/** Likewise for quarantine, with the operator's key; reason NONE: all.
 *  Returns SLUICE_ERR_KEY when it is not the key that the keyring seals to. */
SLUICE_MUST_CHECK
enum sluice_err sluice_local_replay(struct sluice_transport *transport,
                                    const uint8_t operator_secret[static SLUICE_SECRET_KEY_SIZE],
                                    enum sluice_reason reason);

/** A bounded piece of a snapshot, if the log has outgrown the last one; with force a whole one. Between commits. */
SLUICE_MUST_CHECK
enum sluice_err sluice_local_snapshot(struct sluice_transport *transport, bool force);

/** Whether poll gives what arrives, or only what re-enters; at first it does. */
void sluice_local_arrivals(struct sluice_transport *transport, bool wanted);

/** What became of the last call of _reenter or _replay so far. */
struct sluice_local_reentry {
    uint64_t entries;       /* given to batches */
    uint64_t expired;       /* given as expired: the subject's secrets are gone */
    uint64_t frames_left;   /* did not open: wrong key or damaged; left where they are */
    uint64_t entries_left;  /* not decodable here, or of another reason; left where they are */
    uint64_t files_left;    /* past their deadline, or damaged between frames */
};
void sluice_local_reentry(const struct sluice_transport *transport, struct sluice_local_reentry *reentry);

/** Close and rename every open file, so that readers see it: at the end of all input. Between commits. */
SLUICE_MUST_CHECK
enum sluice_err sluice_local_close_files(struct sluice_transport *transport);

/** The bucket is about to be deleted: forget its open file and what re-enters from it. Between commits.
 *  Durable on return; a bucket that is not known is as good as forgotten. */
SLUICE_MUST_CHECK
enum sluice_err sluice_local_forget(struct sluice_transport *transport, const char *tenant, const char *stream,
                                    int64_t deadline_s);

/** The transaction number of the last commit. */
uint64_t sluice_local_transactions(const struct sluice_transport *transport);

/* Reading streams: closed files whole, open ones to their committed length. */
struct sluice_stream_reader;
/** In: keyring  NULL: only closed files, as it takes the log to know the others
 *  A stream without any file is empty. */
SLUICE_MUST_CHECK
enum sluice_err sluice_stream_open(struct sluice_stream_reader **reader, const struct sluice_config *config,
                                   struct sluice_keyring *keyring, const char *tenant, const char *stream);
/** 1 with the bytes of one PurposeRecord (field 1) or SealedRecords (field 2) without
 *  frame, valid until the next call; 0 at the end; -1 when damaged. */
int sluice_stream_next(struct sluice_stream_reader *reader, int *field, const uint8_t **bytes, size_t *len);
void sluice_stream_close(struct sluice_stream_reader *reader);

#endif
