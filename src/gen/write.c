/* The folder of a fleet, file by file. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "gen/file.h"
#include "gen/gen.h"
#include "gen/line_write.h"
#include "gen/policy_write.h"
#include "gen/registry_write.h"
#include "sluice/keyring.h"

static void tell(const struct gen_progress *progress, const char *what, uint64_t done, uint64_t total)
{
    if (progress)
        progress->tell(progress->self, what, done, total);
}

static void write_lines(const struct world *world, FILE *file, uint64_t from, uint64_t to, char *line,
                        struct totals *totals)
{
    for (uint64_t n = from; n < to; n++) {
        struct traffic_record record;
        struct truth truth;

        truth_of_line(world, n, &record, &truth);
        totals_add(totals, &record, &truth);
        const size_t len = line_write(line, world, &record);
        assert(len < LINE_SIZE_MAX);
        line[len] = '\n';
        fwrite(line, 1, len + 1, file);
    }
}

static void write_input(const struct world *world, struct file_place *place,
                        const struct gen_progress *progress, struct totals *totals)
{
    char *line = malloc(LINE_SIZE_MAX);

    if (!line)
        place->err = SLUICE_ERR_MEMORY;
    for (uint64_t from = 0; !place->err && from < world->records; from += WORLD_FILE_RECORDS) {
        const uint64_t to =
            from + WORLD_FILE_RECORDS < world->records ? from + WORLD_FILE_RECORDS : world->records;
        char name[64];

        snprintf(name, sizeof name, "input/" GEN_INPUT_NAME, (unsigned long long)world_file(world, from));
        FILE *file = file_create(place, name);
        if (file)
            write_lines(world, file, from, to, line, totals);
        file_close(place, file);
        tell(progress, "records", to, world->records);
    }
    free(line);
}

/* Fresh random keys: only they are not a function of the seed. */
static void write_keys(const struct world *world, struct file_place *place)
{
    char secret[FILE_PATH_SIZE + 32], public[FILE_PATH_SIZE + 32], state[FILE_PATH_SIZE + 32];
    uint8_t key[SLUICE_PUBLIC_KEY_SIZE];

    if (place->err)
        return;
    snprintf(secret, sizeof secret, "%s/keys/operator.key", place->folder);
    snprintf(public, sizeof public, "%s/keys/operator.pub", place->folder);
    snprintf(state, sizeof state, "%s/state", place->folder);
    snprintf(place->path, sizeof place->path, "%s/keys", place->folder);
    place->err = sluice_operator_key_create(secret, public);
    if (!place->err)
        place->err = sluice_operator_public_read(key, public);
    if (!place->err)
        place->err = sluice_keyring_create(state, key, world->clock_us);
}

static void write_truth(const struct world *world, struct file_place *place, const struct totals *totals)
{
    struct sluice_buffer out;

    sluice_buffer_init(&out, 1024 * 1024);
    totals_write(totals, world, &out);
    file_write(place, GEN_TRUTH_FILE, &out);
    sluice_buffer_deinit(&out);
}

/* What stays as it is over all rounds. */
static void write_fleet(const struct world *world, struct file_place *place)
{
    file_folder(place, "", 0750);
    file_folder(place, "input", 0750);
    file_folder(place, "policies", 0750);
    file_folder(place, "truth", 0700);
    file_folder(place, "keys", 0700);
    file_folder(place, "state", 0700);
    policy_write_config(world, place); /* first: a folder that has a fleet is refused here */
    policy_write_all(world, place);
    registry_write_subjects(world, place);
    registry_write_rights(world, place);
    registry_write_canaries(world, place);
    write_keys(world, place);
}

enum sluice_err gen_write(const struct world *world, const char *folder, const struct gen_progress *progress,
                          struct totals *totals, char path[static SLUICE_PATH_SIZE])
{
    struct file_place place = { .folder = folder };

    static_assert(FILE_PATH_SIZE == SLUICE_PATH_SIZE, "the path of a failure is handed on");
    memset(totals, 0, sizeof *totals);
    write_fleet(world, &place);
    write_input(world, &place, progress, totals);
    write_truth(world, &place, totals);
    memcpy(path, place.path, SLUICE_PATH_SIZE);
    return place.err;
}

enum sluice_err gen_next(struct world *world, const char *folder, const struct gen_progress *progress,
                         struct totals *totals, char path[static SLUICE_PATH_SIZE])
{
    struct file_place place = { .folder = folder, .replaces = true };

    memset(totals, 0, sizeof *totals);
    snprintf(path, SLUICE_PATH_SIZE, "%s/" GEN_TRUTH_FILE, folder);
    const enum sluice_err err = totals_read(world, path);
    if (err)
        return err;
    if (world->round == WORLD_ROUNDS_MAX)
        return SLUICE_ERR_LIMIT;
    world_set_round(world, world->round + 1);
    write_input(world, &place, progress, totals);
    policy_write_config(world, &place);
    write_truth(world, &place, totals);
    memcpy(path, place.path, SLUICE_PATH_SIZE);
    return place.err;
}
