#include "feed/frames.h"

#define HEAD_MAX 20   /* two varints of ten bytes */

enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

/* 1 with *value set, 0 where more bytes are needed, -1 where it is no varint. */
static int take_varint(const uint8_t *window, size_t len, size_t *at, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (*at == len)
            return 0;
        const uint8_t byte = window[(*at)++];

        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return 1;
    }
    return -1;
}

/* What stands at the start of the window: a field's number and kind, and how
 * many bytes it has behind *at. Same answers as take_varint. */
static int take_head(const uint8_t *window, size_t len, size_t *at, uint64_t *number, uint64_t *size)
{
    uint64_t tag, ignored;
    int taken = take_varint(window, len, at, &tag);

    if (taken <= 0)
        return taken;
    *number = tag >> 3;
    *size = 0;
    switch (tag & 7) {
    case WIRE_VARINT:
        taken = take_varint(window, len, at, &ignored);
        break;
    case WIRE_64:
        *size = 8;
        break;
    case WIRE_BYTES:
        taken = take_varint(window, len, at, size);
        break;
    case WIRE_32:
        *size = 4;
        break;
    default:
        return -1;
    }
    if (*number == 0 || (*number == 1 && (tag & 7) != WIRE_BYTES))
        return -1;
    return taken;
}

static enum scan_result undelimited(struct frames *frames, struct scan *found, size_t len)
{
    frames->skip = 0;
    *found = (struct scan){ .len = len, .taken = len };
    return SCAN_UNDELIMITED;
}

static enum scan_result skip_on(struct frames *frames, struct scan *found, size_t len, bool last)
{
    const size_t step = frames->skip < len ? (size_t)frames->skip : len;

    *found = (struct scan){ .taken = step };
    if (step < frames->skip && last)
        return undelimited(frames, found, len);
    frames->skip -= step;
    if (frames->skip > 0)
        return SCAN_SKIPPED;
    return frames->counts ? SCAN_TOO_LARGE : SCAN_NOTHING;
}

enum scan_result frames_next(struct frames *frames, struct scan *found, const uint8_t *window, size_t len, bool last)
{
    uint64_t number, size;
    size_t at = 0;

    *found = (struct scan){ 0 };
    if (len == 0)
        return last && frames->skip ? undelimited(frames, found, 0) : last ? SCAN_NOTHING : SCAN_MORE;
    if (frames->skip)
        return skip_on(frames, found, len, last);

    const int head = take_head(window, len, &at, &number, &size);
    if (head < 0 || (head == 0 && (last || len >= HEAD_MAX)))
        return undelimited(frames, found, len);
    if (head == 0)
        return SCAN_MORE;

    const bool record = number == 1;
    if (size <= len - at) {
        *found = (struct scan){ .start = at, .len = (size_t)size, .taken = at + (size_t)size };
        return !record ? SCAN_NOTHING : size > SCAN_SIZE_MAX ? SCAN_TOO_LARGE : SCAN_ELEMENT;
    }
    if (last)
        return undelimited(frames, found, len);
    if (record && size <= SCAN_SIZE_MAX)
        return SCAN_MORE;
    frames->skip = size - (len - at);
    frames->counts = record;
    *found = (struct scan){ .start = at, .len = len - at, .taken = len };
    return SCAN_SKIPPED;
}
