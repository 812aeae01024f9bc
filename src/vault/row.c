/* A subject as bytes, little endian. Most rows are short: what is empty takes
 * no room.
 *   valid_to(4) flags(1) contract(1) age_below(1) consented objected restricted erased (2 each)
 *   region_len(1) account_len(1) link_count(1) secret_count(1)
 *   region account [sole_user(16)] links(16 each) secrets(16 each) */
#include "vault/vault_internal.h"

#include <assert.h>
#include <string.h>

#include "sluice/buffer.h"

#define FLAG_REGISTERED 1
#define FLAG_SOLE_USER  2
#define FLAG_UNKNOWN    4

#define SUBJECT_SIZE_MAX                                                                                     \
    (4 + 3 + 8 + 4 + SLUICE_REGION_SIZE + SLUICE_ACCOUNT_MAX + SLUICE_TAG_SIZE +                             \
     SLUICE_LINKS_MAX * SLUICE_TAG_SIZE + SLUICE_PURPOSES_MAX * SLUICE_SECRET_SIZE)
static_assert(SUBJECT_SIZE_MAX <= VAULT_PLAIN_MAX, "a row fits");

bool vault_subject_has_sole_user(const struct sluice_subject *subject)
{
    static const uint8_t none[SLUICE_TAG_SIZE];

    return memcmp(subject->sole_user, none, sizeof none) != 0;
}

static uint8_t *put_number(uint8_t *at, uint32_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        at[i] = (uint8_t)(value >> (8 * i));
    return at + size;
}

static uint8_t *put_bytes(uint8_t *at, const void *bytes, size_t len)
{
    memcpy(at, bytes, len);
    return at + len;
}

size_t vault_subject_encode(uint8_t plain[static VAULT_PLAIN_MAX], const struct sluice_subject *subject)
{
    const size_t region_len = strnlen(subject->region, SLUICE_REGION_SIZE - 1);
    const size_t account_len = strnlen(subject->account, SLUICE_ACCOUNT_MAX);
    const bool sole_user = vault_subject_has_sole_user(subject);
    uint8_t *at = plain;

    assert(subject->link_count <= SLUICE_LINKS_MAX && subject->secret_count <= SLUICE_PURPOSES_MAX);
    at = put_number(at, subject->valid_to_s, 4);
    *at++ = (uint8_t)((subject->registered ? FLAG_REGISTERED : 0) | (sole_user ? FLAG_SOLE_USER : 0) |
                      (subject->unknown ? FLAG_UNKNOWN : 0));
    *at++ = subject->contract;
    *at++ = subject->age_below;
    at = put_number(at, subject->consented, 2);
    at = put_number(at, subject->objected, 2);
    at = put_number(at, subject->restricted, 2);
    at = put_number(at, subject->erased, 2);
    *at++ = (uint8_t)region_len;
    *at++ = (uint8_t)account_len;
    *at++ = subject->link_count;
    *at++ = subject->secret_count;
    at = put_bytes(at, subject->region, region_len);
    at = put_bytes(at, subject->account, account_len);
    if (sole_user)
        at = put_bytes(at, subject->sole_user, SLUICE_TAG_SIZE);
    at = put_bytes(at, subject->links, (size_t)subject->link_count * SLUICE_TAG_SIZE);
    at = put_bytes(at, subject->secrets, (size_t)subject->secret_count * SLUICE_SECRET_SIZE);
    return (size_t)(at - plain);
}

static uint16_t take_bits(struct sluice_cursor *cursor)
{
    const unsigned low = sluice_cursor_u8(cursor);

    return (uint16_t)(low | (unsigned)sluice_cursor_u8(cursor) << 8);
}

static void take_bytes(void *out, struct sluice_cursor *cursor, size_t len)
{
    const uint8_t *at = sluice_cursor_bytes(cursor, len);

    if (at)
        memcpy(out, at, len);
}

bool vault_subject_is_unknown(struct sluice_cursor *flags)
{
    return sluice_cursor_u8(flags) & FLAG_UNKNOWN;
}

enum sluice_err vault_subject_decode(struct sluice_subject *subject, const struct vault_key *key,
                                     const uint8_t *plain, size_t plain_len)
{
    struct sluice_cursor cursor = { .at = plain, .end = plain + plain_len };

    *subject = (struct sluice_subject){ .generation_s = vault_key_number(key) };
    memcpy(subject->tag, key->bytes, SLUICE_TAG_SIZE);
    subject->valid_to_s = sluice_cursor_u32(&cursor);
    const uint8_t flags = sluice_cursor_u8(&cursor);
    subject->registered = flags & FLAG_REGISTERED;
    subject->unknown = flags & FLAG_UNKNOWN;
    subject->contract = sluice_cursor_u8(&cursor);
    subject->age_below = sluice_cursor_u8(&cursor);
    subject->consented = take_bits(&cursor);
    subject->objected = take_bits(&cursor);
    subject->restricted = take_bits(&cursor);
    subject->erased = take_bits(&cursor);
    const size_t region_len = sluice_cursor_u8(&cursor), account_len = sluice_cursor_u8(&cursor);
    subject->link_count = sluice_cursor_u8(&cursor);
    subject->secret_count = sluice_cursor_u8(&cursor);
    if (region_len >= SLUICE_REGION_SIZE || account_len > SLUICE_ACCOUNT_MAX ||
        subject->link_count > SLUICE_LINKS_MAX || subject->secret_count > SLUICE_PURPOSES_MAX)
        return SLUICE_ERR_DAMAGED;
    take_bytes(subject->region, &cursor, region_len);
    take_bytes(subject->account, &cursor, account_len);
    if (flags & FLAG_SOLE_USER)
        take_bytes(subject->sole_user, &cursor, SLUICE_TAG_SIZE);
    take_bytes(subject->links, &cursor, (size_t)subject->link_count * SLUICE_TAG_SIZE);
    take_bytes(subject->secrets, &cursor, (size_t)subject->secret_count * SLUICE_SECRET_SIZE);
    return cursor.failed || cursor.at != cursor.end ? SLUICE_ERR_DAMAGED : SLUICE_OK;
}
