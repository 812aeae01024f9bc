#include "engine/engine.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/versions.h"
#include "sluice/crypto.h"
#include "sluice/local.h"

/* Entries of ordinary size fill a thirtieth of it; larger ones make smaller batches. */
#define BATCH_ARENA_MAX ((size_t)32 << 20)
#define COMMIT_HELD_MAX ((uint64_t)64 << 20)   /* and what one more batch adds */

const char *engine_advice(enum sluice_err err)
{
    switch (err) {
    case SLUICE_ERR_SPACE:   return "make room there";
    case SLUICE_ERR_FULL:    return "raise the process's limits";
    case SLUICE_ERR_MEMORY:  return "give the process more";
    case SLUICE_ERR_IO:      return "look at the device";
    case SLUICE_ERR_ACCESS:  return "give its user the right to it";
    case SLUICE_ERR_DAMAGED:
    case SLUICE_ERR_OLDER:   return "restore state and output together";
    default:                 return NULL;
    }
}

/* Every step of opening adds one finding of its own where the failing part has
 * none: what, where, and what to do. */
static enum sluice_err explain(struct sluice_findings *findings, enum sluice_err err, const char *rule,
                               const char *file, const char *advice)
{
    if (err && findings->errors == 0)
        sluice_findings_add(findings, SLUICE_FINDING_ERROR, rule, file, 0, 0, "%s; %s", sluice_err_text(err),
                            sluice_err_class(err) == SLUICE_CLASS_RETRY ? engine_advice(err) : advice);
    return err;
}

static enum sluice_err open_keys(struct engine *engine, struct sluice_findings *findings)
{
    const char *state = engine->config->state;
    enum sluice_err err = explain(findings, sluice_local_lock(&engine->lock, state), "state-lock", state,
                                  "stop the other process, or create the folder with 'sluice keys init'");

    if (!err)
        err = explain(findings, sluice_keyring_open(&engine->keyring, state), "keyring", state,
                      "'sluice keys init' makes a keyring; it must be readable by its owner alone");
    if (!err)
        err = explain(findings, sluice_vault_open(&engine->vault, state, engine->keyring), "vault", state,
                      "keyring and vault must be the ones that were last used together");
    return err;
}

static enum sluice_err open_policies(struct engine *engine, struct sluice_findings *findings)
{
    const enum sluice_err err =
        versions_load(engine->gate, findings, engine->config, sluice_clock_now_us(&engine->clock));

    /* New purposes get a place in the vault: where that fails, no policy is at fault. */
    if (sluice_err_class(err) == SLUICE_CLASS_RETRY)
        return explain(findings, err, "vault", engine->config->state, "");
    return explain(findings, err, "policy", engine->config->path, "see 'sluice policy check'");
}

static enum sluice_err open_feed(struct engine *engine, struct sluice_findings *findings)
{
    char spool[SLUICE_PATH_SIZE + 8];

    uint8_t key[SLUICE_KEY_SIZE];

    /* A key of its own: what was spooled before a crash must open after it. */
    sluice_keyed_digest(key, "spool 1", 7, engine->keyring->tag_key);
    sluice_keyed_digest(key + SLUICE_PSEUDONYM_SIZE, "spool 2", 7, engine->keyring->tag_key);
    snprintf(spool, sizeof spool, "%s/spool", engine->config->state);
    enum sluice_err err = sluice_feed_open(&engine->feed, findings, engine->config, spool, key);
    sluice_wipe(key, sizeof key);
    if (!err)
        err = sluice_feed_read_ahead(engine->feed, SLUICE_GATE_BATCH, BATCH_ARENA_MAX);
    return explain(findings, err, "input", engine->config->path, "look at 'inputs' there");
}

static enum sluice_err open_transport(struct engine *engine, struct sluice_findings *findings)
{
    struct sluice_state_table tables[SLUICE_GATE_TABLES + 1];
    size_t count = SLUICE_GATE_TABLES;
    enum sluice_err err;

    sluice_gate_tables(engine->gate, tables);
    if (engine->feed)
        tables[count++] = sluice_feed_table(engine->feed);
    err = explain(findings, sluice_local_open(&engine->transport, findings, engine->config, engine->keyring,
                                              engine->feed, tables, count),
                  "state", engine->config->state, "what it holds must not be changed by hand");
    engine->transport_open = err == SLUICE_OK;
    return err;
}

/* What waited for the registry, and what was parked, meets each generation of
 * it once; an unreachable one could not judge them. */
static enum sluice_err reenter(struct engine *engine)
{
    uint64_t generation;
    bool reachable;
    const enum sluice_err err = sluice_vault_registry_generation(engine->vault, &generation, &reachable);

    if (err || !reachable || generation == sluice_gate_reentered_at(engine->gate))
        return err;
    engine->reentering = generation;
    return sluice_local_reenter(&engine->transport, engine->vault, true, true);
}

/* Re-entries come before arrivals, so the first arrival says that they are through. */
static void note_reentered(struct engine *engine, bool end)
{
    const struct sluice_batch *batch = &engine->batch;

    if (!engine->reentering)
        return;
    if (end || (batch->count && batch->entries[batch->count - 1].kind == SLUICE_ENTRY_ARRIVAL)) {
        sluice_gate_set_reentered_at(engine->gate, engine->reentering);
        engine->reentering = 0;
    }
}

/* Up to where the vault knows every tenant's purposes. */
static enum sluice_err open_vault(struct engine *engine, struct sluice_findings *findings, const char *path)
{
    enum sluice_err err = explain(findings, sluice_crypto_init(), "crypto", path, "the system's random numbers must work");

    if (!err)
        err = explain(findings, sluice_config_load(&engine->config, findings, path), "configuration", path,
                      "it must be readable, and memory enough to read it");
    if (!err) {
        sluice_clock_init(&engine->clock, engine->config->clock_us);
        err = explain(findings, sluice_batch_init(&engine->batch, SLUICE_GATE_BATCH, BATCH_ARENA_MAX), "memory", path,
                      "give the process more");
    }
    if (!err)
        err = open_keys(engine, findings);
    if (!err)
        err = explain(findings, sluice_gate_new(&engine->gate, engine->config, engine->keyring, engine->vault),
                      "memory", path, "give the process more");
    return err ? err : open_policies(engine, findings);
}

enum sluice_err engine_open_vault(struct engine *engine, struct sluice_findings *findings, const char *path)
{
    *engine = (struct engine){ .lock = -1 };
    const enum sluice_err err = open_vault(engine, findings, path);
    if (err)
        engine_close(engine);
    return err;
}

enum sluice_err engine_open(struct engine *engine, struct sluice_findings *findings, const char *path,
                            bool with_feed, sluice_registry_progress *progress)
{
    bool changed = false;

    *engine = (struct engine){ .lock = -1 };
    enum sluice_err err = open_vault(engine, findings, path);
    if (!err)
        err = explain(findings, sluice_registry_sync(engine->vault, engine->config, findings, progress, &changed),
                      "registry", engine->config->subjects, "see 'sluice subjects load'");
    if (!err && with_feed)
        err = open_feed(engine, findings);
    if (!err)
        err = open_transport(engine, findings);
    if (!err)
        err = explain(findings, sluice_gate_restored(engine->gate, findings), "state", engine->config->state,
                      "what it holds must not be changed by hand");
    if (!err)
        err = explain(findings, reenter(engine), "state", engine->config->state, "what is sealed there must be readable");
    if (err)
        engine_close(engine);
    return err;
}

void engine_close(struct engine *engine)
{
    if (engine->transport_open)
        engine->transport.ops->close(engine->transport.self);
    sluice_gate_free(engine->gate);
    if (engine->feed)
        sluice_feed_close(engine->feed);
    if (engine->vault)
        sluice_vault_close(engine->vault);
    if (engine->keyring)
        sluice_keyring_close(engine->keyring);
    if (engine->batch.entries)
        sluice_batch_deinit(&engine->batch);
    if (engine->lock >= 0)
        close(engine->lock);
    if (engine->config)
        sluice_config_free(engine->config);
    *engine = (struct engine){ .lock = -1 };
}

void engine_where(const struct engine *engine, char text[static ENGINE_WHERE_SIZE])
{
    const char *state = engine->config->state, *output = engine->config->output;

    switch (engine->at) {
    case ENGINE_INPUT:
        snprintf(text, ENGINE_WHERE_SIZE, "reading %s, or what waits in %s",
                 engine->feed ? sluice_feed_current(engine->feed) : "the inputs", output);
        break;
    case ENGINE_GATE:
        snprintf(text, ENGINE_WHERE_SIZE, "reading %s/vault", state);
        break;
    case ENGINE_EMIT:
        snprintf(text, ENGINE_WHERE_SIZE, "writing %s/vault or %s", state, output);
        break;
    case ENGINE_COMMIT:
        snprintf(text, ENGINE_WHERE_SIZE, "writing %s or %s/log", output, state);
        break;
    case ENGINE_LOG:
        snprintf(text, ENGINE_WHERE_SIZE, "writing %s/log", state);
        break;
    }
}

/* Back to the last commit, everywhere. */
static enum sluice_err take_back(struct engine *engine, enum sluice_err err)
{
    const enum sluice_err abort_err = engine->transport.ops->abort(engine->transport.self);

    sluice_gate_finish(engine->gate, false);
    engine->open_records = 0;
    return abort_err ? abort_err : err;
}

enum sluice_err engine_commit(struct engine *engine)
{
    engine->at = ENGINE_EMIT;
    enum sluice_err err = sluice_gate_emit(engine->gate, &engine->transport);

    if (!err) {
        engine->at = ENGINE_COMMIT;
        err = engine->transport.ops->commit(engine->transport.self, sluice_clock_now_us(&engine->clock));
    }
    if (err)
        return take_back(engine, err);
    sluice_gate_finish(engine->gate, true);
    engine->open_records = 0;
    engine->at = ENGINE_LOG;
    /* A piece of each, so that no commit waits for a whole one. */
    err = sluice_gate_freeze(engine->gate);
    return err ? err : sluice_local_snapshot(&engine->transport, false);
}

enum sluice_err engine_close_files(struct engine *engine)
{
    engine->at = ENGINE_COMMIT;
    enum sluice_err err = SLUICE_OK;

    /* Short runs would never come to the end of it. */
    while (!err && sluice_gate_is_freezing(engine->gate))
        err = engine_commit(engine);
    return err ? err : sluice_local_close_files(&engine->transport);
}

enum sluice_err engine_keep(struct engine *engine, struct sluice_findings *findings,
                            struct sluice_keep_report *report)
{
    struct sluice_keep_policies policies = { 0 };
    struct sluice_keep keep = { .config = engine->config, .transport = &engine->transport, .vault = engine->vault,
                                .now_us = sluice_clock_now_us(&engine->clock) };
    enum sluice_err err = engine_commit(engine);

    if (!err)
        err = sluice_keep_policies_load(&policies, findings, engine->config, keep.now_us);
    if (err)
        return err;
    keep.purposes = policies.purposes;
    keep.purpose_count = policies.purpose_count;
    err = sluice_keep(report, &keep);
    sluice_keep_policies_free(&policies);
    /* Keys of epochs that are destroyed now must not live on in memory. */
    if (report->epochs)
        sluice_gate_forget_subjects(engine->gate);
    return err;
}

/* By records, by time, or by what they hold: bad records are kept whole, however large they are. */
static bool is_due(const struct engine *engine)
{
    return engine->open_records + SLUICE_GATE_BATCH > engine->config->commit_records ||
           sluice_gate_held(engine->gate) > COMMIT_HELD_MAX ||
           sluice_clock_monotonic_ns() - engine->open_since_ns >
               (int64_t)engine->config->commit_interval_ms * 1000000;
}

enum sluice_err engine_step(struct engine *engine, bool *end)
{
    const int64_t now_us = sluice_clock_now_us(&engine->clock);
    enum sluice_err err;

    sluice_batch_reset(&engine->batch);
    engine->at = ENGINE_INPUT;
    err = engine->transport.ops->poll(engine->transport.self, &engine->batch, now_us, end);
    if (err)
        return take_back(engine, err);
    if (engine->open_records == 0)
        engine->open_since_ns = sluice_clock_monotonic_ns();

    const size_t before = engine->batch.count;
    engine->at = ENGINE_GATE;
    err = sluice_gate_run(engine->gate, &engine->batch, now_us);
    if (err)
        return take_back(engine, err);
    /* A stage may refuse a record, never lose one. */
    assert(engine->batch.count == before);
    engine->open_records += before;
    note_reentered(engine, *end);
    if (*end || is_due(engine))
        return engine_commit(engine);
    return SLUICE_OK;
}

enum sluice_err engine_reload_policies(struct engine *engine, struct sluice_findings *findings)
{
    enum sluice_err err = engine_commit(engine);

    if (!err && engine->feed)
        sluice_feed_drop_ahead(engine->feed);
    return err ? err : open_policies(engine, findings);
}

enum sluice_err engine_reload_registry(struct engine *engine, struct sluice_findings *findings)
{
    enum sluice_err err = engine_commit(engine);
    bool changed = false;

    if (!err)
        err = sluice_registry_sync(engine->vault, engine->config, findings, NULL, &changed);
    /* Also after a failure: what it had written by then is what the vault says. */
    if (changed)
        sluice_gate_forget_subjects(engine->gate);
    return err || !changed ? err : reenter(engine);
}
