/* Files that hold keys: who may read them, and how they are replaced. */
#ifndef KEYRING_KEYRING_FILE_H
#define KEYRING_KEYRING_FILE_H

#include <stddef.h>
#include <stdint.h>
#include "sluice/err.h"

enum key_file_secrecy {
    KEY_FILE_SECRET,   /* a regular file, ours, and nobody else may read or write it */
    KEY_FILE_PUBLIC,
};

/** Read at most size bytes; a longer file is SLUICE_ERR_FORMAT.
 *  Returns SLUICE_ERR_ACCESS when the file is open to more than it may be. */
SLUICE_MUST_CHECK
enum sluice_err key_file_read(uint8_t *bytes, size_t size, size_t *len, const char *path,
                              enum key_file_secrecy secrecy);

/** A new file, durable on return. SLUICE_ERR_EXISTS when there is one. */
SLUICE_MUST_CHECK
enum sluice_err key_file_create(const char *path, const uint8_t *bytes, size_t len,
                                enum key_file_secrecy secrecy);

/** Replace a secret file as a whole, durable on return: at every instant the
 *  old one or the new one is there. The old one's bytes are then overwritten,
 *  as well as a file system lets us: one that copies on write, a snapshot or a
 *  flash disk may keep them. */
SLUICE_MUST_CHECK
enum sluice_err key_file_replace(const char *path, const uint8_t *bytes, size_t len);

#endif
