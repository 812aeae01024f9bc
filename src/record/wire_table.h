/* Every field of proto/sluice/v1/raw.proto: how it stands on the wire, where
 * it goes in struct sluice_record and what it may hold. The reader and the
 * writer both walk this table; a number without a row is an unknown field. */
#ifndef RECORD_WIRE_TABLE_H
#define RECORD_WIRE_TABLE_H

#include <stdint.h>
#include "sluice/record.h"

#define RECORD_WIRE_FIELD_COUNT 44   /* one more than the highest number */

/* Wire types of the protobuf encoding; 3, 4 (groups), 6 and 7 are refused. */
enum { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5, WIRE_ANY = 8 };

enum record_wire_kind {
    WIRE_KIND_UNKNOWN,    /* no such field */
    WIRE_KIND_TEXT,
    WIRE_KIND_ICCID,
    WIRE_KIND_IMSI,
    WIRE_KIND_MSISDN,
    WIRE_KIND_EID,
    WIRE_KIND_IMEI,
    WIRE_KIND_ADDRESS,
    WIRE_KIND_CURRENCY,
    WIRE_KIND_BOOL,       /* protobuf-c takes one in any wire type: true if any byte of it has a bit */
    WIRE_KIND_UINT32,     /* also enums: what is above limit is refused */
    WIRE_KIND_UINT64,
    WIRE_KIND_SINT32,     /* zigzag; magnitude at most limit */
    WIRE_KIND_SINT64,     /* zigzag */
    WIRE_KIND_TIME,       /* sfixed64, microseconds */
};

struct record_wire_field {
    uint8_t kind;         /* enum record_wire_kind */
    uint8_t wire_type;
    uint8_t size;         /* bytes of the number in struct sluice_record */
    uint8_t reason;       /* enum sluice_reason when a number is out of range */
    uint16_t offset;      /* into struct sluice_record */
    uint64_t limit;
};

extern const struct record_wire_field record_wire_fields[RECORD_WIRE_FIELD_COUNT];

/* Fields whose presence struct sluice_record tells apart from zero. */
#define RECORD_WIRE_PRESENCE                                                                                  \
    (SLUICE_HAS(SLUICE_RAW_CHARGING_ID) | SLUICE_HAS(SLUICE_RAW_PARTIAL_SEQUENCE) |                           \
     SLUICE_HAS(SLUICE_RAW_CLOSING_CAUSE) | SLUICE_HAS(SLUICE_RAW_RETRANSMISSION) |                           \
     SLUICE_HAS(SLUICE_RAW_COLLECTED_AT) | SLUICE_HAS(SLUICE_RAW_RAT) | SLUICE_HAS(SLUICE_RAW_UPLINK_OCTETS) | \
     SLUICE_HAS(SLUICE_RAW_DOWNLINK_OCTETS) | SLUICE_HAS(SLUICE_RAW_DURATION) |                               \
     SLUICE_HAS(SLUICE_RAW_MESSAGE_COUNT) | SLUICE_HAS(SLUICE_RAW_START) | SLUICE_HAS(SLUICE_RAW_END) |       \
     SLUICE_HAS(SLUICE_RAW_UTC_OFFSET) | SLUICE_HAS(SLUICE_RAW_TAC) | SLUICE_HAS(SLUICE_RAW_LAC) |            \
     SLUICE_HAS(SLUICE_RAW_CELL_ID) | SLUICE_HAS(SLUICE_RAW_CHARGE))

#endif
