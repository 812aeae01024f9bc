#include "json/escape.h"

#include <string.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* The unit that \uXXXX at text[at..] stands for, or -1. */
static int32_t take_unit(struct sluice_str text, size_t at)
{
    int32_t unit = 0;

    if (text.len - at < 6 || text.bytes[at] != '\\' || text.bytes[at + 1] != 'u')
        return -1;
    for (size_t i = at + 2; i < at + 6; i++) {
        const int digit = hex_digit(text.bytes[i]);

        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

bool json_surrogates_paired(struct sluice_str element, uint32_t *fault)
{
    const char *end = element.bytes + element.len;
    const char *at = memchr(element.bytes, '\\', element.len);

    while (at) {
        const size_t index = (size_t)(at - element.bytes);
        const int32_t unit = take_unit(element, index);
        const bool high = unit >= 0xd800 && unit < 0xdc00;
        size_t step = unit < 0 ? 2 : 6;

        if (high) {
            const int32_t low = element.len - index >= 12 ? take_unit(element, index + 6) : -1;

            step = low >= 0xdc00 && low < 0xe000 ? 12 : 0;
        } else if (unit >= 0xdc00 && unit < 0xe000) {
            step = 0;
        }
        if (step == 0) {
            *fault = (uint32_t)index;
            return false;
        }
        if (step >= (size_t)(end - at))
            return true;
        at = memchr(at + step, '\\', (size_t)(end - at) - step);
    }
    return true;
}
