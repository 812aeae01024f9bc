/* One load of the registry: what its steps share.
 *
 * Everything is brought into the order of tags first and then laid beside the
 * vault, which has that order, so that both are walked once and every page of
 * the vault is written once. Memory is bounded by taking so many rows at a time
 * (LOADING_ROWS_MAX), a range of tags to a pass, and reading the file again for
 * the next one. In the order to read: subject_file, holder, subject_list,
 * subject_load; right; link_claim, link_load; registry. */
#ifndef REGISTRY_LOADING_H
#define REGISTRY_LOADING_H

#include "registry/holder.h"
#include "registry/note.h"
#include "registry/right.h"
#include "sluice/registry.h"

#define LOADING_ROWS_MAX   2000000u   /* rows of a pass, about: 90 bytes each, 130 for their links */
#define LOADING_COMMIT     65536u     /* changes of a commit */

struct loading_tenant {
    const char *name;
    uint8_t key[SLUICE_HASH_KEY_SIZE];
    uint8_t purpose_count;
};

/* Pages of tags, [from, to). */
struct loading_range {
    unsigned from;
    unsigned to;
};

struct loading {
    struct sluice_vault *vault;
    const struct sluice_config *config;
    sluice_registry_progress *progress;
    struct sluice_registry_report *report;
    struct notes notes;
    size_t tenant_count;
    struct loading_tenant tenants[SLUICE_TENANTS_MAX];
    struct holders holders;
    struct rights rights;
    struct lines refused;              /* lines of the CSV that are not loaded */
    unsigned pass_count;
    uint32_t staged;                   /* changes since the last commit */
};

/** The index of a configured tenant, or tenant_count. */
size_t loading_tenant_find(const struct loading *loading, struct sluice_str name);

static inline bool loading_in_range(struct loading_range range, const uint8_t tag[static SLUICE_TAG_SIZE])
{
    const unsigned page = (unsigned)tag[0] << 8 | tag[1];

    return page >= range.from && page < range.to;
}

/** Count a change; commit when there are many. */
SLUICE_MUST_CHECK
enum sluice_err loading_changed(struct loading *loading);

/** Subjects of a range of tags, and their rights, into the vault. */
SLUICE_MUST_CHECK
enum sluice_err loading_subjects(struct loading *loading, struct loading_range range);
/** Links of a range of tags. Every range's subjects were loaded before. */
SLUICE_MUST_CHECK
enum sluice_err loading_links(struct loading *loading, struct loading_range range);

#endif
