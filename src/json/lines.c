/* A file of one JSON object a line. */
#include "json/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WINDOW_SIZE ((size_t)4 * JSON_SIZE_MAX)

struct json_lines {
    int fd;
    struct json_parser *parser;
    uint64_t number;            /* of the last line that was taken */
    size_t start, len;          /* what of window is not taken yet */
    bool at_end;                /* the file has no more */
    char window[WINDOW_SIZE];
    char scratch[JSON_SIZE_MAX];
};

enum sluice_err json_lines_open(struct json_lines **lines, const char *path)
{
    struct json_lines *made = calloc(1, sizeof *made);
    enum sluice_err err = SLUICE_ERR_MEMORY;

    if (!made)
        return err;
    made->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (made->fd < 0) {
        err = sluice_err_from_errno(errno);
        goto fail;
    }
    err = json_parser_new(&made->parser);
    if (err)
        goto fail;
    *lines = made;
    return SLUICE_OK;
fail:
    json_lines_close(made);
    return err;
}

void json_lines_close(struct json_lines *lines)
{
    if (!lines)
        return;
    json_parser_free(lines->parser);
    if (lines->fd >= 0)
        close(lines->fd);
    free(lines);
}

/* Move what is left to the front and read more behind it. */
static enum sluice_err read_more(struct json_lines *lines)
{
    ssize_t got;

    memmove(lines->window, lines->window + lines->start, lines->len);
    lines->start = 0;
    do
        got = read(lines->fd, lines->window + lines->len, WINDOW_SIZE - lines->len);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return sluice_err_from_errno(errno);
    lines->len += (size_t)got;
    lines->at_end = got == 0;
    return SLUICE_OK;
}

/* The next line without its end; one that fills the window is given as far as
 * it goes, which is more than an element may have. */
static enum sluice_err take_line(struct json_lines *lines, struct sluice_str *line, bool *cut)
{
    for (;;) {
        const char *from = lines->window + lines->start;
        const char *newline = lines->len ? memchr(from, '\n', lines->len) : NULL;
        const bool full = lines->len == WINDOW_SIZE;

        if (newline || lines->at_end || full) {
            const size_t len = newline ? (size_t)(newline - from) : lines->len;

            *line = (struct sluice_str){ from, len };
            *cut = !newline && full;
            lines->start += len + (newline != NULL);
            lines->len -= len + (newline != NULL);
            return SLUICE_OK;
        }
        const enum sluice_err err = read_more(lines);
        if (err)
            return err;
    }
}

static bool is_blank(struct sluice_str line)
{
    for (size_t i = 0; i < line.len; i++)
        if (line.bytes[i] != ' ' && line.bytes[i] != '\t' && line.bytes[i] != '\r')
            return false;
    return true;
}

/* The rest of a line that was too long for the window. */
static enum sluice_err skip_rest(struct json_lines *lines)
{
    bool cut = true;
    enum sluice_err err = SLUICE_OK;
    struct sluice_str rest;

    while (cut && !err)
        err = take_line(lines, &rest, &cut);
    return err;
}

int json_lines_next(struct json_lines *lines, struct json_line *line, enum sluice_err *err)
{
    struct sluice_str text;
    uint32_t fault;
    bool cut;

    do {
        if (lines->at_end && lines->len == 0)
            return 0;
        *err = take_line(lines, &text, &cut);
        if (*err)
            return -1;
        lines->number++;
    } while (is_blank(text));

    *line = (struct json_line){ .number = lines->number };
    line->reason = json_parse(lines->parser, &line->nodes, &line->count, &fault, lines->scratch, text);
    if (!line->reason && line->nodes[0].kind != JSON_OBJECT)
        line->reason = SLUICE_REASON_WRONG_TYPE;
    if (cut)
        *err = skip_rest(lines);
    return *err ? -1 : 1;
}
