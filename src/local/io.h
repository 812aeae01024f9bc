/* The system calls of the local transport, each whole or an error: short
 * reads and writes and EINTR end here. Nothing else in the folder writes. */
#ifndef LOCAL_IO_H
#define LOCAL_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "sluice/err.h"

/** Flags as open(2), O_CLOEXEC always; mode for what is created.
 *  Returns SLUICE_ERR_FULL when no descriptor is left. */
SLUICE_MUST_CHECK
enum sluice_err io_open_at(int *fd, int folder_fd, const char *name, int flags, mode_t mode);

/** Exactly len bytes at offset: fewer are SLUICE_ERR_DAMAGED. */
SLUICE_MUST_CHECK
enum sluice_err io_read_at(int fd, void *bytes, size_t len, uint64_t offset);
SLUICE_MUST_CHECK
enum sluice_err io_write_at(int fd, const void *bytes, size_t len, uint64_t offset);

/** A file to be read as memory, NULL when it is empty; io_unmap when done. */
SLUICE_MUST_CHECK
enum sluice_err io_map(const uint8_t **bytes, int fd, size_t len);
void io_unmap(const uint8_t *bytes, size_t len);

SLUICE_MUST_CHECK
enum sluice_err io_truncate(int fd, uint64_t size);
/** The data and what is needed to find it are on the device. */
SLUICE_MUST_CHECK
enum sluice_err io_sync(int fd);
/** Everything on the file system of that descriptor is on the device: cheaper
 *  than many single ones, and it tells of failures since the descriptor was
 *  opened even where a file's own is gone. */
SLUICE_MUST_CHECK
enum sluice_err io_sync_everything(int fd);
/** Start writing out what is dirty, without waiting: a hint. */
void io_sync_start(int fd);
/** The names in a folder are on the device. */
SLUICE_MUST_CHECK
enum sluice_err io_sync_folder(int folder_fd, const char *name);

SLUICE_MUST_CHECK
enum sluice_err io_rename_at(int folder_fd, const char *from, const char *to);
/** Missing is as good as deleted. */
SLUICE_MUST_CHECK
enum sluice_err io_unlink_at(int folder_fd, const char *name, int flags);
/** *made: it was not there before. */
SLUICE_MUST_CHECK
enum sluice_err io_mkdir_at(bool *made, int folder_fd, const char *name, mode_t mode);

/** Size of a regular file; anything else is SLUICE_ERR_DAMAGED. */
SLUICE_MUST_CHECK
enum sluice_err io_size(uint64_t *size, int fd);
SLUICE_MUST_CHECK
enum sluice_err io_size_at(uint64_t *size, int folder_fd, const char *name);

#endif
