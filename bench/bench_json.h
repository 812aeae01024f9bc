/* The JSON parser alone: yajl over lines of JSON, with callbacks that do nothing. */
#ifndef BENCH_JSON_H
#define BENCH_JSON_H

#include <stddef.h>

/** Returns how many lines were parsed. */
size_t bench_json(const char *bytes, size_t len);

#endif
