/* How long a mobile network code is depends on the country, and a few
 * countries use both lengths.
 *
 * Both tables are facts derived from mcc-mnc-list 1.1.11 (npm, MIT licence),
 * 3,094 networks; assignments end up in ITU-T's operational bulletins. A code
 * that is listed with both lengths under the same two digits has none. */
#include "sluice/identity.h"

#include <assert.h>
#include <string.h>

#include "record/digits.h"
#include "record/plmn.h"

/* One character for each MCC: '2' or '3' digits, 'm' for both (mixed), '.' for
 * a code that no country has. */
static const char length_of_mcc[10][101] = {
    ".m..................................................................................................",
    "....................................................................................................",
    "..2.2.2.m...22m.2.22222...2.2.222.22..2.2.2.2.222.m....m.2.22.2...2.2.2.2.2.2.2.2.222.2.222.2222.2..",
    "..3.....2.m333333.............3...3...m.2.3.3.3.3.m.3.3.3.3.3.22233.2.2.2.m.3.......................",
    "222.2m....2.22222222222.222222..2.2.222.2m........2.2.2222..2.....2m..2.2...........................",
    "..m..2....2...22....2....2..2.2.....22.22222222222222222............................................",
    "..222222222222222222222222222222222222222222.22222222222.222........................................",
    "..2.2.2.3.m.2.m.2.....3.2.....2.3.2.2.m.2.2.2.2.2.3.................................................",
    "....................................................................................................",
    ".22........................................................................................2...2...m",
};

/* Where a country uses both, the first two digits of most codes tell: the
 * length of the codes that start with 00, 01, ... 99, '.' where none does, or
 * both. */
static const struct {
    uint16_t mcc;
    char length_of_start[101];
} mixed_countries[] = {
    {   1, "32.................................................................................................." },
    { 208, ".222222222222222222222222222222222222222..............................33..............2222222222222." },
    { 214, ".22222222222222222222222222222222222222............2..................3............................." },
    { 250, ".22222222222222222222222..2222..2222..222...22....2...2....2222..................3.........222..22.2" },
    { 255, "22222222222..........2.2.2............................................3...........................22" },
    { 310, "33333333333333333333333333333333333333333333333333333333333.3333333333333333333333333333333333333333" },
    { 338, "..3.3..33..3......3................................................................................." },
    { 350, ".22..2.....2...2...................................................................................." },
    { 374, ".2............3.....2..............................................................................." },
    { 405, ".23..22222222222.2222222...........................222222.........22..2....3...3333333333.333......." },
    { 441, "22........2.........33.....................................................................2........" },
    { 467, ".....22............3................................................................................" },
    { 502, ".2........22222322222..............................................................................." },
    { 710, ".....................2........3..........................................2.........................." },
    { 714, ".2.222.............................................................................................." },
    { 738, ".2..32.............................................................................................." },
    { 999, "...................................................................................................." },
};

/* 2 or 3, or 0 where only more of the code could tell. */
static unsigned length_of_country(unsigned mcc)
{
    const char length = length_of_mcc[mcc / 100][mcc % 100];

    return length == '2' || length == '3' ? (unsigned)(length - '0') : 0;
}

static unsigned length_of_start(unsigned mcc, unsigned first_two)
{
    for (size_t i = 0; i < sizeof mixed_countries / sizeof mixed_countries[0]; i++) {
        const char length = mixed_countries[i].length_of_start[first_two];

        if (mixed_countries[i].mcc == mcc)
            return length == '.' ? 0 : (unsigned)(length - '0');
    }
    return 0;
}

static unsigned number_of(const char *digits, size_t count)
{
    unsigned number = 0;

    for (size_t i = 0; i < count; i++)
        number = number * 10 + (unsigned)(digits[i] - '0');
    return number;
}

enum sluice_reason record_plmn_repair(struct sluice_plmn *plmn, uint32_t mcc, uint32_t mnc)
{
    if (mcc > 999 || mnc > 999)
        return SLUICE_REASON_BAD_PLMN;

    /* Three digits without a leading zero are whole, whoever wrote them. */
    const unsigned length = mnc >= 100 ? 3 : length_of_country(mcc);
    if (length == 0)
        return SLUICE_REASON_BAD_PLMN;

    *plmn = (struct sluice_plmn){ (uint16_t)mcc, (uint16_t)mnc, (uint8_t)length };
    return SLUICE_REASON_NONE;
}

enum sluice_reason sluice_plmn_parse(struct sluice_plmn *plmn, struct sluice_str mcc,
                                     struct sluice_str mnc, bool mnc_is_number)
{
    if (mcc.len < 1 || mcc.len > 3 || !record_all_digits(mcc.bytes, mcc.len) || mnc.len < 1 ||
        mnc.len > 3 || !record_all_digits(mnc.bytes, mnc.len))
        return SLUICE_REASON_BAD_PLMN;

    const unsigned country = number_of(mcc.bytes, mcc.len);
    const unsigned network = number_of(mnc.bytes, mnc.len);

    if (mnc_is_number || mnc.len == 1)
        return record_plmn_repair(plmn, country, network);

    *plmn = (struct sluice_plmn){ (uint16_t)country, (uint16_t)network, (uint8_t)mnc.len };
    return SLUICE_REASON_NONE;
}

enum sluice_reason sluice_plmn_of_imsi(struct sluice_plmn *plmn, const struct sluice_imsi *imsi)
{
    assert(imsi->digit_count >= SLUICE_IMSI_DIGITS_MIN);

    const unsigned mcc = number_of(imsi->digits, 3);
    unsigned length = length_of_country(mcc);

    if (length == 0)
        length = length_of_start(mcc, number_of(imsi->digits + 3, 2));
    if (length == 0)
        return SLUICE_REASON_BAD_PLMN;

    *plmn = (struct sluice_plmn){ (uint16_t)mcc, (uint16_t)number_of(imsi->digits + 3, length), (uint8_t)length };
    return SLUICE_REASON_NONE;
}

void sluice_plmn_format(char text[static SLUICE_PLMN_TEXT_SIZE], const struct sluice_plmn *plmn)
{
    assert(plmn->mcc <= 999 && plmn->mnc <= 999 && (plmn->mnc_digits == 2 || plmn->mnc_digits == 3));

    char *at = text;
    for (unsigned unit = 100; unit > 0; unit /= 10)
        *at++ = (char)('0' + plmn->mcc / unit % 10);
    for (unsigned unit = plmn->mnc_digits == 3 ? 100 : 10; unit > 0; unit /= 10)
        *at++ = (char)('0' + plmn->mnc / unit % 10);
    *at = '\0';
}
