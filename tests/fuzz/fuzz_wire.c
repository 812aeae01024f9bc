/* Any bytes as a raw record and as a batch: what the reader makes of them is
 * what the public codec makes of them, and what it accepts can be written. */
#include <stdio.h>

#include "../wire_oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void must_be_null(const char *difference)
{
    if (!difference)
        return;
    fprintf(stderr, "differs: %s\n", difference);
    abort();
}

/* The public codec takes a batch exactly when all its records are ones that it takes. */
static const char *batch_difference(const uint8_t *bytes, size_t len)
{
    ProtobufCAllocator allocator = { oracle_alloc, oracle_free, &oracle_memory };
    struct sluice_cursor batch = { .at = bytes, .end = bytes + len };
    struct sluice_record record;
    const uint8_t *record_bytes;
    size_t record_len, count = 0;
    uint32_t field, unknown;
    bool good = true;
    int more;

    while ((more = sluice_wire_next(&batch, &record_bytes, &record_len)) > 0) {
        good &= sluice_wire_read(&record, &field, &unknown, record_bytes, record_len) != SLUICE_REASON_UNDECODABLE;
        count++;
    }
    oracle_memory.used = 0;
    const Sluice__V1__RawBatch *message = sluice__v1__raw_batch__unpack(&allocator, len, bytes);
    if ((message != NULL) != (more == 0 && good))
        return "the batch";
    return message && message->n_records != count ? "the count of records" : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct sluice_record record;
    uint32_t field, unknown;

    if (len > SLUICE_RECORD_SIZE_MAX)
        return 0;
    must_be_null(wire_difference(bytes, len));
    must_be_null(batch_difference(bytes, len));
    if (sluice_wire_read(&record, &field, &unknown, bytes, len) == SLUICE_REASON_NONE)
        must_be_null(round_trip_difference(&record));
    return 0;
}
