#include "gen/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_BUFFER_SIZE (1024 * 1024)

static void set_path(struct file_place *place, const char *name)
{
    const int len = snprintf(place->path, sizeof place->path, "%s/%s", place->folder, name);

    if (len < 0 || (size_t)len >= sizeof place->path)
        place->err = SLUICE_ERR_LIMIT;
}

static void fail(struct file_place *place)
{
    if (!place->err)
        place->err = sluice_err_from_errno(errno);
}

void file_folder(struct file_place *place, const char *name, mode_t mode)
{
    if (place->err)
        return;
    set_path(place, name);
    if (!place->err && mkdir(place->path, mode) != 0 && errno != EEXIST)
        fail(place);
}

FILE *file_create(struct file_place *place, const char *name)
{
    if (place->err)
        return NULL;
    set_path(place, name);
    if (place->err)
        return NULL;
    FILE *file = fopen(place->path, "wxe");
    if (!file)
        fail(place);
    else
        setvbuf(file, NULL, _IOFBF, FILE_BUFFER_SIZE);
    return file;
}

void file_close(struct file_place *place, FILE *file)
{
    if (!file)
        return;
    if (ferror(file))
        place->err = place->err ? place->err : SLUICE_ERR_IO;
    if (fclose(file) != 0)
        fail(place);
}

static void put_in_place(struct file_place *place, const char *name)
{
    char made[FILE_PATH_SIZE];

    memcpy(made, place->path, sizeof made);
    set_path(place, name);
    if (!place->err && rename(made, place->path) != 0)
        fail(place);
}

void file_write(struct file_place *place, const char *name, const struct sluice_buffer *content)
{
    char made[FILE_PATH_SIZE];

    if (!place->err && sluice_buffer_err(content))
        place->err = SLUICE_ERR_MEMORY;
    snprintf(made, sizeof made, "%s%s", name, place->replaces ? ".new" : "");
    FILE *file = file_create(place, made);
    if (file)
        fwrite(content->bytes, 1, content->len, file);
    file_close(place, file);
    if (place->replaces && !place->err)
        put_in_place(place, name);
}
