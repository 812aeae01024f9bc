/* A record in which every field is set and no two alike: a value that lands
 * in the wrong place shows. Test networks and documentation addresses only. */
#ifndef TESTS_FULL_RECORD_H
#define TESTS_FULL_RECORD_H

#include <stdlib.h>

#include "record/wire_scan.h"
#include "sluice/clock.h"

static inline void full_record_must(enum sluice_reason reason)
{
    if (reason)
        abort();
}

static inline struct sluice_record full_record(void)
{
    struct sluice_record record = {
        .present = RECORD_WIRE_PRESENCE,
        .source_id = SLUICE_STR("emnify"),
        .record_id = SLUICE_STR("333333333333333"),
        .session_id = SLUICE_STR("722aeb56-c4de"),
        .charging_id = UINT64_MAX - 4,
        .partial_sequence = UINT32_MAX - 5,
        .closing_cause = 106,
        .retransmission = true,
        .collected_at_us = INT64_C(1793491200000008),
        .tenant = SLUICE_STR("acme"),
        .role = SLUICE_ROLE_PROCESSOR,
        .contract = SLUICE_CONTRACT_INDIVIDUAL,
        .account = SLUICE_STR("account-17"),
        .region = SLUICE_STR("US-CA"),
        .service = SLUICE_SERVICE_SIGNALLING,
        .signalling_event = SLUICE_SIGNALLING_PURGE_LOCATION,
        .counter_mode = SLUICE_COUNTER_CUMULATIVE,
        .rat = 122,
        .apn = SLUICE_STR("iot.example"),
        .uplink_octets = INT64_MAX - 24,
        .downlink_octets = 1025,
        .duration_s = 3626,
        .message_count = 127,
        .start_us = INT64_C(1793487600000029),
        .end_us = SLUICE_TIME_MAX_US,
        .utc_offset_min = -210,
        .serving_plmn = { 999, 32, 3 },
        .tac = 135,
        .lac = 136,
        .cell_id = UINT64_C(68719476735),
        .breakout_region = SLUICE_STR("eu-west-39"),
        .destination = SLUICE_STR("999000000000040"),
        .charge_units = -1885120041,
        .charge_scale = 12,
        .currency = { 'E', 'U', 'R' },
    };

    full_record_must(sluice_imsi_parse(&record.imsi, SLUICE_STR("001010123456789")));
    full_record_must(sluice_iccid_parse(&record.iccid, SLUICE_STR("89990000000000000014")));
    full_record_must(sluice_msisdn_parse(&record.msisdn, SLUICE_STR("883120000000001")));
    full_record_must(sluice_eid_parse(&record.eid, SLUICE_STR("89990000000000000000000000000107")));
    full_record_must(sluice_imei_parse(&record.imei, SLUICE_STR("0012340000000199")));
    full_record_must(sluice_address_parse(&record.ue_address, SLUICE_STR("192.0.2.7")));
    full_record_must(sluice_address_parse(&record.gateway, SLUICE_STR("2001:db8::9")));
    return record;
}

#endif
