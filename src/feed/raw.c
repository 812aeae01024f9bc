#include "feed/raw.h"

#include <stdbool.h>
#include <string.h>

#include "feed/take.h"
#include "sluice/wire.h"

static bool is_tenant(const struct sluice_config *config, struct sluice_str name)
{
    for (size_t i = 0; i < config->tenant_count; i++)
        if (sluice_str_equal(sluice_str_from(config->tenants[i].name), name))
            return true;
    return false;
}

void raw_decode(const struct sluice_config *config, const struct feed_input *input, struct sluice_entry *entry,
                struct unknown_fields *unknown, int64_t now_us)
{
    struct sluice_record *record = &entry->record;
    const struct sluice_record before = *record;
    uint32_t field, unknown_count = 0;
    enum sluice_reason reason;

    reason = sluice_wire_read(record, &field, &unknown_count, (const uint8_t *)entry->raw.bytes, entry->raw.len);
    for (uint32_t i = 0; i < unknown_count; i++)
        unknown_fields_count(unknown, SLUICE_STR("(raw)"));
    if (reason)
        *record = before;
    if (record->tenant.len == 0)
        record->tenant = input->tenant;
    if (config && config->tenant_count && record->tenant.len && !is_tenant(config, record->tenant))
        record->tenant.len = 0;
    entry->tenant_hint = record->tenant;
    feed_input_stamp(input, record, now_us);
    if (!reason)
        reason = take_check(record);
    if (reason)
        sluice_entry_refuse(entry, reason);
}
