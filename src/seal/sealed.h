/* Field numbers and the authenticated head of sealed records, shared by writer and reader. */
#ifndef SEAL_SEALED_H
#define SEAL_SEALED_H

#include <stdint.h>
#include "sluice/seal.h"
#include "sluice/vault.h"

/* proto/sluice/v1/purpose.proto */
enum { BATCH_RECORDS = 1, BATCH_SEALED = 2 };
enum {
    SEALED_STORE = 1,
    SEALED_EXPIRES_AT,
    SEALED_RECORD_COUNT,
    SEALED_OPERATOR_KEY,
    SEALED_WORKER_KEY,
    SEALED_NONCE,
    SEALED_CONTENT
};
enum {
    SEALED_ENTRY_REASON = 1,
    SEALED_ENTRY_FORM,
    SEALED_ENTRY_RAW,
    SEALED_ENTRY_SOURCE_ID,
    SEALED_ENTRY_FILE,
    SEALED_ENTRY_POSITION,
    SEALED_ENTRY_LINE,
    SEALED_ENTRY_FIELD,
    SEALED_ENTRY_COLLECTED_AT,
    SEALED_ENTRY_FINGERPRINT,
    SEALED_ENTRY_PURPOSES,
    SEALED_ENTRY_SUBJECT,
    SEALED_ENTRY_TENANT,
    SEALED_ENTRY_START
};

struct sealed_head {
    uint32_t store;
    int64_t deadline_s;
    uint32_t record_count;
};

/* The head stands in clear, so that files can be counted and expired without
 * a key; the content's seal covers it. */
#define SEALED_ASSOCIATED_SIZE 16

static inline void sealed_associated(uint8_t out[static SEALED_ASSOCIATED_SIZE], const struct sealed_head *head)
{
    for (unsigned i = 0; i < 4; i++) {
        out[i] = (uint8_t)(head->store >> (8 * i));
        out[4 + i] = (uint8_t)(head->record_count >> (8 * i));
    }
    for (unsigned i = 0; i < 8; i++)
        out[8 + i] = (uint8_t)((uint64_t)head->deadline_s >> (8 * i));
}

#endif
