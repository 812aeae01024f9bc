/* The members of the emnify and 1NCE family: which are taken, which are known. */
#ifndef FEED_EMNIFY_TABLE_H
#define FEED_EMNIFY_TABLE_H

#include <stddef.h>
#include "feed/paths.h"

enum emnify_slot {
    EMNIFY_KNOWN,             /* not taken */
    EMNIFY_ID,
    EMNIFY_SESSION,
    EMNIFY_SESSION_IPCAN,     /* its name in newer streams of 1NCE */
    EMNIFY_ORGANISATION,
    EMNIFY_ICCID,
    EMNIFY_MSISDN,
    EMNIFY_EID,
    EMNIFY_IMEI,
    EMNIFY_ADDRESS,
    EMNIFY_IMSI,
    /* usage records */
    EMNIFY_TRAFFIC,
    EMNIFY_TRAFFIC_NAME,      /* the word for it: some tables of the documentation say name, */
    EMNIFY_TRAFFIC_WORD,      /* the records description */
    EMNIFY_START,
    EMNIFY_END,
    EMNIFY_RX,
    EMNIFY_TX,
    EMNIFY_MNC,
    EMNIFY_MCC,
    EMNIFY_RAT,
    EMNIFY_COST,
    EMNIFY_CURRENCY,
    /* events */
    EMNIFY_EVENT,
    EMNIFY_TIMESTAMP,
    EMNIFY_EVENT_IMSI,
    EMNIFY_DETAIL,            /* given as text */
    EMNIFY_DETAIL_SESSION,
    EMNIFY_DETAIL_RX,
    EMNIFY_DETAIL_TX,
    EMNIFY_DETAIL_MCC,
    EMNIFY_DETAIL_MNC,
    EMNIFY_DETAIL_MNC_LIST,
    EMNIFY_PDP_APN,
    EMNIFY_PDP_RAT,
    EMNIFY_PDP_MCC,
    EMNIFY_PDP_MNC,
    EMNIFY_PDP_LAC,
    EMNIFY_PDP_CELL,
    EMNIFY_PDP_IMEISV,
    EMNIFY_PDP_IMSI,
    EMNIFY_PDP_ADDRESS,
    EMNIFY_PDP_GATEWAY,
    EMNIFY_PDP_REGION,
    EMNIFY_PDP_CREATED,
    EMNIFY_SLOT_COUNT
};

extern const struct path_row emnify_rows[];
extern const size_t emnify_row_count;

#endif
