/* A growing run of bytes with a limit, for building frames and texts. */
#ifndef SLUICE_BUFFER_H
#define SLUICE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "sluice/err.h"
#include "sluice/str.h"

struct sluice_buffer {
    uint8_t *bytes;
    size_t len;
    size_t capacity;
    size_t size_max;   /* growth beyond this fails */
    bool failed;       /* an append did not fit: every later append is ignored too */
};

void sluice_buffer_init(struct sluice_buffer *buffer, size_t size_max);
void sluice_buffer_deinit(struct sluice_buffer *buffer);
void sluice_buffer_clear(struct sluice_buffer *buffer);   /* len 0 and not failed; memory kept */

/** Appends are chained without checks; look at sluice_buffer_err() once at the end. */
void sluice_buffer_append(struct sluice_buffer *buffer, const void *bytes, size_t len);
void sluice_buffer_append_str(struct sluice_buffer *buffer, struct sluice_str text);
void sluice_buffer_append_text(struct sluice_buffer *buffer, const char *text);
__attribute__((format(printf, 2, 3)))
void sluice_buffer_printf(struct sluice_buffer *buffer, const char *format, ...);
void sluice_buffer_append_u8(struct sluice_buffer *buffer, uint8_t value);
void sluice_buffer_append_u32(struct sluice_buffer *buffer, uint32_t value);   /* little endian */
void sluice_buffer_append_u64(struct sluice_buffer *buffer, uint64_t value);   /* little endian */

/** Room for len bytes at the end, len already counted; NULL when it does not fit. */
uint8_t *sluice_buffer_reserve(struct sluice_buffer *buffer, size_t len);

/** SLUICE_OK, or SLUICE_ERR_MEMORY when an append did not fit. */
SLUICE_MUST_CHECK
enum sluice_err sluice_buffer_err(const struct sluice_buffer *buffer);

/** Append text as a JSON string with its quotes; bytes that are no UTF-8 become U+FFFD. */
void sluice_buffer_append_json(struct sluice_buffer *buffer, struct sluice_str text);

/* Taking a frame apart again: a cursor that refuses to run over the end. */
struct sluice_cursor {
    const uint8_t *at;
    const uint8_t *end;
    bool failed;       /* something was taken that is not there; all later results are zero */
};

uint8_t sluice_cursor_u8(struct sluice_cursor *cursor);
uint32_t sluice_cursor_u32(struct sluice_cursor *cursor);
uint64_t sluice_cursor_u64(struct sluice_cursor *cursor);
const uint8_t *sluice_cursor_bytes(struct sluice_cursor *cursor, size_t len);   /* NULL when short */

#endif
