#include "sluice/identity.h"

#include <arpa/inet.h>
#include <assert.h>
#include <string.h>

static_assert(sizeof(struct sluice_address) == 17, "compared and hashed as plain bytes");

enum sluice_reason sluice_address_parse(struct sluice_address *address, struct sluice_str text)
{
    char copy[INET6_ADDRSTRLEN];
    struct sluice_address parsed = {0};

    /* A NUL inside would hide what follows it from inet_pton. */
    if (text.len == 0 || text.len >= sizeof copy || memchr(text.bytes, '\0', text.len))
        return SLUICE_REASON_BAD_ADDRESS;
    memcpy(copy, text.bytes, text.len);
    copy[text.len] = '\0';

    if (inet_pton(AF_INET, copy, parsed.bytes) == 1)
        parsed.len = 4;
    else if (inet_pton(AF_INET6, copy, parsed.bytes) == 1)
        parsed.len = 16;
    else
        return SLUICE_REASON_BAD_ADDRESS;

    *address = parsed;
    return SLUICE_REASON_NONE;
}
