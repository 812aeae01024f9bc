/* The traffic of the gate's benchmark. */
#ifndef BENCH_RECORDS_H
#define BENCH_RECORDS_H

#include <stdint.h>
#include "sluice/buffer.h"

uint64_t bench_mix(uint64_t x);

/** The digits of a SIM's ICCID. */
void bench_iccid(char iccid[static 19], uint64_t sim);

/** Append the n-th record, of a SIM, as one of a framed batch. n makes its id and its volumes. */
void bench_record_write(struct sluice_buffer *out, uint64_t n, uint64_t sim, int64_t start_us);

#endif
