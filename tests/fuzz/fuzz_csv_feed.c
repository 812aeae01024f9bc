/* Any bytes as a mapping file and as a CSV file under it, with a NUL between
 * them; without one, as a CSV file under a mapping of every kind of field. What is
 * accepted can be written and read again, what is not is refused with a reason. */
#include <assert.h>
#include <stdlib.h>

#include "feed/csv_map.h"
#include "sluice/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static const char every_kind[] =
    "mapping: 1\ncolumns:\n  id: record_id\n  part: partial_sequence\n  again: retransmission\n  iccid: "
    "iccid\n"
    "  imsi: imsi\n  number: msisdn\n  eid: eid\n  imei: imei\n  ip: ue_address\n  org: organisation\n"
    "  type: { field: service, values: { D: data, S: sms-mo } }\n  up: { field: uplink_octets, unit: MB }\n"
    "  down: { field: downlink_octets, unit_column: unit }\n  start: start\n"
    "  end: { field: end, time: unix_ms, optional: yes }\n  zone: utc_offset\n  mcc: mcc\n"
    "  mnc: { field: mnc, number: yes }\n  cell: cell_id\n  to: destination\n  cost: charge\n  cur: "
    "currency\n"
    "constants:\n  apn: iot.example\n";

static struct sluice_input_config config = { .name = "csv", .tenant = "acme", .megabyte = 1000000 };
static struct unknown_fields unknown;

static void must_survive_writing(const struct sluice_record *record)
{
    struct sluice_buffer out;
    struct sluice_record again;
    uint32_t field, surplus;

    sluice_buffer_init(&out, 2 * SLUICE_RECORD_SIZE_MAX);
    sluice_wire_write(&out, record);
    if (sluice_buffer_err(&out) || sluice_wire_read(&again, &field, &surplus, out.bytes, out.len) || surplus)
        abort();
    sluice_buffer_deinit(&out);
}

static void decode(struct csv_map *map, const struct feed_input *input, struct sluice_str raw,
                   const struct csv_row *row)
{
    struct sluice_entry entry = { .form = SLUICE_FORM_CSV, .raw = raw };

    csv_map_decode(map, input, &entry, row->columns, row->count, &unknown, 1);
    if (entry.field > raw.len ||
        (entry.reason != SLUICE_REASON_NONE) != (entry.disposition != SLUICE_UNDECIDED))
        abort();
    if (!entry.reason)
        must_survive_writing(&entry.record);
}

static void read_rows(struct csv_map *map, const struct feed_input *input, struct csv_splitter *splitter,
                      const char *bytes, size_t len)
{
    size_t at = 0;
    bool bound = false;

    while (at < len) {
        struct csv_row row;
        const enum csv_result result = csv_split(splitter, &row, bytes + at, len - at, true);

        if (row.len == 0)
            abort();
        at += row.len;
        if (result == CSV_ROW && !bound)
            csv_map_bind(map, &row);
        else if (result == CSV_ROW && !row.reason)
            decode(map, input, (struct sluice_str){ bytes, at }, &row);
        bound |= result == CSV_ROW;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const uint8_t *end = len ? memchr(bytes, '\0', len) : NULL;
    const struct sluice_str text = end ? (struct sluice_str){ (const char *)bytes, (size_t)(end - bytes) }
                                       : (struct sluice_str){ every_kind, sizeof every_kind - 1 };
    const size_t skipped = end ? text.len + 1 : 0;
    struct sluice_findings findings;
    struct csv_splitter *splitter;
    struct feed_input input;
    struct csv_map *map;

    sluice_findings_init(&findings);
    if (csv_map_parse(&map, &findings, "map.yaml", text.bytes, text.len) == SLUICE_OK) {
        if (feed_input_init(&input, NULL, &config) || csv_splitter_new(&splitter, csv_map_delimiter(map)))
            abort();
        read_rows(map, &input, splitter, (const char *)bytes + skipped, len - skipped);
        csv_splitter_free(splitter);
        feed_input_deinit(&input);
        csv_map_free(map);
    } else if (!findings.errors) {
        abort(); /* not even a reason */
    }
    sluice_findings_deinit(&findings);
    return 0;
}
