/* The files of an input, as its folder shows them now. */
#ifndef FEED_FOLDER_H
#define FEED_FOLDER_H

#include <stddef.h>
#include <stdint.h>
#include "sluice/err.h"

struct folder_file {
    char *name;           /* no path */
    uint64_t size;
    int64_t mtime_ns;
    uint64_t inode;
};

struct folder {
    struct folder_file *files;   /* in order of strcmp of their names */
    size_t count;
    size_t capacity;
};

/** The regular files in a folder, not in its folders; path may be a file as
 *  well. Left out are names that start with a point or end in .tmp or .part:
 *  so are files called that are still being written.
 *  In: prefix, suffix  of the names wanted; "" for all
 *  Returns SLUICE_ERR_MISSING, _ACCESS, _IO, _MEMORY; the folder is empty then. */
SLUICE_MUST_CHECK
enum sluice_err folder_list(struct folder *folder, const char *path, const char *prefix, const char *suffix);
void folder_clear(struct folder *folder);

#endif
