/* The gate: validated records in, rows for each purpose out.
 *
 *   validate -> deduplicate -> identify -> decide -> pseudonymise -> project -> emit
 *
 * It works on a batch of about a thousand entries, small enough to stay in
 * the cache, and keeps the rows until the driver commits, when each stream is
 * ordered by its own pseudonyms. Its state is deduplication and the accounts;
 * the subject slots are a cache over the vault. */
#ifndef SLUICE_GATE_H
#define SLUICE_GATE_H

#include <stdbool.h>
#include <stdint.h>
#include "sluice/batch.h"
#include "sluice/buffer.h"
#include "sluice/config.h"
#include "sluice/keyring.h"
#include "sluice/policy.h"
#include "sluice/state.h"
#include "sluice/transport.h"
#include "sluice/vault.h"

#define SLUICE_GATE_BATCH 1024   /* entries a call; more gains nothing, fewer hide less latency */

struct sluice_gate;

/** In:  config, keyring, vault  borrowed
 *  Returns SLUICE_ERR_MEMORY. Every tenant of config starts without a policy. */
SLUICE_MUST_CHECK
enum sluice_err sluice_gate_new(struct sluice_gate **gate, const struct sluice_config *config,
                                const struct sluice_keyring *keyring, struct sluice_vault *vault);
void sluice_gate_free(struct sluice_gate *gate);

/** Give a tenant its versions, all that are loaded, in any order. The gate
 *  takes them over, also when it fails. They come into force with
 *  sluice_gate_take_policies, those of every tenant at once. Between commits only.
 *  Returns SLUICE_ERR_POLICY when none is in force at now_us, SLUICE_ERR_LIMIT
 *  when purposes run out, SLUICE_ERR_OLDER when the version in force would be
 *  one from before the version that is. */
SLUICE_MUST_CHECK
enum sluice_err sluice_gate_prepare_policies(struct sluice_gate *gate, const char *tenant,
                                             struct sluice_policy *versions[], size_t count, int64_t now_us);
void sluice_gate_take_policies(struct sluice_gate *gate);
/** What was prepared is forgotten; the versions from before stay in force. */
void sluice_gate_drop_policies(struct sluice_gate *gate);

/** The registry changed: look subjects up anew. Between commits only. */
void sluice_gate_forget_subjects(struct sluice_gate *gate);

/** Decide every entry of the batch: afterwards none is undecided. Rows and
 *  sealed entries are kept until sluice_gate_emit.
 *  Returns an error of memory or of the vault: then abort. */
SLUICE_MUST_CHECK
enum sluice_err sluice_gate_run(struct sluice_gate *gate, struct sluice_batch *batch, int64_t now_us);

/** Make minted secrets durable, order the rows and write them all to the
 *  transport, whose commit (and through the tables ours) the driver calls next. */
SLUICE_MUST_CHECK
enum sluice_err sluice_gate_emit(struct sluice_gate *gate, struct sluice_transport *transport);
/** The commit held, or did not: rows and staged secrets are gone. */
void sluice_gate_finish(struct sluice_gate *gate, bool committed);

/** Octets of rows and sealed entries that wait for the commit. */
uint64_t sluice_gate_held(const struct sluice_gate *gate);

/** The generation of the registry that suspended and parked records have last
 *  met; part of the next commit when set. */
uint64_t sluice_gate_reentered_at(const struct sluice_gate *gate);
void sluice_gate_set_reentered_at(struct sluice_gate *gate, uint64_t generation);

#define SLUICE_GATE_TABLES 3
/** Deduplication (id 2), accounts (id 3) and accounts of files (id 4). */
void sluice_gate_tables(struct sluice_gate *gate, struct sluice_state_table tables[static SLUICE_GATE_TABLES]);

/** The tables are restored: look at the files that belong to them in the state folder.
 *  Returns SLUICE_ERR_DAMAGED with a finding. */
SLUICE_MUST_CHECK
enum sluice_err sluice_gate_restored(struct sluice_gate *gate, struct sluice_findings *findings);
/** A bounded piece of moving old fingerprints from memory to disk. Between commits only. */
SLUICE_MUST_CHECK
enum sluice_err sluice_gate_freeze(struct sluice_gate *gate);
/** Whether more of it is to be done right away, each piece followed by a commit. */
bool sluice_gate_is_freezing(const struct sluice_gate *gate);
/** Where a call returned SLUICE_ERR_DAMAGED: a finding that names the file. */
void sluice_gate_explain(const struct sluice_gate *gate, struct sluice_findings *findings);

/** Counters over the state's life as one JSON object: in, routed, duplicate,
 *  suspended, quarantined, dropped, tenants, inputs, files, balanced. */
void sluice_gate_json(const struct sluice_gate *gate, struct sluice_buffer *out);
/** The same as a table for people. */
void sluice_gate_report(const struct sluice_gate *gate, struct sluice_buffer *out);
/** The account of each source file as a table for people. */
void sluice_gate_report_files(const struct sluice_gate *gate, struct sluice_buffer *out);
/** Records that arrived, and whether every sum adds up. */
uint64_t sluice_gate_in(const struct sluice_gate *gate);
bool sluice_gate_balanced(const struct sluice_gate *gate);

/** Octets of memory: subject slots, device slots, deduplication, and how many subjects and devices live. */
struct sluice_gate_memory {
    uint64_t subject_octets, subjects;
    uint64_t device_octets, devices;
    uint64_t deduplication_octets, fingerprints, cold_fingerprints;
};
void sluice_gate_memory(const struct sluice_gate *gate, struct sluice_gate_memory *memory);

#endif
