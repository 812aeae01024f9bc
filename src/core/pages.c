#include "sluice/pages.h"

#include <stdlib.h>
#include <sys/mman.h>

/* Below this a mapping of its own costs more than it gains. */
#define MAPPED_FROM ((size_t)256 * 1024)

void *sluice_pages_alloc(size_t size)
{
    if (size < MAPPED_FROM)
        return calloc(1, size);

    void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED)
        return NULL;
    madvise(pages, size, MADV_DONTDUMP);
    madvise(pages, size, MADV_WIPEONFORK);
    madvise(pages, size, MADV_HUGEPAGE);
    return pages;
}

void sluice_pages_free(void *pages, size_t size)
{
    if (size < MAPPED_FROM)
        free(pages);
    else if (pages)
        munmap(pages, size);
}
