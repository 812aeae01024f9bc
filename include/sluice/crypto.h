/* All cryptography of the project, behind functions that fit its job. Only
 * src/crypto/ includes <sodium.h>. Every secret handed out here is to be wiped
 * with sluice_wipe in the function that got it. */
#ifndef SLUICE_CRYPTO_H
#define SLUICE_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "sluice/err.h"

#define SLUICE_KEY_SIZE          32   /* of everything that encrypts */
#define SLUICE_HASH_KEY_SIZE     16   /* of siphashx24 */
#define SLUICE_HASH_SIZE         16
#define SLUICE_SECRET_SIZE       16   /* S and E of DESIGN section 4 */
#define SLUICE_PSEUDONYM_SIZE    16
#define SLUICE_NONCE_SIZE        24
#define SLUICE_MAC_SIZE          16
#define SLUICE_PUBLIC_KEY_SIZE   32
#define SLUICE_SECRET_KEY_SIZE   32
#define SLUICE_SEALED_KEY_SIZE   (SLUICE_KEY_SIZE + 48)   /* X25519 sealed box of a key */
#define SLUICE_DIGEST_SIZE       32
#define SLUICE_TOKEN_SIZE        27

/** Once per process, before anything else here. */
SLUICE_MUST_CHECK
enum sluice_err sluice_crypto_init(void);

/** No core files, and no other process of the same user may attach or read the
 *  memory. Called by every command that opens the keyring. */
SLUICE_MUST_CHECK
enum sluice_err sluice_process_harden(void);

void sluice_random(void *bytes, size_t len);          /* drawn in blocks: no system call per call */
void sluice_wipe(void *bytes, size_t len);
bool sluice_equal_constant_time(const void *a, const void *b, size_t len);

/** Memory for secrets: zeroed, locked, kept out of core files, wiped on fork
 *  and when freed. NULL when the limit of locked memory is reached. */
void *sluice_secret_alloc(size_t size);
void sluice_secret_free(void *secret, size_t size);

/** siphashx24: tags, fingerprints, refs, partitions. Never emitted as a pseudonym. */
void sluice_hash(uint8_t out[static SLUICE_HASH_SIZE], const void *bytes, size_t len,
                 const uint8_t key[static SLUICE_HASH_KEY_SIZE]);

/** The pseudonym P = KDF(S || E, version/purpose/field). epoch is the KDF's subkey number.
 *  field: the policy's field (enum sluice_field). Source: libsodium crypto_kdf (keyed BLAKE2b). */
void sluice_pseudonym(uint8_t out[static SLUICE_PSEUDONYM_SIZE],
                      const uint8_t subject_secret[static SLUICE_SECRET_SIZE],
                      const uint8_t epoch_secret[static SLUICE_SECRET_SIZE],
                      uint32_t epoch, uint8_t purpose, uint8_t field);

/** Keyed BLAKE2b, 16 bytes: for identifiers of third persons and addresses
 *  that have no row in the vault. key is an epoch's. */
void sluice_keyed_digest(uint8_t out[static SLUICE_PSEUDONYM_SIZE], const void *bytes, size_t len,
                         const uint8_t key[static SLUICE_KEY_SIZE]);

/** BLAKE2b-256, for versions, chains and checksums. parts may be chained with a state. */
void sluice_digest(uint8_t out[static SLUICE_DIGEST_SIZE], const void *bytes, size_t len);

/** XChaCha20-Poly1305. out has len + SLUICE_MAC_SIZE bytes; out may equal bytes. */
void sluice_seal(uint8_t *out, const void *bytes, size_t len, const void *associated, size_t associated_len,
                 const uint8_t nonce[static SLUICE_NONCE_SIZE], const uint8_t key[static SLUICE_KEY_SIZE]);
/** Returns SLUICE_OK or SLUICE_ERR_DAMAGED; out has len - SLUICE_MAC_SIZE bytes. */
SLUICE_MUST_CHECK
enum sluice_err sluice_unseal(uint8_t *out, const uint8_t *bytes, size_t len, const void *associated,
                              size_t associated_len, const uint8_t nonce[static SLUICE_NONCE_SIZE],
                              const uint8_t key[static SLUICE_KEY_SIZE]);

/** A key pair of the operator, and a key sealed to it. */
void sluice_box_keypair(uint8_t public_key[static SLUICE_PUBLIC_KEY_SIZE],
                        uint8_t secret_key[static SLUICE_SECRET_KEY_SIZE]);
void sluice_box_public_key(uint8_t public_key[static SLUICE_PUBLIC_KEY_SIZE],
                           const uint8_t secret_key[static SLUICE_SECRET_KEY_SIZE]);
void sluice_box_seal(uint8_t out[static SLUICE_SEALED_KEY_SIZE], const uint8_t key[static SLUICE_KEY_SIZE],
                     const uint8_t public_key[static SLUICE_PUBLIC_KEY_SIZE]);
SLUICE_MUST_CHECK
enum sluice_err sluice_box_open(uint8_t key[static SLUICE_KEY_SIZE],
                                const uint8_t sealed[static SLUICE_SEALED_KEY_SIZE],
                                const uint8_t public_key[static SLUICE_PUBLIC_KEY_SIZE],
                                const uint8_t secret_key[static SLUICE_SECRET_KEY_SIZE]);

/** Whether a public key from outside can be sealed to: not weak and not of small order.
 *  sluice_box_seal takes none that is not. */
bool sluice_box_public_key_usable(const uint8_t public_key[static SLUICE_PUBLIC_KEY_SIZE]);

/** Whether bytes look like no random key: all equal, printable text, few distinct values. */
bool sluice_key_is_weak(const uint8_t *bytes, size_t len);

#endif
