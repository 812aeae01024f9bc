/* The unit that moves through the pipeline: entries in order of arrival, the
 * memory they point into, and what became of each. A stage may refuse an
 * entry, never lose one. */
#ifndef SLUICE_BATCH_H
#define SLUICE_BATCH_H

#include <stddef.h>
#include <stdint.h>
#include "sluice/arena.h"
#include "sluice/reason.h"
#include "sluice/record.h"

/* How the bytes of an entry are written, kept with what is sealed. */
enum sluice_form {
    SLUICE_FORM_RAW,      /* one sluice.v1.RawRecord */
    SLUICE_FORM_EMNIFY,   /* one JSON object of the emnify and 1NCE family */
    SLUICE_FORM_CSV,      /* the header line of a CSV file and one of its rows */
    SLUICE_FORM_COUNT
};

/* Why an entry re-enters instead of arriving. */
enum sluice_entry_kind {
    SLUICE_ENTRY_ARRIVAL,
    SLUICE_ENTRY_SUSPENDED,   /* passed deduplication before: keeps its fingerprint */
    SLUICE_ENTRY_PARKED,      /* same, and only `purposes` are decided again */
    SLUICE_ENTRY_QUARANTINED, /* replayed by a person: passes the whole gate */
};

struct sluice_entry {
    struct sluice_record record;

    /* What became of it; feed sets reasons for what it cannot decode. */
    uint8_t disposition;            /* enum sluice_disposition */
    uint8_t reason;                 /* enum sluice_reason */
    uint8_t sealed_for;             /* enum sluice_reason; re-entries: why they were sealed */
    uint8_t kind;                   /* enum sluice_entry_kind */
    uint8_t form;                   /* enum sluice_form of raw */
    bool holds_secret;              /* a stripped field was a secret or a prohibited class: never seal raw */
    bool has_unknown_field;         /* something its format does not know was dropped */
    bool passed_deduplication;      /* kept with what is suspended or parked */
    uint8_t fingerprint[16];        /* set by deduplication, or kept by a re-entry */
    uint64_t purposes;              /* re-entry of a parked record: bits of the purposes to decide */
    uint8_t subject[16];            /* likewise: its subject's tag in the vault, as a link may have gone since */

    /* Where it came from. */
    uint32_t input;                 /* index of the configured input */
    uint32_t field;                 /* bytes into raw of the field at fault, 0 when not known */
    uint64_t position;              /* bytes into its file (decompressed) */
    uint64_t line;                  /* 1-based line in its file */
    struct sluice_str file;         /* name of its file, no path */
    struct sluice_str raw;          /* the bytes as they arrived; empty when a record was never bytes */
    struct sluice_str tenant_hint;  /* the tenant as far as known, for where to seal it; may be empty */
};

struct sluice_batch {
    struct sluice_entry *entries;
    size_t count;
    size_t capacity;
    struct sluice_arena arena;      /* what the records point into */
};

/** Returns SLUICE_ERR_MEMORY when entries cannot be allocated. */
SLUICE_MUST_CHECK
enum sluice_err sluice_batch_init(struct sluice_batch *batch, size_t capacity, size_t arena_size_max);
void sluice_batch_deinit(struct sluice_batch *batch);
/** All entries are gone, their memory is kept. */
void sluice_batch_reset(struct sluice_batch *batch);

/** The next entry, zeroed; NULL when the batch is full. */
struct sluice_entry *sluice_batch_append(struct sluice_batch *batch);

/** Take an entry out of the flow: sets reason and the disposition that belongs to it. */
void sluice_entry_refuse(struct sluice_entry *entry, enum sluice_reason reason);

#endif
