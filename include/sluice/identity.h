/* The identifiers of SIMs, devices and networks as parsed types: once held,
 * valid. None of them carries a NUL, so no printf("%s") leaks one by accident. */
#ifndef SLUICE_IDENTITY_H
#define SLUICE_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>
#include "sluice/err.h"
#include "sluice/reason.h"
#include "sluice/str.h"

#define SLUICE_IMSI_DIGITS_MIN   6
#define SLUICE_IMSI_DIGITS_MAX   15
#define SLUICE_ICCID_DIGITS_MIN  18
#define SLUICE_ICCID_DIGITS_MAX  20
#define SLUICE_MSISDN_DIGITS_MIN 5
#define SLUICE_MSISDN_DIGITS_MAX 15
#define SLUICE_EID_DIGITS        32
#define SLUICE_IMEI_DIGITS       15
#define SLUICE_IMEISV_DIGITS     16
#define SLUICE_DIGITS_SIZE       32

/* Decimal digits, first digit first. Bytes not in use are zero, so two may be
 * compared, hashed and copied as plain bytes. digit_count 0: absent. */
struct sluice_imsi   { uint8_t digit_count; char digits[15]; };
struct sluice_iccid  { uint8_t digit_count; char digits[23]; };
struct sluice_msisdn { uint8_t digit_count; char digits[15]; };
struct sluice_eid    { uint8_t digit_count; char digits[39]; };
/* IMEI: always 15 digits with the check digit computed (networks send 0 there,
 * TS 23.003 6.2.1), or 16 digits for an IMEISV. The device is the first 14. */
struct sluice_imei   { uint8_t digit_count; char digits[23]; };

struct sluice_address {
    uint8_t len;         /* 4, 16, or 0 for absent */
    uint8_t bytes[16];   /* network order; bytes not in use are zero */
};

/* Public land mobile network. mnc_digits 0: absent. */
struct sluice_plmn {
    uint16_t mcc;        /* 0..999 */
    uint16_t mnc;        /* 0..999 */
    uint8_t mnc_digits;  /* 2 or 3 */
};

/* Each parser sets its output only when it returns SLUICE_REASON_NONE; else it
 * returns the reason that the record is quarantined with.
 * Source: 3GPP TS 23.003 2.2 (IMSI), 3.3 (MSISDN), 6.2 (IMEI), ITU-T E.118
 * (ICCID, Luhn), GSMA SGP.02 (EID, ISO 7064 MOD 97-10). */
enum sluice_reason sluice_imsi_parse(struct sluice_imsi *imsi, struct sluice_str text);
/** 18 or 19 digits ending in their Luhn digit, or 20 where the last is one
 *  (or a padding F, which is taken off). */
enum sluice_reason sluice_iccid_parse(struct sluice_iccid *iccid, struct sluice_str text);
/** A leading + is taken off; a leading 0 is refused, as no country code starts with it. */
enum sluice_reason sluice_msisdn_parse(struct sluice_msisdn *msisdn, struct sluice_str text);
enum sluice_reason sluice_eid_parse(struct sluice_eid *eid, struct sluice_str text);
/** 14 digits, 15 with a right or a zero check digit, or 16 (IMEISV). */
enum sluice_reason sluice_imei_parse(struct sluice_imei *imei, struct sluice_str text);
enum sluice_reason sluice_address_parse(struct sluice_address *address, struct sluice_str text);

/** mnc as text keeps its length; a one-digit MNC, or one below 100 given as a
 *  number (mnc_is_number), gets its length from the table of countries in
 *  plmn.c, and is refused where that country uses both lengths (001 and 999,
 *  the test networks, do). Leading zeros lost from mcc come back: it has three digits. */
enum sluice_reason sluice_plmn_parse(struct sluice_plmn *plmn, struct sluice_str mcc,
                                     struct sluice_str mnc, bool mnc_is_number);

/** The home network that an IMSI names: SLUICE_REASON_BAD_PLMN where the
 *  length of the MNC is not known for that country. */
enum sluice_reason sluice_plmn_of_imsi(struct sluice_plmn *plmn, const struct sluice_imsi *imsi);

#define SLUICE_PLMN_TEXT_SIZE 7
/** MCC and MNC as 5 or 6 digits and a NUL. */
void sluice_plmn_format(char text[static SLUICE_PLMN_TEXT_SIZE], const struct sluice_plmn *plmn);

/** The Luhn digit of digits[0..count), '0'..'9' (ISO/IEC 7812-1 annex B). */
char sluice_luhn_digit(const char *digits, size_t count);

#endif
