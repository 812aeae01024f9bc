#include "gate/project.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

#include "sluice/crypto.h"
#include "sluice/wire.h"

/* --- the wire format, into memory that is known to be large enough */

/* Numbers of rows are below 2048: a tag has one byte or two. */
static uint8_t *put_tag(uint8_t *at, unsigned number, unsigned wire_type)
{
    const unsigned tag = number << 3 | wire_type;

    if (tag < 0x80) {
        *at = (uint8_t)tag;
        return at + 1;
    }
    at[0] = (uint8_t)(tag | 0x80);
    at[1] = (uint8_t)(tag >> 7);
    return at + 2;
}

/* Seven bits to each byte, then their number: without a branch, as how long a
 * counter is no processor can guess. Writes 8 bytes of which some may count. */
static uint8_t *put_small(uint8_t *at, uint64_t value)
{
    const unsigned len = (unsigned)(63 - __builtin_clzll(value | 1)) / 7 + 1;

    value = (value & UINT64_C(0x000000000fffffff)) | (value & UINT64_C(0x00fffffff0000000)) << 4;
    value = (value & UINT64_C(0x00003fff00003fff)) | (value & UINT64_C(0x0fffc0000fffc000)) << 2;
    value = (value & UINT64_C(0x007f007f007f007f)) | (value & UINT64_C(0x3f803f803f803f80)) << 1;
    value |= UINT64_C(0x8080808080808080) & ((UINT64_C(1) << (8 * (len - 1))) - 1);
    value = htole64(value);
    memcpy(at, &value, sizeof value);
    return at + len;
}

static uint8_t *put_varint(uint8_t *at, unsigned number, uint64_t value)
{
    at = put_tag(at, number, 0);
    return value >> 56 ? sluice_varint_write(at, value) : put_small(at, value);
}

static uint8_t *put_signed(uint8_t *at, unsigned number, int64_t value)
{
    return put_varint(at, number, ((uint64_t)value << 1) ^ (uint64_t)(value >> 63));
}

static uint8_t *put_fixed64(uint8_t *at, unsigned number, int64_t value)
{
    const uint64_t word = htole64((uint64_t)value);

    at = put_tag(at, number, 1);
    memcpy(at, &word, sizeof word);
    return at + sizeof word;
}

static uint8_t *put_bytes(uint8_t *at, unsigned number, const void *bytes, size_t len)
{
    at = sluice_varint_write(put_tag(at, number, 2), len);
    memcpy(at, bytes, len);
    return at + len;
}

/* The tag and the length of 16 bytes, which the caller puts behind them. */
static uint8_t *put_sixteen(uint8_t *at, unsigned number)
{
    at = put_tag(at, number, 2);
    *at = 16;
    return at + 1;
}

static uint8_t *put_pseudonym(uint8_t *at, unsigned number, const uint8_t *pseudonym)
{
    if (!pseudonym)
        return at;
    at = put_sixteen(at, number);
    memcpy(at, pseudonym, SLUICE_PSEUDONYM_SIZE);
    return at + SLUICE_PSEUDONYM_SIZE;
}

static uint8_t *put_str(uint8_t *at, unsigned number, struct sluice_str text)
{
    return text.len ? put_bytes(at, number, text.bytes, text.len) : at;
}

/* --- transforms */

/* Powers of two: 0 for none, else how many binary digits the value has. */
static uint32_t log2_bucket(uint64_t value)
{
    return value ? 64 - (uint32_t)__builtin_clzll(value) : 0;
}

/* Seconds since 1970 of the start of the interval that an instant lies in. */
static int64_t coarse_time(int64_t time_us, uint32_t interval_s)
{
    const int64_t seconds = time_us / SLUICE_SECOND_US;

    return seconds - seconds % interval_s;
}

/* Host bits zero. v6 keeps twice the bits that v4 keeps, 48 at most. */
static struct sluice_address truncated(struct sluice_address address, uint32_t bits)
{
    uint32_t keep = address.len == 4 ? bits : bits * 2;

    if (address.len == 16 && keep > 48)
        keep = 48;
    for (uint32_t i = 0; i < address.len; i++, keep = keep > 8 ? keep - 8 : 0)
        if (keep < 8)
            address.bytes[i] &= (uint8_t)(0xff00 >> keep);
    return address;
}

/* The network identifier without the operator identifier (TS 23.003 9.1):
 * everything before ".mnc". */
static struct sluice_str apn_network(struct sluice_str apn)
{
    for (size_t i = 0; i + 4 <= apn.len; i++)
        if (memcmp(apn.bytes + i, ".mnc", 4) == 0)
            return (struct sluice_str){ apn.bytes, i };
    return apn;
}

static struct sluice_str country_of(struct sluice_str region)
{
    return (struct sluice_str){ region.bytes, region.len > 2 ? 2 : region.len };
}

static bool is_digits(struct sluice_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.bytes[i] < '0' || text.bytes[i] > '9')
            return false;
    return text.len > 0;
}

/* --- tags: keyed per tenant and purpose; the field's number keeps a session
 *     id that equals a record id from showing */

static uint8_t *put_tag_of(uint8_t *at, unsigned number, const struct tenant_purpose *purpose,
                           const void *bytes, size_t len)
{
    uint8_t message[1 + SLUICE_RECORD_TEXT_MAX];

    if (len == 0)
        return at;
    assert(len <= SLUICE_RECORD_TEXT_MAX);
    message[0] = (uint8_t)number;
    memcpy(message + 1, bytes, len);
    at = put_sixteen(at, number);
    sluice_hash(at, message, len + 1, purpose->tag_key);
    return at + SLUICE_HASH_SIZE;
}

/* An account's tag is computed once for each purpose and kept beside its name. */
static uint8_t *put_account_tag(uint8_t *at, unsigned number, struct tenant *tenant,
                                const struct tenant_purpose *purpose, const struct project_subject *subject)
{
    static const uint8_t none[SLUICE_HASH_SIZE];
    uint8_t *kept;

    if (!subject->account_number)
        return put_tag_of(at, number, purpose, subject->account.bytes, subject->account.len);

    kept = names_beside(&tenant->accounts, subject->account_number) + (size_t)purpose->index * SLUICE_HASH_SIZE;
    if (memcmp(kept, none, sizeof none) == 0) {
        uint8_t field[SLUICE_RECORD_TEXT_MAX + 32];
        const struct sluice_str account = names_text(&tenant->accounts, subject->account_number);
        const uint8_t *end = put_tag_of(field, number, purpose, account.bytes, account.len);

        memcpy(kept, end - SLUICE_HASH_SIZE, SLUICE_HASH_SIZE);
    }
    return put_pseudonym(at, number, kept);
}

/* Third persons and addresses have no row in the vault: their pseudonym dies
 * with the epoch's key. The number comes first, as for tags. */
static uint8_t *put_digest(uint8_t *at, unsigned number, const struct project_subject *subject,
                           const void *bytes, size_t len)
{
    uint8_t message[1 + SLUICE_RECORD_TEXT_MAX];

    if (len == 0)
        return at;
    assert(len <= SLUICE_RECORD_TEXT_MAX);
    message[0] = (uint8_t)number;
    memcpy(message + 1, bytes, len);
    at = put_sixteen(at, number);
    sluice_keyed_digest(at, message, len + 1, subject->secrets->digest_key);
    return at + SLUICE_PSEUDONYM_SIZE;
}

static uint8_t *put_home_plmn(uint8_t *at, unsigned number, const struct sluice_imsi *imsi)
{
    char text[SLUICE_PLMN_TEXT_SIZE];
    struct sluice_plmn plmn;

    if (imsi->digit_count == 0 || sluice_plmn_of_imsi(&plmn, imsi) != SLUICE_REASON_NONE)
        return at;
    sluice_plmn_format(text, &plmn);
    return put_bytes(at, number, text, 3u + plmn.mnc_digits);
}

/* The digits of a network as a word: three rows and more show the same one. */
static uint8_t *put_serving_plmn(uint8_t *at, unsigned number, const struct project_subject *subject)
{
    if (!subject->plmn_len)
        return at;
    at = put_tag(at, number, 2);
    *at++ = subject->plmn_len;
    memcpy(at, &subject->plmn_text, sizeof subject->plmn_text);
    return at + subject->plmn_len;
}

static uint64_t digits_of(unsigned number, unsigned count)
{
    const uint64_t three = (uint64_t)('0' + number / 100) | (uint64_t)('0' + number / 10 % 10) << 8 |
                           (uint64_t)('0' + number % 10) << 16;

    return three >> (8 * (3 - count));
}

void project_prepare(struct project_subject *subject)
{
    const struct sluice_plmn *plmn = &subject->record->serving_plmn;

    subject->plmn_len = plmn->mnc_digits ? (uint8_t)(3 + plmn->mnc_digits) : 0;
    subject->plmn_text = htole64(digits_of(plmn->mcc, 3) | digits_of(plmn->mnc, plmn->mnc_digits) << 24);
}

static uint8_t *put_charge(uint8_t *at, const struct sluice_record *record)
{
    at = put_signed(at, 64, record->charge_units);
    at = put_varint(at, 65, record->charge_scale);
    return record->currency[0] ? put_bytes(at, 66, record->currency, 3) : at;
}

/* One field in one form. Numbers are those of proto/sluice/v1/purpose.proto;
 * which of them a purpose may have is the table in src/record/field.c. */
static inline uint8_t *put_field(uint8_t *at, const struct sluice_projection *projection, struct tenant *tenant,
                                 const struct tenant_purpose *purpose, const struct project_subject *subject)
{
    const struct sluice_record *record = subject->record;
    const unsigned number = projection->number;
    const uint32_t parameter = projection->parameter;
    const uint64_t present = record->present;
    struct sluice_address address;

#define IF_HAS(bit, put) return (present & SLUICE_HAS(bit)) ? (put) : at
    switch (number) {
    case 10: return put_pseudonym(at, number, subject->pseudonym);
    case 11: return put_pseudonym(at, number, subject->device_pseudonym);
    case 12: return put_digest(at, number, subject, record->destination.bytes, record->destination.len);
    case 13: return put_digest(at, number, subject, record->ue_address.bytes, record->ue_address.len);
    case 14: return subject->token ? put_bytes(at, number, subject->token, SLUICE_TOKEN_SIZE) : at;
    case 15: return put_tag_of(at, number, purpose, record->record_id.bytes, record->record_id.len);
    case 16: return put_tag_of(at, number, purpose, record->session_id.bytes, record->session_id.len);
    case 17: IF_HAS(SLUICE_RAW_CHARGING_ID,
                    put_tag_of(at, number, purpose, &record->charging_id, sizeof record->charging_id));
    case 18: return put_account_tag(at, number, tenant, purpose, subject);
    case 20: IF_HAS(SLUICE_RAW_PARTIAL_SEQUENCE, put_varint(at, number, record->partial_sequence));
    case 21: IF_HAS(SLUICE_RAW_CLOSING_CAUSE, put_varint(at, number, record->closing_cause));
    case 22: IF_HAS(SLUICE_RAW_RETRANSMISSION, put_varint(at, number, record->retransmission));
    case 24: return put_varint(at, number, subject->contract);
    case 25: return put_str(at, number, subject->region);
    case 26: return put_str(at, number, country_of(subject->region));
    case 30: return put_varint(at, number, record->service);
    case 31: return record->signalling_event ? put_varint(at, number, record->signalling_event) : at;
    case 32: IF_HAS(SLUICE_RAW_RAT, put_varint(at, number, record->rat));
    case 33: return put_str(at, number, record->apn);
    case 34: return put_str(at, number, apn_network(record->apn));
    case 35: IF_HAS(SLUICE_RAW_UPLINK_OCTETS, put_varint(at, number, record->uplink_octets));
    case 36: IF_HAS(SLUICE_RAW_DOWNLINK_OCTETS, put_varint(at, number, record->downlink_octets));
    case 37: IF_HAS(SLUICE_RAW_UPLINK_OCTETS, put_varint(at, number, log2_bucket(record->uplink_octets)));
    case 38: IF_HAS(SLUICE_RAW_DOWNLINK_OCTETS, put_varint(at, number, log2_bucket(record->downlink_octets)));
    case 39: IF_HAS(SLUICE_RAW_DURATION, put_varint(at, number, record->duration_s));
    case 40: IF_HAS(SLUICE_RAW_DURATION, put_varint(at, number, log2_bucket(record->duration_s)));
    case 41: IF_HAS(SLUICE_RAW_MESSAGE_COUNT, put_varint(at, number, record->message_count));
    case 42: return record->counter_mode ? put_varint(at, number, record->counter_mode) : at;
    case 45: return put_fixed64(at, number, record->start_us);
    case 46: return put_fixed64(at, number, coarse_time(record->start_us, parameter));
    case 47: IF_HAS(SLUICE_RAW_END, put_fixed64(at, number, record->end_us));
    case 48: IF_HAS(SLUICE_RAW_END, put_fixed64(at, number, coarse_time(record->end_us, parameter)));
    case 49: IF_HAS(SLUICE_RAW_UTC_OFFSET, put_signed(at, number, record->utc_offset_min));
    case 50: return put_fixed64(at, number, coarse_time(record->collected_at_us, parameter));
    case 51: return put_serving_plmn(at, number, subject);
    case 52: return record->serving_plmn.mnc_digits ? put_varint(at, number, record->serving_plmn.mcc) : at;
    case 53: IF_HAS(SLUICE_RAW_TAC, put_varint(at, number, record->tac));
    case 54: IF_HAS(SLUICE_RAW_LAC, put_varint(at, number, record->lac));
    case 55: IF_HAS(SLUICE_RAW_CELL_ID, put_varint(at, number, record->cell_id));
    case 56: return record->gateway.len ? put_bytes(at, number, record->gateway.bytes, record->gateway.len) : at;
    case 57: address = truncated(record->gateway, parameter);
             return address.len ? put_bytes(at, number, address.bytes, address.len) : at;
    case 58: return put_str(at, number, record->breakout_region);
    case 60: return is_digits(record->destination) && record->destination.len > parameter
                        ? put_bytes(at, number, record->destination.bytes, parameter) : at;
    case 61: address = truncated(record->ue_address, parameter);
             return address.len ? put_bytes(at, number, address.bytes, address.len) : at;
    case 62: return record->imei.digit_count ? put_bytes(at, number, record->imei.digits, 8) : at;
    case 63: return put_home_plmn(at, number, &record->imsi);
    case 64: IF_HAS(SLUICE_RAW_CHARGE, put_charge(at, record));
    }
#undef IF_HAS
    return at;   /* what has no case is not emitted */
}

bool project_has(const struct project_subject *subject, enum sluice_field field)
{
    const struct sluice_record *record = subject->record;

    switch (field) {
    case SLUICE_FIELD_DEVICE:
    case SLUICE_FIELD_IMEI:             return record->imei.digit_count > 0;
    case SLUICE_FIELD_IMSI:             return record->imsi.digit_count > 0;
    case SLUICE_FIELD_ICCID:            return record->iccid.digit_count > 0;
    case SLUICE_FIELD_MSISDN:           return record->msisdn.digit_count > 0;
    case SLUICE_FIELD_EID:              return record->eid.digit_count > 0;
    case SLUICE_FIELD_UE_ADDRESS:       return record->ue_address.len > 0;
    case SLUICE_FIELD_RECORD_ID:        return record->record_id.len > 0;
    case SLUICE_FIELD_SESSION_ID:       return record->session_id.len > 0;
    case SLUICE_FIELD_ACCOUNT:          return subject->account_number || subject->account.len > 0;
    case SLUICE_FIELD_CONTRACT:         return subject->contract != SLUICE_CONTRACT_NONE;
    case SLUICE_FIELD_REGION:           return subject->region.len > 0;
    case SLUICE_FIELD_SIGNALLING_EVENT: return record->signalling_event != 0;
    case SLUICE_FIELD_APN:              return record->apn.len > 0;
    case SLUICE_FIELD_COUNTER_MODE:     return record->counter_mode != 0;
    case SLUICE_FIELD_SERVING_PLMN:     return record->serving_plmn.mnc_digits > 0;
    case SLUICE_FIELD_GATEWAY:          return record->gateway.len > 0;
    case SLUICE_FIELD_BREAKOUT_REGION:  return record->breakout_region.len > 0;
    case SLUICE_FIELD_DESTINATION:      return record->destination.len > 0;
    case SLUICE_FIELD_CHARGING_ID:      return record->present & SLUICE_HAS(SLUICE_RAW_CHARGING_ID);
    case SLUICE_FIELD_PARTIAL_SEQUENCE: return record->present & SLUICE_HAS(SLUICE_RAW_PARTIAL_SEQUENCE);
    case SLUICE_FIELD_CLOSING_CAUSE:    return record->present & SLUICE_HAS(SLUICE_RAW_CLOSING_CAUSE);
    case SLUICE_FIELD_RETRANSMISSION:   return record->present & SLUICE_HAS(SLUICE_RAW_RETRANSMISSION);
    case SLUICE_FIELD_RAT:              return record->present & SLUICE_HAS(SLUICE_RAW_RAT);
    case SLUICE_FIELD_UPLINK_OCTETS:    return record->present & SLUICE_HAS(SLUICE_RAW_UPLINK_OCTETS);
    case SLUICE_FIELD_DOWNLINK_OCTETS:  return record->present & SLUICE_HAS(SLUICE_RAW_DOWNLINK_OCTETS);
    case SLUICE_FIELD_DURATION:         return record->present & SLUICE_HAS(SLUICE_RAW_DURATION);
    case SLUICE_FIELD_MESSAGE_COUNT:    return record->present & SLUICE_HAS(SLUICE_RAW_MESSAGE_COUNT);
    case SLUICE_FIELD_END:              return record->present & SLUICE_HAS(SLUICE_RAW_END);
    case SLUICE_FIELD_UTC_OFFSET:       return record->present & SLUICE_HAS(SLUICE_RAW_UTC_OFFSET);
    case SLUICE_FIELD_TAC:              return record->present & SLUICE_HAS(SLUICE_RAW_TAC);
    case SLUICE_FIELD_LAC:              return record->present & SLUICE_HAS(SLUICE_RAW_LAC);
    case SLUICE_FIELD_CELL_ID:          return record->present & SLUICE_HAS(SLUICE_RAW_CELL_ID);
    case SLUICE_FIELD_CHARGE:           return record->present & SLUICE_HAS(SLUICE_RAW_CHARGE);
    case SLUICE_FIELD_NONE:
    case SLUICE_FIELD_COUNT:            return false;
    case SLUICE_FIELD_SUBJECT:          /* every routed record has these */
    case SLUICE_FIELD_SERVICE:
    case SLUICE_FIELD_START:
    case SLUICE_FIELD_COLLECTED_AT:     return true;
    }
    return false;
}

/* The time that the stream itself shows, so that the order says no more. */
static int64_t emitted_time(const struct rule *rule, const struct sluice_record *record)
{
    for (size_t i = 0; i < rule->purpose.projection_count; i++) {
        const struct sluice_projection *projection = &rule->purpose.projections[i];

        if (projection->field == SLUICE_FIELD_START)
            return projection->transform == SLUICE_TRANSFORM_KEEP
                       ? record->start_us
                       : coarse_time(record->start_us, projection->parameter) * SLUICE_SECOND_US;
    }
    return 0;
}

size_t project_row(uint8_t out[static PROJECT_ROW_MAX], size_t *len, struct project_order *order,
                   struct tenant *tenant, const struct tenant_purpose *purpose, const struct rule *rule,
                   const struct project_subject *subject, enum sluice_basis basis, int64_t deadline_s,
                   const uint8_t fingerprint[static SLUICE_HASH_SIZE])
{
    /* Room for the frame: its tag and a length of one or two bytes. */
    uint8_t *const body = out + 3;
    uint8_t *at = body;

    memcpy(at, rule->prefix.bytes, ROW_PREFIX_MAX);
    at[rule->prefix.basis_at] = (uint8_t)basis;
    at += rule->prefix.len;
    at = put_fixed64(at, 5, deadline_s);
    at = put_sixteen(at, 6);
    /* Hashed into its place: a copy right behind the hash would wait for it. */
    uint8_t *const ref = at;
    sluice_hash(ref, fingerprint, SLUICE_HASH_SIZE, subject->secrets->ref_key);
    at += SLUICE_HASH_SIZE;
    for (size_t i = 0; i < rule->purpose.projection_count; i++)
        at = put_field(at, &rule->purpose.projections[i], tenant, purpose, subject);
    assert(at <= out + PROJECT_ROW_MAX);

    const bool has_pseudonym = subject->pseudonym && rule->purpose.projection_count &&
                               rule->purpose.projections[0].number == 10;
    order->key = has_pseudonym ? subject->pseudonym : ref;
    memcpy(&order->tie, ref, sizeof order->tie);
    order->time = has_pseudonym ? emitted_time(rule, subject->record) : 0;

    const size_t body_len = (size_t)(at - body);
    uint8_t *start = body_len < 0x80 ? out + 1 : out;
    start[0] = 1 << 3 | 2;
    sluice_varint_write(start + 1, body_len);
    *len = (size_t)(at - start);
    return (size_t)(start - out);
}
