/* Lays the wanted links, in order of tags, beside the vault's. */
#include <string.h>

#include "registry/link_claim.h"

struct merging {
    struct loading *loading;
    struct loading_range range;
    struct link_claims claims;
    size_t claim_at;
    bool more;                     /* existing is the vault's next link */
    struct sluice_link existing;
};

static enum sluice_err step(struct merging *merging)
{
    const enum sluice_err err = sluice_vault_link_next(merging->loading->vault, &merging->existing);

    merging->more = !err && loading_in_range(merging->range, merging->existing.tag);
    return err == SLUICE_ERR_MISSING ? SLUICE_OK : err;
}

static const uint8_t *next_tag(const struct merging *merging)
{
    const uint8_t *claimed =
        merging->claim_at < merging->claims.count ? merging->claims.list[merging->claim_at].tag : NULL;

    if (!merging->more)
        return claimed;
    return claimed && memcmp(claimed, merging->existing.tag, SLUICE_TAG_SIZE) < 0 ? claimed
                                                                                  : merging->existing.tag;
}

static bool is_existing(const struct merging *merging, const uint8_t *tag)
{
    return merging->more && memcmp(merging->existing.tag, tag, SLUICE_TAG_SIZE) == 0;
}

static enum sluice_err put(struct merging *merging, const struct link_claim *wanted)
{
    merging->loading->report->links++;
    const enum sluice_err err = sluice_vault_link_put(merging->loading->vault, wanted->tag,
                                                      wanted->subject_tag, wanted->from_s, wanted->to_s);
    return err ? err : loading_changed(merging->loading);
}

static enum sluice_err replace(struct merging *merging, const struct link_claim *wanted)
{
    const struct sluice_link *existing = &merging->existing;

    if (existing->to_s != wanted->to_s ||
        memcmp(existing->subject_tag, wanted->subject_tag, SLUICE_TAG_SIZE) != 0)
        return put(merging, wanted);
    merging->loading->report->links++;
    return SLUICE_OK;
}

static enum sluice_err drop(struct merging *merging)
{
    const enum sluice_err err = sluice_vault_link_remove(merging->loading->vault, merging->existing.tag,
                                                         merging->existing.from_s);
    return err ? err : loading_changed(merging->loading);
}

/* One identifier: wanted and existing intervals, both in order of time. */
static enum sluice_err lay_beside(struct merging *merging, const struct link_claim wanted[], size_t count,
                                  const uint8_t *tag)
{
    enum sluice_err err = SLUICE_OK;
    size_t at = 0;

    while (!err && (at < count || is_existing(merging, tag))) {
        if (at < count && memcmp(wanted[at].subject_tag, tag, SLUICE_TAG_SIZE) == 0) {
            at++;   /* a SIM's own name */
            continue;
        }
        const bool existing = is_existing(merging, tag);
        if (!existing || (at < count && wanted[at].from_s < merging->existing.from_s)) {
            err = put(merging, &wanted[at++]);
            continue;
        }
        err = at < count && wanted[at].from_s == merging->existing.from_s ? replace(merging, &wanted[at++])
                                                                          : drop(merging);
        if (!err)
            err = step(merging);
    }
    return err;
}

static enum sluice_err merge(struct merging *merging)
{
    struct link_claim wanted[CLAIMS_MAX];
    uint8_t tag[SLUICE_TAG_SIZE];

    merging->existing.tag[0] = (uint8_t)(merging->range.from >> 8);
    merging->existing.tag[1] = (uint8_t)merging->range.from;
    enum sluice_err err = step(merging);
    for (const uint8_t *next; !err && (next = next_tag(merging)) != NULL;) {
        const struct link_claims *claims = &merging->claims;
        const size_t first = merging->claim_at;

        memcpy(tag, next, sizeof tag);
        while (merging->claim_at < claims->count &&
               memcmp(claims->list[merging->claim_at].tag, tag, SLUICE_TAG_SIZE) == 0)
            merging->claim_at++;
        const size_t count =
            link_claims_settle(wanted, merging->loading, claims->list + first, merging->claim_at - first);
        err = lay_beside(merging, wanted, count, tag);
    }
    return err;
}

enum sluice_err loading_links(struct loading *loading, struct loading_range range)
{
    struct merging merging = { .loading = loading, .range = range };
    enum sluice_err err = link_claims_read(&merging.claims, loading, range);

    if (!err)
        err = merge(&merging);
    link_claims_deinit(&merging.claims);
    return err;
}
