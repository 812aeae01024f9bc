#include "sluice/record.h"

#include <string.h>

#include "sluice/utf8.h"

/* Eight bytes of ASCII without a NUL: by far the most common case. With all
 * high bits clear, taking one off each sets the high bit of a zero byte. */
static bool is_plain(uint64_t word)
{
    return ((word | (word - UINT64_C(0x0101010101010101))) & UINT64_C(0x8080808080808080)) == 0;
}

static uint64_t load_eight(const char *bytes)
{
    uint64_t word;

    memcpy(&word, bytes, sizeof word);
    return word;
}

static bool all_plain(struct sluice_str text)
{
    if (text.len < 8) {
        for (size_t i = 0; i < text.len; i++)
            if ((signed char)text.bytes[i] <= 0)
                return false;
        return true;
    }
    for (size_t at = 0; at + 8 < text.len; at += 8)
        if (!is_plain(load_eight(text.bytes + at)))
            return false;
    return is_plain(load_eight(text.bytes + text.len - 8));
}

bool sluice_text_valid(struct sluice_str text)
{
    if (text.len > SLUICE_RECORD_TEXT_MAX)
        return false;
    return all_plain(text) || (sluice_utf8_valid(text) && !memchr(text.bytes, '\0', text.len));
}

static bool is_capital(char c)
{
    return c >= 'A' && c <= 'Z';
}

bool sluice_region_valid(struct sluice_str text)
{
    if (text.len < 2 || text.len > SLUICE_REGION_MAX || !is_capital(text.bytes[0]) || !is_capital(text.bytes[1]))
        return false;
    if (text.len > 2 && (text.len == 3 || text.bytes[2] != '-'))
        return false;
    for (size_t i = 3; i < text.len; i++)
        if (!is_capital(text.bytes[i]) && !(text.bytes[i] >= '0' && text.bytes[i] <= '9'))
            return false;
    return true;
}
