/* A folder of its own for each test, removed with everything in it. */
#ifndef TESTS_FOLDER_H
#define TESTS_FOLDER_H

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static inline const char *folder_make(char path[static 64])
{
    snprintf(path, 64, "/tmp/sluice-test-XXXXXX");
    assert_non_null(mkdtemp(path));
    return path;
}

static inline int folder_remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status, (void)type, (void)walk;
    return remove(path);
}

static inline void folder_remove(const char *path)
{
    nftw(path, folder_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* folder/name in a buffer that the next call uses again. */
static inline const char *path_in(const char *folder, const char *name)
{
    static char path[512];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* Returns how many bytes there are, at most size. */
static inline size_t file_read(const char *path, void *bytes, size_t size)
{
    FILE *file = fopen(path, "rb");

    assert_non_null(file);
    const size_t len = fread(bytes, 1, size, file);
    fclose(file);
    return len;
}

static inline void file_write(const char *path, const void *bytes, size_t len)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

#endif
