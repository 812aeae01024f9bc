/* What the gate must not do for each record, counted: calls of malloc and its
 * kin and of locks from anywhere in the process (the libraries too, as the
 * program's own functions come before libc's), and system calls as another
 * process sees them. */
#ifndef BENCH_COUNT_H
#define BENCH_COUNT_H

#include <stdbool.h>
#include <stdint.h>

struct bench_counts {
    uint64_t allocations;
    uint64_t locks;
    uint64_t system_calls;
};

/** Before anything that a fork may not see. */
void bench_count_prepare(void);
void bench_count_begin(void);
/** Returns false when system calls could not be counted: nobody may trace here. */
bool bench_count_end(struct bench_counts *counts);

#endif
