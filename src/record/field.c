#include "sluice/field.h"

#include <assert.h>
#include <string.h>

/* Source: DPV 2.0, extension pd; fideslang 3, data categories. */
const struct sluice_category_row sluice_category_table[SLUICE_CATEGORY_COUNT] = {
    [SLUICE_CATEGORY_NONE] = { "", "", "" },
    [SLUICE_CATEGORY_SUBJECT] = { "subject", "pd:UID", "user.unique_id" },
    [SLUICE_CATEGORY_DEVICE] = { "device", "pd:DeviceBased", "user.device.device_id" },
    [SLUICE_CATEGORY_RECORD] = { "record", "pd:CommunicationsMetadata", "system.operations" },
    [SLUICE_CATEGORY_ACCOUNT] = { "account", "pd:AccountIdentifier", "user.account" },
    [SLUICE_CATEGORY_CONTRACT] = { "contract", "pd:Transactional", "user.account" },
    [SLUICE_CATEGORY_SERVICE] = { "service", "pd:CommunicationsMetadata", "user.behavior" },
    [SLUICE_CATEGORY_VOLUME] = { "volume", "pd:CommunicationsMetadata", "user.telemetry" },
    [SLUICE_CATEGORY_TIME] = { "time", "pd:CommunicationsMetadata", "user.telemetry" },
    [SLUICE_CATEGORY_LOCATION] = { "location", "pd:Location", "user.location" },
    [SLUICE_CATEGORY_ROUTING] = { "routing", "pd:CommunicationsMetadata", "user.telemetry" },
    [SLUICE_CATEGORY_COMMUNICATION_PARTNER] = { "communication_partner", "pd:CallLog", "user.contact.phone_number" },
    [SLUICE_CATEGORY_NETWORK_ADDRESS] = { "network_address", "pd:IPAddress", "user.device.ip_address" },
    [SLUICE_CATEGORY_CHARGE] = { "charge", "pd:Transactional", "user.financial" },
};

const char *const sluice_transform_names[SLUICE_TRANSFORM_COUNT] = {
    [SLUICE_TRANSFORM_DROP] = "drop",         [SLUICE_TRANSFORM_KEEP] = "keep",
    [SLUICE_TRANSFORM_PSEUDONYM] = "pseudonym", [SLUICE_TRANSFORM_TRUNCATE] = "truncate",
    [SLUICE_TRANSFORM_COARSEN] = "coarsen",   [SLUICE_TRANSFORM_BUCKET] = "bucket",
    [SLUICE_TRANSFORM_TOKEN] = "token",       [SLUICE_TRANSFORM_TAG] = "tag",
};

#define DIRECT(word, group, raw) { (word), (group), true, (raw) }
#define OTHER(word, group, raw)  { (word), (group), false, (raw) }

/* Ids of records, sessions and accounts are direct too: whoever has the
 * source's own logs knows whose they are. */
const struct sluice_field_row sluice_field_table[SLUICE_FIELD_COUNT] = {
    [SLUICE_FIELD_NONE] = OTHER("", SLUICE_CATEGORY_NONE, NULL),
    [SLUICE_FIELD_SUBJECT] = DIRECT("subject", SLUICE_CATEGORY_SUBJECT, NULL),
    [SLUICE_FIELD_DEVICE] = DIRECT("device", SLUICE_CATEGORY_DEVICE, NULL),
    [SLUICE_FIELD_IMSI] = DIRECT("imsi", SLUICE_CATEGORY_SUBJECT, "imsi"),
    [SLUICE_FIELD_ICCID] = DIRECT("iccid", SLUICE_CATEGORY_SUBJECT, "iccid"),
    [SLUICE_FIELD_MSISDN] = DIRECT("msisdn", SLUICE_CATEGORY_SUBJECT, "msisdn"),
    [SLUICE_FIELD_EID] = DIRECT("eid", SLUICE_CATEGORY_SUBJECT, "eid"),
    [SLUICE_FIELD_IMEI] = DIRECT("imei", SLUICE_CATEGORY_DEVICE, "imei"),
    [SLUICE_FIELD_UE_ADDRESS] = DIRECT("ue_address", SLUICE_CATEGORY_NETWORK_ADDRESS, "ue_address"),
    [SLUICE_FIELD_RECORD_ID] = DIRECT("record_id", SLUICE_CATEGORY_RECORD, "record_id"),
    [SLUICE_FIELD_SESSION_ID] = DIRECT("session_id", SLUICE_CATEGORY_RECORD, "session_id"),
    [SLUICE_FIELD_CHARGING_ID] = DIRECT("charging_id", SLUICE_CATEGORY_RECORD, "charging_id"),
    [SLUICE_FIELD_PARTIAL_SEQUENCE] = OTHER("partial_sequence", SLUICE_CATEGORY_RECORD, "partial_sequence"),
    [SLUICE_FIELD_CLOSING_CAUSE] = OTHER("closing_cause", SLUICE_CATEGORY_RECORD, "closing_cause"),
    [SLUICE_FIELD_RETRANSMISSION] = OTHER("retransmission", SLUICE_CATEGORY_RECORD, "retransmission"),
    [SLUICE_FIELD_ACCOUNT] = DIRECT("account", SLUICE_CATEGORY_ACCOUNT, "account"),
    [SLUICE_FIELD_CONTRACT] = OTHER("contract", SLUICE_CATEGORY_CONTRACT, "contract"),
    [SLUICE_FIELD_REGION] = OTHER("region", SLUICE_CATEGORY_CONTRACT, "region"),
    [SLUICE_FIELD_SERVICE] = OTHER("service", SLUICE_CATEGORY_SERVICE, "service"),
    [SLUICE_FIELD_SIGNALLING_EVENT] = OTHER("signalling_event", SLUICE_CATEGORY_SERVICE, "signalling_event"),
    [SLUICE_FIELD_RAT] = OTHER("rat", SLUICE_CATEGORY_SERVICE, "rat"),
    [SLUICE_FIELD_APN] = OTHER("apn", SLUICE_CATEGORY_ROUTING, "apn"),
    [SLUICE_FIELD_UPLINK_OCTETS] = OTHER("uplink_octets", SLUICE_CATEGORY_VOLUME, "uplink_octets"),
    [SLUICE_FIELD_DOWNLINK_OCTETS] = OTHER("downlink_octets", SLUICE_CATEGORY_VOLUME, "downlink_octets"),
    [SLUICE_FIELD_DURATION] = OTHER("duration", SLUICE_CATEGORY_VOLUME, "duration"),
    [SLUICE_FIELD_MESSAGE_COUNT] = OTHER("message_count", SLUICE_CATEGORY_VOLUME, "message_count"),
    [SLUICE_FIELD_COUNTER_MODE] = OTHER("counter_mode", SLUICE_CATEGORY_VOLUME, "counter_mode"),
    [SLUICE_FIELD_START] = OTHER("start", SLUICE_CATEGORY_TIME, "start"),
    [SLUICE_FIELD_END] = OTHER("end", SLUICE_CATEGORY_TIME, "end"),
    [SLUICE_FIELD_UTC_OFFSET] = OTHER("utc_offset", SLUICE_CATEGORY_TIME, "utc_offset"),
    [SLUICE_FIELD_COLLECTED_AT] = OTHER("collected_at", SLUICE_CATEGORY_TIME, "collected_at"),
    [SLUICE_FIELD_SERVING_PLMN] = OTHER("serving_plmn", SLUICE_CATEGORY_LOCATION, "mcc"),
    [SLUICE_FIELD_TAC] = OTHER("tac", SLUICE_CATEGORY_LOCATION, "tac"),
    [SLUICE_FIELD_LAC] = OTHER("lac", SLUICE_CATEGORY_LOCATION, "lac"),
    [SLUICE_FIELD_CELL_ID] = OTHER("cell_id", SLUICE_CATEGORY_LOCATION, "cell_id"),
    [SLUICE_FIELD_GATEWAY] = OTHER("gateway", SLUICE_CATEGORY_ROUTING, "gateway"),
    [SLUICE_FIELD_BREAKOUT_REGION] = OTHER("breakout_region", SLUICE_CATEGORY_ROUTING, "breakout_region"),
    [SLUICE_FIELD_DESTINATION] = DIRECT("destination", SLUICE_CATEGORY_COMMUNICATION_PARTNER, "destination"),
    [SLUICE_FIELD_CHARGE] = OTHER("charge", SLUICE_CATEGORY_CHARGE, "charge_units"),
};

#define INTERVAL_MAX (31 * 86400)   /* seconds: a month */

#define FORM(of, how, proto) { SLUICE_FIELD_##of, SLUICE_TRANSFORM_##how, (proto), 0, 0, 0, "" }
#define FORM_EXACT(of, how, proto, bits) { SLUICE_FIELD_##of, SLUICE_TRANSFORM_##how, (proto), (bits), 0, 0, "" }
#define FORM_WITH(of, how, proto, least, most, unit_of) \
    { SLUICE_FIELD_##of, SLUICE_TRANSFORM_##how, (proto), 0, (least), (most), (unit_of) }

/* In the order of the numbers of proto/sluice/v1/purpose.proto. */
const struct sluice_form_row sluice_form_table[] = {
    FORM(SUBJECT, PSEUDONYM, 10),
    FORM(DEVICE, PSEUDONYM, 11),
    FORM(DESTINATION, PSEUDONYM, 12),
    FORM(UE_ADDRESS, PSEUDONYM, 13),
    FORM(ICCID, TOKEN, 14),
    FORM(IMSI, TOKEN, 14),
    FORM(RECORD_ID, TAG, 15),
    FORM(SESSION_ID, TAG, 16),
    FORM(CHARGING_ID, TAG, 17),
    FORM(ACCOUNT, TAG, 18),
    FORM(PARTIAL_SEQUENCE, KEEP, 20),
    FORM(CLOSING_CAUSE, KEEP, 21),
    FORM(RETRANSMISSION, KEEP, 22),
    FORM(CONTRACT, KEEP, 24),
    FORM(REGION, KEEP, 25),
    FORM(REGION, COARSEN, 26),
    FORM(SERVICE, KEEP, 30),
    FORM(SIGNALLING_EVENT, KEEP, 31),
    FORM(RAT, KEEP, 32),
    FORM(APN, KEEP, 33),
    FORM(APN, COARSEN, 34),
    FORM_EXACT(UPLINK_OCTETS, KEEP, 35, SLUICE_EXACT_OCTETS),
    FORM_EXACT(DOWNLINK_OCTETS, KEEP, 36, SLUICE_EXACT_OCTETS),
    FORM(UPLINK_OCTETS, BUCKET, 37),
    FORM(DOWNLINK_OCTETS, BUCKET, 38),
    FORM_EXACT(DURATION, KEEP, 39, SLUICE_EXACT_TIME),
    FORM(DURATION, BUCKET, 40),
    FORM(MESSAGE_COUNT, KEEP, 41),
    FORM(COUNTER_MODE, KEEP, 42),
    FORM_EXACT(START, KEEP, 45, SLUICE_EXACT_TIME),
    FORM_WITH(START, COARSEN, 46, 1, INTERVAL_MAX, "seconds"),
    FORM_EXACT(END, KEEP, 47, SLUICE_EXACT_TIME),
    FORM_WITH(END, COARSEN, 48, 1, INTERVAL_MAX, "seconds"),
    FORM(UTC_OFFSET, KEEP, 49),
    /* Never to the second: records of one source arrive in bursts that name it. */
    FORM_WITH(COLLECTED_AT, COARSEN, 50, 60, INTERVAL_MAX, "seconds"),
    FORM(SERVING_PLMN, KEEP, 51),
    FORM(SERVING_PLMN, COARSEN, 52),
    FORM(TAC, KEEP, 53),
    FORM(LAC, KEEP, 54),
    FORM_EXACT(CELL_ID, KEEP, 55, SLUICE_EXACT_CELL),
    FORM(GATEWAY, KEEP, 56),
    FORM_WITH(GATEWAY, TRUNCATE, 57, 1, SLUICE_PREFIX_V4_MAX, "bits"),
    FORM(BREAKOUT_REGION, KEEP, 58),
    FORM_WITH(DESTINATION, TRUNCATE, 60, 1, 7, "digits"),
    FORM_WITH(UE_ADDRESS, TRUNCATE, 61, 1, SLUICE_PREFIX_V4_MAX, "bits"),
    FORM(IMEI, TRUNCATE, 62),
    FORM(IMSI, TRUNCATE, 63),
    /* With scale 65 and currency 66. A price per octet makes it as telling as the octets. */
    FORM_EXACT(CHARGE, KEEP, 64, SLUICE_EXACT_OCTETS),
};
const size_t sluice_form_count = sizeof sluice_form_table / sizeof sluice_form_table[0];

static_assert(SLUICE_PREFIX_V6_MAX == 2 * SLUICE_PREFIX_V4_MAX, "one parameter says both");

enum sluice_field sluice_field_from_name(struct sluice_str name)
{
    for (size_t i = SLUICE_FIELD_NONE + 1; i < SLUICE_FIELD_COUNT; i++)
        if (sluice_str_equal(sluice_str_from(sluice_field_table[i].name), name))
            return (enum sluice_field)i;
    return SLUICE_FIELD_NONE;
}

const struct sluice_form_row *sluice_form_find(enum sluice_field field, enum sluice_transform transform)
{
    for (size_t i = 0; i < sluice_form_count; i++)
        if (sluice_form_table[i].field == field && sluice_form_table[i].transform == transform)
            return &sluice_form_table[i];
    return NULL;
}

unsigned sluice_form_exact(const struct sluice_form_row *form, uint32_t parameter)
{
    const bool short_interval = form->transform == SLUICE_TRANSFORM_COARSEN && parameter < SLUICE_COARSE_TIME_MIN &&
                                sluice_field_table[form->field].category == SLUICE_CATEGORY_TIME;

    return form->exact | (short_interval ? SLUICE_EXACT_TIME : 0u);
}
