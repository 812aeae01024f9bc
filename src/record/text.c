#include "sluice/record.h"

#include <string.h>

#include "sluice/utf8.h"

bool sluice_text_valid(struct sluice_str text)
{
    return text.len <= SLUICE_RECORD_TEXT_MAX && sluice_utf8_valid(text) &&
           (text.len == 0 || !memchr(text.bytes, '\0', text.len));
}
