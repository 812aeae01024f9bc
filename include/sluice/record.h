/* One traffic record, typed, whatever format it came in. Text fields are views
 * into the batch; identifiers are parsed. Whether an optional field is there
 * says its bit in `present`; identifiers and texts are absent when empty. */
#ifndef SLUICE_RECORD_H
#define SLUICE_RECORD_H

#include <stdbool.h>
#include <stdint.h>
#include "sluice/identity.h"
#include "sluice/str.h"

#define SLUICE_RECORD_TEXT_MAX 128          /* bytes of any text field */
#define SLUICE_RECORD_SIZE_MAX 65536        /* bytes of one record as it arrives */
#define SLUICE_CHARGE_SCALE_MAX 18          /* digits after the point that 63 bits can hold */
#define SLUICE_UTC_OFFSET_MAX  959          /* minutes: 15:59 */

enum sluice_service {
    SLUICE_SERVICE_UNKNOWN,
    SLUICE_SERVICE_DATA,
    SLUICE_SERVICE_SMS_MO,      /* from the device */
    SLUICE_SERVICE_SMS_MT,      /* towards the device */
    SLUICE_SERVICE_VOICE_MO,
    SLUICE_SERVICE_VOICE_MT,
    SLUICE_SERVICE_NIDD,        /* non-IP data delivery, TS 23.401 4.3.17.8 */
    SLUICE_SERVICE_SIGNALLING,
    SLUICE_SERVICE_COUNT
};

enum sluice_signalling_event {
    SLUICE_SIGNALLING_UNKNOWN,
    SLUICE_SIGNALLING_UPDATE_LOCATION,
    SLUICE_SIGNALLING_UPDATE_GPRS_LOCATION,
    SLUICE_SIGNALLING_CREATE_PDP,
    SLUICE_SIGNALLING_UPDATE_PDP,
    SLUICE_SIGNALLING_DELETE_PDP,
    SLUICE_SIGNALLING_PURGE_LOCATION,
    SLUICE_SIGNALLING_PURGE_GPRS_LOCATION,
    SLUICE_SIGNALLING_COUNT
};

enum sluice_role { SLUICE_ROLE_UNKNOWN, SLUICE_ROLE_CONTROLLER, SLUICE_ROLE_PROCESSOR };
enum sluice_contract {          /* whom the tenant's agreement is with */
    SLUICE_CONTRACT_NONE,       /* none, or not known */
    SLUICE_CONTRACT_INDIVIDUAL,
    SLUICE_CONTRACT_BUSINESS,
    SLUICE_CONTRACT_COUNT
};
enum sluice_counter_mode { SLUICE_COUNTER_UNKNOWN, SLUICE_COUNTER_DELTA, SLUICE_COUNTER_CUMULATIVE };

/* Bits of `present`: the number of the field in proto/sluice/v1/raw.proto.
 * Only fields for which zero and absent differ have one. */
#define SLUICE_HAS(number) (UINT64_C(1) << (number))
enum {
    SLUICE_RAW_CHARGING_ID = 4,
    SLUICE_RAW_PARTIAL_SEQUENCE = 5,
    SLUICE_RAW_CLOSING_CAUSE = 6,
    SLUICE_RAW_RETRANSMISSION = 7,
    SLUICE_RAW_COLLECTED_AT = 8,
    SLUICE_RAW_RAT = 22,
    SLUICE_RAW_UPLINK_OCTETS = 24,
    SLUICE_RAW_DOWNLINK_OCTETS = 25,
    SLUICE_RAW_DURATION = 26,
    SLUICE_RAW_MESSAGE_COUNT = 27,
    SLUICE_RAW_START = 29,
    SLUICE_RAW_END = 30,
    SLUICE_RAW_UTC_OFFSET = 31,
    SLUICE_RAW_TAC = 35,
    SLUICE_RAW_LAC = 36,
    SLUICE_RAW_CELL_ID = 37,
    SLUICE_RAW_CHARGE = 41,
};

struct sluice_record {
    uint64_t present;

    /* identity of the record */
    struct sluice_str source_id;        /* the configured name of its input */
    struct sluice_str record_id;        /* unique within source_id; empty: none */
    struct sluice_str session_id;
    uint64_t charging_id;
    uint32_t partial_sequence;
    uint32_t closing_cause;             /* TS 32.298 CauseForRecClosing */
    bool retransmission;
    int64_t collected_at_us;            /* stamped once by feed, kept on replay */

    /* who */
    struct sluice_iccid iccid;
    struct sluice_imsi imsi;
    struct sluice_msisdn msisdn;
    struct sluice_eid eid;
    struct sluice_imei imei;
    struct sluice_address ue_address;

    /* whose */
    struct sluice_str tenant;
    uint8_t role;                       /* enum sluice_role */
    uint8_t contract;                   /* enum sluice_contract */
    struct sluice_str account;
    struct sluice_str region;           /* ISO 3166-1 alpha-2, or 3166-2 such as US-CA */

    /* what */
    uint8_t service;                    /* enum sluice_service */
    uint8_t signalling_event;           /* enum sluice_signalling_event */
    uint8_t counter_mode;               /* enum sluice_counter_mode */
    uint32_t rat;                       /* TS 29.061 3GPP-RAT-Type */
    struct sluice_str apn;

    /* how much */
    uint64_t uplink_octets;
    uint64_t downlink_octets;
    uint64_t duration_s;
    uint32_t message_count;

    /* when */
    int64_t start_us;
    int64_t end_us;
    int32_t utc_offset_min;             /* minutes east of UTC */

    /* where */
    struct sluice_plmn serving_plmn;
    uint32_t tac;
    uint32_t lac;
    uint64_t cell_id;
    struct sluice_address gateway;
    struct sluice_str breakout_region;

    /* with whom: a third person with rights of their own */
    struct sluice_str destination;      /* E.164 digits, or an address as text */

    /* the source's own charge: charge_units * 10^-charge_scale */
    int64_t charge_units;
    uint8_t charge_scale;               /* 0 to SLUICE_CHARGE_SCALE_MAX */
    char currency[3];                   /* ISO 4217; all zero: absent; required with a charge */
};

/** What every text of a record is held to: at most SLUICE_RECORD_TEXT_MAX bytes
 *  of UTF-8 without NUL. What is not is refused with SLUICE_REASON_BAD_TEXT. */
bool sluice_text_valid(struct sluice_str text);

#define SLUICE_REGION_MAX 6
/** The shape of ISO 3166-1 alpha-2, or of 3166-2: a hyphen and one to three
 *  capitals or digits behind. A record's region that has another one is not known. */
bool sluice_region_valid(struct sluice_str text);

#endif
