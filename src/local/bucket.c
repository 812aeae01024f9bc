#include "local/bucket.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "sluice/clock.h"

#define HOUR_S INT64_C(3600)

void bucket_name(char name[static BUCKET_NAME_SIZE], int64_t deadline_s)
{
    int year;
    unsigned month, day;

    assert(deadline_s >= 0 && deadline_s <= 2 * (SLUICE_TIME_MAX_US / SLUICE_SECOND_US));
    sluice_civil_from_days(deadline_s / SLUICE_DAY_S, &year, &month, &day);
    const unsigned second = (unsigned)(deadline_s % SLUICE_DAY_S);
    const int len = snprintf(name, BUCKET_NAME_SIZE, "%04d-%02u-%02u", year % 10000, month % 100, day % 100);
    if (second % HOUR_S)
        snprintf(name + len, BUCKET_NAME_SIZE - (size_t)len, "T%02u%02u%02uZ", second / 3600, second / 60 % 60,
                 second % 60);
    else if (second)
        snprintf(name + len, BUCKET_NAME_SIZE - (size_t)len, "T%02uZ", second / 3600);
}

/* The name as an instant that the clock's parser reads. */
static bool spell_out(char text[static SLUICE_TIME_TEXT_SIZE], const char *name, size_t len)
{
    switch (len) {
    case 10:
        snprintf(text, SLUICE_TIME_TEXT_SIZE, "%.10sT00:00:00Z", name);
        return true;
    case 14:
        snprintf(text, SLUICE_TIME_TEXT_SIZE, "%.13s:00:00Z", name);
        return true;
    case 18:
        snprintf(text, SLUICE_TIME_TEXT_SIZE, "%.13s:%.2s:%.2sZ", name, name + 13, name + 15);
        return true;
    default:
        return false;
    }
}

bool bucket_parse(int64_t *deadline_s, const char *name)
{
    char text[SLUICE_TIME_TEXT_SIZE], again[BUCKET_NAME_SIZE];
    int64_t time_us;
    bool zone_given;
    int offset;

    if (!spell_out(text, name, strlen(name)) ||
        sluice_time_parse(&time_us, &offset, &zone_given, sluice_str_from(text)) != SLUICE_OK || time_us < 0)
        return false;
    /* Only the one way in which we write it. */
    bucket_name(again, time_us / SLUICE_SECOND_US);
    *deadline_s = time_us / SLUICE_SECOND_US;
    return strcmp(again, name) == 0;
}

void bucket_folder_path(char path[static BUCKET_PATH_SIZE], const struct bucket_file *file, int level)
{
    char bucket[BUCKET_NAME_SIZE];

    bucket_name(bucket, file->deadline_s);
    switch (level) {
    case 0:
        snprintf(path, BUCKET_PATH_SIZE, "%s/%s/%s", file->tenant, file->stream, bucket);
        break;
    case 1:
        snprintf(path, BUCKET_PATH_SIZE, "%s/%s", file->tenant, file->stream);
        break;
    case 2:
        snprintf(path, BUCKET_PATH_SIZE, "%s", file->tenant);
        break;
    default:
        snprintf(path, BUCKET_PATH_SIZE, ".");
    }
}

void bucket_file_path(char path[static BUCKET_PATH_SIZE], const struct bucket_file *file)
{
    char bucket[BUCKET_NAME_SIZE];

    bucket_name(bucket, file->deadline_s);
    snprintf(path, BUCKET_PATH_SIZE, "%s/%s/%s/%llu.pb%s", file->tenant, file->stream, bucket,
             (unsigned long long)file->number, file->open ? ".open" : "");
}

bool bucket_file_parse(uint64_t *number, bool *open, const char *name)
{
    size_t digits = 0;

    for (*number = 0; name[digits] >= '0' && name[digits] <= '9' && digits < 19; digits++)
        *number = *number * 10 + (uint64_t)(name[digits] - '0');
    *open = strcmp(name + digits, ".pb.open") == 0;
    return digits > 0 && name[0] != '0' && (*open || strcmp(name + digits, ".pb") == 0);
}
