/* What time it is, as a value that is passed along: nothing below the
 * commands asks the system. All instants are microseconds since 1970 in UTC.
 *
 * The system is asked for the time once, at the start; from there on a clock
 * that nobody can set goes on. So a jump of the system's clock moves nothing in
 * a process that runs: no deadline, no deletion, nothing that must not come
 * back. A process that was started at a wrong time is to be started again. */
#ifndef SLUICE_CLOCK_H
#define SLUICE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include "sluice/err.h"
#include "sluice/str.h"

#define SLUICE_SECOND_US INT64_C(1000000)
#define SLUICE_DAY_S     INT64_C(86400)

#define SLUICE_TIME_MIN_US INT64_C(0)                    /* 1970-01-01 */
#define SLUICE_TIME_MAX_US INT64_C(4102444800000000)     /* 2100-01-01 */

struct sluice_clock {
    int64_t start_us;            /* the system's time, or the one that tests say */
    int64_t start_ns;            /* the same instant by the clock that goes on */
    bool is_fixed;               /* tests only: start_us is not the system's */
};

/** fixed_start_us: tests only; 0 for the system's time. */
void sluice_clock_init(struct sluice_clock *clock, int64_t fixed_start_us);

/** Microseconds since 1970, never less than an earlier answer. */
int64_t sluice_clock_now_us(const struct sluice_clock *clock);

/** How far the system's clock has been set since, in microseconds; about 0 when it was not. */
int64_t sluice_clock_set_by_us(const struct sluice_clock *clock);

/** Nanoseconds since some fixed instant; for durations only. */
int64_t sluice_clock_monotonic_ns(void);

/** Parse an ISO 8601 instant: YYYY-MM-DD[T| ]hh:mm:ss[.f{1,9}][Z|+hh:mm|+hhmm|-...].
 *
 *  Out: time_us      microseconds since 1970 in UTC, digits beyond are cut
 *       offset_min   the zone that was written, minutes east; 0 for none or Z
 *       zone_given   whether a zone was written at all
 *  A bare date YYYY-MM-DD is midnight UTC.
 *  Returns SLUICE_OK or SLUICE_ERR_FORMAT (also for days that do not exist). */
SLUICE_MUST_CHECK
enum sluice_err sluice_time_parse(int64_t *time_us, int *offset_min, bool *zone_given,
                                  struct sluice_str text);

#define SLUICE_TIME_TEXT_SIZE 28
/** YYYY-MM-DDThh:mm:ss[.ffffff]Z and a NUL; the fraction only where it is not zero. */
void sluice_time_format(char text[static SLUICE_TIME_TEXT_SIZE], int64_t time_us);

/** Parse a period: a whole number and one of s, m, h, d, w (seconds .. weeks).
 *  Returns SLUICE_OK or SLUICE_ERR_FORMAT. */
SLUICE_MUST_CHECK
enum sluice_err sluice_period_parse(int64_t *seconds, struct sluice_str text);

/** Days since 1970 of a civil date, and back (proleptic Gregorian calendar). */
int64_t sluice_days_from_civil(int year, unsigned month, unsigned day);
void sluice_civil_from_days(int64_t days, int *year, unsigned *month, unsigned *day);

#endif
