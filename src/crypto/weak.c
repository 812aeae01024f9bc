/* What a person types, copies from a README or forgets to fill in is no key.
 * A random key of 32 bytes fails one of these with a chance below 10^-13. */
#include "sluice/crypto.h"

/* Of 32 random bytes, 30 differ on average; fewer than 16 do not happen. */
static size_t distinct_values(const uint8_t *bytes, size_t len)
{
    bool seen[256] = { false };
    size_t count = 0;

    for (size_t i = 0; i < len; i++) {
        count += !seen[bytes[i]];
        seen[bytes[i]] = true;
    }
    return count;
}

static bool is_printable(const uint8_t *bytes, size_t len)
{
    size_t i = 0;

    while (i < len && ((bytes[i] >= 0x20 && bytes[i] < 0x7f) || bytes[i] == '\n' || bytes[i] == '\t'))
        i++;
    return i == len;
}

/* 0, 1, 2, 3 ...: as in test vectors. */
static bool is_counting(const uint8_t *bytes, size_t len)
{
    size_t i = 2;

    while (i < len && (uint8_t)(bytes[i] - bytes[i - 1]) == (uint8_t)(bytes[1] - bytes[0]))
        i++;
    return i == len;
}

static bool is_repeated(const uint8_t *bytes, size_t len)
{
    for (size_t period = 1; period <= len / 2; period++) {
        size_t i = period;

        while (i < len && bytes[i] == bytes[i - period])
            i++;
        if (i == len)
            return true;
    }
    return false;
}

bool sluice_key_is_weak(const uint8_t *bytes, size_t len)
{
    return len < 16 || distinct_values(bytes, len) < len / 2 || is_printable(bytes, len) ||
           is_counting(bytes, len) || is_repeated(bytes, len);
}
