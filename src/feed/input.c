#include "feed/input.h"

#include <stdlib.h>
#include <string.h>

#include "csv/csv.h"
#include "feed/csv_map.h"

static int compare_ids(const void *a, const void *b)
{
    const struct sluice_organisation *const *left = a, *const *right = b;

    return strcmp((*left)->id, (*right)->id);
}

static enum sluice_err sort_organisations(struct feed_input *input)
{
    const size_t count = input->config->organisation_count;

    input->organisations = malloc((count ? count : 1) * sizeof *input->organisations);
    if (!input->organisations)
        return SLUICE_ERR_MEMORY;
    for (size_t i = 0; i < count; i++)
        input->organisations[i] = &input->config->organisations[i];
    input->organisation_count = count;
    qsort(input->organisations, count, sizeof *input->organisations, compare_ids);
    return SLUICE_OK;
}

enum sluice_err feed_input_init(struct feed_input *input, struct sluice_findings *findings,
                                const struct sluice_input_config *config)
{
    enum sluice_err err;

    *input = (struct feed_input){ .config = config,
                                  .source_id = sluice_str_from(config->name),
                                  .tenant = sluice_str_from(config->tenant) };
    err = sort_organisations(input);
    if (!err && config->format == SLUICE_FORMAT_CSV)
        err = csv_map_load(&input->map, findings, config->mapping);
    if (!err && input->map)
        err = csv_splitter_new(&input->csv, csv_map_delimiter(input->map));
    return err;
}

void feed_input_deinit(struct feed_input *input)
{
    csv_splitter_free(input->csv);
    csv_map_free(input->map);
    free(input->organisations);
    *input = (struct feed_input){ 0 };
}

static int compare_text(struct sluice_str text, const char *id)
{
    const size_t id_len = strlen(id), shorter = text.len < id_len ? text.len : id_len;
    const int order = shorter ? memcmp(text.bytes, id, shorter) : 0;   /* a NUL in text is a byte like any other */

    return order ? order : (text.len > id_len) - (text.len < id_len);
}

struct sluice_str feed_input_tenant(const struct feed_input *input, struct sluice_str organisation)
{
    size_t from = 0, to = input->organisation_count;

    if (organisation.len == 0 || to == 0)
        return input->tenant;
    while (from < to) {
        const size_t middle = (from + to) / 2;
        const int order = compare_text(organisation, input->organisations[middle]->id);

        if (order == 0)
            return sluice_str_from(input->organisations[middle]->tenant);
        if (order < 0)
            to = middle;
        else
            from = middle + 1;
    }
    return (struct sluice_str){ NULL, 0 };
}

void feed_input_stamp(const struct feed_input *input, struct sluice_record *record, int64_t now_us)
{
    if (record->source_id.len == 0)
        record->source_id = input->source_id;
    if (record->role == SLUICE_ROLE_UNKNOWN)
        record->role = input->config->role;
    if (!(record->present & SLUICE_HAS(SLUICE_RAW_COLLECTED_AT))) {
        record->collected_at_us = now_us;
        record->present |= SLUICE_HAS(SLUICE_RAW_COLLECTED_AT);
    }
}
