/* THE table: every field that a policy can speak of, its data category, and
 * what each transform makes of it in a purpose row. A field or a transform
 * without a row here cannot leave. Adding a field to the record changes no
 * output until somebody adds it here and a policy lists it. */
#ifndef SLUICE_FIELD_H
#define SLUICE_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "sluice/str.h"

/* DROP is 0 so that a zeroed table entry drops. */
enum sluice_transform {
    SLUICE_TRANSFORM_DROP,
    SLUICE_TRANSFORM_KEEP,
    SLUICE_TRANSFORM_PSEUDONYM,
    SLUICE_TRANSFORM_TRUNCATE,   /* parameter: digits, address bits, or unused */
    SLUICE_TRANSFORM_COARSEN,    /* parameter: seconds of the interval, or unused */
    SLUICE_TRANSFORM_BUCKET,     /* powers of two */
    SLUICE_TRANSFORM_TOKEN,
    SLUICE_TRANSFORM_TAG,        /* keyed per tenant and purpose: for ids that must join within one stream */
    SLUICE_TRANSFORM_COUNT
};

/* Closed list: what a policy's categories are. */
enum sluice_category {
    SLUICE_CATEGORY_NONE,
    SLUICE_CATEGORY_SUBJECT,
    SLUICE_CATEGORY_DEVICE,
    SLUICE_CATEGORY_RECORD,
    SLUICE_CATEGORY_ACCOUNT,
    SLUICE_CATEGORY_CONTRACT,
    SLUICE_CATEGORY_SERVICE,
    SLUICE_CATEGORY_VOLUME,
    SLUICE_CATEGORY_TIME,
    SLUICE_CATEGORY_LOCATION,
    SLUICE_CATEGORY_ROUTING,
    SLUICE_CATEGORY_COMMUNICATION_PARTNER,
    SLUICE_CATEGORY_NETWORK_ADDRESS,
    SLUICE_CATEGORY_CHARGE,
    SLUICE_CATEGORY_COUNT
};

/* The names policies use. `subject` is the SIM whatever names it, `device` the IMEI's owner. */
enum sluice_field {
    SLUICE_FIELD_NONE,
    SLUICE_FIELD_SUBJECT,
    SLUICE_FIELD_DEVICE,
    SLUICE_FIELD_IMSI,
    SLUICE_FIELD_ICCID,
    SLUICE_FIELD_MSISDN,
    SLUICE_FIELD_EID,
    SLUICE_FIELD_IMEI,
    SLUICE_FIELD_UE_ADDRESS,
    SLUICE_FIELD_RECORD_ID,
    SLUICE_FIELD_SESSION_ID,
    SLUICE_FIELD_CHARGING_ID,
    SLUICE_FIELD_PARTIAL_SEQUENCE,
    SLUICE_FIELD_CLOSING_CAUSE,
    SLUICE_FIELD_RETRANSMISSION,
    SLUICE_FIELD_ACCOUNT,
    SLUICE_FIELD_CONTRACT,
    SLUICE_FIELD_REGION,
    SLUICE_FIELD_SERVICE,
    SLUICE_FIELD_SIGNALLING_EVENT,
    SLUICE_FIELD_RAT,
    SLUICE_FIELD_APN,
    SLUICE_FIELD_UPLINK_OCTETS,
    SLUICE_FIELD_DOWNLINK_OCTETS,
    SLUICE_FIELD_DURATION,
    SLUICE_FIELD_MESSAGE_COUNT,
    SLUICE_FIELD_COUNTER_MODE,
    SLUICE_FIELD_START,
    SLUICE_FIELD_END,
    SLUICE_FIELD_UTC_OFFSET,
    SLUICE_FIELD_COLLECTED_AT,
    SLUICE_FIELD_SERVING_PLMN,
    SLUICE_FIELD_TAC,
    SLUICE_FIELD_LAC,
    SLUICE_FIELD_CELL_ID,
    SLUICE_FIELD_GATEWAY,
    SLUICE_FIELD_BREAKOUT_REGION,
    SLUICE_FIELD_DESTINATION,
    SLUICE_FIELD_CHARGE,
    SLUICE_FIELD_COUNT
};

/* One form that a field can leave in. */
struct sluice_form_row {
    uint8_t field;          /* enum sluice_field */
    uint8_t transform;      /* enum sluice_transform */
    uint8_t number;         /* of proto/sluice/v1/purpose.proto */
    uint8_t exact;          /* bits of SLUICE_EXACT_*: kept exact, it lets rows be joined without a pseudonym */
    uint32_t parameter_min; /* 0 and 0: the transform takes no parameter */
    uint32_t parameter_max;
    const char *unit;       /* of the parameter, for messages: "seconds", "digits", "bits"; else "" */
};

enum { SLUICE_EXACT_TIME = 1, SLUICE_EXACT_OCTETS = 2, SLUICE_EXACT_CELL = 4 };

/* Bits of an address are those of version 4; version 6 keeps twice as many,
 * at most SLUICE_PREFIX_V6_MAX: a site, never a host. */
#define SLUICE_PREFIX_V4_MAX 24
#define SLUICE_PREFIX_V6_MAX 48

struct sluice_field_row {
    const char *name;            /* as in a policy */
    uint8_t category;            /* enum sluice_category */
    bool direct_identifier;      /* may never be kept */
    const char *raw_name;        /* of proto/sluice/v1/raw.proto; NULL for subject and device */
};

struct sluice_category_row {
    const char *name;            /* as in proto comments and policies */
    const char *dpv;             /* W3C Data Privacy Vocabulary, personal data extension */
    const char *fideslang;       /* fideslang data category */
};

extern const struct sluice_field_row sluice_field_table[SLUICE_FIELD_COUNT];
extern const struct sluice_form_row sluice_form_table[];
extern const size_t sluice_form_count;
extern const struct sluice_category_row sluice_category_table[SLUICE_CATEGORY_COUNT];
extern const char *const sluice_transform_names[SLUICE_TRANSFORM_COUNT];

/** SLUICE_FIELD_NONE when no field has that name. */
enum sluice_field sluice_field_from_name(struct sluice_str name);

/** NULL when that field has no such form. DROP has no form. */
const struct sluice_form_row *sluice_form_find(enum sluice_field field, enum sluice_transform transform);

#define SLUICE_COARSE_TIME_MIN 900   /* seconds: a shorter interval counts as exact time */
/** Bits of SLUICE_EXACT_*: what a form with this parameter leaves exact enough
 *  to join rows by. */
unsigned sluice_form_exact(const struct sluice_form_row *form, uint32_t parameter);

#endif
