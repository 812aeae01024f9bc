/* Line n of the input as what it means: meters that report at regular times
 * from one cell, trackers that roam, cameras whose long sessions come as many
 * partial records, alarms that send messages, and the events of their sessions. */
#ifndef GEN_TRAFFIC_H
#define GEN_TRAFFIC_H

#include <stdbool.h>
#include <stdint.h>
#include "gen/fleet.h"
#include "gen/plant.h"
#include "gen/world.h"

struct traffic_record {
    uint64_t line;              /* the original's */
    uint64_t throw;             /* for what only concerns how it is written */
    enum plant plant;
    uint64_t id;
    uint64_t sim;
    bool registered;            /* when it starts */
    struct fleet_holding holding;
    uint8_t tenant;
    uint32_t organisation;
    uint8_t service;            /* enum sluice_service */
    bool is_event;              /* else a usage record */
    uint8_t event;              /* emnify's number of the event */
    uint8_t signalling_event;   /* enum sluice_signalling_event */
    bool has_session;
    uint64_t session[2];        /* the bits of its UUID */
    int64_t start_us;           /* an event's instant */
    int64_t end_us;
    bool has_octets;            /* events bear some too, which do not count */
    uint64_t uplink_octets;
    uint64_t downlink_octets;
    bool has_messages;
    uint32_t messages;
    uint16_t mcc;
    uint16_t mnc;
    uint8_t mnc_digits;
    /* Known of a session's context only: */
    bool has_context;
    uint32_t lac;
    uint64_t cell;
    uint8_t rat;
    const char *apn;
    uint8_t gateway;            /* the host within 192.0.2.0/24 */
    const char *breakout;       /* the region where traffic leaves the network */

    /* How it is named: digits of FLEET_*_DIGITS, and where each is there. */
    bool has_iccid, has_imsi, has_number, has_device;
    bool imei_version;          /* 16 digits instead of 15 */
    bool imei_zero;             /* the check digit as networks send it */
    uint64_t number;            /* whose MSISDN */
    uint64_t device;
    uint8_t address_len;        /* 0: absent */
    uint8_t address[16];

    bool has_charge;
    uint64_t charge_units;
    uint8_t charge_scale;
    const char *currency;
};

/** The record of an original line (see plant_original). */
void traffic_record(const struct world *world, uint64_t line, struct traffic_record *record);

#endif
