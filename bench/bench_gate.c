/* The gate alone, in memory: raw records in, four purposes' rows out, with
 * deduplication, refs and ordering. Beside it, in the same run, what the
 * public codec needs to unpack the same record and pack four rows, and memcpy.
 *
 *   bench_gate POLICY FOLDER SIMS RECORDS ROUNDS [scale]   prints one JSON object
 *
 * Times are of this thread's CPU, so that a busy machine shows less. What the
 * vault has to do with it: every SIM is minted there first, and `gate_epoch_ns`
 * is a round of records of which each is its SIM's first in an epoch, so that
 * every pseudonym is computed anew from the SIM's row. With `scale` the vault
 * is left out: slots are filled as if it had been asked. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "gate/gate.h"
#include "sluice/clock.h"
#include "sluice/crypto.h"
#include "sluice/wire.h"
#include "bench_codec.h"
#include "bench_count.h"
#include "bench_records.h"

#define T0_US (INT64_C(1790000000) * SLUICE_SECOND_US)
#define RECORD_INTERVAL_US 2000    /* 500 a second */
#define EPOCH_US (35 * SLUICE_DAY_S * SLUICE_SECOND_US)   /* longer than any epoch of the policy */
#define COMMIT_RECORDS 65536
#define MINT_RECORDS (1 << 20)     /* a commit of the vault writes each page it touches: the fewer, the sooner */
#define ROUNDS_MAX 101
#define EPOCH_ROUNDS 3

/* The clock stands between the passes over a batch, never between records. */
enum { STEP_READ, STEP_PASS, STEP_EMIT = STEP_PASS + GATE_PASSES, STEP_COMMIT, STEP_COUNT };

struct bench {
    struct sluice_config config;
    struct sluice_keyring *keyring;
    struct sluice_vault *vault;
    struct sluice_gate *gate;
    struct sluice_state_table tables[SLUICE_GATE_TABLES];
    struct sluice_transport transport;
    struct sluice_batch batch;
    struct sluice_buffer records;    /* framed raw records */
    uint64_t sims;
    uint64_t round_records;
    uint64_t next_record;
    size_t commit_records;
    int64_t base_us;                 /* when record 0 would have started */
    int64_t now_us;
    uint64_t out_octets;
    bool steps_wanted;
    double step_start;
    double steps[STEP_COUNT];
};

struct figures {
    double gate_ns[ROUNDS_MAX], codec_ns[ROUNDS_MAX], memcpy_ns[ROUNDS_MAX], epoch_ns[EPOCH_ROUNDS];
    struct bench_counts counts;
    bool system_calls_known;
};

static void die(const char *what, enum sluice_err err)
{
    fprintf(stderr, "bench_gate: %s: %s\n", what, sluice_err_text(err));
    exit(1);
}

static double cpu_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void step(struct bench *bench, size_t which)
{
    if (!bench->steps_wanted)
        return;
    const double now = cpu_ns();
    bench->steps[which] += now - bench->step_start;
    bench->step_start = now;
}

/* --- a transport that takes rows and drops them */

static enum sluice_err stream(void *self, const char *tenant, const char *name, uint32_t *number)
{
    (void)self; (void)tenant; (void)name;
    *number = 0;
    return SLUICE_OK;
}

static enum sluice_err take_rows(void *self, uint32_t number, int64_t deadline_s, const struct sluice_row rows[],
                                 size_t count)
{
    struct bench *bench = self;

    (void)number; (void)deadline_s;
    for (size_t i = 0; i < count; i++)
        bench->out_octets += rows[i].len;
    return SLUICE_OK;
}

static const struct sluice_transport_ops drop = { .stream = stream, .write = take_rows };

/* --- records */

enum order { RANDOM_SIMS, EACH_SIM_ONCE };

/* count records as a framed batch; first: the one to begin with of EACH_SIM_ONCE. */
static void write_records(struct bench *bench, uint64_t count, enum order order, uint64_t first)
{
    sluice_buffer_clear(&bench->records);
    for (uint64_t i = 0; i < count; i++, bench->next_record++) {
        /* Each SIM once, and none beside its neighbour: a prime that no number of SIMs here has as a factor. */
        const uint64_t sim = order == RANDOM_SIMS ? bench_mix(bench->next_record) % bench->sims
                                                  : (first + i) * UINT64_C(2147483647) % bench->sims;

        bench_record_write(&bench->records, bench->next_record, sim,
                           bench->base_us + (int64_t)bench->next_record * RECORD_INTERVAL_US);
    }
    if (sluice_buffer_err(&bench->records))
        die("records", SLUICE_ERR_MEMORY);
    bench->now_us = bench->base_us + (int64_t)bench->next_record * RECORD_INTERVAL_US + 3600 * SLUICE_SECOND_US;
}

/* --- the job */

/* Returns 1, or what sluice_wire_next says when there are no more. */
static int read_batch(struct bench *bench, struct sluice_cursor *cursor)
{
    sluice_batch_reset(&bench->batch);
    while (bench->batch.count < SLUICE_GATE_BATCH) {
        const uint8_t *bytes;
        uint32_t field, unknown = 0;
        size_t len;
        const int more = sluice_wire_next(cursor, &bytes, &len);

        if (more != 1)
            return more;
        struct sluice_entry *entry = sluice_batch_append(&bench->batch);
        const enum sluice_reason reason = sluice_wire_read(&entry->record, &field, &unknown, bytes, len);
        if (reason)
            sluice_entry_refuse(entry, reason);
    }
    return 1;
}

static void run_batch(struct bench *bench)
{
    enum sluice_err err = gate_begin(bench->gate, bench->now_us);

    for (size_t from = 0; from < bench->batch.count; from += GATE_STRETCH) {
        const size_t left = bench->batch.count - from, to = from + (left < GATE_STRETCH ? left : GATE_STRETCH);

        for (size_t i = 0; !err && i < GATE_PASSES; i++) {
            err = gate_pass(bench->gate, &gate_passes[i], &bench->batch, from, to);
            step(bench, STEP_PASS + i);
        }
    }
    if (err)
        die("run", err);
}

static void commit(struct bench *bench)
{
    const enum sluice_err err = sluice_gate_emit(bench->gate, &bench->transport);

    if (err)
        die("emit", err);
    step(bench, STEP_EMIT);
    for (size_t i = 0; i < SLUICE_GATE_TABLES; i++)
        bench->tables[i].committed(bench->tables[i].self);
    sluice_gate_finish(bench->gate, true);
    step(bench, STEP_COMMIT);
}

/* Up to a commit's worth of records from there. Returns where the next ones begin. */
static const uint8_t *run_commit(struct bench *bench, const uint8_t *from)
{
    struct sluice_cursor cursor = { from, bench->records.bytes + bench->records.len, false };
    int more = 1;

    bench->step_start = cpu_ns();
    for (size_t left = bench->commit_records / SLUICE_GATE_BATCH; left > 0 && more == 1; left--) {
        more = read_batch(bench, &cursor);
        step(bench, STEP_READ);
        run_batch(bench);
    }
    commit(bench);
    return cursor.at;
}

static void run_all(struct bench *bench)
{
    const uint8_t *const end = bench->records.bytes + bench->records.len;

    for (const uint8_t *at = bench->records.bytes; at < end;)
        at = run_commit(bench, at);
}

static double run_gate(struct bench *bench, const uint8_t *at)
{
    const double start = cpu_ns();

    run_commit(bench, at);
    return (cpu_ns() - start) / (double)bench->round_records;
}

static double run_codec(const struct bench *bench, const uint8_t *from, const uint8_t *to)
{
    const double start = cpu_ns();

    bench_codec(from, (size_t)(to - from));
    return (cpu_ns() - start) / (double)bench->round_records;
}

/* Where the records of the commit end that begins there. */
static const uint8_t *commit_end(const struct bench *bench, const uint8_t *at)
{
    struct sluice_cursor cursor = { at, bench->records.bytes + bench->records.len, false };
    const uint8_t *bytes;
    size_t len;

    for (size_t left = bench->commit_records; left > 0 && sluice_wire_next(&cursor, &bytes, &len) == 1; left--)
        continue;
    return cursor.at;
}

/* A commit by the gate and the same records by the codec and by memcpy, and so
 * on to the end: what disturbs one disturbs the others. Who goes first finds
 * the records out of the cache, so they take turns in that too. */
static void run_round(struct bench *bench, bool codec_first, double *gate_ns, double *codec_ns, double *memcpy_ns)
{
    const uint8_t *const end = bench->records.bytes + bench->records.len;
    uint8_t *copy = malloc(bench->records.len);

    if (!copy)
        die("copy", SLUICE_ERR_MEMORY);
    memset(copy, 1, bench->records.len);   /* its pages are there before the clock runs */
    *gate_ns = *codec_ns = *memcpy_ns = 0;
    for (const uint8_t *at = bench->records.bytes, *next; at < end; at = next, codec_first = !codec_first) {
        next = commit_end(bench, at);
        if (codec_first)
            *codec_ns += run_codec(bench, at, next);
        *gate_ns += run_gate(bench, at);
        if (!codec_first)
            *codec_ns += run_codec(bench, at, next);
        const double start = cpu_ns();
        memcpy(copy, at, (size_t)(next - at));
        __asm__ volatile("" : : "r"(copy) : "memory");   /* the copy may not be left out */
        *memcpy_ns += (cpu_ns() - start) / (double)bench->round_records;
    }
    free(copy);
}

static double run_epoch(struct bench *bench, uint64_t first)
{
    const uint64_t count = bench->round_records < bench->sims ? bench->round_records : bench->sims;

    bench->base_us += EPOCH_US;
    write_records(bench, count, EACH_SIM_ONCE, first);
    const double start = cpu_ns();
    run_all(bench);
    return (cpu_ns() - start) / (double)count;
}

/* --- set up */

static void open_all(struct bench *bench, const char *policy_path, const char *folder)
{
    static struct sluice_tenant_config tenant = { .name = "bench" };
    struct sluice_findings findings;
    struct sluice_policy *policy;
    uint8_t public_key[SLUICE_PUBLIC_KEY_SIZE], secret_key[SLUICE_SECRET_KEY_SIZE];
    enum sluice_err err = sluice_crypto_init();

    bench->config.tenant_count = 1;
    bench->config.tenants[0] = tenant;
    bench->config.deduplication_window_s = 90 * SLUICE_DAY_S;
    bench->config.future_tolerance_s = 300;
    bench->base_us = T0_US;
    sluice_findings_init(&findings);
    mkdir(folder, 0700);
    if (!err) {
        sluice_box_keypair(public_key, secret_key);
        err = sluice_keyring_create(folder, public_key, T0_US);
    }
    if (!err)
        err = sluice_keyring_open(&bench->keyring, folder);
    if (!err)
        err = sluice_vault_open(&bench->vault, folder, bench->keyring);
    if (!err)
        err = sluice_vault_registry_loaded(bench->vault, (uint8_t[SLUICE_DIGEST_SIZE]){ 1 });
    if (!err)
        err = sluice_vault_commit(bench->vault);
    if (!err)
        err = sluice_gate_new(&bench->gate, &bench->config, bench->keyring, bench->vault);
    if (err)
        die("open", err);
    err = sluice_policy_load(&policy, &findings, policy_path, T0_US);
    if (!err)
        err = sluice_gate_prepare_policies(bench->gate, "bench", &policy, 1, T0_US);
    sluice_gate_take_policies(bench->gate);
    if (!err)
        err = sluice_batch_init(&bench->batch, SLUICE_GATE_BATCH, 1 << 20);
    if (err) {
        struct sluice_buffer text;
        sluice_buffer_init(&text, 1 << 16);
        sluice_findings_print(&findings, &text);
        fwrite(text.bytes, 1, text.len, stderr);
        die("policy", err);
    }
    bench->transport = (struct sluice_transport){ &drop, bench };
    sluice_gate_tables(bench->gate, bench->tables);
    sluice_buffer_init(&bench->records, (size_t)8 << 30);
}

/* Every SIM once, so that its secrets are minted and its slot is there. */
static void mint_all(struct bench *bench)
{
    const uint64_t chunk = MINT_RECORDS;

    bench->commit_records = MINT_RECORDS;
    for (uint64_t done = 0; done < bench->sims; done += chunk) {
        write_records(bench, chunk < bench->sims - done ? chunk : bench->sims - done, EACH_SIM_ONCE, done);
        run_all(bench);
        if (done + chunk < bench->sims)
            fprintf(stderr, "bench_gate: %" PRIu64 " of %" PRIu64 " SIMs minted\n", done + chunk, bench->sims);
    }
}

/* Slots as they are once the vault has answered for every SIM, without a vault. */
static void fill_slots(struct bench *bench)
{
    struct tenant *tenant = &bench->gate->tenants[0];

    for (uint64_t sim = 0; sim < bench->sims; sim++) {
        uint8_t tag[SLUICE_TAG_SIZE];
        char iccid[20];

        bench_iccid(iccid, sim);
        sluice_tag(tag, tenant->hash_key, SLUICE_IDENTIFIER_ICCID, iccid, 19);
        struct slot *slot = slots_insert(&tenant->subjects, tag, 0, SLUICE_ALWAYS_S);
        if (!slot)
            die("slots", SLUICE_ERR_MEMORY);
        for (size_t p = 0; p < tenant->purpose_count; p++) {
            const uint8_t lane = tenant->purposes[p].lane;
            const uint64_t words[2] = { bench_mix(sim * 8 + p), bench_mix(sim * 8 + p + 4) };

            slot_epochs(slot)[lane] =
                sluice_purpose_epoch(&tenant_rule(tenant, 0, p)->purpose, bench->base_us) + 1;
            memcpy(slot_pseudonym(&tenant->subjects, slot, lane), words, sizeof words);
        }
    }
}

/* More than an hour of traffic: lists and arenas have their size from here on,
 * and what a new hour of deduplication takes is known from the one before. */
static void warm_up(struct bench *bench)
{
    const uint64_t hour = UINT64_C(3600) * SLUICE_SECOND_US / RECORD_INTERVAL_US;

    for (uint64_t done = 0; done <= hour; done += bench->round_records) {
        write_records(bench, bench->round_records, RANDOM_SIMS, 0);
        run_all(bench);
    }
}

/* --- figures */

static int by_value(const void *a, const void *b)
{
    return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

static double median(double values[], size_t count)
{
    qsort(values, count, sizeof *values, by_value);
    return values[count / 2];
}

/* One round more with the clock between the passes, and one that is counted. */
static void run_apart(struct bench *bench, struct figures *figures)
{
    write_records(bench, bench->round_records, RANDOM_SIMS, 0);
    bench->steps_wanted = true;
    run_all(bench);
    bench->steps_wanted = false;
    write_records(bench, bench->round_records, RANDOM_SIMS, 0);
    bench_count_begin();
    run_all(bench);
    figures->system_calls_known = bench_count_end(&figures->counts);
}

/* Devices are no part of the job here: what a slot of theirs takes, for a policy with one pseudonym of the device. */
static double bytes_per_device(void)
{
    enum { DEVICES = 1000000 };
    struct slots devices;

    slots_init(&devices, 2, 0);
    for (uint64_t i = 0; i < DEVICES; i++) {
        uint64_t tag[2] = { bench_mix(i), i };

        if (!slots_insert(&devices, (const uint8_t *)tag, 0, SLUICE_ALWAYS_S))
            die("devices", SLUICE_ERR_MEMORY);
    }
    const double octets = (double)slots_octets(&devices) / DEVICES;
    slots_deinit(&devices);
    return octets;
}

static void print_steps(const struct bench *bench)
{
    printf("\"steps\":{\"read\":%.1f", bench->steps[STEP_READ] / (double)bench->round_records);
    for (size_t i = 0; i < GATE_PASSES; i++)
        printf(",\"%s\":%.1f", gate_passes[i].name, bench->steps[STEP_PASS + i] / (double)bench->round_records);
    printf(",\"emit\":%.1f,\"commit\":%.1f}", bench->steps[STEP_EMIT] / (double)bench->round_records,
           bench->steps[STEP_COMMIT] / (double)bench->round_records);
}

static void print_figures(const struct bench *bench, struct figures *figures, size_t rounds, bool scale)
{
    const double records = (double)bench->round_records;
    const double gate_ns = median(figures->gate_ns, rounds), codec_ns = median(figures->codec_ns, rounds);
    struct sluice_gate_memory memory;

    sluice_gate_memory(bench->gate, &memory);
    printf("{\"sims\":%" PRIu64 ",\"slots_filled_without_vault\":%s,\"gate_ns\":%.1f,\"protobuf_c_ns\":%.1f,"
           "\"memcpy_ns\":%.1f,\"ratio\":%.3f", memory.subjects, scale ? "true" : "false", gate_ns, codec_ns,
           median(figures->memcpy_ns, rounds), gate_ns / codec_ns);
    if (!scale)
        printf(",\"gate_epoch_ns\":%.1f", median(figures->epoch_ns, EPOCH_ROUNDS));
    printf(",\"allocations_per_record\":%.7g,\"locks_per_record\":%.7g", (double)figures->counts.allocations / records,
           (double)figures->counts.locks / records);
    if (figures->system_calls_known)
        printf(",\"system_calls_per_record\":%.7g", (double)figures->counts.system_calls / records);
    else
        printf(",\"system_calls_per_record\":null");
    printf(",\"bytes_per_sim\":%.1f,\"bytes_per_device\":%.1f,\"deduplication_bytes_per_record\":%.1f,"
           "\"out_bytes_per_record\":%.1f,", (double)memory.subject_octets / (double)memory.subjects,
           bytes_per_device(), (double)memory.deduplication_octets / (double)memory.fingerprints,
           (double)bench->out_octets / (double)bench->next_record);
    print_steps(bench);
    printf("}\n");
}

int main(int argc, char *argv[])
{
    static struct bench bench;
    static struct figures figures;
    const bool scale = argc == 7 && strcmp(argv[6], "scale") == 0;

    if (argc != 6 && !scale) {
        fprintf(stderr, "usage: bench_gate POLICY FOLDER SIMS RECORDS ROUNDS [scale]\n");
        return 64;
    }
    bench.sims = strtoull(argv[3], NULL, 10);
    bench.round_records = strtoull(argv[4], NULL, 10);
    const size_t rounds = strtoul(argv[5], NULL, 10);
    if (!bench.sims || !bench.round_records || rounds < 1 || rounds > ROUNDS_MAX)
        return 64;

    bench_count_prepare();
    open_all(&bench, argv[1], argv[2]);
    if (scale)
        fill_slots(&bench);
    else
        mint_all(&bench);
    bench.commit_records = COMMIT_RECORDS;
    warm_up(&bench);
    for (size_t round = 0; round < rounds; round++) {
        write_records(&bench, bench.round_records, RANDOM_SIMS, 0);
        run_round(&bench, round % 2, &figures.gate_ns[round], &figures.codec_ns[round], &figures.memcpy_ns[round]);
    }
    run_apart(&bench, &figures);
    for (size_t round = 0; !scale && round < EPOCH_ROUNDS; round++)
        figures.epoch_ns[round] = run_epoch(&bench, round * bench.round_records);
    print_figures(&bench, &figures, rounds, scale);
    return 0;
}
