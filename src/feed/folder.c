#include "feed/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void folder_clear(struct folder *folder)
{
    for (size_t i = 0; i < folder->count; i++)
        free(folder->files[i].name);
    free(folder->files);
    *folder = (struct folder){ 0 };
}

static enum sluice_err add_file(struct folder *folder, const char *name, const struct stat *status)
{
    if (folder->count == folder->capacity) {
        const size_t capacity = folder->capacity ? folder->capacity * 2 : 16;
        struct folder_file *files = realloc(folder->files, capacity * sizeof *files);

        if (!files)
            return SLUICE_ERR_MEMORY;
        folder->files = files;
        folder->capacity = capacity;
    }
    char *copy = strdup(name);
    if (!copy)
        return SLUICE_ERR_MEMORY;
    folder->files[folder->count++] = (struct folder_file){
        .name = copy, .size = (uint64_t)status->st_size, .inode = (uint64_t)status->st_ino,
        .mtime_ns = (int64_t)status->st_mtim.tv_sec * 1000000000 + status->st_mtim.tv_nsec,
    };
    return SLUICE_OK;
}

static bool ends_in(const char *name, const char *suffix)
{
    const size_t len = strlen(name), suffix_len = strlen(suffix);

    return len >= suffix_len && strcmp(name + len - suffix_len, suffix) == 0;
}

static bool is_wanted(const char *name, const char *prefix, const char *suffix)
{
    return name[0] != '.' && !ends_in(name, ".tmp") && !ends_in(name, ".part") &&
           strncmp(name, prefix, strlen(prefix)) == 0 && ends_in(name, suffix);
}

static int compare_names(const void *a, const void *b)
{
    const struct folder_file *left = a, *right = b;

    return strcmp(left->name, right->name);
}

static enum sluice_err list_entries(struct folder *folder, DIR *entries, const char *prefix, const char *suffix)
{
    const struct dirent *entry;
    enum sluice_err err = SLUICE_OK;

    errno = 0;
    while (!err && (entry = readdir(entries))) {
        struct stat status;

        if (!is_wanted(entry->d_name, prefix, suffix))
            continue;
        if (fstatat(dirfd(entries), entry->d_name, &status, 0) == 0) {
            if (S_ISREG(status.st_mode))
                err = add_file(folder, entry->d_name, &status);
        } else if (errno != ENOENT) {   /* gone since: not there */
            err = sluice_err_from_errno(errno);
        }
        errno = 0;
    }
    return err || errno == 0 ? err : sluice_err_from_errno(errno);
}

enum sluice_err folder_list(struct folder *folder, const char *path, const char *prefix, const char *suffix)
{
    enum sluice_err err;
    struct stat status;

    folder_clear(folder);
    if (stat(path, &status) < 0)
        return sluice_err_from_errno(errno);
    if (!S_ISDIR(status.st_mode)) {
        const char *slash = strrchr(path, '/');

        return add_file(folder, slash ? slash + 1 : path, &status);
    }
    DIR *entries = opendir(path);
    if (!entries)
        return sluice_err_from_errno(errno);
    err = list_entries(folder, entries, prefix, suffix);
    closedir(entries);
    if (err)
        folder_clear(folder);
    else if (folder->count)
        qsort(folder->files, folder->count, sizeof *folder->files, compare_names);
    return err;
}
