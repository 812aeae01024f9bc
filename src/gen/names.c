/* What SIMs and devices are called. Numbers are spread over their range by an
 * affine map, which is one to one, so none occurs twice and neighbours do not
 * look like neighbours. */
#include <string.h>

#include "gen/dice.h"
#include "gen/fleet.h"

/* n to a place of its own among 10^digits; factor is odd and no multiple of 5. */
static void spread(char *out, int digits, uint64_t n, uint64_t factor, uint64_t shift)
{
    uint64_t range = 1;

    for (int i = 0; i < digits; i++)
        range *= 10;

    uint64_t place = (uint64_t)(((unsigned __int128)n * factor + shift) % range);
    for (int i = digits; i-- > 0; place /= 10)
        out[i] = (char)('0' + place % 10);
}

static uint64_t shift_of(const struct world *world, uint64_t kind)
{
    return dice_throw(world->seed, 200, kind) >> 1;
}

char fleet_luhn(const char *digits, int count)
{
    int sum = 0;

    for (int i = count - 1, double_it = 1; i >= 0; i--, double_it = !double_it) {
        const int digit = digits[i] - '0';

        sum += double_it ? digit * 2 / 10 + digit * 2 % 10 : digit;
    }
    return (char)('0' + (10 - sum % 10) % 10);
}

void fleet_imsi(char digits[static FLEET_IMSI_DIGITS], const struct world *world, uint64_t sim)
{
    memcpy(digits, sim % 3 ? "00101" : "99999", 5);
    spread(digits + 5, 10, sim, UINT64_C(6180339887), shift_of(world, 1));
}

void fleet_iccid(char digits[static FLEET_ICCID_DIGITS], const struct world *world, uint64_t sim)
{
    memcpy(digits, "899901", 6);
    spread(digits + 6, 12, sim, UINT64_C(314159265359), shift_of(world, 2));
    digits[18] = fleet_luhn(digits, 18);
}

void fleet_msisdn(char digits[static FLEET_MSISDN_DIGITS], const struct world *world, uint64_t number)
{
    memcpy(digits, number % 2 ? "999" : "883", 3);
    spread(digits + 3, 10, number, UINT64_C(2718281829), shift_of(world, 3));
}

/* ISO 7064 MOD 97-10 over 32 digits: the number modulo 97 is 1. */
void fleet_eid(char digits[static FLEET_EID_DIGITS], const struct world *world, uint64_t sim)
{
    uint32_t rest = 0;

    memcpy(digits, "899900000000000000", 18);
    spread(digits + 18, 12, sim, UINT64_C(141421356237), shift_of(world, 4));
    for (int i = 0; i < 30; i++)
        rest = (rest * 10 + (uint32_t)(digits[i] - '0')) % 97;
    rest = 98 - rest * 100 % 97;
    digits[30] = (char)('0' + rest / 10);
    digits[31] = (char)('0' + rest % 10);
}

/* A type allocation code of the test range for every million devices of a model. */
void fleet_imei(char digits[static FLEET_IMEI_DIGITS], const struct world *world, uint64_t device)
{
    memcpy(digits, "0010", 4);
    spread(digits + 4, 2, dice_throw(world->seed, 201, device) % 12, 7, 0);
    spread(digits + 6, 2, device / 1000000, 1, 0);
    spread(digits + 8, 6, device % 1000000, UINT64_C(577217), shift_of(world, 5));
}

uint8_t fleet_address(uint8_t bytes[static 16], const struct world *world, uint64_t sim)
{
    const uint64_t throw = dice_throw(world->seed, 202, sim);

    if (!fleet_is_canary(world, sim) && throw % 10) {
        const uint32_t host = dice_below(throw, 1 << 17);

        bytes[0] = 198;
        bytes[1] = (uint8_t)(18 + (host >> 16));
        bytes[2] = (uint8_t)(host >> 8);
        bytes[3] = (uint8_t)host;
        return 4;
    }
    memcpy(bytes, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\0", 16);
    for (int i = 0; i < 4; i++) {
        bytes[4 + i] = (uint8_t)(throw >> (8 * i));
        bytes[15 - i] = (uint8_t)(sim >> (8 * i));
    }
    return 16;
}
