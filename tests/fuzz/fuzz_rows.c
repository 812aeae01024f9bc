/* Rows of streams, subjects of the vault and keyrings, as their readers meet
 * them. The first byte says which. Whatever comes: no crash; a row that is read
 * is printed as JSON that can be read; and what is read can be written again. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "json/json.h"
#include "keyring/keyring_format.h"
#include "sluice/utf8.h"
#include "vault/vault_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void print(const struct sluice_buffer *text)
{
    static struct json_parser *parser;
    const struct sluice_str element = { (const char *)text->bytes, text->len };
    const struct json_node *nodes;
    size_t count;
    uint32_t fault;

    assert(sluice_utf8_valid(element) && !memchr(text->bytes, '\n', text->len));
    if (!parser)
        assert(json_parser_new(&parser) == SLUICE_OK);
    if (text->len > JSON_SIZE_MAX)
        return;
    char *scratch = malloc(text->len + 1);
    assert(scratch && json_parse(parser, &nodes, &count, &fault, scratch, element) == SLUICE_REASON_NONE);
    free(scratch);
}

static void read_purpose(const uint8_t *bytes, size_t len)
{
    struct sluice_buffer text;

    sluice_buffer_init(&text, 1 << 22);
    if (codec_purpose_json(&text, bytes, len) == SLUICE_OK)
        print(&text);
    sluice_buffer_deinit(&text);
}

static void read_raw(const uint8_t *bytes, size_t len)
{
    struct sluice_buffer text;

    sluice_buffer_init(&text, 1 << 22);
    if (codec_raw_json(&text, bytes, len) == SLUICE_OK)
        print(&text);
    sluice_buffer_deinit(&text);
}

static void read_subject(const uint8_t *bytes, size_t len)
{
    const struct vault_key key = { .bytes = { 1 } };
    uint8_t plain[VAULT_PLAIN_MAX];
    struct sluice_subject subject, again;

    if (vault_subject_decode(&subject, &key, bytes, len))
        return;
    assert(strnlen(subject.region, SLUICE_REGION_SIZE) < SLUICE_REGION_SIZE);
    assert(strnlen(subject.account, SLUICE_ACCOUNT_MAX + 1) <= SLUICE_ACCOUNT_MAX);
    const size_t plain_len = vault_subject_encode(plain, &subject);
    assert(plain_len <= VAULT_PLAIN_MAX);
    assert(vault_subject_decode(&again, &key, plain, plain_len) == SLUICE_OK);
    assert(again.link_count == subject.link_count && again.secret_count == subject.secret_count);
    assert(memcmp(again.secrets, subject.secrets, sizeof again.secrets) == 0);
}

/* The checksum is put right, as no mutation would hit it. */
static void read_keyring(const uint8_t *bytes, size_t len)
{
    uint8_t file[KEYRING_FILE_SIZE] = { 0 }, again[KEYRING_FILE_SIZE];
    struct sluice_keyring keyring = { .serial = 0 };

    memcpy(file, bytes, len < sizeof file ? len : sizeof file);
    sluice_digest(file + sizeof file - SLUICE_DIGEST_SIZE, file, sizeof file - SLUICE_DIGEST_SIZE);
    const enum sluice_err err = keyring_decode(&keyring, file, sizeof file);
    assert(err == SLUICE_OK || err == SLUICE_ERR_DAMAGED || err == SLUICE_ERR_KEY);
    if (err)
        return;
    keyring_encode(again, &keyring);
    assert(memcmp(again, file, sizeof file) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static void (*const read[])(const uint8_t *, size_t) = { read_purpose, read_raw, read_subject, read_keyring };

    assert(sluice_crypto_init() == SLUICE_OK);
    if (len == 0)
        return 0;
    /* Exactly as much memory as there are bytes: a byte too far is seen. */
    uint8_t *copy = malloc(len);
    assert(copy);
    memcpy(copy, bytes + 1, len - 1);
    read[bytes[0] % 4](copy, len - 1);
    free(copy);
    return 0;
}
