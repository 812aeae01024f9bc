/* Memory for secrets: whole pages of our own between two that nobody may
 * touch. sodium_malloc is not used: it neither survives a limit of locked
 * memory visibly (it goes on unlocked) nor wipes on fork. */
#include "sluice/crypto.h"

#include <assert.h>
#include <sodium.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

static size_t round_up(size_t size, size_t to)
{
    return (size + to - 1) / to * to;
}

void *sluice_secret_alloc(size_t size)
{
    const size_t page = page_size();
    const size_t inner = round_up(size, page);
    const size_t outer = inner + 2 * page;

    assert(size > 0);
    uint8_t *map = mmap(NULL, outer, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED)
        return NULL;
    uint8_t *pages = map + page;
    if (mprotect(pages, inner, PROT_READ | PROT_WRITE) != 0 || madvise(pages, inner, MADV_DONTDUMP) != 0 ||
        madvise(pages, inner, MADV_WIPEONFORK) != 0 || mlock(pages, inner) != 0) {
        munmap(map, outer);
        return NULL;
    }
    /* At the end of the pages: one byte too far meets the guard. */
    return pages + inner - round_up(size, 16);
}

void sluice_secret_free(void *secret, size_t size)
{
    if (!secret)
        return;
    const size_t page = page_size();
    const size_t inner = round_up(size, page);
    uint8_t *pages = (uint8_t *)secret + round_up(size, 16) - inner;

    sodium_memzero(pages, inner);
    munlock(pages, inner);
    munmap(pages - page, inner + 2 * page);
}

void sluice_wipe(void *bytes, size_t len)
{
    sodium_memzero(bytes, len);
}

bool sluice_equal_constant_time(const void *a, const void *b, size_t len)
{
    return sodium_memcmp(a, b, len) == 0;
}
