/* The rows that the gate mints come in no order: put into their tables commit
 * by commit, each would write a page of its own, twenty times what is kept. So
 * they are appended as chunks, sealed as they are, and stay in memory; when
 * there are many they go into their tables in the order of keys, and the chunks
 * are dropped, in one transaction. Erasing merges first, so that all rows lie
 * under the page keys that it renews; what a freed page still holds of a chunk
 * is then as unreadable as the row.
 *
 *   key    number(8, big endian)
 *   value  number(8) rows: table(1) key_len(1) sealed_len(2) key sealed; hash(16), keyed, of all before
 *
 * A row of the table of names says which numbers there are: a chunk that is
 * missing, changed or from another time is damage. */
#include "vault/vault_internal.h"

#include <assert.h>
#include <string.h>

#include "sluice/buffer.h"

#define CHUNK_ROWS 1024u
#define CHUNK_MAX  (CHUNK_ROWS * (4 + VAULT_KEY_MAX + VAULT_SEALED_MAX) + 8 + SLUICE_HASH_SIZE)
#define SPAN_SIZE  16

bool vault_log_takes(const struct vault_staged *staged)
{
    return (staged->table == VAULT_SUBJECTS || staged->table == VAULT_USERS) && !staged->removed;
}

static struct vault_key key_of_number(uint64_t number)
{
    struct vault_key key = { .len = 8 };

    for (size_t i = 0; i < 8; i++)
        key.bytes[i] = (uint8_t)(number >> (56 - 8 * i));
    return key;
}

/* --- the row that says which chunks there are */

static struct vault_key span_key(const struct sluice_vault *vault)
{
    uint8_t tag[SLUICE_TAG_SIZE];

    sluice_hash(tag, "L", 1, vault->names_key);
    return vault_key_of_tag(tag);
}

enum sluice_err vault_log_stage_span(struct sluice_vault *vault, struct vault_log_span span)
{
    const struct vault_key key = span_key(vault);
    uint8_t plain[SPAN_SIZE];

    for (size_t i = 0; i < 8; i++) {
        plain[i] = (uint8_t)(span.first >> (8 * i));
        plain[8 + i] = (uint8_t)(span.next >> (8 * i));
    }
    return vault_stage_put(&vault->stage, vault->keys, VAULT_NAMES, &key, plain, sizeof plain);
}

static enum sluice_err read_span(struct sluice_vault *vault)
{
    const struct vault_key key = span_key(vault);
    uint8_t plain[VAULT_PLAIN_MAX];
    size_t plain_len;
    const enum sluice_err err = vault_get(vault, plain, &plain_len, VAULT_NAMES, &key);

    vault->log = (struct vault_log_span){ 0, 0 };
    if (err)
        return err == SLUICE_ERR_MISSING ? SLUICE_OK : err;
    struct sluice_cursor cursor = { .at = plain, .end = plain + plain_len };
    vault->log.first = sluice_cursor_u64(&cursor);
    vault->log.next = sluice_cursor_u64(&cursor);
    return cursor.failed || cursor.at != cursor.end || vault->log.first > vault->log.next ? SLUICE_ERR_DAMAGED
                                                                                          : SLUICE_OK;
}

/* --- writing */

struct vault_log_span vault_log_span_after(const struct sluice_vault *vault)
{
    struct vault_log_span span = vault->log;
    size_t rows = 0;

    for (size_t i = 0; i < vault->stage.count; i++)
        rows += vault_log_takes(vault->stage.list[i]);
    span.next += (rows + CHUNK_ROWS - 1) / CHUNK_ROWS;
    return span;
}

static void append_row(struct sluice_buffer *chunk, const struct vault_staged *staged)
{
    sluice_buffer_append_u8(chunk, staged->table);
    sluice_buffer_append_u8(chunk, staged->key.len);
    sluice_buffer_append_u8(chunk, (uint8_t)staged->sealed_len);
    sluice_buffer_append_u8(chunk, (uint8_t)(staged->sealed_len >> 8));
    sluice_buffer_append(chunk, staged->key.bytes, staged->key.len);
    sluice_buffer_append(chunk, staged->sealed, staged->sealed_len);
}

static enum sluice_err write_chunk(const struct sluice_vault *vault, MDB_txn *txn, struct sluice_buffer *chunk,
                                   uint64_t number)
{
    const struct vault_key key = key_of_number(number);
    uint8_t hash[SLUICE_HASH_SIZE];

    if (chunk->failed)
        return SLUICE_ERR_MEMORY;
    sluice_hash(hash, chunk->bytes, chunk->len, vault->log_key);
    sluice_buffer_append(chunk, hash, sizeof hash);
    if (chunk->failed)
        return SLUICE_ERR_MEMORY;
    MDB_val name = { key.len, (void *)(uintptr_t)key.bytes }, value = { chunk->len, chunk->bytes };
    return vault_env_err(mdb_put(txn, vault->env.tables[VAULT_LOG], &name, &value, MDB_APPEND));
}

enum sluice_err vault_log_append(const struct sluice_vault *vault, MDB_txn *txn)
{
    const struct vault_stage *stage = &vault->stage;
    uint64_t number = vault->log.next;
    struct sluice_buffer chunk;
    enum sluice_err err = SLUICE_OK;

    sluice_buffer_init(&chunk, CHUNK_MAX);
    for (size_t i = 0; !err && i < stage->count;) {
        const struct vault_key key = key_of_number(number);

        sluice_buffer_clear(&chunk);
        sluice_buffer_append(&chunk, key.bytes, key.len);
        for (size_t rows = 0; i < stage->count && rows < CHUNK_ROWS; i++)
            if (vault_log_takes(stage->list[i])) {
                append_row(&chunk, stage->list[i]);
                rows++;
            }
        if (chunk.len > key.len)
            err = write_chunk(vault, txn, &chunk, number++);
    }
    sluice_buffer_deinit(&chunk);
    return err;
}

enum sluice_err vault_log_absorb(struct sluice_vault *vault)
{
    enum sluice_err err = SLUICE_OK;

    for (size_t i = 0; !err && i < vault->stage.count; i++) {
        const struct vault_staged *staged = vault->stage.list[i];

        if (vault_log_takes(staged))
            err = vault_stage_put_sealed(&vault->pending, staged->table, &staged->key, staged->sealed,
                                         staged->sealed_len);
    }
    vault->pending_sorted = false;
    return err;
}

/* --- reading, at the start */

static enum sluice_err take_row(struct vault_stage *pending, struct sluice_cursor *cursor)
{
    const uint8_t table = sluice_cursor_u8(cursor);
    struct vault_key key = { .len = sluice_cursor_u8(cursor) };
    const unsigned low = sluice_cursor_u8(cursor);
    const size_t sealed_len = low | (unsigned)sluice_cursor_u8(cursor) << 8;

    if ((table != VAULT_SUBJECTS && table != VAULT_USERS) || key.len < SLUICE_TAG_SIZE ||
        key.len > VAULT_KEY_MAX || sealed_len > VAULT_SEALED_MAX)
        return SLUICE_ERR_DAMAGED;
    const uint8_t *bytes = sluice_cursor_bytes(cursor, key.len);
    const uint8_t *sealed = sluice_cursor_bytes(cursor, sealed_len);
    if (cursor->failed)
        return SLUICE_ERR_DAMAGED;
    memcpy(key.bytes, bytes, key.len);
    return vault_stage_put_sealed(pending, table, &key, sealed, sealed_len);
}

static enum sluice_err take_chunk(struct sluice_vault *vault, uint64_t number, MDB_val name, MDB_val value)
{
    const struct vault_key key = key_of_number(number);
    const uint8_t *bytes = value.mv_data;
    uint8_t hash[SLUICE_HASH_SIZE];
    enum sluice_err err = SLUICE_OK;

    if (name.mv_size != key.len || memcmp(name.mv_data, key.bytes, key.len) != 0 ||
        value.mv_size < key.len + sizeof hash || memcmp(bytes, key.bytes, key.len) != 0)
        return SLUICE_ERR_DAMAGED;
    const size_t len = value.mv_size - sizeof hash;
    sluice_hash(hash, bytes, len, vault->log_key);
    if (memcmp(hash, bytes + len, sizeof hash) != 0)
        return SLUICE_ERR_DAMAGED;
    struct sluice_cursor cursor = { .at = bytes + key.len, .end = bytes + len };
    while (!err && cursor.at < cursor.end)
        err = take_row(&vault->pending, &cursor);
    return err;
}

enum sluice_err vault_log_load(struct sluice_vault *vault)
{
    MDB_val name, value;
    enum sluice_err err = vault_env_read(&vault->env);

    if (!err)
        err = read_span(vault);
    if (err)
        return err;
    MDB_cursor *cursor = vault->env.reader.cursors[VAULT_LOG];
    enum sluice_err found = vault_env_err(mdb_cursor_get(cursor, &name, &value, MDB_FIRST));
    for (uint64_t number = vault->log.first; !err && number < vault->log.next; number++) {
        err = found == SLUICE_ERR_MISSING ? SLUICE_ERR_DAMAGED : found;
        if (!err)
            err = take_chunk(vault, number, name, value);
        if (!err)
            found = vault_env_err(mdb_cursor_get(cursor, &name, &value, MDB_NEXT));
    }
    if (!err && found != SLUICE_ERR_MISSING)
        err = found ? found : SLUICE_ERR_DAMAGED;
    return err;
}

/* --- in the order of keys */

const struct vault_staged *vault_log_next(struct sluice_vault *vault, enum vault_table table,
                                          const struct vault_key *key)
{
    const struct vault_stage *pending = &vault->pending;
    size_t from = 0, to = pending->count;

    if (!vault->pending_sorted)
        vault_stage_sort(&vault->pending);
    vault->pending_sorted = true;
    while (from < to) {
        const size_t middle = from + (to - from) / 2;
        const struct vault_staged *staged = pending->list[middle];

        if (staged->table < table ||
            (staged->table == table && vault_key_compare(&staged->key, key) <= 0))
            from = middle + 1;
        else
            to = middle;
    }
    return from < pending->count && pending->list[from]->table == table ? pending->list[from] : NULL;
}
