#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "gen/fleet.h"
#include "gen/gen.h"
#include "gen/line_write.h"
#include "gen/plant.h"
#include "gen/totals.h"
#include "gen/truth.h"
#include "sluice/clock.h"
#include "sluice/config.h"
#include "sluice/crypto.h"
#include "sluice/identity.h"
#include "sluice/policy.h"

#define SEED 20260101   /* every test is a function of it */

static char line[LINE_SIZE_MAX], other[LINE_SIZE_MAX];

static size_t write_line(char *out, const struct world *world, uint64_t n, struct truth *truth)
{
    struct traffic_record record;

    truth_of_line(world, n, &record, truth);
    return line_write(out, world, &record);
}

static void sum_up(struct totals *totals, const struct world *world)
{
    memset(totals, 0, sizeof *totals);
    for (uint64_t n = 0; n < world->records; n++) {
        struct traffic_record record;
        struct truth truth;

        truth_of_line(world, n, &record, &truth);
        totals_add(totals, &record, &truth);
    }
}

static void the_same_seed_gives_the_same_lines_in_any_order(void **state)
{
    struct world world, again;
    struct truth truth;

    world_init(&world, SEED, 500, 5000);
    world_init(&again, SEED, 500, 5000);
    for (uint64_t n = 5000; n-- > 0;) {
        const size_t len = write_line(line, &world, n, &truth);

        write_line(other, &again, 4999 - n, &truth);   /* what came before does not matter */
        assert_int_equal(write_line(other, &again, n, &truth), len);
        assert_memory_equal(line, other, len);
    }
}

static void another_seed_gives_other_lines_and_another_clock(void **state)
{
    struct world world, another;
    struct truth truth;
    size_t same = 0;

    world_init(&world, SEED, 500, 5000);
    world_init(&another, SEED + 1, 500, 5000);
    assert_int_not_equal(world.clock_us, another.clock_us);
    for (uint64_t n = 0; n < 5000; n++) {
        const size_t len = write_line(line, &world, n, &truth);

        same += write_line(other, &another, n, &truth) == len && memcmp(line, other, len) == 0;
    }
    assert_true(same <= 1);   /* a gateway's error page is the same page everywhere */
}

static void every_plant_is_there_in_its_share(void **state)
{
    struct world world;
    uint32_t found[PLANT_COUNT] = { 0 }, repeated = 0;
    static const struct { enum plant plant; uint32_t low, high; } shares[] = {
        { PLANT_LATE, 3600, 4400 }, { PLANT_BEYOND, 320, 480 }, { PLANT_FUTURE, 320, 480 },
        { PLANT_UNKNOWN_NUMBER, 140, 260 }, { PLANT_ICCID_CHECK, 140, 260 },
    };

    world_init(&world, SEED, 1000, 200000);
    for (uint64_t n = 0; n < world.records; n++) {
        const uint64_t original = plant_original(&world, n);

        assert_true(original <= n);
        repeated += original != n;
        found[plant_of(&world, n)]++;
    }
    for (int plant = 0; plant < PLANT_COUNT; plant++)
        if (found[plant] == 0 && plant != PLANT_TOO_LARGE)
            fail_msg("%s is never planted", plant_name((enum plant)plant));
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++)
        assert_in_range(found[shares[i].plant], shares[i].low, shares[i].high);
    assert_in_range(repeated, 5400, 6600);
}

static void the_first_lines_are_plain(void **state)
{
    struct world world;

    world_init(&world, SEED, 10, 1000);
    for (uint64_t n = 0; n < PLANT_FIRST_LINE; n++) {
        assert_int_equal(plant_original(&world, n), n);
        assert_int_equal(plant_of(&world, n), PLANT_NOTHING);
    }
}

static void a_repetition_repeats_its_original_byte_for_byte(void **state)
{
    struct world world;
    uint32_t seen = 0;

    world_init(&world, SEED, 300, 20000);
    for (uint64_t n = 0; n < world.records; n++) {
        const uint64_t original = plant_original(&world, n);
        struct truth truth, first;

        assert_int_equal(plant_original(&world, original), original);
        if (original == n)
            continue;
        const size_t len = write_line(line, &world, original, &first);
        assert_int_equal(write_line(other, &world, n, &truth), len);
        assert_memory_equal(line, other, len);
        if (first.disposition == SLUICE_ROUTED || first.disposition == SLUICE_SUSPENDED)
            assert_int_equal(truth.disposition, SLUICE_DUPLICATE);
        else if (first.reason != SLUICE_REASON_UNDER_AGE)
            assert_int_equal(truth.reason, first.reason);
        seen++;
    }
    assert_true(seen > 400);
}

/* --- the sums of the truth */

static void every_record_has_one_disposition(void **state)
{
    struct totals *totals = malloc(sizeof *totals);
    struct world world;
    uint64_t sum = 0, routed = 0;

    assert_non_null(totals);
    world_init(&world, SEED, 1000, 50000);
    sum_up(totals, &world);
    for (int d = SLUICE_UNDECIDED + 1; d < SLUICE_DISPOSITION_COUNT; d++) {
        const uint64_t count = totals_of(totals, (enum sluice_disposition)d);

        assert_true(count > 0);
        sum += count;
    }
    assert_int_equal(sum, world.records);
    assert_int_equal(totals->in.records, world.records);
    for (int tenant = 0; tenant < DECLARED_TENANTS; tenant++)
        routed += totals->routed[tenant].records;
    assert_int_equal(routed, totals_of(totals, SLUICE_ROUTED));
    free(totals);
}

static void each_purpose_has_an_outcome_for_every_routed_record(void **state)
{
    struct totals *totals = malloc(sizeof *totals);
    struct world world;

    assert_non_null(totals);
    world_init(&world, SEED, 1000, 50000);
    sum_up(totals, &world);
    for (int tenant = 0; tenant < DECLARED_TENANTS; tenant++) {
        for (int purpose = 0; purpose < declared_tenants[tenant].purpose_count; purpose++) {
            struct totals_sum sum = { 0 };

            for (int outcome = 0; outcome < SLUICE_OUTCOME_COUNT; outcome++) {
                sum.records += totals->outcomes[tenant][purpose][outcome].records;
                sum.octets += totals->outcomes[tenant][purpose][outcome].octets;
                sum.messages += totals->outcomes[tenant][purpose][outcome].messages;
            }
            assert_int_equal(sum.records, totals->routed[tenant].records);
            assert_int_equal(sum.octets, totals->routed[tenant].octets);
            assert_int_equal(sum.messages, totals->routed[tenant].messages);
        }
    }
    free(totals);
}

static void every_outcome_that_can_be_planted_occurs(void **state)
{
    static const uint8_t planted[] = {
        SLUICE_EMITTED, SLUICE_PARKED, SLUICE_NO_BASIS, SLUICE_NO_CONSENT, SLUICE_OBJECTED, SLUICE_OTHER_ROLE,
        SLUICE_OTHER_SERVICE, SLUICE_ANONYMOUS_INPUT, SLUICE_BORN_EXPIRED, SLUICE_MISSING_FIELD,
    };
    struct totals *totals = malloc(sizeof *totals);
    struct world world;

    assert_non_null(totals);
    world_init(&world, SEED, 1000, 50000);
    sum_up(totals, &world);
    for (size_t i = 0; i < sizeof planted; i++) {
        uint64_t count = 0;

        for (int tenant = 0; tenant < DECLARED_TENANTS; tenant++)
            for (int purpose = 0; purpose < DECLARED_PURPOSES_MAX; purpose++)
                count += totals->outcomes[tenant][purpose][planted[i]].records;
        if (count == 0)
            fail_msg("no record is %s", sluice_outcome_word((enum sluice_outcome)planted[i]));
    }
    free(totals);
}

/* Instants that decide something keep away from the clock, which goes on while a run lasts. */
static void nothing_depends_on_two_hours_of_the_clock(void **state)
{
    struct world world;

    world_init(&world, SEED, 1000, 50000);
    const int64_t later_us = world.clock_us + 2 * WORLD_HOUR_US;
    for (uint64_t n = 0; n < world.records; n++) {
        struct traffic_record record;
        struct truth truth;

        truth_of_line(&world, n, &record, &truth);
        if (truth.disposition != SLUICE_ROUTED)
            continue;
        assert_true(record.start_us < world.clock_us - 2 * WORLD_HOUR_US);
        for (int i = 0; i < declared_tenants[truth.holding.tenant].purpose_count; i++) {
            const struct declared_purpose *purpose = &declared_tenants[truth.holding.tenant].purposes[i];
            const int64_t deadline_s = truth_deadline_s(purpose, record.start_us, world.clock_us);

            assert_int_equal(deadline_s, truth_deadline_s(purpose, record.start_us, later_us));
            assert_int_equal(deadline_s <= world.clock_us / 1000000,
                             deadline_s <= world.clock_us / 1000000 + 2 * 3600);
        }
    }
}

/* --- the fleet */

static void identifiers_are_valid_distinct_and_on_test_networks(void **state)
{
    enum { SIMS = 3000 };
    static char seen[SIMS][FLEET_ICCID_DIGITS];
    struct world world;

    world_init(&world, SEED, SIMS, 1);
    for (uint64_t sim = 0; sim < SIMS; sim++) {
        char digits[FLEET_EID_DIGITS];
        struct sluice_imsi imsi;
        struct sluice_iccid iccid;
        struct sluice_msisdn msisdn;
        struct sluice_eid eid;
        struct sluice_imei imei;

        fleet_imsi(digits, &world, sim);
        assert_int_equal(sluice_imsi_parse(&imsi, (struct sluice_str){ digits, FLEET_IMSI_DIGITS }), 0);
        assert_true(memcmp(digits, "00101", 5) == 0 || memcmp(digits, "99999", 5) == 0);
        fleet_msisdn(digits, &world, sim);
        assert_int_equal(sluice_msisdn_parse(&msisdn, (struct sluice_str){ digits, FLEET_MSISDN_DIGITS }), 0);
        fleet_eid(digits, &world, sim);
        assert_int_equal(sluice_eid_parse(&eid, (struct sluice_str){ digits, FLEET_EID_DIGITS }), 0);
        fleet_imei(digits, &world, sim);
        assert_int_equal(sluice_imei_parse(&imei, (struct sluice_str){ digits, FLEET_IMEI_DIGITS }), 0);
        assert_memory_equal(digits, "00", 2);
        fleet_iccid(seen[sim], &world, sim);
        assert_int_equal(sluice_iccid_parse(&iccid, (struct sluice_str){ seen[sim], FLEET_ICCID_DIGITS }), 0);
        assert_memory_equal(seen[sim], "8999", 4);
        for (uint64_t before = 0; before < sim; before++)
            assert_memory_not_equal(seen[before], seen[sim], FLEET_ICCID_DIGITS);
    }
}

static void a_recycled_number_belongs_to_one_sim_at_a_time(void **state)
{
    struct world world;
    uint32_t moved = 0;

    world_init(&world, SEED, 5000, 1);
    for (uint64_t number = 0; number < world.sims; number++) {
        struct fleet_holding holdings[FLEET_HOLDINGS_MAX];
        const int count = fleet_holdings(&world, number, holdings);

        if (count == 0)
            continue;
        const uint32_t end_s = (uint32_t)(world.clock_us / 1000000);
        const uint64_t before = fleet_number_owner(&world, number, holdings[0].tenant, end_s - 4 * 86400);
        const uint64_t after = fleet_number_owner(&world, number, holdings[count - 1].tenant, end_s);

        if (before == after || before == FLEET_NOBODY)
            continue;
        assert_int_equal(before, number);
        assert_int_equal(after, number ^ 1);
        moved++;
    }
    assert_in_range(moved, 10, 60);
}

static void one_sim_in_a_hundred_is_a_canary(void **state)
{
    struct world world;
    uint32_t count = 0;

    world_init(&world, SEED, 100000, 1);
    for (uint64_t sim = 0; sim < world.sims; sim++)
        count += fleet_is_canary(&world, sim);
    assert_in_range(count, 850, 1150);
}

/* Planted by hand: what the rules say, without a generated world in between. */
static void deadlines_follow_anchor_and_bucket(void **state)
{
    const int64_t start_us =
        (sluice_days_from_civil(2026, 2, 27) * 86400 + 5 * 3600 + 59 * 60) * SLUICE_SECOND_US;
    const int64_t collected_us = start_us + 2 * WORLD_DAY_US;
    static const struct {
        uint8_t anchor;
        uint32_t days, hours;
        int year;
        unsigned month, day;
        uint32_t hour;
    } cases[] = {
        { SLUICE_ANCHOR_EVENT, 30, 24, 2026, 3, 29, 0 },
        { SLUICE_ANCHOR_EVENT, 7, 1, 2026, 3, 6, 5 },
        { SLUICE_ANCHOR_COLLECTION, 14, 24, 2026, 3, 15, 0 },
        { SLUICE_ANCHOR_INVOICE, 45, 24, 2026, 4, 15, 0 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct declared_purpose purpose = { .anchor = cases[i].anchor, .retention_days = cases[i].days,
                                                  .bucket_hours = cases[i].hours };
        const int64_t expect_s = sluice_days_from_civil(cases[i].year, cases[i].month, cases[i].day) * 86400 +
                                 cases[i].hour * 3600;

        assert_int_equal(truth_deadline_s(&purpose, start_us, collected_us), expect_s);
    }
}

/* --- the folder */

static void remove_folder(const char *folder)
{
    char command[128];

    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    assert_int_equal(system(command), 0);
}

static void print_findings(const struct sluice_findings *findings)
{
    struct sluice_buffer out;

    sluice_buffer_init(&out, 1 << 20);
    sluice_findings_print(findings, &out);
    print_message("%.*s", (int)out.len, (const char *)out.bytes);
    sluice_buffer_deinit(&out);
}

static void the_loaders_take_configuration_and_policies_as_they_are_meant(void **state)
{
    char folder[] = "/tmp/sluice-gen-XXXXXX", path[SLUICE_PATH_SIZE];
    struct totals *totals = malloc(sizeof *totals);
    struct sluice_config *config;
    struct sluice_findings findings;
    struct world world;

    assert_non_null(totals);
    assert_non_null(mkdtemp(folder));
    assert_int_equal(sluice_crypto_init(), SLUICE_OK);
    world_init(&world, SEED, 20, 200);
    assert_int_equal(gen_write(&world, folder, NULL, totals, path), SLUICE_OK);
    sluice_findings_init(&findings);
    snprintf(path, sizeof path, "%s/sluice.yaml", folder);
    if (sluice_config_load(&config, &findings, path))
        print_findings(&findings);
    assert_int_equal(findings.errors, 0);
    assert_int_equal(config->clock_us, world.clock_us);
    assert_int_equal(config->tenant_count, DECLARED_TENANTS);
    for (int i = 0; i < DECLARED_TENANTS; i++) {
        const struct declared_tenant *declared = &declared_tenants[i];
        struct sluice_policy *policy = NULL;

        assert_int_equal(config->tenants[i].policy_count, 1);
        if (sluice_policy_load(&policy, &findings, config->tenants[i].policies[0], world.clock_us))
            print_findings(&findings);
        assert_non_null(policy);
        assert_int_equal(policy->min_age, declared->min_age);
        assert_int_equal(policy->role, declared->role);
        assert_int_equal(policy->purpose_count, declared->purpose_count);
        for (int p = 0; p < declared->purpose_count; p++) {
            const struct sluice_purpose *purpose = sluice_policy_purpose(policy, declared->purposes[p].name);

            assert_non_null(purpose);
            assert_int_equal(purpose->services, declared->purposes[p].services);
            assert_int_equal(purpose->roles, declared->purposes[p].roles);
            assert_int_equal(purpose->anonymous, declared->purposes[p].anonymous);
        }
        sluice_policy_free(policy);
    }
    sluice_config_free(config);
    sluice_findings_deinit(&findings);
    free(totals);
    remove_folder(folder);
}

static void a_folder_with_a_fleet_is_left_alone(void **state)
{
    char folder[] = "/tmp/sluice-gen-XXXXXX", path[SLUICE_PATH_SIZE];
    struct totals *totals = malloc(sizeof *totals);
    struct world world;
    struct stat before, after;

    assert_non_null(totals);
    assert_non_null(mkdtemp(folder));
    assert_int_equal(sluice_crypto_init(), SLUICE_OK);
    world_init(&world, SEED, 20, 200);
    assert_int_equal(gen_write(&world, folder, NULL, totals, path), SLUICE_OK);
    snprintf(path, sizeof path, "%s/state/keyring", folder);
    assert_int_equal(stat(path, &before), 0);
    assert_int_equal(gen_write(&world, folder, NULL, totals, path), SLUICE_ERR_EXISTS);
    snprintf(path, sizeof path, "%s/state/keyring", folder);
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    free(totals);
    remove_folder(folder);
}

TEST_MAIN(cmocka_unit_test(the_same_seed_gives_the_same_lines_in_any_order),
          cmocka_unit_test(another_seed_gives_other_lines_and_another_clock),
          cmocka_unit_test(every_plant_is_there_in_its_share),
          cmocka_unit_test(the_first_lines_are_plain),
          cmocka_unit_test(a_repetition_repeats_its_original_byte_for_byte),
          cmocka_unit_test(every_record_has_one_disposition),
          cmocka_unit_test(each_purpose_has_an_outcome_for_every_routed_record),
          cmocka_unit_test(every_outcome_that_can_be_planted_occurs),
          cmocka_unit_test(nothing_depends_on_two_hours_of_the_clock),
          cmocka_unit_test(identifiers_are_valid_distinct_and_on_test_networks),
          cmocka_unit_test(a_recycled_number_belongs_to_one_sim_at_a_time),
          cmocka_unit_test(one_sim_in_a_hundred_is_a_canary),
          cmocka_unit_test(deadlines_follow_anchor_and_bucket),
          cmocka_unit_test(the_loaders_take_configuration_and_policies_as_they_are_meant),
          cmocka_unit_test(a_folder_with_a_fleet_is_left_alone))
