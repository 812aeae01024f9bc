/* The whole program, files to files with everything on, beside the JSON parser
 * alone over the same bytes and beside a plain copy of them.
 *
 * A fleet is made by `sluice gen`. Its traffic arrives in parts. The first one
 * meets an empty vault and mints every secret: a run of its own (cold). The
 * others arrive one by one in the folder that a second run watches; the first
 * of them fills its caches, each of the rest is a round (warm). In each round
 * the run, the parser and the copy work on the same part, one after the other. */
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench_json.h"
#include "gen/gen.h"
#include "sluice/clock.h"

#define FOLDER     "fleet"
#define ROUNDS_MAX 32
#define COPY_SIZE  ((size_t)1 << 20)
#define IDLE_NS    INT64_C(1500000000)

/* Input files of the fleet that arrive together. */
struct part {
    uint64_t first, count;
    uint64_t records;
    char *bytes;
    size_t len;
};

struct run {
    double seconds;
    double cpu_seconds;
};

static const char *sluice;   /* the program */

static void die(const char *what)
{
    fprintf(stderr, "bench_files: %s\n", what);
    exit(70);
}

static double seconds_since(int64_t start_ns)
{
    return (double)(sluice_clock_monotonic_ns() - start_ns) / 1e9;
}

/* --- the program as a process */

static double cpu_seconds(const struct rusage *usage)
{
    return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) +
           (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e6;
}

static pid_t start_sluice(char *arguments[])
{
    extern char **environ;
    posix_spawn_file_actions_t quiet;
    pid_t pid;

    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&quiet, STDERR_FILENO, "sluice.log", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (posix_spawn(&pid, sluice, &quiet, NULL, arguments, environ) != 0)
        die("sluice cannot be started");
    posix_spawn_file_actions_destroy(&quiet);
    return pid;
}

static pid_t start_run(void)
{
    return start_sluice((char *[]){ "sluice", "run", "-c", FOLDER "/sluice.yaml", NULL });
}

static struct run wait_for(pid_t pid, int64_t start_ns)
{
    struct rusage usage;
    int status;

    if (wait4(pid, &status, 0, &usage) < 0 || status != 0)
        die("sluice failed");
    return (struct run){ seconds_since(start_ns), cpu_seconds(&usage) };
}

/* What the process has used so far, in the kernel's ticks. */
static double ticks_of(pid_t pid)
{
    char path[64], text[1024] = "";
    unsigned long user = 0, system = 0;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    if (!file || !fgets(text, sizeof text, file) ||
        sscanf(strrchr(text, ')'), ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
        die("the run ended before its time");
    fclose(file);
    return (double)(user + system);
}

/* A run that watches is through with what arrived when it needs no processor
 * any more; when it last did is known to a tick. */
static struct run wait_until_idle(pid_t pid, int64_t start_ns, double ticks_before)
{
    const struct timespec pause = { .tv_nsec = 2000000 };
    double ticks = ticks_before;
    int64_t busy_ns = start_ns;

    while (sluice_clock_monotonic_ns() - busy_ns < IDLE_NS) {
        const double now = ticks_of(pid);

        if (now > ticks) {
            ticks = now;
            busy_ns = sluice_clock_monotonic_ns();
        }
        nanosleep(&pause, NULL);
    }
    return (struct run){ (double)(busy_ns - start_ns) / 1e9, (ticks - ticks_before) / (double)sysconf(_SC_CLK_TCK) };
}

static void make_fleet(uint64_t sims, uint64_t records)
{
    char sims_text[24], records_text[24];

    snprintf(sims_text, sizeof sims_text, "%" PRIu64, sims);
    snprintf(records_text, sizeof records_text, "%" PRIu64, records);
    wait_for(start_sluice((char *[]){ "sluice", "gen", "--sims", sims_text, "--records", records_text, "--seed", "1",
                                      "--out", FOLDER, NULL }), 0);
}

static void watch(void)
{
    FILE *file = fopen(FOLDER "/sluice.yaml", "a");

    if (!file || fputs("watch: true\n", file) < 0 || fclose(file) != 0)
        die("the configuration cannot be changed");
}

/* --- parts of the traffic */

static const char *file_path(char path[static 128], const char *folder, uint64_t number)
{
    snprintf(path, 128, "%s/" GEN_INPUT_NAME, folder, (unsigned long long)number);
    return path;
}

/* Nothing has arrived yet. */
static void hold_back(uint64_t files)
{
    char from[128], to[128];

    mkdir("waiting", 0700);
    for (uint64_t i = 0; i < files; i++)
        if (rename(file_path(from, FOLDER "/input", i), file_path(to, "waiting", i)) < 0)
            die("the fleet has other input files than expected");
}

static void load(struct part *part, const char *path)
{
    struct stat status;
    const int fd = open(path, O_RDONLY);

    if (fd < 0 || fstat(fd, &status) < 0)
        die(path);
    part->bytes = realloc(part->bytes, part->len + (size_t)status.st_size);
    if (!part->bytes || read(fd, part->bytes + part->len, (size_t)status.st_size) != status.st_size)
        die(path);
    part->len += (size_t)status.st_size;
    close(fd);
}

/* The part lies in the page cache, and in bytes. */
static void load_part(struct part *part)
{
    char path[128];

    for (uint64_t i = part->first; i < part->first + part->count; i++)
        load(part, file_path(path, "waiting", i));
    for (size_t i = 0; i < part->len; i++)
        part->records += part->bytes[i] == '\n';
}

static void arrive(const struct part *part)
{
    char from[128], to[128];

    for (uint64_t i = part->first; i < part->first + part->count; i++)
        if (rename(file_path(from, "waiting", i), file_path(to, FOLDER "/input", i)) < 0)
            die(from);
}

/* What was read need not stay, so that many rounds fit on the disk. */
static void leave(struct part *part)
{
    char path[128];

    for (uint64_t i = part->first; i < part->first + part->count; i++)
        unlink(file_path(path, FOLDER "/input", i));
    free(part->bytes);
    part->bytes = NULL;
}

/* --- what stands beside it */

static void copy_file(const char *path, int out)
{
    static char buffer[COPY_SIZE];
    const int in = open(path, O_RDONLY);
    ssize_t got;

    if (in < 0)
        die(path);
    while ((got = read(in, buffer, sizeof buffer)) > 0)
        if (write(out, buffer, (size_t)got) != got)
            die("copy");
    close(in);
}

static double copy(const struct part *part)
{
    const int64_t start_ns = sluice_clock_monotonic_ns();
    const int out = open("copy", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    char path[128];

    for (uint64_t i = part->first; i < part->first + part->count; i++)
        copy_file(file_path(path, FOLDER "/input", i), out);
    if (fdatasync(out) < 0)
        die("copy");
    close(out);
    const double seconds = seconds_since(start_ns);
    unlink("copy");
    return seconds;
}

static double parse(const struct part *part)
{
    const int64_t start_ns = sluice_clock_monotonic_ns();

    if (bench_json(part->bytes, part->len) == 0)
        die("no line was JSON");
    return seconds_since(start_ns);
}

/* --- rounds */

static int by_value(const void *a, const void *b)
{
    return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

static double median(double values[], size_t count)
{
    qsort(values, count, sizeof *values, by_value);
    return values[count / 2];
}

static struct run run_cold(struct part *part)
{
    load_part(part);
    arrive(part);
    const int64_t start_ns = sluice_clock_monotonic_ns();
    const struct run run = wait_for(start_run(), start_ns);
    leave(part);
    return run;
}

static struct run run_warm(pid_t pid, struct part *part)
{
    load_part(part);
    const double ticks = ticks_of(pid);
    const int64_t start_ns = sluice_clock_monotonic_ns();
    arrive(part);
    return wait_until_idle(pid, start_ns, ticks);
}

static void measure(struct part *cold, struct part parts[], size_t rounds)
{
    static double records[ROUNDS_MAX], run_mb[ROUNDS_MAX], parser_mb[ROUNDS_MAX], copy_mb[ROUNDS_MAX],
        ratio[ROUNDS_MAX], cpu_us[ROUNDS_MAX];
    const struct run first = run_cold(cold);

    watch();
    int64_t start_ns = sluice_clock_monotonic_ns();
    const pid_t pid = start_run();
    const struct run start = wait_until_idle(pid, start_ns, 0);
    run_warm(pid, &parts[0]);
    leave(&parts[0]);
    for (size_t i = 0; i < rounds; i++) {
        struct part *part = &parts[i + 1];
        const struct run run = run_warm(pid, part);
        const double mb = (double)part->len / 1e6;

        records[i] = (double)part->records / run.seconds;
        cpu_us[i] = run.cpu_seconds * 1e6 / (double)part->records;
        run_mb[i] = mb / run.seconds;
        parser_mb[i] = mb / parse(part);
        copy_mb[i] = mb / copy(part);
        ratio[i] = run_mb[i] / parser_mb[i];
        leave(part);
    }
    kill(pid, SIGTERM);
    wait_for(pid, start_ns);
    printf("{\"records_per_s\":%.0f,\"mb_per_s\":%.1f,\"parser_mb_per_s\":%.1f,\"copy_mb_per_s\":%.1f"
           ",\"ratio_to_parser\":%.3f,\"cpu_us_per_record\":%.2f,\"cold_records_per_s\":%.0f"
           ",\"cold_cpu_us_per_record\":%.2f,\"start_s\":%.2f,\"records_per_round\":%" PRIu64
           ",\"bytes_per_record\":%.0f}\n",
           median(records, rounds), median(run_mb, rounds), median(parser_mb, rounds), median(copy_mb, rounds),
           median(ratio, rounds), median(cpu_us, rounds), (double)cold->records / first.seconds,
           first.cpu_seconds * 1e6 / (double)cold->records, start.seconds, parts[1].records,
           (double)parts[1].len / (double)parts[1].records);
}

static uint64_t files_for(uint64_t records)
{
    return (records + WORLD_FILE_RECORDS - 1) / WORLD_FILE_RECORDS;
}

int main(int argc, char *argv[])
{
    const uint64_t sims = argc > 2 ? strtoull(argv[2], NULL, 10) : 100000;
    const uint64_t round_files = files_for(argc > 3 ? strtoull(argv[3], NULL, 10) : 1000000);
    const size_t rounds = argc > 4 ? strtoul(argv[4], NULL, 10) : 5;
    static struct part parts[ROUNDS_MAX + 1];
    struct part cold = { .count = files_for(4 * sims) };   /* one SIM in fifty is still new after that */

    if (argc < 2 || argc > 5 || sims < 1 || round_files < 1 || rounds < 1 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "usage: bench_files PROGRAM [SIMS] [RECORDS] [ROUNDS]\n");
        return 64;
    }
    sluice = argv[1];
    for (size_t i = 0; i <= rounds; i++)
        parts[i] = (struct part){ .first = cold.count + i * round_files, .count = round_files };
    const uint64_t files = cold.count + (rounds + 1) * round_files;
    make_fleet(sims, files * WORLD_FILE_RECORDS);
    hold_back(files);
    measure(&cold, parts, rounds);
    return 0;
}
