/* The gate as its driver sees it: made, given policies, asked. What it does to
 * a batch is in passes.c. */
#include "gate/gate.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_SIZE_MAX  ((size_t)4 << 30)
#define SEALED_SIZE_MAX ((size_t)2 << 30)

enum sluice_err sluice_gate_new(struct sluice_gate **gate, const struct sluice_config *config,
                                const struct sluice_keyring *keyring, struct sluice_vault *vault)
{
    struct sluice_gate *made = calloc(1, sizeof *made);

    if (!made)
        return SLUICE_ERR_MEMORY;
    made->config = config;
    made->keyring = keyring;
    made->vault = vault;
    sluice_arena_init(&made->arena, ARENA_SIZE_MAX);
    files_init(&made->files);
    sluice_buffer_init(&made->sealed, SEALED_SIZE_MAX);
    made->deduplicate = deduplicate_new(config->deduplication_window_s);
    made->tenants = calloc(config->tenant_count + 1, sizeof *made->tenants);
    if (!made->deduplicate || !made->tenants) {
        sluice_gate_free(made);
        return SLUICE_ERR_MEMORY;
    }
    for (size_t t = 0; t < config->tenant_count; t++)
        tenant_init(&made->tenants[made->tenant_count++], config->tenants[t].name, vault);
    *gate = made;
    return SLUICE_OK;
}

static void free_views(struct sluice_gate *gate)
{
    for (size_t i = 0; i < gate->view_count; i++)
        free(gate->views[i].list);
    free(gate->views);
}

void sluice_gate_free(struct sluice_gate *gate)
{
    if (!gate)
        return;
    for (size_t t = 0; t < gate->tenant_count; t++)
        tenant_deinit(&gate->tenants[t]);
    free(gate->tenants);
    deduplicate_free(gate->deduplicate);
    files_deinit(&gate->files);
    sluice_arena_deinit(&gate->arena);
    rows_scratch_deinit(&gate->scratch);
    store_free(gate);
    free_views(gate);
    free(gate);
}

struct tenant *gate_tenant(struct sluice_gate *gate, struct sluice_str name)
{
    for (size_t t = 0; t < gate->tenant_count; t++) {
        struct tenant *tenant = &gate->tenants[t];

        if (tenant->name_len == name.len && memcmp(tenant->name, name.bytes, name.len) == 0)
            return tenant;
    }
    return NULL;
}

enum sluice_err sluice_gate_prepare_policies(struct sluice_gate *gate, const char *tenant,
                                             struct sluice_policy *versions[], size_t count, int64_t now_us)
{
    struct tenant *found = gate_tenant(gate, sluice_str_from(tenant));

    assert(found && "tenants are those of the configuration");
    return tenant_prepare(found, gate->vault, versions, count, now_us);
}

void sluice_gate_take_policies(struct sluice_gate *gate)
{
    for (size_t t = 0; t < gate->tenant_count; t++)
        tenant_take(&gate->tenants[t]);
}

void sluice_gate_drop_policies(struct sluice_gate *gate)
{
    for (size_t t = 0; t < gate->tenant_count; t++)
        tenant_drop(&gate->tenants[t]);
}

void sluice_gate_forget_subjects(struct sluice_gate *gate)
{
    for (size_t t = 0; t < gate->tenant_count; t++)
        tenant_forget(&gate->tenants[t]);
}

void sluice_gate_tables(struct sluice_gate *gate, struct sluice_state_table tables[static SLUICE_GATE_TABLES])
{
    tables[0] = deduplicate_table(gate->deduplicate);
    tables[1] = tally_table(&gate->tally);
    tables[2] = files_table(&gate->files);
}

enum sluice_err sluice_gate_restored(struct sluice_gate *gate, struct sluice_findings *findings)
{
    return deduplicate_open_folder(gate->deduplicate, findings, gate->config->state);
}

enum sluice_err sluice_gate_freeze(struct sluice_gate *gate)
{
    return deduplicate_freeze(gate->deduplicate);
}

bool sluice_gate_is_freezing(const struct sluice_gate *gate)
{
    return deduplicate_is_freezing(gate->deduplicate);
}

void sluice_gate_explain(const struct sluice_gate *gate, struct sluice_findings *findings)
{
    deduplicate_explain(gate->deduplicate, findings);
}

uint64_t sluice_gate_reentered_at(const struct sluice_gate *gate)
{
    return gate->tally.now.reentered_at;
}

void sluice_gate_set_reentered_at(struct sluice_gate *gate, uint64_t generation)
{
    gate->tally.now.reentered_at = generation;
}

void sluice_gate_json(const struct sluice_gate *gate, struct sluice_buffer *out)
{
    tally_json(&gate->tally.now, files_count(&gate->files), sluice_gate_balanced(gate), out);
}

void sluice_gate_report(const struct sluice_gate *gate, struct sluice_buffer *out)
{
    tally_report(&gate->tally.now, sluice_gate_balanced(gate), out);
}

void sluice_gate_report_files(const struct sluice_gate *gate, struct sluice_buffer *out)
{
    files_report(&gate->files, out);
}

uint64_t sluice_gate_in(const struct sluice_gate *gate)
{
    return (uint64_t)tally_in(&gate->tally.now).records;
}

bool sluice_gate_balanced(const struct sluice_gate *gate)
{
    return tally_balanced(&gate->tally.now) && files_balanced(&gate->files);
}

void sluice_gate_memory(const struct sluice_gate *gate, struct sluice_gate_memory *memory)
{
    *memory = (struct sluice_gate_memory){ .deduplication_octets = deduplicate_octets(gate->deduplicate),
                                           .fingerprints = deduplicate_count(gate->deduplicate),
                                           .cold_fingerprints = deduplicate_cold_count(gate->deduplicate) };
    for (size_t t = 0; t < gate->tenant_count; t++) {
        const struct tenant *tenant = &gate->tenants[t];

        memory->subjects += tenant->subjects.count;
        memory->subject_octets += slots_octets(&tenant->subjects) + slots_octets(&tenant->links);
        memory->devices += tenant->devices.count;
        memory->device_octets += slots_octets(&tenant->devices);
    }
}
