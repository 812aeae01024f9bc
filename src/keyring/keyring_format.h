/* The keyring's file as bytes, little endian:
 *   magic(8) version(u32) serial(u64) created_at_us(u64) registry_generation(u64)
 *   root[2] state[2], each generation(u64) key(32)
 *   tag_key(32) worker_secret(32) worker_public(32) operator_public(32)
 *   checksum(32): BLAKE2b-256 of everything before
 * The checksum is against bad disks; who can write the file can do anything. */
#ifndef KEYRING_KEYRING_FORMAT_H
#define KEYRING_KEYRING_FORMAT_H

#include "sluice/keyring.h"

#define KEYRING_SLOT_SIZE   (8 + SLUICE_KEY_SIZE)
#define KEYRING_FILE_SIZE   (8 + 4 + 3 * 8 + 4 * KEYRING_SLOT_SIZE + 4 * 32 + SLUICE_DIGEST_SIZE)

void keyring_encode(uint8_t out[static KEYRING_FILE_SIZE], const struct sluice_keyring *keyring);

/** Returns SLUICE_OK, SLUICE_ERR_DAMAGED, or SLUICE_ERR_KEY for a key that nobody drew at random. */
SLUICE_MUST_CHECK
enum sluice_err keyring_decode(struct sluice_keyring *keyring, const uint8_t *bytes, size_t len);

#endif
