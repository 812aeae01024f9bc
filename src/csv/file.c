/* A CSV file from its start to its end. */
#include "csv/csv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WINDOW_SIZE ((size_t)1024 * 1024)

_Static_assert(WINDOW_SIZE / 2 > CSV_ROW_SIZE_MAX, "a row of the largest size fits whatever stands before it");

struct csv_file {
    int fd;
    struct csv_splitter *splitter;
    uint64_t line;              /* lines taken so far */
    uint64_t read_bytes;
    uint64_t total_bytes;
    size_t start, len;          /* what of window is not taken yet */
    bool at_end;
    bool skipping;              /* a line beyond the limit has begun: its row is still to come */
    char window[WINDOW_SIZE];
};

enum sluice_err csv_file_open(struct csv_file **file, const char *path, char delimiter)
{
    struct csv_file *made = calloc(1, sizeof *made);
    enum sluice_err err = SLUICE_ERR_MEMORY;
    struct stat status;

    if (!made)
        return err;
    made->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (made->fd < 0 || fstat(made->fd, &status) < 0) {
        err = sluice_err_from_errno(errno);
        goto fail;
    }
    made->total_bytes = (uint64_t)status.st_size;
    err = csv_splitter_new(&made->splitter, delimiter);
    if (err)
        goto fail;
    *file = made;
    return SLUICE_OK;
fail:
    csv_file_close(made);
    return err;
}

void csv_file_close(struct csv_file *file)
{
    if (!file)
        return;
    csv_splitter_free(file->splitter);
    if (file->fd >= 0)
        close(file->fd);
    free(file);
}

static void skip_byte_order_mark(struct csv_file *file)
{
    if (file->len >= 3 && memcmp(file->window, "\xef\xbb\xbf", 3) == 0) {
        file->start = 3;
        file->len -= 3;
    }
}

/* Move what is left to the front and fill the window behind it. */
static enum sluice_err read_more(struct csv_file *file)
{
    const bool first = file->read_bytes == 0;

    memmove(file->window, file->window + file->start, file->len);
    file->start = 0;
    while (!file->at_end && file->len < WINDOW_SIZE) {
        const ssize_t got = read(file->fd, file->window + file->len, WINDOW_SIZE - file->len);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return sluice_err_from_errno(errno);
        file->at_end = got == 0;
        file->len += (size_t)got;
        file->read_bytes += (uint64_t)got;
    }
    if (first)
        skip_byte_order_mark(file);
    return SLUICE_OK;
}

int csv_file_next(struct csv_file *file, struct csv_row *row, enum sluice_err *err)
{
    for (;;) {
        if (file->len == 0 && file->at_end && !file->skipping)
            return 0;

        const uint64_t line = file->line + 1;
        const enum csv_result result =
            csv_split(file->splitter, row, file->window + file->start, file->len, file->at_end);

        if (result == CSV_MORE) {
            *err = read_more(file);
            if (*err)
                return -1;
            continue;
        }
        file->start += row->len;
        file->len -= row->len;
        file->line += row->line_count;
        file->skipping = result == CSV_SKIPPED;
        if (result == CSV_ROW) {
            row->line = line;
            return 1;
        }
    }
}

void csv_file_progress(const struct csv_file *file, uint64_t *read_bytes, uint64_t *total_bytes)
{
    *read_bytes = file->read_bytes - file->len;
    *total_bytes = file->total_bytes;
}
