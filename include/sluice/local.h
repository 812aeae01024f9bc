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
 *  In: tables  restored before this returns; feed's and the caller's; borrowed
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

/** From now on poll gives what is suspended (and parked) once more, each once.
 *  vault opens the second seal of parked rows; rows whose subject's secrets are gone are dropped as expired. */
SLUICE_MUST_CHECK
enum sluice_err sluice_local_reenter(struct sluice_transport *transport, struct sluice_vault *vault,
                                     bool suspended, bool parked);

/** Likewise for quarantine, with the operator's key; reason NONE: all. */
SLUICE_MUST_CHECK
enum sluice_err sluice_local_replay(struct sluice_transport *transport,
                                    const uint8_t operator_secret[static SLUICE_SECRET_KEY_SIZE],
                                    enum sluice_reason reason);

/** Write a snapshot now if the log has outgrown the last one, or force is set. Between commits. */
SLUICE_MUST_CHECK
enum sluice_err sluice_local_snapshot(struct sluice_transport *transport, bool force);

/** The transaction number of the last commit. */
uint64_t sluice_local_transactions(const struct sluice_transport *transport);

/* Reading streams: closed files whole, open ones to their committed length. */
struct sluice_stream_reader;
SLUICE_MUST_CHECK
enum sluice_err sluice_stream_open(struct sluice_stream_reader **reader, const struct sluice_config *config,
                                   struct sluice_keyring *keyring, const char *tenant, const char *stream);
/** 1 with the bytes of one PurposeRecord (field 1) or SealedRecords (field 2) without
 *  frame, valid until the next call; 0 at the end; -1 when damaged. */
int sluice_stream_next(struct sluice_stream_reader *reader, int *field, const uint8_t **bytes, size_t *len);
void sluice_stream_close(struct sluice_stream_reader *reader);

#endif
