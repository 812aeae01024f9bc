#include "sluice/utf8.h"

#include <stdint.h>
#include <string.h>

size_t sluice_utf8_length(const char *bytes, size_t len)
{
    const unsigned char *text = (const unsigned char *)bytes;
    const unsigned char lead = text[0];
    size_t size;

    if (lead < 0x80)
        return 1;
    if (lead < 0xc2 || lead > 0xf4)
        return 0;
    size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (size > len)
        return 0;
    for (size_t i = 1; i < size; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    if ((lead == 0xe0 && text[1] < 0xa0) || (lead == 0xed && text[1] > 0x9f) ||
        (lead == 0xf0 && text[1] < 0x90) || (lead == 0xf4 && text[1] > 0x8f))
        return 0;
    return size;
}

/* Nearly everything is ASCII: 32 bytes at a time show at once that none has its top bit. */
static size_t ascii_prefix(const char *bytes, size_t len)
{
    size_t at = 0;

    for (; at + 32 <= len; at += 32) {
        uint64_t words[4];

        memcpy(words, bytes + at, 32);
        if ((words[0] | words[1] | words[2] | words[3]) & UINT64_C(0x8080808080808080))
            break;
    }
    return at;
}

bool sluice_utf8_valid(struct sluice_str text)
{
    size_t at = 0;

    while (at < text.len) {
        at += ascii_prefix(text.bytes + at, text.len - at);
        for (int i = 0; i < 32 && at < text.len; i++) {
            const size_t size = sluice_utf8_length(text.bytes + at, text.len - at);

            if (size == 0)
                return false;
            at += size;
        }
    }
    return true;
}
