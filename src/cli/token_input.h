/* What tokens somebody wants opened: lines of standard input. */
#ifndef CLI_TOKEN_INPUT_H
#define CLI_TOKEN_INPUT_H

#include <stdio.h>
#include "sluice/crypto.h"
#include "sluice/err.h"

#define TOKENS_MAX 100000   /* of one request: a whole fleet is not opened by one */

struct token_line {
    uint8_t pseudonym[SLUICE_PSEUDONYM_SIZE];
    uint8_t token[SLUICE_TOKEN_SIZE];
};

struct token_input {
    struct token_line *list;
    size_t count;
    size_t capacity;
};

/** Read lines "PSEUDONYM TOKEN" in hex, or rows as 'sluice cat --json' prints
 *  them, of which those without token are passed over.
 *  Out: line_number  where reading stopped
 *  Returns SLUICE_ERR_FORMAT at the first line that is neither, SLUICE_ERR_LIMIT,
 *  SLUICE_ERR_IO, SLUICE_ERR_MEMORY. */
SLUICE_MUST_CHECK
enum sluice_err token_input_read(struct token_input *input, size_t *line_number, FILE *file);
void token_input_free(struct token_input *input);

#endif
