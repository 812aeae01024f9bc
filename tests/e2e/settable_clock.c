/* The system's clock as a test sets it, put before the C library's: it starts
 * at CLOCK_START and the file CLOCK_OFFSET says by how many seconds it was set. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long offset_s(void)
{
    const char *path = getenv("CLOCK_OFFSET");
    FILE *file = path ? fopen(path, "r") : NULL;
    long offset = 0;

    if (file) {
        if (fscanf(file, "%ld", &offset) != 1)
            offset = 0;
        fclose(file);
    }
    return offset;
}

int clock_gettime(clockid_t id, struct timespec *now)
{
    static time_t began;
    const int result = (int)syscall(SYS_clock_gettime, id, now);

    if (result != 0 || id != CLOCK_REALTIME || !getenv("CLOCK_START"))
        return result;
    if (!began)
        began = now->tv_sec;
    now->tv_sec += atol(getenv("CLOCK_START")) - began + offset_s();
    return 0;
}
