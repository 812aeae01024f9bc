#include "sluice/crypto.h"

#include <assert.h>
#include <sodium.h>

static_assert(SLUICE_PUBLIC_KEY_SIZE == crypto_box_PUBLICKEYBYTES, "public key");
static_assert(SLUICE_SECRET_KEY_SIZE == crypto_box_SECRETKEYBYTES, "secret key");
static_assert(SLUICE_SEALED_KEY_SIZE == SLUICE_KEY_SIZE + crypto_box_SEALBYTES, "sealed key");

void sluice_box_keypair(uint8_t public_key[static SLUICE_PUBLIC_KEY_SIZE],
                        uint8_t secret_key[static SLUICE_SECRET_KEY_SIZE])
{
    crypto_box_keypair(public_key, secret_key);
}

void sluice_box_public_key(uint8_t public_key[static SLUICE_PUBLIC_KEY_SIZE],
                           const uint8_t secret_key[static SLUICE_SECRET_KEY_SIZE])
{
    crypto_scalarmult_base(public_key, secret_key);
}

void sluice_box_seal(uint8_t out[static SLUICE_SEALED_KEY_SIZE], const uint8_t key[static SLUICE_KEY_SIZE],
                     const uint8_t public_key[static SLUICE_PUBLIC_KEY_SIZE])
{
    const int failed = crypto_box_seal(out, key, SLUICE_KEY_SIZE, public_key);

    /* Only a public key of small order fails, and reading one refuses it. */
    assert(!failed);
}

enum sluice_err sluice_box_open(uint8_t key[static SLUICE_KEY_SIZE],
                                const uint8_t sealed[static SLUICE_SEALED_KEY_SIZE],
                                const uint8_t public_key[static SLUICE_PUBLIC_KEY_SIZE],
                                const uint8_t secret_key[static SLUICE_SECRET_KEY_SIZE])
{
    if (crypto_box_seal_open(key, sealed, SLUICE_SEALED_KEY_SIZE, public_key, secret_key) != 0)
        return SLUICE_ERR_KEY;
    return SLUICE_OK;
}

bool sluice_box_public_key_usable(const uint8_t public_key[static SLUICE_PUBLIC_KEY_SIZE])
{
    const uint8_t key[SLUICE_KEY_SIZE] = { 0 };
    uint8_t sealed[SLUICE_SEALED_KEY_SIZE];

    return !sluice_key_is_weak(public_key, SLUICE_PUBLIC_KEY_SIZE) &&
           crypto_box_seal(sealed, key, sizeof key, public_key) == 0;
}
