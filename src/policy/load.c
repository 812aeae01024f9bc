/* From a file and its overlays to a policy, or to what is wrong with it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy_reader.h"
#include "sluice/clock.h"
#include "sluice/crypto.h"

#define ARENA_SIZE_MAX (64u * 1024 * 1024)

/* --- one version from its documents */

struct sluice_policy_words *policy_words_new(void)
{
    struct sluice_policy_words *words = calloc(1, sizeof *words);

    if (words)
        sluice_arena_init(&words->arena, ARENA_SIZE_MAX);
    return words;
}

void policy_words_free(struct sluice_policy_words *words)
{
    if (!words)
        return;
    for (size_t i = 0; i < words->document_count; i++)
        yaml_close(words->documents[i]);
    sluice_arena_deinit(&words->arena);
    free(words);
}

void sluice_policy_free(struct sluice_policy *policy)
{
    if (!policy)
        return;
    policy_words_free(policy->words);
    free(policy);
}

/* BLAKE2b over the file, or over the digests of the file and its overlays. */
static void name_version(struct sluice_policy *policy)
{
    const struct sluice_policy_words *words = policy->words;
    uint8_t digests[1 + POLICY_OVERLAYS_MAX][SLUICE_DIGEST_SIZE];
    uint8_t *digest = digests[0];

    for (size_t i = 0; i < words->document_count; i++) {
        const struct sluice_str bytes = yaml_bytes(words->documents[i]);

        sluice_digest(digests[i], bytes.bytes, bytes.len);
    }
    if (words->document_count > 1)
        sluice_digest(digest, digests, words->document_count * SLUICE_DIGEST_SIZE);
    memcpy(policy->version, digest, sizeof policy->version);
}

/* The base file's before those of overlays, then by place; stable. */
static bool comes_before(const struct sluice_finding *a, const struct sluice_finding *b, const char *base)
{
    const bool a_base = strcmp(a->file, base) == 0, b_base = strcmp(b->file, base) == 0;

    if (a_base != b_base)
        return a_base;
    if (strcmp(a->file, b->file) != 0)
        return strcmp(a->file, b->file) < 0;
    return a->line != b->line ? a->line < b->line : a->column < b->column;
}

static void sort_findings(struct sluice_findings *findings, size_t first, const char *base)
{
    for (size_t i = first + 1; i < findings->count; i++) {
        const struct sluice_finding moved = findings->list[i];
        size_t at = i;

        for (; at > first && comes_before(&moved, &findings->list[at - 1], base); at--)
            findings->list[at] = findings->list[at - 1];
        findings->list[at] = moved;
    }
}

enum sluice_err policy_build(struct sluice_policy **policy, struct sluice_findings *findings,
                             struct sluice_policy_words *words, int64_t now_us)
{
    struct policy_reader reader = { findings, findings->count, calloc(1, sizeof **policy), words, now_us };
    const size_t errors_before = findings->errors;
    enum sluice_err err = SLUICE_ERR_MEMORY;

    *policy = NULL;
    if (!reader.policy) {
        policy_words_free(words);
        return err;
    }
    reader.policy->words = words;
    err = policy_merge(words);
    if (!err) {
        policy_read_document(&reader, words->root);
        policy_check_version(&reader);
        policy_check_recipients(&reader);
        policy_check_purposes(&reader);
        policy_check_eprivacy(&reader);
        policy_check_joins(&reader);
        name_version(reader.policy);
        err = findings->errors > errors_before ? SLUICE_ERR_POLICY : SLUICE_OK;
    }
    if (err)
        sluice_policy_free(reader.policy);
    else
        *policy = reader.policy;
    return err;
}

/* --- the files of a policy */

struct files {
    struct sluice_findings *findings;
    struct yaml_document *base;
    size_t overlay_count;
    struct policy_overlay overlays[POLICY_OVERLAYS_MAX]; /* by rising rank */
};

static void files_close(struct files *files)
{
    yaml_close(files->base);
    for (size_t i = 0; i < files->overlay_count; i++)
        yaml_close(files->overlays[i].document);
}

/* An overlay's path is relative to the policy that names it. */
static enum sluice_err open_overlay(struct files *files, struct policy_overlay *overlay,
                                    const char *base_path, const char *name)
{
    const char *slash = strrchr(base_path, '/');
    const int folder_len = name[0] == '/' || !slash ? 0 : (int)(slash - base_path) + 1;
    char path[4096];

    *overlay = (struct policy_overlay){ 0 };
    if (snprintf(path, sizeof path, "%.*s%s", folder_len, base_path, name) >= (int)sizeof path)
        return SLUICE_ERR_LIMIT;
    return yaml_open(&overlay->document, files->findings, path);
}

static void insert_by_rank(struct policy_reader *reader, struct files *files,
                           const struct policy_overlay *overlay)
{
    size_t at = files->overlay_count++;

    for (; at > 0 && files->overlays[at - 1].rank > overlay->rank; at--)
        files->overlays[at] = files->overlays[at - 1];
    files->overlays[at] = *overlay;
    if (at > 0 && files->overlays[at - 1].rank == overlay->rank)
        policy_complain(reader, POLICY_RULE_OVERLAY_RANK, yaml_root(overlay->document),
                        "give this overlay a rank of its own: another one has the same");
}

static enum sluice_err open_overlays(struct policy_reader *reader, struct files *files, const char *path)
{
    const struct yaml_node *root = yaml_root(files->base);
    const struct yaml_node *list = yaml_get(root, "overlays");
    const struct yaml_node *tenant = yaml_get(root, "tenant");
    const struct yaml_node *items;
    size_t count;
    enum sluice_err err = SLUICE_OK;

    if (!list || !policy_read_list(reader, &items, &count, list))
        return SLUICE_OK;
    if (count > POLICY_OVERLAYS_MAX) {
        policy_complain(reader, POLICY_RULE_LIMIT, list, "list at most %d overlays", POLICY_OVERLAYS_MAX);
        return SLUICE_OK;
    }
    for (size_t i = 0; i < count && !err; i++) {
        struct policy_overlay overlay;

        err = open_overlay(files, &overlay, path, items[i].text);
        if (err)
            break;
        policy_read_overlay(reader, &overlay, tenant && tenant->kind == YAML_SCALAR ? tenant->text : NULL);
        insert_by_rank(reader, files, &overlay);
    }
    return err;
}

static enum sluice_err files_open(struct files *files, struct sluice_findings *findings,
                                  struct sluice_policy_words *words, const char *path)
{
    struct policy_reader reader = { .findings = findings,
                                    .findings_before = findings->count,
                                    .words = words };
    enum sluice_err err;

    *files = (struct files){ .findings = findings };
    err = yaml_open(&files->base, findings, path);
    return err ? err : open_overlays(&reader, files, path);
}

/* --- stretches of time */

/* When the file as such takes effect; 0 where it does not say. */
static int64_t effective_at(const struct files *files)
{
    const struct yaml_node *node = yaml_get(yaml_get(yaml_root(files->base), "version"), "effective_at");
    int64_t time_us = 0;
    int offset;
    bool zone;

    if (!node || node->kind != YAML_SCALAR ||
        sluice_time_parse(&time_us, &offset, &zone, sluice_str_from(node->text)))
        return 0;
    return time_us;
}

/* The latest start or end of an overlay up to at_us, and the first after it. */
static void stretch_around(const struct files *files, int64_t at_us, int64_t *from_us, int64_t *to_us)
{
    for (size_t i = 0; i < files->overlay_count; i++) {
        const int64_t edges[] = { files->overlays[i].valid_from_us, files->overlays[i].valid_to_us };

        for (size_t j = 0; j < 2; j++) {
            if (edges[j] <= at_us && edges[j] > *from_us)
                *from_us = edges[j];
            if (edges[j] > at_us && edges[j] < *to_us)
                *to_us = edges[j];
        }
    }
}

/* The documents in force at at_us move into words. */
static void take_in_force(struct files *files, struct sluice_policy_words *words, int64_t at_us)
{
    words->documents[words->document_count++] = files->base;
    files->base = NULL;
    for (size_t i = 0; i < files->overlay_count; i++) {
        struct policy_overlay *overlay = &files->overlays[i];

        if (overlay->valid_from_us > at_us || overlay->valid_to_us <= at_us)
            continue;
        words->overlays[words->overlay_count++] = overlay->id;
        words->documents[words->document_count++] = overlay->document;
        overlay->document = NULL;
    }
}

/* The version at at_us, or at its first instant where that is later. */
static enum sluice_err load_at(struct sluice_policy **policy, struct sluice_findings *findings,
                               const char *path, int64_t at_us, int64_t now_us, int64_t *next_us)
{
    struct sluice_policy_words *words = policy_words_new();
    const size_t findings_before = findings->count, errors_before = findings->errors;
    struct files files;
    enum sluice_err err;

    *policy = NULL;
    *next_us = INT64_MAX;
    if (!words)
        return SLUICE_ERR_MEMORY;
    err = files_open(&files, findings, words, path);
    if (err) {
        policy_words_free(words);
    } else {
        int64_t from_us = effective_at(&files);
        const int64_t instant_us = at_us > from_us ? at_us : from_us;

        stretch_around(&files, instant_us, &from_us, next_us);
        take_in_force(&files, words, instant_us);
        err = policy_build(policy, findings, words, now_us);
        sort_findings(findings, findings_before, path);
        if (!err && findings->errors > errors_before) { /* in an overlay's heading */
            sluice_policy_free(*policy);
            *policy = NULL;
            err = SLUICE_ERR_POLICY;
        }
        if (!err) {
            (*policy)->file_effective_at_us = (*policy)->effective_at_us;
            (*policy)->effective_at_us = from_us;
        }
    }
    files_close(&files);
    return err;
}

enum sluice_err sluice_policy_load(struct sluice_policy **policy, struct sluice_findings *findings,
                                   const char *path, int64_t now_us)
{
    int64_t next_us;

    return load_at(policy, findings, path, now_us, now_us, &next_us);
}

static bool same_finding(const struct sluice_finding *a, const struct sluice_finding *b)
{
    return a->line == b->line && a->column == b->column && strcmp(a->rule, b->rule) == 0 &&
           strcmp(a->file, b->file) == 0 && strcmp(a->text, b->text) == 0;
}

/* The stretches share their base, and so its faults: each is told once. */
static void drop_repeated(struct sluice_findings *findings, size_t first)
{
    size_t kept = first;

    for (size_t i = first; i < findings->count; i++) {
        size_t same = first;

        while (same < kept && !same_finding(&findings->list[same], &findings->list[i]))
            same++;
        if (same == kept)
            findings->list[kept++] = findings->list[i];
    }
    findings->count = kept;
}

enum sluice_err sluice_policy_load_versions(struct sluice_policy *versions[static SLUICE_POLICY_VERSIONS_MAX],
                                            size_t *count, struct sluice_findings *findings, const char *path,
                                            int64_t now_us)
{
    const size_t findings_before = findings->count;
    int64_t at_us = INT64_MIN;
    enum sluice_err err = SLUICE_OK;

    for (*count = 0; at_us != INT64_MAX && !err;) {
        err = load_at(&versions[*count], findings, path, at_us, now_us, &at_us);
        if (!err)
            (*count)++;
    }
    drop_repeated(findings, findings_before);
    while (err && *count > 0)
        sluice_policy_free(versions[--*count]);
    return err;
}

/* Whether a later file took effect before this stretch of an earlier one began. */
static bool is_replaced(const struct sluice_policy *version, struct sluice_policy *const versions[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (versions[i]->file_effective_at_us > version->file_effective_at_us &&
            versions[i]->file_effective_at_us <= version->effective_at_us)
            return true;
    return false;
}

void sluice_policy_order(struct sluice_policy *versions[], size_t *count)
{
    size_t kept = 0;

    for (size_t i = 1; i < *count; i++) {
        struct sluice_policy *moved = versions[i];
        size_t at = i;

        for (; at > 0 && versions[at - 1]->effective_at_us > moved->effective_at_us; at--)
            versions[at] = versions[at - 1];
        versions[at] = moved;
    }
    /* A version that replaces another is a file's first, and stays itself. */
    for (size_t i = 0; i < *count; i++) {
        if (is_replaced(versions[i], versions + i, *count - i) || is_replaced(versions[i], versions, kept))
            sluice_policy_free(versions[i]);
        else
            versions[kept++] = versions[i];
    }
    *count = kept;
}

const struct sluice_purpose *sluice_policy_purpose(const struct sluice_policy *policy, const char *name)
{
    for (size_t i = 0; i < policy->purpose_count; i++)
        if (strcmp(policy->purposes[i].name, name) == 0)
            return &policy->purposes[i];
    return NULL;
}
