#include "sluice/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t read_ns(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t sluice_clock_monotonic_ns(void)
{
    return read_ns(CLOCK_MONOTONIC);
}

/* CLOCK_BOOTTIME goes on while the machine sleeps, and the system's clock is disciplined at the same pace. */
void sluice_clock_init(struct sluice_clock *clock, int64_t fixed_start_us)
{
    *clock = (struct sluice_clock){ .start_us = fixed_start_us ? fixed_start_us : read_ns(CLOCK_REALTIME) / 1000,
                                    .start_ns = read_ns(CLOCK_BOOTTIME),
                                    .is_fixed = fixed_start_us != 0 };
}

int64_t sluice_clock_now_us(const struct sluice_clock *clock)
{
    return clock->start_us + (read_ns(CLOCK_BOOTTIME) - clock->start_ns) / 1000;
}

int64_t sluice_clock_set_by_us(const struct sluice_clock *clock)
{
    return clock->is_fixed ? 0 : read_ns(CLOCK_REALTIME) / 1000 - sluice_clock_now_us(clock);
}

/* Days from civil and back: the era method of the proleptic Gregorian calendar,
 * years counted from March so that the leap day comes last. */
int64_t sluice_days_from_civil(int year, unsigned month, unsigned day)
{
    const int64_t y = (int64_t)year - (month <= 2);
    const int64_t era = (y >= 0 ? y : y - 399) / 400;
    const int64_t year_of_era = y - era * 400;
    const int64_t day_of_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * 146097 + day_of_era - 719468;
}

void sluice_civil_from_days(int64_t days, int *year, unsigned *month, unsigned *day)
{
    const int64_t z = days + 719468;
    const int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    const int64_t day_of_era = z - era * 146097;
    const int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int64_t m = (5 * day_of_year + 2) / 153;

    *day = (unsigned)(day_of_year - (153 * m + 2) / 5 + 1);
    *month = (unsigned)(m < 10 ? m + 3 : m - 9);
    *year = (int)(year_of_era + era * 400 + (*month <= 2));
}

/* count digits at *at, within end; false when there are fewer. */
static bool take_number(int *value, const char **at, const char *end, int count)
{
    *value = 0;
    for (int i = 0; i < count; i++, (*at)++) {
        if (*at == end || **at < '0' || **at > '9')
            return false;
        *value = *value * 10 + (**at - '0');
    }
    return true;
}

static bool take_char(const char **at, const char *end, char expected)
{
    if (*at == end || **at != expected)
        return false;
    (*at)++;
    return true;
}

/* The digits after the point as microseconds; at least one digit, at most nine. */
static bool take_fraction(int64_t *fraction_us, const char **at, const char *end)
{
    int64_t unit = 100000;
    int digits = 0;

    for (*fraction_us = 0; *at < end && **at >= '0' && **at <= '9'; (*at)++, digits++, unit /= 10)
        *fraction_us += (**at - '0') * unit;
    return digits >= 1 && digits <= 9;
}

static bool take_zone(int *offset_min, bool *given, const char **at, const char *end)
{
    int hours, minutes;

    *offset_min = 0;
    *given = *at < end;
    if (*at == end || take_char(at, end, 'Z'))
        return true;

    const bool east = **at == '+';
    if (!east && **at != '-')
        return false;
    (*at)++;
    if (!take_number(&hours, at, end, 2))
        return false;
    (void)take_char(at, end, ':');
    if (!take_number(&minutes, at, end, 2) || hours > 15 || minutes > 59)
        return false;
    *offset_min = (hours * 60 + minutes) * (east ? 1 : -1);
    return true;
}

static unsigned days_of_month(int year, unsigned month)
{
    static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month == 2 && leap ? 29 : days[month - 1];
}

enum sluice_err sluice_time_parse(int64_t *time_us, int *offset_min, bool *zone_given,
                                  struct sluice_str text)
{
    const char *at = text.bytes, *end = text.bytes + text.len;
    int year, month, day, hour = 0, minute = 0, second = 0, offset = 0;
    int64_t fraction_us = 0;
    bool given = false;

    if (!take_number(&year, &at, end, 4) || !take_char(&at, end, '-') ||
        !take_number(&month, &at, end, 2) || !take_char(&at, end, '-') ||
        !take_number(&day, &at, end, 2))
        return SLUICE_ERR_FORMAT;
    if (month < 1 || month > 12 || day < 1 || (unsigned)day > days_of_month(year, (unsigned)month))
        return SLUICE_ERR_FORMAT;

    if (at < end) {
        if (!take_char(&at, end, 'T') && !take_char(&at, end, ' '))
            return SLUICE_ERR_FORMAT;
        if (!take_number(&hour, &at, end, 2) || !take_char(&at, end, ':') ||
            !take_number(&minute, &at, end, 2) || !take_char(&at, end, ':') ||
            !take_number(&second, &at, end, 2))
            return SLUICE_ERR_FORMAT;
        /* 60 is a leap second: it counts as the next second, as POSIX time has none. */
        if (hour > 23 || minute > 59 || second > 60)
            return SLUICE_ERR_FORMAT;
        if (take_char(&at, end, '.') && !take_fraction(&fraction_us, &at, end))
            return SLUICE_ERR_FORMAT;
        if (!take_zone(&offset, &given, &at, end) || at != end)
            return SLUICE_ERR_FORMAT;
    }

    const int64_t days = sluice_days_from_civil(year, (unsigned)month, (unsigned)day);
    const int64_t seconds = days * SLUICE_DAY_S + hour * 3600 + minute * 60 + second - offset * 60;
    *time_us = seconds * SLUICE_SECOND_US + fraction_us;
    *offset_min = offset;
    *zone_given = given;
    return SLUICE_OK;
}

void sluice_time_format(char text[static SLUICE_TIME_TEXT_SIZE], int64_t time_us)
{
    int64_t seconds = time_us / SLUICE_SECOND_US;
    int64_t fraction = time_us % SLUICE_SECOND_US;
    int year;
    unsigned month, day;

    if (fraction < 0) {
        fraction += SLUICE_SECOND_US;
        seconds--;
    }
    int64_t days = seconds / SLUICE_DAY_S;
    int64_t second_of_day = seconds % SLUICE_DAY_S;
    if (second_of_day < 0) {
        second_of_day += SLUICE_DAY_S;
        days--;
    }
    sluice_civil_from_days(days, &year, &month, &day);

    int len = snprintf(text, SLUICE_TIME_TEXT_SIZE, "%04d-%02u-%02uT%02d:%02d:%02d", year % 10000, month % 100,
                       day % 100, (int)(second_of_day / 3600), (int)(second_of_day / 60 % 60),
                       (int)(second_of_day % 60));
    if (fraction)
        len += snprintf(text + len, (size_t)(SLUICE_TIME_TEXT_SIZE - len), ".%06d", (int)fraction);
    snprintf(text + len, (size_t)(SLUICE_TIME_TEXT_SIZE - len), "Z");
}

enum sluice_err sluice_period_parse(int64_t *seconds, struct sluice_str text)
{
    static const struct { char unit; int64_t seconds; } units[] = {
        { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', SLUICE_DAY_S }, { 'w', 7 * SLUICE_DAY_S },
    };
    int64_t number = 0;

    if (text.len < 2 || text.len > 10)
        return SLUICE_ERR_FORMAT;
    for (size_t i = 0; i < text.len - 1; i++) {
        if (text.bytes[i] < '0' || text.bytes[i] > '9')
            return SLUICE_ERR_FORMAT;
        number = number * 10 + (text.bytes[i] - '0');
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (units[i].unit == text.bytes[text.len - 1]) {
            *seconds = number * units[i].seconds;
            return SLUICE_OK;
        }
    }
    return SLUICE_ERR_FORMAT;
}
