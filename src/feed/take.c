#include "feed/take.h"

#include <string.h>

#include "sluice/clock.h"

enum sluice_reason take_text(struct sluice_str *field, struct sluice_str text)
{
    if (!sluice_text_valid(text))
        return SLUICE_REASON_BAD_TEXT;
    *field = text;
    return SLUICE_REASON_NONE;
}

static enum sluice_reason set_time(struct sluice_record *record, int number, int64_t *field, int64_t time_us)
{
    if (time_us < SLUICE_TIME_MIN_US || time_us >= SLUICE_TIME_MAX_US)
        return SLUICE_REASON_BAD_TIME;
    *field = time_us;
    record->present |= SLUICE_HAS(number);
    return SLUICE_REASON_NONE;
}

enum sluice_reason take_time(struct sluice_record *record, int number, int64_t *field, struct sluice_str text)
{
    int64_t time_us;
    int offset_min;
    bool zone_given;

    if (sluice_time_parse(&time_us, &offset_min, &zone_given, text))
        return SLUICE_REASON_BAD_TIME;
    return set_time(record, number, field, time_us);
}

enum sluice_reason take_unix_time(struct sluice_record *record, int number, int64_t *field,
                                  struct sluice_str text, int64_t unit_us)
{
    struct decimal value;
    uint64_t units;

    if (!decimal_parse(&value, text) ||
        !decimal_to_whole(&units, &value, (uint64_t)(SLUICE_TIME_MAX_US / unit_us)))
        return SLUICE_REASON_BAD_TIME;
    return set_time(record, number, field, (int64_t)units * unit_us);
}

enum sluice_reason take_whole(struct sluice_record *record, int number, uint64_t *field,
                              struct sluice_str text, enum sluice_reason bad)
{
    struct decimal value;

    if (!decimal_parse(&value, text) || !decimal_to_whole(field, &value, (uint64_t)INT64_MAX))
        return bad;
    record->present |= SLUICE_HAS(number);
    return SLUICE_REASON_NONE;
}

enum sluice_reason take_whole_32(struct sluice_record *record, int number, uint32_t *field,
                                 struct sluice_str text, enum sluice_reason bad)
{
    struct decimal value;
    uint64_t whole;

    if (!decimal_parse(&value, text) || !decimal_to_whole(&whole, &value, UINT32_MAX))
        return bad;
    *field = (uint32_t)whole;
    record->present |= SLUICE_HAS(number);
    return SLUICE_REASON_NONE;
}

enum sluice_reason take_octets(struct sluice_record *record, int number, uint64_t *field,
                               struct sluice_str text, uint64_t unit)
{
    struct decimal value;

    if (!decimal_parse(&value, text) || !decimal_to_octets(field, &value, unit))
        return SLUICE_REASON_BAD_VOLUME;
    record->present |= SLUICE_HAS(number);
    return SLUICE_REASON_NONE;
}

enum sluice_reason take_charge(struct sluice_record *record, struct sluice_str text)
{
    struct decimal value;

    if (!decimal_parse(&value, text) || !decimal_to_amount(&record->charge_units, &record->charge_scale, &value))
        return SLUICE_REASON_BAD_CHARGE;
    record->present |= SLUICE_HAS(SLUICE_RAW_CHARGE);
    return SLUICE_REASON_NONE;
}

enum sluice_reason take_currency(struct sluice_record *record, struct sluice_str text)
{
    if (text.len != sizeof record->currency)
        return SLUICE_REASON_BAD_CHARGE;
    for (size_t i = 0; i < text.len; i++)
        if (text.bytes[i] < 'A' || text.bytes[i] > 'Z')
            return SLUICE_REASON_BAD_CHARGE;
    memcpy(record->currency, text.bytes, text.len);
    return SLUICE_REASON_NONE;
}

enum sluice_reason take_check(const struct sluice_record *record)
{
    if (record->service == SLUICE_SERVICE_UNKNOWN)
        return SLUICE_REASON_UNKNOWN_SERVICE;
    if (!(record->present & SLUICE_HAS(SLUICE_RAW_START)))
        return SLUICE_REASON_MISSING_REQUIRED;
    if ((record->present & SLUICE_HAS(SLUICE_RAW_END)) && record->end_us < record->start_us)
        return SLUICE_REASON_TIME_ORDER;
    if ((record->present & SLUICE_HAS(SLUICE_RAW_CHARGE)) && !record->currency[0])
        return SLUICE_REASON_BAD_CHARGE;
    if (!record->iccid.digit_count && !record->imsi.digit_count && !record->msisdn.digit_count &&
        !record->eid.digit_count)
        return SLUICE_REASON_NO_SUBJECT;
    if (record->tenant.len == 0)
        return SLUICE_REASON_NO_CONTROLLER;
    return SLUICE_REASON_NONE;
}
