#include <endian.h>
#include <string.h>

#include "sluice/identity.h"

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Luhn sum of eight digits of which the last is doubled: every second byte is
 * doubled, and made its digit sum by taking 9 off what is above 9. */
static unsigned sum_of_eight(const char *digits)
{
    const uint64_t second = UINT64_C(0xff00ff00ff00ff00);
    uint64_t word;

    memcpy(&word, digits, sizeof word);
    word = le64toh(word) & EACH(0x0f);
    uint64_t doubled = (word & second) * 2;
    const uint64_t above = ((doubled + EACH(0x76)) & EACH(0x80)) >> 7;
    doubled -= above * 9;
    return (unsigned)((((word & ~second) + doubled) * EACH(1)) >> 56);
}

char sluice_luhn_digit(const char *digits, size_t count)
{
    static const uint8_t doubled[10] = { 0, 2, 4, 6, 8, 1, 3, 5, 7, 9 };
    unsigned sum = 0;
    size_t left = count;

    /* From the right: the first is doubled, as the digit sought stands behind it. */
    for (; left >= 8; left -= 8)
        sum += sum_of_eight(digits + left - 8);
    for (; left >= 2; left -= 2)
        sum += doubled[digits[left - 1] - '0'] + (unsigned)(digits[left - 2] - '0');
    if (left)
        sum += doubled[digits[0] - '0'];
    return (char)('0' + (10 - sum % 10) % 10);
}
