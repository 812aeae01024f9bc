#include "feed/position.h"

#include <stdlib.h>
#include <string.h>

#include "json/json.h"

#define INDEX_MIN     64
#define FORGOTTEN_MAX 1024

void positions_init(struct positions *positions)
{
    *positions = (struct positions){ 0 };
}

void positions_clear(struct positions *positions)
{
    for (size_t i = 0; i < positions->count; i++)
        free(positions->files[i].name);
    positions->count = 0;
    positions->forgotten = 0;
    positions->change_count = 0;
    if (positions->index)
        memset(positions->index, 0, positions->index_size * sizeof *positions->index);
}

void positions_deinit(struct positions *positions)
{
    positions_clear(positions);
    free(positions->files);
    free(positions->index);
    free(positions->changes);
    positions_init(positions);
}

/* --- places by name */

size_t positions_find(const struct positions *positions, struct sluice_str name)
{
    const size_t mask = positions->index_size - 1;

    if (positions->index_size == 0)
        return POSITION_NONE;
    for (size_t at = json_name_hash(name) & mask; positions->index[at]; at = (at + 1) & mask) {
        const size_t place = positions->index[at] - 1;

        if (sluice_str_equal(sluice_str_from(positions->files[place].name), name))
            return place;
    }
    return POSITION_NONE;
}

static void index_place(struct positions *positions, size_t place)
{
    const size_t mask = positions->index_size - 1;
    size_t at = json_name_hash(sluice_str_from(positions->files[place].name)) & mask;

    while (positions->index[at])
        at = (at + 1) & mask;
    positions->index[at] = (uint32_t)place + 1;
}

/* At most half full. */
static enum sluice_err grow_index(struct positions *positions)
{
    const size_t size = positions->index_size ? positions->index_size * 2 : INDEX_MIN;
    uint32_t *index;

    if ((positions->count + 1) * 2 <= positions->index_size)
        return SLUICE_OK;
    index = calloc(size, sizeof *index);
    if (!index)
        return SLUICE_ERR_MEMORY;
    free(positions->index);
    positions->index = index;
    positions->index_size = size;
    for (size_t i = 0; i < positions->count; i++)
        index_place(positions, i);
    return SLUICE_OK;
}

static enum sluice_err grow_files(struct positions *positions)
{
    const size_t capacity = positions->capacity ? positions->capacity * 2 : 16;

    if (positions->count < positions->capacity)
        return SLUICE_OK;
    struct position_file *files = realloc(positions->files, capacity * sizeof *files);
    if (!files)
        return SLUICE_ERR_MEMORY;
    positions->files = files;
    positions->capacity = capacity;
    return SLUICE_OK;
}

/* A place for a name that has none. */
static enum sluice_err new_place(struct positions *positions, size_t *place, struct sluice_str name)
{
    enum sluice_err err = grow_files(positions);
    char *copy;

    if (!err)
        err = grow_index(positions);
    if (err)
        return err;
    copy = malloc(name.len + 1);
    if (!copy)
        return SLUICE_ERR_MEMORY;
    memcpy(copy, name.bytes, name.len);
    copy[name.len] = '\0';
    *place = positions->count++;
    positions->files[*place] = (struct position_file){ .name = copy };
    positions->forgotten++;   /* until it exists */
    index_place(positions, *place);
    return SLUICE_OK;
}

static void set_exists(struct positions *positions, struct position_file *file, bool exists)
{
    if (file->exists != exists)
        positions->forgotten += exists ? (size_t)-1 : 1;
    file->exists = exists;
}

enum sluice_err positions_add(struct positions *positions, size_t *place, struct sluice_str name)
{
    enum sluice_err err = SLUICE_OK;

    *place = positions_find(positions, name);
    if (*place == POSITION_NONE)
        err = new_place(positions, place, name);
    if (err || positions->files[*place].exists)
        return err;
    err = positions_touch(positions, *place);
    if (!err) {
        positions->files[*place].now = (struct position){ 0 };
        set_exists(positions, &positions->files[*place], true);
    }
    return err;
}

enum sluice_err positions_touch(struct positions *positions, size_t place)
{
    if (positions->files[place].changed)
        return SLUICE_OK;
    if (positions->change_count == positions->change_capacity) {
        const size_t capacity = positions->change_capacity ? positions->change_capacity * 2 : 16;
        uint32_t *changes = realloc(positions->changes, capacity * sizeof *changes);

        if (!changes)
            return SLUICE_ERR_MEMORY;
        positions->changes = changes;
        positions->change_capacity = capacity;
    }
    positions->changes[positions->change_count++] = (uint32_t)place;
    positions->files[place].changed = true;
    return SLUICE_OK;
}

enum sluice_err positions_remove(struct positions *positions, size_t place)
{
    const enum sluice_err err = positions_touch(positions, place);

    if (!err)
        set_exists(positions, &positions->files[place], false);
    return err;
}

void positions_compact(struct positions *positions)
{
    size_t kept = 0;

    if (positions->change_count || positions->forgotten < FORGOTTEN_MAX ||
        positions->forgotten < positions->count / 2)
        return;
    for (size_t i = 0; i < positions->count; i++) {
        if (positions->files[i].exists)
            positions->files[kept++] = positions->files[i];
        else
            free(positions->files[i].name);
    }
    positions->count = kept;
    positions->forgotten = 0;
    memset(positions->index, 0, positions->index_size * sizeof *positions->index);
    for (size_t i = 0; i < kept; i++)
        index_place(positions, i);
}
