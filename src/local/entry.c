/* One sealed entry as an entry of the batch. */
#include <string.h>

#include "local/internal.h"
#include "sluice/clock.h"
#include "sluice/wire.h"

static const uint8_t kinds[] = { [SLUICE_STORE_QUARANTINE] = SLUICE_ENTRY_QUARANTINED,
                                 [SLUICE_STORE_PARK] = SLUICE_ENTRY_PARKED,
                                 [SLUICE_STORE_SUSPENDED] = SLUICE_ENTRY_SUSPENDED };

/* The input that a source id names, or the count of inputs where there is none. */
static size_t input_of(const struct sluice_config *config, struct sluice_str source_id)
{
    size_t i = 0;

    while (i < config->input_count && !sluice_str_equal(source_id, sluice_str_from(config->inputs[i].name)))
        i++;
    return i;
}

/* Nobody decides for a tenant that is not configured (any more). */
static bool has_tenant(const struct sluice_config *config, struct sluice_str tenant)
{
    for (size_t i = 0; i < config->tenant_count; i++)
        if (sluice_str_equal(tenant, sluice_str_from(config->tenants[i].name)))
            return true;
    return config->tenant_count == 0;
}

/* Whether it is to come back, and can. */
static bool is_wanted(const struct sluice_local *local, enum sluice_store store,
                      const struct sluice_sealed_entry *sealed)
{
    const enum sluice_reason reason = local->reentry.reason;

    if (store != SLUICE_STORE_QUARANTINE)
        return sealed->form == SLUICE_FORM_RAW && has_tenant(local->config, sealed->tenant);
    if (reason != SLUICE_REASON_NONE &&
        !sluice_str_equal(sealed->reason, sluice_str_from(sluice_reason_word(reason))))
        return false;
    return sealed->form == SLUICE_FORM_RAW ||
           (local->feed && input_of(local->config, sealed->source_id) < local->config->input_count);
}

/* Take the second seal off. Purposes declared since have added secrets at the
 * end of the row, so the key is of those that were there: fewer, or all.
 * *gone: no key is left that fits. */
static enum sluice_err open_parked(struct sluice_local *local, const struct sluice_sealed_entry *sealed, bool *gone)
{
    struct sluice_buffer *raw = &local->reentry.raw;
    uint8_t key[SLUICE_KEY_SIZE];
    struct sluice_subject subject;

    *gone = true;
    sluice_buffer_clear(raw);
    if (!sealed->has_subject || !local->reentry.vault)
        return SLUICE_OK;
    const int64_t at_s = sealed->start_us / SLUICE_SECOND_US;
    enum sluice_err err = sluice_vault_find(local->reentry.vault, &subject, sealed->subject, (uint32_t)at_s);
    if (err)
        return err == SLUICE_ERR_MISSING ? SLUICE_OK : err;
    for (size_t count = subject.secret_count; *gone && count > 0 && err != SLUICE_ERR_MEMORY; count--) {
        sluice_park_key(key, subject.secrets[0], count * SLUICE_SECRET_SIZE);
        err = sluice_sealed_open_parked(raw, sealed, key);
        *gone = err != SLUICE_OK;
    }
    sluice_wipe(key, sizeof key);
    sluice_wipe(&subject, sizeof subject);
    return err == SLUICE_ERR_MEMORY ? err : SLUICE_OK;
}

struct copies {
    struct sluice_str raw, file, tenant, source_id;
};

/* Everything that outlives the frame, before the batch has the entry. */
static enum sluice_err copy_texts(struct copies *copies, struct sluice_arena *arena,
                                  const struct sluice_sealed_entry *sealed, struct sluice_str raw)
{
    copies->raw = sluice_arena_copy(arena, raw);
    copies->file = sluice_arena_copy(arena, sealed->file);
    copies->tenant = sluice_arena_copy(arena, sealed->tenant);
    copies->source_id = sluice_arena_copy(arena, sealed->source_id);
    return copies->raw.bytes && copies->file.bytes && copies->tenant.bytes && copies->source_id.bytes
               ? SLUICE_OK
               : SLUICE_ERR_FULL;
}

static void decode(struct sluice_local *local, struct sluice_batch *batch, struct sluice_entry *entry, int64_t now_us)
{
    uint32_t field = 0, unknown = 0;

    if (entry->form != SLUICE_FORM_RAW) {
        sluice_feed_decode(local->feed, batch, entry, now_us);
        return;
    }
    const enum sluice_reason reason =
        sluice_wire_read(&entry->record, &field, &unknown, (const uint8_t *)entry->raw.bytes, entry->raw.len);
    if (reason != SLUICE_REASON_NONE)
        sluice_entry_refuse(entry, reason);
}

/* What the sealed entry knows and decoding does not. */
static void restore(struct sluice_entry *entry, enum sluice_store store, const struct sluice_sealed_entry *sealed,
                    const struct copies *copies)
{
    entry->kind = kinds[store];
    entry->sealed_for = (uint8_t)sluice_reason_from_word(sealed->reason);
    if (sealed->has_subject)
        memcpy(entry->subject, sealed->subject, sizeof entry->subject);
    entry->file = copies->file;
    entry->position = sealed->position;
    entry->line = sealed->line;
    entry->purposes = sealed->purposes;
    entry->passed_deduplication = sealed->has_fingerprint;
    memcpy(entry->fingerprint, sealed->fingerprint, sizeof entry->fingerprint);
    if (entry->tenant_hint.len == 0)
        entry->tenant_hint = copies->tenant;
    if (entry->record.source_id.len == 0)
        entry->record.source_id = copies->source_id;
    entry->record.collected_at_us = sealed->collected_at_us;
    entry->record.present |= SLUICE_HAS(SLUICE_RAW_COLLECTED_AT);
}

enum sluice_err reentry_give(struct sluice_local *local, bool *given, struct sluice_batch *batch,
                             enum sluice_store store, const struct sluice_sealed_entry *sealed, int64_t now_us)
{
    struct sluice_str raw = sealed->raw;
    struct copies copies;
    bool gone = false;

    *given = is_wanted(local, store, sealed);
    if (!*given)
        return SLUICE_OK;
    if (store == SLUICE_STORE_PARK) {
        const enum sluice_err err = open_parked(local, sealed, &gone);
        if (err)
            return err;
        raw = gone ? SLUICE_STR("") : (struct sluice_str){ (const char *)local->reentry.raw.bytes,
                                                           local->reentry.raw.len };
    }
    const enum sluice_err err = copy_texts(&copies, &batch->arena, sealed, raw);
    if (err)
        return err;
    struct sluice_entry *entry = sluice_batch_append(batch);
    if (!entry)
        return SLUICE_ERR_FULL;

    entry->raw = copies.raw;
    entry->form = (uint8_t)sealed->form;
    entry->input = (uint32_t)input_of(local->config, sealed->source_id);
    if (gone)
        sluice_entry_refuse(entry, SLUICE_REASON_EXPIRED);
    else
        decode(local, batch, entry, now_us);
    restore(entry, store, sealed, &copies);
    local->reentry.told.expired += gone;
    return SLUICE_OK;
}
