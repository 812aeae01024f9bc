#include "sluice/file_name.h"

#include "sluice/utf8.h"

#define HIDDEN_FROM 9   /* digits: the shortest number of a subscriber there is */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t group_len(const char *at, const char *end)
{
    size_t len = 0;

    while (at + len < end && is_digit(at[len]))
        len++;
    return len;
}

/* The group behind this one and one sign between them; end where there is none. */
static const char *next_group(const char *group, const char *end)
{
    const char *at = group + group_len(group, end);

    return at + 1 < end && *at && strchr("-_. :+", *at) && is_digit(at[1]) ? at + 1 : end;
}

/* --- dates */

static unsigned two(const char *digits)
{
    return (unsigned)(10 * (digits[0] - '0') + digits[1] - '0');
}

/* YYYYMMDD, then perhaps hh, mm and ss: as much of it as there are digits. */
static bool is_time(const char *digits, size_t count)
{
    static const struct { uint8_t from, to; } parts[] = { { 20, 20 }, { 0, 99 }, { 1, 12 }, { 1, 31 },
                                                          { 0, 23 },  { 0, 59 }, { 0, 60 } };

    if (count < 8 || count > 14 || count % 2)
        return false;
    for (size_t i = 0; i < count / 2; i++)
        if (two(digits + 2 * i) < parts[i].from || two(digits + 2 * i) > parts[i].to)
            return false;
    return true;
}

/* The end of the longest date or time that whole groups from here make; at when none does. */
static const char *time_end(const char *at, const char *end)
{
    char digits[14];
    const char *found = at;
    size_t count = 0;

    for (const char *group = at; group < end; group = next_group(group, end)) {
        const size_t len = group_len(group, end);

        if (len > sizeof digits - count)
            break;
        memcpy(digits + count, group, len);
        count += len;
        if (is_time(digits, count))
            found = group + len;
    }
    return found;
}

/* --- numbers */

/* Groups up to the next date, and how many digits they have together. */
static const char *number_end(const char *at, const char *end, size_t *digits)
{
    const char *stop = at;

    *digits = 0;
    for (const char *group = at; group < end && time_end(group, end) == group; group = next_group(group, end)) {
        *digits += group_len(group, end);
        stop = group + group_len(group, end);
    }
    return stop;
}

static size_t hide(char *shown, const char *at, const char *stop)
{
    const size_t len = (size_t)(stop - at);

    for (size_t i = 0; i < len; i++)
        shown[i] = is_digit(at[i]) ? '*' : at[i];
    return len;
}

/* What a terminal would obey: C0, DEL, and C1 in two bytes. */
static bool is_control(const char *at, size_t len)
{
    const unsigned char first = (unsigned char)at[0];

    return len == 1 ? first < 0x20 || first == 0x7f : first == 0xc2 && (unsigned char)at[1] < 0xa0;
}

/* One letter, which may take several bytes. */
static size_t show(char *shown, const char **at, const char *end)
{
    const size_t len = sluice_utf8_length(*at, (size_t)(end - *at));

    if (len == 0 || is_control(*at, len)) {
        shown[0] = '?';
        *at += len ? len : 1;
        return 1;
    }
    memcpy(shown, *at, len);
    *at += len;
    return len;
}

static const char *last_part(const char *at, const char *end)
{
    while (end > at && end[-1] != '/')
        end--;
    return end;
}

bool sluice_file_shown(char shown[static SLUICE_SHOWN_SIZE], struct sluice_str name)
{
    const char *end = name.bytes + name.len;
    const char *at = name.len < SLUICE_SHOWN_SIZE ? name.bytes : end - (SLUICE_SHOWN_SIZE - 1);
    const char *part = last_part(at, end);
    bool hidden = false;
    size_t len = 0;

    while (at < end) {
        const char *stop = at;
        size_t digits = 0;

        if (at >= part && is_digit(*at)) {
            stop = time_end(at, end);
            if (stop == at)
                stop = number_end(at, end, &digits);
        }
        if (digits >= HIDDEN_FROM) {
            len += hide(shown + len, at, stop);
            hidden = true;
        } else {
            memcpy(shown + len, at, (size_t)(stop - at));
            len += (size_t)(stop - at);
        }
        if (stop == at)
            len += show(shown + len, &at, end);
        else
            at = stop;
    }
    shown[len] = '\0';
    return hidden;
}
