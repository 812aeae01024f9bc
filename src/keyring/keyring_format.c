#include "keyring/keyring_format.h"

#include <assert.h>
#include <string.h>

#include "sluice/buffer.h"

#define VERSION 1

static const char magic[8] = "SLUICEKR";

static uint8_t *put_number(uint8_t *at, uint64_t value, size_t size)
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

static uint8_t *put_slots(uint8_t *at, const struct sluice_key_slot slots[static 2])
{
    for (size_t i = 0; i < 2; i++) {
        at = put_number(at, slots[i].generation, 8);
        at = put_bytes(at, slots[i].key, SLUICE_KEY_SIZE);
    }
    return at;
}

void keyring_encode(uint8_t out[static KEYRING_FILE_SIZE], const struct sluice_keyring *keyring)
{
    uint8_t *at = put_bytes(out, magic, sizeof magic);

    at = put_number(at, VERSION, 4);
    at = put_number(at, keyring->serial, 8);
    at = put_number(at, (uint64_t)keyring->created_at_us, 8);
    at = put_number(at, keyring->registry_generation, 8);
    at = put_slots(at, keyring->root);
    at = put_slots(at, keyring->state);
    at = put_bytes(at, keyring->tag_key, SLUICE_KEY_SIZE);
    at = put_bytes(at, keyring->worker_secret, SLUICE_SECRET_KEY_SIZE);
    at = put_bytes(at, keyring->worker_public, SLUICE_PUBLIC_KEY_SIZE);
    at = put_bytes(at, keyring->operator_public, SLUICE_PUBLIC_KEY_SIZE);
    sluice_digest(at, out, (size_t)(at - out));
    assert(at + SLUICE_DIGEST_SIZE == out + KEYRING_FILE_SIZE);
}

static void take_bytes(struct sluice_cursor *cursor, uint8_t *out, size_t len)
{
    const uint8_t *at = sluice_cursor_bytes(cursor, len);

    if (at)
        memcpy(out, at, len);
}

static void take_slots(struct sluice_cursor *cursor, struct sluice_key_slot slots[static 2])
{
    for (size_t i = 0; i < 2; i++) {
        slots[i].generation = sluice_cursor_u64(cursor);
        take_bytes(cursor, slots[i].key, SLUICE_KEY_SIZE);
    }
}

static bool slots_are_usable(const struct sluice_key_slot slots[static 2])
{
    return slots[0].generation != 0 && !sluice_key_is_weak(slots[0].key, SLUICE_KEY_SIZE) &&
           (slots[1].generation == 0 || !sluice_key_is_weak(slots[1].key, SLUICE_KEY_SIZE));
}

static enum sluice_err check_keys(const struct sluice_keyring *keyring)
{
    uint8_t public_key[SLUICE_PUBLIC_KEY_SIZE];

    if (!slots_are_usable(keyring->root) || !slots_are_usable(keyring->state) ||
        sluice_key_is_weak(keyring->tag_key, SLUICE_KEY_SIZE) ||
        sluice_key_is_weak(keyring->worker_secret, SLUICE_SECRET_KEY_SIZE) ||
        !sluice_box_public_key_usable(keyring->operator_public))
        return SLUICE_ERR_KEY;
    sluice_box_public_key(public_key, keyring->worker_secret);
    return memcmp(public_key, keyring->worker_public, sizeof public_key) == 0 ? SLUICE_OK : SLUICE_ERR_KEY;
}

enum sluice_err keyring_decode(struct sluice_keyring *keyring, const uint8_t *bytes, size_t len)
{
    uint8_t checksum[SLUICE_DIGEST_SIZE];
    struct sluice_cursor cursor = { .at = bytes, .end = bytes + len };

    if (len != KEYRING_FILE_SIZE)
        return SLUICE_ERR_DAMAGED;
    sluice_digest(checksum, bytes, len - sizeof checksum);
    if (memcmp(checksum, bytes + len - sizeof checksum, sizeof checksum) != 0 ||
        memcmp(sluice_cursor_bytes(&cursor, sizeof magic), magic, sizeof magic) != 0 ||
        sluice_cursor_u32(&cursor) != VERSION)
        return SLUICE_ERR_DAMAGED;

    keyring->serial = sluice_cursor_u64(&cursor);
    keyring->created_at_us = (int64_t)sluice_cursor_u64(&cursor);
    keyring->registry_generation = sluice_cursor_u64(&cursor);
    take_slots(&cursor, keyring->root);
    take_slots(&cursor, keyring->state);
    take_bytes(&cursor, keyring->tag_key, SLUICE_KEY_SIZE);
    take_bytes(&cursor, keyring->worker_secret, SLUICE_SECRET_KEY_SIZE);
    take_bytes(&cursor, keyring->worker_public, SLUICE_PUBLIC_KEY_SIZE);
    take_bytes(&cursor, keyring->operator_public, SLUICE_PUBLIC_KEY_SIZE);
    return check_keys(keyring);
}
