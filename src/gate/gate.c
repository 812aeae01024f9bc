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

/* --- the account */

/* Each call may move nothing: the places are looked up by name, once a batch. */
static enum sluice_err open_accounts(struct sluice_gate *gate)
{
    for (size_t t = 0; t < gate->tenant_count; t++) {
        struct tenant *tenant = &gate->tenants[t];

        tenant->tally = tally_tenant(&gate->tally.now, sluice_str_from(tenant->name));
        if (!tenant->tally)
            return SLUICE_ERR_LIMIT;
        for (size_t p = 0; p < tenant->purpose_count; p++) {
            tenant->purposes[p].tally = tally_purpose(tenant->tally, tenant->purposes[p].name);
            if (!tenant->purposes[p].tally)
                return SLUICE_ERR_LIMIT;
        }
    }
    return SLUICE_OK;
}

/* A purpose that no loaded version knows any more has an outcome for each
 * routed record all the same. */
static void account_closed_purposes(const struct tenant *tenant, struct tally_sum weight)
{
    for (size_t i = 0; i < tenant->tally->purpose_count; i++) {
        struct tally_purpose *purpose = &tenant->tally->purposes[i];
        bool known = false;

        for (size_t p = 0; p < tenant->purpose_count; p++)
            known |= tenant->purposes[p].tally == purpose;
        if (!known)
            tally_add(&purpose->outcomes[SLUICE_CLOSED_SINCE], weight, 1);
    }
}

/* What was refused before its numbers were sound weighs as one record. */
static struct tally_sum weigh(const struct sluice_record *record, bool sound)
{
    return sound ? tally_weigh(record) : (struct tally_sum){ .records = 1 };
}

static bool is_gate_reason(enum sluice_reason reason)
{
    switch ((int)reason) {
    case SLUICE_REASON_NO_SUBJECT:
    case SLUICE_REASON_FUTURE:
    case SLUICE_REASON_UNKNOWN_FIELD:
    case SLUICE_REASON_AMBIGUOUS_LINK:
    case SLUICE_REASON_UNKNOWN_LINK:
    case SLUICE_REASON_STATE_UNKNOWN: return true;
    default:                          return false;
    }
}

static struct tally_tenant *tenant_account(struct sluice_gate *gate, const struct work *work)
{
    return work->tenant ? work->tenant->tally : tally_tenant(&gate->tally.now, SLUICE_STR("unassigned"));
}

/* Entries of one input come in runs: its account is looked up once a run. A
 * re-entry knows its input by its source id alone, and who writes raw records
 * names his source as he likes: only a name that the account has opens one. */
static struct tally_input *input_account(struct sluice_gate *gate, const struct sluice_entry *entry)
{
    if (entry->input >= gate->config->input_count) {
        struct tally_input *input = tally_input_find(&gate->tally.now, entry->record.source_id);

        return input ? input : tally_input(&gate->tally.now, SLUICE_STR("unassigned"));
    }
    if (!gate->input_tally || gate->input_number != entry->input) {
        gate->input_number = entry->input;
        gate->input_tally = tally_input(&gate->tally.now, sluice_str_from(gate->config->inputs[entry->input].name));
    }
    return gate->input_tally;
}

static enum sluice_err account(struct sluice_gate *gate, const struct work *work, const struct sluice_entry *entry)
{
    const struct tally_sum weight = weigh(&entry->record, !work->refused_before);
    struct tally_tenant *tenant = tenant_account(gate, work);
    struct tally_input *input = input_account(gate, entry);

    struct file_sums *file = input ? files_sums(&gate->files, entry->input, sluice_str_from(input->name), entry->file)
                                   : NULL;

    if (!tenant || !input)
        return SLUICE_ERR_LIMIT;
    if (!file)
        return SLUICE_ERR_MEMORY;
    if (entry->kind == SLUICE_ENTRY_ARRIVAL) {
        tally_add(&input->in, weight, 1);
        tally_add(&file->in, weight, 1);
    } else if (entry->kind != SLUICE_ENTRY_PARKED) {
        /* It was counted where it was sealed; what it weighed there it gives back. */
        const struct tally_sum before = weigh(&entry->record, is_gate_reason(work->was));

        tally_add(&tenant->reasons[work->was], before, -1);
        tally_add(&input->dispositions[sluice_reason_disposition(work->was)], before, -1);
        tally_add(&input->in, before, -1);
        tally_add(&input->in, weight, 1);
        tally_add(&file->dispositions[sluice_reason_disposition(work->was)], before, -1);
        tally_add(&file->in, before, -1);
        tally_add(&file->in, weight, 1);
    } else {
        return SLUICE_OK;   /* routed long ago; its purposes are accounted for one by one */
    }
    tally_add(&tenant->reasons[entry->reason], weight, 1);
    tally_add(&input->dispositions[entry->disposition], weight, 1);
    tally_add(&file->dispositions[entry->disposition], weight, 1);
    if (entry->disposition == SLUICE_ROUTED)
        account_closed_purposes(work->tenant, weight);
    return SLUICE_OK;
}

/* A parked record gives back what its open purposes were counted as; with
 * another outcome than PARKED, that is what they are counted as from now on. */
static void account_unparked(const struct work *work, const struct sluice_entry *entry, enum sluice_outcome outcome)
{
    const struct tally_sum weight = tally_weigh(&entry->record);

    for (size_t p = 0; p < work->tenant->purpose_count; p++) {
        struct tenant_purpose *purpose = &work->tenant->purposes[p];

        if (!(entry->purposes & UINT64_C(1) << purpose->index))
            continue;
        tally_add(&purpose->tally->outcomes[SLUICE_PARKED], weight, -1);
        if (outcome != SLUICE_PARKED)
            tally_add(&purpose->tally->outcomes[outcome], weight, 1);
    }
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
        work->tenant->versions[work->tenant->current]->quarantine_unknown_fields)
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
    case DEDUPLICATE_MEMORY:
        return SLUICE_ERR_MEMORY;
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
    case DEDUPLICATE_MEMORY:
        return SLUICE_ERR_MEMORY;
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
    /* Nothing leaves the park that cannot be judged: taken back, it is still there. */
    if (reason == SLUICE_REASON_STATE_UNKNOWN && entry->kind == SLUICE_ENTRY_PARKED)
        return SLUICE_ERR_IO;
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
    if (work->has_device)
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
    return err ? err : open_accounts(gate);
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
            err = account(gate, &gate->work[i], entry);
        assert(err || entry->disposition != SLUICE_UNDECIDED);
    }
    return err;
}

/* --- the commit */

/* One list of row views for each stream, as the transport borrows them all until its commit. */
static enum sluice_err reserve_row_lists(struct sluice_gate *gate)
{
    const size_t count = gate->tenant_count * SLUICE_PURPOSES_MAX;

    if (gate->row_lists)
        return SLUICE_OK;
    gate->row_lists = calloc(count, sizeof *gate->row_lists);
    gate->row_list_capacities = calloc(count, sizeof *gate->row_list_capacities);
    if (!gate->row_lists || !gate->row_list_capacities)
        return SLUICE_ERR_MEMORY;
    gate->row_list_count = count;
    return SLUICE_OK;
}

static enum sluice_err emit_purpose(struct sluice_gate *gate, struct sluice_transport *transport,
                                    const struct tenant *tenant, struct tenant_purpose *purpose, size_t list)
{
    enum sluice_err err = SLUICE_OK;

    if (!purpose->rows.count)
        return SLUICE_OK;
    if (!purpose->stream_known)
        err = transport->ops->stream(transport->self, tenant->name, purpose->name, &purpose->stream);
    if (err)
        return err;
    purpose->stream_known = true;
    return rows_write(&purpose->rows, &gate->scratch, &gate->row_lists[list], &gate->row_list_capacities[list],
                      transport, purpose->stream);
}

enum sluice_err sluice_gate_emit(struct sluice_gate *gate, struct sluice_transport *transport)
{
    enum sluice_err err = sluice_vault_commit(gate->vault);

    if (!err)
        err = reserve_row_lists(gate);
    for (size_t t = 0; !err && t < gate->tenant_count; t++)
        for (size_t p = 0; !err && p < gate->tenants[t].purpose_count; p++)
            err = emit_purpose(gate, transport, &gate->tenants[t], &gate->tenants[t].purposes[p],
                               t * SLUICE_PURPOSES_MAX + p);
    return err ? err : store_emit(gate, transport);
}

void sluice_gate_finish(struct sluice_gate *gate, bool committed)
{
    for (size_t t = 0; t < gate->tenant_count; t++)
        for (size_t p = 0; p < gate->tenants[t].purpose_count; p++)
            gate->tenants[t].purposes[p].rows.count = 0;
    store_clear(gate);
    sluice_arena_reset(&gate->arena);
    gate->row_at = gate->row_end = NULL;
    if (!committed) {
        /* Slots and epochs may hold secrets that never became durable. */
        sluice_vault_abort(gate->vault);
        sluice_gate_forget_subjects(gate);
    }
}

void sluice_gate_tables(struct sluice_gate *gate, struct sluice_state_table tables[static SLUICE_GATE_TABLES])
{
    tables[0] = deduplicate_table(gate->deduplicate);
    tables[1] = tally_table(&gate->tally);
    tables[2] = files_table(&gate->files);
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
                                           .fingerprints = deduplicate_count(gate->deduplicate) };
    for (size_t t = 0; t < gate->tenant_count; t++) {
        const struct tenant *tenant = &gate->tenants[t];

        memory->subjects += tenant->subjects.count;
        memory->subject_octets += tenant->subjects.capacity * tenant->subjects.slot_size;
        memory->devices += tenant->devices.count;
        memory->device_octets += tenant->devices.capacity * tenant->devices.slot_size;
    }
}
