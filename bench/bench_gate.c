/* The gate alone, in memory: raw records in, four purposes' rows out, with
 * deduplication, refs and ordering. Beside it, in the same run, what the
 * public codec needs to unpack the same record and pack four rows, and memcpy.
 *
 *   bench_gate POLICY FOLDER SIMS RECORDS ROUNDS   prints one JSON object
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "sluice/clock.h"
#include "sluice/crypto.h"
#include "sluice/gate.h"
#include "sluice/wire.h"
#include "bench_codec.h"

#define T0_US   (INT64_C(1790000000) * 1000000)
#define ROUNDS_MAX 101

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
    uint64_t next_record;
    uint64_t out_octets;
    int64_t now_us;
    uint64_t round_records;
};

static void die(const char *what, enum sluice_err err)
{
    fprintf(stderr, "bench_gate: %s: %s\n", what, sluice_err_text(err));
    exit(1);
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

static uint64_t mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static void digits(char *text, size_t count, uint64_t value)
{
    for (size_t i = count; i-- > 0; value /= 10)
        text[i] = (char)('0' + value % 10);
}

static void fill_record(struct sluice_record *record, uint64_t n, uint64_t sim, char text[static 64])
{
    *record = (struct sluice_record){ .service = SLUICE_SERVICE_DATA, .role = SLUICE_ROLE_CONTROLLER };
    record->tenant = SLUICE_STR("bench");
    record->source_id = SLUICE_STR("emnify");
    record->apn = SLUICE_STR("iot.example");
    digits(text, 15, n);
    record->record_id = (struct sluice_str){ text, 15 };
    record->imsi.digit_count = 15;
    memcpy(record->imsi.digits, "001010000000000", 15);
    digits(record->imsi.digits + 5, 10, sim);
    record->iccid.digit_count = 19;
    memcpy(record->iccid.digits, "8999010000000000000", 19);
    digits(record->iccid.digits + 6, 12, sim);
    record->iccid.digits[18] = sluice_luhn_digit(record->iccid.digits, 18);
    record->imei.digit_count = 15;
    memcpy(record->imei.digits, "004401000000000", 15);
    digits(record->imei.digits + 6, 8, sim);
    record->imei.digits[14] = sluice_luhn_digit(record->imei.digits, 14);
    record->msisdn.digit_count = 12;
    memcpy(record->msisdn.digits, "999000000000", 12);
    digits(record->msisdn.digits + 3, 9, sim);
    record->serving_plmn = (struct sluice_plmn){ 1, 1, 2 };
    record->rat = 6;
    record->tac = (uint32_t)(sim % 50000);
    record->cell_id = sim % 200000000;
    record->uplink_octets = mix(n) % 100000;
    record->downlink_octets = mix(n + 1) % 1000000;
    record->start_us = T0_US + (int64_t)(n * 2000);          /* 500 a second */
    record->end_us = record->start_us + 45000000;
    record->collected_at_us = record->end_us + 60000000;
    record->charge_units = (int64_t)(mix(n) % 1000000);
    record->charge_scale = 8;
    memcpy(record->currency, "EUR", 3);
    record->present = SLUICE_HAS(SLUICE_RAW_RAT) | SLUICE_HAS(SLUICE_RAW_TAC) | SLUICE_HAS(SLUICE_RAW_CELL_ID) |
                      SLUICE_HAS(SLUICE_RAW_UPLINK_OCTETS) | SLUICE_HAS(SLUICE_RAW_DOWNLINK_OCTETS) |
                      SLUICE_HAS(SLUICE_RAW_START) | SLUICE_HAS(SLUICE_RAW_END) | SLUICE_HAS(SLUICE_RAW_CHARGE) |
                      SLUICE_HAS(SLUICE_RAW_COLLECTED_AT);
}

#define RANDOM_SIMS UINT64_MAX

/* count records as a framed batch: of random SIMs, or one of each from first_sim on. */
static void write_records(struct bench *bench, uint64_t count, uint64_t first_sim)
{
    struct sluice_buffer body;

    sluice_buffer_init(&body, 1 << 16);
    sluice_buffer_clear(&bench->records);
    for (uint64_t i = 0; i < count; i++, bench->next_record++) {
        struct sluice_record record;
        uint8_t frame[12];
        char text[64];

        fill_record(&record, bench->next_record, first_sim == RANDOM_SIMS ? mix(bench->next_record) % bench->sims : first_sim + i, text);
        sluice_buffer_clear(&body);
        sluice_wire_write(&body, &record);
        frame[0] = 1 << 3 | 2;
        sluice_buffer_append(&bench->records, frame, (size_t)(sluice_varint_write(frame + 1, body.len) - frame));
        sluice_buffer_append(&bench->records, body.bytes, body.len);
    }
    if (sluice_buffer_err(&bench->records))
        die("records", SLUICE_ERR_MEMORY);
    sluice_buffer_deinit(&body);
    bench->now_us = T0_US + (int64_t)(bench->next_record * 2000) + 3600000000;
}

/* --- the job */

static void commit(struct bench *bench)
{
    const enum sluice_err err = sluice_gate_emit(bench->gate, &bench->transport);

    if (err)
        die("emit", err);
    for (size_t i = 0; i < SLUICE_GATE_TABLES; i++)
        bench->tables[i].committed(bench->tables[i].self);
    sluice_gate_finish(bench->gate, true);
}

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

#define COMMIT_RECORDS 65536

/* Up to a commit's worth of records from there. Returns where the next ones begin. */
static const uint8_t *run_commit(struct bench *bench, const uint8_t *from)
{
    struct sluice_cursor cursor = { from, bench->records.bytes + bench->records.len, false };
    int more = 1;

    for (size_t left = COMMIT_RECORDS / SLUICE_GATE_BATCH; left > 0 && more == 1; left--) {
        more = read_batch(bench, &cursor);
        const enum sluice_err err = sluice_gate_run(bench->gate, &bench->batch, bench->now_us);
        if (err)
            die("run", err);
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

static int by_value(const void *a, const void *b)
{
    return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

static double median(double values[], size_t count)
{
    qsort(values, count, sizeof *values, by_value);
    return values[count / 2];
}

static double cpu_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* A commit by the gate, then the same records by the codec and by memcpy, and
 * so on to the end: what disturbs one disturbs the others. */
static void run_round(struct bench *bench, double *gate_ns, double *codec_ns, double *memcpy_ns)
{
    const uint8_t *const end = bench->records.bytes + bench->records.len;
    uint8_t *copy = malloc(bench->records.len);
    double records = 0;

    if (!copy)
        die("copy", SLUICE_ERR_MEMORY);
    memset(copy, 1, bench->records.len);   /* its pages are there before the clock runs */
    *gate_ns = *codec_ns = *memcpy_ns = 0;
    for (const uint8_t *at = bench->records.bytes, *next; at < end; at = next) {
        const double start = cpu_ns();
        next = run_commit(bench, at);
        const double gate_end = cpu_ns();
        bench_codec(at, (size_t)(next - at));
        const double codec_end = cpu_ns();
        memcpy(copy, at, (size_t)(next - at));
        __asm__ volatile("" : : "r"(copy) : "memory");   /* the copy may not be left out */
        *memcpy_ns += cpu_ns() - codec_end;
        *codec_ns += codec_end - gate_end;
        *gate_ns += gate_end - start;
    }
    free(copy);
    records = (double)bench->round_records;
    *gate_ns /= records;
    *codec_ns /= records;
    *memcpy_ns /= records;
}

int main(int argc, char *argv[])
{
    static struct bench bench;
    static double gate_ns[ROUNDS_MAX], codec_ns[ROUNDS_MAX], memcpy_ns[ROUNDS_MAX];
    struct sluice_gate_memory memory;

    if (argc != 6) {
        fprintf(stderr, "usage: bench_gate POLICY FOLDER SIMS RECORDS ROUNDS\n");
        return 64;
    }
    bench.sims = strtoull(argv[3], NULL, 10);
    const uint64_t records = strtoull(argv[4], NULL, 10);
    const size_t rounds = strtoul(argv[5], NULL, 10);
    if (!bench.sims || !records || rounds < 1 || rounds > ROUNDS_MAX)
        return 64;

    bench.round_records = records;
    open_all(&bench, argv[1], argv[2]);
    for (uint64_t done = 0; done < bench.sims; done += records) {   /* every SIM once: mint its secrets */
        write_records(&bench, records < bench.sims - done ? records : bench.sims - done, done);
        run_all(&bench);
    }
    for (size_t round = 0; round < rounds; round++) {
        write_records(&bench, records, RANDOM_SIMS);
        run_round(&bench, &gate_ns[round], &codec_ns[round], &memcpy_ns[round]);
    }
    sluice_gate_memory(bench.gate, &memory);
    printf("{\"gate_ns\":%.1f,\"protobuf_c_ns\":%.1f,\"memcpy_ns\":%.1f,\"sims\":%" PRIu64
           ",\"bytes_per_sim\":%.1f,\"deduplication_bytes_per_record\":%.1f,\"out_bytes_per_record\":%.1f}\n",
           median(gate_ns, rounds), median(codec_ns, rounds), median(memcpy_ns, rounds), memory.subjects,
           (double)memory.subject_octets / (double)memory.subjects,
           (double)memory.deduplication_octets / (double)memory.fingerprints,
           (double)bench.out_octets / (double)bench.next_record);
    return 0;
}
