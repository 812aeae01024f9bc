/* Streams that no tenant declared: whatever lies there is invented. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "gen/check.h"
#include "sluice/local.h"
#include "sluice/seal.h"

static const struct declared_tenant *find_tenant(const char *name)
{
    for (int i = 0; i < DECLARED_TENANTS; i++)
        if (strcmp(declared_tenants[i].name, name) == 0)
            return &declared_tenants[i];
    return NULL;
}

static bool is_declared(const char *tenant, const char *stream)
{
    const struct declared_tenant *declared = find_tenant(tenant);

    for (int i = 0; declared && i < declared->purpose_count; i++)
        if (strcmp(declared->purposes[i].name, stream) == 0)
            return true;
    if (strcmp(stream, sluice_store_name(SLUICE_STORE_QUARANTINE)) == 0)
        return declared || strcmp(tenant, "unassigned") == 0;
    return declared && (strcmp(stream, sluice_store_name(SLUICE_STORE_PARK)) == 0 ||
                        strcmp(stream, sluice_store_name(SLUICE_STORE_SUSPENDED)) == 0);
}

static enum sluice_err count_rows(struct check *check, const char *tenant, const char *stream)
{
    struct sluice_stream_reader *reader;
    const uint8_t *bytes;
    size_t len;
    int field;

    check_begin(check, tenant, stream);
    const enum sluice_err err = check_open(check, &reader, tenant, stream);
    if (err)
        return err;
    while (sluice_stream_next(reader, &field, &bytes, &len) > 0)
        check->report.found++;
    sluice_stream_close(reader);
    check->report.invented = check->report.found;
    if (check->report.found) {
        check_tell(check, CHECK_NO_LINE, "nobody declared this stream");
        check_end(check);
    }
    return SLUICE_OK;
}

/* Call visit for each name in a folder that is none of a file system's own. */
static enum sluice_err each_name(struct check *check, const char *folder, const char *tenant,
                                 enum sluice_err (*visit)(struct check *check, const char *tenant,
                                                          const char *name))
{
    enum sluice_err err = SLUICE_OK;
    const struct dirent *entry;
    DIR *dir = opendir(folder);

    if (!dir)
        return errno == ENOENT || errno == ENOTDIR ? SLUICE_OK : sluice_err_from_errno(errno);
    while (!err && (entry = readdir(dir)))
        if (entry->d_name[0] != '.' && strlen(entry->d_name) <= SLUICE_NAME_MAX)
            err = visit(check, tenant, entry->d_name);
    closedir(dir);
    return err;
}

static enum sluice_err visit_stream(struct check *check, const char *tenant, const char *stream)
{
    return is_declared(tenant, stream) ? SLUICE_OK : count_rows(check, tenant, stream);
}

static enum sluice_err visit_tenant(struct check *check, const char *none, const char *tenant)
{
    char folder[SLUICE_PATH_SIZE + SLUICE_NAME_MAX + 2];

    (void)none;
    snprintf(folder, sizeof folder, "%s/%s", check->config->output, tenant);
    return each_name(check, folder, tenant, visit_stream);
}

enum sluice_err check_stray(struct check *check)
{
    return each_name(check, check->config->output, NULL, visit_tenant);
}
