/* Any bytes as sluice.yaml: a configuration within its limits, or a finding. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sluice/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static char path[64];

static void remove_file(void)
{
    unlink(path);
}

/* A file with a folder, as paths in a configuration are relative to it. */
static void put(const uint8_t *bytes, size_t len)
{
    if (!path[0]) {
        snprintf(path, sizeof path, "/dev/shm/sluice-fuzz-%ld.yaml", (long)getpid());
        atexit(remove_file);
    }
    FILE *file = fopen(path, "w");
    assert(file && fwrite(bytes, 1, len, file) == len && fclose(file) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct sluice_findings findings;
    struct sluice_config *config;

    put(bytes, len);
    sluice_findings_init(&findings);
    const enum sluice_err err = sluice_config_load(&config, &findings, path);
    assert((err == SLUICE_OK) == (findings.errors == 0) && (err == SLUICE_OK) == (config != NULL));
    if (config) {
        assert(config->tenant_count <= SLUICE_TENANTS_MAX && config->input_count <= SLUICE_INPUTS_MAX);
        for (size_t i = 0; i < config->input_count; i++)
            assert(config->inputs[i].name[0] && config->inputs[i].megabyte > 0);
    }
    sluice_config_free(config);
    sluice_findings_deinit(&findings);
    return 0;
}
