#include "gate/tally.h"

#include <assert.h>
#include <string.h>

static bool has_name(const char *name, struct sluice_str text)
{
    return strlen(name) == text.len && memcmp(name, text.bytes, text.len) == 0;
}

static void set_name(char name[static SLUICE_NAME_MAX + 1], struct sluice_str text)
{
    const size_t len = text.len < SLUICE_NAME_MAX ? text.len : SLUICE_NAME_MAX;

    memcpy(name, text.bytes, len);
    name[len] = '\0';
}

struct tally_tenant *tally_tenant(struct tally *tally, struct sluice_str name)
{
    for (size_t i = 0; i < tally->tenant_count; i++)
        if (has_name(tally->tenants[i].name, name))
            return &tally->tenants[i];
    if (tally->tenant_count == TALLY_TENANTS_MAX)
        return NULL;

    struct tally_tenant *tenant = &tally->tenants[tally->tenant_count++];
    memset(tenant, 0, sizeof *tenant);
    set_name(tenant->name, name);
    return tenant;
}

struct tally_input *tally_input_find(struct tally *tally, struct sluice_str name)
{
    for (size_t i = 0; i < tally->input_count; i++)
        if (has_name(tally->inputs[i].name, name))
            return &tally->inputs[i];
    return NULL;
}

struct tally_input *tally_input(struct tally *tally, struct sluice_str name)
{
    struct tally_input *input = tally_input_find(tally, name);

    if (input || tally->input_count == TALLY_INPUTS_MAX)
        return input;

    input = &tally->inputs[tally->input_count++];
    memset(input, 0, sizeof *input);
    set_name(input->name, name);
    return input;
}

struct tally_purpose *tally_purpose(struct tally_tenant *tenant, const char *name)
{
    for (size_t i = 0; i < tenant->purpose_count; i++)
        if (strcmp(tenant->purposes[i].name, name) == 0)
            return &tenant->purposes[i];
    if (tenant->purpose_count == SLUICE_PURPOSES_MAX)
        return NULL;

    struct tally_purpose *purpose = &tenant->purposes[tenant->purpose_count++];
    memset(purpose, 0, sizeof *purpose);
    set_name(purpose->name, sluice_str_from(name));
    purpose->outcomes[SLUICE_NOT_YET_DECLARED] = tenant->reasons[SLUICE_REASON_NONE];
    return purpose;
}

struct tally_sum tally_in(const struct tally *tally)
{
    struct tally_sum sum = { 0, 0, 0, 0 };

    for (size_t i = 0; i < tally->input_count; i++)
        tally_add(&sum, tally->inputs[i].in, 1);
    return sum;
}

static enum sluice_disposition disposition_of(enum sluice_reason reason)
{
    return reason == SLUICE_REASON_NONE ? SLUICE_ROUTED : sluice_reason_disposition(reason);
}

struct tally_sum tally_disposition(const struct tally *tally, enum sluice_disposition disposition)
{
    struct tally_sum sum = { 0, 0, 0, 0 };

    for (size_t t = 0; t < tally->tenant_count; t++)
        for (enum sluice_reason r = 0; r < SLUICE_REASON_COUNT; r++)
            if (disposition_of(r) == disposition)
                tally_add(&sum, tally->tenants[t].reasons[r], 1);
    return sum;
}

static bool sums_equal(struct tally_sum a, struct tally_sum b)
{
    return a.records == b.records && a.octets == b.octets && a.seconds == b.seconds && a.messages == b.messages;
}

bool tally_balanced(const struct tally *tally)
{
    struct tally_sum all = { 0, 0, 0, 0 };

    for (enum sluice_disposition d = SLUICE_ROUTED; d < SLUICE_DISPOSITION_COUNT; d++)
        tally_add(&all, tally_disposition(tally, d), 1);
    if (!sums_equal(all, tally_in(tally)))
        return false;

    for (size_t i = 0; i < tally->input_count; i++) {
        struct tally_sum sum = { 0, 0, 0, 0 };

        for (enum sluice_disposition d = SLUICE_ROUTED; d < SLUICE_DISPOSITION_COUNT; d++)
            tally_add(&sum, tally->inputs[i].dispositions[d], 1);
        if (!sums_equal(sum, tally->inputs[i].in))
            return false;
    }
    for (size_t t = 0; t < tally->tenant_count; t++) {
        const struct tally_tenant *tenant = &tally->tenants[t];

        for (size_t p = 0; p < tenant->purpose_count; p++) {
            struct tally_sum sum = { 0, 0, 0, 0 };

            for (enum sluice_outcome o = 0; o < SLUICE_OUTCOME_COUNT; o++)
                tally_add(&sum, tenant->purposes[p].outcomes[o], 1);
            if (!sums_equal(sum, tenant->reasons[SLUICE_REASON_NONE]))
                return false;
        }
    }
    return true;
}

/* --- the table. Everything is a few kilobytes, so a change is the whole:
 *     lists of named sums, where a sum that is zero is left out. */

static void write_sum(struct sluice_buffer *out, uint8_t index, const struct tally_sum *sum)
{
    if (!sum->records && !sum->octets && !sum->seconds && !sum->messages)
        return;
    sluice_buffer_append_u8(out, index);
    sluice_buffer_append_u64(out, (uint64_t)sum->records);
    sluice_buffer_append_u64(out, (uint64_t)sum->octets);
    sluice_buffer_append_u64(out, (uint64_t)sum->seconds);
    sluice_buffer_append_u64(out, (uint64_t)sum->messages);
}

#define LIST_END 0xff

static void write_list(struct sluice_buffer *out, const char *name, const struct tally_sum sums[], size_t count)
{
    sluice_buffer_append(out, name, SLUICE_NAME_MAX + 1);
    for (size_t i = 0; i < count; i++)
        write_sum(out, (uint8_t)i, &sums[i]);
    sluice_buffer_append_u8(out, LIST_END);
}

static void write_all(const struct tally *tally, struct sluice_buffer *out)
{
    sluice_buffer_append_u64(out, tally->reentered_at);
    sluice_buffer_append_u8(out, (uint8_t)tally->tenant_count);
    for (size_t t = 0; t < tally->tenant_count; t++) {
        const struct tally_tenant *tenant = &tally->tenants[t];

        write_list(out, tenant->name, tenant->reasons, SLUICE_REASON_COUNT);
        sluice_buffer_append_u8(out, (uint8_t)tenant->purpose_count);
        for (size_t p = 0; p < tenant->purpose_count; p++)
            write_list(out, tenant->purposes[p].name, tenant->purposes[p].outcomes, SLUICE_OUTCOME_COUNT);
    }
    sluice_buffer_append_u8(out, (uint8_t)tally->input_count);
    for (size_t i = 0; i < tally->input_count; i++) {
        const struct tally_input *input = &tally->inputs[i];

        write_list(out, input->name, input->dispositions, SLUICE_DISPOSITION_COUNT);
        write_list(out, input->name, &input->in, 1);
    }
}

static void read_list(struct sluice_cursor *cursor, char name[static SLUICE_NAME_MAX + 1],
                      struct tally_sum sums[], size_t count)
{
    const uint8_t *text = sluice_cursor_bytes(cursor, SLUICE_NAME_MAX + 1);

    if (!text || text[SLUICE_NAME_MAX] != '\0') {
        cursor->failed = true;
        return;
    }
    memcpy(name, text, SLUICE_NAME_MAX + 1);
    memset(sums, 0, count * sizeof *sums);
    for (uint8_t i; !cursor->failed && (i = sluice_cursor_u8(cursor)) != LIST_END;) {
        if (i >= count) {
            cursor->failed = true;
            return;
        }
        sums[i].records = (int64_t)sluice_cursor_u64(cursor);
        sums[i].octets = (int64_t)sluice_cursor_u64(cursor);
        sums[i].seconds = (int64_t)sluice_cursor_u64(cursor);
        sums[i].messages = (int64_t)sluice_cursor_u64(cursor);
    }
}

static size_t read_count(struct sluice_cursor *cursor, size_t max)
{
    const uint8_t count = sluice_cursor_u8(cursor);

    if (count > max)
        cursor->failed = true;
    return cursor->failed ? 0 : count;
}

static enum sluice_err read_all(struct tally *tally, const uint8_t *bytes, size_t len)
{
    struct sluice_cursor cursor = { bytes, bytes + len, false };

    tally->reentered_at = sluice_cursor_u64(&cursor);
    tally->tenant_count = read_count(&cursor, TALLY_TENANTS_MAX);
    for (size_t t = 0; t < tally->tenant_count && !cursor.failed; t++) {
        struct tally_tenant *tenant = &tally->tenants[t];

        read_list(&cursor, tenant->name, tenant->reasons, SLUICE_REASON_COUNT);
        tenant->purpose_count = read_count(&cursor, SLUICE_PURPOSES_MAX);
        for (size_t p = 0; p < tenant->purpose_count && !cursor.failed; p++)
            read_list(&cursor, tenant->purposes[p].name, tenant->purposes[p].outcomes, SLUICE_OUTCOME_COUNT);
    }
    tally->input_count = read_count(&cursor, TALLY_INPUTS_MAX);
    for (size_t i = 0; i < tally->input_count && !cursor.failed; i++) {
        struct tally_input *input = &tally->inputs[i];

        read_list(&cursor, input->name, input->dispositions, SLUICE_DISPOSITION_COUNT);
        read_list(&cursor, input->name, &input->in, 1);
    }
    return cursor.failed || cursor.at != cursor.end ? SLUICE_ERR_DAMAGED : SLUICE_OK;
}

static void changes(void *self, struct sluice_buffer *out)
{
    const struct tally_book *book = self;

    /* An idle commit must not grow the log. */
    if (memcmp(&book->now, &book->saved, sizeof book->now) != 0)
        write_all(&book->now, out);
}

static void committed(void *self)
{
    struct tally_book *book = self;

    book->saved = book->now;
}

static void undo(void *self)
{
    struct tally_book *book = self;

    book->now = book->saved;
}

static enum sluice_err apply(void *self, const uint8_t *bytes, size_t len)
{
    struct tally_book *book = self;
    const enum sluice_err err = read_all(&book->now, bytes, len);

    if (!err)
        book->saved = book->now;
    return err;
}

static enum sluice_err snapshot(void *self, uint64_t *chunk, struct sluice_buffer *out, bool *more)
{
    const struct tally_book *book = self;

    write_all(&book->now, out);
    ++*chunk;
    *more = false;
    return sluice_buffer_err(out);
}

static enum sluice_err restore(void *self, uint64_t chunk, const uint8_t *bytes, size_t len)
{
    (void)chunk;
    return apply(self, bytes, len);
}

struct sluice_state_table tally_table(struct tally_book *book)
{
    return (struct sluice_state_table){
        .id = 3, .name = "tally", .self = book, .changes = changes, .committed = committed,
        .undo = undo, .apply = apply, .snapshot = snapshot, .restore = restore,
    };
}
