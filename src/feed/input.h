/* One configured input, prepared for its records. */
#ifndef FEED_INPUT_H
#define FEED_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "sluice/batch.h"
#include "sluice/config.h"
#include "sluice/err.h"
#include "sluice/policy.h"
#include "sluice/str.h"

struct csv_map;
struct csv_splitter;

struct feed_input {
    const struct sluice_input_config *config;
    struct sluice_str source_id;                   /* its name */
    struct sluice_str tenant;                      /* of records that name no organisation; may be empty */
    struct sluice_organisation **organisations;    /* by id, in order of strcmp */
    size_t organisation_count;
    struct csv_map *map;                           /* csv only: its mapping, */
    struct csv_splitter *csv;                      /* and what takes its rows apart */
};

/** In:  config    borrowed
 *  Out: findings  what is wrong with the mapping
 *  Returns SLUICE_ERR_MEMORY, or what csv_map_load returns. */
SLUICE_MUST_CHECK
enum sluice_err feed_input_init(struct feed_input *input, struct sluice_findings *findings,
                                const struct sluice_input_config *config);
void feed_input_deinit(struct feed_input *input);

/** The tenant of a record that names that organisation (empty: none). Where the
 *  input lists organisations, one that is not among them is nobody's: empty. */
struct sluice_str feed_input_tenant(const struct feed_input *input, struct sluice_str organisation);

/** What every record of the input has from it: source, role, instant of arrival. An instant that
 *  the record has already is kept. */
void feed_input_stamp(const struct feed_input *input, struct sluice_record *record, int64_t now_us);

#endif
