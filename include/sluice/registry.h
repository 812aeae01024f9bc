/* The subject registry: who holds which SIM, and what they consented to,
 * objected to or had restricted. Loaded from CSV and ndjson into the vault. */
#ifndef SLUICE_REGISTRY_H
#define SLUICE_REGISTRY_H

#include <stdbool.h>
#include <stdint.h>
#include "sluice/config.h"
#include "sluice/err.h"
#include "sluice/vault.h"

/** Called now and then with how many rows were read. */
typedef void sluice_registry_progress(uint64_t rows);

/** Load the configuration's registry files if they are not the ones that were
 *  loaded last. Every purpose of every tenant has its index in the vault by now.
 *
 *  Out: findings  bad rows and conflicts by line, without identifiers
 *       *changed  something was loaded: what is cached of subjects is stale
 *  In:  progress  may be NULL
 *  Returns an error of reading or of the vault; a bad row is no error. */
SLUICE_MUST_CHECK
enum sluice_err sluice_registry_sync(struct sluice_vault *vault, const struct sluice_config *config,
                                     struct sluice_findings *findings, sluice_registry_progress *progress,
                                     bool *changed);

#endif
