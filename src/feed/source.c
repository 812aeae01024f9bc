#include "feed/source.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "feed/spool.h"

#define PACKED_SIZE ((size_t)128 * 1024)
#define STREAM_WAIT_MS 200   /* for bytes of a stream, before the caller gets its turn */

struct source {
    int fd;
    bool stream;                  /* not a file: fd is the caller's */
    struct spool_reader *spool;   /* instead of fd */
    bool known;                   /* whether it is packed */
    bool packed;
    bool damaged;
    bool in_member;               /* of gzip: its end has not been seen */
    z_stream inflater;
    uint64_t skip;                /* unpacked bytes before the wanted offset */
    uint64_t taken;
    size_t start, len;            /* of what is in bytes and not used yet */
    char bytes[PACKED_SIZE];
};

static enum sluice_err new_source(struct source **source)
{
    *source = calloc(1, sizeof **source);
    if (!*source)
        return SLUICE_ERR_MEMORY;
    (*source)->fd = -1;
    return SLUICE_OK;
}

enum sluice_err source_open(struct source **source, const char *path, uint64_t offset)
{
    struct source *made;
    enum sluice_err err = new_source(&made);

    if (err)
        return err;
    made->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (made->fd < 0) {
        err = sluice_err_from_errno(errno);
        source_close(made);
        return err;
    }
    made->skip = offset;
    *source = made;
    return SLUICE_OK;
}

enum sluice_err source_open_stream(struct source **source, int fd)
{
    const enum sluice_err err = new_source(source);

    if (err)
        return err;
    (*source)->fd = fd;
    (*source)->stream = true;
    return SLUICE_OK;
}

enum sluice_err source_open_spool(struct source **source, struct spool_reader *spool, uint64_t offset)
{
    const enum sluice_err err = new_source(source);

    if (err) {
        spool_reader_close(spool);
        return err;
    }
    (*source)->spool = spool;
    (*source)->skip = offset;
    return SLUICE_OK;
}

void source_close(struct source *source)
{
    if (!source)
        return;
    if (source->packed)
        inflateEnd(&source->inflater);
    spool_reader_close(source->spool);
    if (source->fd >= 0 && !source->stream)
        close(source->fd);
    free(source);
}

bool source_is_packed(const struct source *source)
{
    return source->packed;
}

uint64_t source_taken(struct source *source)
{
    const uint64_t taken = source->taken;

    source->taken = 0;
    return taken;
}

/* --- bytes as they lie in the file */

/* A stream that says nothing for a while has given nothing, which is not its end. */
static bool stream_is_silent(const struct source *source)
{
    struct pollfd wait = { .fd = source->fd, .events = POLLIN };

    return source->stream && poll(&wait, 1, STREAM_WAIT_MS) == 0;
}

static enum sluice_err read_file(struct source *source, char *bytes, size_t size, size_t *got, bool *end)
{
    ssize_t count;

    *got = 0;
    *end = false;
    if (stream_is_silent(source))
        return SLUICE_OK;
    do
        count = read(source->fd, bytes, size);
    while (count < 0 && errno == EINTR);
    if (count < 0)
        return sluice_err_from_errno(errno);
    *got = (size_t)count;
    *end = count == 0;
    source->taken += (uint64_t)count;
    return SLUICE_OK;
}

static enum sluice_err read_plain(struct source *source, char *bytes, size_t size, size_t *got, bool *end)
{
    if (source->len > 0) {   /* what was looked at to tell the format */
        *got = source->len < size ? source->len : size;
        memcpy(bytes, source->bytes + source->start, *got);
        source->start += *got;
        source->len -= *got;
        *end = false;
        return SLUICE_OK;
    }
    if (source->spool) {
        const enum sluice_err err = spool_read(source->spool, bytes, size, got);

        *end = *got == 0;
        return err;
    }
    return read_file(source, bytes, size, got, end);
}

/* --- gzip */

static bool is_gzip(const struct source *source)
{
    return source->len >= 2 && memcmp(source->bytes + source->start, "\x1f\x8b", 2) == 0;
}

/* Keep reading into bytes until two of them tell the format. */
static enum sluice_err tell_format(struct source *source, bool *end)
{
    size_t got;

    while (source->len < 2) {
        enum sluice_err err;

        if (source->spool) {
            err = spool_read(source->spool, source->bytes + source->len, PACKED_SIZE - source->len, &got);
            *end = got == 0;
        } else {
            err = read_file(source, source->bytes + source->len, PACKED_SIZE - source->len, &got, end);
        }
        if (err || *end || got == 0)
            return err;
        source->len += got;
    }
    /* Only what is not packed is ever punched out of a spool. */
    source->packed = is_gzip(source) && !(source->spool && spool_reader_start(source->spool) > 0);
    source->known = true;
    if (source->packed && inflateInit2(&source->inflater, 16 + MAX_WBITS) != Z_OK) {
        source->packed = source->known = false;
        return SLUICE_ERR_MEMORY;
    }
    source->in_member = source->packed;
    return SLUICE_OK;
}

static enum sluice_err refill_packed(struct source *source, bool *end)
{
    *end = false;
    if (source->len > 0)
        return SLUICE_OK;
    source->start = 0;
    if (source->spool) {
        const enum sluice_err err = spool_read(source->spool, source->bytes, PACKED_SIZE, &source->len);

        *end = source->len == 0;
        return err;
    }
    return read_file(source, source->bytes, PACKED_SIZE, &source->len, end);
}

/* Behind a member may stand another one, or zeros that pad a block. */
static void after_member(struct source *source)
{
    while (source->len > 0 && source->bytes[source->start] == '\0') {
        source->start++;
        source->len--;
    }
    if (source->len == 0)
        return;
    source->damaged = source->bytes[source->start] != '\x1f';
    source->in_member = !source->damaged;
    if (source->in_member)
        source->damaged = inflateReset(&source->inflater) != Z_OK;
}

static enum sluice_err read_packed(struct source *source, char *bytes, size_t size, size_t *got, bool *end)
{
    const enum sluice_err err = refill_packed(source, end);

    *got = 0;
    if (err || source->len == 0)
        return err;
    if (!source->in_member)
        after_member(source);
    if (!source->in_member || source->damaged)
        return SLUICE_OK;

    z_stream *inflater = &source->inflater;
    inflater->next_in = (unsigned char *)source->bytes + source->start;
    inflater->avail_in = (unsigned)source->len;
    inflater->next_out = (unsigned char *)bytes;
    inflater->avail_out = (unsigned)size;
    const int status = inflate(inflater, Z_NO_FLUSH);
    *got = size - inflater->avail_out;
    source->start += source->len - inflater->avail_in;
    source->len = inflater->avail_in;
    if (status == Z_MEM_ERROR)
        return SLUICE_ERR_MEMORY;
    source->in_member = status != Z_STREAM_END;
    source->damaged = status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR;
    return SLUICE_OK;
}

/* --- both */

/* What is not packed can be entered anywhere; the rest is read up to the offset. */
static enum sluice_err seek_plain(struct source *source)
{
    uint64_t at = source->skip;
    enum sluice_err err = SLUICE_OK;

    if (source->packed || source->skip == 0 || source->stream)
        return SLUICE_OK;
    if (source->spool)
        err = spool_seek(source->spool, source->skip, &at);
    else if (lseek(source->fd, (off_t)source->skip, SEEK_SET) < 0)
        err = sluice_err_from_errno(errno);
    if (!err) {
        source->skip -= at;
        source->len = 0;
    }
    return err;
}

static void drop_skipped(struct source *source, char *bytes, size_t *got)
{
    const size_t drop = source->skip < *got ? (size_t)source->skip : *got;

    memmove(bytes, bytes + drop, *got - drop);
    *got -= drop;
    source->skip -= drop;
}

enum sluice_err source_read(struct source *source, char *bytes, size_t size, size_t *got,
                            enum source_state *state)
{
    enum sluice_err err = SLUICE_OK;
    bool end = false;

    *got = 0;
    *state = SOURCE_MORE;
    if (!source->known) {
        err = tell_format(source, &end);
        if (!err && source->known)
            err = seek_plain(source);
        if (err || (!source->known && !end))
            return err;
        source->known = true;   /* a file of one byte is plain */
    }
    err = source->packed ? read_packed(source, bytes, size, got, &end) : read_plain(source, bytes, size, got, &end);
    if (err)
        return err;
    drop_skipped(source, bytes, got);
    if (source->damaged)
        *state = SOURCE_DAMAGED;
    else if (end)
        *state = source->in_member ? SOURCE_CUT : SOURCE_END;
    else if (source->stream && *got == 0)
        *state = SOURCE_SILENT;
    return SLUICE_OK;
}
