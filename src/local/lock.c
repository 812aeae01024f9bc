#include "sluice/local.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "local/io.h"

enum sluice_err sluice_local_lock(int *fd, const char *state_folder)
{
    char path[SLUICE_PATH_SIZE + 8];

    snprintf(path, sizeof path, "%s/lock", state_folder);
    enum sluice_err err = io_open_at(fd, AT_FDCWD, path, O_RDWR | O_CREAT, 0600);
    if (err)
        return err;

    /* The lock dies with the descriptor, so a killed process leaves none. */
    while (flock(*fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EINTR)
            continue;
        err = errno == EWOULDBLOCK ? SLUICE_ERR_LOCKED : sluice_err_from_errno(errno);
        close(*fd);
        *fd = -1;
        return err;
    }
    return SLUICE_OK;
}
