/* One stream while it is checked: shared by check_stream.c (rows) and
 * check_pseudonym.c (who they are of). */
#ifndef GEN_CHECK_STREAM_H
#define GEN_CHECK_STREAM_H

#include "gen/check.h"
#include "gen/check_names.h"

/* Where the row of a line is looked for. index 0: free. */
struct stream_place {
    uint32_t prefix; /* of the ref */
    uint32_t index;  /* of the line, plus 1 */
};

struct stream_epoch {
    uint32_t number;
    bool exists;
    struct sluice_epoch_secrets secrets;
};

struct stream {
    struct check *check;
    struct check_seen *seen;
    uint8_t tenant, purpose; /* of declared.h */
    const struct declared_purpose *declared;
    const struct sluice_purpose *loaded; /* numbers its epochs */
    uint8_t index;                       /* the purpose's in the vault */
    uint8_t tenant_key[SLUICE_HASH_KEY_SIZE];
    uint8_t tag_key[SLUICE_HASH_KEY_SIZE];
    struct stream_place *places;
    size_t capacity; /* a power of two */
    uint8_t *found;  /* bits by index of the line */
    struct stream_epoch *epochs;
    size_t epoch_count, last_epoch;
    struct check_names names;
    struct check_names secrets; /* of the vault, which is slower to ask */
    enum sluice_err err;
};

/* What a row's pseudonyms must be. */
struct stream_names {
    uint8_t subject[SLUICE_PSEUDONYM_SIZE];
    uint8_t device[SLUICE_PSEUDONYM_SIZE];
    const char *fault; /* NULL: none */
};

/** Derive them from the vault's secrets; each is claimed for its owner when it
 *  is seen first. An error is left in stream->err. */
void stream_name_row(struct stream *stream, struct stream_names *names, const struct check_line *line,
                     const struct traffic_record *record, const struct truth *truth,
                     const struct stream_epoch *epoch);

#endif
