#include "sluice/swap.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define LAYERS_MAX 8   /* of block devices on one another */

static bool is_crypt(const char *block)
{
    char path[PATH_MAX], uuid[8] = "";

    if (snprintf(path, sizeof path, "%s/dm/uuid", block) >= (int)sizeof path)
        return false;
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    const bool read = fgets(uuid, sizeof uuid, file) != NULL;
    fclose(file);
    return read && strncmp(uuid, "CRYPT-", 6) == 0;
}

/* A device is encrypted where it is dm-crypt, or every device that it lies on is. */
static bool is_encrypted(const char *block, int layer)
{
    char path[PATH_MAX];
    size_t below = 0, encrypted = 0;

    if (is_crypt(block))
        return true;
    if (layer == LAYERS_MAX || snprintf(path, sizeof path, "%s/slaves", block) >= (int)sizeof path)
        return false;
    DIR *slaves = opendir(path);
    for (const struct dirent *entry; slaves && (entry = readdir(slaves)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        below++;
        if (snprintf(path, sizeof path, "%s/slaves/%s", block, entry->d_name) < (int)sizeof path)
            encrypted += is_encrypted(path, layer + 1);
    }
    if (slaves)
        closedir(slaves);
    return below > 0 && encrypted == below;
}

static bool is_memory(const char *area)
{
    const char *name = strrchr(area, '/');

    return strncmp(name ? name + 1 : area, "zram", 4) == 0;
}

/* area: a device, or a file, which lies on one */
static bool is_readable(const char *area, const char *sys)
{
    char block[PATH_MAX];
    struct stat status;

    if (is_memory(area))
        return false;
    if (stat(area, &status) != 0)
        return true;
    const dev_t device = S_ISBLK(status.st_mode) ? status.st_rdev : status.st_dev;
    return snprintf(block, sizeof block, "%s/dev/block/%u:%u", sys, major(device), minor(device)) >=
               (int)sizeof block ||
           !is_encrypted(block, 0);
}

/* /proc/swaps has a heading and then a line for each area, its name first. */
bool sluice_swap_is_readable(const char *proc, const char *sys)
{
    char path[PATH_MAX], line[PATH_MAX];
    bool readable = false;

    if (snprintf(path, sizeof path, "%s/swaps", proc) >= (int)sizeof path)
        return true;
    FILE *file = fopen(path, "r");
    if (!file)
        return false;   /* a kernel without swap */
    for (bool heading = true; fgets(line, sizeof line, file); heading = false) {
        line[strcspn(line, " \t\n")] = '\0';
        readable |= !heading && is_readable(line, sys);
    }
    fclose(file);
    return readable;
}
