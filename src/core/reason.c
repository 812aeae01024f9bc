#include "sluice/reason.h"

#include <stddef.h>

static const struct {
    enum sluice_disposition disposition;
    const char *word;
    const char *text;
} reasons[SLUICE_REASON_COUNT] = {
#define X(name, disposition, word, text) [name] = { disposition, word, text },
    SLUICE_REASON_MAP(X)
#undef X
};

static const struct {
    const char *word;
    const char *text;
} outcomes[SLUICE_OUTCOME_COUNT] = {
#define X(name, word, text) [name] = { word, text },
    SLUICE_OUTCOME_MAP(X)
#undef X
};

static const char *const dispositions[SLUICE_DISPOSITION_COUNT] = {
    [SLUICE_UNDECIDED] = "undecided",     [SLUICE_ROUTED] = "routed",
    [SLUICE_DUPLICATE] = "duplicate",     [SLUICE_SUSPENDED] = "suspended",
    [SLUICE_QUARANTINED] = "quarantined", [SLUICE_DROPPED] = "dropped",
};

enum sluice_disposition sluice_reason_disposition(enum sluice_reason reason)
{
    return reasons[reason].disposition;
}

const char *sluice_reason_word(enum sluice_reason reason)
{
    return reasons[reason].word;
}

const char *sluice_reason_text(enum sluice_reason reason)
{
    return reasons[reason].text;
}

enum sluice_reason sluice_reason_from_word(struct sluice_str word)
{
    for (size_t i = 0; i < SLUICE_REASON_COUNT; i++)
        if (sluice_str_equal(sluice_str_from(reasons[i].word), word))
            return (enum sluice_reason)i;
    return SLUICE_REASON_NONE;
}

const char *sluice_outcome_word(enum sluice_outcome outcome)
{
    return outcomes[outcome].word;
}

const char *sluice_outcome_text(enum sluice_outcome outcome)
{
    return outcomes[outcome].text;
}

const char *sluice_disposition_word(enum sluice_disposition disposition)
{
    return dispositions[disposition];
}
