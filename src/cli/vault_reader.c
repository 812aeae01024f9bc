#include "cli/vault_reader.h"

#include <sysexits.h>

#include "cli/cli.h"

int vault_reader_open(struct vault_reader_set *set, const char *command, const char *config_path)
{
    *set = (struct vault_reader_set){ .config = NULL };
    enum sluice_err err = sluice_crypto_init();
    if (!err)
        err = sluice_process_harden();
    if (err)
        return cli_fail(command, err, "the process cannot be made safe for keys");
    err = cli_config(&set->config, config_path);
    if (err)
        return sluice_err_exit_code(err);

    int code = EX_OK;
    err = sluice_keyring_open(&set->keyring, set->config->state);
    if (err)
        code = cli_fail(command, err,
                        "the keyring in %s ('sluice keys init' makes one; only its owner may read it)",
                        set->config->state);
    if (!err)
        err = sluice_vault_open_reading(&set->vault, set->config->state, set->keyring);
    if (err && err != SLUICE_ERR_MISSING && !code)
        code = cli_fail(command, err, "the vault in %s", set->config->state);
    if (code)
        vault_reader_close(set);
    return code;
}

void vault_reader_close(struct vault_reader_set *set)
{
    sluice_vault_close(set->vault);
    sluice_keyring_close(set->keyring);
    sluice_config_free(set->config);
    *set = (struct vault_reader_set){ .config = NULL };
}
