#include "sluice/identity.h"

#include <assert.h>

#include "record/digits.h"

/* Compared, hashed and copied as plain bytes: no padding anywhere. */
static_assert(sizeof(struct sluice_imsi) == 16, "no padding");
static_assert(sizeof(struct sluice_iccid) == 24, "no padding");
static_assert(sizeof(struct sluice_msisdn) == 16, "no padding");
static_assert(sizeof(struct sluice_eid) == 40, "no padding");
static_assert(sizeof(struct sluice_imei) == 24, "no padding");

static bool digits_between(struct sluice_str text, size_t len_min, size_t len_max)
{
    return text.len >= len_min && text.len <= len_max && record_all_digits(text.bytes, text.len);
}

enum sluice_reason sluice_imsi_parse(struct sluice_imsi *imsi, struct sluice_str text)
{
    if (!digits_between(text, SLUICE_IMSI_DIGITS_MIN, SLUICE_IMSI_DIGITS_MAX))
        return SLUICE_REASON_BAD_IMSI;

    *imsi = (struct sluice_imsi){ .digit_count = (uint8_t)text.len };
    record_copy_short(imsi->digits, text.bytes, text.len);
    return SLUICE_REASON_NONE;
}

enum sluice_reason sluice_iccid_parse(struct sluice_iccid *iccid, struct sluice_str text)
{
    /* Ten bytes of swapped nibbles hold 19 digits and a filler. */
    if (text.len == SLUICE_ICCID_DIGITS_MAX && (text.bytes[19] == 'F' || text.bytes[19] == 'f'))
        text.len--;
    if (!digits_between(text, SLUICE_ICCID_DIGITS_MIN, SLUICE_ICCID_DIGITS_MAX))
        return SLUICE_REASON_BAD_ICCID;
    if (sluice_luhn_digit(text.bytes, text.len - 1) != text.bytes[text.len - 1])
        return SLUICE_REASON_BAD_ICCID;

    *iccid = (struct sluice_iccid){ .digit_count = (uint8_t)text.len };
    record_copy_long(iccid->digits, text.bytes, text.len);
    return SLUICE_REASON_NONE;
}

enum sluice_reason sluice_msisdn_parse(struct sluice_msisdn *msisdn, struct sluice_str text)
{
    if (text.len > 0 && text.bytes[0] == '+')
        text = (struct sluice_str){ text.bytes + 1, text.len - 1 };
    if (!digits_between(text, SLUICE_MSISDN_DIGITS_MIN, SLUICE_MSISDN_DIGITS_MAX))
        return SLUICE_REASON_BAD_MSISDN;
    /* No country code starts with 0 (ITU-T E.164 annex A): this is a national
     * number or carries a dialling prefix, and whose is not to be guessed. */
    if (text.bytes[0] == '0')
        return SLUICE_REASON_BAD_MSISDN;

    *msisdn = (struct sluice_msisdn){ .digit_count = (uint8_t)text.len };
    record_copy_short(msisdn->digits, text.bytes, text.len);
    return SLUICE_REASON_NONE;
}

/* Remainder of 16 digits by 97. */
static unsigned remainder_97(const char *digits)
{
    uint64_t number = 0;

    for (size_t i = 0; i < 16; i++)
        number = number * 10 + (uint64_t)(digits[i] - '0');
    return (unsigned)(number % 97);
}

enum sluice_reason sluice_eid_parse(struct sluice_eid *eid, struct sluice_str text)
{
    if (!digits_between(text, SLUICE_EID_DIGITS, SLUICE_EID_DIGITS))
        return SLUICE_REASON_BAD_EID;
    /* 10^16 mod 97 is 62; a number with right check digits leaves 1. */
    if ((remainder_97(text.bytes) * 62 + remainder_97(text.bytes + 16)) % 97 != 1)
        return SLUICE_REASON_BAD_EID;

    *eid = (struct sluice_eid){ .digit_count = SLUICE_EID_DIGITS };
    record_copy_long(eid->digits, text.bytes, text.len);
    return SLUICE_REASON_NONE;
}

enum sluice_reason sluice_imei_parse(struct sluice_imei *imei, struct sluice_str text)
{
    if (!digits_between(text, SLUICE_IMEI_DIGITS - 1, SLUICE_IMEISV_DIGITS))
        return SLUICE_REASON_BAD_IMEI;
    if (text.len == SLUICE_IMEISV_DIGITS) {
        *imei = (struct sluice_imei){ .digit_count = SLUICE_IMEISV_DIGITS };
        record_copy_short(imei->digits, text.bytes, SLUICE_IMEISV_DIGITS);
        return SLUICE_REASON_NONE;
    }

    const char check = sluice_luhn_digit(text.bytes, SLUICE_IMEI_DIGITS - 1);
    if (text.len == SLUICE_IMEI_DIGITS && text.bytes[14] != check && text.bytes[14] != '0')
        return SLUICE_REASON_BAD_IMEI;

    *imei = (struct sluice_imei){ .digit_count = SLUICE_IMEI_DIGITS };
    record_copy_short(imei->digits, text.bytes, SLUICE_IMEI_DIGITS - 1);
    imei->digits[SLUICE_IMEI_DIGITS - 1] = check;
    return SLUICE_REASON_NONE;
}
