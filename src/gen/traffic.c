#include "gen/traffic.h"

#include "gen/declared.h"
#include "gen/dice.h"
#include "gen/fleet.h"
#include "sluice/record.h"

enum topic { TOPIC_LINE = 400, TOPIC_JITTER, TOPIC_HOME, TOPIC_SESSION, TOPIC_SESSIONLESS };

#define SECOND_US INT64_C(1000000)
#define BLOCK 20                         /* lines in which each class has its share */
#define QUIET_US (3 * WORLD_HOUR_US)     /* nothing on time is newer than this before the clock */
#define JITTER_S (40 * 60)
#define PARTIAL_S_MAX 900                /* a long session reports at least this often */

/* Classes of the lines of a block, interleaved so that files mix them. */
static const uint8_t block[BLOCK] = {
    WORLD_METER,   WORLD_CAMERA, WORLD_TRACKER, WORLD_METER,   WORLD_TRACKER, WORLD_CAMERA, WORLD_METER,
    WORLD_TRACKER, WORLD_ALARM,  WORLD_METER,   WORLD_CAMERA,  WORLD_TRACKER, WORLD_METER,  WORLD_CAMERA,
    WORLD_TRACKER, WORLD_METER,  WORLD_ALARM,   WORLD_CAMERA,  WORLD_TRACKER, WORLD_METER,
};
static const uint8_t block_share[WORLD_CLASSES] = {
    [WORLD_METER] = 7, [WORLD_TRACKER] = 6, [WORLD_CAMERA] = 5, [WORLD_ALARM] = 2,
};
/* Records of one session; 1: each has its own. */
static const uint8_t session_records[WORLD_CLASSES] = {
    [WORLD_METER] = 1, [WORLD_TRACKER] = 3, [WORLD_CAMERA] = 6, [WORLD_ALARM] = 1,
};

static const struct { uint16_t mcc, mnc; uint8_t digits; } networks[] = {
    { 1, 1, 2 }, { 999, 99, 2 }, { 1, 2, 2 }, { 999, 70, 2 }, { 1, 11, 2 }, { 999, 5, 2 },
};
#define NETWORKS (sizeof networks / sizeof networks[0])

static const char *const apns[] = { "iot.example", "em", "fleet.example.mnc001.mcc001.gprs", "cam.example" };
/* What the source's numbers of events mean. */
static const uint8_t signalling_events[] = {
    [1] = SLUICE_SIGNALLING_UPDATE_LOCATION, [2] = SLUICE_SIGNALLING_UPDATE_GPRS_LOCATION,
    [3] = SLUICE_SIGNALLING_CREATE_PDP,      [4] = SLUICE_SIGNALLING_UPDATE_PDP,
    [5] = SLUICE_SIGNALLING_DELETE_PDP,      [15] = SLUICE_SIGNALLING_PURGE_LOCATION,
    [16] = SLUICE_SIGNALLING_PURGE_GPRS_LOCATION,
};
static const uint8_t rats[] = { 1, 2, 5, 6, 8, 9 };   /* TS 29.061: 3G, 2G, HSPA+, LTE, NB-IoT, LTE-M */

/* A SIM's turn: each class walks through its SIMs again and again. */
struct turn {
    enum world_class class;
    uint64_t ordinal;     /* of the class's lines */
    uint64_t sim;
    uint64_t visit;       /* how often the SIM had its turn before */
};

static struct turn turn_of(const struct world *world, uint64_t line)
{
    const uint32_t place = (uint32_t)(line % BLOCK);
    struct turn turn = { .class = (enum world_class)block[place] };
    uint32_t rank = 0;

    for (uint32_t i = 0; i < place; i++)
        rank += block[i] == block[place];
    turn.ordinal = line / BLOCK * block_share[turn.class] + rank;
    turn.sim = world->class_first[turn.class] + turn.ordinal % world->class_size[turn.class];
    turn.visit = turn.ordinal / world->class_size[turn.class];
    return turn;
}

/* The turn's place in time, not yet the SIM's own. */
static int64_t nominal_us(const struct world *world, uint64_t line)
{
    const unsigned __int128 span_us = WORLD_TRAFFIC_US - QUIET_US;

    return world->clock_us - WORLD_TRAFFIC_US + (int64_t)(line * span_us / world->records);
}

/* Whole milliseconds: that is what the format can say. */
static int64_t to_millisecond(int64_t time_us)
{
    return time_us - time_us % 1000;
}

static int64_t end_us(const struct world *world, uint64_t line, uint64_t sim)
{
    const int64_t jitter_us = dice_below(dice_throw(world->seed, TOPIC_JITTER, sim), JITTER_S) * SECOND_US;

    return to_millisecond(nominal_us(world, line) + jitter_us);
}

/* Seconds since the SIM's turn before this one. */
static int64_t pause_s(const struct world *world, const struct turn *turn)
{
    const uint64_t lines = world->class_size[turn->class] * BLOCK / block_share[turn->class];

    if (lines > world->records)
        return PARTIAL_S_MAX;
    return (nominal_us(world, lines) - nominal_us(world, 0)) / SECOND_US;
}

static void set_times(struct traffic_record *record, const struct world *world, const struct turn *turn,
                      struct dice *dice)
{
    static const uint32_t length_s[WORLD_CLASSES] = {
        [WORLD_METER] = 60,
        [WORLD_TRACKER] = PARTIAL_S_MAX,
        [WORLD_CAMERA] = PARTIAL_S_MAX,
        [WORLD_ALARM] = 2,
    };
    int64_t duration_s = dice_roll(dice, length_s[turn->class]);
    int64_t days = 0;

    /* A camera's partial records follow each other without a gap. */
    if (turn->class == WORLD_CAMERA) {
        const int64_t gap_s = pause_s(world, turn);
        duration_s = gap_s < PARTIAL_S_MAX ? gap_s + 1 : PARTIAL_S_MAX;
    }
    record->end_us = end_us(world, record->line, turn->sim);
    switch (record->plant) {
    case PLANT_FUTURE:
        record->end_us = world->clock_us + 4 * WORLD_HOUR_US + dice_roll(dice, 72 * 3600) * SECOND_US;
        break;
    case PLANT_LATE:
        days = dice_chance(dice, 300)   ? 4 + dice_roll(dice, 3)     /* inside every period */
               : dice_chance(dice, 600) ? 8 + dice_roll(dice, 20)    /* past the short ones */
                                        : 32 + dice_roll(dice, 50);  /* past the long ones too */
        break;
    case PLANT_BEYOND:
        days = 100 + dice_roll(dice, 100);
        break;
    default:
        break;
    }
    /* 3 to 21 hours into a day of age, so that no deadline in hours comes close. */
    if (days)
        record->end_us = to_millisecond(world->clock_us - days * WORLD_DAY_US - 3 * WORLD_HOUR_US -
                                        dice_roll(dice, 17 * 3600) * SECOND_US);
    if (record->throw & 1)
        record->end_us -= record->end_us % SECOND_US;
    record->start_us = record->end_us - duration_s * SECOND_US;
    if (record->plant == PLANT_ENDS_BEFORE)
        record->end_us = record->start_us - WORLD_HOUR_US;
}

static void set_service(struct traffic_record *record, const struct turn *turn, struct dice *dice)
{
    static const uint32_t octets_max[WORLD_CLASSES] = {
        [WORLD_METER] = 3000, [WORLD_TRACKER] = 400000, [WORLD_CAMERA] = 90000000, [WORLD_ALARM] = 1,
    };
    static const uint8_t events[] = { 3, 3, 3, 3, 5, 5, 5, 5, 4, 1, 1, 2, 15, 16 };
    static const uint8_t other_events[] = { 0, 6, 8, 9, 11, 13, 18, 30, 41, 51 };

    record->service = SLUICE_SERVICE_DATA;
    if (turn->class == WORLD_ALARM) {
        record->service = dice_chance(dice, 700) ? SLUICE_SERVICE_SMS_MO : SLUICE_SERVICE_SMS_MT;
        record->messages = 1;
    } else {
        record->uplink_octets = dice_roll(dice, octets_max[turn->class]);
        record->downlink_octets = dice_roll(dice, octets_max[turn->class] / 5);
    }
    if (record->plant == PLANT_OTHER_EVENT) {
        record->is_event = true;
        record->event = other_events[dice_roll(dice, sizeof other_events)];
    } else if (turn->class != WORLD_ALARM && plant_fits_events(record->plant) && dice_chance(dice, 80)) {
        record->is_event = true;
        record->event = events[dice_roll(dice, sizeof events)];
        record->signalling_event = signalling_events[record->event];
        record->has_context = record->event >= 3 && record->event <= 5;
        record->service = SLUICE_SERVICE_SIGNALLING;
        record->start_us = record->end_us;
    }
    record->has_octets = record->service == SLUICE_SERVICE_DATA;
    record->has_messages = !record->is_event && !record->has_octets;
}

static void set_session(struct traffic_record *record, const struct world *world, const struct turn *turn)
{
    const uint64_t session = turn->visit / session_records[turn->class];

    /* The older of the two sources of this format names no session. */
    record->has_session = plant_is_malformed(record->plant) ||
                          dice_below(dice_throw(world->seed, TOPIC_SESSIONLESS, turn->sim), 10) != 0;
    if (record->is_event && !record->has_context)
        record->has_session = false;
    record->session[0] = dice_throw(world->traffic_seed, TOPIC_SESSION, turn->sim + session * WORLD_SIMS_MAX);
    record->session[1] = dice_mix(record->session[0] + 1);
}

static void set_place(struct traffic_record *record, const struct world *world, const struct turn *turn)
{
    const uint64_t home = dice_throw(world->seed, TOPIC_HOME, turn->sim);
    uint64_t place = home;

    if (turn->class == WORLD_TRACKER)
        place = dice_mix(home + turn->visit / 4);
    record->mcc = networks[place % NETWORKS].mcc;
    record->mnc = networks[place % NETWORKS].mnc;
    record->mnc_digits = networks[place % NETWORKS].digits;
    if (record->is_event && !record->has_context && record->event > 5)
        record->mnc_digits = 0;   /* purged: from where is not said */
    if (turn->class == WORLD_TRACKER)
        place = dice_mix(place + turn->visit);
    record->lac = 1 + (uint32_t)(place >> 8 & 0x7fff);
    record->cell = 1 + (place >> 24 & 0x7ffffff);
    record->rat = rats[home % sizeof rats];
    record->apn = apns[home >> 16 & 3];
    record->gateway = (uint8_t)(1 + (home >> 18 & 31));
    record->breakout = home >> 23 & 1 ? "eu-west-1" : "us-east-1";
}

static void set_names(struct traffic_record *record, const struct world *world, struct dice *dice)
{
    const uint32_t at_s = (uint32_t)(record->start_us / SECOND_US);
    const struct fleet_holding *holding = &record->holding;
    const bool registered = fleet_holding_at(world, record->sim, at_s, &record->holding);

    record->registered = registered;
    record->tenant = registered ? holding->tenant : fleet_tenant_at(world, record->sim, at_s);
    const uint32_t *organisations = declared_tenants[record->tenant].organisations;
    record->organisation = organisations[organisations[1] && registered ? holding->account % 2 : 0];

    /* What a line is broken in must be there. */
    const bool broken = plant_is_malformed(record->plant);
    record->has_iccid = broken || fleet_has_iccid(world, record->sim);
    record->has_imsi = broken || !record->has_iccid || dice_chance(dice, 950);
    record->number = registered ? holding->number : record->sim;
    if (broken && record->number == FLEET_NOBODY)
        record->number = record->sim;
    record->has_number = record->number != FLEET_NOBODY && (broken || dice_chance(dice, 800));
    record->has_device = broken || dice_chance(dice, 980);
    record->device = fleet_device_at(world, record->sim, at_s);
    record->imei_version = dice_chance(dice, 700);
    record->imei_zero = dice_chance(dice, 300);
    if (broken || dice_chance(dice, 900))
        record->address_len = fleet_address(record->address, world, record->sim);
    if (record->plant == PLANT_NULLS) {
        record->has_device = false;
        record->address_len = 0;
    }

    if (record->plant == PLANT_UNKNOWN_NUMBER) {
        record->number = world->sims + record->line % WORLD_SIMS_MAX;
        record->has_number = true;
    }
    if (record->plant == PLANT_NUMBER_ONLY && record->number == FLEET_NOBODY)
        record->plant = PLANT_NOTHING;
    if (record->plant == PLANT_NUMBER_ONLY || record->plant == PLANT_UNKNOWN_NUMBER) {
        record->has_number = true;
        record->has_iccid = record->has_imsi = false;
    }
    if (record->plant == PLANT_NO_SUBJECT)
        record->has_iccid = record->has_imsi = record->has_number = false;
    if (record->plant == PLANT_NO_CONTROLLER)
        record->organisation = DECLARED_ORGANISATION_UNKNOWN;
    if (record->plant == PLANT_IMEI_CHECK)
        record->imei_version = record->imei_zero = false;
}

static void set_charge(struct traffic_record *record, struct dice *dice)
{
    const bool data = record->service == SLUICE_SERVICE_DATA;

    record->has_charge = !record->is_event && (plant_is_malformed(record->plant) || dice_chance(dice, 950));
    /* Never ends in 0, so that there is one way to write it. */
    record->charge_units = 1 + dice_roll(dice, 9);
    if (data)
        record->charge_units += (record->uplink_octets + record->downlink_octets) * 10;
    record->charge_scale = data ? 9 : 2;
    record->currency = record->tenant == 1 ? "USD" : "EUR";
}

void traffic_record(const struct world *world, uint64_t line, struct traffic_record *record)
{
    const struct turn turn = turn_of(world, line);
    struct dice dice = { dice_throw(world->traffic_seed, TOPIC_LINE, line) };

    *record = (struct traffic_record){ .line = line, .plant = plant_of(world, line), .sim = turn.sim };
    record->throw = dice_next(&dice);
    set_times(record, world, &turn, &dice);
    set_service(record, &turn, &dice);
    set_session(record, world, &turn);
    set_place(record, world, &turn);
    set_names(record, world, &dice);
    set_charge(record, &dice);
    /* An event may bear the number of a usage record: they are counted apart. */
    record->id = UINT64_C(310000000000000) + (dice_mix(world->seed) >> 20) + world->round * world->records +
                 line - record->is_event;
}
