/* Projection: what a purpose's row shows of a record, field by field as its
 * rule lists them and nothing else. */
#ifndef GATE_PROJECT_H
#define GATE_PROJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "gate/tenant.h"
#include "sluice/batch.h"
#include "sluice/clock.h"

/* Bytes a row can have at most: a prefix, 64 numbers and a handful of texts. */
#define PROJECT_ROW_MAX 2048

/* Everything about one record that its rows are made of. */
struct project_subject {
    const struct sluice_record *record;
    const uint8_t *pseudonym;       /* of this purpose and epoch; NULL: the purpose has none */
    const uint8_t *device_pseudonym;
    const uint8_t *token;
    const struct sluice_epoch_secrets *secrets;   /* of this purpose and epoch */
    uint8_t contract;
    struct sluice_str region;
    struct sluice_str account;
    uint32_t account_number;        /* in the tenant's accounts; 0: take `account` as it is */
    uint64_t plmn_text;             /* set by project_prepare: what several rows show, written once */
    uint8_t plmn_len;
};

/** Once for each record, when subject->record is set. */
void project_prepare(struct project_subject *subject);

/* Where the parts of a row that order it are. */
struct project_order {
    const uint8_t *key;    /* 16 bytes, of the slot or of the row */
    int64_t time;
    uint32_t tie;
};

/** Write one row, framed as field 1 of a PurposeBatch.
 *
 *  Out: out      PROJECT_ROW_MAX bytes; the row starts at the returned offset
 *       len      its length
 *       order    what it is ordered by
 *  In:  fingerprint  of the record: its ref is made of it
 *  Returns the offset into out where the row starts. */
size_t project_row(uint8_t out[static PROJECT_ROW_MAX], size_t *len, struct project_order *order,
                   struct tenant *tenant, const struct tenant_purpose *purpose, const struct rule *rule,
                   const struct project_subject *subject, enum sluice_basis basis, int64_t deadline_s,
                   const uint8_t fingerprint[static SLUICE_HASH_SIZE]);

/** Whether the record has what a policy calls by that name. */
bool project_has(const struct project_subject *subject, enum sluice_field field);

#endif
