/* What commands need that only look into the vault, also beside a running process. */
#ifndef CLI_VAULT_READER_H
#define CLI_VAULT_READER_H

#include "sluice/config.h"
#include "sluice/vault.h"

struct vault_reader_set {
    struct sluice_config *config;
    struct sluice_keyring *keyring;
    struct sluice_vault *vault;     /* NULL where there is none yet */
};

/** The process is hardened first. Says what is wrong on standard error.
 *  Returns EX_OK or the exit code to end with; closed then. */
int vault_reader_open(struct vault_reader_set *set, const char *command, const char *config_path);
void vault_reader_close(struct vault_reader_set *set);

#endif
