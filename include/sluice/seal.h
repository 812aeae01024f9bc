/* What no stream may hold and nothing may lose: quarantined, suspended and
 * parked records, sealed with one key per commit that is itself sealed to the
 * operator (and, for what must re-enter by itself, to the worker). Proto:
 * SealedRecords and SealedEntry. */
#ifndef SLUICE_SEAL_H
#define SLUICE_SEAL_H

#include "sluice/batch.h"
#include "sluice/buffer.h"
#include "sluice/crypto.h"
#include "sluice/err.h"
#include "sluice/keyring.h"

enum sluice_store { SLUICE_STORE_QUARANTINE = 1, SLUICE_STORE_PARK = 2, SLUICE_STORE_SUSPENDED = 3 };

/** "quarantine", "park", "suspended": also the name of the stream. */
const char *sluice_store_name(enum sluice_store store);

/* The entries of one commit for one store, tenant and deadline. */
struct sluice_sealer {
    struct sluice_buffer content;   /* SealedEntry after SealedEntry, each behind its length */
    struct sluice_buffer scratch;   /* of one record */
    uint32_t record_count;
};

void sluice_sealer_init(struct sluice_sealer *sealer, size_t size_max);
void sluice_sealer_deinit(struct sluice_sealer *sealer);   /* wipes */
/** Forget what was added, as an abort does; wipes and keeps the memory. */
void sluice_sealer_clear(struct sluice_sealer *sealer);

/** Add an entry. Park and suspended keep the record as RawRecord; quarantine
 *  keeps raw as it arrived (a record that was never bytes: as RawRecord).
 *  field_name may be NULL. An entry that holds a secret must not come here.
 *  subject, subject_key: park only, both; raw is sealed under the key as well (AAD: subject).
 *  What does not fit is told by sluice_sealer_finish. */
void sluice_sealer_add(struct sluice_sealer *sealer, enum sluice_store store,
                       const struct sluice_entry *entry, const char *field_name,
                       const uint8_t *subject, const uint8_t *subject_key);

/** Add an entry as sluice_sealed_next stepped over it, length included: it is sealed anew. */
void sluice_sealer_add_opened(struct sluice_sealer *sealer, const uint8_t *bytes, size_t len);

/** Append one framed `sealed = 2` of a PurposeBatch and empty the sealer; an
 *  empty sealer appends nothing.
 *  Returns SLUICE_ERR_MEMORY when an entry or the frame did not fit. */
SLUICE_MUST_CHECK
enum sluice_err sluice_sealer_finish(struct sluice_sealer *sealer, struct sluice_buffer *out,
                                     enum sluice_store store, int64_t deadline_s,
                                     const struct sluice_keyring *keyring);

struct sluice_sealed_entry {
    struct sluice_str reason, raw, source_id, file, field, tenant;
    uint32_t form;
    uint64_t position, line, purposes;
    int64_t collected_at_us;
    int64_t start_us;               /* parked: with subject, the generation that it is of */
    uint8_t fingerprint[16];
    uint8_t subject[16];
    bool has_fingerprint;
    bool has_subject;
};

/* What stands in clear, covered by the seal of the content. */
struct sluice_sealed_head {
    enum sluice_store store;
    int64_t deadline_s;
    uint32_t record_count;
};
/** Read the head of one SealedRecords (without frame); not proved until the content is opened. */
SLUICE_MUST_CHECK
enum sluice_err sluice_sealed_peek(struct sluice_sealed_head *head, const uint8_t *bytes, size_t len);

/** Open one SealedRecords (without frame) with the operator's secret key, or with the worker's.
 *  Out: content  the opened bytes, appended; entries are read from it with sluice_sealed_next
 *       store, deadline_s
 *  Returns SLUICE_ERR_KEY when the key does not fit, SLUICE_ERR_DAMAGED. */
SLUICE_MUST_CHECK
enum sluice_err sluice_sealed_open(struct sluice_buffer *content, enum sluice_store *store,
                                   int64_t *deadline_s, const uint8_t *bytes, size_t len,
                                   const uint8_t public_key[static SLUICE_PUBLIC_KEY_SIZE],
                                   const uint8_t secret_key[static SLUICE_SECRET_KEY_SIZE], bool worker);

/** 1 with *entry set (views into the content), 0 at the end, -1 when damaged. */
int sluice_sealed_next(struct sluice_cursor *content, struct sluice_sealed_entry *entry);

/** Take the second seal off a parked record's raw; key from sluice_park_key. */
SLUICE_MUST_CHECK
enum sluice_err sluice_sealed_open_parked(struct sluice_buffer *raw, const struct sluice_sealed_entry *entry,
                                          const uint8_t subject_key[static SLUICE_KEY_SIZE]);

/** The key of a subject's parked rows, from all of its secrets (so it dies with any erasure of the row). */
void sluice_park_key(uint8_t key[static SLUICE_KEY_SIZE], const uint8_t secrets[], size_t secrets_len);

#endif
