/* The fields of a record that a column of a CSV file, or a constant of its
 * mapping, may fill: one row each, with how its text is read. */
#ifndef FEED_CSV_FIELD_H
#define FEED_CSV_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "sluice/reason.h"
#include "sluice/record.h"
#include "sluice/str.h"

enum csv_kind {
    CSV_TEXT,
    CSV_NUMBER_32,
    CSV_NUMBER_64,
    CSV_OCTETS, /* needs a unit */
    CSV_TIME,
    CSV_CHOICE, /* one of a list of words; a column may have words of its own for them */
    CSV_YES_NO,
    CSV_MINUTES,
    CSV_CHARGE,
    CSV_CURRENCY,
    CSV_IMSI,
    CSV_ICCID,
    CSV_MSISDN,
    CSV_EID,
    CSV_IMEI,
    CSV_ADDRESS,
    CSV_DESTINATION,
    CSV_PLMN,        /* MCC and MNC in one, 5 or 6 digits */
    CSV_MCC,         /* these two are one field of the record, */
    CSV_MNC,         /* so they are kept until both are there */
    CSV_ORGANISATION /* which tenant it is says the input's configuration */
};

struct csv_word {
    const char *word; /* NULL ends the list */
    uint32_t value;
};

struct csv_field {
    const char *name;
    enum csv_kind kind;
    uint8_t number;               /* of its bit in `present`; 0: none */
    size_t offset;                /* into struct sluice_record */
    enum sluice_reason reason;    /* what a bad value is refused with, where its kind leaves that open */
    const struct csv_word *words; /* CSV_CHOICE */
};

#define CSV_FIELDS_MAX 64 /* a bit each, where fields are noted */
extern const struct csv_field csv_fields[];
extern const size_t csv_field_count;

/** NULL when no field is called so. */
const struct csv_field *csv_field_find(const char *name);

enum csv_time { CSV_TIME_ISO, CSV_TIME_UNIX_S, CSV_TIME_UNIX_MS };

enum csv_unit { CSV_UNIT_NONE, CSV_UNIT_B, CSV_UNIT_KB, CSV_UNIT_MB, CSV_UNIT_KIB, CSV_UNIT_MIB };
/** CSV_UNIT_NONE when it is no unit. */
enum csv_unit csv_unit_find(struct sluice_str text);
/** Octets in a unit; what KB and MB are follows from the source's megabyte. */
uint64_t csv_unit_octets(enum csv_unit unit, uint32_t megabyte);

struct csv_value {
    struct sluice_str text;
    uint32_t value;
};

/* How the text of one column, or of a constant, is to be read. */
struct csv_reading {
    const struct csv_field *field; /* NULL: known, not taken */
    enum csv_time time;
    enum csv_unit unit;
    bool number;        /* an MNC that lost its leading zero */
    size_t value_count; /* the column's own words; 0: those of the field */
    const struct csv_value *values;
};

/* A record while its columns are taken. */
struct csv_taken {
    struct sluice_record *record;
    struct sluice_str mcc, mnc, organisation;
    bool mnc_is_number;
};

/** Take one text that is not empty. Texts of the record are views of it.
 *  In: unit_octets  of a CSV_OCTETS
 *  Returns NONE, or the reason to refuse the record. */
enum sluice_reason csv_field_take(struct csv_taken *taken, const struct csv_reading *reading,
                                  struct sluice_str text, uint64_t unit_octets);

#endif
