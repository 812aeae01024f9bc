/* A tenant as the gate sees it: its policy versions compiled to what the hot
 * path reads, its live subjects and devices, its epochs' secrets. */
#ifndef GATE_TENANT_H
#define GATE_TENANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "gate/names.h"
#include "gate/rows.h"
#include "gate/slots.h"
#include "gate/tally.h"
#include "sluice/policy.h"
#include "sluice/vault.h"

#define REGIONS_MAX      254   /* distinct regions of one tenant's subjects */
#define REGION_BEYOND    255   /* one more: known to be none of those, and no longer which */
#define EPOCHS_CACHED    16    /* of one purpose: the living ones that records still fall into */
#define ROW_PREFIX_MAX   128
#define LANE_NONE        0xff

/* What is on every row of a purpose under one version, written once. */
struct row_prefix {
    uint8_t bytes[ROW_PREFIX_MAX];
    uint8_t len;
    uint8_t basis_at;          /* where the one byte of the lawful basis goes */
};

/* One purpose for records collected under one version: that version and the
 * current one, whatever is stricter. */
struct rule {
    bool usable;               /* else every record has the outcome `absent` */
    uint8_t absent;            /* enum sluice_outcome */
    struct row_prefix prefix;
    uint8_t basis[SLUICE_CONTRACT_COUNT][REGION_BEYOND + 1];   /* enum sluice_basis by contract and region */
    struct sluice_purpose purpose;
};

struct epoch {
    uint32_t number;
    bool loaded;
    bool closed;               /* its secrets are destroyed */
};

/* One purpose over all versions. */
struct tenant_purpose {
    char name[SLUICE_NAME_MAX + 1];
    uint8_t index;             /* the vault's: its secret in each row, its bit in rights */
    uint8_t lane;              /* in subject slots; LANE_NONE: no version asks for one */
    uint8_t device_lane;       /* in device slots */
    uint8_t token;             /* in subject slots */
    uint32_t stream;           /* the transport's number */
    bool stream_known;
    bool mixed;                /* some version gives each record a pseudonym of its own: its order may tell nothing */
    uint8_t tag_key[SLUICE_HASH_KEY_SIZE];
    struct epoch epochs[EPOCHS_CACHED];
    struct sluice_epoch_secrets *secrets;   /* [EPOCHS_CACHED], locked memory */
    uint8_t epoch_last;        /* the one used last */
    uint8_t epoch_next;        /* the one replaced next */
    struct tally_purpose *tally;
    struct rows rows;          /* of the open commit */
};

/* Prepared, and not in force yet: everything that can fail is done. */
struct tenant_versions {
    struct sluice_policy **list;              /* by effective_at, rising; NULL: nothing is prepared */
    size_t count;
    size_t current;
    size_t purpose_count;                     /* of tenant->purposes, with those that only these versions have */
    struct rule *rules;
};

struct tenant {
    char name[SLUICE_NAME_MAX + 1];
    size_t name_len;
    uint8_t hash_key[SLUICE_HASH_KEY_SIZE];   /* of tags */
    size_t purpose_count;
    struct tenant_purpose purposes[SLUICE_PURPOSES_MAX];
    size_t version_count;
    struct sluice_policy **versions;          /* by effective_at, rising */
    struct rule *rules;                       /* [version_count][purpose_count] for the current version */
    size_t current;                           /* index of the version in force */
    struct tenant_versions next;
    uint8_t secret_count;                     /* secrets that a row of a subject needs */
    struct slots subjects;
    struct slots links;                       /* by the other identifiers; lane 0: the tag of the SIM */
    struct slots devices;                     /* lane 0: the tag of the only SIM that used it */
    struct names accounts;                    /* beside: a tag for each purpose */
    struct names regions;
    struct tally_tenant *tally;
};

/** Zeroed apart from the name and its key. */
void tenant_init(struct tenant *tenant, const char *name, struct sluice_vault *vault);
void tenant_deinit(struct tenant *tenant);

/** Take these versions over (also on failure) and compile them against the one
 *  in force at now_us. What is in force stays until tenant_take, or for good
 *  with tenant_drop and on failure.
 *  Returns SLUICE_ERR_POLICY when none is in force at now_us, SLUICE_ERR_OLDER
 *  when the one that is began before the one in force. */
SLUICE_MUST_CHECK
enum sluice_err tenant_prepare(struct tenant *tenant, struct sluice_vault *vault, struct sluice_policy *versions[],
                               size_t count, int64_t now_us);
void tenant_take(struct tenant *tenant);
void tenant_drop(struct tenant *tenant);

/** Compile again if a later version came into force. On failure the one before is. */
SLUICE_MUST_CHECK
enum sluice_err tenant_advance(struct tenant *tenant, int64_t now_us);

/** The version in force at an instant; the first one for earlier instants. */
size_t tenant_version_at(const struct tenant *tenant, int64_t at_us);

static inline const struct rule *tenant_rule(const struct tenant *tenant, size_t version, size_t purpose)
{
    return &tenant->rules[version * tenant->purpose_count + purpose];
}

/** Number of a region for the basis tables; fills their column at first sight.
 *  REGION_BEYOND when there are too many: no basis then where it depends on the region. */
uint8_t tenant_region(struct tenant *tenant, struct sluice_str region);

/** Forget subjects, devices and what was derived from the vault. */
void tenant_forget(struct tenant *tenant);

/** The secrets of the purpose's epoch, made at first sight; NULL with
 *  SLUICE_OK when it is closed. Valid until the next call. */
SLUICE_MUST_CHECK
enum sluice_err tenant_epoch(struct tenant *tenant, struct tenant_purpose *purpose, struct sluice_vault *vault,
                             uint32_t number, const struct sluice_epoch_secrets **secrets);

#endif
