/* Bytes as tests write them down. */
#ifndef TESTS_BYTES_H
#define TESTS_BYTES_H

#include <stdio.h>
#include <stdlib.h>

static inline void from_hex(uint8_t *out, const char *hex)
{
    for (size_t i = 0; hex[2 * i]; i++) {
        const char pair[3] = { hex[2 * i], hex[2 * i + 1], '\0' };

        out[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
}

static inline void assert_hex(const uint8_t *bytes, size_t len, const char *hex)
{
    char text[2 * 256 + 1];

    assert_true(len <= 256);
    for (size_t i = 0; i < len; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    assert_string_equal(text, hex);
}

/* 0, 1, 2 ... from first. */
static inline void fill(uint8_t *bytes, size_t len, uint8_t first)
{
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(first + i);
}

#endif
