/* Quarantine through the whole gate again, with the engine of `sluice run`. */
#include <inttypes.h>
#include <stdio.h>
#include <sysexits.h>

#include "cli/cli.h"
#include "cli/quarantine.h"
#include "engine/engine.h"
#include "sluice/clock.h"
#include "sluice/local.h"

static int report(const struct sluice_local_reentry *told, bool json)
{
    struct sluice_buffer out;

    sluice_buffer_init(&out, 4096);
    if (json)
        sluice_buffer_printf(&out,
                             "{\"replayed\":%" PRIu64 ",\"left\":%" PRIu64 ",\"unopened\":%" PRIu64
                             ",\"overdue_files\":%" PRIu64 "}\n",
                             told->entries, told->entries_left, told->frames_left, told->files_left);
    else
        sluice_buffer_printf(&out,
                             "%" PRIu64 " replayed, %" PRIu64 " left as they are of another reason or no input"
                             " decodes them, %" PRIu64 " runs not opened, %" PRIu64 " files overdue or damaged\n",
                             told->entries, told->entries_left, told->frames_left, told->files_left);
    const int code = cli_print(&out, told->frames_left ? EX_DATAERR : EX_OK);
    sluice_buffer_deinit(&out);
    return code;
}

/* Nothing arrives meanwhile: a replay is a replay. */
static enum sluice_err run(struct engine *engine)
{
    enum sluice_err err = SLUICE_OK;
    bool end = false;

    while (!err && !end)
        err = engine_step(engine, &end);
    if (!err)
        err = engine_commit(engine);
    return err ? err : engine_close_files(engine);
}

static int replay(struct engine *engine, const struct quarantine_request *request, const struct quarantine_key *key)
{
    struct sluice_local_reentry told;

    sluice_local_arrivals(&engine->transport, false);
    /* What waited for the registry goes first, and is no part of the count. */
    enum sluice_err err = run(engine);
    if (!err)
        err = sluice_local_replay(&engine->transport, key->secret_key, request->reason);
    if (err)
        return cli_fail("sluice quarantine", err, "%s", request->key_path);
    err = run(engine);
    sluice_local_reentry(&engine->transport, &told);
    const int code = report(&told, request->json);
    return err ? cli_fail("sluice quarantine", err, "what is not done is still in quarantine") : code;
}

int quarantine_replay(const struct quarantine_request *request)
{
    struct sluice_findings findings;
    struct engine engine;
    int code = EX_OK;

    if (request->tenant) {
        fputs("sluice quarantine: replay takes no --tenant: it is the gate that finds a record's tenant\n", stderr);
        return cli_usage("sluice quarantine");
    }
    struct quarantine_key *key = quarantine_key_read(request->key_path, &code);
    if (!key)
        return code;
    sluice_findings_init(&findings);
    const enum sluice_err err = engine_open(&engine, &findings, request->config_path, true, NULL);
    if (err) {
        cli_findings(&findings);
        code = cli_fail("sluice quarantine", err, "%s", request->config_path);
    }
    if (!err) {
        code = quarantine_audit(engine.config, request, "quarantine_replay", sluice_clock_now_us(&engine.clock));
        if (code == EX_OK)
            code = replay(&engine, request, key);
        engine_close(&engine);
    }
    sluice_findings_deinit(&findings);
    quarantine_key_free(key);
    return code;
}
