#include <stdio.h>
#include <string.h>

#include "keep/audit.h"
#include "keep/keep_internal.h"

enum sluice_err receipt_write(const struct sluice_keep *keep, const char *what, struct sluice_str text)
{
    struct sluice_buffer members;

    sluice_buffer_init(&members, SLUICE_AUDIT_MEMBERS_MAX);
    sluice_buffer_printf(&members, "\"what\":\"%s\",", what);
    sluice_buffer_append_str(&members, text);
    enum sluice_err err = sluice_buffer_err(&members);
    if (!err)
        err = sluice_audit_append(keep->config->state, SLUICE_AUDIT_RECEIPTS, keep->now_us,
                                  (struct sluice_str){ (const char *)members.bytes, members.len });
    sluice_buffer_deinit(&members);
    return err;
}

static const char *find(struct sluice_str text, const char *what)
{
    return memmem(text.bytes, text.len, what, strlen(what));
}

enum sluice_err receipt_unfinished(const struct sluice_keep *keep, const char *doing, struct sluice_buffer *text)
{
    char line[SLUICE_AUDIT_LINE_MAX], start[64];
    size_t len;

    sluice_buffer_clear(text);
    const enum sluice_err err = sluice_audit_last(line, &len, keep->config->state, SLUICE_AUDIT_RECEIPTS);
    if (err)
        return err;
    snprintf(start, sizeof start, ",\"what\":\"%s\",", doing);
    const struct sluice_str whole = { line, len };
    const char *from = find(whole, start), *to = find(whole, ",\"previous\":\"");
    if (from && to && from < to) {
        from += strlen(start);
        sluice_buffer_append(text, from, (size_t)(to - from));
    }
    return sluice_buffer_err(text);
}

bool receipt_member(char *value, size_t size, struct sluice_str text, const char *name)
{
    char start[64];
    size_t len = 0;

    snprintf(start, sizeof start, "\"%s\":", name);
    const char *at = find(text, start);
    if (!at)
        return false;
    at += strlen(start);
    at += *at == '"';
    const char *end = text.bytes + text.len;
    while (at + len < end && !strchr("\",}]", at[len]))
        len++;
    if (len + 1 > size)
        return false;
    memcpy(value, at, len);
    value[len] = '\0';
    return true;
}
