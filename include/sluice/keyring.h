/* The one small file that everything else can be opened with: the roots of
 * the vault's key tree, the keys of the state log, the keys of tags.
 *
 * It is replaced as a whole (written beside, synced, renamed), refused when
 * its mode lets anybody but its owner read it, and held in locked memory. A
 * rotation passes through a keyring with the old and the new key, so that a
 * crash in the middle loses neither. Copies of it undo erasures: never back it
 * up together with the vault. */
#ifndef SLUICE_KEYRING_H
#define SLUICE_KEYRING_H

#include <stdint.h>
#include "sluice/crypto.h"
#include "sluice/err.h"

#define SLUICE_KEYRING_FILE "keyring"

/* A key with a generation, next to the one that replaces it. generation 0: no key. */
struct sluice_key_slot {
    uint64_t generation;
    uint8_t key[SLUICE_KEY_SIZE];
};

/* Allocated with sluice_secret_alloc. */
struct sluice_keyring {
    uint64_t serial;                                 /* rises with every write of the file */
    int64_t created_at_us;
    uint64_t registry_generation;                    /* a registry older than this counts as unreachable */
    struct sluice_key_slot root[2];                  /* of the vault's key tree: current, and next while rotating */
    struct sluice_key_slot state[2];                 /* of the state log: current, and next while a snapshot is written */
    uint8_t tag_key[SLUICE_KEY_SIZE];                /* tenants' tag keys are derived from it */
    uint8_t worker_secret[SLUICE_SECRET_KEY_SIZE];   /* opens what the worker itself sealed: suspended, park */
    uint8_t worker_public[SLUICE_PUBLIC_KEY_SIZE];
    uint8_t operator_public[SLUICE_PUBLIC_KEY_SIZE]; /* quarantine and park are sealed to it */
};

/** A new keyring file in the folder, which must exist. Everything in it is random.
 *  Returns SLUICE_ERR_EXISTS when there is one. */
SLUICE_MUST_CHECK
enum sluice_err sluice_keyring_create(const char *folder,
                                      const uint8_t operator_public[static SLUICE_PUBLIC_KEY_SIZE],
                                      int64_t now_us);

/** Out: keyring  free with sluice_keyring_close
 *  Returns SLUICE_ERR_MISSING, _ACCESS (mode beyond 0600, or another owner),
 *  _DAMAGED (checksum), _KEY (weak key). */
SLUICE_MUST_CHECK
enum sluice_err sluice_keyring_open(struct sluice_keyring **keyring, const char *folder);
void sluice_keyring_close(struct sluice_keyring *keyring);

/** Replace the file with what is in memory, durable on return; serial rises. */
SLUICE_MUST_CHECK
enum sluice_err sluice_keyring_write(struct sluice_keyring *keyring, const char *folder);

/** Operator keys as files of one line of hex; the secret one is created with mode 0600.
 *  Reading refuses a secret file that others can read (SLUICE_ERR_ACCESS). */
SLUICE_MUST_CHECK
enum sluice_err sluice_operator_key_create(const char *secret_path, const char *public_path);
SLUICE_MUST_CHECK
enum sluice_err sluice_operator_public_read(uint8_t key[static SLUICE_PUBLIC_KEY_SIZE], const char *path);
SLUICE_MUST_CHECK
enum sluice_err sluice_operator_secret_read(uint8_t key[static SLUICE_SECRET_KEY_SIZE], const char *path);

#endif
