#include "gen/totals.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sluice/clock.h"

#define HEAD_SIZE 256 /* of truth.json: where the world stands */

/* What the accounts weigh a record with; nothing where it could not be read. */
static struct totals_sum weigh(const struct traffic_record *record, const struct truth *truth)
{
    struct totals_sum sum = { .records = 1 };

    /* A future record was read whole; what is malformed was not. */
    if (truth->disposition == SLUICE_QUARANTINED && truth->reason != SLUICE_REASON_FUTURE)
        return sum;
    if (record->has_octets)
        sum.octets = record->uplink_octets + record->downlink_octets;
    if (record->has_messages)
        sum.messages = record->messages;
    return sum;
}

static void add(struct totals_sum *sum, struct totals_sum more)
{
    sum->records += more.records;
    sum->octets += more.octets;
    sum->messages += more.messages;
}

void totals_add(struct totals *totals, const struct traffic_record *record, const struct truth *truth)
{
    const struct totals_sum weight = weigh(record, truth);
    const uint8_t tenant = truth->holding.tenant;
    bool parked = false;

    add(&totals->in, weight);
    add(&totals->reasons[truth->reason], weight);
    totals->suspended[record->tenant] += truth->disposition == SLUICE_SUSPENDED;
    if (truth->disposition != SLUICE_ROUTED)
        return;
    add(&totals->routed[tenant], weight);
    for (uint8_t i = 0; i < declared_tenants[tenant].purpose_count; i++) {
        add(&totals->outcomes[tenant][i][truth->outcome[i]], weight);
        parked |= truth->outcome[i] == SLUICE_PARKED;
    }
    totals->parked[tenant] += parked;
}

uint64_t totals_of(const struct totals *totals, enum sluice_disposition disposition)
{
    uint64_t count = 0;

    for (int reason = SLUICE_REASON_NONE + 1; reason < SLUICE_REASON_COUNT; reason++)
        if (sluice_reason_disposition((enum sluice_reason)reason) == disposition)
            count += totals->reasons[reason].records;
    return disposition == SLUICE_ROUTED ? totals->reasons[SLUICE_REASON_NONE].records : count;
}

static void write_reasons(const struct totals *totals, enum sluice_disposition disposition,
                          struct sluice_buffer *out)
{
    const char *comma = "";

    sluice_buffer_printf(out, "\"%s\":{", sluice_disposition_word(disposition));
    for (int reason = SLUICE_REASON_NONE + 1; reason < SLUICE_REASON_COUNT; reason++) {
        const uint64_t count = totals->reasons[reason].records;

        if (count == 0 || sluice_reason_disposition((enum sluice_reason)reason) != disposition)
            continue;
        sluice_buffer_printf(out, "%s\"%s\":%llu", comma, sluice_reason_word((enum sluice_reason)reason),
                             (unsigned long long)count);
        comma = ",";
    }
    sluice_buffer_append_text(out, "}");
}

static void write_purpose(const struct totals_sum outcomes[static SLUICE_OUTCOME_COUNT],
                          struct sluice_buffer *out)
{
    const char *comma = "";

    sluice_buffer_printf(out,
                         "{\"emitted\":%llu,\"parked\":%llu,\"octets\":%llu,\"messages\":%llu,\"dropped\":{",
                         (unsigned long long)outcomes[SLUICE_EMITTED].records,
                         (unsigned long long)outcomes[SLUICE_PARKED].records,
                         (unsigned long long)outcomes[SLUICE_EMITTED].octets,
                         (unsigned long long)outcomes[SLUICE_EMITTED].messages);
    for (int outcome = SLUICE_PARKED + 1; outcome < SLUICE_OUTCOME_COUNT; outcome++) {
        if (outcomes[outcome].records == 0)
            continue;
        sluice_buffer_printf(out, "%s\"%s\":%llu", comma, sluice_outcome_word((enum sluice_outcome)outcome),
                             (unsigned long long)outcomes[outcome].records);
        comma = ",";
    }
    sluice_buffer_append_text(out, "}}");
}

static void write_tenant(const struct totals *totals, uint8_t tenant, struct sluice_buffer *out)
{
    const struct declared_tenant *declared = &declared_tenants[tenant];

    sluice_buffer_printf(out, "\"%s\":{\"routed\":%llu,\"purposes\":{", declared->name,
                         (unsigned long long)totals->routed[tenant].records);
    for (uint8_t i = 0; i < declared->purpose_count; i++) {
        sluice_buffer_printf(out, "%s\n  \"%s\":", i ? "," : "", declared->purposes[i].name);
        write_purpose(totals->outcomes[tenant][i], out);
    }
    sluice_buffer_append_text(out, "}}");
}

void totals_write(const struct totals *totals, const struct world *world, struct sluice_buffer *out)
{
    char clock[SLUICE_TIME_TEXT_SIZE];

    sluice_time_format(clock, world->clock_us);
    sluice_buffer_printf(out,
                         "{\"version\":1,\"seed\":%llu,\"sims\":%llu,\"records\":%llu,\"round\":%u,\"clock\":\"%s\",\n",
                         (unsigned long long)world->seed, (unsigned long long)world->sims,
                         (unsigned long long)world->records, world->round, clock);
    sluice_buffer_printf(
        out, "\"in\":%llu,\"octets\":%llu,\"messages\":%llu,\n\"routed\":%llu,\n\"duplicate\":%llu,\n",
        (unsigned long long)totals->in.records, (unsigned long long)totals->in.octets,
        (unsigned long long)totals->in.messages, (unsigned long long)totals_of(totals, SLUICE_ROUTED),
        (unsigned long long)totals_of(totals, SLUICE_DUPLICATE));
    write_reasons(totals, SLUICE_SUSPENDED, out);
    sluice_buffer_append_text(out, ",\n");
    write_reasons(totals, SLUICE_QUARANTINED, out);
    sluice_buffer_append_text(out, ",\n");
    write_reasons(totals, SLUICE_DROPPED, out);
    sluice_buffer_append_text(out, ",\n\"tenants\":{");
    for (uint8_t tenant = 0; tenant < DECLARED_TENANTS; tenant++) {
        sluice_buffer_append_text(out, tenant ? ",\n" : "\n");
        write_tenant(totals, tenant, out);
    }
    sluice_buffer_append_text(out, "}}\n");
}

/* A number of truth.json, which we wrote ourselves. */
static bool read_number(uint64_t *number, const char *text, const char *name, uint64_t min, uint64_t max)
{
    const char *at = strstr(text, name);

    if (!at)
        return false;
    *number = strtoull(at + strlen(name), NULL, 10);
    return *number >= min && *number <= max;
}

enum sluice_err totals_read(struct world *world, const char *path)
{
    uint64_t seed, sims, records, round;
    char text[HEAD_SIZE] = "";
    FILE *file = fopen(path, "re");

    if (!file)
        return SLUICE_ERR_MISSING;
    const size_t len = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    if (len == 0 || !read_number(&seed, text, "\"seed\":", 0, UINT64_MAX) ||
        !read_number(&sims, text, "\"sims\":", 1, WORLD_SIMS_MAX) ||
        !read_number(&records, text, "\"records\":", 1, WORLD_RECORDS_MAX) ||
        !read_number(&round, text, "\"round\":", 0, WORLD_ROUNDS_MAX))
        return SLUICE_ERR_FORMAT;
    world_init(world, seed, sims, records);
    world_set_round(world, (uint32_t)round);
    return SLUICE_OK;
}
