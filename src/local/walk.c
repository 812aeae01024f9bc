#include "local/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "local/io.h"
#include "sluice/name.h"

enum sluice_err walk_names(int parent_fd, const char *folder,
                           enum sluice_err (*visit)(void *self, const char *name), void *self)
{
    int fd;

    enum sluice_err err = io_open_at(&fd, parent_fd, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
    if (err)
        return err == SLUICE_ERR_MISSING ? SLUICE_OK : err;
    DIR *entries = fdopendir(fd);
    if (!entries) {
        close(fd);
        return SLUICE_ERR_MEMORY;
    }
    while (!err) {
        errno = 0;
        const struct dirent *entry = readdir(entries);

        if (!entry) {
            if (errno)
                err = sluice_err_from_errno(errno);
            break;
        }
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            err = visit(self, entry->d_name);
    }
    closedir(entries);
    return err;
}

struct walk {
    int output_fd;
    const char *wanted_stream;
    struct bucket_file at;
    enum sluice_err (*visit)(void *self, const struct bucket_file *file);
    void *self;
};

static bool is_name(const char *name)
{
    return sluice_name_valid(name) || sluice_name_reserved(name);
}

static enum sluice_err visit_bucket(void *self, const char *name)
{
    struct walk *walk = self;

    return bucket_parse(&walk->at.deadline_s, name) ? walk->visit(walk->self, &walk->at) : SLUICE_OK;
}

static enum sluice_err visit_stream(void *self, const char *name)
{
    struct walk *walk = self;
    char path[BUCKET_PATH_SIZE];

    if (!is_name(name))
        return SLUICE_OK;
    walk->at.stream = name;
    snprintf(path, sizeof path, "%.31s/%.31s", walk->at.tenant, name);
    return walk_names(walk->output_fd, path, visit_bucket, walk);
}

static enum sluice_err visit_tenant(void *self, const char *name)
{
    struct walk *walk = self;

    if (!is_name(name))
        return SLUICE_OK;
    walk->at.tenant = name;
    return walk->wanted_stream ? visit_stream(walk, walk->wanted_stream)
                               : walk_names(walk->output_fd, name, visit_stream, walk);
}

enum sluice_err walk_buckets(int output_fd, const char *tenant, const char *stream,
                             enum sluice_err (*visit)(void *self, const struct bucket_file *bucket), void *self)
{
    struct walk walk = { .output_fd = output_fd, .wanted_stream = stream, .visit = visit, .self = self };

    return tenant ? visit_tenant(&walk, tenant) : walk_names(output_fd, ".", visit_tenant, &walk);
}

static enum sluice_err visit_file(void *self, const char *name)
{
    struct walk *walk = self;

    return bucket_file_parse(&walk->at.number, &walk->at.open, name) ? walk->visit(walk->self, &walk->at)
                                                                     : SLUICE_OK;
}

enum sluice_err walk_files(int output_fd, const struct bucket_file *bucket,
                           enum sluice_err (*visit)(void *self, const struct bucket_file *file), void *self)
{
    struct walk walk = { .output_fd = output_fd, .at = *bucket, .visit = visit, .self = self };
    char path[BUCKET_PATH_SIZE];

    bucket_folder_path(path, bucket, 0);
    return walk_names(output_fd, path, visit_file, &walk);
}
