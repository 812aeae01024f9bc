/* A row as it must be: each form of each field, from what the line meant. */
#include <assert.h>
#include <string.h>

#include "gen/check_row.h"
#include "gen/text.h"
#include "sluice/clock.h"
#include "sluice/token.h"

struct writer {
    struct row *row;
    const struct row_source *source;
    uint8_t *scratch; /* what is left of it */
};

static void set_number(struct writer *writer, unsigned field, uint64_t number)
{
    *row_add(writer->row, field) = (struct row_value){ .kind = ROW_VARINT, .number = number };
}

static void set_fixed(struct writer *writer, unsigned field, int64_t number)
{
    *row_add(writer->row, field) = (struct row_value){ .kind = ROW_FIXED64, .number = (uint64_t)number };
}

static void set_bytes(struct writer *writer, unsigned field, const void *bytes, size_t len)
{
    *row_add(writer->row, field) = (struct row_value){ .kind = ROW_BYTES, .bytes = { bytes, len } };
}

static void set_text(struct writer *writer, unsigned field, const char *text)
{
    if (*text)
        set_bytes(writer, field, text, strlen(text));
}

/* Bytes of their own, from scratch. */
static uint8_t *take(struct writer *writer, size_t len)
{
    uint8_t *taken = writer->scratch;

    writer->scratch += len;
    return taken;
}

/* tag = siphashx24(field number || id) under the purpose's key. */
static void set_tag(struct writer *writer, unsigned field, const char *id, size_t len)
{
    uint8_t message[128], *tag = take(writer, SLUICE_HASH_SIZE);

    assert(len < sizeof message);
    message[0] = (uint8_t)field;
    memcpy(message + 1, id, len);
    sluice_hash(tag, message, len + 1, writer->source->tag_key);
    set_bytes(writer, field, tag, SLUICE_HASH_SIZE);
}

static void set_record_tag(struct writer *writer)
{
    char id[20];
    struct text text = { id };

    text_number(&text, writer->source->record->id);
    set_tag(writer, 15, id, (size_t)(text.at - id));
}

static void set_session_tag(struct writer *writer)
{
    char id[TEXT_SESSION_SIZE];
    struct text text = { id };

    if (!writer->source->record->has_session)
        return;
    text_session(&text, writer->source->record->session);
    set_tag(writer, 16, id, sizeof id);
}

static void set_account_tag(struct writer *writer)
{
    char id[32];
    struct text text = { id };

    if (!writer->source->truth->registered)
        return;
    text_word(&text, "account-");
    text_number(&text, writer->source->truth->holding.account);
    set_tag(writer, 18, id, (size_t)(text.at - id));
}

static void set_address_pseudonym(struct writer *writer)
{
    const struct traffic_record *record = writer->source->record;
    uint8_t message[17] = { 13 }, *digest = take(writer, SLUICE_PSEUDONYM_SIZE);

    if (!record->address_len)
        return;
    memcpy(message + 1, record->address, record->address_len);
    sluice_keyed_digest(digest, message, 1u + record->address_len, writer->source->secrets->digest_key);
    set_bytes(writer, 13, digest, SLUICE_PSEUDONYM_SIZE);
}

/* What names the subject, where the record carries that. */
static void set_token(struct writer *writer)
{
    const struct row_source *source = writer->source;
    uint8_t *token = take(writer, SLUICE_TOKEN_SIZE);
    char digits[FLEET_ICCID_DIGITS];

    if (source->record->has_iccid) {
        fleet_iccid(digits, source->world, source->truth->sim);
        sluice_token_seal(token, source->secrets->token_key, source->pseudonym, SLUICE_TOKEN_ICCID, digits,
                          FLEET_ICCID_DIGITS);
    } else if (source->record->has_imsi) {
        fleet_imsi(digits, source->world, source->truth->sim);
        sluice_token_seal(token, source->secrets->token_key, source->pseudonym, SLUICE_TOKEN_IMSI, digits,
                          FLEET_IMSI_DIGITS);
    } else {
        return;
    }
    set_bytes(writer, 14, token, SLUICE_TOKEN_SIZE);
}

/* The first bits of an IPv4 address, twice as many of an IPv6 one but 48 at most. */
static void set_address_prefix(struct writer *writer, uint32_t bits)
{
    const struct traffic_record *record = writer->source->record;
    const uint32_t keep = record->address_len == 4 ? bits : bits * 2 > 48 ? 48 : bits * 2;
    uint8_t *prefix = take(writer, 16);

    if (!record->address_len)
        return;
    memset(prefix, 0, 16);
    for (uint32_t bit = 0; bit < keep; bit++)
        prefix[bit / 8] |= (uint8_t)(record->address[bit / 8] & 0x80 >> bit % 8);
    set_bytes(writer, 61, prefix, record->address_len);
}

static void set_gateway_prefix(struct writer *writer, uint32_t bits)
{
    uint8_t *prefix = take(writer, 4);

    assert(bits == 24);
    if (writer->source->record->has_context)
        set_bytes(writer, 57, memcpy(prefix, "\xc0\x00\x02\x00", 4), 4);
}

static void set_network(struct writer *writer)
{
    const struct traffic_record *record = writer->source->record;
    struct text text = { (char *)take(writer, 8) };
    const char *from = text.at;

    if (!record->mnc_digits)
        return;
    text_padded(&text, record->mcc, 3);
    text_padded(&text, record->mnc, record->mnc_digits);
    set_bytes(writer, 51, from, (size_t)(text.at - from));
}

/* 001/01 is known to be written so; under 999 an MNC may have two digits or three, and is not guessed. */
static void set_home(struct writer *writer)
{
    char digits[FLEET_IMSI_DIGITS];

    if (!writer->source->record->has_imsi)
        return;
    fleet_imsi(digits, writer->source->world, writer->source->record->sim);
    if (memcmp(digits, "001", 3) != 0)
        return;
    set_bytes(writer, 63, memcpy(take(writer, 5), digits, 5), 5);
}

static void set_type_code(struct writer *writer)
{
    char digits[FLEET_IMEI_DIGITS];

    if (!writer->source->record->has_device)
        return;
    fleet_imei(digits, writer->source->world, writer->source->record->device);
    set_bytes(writer, 62, memcpy(take(writer, 8), digits, 8), 8);
}

static void set_region_country(struct writer *writer)
{
    const char *region = declared_regions[writer->source->truth->holding.region];

    if (*region)
        set_bytes(writer, 26, region, 2);
}

/* The access point's name without the operator that it is at. */
static void set_access_network(struct writer *writer)
{
    const char *apn = writer->source->record->apn;
    const char *operator= strstr(apn, ".mnc");

    if (writer->source->record->has_context)
        set_bytes(writer, 34, apn, operator? (size_t)(operator- apn) : strlen(apn));
}

static void set_charge(struct writer *writer)
{
    const struct traffic_record *record = writer->source->record;

    if (!record->has_charge)
        return;
    set_number(writer, 64, record->charge_units * 2); /* zigzag */
    set_number(writer, 65, record->charge_scale);
    set_text(writer, 66, record->currency);
}

static uint64_t log2_of(uint64_t value)
{
    uint64_t bits = 0;

    for (; value; value /= 2)
        bits++;
    return bits;
}

static int64_t floor_to(int64_t time_us, uint32_t interval_s)
{
    return time_us / SLUICE_SECOND_US / interval_s * interval_s;
}

static void set_if(struct writer *writer, bool there, unsigned field, uint64_t number)
{
    if (there)
        set_number(writer, field, number);
}

/* What is a number: by form, where it stands, what it is and whether the record has it. */
static void set_measure(struct writer *writer, const struct declared_field *field)
{
    const struct traffic_record *r = writer->source->record;
    const bool bucket = field->transform == SLUICE_TRANSFORM_BUCKET;

    switch (field->field) {
    case SLUICE_FIELD_CONTRACT:
        set_number(writer, 24, writer->source->truth->holding.contract);
        return;
    case SLUICE_FIELD_SERVICE:
        set_number(writer, 30, r->service);
        return;
    case SLUICE_FIELD_SIGNALLING_EVENT:
        set_if(writer, r->is_event, 31, r->signalling_event);
        return;
    case SLUICE_FIELD_RAT:
        set_if(writer, r->has_context, 32, r->rat);
        return;
    case SLUICE_FIELD_LAC:
        set_if(writer, r->has_context, 54, r->lac);
        return;
    case SLUICE_FIELD_CELL_ID:
        set_if(writer, r->has_context, 55, r->cell);
        return;
    case SLUICE_FIELD_MESSAGE_COUNT:
        set_if(writer, r->has_messages, 41, r->messages);
        return;
    case SLUICE_FIELD_UPLINK_OCTETS:
        set_if(writer, r->has_octets, bucket ? 37 : 35,
               bucket ? log2_of(r->uplink_octets) : r->uplink_octets);
        return;
    case SLUICE_FIELD_DOWNLINK_OCTETS:
        set_if(writer, r->has_octets, bucket ? 38 : 36,
               bucket ? log2_of(r->downlink_octets) : r->downlink_octets);
        return;
    case SLUICE_FIELD_COUNTER_MODE:
        set_if(writer, r->has_octets, 42, SLUICE_COUNTER_DELTA);
        return;
    case SLUICE_FIELD_DURATION:
        return; /* the format has none */
    default:
        assert(false && "a field that declared.c uses is missing here");
    }
}

static void set_instant(struct writer *writer, const struct declared_field *field)
{
    const struct traffic_record *record = writer->source->record;
    const bool is_end = field->field == SLUICE_FIELD_END,
               coarse = field->transform == SLUICE_TRANSFORM_COARSEN;
    const int64_t time_us = is_end ? record->end_us : record->start_us;

    if (is_end && record->is_event)
        return;
    set_fixed(writer, (is_end ? 47u : 45u) + coarse, coarse ? floor_to(time_us, field->parameter) : time_us);
}

#define FORM(field, transform) (SLUICE_FIELD_##field << 8 | SLUICE_TRANSFORM_##transform)

/* Each form that declared.c uses, by what the promises say of it. */
static void set_field(struct writer *writer, const struct declared_field *field)
{
    const struct row_source *source = writer->source;
    const struct traffic_record *record = source->record;

    switch (field->field << 8 | field->transform) {
    case FORM(SUBJECT, PSEUDONYM):
        set_bytes(writer, 10, source->pseudonym, SLUICE_PSEUDONYM_SIZE);
        return;
    case FORM(DEVICE, PSEUDONYM):
        if (record->has_device)
            set_bytes(writer, 11, source->device_pseudonym, SLUICE_PSEUDONYM_SIZE);
        return;
    case FORM(UE_ADDRESS, PSEUDONYM):
        set_address_pseudonym(writer);
        return;
    case FORM(UE_ADDRESS, TRUNCATE):
        set_address_prefix(writer, field->parameter);
        return;
    case FORM(ICCID, TOKEN):
        set_token(writer);
        return;
    case FORM(RECORD_ID, TAG):
        set_record_tag(writer);
        return;
    case FORM(SESSION_ID, TAG):
        set_session_tag(writer);
        return;
    case FORM(ACCOUNT, TAG):
        set_account_tag(writer);
        return;
    case FORM(REGION, KEEP):
        set_text(writer, 25, declared_regions[source->truth->holding.region]);
        return;
    case FORM(REGION, COARSEN):
        set_region_country(writer);
        return;
    case FORM(SERVING_PLMN, KEEP):
        set_network(writer);
        return;
    case FORM(SERVING_PLMN, COARSEN):
        set_if(writer, record->mnc_digits > 0, 52, record->mcc);
        return;
    case FORM(IMEI, TRUNCATE):
        set_type_code(writer);
        return;
    case FORM(IMSI, TRUNCATE):
        set_home(writer);
        return;
    case FORM(APN, KEEP):
        set_text(writer, 33, record->has_context ? record->apn : "");
        return;
    case FORM(APN, COARSEN):
        set_access_network(writer);
        return;
    case FORM(GATEWAY, TRUNCATE):
        set_gateway_prefix(writer, field->parameter);
        return;
    case FORM(BREAKOUT_REGION, KEEP):
        set_text(writer, 58, record->has_context ? record->breakout : "");
        return;
    case FORM(CHARGE, KEEP):
        set_charge(writer);
        return;
    case FORM(START, KEEP):
    case FORM(START, COARSEN):
    case FORM(END, KEEP):
    case FORM(END, COARSEN):
        set_instant(writer, field);
        return;
    default:
        set_measure(writer, field);
        return;
    }
}

void row_expect(struct row *expected, uint8_t scratch[static ROW_SCRATCH_SIZE],
                const struct row_source *source)
{
    struct writer writer = { expected, source, scratch };

    expected->present[0] = expected->present[1] = 0;
    set_text(&writer, 1, source->purpose->name);
    set_number(&writer, 2, source->basis);
    set_bytes(&writer, 3, source->policy_version, SLUICE_POLICY_VERSION_SIZE);
    set_text(&writer, 4, source->tenant->name);
    set_fixed(&writer, 5,
              truth_deadline_s(source->purpose, source->record->start_us, source->world->clock_us));
    set_bytes(&writer, 6, source->ref, SLUICE_HASH_SIZE);
    for (int i = 0; i < DECLARED_FIELDS_MAX && source->purpose->fields[i].field; i++)
        set_field(&writer, &source->purpose->fields[i]);
    assert(writer.scratch <= scratch + ROW_SCRATCH_SIZE);
}
