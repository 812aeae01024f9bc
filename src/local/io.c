#include "local/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum sluice_err io_open_at(int *fd, int folder_fd, const char *name, int flags, mode_t mode)
{
    do
        *fd = openat(folder_fd, name, flags | O_CLOEXEC, mode);
    while (*fd < 0 && errno == EINTR);
    if (*fd < 0)
        return sluice_err_from_errno(errno);
    return SLUICE_OK;
}

enum sluice_err io_read_at(int fd, void *bytes, size_t len, uint64_t offset)
{
    for (size_t done = 0; done < len;) {
        const ssize_t got = pread(fd, (char *)bytes + done, len - done, (off_t)(offset + done));

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? sluice_err_from_errno(errno) : SLUICE_ERR_DAMAGED;
        done += (size_t)got;
    }
    return SLUICE_OK;
}

enum sluice_err io_write_at(int fd, const void *bytes, size_t len, uint64_t offset)
{
    for (size_t done = 0; done < len;) {
        const ssize_t put = pwrite(fd, (const char *)bytes + done, len - done, (off_t)(offset + done));

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return put < 0 ? sluice_err_from_errno(errno) : SLUICE_ERR_IO;
        done += (size_t)put;
    }
    return SLUICE_OK;
}

enum sluice_err io_map(const uint8_t **bytes, int fd, size_t len)
{
    *bytes = NULL;
    if (len == 0)
        return SLUICE_OK;
    void *map = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED)
        return sluice_err_from_errno(errno);
    *bytes = map;
    return SLUICE_OK;
}

void io_unmap(const uint8_t *bytes, size_t len)
{
    if (bytes)
        munmap((void *)(uintptr_t)bytes, len);
}

enum sluice_err io_truncate(int fd, uint64_t size)
{
    while (ftruncate(fd, (off_t)size) != 0)
        if (errno != EINTR)
            return sluice_err_from_errno(errno);
    return SLUICE_OK;
}

enum sluice_err io_sync(int fd)
{
    while (fdatasync(fd) != 0)
        if (errno != EINTR)
            return sluice_err_from_errno(errno);
    return SLUICE_OK;
}

enum sluice_err io_sync_everything(int fd)
{
    while (syncfs(fd) != 0)
        if (errno != EINTR)
            return sluice_err_from_errno(errno);
    return SLUICE_OK;
}

void io_sync_start(int fd)
{
    (void)sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
}

enum sluice_err io_sync_folder(int folder_fd, const char *name)
{
    enum sluice_err err = SLUICE_OK;
    int fd;

    err = io_open_at(&fd, folder_fd, name, O_RDONLY | O_DIRECTORY, 0);
    if (err)
        return err;
    while (fsync(fd) != 0 && !err)
        if (errno != EINTR)
            err = sluice_err_from_errno(errno);
    close(fd);
    return err;
}

enum sluice_err io_rename_at(int folder_fd, const char *from, const char *to)
{
    return renameat(folder_fd, from, folder_fd, to) != 0 ? sluice_err_from_errno(errno) : SLUICE_OK;
}

enum sluice_err io_unlink_at(int folder_fd, const char *name, int flags)
{
    if (unlinkat(folder_fd, name, flags) == 0 || errno == ENOENT)
        return SLUICE_OK;
    return sluice_err_from_errno(errno);
}

enum sluice_err io_mkdir_at(bool *made, int folder_fd, const char *name, mode_t mode)
{
    *made = mkdirat(folder_fd, name, mode) == 0;
    return *made || errno == EEXIST ? SLUICE_OK : sluice_err_from_errno(errno);
}

static enum sluice_err take_size(uint64_t *size, const struct stat *st)
{
    if (!S_ISREG(st->st_mode))
        return SLUICE_ERR_DAMAGED;
    *size = (uint64_t)st->st_size;
    return SLUICE_OK;
}

enum sluice_err io_size(uint64_t *size, int fd)
{
    struct stat st;

    return fstat(fd, &st) != 0 ? sluice_err_from_errno(errno) : take_size(size, &st);
}

enum sluice_err io_size_at(uint64_t *size, int folder_fd, const char *name)
{
    struct stat st;

    if (fstatat(folder_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return sluice_err_from_errno(errno);
    return take_size(size, &st);
}
