#include "sluice/registry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "registry/loading.h"
#include "registry/subject_file.h"

#define FORMAT_VERSION 1   /* another number loads the same files again */

size_t loading_tenant_find(const struct loading *loading, struct sluice_str name)
{
    size_t at = 0;

    while (at < loading->tenant_count && !sluice_str_equal(name, sluice_str_from(loading->tenants[at].name)))
        at++;
    return at;
}

enum sluice_err loading_changed(struct loading *loading)
{
    if (++loading->staged < LOADING_COMMIT)
        return SLUICE_OK;
    loading->staged = 0;
    return sluice_vault_commit(loading->vault);
}

/* digest = H(digest || len || bytes), block by block. */
struct chain {
    uint8_t digest[SLUICE_DIGEST_SIZE];
};

static void chain_add(struct chain *chain, const void *bytes, size_t len)
{
    uint8_t block[SLUICE_DIGEST_SIZE + 8 + 16384];

    memcpy(block, chain->digest, SLUICE_DIGEST_SIZE);
    for (size_t i = 0; i < 8; i++)
        block[SLUICE_DIGEST_SIZE + i] = (uint8_t)((uint64_t)len >> (8 * i));
    memcpy(block + SLUICE_DIGEST_SIZE + 8, bytes, len);
    sluice_digest(chain->digest, block, SLUICE_DIGEST_SIZE + 8 + len);
}

/* A file that is not there is told apart from an empty one; reading it says so later. */
static enum sluice_err chain_add_file(struct chain *chain, const char *path)
{
    uint8_t bytes[16384];
    size_t len;
    FILE *file = path[0] ? fopen(path, "rb") : NULL;

    chain_add(chain, file ? "f" : "-", 1);
    if (!file)
        return SLUICE_OK;
    while ((len = fread(bytes, 1, sizeof bytes, file)) > 0)
        chain_add(chain, bytes, len);
    const enum sluice_err err = ferror(file) ? SLUICE_ERR_IO : SLUICE_OK;
    fclose(file);
    return err;
}

/* Of what a load depends on: the files, tenants, and their purposes, which the ndjson names. */
static enum sluice_err digest_of(uint8_t digest[static SLUICE_DIGEST_SIZE], const struct loading *loading)
{
    struct chain chain = { { FORMAT_VERSION } };

    for (size_t i = 0; i < loading->tenant_count; i++) {
        chain_add(&chain, loading->tenants[i].name, strlen(loading->tenants[i].name));
        chain_add(&chain, &loading->tenants[i].purpose_count, 1);
    }
    enum sluice_err err = chain_add_file(&chain, loading->config->subjects);
    if (!err)
        err = chain_add_file(&chain, loading->config->registry);
    memcpy(digest, chain.digest, SLUICE_DIGEST_SIZE);
    return err;
}

static enum sluice_err loading_init(struct loading *loading, struct sluice_vault *vault,
                                    const struct sluice_config *config, struct sluice_findings *findings)
{
    enum sluice_err err = SLUICE_OK;

    *loading = (struct loading){ .vault = vault, .config = config, .notes = { .findings = findings } };
    holders_init(&loading->holders);
    loading->tenant_count = config->tenant_count;
    for (size_t i = 0; !err && i < config->tenant_count; i++) {
        loading->tenants[i].name = config->tenants[i].name;
        sluice_vault_tenant_key(vault, loading->tenants[i].key, config->tenants[i].name);
        err = sluice_vault_purpose_count(vault, config->tenants[i].name, &loading->tenants[i].purpose_count);
    }
    return err;
}

static void loading_deinit(struct loading *loading)
{
    holders_deinit(&loading->holders);
    rights_deinit(&loading->rights);
    lines_deinit(&loading->refused);
    sluice_wipe(loading->tenants, sizeof loading->tenants);
}

static struct loading_range range_of(const struct loading *loading, unsigned pass)
{
    return (struct loading_range){ 65536u * pass / loading->pass_count,
                                   65536u * (pass + 1) / loading->pass_count };
}

static enum sluice_err load_rows(struct loading *loading)
{
    uint64_t lines;
    enum sluice_err err = subject_file_lines(&lines, loading->config->subjects);

    loading->pass_count = (unsigned)(lines / LOADING_ROWS_MAX) + 1;
    if (!err && (lines >= UINT32_MAX || loading->pass_count > 1024))
        err = SLUICE_ERR_LIMIT;
    for (unsigned pass = 0; !err && pass < loading->pass_count; pass++)
        err = loading_subjects(loading, range_of(loading, pass));
    for (unsigned pass = 0; !err && pass < loading->pass_count; pass++)
        err = loading_links(loading, range_of(loading, pass));
    return err;
}

static enum sluice_err load(struct loading *loading, const uint8_t digest[static SLUICE_DIGEST_SIZE])
{
    /* First, as a file that must not be taken changes nothing. */
    enum sluice_err err = rights_read(loading);

    if (!err)
        err = sluice_vault_registry_begin(loading->vault);
    if (!err)
        err = load_rows(loading);
    if (!err)
        err = sluice_vault_registry_loaded(loading->vault, digest);
    if (!err)
        err = sluice_vault_commit(loading->vault);
    if (err)
        sluice_vault_abort(loading->vault);
    notes_finish(&loading->notes, loading->config->subjects, loading->config->registry);
    return err;
}

enum sluice_err sluice_registry_load(struct sluice_vault *vault, const struct sluice_config *config,
                                     struct sluice_findings *findings, sluice_registry_progress *progress,
                                     struct sluice_registry_report *report)
{
    struct loading loading;
    uint8_t digest[SLUICE_DIGEST_SIZE];
    enum sluice_err err = loading_init(&loading, vault, config, findings);

    *report = (struct sluice_registry_report){ .rows = 0 };
    loading.report = report;
    loading.progress = progress;
    if (!err)
        err = digest_of(digest, &loading);
    if (!err)
        err = load(&loading, digest);
    loading_deinit(&loading);
    return err;
}

/* Whether the vault holds these files, and is no older than the keyring knows. */
static enum sluice_err is_current(bool *current, struct loading *loading)
{
    uint8_t wanted[SLUICE_DIGEST_SIZE], held[SLUICE_DIGEST_SIZE];
    enum sluice_err err = digest_of(wanted, loading);
    uint64_t generation;
    bool reachable = false;

    if (!err)
        err = sluice_vault_registry_generation(loading->vault, &generation, &reachable);
    if (!err)
        err = sluice_vault_registry_digest(loading->vault, held);
    *current = !err && reachable && memcmp(wanted, held, sizeof held) == 0;
    return err;
}

enum sluice_err sluice_registry_sync(struct sluice_vault *vault, const struct sluice_config *config,
                                     struct sluice_findings *findings, sluice_registry_progress *progress,
                                     bool *changed)
{
    struct sluice_registry_report report;
    struct loading loading;
    bool current = false;
    enum sluice_err err = loading_init(&loading, vault, config, findings);

    *changed = false;
    if (!err)
        err = is_current(&current, &loading);
    loading_deinit(&loading);
    if (err || current)
        return err;
    *changed = true;
    return sluice_registry_load(vault, config, findings, progress, &report);
}
