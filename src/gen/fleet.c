#include "gen/fleet.h"

#include <string.h>

#include "gen/declared.h"
#include "gen/dice.h"

/* What is special about a SIM. One thing each, so that the truth stays plain. */
enum profile {
    PROFILE_STEADY,
    PROFILE_UNREGISTERED, /* in no registry */
    PROFILE_EXTENDED,     /* two rows of one account: the same generation goes on */
    PROFILE_NEW_ACCOUNT,  /* another holder: a new generation */
    PROFILE_NEW_TENANT,   /* another controller: a new generation there */
    PROFILE_GAVE_NUMBER,  /* its MSISDN went to its neighbour */
    PROFILE_TOOK_NUMBER,  /* and this is the neighbour */
};

enum topic {
    TOPIC_PROFILE = 100,
    TOPIC_PAIR,
    TOPIC_TENANT,
    TOPIC_ACCOUNT,
    TOPIC_HOLDER,
    TOPIC_AGE,
    TOPIC_SINCE,
    TOPIC_CHANGE,
    TOPIC_DEVICE,
    TOPIC_DEEDS,
    TOPIC_CANARY,
    TOPIC_NAMING,
    TOPIC_ADDRESS,
    TOPIC_DIGITS,
};

static uint64_t throw_for(const struct world *world, enum topic topic, uint64_t n)
{
    return dice_throw(world->seed, (uint64_t)topic, n);
}

static bool in_recycled_pair(const struct world *world, uint64_t sim)
{
    return (sim | 1) < world->sims && dice_below(throw_for(world, TOPIC_PAIR, sim / 2), 1000) < 12;
}

static enum profile profile_of(const struct world *world, uint64_t sim)
{
    const uint32_t per_mille = dice_below(throw_for(world, TOPIC_PROFILE, sim), 1000);

    if (in_recycled_pair(world, sim))
        return sim % 2 ? PROFILE_TOOK_NUMBER : PROFILE_GAVE_NUMBER;
    return per_mille < 10   ? PROFILE_UNREGISTERED
           : per_mille < 25 ? PROFILE_EXTENDED
           : per_mille < 45 ? PROFILE_NEW_ACCOUNT
           : per_mille < 52 ? PROFILE_NEW_TENANT
                            : PROFILE_STEADY;
}

static uint8_t tenant_of(const struct world *world, uint64_t sim)
{
    /* Both of a pair have one tenant: a number is recycled within it. */
    const uint64_t n = in_recycled_pair(world, sim) ? sim | 1 : sim;
    const uint32_t percent = dice_below(throw_for(world, TOPIC_TENANT, n), 100);

    return percent < 50 ? 0 : percent < 80 ? 1 : 2;
}

/* When something changed hands, well inside the time that traffic covers. */
static uint32_t change_s(const struct world *world, uint64_t n)
{
    const int64_t from_us = world->fleet_us - WORLD_TRAFFIC_US + 6 * WORLD_HOUR_US;
    const uint32_t hours = (uint32_t)(WORLD_TRAFFIC_US / WORLD_HOUR_US) - 12;

    return (uint32_t)(from_us / 1000000) + dice_below(throw_for(world, TOPIC_CHANGE, n), hours * 3600);
}

/* Everything about a holder that follows from the account. */
static void holder(const struct world *world, struct fleet_holding *holding, uint64_t n)
{
    const uint32_t accounts = (uint32_t)(world->sims / FLEET_SIMS_AN_ACCOUNT) + 5;

    holding->account = dice_below(throw_for(world, TOPIC_ACCOUNT, n), accounts);

    struct dice dice = { throw_for(world, TOPIC_HOLDER,
                                   holding->account * DECLARED_TENANTS + holding->tenant) };
    const uint32_t percent = dice_roll(&dice, 100);
    holding->contract = percent < 55   ? SLUICE_CONTRACT_BUSINESS
                        : percent < 92 ? SLUICE_CONTRACT_INDIVIDUAL
                                       : SLUICE_CONTRACT_NONE;
    holding->region = (uint8_t)dice_roll(&dice, DECLARED_REGIONS);
}

static uint8_t age_of(const struct world *world, const struct fleet_holding *holding, uint64_t sim)
{
    static const uint8_t ages[] = { 13, 16, 18 };
    const uint32_t per_mille = dice_below(throw_for(world, TOPIC_AGE, sim), 1000);

    if (holding->contract != SLUICE_CONTRACT_INDIVIDUAL || per_mille >= 60)
        return 0;
    return ages[per_mille / 20];
}

static int split(const struct world *world, struct fleet_holding out[static FLEET_HOLDINGS_MAX], uint64_t n)
{
    out[1] = out[0];
    out[0].to_s = change_s(world, n);
    out[1].from_s = out[0].to_s;
    return 2;
}

int fleet_holdings(const struct world *world, uint64_t sim,
                   struct fleet_holding out[static FLEET_HOLDINGS_MAX])
{
    const enum profile profile = profile_of(world, sim);
    const uint64_t since = throw_for(world, TOPIC_SINCE, sim);
    int count = 1;

    if (profile == PROFILE_UNREGISTERED)
        return 0;
    out[0] = (struct fleet_holding){ .tenant = tenant_of(world, sim), .to_s = FLEET_ALWAYS_S, .number = sim };
    holder(world, &out[0], sim);
    out[0].age_below = age_of(world, &out[0], sim);
    /* Older than any record that the window of deduplication lets through. */
    if (since % 3 == 0)
        out[0].from_s = (uint32_t)(world->fleet_us / 1000000) - (400 + dice_below(since, 1000)) * 86400;

    switch (profile) {
    case PROFILE_EXTENDED:
        count = split(world, out, sim);
        break;
    case PROFILE_NEW_TENANT:
    case PROFILE_NEW_ACCOUNT:
        count = split(world, out, sim);
        out[1].generation = 1;
        if (profile == PROFILE_NEW_TENANT)
            out[1].tenant = (uint8_t)((out[1].tenant + 1) % DECLARED_TENANTS);
        for (uint64_t other = 1; out[1].account == out[0].account; other++)
            holder(world, &out[1], sim + other * WORLD_SIMS_MAX);
        out[1].age_below = 0;
        break;
    case PROFILE_GAVE_NUMBER:
        count = split(world, out, sim | 1);
        out[1].number = FLEET_NOBODY;
        break;
    case PROFILE_TOOK_NUMBER:
        count = split(world, out, sim | 1);
        out[0].number = FLEET_NOBODY;
        out[1].number = sim ^ 1;
        break;
    case PROFILE_STEADY:
    case PROFILE_UNREGISTERED:
        break;
    }
    return count;
}

bool fleet_holding_at(const struct world *world, uint64_t sim, uint32_t at_s, struct fleet_holding *out)
{
    struct fleet_holding holdings[FLEET_HOLDINGS_MAX];
    const int count = fleet_holdings(world, sim, holdings);

    for (int i = 0; i < count; i++) {
        if (at_s >= holdings[i].from_s && at_s < holdings[i].to_s) {
            *out = holdings[i];
            return true;
        }
    }
    return false;
}

uint8_t fleet_tenant_at(const struct world *world, uint64_t sim, uint32_t at_s)
{
    struct fleet_holding holding;

    return fleet_holding_at(world, sim, at_s, &holding) ? holding.tenant : tenant_of(world, sim);
}

uint64_t fleet_number_owner(const struct world *world, uint64_t number, uint8_t tenant, uint32_t at_s)
{
    /* A number only ever moves to the neighbour. */
    for (uint64_t sim = number;; sim ^= 1) {
        struct fleet_holding holding;

        if (sim < world->sims && fleet_holding_at(world, sim, at_s, &holding) && holding.number == number &&
            holding.tenant == tenant)
            return sim;
        if (sim != number)
            return FLEET_NOBODY;
    }
}

uint64_t fleet_device_at(const struct world *world, uint64_t sim, uint32_t at_s)
{
    /* In some pairs the SIMs change places. */
    const uint64_t pair = sim / 2;

    if ((sim | 1) < world->sims && dice_below(throw_for(world, TOPIC_DEVICE, pair), 1000) < 30 &&
        at_s >= change_s(world, pair + WORLD_SIMS_MAX))
        return sim ^ 1;
    return sim;
}

bool fleet_is_registered(const struct world *world, uint64_t sim)
{
    return profile_of(world, sim) != PROFILE_UNREGISTERED;
}

bool fleet_has_iccid(const struct world *world, uint64_t sim)
{
    return dice_below(throw_for(world, TOPIC_NAMING, sim), 1000) >= 6;
}

bool fleet_is_canary(const struct world *world, uint64_t sim)
{
    return sim == 0 || dice_below(throw_for(world, TOPIC_CANARY, sim), 100) == 0;
}

static bool purpose_knows(const struct declared_purpose *purpose, enum sluice_basis basis)
{
    for (int i = 0; i < DECLARED_RULES_MAX && purpose->rules[i].basis; i++)
        if (purpose->rules[i].basis == basis)
            return true;
    return false;
}

/* A purpose of the tenant with that basis, picked by chance; false when there is none. */
static bool pick_purpose(uint8_t *purpose, struct dice *dice, const struct declared_tenant *tenant,
                         enum sluice_basis basis)
{
    uint8_t fits[DECLARED_PURPOSES_MAX];
    uint32_t count = 0;

    for (uint8_t i = 0; i < tenant->purpose_count; i++)
        if (purpose_knows(&tenant->purposes[i], basis))
            fits[count++] = i;
    if (count)
        *purpose = fits[dice_roll(dice, count)];
    return count > 0;
}

struct deeds {
    struct fleet_deed *list;
    int count;
    uint8_t tenant;
    uint32_t first_s, step_s;
    struct fleet_rights rights;
};

static void add_deed(struct deeds *deeds, const char *action, uint8_t purpose)
{
    const uint16_t bits = (uint16_t)(purpose == FLEET_EVERY_PURPOSE ? UINT16_MAX : 1u << purpose);
    const struct {
        const char *action;
        uint16_t *field;
        bool sets;
    } effects[] = {
        { "consent", &deeds->rights.consented, true },   { "withdraw", &deeds->rights.consented, false },
        { "object", &deeds->rights.objected, true },     { "unobject", &deeds->rights.objected, false },
        { "restrict", &deeds->rights.restricted, true }, { "lift", &deeds->rights.restricted, false },
    };
    const uint32_t at_s = deeds->first_s + (uint32_t)deeds->count * deeds->step_s;

    deeds->list[deeds->count++] = (struct fleet_deed){ action, deeds->tenant, purpose, at_s };
    for (size_t i = 0; i < sizeof effects / sizeof effects[0]; i++)
        if (strcmp(effects[i].action, action) == 0)
            *effects[i].field =
                (uint16_t)(effects[i].sets ? *effects[i].field | bits : *effects[i].field & ~bits);
}

static void decide(struct deeds *deeds, struct dice *dice)
{
    const struct declared_tenant *tenant = &declared_tenants[deeds->tenant];
    uint8_t purpose;

    if (dice_chance(dice, 450) && pick_purpose(&purpose, dice, tenant, SLUICE_BASIS_CONSENT)) {
        add_deed(deeds, "consent", purpose);
        if (dice_chance(dice, 150))
            add_deed(deeds, "withdraw", purpose);
        if (dice_chance(dice, 50))
            add_deed(deeds, "consent", purpose);
    }
    if (dice_chance(dice, 20) && pick_purpose(&purpose, dice, tenant, SLUICE_BASIS_LEGITIMATE_INTERESTS)) {
        add_deed(deeds, "object", purpose);
        if (dice_chance(dice, 100))
            add_deed(deeds, "unobject", purpose);
    }
    if (dice_chance(dice, 12)) {
        purpose =
            dice_chance(dice, 500) ? FLEET_EVERY_PURPOSE : (uint8_t)dice_roll(dice, tenant->purpose_count);
        add_deed(deeds, "restrict", purpose);
        if (dice_chance(dice, 200))
            add_deed(deeds, "lift", purpose);
    }
}

int fleet_deeds(const struct world *world, uint64_t sim, uint8_t generation,
                struct fleet_deed out[static FLEET_DEEDS_MAX], struct fleet_rights *rights)
{
    struct fleet_holding holdings[FLEET_HOLDINGS_MAX];
    const int count = fleet_holdings(world, sim, holdings);
    const bool passed_on = count > 0 && holdings[count - 1].generation > 0;
    struct deeds deeds = { .list = out, .step_s = 600 };
    struct dice dice = { throw_for(world, TOPIC_DEEDS, sim + generation * WORLD_SIMS_MAX) };

    if (generation <= (count ? holdings[count - 1].generation : 0)) {
        deeds.tenant = count == 0 ? tenant_of(world, sim) : holdings[passed_on ? generation : 0].tenant;
        deeds.first_s =
            passed_on ? holdings[0].to_s + (generation ? 60 : 0) : (uint32_t)(world->fleet_us / 1000000);
        if (generation == 0) /* before the next holder, or the clock */
            deeds.first_s -= FLEET_DEEDS_MAX * deeds.step_s;
        decide(&deeds, &dice);
    }
    if (rights)
        *rights = deeds.rights;
    return deeds.count;
}
