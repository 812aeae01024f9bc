#include "bench_json.h"

#include <string.h>

#include <yajl/yajl_parse.h>

static int nothing(void *self)
{
    (void)self;
    return 1;
}

static int no_boolean(void *self, int value)
{
    (void)self, (void)value;
    return 1;
}

static int no_number(void *self, const char *text, size_t len)
{
    (void)self, (void)text, (void)len;
    return 1;
}

static int no_text(void *self, const unsigned char *text, size_t len)
{
    (void)self, (void)text, (void)len;
    return 1;
}

static yajl_handle new_handle(void)
{
    static const yajl_callbacks callbacks = {
        .yajl_null = nothing,
        .yajl_boolean = no_boolean,
        .yajl_number = no_number,
        .yajl_string = no_text,
        .yajl_start_map = nothing,
        .yajl_map_key = no_text,
        .yajl_end_map = nothing,
        .yajl_start_array = nothing,
        .yajl_end_array = nothing,
    };
    const yajl_handle handle = yajl_alloc(&callbacks, NULL, NULL);

    yajl_config(handle, yajl_allow_multiple_values, 1);
    yajl_config(handle, yajl_dont_validate_strings, 1);
    return handle;
}

size_t bench_json(const char *bytes, size_t len)
{
    const char *at = bytes, *end = bytes + len;
    yajl_handle handle = new_handle();
    size_t parsed = 0;

    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const size_t line = newline ? (size_t)(newline - at) : (size_t)(end - at);

        if (yajl_parse(handle, (const unsigned char *)at, line) == yajl_status_ok) {
            parsed++;
        } else {
            yajl_free(handle);   /* after a broken line it parses no other */
            handle = new_handle();
        }
        at += line + 1;
    }
    yajl_free(handle);
    return parsed;
}
