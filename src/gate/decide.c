/* What each purpose may have of a record, in a fixed order: the first rule
 * that closes the gate is the reason that is counted. */
#include "gate/gate.h"

#include <assert.h>
#include <string.h>

/* One record on its way through the purposes of its tenant. */
struct decision {
    struct sluice_gate *gate;
    struct work *work;
    struct sluice_entry *entry;
    struct slot *slot;
    size_t version;
    uint8_t role;
    uint8_t region;                  /* index in the tenant's regions */
    uint64_t parked;                 /* bits of the purposes that it is parked for */
    struct tally_sum weight;
    struct project_subject subject;
    struct pseudonyms pseudonyms;
};

/* --- one function a rule: true when it closes the gate */

static bool role_closes(const struct decision *d, const struct rule *rule)
{
    return !(rule->purpose.roles & 1u << d->role);
}

static bool service_closes(const struct decision *d, const struct rule *rule)
{
    return !(rule->purpose.services & 1u << d->entry->record.service);
}

static bool assessment_closes(const struct decision *d, const struct rule *rule, enum sluice_basis basis)
{
    return basis == SLUICE_BASIS_LEGITIMATE_INTERESTS && d->entry->record.collected_at_us < rule->purpose.assessed_at_us;
}

static bool objection_closes(const struct rule *rule, enum sluice_basis basis)
{
    switch ((enum sluice_objection)rule->purpose.objection) {
    case SLUICE_OBJECTION_BY_BASIS:
        return basis == SLUICE_BASIS_LEGITIMATE_INTERESTS || basis == SLUICE_BASIS_PUBLIC_TASK;
    case SLUICE_OBJECTION_ALWAYS:
        return true;
    case SLUICE_OBJECTION_GROUND:
        return false;
    }
    return true;
}

static bool lacks_required(const struct decision *d, const struct rule *rule)
{
    for (uint64_t left = rule->purpose.required; left; left &= left - 1)
        if (!project_has(&d->subject, (enum sluice_field)__builtin_ctzll(left)))
            return true;
    return false;
}

/* Everything that does not need the epoch's key. SLUICE_EMITTED: nothing closes. */
static enum sluice_outcome judge(const struct decision *d, const struct rule *rule, uint8_t index,
                                 enum sluice_basis *basis, int64_t *deadline_s)
{
    const struct sluice_record *record = &d->entry->record;
    const uint16_t bit = (uint16_t)(1u << index);

    if (!rule->usable)
        return (enum sluice_outcome)rule->absent;
    if (role_closes(d, rule))
        return SLUICE_OTHER_ROLE;
    if (service_closes(d, rule))
        return SLUICE_OTHER_SERVICE;
    *basis = (enum sluice_basis)rule->basis[d->subject.contract][d->region];
    if (*basis == SLUICE_BASIS_NONE)
        return SLUICE_NO_BASIS;
    if (assessment_closes(d, rule, *basis))
        return SLUICE_PRE_ASSESSMENT;
    if (rule->purpose.anonymous)
        return SLUICE_ANONYMOUS_INPUT;
    if (d->slot->erased & bit)
        return SLUICE_ERASED;
    if (*basis == SLUICE_BASIS_CONSENT && !(d->slot->consented & bit))
        return SLUICE_NO_CONSENT;
    if ((d->slot->objected & bit) && objection_closes(rule, *basis))
        return SLUICE_OBJECTED;
    if (rule->purpose.required && lacks_required(d, rule))
        return SLUICE_MISSING_FIELD;
    *deadline_s = sluice_purpose_deadline_s(&rule->purpose, record->start_us, record->collected_at_us);
    if (*deadline_s <= d->gate->now_us / SLUICE_SECOND_US)
        return SLUICE_BORN_EXPIRED;
    /* Last: what is closed anyway is not held for the day of the lift. */
    if ((d->slot->restricted & bit) && !rule->purpose.restrict_exempt)
        return SLUICE_PARKED;
    return SLUICE_EMITTED;
}

/* Room for one more row at gate->row_at. */
static bool row_room(struct sluice_gate *gate)
{
    enum { CHUNK = 256 * 1024 };

    if ((size_t)(gate->row_end - gate->row_at) >= PROJECT_ROW_MAX)
        return true;
    gate->row_at = sluice_arena_alloc(&gate->arena, CHUNK);
    gate->row_end = gate->row_at ? gate->row_at + CHUNK : NULL;
    return gate->row_at != NULL;
}

static uint64_t load_big_endian(const uint8_t *bytes)
{
    uint64_t word;

    memcpy(&word, bytes, sizeof word);
    return __builtin_bswap64(word);
}

static enum sluice_err write_row(struct decision *d, struct tenant_purpose *purpose, const struct rule *rule,
                                 enum sluice_basis basis, int64_t deadline_s)
{
    struct sluice_gate *gate = d->gate;
    struct row *row = rows_append(&purpose->rows);
    struct project_order order;
    size_t len;

    if (!row || !row_room(gate))
        return SLUICE_ERR_MEMORY;
    const size_t from = project_row(gate->row_at, &len, &order, d->work->tenant, purpose, rule, &d->subject, basis,
                                    deadline_s, d->entry->fingerprint);
    row->bytes = gate->row_at + from;
    row->len = (uint32_t)len;
    row->deadline_s = deadline_s;
    row->time = order.time;
    row->key[0] = load_big_endian(order.key);
    row->key[1] = load_big_endian(order.key + 8);
    row->tie = order.tie;
    gate->row_at += from + len;
    /* Rows are written behind each other: the lines of the next ones come meanwhile. */
    for (size_t ahead = 0; ahead < 2; ahead++)
        __builtin_prefetch(gate->row_at + 512 + ahead * 64, 1);
    return SLUICE_OK;
}

/* The row itself, unless the epoch's key is gone. */
static enum sluice_err emit(struct decision *d, struct tenant_purpose *purpose, const struct rule *rule,
                            enum sluice_basis basis, int64_t deadline_s, enum sluice_outcome *outcome)
{
    const uint32_t epoch = sluice_purpose_epoch(&rule->purpose, d->entry->record.start_us);
    enum sluice_err err = tenant_epoch(d->work->tenant, purpose, d->gate->vault, epoch, &d->subject.secrets);

    if (err)
        return err;
    if (!d->subject.secrets) {
        *outcome = SLUICE_EPOCH_CLOSED;
        return SLUICE_OK;
    }
    err = pseudonyms_set(&d->pseudonyms, &d->subject, purpose, rule, epoch, d->entry->fingerprint);
    return err ? err : write_row(d, purpose, rule, basis, deadline_s);
}

static enum sluice_err decide_one(struct decision *d, struct tenant_purpose *purpose, const struct rule *rule)
{
    enum sluice_basis basis = SLUICE_BASIS_NONE;
    int64_t deadline_s = 0;
    enum sluice_outcome outcome = judge(d, rule, purpose->index, &basis, &deadline_s);
    enum sluice_err err = SLUICE_OK;

    if (outcome == SLUICE_EMITTED)
        err = emit(d, purpose, rule, basis, deadline_s, &outcome);
    else if (outcome == SLUICE_PARKED)
        d->parked |= UINT64_C(1) << purpose->index;
    if (!err)
        tally_add(&purpose->tally->outcomes[outcome], d->weight, 1);
    return err;
}

/* A parked record comes back with the purposes that are still open. */
static bool is_wanted(const struct sluice_entry *entry, const struct tenant_purpose *purpose)
{
    return entry->kind != SLUICE_ENTRY_PARKED || (entry->purposes & UINT64_C(1) << purpose->index);
}

/* For entry->purposes. */
static enum sluice_err park(struct pseudonyms *pseudonyms, const struct sluice_entry *entry)
{
    uint8_t key[SLUICE_KEY_SIZE];
    enum sluice_err err = pseudonyms_load(pseudonyms);

    if (err)
        return err;
    const struct sluice_subject *subject = &pseudonyms->subject;
    sluice_park_key(key, subject->secrets[0], (size_t)subject->secret_count * SLUICE_SECRET_SIZE);
    err = store_entry(pseudonyms->gate, SLUICE_STORE_PARK, entry, pseudonyms->work->tag, key);
    sluice_wipe(key, sizeof key);
    return err;
}

enum sluice_err decide_to_park(struct sluice_gate *gate, struct work *work, struct sluice_entry *entry)
{
    struct pseudonyms pseudonyms;

    pseudonyms_init(&pseudonyms, gate, work, &entry->record, NULL, NULL);
    const enum sluice_err err = park(&pseudonyms, entry);
    pseudonyms_done(&pseudonyms);
    return err;
}

static uint8_t either(uint8_t first, uint8_t otherwise)
{
    return first ? first : otherwise;
}

/* Whose it is: the registry knows best, the record where it knows nothing. */
static void describe(struct decision *d)
{
    struct tenant *tenant = d->work->tenant;
    const struct sluice_record *record = &d->entry->record;

    d->role = either(record->role, either(tenant->versions[d->version]->role, SLUICE_ROLE_CONTROLLER));
    d->subject.record = record;
    project_prepare(&d->subject);
    d->subject.contract = either(d->slot->contract, record->contract);
    d->region = d->slot->region;
    if (!d->region && record->region.len)
        d->region = tenant_region(tenant, record->region);
    d->subject.region = d->region == REGION_BEYOND ? (struct sluice_str){ "", 0 }
                                                   : names_text(&tenant->regions, d->region);
    d->subject.account_number = d->slot->account;
    d->subject.account = record->account;
}

enum sluice_err decide_purposes(struct sluice_gate *gate, struct work *work, struct sluice_entry *entry,
                                struct slot *slot, struct slot *device)
{
    struct tenant *tenant = work->tenant;
    struct decision d;
    enum sluice_err err = SLUICE_OK;

    d.gate = gate;
    d.work = work;
    d.entry = entry;
    d.slot = slot;
    d.version = tenant_version_at(tenant, entry->record.collected_at_us);
    d.parked = 0;
    d.weight = tally_weigh(&entry->record);
    d.subject.secrets = NULL;
    pseudonyms_init(&d.pseudonyms, gate, work, &entry->record, slot, device);
    describe(&d);
    for (size_t p = 0; !err && p < tenant->purpose_count; p++)
        if (is_wanted(entry, &tenant->purposes[p]))
            err = decide_one(&d, &tenant->purposes[p], tenant_rule(tenant, d.version, p));
    if (!err && d.parked) {
        entry->purposes = d.parked;
        err = park(&d.pseudonyms, entry);
    }
    pseudonyms_done(&d.pseudonyms);
    return err;
}
