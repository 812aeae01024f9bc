#include "bench_codec.h"

#include <stdlib.h>

#include "sluice/v1/purpose.pb-c.h"
#include "sluice/v1/raw.pb-c.h"
#include "sluice/wire.h"

static uint8_t sixteen[16];

/* What every row has. */
static void start_row(Sluice__V1__PurposeRecord *row, const char *purpose)
{
    sluice__v1__purpose_record__init(row);
    row->purpose = (char *)(uintptr_t)purpose;
    row->has_basis = row->has_policy_version = row->has_expires_at = row->has_ref = row->has_subject_pseudonym = 1;
    row->basis = SLUICE__V1__LAWFUL_BASIS__LAWFUL_BASIS_CONTRACT;
    row->policy_version = (ProtobufCBinaryData){ 8, sixteen };
    row->tenant = (char *)(uintptr_t)"bench";
    row->expires_at = 1800000000;
    row->ref = (ProtobufCBinaryData){ 16, sixteen };
    row->subject_pseudonym = (ProtobufCBinaryData){ 16, sixteen };
    row->has_service = 1;
}

static size_t pack(const Sluice__V1__PurposeRecord *row)
{
    static uint8_t out[4096];

    return sluice__v1__purpose_record__pack(row, out);
}

static size_t pack_rows(const Sluice__V1__RawRecord *raw)
{
    Sluice__V1__PurposeRecord row;
    size_t octets = 0;

    start_row(&row, "billing");
    row.has_account_tag = row.has_uplink_octets = row.has_downlink_octets = row.has_start = row.has_end = 1;
    row.has_charge_units = row.has_charge_scale = 1;
    row.service = raw->service;
    row.account_tag = row.ref;
    row.uplink_octets = raw->uplink_octets;
    row.downlink_octets = raw->downlink_octets;
    row.start = raw->start;
    row.end = raw->end;
    row.serving_plmn = (char *)(uintptr_t)"00101";
    row.charge_units = raw->charge_units;
    row.charge_scale = raw->charge_scale;
    row.currency = raw->currency;
    octets += pack(&row);

    start_row(&row, "fraud");
    row.has_rat = row.has_uplink_octets = row.has_downlink_octets = row.has_start = row.has_end = row.has_tac =
        row.has_cell_id = 1;
    row.service = raw->service;
    row.rat = raw->rat;
    row.uplink_octets = raw->uplink_octets;
    row.downlink_octets = raw->downlink_octets;
    row.start = raw->start;
    row.end = raw->end;
    row.serving_plmn = (char *)(uintptr_t)"00101";
    row.tac = raw->tac;
    row.cell_id = raw->cell_id;
    row.imei_tac = (char *)(uintptr_t)"00440100";
    octets += pack(&row);

    start_row(&row, "operations");
    row.has_rat = row.has_uplink_octets_log2 = row.has_downlink_octets_log2 = row.has_start_coarse = 1;
    row.service = raw->service;
    row.rat = raw->rat;
    row.apn_network = raw->apn;
    row.uplink_octets_log2 = 12;
    row.downlink_octets_log2 = 20;
    row.start_coarse = raw->start / 1000000;
    row.serving_plmn = (char *)(uintptr_t)"00101";
    octets += pack(&row);

    start_row(&row, "legal");
    row.has_start_coarse = row.has_message_count = row.has_duration_log2 = 1;
    row.service = raw->service;
    row.start_coarse = raw->start / 1000000;
    octets += pack(&row);
    return octets;
}

size_t bench_codec(const uint8_t *bytes, size_t len)
{
    struct sluice_cursor cursor = { bytes, bytes + len, false };
    const uint8_t *record;
    size_t record_len, octets = 0;

    while (sluice_wire_next(&cursor, &record, &record_len) == 1) {
        Sluice__V1__RawRecord *raw = sluice__v1__raw_record__unpack(NULL, record_len, record);

        octets += pack_rows(raw);
        sluice__v1__raw_record__free_unpacked(raw, NULL);
    }
    return octets;
}
