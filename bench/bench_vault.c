/* The vault and the registry at so many subjects (first argument, 1 000 000 by
 * default) with the secrets of four purposes, in the current folder: loading
 * them from CSV, loading them again, starting on them, finding, minting and
 * erasing. One JSON object; progress on standard error. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sluice/clock.h"
#include "sluice/gate.h"
#include "sluice/identity.h"
#include "sluice/registry.h"
#include "sluice/vault.h"

#define COMMIT  65536u
#define FINDS   1000000u
#define FIRST_FINDS 100000u
#define MINTS   (24 * COMMIT)   /* the log goes into the tables three times */
#define ERASURES 1000u

static const char *const purposes[] = { "billing", "fraud", "operations", "marketing" };

struct bench {
    unsigned subjects;
    struct sluice_keyring *keyring;
    struct sluice_vault *vault;
    struct sluice_config *config;
    uint8_t tenant_key[SLUICE_HASH_KEY_SIZE];
};

static uint64_t random_state = 1;

static uint64_t random_below(uint64_t limit)   /* splitmix64 */
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (z ^ (z >> 31)) % limit;
}

static void must(enum sluice_err err)
{
    if (!err)
        return;
    fprintf(stderr, "bench_vault: %s\n", sluice_err_text(err));
    exit(sluice_err_exit_code(err));
}

static double since(int64_t start_ns)
{
    return (double)(sluice_clock_monotonic_ns() - start_ns);
}

static void iccid_of(char digits[static 20], unsigned number)
{
    snprintf(digits, 20, "8999%014u", number);
    digits[18] = sluice_luhn_digit(digits, 18);
    digits[19] = '\0';
}

static void tag_of(const struct bench *bench, uint8_t tag[static SLUICE_TAG_SIZE], unsigned number)
{
    char digits[20];

    iccid_of(digits, number);
    sluice_tag(tag, bench->tenant_key, SLUICE_IDENTIFIER_ICCID, digits, 19);
}

static void write_subjects(const struct bench *bench)
{
    FILE *file = fopen("subjects.csv", "w");

    if (!file)
        must(SLUICE_ERR_IO);
    fputs("tenant,iccid,imsi,msisdn,account,contract,region\n", file);
    for (unsigned i = 0; i < bench->subjects; i++) {
        char iccid[20];

        iccid_of(iccid, i);
        fprintf(file, "acme,%s,00101%010u,883%010u,account-%u,business,DE\n", iccid, i, i, i / 20);
    }
    if (fclose(file) != 0)
        must(SLUICE_ERR_IO);
}

static void open_vault(struct bench *bench)
{
    must(sluice_keyring_open(&bench->keyring, "."));
    must(sluice_vault_open(&bench->vault, ".", bench->keyring));
    sluice_vault_tenant_key(bench->vault, bench->tenant_key, "acme");
}

static void close_vault(struct bench *bench)
{
    sluice_vault_close(bench->vault);
    sluice_keyring_close(bench->keyring);
}

static void show_progress(uint64_t rows)
{
    fprintf(stderr, "\rbench_vault: %10" PRIu64 " rows", rows);
}

static double load_s(struct bench *bench)
{
    struct sluice_registry_report report;
    struct sluice_findings findings;
    const int64_t start_ns = sluice_clock_monotonic_ns();

    sluice_findings_init(&findings);
    must(sluice_registry_load(bench->vault, bench->config, &findings, show_progress, &report));
    fputc('\n', stderr);
    if (report.subjects != bench->subjects || findings.count > 0)
        must(SLUICE_ERR_FORMAT);
    sluice_findings_deinit(&findings);
    return since(start_ns) / 1e9;
}

/* Nothing of the vault's file stays in the cache of the system. */
static void forget_file(void)
{
    const int fd = open("vault/data.mdb", O_RDONLY);

    if (fd < 0 || fsync(fd) != 0 || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) != 0)
        must(SLUICE_ERR_IO);
    close(fd);
}

/* From nothing to a gate that is ready for its first record. */
static double start_s(struct bench *bench, bool cold)
{
    struct sluice_gate *gate;

    close_vault(bench);
    if (cold)
        forget_file();
    const int64_t start_ns = sluice_clock_monotonic_ns();
    open_vault(bench);
    must(sluice_gate_new(&gate, bench->config, bench->keyring, bench->vault));
    const double seconds = since(start_ns) / 1e9;
    sluice_gate_free(gate);
    return seconds;
}

static double find_ns(struct bench *bench, unsigned first, unsigned count, unsigned finds, enum sluice_err expect)
{
    static struct sluice_subject subject;
    uint8_t (*tags)[SLUICE_TAG_SIZE] = malloc(finds * sizeof *tags);

    if (!tags)
        must(SLUICE_ERR_MEMORY);
    for (unsigned i = 0; i < finds; i++)
        tag_of(bench, tags[i], first + (unsigned)random_below(count));
    const int64_t start_ns = sluice_clock_monotonic_ns();
    for (unsigned i = 0; i < finds; i++)
        if (sluice_vault_find(bench->vault, &subject, tags[i], 1790000000) != expect)
            must(SLUICE_ERR_DAMAGED);
    const double ns = since(start_ns) / finds;
    free(tags);
    return ns;
}

/* What this process had the disk write so far. */
static double written_bytes(void)
{
    FILE *file = fopen("/proc/self/io", "r");
    char line[128];
    double bytes = 0;

    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, "write_bytes: ", 13) == 0)
            bytes = strtod(line + 13, NULL);
    if (file)
        fclose(file);
    return bytes;
}

/* SIMs that nobody registered, a commit's worth at a time. */
static double mint_ns(struct bench *bench, double *commit_ms, double *written)
{
    const double written_before = written_bytes();
    const int64_t start_ns = sluice_clock_monotonic_ns();
    int64_t in_commit_ns = 0;

    for (unsigned i = 0; i < MINTS; i++) {
        struct sluice_subject subject = { .valid_to_s = SLUICE_ALWAYS_S };

        tag_of(bench, subject.tag, bench->subjects + i);
        must(sluice_vault_put(bench->vault, &subject, 4));
        if ((i + 1) % COMMIT > 0)
            continue;
        const int64_t commit_start_ns = sluice_clock_monotonic_ns();
        must(sluice_vault_commit(bench->vault));
        in_commit_ns += sluice_clock_monotonic_ns() - commit_start_ns;
    }
    *commit_ms = (double)in_commit_ns / 1e6 / (MINTS / COMMIT);
    *written = (written_bytes() - written_before) / MINTS;
    return since(start_ns) / MINTS;
}

static double erase_ms(struct bench *bench, unsigned first, unsigned count)
{
    static struct sluice_vault_erasure erasures[ERASURES];

    for (unsigned i = 0; i < count; i++) {
        erasures[i] = (struct sluice_vault_erasure){ .what = SLUICE_ERASE_SUBJECT, .purposes = UINT16_MAX };
        tag_of(bench, erasures[i].tag, first + i);
    }
    const int64_t start_ns = sluice_clock_monotonic_ns();
    must(sluice_vault_erase(bench->vault, erasures, count));
    return since(start_ns) / 1e6;
}

static void prepare(struct bench *bench)
{
    uint8_t public_key[SLUICE_PUBLIC_KEY_SIZE], secret_key[SLUICE_SECRET_KEY_SIZE], index;

    must(sluice_crypto_init());
    bench->config = calloc(1, sizeof *bench->config);
    if (!bench->config)
        must(SLUICE_ERR_MEMORY);
    bench->config->tenant_count = 1;
    strcpy(bench->config->tenants[0].name, "acme");
    strcpy(bench->config->subjects, "subjects.csv");
    write_subjects(bench);
    sluice_box_keypair(public_key, secret_key);
    must(sluice_keyring_create(".", public_key, 0));
    open_vault(bench);
    for (size_t i = 0; i < sizeof purposes / sizeof purposes[0]; i++)
        must(sluice_vault_purpose_index(bench->vault, "acme", purposes[i], &index));
}

struct starts {
    double warm_s, cold_s;
    double cold_find_ns;           /* the first ones after a cold start */
};

static struct starts measure_starts(struct bench *bench)
{
    struct starts starts;

    starts.warm_s = start_s(bench, false);
    starts.cold_s = start_s(bench, true);
    starts.cold_find_ns = find_ns(bench, 0, bench->subjects, FIRST_FINDS, SLUICE_OK);
    return starts;
}

int main(int argc, char *argv[])
{
    struct bench bench = { .subjects = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1000000 };
    struct sluice_vault_stats stats;
    struct rusage usage;
    double commit_ms, written;

    prepare(&bench);
    const double first_s = load_s(&bench);
    getrusage(RUSAGE_SELF, &usage);
    must(sluice_vault_stats(bench.vault, &stats));
    const double again_s = load_s(&bench);
    const struct starts starts = measure_starts(&bench);
    (void)find_ns(&bench, 0, bench.subjects, FINDS, SLUICE_OK);
    const double found_ns = find_ns(&bench, 0, bench.subjects, FINDS, SLUICE_OK);
    const double missing_ns = find_ns(&bench, bench.subjects, 1000000, FINDS, SLUICE_ERR_MISSING);
    const double minted_ns = mint_ns(&bench, &commit_ms, &written);

    printf("{\"subjects\":%u,\"load_s\":%.2f,\"reload_s\":%.2f,\"load_peak_mb\":%.0f,\"bytes_per_subject\":%.0f,"
           "\"start_s\":%.3f,\"start_cold_s\":%.3f,\"first_100k_finds_cold_s\":%.3f,\"find_ns\":%.0f,"
           "\"find_missing_ns\":%.0f,\"mint_and_commit_ns\":%.0f,\"commit_ms\":%.1f,"
           "\"written_bytes_per_minted\":%.0f,\"erase_one_ms\":%.2f,\"erase_thousand_ms\":%.1f}\n",
           bench.subjects, first_s, again_s, (double)usage.ru_maxrss / 1024, (double)stats.bytes / bench.subjects,
           starts.warm_s, starts.cold_s, starts.cold_find_ns * FIRST_FINDS / 1e9, found_ns, missing_ns, minted_ns,
           commit_ms, written, erase_ms(&bench, 0, 1), erase_ms(&bench, 1, ERASURES));
    close_vault(&bench);
    free(bench.config);
    return 0;
}
