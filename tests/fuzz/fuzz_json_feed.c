/* Any bytes as a file of the emnify family: the scanner takes every byte once
 * and always gets on, however the bytes are cut; what is decoded is a record
 * that can be written and read again; what is not has its reason. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "feed/emnify.h"
#include "feed/scanner.h"
#include "sluice/wire.h"

static struct emnify *emnify;
static struct feed_input input;
static struct unknown_fields unknown;
static struct sluice_input_config config = { .name = "fuzz", .tenant = "acme", .usage_records = true,
                                             .megabyte = 1000000 };

static void check_record(const struct sluice_record *record)
{
    struct sluice_buffer bytes;
    struct sluice_record back;
    uint32_t field, unknown_count;

    assert(record->tenant.len && record->service && (record->present & SLUICE_HAS(SLUICE_RAW_START)));
    sluice_buffer_init(&bytes, SIZE_MAX);
    sluice_wire_write(&bytes, record);
    assert(sluice_wire_read(&back, &field, &unknown_count, bytes.bytes, bytes.len) == SLUICE_REASON_NONE);
    assert(back.present == record->present && back.start_us == record->start_us);
    assert(back.uplink_octets == record->uplink_octets && back.charge_units == record->charge_units);
    assert(memcmp(&back.imsi, &record->imsi, sizeof back.imsi) == 0);
    sluice_buffer_deinit(&bytes);
}

static void decode(const char *bytes, size_t len)
{
    /* Exactly its bytes, so that an over-read is seen. */
    char *raw = malloc(len ? len : 1), *scratch = malloc(len ? len : 1);
    struct sluice_entry entry = { .raw = { raw, len } };

    memcpy(raw, bytes, len);
    emnify_decode(emnify, &input, &entry, scratch, INT64_C(1790000000000000));
    assert(entry.field <= len);
    assert((entry.reason == SLUICE_REASON_NONE) == (entry.disposition == SLUICE_UNDECIDED));
    if (!entry.reason)
        check_record(&entry.record);
    /* What is sealed holds no secret. */
    assert(entry.disposition != SLUICE_QUARANTINED || !entry.holds_secret);
    free(raw);
    free(scratch);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static struct sluice_findings findings;

    (void)argc;
    (void)argv;
    config.usage_records = getenv("SLUICE_FUZZ_EVENTS_COUNT") == NULL;
    return feed_input_init(&input, &findings, &config) || emnify_new(&emnify, &unknown);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct scanner scanner;
    size_t from = 0, have = 0;
    const size_t step = size ? 1 + data[size - 1] : 1;

    scanner_init(&scanner, SCAN_START);
    for (size_t rounds = 0;; rounds++) {
        const bool last = have == size;
        struct scan found = { 0 };
        const enum scan_result result = scanner_next(&scanner, &found, text + from, have - from, last);

        assert(rounds <= 4 * size + 8);
        if (result == SCAN_MORE) {
            assert(!last);
            have = have + step < size ? have + step : size;
            continue;
        }
        assert(found.taken <= have - from);
        if (result == SCAN_ELEMENT) {
            assert(found.start + found.len <= found.taken);
            decode(text + from + found.start, found.len);
        }
        from += found.taken;
        if (last && from == size && !scanner.skipping && result == SCAN_NOTHING)
            return 0;
    }
}
