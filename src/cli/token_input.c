#include "cli/token_input.h"

#include <stdlib.h>
#include <string.h>

#include "json/json.h"

static int value_of(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    digit |= 0x20;
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static bool take_hex(uint8_t *out, size_t size, struct sluice_str text)
{
    if (text.len != 2 * size)
        return false;
    for (size_t i = 0; i < size; i++) {
        const int high = value_of(text.bytes[2 * i]), low = value_of(text.bytes[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static bool take_pair(struct token_line *line, struct sluice_str pseudonym, struct sluice_str token)
{
    return take_hex(line->pseudonym, sizeof line->pseudonym, pseudonym) &&
           take_hex(line->token, sizeof line->token, token);
}

static bool take_words(struct token_line *line, struct sluice_str text)
{
    const char *space = memchr(text.bytes, ' ', text.len);

    if (!space)
        return false;
    const size_t len = (size_t)(space - text.bytes);
    return take_pair(line, (struct sluice_str){ text.bytes, len },
                     (struct sluice_str){ space + 1, text.len - len - 1 });
}

/* *present is false for a row without token. */
static bool take_row(struct token_line *line, bool *present, struct json_parser *parser, char *scratch,
                     struct sluice_str text)
{
    const struct json_node *nodes;
    size_t count;
    uint32_t fault;

    if (json_parse(parser, &nodes, &count, &fault, scratch, text) != SLUICE_REASON_NONE)
        return false;
    const struct json_node *pseudonym = json_member(nodes, 0, "subject_pseudonym");
    const struct json_node *token = json_member(nodes, 0, "token");
    *present = token != NULL;
    return !token || (pseudonym && take_pair(line, pseudonym->text, token->text));
}

static enum sluice_err add(struct token_input *input, const struct token_line *line)
{
    if (input->count == TOKENS_MAX)
        return SLUICE_ERR_LIMIT;
    if (input->count == input->capacity) {
        const size_t capacity = input->capacity ? 2 * input->capacity : 256;
        struct token_line *list = realloc(input->list, capacity * sizeof *list);

        if (!list)
            return SLUICE_ERR_MEMORY;
        input->list = list;
        input->capacity = capacity;
    }
    input->list[input->count++] = *line;
    return SLUICE_OK;
}

static struct sluice_str trim(const char *text, size_t len)
{
    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r' || text[len - 1] == ' '))
        len--;
    return (struct sluice_str){ text, len };
}

static enum sluice_err take_line(struct token_input *input, struct json_parser *parser, char *scratch,
                                 struct sluice_str text)
{
    struct token_line line;
    bool present = true;

    if (text.len == 0)
        return SLUICE_OK;
    if (text.len > JSON_SIZE_MAX)
        return SLUICE_ERR_FORMAT;
    const bool good =
        text.bytes[0] == '{' ? take_row(&line, &present, parser, scratch, text) : take_words(&line, text);
    if (!good)
        return SLUICE_ERR_FORMAT;
    return present ? add(input, &line) : SLUICE_OK;
}

enum sluice_err token_input_read(struct token_input *input, size_t *line_number, FILE *file)
{
    struct json_parser *parser = NULL;
    char *scratch = malloc(JSON_SIZE_MAX), *text = NULL;
    size_t capacity = 0;
    ssize_t len;
    enum sluice_err err = scratch ? json_parser_new(&parser) : SLUICE_ERR_MEMORY;

    *line_number = 0;
    while (!err && (len = getline(&text, &capacity, file)) > 0) {
        ++*line_number;
        err = take_line(input, parser, scratch, trim(text, (size_t)len));
    }
    if (!err && ferror(file))
        err = SLUICE_ERR_IO;
    json_parser_free(parser);
    free(scratch);
    free(text);
    return err;
}

void token_input_free(struct token_input *input)
{
    free(input->list);
    *input = (struct token_input){ .list = NULL };
}
