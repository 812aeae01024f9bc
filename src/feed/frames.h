/* Cuts RawBatch bytes into records: `repeated RawRecord records = 1`. */
#ifndef FEED_FRAMES_H
#define FEED_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "feed/scanner.h"

struct frames {
    uint64_t skip;     /* bytes of a record beyond the limit, or of another field, still to come */
    bool counts;       /* they are a record's */
};

/** As scanner_next. Behind broken framing nothing can be found any more: SCAN_UNDELIMITED. */
enum scan_result frames_next(struct frames *frames, struct scan *found, const uint8_t *window, size_t len,
                             bool last);

#endif
