#ifndef ENGINE_VERSIONS_H
#define ENGINE_VERSIONS_H

#include "sluice/config.h"
#include "sluice/gate.h"

/** Load all policy files of all tenants and give them to the gate. One bad file
 *  and none is taken: what was in force stays, for every tenant. Findings say what is wrong. */
SLUICE_MUST_CHECK
enum sluice_err versions_load(struct sluice_gate *gate, struct sluice_findings *findings,
                              const struct sluice_config *config, int64_t now_us);

/** Only look: load the same files, add the same findings, keep nothing. */
void versions_check(struct sluice_findings *findings, const struct sluice_tenant_config *tenant, int64_t now_us);

#endif
