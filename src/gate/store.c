/* What the gate seals: quarantined, suspended and parked records, gathered by
 * store, tenant and deadline until the commit. */
#include "gate/gate.h"

#include <stdlib.h>
#include <string.h>

#define SEALED_CONTENT_MAX ((size_t)1 << 30)
#define UNASSIGNED "unassigned"

static int64_t period_of(const struct sluice_config *config, enum sluice_store store)
{
    switch (store) {
    case SLUICE_STORE_QUARANTINE: return config->quarantine_s;
    case SLUICE_STORE_PARK:       return config->park_s;
    case SLUICE_STORE_SUSPENDED:  return config->suspended_s;
    }
    return 0;
}

/* From its collection, whole days: kept when a record is sealed once more. */
static int64_t deadline_of(const struct sluice_gate *gate, enum sluice_store store, const struct sluice_entry *entry)
{
    const int64_t collected_us = entry->record.collected_at_us ? entry->record.collected_at_us : gate->now_us;
    const int64_t due_s = collected_us / SLUICE_SECOND_US + period_of(gate->config, store);

    return due_s - due_s % SLUICE_DAY_S;
}

static struct sealing *sealing_for(struct sluice_gate *gate, enum sluice_store store, const char *tenant,
                                   int64_t deadline_s)
{
    for (size_t i = 0; i < gate->sealing_count; i++) {
        struct sealing *sealing = &gate->sealings[i];

        if (sealing->store == store && sealing->deadline_s == deadline_s && strcmp(sealing->tenant, tenant) == 0)
            return sealing;
    }
    if (gate->sealing_count == gate->sealing_capacity) {
        const size_t capacity = gate->sealing_capacity ? gate->sealing_capacity * 2 : 8;
        struct sealing *larger = realloc(gate->sealings, capacity * sizeof *larger);

        if (!larger)
            return NULL;
        gate->sealings = larger;
        gate->sealing_capacity = capacity;
    }

    struct sealing *sealing = &gate->sealings[gate->sealing_count++];
    *sealing = (struct sealing){ .store = store, .deadline_s = deadline_s };
    memcpy(sealing->tenant, tenant, strlen(tenant) + 1);
    sluice_sealer_init(&sealing->sealer, SEALED_CONTENT_MAX);
    return sealing;
}

static const char *tenant_name(const struct sluice_gate *gate, struct sluice_str hint)
{
    for (size_t t = 0; t < gate->tenant_count; t++)
        if (sluice_str_equal(hint, sluice_str_from(gate->tenants[t].name)))
            return gate->tenants[t].name;
    return UNASSIGNED;
}

enum sluice_err store_entry(struct sluice_gate *gate, enum sluice_store store, const struct sluice_entry *entry,
                            const uint8_t *subject, const uint8_t *subject_key)
{
    const struct sluice_str hint = entry->record.tenant.len ? entry->record.tenant : entry->tenant_hint;
    struct sealing *sealing = sealing_for(gate, store, tenant_name(gate, hint), deadline_of(gate, store, entry));

    if (!sealing)
        return SLUICE_ERR_MEMORY;
    sluice_sealer_add(&sealing->sealer, store, entry, NULL, subject, subject_key);
    return sluice_buffer_err(&sealing->sealer.content);
}

/* One frame for each, all in one buffer that the transport borrows: written
 * first, handed over when the buffer moves no more. */
enum sluice_err store_emit(struct sluice_gate *gate, struct sluice_transport *transport)
{
    enum sluice_err err = SLUICE_OK;

    sluice_buffer_clear(&gate->sealed);
    for (size_t i = 0; !err && i < gate->sealing_count; i++) {
        struct sealing *sealing = &gate->sealings[i];

        err = sluice_sealer_finish(&sealing->sealer, &gate->sealed, sealing->store, sealing->deadline_s,
                                   gate->keyring);
        sealing->end = gate->sealed.len;
    }
    for (size_t i = 0, from = 0; !err && i < gate->sealing_count; from = gate->sealings[i++].end) {
        const struct sealing *sealing = &gate->sealings[i];
        const struct sluice_row row = { gate->sealed.bytes + from, sealing->end - from };
        uint32_t stream;

        err = transport->ops->stream(transport->self, sealing->tenant, sluice_store_name(sealing->store), &stream);
        if (!err)
            err = transport->ops->write(transport->self, stream, sealing->deadline_s, &row, 1);
    }
    return err;
}

uint64_t sluice_gate_held(const struct sluice_gate *gate)
{
    uint64_t held = sluice_arena_used(&gate->arena);

    for (size_t i = 0; i < gate->sealing_count; i++)
        held += gate->sealings[i].sealer.content.len;
    return held;
}

void store_clear(struct sluice_gate *gate)
{
    for (size_t i = 0; i < gate->sealing_count; i++)
        sluice_sealer_deinit(&gate->sealings[i].sealer);
    gate->sealing_count = 0;
    sluice_buffer_clear(&gate->sealed);
}

void store_free(struct sluice_gate *gate)
{
    store_clear(gate);
    free(gate->sealings);
    sluice_buffer_deinit(&gate->sealed);
}
