/* Decimal text as integers: nothing that is billed passes through a float. */
#ifndef FEED_DECIMAL_H
#define FEED_DECIMAL_H

#include <stdbool.h>
#include <stdint.h>
#include "sluice/str.h"

#define DECIMAL_DIGITS_MAX 28   /* significant ones: times 2^30 they fit 128 bits */
#define DECIMAL_EXPONENT_MAX 40

/* units * 10^-scale, without zeros at the end of decimals: 1.0 is 1 with scale 0, 1e3 is 1 with scale -3. */
struct decimal {
    unsigned __int128 units;
    int scale;
    bool negative;
};

/** Parse a number as JSON writes it: -0.15, 1.0, 2e-3; leading zeros are allowed.
 *  Returns false, and leaves value alone, on anything else and beyond the limits. */
bool decimal_parse(struct decimal *value, struct sluice_str text);

/** value in units of `octets` octets each (1 for B, 1000000 or 1048576 for MB).
 *  A fraction of an octet is refused where octets is a power of ten, as six
 *  decimals of a megabyte are whole octets; in binary units such decimals
 *  never are, so there the nearest octet is taken, halves up.
 *  Returns false also for negative values and beyond 2^63 - 1 octets. */
bool decimal_to_octets(uint64_t *result, const struct decimal *value, uint64_t octets);

/** A whole number from 0 to maximum. */
bool decimal_to_whole(uint64_t *result, const struct decimal *value, uint64_t maximum);

/** units * 10^-scale with 0 <= scale <= 18: an amount of money. */
bool decimal_to_amount(int64_t *units, uint8_t *scale, const struct decimal *value);

#endif
