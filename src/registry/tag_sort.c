#include "registry/tag_sort.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define HEAPS 65536u

static size_t heap_of(const uint8_t *element)
{
    return (size_t)element[0] << 8 | element[1];
}

/* ends[h] counts heap h at first, then says where the next element of it goes. */
static void distribute(uint8_t *sorted, const uint8_t *list, size_t count, size_t size,
                       size_t ends[static HEAPS])
{
    size_t at = 0;

    for (size_t i = 0; i < count; i++)
        ends[heap_of(list + i * size)]++;
    for (size_t h = 0; h < HEAPS; h++) {
        const size_t heap_count = ends[h];

        ends[h] = at;
        at += heap_count;
    }
    for (size_t i = 0; i < count; i++)
        memcpy(sorted + ends[heap_of(list + i * size)]++ * size, list + i * size, size);
}

enum sluice_err tag_sort(void **list, size_t count, size_t size, int (*compare)(const void *, const void *))
{
    size_t *ends = calloc(HEAPS, sizeof *ends);
    uint8_t *sorted = count ? malloc(count * size) : NULL;

    if (!ends || (count && !sorted)) {
        free(ends);
        free(sorted);
        return SLUICE_ERR_MEMORY;
    }
    distribute(sorted, *list, count, size, ends);
    for (size_t h = 0, from = 0; h < HEAPS; from = ends[h++])
        if (ends[h] - from > 1)
            qsort(sorted + from * size, ends[h] - from, size, compare);
    free(ends);
    free(*list);
    *list = sorted;
    return SLUICE_OK;
}
