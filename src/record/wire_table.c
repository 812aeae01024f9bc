#include "record/wire_table.h"

#include <stddef.h>

#define AT(member)   .offset = offsetof(struct sluice_record, member)
#define SIZE(member) .size = sizeof(((struct sluice_record *)0)->member)

#define BYTES(kind_of, member) { .kind = (kind_of), .wire_type = WIRE_BYTES, AT(member) }
#define TEXT(member)           BYTES(WIRE_KIND_TEXT, member)
#define NUMBER(kind_of, member, most, why) \
    { .kind = (kind_of), .wire_type = WIRE_VARINT, AT(member), SIZE(member), .limit = (most), .reason = (why) }
#define UINT32(member)         NUMBER(WIRE_KIND_UINT32, member, UINT32_MAX, SLUICE_REASON_NONE)
#define UINT64(member)         NUMBER(WIRE_KIND_UINT64, member, UINT64_MAX, SLUICE_REASON_NONE)
#define VOLUME(member)         NUMBER(WIRE_KIND_UINT64, member, INT64_MAX, SLUICE_REASON_BAD_VOLUME)
#define ENUM(member, most, why) NUMBER(WIRE_KIND_UINT32, member, most, why)
#define TIME(member) \
    { .kind = WIRE_KIND_TIME, .wire_type = WIRE_FIXED64, AT(member), SIZE(member), .reason = SLUICE_REASON_BAD_TIME }

const struct record_wire_field record_wire_fields[RECORD_WIRE_FIELD_COUNT] = {
    [1] = TEXT(source_id),
    [2] = TEXT(record_id),
    [3] = TEXT(session_id),
    [SLUICE_RAW_CHARGING_ID] = UINT64(charging_id),
    [SLUICE_RAW_PARTIAL_SEQUENCE] = UINT32(partial_sequence),
    [SLUICE_RAW_CLOSING_CAUSE] = UINT32(closing_cause),
    [SLUICE_RAW_RETRANSMISSION] = { .kind = WIRE_KIND_BOOL, .wire_type = WIRE_ANY, AT(retransmission),
                                    SIZE(retransmission) },
    [SLUICE_RAW_COLLECTED_AT] = TIME(collected_at_us),

    [9] = BYTES(WIRE_KIND_IMSI, imsi),
    [10] = BYTES(WIRE_KIND_ICCID, iccid),
    [11] = BYTES(WIRE_KIND_MSISDN, msisdn),
    [12] = BYTES(WIRE_KIND_EID, eid),
    [13] = BYTES(WIRE_KIND_IMEI, imei),
    [14] = BYTES(WIRE_KIND_ADDRESS, ue_address),

    [15] = TEXT(tenant),
    [16] = ENUM(role, SLUICE_ROLE_PROCESSOR, SLUICE_REASON_WRONG_TYPE),
    [17] = TEXT(account),
    [18] = ENUM(contract, SLUICE_CONTRACT_COUNT - 1, SLUICE_REASON_WRONG_TYPE),
    [19] = TEXT(region),

    [20] = ENUM(service, SLUICE_SERVICE_COUNT - 1, SLUICE_REASON_UNKNOWN_SERVICE),
    [21] = ENUM(signalling_event, SLUICE_SIGNALLING_COUNT - 1, SLUICE_REASON_UNKNOWN_SERVICE),
    [SLUICE_RAW_RAT] = UINT32(rat),
    [23] = TEXT(apn),

    [SLUICE_RAW_UPLINK_OCTETS] = VOLUME(uplink_octets),
    [SLUICE_RAW_DOWNLINK_OCTETS] = VOLUME(downlink_octets),
    [SLUICE_RAW_DURATION] = VOLUME(duration_s),
    [SLUICE_RAW_MESSAGE_COUNT] = UINT32(message_count),
    [28] = ENUM(counter_mode, SLUICE_COUNTER_CUMULATIVE, SLUICE_REASON_WRONG_TYPE),

    [SLUICE_RAW_START] = TIME(start_us),
    [SLUICE_RAW_END] = TIME(end_us),
    [SLUICE_RAW_UTC_OFFSET] = NUMBER(WIRE_KIND_SINT32, utc_offset_min, SLUICE_UTC_OFFSET_MAX, SLUICE_REASON_BAD_TIME),

    [32] = NUMBER(WIRE_KIND_UINT32, serving_plmn.mcc, 999, SLUICE_REASON_BAD_PLMN),
    [33] = NUMBER(WIRE_KIND_UINT32, serving_plmn.mnc, 999, SLUICE_REASON_BAD_PLMN),
    [34] = NUMBER(WIRE_KIND_UINT32, serving_plmn.mnc_digits, 3, SLUICE_REASON_BAD_PLMN),
    [SLUICE_RAW_TAC] = UINT32(tac),
    [SLUICE_RAW_LAC] = UINT32(lac),
    [SLUICE_RAW_CELL_ID] = UINT64(cell_id),
    [38] = BYTES(WIRE_KIND_ADDRESS, gateway),
    [39] = TEXT(breakout_region),

    [40] = TEXT(destination),

    [SLUICE_RAW_CHARGE] = NUMBER(WIRE_KIND_SINT64, charge_units, UINT64_MAX, SLUICE_REASON_BAD_CHARGE),
    [42] = NUMBER(WIRE_KIND_UINT32, charge_scale, SLUICE_CHARGE_SCALE_MAX, SLUICE_REASON_BAD_CHARGE),
    [43] = BYTES(WIRE_KIND_CURRENCY, currency),
};
