/* Every field of proto/sluice/v1/raw.proto, once: its number, its kind, where
 * it stands in struct sluice_record, the most a number may be and the reason
 * when it is not. Reader, writer and the table of wire types are made of this
 * list; a number that is not here is an unknown field. */
#ifndef RECORD_WIRE_FIELDS_H
#define RECORD_WIRE_FIELDS_H

#include "record/wire_bytes.h"
#include "sluice/clock.h"
#include "sluice/record.h"

#define RECORD_WIRE_FIELD_COUNT 44   /* one more than the highest number */

/* number, kind, member of struct sluice_record, most, reason */
#define RECORD_WIRE_FIELDS(X)                                                                    \
    X(1, text, source_id, 0, SLUICE_REASON_BAD_TEXT)                                             \
    X(2, text, record_id, 0, SLUICE_REASON_BAD_TEXT)                                             \
    X(3, text, session_id, 0, SLUICE_REASON_BAD_TEXT)                                            \
    X(SLUICE_RAW_CHARGING_ID, uint64, charging_id, UINT64_MAX, SLUICE_REASON_NONE)               \
    X(SLUICE_RAW_PARTIAL_SEQUENCE, uint32, partial_sequence, UINT32_MAX, SLUICE_REASON_NONE)     \
    X(SLUICE_RAW_CLOSING_CAUSE, uint32, closing_cause, UINT32_MAX, SLUICE_REASON_NONE)           \
    X(SLUICE_RAW_RETRANSMISSION, bool, retransmission, 1, SLUICE_REASON_NONE)                    \
    X(SLUICE_RAW_COLLECTED_AT, time, collected_at_us, SLUICE_TIME_MAX_US, SLUICE_REASON_BAD_TIME) \
    X(9, imsi, imsi, 0, SLUICE_REASON_BAD_IMSI)                                                  \
    X(10, iccid, iccid, 0, SLUICE_REASON_BAD_ICCID)                                              \
    X(11, msisdn, msisdn, 0, SLUICE_REASON_BAD_MSISDN)                                           \
    X(12, eid, eid, 0, SLUICE_REASON_BAD_EID)                                                    \
    X(13, imei, imei, 0, SLUICE_REASON_BAD_IMEI)                                                 \
    X(14, address, ue_address, 0, SLUICE_REASON_BAD_ADDRESS)                                     \
    X(15, text, tenant, 0, SLUICE_REASON_BAD_TEXT)                                               \
    X(16, small, role, SLUICE_ROLE_PROCESSOR, SLUICE_REASON_WRONG_TYPE)                          \
    X(17, text, account, 0, SLUICE_REASON_BAD_TEXT)                                              \
    X(18, small, contract, SLUICE_CONTRACT_COUNT - 1, SLUICE_REASON_WRONG_TYPE)                  \
    X(19, text, region, 0, SLUICE_REASON_BAD_TEXT)                                               \
    X(20, small, service, SLUICE_SERVICE_COUNT - 1, SLUICE_REASON_UNKNOWN_SERVICE)               \
    X(21, small, signalling_event, SLUICE_SIGNALLING_COUNT - 1, SLUICE_REASON_UNKNOWN_SERVICE)   \
    X(SLUICE_RAW_RAT, uint32, rat, UINT32_MAX, SLUICE_REASON_NONE)                               \
    X(23, text, apn, 0, SLUICE_REASON_BAD_TEXT)                                                  \
    X(SLUICE_RAW_UPLINK_OCTETS, uint64, uplink_octets, INT64_MAX, SLUICE_REASON_BAD_VOLUME)      \
    X(SLUICE_RAW_DOWNLINK_OCTETS, uint64, downlink_octets, INT64_MAX, SLUICE_REASON_BAD_VOLUME)  \
    X(SLUICE_RAW_DURATION, uint64, duration_s, INT64_MAX, SLUICE_REASON_BAD_VOLUME)              \
    X(SLUICE_RAW_MESSAGE_COUNT, uint32, message_count, UINT32_MAX, SLUICE_REASON_NONE)           \
    X(28, small, counter_mode, SLUICE_COUNTER_CUMULATIVE, SLUICE_REASON_WRONG_TYPE)              \
    X(SLUICE_RAW_START, time, start_us, SLUICE_TIME_MAX_US, SLUICE_REASON_BAD_TIME)              \
    X(SLUICE_RAW_END, time, end_us, SLUICE_TIME_MAX_US, SLUICE_REASON_BAD_TIME)                  \
    X(SLUICE_RAW_UTC_OFFSET, sint32, utc_offset_min, SLUICE_UTC_OFFSET_MAX, SLUICE_REASON_BAD_TIME) \
    X(32, medium, serving_plmn.mcc, 999, SLUICE_REASON_BAD_PLMN)                                 \
    X(33, medium, serving_plmn.mnc, 999, SLUICE_REASON_BAD_PLMN)                                 \
    X(34, small, serving_plmn.mnc_digits, 3, SLUICE_REASON_BAD_PLMN)                             \
    X(SLUICE_RAW_TAC, uint32, tac, UINT32_MAX, SLUICE_REASON_NONE)                               \
    X(SLUICE_RAW_LAC, uint32, lac, UINT32_MAX, SLUICE_REASON_NONE)                               \
    X(SLUICE_RAW_CELL_ID, uint64, cell_id, UINT64_MAX, SLUICE_REASON_NONE)                       \
    X(38, address, gateway, 0, SLUICE_REASON_BAD_ADDRESS)                                        \
    X(39, text, breakout_region, 0, SLUICE_REASON_BAD_TEXT)                                      \
    X(40, text, destination, 0, SLUICE_REASON_BAD_TEXT)                                          \
    X(SLUICE_RAW_CHARGE, sint64, charge_units, INT64_MAX, SLUICE_REASON_NONE)                    \
    X(42, small, charge_scale, SLUICE_CHARGE_SCALE_MAX, SLUICE_REASON_BAD_CHARGE)                \
    X(43, currency, currency, 0, SLUICE_REASON_BAD_CHARGE)

/* How each kind stands on the wire. protobuf-c takes a bool in any wire type:
 * it is true if any byte of it has a bit. */
enum {
    WIRE_ANY = 8,
    WIRE_TYPE_text = WIRE_BYTES,
    WIRE_TYPE_imsi = WIRE_BYTES,
    WIRE_TYPE_iccid = WIRE_BYTES,
    WIRE_TYPE_msisdn = WIRE_BYTES,
    WIRE_TYPE_eid = WIRE_BYTES,
    WIRE_TYPE_imei = WIRE_BYTES,
    WIRE_TYPE_address = WIRE_BYTES,
    WIRE_TYPE_currency = WIRE_BYTES,
    WIRE_TYPE_small = WIRE_VARINT,    /* a uint32 or enum kept in one byte; absent is zero */
    WIRE_TYPE_medium = WIRE_VARINT,   /* a uint32 kept in two bytes; absent is zero */
    WIRE_TYPE_uint32 = WIRE_VARINT,
    WIRE_TYPE_uint64 = WIRE_VARINT,
    WIRE_TYPE_sint32 = WIRE_VARINT,   /* zigzag; the most either way */
    WIRE_TYPE_sint64 = WIRE_VARINT,
    WIRE_TYPE_time = WIRE_FIXED64,
    WIRE_TYPE_bool = WIRE_ANY,
};

/* Fields whose presence struct sluice_record tells apart from zero. */
#define RECORD_WIRE_PRESENCE                                                                                  \
    (SLUICE_HAS(SLUICE_RAW_CHARGING_ID) | SLUICE_HAS(SLUICE_RAW_PARTIAL_SEQUENCE) |                           \
     SLUICE_HAS(SLUICE_RAW_CLOSING_CAUSE) | SLUICE_HAS(SLUICE_RAW_RETRANSMISSION) |                           \
     SLUICE_HAS(SLUICE_RAW_COLLECTED_AT) | SLUICE_HAS(SLUICE_RAW_RAT) | SLUICE_HAS(SLUICE_RAW_UPLINK_OCTETS) | \
     SLUICE_HAS(SLUICE_RAW_DOWNLINK_OCTETS) | SLUICE_HAS(SLUICE_RAW_DURATION) |                               \
     SLUICE_HAS(SLUICE_RAW_MESSAGE_COUNT) | SLUICE_HAS(SLUICE_RAW_START) | SLUICE_HAS(SLUICE_RAW_END) |       \
     SLUICE_HAS(SLUICE_RAW_UTC_OFFSET) | SLUICE_HAS(SLUICE_RAW_TAC) | SLUICE_HAS(SLUICE_RAW_LAC) |            \
     SLUICE_HAS(SLUICE_RAW_CELL_ID) | SLUICE_HAS(SLUICE_RAW_CHARGE))

#endif
