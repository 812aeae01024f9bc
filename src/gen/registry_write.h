/* What the pipeline is told of the SIMs, and what leak scanners are told. */
#ifndef GEN_REGISTRY_WRITE_H
#define GEN_REGISTRY_WRITE_H

#include "gen/file.h"
#include "gen/world.h"

void registry_write_subjects(const struct world *world, struct file_place *place);
void registry_write_rights(const struct world *world, struct file_place *place);
/** One identifier a line, KIND and VALUE: of one SIM in a hundred, each of
 *  which occurs for nothing else. */
void registry_write_canaries(const struct world *world, struct file_place *place);

#endif
