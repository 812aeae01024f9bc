/* The account of every record: what came in and what became of it, over the
 * state's life, in records, octets, seconds and messages. Each sum is kept by
 * tenant, purpose and reason, so that whether nothing was lost is an addition. */
#ifndef GATE_TALLY_H
#define GATE_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "sluice/batch.h"
#include "sluice/buffer.h"
#include "sluice/config.h"
#include "sluice/reason.h"
#include "sluice/state.h"

#define TALLY_TENANTS_MAX (SLUICE_TENANTS_MAX + 1)   /* and one for records of no tenant */

#define TALLY_INPUTS_MAX (SLUICE_INPUTS_MAX + 1)     /* and one for re-entries of a source that is no input */

/* Signed: a re-entry takes its share out of where it was sealed. */
struct tally_sum {
    int64_t records, octets, seconds, messages;
};

struct tally_purpose {
    char name[SLUICE_NAME_MAX + 1];
    struct tally_sum outcomes[SLUICE_OUTCOME_COUNT];
};

struct tally_tenant {
    char name[SLUICE_NAME_MAX + 1];      /* "unassigned": records of no tenant */
    struct tally_sum reasons[SLUICE_REASON_COUNT];   /* [NONE]: routed */
    size_t purpose_count;
    struct tally_purpose purposes[SLUICE_PURPOSES_MAX];
};

/* What came in by one configured input, and what became of it. */
struct tally_input {
    char name[SLUICE_NAME_MAX + 1];
    struct tally_sum in;
    struct tally_sum dispositions[SLUICE_DISPOSITION_COUNT];
};

struct tally {
    uint64_t reentered_at;               /* generation of the registry that what is sealed has met */
    size_t tenant_count;
    struct tally_tenant tenants[TALLY_TENANTS_MAX];
    size_t input_count;
    struct tally_input inputs[TALLY_INPUTS_MAX];
};

/* Sums that outgrow 63 bits go round: whatever numbers records bear, what comes
 * in and what became of it go round alike, so that a loss still shows. */
static inline int64_t tally_add_round(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

static inline int64_t tally_multiply_round(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a * (uint64_t)b);
}

/** What a record weighs: its octets both ways, seconds and messages. */
static inline struct tally_sum tally_weigh(const struct sluice_record *record)
{
    return (struct tally_sum){
        .records = 1,
        .octets = tally_add_round((int64_t)record->uplink_octets, (int64_t)record->downlink_octets),
        .seconds = (int64_t)record->duration_s,
        .messages = record->message_count,
    };
}

static inline void tally_add(struct tally_sum *sum, struct tally_sum what, int64_t times)
{
    sum->records = tally_add_round(sum->records, tally_multiply_round(what.records, times));
    sum->octets = tally_add_round(sum->octets, tally_multiply_round(what.octets, times));
    sum->seconds = tally_add_round(sum->seconds, tally_multiply_round(what.seconds, times));
    sum->messages = tally_add_round(sum->messages, tally_multiply_round(what.messages, times));
}

/** The tenant's or input's account, made when there is none; NULL when there are too many. */
struct tally_tenant *tally_tenant(struct tally *tally, struct sluice_str name);
struct tally_input *tally_input(struct tally *tally, struct sluice_str name);
/** NULL when there is none of that name. */
struct tally_input *tally_input_find(struct tally *tally, struct sluice_str name);
/** Likewise a purpose's. A new one owes an outcome for what was routed before:
 *  it starts with that as not_yet_declared. */
struct tally_purpose *tally_purpose(struct tally_tenant *tenant, const char *name);

/** Sums over everything. */
struct tally_sum tally_in(const struct tally *tally);
struct tally_sum tally_disposition(const struct tally *tally, enum sluice_disposition disposition);
bool tally_balanced(const struct tally *tally);

/** As texts; balanced: whether these sums and the files' add up. */
void tally_json(const struct tally *tally, size_t file_count, bool balanced, struct sluice_buffer *out);
void tally_report(const struct tally *tally, bool balanced, struct sluice_buffer *out);

/* The tally as a table: id 3. The last committed sums are kept to go back to. */
struct tally_book {
    struct tally now;
    struct tally saved;
};
struct sluice_state_table tally_table(struct tally_book *book);

#endif
