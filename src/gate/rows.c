#include "gate/rows.h"

#include <stdlib.h>
#include <string.h>

void rows_deinit(struct rows *rows)
{
    free(rows->list);
    *rows = (struct rows){ 0 };
}

static bool reserve(struct rows *rows, size_t count)
{
    if (count <= rows->capacity)
        return true;

    size_t capacity = rows->capacity ? rows->capacity : 4096;
    while (capacity < count)
        capacity *= 2;
    struct row *list = realloc(rows->list, capacity * sizeof *list);
    if (!list)
        return false;
    rows->list = list;
    rows->capacity = capacity;
    return true;
}

struct row *rows_append(struct rows *rows)
{
    if (!reserve(rows, rows->count + 1))
        return NULL;
    return &rows->list[rows->count++];
}

static int compare(const struct row *a, const struct row *b)
{
    if (a->deadline_s != b->deadline_s)
        return a->deadline_s < b->deadline_s ? -1 : 1;
    if (a->key[0] != b->key[0])
        return a->key[0] < b->key[0] ? -1 : 1;
    if (a->key[1] != b->key[1])
        return a->key[1] < b->key[1] ? -1 : 1;
    if (a->time != b->time)
        return a->time < b->time ? -1 : 1;
    return (a->tie > b->tie) - (a->tie < b->tie);
}

static int compare_void(const void *a, const void *b)
{
    return compare(a, b);
}

/* Pseudonyms are evenly spread, so their top bits put a row almost where it
 * belongs: one counting pass over them leaves runs of a few rows, which
 * insertion orders in cache. Four times faster than qsort at 65 536 rows. */
#define RADIX_BITS_MAX 14

static void insertion_sort(struct row *list, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        const struct row row = list[i];
        size_t at = i;

        for (; at > 0 && compare(&row, &list[at - 1]) < 0; at--)
            list[at] = list[at - 1];
        list[at] = row;
    }
}

#define RUN_MAX 48

static void order(struct row *list, struct row *scratch, size_t count)
{
    uint32_t starts[(1 << RADIX_BITS_MAX) + 1];
    unsigned bits = 1;

    if (count <= RUN_MAX) {
        insertion_sort(list, count);
        return;
    }
    while (bits < RADIX_BITS_MAX && ((size_t)4 << bits) < count)
        bits++;

    const unsigned shift = 64 - bits;
    const size_t run_count = (size_t)1 << bits;
    memset(starts, 0, (run_count + 1) * sizeof *starts);
    for (size_t i = 0; i < count; i++)
        starts[(list[i].key[0] >> shift) + 1]++;
    for (size_t run = 0; run < run_count; run++)
        starts[run + 1] += starts[run];
    for (size_t i = 0; i < count; i++)
        scratch[starts[list[i].key[0] >> shift]++] = list[i];
    /* starts[run] is now where the run ends. */
    for (size_t run = 0, from = 0; run < run_count; from = starts[run++]) {
        const size_t len = starts[run] - from;

        /* A run is long only where one subject sends very much. */
        if (len <= RUN_MAX)
            insertion_sort(scratch + from, len);
        else
            qsort(scratch + from, len, sizeof *scratch, compare_void);
    }
    memcpy(list, scratch, count * sizeof *list);
}

/* Rows of one deadline moved together, in place of a full sort: there are only
 * a few deadlines in a commit. Returns how many rows have the first deadline. */
static size_t gather_deadline(struct row *list, struct row *scratch, size_t count)
{
    const int64_t deadline_s = list[0].deadline_s;
    size_t same = 0, other = 0;

    while (same < count && list[same].deadline_s == deadline_s)
        same++;
    if (same == count)
        return count;
    for (size_t i = same; i < count; i++) {
        if (list[i].deadline_s == deadline_s)
            list[same++] = list[i];
        else
            scratch[other++] = list[i];
    }
    memcpy(list + same, scratch, other * sizeof *list);
    return same;
}

enum sluice_err rows_write(struct rows *rows, struct rows *scratch, struct sluice_row **list, size_t *list_capacity,
                           struct sluice_transport *transport, uint32_t stream)
{
    if (!reserve(scratch, rows->count))
        return SLUICE_ERR_MEMORY;
    if (*list_capacity < rows->count) {
        struct sluice_row *larger = realloc(*list, rows->capacity * sizeof *larger);

        if (!larger)
            return SLUICE_ERR_MEMORY;
        *list = larger;
        *list_capacity = rows->capacity;
    }

    struct sluice_row *written = *list;
    for (size_t from = 0; from < rows->count;) {
        struct row *first = rows->list + from;
        const size_t count = gather_deadline(first, scratch->list, rows->count - from);

        order(first, scratch->list, count);
        /* The transport borrows the list until the commit: each bucket has its part. */
        for (size_t i = 0; i < count; i++)
            written[from + i] = (struct sluice_row){ first[i].bytes, first[i].len };
        enum sluice_err err = transport->ops->write(transport->self, stream, first->deadline_s, written + from, count);
        if (err)
            return err;
        from += count;
    }
    return SLUICE_OK;
}
