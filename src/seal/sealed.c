#include "seal/sealed.h"

#include <string.h>

#include "seal/proto.h"

struct sealed_parts {
    struct sealed_head head;
    struct sluice_str operator_key, worker_key, nonce, content;
};

static void take_part(struct sealed_parts *parts, const struct proto_field *field)
{
    switch (field->number) {
    case SEALED_STORE: parts->head.store = (uint32_t)field->value; break;
    case SEALED_EXPIRES_AT: parts->head.deadline_s = (int64_t)field->value; break;
    case SEALED_RECORD_COUNT: parts->head.record_count = (uint32_t)field->value; break;
    case SEALED_OPERATOR_KEY: parts->operator_key = field->bytes; break;
    case SEALED_WORKER_KEY: parts->worker_key = field->bytes; break;
    case SEALED_NONCE: parts->nonce = field->bytes; break;
    case SEALED_CONTENT: parts->content = field->bytes; break;
    default: break;
    }
}

static enum sluice_err take_apart(struct sealed_parts *parts, const uint8_t *bytes, size_t len)
{
    struct sluice_cursor message = { bytes, bytes + len, false };
    struct proto_field field;
    int more;

    *parts = (struct sealed_parts){ 0 };
    while ((more = proto_next(&message, &field)) > 0)
        take_part(parts, &field);
    if (more < 0 || parts->head.store < SLUICE_STORE_QUARANTINE || parts->head.store > SLUICE_STORE_SUSPENDED ||
        parts->nonce.len != SLUICE_NONCE_SIZE || parts->content.len < SLUICE_MAC_SIZE)
        return SLUICE_ERR_DAMAGED;
    return SLUICE_OK;
}

enum sluice_err sluice_sealed_peek(struct sluice_sealed_head *head, const uint8_t *bytes, size_t len)
{
    struct sealed_parts parts;

    const enum sluice_err err = take_apart(&parts, bytes, len);
    if (err)
        return err;
    *head = (struct sluice_sealed_head){ .store = (enum sluice_store)parts.head.store,
                                         .deadline_s = parts.head.deadline_s,
                                         .record_count = parts.head.record_count };
    return SLUICE_OK;
}

static enum sluice_err unseal_content(struct sluice_buffer *content, const struct sealed_parts *parts,
                                      const uint8_t key[static SLUICE_KEY_SIZE])
{
    uint8_t associated[SEALED_ASSOCIATED_SIZE];
    const size_t start = content->len;

    uint8_t *at = sluice_buffer_reserve(content, parts->content.len - SLUICE_MAC_SIZE);
    if (sluice_buffer_err(content))
        return SLUICE_ERR_MEMORY;
    sealed_associated(associated, &parts->head);
    const enum sluice_err err = sluice_unseal(at, (const uint8_t *)parts->content.bytes, parts->content.len,
                                              associated, sizeof associated,
                                              (const uint8_t *)parts->nonce.bytes, key);
    if (err)
        content->len = start;
    return err;
}

enum sluice_err sluice_sealed_open(struct sluice_buffer *content, enum sluice_store *store, int64_t *deadline_s,
                                   const uint8_t *bytes, size_t len,
                                   const uint8_t public_key[static SLUICE_PUBLIC_KEY_SIZE],
                                   const uint8_t secret_key[static SLUICE_SECRET_KEY_SIZE], bool worker)
{
    uint8_t key[SLUICE_KEY_SIZE];
    struct sealed_parts parts;

    enum sluice_err err = take_apart(&parts, bytes, len);
    if (err)
        return err;
    const struct sluice_str sealed_key = worker ? parts.worker_key : parts.operator_key;
    if (sealed_key.len != SLUICE_SEALED_KEY_SIZE ||
        sluice_box_open(key, (const uint8_t *)sealed_key.bytes, public_key, secret_key) != SLUICE_OK)
        return SLUICE_ERR_KEY;

    err = unseal_content(content, &parts, key);
    sluice_wipe(key, sizeof key);
    if (!err) {
        *store = (enum sluice_store)parts.head.store;
        *deadline_s = parts.head.deadline_s;
    }
    return err;
}

/* --- entries ----------------------------------------------------------- */

/* A fixed number of bytes; false where the entry has another. */
static bool take_tag(uint8_t out[static 16], bool *given, struct sluice_str bytes)
{
    *given = bytes.len == 16;
    if (*given)
        memcpy(out, bytes.bytes, 16);
    return *given;
}

static bool take_field(struct sluice_sealed_entry *entry, const struct proto_field *field)
{
    switch (field->number) {
    case SEALED_ENTRY_REASON: entry->reason = field->bytes; break;
    case SEALED_ENTRY_FORM: entry->form = (uint32_t)field->value; break;
    case SEALED_ENTRY_RAW: entry->raw = field->bytes; break;
    case SEALED_ENTRY_SOURCE_ID: entry->source_id = field->bytes; break;
    case SEALED_ENTRY_FILE: entry->file = field->bytes; break;
    case SEALED_ENTRY_POSITION: entry->position = field->value; break;
    case SEALED_ENTRY_LINE: entry->line = field->value; break;
    case SEALED_ENTRY_FIELD: entry->field = field->bytes; break;
    case SEALED_ENTRY_COLLECTED_AT: entry->collected_at_us = (int64_t)field->value; break;
    case SEALED_ENTRY_FINGERPRINT: return take_tag(entry->fingerprint, &entry->has_fingerprint, field->bytes);
    case SEALED_ENTRY_PURPOSES: entry->purposes = field->value; break;
    case SEALED_ENTRY_SUBJECT: return take_tag(entry->subject, &entry->has_subject, field->bytes);
    case SEALED_ENTRY_TENANT: entry->tenant = field->bytes; break;
    case SEALED_ENTRY_START: entry->start_us = (int64_t)field->value; break;
    default: break;
    }
    return true;
}

int sluice_sealed_next(struct sluice_cursor *content, struct sluice_sealed_entry *entry)
{
    struct proto_field field;
    int more;

    if (content->failed)
        return -1;
    if (content->at == content->end)
        return 0;
    const size_t len = proto_varint(content);
    const uint8_t *bytes = sluice_cursor_bytes(content, len);
    if (!bytes)
        return -1;

    struct sluice_cursor message = { bytes, bytes + len, false };
    *entry = (struct sluice_sealed_entry){ 0 };
    while ((more = proto_next(&message, &field)) > 0)
        if (!take_field(entry, &field))
            more = -1;
    if (more < 0 || entry->form >= SLUICE_FORM_COUNT) {
        content->failed = true;
        return -1;
    }
    return 1;
}

enum sluice_err sluice_sealed_open_parked(struct sluice_buffer *raw, const struct sluice_sealed_entry *entry,
                                          const uint8_t subject_key[static SLUICE_KEY_SIZE])
{
    const uint8_t *bytes = (const uint8_t *)entry->raw.bytes;
    const size_t start = raw->len;

    if (!entry->has_subject || entry->raw.len < SLUICE_NONCE_SIZE + SLUICE_MAC_SIZE)
        return SLUICE_ERR_DAMAGED;
    const size_t sealed_len = entry->raw.len - SLUICE_NONCE_SIZE;
    uint8_t *at = sluice_buffer_reserve(raw, sealed_len - SLUICE_MAC_SIZE);
    if (sluice_buffer_err(raw))
        return SLUICE_ERR_MEMORY;
    const enum sluice_err err = sluice_unseal(at, bytes + SLUICE_NONCE_SIZE, sealed_len, entry->subject,
                                              sizeof entry->subject, bytes, subject_key);
    if (err)
        raw->len = start;
    return err;
}
