/* A borrowed view of bytes: valid as long as what it points into, which is
 * the batch for everything that hangs off a record. Never NUL-terminated. */
#ifndef SLUICE_STR_H
#define SLUICE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct sluice_str {
    const char *bytes;
    size_t len;
};

#define SLUICE_STR(literal) ((struct sluice_str){ (literal), sizeof(literal) - 1 })

static inline struct sluice_str sluice_str_from(const char *text)
{
    return (struct sluice_str){ text, strlen(text) };
}

static inline bool sluice_str_equal(struct sluice_str a, struct sluice_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.bytes, b.bytes, a.len) == 0);
}

#endif
