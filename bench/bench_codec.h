/* The reference of the gate's benchmark: the public codec. */
#ifndef BENCH_CODEC_H
#define BENCH_CODEC_H

#include <stddef.h>
#include <stdint.h>

/** Unpack every raw record of a batch with protobuf-c and pack four rows of what
 *  it holds, as the four purposes of gate.yaml show it. Returns octets packed. */
size_t bench_codec(const uint8_t *bytes, size_t len);

#endif
