/* State that has grown large, and how quickly it is back: deduplication over a
 * window of 90 days with so many fingerprints (first argument, 100 000 000 by
 * default), through commits, hours that go cold and snapshots as in a run, in
 * the current folder. Then another process opens it and looks up late records.
 * One JSON object. */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "deduplicate/deduplicate.h"
#include "sluice/clock.h"
#include "sluice/local.h"

#define HOURS   (90 * 24)
#define HOUR_US (3600 * SLUICE_SECOND_US)
#define T0_US   (INT64_C(1790000000) * SLUICE_SECOND_US / HOUR_US * HOUR_US)
#define COMMIT  65536u
#define BATCH   1024u          /* prepared before the first is looked up, as the gate does */
#define LATE    200000u

struct bench {
    struct sluice_config *config;
    struct sluice_keyring *keyring;
    struct sluice_transport transport;
    struct deduplicate *set;
    uint64_t per_hour;
};

static void must(enum sluice_err err, const char *what)
{
    if (!err)
        return;
    fprintf(stderr, "bench_restart: %s: %s\n", what, sluice_err_text(err));
    exit(sluice_err_exit_code(err));
}

static double seconds_since(int64_t start_ns)
{
    return (double)(sluice_clock_monotonic_ns() - start_ns) / 1e9;
}

static void open_state(struct bench *bench)
{
    struct sluice_findings findings;

    sluice_findings_init(&findings);
    must(sluice_keyring_open(&bench->keyring, "state"), "keyring");
    bench->set = deduplicate_new(90 * SLUICE_DAY_S);
    const struct sluice_state_table table = deduplicate_table(bench->set);
    must(sluice_local_open(&bench->transport, &findings, bench->config, bench->keyring, NULL, &table, 1), "state");
    must(deduplicate_open_folder(bench->set, &findings, "state"), "cold hours");
    sluice_findings_deinit(&findings);
}

static void close_state(struct bench *bench)
{
    bench->transport.ops->close(bench->transport.self);
    sluice_keyring_close(bench->keyring);
    deduplicate_free(bench->set);
}

static int64_t start_of(const struct bench *bench, uint64_t id)
{
    return T0_US + (int64_t)(id / bench->per_hour) * HOUR_US;
}

/* Ids from one on; returns how many of them were new. */
static uint64_t see(struct bench *bench, uint64_t from, uint64_t count, uint64_t step)
{
    static uint8_t fingerprints[BATCH][SLUICE_HASH_SIZE];
    uint8_t identity[40] = "as long as tenant, source and record id";
    uint64_t fresh = 0;

    for (uint64_t done = 0; done < count; done += BATCH) {
        const uint64_t end = done + BATCH < count ? done + BATCH : count;

        for (uint64_t i = done; i < end; i++) {
            const uint64_t id = from + i * step;

            memcpy(identity, &id, sizeof id);
            if (deduplicate_prepare(bench->set, fingerprints[i - done], start_of(bench, id), identity, sizeof identity))
                must(SLUICE_ERR_MEMORY, "preparing");
        }
        for (uint64_t i = done; i < end; i++) {
            const enum deduplicate_answer answer =
                deduplicate_insert(bench->set, start_of(bench, from + i * step), fingerprints[i - done]);

            if (answer == DEDUPLICATE_FAILED)
                must(deduplicate_err(bench->set), "looking up");
            fresh += answer == DEDUPLICATE_FIRST;
        }
    }
    return fresh;
}

static void commit(struct bench *bench)
{
    must(bench->transport.ops->commit(bench->transport.self, T0_US), "commit");
    must(deduplicate_freeze(bench->set), "going cold");
    must(sluice_local_snapshot(&bench->transport, false), "snapshot");
}

static int compare(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;

    return (a > b) - (a < b);
}

static double megabytes_in(const char *path)
{
    DIR *folder = opendir(path);
    double sum = 0;

    for (const struct dirent *entry; folder && (entry = readdir(folder)) != NULL;) {
        struct stat st;

        if (fstatat(dirfd(folder), entry->d_name, &st, 0) == 0 && S_ISREG(st.st_mode))
            sum += (double)st.st_size / 1e6;
    }
    if (folder)
        closedir(folder);
    return sum;
}

static void fill(struct bench *bench)
{
    const uint64_t total = bench->per_hour * HOURS, commits = (total + COMMIT - 1) / COMMIT;
    double *commit_s = calloc(commits, sizeof *commit_s), seeing_s = 0;

    open_state(bench);
    for (uint64_t i = 0; i < commits; i++) {
        const uint64_t from = i * COMMIT, count = total - from < COMMIT ? total - from : COMMIT;
        int64_t start_ns = sluice_clock_monotonic_ns();

        if (see(bench, from, count, 1) != count)
            must(SLUICE_ERR_DAMAGED, "a new record is taken for a duplicate");
        seeing_s += seconds_since(start_ns);
        start_ns = sluice_clock_monotonic_ns();
        commit(bench);
        commit_s[i] = seconds_since(start_ns);
    }
    while (deduplicate_is_freezing(bench->set))
        commit(bench);
    const uint64_t cold = deduplicate_cold_count(bench->set), hot = deduplicate_count(bench->set) - cold;
    qsort(commit_s, commits, sizeof *commit_s, compare);
    printf("{\"fingerprints\":%" PRIu64 ",\"cold_fingerprints\":%" PRIu64 ",\"look_up_ns\":%.1f"
           ",\"commit_ms\":%.2f,\"commit_99_ms\":%.2f,\"commit_longest_ms\":%.2f"
           ",\"hot_memory_bytes_per_fingerprint\":%.1f,\"cold_disk_bytes_per_fingerprint\":%.2f",
           hot + cold, cold, seeing_s * 1e9 / (double)total, commit_s[commits / 2] * 1e3,
           commit_s[commits * 99 / 100] * 1e3, commit_s[commits - 1] * 1e3,
           (double)deduplicate_octets(bench->set) / (double)hot,
           megabytes_in("state/deduplication") * 1e6 / (double)cold);
    printf(",\"log_mb\":%.1f,\"cold_mb\":%.1f", megabytes_in("state/log"), megabytes_in("state/deduplication"));
    close_state(bench);
    free(commit_s);
}

static double megabytes_read(void)
{
    FILE *file = fopen("/proc/self/io", "r");
    unsigned long long octets = 0;

    if (file) {
        if (fscanf(file, "rchar: %llu", &octets) != 1)
            octets = 0;
        fclose(file);
    }
    return (double)octets / 1e6;
}

static double resident_mb(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss * 1024 / 1e6;
}

/* Late records of one cold hour after another: the first one of an hour reads its filter. */
static void look_up_late(struct bench *bench)
{
    const uint64_t cold = deduplicate_cold_count(bench->set), step = cold / LATE ? cold / LATE : 1;
    const uint64_t octets = deduplicate_octets(bench->set);
    int64_t start_ns = sluice_clock_monotonic_ns();

    if (see(bench, 0, LATE, step) != 0)
        must(SLUICE_ERR_DAMAGED, "a duplicate is taken for new");
    const double first_ns = seconds_since(start_ns) * 1e9 / LATE;
    start_ns = sluice_clock_monotonic_ns();
    if (see(bench, step / 2, LATE - 1, step) != 0)
        must(SLUICE_ERR_DAMAGED, "a duplicate is taken for new");
    printf(",\"late_duplicate_first_ns\":%.0f,\"late_duplicate_ns\":%.0f,\"filter_memory_bytes_per_fingerprint\":%.2f",
           first_ns, seconds_since(start_ns) * 1e9 / (LATE - 1),
           (double)(deduplicate_octets(bench->set) - octets) / (double)cold);

    /* The same hours under other names: all of them new. */
    bench->transport.ops->abort(bench->transport.self);
    start_ns = sluice_clock_monotonic_ns();
    uint64_t fresh = 0;
    for (uint64_t i = 0; i < LATE; i++) {
        const uint64_t name[2] = { i, 1 };
        uint8_t fingerprint[SLUICE_HASH_SIZE];

        if (deduplicate_prepare(bench->set, fingerprint, start_of(bench, i * step), (const uint8_t *)name, sizeof name))
            must(SLUICE_ERR_MEMORY, "preparing");
        fresh += deduplicate_insert(bench->set, start_of(bench, i * step), fingerprint) == DEDUPLICATE_FIRST;
    }
    if (fresh != LATE)
        must(SLUICE_ERR_DAMAGED, "a new record is taken for a duplicate");
    printf(",\"late_new_ns\":%.0f}\n", seconds_since(start_ns) * 1e9 / LATE);
    bench->transport.ops->abort(bench->transport.self);
}

static void restart(struct bench *bench)
{
    const double read_before = megabytes_read(), resident_before = resident_mb();
    const int64_t start_ns = sluice_clock_monotonic_ns();

    open_state(bench);
    const double opened_s = seconds_since(start_ns);
    printf(",\"restart_s\":%.3f,\"restart_mb_read\":%.1f,\"restart_rss_mb\":%.1f", opened_s,
           megabytes_read() - read_before, resident_mb() - resident_before);
    look_up_late(bench);
    close_state(bench);
}

/* A process of its own, so that memory is what a start takes. */
static void run_apart(struct bench *bench, void (*run)(struct bench *bench))
{
    int status;

    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        must(sluice_crypto_init(), "crypto");
        run(bench);
        fflush(stdout);
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status))
        exit(1);
}

int main(int argc, char *argv[])
{
    const uint64_t total = argc > 1 ? strtoull(argv[1], NULL, 10) : 100000000;
    struct bench bench = { .config = calloc(1, sizeof *bench.config), .per_hour = (total + HOURS - 1) / HOURS };
    uint8_t public_key[SLUICE_PUBLIC_KEY_SIZE], secret_key[SLUICE_SECRET_KEY_SIZE];

    must(sluice_crypto_init(), "crypto");
    strcpy(bench.config->state, "state");
    strcpy(bench.config->output, "out");
    if (mkdir("state", 0700) || mkdir("out", 0700))
        must(SLUICE_ERR_EXISTS, "an empty folder is needed");
    sluice_box_keypair(public_key, secret_key);
    must(sluice_keyring_create("state", public_key, 1), "keyring");
    run_apart(&bench, fill);
    run_apart(&bench, restart);
    free(bench.config);
    return 0;
}
