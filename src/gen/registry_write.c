#include "gen/registry_write.h"

#include <inttypes.h>

#include "gen/declared.h"
#include "gen/fleet.h"
#include "gen/gen.h"
#include "gen/text.h"

#define ROW_SIZE_MAX 512

static const char *const contract_words[SLUICE_CONTRACT_COUNT] = {
    [SLUICE_CONTRACT_NONE] = "none",
    [SLUICE_CONTRACT_INDIVIDUAL] = "individual",
    [SLUICE_CONTRACT_BUSINESS] = "business",
};

static void iccid(struct text *text, const struct world *world, uint64_t sim)
{
    char digits[FLEET_ICCID_DIGITS];

    fleet_iccid(digits, world, sim);
    text_bytes(text, digits, sizeof digits);
}

static void imsi(struct text *text, const struct world *world, uint64_t sim)
{
    char digits[FLEET_IMSI_DIGITS];

    fleet_imsi(digits, world, sim);
    text_bytes(text, digits, sizeof digits);
}

static void msisdn(struct text *text, const struct world *world, uint64_t number)
{
    char digits[FLEET_MSISDN_DIGITS];

    fleet_msisdn(digits, world, number);
    text_bytes(text, digits, sizeof digits);
}

static bool has_eid(uint64_t sim)
{
    return sim % 10 == 3;
}

static void eid(struct text *text, const struct world *world, uint64_t sim)
{
    char digits[FLEET_EID_DIGITS];

    fleet_eid(digits, world, sim);
    text_bytes(text, digits, sizeof digits);
}

static void instant(struct text *text, uint32_t time_s)
{
    text_instant(text, (int64_t)time_s * 1000000);
    text_char(text, 'Z');
}

static void subject_row(struct text *text, const struct world *world, uint64_t sim,
                        const struct fleet_holding *holding)
{
    text_word(text, declared_tenants[holding->tenant].name);
    text_char(text, ',');
    if (fleet_has_iccid(world, sim))
        iccid(text, world, sim);
    text_char(text, ',');
    imsi(text, world, sim);
    text_char(text, ',');
    if (holding->number != FLEET_NOBODY)
        msisdn(text, world, holding->number);
    text_char(text, ',');
    if (has_eid(sim))
        eid(text, world, sim);
    text_word(text, ",account-");
    text_number(text, holding->account);
    text_char(text, ',');
    text_word(text, contract_words[holding->contract]);
    text_char(text, ',');
    text_word(text, declared_regions[holding->region]);
    text_char(text, ',');
    if (holding->age_below)
        text_number(text, holding->age_below);
    text_char(text, ',');
    if (holding->from_s)
        instant(text, holding->from_s);
    text_char(text, ',');
    if (holding->to_s != FLEET_ALWAYS_S)
        instant(text, holding->to_s);
    text_char(text, '\n');
}

void registry_write_subjects(const struct world *world, struct file_place *place)
{
    FILE *file = file_create(place, "subjects.csv");

    if (!file)
        return;
    fputs("tenant,iccid,imsi,msisdn,eid,account,contract,region,age_below,valid_from,valid_to\n", file);
    for (uint64_t sim = 0; sim < world->sims; sim++) {
        struct fleet_holding holdings[FLEET_HOLDINGS_MAX];
        const int count = fleet_holdings(world, sim, holdings);

        for (int i = 0; i < count; i++) {
            char row[ROW_SIZE_MAX];
            struct text text = { row };

            subject_row(&text, world, sim, &holdings[i]);
            fwrite(row, 1, (size_t)(text.at - row), file);
        }
    }
    file_close(place, file);
}

static void deed_row(struct text *text, const struct world *world, uint64_t sim,
                     const struct fleet_deed *deed)
{
    text_word(text, "{\"tenant\":\"");
    text_word(text, declared_tenants[deed->tenant].name);
    if (fleet_has_iccid(world, sim)) {
        text_word(text, "\",\"iccid\":\"");
        iccid(text, world, sim);
    } else {
        text_word(text, "\",\"imsi\":\"");
        imsi(text, world, sim);
    }
    text_word(text, "\",\"action\":\"");
    text_word(text, deed->action);
    if (deed->purpose != FLEET_EVERY_PURPOSE) {
        text_word(text, "\",\"purpose\":\"");
        text_word(text, declared_tenants[deed->tenant].purposes[deed->purpose].name);
    }
    if (strcmp(deed->action, "consent") == 0)
        text_word(text, "\",\"evidence\":\"form ticked");
    text_word(text, "\",\"at\":\"");
    instant(text, deed->at_s);
    text_word(text, "\"}\n");
}

void registry_write_rights(const struct world *world, struct file_place *place)
{
    FILE *file = file_create(place, "registry.ndjson");
    uint64_t lines = 0;

    if (!file)
        return;
    for (uint64_t n = 0; n < world->sims * FLEET_GENERATIONS; n++) {
        struct fleet_deed deeds[FLEET_DEEDS_MAX];
        const int count =
            fleet_deeds(world, n / FLEET_GENERATIONS, (uint8_t)(n % FLEET_GENERATIONS), deeds, NULL);

        for (int i = 0; i < count; i++) {
            char row[ROW_SIZE_MAX];
            struct text text = { row };

            deed_row(&text, world, n / FLEET_GENERATIONS, &deeds[i]);
            fwrite(row, 1, (size_t)(text.at - row), file);
        }
        lines += (uint64_t)count;
    }
    fprintf(file, "{\"end\":true,\"lines\":%" PRIu64 "}\n", lines);
    file_close(place, file);
}

static void canary_rows(struct text *text, const struct world *world, uint64_t sim)
{
    uint8_t address[16];
    char device[FLEET_IMEI_DIGITS];

    fleet_imei(device, world, sim);
    text_word(text, "imsi ");
    imsi(text, world, sim);
    text_word(text, "\niccid ");
    iccid(text, world, sim);
    text_word(text, "\nmsisdn ");
    msisdn(text, world, sim);
    if (has_eid(sim)) {
        text_word(text, "\neid ");
        eid(text, world, sim);
    }
    text_word(text, "\nimei ");
    text_bytes(text, device, sizeof device);
    text_word(text, "\naddress ");
    text_address(text, address, fleet_address(address, world, sim));
    text_char(text, '\n');
}

void registry_write_canaries(const struct world *world, struct file_place *place)
{
    FILE *file = file_create(place, GEN_CANARIES_FILE);

    if (!file)
        return;
    for (uint64_t sim = 0; sim < world->sims; sim++) {
        char row[ROW_SIZE_MAX];
        struct text text = { row };

        if (!fleet_is_canary(world, sim))
            continue;
        canary_rows(&text, world, sim);
        fwrite(row, 1, (size_t)(text.at - row), file);
    }
    file_close(place, file);
}
