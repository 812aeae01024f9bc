/* A row as numbers and bytes by field, as read and as it must be. The reader
 * is the plainest that protobuf allows, and not the one that the gate writes by. */
#ifndef GEN_CHECK_ROW_H
#define GEN_CHECK_ROW_H

#include <stdbool.h>
#include <stdint.h>
#include "gen/truth.h"
#include "sluice/str.h"
#include "sluice/vault.h"

#define ROW_NUMBERS 67 /* one more than the highest field number */
#define ROW_SCRATCH_SIZE 1024

enum row_kind { ROW_VARINT, ROW_FIXED64, ROW_BYTES };

struct row_value {
    uint8_t kind; /* enum row_kind */
    uint64_t number;
    struct sluice_str bytes;
};

struct row {
    uint64_t present[2]; /* bits by number: only these values are set */
    struct row_value values[ROW_NUMBERS];
};

static inline bool row_has(const struct row *row, unsigned number)
{
    return row->present[number / 64] >> number % 64 & 1;
}

static inline struct row_value *row_add(struct row *row, unsigned number)
{
    row->present[number / 64] |= UINT64_C(1) << number % 64;
    return &row->values[number];
}

/** False where the bytes are no message, or a field is there twice or unknown. */
bool row_read(struct row *row, const uint8_t *bytes, size_t len);

/* What a row is made from. */
struct row_source {
    const struct world *world;
    const struct declared_tenant *tenant;
    const struct declared_purpose *purpose;
    const struct traffic_record *record;
    const struct truth *truth;
    uint8_t basis;
    const uint8_t *policy_version; /* SLUICE_POLICY_VERSION_SIZE bytes */
    const uint8_t *ref;
    const uint8_t *pseudonym;
    const uint8_t *device_pseudonym; /* where the record has a device */
    const struct sluice_epoch_secrets *secrets;
    const uint8_t *tag_key;
};

/** Fill expected; its bytes point into scratch and into what source points to. */
void row_expect(struct row *expected, uint8_t scratch[static ROW_SCRATCH_SIZE],
                const struct row_source *source);

/** The number of the first field in which they differ; 0: they are the same. */
unsigned row_difference(const struct row *a, const struct row *b);

/** What a field number is called in the policy's words, for people. */
const char *row_field_name(unsigned number);

#endif
