#include "feed/scanner.h"

#include <string.h>

void scanner_init(struct scanner *scanner, enum scan_mode mode)
{
    *scanner = (struct scanner){ .mode = (uint8_t)mode };
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t skip_space(const char *window, size_t at, size_t len)
{
    while (at < len && is_space(window[at]))
        at++;
    return at;
}

static size_t trim_end(const char *window, size_t start, size_t end)
{
    while (end > start && is_space(window[end - 1]))
        end--;
    return end;
}

static const char *find_newline(const char *window, size_t at, size_t len)
{
    return at < len ? memchr(window + at, '\n', len - at) : NULL;
}

/* --- objects and arrays by their braces */

static void begin_element(struct scanner *scanner)
{
    scanner->inside = true;
    scanner->in_string = scanner->escaped = scanner->line_start = false;
    scanner->significant = 0;
    scanner->depth = 0;
    scanner->objects = 0;
    scanner->looked_at = 0;
}

enum match { MATCH_GOES_ON, MATCH_ENDS, MATCH_BROKEN };

/* Whether an object or array may open here: in an object, only a colon asks
 * for a value. Levels beyond 64 are not remembered and pass. */
static bool may_open(const struct scanner *scanner)
{
    return scanner->depth == 0 || scanner->depth > 64 || !(scanner->objects & 1) || scanner->significant == ':';
}

static enum match match_outside(struct scanner *scanner, char c)
{
    switch (c) {
    case '"':
        scanner->in_string = true;
        break;
    case '{':
    case '[':
        if (scanner->mode == SCAN_STREAM && scanner->line_start && !may_open(scanner))
            return MATCH_BROKEN;
        scanner->objects = scanner->objects << 1 | (c == '{');
        scanner->depth++;
        break;
    case '}':
    case ']':
        scanner->objects >>= 1;
        if (--scanner->depth == 0)
            return MATCH_ENDS;
        break;
    case '\n':
        scanner->line_start = true;
        return MATCH_GOES_ON;
    case ' ':
    case '\t':
    case '\r':
        return MATCH_GOES_ON;
    default:
        break;
    }
    scanner->line_start = false;
    scanner->significant = c;
    return MATCH_GOES_ON;
}

static enum match match_in_string(struct scanner *scanner, char c)
{
    if (scanner->escaped)
        scanner->escaped = false;
    else if (c == '\\')
        scanner->escaped = true;
    else if (c == '"')
        scanner->in_string = false;
    /* No string of JSON holds a line end: a quote was lost. */
    return c == '\n' ? MATCH_BROKEN : MATCH_GOES_ON;
}

/* Look on, until the element ends (behind looked_at) or is broken (at it). */
static enum match match_element(struct scanner *scanner, const char *element, size_t len)
{
    while (scanner->looked_at < len) {
        const char c = element[scanner->looked_at];
        const enum match match = scanner->in_string ? match_in_string(scanner, c) : match_outside(scanner, c);

        if (match == MATCH_BROKEN && scanner->mode == SCAN_STREAM)
            return match;
        scanner->looked_at++;
        if (match == MATCH_ENDS)
            return match;
    }
    return MATCH_GOES_ON;
}

/* --- where an element ends */

static enum scan_result end_element(struct scanner *scanner, struct scan *found, size_t start, size_t end,
                                    size_t taken)
{
    const bool too_large = scanner->skipping || end - start > SCAN_SIZE_MAX;

    *found = (struct scan){ .start = start, .len = end - start, .taken = taken };
    scanner->inside = false;
    scanner->skipping = false;
    return too_large ? SCAN_TOO_LARGE : SCAN_ELEMENT;
}

/* The element does not end in the window. */
static enum scan_result no_end(struct scanner *scanner, struct scan *found, size_t start, size_t len, bool last)
{
    *found = (struct scan){ .start = start, .len = len - start, .taken = len };
    if (last) {
        scanner->inside = false;
        scanner->skipping = false;
        return SCAN_UNDELIMITED;
    }
    if (!scanner->skipping && len - start <= SCAN_SIZE_MAX)
        return SCAN_MORE;
    scanner->skipping = true;
    scanner->looked_at = 0;
    return SCAN_SKIPPED;
}

static enum scan_result braces(struct scanner *scanner, struct scan *found, const char *window, size_t start,
                               size_t len, bool last)
{
    if (!scanner->inside)
        begin_element(scanner);

    const enum match match = match_element(scanner, window + start, len - start);
    const size_t end = start + scanner->looked_at;

    if (match == MATCH_ENDS)
        return end_element(scanner, found, start, end, end);
    if (match == MATCH_BROKEN) {
        /* What follows is likely a line of its own. */
        scanner->mode = SCAN_LINES;
        return end_element(scanner, found, start, trim_end(window, start, end), end);
    }
    return no_end(scanner, found, start, len, last);
}

static enum scan_result line(struct scanner *scanner, struct scan *found, const char *window, size_t start,
                             size_t len, bool last)
{
    const char *newline = find_newline(window, start, len);
    const size_t end = newline ? (size_t)(newline - window) : len;

    scanner->in_line = !newline && !last;
    if (scanner->in_line)
        return no_end(scanner, found, start, len, false);
    return end_element(scanner, found, start, trim_end(window, start, end), end + (newline != NULL));
}

/* Something in an array that is no object: a number, a word, a text. */
static enum scan_result scalar(struct scanner *scanner, struct scan *found, const char *window, size_t start,
                               size_t len, bool last)
{
    if (!scanner->inside)
        begin_element(scanner);
    for (; start + scanner->looked_at < len; scanner->looked_at++) {
        const char c = window[start + scanner->looked_at];

        if (scanner->in_string)
            (void)match_in_string(scanner, c);
        else if (c == '"')
            scanner->in_string = true;
        else if (c == ',' || c == ']' || is_space(c))
            break;
    }
    const size_t end = start + scanner->looked_at;
    if (end < len)
        return end_element(scanner, found, start, end, end);
    return no_end(scanner, found, start, len, last);
}

/* --- layouts */

/* A [ that opens an array of objects, not a log line such as "[warning]".
 * 1 or 0; -1 when the window ends before that shows. */
static int opens_array(const char *window, size_t at, size_t len, bool last)
{
    const size_t next = skip_space(window, at + 1, len);

    if (next == len)
        return last ? 1 : -1;
    return window[next] == '{' || window[next] == ']' || window[next] == '[';
}

/* Whether the first object is a line of its own. A line that ends in a brace
 * is one even if it is broken; an object that ends before its line does has
 * another one behind it. */
static enum scan_mode layout_of_object(const struct scanner *scanner, const char *window, size_t start, size_t end)
{
    struct scanner trial = *scanner;

    trial.mode = SCAN_STREAM;
    begin_element(&trial);
    if (match_element(&trial, window + start, end - start) == MATCH_ENDS)
        return trim_end(window, start, end) == start + trial.looked_at ? SCAN_LINES : SCAN_STREAM;
    return window[trim_end(window, start, end) - 1] == '}' ? SCAN_LINES : SCAN_STREAM;
}

/* Find the layout at the first character that is no space. */
static enum scan_result find_layout(struct scanner *scanner, struct scan *found, const char *window, size_t start,
                                    size_t len, bool last)
{
    const char *newline = find_newline(window, start, len);
    int array = 0;

    *found = (struct scan){ .start = start, .taken = start };
    if (window[start] == '[') {
        array = opens_array(window, start, len, last);
        if (array < 0 && len - start <= SCAN_SIZE_MAX)
            return SCAN_MORE;
    }
    if (array) {
        scanner->mode = SCAN_ARRAY;
        found->taken = start + 1;
        return SCAN_NOTHING;
    }
    if (!newline && !last && len - start <= SCAN_SIZE_MAX)
        return SCAN_MORE;
    scanner->mode = SCAN_LINES;
    if (window[start] == '{')
        scanner->mode =
            (uint8_t)layout_of_object(scanner, window, start, newline ? (size_t)(newline - window) : len);
    return SCAN_NOTHING;
}

/* A line that is an array as a whole, as dumps of bulk deliveries have them, or
 * a brace alone, where a file of another layout was appended: no broken line of
 * a record looks like that. */
static bool starts_anew(const char *window, size_t start, size_t len)
{
    const char *newline = find_newline(window, start, len);
    const size_t end = trim_end(window, start, newline ? (size_t)(newline - window) : len);

    if (end - start == 1 && window[start] == '[')
        return newline && opens_array(window, start, len, false) != 0;
    if (end - start == 1)
        return newline && window[start] == '{';
    return window[start] == '[' && window[end - 1] == ']' && opens_array(window, start, end, true);
}

static enum scan_result next_in_array(struct scanner *scanner, struct scan *found, const char *window,
                                      size_t start, size_t len, bool last)
{
    if (window[start] == ']') {
        scanner->mode = SCAN_START;
        found->taken = start + 1;
        return SCAN_NOTHING;
    }
    if (window[start] == '{' || window[start] == '[')
        return braces(scanner, found, window, start, len, last);
    return scalar(scanner, found, window, start, len, last);
}

/* Go on with an element whose start is not in the window any more. */
static enum scan_result skip_on(struct scanner *scanner, struct scan *found, const char *window, size_t len,
                                bool last)
{
    if (scanner->in_line)
        return line(scanner, found, window, 0, len, last);
    return scanner->depth > 0 ? braces(scanner, found, window, 0, len, last)
                              : scalar(scanner, found, window, 0, len, last);
}

enum scan_result scanner_next(struct scanner *scanner, struct scan *found, const char *window, size_t len, bool last)
{
    size_t start;

    if (len == 0 && !last)
        return SCAN_MORE;
    if (scanner->skipping)
        return skip_on(scanner, found, window, len, last);

    start = skip_space(window, 0, len);
    while (scanner->mode == SCAN_ARRAY && start < len && window[start] == ',')
        start = skip_space(window, start + 1, len);
    *found = (struct scan){ .start = start, .taken = start };
    if (start == len)
        return SCAN_NOTHING;

    switch (scanner->mode) {
    case SCAN_START:
        return find_layout(scanner, found, window, start, len, last);
    case SCAN_ARRAY:
        return next_in_array(scanner, found, window, start, len, last);
    case SCAN_STREAM:
        if (window[start] == '{')
            return braces(scanner, found, window, start, len, last);
        break;
    default:
        break;
    }
    if ((window[start] == '[' && scanner->mode == SCAN_STREAM) || starts_anew(window, start, len)) {
        scanner->mode = SCAN_START;
        return SCAN_NOTHING;
    }
    return line(scanner, found, window, start, len, last);
}
