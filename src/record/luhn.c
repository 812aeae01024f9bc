#include "sluice/identity.h"

char sluice_luhn_digit(const char *digits, size_t count)
{
    static const uint8_t doubled[10] = { 0, 2, 4, 6, 8, 1, 3, 5, 7, 9 };   /* digit sum of 2n */
    unsigned sum = 0;
    size_t left = count;

    /* From the right: the first is doubled, as the digit sought stands behind it. */
    for (; left >= 2; left -= 2)
        sum += doubled[digits[left - 1] - '0'] + (unsigned)(digits[left - 2] - '0');
    if (left)
        sum += doubled[digits[0] - '0'];
    return (char)('0' + (10 - sum % 10) % 10);
}
