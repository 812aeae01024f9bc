#include "gen/truth.h"

#include "sluice/clock.h"

static bool rule_fits(const struct declared_rule *rule, uint8_t contract, const char *region)
{
    bool listed = false;

    if (!(rule->contracts & 1 << contract))
        return false;
    if (!rule->regions[0])
        return true;
    if (!region[0])
        return rule->elsewhere && (rule->basis == SLUICE_BASIS_CONSENT || rule->basis == SLUICE_BASIS_NONE);
    for (int i = 0; i < DECLARED_REGIONS_MAX && rule->regions[i]; i++)
        listed |= declared_region_covers(rule->regions[i], region);
    return listed != rule->elsewhere;
}

static uint8_t basis_of(const struct declared_purpose *purpose, const struct fleet_holding *holding)
{
    for (int i = 0; i < DECLARED_RULES_MAX && purpose->rules[i].basis; i++)
        if (rule_fits(&purpose->rules[i], holding->contract, declared_regions[holding->region]))
            return purpose->rules[i].basis;
    return SLUICE_BASIS_NONE;
}

static bool objection_counts(const struct declared_purpose *purpose, uint8_t basis)
{
    return purpose->objection == SLUICE_OBJECTION_ALWAYS ||
           (purpose->objection == SLUICE_OBJECTION_BY_BASIS && basis == SLUICE_BASIS_LEGITIMATE_INTERESTS);
}

static bool lacks_required(const struct declared_purpose *purpose, const struct traffic_record *record)
{
    return purpose->required == SLUICE_FIELD_DEVICE && !record->has_device;
}

static int64_t month_end_s(int64_t time_us)
{
    unsigned month, day;
    int year;

    sluice_civil_from_days(time_us / SLUICE_SECOND_US / SLUICE_DAY_S, &year, &month, &day);
    return (month == 12 ? sluice_days_from_civil(year + 1, 1, 1)
                        : sluice_days_from_civil(year, month + 1, 1)) *
           SLUICE_DAY_S;
}

int64_t truth_deadline_s(const struct declared_purpose *purpose, int64_t start_us, int64_t collected_at_us)
{
    const int64_t bucket_s = (int64_t)purpose->bucket_hours * 3600;
    int64_t anchor_s = start_us / SLUICE_SECOND_US;

    if (purpose->anchor == SLUICE_ANCHOR_COLLECTION)
        anchor_s = collected_at_us / SLUICE_SECOND_US;
    if (purpose->anchor == SLUICE_ANCHOR_INVOICE)
        anchor_s = month_end_s(start_us);

    const int64_t due_s = anchor_s + (int64_t)purpose->retention_days * SLUICE_DAY_S;
    return due_s - due_s % bucket_s;
}

uint32_t truth_epoch(const struct declared_purpose *purpose, int64_t start_us)
{
    if (purpose->epoch_kind == SLUICE_EPOCH_RECORD)
        return 0;
    if (purpose->epoch_kind == SLUICE_EPOCH_MONTH)
        return (uint32_t)(month_end_s(start_us) / SLUICE_DAY_S);
    return (uint32_t)(start_us / SLUICE_SECOND_US / SLUICE_DAY_S / purpose->epoch_days);
}

static enum sluice_outcome decide(const struct declared_purpose *purpose,
                                  const struct declared_tenant *tenant, const struct traffic_record *record,
                                  uint8_t basis, uint16_t bit, const struct fleet_rights *rights,
                                  int64_t now_us)
{
    if (!(purpose->roles & 1 << tenant->role))
        return SLUICE_OTHER_ROLE;
    if (!(purpose->services & 1 << record->service))
        return SLUICE_OTHER_SERVICE;
    if (basis == SLUICE_BASIS_NONE)
        return SLUICE_NO_BASIS;
    if (purpose->anonymous)
        return SLUICE_ANONYMOUS_INPUT;
    if (basis == SLUICE_BASIS_CONSENT && !(rights->consented & bit))
        return SLUICE_NO_CONSENT;
    if (rights->objected & bit && objection_counts(purpose, basis))
        return SLUICE_OBJECTED;
    if (lacks_required(purpose, record))
        return SLUICE_MISSING_FIELD;
    if (truth_deadline_s(purpose, record->start_us, now_us) <= now_us / SLUICE_SECOND_US)
        return SLUICE_BORN_EXPIRED;
    if (rights->restricted & bit && !purpose->restrict_exempt)
        return SLUICE_PARKED;
    return SLUICE_EMITTED;
}

static void decide_purposes(const struct world *world, const struct traffic_record *record,
                            struct truth *truth)
{
    const struct declared_tenant *tenant = &declared_tenants[truth->holding.tenant];
    struct fleet_deed deeds[FLEET_DEEDS_MAX];
    struct fleet_rights rights;

    fleet_deeds(world, truth->sim, truth->holding.generation, deeds, &rights);
    for (uint8_t i = 0; i < tenant->purpose_count; i++) {
        const struct declared_purpose *purpose = &tenant->purposes[i];

        truth->basis[i] = basis_of(purpose, &truth->holding);
        truth->outcome[i] = (uint8_t)decide(purpose, tenant, record, truth->basis[i], (uint16_t)(1u << i),
                                            &rights, world->clock_us);
    }
}

static void finish(struct truth *truth, enum sluice_reason reason)
{
    truth->reason = (uint8_t)reason;
    truth->disposition =
        (uint8_t)(reason == SLUICE_REASON_NONE ? SLUICE_ROUTED : sluice_reason_disposition(reason));
}

/* Who the record is of; false when its number belongs to nobody then. */
static bool identify(const struct world *world, const struct traffic_record *record, struct truth *truth)
{
    const uint32_t at_s = (uint32_t)(record->start_us / SLUICE_SECOND_US);

    truth->sim = record->sim;
    if (!record->has_iccid && !record->has_imsi)
        truth->sim = fleet_number_owner(world, record->number, record->tenant, at_s);
    if (truth->sim == FLEET_NOBODY)
        return false;
    if (truth->sim == record->sim) {
        truth->registered = record->registered;
        truth->holding = record->holding;
    } else {
        truth->registered = fleet_holding_at(world, truth->sim, at_s, &truth->holding);
    }
    if (!truth->registered)
        truth->holding = (struct fleet_holding){ .tenant = record->tenant };
    return true;
}

static bool is_under_age(const struct truth *truth)
{
    const uint8_t min_age = declared_tenants[truth->holding.tenant].min_age;

    return min_age && truth->holding.age_below && truth->holding.age_below <= min_age;
}

/* What becomes of the line when nothing came before it; *remembered: it passed
 * deduplication, so that a repetition of it is a duplicate. */
static void decide_first(const struct world *world, const struct traffic_record *record, struct truth *truth,
                         bool *remembered)
{
    *remembered = false;
    finish(truth, plant_reason(record->plant));
    if (truth->disposition != SLUICE_ROUTED && truth->disposition != SLUICE_SUSPENDED)
        return;
    *remembered = true;
    if (!identify(world, record, truth))
        finish(truth, SLUICE_REASON_UNKNOWN_LINK);
    else if (is_under_age(truth))
        finish(truth, SLUICE_REASON_UNDER_AGE);
    else
        decide_purposes(world, record, truth);
}

/* Where the window ends while a round goes on: what is younger is known, what
 * is older is beyond it, and what lies between is not planted. */
#define KNOWN_US  (88 * WORLD_DAY_US)
#define BEYOND_US (95 * WORLD_DAY_US)

/* A line of an earlier round comes again; false: this one is a line of its own. */
static bool decide_again(const struct world *world, uint64_t line, struct traffic_record *record,
                         struct truth *truth)
{
    struct world earlier = *world;
    uint32_t back, back_again;
    uint64_t there, elsewhere;
    bool remembered;

    if (!plant_earlier(world, line, &back, &there))
        return false;
    world_set_round(&earlier, world->round - back);
    there = plant_original(&earlier, there);
    if (plant_earlier(&earlier, there, &back_again, &elsewhere))
        return false;
    traffic_record(&earlier, there, record);
    const int64_t age_us = world->clock_us - record->start_us;
    /* What was in the future then would be the first of its kind now. */
    if (record->plant == PLANT_FUTURE || (age_us > KNOWN_US && age_us < BEYOND_US))
        return false;
    decide_first(&earlier, record, truth, &remembered);
    if (remembered)
        finish(truth, age_us < BEYOND_US ? SLUICE_REASON_DUPLICATE : SLUICE_REASON_BEYOND_WINDOW);
    return true;
}

void truth_of_line(const struct world *world, uint64_t line, struct traffic_record *record,
                   struct truth *truth)
{
    const uint64_t original = plant_original(world, line);
    bool remembered;

    *truth = (struct truth){ 0 };
    if (decide_again(world, original, record, truth))
        return;
    traffic_record(world, original, record);
    decide_first(world, record, truth, &remembered);
    if (original != line && remembered)
        finish(truth, SLUICE_REASON_DUPLICATE);
}

void truth_of_row(const struct world *world, uint64_t line, uint8_t purpose, struct traffic_record *record,
                  struct truth *truth)
{
    *truth = (struct truth){ .disposition = SLUICE_ROUTED };
    traffic_record(world, line, record);
    identify(world, record, truth);
    truth->basis[purpose] = basis_of(&declared_tenants[truth->holding.tenant].purposes[purpose], &truth->holding);
}
