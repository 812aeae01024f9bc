#include "gen/line_write.h"

#include "gen/fleet.h"
#include "gen/line_break.h"
#include "gen/text.h"
#include "sluice/record.h"

#define MEGABYTE_DIGITS 6 /* the source's megabyte is 10^6 octets */

static void member(struct text *text, const char *name_and_colon)
{
    text_word(text, name_and_colon);
}

/* The source writes volumes as numbers with or without zeros, some as text. */
static void volume(struct text *text, const struct traffic_record *record, uint64_t amount)
{
    const bool quoted = (record->throw >> 8 & 15) == 0;

    if (quoted)
        text_char(text, '"');
    if (record->service == SLUICE_SERVICE_SMS_MO || record->service == SLUICE_SERVICE_SMS_MT)
        text_word(text, amount ? (record->throw &256 ? "1.0" : "1") : "0");
    else
        text_decimal(text, amount, MEGABYTE_DIGITS, (int)(record->throw >> 1 & 1));
    if (quoted)
        text_char(text, '"');
}

static void volumes(struct text *text, const struct traffic_record *record)
{
    uint64_t rx = record->uplink_octets, tx = record->downlink_octets;

    if (record->service == SLUICE_SERVICE_SMS_MO)
        rx = 1;
    if (record->service == SLUICE_SERVICE_SMS_MT)
        tx = 1;
    member(text, "\"volume\":{\"total\":");
    volume(text, record, rx + tx);
    member(text, ",\"rx\":");
    volume(text, record, rx);
    member(text, ",\"tx\":");
    volume(text, record, tx);
    text_char(text, '}');
}

static void instant(struct text *text, int64_t time_us, const char *zone)
{
    text_char(text, '"');
    text_instant(text, time_us);
    text_word(text, zone);
    text_char(text, '"');
}

static void imei(struct text *text, const struct world *world, const struct traffic_record *record,
                 bool version)
{
    char digits[FLEET_IMEI_DIGITS];

    fleet_imei(digits, world, record->device);
    text_char(text, '"');
    text_bytes(text, digits, sizeof digits);
    if (version)
        text_padded(text, record->throw >> 16 & 63, 2);
    else
        text_char(text, record->imei_zero ? '0' : fleet_luhn(digits, FLEET_IMEI_DIGITS));
    text_char(text, '"');
}

static void imsi_digits(struct text *text, const struct world *world, uint64_t sim)
{
    char digits[FLEET_IMSI_DIGITS];

    fleet_imsi(digits, world, sim);
    text_char(text, '"');
    text_bytes(text, digits, sizeof digits);
    text_char(text, '"');
}

static void sim(struct text *text, const struct world *world, const struct traffic_record *record)
{
    member(text, ",\"sim\":{\"id\":");
    text_number(text, 3000000 + record->sim);
    if (record->has_iccid) {
        char digits[FLEET_ICCID_DIGITS];

        fleet_iccid(digits, world, record->sim);
        member(text, ",\"iccid\":\"");
        text_bytes(text, digits, sizeof digits);
        text_char(text, '"');
    }
    if (record->has_number) {
        char digits[FLEET_MSISDN_DIGITS];

        fleet_msisdn(digits, world, record->number);
        member(text, ",\"msisdn\":\"");
        text_bytes(text, digits, sizeof digits);
        text_char(text, '"');
    }
    text_char(text, '}');
}

static void endpoint(struct text *text, const struct world *world, const struct traffic_record *record)
{
    if (record->plant == PLANT_NULLS) {
        member(text, ",\"endpoint\":null");
        return;
    }
    member(text, ",\"endpoint\":{\"id\":");
    text_number(text, 7000000 + record->sim);
    member(text, ",\"ip_address\":");
    if (record->address_len) {
        text_char(text, '"');
        text_address(text, record->address, record->address_len);
        text_char(text, '"');
    } else {
        text_word(text, "null");
    }
    member(text, ",\"imei\":");
    if (record->has_device)
        imei(text, world, record, record->imei_version);
    else
        text_word(text, "null");
    member(text, ",\"balance\":null}");
}

static void organisation(struct text *text, const struct traffic_record *record)
{
    member(text, ",\"organisation\":{\"id\":");
    text_number(text, record->organisation);
    text_char(text, '}');
}

static void session(struct text *text, const struct traffic_record *record)
{
    member(text, "\"session_id\":\"");
    text_session(text, record->session);
    text_char(text, '"');
}

static void network(struct text *text, const struct traffic_record *record)
{
    member(text, ",\"operator\":{\"id\":5,\"mnc\":\"");
    text_padded(text, record->mnc, record->mnc_digits);
    member(text, "\",\"country\":{\"id\":74,\"mcc\":\"");
    text_padded(text, record->mcc, 3);
    member(text, "\"}}");
}

/* What no record has a field for. */
static void extras(struct text *text, enum plant plant)
{
    if (plant == PLANT_SECRET_BESIDE)
        member(text, ",\"puk\":\"24681357\"");
    if (plant == PLANT_PROHIBITED)
        member(text, ",\"religion\":\"secular\"");
    if (plant == PLANT_EXTRAS)
        member(text, ",\"tariff\":{\"id\":1,\"name\":\"Plan\",\"ratezone\":{\"id\":2,\"name\":\"Area 2\"}}"
                     ",\"weather\":\"wet\",\"battery\":[3,2.5e0,{\"volts\":null}],\"signal_dbm\":-97");
}

static void usage(struct text *text, const struct world *world, const struct traffic_record *record)
{
    const bool sms = record->service != SLUICE_SERVICE_DATA;

    member(text, "{\"id\":");
    text_number(text, record->id);
    if (record->has_charge) {
        member(text, ",\"cost\":");
        text_decimal(text, record->charge_units, record->charge_scale, 1);
    }
    member(text, sms ? ",\"traffic_type\":{\"id\":6,\"description\":\"SMS\"}"
                     : ",\"traffic_type\":{\"id\":5,\"description\":\"Data\"}");
    if (record->has_imsi) {
        member(text, ",\"imsi\":");
        imsi_digits(text, world, record->sim);
    }
    text_char(text, ',');
    volumes(text, record);
    member(text, ",\"start_timestamp\":");
    instant(text, record->start_us, "Z");
    member(text, ",\"end_timestamp\":");
    instant(text, record->end_us, "Z");
    network(text, record);
    sim(text, world, record);
    endpoint(text, world, record);
    if (record->has_charge) {
        member(text, ",\"currency\":{\"id\":1,\"code\":\"");
        text_word(text, record->currency);
        member(text, "\"}");
    }
    organisation(text, record);
    if (record->has_session) {
        text_char(text, ',');
        session(text, record);
    }
    extras(text, record->plant);
    text_char(text, '}');
}

static void pdp_context(struct text *text, const struct world *world, const struct traffic_record *record)
{
    member(text, "\"pdp_context\":{\"apn\":\"");
    text_word(text, record->apn);
    member(text, "\",\"rat_type\":");
    text_number(text, record->rat);
    member(text, ",\"tx_teid_data_plane\":");
    text_number(text, record->throw >> 32);
    member(text, ",\"region\":\"");
    text_word(text, record->breakout);
    member(text, "\",\"tunnel_created\":\"");
    text_instant(text, record->start_us - record->start_us % 1000000);
    member(text, "\",\"mcc\":\"");
    text_padded(text, record->mcc, 3);
    member(text, "\",\"mnc\":\"");
    text_padded(text, record->mnc, record->mnc_digits);
    member(text, "\",\"lac\":");
    text_number(text, record->lac);
    member(text, ",\"ci\":");
    text_number(text, record->cell);
    member(text, ",\"sac\":null,\"nsapi\":5,\"gtp_version\":1");
    if (record->has_imsi) {
        member(text, ",\"imsi\":");
        imsi_digits(text, world, record->sim);
    }
    if (record->has_device) {
        member(text, ",\"imeisv\":");
        imei(text, world, record, true);
    }
    if (record->address_len) {
        member(text, ",\"ue_ip_address\":\"");
        text_address(text, record->address, record->address_len);
        text_char(text, '"');
    }
    member(text,
           ",\"ggsn_data_plane_ip_address\":\"192.0.2.9\",\"ggsn_control_plane_ip_address\":\"192.0.2.");
    text_number(text, record->gateway);
    member(text, "\"}");
}

/* Locations name their networks in a list, sessions in their context. */
static void detail(struct text *text, const struct world *world, const struct traffic_record *record)
{
    member(text, ",\"detail\":{\"id\":3,\"country\":{\"id\":74,\"mcc\":\"");
    text_padded(text, record->mcc, 3);
    if (record->event == 1 || record->event == 2) {
        member(text, "\"},\"mnc\":[{\"id\":3,\"mnc\":\"");
        text_padded(text, record->mnc, record->mnc_digits);
        member(text, "\"}]}");
        return;
    }
    member(text, "\"},");
    if (record->has_session) {
        session(text, record);
        text_char(text, ',');
    }
    if (record->event == 5) {
        volumes(text, record);
        text_char(text, ',');
    }
    pdp_context(text, world, record);
    text_char(text, '}');
}

static void event(struct text *text, const struct world *world, const struct traffic_record *record)
{
    member(text, "{\"timestamp\":");
    instant(text, record->start_us, record->throw &2 ? "Z" : "+0000");
    member(text, ",\"alert\":false,\"description\":\"Something happened.\",\"id\":");
    text_number(text, record->id);
    member(text, ",\"event_type\":{\"id\":");
    text_number(text, record->event);
    member(text, "},\"event_source\":{\"id\":0},\"event_severity\":{\"id\":0}");
    organisation(text, record);
    endpoint(text, world, record);
    sim(text, world, record);
    if (record->has_imsi) {
        member(text, ",\"imsi\":{\"id\":9,\"imsi\":");
        imsi_digits(text, world, record->sim);
        text_char(text, '}');
    }
    if (record->service == SLUICE_SERVICE_SIGNALLING && record->event >= 1 && record->event <= 5)
        detail(text, world, record);
    extras(text, record->plant);
    text_char(text, '}');
}

size_t line_write(char out[static LINE_SIZE_MAX], const struct world *world,
                  const struct traffic_record *record)
{
    struct text text = { out };

    if (record->is_event)
        event(&text, world, record);
    else
        usage(&text, world, record);
    const size_t len = (size_t)(text.at - out);
    return plant_is_malformed(record->plant) ? line_break(out, len, record) : len;
}
