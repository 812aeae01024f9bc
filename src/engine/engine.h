/* The driver: opens what a configuration names in the right order, moves
 * batches from the transport through the gate, and commits. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <stdbool.h>
#include <stdint.h>
#include "sluice/batch.h"
#include "sluice/clock.h"
#include "sluice/config.h"
#include "sluice/feed.h"
#include "sluice/gate.h"
#include "sluice/keep.h"
#include "sluice/keyring.h"
#include "sluice/registry.h"
#include "sluice/transport.h"
#include "sluice/vault.h"

enum engine_part { ENGINE_INPUT, ENGINE_GATE, ENGINE_EMIT, ENGINE_COMMIT, ENGINE_LOG };

struct engine {
    struct sluice_config *config;
    struct sluice_clock clock;
    int lock;                          /* of the state folder; -1: not held */
    struct sluice_keyring *keyring;
    struct sluice_vault *vault;
    struct sluice_feed *feed;
    struct sluice_gate *gate;
    struct sluice_transport transport;
    bool transport_open;
    struct sluice_batch batch;
    uint64_t open_records;             /* in the open commit */
    int64_t open_since_ns;
    enum engine_part at;               /* what it was doing when it failed */
    uint64_t reentering;               /* generation of the registry that re-entries are meeting; 0: none are */
};

/** Open everything for writing: lock, keys, vault, policies, registry (loaded
 *  when its files changed), feed, state, outputs.
 *
 *  In:  path      the configuration
 *       with_feed false: no arrivals, only re-entries
 *       progress  called while the registry is loaded; may be NULL
 *  Returns an error with findings that say what to do; the engine is closed then. */
SLUICE_MUST_CHECK
enum sluice_err engine_open(struct engine *engine, struct sluice_findings *findings, const char *path,
                            bool with_feed, sluice_registry_progress *progress);
/** Only lock, keys, vault and policies: for commands on the registry. Close as well. */
SLUICE_MUST_CHECK
enum sluice_err engine_open_vault(struct engine *engine, struct sluice_findings *findings, const char *path);
void engine_close(struct engine *engine);

/** One batch, and the commit when it is due. *end: there was nothing more.
 *  A failure has been taken back to the last commit; SLUICE_CLASS_RETRY may be tried again. */
SLUICE_MUST_CHECK
enum sluice_err engine_step(struct engine *engine, bool *end);

/** What to do about a failure of the world, whatever met it; NULL where that depends on what it was. */
const char *engine_advice(enum sluice_err err);
#define ENGINE_WHERE_SIZE (2 * SLUICE_PATH_SIZE + 64)
/** What the engine was doing, with the paths it did it to: for a sentence about a failure. */
void engine_where(const struct engine *engine, char text[static ENGINE_WHERE_SIZE]);

/** Commit what is open. */
SLUICE_MUST_CHECK
enum sluice_err engine_commit(struct engine *engine);

/** At the end of all input: every file is closed and renamed, so that readers see it. */
SLUICE_MUST_CHECK
enum sluice_err engine_close_files(struct engine *engine);

/** Commit, and delete what is due. Report: zeroed by the caller, free with sluice_keep_report_free. */
SLUICE_MUST_CHECK
enum sluice_err engine_keep(struct engine *engine, struct sluice_findings *findings,
                            struct sluice_keep_report *report);

/** Load every tenant's policy files again. A bad file changes nothing: the
 *  versions from before stay in force, and findings say why. Commits first. */
SLUICE_MUST_CHECK
enum sluice_err engine_reload_policies(struct engine *engine, struct sluice_findings *findings);

/** Load the registry's files if they changed; what waited for it re-enters. Commits first. */
SLUICE_MUST_CHECK
enum sluice_err engine_reload_registry(struct engine *engine, struct sluice_findings *findings);

#endif
