/* Epochs and deadlines: asked for each record, so a division or a comparison. */
#include <assert.h>

#include "sluice/clock.h"
#include "sluice/policy.h"

/* The calendar month that an instant lies in. */
struct month {
    int64_t from_us;
    int64_t to_us;
    uint32_t number; /* since January 1970 */
};

static int64_t month_start_us(uint32_t number)
{
    return sluice_days_from_civil(1970 + (int)(number / 12), 1 + number % 12, 1) * SLUICE_DAY_S *
           SLUICE_SECOND_US;
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
        latest.number = (uint32_t)(year - 1970) * 12 + month - 1;
        latest.from_us = month_start_us(latest.number);
        latest.to_us = month_start_us(latest.number + 1);
    }
    return &latest;
}

uint32_t sluice_purpose_epoch(const struct sluice_purpose *purpose, int64_t start_us)
{
    switch (purpose->epoch_kind) {
    case SLUICE_EPOCH_SECONDS:
        return (uint32_t)(start_us / SLUICE_SECOND_US / purpose->epoch_s);
    case SLUICE_EPOCH_MONTH:
        return month_of(start_us)->number;
    default:
        return (uint32_t)(start_us / SLUICE_SECOND_US / SLUICE_DAY_S);
    }
}

int64_t sluice_purpose_epoch_end_us(const struct sluice_purpose *purpose, uint32_t epoch)
{
    switch (purpose->epoch_kind) {
    case SLUICE_EPOCH_SECONDS:
        return ((int64_t)epoch + 1) * purpose->epoch_s * SLUICE_SECOND_US;
    case SLUICE_EPOCH_MONTH:
        return month_start_us(epoch + 1);
    default:
        return ((int64_t)epoch + 1) * SLUICE_DAY_S * SLUICE_SECOND_US;
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
