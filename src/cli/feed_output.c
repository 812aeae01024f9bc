#include "cli/feed_output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static bool may_be_replaced(const char *path)
{
    struct stat status;

    return lstat(path, &status) < 0 ? errno == ENOENT : S_ISREG(status.st_mode);
}

enum sluice_err feed_output_open(struct feed_output *output, const char *path)
{
    *output = (struct feed_output){ .fd = STDOUT_FILENO, .path = path };
    if (!path)
        return isatty(STDOUT_FILENO) ? SLUICE_ERR_USAGE : SLUICE_OK;
    if (!may_be_replaced(path))
        return SLUICE_ERR_USAGE;
    if ((size_t)snprintf(output->part, sizeof output->part, "%s.part", path) >= sizeof output->part)
        return SLUICE_ERR_LIMIT;
    output->fd = open(output->part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (output->fd < 0)
        return sluice_err_from_errno(errno);
    if (fchmod(output->fd, 0600) == 0) /* one that was left behind may be more open */
        return SLUICE_OK;
    const enum sluice_err err = sluice_err_from_errno(errno);
    close(output->fd);
    return err;
}

enum sluice_err feed_output_write(const struct feed_output *output, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        const ssize_t written = write(output->fd, bytes, len);

        if (written < 0 && errno != EINTR)
            return sluice_err_from_errno(errno);
        if (written > 0) {
            bytes += written;
            len -= (size_t)written;
        }
    }
    return SLUICE_OK;
}

enum sluice_err feed_output_close(struct feed_output *output, bool whole)
{
    enum sluice_err err = SLUICE_OK;

    if (!output->path)
        return SLUICE_OK;
    if (whole && (fsync(output->fd) < 0 || rename(output->part, output->path) < 0)) {
        err = sluice_err_from_errno(errno);
        whole = false;
    }
    close(output->fd);
    if (!whole)
        unlink(output->part);
    return err;
}
