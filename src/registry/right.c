#include "registry/right.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json/json.h"
#include "registry/loading.h"
#include "registry/subject_file.h"
#include "sluice/clock.h"
#include "sluice/identity.h"

#define RIGHTS_MAX  ((size_t)1 << 26)
#define EVERY       UINT16_MAX

static const char *const action_words[RIGHT_ACTION_COUNT] = {
    [RIGHT_CONSENT] = "consent",   [RIGHT_WITHDRAW] = "withdraw", [RIGHT_OBJECT] = "object",
    [RIGHT_UNOBJECT] = "unobject", [RIGHT_RESTRICT] = "restrict", [RIGHT_LIFT] = "lift",
};

/* A line while it is read. */
struct reading {
    struct loading *loading;
    const struct json_line *line;
    const struct loading_tenant *tenant;
    struct right *right;
    const char *wrong;
    bool of_nobody;        /* a tenant or purpose that nothing is emitted for */
};

static bool refuse(struct reading *reading, const char *what)
{
    reading->wrong = what;
    return false;
}

/* Empty where there is none, or none that is text. */
static struct sluice_str text_of(const struct reading *reading, const char *name)
{
    const struct json_node *node = json_member(reading->line->nodes, 0, name);

    return node && node->kind == JSON_STRING ? node->text : (struct sluice_str){ "", 0 };
}

static bool names_are_known(const struct reading *reading)
{
    static const char *const known[] = { "tenant", "iccid", "imsi", "action", "purpose", "at", "evidence" };
    size_t found = 0, members = 0;

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        found += json_member(reading->line->nodes, 0, known[i]) != NULL;
    for (size_t at = 1; at < reading->line->count; at = reading->line->nodes[at].end)
        members++;
    return found == members;
}

static bool take_tenant(struct reading *reading)
{
    struct loading *loading = reading->loading;
    const size_t at = loading_tenant_find(loading, text_of(reading, "tenant"));

    reading->of_nobody = at == loading->tenant_count;
    if (reading->of_nobody)
        return refuse(reading, "tenant is not a configured one; name one of 'tenants' in the configuration");
    reading->tenant = &loading->tenants[at];
    reading->right->tenant = (uint8_t)at;
    return true;
}

static bool take_subject(struct reading *reading)
{
    const struct sluice_str iccid_text = text_of(reading, "iccid"), imsi_text = text_of(reading, "imsi");
    struct sluice_iccid iccid;
    struct sluice_imsi imsi;

    if (iccid_text.len > 0) {
        if (sluice_iccid_parse(&iccid, iccid_text) != SLUICE_REASON_NONE)
            return refuse(reading, "iccid has a wrong length, character or check digit; correct it");
        sluice_tag(reading->right->tag, reading->tenant->key, SLUICE_IDENTIFIER_ICCID, iccid.digits,
                   iccid.digit_count);
        return true;
    }
    if (imsi_text.len == 0 || sluice_imsi_parse(&imsi, imsi_text) != SLUICE_REASON_NONE)
        return refuse(reading, "an iccid or an imsi of 6 to 15 digits is needed, as text");
    sluice_tag(reading->right->tag, reading->tenant->key, SLUICE_IDENTIFIER_IMSI, imsi.digits,
               imsi.digit_count);
    reading->right->by_imsi = true;
    return true;
}

static bool take_action(struct reading *reading)
{
    const struct sluice_str text = text_of(reading, "action");
    uint8_t action = 0;

    while (action < RIGHT_ACTION_COUNT && !sluice_str_equal(text, sluice_str_from(action_words[action])))
        action++;
    if (action == RIGHT_ACTION_COUNT)
        return refuse(reading, "action is none of consent, withdraw, object, unobject, restrict, lift");
    reading->right->action = action;
    if (action == RIGHT_CONSENT && text_of(reading, "evidence").len == 0)
        return refuse(reading, "a consent needs 'evidence': say how it was given");
    return true;
}

static bool take_purpose(struct reading *reading, enum sluice_err *err)
{
    const struct sluice_str text = text_of(reading, "purpose");
    char name[SLUICE_NAME_MAX + 1] = "";
    uint8_t index;

    reading->right->purposes = EVERY;
    if (text.len == 0 && reading->right->action >= RIGHT_RESTRICT &&
        !json_member(reading->line->nodes, 0, "purpose"))
        return true;
    if (text.len == 0 || text.len > SLUICE_NAME_MAX)
        return refuse(reading, "'purpose' must name one of the tenant's purposes");
    memcpy(name, text.bytes, text.len);
    *err = sluice_vault_purpose_find(reading->loading->vault, reading->tenant->name, name, &index);
    if (*err == SLUICE_ERR_MISSING) {
        *err = SLUICE_OK;
        reading->of_nobody = true;
        return refuse(reading, "the tenant's policies have no such purpose; correct 'purpose'");
    }
    reading->right->purposes = (uint16_t)(*err ? 0 : 1u << index);
    return !*err;
}

static bool take_instant(struct reading *reading)
{
    int64_t at_us;
    int offset;
    bool given;

    if (sluice_time_parse(&at_us, &offset, &given, text_of(reading, "at")) != SLUICE_OK ||
        at_us < SLUICE_TIME_MIN_US || at_us >= SLUICE_TIME_MAX_US)
        return refuse(reading, "'at' is no instant from 1970 to 2100; write it as 2026-11-01T00:00:00Z");
    reading->right->at_s = (uint32_t)(at_us / SLUICE_SECOND_US);
    return true;
}

static bool take_line(struct reading *reading, enum sluice_err *err)
{
    if (reading->line->reason)
        return refuse(reading, "the line is no JSON object as it should be; correct it");
    if (!names_are_known(reading))
        return refuse(reading,
                      "a member is unknown; there are tenant, iccid, imsi, action, purpose, at, evidence");
    return take_tenant(reading) && take_subject(reading) && take_action(reading) &&
           take_purpose(reading, err) && take_instant(reading);
}

/* Whether going on without a refused line could let something through that it
 * closes: an objection, a restriction, a withdrawal, or nobody knows what. */
static bool may_close(const struct reading *reading)
{
    const struct sluice_str action = reading->line->reason ? SLUICE_STR("") : text_of(reading, "action");

    return !reading->of_nobody && !sluice_str_equal(action, SLUICE_STR("consent")) &&
           !sluice_str_equal(action, SLUICE_STR("unobject")) && !sluice_str_equal(action, SLUICE_STR("lift"));
}

static enum sluice_err add(struct rights *rights, const struct right *right)
{
    if (rights->count == RIGHTS_MAX)
        return SLUICE_ERR_LIMIT;
    if (rights->count == rights->capacity) {
        const size_t capacity = rights->capacity ? 2 * rights->capacity : 1024;
        struct right *list = realloc(rights->list, capacity * sizeof *list);

        if (!list)
            return SLUICE_ERR_MEMORY;
        rights->list = list;
        rights->capacity = capacity;
    }
    rights->list[rights->count++] = *right;
    return SLUICE_OK;
}

static void fault(struct loading *loading, uint64_t line, const char *text)
{
    sluice_findings_add(loading->notes.findings, SLUICE_FINDING_ERROR, "right", loading->config->registry,
                        (unsigned)line, 1, "%s", text);
}

static enum sluice_err take_right(struct loading *loading, const struct json_line *line, bool *closes)
{
    struct right right = { .line = (uint32_t)line->number };
    struct reading reading = { .loading = loading, .line = line, .right = &right };
    enum sluice_err err = SLUICE_OK;

    loading->report->rights++;
    if (take_line(&reading, &err))
        return add(&loading->rights, &right);
    if (err)
        return err;
    loading->report->rights_refused++;
    note(&loading->notes, NOTE_BAD_RIGHT, loading->config->registry, line->number, "%s", reading.wrong);
    if (may_close(&reading) && !*closes)
        fault(loading, line->number, "a line that may object, restrict or withdraw is not readable, so "
                                     "nothing of the registry is taken; correct it");
    *closes |= may_close(&reading);
    return SLUICE_OK;
}

/* {"end":true,"lines":N} */
static bool is_end(const struct json_line *line)
{
    const struct json_node *end = line->reason ? NULL : json_member(line->nodes, 0, "end");

    return end && end->kind == JSON_BOOLEAN && sluice_str_equal(end->text, SLUICE_STR("true"));
}

static bool counts(const struct json_line *end, uint64_t lines)
{
    const struct json_node *node = json_member(end->nodes, 0, "lines");
    char text[24];
    const int len = snprintf(text, sizeof text, "%llu", (unsigned long long)lines);

    return end->count == 3 && node && node->kind == JSON_NUMBER &&
           sluice_str_equal(node->text, (struct sluice_str){ text, (size_t)len });
}

/* A file that was cut short would lift what its missing lines closed. */
static enum sluice_err check_end(struct loading *loading, bool ended, uint64_t line)
{
    if (ended)
        return SLUICE_OK;
    fault(loading, line, "the registry does not end with {\"end\":true,\"lines\":N}, N being the lines before, so "
                         "lines may be missing and nothing of it is taken; write it whole");
    return SLUICE_ERR_FORMAT;
}

static enum sluice_err take_each(struct loading *loading, struct json_lines *lines)
{
    struct json_line line = { .number = 0 };
    enum sluice_err err = SLUICE_OK;
    bool closes = false, ended = false;

    while (!err && json_lines_next(lines, &line, &err) > 0) {
        if (is_end(&line) && !ended && counts(&line, loading->report->rights)) {
            ended = true;
            continue;
        }
        if (ended || is_end(&line))
            return check_end(loading, false, line.number);
        err = take_right(loading, &line, &closes);
    }
    if (!err)
        err = check_end(loading, ended, line.number);
    return !err && closes ? SLUICE_ERR_FORMAT : err;
}

/* IMSIs first, by tag, so that rows of the CSV find them. */
static int compare_unresolved(const void *a, const void *b)
{
    const struct right *x = a, *y = b;

    if (x->by_imsi != y->by_imsi)
        return x->by_imsi ? -1 : 1;
    return memcmp(x->tag, y->tag, SLUICE_TAG_SIZE);
}

enum sluice_err rights_read(struct loading *loading)
{
    struct json_lines *lines;

    if (!loading->config->registry[0])
        return SLUICE_OK;
    enum sluice_err err = json_lines_open(&lines, loading->config->registry);
    if (err) {
        sluice_findings_add(loading->notes.findings, SLUICE_FINDING_ERROR, "registry",
                            loading->config->registry, 0, 0,
                            "%s; put the registry there or take 'registry' out", sluice_err_text(err));
        return err;
    }
    err = take_each(loading, lines);
    json_lines_close(lines);
    if (!err && loading->rights.count > 0)
        qsort(loading->rights.list, loading->rights.count, sizeof(struct right), compare_unresolved);
    return err;
}

void rights_deinit(struct rights *rights)
{
    free(rights->list);
    *rights = (struct rights){ .list = NULL };
}

/* The first line that names this IMSI, among those named by IMSI. */
static size_t first_by_imsi(const struct rights *rights, const uint8_t *tag)
{
    size_t from = 0, to = rights->count;

    while (from < to) {
        const size_t middle = from + (to - from) / 2;
        const struct right *right = &rights->list[middle];

        if (right->by_imsi && memcmp(right->tag, tag, SLUICE_TAG_SIZE) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

/* Resolving must not disturb the order that it searches by: the subject's tag
 * takes the place of the IMSI's only when all rows were seen. */
void rights_resolve(struct rights *rights, const struct subject_row *row)
{
    if (row->named_by_imsi || row->link_count == 0 || rights->count == 0 || !rights->list[0].by_imsi)
        return;
    for (size_t i = first_by_imsi(rights, row->links[0]); i < rights->count; i++) {
        struct right *right = &rights->list[i];

        if (!right->by_imsi || memcmp(right->tag, row->links[0], SLUICE_TAG_SIZE) != 0)
            break;
        if (right->resolved || right->at_s < row->from_s || right->at_s >= row->to_s)
            continue;
        right->resolved = true;
        memcpy(right->subject_tag, row->tag, SLUICE_TAG_SIZE);
    }
}

static int compare_tag_line(const void *a, const void *b)
{
    const struct right *x = a, *y = b;
    const int order = memcmp(x->tag, y->tag, SLUICE_TAG_SIZE);

    return order ? order : (x->line > y->line) - (x->line < y->line);
}

void rights_sort(struct rights *rights)
{
    for (size_t i = 0; i < rights->count; i++)
        if (rights->list[i].resolved)
            memcpy(rights->list[i].tag, rights->list[i].subject_tag, SLUICE_TAG_SIZE);
    if (rights->count > 0)
        qsort(rights->list, rights->count, sizeof(struct right), compare_tag_line);
}

static void set(uint16_t *bits, uint16_t purposes, bool on)
{
    *bits = (uint16_t)(on ? *bits | purposes : *bits & ~purposes);
}

static void apply(struct right_bits *bits, const struct right *right)
{
    switch ((enum right_action)right->action) {
    case RIGHT_CONSENT:  set(&bits->consented, right->purposes, true); break;
    case RIGHT_WITHDRAW: set(&bits->consented, right->purposes, false); break;
    case RIGHT_OBJECT:   set(&bits->objected, right->purposes, true); break;
    case RIGHT_UNOBJECT: set(&bits->objected, right->purposes, false); break;
    case RIGHT_RESTRICT: set(&bits->restricted, right->purposes, true); break;
    case RIGHT_LIFT:     set(&bits->restricted, right->purposes, false); break;
    case RIGHT_ACTION_COUNT: break;
    }
}

struct right_bits rights_of(const struct right rights[], size_t count, uint32_t gap_s, uint32_t from_s,
                            uint32_t to_s, bool registered)
{
    struct right_bits bits = { 0 };

    for (size_t i = 0; i < count; i++) {
        const struct right *right = &rights[i];
        /* A consent of nobody in particular is none. */
        const uint32_t since_s = right->action == RIGHT_CONSENT ? from_s : gap_s;

        if (right->at_s >= since_s && right->at_s < to_s && (registered || !right->held))
            apply(&bits, right);
    }
    return bits;
}

void rights_hold(struct right rights[], size_t count, uint32_t from_s, uint32_t to_s)
{
    for (size_t i = 0; i < count; i++)
        rights[i].held |= rights[i].at_s >= from_s && rights[i].at_s < to_s;
}
