/* Which streams can be joined without a pseudonym. Three ways, each measured
 * by tests/attacks/row_05_content_link.py:
 *
 *  exact  A start to the second and a count of octets name a record nearly
 *         alone: of 940 000 simulated records, exact octets alone match 60 %
 *         one to one, and with a cell or the minute beside them nearly all.
 *  sum    Coarse fields tell little each and much together. An hour, a country
 *         and one volume by powers of two (13 bits) match 0.03 % of 10 000
 *         rows an hour; with the other volume (17 bits) 0.8 %, and with the
 *         technology 2.4 %.
 *  trace  Where both keep a pseudonym over many rows, the times of its rows are
 *         a pattern: with hours and powers of two, 35 % of the subjects of
 *         three hours were alone with theirs in both streams.
 *
 * Each pair is named once, by the first of these that holds; an analytics
 * stream, which nobody can object to record by record, may not have any. */
#include <stdio.h>
#include <string.h>

#include "policy/policy_reader.h"
#include "sluice/clock.h"

#define TOLD_MAX 14   /* bits that two streams may both tell: 0.1 % of 10 000 rows an hour, by the above */

/* How much one form tells rows apart, in bits, by its number in purpose.proto;
 * for what has a parameter, of its coarsest. Estimates for a provider of many
 * customers; what is exact by itself needs none. */
static const uint8_t told_bits[] = {
    [20] = 2, [21] = 1, [24] = 1, [25] = 4, [26] = 3, [30] = 1, [31] = 2, [32] = 1, [33] = 5, [34] = 5,
    [35] = 14, [36] = 14, [37] = 4, [38] = 4, [39] = 10, [40] = 4, [41] = 2, [49] = 2, [51] = 4, [52] = 3,
    [53] = 10, [54] = 10, [55] = 16, [56] = 4, [57] = 2, [58] = 1, [60] = 8, [61] = 10, [62] = 6, [63] = 3, [64] = 8,
};

/* What one purpose's rows tell. */
struct telling {
    unsigned exact;                          /* bits of SLUICE_EXACT_* */
    uint8_t bits[SLUICE_FIELD_COUNT];        /* of each field but times */
    uint32_t time_step_s;                    /* the finest interval of any time; 0: none is told */
    bool lasting;                            /* something names many rows of one subject, session or account */
};

static void tell_time(struct telling *telling, int64_t step_s)
{
    if (step_s > 0 && (!telling->time_step_s || step_s < telling->time_step_s))
        telling->time_step_s = (uint32_t)step_s;
}

static bool is_lasting(const struct sluice_purpose *purpose, unsigned number)
{
    switch (number) {
    case 10: case 11: case 14: return purpose->epoch_kind != SLUICE_EPOCH_RECORD;
    case 12: case 13: case 16: case 17: case 18: return true;
    }
    return false;
}

static void tell_field(struct telling *telling, const struct sluice_purpose *purpose,
                       const struct sluice_projection *projection)
{
    const enum sluice_field field = (enum sluice_field)projection->field;
    const bool keeps = projection->transform == SLUICE_TRANSFORM_KEEP;

    telling->exact |= sluice_form_exact(sluice_form_find(field, (enum sluice_transform)projection->transform),
                                        projection->parameter);
    telling->lasting |= is_lasting(purpose, projection->number);
    if (field == SLUICE_FIELD_START || field == SLUICE_FIELD_END || field == SLUICE_FIELD_COLLECTED_AT)
        tell_time(telling, keeps ? 1 : projection->parameter);
    else if (projection->number < sizeof told_bits)
        telling->bits[field] = told_bits[projection->number];
}

/* No record stream tells nothing. */
static void tell(struct telling *telling, const struct sluice_purpose *purpose)
{
    *telling = (struct telling){ 0 };
    if (purpose->anonymous)
        return;
    for (size_t i = 0; i < purpose->projection_count; i++)
        tell_field(telling, purpose, &purpose->projections[i]);
    /* The deadline on each row is a time of the record too, as fine as its bucket. */
    if (purpose->anchor != SLUICE_ANCHOR_INVOICE)
        tell_time(telling, purpose->bucket_s);
    if (telling->time_step_s && telling->time_step_s < SLUICE_COARSE_TIME_MIN)
        telling->exact |= SLUICE_EXACT_TIME;
}

/* Bits of an instant within its day. */
static unsigned time_bits(uint32_t step_s)
{
    unsigned bits = 0;

    while (step_s && (uint64_t)step_s << bits < SLUICE_DAY_S)
        bits++;
    return bits;
}

static unsigned shared_bits(const struct telling *one, const struct telling *other)
{
    const unsigned time_one = time_bits(one->time_step_s), time_other = time_bits(other->time_step_s);
    unsigned sum = time_one < time_other ? time_one : time_other;

    for (size_t field = 0; field < SLUICE_FIELD_COUNT; field++)
        sum += one->bits[field] < other->bits[field] ? one->bits[field] : other->bits[field];
    return sum;
}

static void exact_text(char text[static 32], unsigned exact)   /* "" for nothing */
{
    static const struct {
        unsigned bit;
        const char *word;
    } words[] = {
        { SLUICE_EXACT_TIME, "time" },
        { SLUICE_EXACT_OCTETS, "octets" },
        { SLUICE_EXACT_CELL, "cell" },
    };

    text[0] = '\0';
    for (size_t i = 0; i < 3; i++)
        if (exact & words[i].bit) {
            const size_t len = strlen(text);
            snprintf(text + len, 32 - len, "%s%s", len ? ", " : "", words[i].word);
        }
}

static bool is_analytics(const struct policy_purpose_words *words)
{
    return words->term && words->term->kind == POLICY_KIND_ANALYTICS;
}

/* By what two streams can be joined, as the end of "can be joined by ..."; false where by nothing. */
static bool joined_by(char text[static 64], bool *trace, const struct telling *one, const struct telling *other)
{
    char exact[32];

    *trace = false;
    exact_text(exact, one->exact & other->exact);
    if (exact[0])
        snprintf(text, 64, "exact %s", exact);
    else if (shared_bits(one, other) > TOLD_MAX)
        snprintf(text, 64, "what their coarse fields tell together");
    else if (one->lasting && other->lasting && one->time_step_s && other->time_step_s)
        *trace = snprintf(text, 64, "the times of one pseudonym's rows") > 0;
    else
        return false;
    return true;
}

static void check_pair(struct policy_reader *reader, size_t first, size_t second)
{
    const struct sluice_purpose *purposes = reader->policy->purposes;
    const struct policy_purpose_words *words = reader->words->purposes;
    struct telling one, other;
    char text[64];
    bool trace;

    tell(&one, &purposes[first]);
    tell(&other, &purposes[second]);
    if (!joined_by(text, &trace, &one, &other))
        return;
    if (is_analytics(&words[first]) || is_analytics(&words[second])) {
        const size_t analytics = is_analytics(&words[second]) ? second : first;

        policy_complain(reader, POLICY_RULE_JOIN_ANALYTICS, words[analytics].fields,
                        "rows of %s and %s can be joined by %s: an analytics stream keeps less, or has epoch: record",
                        purposes[first].name, purposes[second].name, text);
    } else {
        policy_complain(reader, trace ? POLICY_RULE_JOIN_TRACE : POLICY_RULE_JOIN, words[second].fields,
                        "rows of %s and %s can be joined by %s: coarsen it in one, or keep the readers apart",
                        purposes[first].name, purposes[second].name, text);
    }
}

void policy_check_joins(struct policy_reader *reader)
{
    for (size_t second = 1; second < reader->policy->purpose_count; second++)
        for (size_t first = 0; first < second; first++)
            check_pair(reader, first, second);
}
