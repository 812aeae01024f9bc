/* Every entry in the account: what came in, what became of it, and what a
 * re-entry gives back. */
#include "gate/gate.h"

/* Each call may move nothing: the places are looked up by name, once a batch. */
enum sluice_err account_open(struct sluice_gate *gate)
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
    if (tenant->tally->purpose_count == tenant->purpose_count)
        return;   /* each of them has its own there */
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

enum sluice_err account_entry(struct sluice_gate *gate, const struct work *work, const struct sluice_entry *entry)
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

void account_unparked(const struct work *work, const struct sluice_entry *entry, enum sluice_outcome outcome)
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
