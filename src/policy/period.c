/* Epochs and deadlines: asked for each record, so a division or a comparison. */
#include <assert.h>

#include "sluice/clock.h"
#include "sluice/policy.h"

/* The calendar month that an instant lies in. */
struct month {
    int64_t from_us;
    int64_t to_us;
};

static int64_t month_start_us(int year, unsigned month)
{
    return sluice_days_from_civil(year + (int)(month / 12), month % 12 + 1, 1) * SLUICE_DAY_S * SLUICE_SECOND_US;
}

/* Records come nearly in order of time, so the last month answers nearly all. */
static const struct month *month_of(int64_t time_us)
{
    static _Thread_local struct month latest;

    if (time_us < latest.from_us || time_us >= latest.to_us) {
        int year;
        unsigned month, day;

        assert(time_us >= SLUICE_TIME_MIN_US);
        sluice_civil_from_days(time_us / (SLUICE_DAY_S * SLUICE_SECOND_US), &year, &month, &day);
        latest.from_us = month_start_us(year, month - 1);
        latest.to_us = month_start_us(year, month);
    }
    return &latest;
}

static int64_t start_of(int64_t seconds, int64_t length_s)
{
    return seconds - seconds % length_s;
}

/* The second in which it starts: numbers counted from 1970 in epochs of one
 * length would name others, years away, once the policy changes the length. */
uint32_t sluice_purpose_epoch(const struct sluice_purpose *purpose, int64_t start_us)
{
    switch (purpose->epoch_kind) {
    case SLUICE_EPOCH_SECONDS:
        return (uint32_t)start_of(start_us / SLUICE_SECOND_US, purpose->epoch_s);
    case SLUICE_EPOCH_MONTH:
        return (uint32_t)(month_of(start_us)->from_us / SLUICE_SECOND_US);
    default:
        return (uint32_t)start_of(start_us / SLUICE_SECOND_US, SLUICE_DAY_S);
    }
}

int64_t sluice_purpose_epoch_end_us(const struct sluice_purpose *purpose, uint32_t epoch)
{
    switch (purpose->epoch_kind) {
    case SLUICE_EPOCH_SECONDS:
        return (epoch + purpose->epoch_s) * SLUICE_SECOND_US;
    case SLUICE_EPOCH_MONTH:
        return month_of(epoch * SLUICE_SECOND_US)->to_us;
    default:
        return (epoch + SLUICE_DAY_S) * SLUICE_SECOND_US;
    }
}

static int64_t anchor_s(uint8_t anchor, int64_t start_us, int64_t collected_at_us)
{
    switch (anchor) {
    case SLUICE_ANCHOR_COLLECTION:
        return collected_at_us / SLUICE_SECOND_US;
    case SLUICE_ANCHOR_INVOICE:
        return month_of(start_us)->to_us / SLUICE_SECOND_US;
    default:
        return start_us / SLUICE_SECOND_US;
    }
}

int64_t sluice_purpose_deadline_s(const struct sluice_purpose *purpose, int64_t start_us,
                                  int64_t collected_at_us)
{
    int64_t deadline_s = anchor_s(purpose->anchor, start_us, collected_at_us) + purpose->retention_s;

    if (purpose->intersected) {
        const int64_t current_s =
            anchor_s(purpose->current_anchor, start_us, collected_at_us) + purpose->current_retention_s;
        if (current_s < deadline_s)
            deadline_s = current_s;
    }
    return deadline_s - deadline_s % purpose->bucket_s;
}
