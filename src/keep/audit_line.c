#include "keep/audit_line.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "sluice/clock.h"

/* Where the last two members stand, counted from the end of the line. */
#define HEX_SIZE      ((size_t)2 * SLUICE_DIGEST_SIZE)
#define HASH_TAIL     (sizeof ",\"hash\":\"\"}" - 1 + HEX_SIZE)
#define PREVIOUS_TAIL (sizeof ",\"previous\":\"\"" - 1 + HEX_SIZE)

static_assert(SLUICE_AUDIT_MEMBERS_MAX + HASH_TAIL + PREVIOUS_TAIL + 128 < SLUICE_AUDIT_LINE_MAX,
              "the longest members fit a line");

static void hex_write(char *text, const uint8_t bytes[static SLUICE_DIGEST_SIZE])
{
    for (size_t i = 0; i < SLUICE_DIGEST_SIZE; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool hex_read(uint8_t bytes[static SLUICE_DIGEST_SIZE], const char *text)
{
    for (size_t i = 0; i < SLUICE_DIGEST_SIZE; i++) {
        const int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        bytes[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}

/* Step over a literal. */
static bool take(struct sluice_str *text, const char *literal)
{
    const size_t len = strlen(literal);

    if (text->len < len || memcmp(text->bytes, literal, len) != 0)
        return false;
    text->bytes += len;
    text->len -= len;
    return true;
}

static bool take_u64(struct sluice_str *text, uint64_t *value)
{
    size_t digits = 0;

    for (*value = 0; text->len > 0 && *text->bytes >= '0' && *text->bytes <= '9' && digits < 19; digits++) {
        *value = *value * 10 + (uint64_t)(*text->bytes - '0');
        text->bytes++;
        text->len--;
    }
    return digits > 0;
}

static bool take_time(struct sluice_str *text, int64_t *time_us)
{
    const char *end = text->len ? memchr(text->bytes, '"', text->len) : NULL;
    bool zone_given;
    int offset;

    if (!end)
        return false;
    const struct sluice_str time = { text->bytes, (size_t)(end - text->bytes) };
    text->bytes += time.len;
    text->len -= time.len;
    return sluice_time_parse(time_us, &offset, &zone_given, time) == SLUICE_OK;
}

/* A digest member of fixed length. */
static bool take_digest(uint8_t digest[static SLUICE_DIGEST_SIZE], struct sluice_str text, const char *open,
                        const char *close)
{
    if (!take(&text, open) || text.len < HEX_SIZE || !hex_read(digest, text.bytes))
        return false;
    text.bytes += HEX_SIZE;
    text.len -= HEX_SIZE;
    return take(&text, close) && text.len == 0;
}

bool audit_line_parse(struct audit_line *line, struct sluice_str text)
{
    struct sluice_str rest = text;

    *line = (struct audit_line){ 0 };
    if (text.len > SLUICE_AUDIT_LINE_MAX || text.len < HASH_TAIL + PREVIOUS_TAIL)
        return false;
    if (!take(&rest, "{\"sequence\":") || !take_u64(&rest, &line->sequence) || line->sequence == 0 ||
        !take(&rest, ",\"at\":\"") || !take_time(&rest, &line->at_us) || !take(&rest, "\","))
        return false;
    if (rest.len < HASH_TAIL + PREVIOUS_TAIL)
        return false;
    if (take(&rest, "\"what\":\"audit_cut\",\"through\":") && !take_u64(&rest, &line->cut_through))
        return false;

    const struct sluice_str hash = { text.bytes + text.len - HASH_TAIL, HASH_TAIL };
    const struct sluice_str previous = { hash.bytes - PREVIOUS_TAIL, PREVIOUS_TAIL };
    return take_digest(line->hash, hash, ",\"hash\":\"", "\"}") &&
           take_digest(line->previous, previous, ",\"previous\":\"", "\"");
}

bool audit_line_hash_holds(const struct audit_line *line, struct sluice_str text)
{
    uint8_t digest[SLUICE_DIGEST_SIZE];

    sluice_digest(digest, text.bytes, text.len - HASH_TAIL);
    return memcmp(digest, line->hash, sizeof digest) == 0;
}

size_t audit_line_write(char text[static SLUICE_AUDIT_LINE_MAX + 1], const struct audit_line *last,
                        int64_t now_us, struct sluice_str members)
{
    const size_t size = SLUICE_AUDIT_LINE_MAX + 1;
    uint8_t digest[SLUICE_DIGEST_SIZE];
    char at[SLUICE_TIME_TEXT_SIZE], previous[HEX_SIZE + 1], hash[HEX_SIZE + 1];

    sluice_time_format(at, now_us);
    hex_write(previous, last->hash);
    size_t len = (size_t)snprintf(text, size, "{\"sequence\":%llu,\"at\":\"%s\",%.*s,\"previous\":\"%s\"",
                                  (unsigned long long)last->sequence + 1, at, (int)members.len, members.bytes,
                                  previous);
    sluice_digest(digest, text, len);
    hex_write(hash, digest);
    len += (size_t)snprintf(text + len, size - len, ",\"hash\":\"%s\"}\n", hash);
    assert(len <= SLUICE_AUDIT_LINE_MAX);
    return len;
}
