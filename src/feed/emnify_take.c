/* The last step of decoding: what each slot becomes in the record. */
#include "feed/emnify_state.h"

#include "feed/take.h"

#define USAGE (EMNIFY_DATA | EMNIFY_SMS)
#define EVENT (EMNIFY_SIGNALLING | EMNIFY_CLOSED)
#define ALL   (USAGE | EVENT)

static enum sluice_reason on_id(struct emnify *emnify, const struct json_node *node)
{
    if (node->kind == JSON_NUMBER)
        for (size_t i = 0; i < node->text.len; i++)
            if (node->text.bytes[i] < '0' || node->text.bytes[i] > '9')
                return SLUICE_REASON_WRONG_TYPE;
    return take_text(&emnify->record->record_id, node->text);
}

static enum sluice_reason on_session(struct emnify *emnify, const struct json_node *node)
{
    return take_text(&emnify->record->session_id, node->text);
}

static enum sluice_reason on_iccid(struct emnify *emnify, const struct json_node *node)
{
    return sluice_iccid_parse(&emnify->record->iccid, node->text);
}

static enum sluice_reason on_imsi(struct emnify *emnify, const struct json_node *node)
{
    return sluice_imsi_parse(&emnify->record->imsi, node->text);
}

static enum sluice_reason on_msisdn(struct emnify *emnify, const struct json_node *node)
{
    return sluice_msisdn_parse(&emnify->record->msisdn, node->text);
}

static enum sluice_reason on_eid(struct emnify *emnify, const struct json_node *node)
{
    return sluice_eid_parse(&emnify->record->eid, node->text);
}

static enum sluice_reason on_imei(struct emnify *emnify, const struct json_node *node)
{
    return sluice_imei_parse(&emnify->record->imei, node->text);
}

static enum sluice_reason on_address(struct emnify *emnify, const struct json_node *node)
{
    return sluice_address_parse(&emnify->record->ue_address, node->text);
}

static enum sluice_reason on_gateway(struct emnify *emnify, const struct json_node *node)
{
    return sluice_address_parse(&emnify->record->gateway, node->text);
}

static enum sluice_reason on_start(struct emnify *emnify, const struct json_node *node)
{
    return take_time(emnify->record, SLUICE_RAW_START, &emnify->record->start_us, node->text);
}

static enum sluice_reason on_end(struct emnify *emnify, const struct json_node *node)
{
    return take_time(emnify->record, SLUICE_RAW_END, &emnify->record->end_us, node->text);
}

static enum sluice_reason on_rat(struct emnify *emnify, const struct json_node *node)
{
    return take_whole_32(emnify->record, SLUICE_RAW_RAT, &emnify->record->rat, node->text,
                         SLUICE_REASON_WRONG_TYPE);
}

static enum sluice_reason on_lac(struct emnify *emnify, const struct json_node *node)
{
    return take_whole_32(emnify->record, SLUICE_RAW_LAC, &emnify->record->lac, node->text,
                         SLUICE_REASON_WRONG_TYPE);
}

static enum sluice_reason on_cell(struct emnify *emnify, const struct json_node *node)
{
    return take_whole(emnify->record, SLUICE_RAW_CELL_ID, &emnify->record->cell_id, node->text,
                      SLUICE_REASON_WRONG_TYPE);
}

static enum sluice_reason on_apn(struct emnify *emnify, const struct json_node *node)
{
    return take_text(&emnify->record->apn, node->text);
}

static enum sluice_reason on_region(struct emnify *emnify, const struct json_node *node)
{
    return take_text(&emnify->record->breakout_region, node->text);
}

static enum sluice_reason on_uplink(struct emnify *emnify, const struct json_node *node)
{
    return take_octets(emnify->record, SLUICE_RAW_UPLINK_OCTETS, &emnify->record->uplink_octets, node->text,
                       emnify->input->config->megabyte);
}

static enum sluice_reason on_downlink(struct emnify *emnify, const struct json_node *node)
{
    return take_octets(emnify->record, SLUICE_RAW_DOWNLINK_OCTETS, &emnify->record->downlink_octets, node->text,
                       emnify->input->config->megabyte);
}

static enum sluice_reason on_cost(struct emnify *emnify, const struct json_node *node)
{
    return take_charge(emnify->record, node->text);
}

static enum sluice_reason on_currency(struct emnify *emnify, const struct json_node *node)
{
    return take_currency(emnify->record, node->text);
}

/* Where two slots may hold a field, the row of the better one stands last. */
static const struct taker {
    uint8_t slot;
    uint8_t modes;
    bool required;
    enum sluice_reason (*take)(struct emnify *emnify, const struct json_node *node);
} takers[] = {
    { EMNIFY_ID, ALL, true, on_id },
    { EMNIFY_SESSION_IPCAN, USAGE, false, on_session },
    { EMNIFY_SESSION, USAGE, false, on_session },
    { EMNIFY_DETAIL_SESSION, EVENT, false, on_session },
    { EMNIFY_START, USAGE, true, on_start },
    { EMNIFY_END, USAGE, false, on_end },
    { EMNIFY_TIMESTAMP, EMNIFY_SIGNALLING, true, on_start },
    { EMNIFY_PDP_CREATED, EMNIFY_CLOSED, true, on_start },
    { EMNIFY_TIMESTAMP, EMNIFY_CLOSED, true, on_end },
    { EMNIFY_ICCID, ALL, false, on_iccid },
    { EMNIFY_MSISDN, ALL, false, on_msisdn },
    { EMNIFY_EID, ALL, false, on_eid },
    { EMNIFY_IMSI, ALL, false, on_imsi },
    { EMNIFY_PDP_IMSI, EVENT, false, on_imsi },
    { EMNIFY_EVENT_IMSI, ALL, false, on_imsi },
    { EMNIFY_IMEI, ALL, false, on_imei },
    { EMNIFY_PDP_IMEISV, EVENT, false, on_imei },
    { EMNIFY_ADDRESS, ALL, false, on_address },
    { EMNIFY_PDP_ADDRESS, EVENT, false, on_address },
    { EMNIFY_PDP_GATEWAY, EVENT, false, on_gateway },
    { EMNIFY_PDP_REGION, EVENT, false, on_region },
    { EMNIFY_PDP_APN, EVENT, false, on_apn },
    { EMNIFY_RAT, USAGE, false, on_rat },
    { EMNIFY_PDP_RAT, EVENT, false, on_rat },
    { EMNIFY_PDP_LAC, EVENT, false, on_lac },
    { EMNIFY_PDP_CELL, EVENT, false, on_cell },
    { EMNIFY_RX, EMNIFY_DATA, true, on_uplink },
    { EMNIFY_TX, EMNIFY_DATA, true, on_downlink },
    { EMNIFY_DETAIL_RX, EMNIFY_CLOSED, true, on_uplink },
    { EMNIFY_DETAIL_TX, EMNIFY_CLOSED, true, on_downlink },
    { EMNIFY_COST, USAGE, false, on_cost },
    { EMNIFY_CURRENCY, USAGE, false, on_currency },
};

static enum sluice_reason take_slots(struct emnify *emnify)
{
    for (size_t i = 0; i < sizeof takers / sizeof takers[0]; i++) {
        const struct taker *taker = &takers[i];
        const uint16_t node = emnify->slots[taker->slot];
        enum sluice_reason reason = SLUICE_REASON_NONE;

        if (!(taker->modes & emnify->mode))
            continue;
        emnify->fault = node;
        if (node)
            reason = taker->take(emnify, &emnify->nodes[node]);
        else if (taker->required)
            reason = SLUICE_REASON_MISSING_REQUIRED;
        if (reason)
            return reason;
    }
    return SLUICE_REASON_NONE;
}

/* --- fields that more than one slot speaks of */

/* A list of several networks of one operator does not say which of them it was. */
static enum sluice_reason take_network(struct emnify *emnify)
{
    const uint16_t *slots = emnify->slots;
    uint16_t mcc = slots[EMNIFY_MCC], mnc = slots[EMNIFY_MNC];

    if (emnify->mode & EVENT) {
        mcc = slots[EMNIFY_PDP_MCC];
        mnc = slots[EMNIFY_PDP_MNC];
        if (!mcc || !mnc) {
            mcc = slots[EMNIFY_DETAIL_MCC];
            mnc = emnify->networks == 1 ? slots[EMNIFY_DETAIL_MNC_LIST] : slots[EMNIFY_DETAIL_MNC];
        }
    }
    if (!mcc || !mnc)
        return SLUICE_REASON_NONE;
    emnify->fault = mnc;
    return sluice_plmn_parse(&emnify->record->serving_plmn, emnify->nodes[mcc].text, emnify->nodes[mnc].text,
                             emnify->nodes[mnc].kind == JSON_NUMBER);
}

static enum sluice_reason count_messages(struct emnify *emnify, enum emnify_slot slot, uint32_t *messages)
{
    const uint16_t node = emnify->slots[slot];

    *messages = 0;
    emnify->fault = node;
    if (!node)
        return SLUICE_REASON_MISSING_REQUIRED;
    return take_whole_32(emnify->record, SLUICE_RAW_MESSAGE_COUNT, messages, emnify->nodes[node].text,
                         SLUICE_REASON_BAD_VOLUME);
}

static enum sluice_reason take_messages(struct emnify *emnify)
{
    uint32_t from_device, to_device;
    enum sluice_reason reason = count_messages(emnify, EMNIFY_RX, &from_device);

    if (!reason)
        reason = count_messages(emnify, EMNIFY_TX, &to_device);
    if (reason)
        return reason;
    if ((from_device > 0) == (to_device > 0))
        return SLUICE_REASON_BAD_VOLUME;   /* both directions, or none */
    emnify->record->service = from_device ? SLUICE_SERVICE_SMS_MO : SLUICE_SERVICE_SMS_MT;
    emnify->record->message_count = from_device ? from_device : to_device;
    return SLUICE_REASON_NONE;
}

static enum sluice_reason take_rest(struct emnify *emnify)
{
    enum sluice_reason reason = take_network(emnify);

    if (!reason && emnify->mode == EMNIFY_SMS)
        reason = take_messages(emnify);
    if (!reason && emnify->mode == EMNIFY_DATA)
        emnify->record->service = SLUICE_SERVICE_DATA;
    if (emnify->mode & (EMNIFY_DATA | EMNIFY_CLOSED))
        emnify->record->counter_mode = SLUICE_COUNTER_DELTA;
    if (!reason) {
        reason = take_check(emnify->record);
        emnify->fault = reason == SLUICE_REASON_TIME_ORDER ? emnify->slots[EMNIFY_END] : 0;
    }
    return reason;
}

enum sluice_reason emnify_take(struct emnify *emnify)
{
    const enum sluice_reason reason = take_slots(emnify);

    return reason ? reason : take_rest(emnify);
}
