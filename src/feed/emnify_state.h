/* What is known of the element being decoded, between the steps of emnify.c. */
#ifndef FEED_EMNIFY_STATE_H
#define FEED_EMNIFY_STATE_H

#include <stdint.h>
#include "feed/emnify_table.h"
#include "feed/input.h"
#include "feed/secret.h"
#include "feed/unknown.h"
#include "json/json.h"

/* What an element is; a bit each, so that a row can name several. */
enum emnify_mode {
    EMNIFY_DATA = 1,         /* usage record of traffic type 5 */
    EMNIFY_SMS = 2,          /* usage record of traffic type 6 */
    EMNIFY_SIGNALLING = 4,   /* event of a location or PDP context */
    EMNIFY_CLOSED = 8        /* event of a deleted PDP context, whose octets count */
};

struct emnify {
    struct json_parser *parser;
    struct path_tree *paths;
    struct unknown_fields *unknown;

    /* the element being decoded */
    const struct json_node *nodes;
    uint16_t slots[EMNIFY_SLOT_COUNT];    /* the node in each; 0: absent or null */
    uint16_t networks;                    /* items in the list of networks */
    uint16_t wrong_type;                  /* the first node of another kind than its path says */
    uint16_t fault;                       /* the node that the record is refused for */
    enum secret secret;
    uint8_t mode;                         /* enum emnify_mode */
    const struct feed_input *input;
    struct sluice_record *record;
};

/** The last step: slots into the record, as the mode says; sets fault. */
enum sluice_reason emnify_take(struct emnify *emnify);

#endif
