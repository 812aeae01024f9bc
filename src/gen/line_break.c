#include "gen/line_break.h"

#include <assert.h>
#include <string.h>

#include "gen/text.h"

#define LARGE_OCTETS (70 * 1024)
#define DEEP_LEVELS  200

/* The member to change, and what its name or its value becomes (NULL: stays). */
static const struct edit {
    enum plant plant;
    const char *name;
    const char *new_name;
    const char *new_value;
} edits[] = {
    { PLANT_NOT_UTF8,        "session_id",      NULL,        "\"caf\xe9\"" },
    { PLANT_IMSI_NUMBER,     "imsi",            NULL,        "1010123456789" },
    { PLANT_SIM_TEXT,        "sim",             NULL,        "\"none\"" },
    { PLANT_NO_START,        "start_timestamp", "started",   NULL },
    { PLANT_NO_TRAFFIC_TYPE, "traffic_type",    "kind",      NULL },
    { PLANT_IMSI_LETTERS,    "imsi",            NULL,        "\"00101A34567\"" },
    { PLANT_MSISDN_LETTERS,  "msisdn",          NULL,        "\"99912x4567\"" },
    { PLANT_MCC_LETTERS,     "mcc",             NULL,        "\"0x1\"" },
    { PLANT_MNC_LONG,        "mnc",             NULL,        "\"0123\"" },
    { PLANT_ADDRESS,         "ip_address",      NULL,        "\"198.18.0.256\"" },
    { PLANT_TIME_FORMAT,     "start_timestamp", NULL,        "\"yesterday\"" },
    { PLANT_TIME_RANGE,      "start_timestamp", NULL,        "\"2026-02-30T10:00:00Z\"" },
    { PLANT_VOLUME_NEGATIVE, "rx",              NULL,        "-0.5" },
    { PLANT_VOLUME_PART,     "rx",              NULL,        "0.0000005" },
    { PLANT_COST_TEXT,       "cost",            NULL,        "\"free\"" },
    { PLANT_SERVICE,         "traffic_type",    NULL,        "{\"id\":77,\"description\":\"Smell\"}" },
    { PLANT_LONG_TEXT,       "session_id",      NULL,
      "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\"" },
};

/* One past the end of the value that starts at value: strings hold no escapes here. */
static char *value_end(char *value)
{
    int depth = 0;

    if (*value == '"')
        return strchr(value + 1, '"') + 1;
    for (;; value++) {
        if (*value == '{' || *value == '[')
            depth++;
        if ((*value == '}' || *value == ']' || *value == ',') && depth == 0)
            return value;
        if ((*value == '}' || *value == ']') && --depth == 0)
            return value + 1;
    }
}

/* The name of a member: its first letter, behind the quote. */
static char *find_member(char *line, const char *name)
{
    const size_t len = strlen(name);

    for (char *at = strchr(line, '"'); at; at = strchr(at + 1, '"'))
        if (strncmp(at + 1, name, len) == 0 && at[1 + len] == '"' && at[2 + len] == ':')
            return at + 1;
    assert(false && "malformed lines have every member that is broken in one");
    return NULL;
}

static size_t replace(char *line, size_t len, char *from, const char *to, const char *with)
{
    const size_t with_len = strlen(with);

    memmove(from + with_len, to, (size_t)(line + len + 1 - to));
    memcpy(from, with, with_len);
    return len - (size_t)(to - from) + with_len;
}

static size_t apply(char *line, size_t len, const struct edit *edit)
{
    char *name = find_member(line, edit->name);

    if (edit->new_name)
        return replace(line, len, name, name + strlen(edit->name), edit->new_name);
    char *value = name + strlen(edit->name) + 2;
    return replace(line, len, value, value_end(value), edit->new_value);
}

/* Another last digit, and not 0, which stands for "not computed" in an IMEI. */
static void spoil_check_digit(char *line, const char *name)
{
    char *last = value_end(find_member(line, name) + strlen(name) + 2) - 2;

    *last = (char)('1' + (*last - '0' + 1) % 9);
}

/* Put a member before the closing brace. */
static size_t append_run(char *line, size_t len, const char *name, char open, char close, size_t count)
{
    struct text text = { line + len - 1 };

    text_word(&text, name);
    memset(text.at, open, count);
    text.at += count;
    if (close) {
        memset(text.at, close, count);
        text.at += count;
    } else {
        text_char(&text, '"');
    }
    text_char(&text, '}');
    return (size_t)(text.at - line);
}

size_t line_break(char *line, size_t len, const struct traffic_record *record)
{
    line[len] = '\0';
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++)
        if (edits[i].plant == record->plant)
            return apply(line, len, &edits[i]);

    switch (record->plant) {
    case PLANT_CUT_OFF:
        return len / 2 + (size_t)(record->throw % 20);
    case PLANT_NO_JSON:
        return replace(line, len, line, line + len, "<html>502 Bad Gateway</html>");
    case PLANT_TOO_LARGE:
        return append_run(line, len, ",\"padding\":\"", 'x', 0, LARGE_OCTETS);
    case PLANT_TOO_DEEP:
        return append_run(line, len, ",\"nest\":", '[', ']', DEEP_LEVELS);
    case PLANT_FIELD_TWICE:
        return replace(line, len, line + len - 1, line + len, ",\"imsi\":\"001010000000000\"}");
    case PLANT_ICCID_CHECK:
        spoil_check_digit(line, "iccid");
        return len;
    case PLANT_IMEI_CHECK:
        spoil_check_digit(line, "imei");
        return len;
    case PLANT_SECRET_BROKEN:
        spoil_check_digit(line, "iccid");
        return replace(line, len, line + len - 1, line + len, ",\"password\":\"open sesame\"}");
    default:   /* what is wrong with it was written as it is */
        return len;
    }
}
