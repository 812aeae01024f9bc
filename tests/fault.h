/* The system calls that change a disk, standing in for libc's in a test
 * program, so that each can be made to fail, or the process to die at it. The
 * calls are counted; a test runs once without a fault to learn how many there
 * are and then once for each. Included by one file of a program. */
#ifndef TESTS_FAULT_H
#define TESTS_FAULT_H

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum fault_kind {
    FAULT_NONE,
    FAULT_DIE_BEFORE,     /* the call does not happen */
    FAULT_DIE_HALFWAY,    /* half of a write happens */
    FAULT_DIE_AFTER,      /* it happens and nothing behind it */
    FAULT_ERROR,          /* it fails with fault.error */
    FAULT_ERROR_HALFWAY,  /* a write fails when half of it is there; others as FAULT_ERROR */
    FAULT_ERROR_AFTER,    /* it fails although everything happened */
    FAULT_SHORT,          /* a write takes half */
};

static struct {
    enum fault_kind kind;
    int error;
    unsigned at;          /* the call, counted from 1 */
    unsigned last;        /* the last call that fails; UINT_MAX: every later one */
    unsigned count;       /* calls so far */
} fault;

#define FAULT_EXIT 77     /* how a process that died here ends */

/* times: how many calls from there on; 0: all */
static inline void fault_set(enum fault_kind kind, unsigned at, int error, unsigned times)
{
    fault.kind = kind;
    fault.at = at;
    fault.error = error;
    fault.last = times ? at + times - 1 : UINT_MAX;
    fault.count = 0;
}

static inline void fault_clear(void)
{
    fault_set(FAULT_NONE, 1, 0, 1);
}

static inline bool fault_is_now(void)
{
    fault.count++;
    return fault.kind != FAULT_NONE && fault.count >= fault.at && fault.count <= fault.last;
}

/* One call that is no write: run is what it does. */
#define FAULT_CALL(run)                                     \
    do {                                                    \
        const bool now = fault_is_now();                    \
        if (now && (fault.kind == FAULT_ERROR || fault.kind == FAULT_ERROR_HALFWAY)) { \
            errno = fault.error;                            \
            return -1;                                      \
        }                                                   \
        if (now && (fault.kind == FAULT_DIE_BEFORE || fault.kind == FAULT_DIE_HALFWAY)) \
            _exit(FAULT_EXIT);                              \
        const long result = (run);                          \
        if (now && fault.kind == FAULT_ERROR_AFTER && result >= 0) { \
            errno = fault.error;                            \
            return -1;                                      \
        }                                                   \
        if (now && fault.kind == FAULT_DIE_AFTER)           \
            _exit(FAULT_EXIT);                              \
        return (int)result;                                 \
    } while (0)

#define FAULT_WRITE(run, len)                               \
    do {                                                    \
        const bool now = fault_is_now();                    \
        size_t take = (len);                                \
        if (now && fault.kind == FAULT_ERROR) {             \
            errno = fault.error;                            \
            return -1;                                      \
        }                                                   \
        if (now && fault.kind == FAULT_DIE_BEFORE)          \
            _exit(FAULT_EXIT);                              \
        if (now && take > 1 && (fault.kind == FAULT_DIE_HALFWAY || fault.kind == FAULT_SHORT || \
                                fault.kind == FAULT_ERROR_HALFWAY)) \
            take /= 2;                                      \
        const long result = (run);                          \
        if (now && (fault.kind == FAULT_ERROR_HALFWAY || fault.kind == FAULT_ERROR_AFTER)) { \
            errno = fault.error;                            \
            return -1;                                      \
        }                                                   \
        if (now && (fault.kind == FAULT_DIE_AFTER || fault.kind == FAULT_DIE_HALFWAY)) \
            _exit(FAULT_EXIT);                              \
        return (ssize_t)result;                             \
    } while (0)

/* A file that was opened all the same would be nobody's. */
#define FAULT_OPEN(run)                                     \
    do {                                                    \
        if (fault.kind == FAULT_ERROR_AFTER && fault_is_now()) { \
            errno = fault.error;                            \
            return -1;                                      \
        }                                                   \
        if (fault.kind == FAULT_ERROR_AFTER)                \
            return (int)(run);                              \
        FAULT_CALL(run);                                    \
    } while (0)

/* What was written and is not on the device when the log is synced: what a
 * commit speaks of must be there before it. */
static struct {
    bool written[1024];       /* by descriptor */
    unsigned closed;          /* descriptors closed with something written */
    unsigned early_commits;   /* syncs of a file below log/ before all others */
} unsynced;

static inline bool is_log(int fd)
{
    char link[64], path[512] = "";

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    return readlink(link, path, sizeof path - 1) > 0 && strstr(path, "/log/") != NULL;
}

static inline void note_write(int fd)
{
    if (fd >= 0 && fd < 1024)
        unsynced.written[fd] = true;
}

static inline void note_sync(int fd)
{
    if (fd < 0 || fd >= 1024)
        return;
    unsynced.written[fd] = false;
    if (!is_log(fd))
        return;
    bool early = unsynced.closed > 0;
    for (int i = 0; i < 1024; i++)
        early |= unsynced.written[i];
    unsynced.early_commits += early;
}

int close(int fd)
{
    if (fd >= 0 && fd < 1024 && unsynced.written[fd]) {
        unsynced.written[fd] = false;
        unsynced.closed++;
    }
    return (int)syscall(SYS_close, fd);
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
    note_write(fd);
    FAULT_WRITE(syscall(SYS_pwrite64, fd, bytes, take, offset), len);
}

/* What goes to a terminal or a log is none of the disk's. */
ssize_t write(int fd, const void *bytes, size_t len)
{
    if (fd <= 2)
        return (ssize_t)syscall(SYS_write, fd, bytes, len);
    FAULT_WRITE(syscall(SYS_write, fd, bytes, take), len);
}

int fdatasync(int fd)
{
    note_sync(fd);
    FAULT_CALL(syscall(SYS_fdatasync, fd));
}

int fsync(int fd)
{
    FAULT_CALL(syscall(SYS_fsync, fd));
}

int syncfs(int fd)
{
    memset(&unsynced.written, 0, sizeof unsynced.written);
    unsynced.closed = 0;
    FAULT_CALL(syscall(SYS_syncfs, fd));
}

int ftruncate(int fd, off_t size)
{
    FAULT_CALL(syscall(SYS_ftruncate, fd, size));
}

int rename(const char *from, const char *to)
{
    FAULT_CALL(syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to));
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    FAULT_CALL(syscall(SYS_renameat, from_fd, from, to_fd, to));
}

int unlink(const char *path)
{
    FAULT_CALL(syscall(SYS_unlinkat, AT_FDCWD, path, 0));
}

int unlinkat(int fd, const char *path, int flags)
{
    FAULT_CALL(syscall(SYS_unlinkat, fd, path, flags));
}

int mkdirat(int fd, const char *path, mode_t mode)
{
    FAULT_CALL(syscall(SYS_mkdirat, fd, path, mode));
}

static inline mode_t fault_mode(int flags, va_list args)
{
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
    va_list args;

    va_start(args, flags);
    const mode_t mode = fault_mode(flags, args);
    va_end(args);
    FAULT_OPEN(syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}

int openat(int fd, const char *path, int flags, ...)
{
    va_list args;

    va_start(args, flags);
    const mode_t mode = fault_mode(flags, args);
    va_end(args);
    FAULT_OPEN(syscall(SYS_openat, fd, path, flags, mode));
}

#endif
