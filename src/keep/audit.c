#include "keep/audit.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keep/audit_line.h"
#include "local/io.h"
#include "sluice/buffer.h"
#include "sluice/clock.h"
#include "sluice/config.h"
#include "sluice/crypto.h"

/* An audit file open under the lock of its folder. The lock is the folder's,
 * not the file's, as pruning puts another file in its place. */
struct audit_file {
    int folder_fd;
    int fd;
    off_t size;         /* up to the end of the last whole line */
};

static enum sluice_err open_folder(int *fd, const char *state_folder, bool create)
{
    char path[SLUICE_PATH_SIZE + 16];

    snprintf(path, sizeof path, "%s/audit", state_folder);
    if (create && mkdir(path, 0700) != 0 && errno != EEXIST)
        return sluice_err_from_errno(errno);
    *fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *fd < 0 ? sluice_err_from_errno(errno) : SLUICE_OK;
}

static enum sluice_err lock_folder(int fd, int operation)
{
    while (flock(fd, operation) != 0)
        if (errno != EINTR)
            return sluice_err_from_errno(errno);
    return SLUICE_OK;
}

static void audit_close(struct audit_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    if (file->folder_fd >= 0)
        close(file->folder_fd);
}

/* Find the last whole line: what a crash left behind it does not count. */
static enum sluice_err find_last(struct audit_file *file, char line[static SLUICE_AUDIT_LINE_MAX], size_t *len)
{
    char tail[2 * SLUICE_AUDIT_LINE_MAX];
    struct stat st;

    if (fstat(file->fd, &st) != 0)
        return sluice_err_from_errno(errno);
    const size_t tail_len = st.st_size < (off_t)sizeof tail ? (size_t)st.st_size : sizeof tail;
    const off_t tail_at = st.st_size - (off_t)tail_len;
    enum sluice_err err = io_read_at(file->fd, tail, tail_len, (uint64_t)tail_at);
    if (err)
        return err;

    size_t end = tail_len;
    while (end > 0 && tail[end - 1] != '\n')
        end--;
    file->size = tail_at + (off_t)end;
    *len = 0;
    if (end == 0)
        return tail_at == 0 ? SLUICE_OK : SLUICE_ERR_DAMAGED;

    size_t start = --end;
    while (start > 0 && tail[start - 1] != '\n')
        start--;
    if (end - start > SLUICE_AUDIT_LINE_MAX || (start == 0 && tail_at > 0))
        return SLUICE_ERR_DAMAGED;
    memcpy(line, tail + start, end - start);
    *len = end - start;
    return SLUICE_OK;
}

static enum sluice_err audit_open(struct audit_file *file, const char *state_folder, const char *name,
                                  bool create)
{
    *file = (struct audit_file){ .folder_fd = -1, .fd = -1 };
    enum sluice_err err = open_folder(&file->folder_fd, state_folder, create);
    if (!err)
        err = lock_folder(file->folder_fd, create ? LOCK_EX : LOCK_SH);
    if (err)
        return err;

    err = io_open_at(&file->fd, file->folder_fd, name, create ? O_RDWR | O_CREAT : O_RDONLY, 0600);
    /* The name of a new file must outlive a power cut as well as its lines. */
    return err || !create ? err : io_sync_folder(file->folder_fd, ".");
}

static enum sluice_err append_locked(struct audit_file *file, int64_t now_us, struct sluice_str members)
{
    char line[SLUICE_AUDIT_LINE_MAX + 1];
    struct audit_line last = { .sequence = 0 };
    size_t len;

    enum sluice_err err = find_last(file, line, &len);
    if (err)
        return err;
    if (len > 0 && !audit_line_parse(&last, (struct sluice_str){ line, len }))
        return SLUICE_ERR_DAMAGED;
    len = audit_line_write(line, &last, now_us, members);

    err = io_truncate(file->fd, (uint64_t)file->size);
    if (err)
        return err;
    err = io_write_at(file->fd, line, len, (uint64_t)file->size);
    if (!err)
        err = io_sync(file->fd);
    if (err) {
        /* Where this fails too, what stays is a line cut short, or a whole one
         * that says what was about to happen: neither breaks the chain. */
        const enum sluice_err ignored = io_truncate(file->fd, (uint64_t)file->size);
        (void)ignored;
        return err;
    }
    file->size += (off_t)len;
    return SLUICE_OK;
}

enum sluice_err sluice_audit_append(const char *state_folder, const char *name, int64_t now_us,
                                    struct sluice_str members)
{
    struct audit_file file;

    if (members.len > SLUICE_AUDIT_MEMBERS_MAX)
        return SLUICE_ERR_LIMIT;
    assert(members.len > 0 && !memchr(members.bytes, '\n', members.len));

    enum sluice_err err = audit_open(&file, state_folder, name, true);
    if (!err)
        err = append_locked(&file, now_us, members);
    audit_close(&file);
    return err;
}

enum sluice_err sluice_audit_last(char line[static SLUICE_AUDIT_LINE_MAX], size_t *len,
                                  const char *state_folder, const char *name)
{
    struct audit_file file;

    *len = 0;
    enum sluice_err err = audit_open(&file, state_folder, name, false);
    if (!err)
        err = find_last(&file, line, len);
    audit_close(&file);
    return err == SLUICE_ERR_MISSING ? SLUICE_OK : err;
}

/* --- the whole chain --------------------------------------------------- */

/* Call visit for each whole line in order; a visit that returns false stops. */
static enum sluice_err each_line(FILE *stream, bool (*visit)(void *self, struct sluice_str line), void *self)
{
    char *text = NULL;
    size_t capacity = 0;
    ssize_t len;

    errno = 0;
    while ((len = getline(&text, &capacity, stream)) > 0) {
        if (text[len - 1] != '\n' || !visit(self, (struct sluice_str){ text, (size_t)len - 1 }))
            break;
    }
    const bool failed = len < 0 && ferror(stream);
    const int saved_errno = errno;
    free(text);
    return failed ? sluice_err_from_errno(saved_errno) : SLUICE_OK;
}

/* Opens a second descriptor, as the stream closes its own. */
static enum sluice_err open_stream(FILE **stream, const struct audit_file *file)
{
    const int fd = dup(file->fd);

    *stream = fd < 0 ? NULL : fdopen(fd, "r");
    if (*stream) {
        rewind(*stream);
        return SLUICE_OK;
    }
    const int saved_errno = errno;
    if (fd >= 0)
        close(fd);
    return sluice_err_from_errno(saved_errno);
}

struct verification {
    struct audit_line last;
    uint64_t count;
    uint64_t first_sequence;
    uint64_t cut_through;       /* what a line of ours says was taken out */
    const char *fault;
};

static bool verify_line(void *self, struct sluice_str text)
{
    struct verification *check = self;
    struct audit_line line;

    if (!audit_line_parse(&line, text))
        check->fault = "is no line of an audit file";
    else if (!audit_line_hash_holds(&line, text))
        check->fault = "was changed: its hash does not fit";
    else if (check->count > 0 && line.sequence != check->last.sequence + 1)
        check->fault = "does not follow the line before: lines are missing, added or moved";
    else if (check->count > 0 && memcmp(line.previous, check->last.hash, sizeof line.previous) != 0)
        check->fault = "does not chain to the line before";
    if (check->fault)
        return false;

    if (check->count == 0)
        check->first_sequence = line.sequence;
    if (line.cut_through > check->cut_through)
        check->cut_through = line.cut_through;
    check->last = line;
    check->count++;
    return true;
}

enum sluice_err sluice_audit_verify(struct sluice_findings *findings, uint64_t *line_count,
                                    const char *state_folder, const char *name)
{
    struct verification check = { .count = 0 };
    struct audit_file file;
    FILE *stream = NULL;

    enum sluice_err err = audit_open(&file, state_folder, name, false);
    if (!err)
        err = open_stream(&stream, &file);
    if (!err)
        err = each_line(stream, verify_line, &check);
    if (stream)
        fclose(stream);
    audit_close(&file);

    *line_count = check.count;
    if (err == SLUICE_ERR_MISSING)
        return SLUICE_OK;
    unsigned fault_line = (unsigned)check.count + 1;
    if (!err && !check.fault && check.count > 0 && check.first_sequence > check.cut_through + 1) {
        check.fault = "is not the first that was written, and no line says that older ones were taken out";
        fault_line = 1;
    }
    if (err || !check.fault)
        return err;
    sluice_findings_add(findings, SLUICE_FINDING_ERROR, "audit-chain", name, fault_line, 1, "%s", check.fault);
    return SLUICE_ERR_DAMAGED;
}

/* --- pruning ----------------------------------------------------------- */

struct pruning {
    int64_t before_us;
    uint64_t cut_count;
    uint64_t cut_through;
    off_t cut_size;             /* bytes of the lines that go */
    bool damaged;
};

static bool count_old(void *self, struct sluice_str text)
{
    struct pruning *prune = self;
    struct audit_line line;

    if (!audit_line_parse(&line, text)) {
        prune->damaged = true;
        return false;
    }
    if (line.at_us >= prune->before_us)
        return false;
    prune->cut_count++;
    prune->cut_through = line.sequence;
    prune->cut_size += (off_t)text.len + 1;
    return true;
}

/* The lines that stay, in a new file that takes the old one's place. */
static enum sluice_err replace_with_rest(struct audit_file *file, const char *name, off_t from)
{
    char beside[64], block[65536];
    enum sluice_err err;
    int fd;

    snprintf(beside, sizeof beside, "%s.new", name);
    err = io_open_at(&fd, file->folder_fd, beside, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (err)
        return err;
    for (off_t at = from; !err && at < file->size;) {
        const size_t len = file->size - at < (off_t)sizeof block ? (size_t)(file->size - at) : sizeof block;

        err = io_read_at(file->fd, block, len, (uint64_t)at);
        if (!err)
            err = io_write_at(fd, block, len, (uint64_t)(at - from));
        at += (off_t)len;
    }
    if (!err)
        err = io_sync(fd);
    close(fd);
    if (!err)
        err = io_rename_at(file->folder_fd, beside, name);
    return err ? err : io_sync_folder(file->folder_fd, ".");
}

static enum sluice_err prune_locked(struct audit_file *file, struct pruning *prune, const char *name,
                                    int64_t now_us)
{
    char members[96];
    FILE *stream;

    enum sluice_err err = open_stream(&stream, file);
    if (err)
        return err;
    err = each_line(stream, count_old, prune);
    fclose(stream);
    if (!err && prune->damaged)
        err = SLUICE_ERR_DAMAGED;
    if (err || prune->cut_count == 0)
        return err;

    /* Said before it is done: a crash in between leaves lines too many, never too few. */
    const int len = snprintf(members, sizeof members, "\"what\":\"audit_cut\",\"through\":%llu",
                             (unsigned long long)prune->cut_through);
    err = append_locked(file, now_us, (struct sluice_str){ members, (size_t)len });
    return err ? err : replace_with_rest(file, name, prune->cut_size);
}

enum sluice_err sluice_audit_prune(uint64_t *cut_count, const char *state_folder, const char *name,
                                   int64_t now_us, int64_t before_us)
{
    struct pruning prune = { .before_us = before_us };
    struct audit_file file;

    *cut_count = 0;
    enum sluice_err err = audit_open(&file, state_folder, name, false);
    audit_close(&file);
    if (err)
        return err == SLUICE_ERR_MISSING ? SLUICE_OK : err;
    err = audit_open(&file, state_folder, name, true);
    if (!err)
        err = prune_locked(&file, &prune, name, now_us);
    audit_close(&file);
    if (!err)
        *cut_count = prune.cut_count;
    return err;
}
