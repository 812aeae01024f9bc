/* Preloaded into the built program, this counts the calls that it makes of the
 * system and, at one of them, kills it or lets the call fail. What is counted
 * and what happens stands in the environment:
 *
 *   FAULT=ACTION:KIND:PATTERN:NUMBER[:TIMES]
 *     ACTION   kill-before, kill-half (of a write) or kill-after the call, or the
 *              name of an error that it fails with, or half- and such a name
 *     KIND     one of the kinds below, or change: each that changes a disk
 *     PATTERN  of the path, as a shell's, * crossing slashes
 *     NUMBER   which of the calls that match, from 1
 *     TIMES    how many fail from there on (1); 0: all
 *   FAULT_MARK=FILE   what was reached is written there; at the end, how many calls matched
 *   FAULT_TRACE=FILE  every call of kind change is written there, one a line
 *
 * Without FAULT nothing happens but the trace. sleep() returns at once, as
 * waiting for a better world is no use here. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { WRITE = 1, SYNC = 2, RENAME = 4, UNLINK = 8, TRUNCATE = 16, CREATE = 32, MKDIR = 64,
            OPEN = 128, READ = 256, MAP = 512, ALLOC = 1024 };

static const struct {
    const char *name;
    unsigned kinds;
} kinds[] = {
    { "write", WRITE }, { "sync", SYNC }, { "rename", RENAME }, { "unlink", UNLINK }, { "truncate", TRUNCATE },
    { "create", CREATE }, { "mkdir", MKDIR }, { "open", OPEN | CREATE }, { "read", READ }, { "map", MAP },
    { "alloc", ALLOC }, { "change", WRITE | SYNC | RENAME | UNLINK | TRUNCATE | CREATE | MKDIR },
};

enum action { NOTHING, KILL_BEFORE, KILL_HALF, KILL_AFTER, FAIL, FAIL_HALF };

static const struct {
    const char *name;
    enum action action;
    int error;
} actions[] = {
    { "kill-before", KILL_BEFORE, 0 }, { "kill-half", KILL_HALF, 0 }, { "kill-after", KILL_AFTER, 0 },
    { "ENOSPC", FAIL, ENOSPC }, { "half-ENOSPC", FAIL_HALF, ENOSPC }, { "EDQUOT", FAIL, EDQUOT },
    { "EIO", FAIL, EIO }, { "EROFS", FAIL, EROFS }, { "EACCES", FAIL, EACCES }, { "EMFILE", FAIL, EMFILE },
    { "ENFILE", FAIL, ENFILE }, { "ENOMEM", FAIL, ENOMEM },
};

static struct {
    enum action action;
    int error;
    unsigned kinds;
    const char *pattern;
    long at, times;
    atomic_long count;
    const char *mark;
    int trace;
} fault = { .trace = -1 };

static FILE *(*real_fopen)(const char *, const char *);
static DIR *(*real_opendir)(const char *);

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);

static _Noreturn void misused(const char *what)
{
    dprintf(2, "fault: no such %s in FAULT\n", what);
    _exit(64);
}

static void read_action(const char *name)
{
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
        if (strcmp(name, actions[i].name) == 0) {
            fault.error = actions[i].error;
            fault.action = actions[i].action;
            return;
        }
    misused("action");
}

static void read_kind(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(name, kinds[i].name) == 0)
            fault.kinds = kinds[i].kinds;
    if (!fault.kinds)
        misused("kind");
}

/* The last to be set is the action: until then nothing is counted. */
__attribute__((constructor)) static void begin(void)
{
    static char text[512];
    const char *asked = getenv("FAULT"), *trace = getenv("FAULT_TRACE");
    char *part[5] = { 0 }, *rest = text;

    real_fopen = (FILE * (*)(const char *, const char *))dlsym(RTLD_NEXT, "fopen");
    real_opendir = (DIR * (*)(const char *))dlsym(RTLD_NEXT, "opendir");
    fault.mark = getenv("FAULT_MARK");
    if (trace)
        fault.trace = (int)syscall(SYS_openat, AT_FDCWD, trace, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (!asked)
        return;
    snprintf(text, sizeof text, "%s", asked);
    for (size_t i = 0; i < 5; i++)
        part[i] = strsep(&rest, ":");
    if (!part[3])
        misused("number");
    fault.pattern = part[2];
    fault.at = strtol(part[3], NULL, 10);
    fault.times = part[4] ? strtol(part[4], NULL, 10) : 1;
    read_kind(part[1]);
    read_action(part[0]);
}

__attribute__((destructor)) static void end(void)
{
    char line[64];

    if (!fault.mark || !fault.kinds)
        return;
    const int len = snprintf(line, sizeof line, "matched %ld\n", atomic_load(&fault.count));
    const int file = (int)syscall(SYS_openat, AT_FDCWD, fault.mark, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    (void)!syscall(SYS_write, file, line, (size_t)len);
    syscall(SYS_close, file);
}

/* --- what a call is about ------------------------------------------------ */

static void path_of(char path[static PATH_MAX], int folder, const char *name)
{
    char link[64];
    ssize_t len = 0;

    if (name && (name[0] == '/' || folder == AT_FDCWD)) {
        snprintf(path, PATH_MAX, "%s", name);
        return;
    }
    snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    len = readlink(link, path, PATH_MAX - 1);
    path[len > 0 ? len : 0] = '\0';
    if (name && len > 0)
        snprintf(path + len, (size_t)(PATH_MAX - len), "/%s", name);
}

static const char *kind_name(unsigned kind)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].kinds & kind)
            return kinds[i].name;
    return "?";
}

static void note(int file, unsigned kind, const char *path, long count)
{
    char line[PATH_MAX + 64];
    const int len = snprintf(line, sizeof line, "%ld %s %s\n", count, kind_name(kind), path);

    (void)!syscall(SYS_write, file, line, (size_t)len);
}

static void mark(unsigned kind, const char *path, long count)
{
    int file;

    if (!fault.mark)
        return;
    file = (int)syscall(SYS_openat, AT_FDCWD, fault.mark, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    note(file, kind, path, count);
    syscall(SYS_close, file);
}

static void die(void)
{
    syscall(SYS_kill, getpid(), SIGKILL);
}

/* What is to happen at this call; KILL_BEFORE has happened. */
static enum action arrive(unsigned kind, int folder, const char *name)
{
    const int saved = errno;
    char path[PATH_MAX] = "";
    long count;

    if (fault.trace >= 0 && kind <= MKDIR) {
        path_of(path, folder, name);
        note(fault.trace, kind, path, 0);
    }
    errno = saved;
    if (!(fault.kinds & kind) || fault.action == NOTHING)
        return NOTHING;
    if (strcmp(fault.pattern, "*") != 0) {
        if (!path[0])
            path_of(path, folder, name);
        errno = saved;
        if (fnmatch(fault.pattern, path, 0) != 0)
            return NOTHING;
    }
    count = atomic_fetch_add(&fault.count, 1) + 1;
    if (count < fault.at || (fault.times && count >= fault.at + fault.times))
        return NOTHING;
    if (count == fault.at) {
        if (kind != ALLOC && !path[0])
            path_of(path, folder, name);
        mark(kind, path, count);
    }
    if (fault.action == KILL_BEFORE)
        die();
    errno = fault.error ? fault.error : saved;
    return fault.action;
}

/* A call whose halves cannot be told. */
#define AROUND(kind, folder, name, failed, call)                    \
    do {                                                            \
        const enum action action = arrive(kind, folder, name);      \
        if (action == FAIL || action == FAIL_HALF)                  \
            return failed;                                          \
        if (action == KILL_HALF)                                    \
            die();                                                  \
        const __typeof__(call) result = call;                       \
        if (action == KILL_AFTER)                                   \
            die();                                                  \
        return result;                                              \
    } while (0)

/* --- calls ----------------------------------------------------------------- */

static bool is_half(enum action action)
{
    return action == KILL_HALF || action == FAIL_HALF;
}

/* Behind a write, whole or half. */
static ssize_t written(enum action action, ssize_t put)
{
    if (action == KILL_HALF || action == KILL_AFTER)
        die();
    if (action != FAIL_HALF)
        return put;
    errno = fault.error;
    return -1;
}

ssize_t write(int file, const void *bytes, size_t len)
{
    const enum action action = file > 2 ? arrive(WRITE, file, NULL) : NOTHING;

    if (action == FAIL)
        return -1;
    return written(action, syscall(SYS_write, file, bytes, is_half(action) ? len / 2 : len));
}

ssize_t pwrite(int file, const void *bytes, size_t len, off_t at)
{
    const enum action action = arrive(WRITE, file, NULL);

    if (action == FAIL)
        return -1;
    return written(action, syscall(SYS_pwrite64, file, bytes, is_half(action) ? len / 2 : len, at));
}

ssize_t writev(int file, const struct iovec *parts, int count)
{
    const enum action action = arrive(WRITE, file, NULL);

    if (action == FAIL)
        return -1;
    return written(action, syscall(SYS_writev, file, parts, is_half(action) ? count / 2 : count));
}

int fallocate(int file, int mode, off_t at, off_t len)
{
    AROUND(WRITE, file, NULL, -1, (int)syscall(SYS_fallocate, file, mode, at, len));
}

int fsync(int file)
{
    AROUND(SYNC, file, NULL, -1, (int)syscall(SYS_fsync, file));
}

int fdatasync(int file)
{
    AROUND(SYNC, file, NULL, -1, (int)syscall(SYS_fdatasync, file));
}

int syncfs(int file)
{
    AROUND(SYNC, file, NULL, -1, (int)syscall(SYS_syncfs, file));
}

int msync(void *at, size_t len, int flags)
{
    AROUND(SYNC, AT_FDCWD, "mapped", -1, (int)syscall(SYS_msync, at, len, flags));
}

int rename(const char *from, const char *to)
{
    AROUND(RENAME, AT_FDCWD, to, -1, (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    AROUND(RENAME, to_folder, to, -1, (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, 0));
}

int link(const char *from, const char *to)
{
    AROUND(RENAME, AT_FDCWD, to, -1, (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0));
}

int unlink(const char *name)
{
    AROUND(UNLINK, AT_FDCWD, name, -1, (int)syscall(SYS_unlinkat, AT_FDCWD, name, 0));
}

int unlinkat(int folder, const char *name, int flags)
{
    AROUND(UNLINK, folder, name, -1, (int)syscall(SYS_unlinkat, folder, name, flags));
}

int ftruncate(int file, off_t size)
{
    AROUND(TRUNCATE, file, NULL, -1, (int)syscall(SYS_ftruncate, file, size));
}

int mkdir(const char *name, mode_t mode)
{
    AROUND(MKDIR, AT_FDCWD, name, -1, (int)syscall(SYS_mkdirat, AT_FDCWD, name, mode));
}

int mkdirat(int folder, const char *name, mode_t mode)
{
    AROUND(MKDIR, folder, name, -1, (int)syscall(SYS_mkdirat, folder, name, mode));
}

static int open_in(int folder, const char *name, int flags, mode_t mode)
{
    AROUND(flags & O_CREAT ? CREATE : OPEN, folder, name, -1,
           (int)syscall(SYS_openat, folder, name, flags, mode));
}

static mode_t mode_of(int flags, va_list arguments)
{
    return flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
}

int open(const char *name, int flags, ...)
{
    va_list arguments;

    va_start(arguments, flags);
    const mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return open_in(AT_FDCWD, name, flags, mode);
}

int openat(int folder, const char *name, int flags, ...)
{
    va_list arguments;

    va_start(arguments, flags);
    const mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return open_in(folder, name, flags, mode);
}

FILE *fopen(const char *name, const char *mode)
{
    AROUND(mode[0] == 'r' ? OPEN : CREATE, AT_FDCWD, name, NULL, real_fopen(name, mode));
}

DIR *opendir(const char *name)
{
    AROUND(OPEN, AT_FDCWD, name, NULL, real_opendir(name));
}

ssize_t read(int file, void *bytes, size_t len)
{
    AROUND(READ, file, NULL, -1, syscall(SYS_read, file, bytes, len));
}

ssize_t pread(int file, void *bytes, size_t len, off_t at)
{
    AROUND(READ, file, NULL, -1, syscall(SYS_pread64, file, bytes, len, at));
}

void *mmap(void *at, size_t len, int protection, int flags, int file, off_t offset)
{
    AROUND(MAP, file, NULL, MAP_FAILED, (void *)syscall(SYS_mmap, at, len, protection, flags, file, offset));
}

void *malloc(size_t size)
{
    AROUND(ALLOC, AT_FDCWD, "memory", NULL, __libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
    AROUND(ALLOC, AT_FDCWD, "memory", NULL, __libc_calloc(count, size));
}

void *realloc(void *old, size_t size)
{
    AROUND(ALLOC, AT_FDCWD, "memory", NULL, __libc_realloc(old, size));
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    const enum action action = arrive(ALLOC, AT_FDCWD, "memory");

    *out = action == FAIL ? NULL : __libc_memalign(alignment, size);
    return *out ? 0 : ENOMEM;
}

unsigned sleep(unsigned seconds)
{
    (void)seconds;
    return 0;
}
