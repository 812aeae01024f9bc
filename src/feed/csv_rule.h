/* A mapping file as it was read, and the header that it is bound to. */
#ifndef FEED_CSV_RULE_H
#define FEED_CSV_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include "csv/csv.h"
#include "feed/csv_field.h"
#include "feed/secret.h"
#include "sluice/record.h"
#include "sluice/str.h"
#include "yaml/yaml.h"

/* One column that is listed. */
struct csv_rule {
    struct sluice_str name;
    struct csv_reading reading;
    struct sluice_str unit_column; /* empty: the unit is that of reading */
    bool optional;
};

/* One column of a file. */
struct csv_bound_column {
    struct sluice_str name; /* in names */
    enum secret secret;     /* what its name says that it holds, where no rule takes it */
    bool known;             /* a rule speaks of it */
};

/* What follows from the header that came last. */
struct csv_binding {
    enum sluice_reason reason; /* why no row under it can be decoded */
    enum secret secret;        /* the worst that its names tell */
    size_t column_count;
    struct csv_bound_column columns[CSV_COLUMNS_MAX];
    size_t names_len;
    char names[CSV_ROW_SIZE_MAX];
    size_t column_of[CSV_COLUMNS_MAX]; /* by rule; CSV_NO_COLUMN: it takes nothing */
    size_t unit_of[CSV_COLUMNS_MAX];   /* by rule: the column with its unit */
};

struct csv_map {
    struct yaml_document *document; /* what the texts point into */
    char delimiter;
    bool counts_messages; /* a column or a constant says how many */
    size_t rule_count;
    struct csv_rule *rules;
    struct csv_value *values;       /* of all rules */
    struct sluice_record constants; /* what every record starts from */
    struct csv_binding binding;
};

#endif
