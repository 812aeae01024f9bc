/* The gate's own parts, shared by the files of this folder alone. */
#ifndef GATE_GATE_H
#define GATE_GATE_H

#include "deduplicate/deduplicate.h"
#include "gate/files.h"
#include "gate/project.h"
#include "gate/rows.h"
#include "gate/tally.h"
#include "gate/tenant.h"
#include "sluice/clock.h"
#include "sluice/gate.h"
#include "sluice/seal.h"
#include "sluice/token.h"

/* Sealed entries of the open commit that share store, tenant and deadline. */
struct sealing {
    enum sluice_store store;
    char tenant[SLUICE_NAME_MAX + 1];
    int64_t deadline_s;
    struct sluice_sealer sealer;
    size_t end;                    /* in gate->sealed, once finished */
};

/* What one pass over a batch finds out about an entry, for the next. */
struct work {
    struct tenant *tenant;
    uint8_t tag[SLUICE_TAG_SIZE];          /* of the SIM, when has_tag */
    uint8_t device_tag[SLUICE_TAG_SIZE];   /* of the device, when has_device */
    bool has_tag;
    bool has_device;
    bool refused_before;                   /* the feed refused it: its numbers are not to be trusted */
    enum sluice_reason was;                /* a re-entry: what it was sealed for */
    struct slot *slot;                     /* once admitted */
    struct slot *device;                   /* NULL: none */
};

struct sluice_gate {
    const struct sluice_config *config;
    const struct sluice_keyring *keyring;
    struct sluice_vault *vault;
    size_t tenant_count;
    struct tenant *tenants;
    struct deduplicate *deduplicate;
    struct tally_book tally;
    struct files files;
    uint32_t input_number;                 /* of the configuration's inputs */
    struct tally_input *input_tally;       /* its account; NULL at the start of a batch */
    struct work work[SLUICE_GATE_BATCH];
    int64_t now_us;
    bool registry_reachable;

    /* Rows of the open commit. */
    struct sluice_arena arena;
    uint8_t *row_at;
    uint8_t *row_end;
    struct rows_scratch scratch;
    size_t sealing_count;
    size_t sealing_capacity;
    struct sealing *sealings;
    struct sluice_buffer sealed;           /* what rows of sealed stores point into */
    size_t view_count;
    struct rows_views *views;              /* one for each stream: borrowed by the transport until its commit */
};

/* --- gate.c */

/** NULL when there is no tenant of that name. */
struct tenant *gate_tenant(struct sluice_gate *gate, struct sluice_str name);

/* --- passes.c: sluice_gate_run is gate_begin, then every pass; apart for the clock of the benchmark */

struct pass {
    const char *name;
    enum sluice_err (*run)(struct sluice_gate *gate, struct sluice_entry *entry, struct work *work);
};
#define GATE_PASSES 6
#define GATE_STRETCH 256   /* entries that go through all passes together: their pages fit the translation cache */
extern const struct pass gate_passes[GATE_PASSES];

SLUICE_MUST_CHECK
enum sluice_err gate_begin(struct sluice_gate *gate, int64_t now_us);
SLUICE_MUST_CHECK
enum sluice_err gate_pass(struct sluice_gate *gate, const struct pass *pass, struct sluice_batch *batch,
                          size_t from, size_t to);

/* --- account.c */

/** Look up once a batch where tenants and purposes are counted. */
SLUICE_MUST_CHECK
enum sluice_err account_open(struct sluice_gate *gate);
/** Count an entry that is decided. */
SLUICE_MUST_CHECK
enum sluice_err account_entry(struct sluice_gate *gate, const struct work *work, const struct sluice_entry *entry);
/** A parked record gives back what its open purposes were counted as; with
 *  another outcome than PARKED, that is what they are counted as from now on. */
void account_unparked(const struct work *work, const struct sluice_entry *entry, enum sluice_outcome outcome);

/* --- identify.c */

/** Set tag and device tag from what the record carries. NO_SUBJECT when it names no SIM. */
enum sluice_reason identify_tags(struct work *work, const struct tenant *tenant, const struct sluice_entry *entry);

/** The subject's slot, from memory, the vault or new.
 *  Returns SLUICE_OK with *slot set, or with *reason set when the record must wait or be seen by a person. */
SLUICE_MUST_CHECK
enum sluice_err identify_subject(struct sluice_gate *gate, struct work *work, const struct sluice_record *record,
                                 struct slot **slot, enum sluice_reason *reason);
/** The device's slot; notes which SIM used it. */
SLUICE_MUST_CHECK
enum sluice_err identify_device(struct sluice_gate *gate, struct work *work, struct slot **slot);

/* --- pseudonym.c: pseudonyms of one record, from its slots or computed anew */

struct pseudonyms {
    struct sluice_gate *gate;
    struct work *work;
    const struct sluice_record *record;
    struct slot *slot;
    struct slot *device;                   /* NULL: no device */
    bool subject_loaded, device_loaded;
    struct sluice_subject subject;         /* its row with secrets; wiped by pseudonyms_done */
    struct sluice_subject device_subject;
    uint8_t scratch[3][32];                /* for epochs before the one that the slot keeps */
};

/** The vault's rows in it stay unset until they are loaded: they are large, and seldom needed. */
void pseudonyms_init(struct pseudonyms *pseudonyms, struct sluice_gate *gate, struct work *work,
                     const struct sluice_record *record, struct slot *slot, struct slot *device);

/** Set subject->pseudonym, device_pseudonym and token for this purpose and epoch. */
SLUICE_MUST_CHECK
enum sluice_err pseudonyms_set(struct pseudonyms *pseudonyms, struct project_subject *subject,
                               const struct tenant_purpose *purpose, const struct rule *rule, uint32_t epoch,
                               const uint8_t fingerprint[static SLUICE_HASH_SIZE]);
/** All of the subject's secrets, for the key of its parked rows. */
SLUICE_MUST_CHECK
enum sluice_err pseudonyms_load(struct pseudonyms *pseudonyms);
void pseudonyms_done(struct pseudonyms *pseudonyms);

/* --- decide.c */

/** Decide every purpose of a routed record and write its rows. */
SLUICE_MUST_CHECK
enum sluice_err decide_purposes(struct sluice_gate *gate, struct work *work, struct sluice_entry *entry,
                                struct slot *slot, struct slot *device);

/** Park a record for entry->purposes, unseen. */
SLUICE_MUST_CHECK
enum sluice_err decide_to_park(struct sluice_gate *gate, struct work *work, struct sluice_entry *entry);

/* --- store.c: what is sealed */

/** Seal an entry for quarantine, suspended or park. subject and its key: park only. */
SLUICE_MUST_CHECK
enum sluice_err store_entry(struct sluice_gate *gate, enum sluice_store store, const struct sluice_entry *entry,
                            const uint8_t *subject, const uint8_t *subject_key);
SLUICE_MUST_CHECK
enum sluice_err store_emit(struct sluice_gate *gate, struct sluice_transport *transport);
void store_clear(struct sluice_gate *gate);
void store_free(struct sluice_gate *gate);

#endif
