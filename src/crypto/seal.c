#include "sluice/crypto.h"

#include <assert.h>
#include <sodium.h>

static_assert(SLUICE_KEY_SIZE == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key");
static_assert(SLUICE_NONCE_SIZE == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce");
static_assert(SLUICE_MAC_SIZE == crypto_aead_xchacha20poly1305_ietf_ABYTES, "mac");

void sluice_seal(uint8_t *out, const void *bytes, size_t len, const void *associated, size_t associated_len,
                 const uint8_t nonce[static SLUICE_NONCE_SIZE], const uint8_t key[static SLUICE_KEY_SIZE])
{
    crypto_aead_xchacha20poly1305_ietf_encrypt(out, NULL, bytes, len, associated, associated_len, NULL, nonce,
                                               key);
}

enum sluice_err sluice_unseal(uint8_t *out, const uint8_t *bytes, size_t len, const void *associated,
                              size_t associated_len, const uint8_t nonce[static SLUICE_NONCE_SIZE],
                              const uint8_t key[static SLUICE_KEY_SIZE])
{
    if (len < SLUICE_MAC_SIZE ||
        crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, bytes, len, associated, associated_len,
                                                   nonce, key) != 0)
        return SLUICE_ERR_DAMAGED;
    return SLUICE_OK;
}
