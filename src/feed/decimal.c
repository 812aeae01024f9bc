#include "feed/decimal.h"

#define OCTETS_MAX ((unsigned __int128)INT64_MAX)
#define POWER_MAX 38   /* 10^38 is the last power of ten below 2^128 */

static unsigned __int128 power_of_ten(int exponent)
{
    unsigned __int128 power = 1;

    while (exponent-- > 0)
        power *= 10;
    return power;
}

/* The digits being read. Zeros behind the point are held back until a digit
 * follows them, so that trailing ones never count. */
struct digits {
    unsigned __int128 units;
    int count;              /* significant digits in units */
    int zeros;              /* held back */
    int scale;              /* decimals in units */
};

static bool add_digits(struct digits *digits, int zeros, char c)
{
    if (digits->units)
        digits->count += zeros + 1;
    else
        digits->count = c != '0';
    if (digits->count > DECIMAL_DIGITS_MAX)
        return false;
    digits->units = digits->units * power_of_ten(zeros + 1) + (unsigned)(c - '0');
    return true;
}

/* At least one digit at *at. */
static bool take_digits(struct digits *digits, const char **at, const char *end, bool decimal)
{
    const char *start = *at;

    for (; *at < end && **at >= '0' && **at <= '9'; (*at)++) {
        if (decimal && **at == '0') {
            if (++digits->zeros > DECIMAL_EXPONENT_MAX)
                return false;
            continue;
        }
        if (!add_digits(digits, digits->zeros, **at))
            return false;
        digits->scale += decimal ? digits->zeros + 1 : 0;
        digits->zeros = 0;
    }
    return *at > start;
}

/* What nearly all numbers are: at most 18 digits, perhaps with a point, no
 * exponent. Returns false where it is something else, or nothing at all. */
static bool parse_short(struct decimal *value, const char *at, const char *end)
{
    const char *point = NULL;
    uint64_t units = 0;
    int scale = 0;

    if (at == end || end - at > 18)
        return false;
    for (const char *c = at; c < end; c++) {
        if (*c == '.' && !point && c > at && c + 1 < end)
            point = c;
        else if (*c >= '0' && *c <= '9')
            units = units * 10 + (uint64_t)(*c - '0');
        else
            return false;
    }
    if (point)
        scale = (int)(end - point) - 1;
    for (; scale > 0 && units % 10 == 0; scale--)
        units /= 10;
    *value = (struct decimal){ .units = units, .scale = scale };
    return true;
}

static bool take_exponent(int *exponent, const char **at, const char *end)
{
    const char *start;
    bool negative = false;

    if (*at < end && (**at == '+' || **at == '-'))
        negative = *(*at)++ == '-';
    start = *at;
    for (*exponent = 0; *at < end && **at >= '0' && **at <= '9'; (*at)++) {
        *exponent = *exponent * 10 + (**at - '0');
        if (*exponent > DECIMAL_EXPONENT_MAX)
            return false;
    }
    if (negative)
        *exponent = -*exponent;
    return *at > start;
}

bool decimal_parse(struct decimal *value, struct sluice_str text)
{
    const char *at = text.bytes, *end = text.bytes + text.len;
    struct digits digits = { 0 };
    bool negative = false;
    int exponent = 0;

    if (parse_short(value, at, end))
        return true;
    if (at < end && *at == '-') {
        negative = true;
        at++;
    }
    if (!take_digits(&digits, &at, end, false))
        return false;
    if (at < end && *at == '.') {
        at++;
        if (!take_digits(&digits, &at, end, true))
            return false;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        if (!take_exponent(&exponent, &at, end))
            return false;
    }
    if (at != end)
        return false;

    *value = (struct decimal){ 0 };
    if (digits.units)
        *value = (struct decimal){ digits.units, digits.scale - exponent, negative };
    return true;
}

/* product / 10^scale, rounded down; *rest tells whether something was lost, *half whether it was half or more. */
static unsigned __int128 divide(unsigned __int128 product, int scale, bool *rest, bool *half)
{
    if (scale > POWER_MAX) {
        *rest = product != 0;
        *half = false;
        return 0;
    }
    const unsigned __int128 divisor = power_of_ten(scale);
    const unsigned __int128 lost = product % divisor;
    *rest = lost != 0;
    *half = lost >= divisor - lost;
    return product / divisor;
}

/* units * 10^exponent, false beyond maximum. */
static bool raise(unsigned __int128 *units, int exponent, unsigned __int128 maximum)
{
    for (; exponent > 0; exponent--) {
        if (*units > maximum / 10)
            return false;
        *units *= 10;
    }
    return *units <= maximum;
}

bool decimal_to_octets(uint64_t *result, const struct decimal *value, uint64_t octets)
{
    const bool binary = octets > 1 && (octets & (octets - 1)) == 0;
    unsigned __int128 total = value->units * octets;
    bool rest = false, half = false;

    if (value->negative)
        return false;
    if (value->scale > 0)
        total = divide(total, value->scale, &rest, &half);
    else if (!raise(&total, -value->scale, OCTETS_MAX))
        return false;
    if (rest && !binary)
        return false;
    if (rest && half)
        total++;
    if (total > OCTETS_MAX)
        return false;
    *result = (uint64_t)total;
    return true;
}

bool decimal_to_whole(uint64_t *result, const struct decimal *value, uint64_t maximum)
{
    unsigned __int128 whole = value->units;

    if (value->negative || value->scale > 0 || !raise(&whole, -value->scale, maximum))
        return false;
    *result = (uint64_t)whole;
    return true;
}

bool decimal_to_amount(int64_t *units, uint8_t *scale, const struct decimal *value)
{
    unsigned __int128 amount = value->units;
    const int raised = value->scale < 0 ? -value->scale : 0;

    if (value->scale > 18 || !raise(&amount, raised, (unsigned __int128)INT64_MAX))
        return false;
    *units = value->negative ? -(int64_t)amount : (int64_t)amount;
    *scale = (uint8_t)(value->scale > 0 ? value->scale : 0);
    return true;
}
