#include "registry/subject_list.h"

#include <stdlib.h>
#include <string.h>

#include "registry/tag_sort.h"

struct gathering {
    struct subject_list *list;
    struct loading *loading;
    struct loading_range range;
    bool first;
};

static enum sluice_err grow(struct subject_list *list)
{
    const size_t capacity = list->capacity ? 2 * list->capacity : 4096;
    struct subject_entry *entries = realloc(list->list, capacity * sizeof *entries);

    if (!entries)
        return SLUICE_ERR_MEMORY;
    list->list = entries;
    list->capacity = capacity;
    return SLUICE_OK;
}

static enum sluice_err gather(void *self, const struct subject_row *row)
{
    struct gathering *gathering = self;
    struct subject_list *list = gathering->list;

    if (gathering->first && !row->unknown)
        rights_resolve(&gathering->loading->rights, row);
    if (!loading_in_range(gathering->range, row->tag))
        return SLUICE_OK;
    const uint32_t holder = holders_number(&gathering->loading->holders, &row->holder);
    if (holder == HOLDER_NONE)
        return SLUICE_ERR_MEMORY;
    if (list->count == list->capacity) {
        const enum sluice_err err = grow(list);

        if (err)
            return err;
    }
    struct subject_entry *entry = &list->list[list->count++];
    *entry = (struct subject_entry){ .line = row->line,
                                     .from_s = row->from_s,
                                     .to_s = row->to_s,
                                     .holder = holder,
                                     .unknown = row->unknown,
                                     .link_count = row->link_count };
    memcpy(entry->tag, row->tag, sizeof entry->tag);
    memcpy(entry->links, row->links, sizeof entry->links);
    return SLUICE_OK;
}

static int compare(const void *a, const void *b)
{
    const struct subject_entry *x = a, *y = b;
    const int order = memcmp(x->tag, y->tag, SLUICE_TAG_SIZE);

    return order ? order : (x->line > y->line) - (x->line < y->line);
}

enum sluice_err subject_list_read(struct subject_list *list, struct loading *loading,
                                  struct loading_range range, bool first)
{
    struct gathering gathering = { .list = list, .loading = loading, .range = range, .first = first };
    enum sluice_err err = subject_file_each(loading, first, gather, &gathering);
    void *sorted = list->list;

    if (!err)
        err = tag_sort(&sorted, list->count, sizeof *list->list, compare);
    list->list = sorted;
    if (!err)
        list->capacity = list->count;
    return err;
}

void subject_list_deinit(struct subject_list *list)
{
    free(list->list);
    *list = (struct subject_list){ .list = NULL };
}

static bool add_links(struct generation *generation, const struct subject_entry *entry)
{
    for (size_t i = 0; i < entry->link_count; i++) {
        size_t at = 0;

        while (at < generation->link_count &&
               memcmp(generation->links[at], entry->links[i], SLUICE_TAG_SIZE) != 0)
            at++;
        if (at == SLUICE_LINKS_MAX)
            return false;
        memcpy(generation->links[at], entry->links[i], SLUICE_TAG_SIZE);
        if (at == generation->link_count)
            generation->link_count++;
    }
    return true;
}

static enum sluice_err refuse(struct loading *loading, const struct subject_entry *entry, const char *why)
{
    loading->report->conflicts++;
    note(&loading->notes, NOTE_SUBJECT_CONFLICT, loading->config->subjects, entry->line, "%s", why);
    return lines_add(&loading->refused, entry->line);
}

/* Rows that stand, in order of time. */
struct accepted {
    const struct subject_entry *list[GENERATIONS_MAX];
    size_t count;
};

static bool is_alias(const struct subject_entry *a, const struct subject_entry *b)
{
    return a->from_s == b->from_s && a->to_s == b->to_s && a->holder == b->holder;
}

/* Where a row belongs among those that stand; *fits is false where it overlaps one of them. */
static size_t place_for(const struct accepted *accepted, const struct subject_entry *entry, bool *fits)
{
    size_t at = 0;

    while (at < accepted->count && accepted->list[at]->from_s < entry->from_s)
        at++;
    /* Behind the aliases of the one before it, if it is one itself. */
    while (at < accepted->count && is_alias(accepted->list[at], entry))
        at++;
    const bool alias = at > 0 && is_alias(accepted->list[at - 1], entry);
    *fits = alias || ((at == 0 || accepted->list[at - 1]->to_s <= entry->from_s) &&
                      (at == accepted->count || entry->to_s <= accepted->list[at]->from_s));
    return at;
}

static enum sluice_err accept(struct accepted *accepted, struct loading *loading,
                              const struct subject_entry *entry)
{
    bool fits;
    const size_t at = place_for(accepted, entry, &fits);

    if (!fits)
        return refuse(
            loading, entry,
            "overlaps an earlier row of the same SIM, which wins; let one end where the other begins");
    if (accepted->count == GENERATIONS_MAX)
        return refuse(loading, entry, "is one row too many for one SIM; 64 are taken");
    memmove(&accepted->list[at + 1], &accepted->list[at], (accepted->count - at) * sizeof accepted->list[0]);
    accepted->list[at] = entry;
    accepted->count++;
    return SLUICE_OK;
}

/* Whether a row goes on with the holder of the row before it. */
static bool continues(const struct loading *loading, const struct subject_entry *before,
                      const struct subject_entry *entry)
{
    return is_alias(before, entry) ||
           (before->to_s == entry->from_s &&
            holders_same_account(&loading->holders, before->holder, entry->holder));
}

enum sluice_err generations_make(struct generation out[static GENERATIONS_MAX], size_t *out_count,
                                 struct loading *loading, const struct subject_entry entries[], size_t count)
{
    struct accepted accepted = { .count = 0 };
    enum sluice_err err = SLUICE_OK;
    struct generation *last = NULL;

    for (size_t i = 0; !err && i < count; i++)
        if (!entries[i].unknown)
            err = accept(&accepted, loading, &entries[i]);
    *out_count = 0;
    for (size_t i = 0; !err && i < accepted.count; i++) {
        const struct subject_entry *entry = accepted.list[i];

        if (!last || !continues(loading, accepted.list[i - 1], entry)) {
            last = &out[(*out_count)++];
            *last = (struct generation){ .from_s = entry->from_s };
        }
        last->to_s = entry->to_s;
        last->holder = entry->holder;
        if (!add_links(last, entry))
            err = refuse(loading, entry,
                         "brings more identifiers of one SIM than the 8 that are taken; they are left out");
    }
    return err;
}
