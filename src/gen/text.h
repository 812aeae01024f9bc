/* Fast plain writing into memory that is known to be large enough. */
#ifndef GEN_TEXT_H
#define GEN_TEXT_H

#include <stdint.h>
#include <string.h>

/* at points behind what was written; the caller made the room. */
struct text { char *at; };

static inline void text_bytes(struct text *text, const char *bytes, size_t len)
{
    memcpy(text->at, bytes, len);
    text->at += len;
}

static inline void text_word(struct text *text, const char *word)
{
    text_bytes(text, word, strlen(word));
}

static inline void text_char(struct text *text, char c)
{
    *text->at++ = c;
}

/* Decimal with leading zeros up to `digits`. */
static inline void text_padded(struct text *text, uint64_t value, int digits)
{
    for (int i = digits; i-- > 0; value /= 10)
        text->at[i] = (char)('0' + value % 10);
    text->at += digits;
}

static inline void text_number(struct text *text, uint64_t value)
{
    char digits[20];
    int count = 0;

    do
        digits[count++] = (char)('0' + value % 10);
    while (value /= 10);
    while (count)
        *text->at++ = digits[--count];
}

static inline void text_hex(struct text *text, uint64_t value, int digits)
{
    for (int i = digits; i-- > 0; value >>= 4)
        text->at[i] = "0123456789abcdef"[value & 15];
    text->at += digits;
}

/** YYYY-MM-DDThh:mm:ss[.mmm] */
void text_instant(struct text *text, int64_t time_us);
#define TEXT_SESSION_SIZE 36
/** A UUID of these bits. */
void text_session(struct text *text, const uint64_t session[static 2]);
void text_address(struct text *text, const uint8_t *bytes, uint8_t len);
/** units * 10^-scale; zeros at the end are left out unless keep_zeros. */
void text_decimal(struct text *text, uint64_t units, uint32_t scale, int keep_zeros);

#endif
