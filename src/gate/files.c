#include "gate/files.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sluice/file_name.h"

#define NAME_MAX_BYTES 320

void files_init(struct files *files)
{
    *files = (struct files){ .last_number = UINT32_MAX };
    names_init(&files->names, sizeof(struct file_sums));
}

void files_deinit(struct files *files)
{
    names_deinit(&files->names);
    free(files->saved);
}

static struct file_sums *sums_of(const struct files *files, uint32_t number)
{
    return (struct file_sums *)(void *)names_beside(&files->names, number);
}

static bool save(struct files *files, uint32_t number)
{
    if (files->saved_count == files->saved_capacity) {
        const size_t capacity = files->saved_capacity ? files->saved_capacity * 2 : 16;
        struct saved_file *larger = realloc(files->saved, capacity * sizeof *larger);

        if (!larger)
            return false;
        files->saved = larger;
        files->saved_capacity = capacity;
    }
    files->saved[files->saved_count++] = (struct saved_file){ number, *sums_of(files, number) };
    sums_of(files, number)->touched = true;
    return true;
}

static bool is_last(const struct files *files, uint32_t input, struct sluice_str file)
{
    return files->last_number != UINT32_MAX && files->last_input == input && file.len < sizeof files->last_file &&
           memcmp(files->last_file, file.bytes, file.len) == 0 && files->last_file[file.len] == '\0';
}

static uint32_t number_of(struct files *files, uint32_t input, struct sluice_str input_name, struct sluice_str file)
{
    char name[NAME_MAX_BYTES];
    const size_t file_len = file.len < sizeof files->last_file ? file.len : sizeof files->last_file - 1;

    if (is_last(files, input, file))
        return files->last_number;
    memcpy(name, input_name.bytes, input_name.len);
    name[input_name.len] = '/';
    memcpy(name + input_name.len + 1, file.bytes, file_len);
    files->last_number = names_number(&files->names, (struct sluice_str){ name, input_name.len + 1 + file_len });
    files->last_input = input;
    memcpy(files->last_file, file.bytes, file_len);
    files->last_file[file_len] = '\0';
    return files->last_number;
}

struct file_sums *files_sums(struct files *files, uint32_t input, struct sluice_str input_name,
                             struct sluice_str file)
{
    const uint32_t number = number_of(files, input, input_name, file);

    if (number == UINT32_MAX)
        return NULL;
    if (!sums_of(files, number)->touched && !save(files, number))
        return NULL;
    return sums_of(files, number);
}

static bool is_empty(const struct file_sums *sums)
{
    static const struct file_sums none;

    return memcmp(&sums->in, &none.in, sizeof none.in) == 0 &&
           memcmp(sums->dispositions, none.dispositions, sizeof none.dispositions) == 0;
}

static void add_sums(struct file_sums *sums, const struct file_sums *more)
{
    tally_add(&sums->in, more->in, 1);
    for (enum sluice_disposition d = SLUICE_UNDECIDED; d < SLUICE_DISPOSITION_COUNT; d++)
        tally_add(&sums->dispositions[d], more->dispositions[d], 1);
}

/* The older half into one account. What was added to it is empty from the next
 * commit on, and goes then. */
static void sum_up(struct files *files)
{
    const uint32_t earlier = names_number(&files->names, SLUICE_STR(FILES_EARLIER));

    if (earlier == UINT32_MAX || !save(files, earlier))
        return;
    files->summing_up = true;
    for (uint32_t i = 1; i < FILES_MAX / 2; i++) {
        struct file_sums *sums = sums_of(files, i);

        /* Without memory the rest waits for another time. */
        if (i == earlier || is_empty(sums) || !save(files, i))
            continue;
        add_sums(sums_of(files, earlier), sums);
        *sums = (struct file_sums){ .touched = true };
    }
}

/* Numbers change: nobody may hold one. */
static void drop_empty(struct files *files)
{
    struct names left;

    names_init(&left, sizeof(struct file_sums));
    for (uint32_t i = 1; i < files->names.count; i++) {
        if (is_empty(sums_of(files, i)))
            continue;
        const uint32_t number = names_number(&left, names_text(&files->names, i));
        if (number == UINT32_MAX) {
            names_deinit(&left);
            return;
        }
        memcpy(names_beside(&left, number), sums_of(files, i), sizeof(struct file_sums));
    }
    names_deinit(&files->names);
    files->names = left;
    files->last_number = UINT32_MAX;
}

static bool is_balanced(const struct file_sums *sums)
{
    struct tally_sum sum = { 0, 0, 0, 0 };

    for (enum sluice_disposition d = SLUICE_ROUTED; d < SLUICE_DISPOSITION_COUNT; d++)
        tally_add(&sum, sums->dispositions[d], 1);
    return memcmp(&sum, &sums->in, sizeof sum) == 0;
}

bool files_balanced(const struct files *files)
{
    for (uint32_t i = 1; i < files->names.count; i++)
        if (!is_balanced(sums_of(files, i)))
            return false;
    return true;
}

size_t files_count(const struct files *files)
{
    size_t count = 0;

    for (uint32_t i = 1; i < files->names.count; i++)
        count += !is_empty(sums_of(files, i));
    return count;
}

/* With its number here behind it where stars made it like others. */
static void show_name(struct sluice_buffer *out, struct sluice_str name, uint32_t number)
{
    char shown[SLUICE_SHOWN_SIZE], text[SLUICE_SHOWN_SIZE + 16];

    if (sluice_file_shown(shown, name))
        snprintf(text, sizeof text, "%s~%" PRIu32, shown, number);
    else
        snprintf(text, sizeof text, "%s", shown);
    sluice_buffer_printf(out, "%-40s", text);
}

void files_report(const struct files *files, struct sluice_buffer *out)
{
    sluice_buffer_printf(out, "%-40s %12s %18s", "file", "records", "octets");
    for (enum sluice_disposition d = SLUICE_ROUTED; d < SLUICE_DISPOSITION_COUNT; d++)
        sluice_buffer_printf(out, " %11s", sluice_disposition_word(d));
    sluice_buffer_append_text(out, "\n");
    for (uint32_t i = 1; i < files->names.count; i++) {
        const struct file_sums *sums = sums_of(files, i);

        if (is_empty(sums))
            continue;
        show_name(out, names_text(&files->names, i), i);
        sluice_buffer_printf(out, " %12" PRId64 " %18" PRId64, sums->in.records, sums->in.octets);
        for (enum sluice_disposition d = SLUICE_ROUTED; d < SLUICE_DISPOSITION_COUNT; d++)
            sluice_buffer_printf(out, " %11" PRId64, sums->dispositions[d].records);
        sluice_buffer_append_text(out, is_balanced(sums) ? "\n" : "  NOT BALANCED\n");
    }
}

/* --- the table: for each file the length of its name, the name, its sums */

static void write_file(const struct files *files, uint32_t number, struct sluice_buffer *out)
{
    const struct sluice_str name = names_text(&files->names, number);
    const struct file_sums *sums = sums_of(files, number);

    sluice_buffer_append_u32(out, (uint32_t)name.len);
    sluice_buffer_append_str(out, name);
    sluice_buffer_append(out, &sums->in, sizeof sums->in);
    sluice_buffer_append(out, sums->dispositions, sizeof sums->dispositions);
}

static void changes(void *self, struct sluice_buffer *out)
{
    struct files *files = self;

    if (files->names.count > FILES_MAX && !files->summing_up)
        sum_up(files);
    for (size_t i = 0; i < files->saved_count; i++)
        write_file(files, files->saved[i].number, out);
}

static void committed(void *self)
{
    struct files *files = self;

    for (size_t i = 0; i < files->saved_count; i++)
        sums_of(files, files->saved[i].number)->touched = false;
    files->saved_count = 0;
    if (files->summing_up)
        drop_empty(files);
    files->summing_up = false;
}

static void undo(void *self)
{
    struct files *files = self;

    for (size_t i = 0; i < files->saved_count; i++)
        *sums_of(files, files->saved[i].number) = files->saved[i].sums;
    files->saved_count = 0;
    files->summing_up = false;
}

static enum sluice_err apply(void *self, const uint8_t *bytes, size_t len)
{
    struct files *files = self;
    struct sluice_cursor cursor = { bytes, bytes + len, false };

    while (cursor.at < cursor.end) {
        const uint32_t name_len = sluice_cursor_u32(&cursor);
        const uint8_t *name = sluice_cursor_bytes(&cursor, name_len);
        const uint8_t *in = sluice_cursor_bytes(&cursor, sizeof(struct tally_sum));
        const uint8_t *dispositions = sluice_cursor_bytes(&cursor, SLUICE_DISPOSITION_COUNT * sizeof(struct tally_sum));

        if (cursor.failed || name_len == 0 || name_len >= NAME_MAX_BYTES || memchr(name, 0, name_len))
            return SLUICE_ERR_DAMAGED;
        const uint32_t number = names_number(&files->names, (struct sluice_str){ (const char *)name, name_len });
        if (number == UINT32_MAX)
            return SLUICE_ERR_MEMORY;
        memcpy(&sums_of(files, number)->in, in, sizeof(struct tally_sum));
        memcpy(sums_of(files, number)->dispositions, dispositions, sizeof sums_of(files, number)->dispositions);
    }
    return SLUICE_OK;
}

/* Chunk numbers are those of the file that comes next. */
static enum sluice_err snapshot(void *self, uint64_t *chunk, struct sluice_buffer *out, bool *more)
{
    const struct files *files = self;
    uint32_t number = *chunk ? (uint32_t)*chunk : 1;

    for (; number < files->names.count && out->len < SLUICE_STATE_CHUNK_SIZE; number++)
        if (!is_empty(sums_of(files, number)))
            write_file(files, number, out);
    *chunk = number;
    *more = number < files->names.count;
    return sluice_buffer_err(out);
}

static enum sluice_err restore(void *self, uint64_t chunk, const uint8_t *bytes, size_t len)
{
    struct files *files = self;

    if (chunk == 0) {
        names_deinit(&files->names);
        files->last_number = UINT32_MAX;
    }
    return apply(self, bytes, len);
}

struct sluice_state_table files_table(struct files *files)
{
    return (struct sluice_state_table){
        .id = 4, .name = "files", .self = files, .changes = changes, .committed = committed,
        .undo = undo, .apply = apply, .snapshot = snapshot, .restore = restore,
    };
}
