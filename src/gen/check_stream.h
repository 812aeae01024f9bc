/* One stream while it is checked: shared by check_stream.c (which rows
 * there must be), check_rows.c (what stands in them) and check_pseudonym.c (who
 * they are of). */
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
    struct check_names *secrets; /* of the tenant's subjects and devices: the vault is slower to ask */
    enum sluice_err err;
};

/** The keys of the epoch; NULL when the gate never made any, or on an error. */
const struct stream_epoch *stream_epoch_at(struct stream *stream, int64_t start_us);

/** The index of the line whose row has this ref; SIZE_MAX: none's. */
size_t stream_find(struct stream *stream, const uint8_t ref[static SLUICE_HASH_SIZE]);
/* Hints to the cache: first for the place, a while later for the line. */
void stream_place_ahead(const struct stream *stream, const uint8_t ref[static SLUICE_HASH_SIZE]);
void stream_line_ahead(struct stream *stream, const uint8_t ref[static SLUICE_HASH_SIZE]);

/** Hold every row of the stream against the truth. An error is left in stream->err. */
void stream_read_rows(struct stream *stream);

/* What a row's pseudonyms must be. */
struct stream_names {
    uint8_t subject[SLUICE_PSEUDONYM_SIZE];
    uint8_t device[SLUICE_PSEUDONYM_SIZE];
    bool subject_is_new, device_is_new; /* seen first, and to be claimed */
    const char *fault; /* NULL: none */
};

/** A hint to the cache for stream_name_row. */
void stream_names_ahead(const struct stream *stream, const struct traffic_record *record,
                        const struct truth *truth);
/** Claim the new ones: nobody else may have had them, in this stream or another.
 *  An error is left in stream->err. */
void stream_claim_names(struct stream *stream, struct stream_names *names);

/** Derive them from the vault's secrets. An error is left in stream->err. */
void stream_name_row(struct stream *stream, struct stream_names *names, const struct check_line *line,
                     const struct traffic_record *record, const struct truth *truth,
                     const struct stream_epoch *epoch);

#endif
