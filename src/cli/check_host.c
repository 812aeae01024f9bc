/* What the machine gives: space, limits, and where memory may be written to. */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>

#include "cli/check.h"
#include "sluice/swap.h"

#define FREE_BYTES_MIN (UINT64_C(64) << 20)  /* less than this and a commit may not fit */
#define LOCKED_BYTES_MIN (UINT64_C(8) << 20) /* keyring, page keys twice while they rotate, secrets of epochs */
#define DESCRIPTORS_OWN 64                   /* database, logs, inputs, standard streams */
#define STREAMS_OF_A_TENANT (SLUICE_PURPOSES_MAX + 3)

/* The file system of the nearest folder above that exists. */
static bool space_of(struct statvfs *space, const char *path)
{
    char at[SLUICE_PATH_SIZE];

    snprintf(at, sizeof at, "%s", path);
    while (statvfs(at, space) != 0) {
        char *slash = strrchr(at, '/');

        if (!slash || strcmp(at, "/") == 0)
            return false;
        slash[slash == at ? 1 : 0] = '\0';
    }
    return true;
}

static void check_space(struct check *check, const char *what, const char *path)
{
    struct statvfs space;

    if (!space_of(&space, path))
        return;
    const uint64_t free_bytes = (uint64_t)space.f_bavail * space.f_frsize;
    const unsigned long long free_mib = free_bytes >> 20;

    if (free_bytes < FREE_BYTES_MIN)
        sluice_findings_add(check->findings, SLUICE_FINDING_ERROR, "disk-space", path, 0, 0,
                            "%llu MiB are free for %s: make room before anything runs", free_mib, what);
    else if (free_bytes < check->config->file_size_max)
        sluice_findings_add(check->findings, SLUICE_FINDING_WARNING, "disk-space", path, 0, 0,
                            "%llu MiB are free for %s, less than one file of a stream may take (files.size)",
                            free_mib, what);
    if (space.f_files && space.f_favail < 1000)
        sluice_findings_add(check->findings, SLUICE_FINDING_WARNING, "disk-space", path, 0, 0,
                            "%llu inodes are free for %s: each bucket of each stream is a file",
                            (unsigned long long)space.f_favail, what);
}

static void check_limits(struct check *check)
{
    const uint64_t descriptors = DESCRIPTORS_OWN + check->config->tenant_count * STREAMS_OF_A_TENANT;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < descriptors)
        sluice_findings_add(check->findings, SLUICE_FINDING_WARNING, "limit-files", check->config->path, 0, 0,
                            "%llu files may be open and %llu may be needed: raise it (ulimit -n)",
                            (unsigned long long)limit.rlim_cur, (unsigned long long)descriptors);
    if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur < LOCKED_BYTES_MIN)
        sluice_findings_add(check->findings, SLUICE_FINDING_WARNING, "limit-locked", check->config->path, 0,
                            0,
                            "%llu KiB of memory may be locked: raise it to 8192 or more (ulimit -l), "
                            "or keys find no room",
                            (unsigned long long)limit.rlim_cur >> 10);
    if (getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_cur != 0)
        sluice_findings_add(check->findings, SLUICE_FINDING_NOTE, "limit-core", check->config->path, 0, 0,
                            "core files are allowed here; sluice forbids its own, other programs do not "
                            "(ulimit -c 0)");
}

void check_swap(struct sluice_findings *findings, const char *path)
{
    if (sluice_swap_is_readable("/proc", "/sys"))
        sluice_findings_add(findings, SLUICE_FINDING_WARNING, "swap-readable", path, 0, 0,
                            "swap is on and not encrypted: keys are locked in memory, records and pseudonyms on "
                            "their way are not; encrypt it (cryptsetup), use zram, or turn it off (swapoff -a)");
}

void check_host(struct check *check)
{
    check_space(check, "the state folder", check->config->state);
    check_space(check, "the streams", check->config->output);
    check_limits(check);
    check_swap(check->findings, check->config->path);
}
