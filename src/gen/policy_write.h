/* The declared tenants as files that the pipeline reads: a policy each, and
 * the configuration. */
#ifndef GEN_POLICY_WRITE_H
#define GEN_POLICY_WRITE_H

#include "gen/file.h"
#include "gen/world.h"

/** sluice.yaml */
void policy_write_config(const struct world *world, struct file_place *place);
/** policies/TENANT.yaml */
void policy_write_all(const struct world *world, struct file_place *place);

#endif
