/* Small files as tests write and read them. */
#ifndef TESTS_FILES_H
#define TESTS_FILES_H

#include <stdio.h>
#include <string.h>

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
