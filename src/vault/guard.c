/* LMDB reads its file where it is mapped and believes what it finds there. A
 * file that was cut short then ends the process with a signal, and a page that
 * makes no sense with an assert: both are told as what they are. As at a kill,
 * nothing is half done: what was not committed was not written. */
#include "vault/vault_internal.h"

#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

/* LMDB lets a process open one vault at a time, so there is one guard. */
static struct {
    char text[PATH_MAX + 128];
    size_t text_len;
    uintptr_t start, end;
    struct sigaction before[2];   /* SIGBUS, SIGSEGV */
    volatile sig_atomic_t writing;
} guard;

static const int signals[2] = { SIGBUS, SIGSEGV };

static _Noreturn void tell_and_end(void)
{
    const ssize_t ignored = write(STDERR_FILENO, guard.text, guard.text_len);

    (void)ignored;
    _exit(EX_DATAERR);
}

/* Another address is another fault: it comes again, and meets who was here before. */
static void on_fault(int number, siginfo_t *info, void *context)
{
    const uintptr_t at = (uintptr_t)info->si_addr;

    (void)context;
    /* A write works on copies of pages: what these say wrongly leads anywhere. */
    if ((at >= guard.start && at < guard.end) || guard.writing)
        tell_and_end();
    sigaction(number, &guard.before[number == SIGSEGV], NULL);
}

static void on_assert(MDB_env *env, const char *text)
{
    (void)env, (void)text;
    tell_and_end();
}

/* LMDB does not tell where its map lies. Without /proc nothing is guarded but asserts. */
static void find_map(size_t size)
{
    static const char name[] = "/" VAULT_FOLDER "/data.mdb\n";
    char line[PATH_MAX + 128];
    FILE *maps = fopen("/proc/self/maps", "r");

    guard.start = guard.end = 0;
    while (maps && !guard.end && fgets(line, sizeof line, maps)) {
        const size_t len = strlen(line);

        if (len < sizeof name || strcmp(line + len - (sizeof name - 1), name) != 0)
            continue;
        guard.start = (uintptr_t)strtoull(line, NULL, 16);
        guard.end = guard.start + size;
    }
    if (maps)
        fclose(maps);
}

enum sluice_err vault_guard_begin(MDB_env *env, const char *folder)
{
    struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
    MDB_envinfo info;
    const int code = mdb_env_info(env, &info);

    if (code)
        return vault_env_err(code);
    const int len = snprintf(guard.text, sizeof guard.text,
                             "%s: error: stored bytes are damaged; restore the state folder as a whole [vault]\n",
                             folder);
    guard.text_len = len < 0 ? 0 : (size_t)len < sizeof guard.text ? (size_t)len : sizeof guard.text - 1;
    find_map(info.me_mapsize);
    mdb_env_set_assert(env, on_assert);
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < 2; i++)
        sigaction(signals[i], &action, &guard.before[i]);
    return SLUICE_OK;
}

void vault_guard_writing(bool writing)
{
    guard.writing = writing;
}

void vault_guard_end(void)
{
    for (size_t i = 0; i < 2; i++)
        sigaction(signals[i], &guard.before[i], NULL);
    guard.start = guard.end = 0;
}
