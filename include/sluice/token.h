/* A billing row's token: the identifier itself, for whoever holds the epoch's
 * token key. It dies with that key.
 *
 * Authenticated and misuse resistant: the tag over pseudonym and plaintext is
 * also the nonce (the SIV composition of RFC 5297, with keyed BLAKE2b and
 * XChaCha20). A nonce made from the pseudonym alone would repeat with another
 * plaintext as soon as one SIM is met under two IMSIs. */
#ifndef SLUICE_TOKEN_H
#define SLUICE_TOKEN_H

#include <stddef.h>
#include <stdint.h>
#include "sluice/crypto.h"
#include "sluice/err.h"

#define SLUICE_TOKEN_DIGITS_MAX 20

/* Which identifier a token holds; numbers as in enum sluice_identifier_kind. */
enum sluice_token_kind { SLUICE_TOKEN_ICCID = 1, SLUICE_TOKEN_IMSI = 2 };

/** Deterministic: the same SIM in the same epoch has the same token.
 *  In: digits  1..SLUICE_TOKEN_DIGITS_MAX decimal digits */
void sluice_token_seal(uint8_t token[static SLUICE_TOKEN_SIZE],
                       const uint8_t token_key[static SLUICE_KEY_SIZE],
                       const uint8_t subject_pseudonym[static SLUICE_PSEUDONYM_SIZE],
                       enum sluice_token_kind kind, const char *digits, size_t digit_count);

/** Out: digits  not NUL-terminated; left alone on failure
 *  Returns SLUICE_OK, or SLUICE_ERR_KEY: another epoch's key, another row's pseudonym, or changed bytes. */
SLUICE_MUST_CHECK
enum sluice_err sluice_token_open(enum sluice_token_kind *kind, char digits[static SLUICE_TOKEN_DIGITS_MAX],
                                  size_t *digit_count, const uint8_t token[static SLUICE_TOKEN_SIZE],
                                  const uint8_t token_key[static SLUICE_KEY_SIZE],
                                  const uint8_t subject_pseudonym[static SLUICE_PSEUDONYM_SIZE]);

#endif
