/* What lies behind the encryption of change log and snapshots: payloads as
 * each state table meets them. The first byte says which table, then each part
 * has a byte (a change, the first chunk of a snapshot, another one) and two of
 * length. Whatever comes: no crash; what was taken in has nothing left to log,
 * and its snapshot makes the same table again. */
#include <assert.h>
#include <stdlib.h>

#include "feed/position.h"
#include "deduplicate/deduplicate.h"
#include "gate/files.h"
#include "gate/tally.h"
#include "sluice/clock.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* A table and what it stands on. */
struct owner {
    struct positions positions;
    struct files files;
    struct tally_book *book;
    struct deduplicate *set;
    struct sluice_state_table table;
};

static void owner_init(struct owner *owner, unsigned kind)
{
    positions_init(&owner->positions);
    files_init(&owner->files);
    owner->book = kind == 2 ? calloc(1, sizeof *owner->book) : NULL;
    owner->set = kind == 1 ? deduplicate_new(30 * SLUICE_DAY_S) : NULL;
    assert((kind != 2 || owner->book) && (kind != 1 || owner->set));
    owner->table = kind == 0   ? positions_table(&owner->positions)
                   : kind == 1 ? deduplicate_table(owner->set)
                   : kind == 2 ? tally_table(owner->book)
                               : files_table(&owner->files);
}

static void owner_deinit(struct owner *owner)
{
    positions_deinit(&owner->positions);
    files_deinit(&owner->files);
    deduplicate_free(owner->set);
    free(owner->book);
}

/* A payload in memory of its own, so that a byte too far is seen. */
static enum sluice_err take_part(const struct sluice_state_table *table, struct sluice_cursor *cursor)
{
    const uint8_t head = sluice_cursor_u8(cursor);
    size_t len = sluice_cursor_u8(cursor);
    enum sluice_err err;

    len |= (size_t)sluice_cursor_u8(cursor) << 8;
    if (cursor->failed)
        return SLUICE_ERR_DAMAGED;
    if (len > (size_t)(cursor->end - cursor->at))
        len = (size_t)(cursor->end - cursor->at);
    uint8_t *copy = malloc(len + 1);
    assert(copy);
    memcpy(copy, sluice_cursor_bytes(cursor, len), len);
    err = head % 3 == 0 ? table->apply(table->self, copy, len) : table->restore(table->self, head % 3 - 1u, copy, len);
    free(copy);
    return err;
}

static void write_all(const struct sluice_state_table *from, struct sluice_buffer *out,
                      const struct sluice_state_table *to)
{
    uint64_t chunk = 0, number = 0;
    bool more = true;

    while (more) {
        const size_t before = out->len;

        assert(from->snapshot(from->self, &chunk, out, &more) == SLUICE_OK);
        if (to)
            assert(to->restore(to->self, number++, out->bytes + before, out->len - before) == SLUICE_OK);
    }
}

static void assert_comes_back(const struct sluice_state_table *table, unsigned kind)
{
    struct sluice_buffer once, twice;
    struct owner again;

    sluice_buffer_init(&once, 1 << 26);
    sluice_buffer_append_u8(&once, 0);   /* so that there are bytes */
    sluice_buffer_clear(&once);
    sluice_buffer_init(&twice, 1 << 26);
    table->changes(table->self, &once);
    assert(once.len == 0);
    owner_init(&again, kind);
    write_all(table, &once, &again.table);
    write_all(&again.table, &twice, NULL);
    assert(once.len == twice.len);
    owner_deinit(&again);
    sluice_buffer_deinit(&once);
    sluice_buffer_deinit(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct sluice_cursor cursor = { bytes, bytes + len, false };
    const unsigned kind = sluice_cursor_u8(&cursor) % 4u;
    enum sluice_err err = SLUICE_OK;
    struct owner owner;

    assert(sluice_crypto_init() == SLUICE_OK);
    owner_init(&owner, kind);
    while (!err && cursor.at < cursor.end)
        err = take_part(&owner.table, &cursor);
    assert(err == SLUICE_OK || err == SLUICE_ERR_DAMAGED || err == SLUICE_ERR_MEMORY);
    if (!err)
        assert_comes_back(&owner.table, kind);
    owner_deinit(&owner);
    return 0;
}
