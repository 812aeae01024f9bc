/* Zeroed memory for tables that are larger than a cache: in huge pages where
 * the system has any, as each look is at a place of its own. */
#ifndef GEN_TABLE_H
#define GEN_TABLE_H

#include <stddef.h>
#include <sys/mman.h>

/** NULL when memory is exhausted. Memory that is not touched costs nothing. */
static inline void *table_new(size_t size)
{
    void *table = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (table == MAP_FAILED)
        return NULL;
    madvise(table, size, MADV_HUGEPAGE);   /* a hint: without it is only slower */
    return table;
}

static inline void table_free(void *table, size_t size)
{
    if (table)
        munmap(table, size);
}

#endif
