#include "test.h"
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>

#include "gen/fleet.h"
#include "gen/gen.h"
#include "gen/line_write.h"
#include "gen/plant.h"
#include "gen/truth.h"
#include "sluice/clock.h"
#include "sluice/config.h"
#include "sluice/crypto.h"

#define SEED 20260102   /* every test is a function of it */

static char line[LINE_SIZE_MAX], other[LINE_SIZE_MAX];

static size_t write_line(char *out, const struct world *world, uint64_t n, struct truth *truth)
{
    struct traffic_record record;

    truth_of_line(world, n, &record, truth);
    return line_write(out, world, &record);
}

static void a_round_has_the_fleet_and_other_traffic(void **state)
{
    struct world first, next;
    size_t same = 0;

    world_init(&first, SEED, 500, 3000);
    next = first;
    world_set_round(&next, 1);
    assert_true(next.clock_us - first.clock_us == WORLD_ROUND_US);
    for (uint64_t sim = 0; sim < first.sims; sim++) {
        struct fleet_holding a[FLEET_HOLDINGS_MAX] = { 0 }, b[FLEET_HOLDINGS_MAX] = { 0 };
        char digits[FLEET_ICCID_DIGITS], again[FLEET_ICCID_DIGITS];

        assert_int_equal(fleet_holdings(&first, sim, a), fleet_holdings(&next, sim, b));
        assert_memory_equal(a, b, sizeof a);
        fleet_iccid(digits, &first, sim);
        fleet_iccid(again, &next, sim);
        assert_memory_equal(digits, again, sizeof digits);
    }
    for (uint64_t n = 0; n < first.records; n++) {
        struct truth truth;
        const size_t len = write_line(line, &first, n, &truth);

        same += write_line(other, &next, n, &truth) == len && memcmp(line, other, len) == 0;
    }
    assert_true(same <= 3);   /* a gateway's error page is the same page always */
}

static void input_files_are_numbered_on(void **state)
{
    struct world world;

    world_init(&world, SEED, 10, 2 * WORLD_FILE_RECORDS + 1);
    assert_int_equal(world_file(&world, 0), 0);
    assert_int_equal(world_file(&world, world.records - 1), 2);
    world_set_round(&world, 2);
    assert_int_equal(world_file(&world, 0), 6);
    assert_int_equal(world_file(&world, world.records - 1), 8);
}

/* The line of an earlier round that has the same bytes; the record tells which. */
static void find_earlier(const struct world *world, uint32_t back, const struct traffic_record *record,
                         struct truth *truth)
{
    struct world earlier = *world;
    const size_t len = line_write(line, world, record);

    world_set_round(&earlier, world->round - back);
    assert_int_equal(write_line(other, &earlier, record->line, truth), len);
    assert_memory_equal(line, other, len);
}

static void lines_of_earlier_rounds_come_again(void **state)
{
    uint32_t duplicates = 0, beyond = 0, as_before = 0;
    struct world world;

    world_init(&world, SEED, 300, 60000);
    world_set_round(&world, 2);
    for (uint64_t n = 0; n < world.records; n++) {
        struct traffic_record record;
        struct truth truth, before;
        uint64_t there;
        uint32_t back;

        truth_of_line(&world, n, &record, &truth);
        if (plant_original(&world, n) != n || !plant_earlier(&world, n, &back, &there) || record.line == n)
            continue;
        find_earlier(&world, back, &record, &before);
        if (before.disposition != SLUICE_ROUTED && before.disposition != SLUICE_SUSPENDED) {
            as_before += truth.reason == before.reason;
        } else if (truth.reason == SLUICE_REASON_DUPLICATE) {
            assert_int_equal(back, 1);
            assert_true(world.clock_us - record.start_us < 90 * WORLD_DAY_US - WORLD_TRAFFIC_US / 2);
            duplicates++;
        } else {
            assert_int_equal(truth.reason, SLUICE_REASON_BEYOND_WINDOW);
            assert_true(world.clock_us - record.start_us > 90 * WORLD_DAY_US + WORLD_TRAFFIC_US);
            beyond++;
        }
    }
    assert_in_range(duplicates, 300, 600);
    assert_in_range(beyond, 60, 200);
    assert_true(as_before > 5);
}

static void all_that_a_round_emits_is_due_at_the_next(void **state)
{
    struct world world;
    int64_t latest_s = 0;

    world_init(&world, SEED, 300, 20000);
    for (uint64_t n = 0; n < world.records; n++) {
        struct traffic_record record;
        struct truth truth;

        truth_of_line(&world, n, &record, &truth);
        for (uint8_t i = 0; i < declared_tenants[truth.holding.tenant].purpose_count; i++) {
            if (truth.disposition != SLUICE_ROUTED || truth.outcome[i] != SLUICE_EMITTED)
                continue;
            const int64_t due_s = truth_deadline_s(&declared_tenants[truth.holding.tenant].purposes[i],
                                                   record.start_us, world.clock_us);
            latest_s = due_s > latest_s ? due_s : latest_s;
        }
    }
    assert_true(latest_s > world.clock_us / SLUICE_SECOND_US);
    assert_true(latest_s < (world.clock_us + WORLD_ROUND_US) / SLUICE_SECOND_US);
}

/* An invoice's month may have just begun. */
static void no_purpose_keeps_a_row_for_a_round(void **state)
{
    for (int tenant = 0; tenant < DECLARED_TENANTS; tenant++)
        for (uint8_t i = 0; i < declared_tenants[tenant].purpose_count; i++) {
            const struct declared_purpose *purpose = &declared_tenants[tenant].purposes[i];
            const uint32_t most = purpose->retention_days + (purpose->anchor == SLUICE_ANCHOR_INVOICE ? 31 : 0);

            assert_true(most * WORLD_DAY_US < WORLD_ROUND_US);
        }
}

static void the_next_round_replaces_clock_and_truth(void **state)
{
    char folder[64], path[SLUICE_PATH_SIZE];
    struct totals *totals = malloc(sizeof *totals);
    struct sluice_findings findings;
    struct sluice_config *config;
    struct world world, next;

    assert_non_null(totals);
    scratch_make(folder);
    assert_int_equal(sluice_crypto_init(), SLUICE_OK);
    assert_int_equal(gen_next(&next, folder, NULL, totals, path), SLUICE_ERR_MISSING);
    world_init(&world, SEED, 20, 200);
    assert_int_equal(gen_write(&world, folder, NULL, totals, path), SLUICE_OK);
    for (uint32_t round = 1; round <= 2; round++) {
        assert_int_equal(gen_next(&next, folder, NULL, totals, path), SLUICE_OK);
        assert_int_equal(next.round, round);
        assert_int_equal(totals->in.records, world.records);
        snprintf(path, sizeof path, "%s/input/part-%05u.ndjson", folder, round);
        assert_int_equal(access(path, R_OK), 0);
    }
    sluice_findings_init(&findings);
    snprintf(path, sizeof path, "%s/sluice.yaml", folder);
    assert_int_equal(sluice_config_load(&config, &findings, path), SLUICE_OK);
    assert_true(config->clock_us == world.clock_us + 2 * WORLD_ROUND_US);
    sluice_config_free(config);
    sluice_findings_deinit(&findings);
    free(totals);
    scratch_remove(folder);
}

TEST_MAIN(cmocka_unit_test(a_round_has_the_fleet_and_other_traffic),
          cmocka_unit_test(input_files_are_numbered_on),
          cmocka_unit_test(lines_of_earlier_rounds_come_again),
          cmocka_unit_test(all_that_a_round_emits_is_due_at_the_next),
          cmocka_unit_test(no_purpose_keeps_a_row_for_a_round),
          cmocka_unit_test(the_next_round_replaces_clock_and_truth))
