#include "feed/csv_field.h"

#include <assert.h>
#include <string.h>

#include "feed/decimal.h"
#include "feed/take.h"

static const struct csv_word services[] = {
    { "data", SLUICE_SERVICE_DATA },
    { "sms-mo", SLUICE_SERVICE_SMS_MO },
    { "sms-mt", SLUICE_SERVICE_SMS_MT },
    { "voice-mo", SLUICE_SERVICE_VOICE_MO },
    { "voice-mt", SLUICE_SERVICE_VOICE_MT },
    { "nidd", SLUICE_SERVICE_NIDD },
    { "signalling", SLUICE_SERVICE_SIGNALLING },
    { NULL, 0 },
};
static const struct csv_word events[] = {
    { "update-location", SLUICE_SIGNALLING_UPDATE_LOCATION },
    { "update-gprs-location", SLUICE_SIGNALLING_UPDATE_GPRS_LOCATION },
    { "create-pdp", SLUICE_SIGNALLING_CREATE_PDP },
    { "update-pdp", SLUICE_SIGNALLING_UPDATE_PDP },
    { "delete-pdp", SLUICE_SIGNALLING_DELETE_PDP },
    { "purge-location", SLUICE_SIGNALLING_PURGE_LOCATION },
    { "purge-gprs-location", SLUICE_SIGNALLING_PURGE_GPRS_LOCATION },
    { NULL, 0 },
};
static const struct csv_word counter_modes[] = {
    { "delta", SLUICE_COUNTER_DELTA },
    { "cumulative", SLUICE_COUNTER_CUMULATIVE },
    { NULL, 0 },
};
static const struct csv_word contracts[] = {
    { "none", SLUICE_CONTRACT_NONE },
    { "individual", SLUICE_CONTRACT_INDIVIDUAL },
    { "business", SLUICE_CONTRACT_BUSINESS },
    { NULL, 0 },
};

#define AT(member) offsetof(struct sluice_record, member)
#define TEXT(name)                                                                                           \
    {                                                                                                        \
#name, CSV_TEXT, 0, AT(name), SLUICE_REASON_BAD_TEXT, NULL                                           \
    }
#define IS(name, kind)                                                                                       \
    {                                                                                                        \
#name, kind, 0, AT(name), SLUICE_REASON_NONE, NULL                                                   \
    }

const struct csv_field csv_fields[] = {
    TEXT(record_id),
    TEXT(session_id),
    { "charging_id", CSV_NUMBER_64, SLUICE_RAW_CHARGING_ID, AT(charging_id), SLUICE_REASON_WRONG_TYPE, NULL },
    { "partial_sequence", CSV_NUMBER_32, SLUICE_RAW_PARTIAL_SEQUENCE, AT(partial_sequence),
      SLUICE_REASON_WRONG_TYPE, NULL },
    { "closing_cause", CSV_NUMBER_32, SLUICE_RAW_CLOSING_CAUSE, AT(closing_cause), SLUICE_REASON_WRONG_TYPE,
      NULL },
    { "retransmission", CSV_YES_NO, SLUICE_RAW_RETRANSMISSION, AT(retransmission), SLUICE_REASON_WRONG_TYPE,
      NULL },
    IS(iccid, CSV_ICCID),
    IS(imsi, CSV_IMSI),
    IS(msisdn, CSV_MSISDN),
    IS(eid, CSV_EID),
    IS(imei, CSV_IMEI),
    IS(ue_address, CSV_ADDRESS),
    { "organisation", CSV_ORGANISATION, 0, 0, SLUICE_REASON_NONE, NULL },
    TEXT(account),
    TEXT(region),
    { "contract", CSV_CHOICE, 0, AT(contract), SLUICE_REASON_WRONG_TYPE, contracts },
    { "service", CSV_CHOICE, 0, AT(service), SLUICE_REASON_UNKNOWN_SERVICE, services },
    { "signalling_event", CSV_CHOICE, 0, AT(signalling_event), SLUICE_REASON_WRONG_TYPE, events },
    { "rat", CSV_NUMBER_32, SLUICE_RAW_RAT, AT(rat), SLUICE_REASON_WRONG_TYPE, NULL },
    TEXT(apn),
    { "uplink_octets", CSV_OCTETS, SLUICE_RAW_UPLINK_OCTETS, AT(uplink_octets), SLUICE_REASON_BAD_VOLUME,
      NULL },
    { "downlink_octets", CSV_OCTETS, SLUICE_RAW_DOWNLINK_OCTETS, AT(downlink_octets),
      SLUICE_REASON_BAD_VOLUME, NULL },
    { "duration", CSV_NUMBER_64, SLUICE_RAW_DURATION, AT(duration_s), SLUICE_REASON_BAD_VOLUME, NULL },
    { "message_count", CSV_NUMBER_32, SLUICE_RAW_MESSAGE_COUNT, AT(message_count), SLUICE_REASON_BAD_VOLUME,
      NULL },
    { "counter_mode", CSV_CHOICE, 0, AT(counter_mode), SLUICE_REASON_WRONG_TYPE, counter_modes },
    { "start", CSV_TIME, SLUICE_RAW_START, AT(start_us), SLUICE_REASON_BAD_TIME, NULL },
    { "end", CSV_TIME, SLUICE_RAW_END, AT(end_us), SLUICE_REASON_BAD_TIME, NULL },
    { "utc_offset", CSV_MINUTES, SLUICE_RAW_UTC_OFFSET, AT(utc_offset_min), SLUICE_REASON_BAD_TIME, NULL },
    { "plmn", CSV_PLMN, 0, AT(serving_plmn), SLUICE_REASON_BAD_PLMN, NULL },
    { "mcc", CSV_MCC, 0, 0, SLUICE_REASON_BAD_PLMN, NULL },
    { "mnc", CSV_MNC, 0, 0, SLUICE_REASON_BAD_PLMN, NULL },
    { "tac", CSV_NUMBER_32, SLUICE_RAW_TAC, AT(tac), SLUICE_REASON_WRONG_TYPE, NULL },
    { "lac", CSV_NUMBER_32, SLUICE_RAW_LAC, AT(lac), SLUICE_REASON_WRONG_TYPE, NULL },
    { "cell_id", CSV_NUMBER_64, SLUICE_RAW_CELL_ID, AT(cell_id), SLUICE_REASON_WRONG_TYPE, NULL },
    IS(gateway, CSV_ADDRESS),
    TEXT(breakout_region),
    IS(destination, CSV_DESTINATION),
    { "charge", CSV_CHARGE, SLUICE_RAW_CHARGE, AT(charge_units), SLUICE_REASON_BAD_CHARGE, NULL },
    IS(currency, CSV_CURRENCY),
};
const size_t csv_field_count = sizeof csv_fields / sizeof csv_fields[0];
static_assert(sizeof csv_fields / sizeof csv_fields[0] <= CSV_FIELDS_MAX, "a bit each");

const struct csv_field *csv_field_find(const char *name)
{
    for (size_t i = 0; i < csv_field_count; i++)
        if (strcmp(csv_fields[i].name, name) == 0)
            return &csv_fields[i];
    return NULL;
}

/* --- units */

enum csv_unit csv_unit_find(struct sluice_str text)
{
    static const char *const units[] = { [CSV_UNIT_B] = "B",
                                         [CSV_UNIT_KB] = "KB",
                                         [CSV_UNIT_MB] = "MB",
                                         [CSV_UNIT_KIB] = "KiB",
                                         [CSV_UNIT_MIB] = "MiB" };

    for (size_t i = CSV_UNIT_B; i < sizeof units / sizeof units[0]; i++)
        if (sluice_str_equal(text, sluice_str_from(units[i])))
            return (enum csv_unit)i;
    return CSV_UNIT_NONE;
}

uint64_t csv_unit_octets(enum csv_unit unit, uint32_t megabyte)
{
    switch (unit) {
    case CSV_UNIT_KB:
        return megabyte == 1048576 ? 1024 : 1000;
    case CSV_UNIT_MB:
        return megabyte;
    case CSV_UNIT_KIB:
        return 1024;
    case CSV_UNIT_MIB:
        return 1048576;
    default:
        return 1;
    }
}

/* --- one text into the record */

static bool find_choice(const struct csv_reading *reading, struct sluice_str text, uint32_t *value)
{
    for (size_t i = 0; i < reading->value_count; i++)
        if (sluice_str_equal(reading->values[i].text, text)) {
            *value = reading->values[i].value;
            return true;
        }
    for (const struct csv_word *word = reading->field->words; !reading->value_count && word && word->word;
         word++)
        if (sluice_str_equal(sluice_str_from(word->word), text)) {
            *value = word->value;
            return true;
        }
    return false;
}

static enum sluice_reason take_choice(uint8_t *at, const struct csv_reading *reading, struct sluice_str text)
{
    uint32_t value;

    if (!find_choice(reading, text, &value))
        return reading->field->reason;
    *at = (uint8_t)value;
    return SLUICE_REASON_NONE;
}

/* Numbers, too, may have words in the source: a RAT, for one. */
static enum sluice_reason take_number_32(struct sluice_record *record, uint32_t *at,
                                         const struct csv_reading *reading, struct sluice_str text)
{
    const struct csv_field *field = reading->field;

    if (!reading->value_count)
        return take_whole_32(record, field->number, at, text, field->reason);
    if (!find_choice(reading, text, at))
        return field->reason;
    record->present |= SLUICE_HAS(field->number);
    return SLUICE_REASON_NONE;
}

static enum sluice_reason take_yes_no(struct sluice_record *record, bool *at, const struct csv_field *field,
                                      struct sluice_str text)
{
    static const char *const words[] = { "no", "false", "0", "yes", "true", "1" };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (!sluice_str_equal(text, sluice_str_from(words[i])))
            continue;
        *at = i >= 3;
        record->present |= SLUICE_HAS(field->number);
        return SLUICE_REASON_NONE;
    }
    return field->reason;
}

static enum sluice_reason take_minutes(struct sluice_record *record, int32_t *at,
                                       const struct csv_field *field, struct sluice_str text)
{
    struct decimal value;
    uint64_t minutes;

    if (!decimal_parse(&value, text))
        return field->reason;
    const bool west = value.negative;
    value.negative = false;
    if (!decimal_to_whole(&minutes, &value, SLUICE_UTC_OFFSET_MAX))
        return field->reason;
    *at = west ? -(int32_t)minutes : (int32_t)minutes;
    record->present |= SLUICE_HAS(field->number);
    return SLUICE_REASON_NONE;
}

static enum sluice_reason take_instant(struct sluice_record *record, int64_t *at,
                                       const struct csv_reading *reading, struct sluice_str text)
{
    static const int64_t units_us[] = { [CSV_TIME_UNIX_S] = 1000000, [CSV_TIME_UNIX_MS] = 1000 };

    if (reading->time == CSV_TIME_ISO)
        return take_time(record, reading->field->number, at, text);
    return take_unix_time(record, reading->field->number, at, text, units_us[reading->time]);
}

static enum sluice_reason take_plmn(struct sluice_plmn *plmn, struct sluice_str text)
{
    if (text.len != 5 && text.len != 6)
        return SLUICE_REASON_BAD_PLMN;
    return sluice_plmn_parse(plmn, (struct sluice_str){ text.bytes, 3 },
                             (struct sluice_str){ text.bytes + 3, text.len - 3 }, false);
}

/* A number is one and the same with and without its +. */
static enum sluice_reason take_destination(struct sluice_str *at, struct sluice_str text)
{
    if (text.len > 1 && text.bytes[0] == '+')
        text = (struct sluice_str){ text.bytes + 1, text.len - 1 };
    return take_text(at, text);
}

static enum sluice_reason keep_part(struct sluice_str *part, struct sluice_str text)
{
    *part = text;
    return SLUICE_REASON_NONE;
}

enum sluice_reason csv_field_take(struct csv_taken *taken, const struct csv_reading *reading,
                                  struct sluice_str text, uint64_t unit_octets)
{
    const struct csv_field *field = reading->field;
    struct sluice_record *record = taken->record;
    void *at = (char *)record + field->offset;

    switch (field->kind) {
    case CSV_TEXT:
        return take_text(at, text);
    case CSV_NUMBER_32:
        return take_number_32(record, at, reading, text);
    case CSV_NUMBER_64:
        return take_whole(record, field->number, at, text, field->reason);
    case CSV_OCTETS:
        return take_octets(record, field->number, at, text, unit_octets);
    case CSV_TIME:
        return take_instant(record, at, reading, text);
    case CSV_CHOICE:
        return take_choice(at, reading, text);
    case CSV_YES_NO:
        return take_yes_no(record, at, field, text);
    case CSV_MINUTES:
        return take_minutes(record, at, field, text);
    case CSV_CHARGE:
        return take_charge(record, text);
    case CSV_CURRENCY:
        return take_currency(record, text);
    case CSV_IMSI:
        return sluice_imsi_parse(at, text);
    case CSV_ICCID:
        return sluice_iccid_parse(at, text);
    case CSV_MSISDN:
        return sluice_msisdn_parse(at, text);
    case CSV_EID:
        return sluice_eid_parse(at, text);
    case CSV_IMEI:
        return sluice_imei_parse(at, text);
    case CSV_ADDRESS:
        return sluice_address_parse(at, text);
    case CSV_DESTINATION:
        return take_destination(at, text);
    case CSV_PLMN:
        return take_plmn(at, text);
    case CSV_MCC:
        return keep_part(&taken->mcc, text);
    case CSV_MNC:
        taken->mnc_is_number = reading->number;
        return keep_part(&taken->mnc, text);
    case CSV_ORGANISATION:
        return keep_part(&taken->organisation, text);
    }
    return SLUICE_REASON_WRONG_TYPE;
}
