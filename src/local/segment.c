#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "local/io.h"
#include "local/load.h"

void segment_name(char name[static SEGMENT_NAME_SIZE], uint64_t segment, bool unfinished)
{
    snprintf(name, SEGMENT_NAME_SIZE, "%llu.log%s", (unsigned long long)segment, unfinished ? ".new" : "");
}

bool segment_parse(uint64_t *segment, bool *unfinished, const char *name)
{
    size_t digits = 0;

    for (*segment = 0; name[digits] >= '0' && name[digits] <= '9' && digits < 19; digits++)
        *segment = *segment * 10 + (uint64_t)(name[digits] - '0');
    *unfinished = strcmp(name + digits, ".log.new") == 0;
    return digits > 0 && name[0] != '0' && (*unfinished || strcmp(name + digits, ".log") == 0);
}

static bool exists(int log_fd, uint64_t segment)
{
    char name[SEGMENT_NAME_SIZE];
    uint64_t size;

    segment_name(name, segment, false);
    return io_size_at(&size, log_fd, name) == SLUICE_OK;
}

/* The highest segment in the folder, 0 when there is none. */
static enum sluice_err newest_segment(uint64_t *newest, int log_fd)
{
    int fd;

    *newest = 0;
    const enum sluice_err err = io_open_at(&fd, log_fd, ".", O_RDONLY | O_DIRECTORY, 0);
    if (err)
        return err;
    DIR *folder = fdopendir(fd);
    if (!folder) {
        close(fd);
        return SLUICE_ERR_MEMORY;
    }
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        uint64_t segment;
        bool unfinished;

        if (segment_parse(&segment, &unfinished, entry->d_name) && !unfinished && segment > *newest)
            *newest = segment;
    }
    closedir(folder);
    return SLUICE_OK;
}

static enum sluice_err keyring_older(struct sluice_findings *findings, const char *log_path, uint64_t newest)
{
    sluice_findings_add(findings, SLUICE_FINDING_ERROR, "keyring-older", log_path, 0, 0,
                        "the keyring is older than segment %llu: put back the keyring that belongs to it",
                        (unsigned long long)newest);
    return SLUICE_ERR_DAMAGED;
}

static enum sluice_err log_missing(struct sluice_findings *findings, const char *log_path, uint64_t wanted)
{
    sluice_findings_add(findings, SLUICE_FINDING_ERROR, "log-missing", log_path, 0, 0,
                        "segment %llu, which the keyring is for, is not there: put back the log that belongs to it",
                        (unsigned long long)wanted);
    return SLUICE_ERR_OLDER;
}

enum sluice_err segment_choose(struct segment_choice *choice, struct sluice_findings *findings, int log_fd,
                               const char *log_path, const struct sluice_keyring *keyring)
{
    const uint64_t current = keyring->state[0].generation, next = keyring->state[1].generation;
    uint64_t newest;

    const enum sluice_err err = newest_segment(&newest, log_fd);
    if (err)
        return err;
    /* Both keys: a snapshot was on its way. It took over with its name. */
    const unsigned slot = next && exists(log_fd, next) ? 1 : 0;
    *choice = (struct segment_choice){ keyring->state[slot].generation, slot };
    if (newest > choice->segment)
        return keyring_older(findings, log_path, newest);
    if (exists(log_fd, choice->segment))
        return SLUICE_OK;
    /* The first segment that is ever finished is the second generation's. */
    choice->segment = 0;
    return current <= 1 ? SLUICE_OK : log_missing(findings, log_path, current);
}
