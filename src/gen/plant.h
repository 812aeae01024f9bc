/* What is planted in the input besides plain traffic: which line repeats
 * another, which comes late, and which is broken in what way. Malformed lines
 * are broken in one way each, so that each has one right reason. */
#ifndef GEN_PLANT_H
#define GEN_PLANT_H

#include <stdbool.h>
#include <stdint.h>
#include "gen/world.h"
#include "sluice/reason.h"

/* name, lines in 100 000, the reason that the line must be refused with */
#define PLANT_MAP(X)                                                       \
    X(NOTHING,           0, NONE)              /* the rest */              \
    /* not refused as such: truth.c says what becomes of them */           \
    X(LATE,           2000, NONE)              /* days to months old */    \
    X(NUMBER_ONLY,     500, NONE)              /* only an MSISDN */        \
    X(NULLS,           500, NONE)              /* empty objects as null */ \
    X(EXTRAS,         2000, NONE)              /* unknown fields */        \
    X(SECRET_BESIDE,   100, NONE)              /* a code among them */     \
    X(BEYOND,          200, BEYOND_WINDOW)                                 \
    X(FUTURE,          200, FUTURE)                                        \
    X(UNKNOWN_NUMBER,  100, UNKNOWN_LINK)                                  \
    X(OTHER_EVENT,     300, OTHER_EVENT)                                   \
    X(PROHIBITED,       50, PROHIBITED)        /* a class not to be held */ \
    /* malformed */                                                        \
    X(CUT_OFF,          50, UNDECODABLE)       /* ends in the middle */    \
    X(NO_JSON,          50, UNDECODABLE)       /* never was JSON */        \
    X(NOT_UTF8,         30, UNDECODABLE)                                   \
    X(TOO_LARGE,         1, TOO_LARGE)                                     \
    X(TOO_DEEP,         20, TOO_DEEP)                                      \
    X(FIELD_TWICE,      50, DUPLICATE_FIELD)                               \
    X(IMSI_NUMBER,      50, WRONG_TYPE)                                    \
    X(SIM_TEXT,         50, WRONG_TYPE)                                    \
    X(NO_START,         50, MISSING_REQUIRED)                              \
    X(NO_TRAFFIC_TYPE,  50, MISSING_REQUIRED)                              \
    X(IMSI_LETTERS,     50, BAD_IMSI)                                      \
    X(ICCID_CHECK,     100, BAD_ICCID)         /* Luhn digit off by one */ \
    X(MSISDN_LETTERS,   50, BAD_MSISDN)                                    \
    X(IMEI_CHECK,       50, BAD_IMEI)                                      \
    X(MCC_LETTERS,      50, BAD_PLMN)                                      \
    X(MNC_LONG,         50, BAD_PLMN)                                      \
    X(ADDRESS,          50, BAD_ADDRESS)                                   \
    X(TIME_FORMAT,      50, BAD_TIME)                                      \
    X(TIME_RANGE,       50, BAD_TIME)          /* 30 February */           \
    X(ENDS_BEFORE,     100, TIME_ORDER)                                    \
    X(VOLUME_NEGATIVE,  50, BAD_VOLUME)                                    \
    X(VOLUME_PART,      50, BAD_VOLUME)        /* a part of an octet */    \
    X(COST_TEXT,        50, BAD_CHARGE)                                    \
    X(LONG_TEXT,        50, BAD_TEXT)                                      \
    X(SERVICE,          50, UNKNOWN_SERVICE)                               \
    X(NO_SUBJECT,      100, NO_SUBJECT)                                    \
    X(NO_CONTROLLER,   100, NO_CONTROLLER)     /* unknown organisation */  \
    X(SECRET_BROKEN,    50, SECRET)            /* bad, and bears a code */

enum plant {
#define X(name, share, reason) PLANT_##name,
    PLANT_MAP(X)
#undef X
    PLANT_COUNT
};

#define PLANT_FIRST_LINE 64   /* the lines before are plain, so that the newest time is known */

/** The line that this one repeats byte for byte, or itself; never one that repeats. */
uint64_t plant_original(const struct world *world, uint64_t line);

/** Whether an original is, in its turn, one of an earlier round that comes again:
 *  *back rounds before, of which *there is any line. */
bool plant_earlier(const struct world *world, uint64_t line, uint32_t *back, uint64_t *there);

/** What is planted in an original. */
enum plant plant_of(const struct world *world, uint64_t line);

/** The reason that stands in the table above. */
enum sluice_reason plant_reason(enum plant plant);
const char *plant_name(enum plant plant);
/** Broken in the way it is written or in what it says of itself. */
bool plant_is_malformed(enum plant plant);
/** Whether it can be planted in an event as well as in a usage record. */
bool plant_fits_events(enum plant plant);

#endif
