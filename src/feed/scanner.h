/* Cuts bytes into JSON elements without understanding them: one object a line
 * (ndjson), arrays of objects, objects one after the other however they are
 * broken into lines. No I/O, no memory: a window of bytes in, the place of the
 * next element out. */
#ifndef FEED_SCANNER_H
#define FEED_SCANNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "sluice/record.h"

#define SCAN_SIZE_MAX SLUICE_RECORD_SIZE_MAX   /* bytes of one element */

/* How the file is laid out, as far as is known; with an offset between two
 * elements it is all that is needed to go on from there. */
enum scan_mode {
    SCAN_START,     /* nothing seen yet, or an array has ended */
    SCAN_LINES,     /* an element a line: a broken one costs its line */
    SCAN_STREAM,    /* objects one after the other, delimited by their braces */
    SCAN_ARRAY,     /* inside an array */
    SCAN_MODE_COUNT
};

struct scanner {
    uint8_t mode;          /* enum scan_mode */
    bool skipping;         /* inside an element beyond the limit */
    bool in_line;          /* that is a line, whatever it holds */

    /* the element being looked at, as far as looked at */
    bool inside;
    bool in_string;
    bool escaped;
    bool line_start;       /* nothing but space since the last line end */
    char significant;      /* the last character outside strings that is no space */
    uint32_t depth;
    uint64_t objects;      /* a bit a level, the innermost lowest: 1 for an object, 0 for an array */
    size_t looked_at;      /* bytes of the window, from where the element starts */
};

/* What was found in the window. */
struct scan {
    size_t start, len;     /* the element */
    size_t taken;          /* bytes of the window that are done with, element included */
};

enum scan_result {
    SCAN_ELEMENT,      /* bytes between start and start + len, to be parsed */
    SCAN_NOTHING,      /* taken bytes are no element */
    SCAN_SKIPPED,      /* taken bytes belong to an element beyond the limit; go on behind them */
    SCAN_TOO_LARGE,    /* an element beyond the limit has ended */
    SCAN_UNDELIMITED,  /* all bytes to the end are one element that never ends */
    SCAN_MORE          /* the window is too small: call again with more behind the same bytes */
};

void scanner_init(struct scanner *scanner, enum scan_mode mode);

/** Look at the window, which starts where the last call's taken bytes ended.
 *
 *  In: last  nothing comes behind the window; never answered with SCAN_MORE
 *  Give SCAN_SIZE_MAX + 1 bytes or last: then SCAN_MORE is not answered either.
 *  len may be 0 when last is set and an element is being skipped. */
enum scan_result scanner_next(struct scanner *scanner, struct scan *found,
                              const char *window, size_t len, bool last);

#endif
