#include "sluice/seal.h"

#include <assert.h>
#include <string.h>

#include "seal/proto.h"
#include "seal/sealed.h"
#include "sluice/policy.h"
#include "sluice/wire.h"

#define PARK_KEY_CONTEXT "sluice park key 1"

const char *sluice_store_name(enum sluice_store store)
{
    static const char *const names[] = { [SLUICE_STORE_QUARANTINE] = "quarantine",
                                         [SLUICE_STORE_PARK] = "park",
                                         [SLUICE_STORE_SUSPENDED] = "suspended" };

    assert(store >= SLUICE_STORE_QUARANTINE && store <= SLUICE_STORE_SUSPENDED);
    return names[store];
}

void sluice_sealer_init(struct sluice_sealer *sealer, size_t size_max)
{
    *sealer = (struct sluice_sealer){ .record_count = 0 };
    sluice_buffer_init(&sealer->content, size_max);
    sluice_buffer_init(&sealer->scratch, (size_t)4 * SLUICE_RECORD_SIZE_MAX);
}

static void empty(struct sluice_sealer *sealer)
{
    sluice_wipe(sealer->content.bytes, sealer->content.len);
    sluice_wipe(sealer->scratch.bytes, sealer->scratch.len);
    sluice_buffer_clear(&sealer->content);
    sluice_buffer_clear(&sealer->scratch);
    sealer->record_count = 0;
}

void sluice_sealer_deinit(struct sluice_sealer *sealer)
{
    empty(sealer);
    sluice_buffer_deinit(&sealer->content);
    sluice_buffer_deinit(&sealer->scratch);
}

void sluice_sealer_clear(struct sluice_sealer *sealer)
{
    empty(sealer);
}

/* The record's bytes as they are to be kept, in the scratch buffer unless they
 * stay as they arrived: what passed decoding is kept decoded, as its source's
 * format and settings may be others by the time it re-enters. */
static struct sluice_str kept_bytes(struct sluice_sealer *sealer, uint32_t *form, enum sluice_store store,
                                    const struct sluice_entry *entry)
{
    *form = entry->form;
    if (store == SLUICE_STORE_QUARANTINE && entry->raw.len > 0) {
        /* Sealing it as it arrived would be holding what must not be held: the caller drops it. */
        assert(!entry->holds_secret);
        return entry->raw;
    }
    /* The record has no field for a secret, so decoding left it behind. */
    *form = SLUICE_FORM_RAW;
    sluice_wire_write(&sealer->scratch, &entry->record);
    return (struct sluice_str){ (const char *)sealer->scratch.bytes, sealer->scratch.len };
}

/* nonce and sealed bytes, behind each other in the scratch buffer. */
static struct sluice_str seal_to_subject(struct sluice_sealer *sealer, struct sluice_str raw,
                                         const uint8_t *subject, const uint8_t *subject_key)
{
    const size_t at = sealer->scratch.len;
    uint8_t *out = sluice_buffer_reserve(&sealer->scratch, SLUICE_NONCE_SIZE + raw.len + SLUICE_MAC_SIZE);

    if (!out)
        return (struct sluice_str){ NULL, 0 };
    /* Reserving may have moved what raw points at. */
    sluice_random(out, SLUICE_NONCE_SIZE);
    sluice_seal(out + SLUICE_NONCE_SIZE, sealer->scratch.bytes, raw.len, subject, SLUICE_TAG_SIZE, out,
                subject_key);
    return (struct sluice_str){ (const char *)sealer->scratch.bytes + at, sealer->scratch.len - at };
}

static void append_text(struct sluice_buffer *out, uint32_t number, struct sluice_str text)
{
    if (text.len > 0)
        proto_append_bytes(out, number, text.bytes, text.len);
}

static void append_entry(struct sluice_buffer *out, const struct sluice_entry *entry, struct sluice_str raw,
                         uint32_t form, const char *field_name, const uint8_t *subject)
{
    const struct sluice_record *record = &entry->record;

    if (entry->reason != SLUICE_REASON_NONE)
        append_text(out, SEALED_ENTRY_REASON, sluice_str_from(sluice_reason_word(entry->reason)));
    proto_append_varint(out, SEALED_ENTRY_FORM, form);
    proto_append_bytes(out, SEALED_ENTRY_RAW, raw.bytes, raw.len);
    append_text(out, SEALED_ENTRY_SOURCE_ID, record->source_id);
    append_text(out, SEALED_ENTRY_FILE, entry->file);
    proto_append_varint(out, SEALED_ENTRY_POSITION, entry->position);
    proto_append_varint(out, SEALED_ENTRY_LINE, entry->line);
    if (field_name)
        append_text(out, SEALED_ENTRY_FIELD, sluice_str_from(field_name));
    proto_append_fixed64(out, SEALED_ENTRY_COLLECTED_AT, (uint64_t)record->collected_at_us);
    if (entry->passed_deduplication)
        proto_append_bytes(out, SEALED_ENTRY_FINGERPRINT, entry->fingerprint, sizeof entry->fingerprint);
    if (subject) {
        proto_append_fixed64(out, SEALED_ENTRY_PURPOSES, entry->purposes);
        proto_append_bytes(out, SEALED_ENTRY_SUBJECT, subject, SLUICE_TAG_SIZE);
        proto_append_fixed64(out, SEALED_ENTRY_START, (uint64_t)record->start_us);
    }
    append_text(out, SEALED_ENTRY_TENANT, record->tenant.len ? record->tenant : entry->tenant_hint);
}

/* The entry's length is known when it stands there: leave room for it and close the gap. */
static void append_behind_length(struct sluice_buffer *out, const struct sluice_entry *entry,
                                 struct sluice_str raw, uint32_t form, const char *field_name,
                                 const uint8_t *subject)
{
    enum { GAP = 10 };
    const size_t start = out->len;

    if (!sluice_buffer_reserve(out, GAP))
        return;
    append_entry(out, entry, raw, form, field_name, subject);
    if (out->failed)
        return;

    const size_t len = out->len - start - GAP;
    uint8_t *at = sluice_varint_write(out->bytes + start, len);
    memmove(at, out->bytes + start + GAP, len);
    out->len = (size_t)(at - out->bytes) + len;
}

void sluice_sealer_add(struct sluice_sealer *sealer, enum sluice_store store, const struct sluice_entry *entry,
                       const char *field_name, const uint8_t *subject, const uint8_t *subject_key)
{
    uint32_t form;

    assert((store == SLUICE_STORE_PARK) == (subject && subject_key));

    sluice_buffer_clear(&sealer->scratch);
    struct sluice_str raw = kept_bytes(sealer, &form, store, entry);
    if (store == SLUICE_STORE_PARK && !sealer->scratch.failed)
        raw = seal_to_subject(sealer, raw, subject, subject_key);
    if (sealer->scratch.failed)
        sealer->content.failed = true;
    append_behind_length(&sealer->content, entry, raw, form, field_name, subject);
    sealer->record_count++;
}

void sluice_sealer_add_opened(struct sluice_sealer *sealer, const uint8_t *bytes, size_t len)
{
    sluice_buffer_append(&sealer->content, bytes, len);
    sealer->record_count++;
}

/* Everything but the content's bytes and the frame. */
static void append_head(struct sluice_buffer *out, const struct sealed_head *head,
                        const uint8_t key[static SLUICE_KEY_SIZE], const struct sluice_keyring *keyring)
{
    uint8_t sealed_key[SLUICE_SEALED_KEY_SIZE];

    proto_append_varint(out, SEALED_STORE, head->store);
    proto_append_fixed64(out, SEALED_EXPIRES_AT, (uint64_t)head->deadline_s);
    proto_append_varint(out, SEALED_RECORD_COUNT, head->record_count);
    sluice_box_seal(sealed_key, key, keyring->operator_public);
    proto_append_bytes(out, SEALED_OPERATOR_KEY, sealed_key, sizeof sealed_key);
    /* Only a person opens quarantine: the worker cannot even when it is taken over. */
    if (head->store != SLUICE_STORE_QUARANTINE) {
        sluice_box_seal(sealed_key, key, keyring->worker_public);
        proto_append_bytes(out, SEALED_WORKER_KEY, sealed_key, sizeof sealed_key);
    }
}

static void append_content(struct sluice_buffer *out, const struct sealed_head *head,
                           const struct sluice_buffer *content, const uint8_t key[static SLUICE_KEY_SIZE])
{
    uint8_t nonce[SLUICE_NONCE_SIZE], associated[SEALED_ASSOCIATED_SIZE];

    sluice_random(nonce, sizeof nonce);
    sealed_associated(associated, head);
    proto_append_bytes(out, SEALED_NONCE, nonce, sizeof nonce);
    proto_append_head(out, SEALED_CONTENT, content->len + SLUICE_MAC_SIZE);
    uint8_t *at = sluice_buffer_reserve(out, content->len + SLUICE_MAC_SIZE);
    if (at)
        sluice_seal(at, content->bytes, content->len, associated, sizeof associated, nonce, key);
}

enum sluice_err sluice_sealer_finish(struct sluice_sealer *sealer, struct sluice_buffer *out,
                                     enum sluice_store store, int64_t deadline_s,
                                     const struct sluice_keyring *keyring)
{
    const struct sealed_head head = { store, deadline_s, sealer->record_count };
    uint8_t key[SLUICE_KEY_SIZE];

    if (sluice_buffer_err(&sealer->content))
        return SLUICE_ERR_MEMORY;
    if (sealer->record_count == 0)
        return SLUICE_OK;

    /* The scratch buffer takes the head, as the frame begins with the length of all. */
    sluice_random(key, sizeof key);
    sluice_buffer_clear(&sealer->scratch);
    append_head(&sealer->scratch, &head, key, keyring);
    const size_t content_len = sealer->content.len + SLUICE_MAC_SIZE;
    const size_t tail_len = 2 + SLUICE_NONCE_SIZE + 1 + proto_varint_size(content_len) + content_len;
    const size_t start = out->len;

    proto_append_head(out, BATCH_SEALED, sealer->scratch.len + tail_len);
    sluice_buffer_append(out, sealer->scratch.bytes, sealer->scratch.len);
    const size_t tail_start = out->len;
    append_content(out, &head, &sealer->content, key);
    sluice_wipe(key, sizeof key);
    if (sluice_buffer_err(&sealer->scratch) || sluice_buffer_err(out)) {
        out->len = start;
        return SLUICE_ERR_MEMORY;
    }
    assert(out->len - tail_start == tail_len);
    empty(sealer);
    return SLUICE_OK;
}

void sluice_park_key(uint8_t key[static SLUICE_KEY_SIZE], const uint8_t secrets[], size_t secrets_len)
{
    uint8_t input[sizeof PARK_KEY_CONTEXT + SLUICE_PURPOSES_MAX * SLUICE_SECRET_SIZE];

    assert(secrets_len > 0 && secrets_len <= SLUICE_PURPOSES_MAX * SLUICE_SECRET_SIZE);
    memcpy(input, PARK_KEY_CONTEXT, sizeof PARK_KEY_CONTEXT);
    memcpy(input + sizeof PARK_KEY_CONTEXT, secrets, secrets_len);
    sluice_digest(key, input, sizeof PARK_KEY_CONTEXT + secrets_len);
    sluice_wipe(input, sizeof input);
}
