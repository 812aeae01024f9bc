#include "sluice/token.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

/* kind << 5 | digit count, then the digits as BCD, first digit in the high
 * half, halves not in use all ones. */
#define PLAIN_SIZE (1 + SLUICE_TOKEN_DIGITS_MAX / 2)

static_assert(SLUICE_TOKEN_SIZE == PLAIN_SIZE + SLUICE_MAC_SIZE, "token");
static_assert(SLUICE_TOKEN_DIGITS_MAX < 1 << 5, "the count fits");

/* The two keys of the composition must not be one. */
static void derive(uint8_t key[static SLUICE_KEY_SIZE], const uint8_t token_key[static SLUICE_KEY_SIZE],
                   uint64_t number)
{
    crypto_kdf_derive_from_key(key, SLUICE_KEY_SIZE, number, "token-v1", token_key);
}

static void make_tag(uint8_t tag[static SLUICE_MAC_SIZE], const uint8_t token_key[static SLUICE_KEY_SIZE],
                     const uint8_t subject_pseudonym[static SLUICE_PSEUDONYM_SIZE],
                     const uint8_t plain[static PLAIN_SIZE])
{
    uint8_t message[SLUICE_PSEUDONYM_SIZE + PLAIN_SIZE];
    uint8_t key[SLUICE_KEY_SIZE];

    memcpy(message, subject_pseudonym, SLUICE_PSEUDONYM_SIZE);
    memcpy(message + SLUICE_PSEUDONYM_SIZE, plain, PLAIN_SIZE);
    derive(key, token_key, 1);
    crypto_generichash(tag, SLUICE_MAC_SIZE, message, sizeof message, key, sizeof key);
    sodium_memzero(key, sizeof key);
    sodium_memzero(message, sizeof message);
}

static void apply_stream(uint8_t out[static PLAIN_SIZE], const uint8_t in[static PLAIN_SIZE],
                         const uint8_t tag[static SLUICE_MAC_SIZE],
                         const uint8_t token_key[static SLUICE_KEY_SIZE])
{
    uint8_t nonce[crypto_stream_xchacha20_NONCEBYTES] = { 0 };
    uint8_t key[SLUICE_KEY_SIZE];

    memcpy(nonce, tag, SLUICE_MAC_SIZE);
    derive(key, token_key, 2);
    crypto_stream_xchacha20_xor(out, in, PLAIN_SIZE, nonce, key);
    sodium_memzero(key, sizeof key);
}

void sluice_token_seal(uint8_t token[static SLUICE_TOKEN_SIZE],
                       const uint8_t token_key[static SLUICE_KEY_SIZE],
                       const uint8_t subject_pseudonym[static SLUICE_PSEUDONYM_SIZE],
                       enum sluice_token_kind kind, const char *digits, size_t digit_count)
{
    uint8_t plain[PLAIN_SIZE];

    assert(digit_count > 0 && digit_count <= SLUICE_TOKEN_DIGITS_MAX);
    memset(plain, 0xff, sizeof plain);
    plain[0] = (uint8_t)((unsigned)kind << 5 | digit_count);
    for (size_t i = 0; i < digit_count; i++) {
        const unsigned digit = (unsigned)(digits[i] - '0');
        uint8_t *pair = &plain[1 + i / 2];

        assert(digit <= 9);
        *pair = i % 2 == 0 ? (uint8_t)(digit << 4 | 0x0f) : (uint8_t)((*pair & 0xf0) | digit);
    }
    make_tag(token + PLAIN_SIZE, token_key, subject_pseudonym, plain);
    apply_stream(token, plain, token + PLAIN_SIZE, token_key);
    sodium_memzero(plain, sizeof plain);
}

enum sluice_err sluice_token_open(enum sluice_token_kind *kind, char digits[static SLUICE_TOKEN_DIGITS_MAX],
                                  size_t *digit_count, const uint8_t token[static SLUICE_TOKEN_SIZE],
                                  const uint8_t token_key[static SLUICE_KEY_SIZE],
                                  const uint8_t subject_pseudonym[static SLUICE_PSEUDONYM_SIZE])
{
    uint8_t plain[PLAIN_SIZE], tag[SLUICE_MAC_SIZE];
    enum sluice_err err = SLUICE_ERR_KEY;

    apply_stream(plain, token, token + PLAIN_SIZE, token_key);
    make_tag(tag, token_key, subject_pseudonym, plain);
    if (!sluice_equal_constant_time(tag, token + PLAIN_SIZE, sizeof tag))
        goto out;

    /* Authentic, so these are our own promises. */
    *kind = (enum sluice_token_kind)(plain[0] >> 5);
    *digit_count = plain[0] & 0x1f;
    assert(*digit_count <= SLUICE_TOKEN_DIGITS_MAX);
    for (size_t i = 0; i < *digit_count; i++)
        digits[i] = (char)('0' + (i % 2 == 0 ? plain[1 + i / 2] >> 4 : plain[1 + i / 2] & 0x0f));
    err = SLUICE_OK;
out:
    sodium_memzero(plain, sizeof plain);
    return err;
}
