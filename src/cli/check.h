/* What `sluice check` looks at, one function a subject. Each adds findings and
 * changes nothing. */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include "sluice/config.h"

struct check {
    const struct sluice_config *config;
    struct sluice_findings *findings;
    int64_t now_us;
};

void check_policies(struct check *check);   /* every version of every tenant */
void check_keys(struct check *check);
void check_files(struct check *check);      /* inputs, registries, folders and their rights */
void check_host(struct check *check);       /* disk space, limits of the process, swap */
/** A warning where swap is on and not encrypted. */
void check_swap(struct sluice_findings *findings, const char *path);

#endif
