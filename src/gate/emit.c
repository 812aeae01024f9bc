/* The gate's part of a commit: minted secrets become durable, then each stream
 * is ordered and handed to the transport. */
#include "gate/gate.h"

#include <stdlib.h>

/* One list of row views for each stream, as the transport borrows them all until its commit. */
static enum sluice_err reserve_views(struct sluice_gate *gate)
{
    const size_t count = gate->tenant_count * SLUICE_PURPOSES_MAX;

    if (gate->views)
        return SLUICE_OK;
    gate->views = calloc(count, sizeof *gate->views);
    if (!gate->views)
        return SLUICE_ERR_MEMORY;
    gate->view_count = count;
    return SLUICE_OK;
}

/* What is mixed is said before the first file of it can close, rows or none. */
static enum sluice_err know_stream(struct sluice_transport *transport, const struct tenant *tenant,
                                   struct tenant_purpose *purpose)
{
    if (purpose->stream_known)
        return SLUICE_OK;
    const enum sluice_err err =
        transport->ops->stream(transport->self, tenant->name, purpose->name, &purpose->stream);
    if (err)
        return err;
    if (purpose->mixed && transport->ops->mix)
        transport->ops->mix(transport->self, purpose->stream);
    purpose->stream_known = true;
    return SLUICE_OK;
}

static enum sluice_err emit_purpose(struct sluice_gate *gate, struct sluice_transport *transport,
                                    const struct tenant *tenant, struct tenant_purpose *purpose,
                                    struct rows_views *views)
{
    if (!purpose->rows.count && !purpose->mixed)
        return SLUICE_OK;
    const enum sluice_err err = know_stream(transport, tenant, purpose);
    if (err || !purpose->rows.count)
        return err;
    return rows_write(&purpose->rows, &gate->scratch, views, transport, purpose->stream);
}

enum sluice_err sluice_gate_emit(struct sluice_gate *gate, struct sluice_transport *transport)
{
    enum sluice_err err = sluice_vault_commit(gate->vault);

    if (!err)
        err = reserve_views(gate);
    for (size_t t = 0; !err && t < gate->tenant_count; t++)
        for (size_t p = 0; !err && p < gate->tenants[t].purpose_count; p++)
            err = emit_purpose(gate, transport, &gate->tenants[t], &gate->tenants[t].purposes[p],
                               &gate->views[t * SLUICE_PURPOSES_MAX + p]);
    return err ? err : store_emit(gate, transport);
}

void sluice_gate_finish(struct sluice_gate *gate, bool committed)
{
    for (size_t t = 0; t < gate->tenant_count; t++)
        for (size_t p = 0; p < gate->tenants[t].purpose_count; p++)
            gate->tenants[t].purposes[p].rows.count = 0;
    store_clear(gate);
    sluice_arena_reset(&gate->arena);
    gate->row_at = gate->row_end = NULL;
    if (!committed) {
        /* Slots and epochs may hold secrets that never became durable. */
        sluice_vault_abort(gate->vault);
        sluice_gate_forget_subjects(gate);
    }
}
