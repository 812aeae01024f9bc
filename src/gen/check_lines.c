/* Every line of the input again, as far as it got through the door. */
#include <string.h>

#include "gen/check.h"
#include "gen/table.h"
#include "gen/text.h"
#include "sluice/clock.h"

bool check_fingerprint(const struct check *check, uint8_t fingerprint[static SLUICE_HASH_SIZE],
                       const struct traffic_record *record)
{
    const uint8_t *key = deduplicate_bucket_key(check->deduplicate, record->start_us);
    uint8_t identity[DEDUPLICATE_IDENTITY_MAX];
    char id[20];
    struct text text = { id };

    if (!key)
        return false;
    text_number(&text, record->id);
    const struct sluice_record named = {
        .tenant = sluice_str_from(declared_tenants[record->tenant].name),
        .source_id = SLUICE_STR(GEN_SOURCE),
        .record_id = { id, (size_t)(text.at - id) },
        .service = record->service,
    };
    sluice_hash(fingerprint, identity, deduplicate_identity(identity, &named), key);
    return true;
}

static void keep(struct check *check, uint32_t line, const struct traffic_record *record,
                 const struct truth *truth)
{
    struct check_line *kept = &check->lines[check->line_count++];
    *kept = (struct check_line){
        .line = line,
        .start_s = (uint32_t)(record->start_us / SLUICE_SECOND_US),
        .tenant = record->tenant,
        .suspended = truth->disposition == SLUICE_SUSPENDED,
    };
    for (uint8_t i = 0;
         truth->disposition == SLUICE_ROUTED && i < declared_tenants[record->tenant].purpose_count; i++) {
        kept->emitted |= (uint8_t)((truth->outcome[i] == SLUICE_EMITTED) << i);
        kept->parked |= (uint8_t)((truth->outcome[i] == SLUICE_PARKED) << i);
    }
    /* Without a key it has no row: zeros stand for none, and it will count as lost. */
    if (!check_fingerprint(check, kept->fingerprint, record))
        memset(kept->fingerprint, 0, sizeof kept->fingerprint);
}

enum sluice_err check_lines(struct check *check)
{
    check->lines = table_new(check->world.records * sizeof *check->lines);
    if (!check->lines)
        return SLUICE_ERR_MEMORY;
    for (uint64_t n = 0; n < check->world.records; n++) {
        struct traffic_record record;
        struct truth truth;

        if (check->progress && n % WORLD_FILE_RECORDS == 0)
            check->progress->tell(check->progress->self, "truth", n, check->world.records);
        truth_of_line(&check->world, n, &record, &truth);
        check->quarantined += truth.disposition == SLUICE_QUARANTINED;
        if (truth.disposition == SLUICE_ROUTED || truth.disposition == SLUICE_SUSPENDED)
            keep(check, (uint32_t)n, &record, &truth);
    }
    return SLUICE_OK;
}
