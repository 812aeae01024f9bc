/* What the columns of a source's CSV files are, as a file says it:
 *
 *     mapping: 1                  # version of this format
 *     delimiter: ";"              # one character, or tab; default ","
 *     columns:                    # COLUMN: FIELD, or COLUMN: { field: FIELD, ... }
 *       id: record_id
 *       imsi: imsi
 *       mcc: mcc
 *       mnc: { field: mnc, number: yes }         # lost its leading zero
 *       created_at: { field: start, time: iso }  # iso (default, UTC unless it has a zone), unix_s, unix_ms
 *       up: { field: uplink_octets, unit: MB }   # B, KB, MB, KiB, MiB; a decimal is taken exactly
 *       down: { field: downlink_octets, unit_column: down_unit }   # that column has the unit
 *       type: { field: service, values: { DATA: data, SMS-OUT: sms-mo } }
 *       cost: { field: charge, optional: yes }   # a file may come without this column
 *       sim_group: ignore                        # known, not taken
 *     constants:                  # the same in every row; a column of the same field comes first
 *       currency: EUR
 *
 * KB and MB are powers of ten or of two as the input's `megabyte` says. An
 * empty cell is an absent value. A column that is not listed is dropped and counted by
 * name; of a file that lacks a listed column every row is refused. An SMS counts as
 * one message where no column counts them; octets are those of the row alone
 * unless counter_mode says cumulative.
 *
 * Fields: csv_field.c. Needed: start, service, one of iccid, imsi, msisdn and
 * eid; a unit for octets; a currency for a charge; mcc and mnc both or none. */
#ifndef FEED_CSV_MAP_H
#define FEED_CSV_MAP_H

#include <stddef.h>
#include <stdint.h>
#include "csv/csv.h"
#include "feed/input.h"
#include "feed/secret.h"
#include "feed/unknown.h"
#include "sluice/batch.h"
#include "sluice/err.h"
#include "sluice/policy.h"
#include "sluice/str.h"

struct csv_map;

/** Out: map       new; free with csv_map_free. Texts of records may lie in it
 *       findings  what is wrong, with line and column
 *  Returns SLUICE_OK, SLUICE_ERR_FORMAT (findings hold an error), or an error of reading (likewise). */
SLUICE_MUST_CHECK
enum sluice_err csv_map_load(struct csv_map **map, struct sluice_findings *findings, const char *path);
/** The same from bytes; name stands for the file in findings. */
SLUICE_MUST_CHECK
enum sluice_err csv_map_parse(struct csv_map **map, struct sluice_findings *findings, const char *name,
                              const char *bytes, size_t len);
void csv_map_free(struct csv_map *map);
char csv_map_delimiter(const struct csv_map *map);

/** Find the columns of the rows that follow in their header. A header that
 *  cannot be used is no error here: its rows are refused. */
void csv_map_bind(struct csv_map *map, const struct csv_row *header);

/** The worst that the names in the bound header tell: what a row that cannot be
 *  taken apart may hold. */
enum secret csv_map_secret(const struct csv_map *map);

/** Turn the columns of one row into entry->record, or refuse it with its reason
 *  and where in entry->raw, the header line and the row, the fault lies. Texts
 *  of the record are views of the columns.
 *
 *  A row with another number of columns than its header is UNDECODABLE; a
 *  header that lacks a column of the mapping is MISSING_REQUIRED, one with two columns of a name
 *  DUPLICATE_FIELD.
 *  In: unknown  counts columns that are not listed, once for each row that fills them; borrowed */
void csv_map_decode(struct csv_map *map, const struct feed_input *input, struct sluice_entry *entry,
                    const struct sluice_str columns[], size_t count, struct unknown_fields *unknown,
                    int64_t now_us);

#endif
