/* The subject registry: who holds which SIM, and what they consented to,
 * objected to or had restricted. Loaded from CSV and ndjson into the vault.
 *
 * The files say all there is to know: a load makes the vault say the same.
 *
 * - Rows of one SIM that continue one another (valid_from is the earlier one's
 *   valid_to) with the same account are one generation; what the latest row
 *   says of contract, region and age holds for all of it. Another account, or a
 *   gap, is a new generation with new secrets.
 * - Rows of one SIM that overlap are a conflict, as is an IMSI, MSISDN or EID
 *   that two SIMs claim at one time: the first in the file wins. A row that is
 *   the same but for its identifiers (a SIM with two IMSIs) is none.
 * - What a row that is refused says of its SIM is unknown: records of the SIM are
 *   suspended until a load can read it.
 * - A generation that the CSV no longer has becomes unregistered: holder,
 *   contract, region and links go, its secrets stay, so that it is the same
 *   subject when it comes back. To forget somebody takes an erasure, and what
 *   is erased a load does not bring back.
 * - A line of the ndjson applies to the generation of its instant; objections
 *   and restrictions from before the first also to the next one. A SIM that is
 *   not in the CSV can be named too. */
#ifndef SLUICE_REGISTRY_H
#define SLUICE_REGISTRY_H

#include <stdbool.h>
#include <stdint.h>
#include "sluice/config.h"
#include "sluice/err.h"
#include "sluice/vault.h"

/** Called now and then with how many rows were brought into the vault. */
typedef void sluice_registry_progress(uint64_t rows);

struct sluice_registry_report {
    uint64_t rows;               /* of the CSV */
    uint64_t rows_refused;       /* bad ones */
    uint64_t conflicts;          /* rows and identifiers that an earlier row already has */
    uint64_t subjects;           /* generations that are registered now */
    uint64_t subjects_new;       /* of them, with new secrets */
    uint64_t subjects_changed;   /* of them, known before with something else */
    uint64_t unregistered;       /* generations that the CSV no longer has */
    uint64_t unknown;            /* ICCIDs and IMSIs of refused rows: their records wait */
    uint64_t links;
    uint64_t rights;             /* lines of the ndjson */
    uint64_t rights_refused;
};

/** Load the configuration's registry files if they are not the ones that were
 *  loaded last. Every purpose of every tenant has its index in the vault by now.
 *
 *  Out: findings  bad rows and conflicts by line, without identifiers: warnings
 *       *changed  something was loaded: what is cached of subjects is stale
 *  In:  progress  may be NULL
 *  Returns an error of reading or of the vault, or SLUICE_ERR_FORMAT for a CSV
 *  whose header is not usable and for a line of the ndjson that may object,
 *  restrict or withdraw and is not readable: nothing is taken then. Another
 *  bad row is no error. */
SLUICE_MUST_CHECK
enum sluice_err sluice_registry_sync(struct sluice_vault *vault, const struct sluice_config *config,
                                     struct sluice_findings *findings, sluice_registry_progress *progress,
                                     bool *changed);

/** Load them whether they changed or not; nothing may be staged in the vault.
 *  A failure leaves a part of the load behind, and the next sync loads again. */
SLUICE_MUST_CHECK
enum sluice_err sluice_registry_load(struct sluice_vault *vault, const struct sluice_config *config,
                                     struct sluice_findings *findings, sluice_registry_progress *progress,
                                     struct sluice_registry_report *report);

#endif
