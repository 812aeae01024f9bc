#include "sluice/crypto.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

static_assert(SLUICE_HASH_SIZE == crypto_shorthash_siphashx24_BYTES, "hash");
static_assert(SLUICE_HASH_KEY_SIZE == crypto_shorthash_siphashx24_KEYBYTES, "hash key");
static_assert(2 * SLUICE_SECRET_SIZE == crypto_kdf_KEYBYTES, "S and E make one key");
static_assert(SLUICE_PSEUDONYM_SIZE >= crypto_kdf_BYTES_MIN, "pseudonym");
static_assert(SLUICE_DIGEST_SIZE == crypto_generichash_BYTES, "digest");
static_assert(SLUICE_KEY_SIZE == crypto_generichash_KEYBYTES, "digest key");

/* Part of every pseudonym: a change of how they are made is a new digit. */
#define PSEUDONYM_VERSION '1'

void sluice_hash(uint8_t out[static SLUICE_HASH_SIZE], const void *bytes, size_t len,
                 const uint8_t key[static SLUICE_HASH_KEY_SIZE])
{
    crypto_shorthash_siphashx24(out, bytes, len, key);
}

void sluice_pseudonym(uint8_t out[static SLUICE_PSEUDONYM_SIZE],
                      const uint8_t subject_secret[static SLUICE_SECRET_SIZE],
                      const uint8_t epoch_secret[static SLUICE_SECRET_SIZE],
                      uint32_t epoch, uint8_t purpose, uint8_t field)
{
    const char context[crypto_kdf_CONTEXTBYTES] = { 'v', PSEUDONYM_VERSION, (char)purpose, (char)field };
    uint8_t key[crypto_kdf_KEYBYTES];

    memcpy(key, subject_secret, SLUICE_SECRET_SIZE);
    memcpy(key + SLUICE_SECRET_SIZE, epoch_secret, SLUICE_SECRET_SIZE);
    crypto_kdf_derive_from_key(out, SLUICE_PSEUDONYM_SIZE, epoch, context, key);
    sodium_memzero(key, sizeof key);
}

void sluice_keyed_digest(uint8_t out[static SLUICE_PSEUDONYM_SIZE], const void *bytes, size_t len,
                         const uint8_t key[static SLUICE_KEY_SIZE])
{
    crypto_generichash(out, SLUICE_PSEUDONYM_SIZE, bytes, len, key, SLUICE_KEY_SIZE);
}

void sluice_digest(uint8_t out[static SLUICE_DIGEST_SIZE], const void *bytes, size_t len)
{
    crypto_generichash(out, SLUICE_DIGEST_SIZE, bytes, len, NULL, 0);
}
