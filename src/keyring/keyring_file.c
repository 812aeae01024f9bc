#include "keyring/keyring_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sluice/crypto.h"

static enum sluice_err check_mode(int file, enum key_file_secrecy secrecy)
{
    struct stat status;

    if (fstat(file, &status) != 0)
        return sluice_err_from_errno(errno);
    if (!S_ISREG(status.st_mode))
        return SLUICE_ERR_FORMAT;
    if (secrecy == KEY_FILE_SECRET && (status.st_uid != geteuid() || (status.st_mode & 077) != 0))
        return SLUICE_ERR_ACCESS;
    return SLUICE_OK;
}

static enum sluice_err read_all(int file, uint8_t *bytes, size_t size, size_t *len)
{
    uint8_t beyond;
    ssize_t got;

    *len = 0;
    while (*len < size) {
        got = read(file, bytes + *len, size - *len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return sluice_err_from_errno(errno);
        if (got == 0)
            return SLUICE_OK;
        *len += (size_t)got;
    }
    got = read(file, &beyond, 1);
    return got == 0 ? SLUICE_OK : got > 0 ? SLUICE_ERR_FORMAT : sluice_err_from_errno(errno);
}

enum sluice_err key_file_read(uint8_t *bytes, size_t size, size_t *len, const char *path,
                              enum key_file_secrecy secrecy)
{
    /* Not to hang on a pipe that somebody put there; and whose a secret is, is asked of the very name. */
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | (secrecy == KEY_FILE_SECRET ? O_NOFOLLOW : 0));
    if (file < 0)
        return errno == ELOOP ? SLUICE_ERR_ACCESS : sluice_err_from_errno(errno);

    enum sluice_err err = check_mode(file, secrecy);
    if (!err)
        err = read_all(file, bytes, size, len);
    close(file);
    return err;
}

static enum sluice_err write_all(int file, const uint8_t *bytes, size_t len)
{
    for (size_t at = 0; at < len;) {
        const ssize_t put = write(file, bytes + at, len - at);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return sluice_err_from_errno(errno);
        at += (size_t)put;
    }
    return fsync(file) == 0 ? SLUICE_OK : sluice_err_from_errno(errno);
}

static enum sluice_err write_new(const char *path, const uint8_t *bytes, size_t len, mode_t mode)
{
    const int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (file < 0)
        return sluice_err_from_errno(errno);

    /* The mode that was asked for, whatever the umask. */
    enum sluice_err err = fchmod(file, mode) == 0 ? SLUICE_OK : sluice_err_from_errno(errno);
    if (!err)
        err = write_all(file, bytes, len);
    if (close(file) != 0 && !err)
        err = sluice_err_from_errno(errno);
    if (err)
        unlink(path);
    return err;
}

/* Makes a name in a folder durable. */
static enum sluice_err sync_folder_of(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    const size_t len = slash == path ? 1 : slash ? (size_t)(slash - path) : 0;

    if (len >= sizeof folder)
        return SLUICE_ERR_LIMIT;
    memcpy(folder, path, len);
    folder[len] = '\0';
    const int descriptor = open(len ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return sluice_err_from_errno(errno);
    const enum sluice_err err = fsync(descriptor) == 0 ? SLUICE_OK : sluice_err_from_errno(errno);
    close(descriptor);
    return err;
}

/* PATH.new, without what a crash may have left there. */
static enum sluice_err write_beside(char beside[static PATH_MAX], const char *path, const uint8_t *bytes,
                                    size_t len, mode_t mode)
{
    const int size = snprintf(beside, PATH_MAX, "%s.new", path);

    if (size < 0 || size >= PATH_MAX)
        return SLUICE_ERR_LIMIT;
    if (unlink(beside) != 0 && errno != ENOENT)
        return sluice_err_from_errno(errno);
    return write_new(beside, bytes, len, mode);
}

enum sluice_err key_file_create(const char *path, const uint8_t *bytes, size_t len,
                                enum key_file_secrecy secrecy)
{
    char beside[PATH_MAX];
    enum sluice_err err = write_beside(beside, path, bytes, len, secrecy == KEY_FILE_SECRET ? 0600 : 0644);

    if (err)
        return err;
    /* A link, unlike a rename, fails when the name is taken. */
    if (link(beside, path) != 0)
        err = sluice_err_from_errno(errno);
    unlink(beside);
    return err ? err : sync_folder_of(path);
}

/* The old file lives on without a name until it is closed: its blocks are still its own. */
static void overwrite(int file, size_t len)
{
    uint8_t noise[256];

    for (size_t at = 0; at < len; at += sizeof noise) {
        const size_t left = len - at;

        sluice_random(noise, sizeof noise);
        if (pwrite(file, noise, left < sizeof noise ? left : sizeof noise, (off_t)at) < 0)
            return;
    }
    fsync(file);
}

enum sluice_err key_file_replace(const char *path, const uint8_t *bytes, size_t len)
{
    char beside[PATH_MAX];
    enum sluice_err err = write_beside(beside, path, bytes, len, 0600);

    if (err)
        return err;
    const int old = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (rename(beside, path) != 0) {
        err = sluice_err_from_errno(errno);
        unlink(beside);
    } else {
        err = sync_folder_of(path);
    }
    if (old >= 0 && !err)
        overwrite(old, len);
    if (old >= 0)
        close(old);
    return err;
}
