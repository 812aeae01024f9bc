/* Lays the wanted generations, in order of tags, beside the vault's rows. */
#include <assert.h>
#include <string.h>

#include "registry/subject_list.h"

/* Three lists in one order; a SIM may stand in any of them. */
struct merging {
    struct loading *loading;
    struct loading_range range;
    struct subject_list entries;
    size_t entry_at;
    size_t right_at;
    bool more;                           /* existing is the vault's next row */
    struct sluice_subject *existing;     /* in locked memory, as is row */
    struct sluice_subject *row;
};

/* What is wanted of one SIM. */
struct wanted {
    size_t tenant;                       /* of its rows in the CSV, where there are any */
    bool unknown;                        /* one of them was refused */
    struct generation generations[GENERATIONS_MAX];
    size_t count;
    struct right *rights;
    size_t right_count;
};

static enum sluice_err step(struct merging *merging)
{
    const enum sluice_err err = sluice_vault_next(merging->loading->vault, merging->existing);

    merging->more = !err && loading_in_range(merging->range, merging->existing->tag);
    return err == SLUICE_ERR_MISSING ? SLUICE_OK : err;
}

static enum sluice_err start(struct merging *merging)
{
    merging->existing = sluice_secret_alloc(sizeof *merging->existing);
    merging->row = sluice_secret_alloc(sizeof *merging->row);
    if (!merging->existing || !merging->row)
        return SLUICE_ERR_MEMORY;
    /* Behind the key that has only zeros after the page, which no row has. */
    merging->existing->tag[0] = (uint8_t)(merging->range.from >> 8);
    merging->existing->tag[1] = (uint8_t)merging->range.from;
    const struct rights *rights = &merging->loading->rights;
    while (merging->right_at < rights->count &&
           memcmp(rights->list[merging->right_at].tag, merging->existing->tag, SLUICE_TAG_SIZE) < 0)
        merging->right_at++;
    return step(merging);
}

static const uint8_t *lesser(const uint8_t *a, const uint8_t *b)
{
    return !a || (b && memcmp(b, a, SLUICE_TAG_SIZE) < 0) ? b : a;
}

/* NULL at the end of all three. */
static const uint8_t *next_tag(const struct merging *merging)
{
    const struct rights *rights = &merging->loading->rights;
    const uint8_t *tag = NULL;

    if (merging->entry_at < merging->entries.count)
        tag = merging->entries.list[merging->entry_at].tag;
    if (merging->right_at < rights->count &&
        loading_in_range(merging->range, rights->list[merging->right_at].tag))
        tag = lesser(tag, rights->list[merging->right_at].tag);
    if (merging->more)
        tag = lesser(tag, merging->existing->tag);
    return tag;
}

static enum sluice_err want(struct merging *merging, struct wanted *wanted, const uint8_t *tag)
{
    const struct subject_list *entries = &merging->entries;
    struct rights *rights = &merging->loading->rights;
    const size_t first = merging->entry_at, first_right = merging->right_at;

    wanted->unknown = false;
    for (; merging->entry_at < entries->count &&
           memcmp(entries->list[merging->entry_at].tag, tag, SLUICE_TAG_SIZE) == 0; merging->entry_at++) {
        const struct subject_entry *entry = &entries->list[merging->entry_at];

        wanted->unknown |= entry->unknown;
        wanted->tenant = merging->loading->holders.list[entry->holder]->tenant;
    }
    while (merging->right_at < rights->count &&
           memcmp(rights->list[merging->right_at].tag, tag, SLUICE_TAG_SIZE) == 0)
        merging->right_at++;
    wanted->rights = rights->list + first_right;
    wanted->right_count = merging->right_at - first_right;
    const enum sluice_err err = generations_make(wanted->generations, &wanted->count, merging->loading,
                                                 entries->list + first, merging->entry_at - first);
    for (size_t i = 0; !err && i < wanted->count; i++)
        rights_hold(wanted->rights, wanted->right_count, wanted->generations[i].from_s,
                    wanted->generations[i].to_s);
    return err;
}

static void set_bits(struct sluice_subject *row, struct right_bits bits)
{
    row->consented = bits.consented;
    row->objected = bits.objected;
    row->restricted = bits.restricted;
}

static void set_holder(struct merging *merging, const struct wanted *wanted, size_t at)
{
    const struct generation *generation = &wanted->generations[at];
    const struct holder *holder = merging->loading->holders.list[generation->holder];
    struct sluice_subject *row = merging->row;

    row->generation_s = generation->from_s;
    row->valid_to_s = generation->to_s;
    row->registered = true;
    row->unknown = wanted->unknown;
    row->contract = holder->contract;
    row->age_below = holder->age_below;
    memcpy(row->region, holder->region, sizeof row->region);
    memcpy(row->account, holder->account, sizeof row->account);
    memset(row->links, 0, sizeof row->links);
    row->link_count = generation->link_count;
    memcpy(row->links, generation->links, generation->link_count * sizeof row->links[0]);
    set_bits(row, rights_of(wanted->rights, wanted->right_count, at ? wanted->generations[at - 1].to_s : 0,
                            generation->from_s, generation->to_s, true));
}

static enum sluice_err put(struct merging *merging, size_t tenant)
{
    const enum sluice_err err = sluice_vault_put(merging->loading->vault, merging->row,
                                                 merging->loading->tenants[tenant].purpose_count);
    return err ? err : loading_changed(merging->loading);
}

static size_t tenant_of(const struct merging *merging, const struct wanted *wanted, size_t at)
{
    return merging->loading->holders.list[wanted->generations[at].holder]->tenant;
}

static enum sluice_err put_new(struct merging *merging, const struct wanted *wanted, size_t at,
                               const uint8_t *tag)
{
    memset(merging->row, 0, sizeof *merging->row);
    memcpy(merging->row->tag, tag, SLUICE_TAG_SIZE);
    set_holder(merging, wanted, at);
    merging->loading->report->subjects_new++;
    return put(merging, tenant_of(merging, wanted, at));
}

/* Erased stays erased, whatever the CSV still says of that holder: only its end
 * may move on. Another holder begins at another instant, as another generation. */
static enum sluice_err keep_grave(struct merging *merging, const struct wanted *wanted, uint32_t to_s)
{
    struct sluice_subject *row = merging->row;

    memcpy(row, merging->existing, sizeof *row);
    row->unknown = wanted->unknown;
    row->valid_to_s = to_s > row->valid_to_s ? to_s : row->valid_to_s;
    if (memcmp(row, merging->existing, sizeof *row) == 0)
        return SLUICE_OK;
    const enum sluice_err err = sluice_vault_put(merging->loading->vault, row, 0);
    return err ? err : loading_changed(merging->loading);
}

/* The secrets stay what they are. */
static enum sluice_err update(struct merging *merging, const struct wanted *wanted, size_t at)
{
    const size_t tenant = tenant_of(merging, wanted, at);

    if (sluice_subject_is_grave(merging->existing))
        return keep_grave(merging, wanted, wanted->generations[at].to_s);
    memcpy(merging->row, merging->existing, sizeof *merging->row);
    set_holder(merging, wanted, at);
    if (memcmp(merging->row, merging->existing, sizeof *merging->row) == 0 &&
        merging->row->secret_count >= merging->loading->tenants[tenant].purpose_count)
        return SLUICE_OK;
    merging->loading->report->subjects_changed++;
    return put(merging, tenant);
}

/* A row that begins inside a registered holder's interval would answer instead of it. */
static bool shadows(const struct wanted *wanted, uint32_t generation_s)
{
    for (size_t i = 0; i < wanted->count; i++)
        if (generation_s >= wanted->generations[i].from_s && generation_s < wanted->generations[i].to_s)
            return true;
    return false;
}

/* A row that no holder has: devices, SIMs that were met unregistered, holders
 * that the CSV has no longer, and graves. */
static enum sluice_err leave_unregistered(struct merging *merging, const struct wanted *wanted)
{
    struct sluice_subject *row = merging->row;

    if (sluice_subject_is_grave(merging->existing))
        return keep_grave(merging, wanted, merging->existing->valid_to_s);
    memcpy(row, merging->existing, sizeof *row);
    merging->loading->report->unregistered += row->registered;
    if (row->registered) {
        row->registered = false;
        row->contract = SLUICE_CONTRACT_NONE;
        memset(row->region, 0, sizeof row->region);
        memset(row->account, 0, sizeof row->account);
        memset(row->links, 0, sizeof row->links);
        row->link_count = 0;
        /* Younger than an age is not forgotten: it protects. */
    }
    row->unknown = wanted->unknown;
    if (shadows(wanted, row->generation_s))
        row->valid_to_s = row->generation_s;
    set_bits(row, rights_of(wanted->rights, wanted->right_count, wanted->count ? row->generation_s : 0,
                            row->generation_s, row->valid_to_s, false));
    if (memcmp(row, merging->existing, sizeof *row) == 0)
        return SLUICE_OK;
    const enum sluice_err err = sluice_vault_put(merging->loading->vault, row, 0);
    return err ? err : loading_changed(merging->loading);
}

/* A restriction of a SIM that nobody has met yet must hold when it is met, and
 * so must that nobody knows its state. */
static enum sluice_err put_unmet(struct merging *merging, const struct wanted *wanted, const uint8_t *tag)
{
    memset(merging->row, 0, sizeof *merging->row);
    memcpy(merging->row->tag, tag, SLUICE_TAG_SIZE);
    merging->row->valid_to_s = SLUICE_ALWAYS_S;
    merging->row->unknown = wanted->unknown;
    set_bits(merging->row, rights_of(wanted->rights, wanted->right_count, 0, 0, SLUICE_ALWAYS_S, false));
    return put(merging, wanted->right_count > 0 ? wanted->rights[0].tenant : wanted->tenant);
}

static bool is_existing(const struct merging *merging, const uint8_t *tag)
{
    return merging->more && memcmp(merging->existing->tag, tag, SLUICE_TAG_SIZE) == 0;
}

/* One SIM: wanted generations and rows of the vault, both in order of time. */
static enum sluice_err lay_beside(struct merging *merging, const struct wanted *wanted, const uint8_t *tag)
{
    enum sluice_err err = SLUICE_OK;
    bool met = false;
    size_t at = 0;

    while (!err && (at < wanted->count || is_existing(merging, tag))) {
        const bool existing = is_existing(merging, tag);
        const uint32_t wanted_s = at < wanted->count ? wanted->generations[at].from_s : UINT32_MAX;

        met |= existing;
        if (!existing || wanted_s < merging->existing->generation_s) {
            err = put_new(merging, wanted, at++, tag);
            continue;
        }
        err = at < wanted->count && wanted_s == merging->existing->generation_s
                  ? update(merging, wanted, at++)
                  : leave_unregistered(merging, wanted);
        if (!err)
            err = step(merging);
    }
    if (!err && wanted->count == 0 && !met && (wanted->right_count > 0 || wanted->unknown))
        err = put_unmet(merging, wanted, tag);
    return err;
}

static enum sluice_err merge(struct merging *merging)
{
    struct sluice_registry_report *report = merging->loading->report;
    uint8_t tag[SLUICE_TAG_SIZE];
    enum sluice_err err = start(merging);

    for (const uint8_t *next; !err && (next = next_tag(merging)) != NULL;) {
        struct wanted wanted;
        const uint64_t before = report->subjects;

        memcpy(tag, next, sizeof tag);
        err = want(merging, &wanted, tag);
        if (!err)
            err = lay_beside(merging, &wanted, tag);
        report->subjects += wanted.count;
        report->unknown += wanted.unknown;
        if (merging->loading->progress && before / 65536 != report->subjects / 65536)
            merging->loading->progress(report->subjects);
    }
    return err;
}

enum sluice_err loading_subjects(struct loading *loading, struct loading_range range)
{
    struct merging merging = { .loading = loading, .range = range };
    enum sluice_err err = subject_list_read(&merging.entries, loading, range, range.from == 0);

    if (!err && range.from == 0)
        rights_sort(&loading->rights);
    if (!err)
        err = merge(&merging);
    sluice_secret_free(merging.existing, sizeof *merging.existing);
    sluice_secret_free(merging.row, sizeof *merging.row);
    subject_list_deinit(&merging.entries);
    return err;
}
