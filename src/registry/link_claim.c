#include "registry/link_claim.h"

#include <stdlib.h>
#include <string.h>

#include "registry/tag_sort.h"

struct gathering {
    struct link_claims *claims;
    struct loading *loading;
    struct loading_range range;
};

static enum sluice_err grow(struct link_claims *claims)
{
    const size_t capacity = claims->capacity ? 2 * claims->capacity : 4096;
    struct link_claim *list = realloc(claims->list, capacity * sizeof *list);

    if (!list)
        return SLUICE_ERR_MEMORY;
    claims->list = list;
    claims->capacity = capacity;
    return SLUICE_OK;
}

static enum sluice_err add(struct gathering *gathering, const struct subject_row *row, const uint8_t *tag)
{
    struct link_claims *claims = gathering->claims;

    if (!loading_in_range(gathering->range, tag))
        return SLUICE_OK;
    if (claims->count == claims->capacity) {
        const enum sluice_err err = grow(claims);

        if (err)
            return err;
    }
    struct link_claim *claim = &claims->list[claims->count++];
    *claim = (struct link_claim){ .from_s = row->from_s, .to_s = row->to_s, .line = row->line };
    memcpy(claim->tag, tag, SLUICE_TAG_SIZE);
    memcpy(claim->subject_tag, row->tag, SLUICE_TAG_SIZE);
    return SLUICE_OK;
}

static enum sluice_err gather(void *self, const struct subject_row *row)
{
    struct gathering *gathering = self;
    enum sluice_err err = SLUICE_OK;

    if (row->unknown || lines_has(&gathering->loading->refused, row->line))
        return SLUICE_OK;
    /* An IMSI that names a SIM is no link, but no other SIM may claim it. */
    if (row->named_by_imsi)
        err = add(gathering, row, row->tag);
    for (size_t i = 0; !err && i < row->link_count; i++)
        err = add(gathering, row, row->links[i]);
    return err;
}

static int compare(const void *a, const void *b)
{
    const struct link_claim *x = a, *y = b;
    const int order = memcmp(x->tag, y->tag, SLUICE_TAG_SIZE);

    return order ? order : (x->line > y->line) - (x->line < y->line);
}

enum sluice_err link_claims_read(struct link_claims *claims, struct loading *loading,
                                 struct loading_range range)
{
    struct gathering gathering = { .claims = claims, .loading = loading, .range = range };
    enum sluice_err err = subject_file_each(loading, false, gather, &gathering);
    void *sorted = claims->list;

    if (!err)
        err = tag_sort(&sorted, claims->count, sizeof *claims->list, compare);
    claims->list = sorted;
    if (!err)
        claims->capacity = claims->count;
    return err;
}

void link_claims_deinit(struct link_claims *claims)
{
    free(claims->list);
    *claims = (struct link_claims){ .list = NULL };
}

static bool same_subject(const struct link_claim *a, const struct link_claim *b)
{
    return memcmp(a->subject_tag, b->subject_tag, SLUICE_TAG_SIZE) == 0;
}

static bool overlaps(const struct link_claim *a, const struct link_claim *b)
{
    return a->from_s < b->to_s && b->from_s < a->to_s;
}

static void refuse(struct loading *loading, const struct link_claim *claim, const char *why)
{
    loading->report->conflicts++;
    note(&loading->notes, NOTE_LINK_CONFLICT, loading->config->subjects, claim->line, "%s", why);
}

static bool is_taken(const struct link_claim accepted[], size_t count, const struct link_claim *claim)
{
    for (size_t i = 0; i < count; i++)
        if (overlaps(&accepted[i], claim) && !same_subject(&accepted[i], claim))
            return true;
    return false;
}

/* One interval where they touch; two of one SIM between which nobody else is. */
static bool extend(struct link_claim accepted[], size_t count, const struct link_claim *claim)
{
    for (size_t i = 0; i < count; i++) {
        struct link_claim *other = &accepted[i];

        if (!same_subject(other, claim) || other->to_s < claim->from_s || claim->to_s < other->from_s)
            continue;
        other->from_s = other->from_s < claim->from_s ? other->from_s : claim->from_s;
        other->to_s = other->to_s > claim->to_s ? other->to_s : claim->to_s;
        return true;
    }
    return false;
}

static int compare_from(const void *a, const void *b)
{
    const struct link_claim *x = a, *y = b;

    return (x->from_s > y->from_s) - (x->from_s < y->from_s);
}

/* Extending may have made two of one SIM touch or begin together. */
static size_t join(struct link_claim accepted[], size_t count)
{
    size_t kept = 0;

    qsort(accepted, count, sizeof *accepted, compare_from);
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && extend(&accepted[kept - 1], 1, &accepted[i]))
            continue;
        accepted[kept++] = accepted[i];
    }
    return kept;
}

size_t link_claims_settle(struct link_claim out[static CLAIMS_MAX], struct loading *loading,
                          const struct link_claim claims[], size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        if (is_taken(out, kept, &claims[i]))
            refuse(loading, &claims[i],
                   "an IMSI, MSISDN or EID of this row belongs to the SIM of an earlier row at "
                   "that time, which keeps it; let one interval end where the other begins");
        else if (extend(out, kept, &claims[i]))
            continue;
        else if (kept == CLAIMS_MAX)
            refuse(loading, &claims[i],
                   "an identifier of this row was given to too many SIMs; 256 are taken");
        else
            out[kept++] = claims[i];
    }
    return join(out, kept);
}
