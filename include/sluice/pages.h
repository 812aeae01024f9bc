/* Zeroed memory for large tables that are looked into at random: in huge pages
 * where the system has them, as most of such a look-up is the walk through the
 * page tables. It never reaches a core file or a child. */
#ifndef SLUICE_PAGES_H
#define SLUICE_PAGES_H

#include <stddef.h>

/** NULL when memory is exhausted. A few kilobytes come from the heap. */
void *sluice_pages_alloc(size_t size);
/** size as it was asked for. */
void sluice_pages_free(void *pages, size_t size);

#endif
