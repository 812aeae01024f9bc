#include "gen/check_row.h"

#include "sluice/field.h"

/* --- as read */

struct reader {
    const uint8_t *at, *end;
    bool failed;
};

static uint64_t read_varint(struct reader *reader)
{
    uint64_t value = 0;

    for (int shift = 0; shift < 64 && reader->at < reader->end; shift += 7) {
        const uint8_t byte = *reader->at++;

        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
    reader->failed = true;
    return 0;
}

static uint64_t read_fixed64(struct reader *reader)
{
    uint64_t value = 0;

    if (reader->end - reader->at < 8) {
        reader->failed = true;
        return 0;
    }
    for (int i = 0; i < 8; i++)
        value |= (uint64_t)*reader->at++ << (8 * i);
    return value;
}

static struct sluice_str read_bytes(struct reader *reader)
{
    const uint64_t len = read_varint(reader);
    struct sluice_str bytes = { (const char *)reader->at, 0 };

    if (reader->failed || len > (uint64_t)(reader->end - reader->at)) {
        reader->failed = true;
        return bytes;
    }
    bytes.len = (size_t)len;
    reader->at += len;
    return bytes;
}

static bool read_field(struct row *row, struct reader *reader)
{
    const uint64_t tag = read_varint(reader), number = tag >> 3;

    if (reader->failed || number == 0 || number >= ROW_NUMBERS || row_has(row, (unsigned)number))
        return false;
    struct row_value *value = row_add(row, (unsigned)number);
    switch (tag & 7) {
    case 0:
        value->kind = ROW_VARINT;
        value->number = read_varint(reader);
        break;
    case 1:
        value->kind = ROW_FIXED64;
        value->number = read_fixed64(reader);
        break;
    case 2:
        value->kind = ROW_BYTES;
        value->bytes = read_bytes(reader);
        break;
    default:
        return false;
    }
    return !reader->failed;
}

bool row_read(struct row *row, const uint8_t *bytes, size_t len)
{
    struct reader reader = { bytes, bytes + len, false };

    row->present[0] = row->present[1] = 0;
    while (reader.at < reader.end)
        if (!read_field(row, &reader))
            return false;
    return true;
}

/* --- comparing */

static bool is_same(const struct row_value *a, const struct row_value *b)
{
    if (a->kind != b->kind)
        return false;
    return a->kind == ROW_BYTES ? sluice_str_equal(a->bytes, b->bytes) : a->number == b->number;
}

unsigned row_difference(const struct row *a, const struct row *b)
{
    for (unsigned word = 0; word < 2; word++) {
        const uint64_t missing = a->present[word] ^ b->present[word];

        if (missing)
            return word * 64 + (unsigned)__builtin_ctzll(missing);
        for (uint64_t left = a->present[word]; left; left &= left - 1) {
            const unsigned number = word * 64 + (unsigned)__builtin_ctzll(left);

            if (!is_same(&a->values[number], &b->values[number]))
                return number;
        }
    }
    return 0;
}

const char *row_field_name(unsigned number)
{
    static const char *const names[] = { "",       "purpose",    "basis", "policy_version",
                                         "tenant", "expires_at", "ref" };

    if (number < sizeof names / sizeof names[0])
        return names[number];
    for (size_t i = 0; i < sluice_form_count; i++)
        if (sluice_form_table[i].number == number)
            return sluice_field_table[sluice_form_table[i].field].name;
    return number == 65 || number == 66 ? "charge" : "a field of no form";
}
