#include "local/frame.h"

#include <assert.h>
#include <string.h>

static const uint8_t magic[8] = { 0xf7, 's', 'l', 'u', 'i', 'c', 'e', 0x01 };

static void put(uint8_t *at, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t get(const uint8_t *at, size_t size)
{
    uint64_t value = 0;

    for (size_t i = 0; i < size; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

void frame_begin(struct sluice_buffer *out)
{
    assert(out->len == 0);
    sluice_buffer_reserve(out, FRAME_HEAD_SIZE);
}

enum sluice_err frame_end(struct sluice_buffer *out, enum frame_type type, uint64_t sequence,
                          uint64_t transaction, const uint8_t key[static SLUICE_KEY_SIZE])
{
    const size_t len = out->len - FRAME_HEAD_SIZE;

    if (!out->failed && len > FRAME_PAYLOAD_MAX)
        return SLUICE_ERR_LIMIT;
    sluice_buffer_reserve(out, SLUICE_MAC_SIZE);
    if (sluice_buffer_err(out))
        return SLUICE_ERR_MEMORY;

    uint8_t *head = out->bytes, *payload = head + FRAME_HEAD_SIZE, *nonce = payload - SLUICE_NONCE_SIZE;
    memcpy(head, magic, sizeof magic);
    put(head + 8, type, 4);
    put(head + 12, len, 4);
    put(head + 16, sequence, 8);
    put(head + 24, transaction, 8);
    sluice_random(nonce, SLUICE_NONCE_SIZE);
    sluice_seal(payload, payload, len, head, FRAME_HEAD_SIZE, nonce, key);
    return SLUICE_OK;
}

bool frame_head_read(struct frame_head *head, const uint8_t bytes[static FRAME_HEAD_SIZE])
{
    *head = (struct frame_head){ .type = (uint32_t)get(bytes + 8, 4),
                                 .len = (uint32_t)get(bytes + 12, 4),
                                 .sequence = get(bytes + 16, 8),
                                 .transaction = get(bytes + 24, 8) };
    return memcmp(bytes, magic, sizeof magic) == 0 && head->type >= FRAME_SEGMENT && head->type <= FRAME_MEANWHILE &&
           head->len <= FRAME_PAYLOAD_MAX;
}

enum sluice_err frame_open(uint8_t *bytes, const struct frame_head *head, const uint8_t key[static SLUICE_KEY_SIZE])
{
    uint8_t *payload = bytes + FRAME_HEAD_SIZE;

    return sluice_unseal(payload, payload, (size_t)head->len + SLUICE_MAC_SIZE, bytes, FRAME_HEAD_SIZE,
                         payload - SLUICE_NONCE_SIZE, key);
}

size_t frame_find(const uint8_t *bytes, size_t len)
{
    const uint8_t *at = memmem(bytes, len, magic, sizeof magic);

    return at ? (size_t)(at - bytes) : len;
}
