/* Keys, files and folders: what is there, and who can read it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/check.h"
#include "feed/csv_map.h"
#include "sluice/crypto.h"
#include "sluice/keyring.h"

void check_keys(struct check *check)
{
    uint8_t operator_public[SLUICE_PUBLIC_KEY_SIZE];
    struct sluice_keyring *keyring = NULL;
    enum sluice_err err = sluice_operator_public_read(operator_public, check->config->operator_public);

    if (err == SLUICE_ERR_MISSING)
        sluice_findings_add(check->findings, SLUICE_FINDING_ERROR, "operator-key",
                            check->config->operator_public, 0, 0,
                            "the operator's public key is not there: 'sluice keys init' makes a pair");
    else if (err)
        sluice_findings_add(check->findings, SLUICE_FINDING_ERROR, "operator-key",
                            check->config->operator_public, 0, 0,
                            "the operator's public key cannot be used: %s", sluice_err_text(err));

    err = sluice_keyring_open(&keyring, check->config->state);
    sluice_keyring_close(keyring);
    if (err == SLUICE_ERR_MISSING)
        sluice_findings_add(check->findings, SLUICE_FINDING_ERROR, "keyring", check->config->state, 0, 0,
                            "there is no keyring in the state folder: 'sluice keys init' makes one");
    else if (err)
        sluice_findings_add(check->findings, SLUICE_FINDING_ERROR, "keyring", check->config->state, 0, 0,
                            "the keyring cannot be used: %s", sluice_err_text(err));
}

static void check_readable(struct check *check, const char *rule, const char *what, const char *path)
{
    if (!path[0] || strcmp(path, "-") == 0 || access(path, R_OK) == 0)
        return;
    sluice_findings_add(check->findings, SLUICE_FINDING_ERROR, rule, path, 0, 0, "%s cannot be read: %s",
                        what, sluice_err_text(sluice_err_from_errno(errno)));
}

/* A folder that is not there yet is made on the first run, if its parent allows. */
static void check_creatable(struct check *check, const char *what, const char *path)
{
    char parent[SLUICE_PATH_SIZE];

    snprintf(parent, sizeof parent, "%s", path);
    char *slash = strrchr(parent, '/');
    if (slash)
        slash[slash == parent ? 1 : 0] = '\0';
    if (access(parent, W_OK | X_OK) != 0)
        sluice_findings_add(check->findings, SLUICE_FINDING_ERROR, "folder", path, 0, 0,
                            "%s is not there and cannot be made: %s", what,
                            sluice_err_text(sluice_err_from_errno(errno)));
}

static void check_folder(struct check *check, const char *what, const char *path, mode_t forbidden)
{
    struct stat status;

    if (stat(path, &status) != 0) {
        check_creatable(check, what, path);
        return;
    }
    if (!S_ISDIR(status.st_mode))
        sluice_findings_add(check->findings, SLUICE_FINDING_ERROR, "folder", path, 0, 0, "%s is no folder",
                            what);
    else if (access(path, R_OK | W_OK | X_OK) != 0)
        sluice_findings_add(check->findings, SLUICE_FINDING_ERROR, "folder", path, 0, 0,
                            "%s cannot be written: %s", what, sluice_err_text(sluice_err_from_errno(errno)));
    else if (status.st_mode & forbidden)
        sluice_findings_add(check->findings, SLUICE_FINDING_WARNING, "folder-mode", path, 0, 0,
                            "%s has mode %04o: take the rights %04o away (chmod)", what,
                            (unsigned)(status.st_mode & 07777), (unsigned)(status.st_mode & forbidden));
}

/* A mapping that cannot be read is told by its loader, too. */
static void check_mapping(struct check *check, const char *path)
{
    struct csv_map *map = NULL;

    if (!path[0])
        return;
    const enum sluice_err err = csv_map_load(&map, check->findings, path);
    if (err == SLUICE_ERR_MEMORY)
        sluice_findings_add(check->findings, SLUICE_FINDING_ERROR, "mapping", path, 0, 0, "%s",
                            sluice_err_text(err));
    if (!err)
        csv_map_free(map);
}

void check_files(struct check *check)
{
    const struct sluice_config *config = check->config;

    check_folder(check, "the state folder", config->state, 0077);
    check_folder(check, "the output folder", config->output, 0027);
    check_readable(check, "subjects", "the subject registry", config->subjects);
    check_readable(check, "registry", "the registry of consents and restrictions", config->registry);
    for (size_t i = 0; i < config->input_count; i++) {
        check_readable(check, "input", "the input", config->inputs[i].path);
        check_mapping(check, config->inputs[i].mapping);
    }
}
