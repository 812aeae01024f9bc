/* Decimal digits as text, looked at eight at a time. No locale is asked. */
#ifndef RECORD_DIGITS_H
#define RECORD_DIGITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* All eight bytes are '0'..'9'. Adding 6 lifts ':' to '?' out of the row of
 * 0x3_; a byte that carries into its neighbour has failed the first test. */
static inline bool record_eight_digits(const char *text)
{
    const uint64_t high = UINT64_C(0xf0f0f0f0f0f0f0f0);
    uint64_t word;

    memcpy(&word, text, sizeof word);
    return ((word & high) | (((word + UINT64_C(0x0606060606060606)) & high) >> 4)) ==
           UINT64_C(0x3333333333333333);
}

static inline bool record_all_digits(const char *text, size_t len)
{
    if (len >= 8) {
        size_t at = 0;

        for (; at + 8 <= len; at += 8)
            if (!record_eight_digits(text + at))
                return false;
        return at == len || record_eight_digits(text + len - 8);
    }
    for (size_t i = 0; i < len; i++)
        if (text[i] < '0' || text[i] > '9')
            return false;
    return true;
}

/* Copies of a few digits. Two loads that overlap in the middle are cheaper
 * than a call, which has to find out how many there are. */

/** Copy at most 16. */
static inline void record_copy_short(char *to, const char *digits, size_t len)
{
    if (len < 8) {
        for (size_t i = 0; i < len; i++)
            to[i] = digits[i];
        return;
    }
    char first[8], last[8];

    memcpy(first, digits, 8);
    memcpy(last, digits + len - 8, 8);
    memcpy(to, first, 8);
    memcpy(to + len - 8, last, 8);
}

/** Copy 16 to 32. */
static inline void record_copy_long(char *to, const char *digits, size_t len)
{
    char first[16], last[16];

    memcpy(first, digits, 16);
    memcpy(last, digits + len - 16, 16);
    memcpy(to, first, 16);
    memcpy(to + len - 16, last, 16);
}

#endif
