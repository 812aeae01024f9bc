/* The order of the gate: a first pass over the batch computes what later
 * look-ups need and tells the cache, a second one decides each entry. */
#include "gate/gate.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_SIZE_MAX  ((size_t)4 << 30)
#define SEALED_SIZE_MAX ((size_t)2 << 30)

enum sluice_err sluice_gate_new(struct sluice_gate **gate, const struct sluice_config *config,
                                const struct sluice_keyring *keyring, struct sluice_vault *vault)
{
    struct sluice_gate *made = calloc(1, sizeof *made);

    if (!made)
        return SLUICE_ERR_MEMORY;
    made->config = config;
    made->keyring = keyring;
    made->vault = vault;
    sluice_arena_init(&made->arena, ARENA_SIZE_MAX);
    files_init(&made->files);
    sluice_buffer_init(&made->sealed, SEALED_SIZE_MAX);
    made->deduplicate = deduplicate_new(config->deduplication_window_s);
    made->tenants = calloc(config->tenant_count + 1, sizeof *made->tenants);
    if (!made->deduplicate || !made->tenants) {
        sluice_gate_free(made);
        return SLUICE_ERR_MEMORY;
    }
    for (size_t t = 0; t < config->tenant_count; t++)
        tenant_init(&made->tenants[made->tenant_count++], config->tenants[t].name, vault);
    *gate = made;
    return SLUICE_OK;
}

static void free_row_lists(struct sluice_gate *gate)
{
    for (size_t i = 0; i < gate->row_list_count; i++)
        free(gate->row_lists[i]);
    free(gate->row_lists);
    free(gate->row_list_capacities);
}

void sluice_gate_free(struct sluice_gate *gate)
{
    if (!gate)
        return;
    for (size_t t = 0; t < gate->tenant_count; t++)
        tenant_deinit(&gate->tenants[t]);
    free(gate->tenants);
    deduplicate_free(gate->deduplicate);
    files_deinit(&gate->files);
    sluice_arena_deinit(&gate->arena);
    rows_deinit(&gate->scratch);
    store_free(gate);
    free_row_lists(gate);
    free(gate);
}

static struct tenant *find_tenant(struct sluice_gate *gate, struct sluice_str name)
{
    for (size_t t = 0; t < gate->tenant_count; t++) {
        struct tenant *tenant = &gate->tenants[t];

        if (tenant->name_len == name.len && memcmp(tenant->name, name.bytes, name.len) == 0)
            return tenant;
    }
    return NULL;
}

enum sluice_err sluice_gate_set_policies(struct sluice_gate *gate, const char *tenant,
                                         struct sluice_policy *versions[], size_t count, int64_t now_us)
{
    struct tenant *found = find_tenant(gate, sluice_str_from(tenant));

    assert(found && "tenants are those of the configuration");
    return tenant_set_versions(found, gate->vault, versions, count, now_us);
}

void sluice_gate_forget_subjects(struct sluice_gate *gate)
{
    for (size_t t = 0; t < gate->tenant_count; t++)
        tenant_forget(&gate->tenants[t]);
}

/* --- the two passes */

static bool has_passed(const struct sluice_entry *entry)
{
    return entry->kind == SLUICE_ENTRY_SUSPENDED || entry->kind == SLUICE_ENTRY_PARKED;
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

    *work = (struct work){ .tenant = find_tenant(gate, record->tenant.len ? record->tenant : entry->tenant_hint),
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

/* From deduplication on. */
static enum sluice_err pass(struct sluice_gate *gate, struct sluice_entry *entry, struct work *work)
{
    enum sluice_reason reason = SLUICE_REASON_NONE;
    struct slot *slot = NULL, *device = NULL;
    enum sluice_err err = deduplicate(gate, entry);

    if (err || entry->disposition != SLUICE_UNDECIDED)
        return err;
    err = identify_subject(gate, work, &entry->record, &slot, &reason);
    if (err)
        return err;
    if (reason == SLUICE_REASON_NONE && under_age(work->tenant, slot, entry->record.collected_at_us))
        reason = SLUICE_REASON_UNDER_AGE;
    /* Nothing leaves the park that cannot be judged: it is put back there, and
     * where nobody can be judged it is taken back. */
    if (reason == SLUICE_REASON_STATE_UNKNOWN && entry->kind == SLUICE_ENTRY_PARKED) {
        entry->disposition = SLUICE_ROUTED;
        return gate->registry_reachable ? decide_to_park(gate, work, entry) : SLUICE_ERR_IO;
    }
    if (reason != SLUICE_REASON_NONE) {
        if (entry->kind == SLUICE_ENTRY_PARKED) {
            assert(reason == SLUICE_REASON_UNDER_AGE);
            account_unparked(work, entry, SLUICE_CLOSED_SINCE);
        }
        sluice_entry_refuse(entry, reason);
        /* A person's replay goes through the whole gate: it must not meet itself there. */
        if (entry->disposition == SLUICE_QUARANTINED && entry->passed_deduplication)
            deduplicate_remove(gate->deduplicate, entry->record.start_us, entry->fingerprint);
        return SLUICE_OK;
    }
    /* Nothing is emitted of who is erased, and nothing is noted of their device either. */
    if (work->has_device && slot->erased != UINT16_MAX)
        err = identify_device(gate, work, &device);
    if (err)
        return err;
    if (entry->kind == SLUICE_ENTRY_PARKED)
        account_unparked(work, entry, SLUICE_PARKED);
    err = decide_purposes(gate, work, entry, slot, device);
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

static enum sluice_err begin(struct sluice_gate *gate, int64_t now_us)
{
    enum sluice_err err = SLUICE_OK;

    gate->now_us = now_us;
    gate->input_tally = NULL;
    (void)sluice_vault_registry_generation(gate->vault, &gate->registry_reachable);
    for (size_t t = 0; !err && t < gate->tenant_count; t++)
        if (gate->tenants[t].version_count)
            err = tenant_advance(&gate->tenants[t], now_us);
    return err ? err : account_open(gate);
}

enum sluice_err sluice_gate_run(struct sluice_gate *gate, struct sluice_batch *batch, int64_t now_us)
{
    enum sluice_err err = begin(gate, now_us);

    assert(batch->count <= SLUICE_GATE_BATCH);
    for (size_t i = 0; !err && i < batch->count; i++)
        err = prepare(gate, &batch->entries[i], &gate->work[i]);
    for (size_t i = 0; !err && i < batch->count; i++) {
        struct sluice_entry *entry = &batch->entries[i];

        if (entry->disposition == SLUICE_UNDECIDED)
            err = pass(gate, entry, &gate->work[i]);
        if (!err)
            err = keep_refused(gate, entry);
        if (!err)
            err = account_entry(gate, &gate->work[i], entry);
        assert(err || entry->disposition != SLUICE_UNDECIDED);
    }
    return err;
}

void sluice_gate_tables(struct sluice_gate *gate, struct sluice_state_table tables[static SLUICE_GATE_TABLES])
{
    tables[0] = deduplicate_table(gate->deduplicate);
    tables[1] = tally_table(&gate->tally);
    tables[2] = files_table(&gate->files);
}

enum sluice_err sluice_gate_restored(struct sluice_gate *gate, struct sluice_findings *findings)
{
    return deduplicate_open_folder(gate->deduplicate, findings, gate->config->state);
}

enum sluice_err sluice_gate_freeze(struct sluice_gate *gate)
{
    return deduplicate_freeze(gate->deduplicate);
}

void sluice_gate_explain(const struct sluice_gate *gate, struct sluice_findings *findings)
{
    deduplicate_explain(gate->deduplicate, findings);
}

uint64_t sluice_gate_reentered_at(const struct sluice_gate *gate)
{
    return gate->tally.now.reentered_at;
}

void sluice_gate_set_reentered_at(struct sluice_gate *gate, uint64_t generation)
{
    gate->tally.now.reentered_at = generation;
}

void sluice_gate_json(const struct sluice_gate *gate, struct sluice_buffer *out)
{
    tally_json(&gate->tally.now, files_count(&gate->files), sluice_gate_balanced(gate), out);
}

void sluice_gate_report(const struct sluice_gate *gate, struct sluice_buffer *out)
{
    tally_report(&gate->tally.now, sluice_gate_balanced(gate), out);
}

void sluice_gate_report_files(const struct sluice_gate *gate, struct sluice_buffer *out)
{
    files_report(&gate->files, out);
}

uint64_t sluice_gate_in(const struct sluice_gate *gate)
{
    return (uint64_t)tally_in(&gate->tally.now).records;
}

bool sluice_gate_balanced(const struct sluice_gate *gate)
{
    return tally_balanced(&gate->tally.now) && files_balanced(&gate->files);
}

void sluice_gate_memory(const struct sluice_gate *gate, struct sluice_gate_memory *memory)
{
    *memory = (struct sluice_gate_memory){ .deduplication_octets = deduplicate_octets(gate->deduplicate),
                                           .fingerprints = deduplicate_count(gate->deduplicate),
                                           .cold_fingerprints = deduplicate_cold_count(gate->deduplicate) };
    for (size_t t = 0; t < gate->tenant_count; t++) {
        const struct tenant *tenant = &gate->tenants[t];

        memory->subjects += tenant->subjects.count;
        memory->subject_octets += tenant->subjects.capacity * tenant->subjects.slot_size;
        memory->devices += tenant->devices.count;
        memory->device_octets += tenant->devices.capacity * tenant->devices.slot_size;
    }
}
