/* What the generated fleet's tenants declare: one table that policy_write.c
 * turns into policy files and truth.c reads by itself. The gate only ever sees
 * the files, so what loader and gate make of them is held against this. */
#ifndef GEN_DECLARED_H
#define GEN_DECLARED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "sluice/field.h"
#include "sluice/policy.h"
#include "sluice/record.h"

#define DECLARED_FIELDS_MAX   32
#define DECLARED_RULES_MAX    4
#define DECLARED_REGIONS_MAX  4
#define DECLARED_PURPOSES_MAX 6

struct declared_field {
    uint8_t field;        /* enum sluice_field */
    uint8_t transform;    /* enum sluice_transform */
    uint32_t parameter;
};

/* The first rule that fits gives the basis; none: no basis. */
struct declared_rule {
    uint8_t contracts;    /* bits of 1 << enum sluice_contract */
    uint8_t basis;        /* enum sluice_basis */
    bool elsewhere;       /* fits where the region is none of the listed */
    const char *regions[DECLARED_REGIONS_MAX];   /* ends with NULL; none: anywhere */
};

struct declared_purpose {
    const char *name;
    const char *dpv;                /* its id in the vocabulary that policies speak */
    bool anonymous;
    bool restrict_exempt;
    uint8_t objection;              /* enum sluice_objection */
    uint8_t anchor;                 /* enum sluice_anchor */
    uint8_t epoch_kind;             /* enum sluice_epoch_kind */
    uint8_t roles;                  /* bits of 1 << enum sluice_role */
    uint16_t services;              /* bits of 1 << enum sluice_service */
    uint32_t epoch_days;
    uint32_t retention_days;
    uint32_t bucket_hours;          /* width of a deadline bucket */
    uint8_t required;               /* enum sluice_field that a row must have, or none */
    struct declared_rule rules[DECLARED_RULES_MAX];     /* ends with basis NONE */
    struct declared_field fields[DECLARED_FIELDS_MAX];  /* ends with field NONE */
};

struct declared_tenant {
    const char *name;
    uint32_t organisations[2];      /* ids in the source; 0: none */
    uint8_t role;                   /* enum sluice_role */
    uint8_t min_age;                /* younger subjects are not held; 0: no limit */
    bool eprivacy_off;              /* offers no electronic communications service */
    uint8_t purpose_count;
    struct declared_purpose purposes[DECLARED_PURPOSES_MAX];
};

#define DECLARED_ORGANISATION_UNKNOWN 2999   /* no tenant's */

#define DECLARED_TENANTS 3
extern const struct declared_tenant declared_tenants[DECLARED_TENANTS];

/* Regions that holders live in; the first is "not known". */
#define DECLARED_REGIONS 8
extern const char *const declared_regions[DECLARED_REGIONS];

/** Whether `listed` ("US") covers `region` ("US-CA"). */
bool declared_region_covers(const char *listed, const char *region);

#endif
