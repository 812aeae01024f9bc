/* Keys of epochs in which no row can live any more. The last row that an epoch
 * can ever get starts at its end and arrives at the end of the deduplication
 * window, as what is older is dropped; its deadline is the epoch's. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keep/keep_internal.h"
#include "local/io.h"
#include "local/walk.h"
#include "sluice/clock.h"

#define ERASURES_MAX 24   /* at once: as many as one receipt can name */

struct epoch {
    char tenant[SLUICE_NAME_MAX + 1];
    char purpose[SLUICE_NAME_MAX + 1];
    uint8_t purpose_index;
    uint32_t number;
};

struct epochs {
    const struct sluice_keep *keep;
    struct epoch *list;
    size_t count, capacity;
    enum sluice_err err;
};

/* --- which are due */

/* The epoch's deadline under every version; false where no version knows the purpose. */
static bool deadline_of(const struct sluice_keep *keep, const char *tenant, const char *purpose, uint32_t epoch,
                        int64_t *deadline_s)
{
    bool known = false;

    *deadline_s = 0;
    for (size_t i = 0; i < keep->purpose_count; i++) {
        const struct sluice_purpose *declared = keep->purposes[i].purpose;

        if (strcmp(keep->purposes[i].tenant, tenant) != 0 || strcmp(declared->name, purpose) != 0)
            continue;
        const int64_t last_us = sluice_purpose_epoch_end_us(declared, epoch) - 1;
        const int64_t due_s = sluice_purpose_deadline_s(
            declared, last_us, last_us + keep->config->deduplication_window_s * SLUICE_SECOND_US);
        if (due_s > *deadline_s)
            *deadline_s = due_s;
        known = true;
    }
    return known;
}

struct living {
    int64_t now_s;
    bool any;
};

static enum sluice_err note_bucket(void *self, const struct bucket_file *bucket)
{
    struct living *living = self;

    living->any |= bucket->deadline_s > living->now_s;
    return SLUICE_OK;
}

/* A purpose that no policy declares any more gets no rows: what it has tells how long it lives. */
static bool has_rows(const struct sluice_keep *keep, const char *tenant, const char *purpose)
{
    struct living living = { keep->now_us / SLUICE_SECOND_US, false };
    int output_fd;

    if (io_open_at(&output_fd, AT_FDCWD, keep->config->output, O_RDONLY | O_DIRECTORY, 0))
        return true;
    const enum sluice_err err = walk_buckets(output_fd, tenant, purpose, note_bucket, &living);
    close(output_fd);
    return err || living.any;
}

static bool is_due(const struct sluice_keep *keep, const char *tenant, const char *purpose, uint32_t epoch)
{
    int64_t deadline_s;

    if (deadline_of(keep, tenant, purpose, epoch, &deadline_s))
        return deadline_s <= keep->now_us / SLUICE_SECOND_US;
    return !has_rows(keep, tenant, purpose);
}

static void visit_epoch(void *self, const char *tenant, uint8_t purpose_index, const char *purpose, uint32_t number)
{
    struct epochs *epochs = self;

    if (epochs->err || !is_due(epochs->keep, tenant, purpose, number))
        return;
    if (epochs->count == epochs->capacity) {
        const size_t larger = epochs->capacity ? epochs->capacity * 2 : 32;
        struct epoch *list = realloc(epochs->list, larger * sizeof *list);

        if (!list) {
            epochs->err = SLUICE_ERR_MEMORY;
            return;
        }
        epochs->list = list;
        epochs->capacity = larger;
    }
    struct epoch *added = &epochs->list[epochs->count++];
    *added = (struct epoch){ .purpose_index = purpose_index, .number = number };
    snprintf(added->tenant, sizeof added->tenant, "%s", tenant);
    snprintf(added->purpose, sizeof added->purpose, "%s", purpose);
}

/* --- destroying */

static void tell(struct sluice_buffer *text, const struct epoch epochs[], size_t count)
{
    sluice_buffer_append_text(text, "\"epochs\":[");
    for (size_t i = 0; i < count; i++)
        sluice_buffer_printf(text, "%s{\"tenant\":\"%s\",\"purpose\":\"%s\",\"epoch\":%u}", i ? "," : "",
                             epochs[i].tenant, epochs[i].purpose, epochs[i].number);
    sluice_buffer_append_text(text, "]");
}

static enum sluice_err destroy(const struct sluice_keep *keep, const struct epoch epochs[], size_t count)
{
    struct sluice_vault_erasure erasures[ERASURES_MAX] = { { .what = SLUICE_ERASE_EPOCH } };
    struct sluice_buffer text;

    for (size_t i = 0; i < count; i++)
        erasures[i] = (struct sluice_vault_erasure){ .what = SLUICE_ERASE_EPOCH,
                                                     .tenant = epochs[i].tenant,
                                                     .purpose_index = epochs[i].purpose_index,
                                                     .epoch = epochs[i].number };
    sluice_buffer_init(&text, SLUICE_PATH_SIZE);
    tell(&text, epochs, count);
    const struct sluice_str told = { (const char *)text.bytes, text.len };
    enum sluice_err err = sluice_buffer_err(&text);
    if (!err)
        err = receipt_write(keep, RECEIPT_DESTROYING, told);
    if (!err)
        err = sluice_vault_erase(keep->vault, erasures, count);
    if (!err)
        err = receipt_write(keep, RECEIPT_DESTROYED, told);
    sluice_buffer_deinit(&text);
    return err;
}

/* Those that a crash left to be destroyed are destroyed, or due again, by now. */
static enum sluice_err resume(const struct sluice_keep *keep, struct sluice_buffer *unfinished)
{
    if (unfinished->len == 0)
        return SLUICE_OK;
    return receipt_write(keep, RECEIPT_DESTROYED,
                         (struct sluice_str){ (const char *)unfinished->bytes, unfinished->len });
}

enum sluice_err keep_epochs(struct sluice_keep_report *report, const struct sluice_keep *keep)
{
    struct epochs epochs = { .keep = keep };
    struct sluice_buffer unfinished;

    if (!keep->vault)
        return SLUICE_OK;
    sluice_buffer_init(&unfinished, SLUICE_PATH_SIZE);
    enum sluice_err err = receipt_unfinished(keep, RECEIPT_DESTROYING, &unfinished);
    if (!err)
        err = sluice_vault_epochs(keep->vault, visit_epoch, &epochs);
    if (!err)
        err = epochs.err;
    for (size_t i = 0; !err && i < epochs.count; i += ERASURES_MAX) {
        const size_t count = epochs.count - i < ERASURES_MAX ? epochs.count - i : ERASURES_MAX;

        if (keep->transport)
            err = destroy(keep, epochs.list + i, count);
        report->epochs += err ? 0 : count;
    }
    if (!err && keep->transport)
        err = resume(keep, &unfinished);
    free(epochs.list);
    sluice_buffer_deinit(&unfinished);
    return err;
}
