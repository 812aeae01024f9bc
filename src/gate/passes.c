/* The order of the gate. A batch goes through it in passes, one step for all
 * entries before the next step for any: while one entry is worked on, the
 * cache fetches what the next pass will read of the others. */
#include "gate/gate.h"

#include <assert.h>
#include <string.h>

/* Deduplication knows it already. A replay too, where it was a re-entry that
 * went into quarantine: else it would meet itself. */
static bool has_passed(const struct sluice_entry *entry)
{
    return entry->kind == SLUICE_ENTRY_SUSPENDED || entry->kind == SLUICE_ENTRY_PARKED ||
           (entry->kind == SLUICE_ENTRY_QUARANTINED && entry->passed_deduplication);
}

/* What every format promises, and what raw records of others may break. */
static enum sluice_reason validate(const struct work *work, const struct sluice_record *record)
{
    if (!work->tenant || !work->tenant->version_count)
        return SLUICE_REASON_NO_CONTROLLER;
    if (!(record->present & SLUICE_HAS(SLUICE_RAW_START)))
        return SLUICE_REASON_MISSING_REQUIRED;
    if ((record->present & SLUICE_HAS(SLUICE_RAW_END)) && record->end_us < record->start_us)
        return SLUICE_REASON_TIME_ORDER;
    if (record->service == SLUICE_SERVICE_UNKNOWN)
        return SLUICE_REASON_UNKNOWN_SERVICE;
    return SLUICE_REASON_NONE;
}

/* Who writes raw records stamps them too: an arrival that is still to come
 * would let a start of any year move the window of deduplication. */
static bool is_from_the_future(const struct sluice_gate *gate, const struct sluice_record *record)
{
    const int64_t tolerance_us = gate->config->future_tolerance_s * SLUICE_SECOND_US;

    return record->start_us > record->collected_at_us + tolerance_us ||
           record->collected_at_us > gate->now_us + tolerance_us;
}

/* As for everything that a version decides: what one of the two closes is closed. */
static bool unknown_fields_close(const struct tenant *tenant, int64_t collected_at_us)
{
    return tenant->versions[tenant->current]->quarantine_unknown_fields ||
           tenant->versions[tenant_version_at(tenant, collected_at_us)]->quarantine_unknown_fields;
}

/* Validate what the formats cannot know, and prepare the look-ups. */
static enum sluice_err prepare(struct sluice_gate *gate, struct sluice_entry *entry, struct work *work)
{
    const struct sluice_record *record = &entry->record;
    uint8_t identity[DEDUPLICATE_IDENTITY_MAX];
    enum sluice_reason reason;

    *work = (struct work){ .tenant = gate_tenant(gate, record->tenant.len ? record->tenant : entry->tenant_hint),
                           .was = (enum sluice_reason)entry->sealed_for };
    work->refused_before = entry->disposition != SLUICE_UNDECIDED;
    if (work->refused_before) {
        /* Only parked records whose subject's secrets are gone are refused on the way back. */
        if (entry->kind == SLUICE_ENTRY_PARKED && work->tenant)
            account_unparked(work, entry, SLUICE_ERASED);
        return SLUICE_OK;
    }
    reason = validate(work, record);
    if (reason != SLUICE_REASON_NONE) {
        sluice_entry_refuse(entry, reason);
        work->refused_before = true;
        return SLUICE_OK;
    }
    reason = identify_tags(work, work->tenant, entry);
    /* What was parked has been through this, under the settings of then. */
    if (entry->kind == SLUICE_ENTRY_PARKED)
        return SLUICE_OK;
    if (reason == SLUICE_REASON_NONE && entry->has_unknown_field &&
        unknown_fields_close(work->tenant, record->collected_at_us))
        reason = SLUICE_REASON_UNKNOWN_FIELD;
    if (reason == SLUICE_REASON_NONE && is_from_the_future(gate, record))
        reason = SLUICE_REASON_FUTURE;
    if (reason != SLUICE_REASON_NONE) {
        sluice_entry_refuse(entry, reason);
        return SLUICE_OK;
    }
    if (has_passed(entry))
        return SLUICE_OK;

    const size_t identity_len = deduplicate_identity(identity, record);
    switch (deduplicate_prepare(gate->deduplicate, entry->fingerprint, record->start_us, identity, identity_len)) {
    case DEDUPLICATE_BEYOND:
        sluice_entry_refuse(entry, SLUICE_REASON_BEYOND_WINDOW);
        return SLUICE_OK;
    case DEDUPLICATE_FAILED:
        return deduplicate_err(gate->deduplicate);
    default:
        return SLUICE_OK;
    }
}

static enum sluice_err deduplicate(struct sluice_gate *gate, struct sluice_entry *entry)
{
    if (has_passed(entry))
        return SLUICE_OK;
    switch (deduplicate_insert(gate->deduplicate, entry->record.start_us, entry->fingerprint)) {
    case DEDUPLICATE_AGAIN:
        sluice_entry_refuse(entry, SLUICE_REASON_DUPLICATE);
        return SLUICE_OK;
    case DEDUPLICATE_BEYOND:
        sluice_entry_refuse(entry, SLUICE_REASON_BEYOND_WINDOW);
        return SLUICE_OK;
    case DEDUPLICATE_FAILED:
        return deduplicate_err(gate->deduplicate);
    default:
        entry->passed_deduplication = true;
        return SLUICE_OK;
    }
}

/* The stricter of today's age and the one when it was collected. */
static bool under_age(const struct tenant *tenant, const struct slot *slot, int64_t collected_at_us)
{
    const uint8_t now = tenant->versions[tenant->current]->min_age;
    const uint8_t then = tenant->versions[tenant_version_at(tenant, collected_at_us)]->min_age;

    return slot->age_below && slot->age_below <= (now > then ? now : then);
}

/* Tell the cache what the next passes read. Nothing but that: where an address
 * is not translated yet a hint waits for it like a read, and only hints that
 * follow each other closely wait together. */
static enum sluice_err fetch(struct sluice_gate *gate, struct sluice_entry *entry, struct work *work)
{
    if (entry->disposition != SLUICE_UNDECIDED)
        return SLUICE_OK;
    if (work->has_tag)
        slots_prefetch(&work->tenant->subjects, work->tag);
    if (work->has_device)
        slots_prefetch(&work->tenant->devices, work->device_tag);
    deduplicate_prefetch(gate->deduplicate, entry->record.start_us, entry->fingerprint);
    return SLUICE_OK;
}

/* Look where the slots are, so that the cache has them when they are read. */
static enum sluice_err locate(struct sluice_gate *gate, struct sluice_entry *entry, struct work *work)
{
    (void)gate;
    if (entry->disposition == SLUICE_UNDECIDED && work->has_tag)
        slots_prefetch_slot(&work->tenant->subjects, work->tag);
    if (entry->disposition == SLUICE_UNDECIDED && work->has_device)
        slots_prefetch_slot(&work->tenant->devices, work->device_tag);
    return SLUICE_OK;
}

static void refuse_known(struct sluice_gate *gate, struct sluice_entry *entry, struct work *work,
                         enum sluice_reason reason)
{
    if (entry->kind == SLUICE_ENTRY_PARKED) {
        assert(reason == SLUICE_REASON_UNDER_AGE);
        account_unparked(work, entry, SLUICE_CLOSED_SINCE);
    }
    sluice_entry_refuse(entry, reason);
    /* A person's replay goes through the whole gate: it must not meet itself there. */
    if (entry->disposition == SLUICE_QUARANTINED && entry->passed_deduplication && !has_passed(entry)) {
        deduplicate_remove(gate->deduplicate, entry->record.start_us, entry->fingerprint);
        entry->passed_deduplication = false;
    }
}

/* Deduplication, and whose record it is. One after the other for each entry:
 * who is refused for the second is taken out of the first before the next comes. */
static enum sluice_err admit(struct sluice_gate *gate, struct sluice_entry *entry, struct work *work)
{
    enum sluice_reason reason = SLUICE_REASON_NONE;
    enum sluice_err err = entry->disposition == SLUICE_UNDECIDED ? deduplicate(gate, entry) : SLUICE_OK;

    if (err || entry->disposition != SLUICE_UNDECIDED)
        return err;
    err = identify_subject(gate, work, &entry->record, &work->slot, &reason);
    if (err)
        return err;
    if (reason == SLUICE_REASON_NONE && under_age(work->tenant, work->slot, entry->record.collected_at_us))
        reason = SLUICE_REASON_UNDER_AGE;
    /* Nothing leaves the park that cannot be judged: it is put back there, and
     * where nobody can be judged it is taken back. */
    if (reason == SLUICE_REASON_STATE_UNKNOWN && entry->kind == SLUICE_ENTRY_PARKED) {
        entry->disposition = SLUICE_ROUTED;
        return gate->registry_reachable ? decide_to_park(gate, work, entry) : SLUICE_ERR_IO;
    }
    if (reason != SLUICE_REASON_NONE)
        refuse_known(gate, entry, work, reason);
    /* Nothing is emitted of who is erased, and nothing is noted of their device either. */
    else if (work->has_device && work->slot->erased != UINT16_MAX)
        err = identify_device(gate, work, &work->device);
    return err;
}

static enum sluice_err decide(struct sluice_gate *gate, struct sluice_entry *entry, struct work *work)
{
    if (entry->disposition != SLUICE_UNDECIDED)
        return SLUICE_OK;
    if (entry->kind == SLUICE_ENTRY_PARKED)
        account_unparked(work, entry, SLUICE_PARKED);

    const enum sluice_err err = decide_purposes(gate, work, entry, work->slot, work->device);
    entry->disposition = SLUICE_ROUTED;
    return err;
}

/* Seal what left the flow, or leave only its count where it must not be held. */
static enum sluice_err keep_refused(struct sluice_gate *gate, struct sluice_entry *entry)
{
    if (entry->disposition == SLUICE_QUARANTINED && entry->holds_secret)
        sluice_entry_refuse(entry, SLUICE_REASON_SECRET);
    if (entry->disposition == SLUICE_QUARANTINED)
        return store_entry(gate, SLUICE_STORE_QUARANTINE, entry, NULL, NULL);
    if (entry->disposition == SLUICE_SUSPENDED)
        return store_entry(gate, SLUICE_STORE_SUSPENDED, entry, NULL, NULL);
    return SLUICE_OK;
}

static enum sluice_err account(struct sluice_gate *gate, struct sluice_entry *entry, struct work *work)
{
    const enum sluice_err err = keep_refused(gate, entry);

    assert(entry->disposition != SLUICE_UNDECIDED);
    return err ? err : account_entry(gate, work, entry);
}

const struct pass gate_passes[GATE_PASSES] = {
    { "prepare", prepare },
    { "fetch", fetch },
    { "locate", locate },
    { "admit", admit },
    { "decide", decide },
    { "account", account },
};

enum sluice_err gate_begin(struct sluice_gate *gate, int64_t now_us)
{
    uint64_t generation;
    enum sluice_err err = sluice_vault_registry_generation(gate->vault, &generation, &gate->registry_reachable);

    gate->now_us = now_us;
    gate->input_tally = NULL;
    for (size_t t = 0; !err && t < gate->tenant_count; t++)
        if (gate->tenants[t].version_count)
            err = tenant_advance(&gate->tenants[t], now_us);
    return err ? err : account_open(gate);
}

enum sluice_err gate_pass(struct sluice_gate *gate, const struct pass *pass, struct sluice_batch *batch,
                          size_t from, size_t to)
{
    enum sluice_err err = SLUICE_OK;

    for (size_t i = from; !err && i < to; i++)
        err = pass->run(gate, &batch->entries[i], &gate->work[i]);
    return err;
}

enum sluice_err sluice_gate_run(struct sluice_gate *gate, struct sluice_batch *batch, int64_t now_us)
{
    enum sluice_err err = gate_begin(gate, now_us);

    assert(batch->count <= SLUICE_GATE_BATCH);
    for (size_t from = 0; !err && from < batch->count; from += GATE_STRETCH) {
        const size_t to = batch->count - from > GATE_STRETCH ? from + GATE_STRETCH : batch->count;

        for (size_t i = 0; !err && i < GATE_PASSES; i++)
            err = gate_pass(gate, &gate_passes[i], batch, from, to);
    }
    return err;
}
