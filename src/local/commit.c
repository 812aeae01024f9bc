/* One commit over outputs, what re-entered and tables. What is written where,
 * in order:
 *
 *   1  outputs, on the device before anything speaks of them
 *   2  one frame of the log: this is the commit
 *   3  a frame that settles it, if step 4 has anything to do
 *   4  renames and deletions
 *
 * Without step 3 a damaged last frame could not be told from one that was
 * being written when the power went, and recovery would go back behind a
 * commit whose input is already deleted. */
#include <assert.h>
#include <string.h>

#include "local/internal.h"
#include "sluice/clock.h"

static bool is_due(const struct sluice_config *config, const struct local_output *output, int64_t now_us)
{
    if (!output->pending_number)
        return false;
    if (output->written >= config->file_size_max)
        return true;
    return output->number && now_us / SLUICE_SECOND_US - output->opened_us / SLUICE_SECOND_US >=
                                 config->file_age_max_s;
}

void local_mark_closing(struct sluice_local *local, const char *stream)
{
    for (size_t i = 0; i < local->catalog.output_count; i++) {
        struct local_output *output = local->catalog.outputs[i];

        if (output->pending_number && (!stream || strcmp(local->catalog.streams[output->stream].name, stream) == 0))
            output->closing = true;
    }
}

static void output_row(struct sluice_local *local, const struct local_output *output, int64_t now_us)
{
    const struct local_stream *stream = &local->catalog.streams[output->stream];
    const uint64_t opened_us = (uint64_t)(output->number == 0 ? now_us : output->opened_us);

    catalog_row_write(&local->rows, &(struct row){ .kind = output->closing ? ROW_CLOSED : ROW_OPEN,
                                                   .tenant = stream->tenant,
                                                   .stream = stream->name,
                                                   .deadline_s = output->deadline_s,
                                                   .number = output->pending_number,
                                                   .value = output->written,
                                                   .extra = output->closing ? stream->mixed : opened_us });
}

/* Outputs as they are to be committed, on the device, and the rows that say so. */
static enum sluice_err prepare_outputs(struct sluice_local *local, int64_t now_us)
{
    struct local_catalog *catalog = &local->catalog;
    enum sluice_err err = SLUICE_OK;

    for (size_t i = 0; !err && i < catalog->output_count; i++) {
        struct local_output *output = catalog->outputs[i];

        output->closing |= is_due(local->config, output, now_us);
        if (output->closing)
            err = output_trim(&local->outputs, output);
    }
    if (!err)
        err = outputs_sync(&local->outputs);
    for (size_t i = 0; !err && i < catalog->output_count; i++)
        if (catalog->outputs[i]->touched || catalog->outputs[i]->closing)
            output_row(local, catalog->outputs[i], now_us);
    return err;
}

/* Each table's changes behind its id and their length; a table without any has no section. */
static bool append_changes(struct sluice_local *local, struct sluice_buffer *payload)
{
    bool any = false;

    for (size_t i = 0; i < local->table_count; i++) {
        const struct sluice_state_table *table = &local->tables[i];
        const size_t start = payload->len;

        section_append(payload, table->id, NULL, 0);
        const size_t head = payload->len - start;
        table->changes(table->self, payload);
        if (payload->failed)
            return true;
        const size_t len = payload->len - start - head;
        if (len == 0)
            payload->len = start;
        for (size_t k = 0; len > 0 && k < 4; k++)
            payload->bytes[start + 1 + k] = (uint8_t)(len >> (8 * k));
        if (len > 0)
            local_snapshot_meanwhile_add(local, i, payload->bytes + start, payload->len - start);
        any |= len > 0;
    }
    return any;
}

enum sluice_err local_commit_rows(struct sluice_local *local, bool tables)
{
    struct sluice_buffer *payload = log_writer_begin(&local->log);

    if (sluice_buffer_err(&local->rows))
        return SLUICE_ERR_MEMORY;
    section_append(payload, CATALOG_TABLE, local->rows.bytes, local->rows.len);
    local_snapshot_meanwhile_begin(local);
    const bool any = tables && append_changes(local, payload);
    if (!any && local->rows.len == 0)
        return SLUICE_OK;

    /* Nothing may fail behind the append. */
    enum sluice_err err = catalog_reserve(&local->catalog, local->rows.len);
    if (!err)
        err = log_writer_append(&local->log, FRAME_COMMIT, local->transaction + 1, true);
    if (err) {
        /* The frame may be there or not: only reading the log again tells. */
        local->lost = local->log.excess;
        return err;
    }
    local->transaction++;
    local->settled = false;
    local_snapshot_meanwhile_end(local);
    err = catalog_apply(&local->catalog, local->rows.bytes, local->rows.len);
    assert(err == SLUICE_OK);
    return SLUICE_OK;
}

enum sluice_err local_settle(struct sluice_local *local)
{
    if (local->lost)
        return SLUICE_ERR_IO;
    if (local->retiring) {
        const enum sluice_err err = local_retire(local);
        if (err)
            return err;
    }
    if (local->catalog.action_count == 0)
        return SLUICE_OK;
    if (!local->settled) {
        log_writer_begin(&local->log);
        const enum sluice_err err = log_writer_append(&local->log, FRAME_SETTLED, local->transaction, true);
        if (err)
            return err;
        local->settled = true;
    }
    return outputs_act(&local->outputs);
}

enum sluice_err local_commit(void *self, int64_t now_us)
{
    struct sluice_local *local = self;

    enum sluice_err err = local_settle(local);
    if (err)
        return err;
    sluice_buffer_clear(&local->rows);
    err = prepare_outputs(local, now_us);
    if (err)
        return err;
    reentry_rows(local, &local->rows);
    err = local_commit_rows(local, true);
    if (err)
        return err;

    outputs_committed(&local->outputs);
    reentry_committed(local);
    for (size_t i = 0; i < local->table_count; i++)
        local->tables[i].committed(local->tables[i].self);
    /* It is committed whatever becomes of this, which is tried again before the next one. */
    const enum sluice_err ignored = local_settle(local);
    (void)ignored;
    return SLUICE_OK;
}

enum sluice_err local_abort(void *self)
{
    struct sluice_local *local = self;

    /* Where the commit may yet turn out to be one, its outputs must stay. */
    if (!local->lost)
        outputs_revert(&local->outputs);
    reentry_abort(local);
    for (size_t i = 0; i < local->table_count; i++)
        local->tables[i].undo(local->tables[i].self);
    return SLUICE_OK;
}

enum sluice_err sluice_local_close_files(struct sluice_transport *transport)
{
    struct sluice_local *local = local_of(transport);

    local_mark_closing(local, NULL);
    const enum sluice_err err = local_commit(local, 0);
    /* What is on its way is brought to its end: short runs would never come to it. */
    return err || !local->snapshot.active ? err : local_snapshot(local);
}

enum sluice_err sluice_local_forget(struct sluice_transport *transport, const char *tenant, const char *stream,
                                    int64_t deadline_s)
{
    struct sluice_local *local = local_of(transport);
    uint32_t number;

    enum sluice_err err = local_settle(local);
    if (!err)
        err = catalog_stream(&local->catalog, &number, tenant, stream);
    if (err)
        return err;
    struct local_output *output = catalog_find(&local->catalog, number, deadline_s);
    assert(!output || !output->touched);
    reentry_forget(local, number, deadline_s);
    if (!output && !catalog_has_position(&local->catalog, number, deadline_s))
        return SLUICE_OK;

    sluice_buffer_clear(&local->rows);
    catalog_row_write(&local->rows, &(struct row){ .kind = ROW_FORGOTTEN,
                                                   .tenant = tenant,
                                                   .stream = stream,
                                                   .deadline_s = deadline_s });
    if (output)
        output_forget(&local->outputs, output);
    return local_commit_rows(local, false);
}
