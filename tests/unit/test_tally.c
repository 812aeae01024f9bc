#include "test.h"

#include <stdlib.h>

#include "gate/tally.h"

static const struct tally_sum one = { 1, 100, 10, 0 };

static struct tally_book *routed_once(void)
{
    struct tally_book *book = calloc(1, sizeof *book);
    struct tally_tenant *tenant = tally_tenant(&book->now, SLUICE_STR("acme"));
    struct tally_input *input = tally_input(&book->now, SLUICE_STR("emnify"));

    tally_add(&tally_purpose(tenant, "billing")->outcomes[SLUICE_EMITTED], one, 1);
    tally_add(&tenant->reasons[SLUICE_REASON_NONE], one, 1);
    tally_add(&input->in, one, 1);
    tally_add(&input->dispositions[SLUICE_ROUTED], one, 1);
    return book;
}

static void sums_that_add_up_are_balanced(void **state)
{
    struct tally_book *book = routed_once();

    assert_true(tally_balanced(&book->now));
    free(book);
}

static void every_kind_of_loss_is_seen(void **state)
{
    for (int fault = 0; fault < 5; fault++) {
        struct tally_book *book = routed_once();
        struct tally_tenant *tenant = &book->now.tenants[0];

        switch (fault) {
        case 0: book->now.inputs[0].in.records++; break;
        case 1: tenant->reasons[SLUICE_REASON_NONE].octets--; break;
        case 2: tenant->purposes[0].outcomes[SLUICE_EMITTED].seconds++; break;
        case 3: tenant->reasons[SLUICE_REASON_DUPLICATE].messages++; break;
        case 4: book->now.inputs[0].dispositions[SLUICE_DROPPED].records++; break;
        }
        assert_false(tally_balanced(&book->now));
        free(book);
    }
}

/* The largest numbers that a record may carry, over and over: no sum runs into undefined behaviour. */
static void the_largest_records_add_up(void **state)
{
    const struct sluice_record record = { .uplink_octets = INT64_MAX, .downlink_octets = INT64_MAX,
                                          .duration_s = INT64_MAX, .message_count = UINT32_MAX };
    struct tally_book *book = routed_once();
    struct tally_tenant *tenant = &book->now.tenants[0];
    struct tally_input *input = &book->now.inputs[0];

    (void)state;
    for (int i = 0; i < 5; i++) {
        tally_add(&tenant->reasons[SLUICE_REASON_DUPLICATE], tally_weigh(&record), 1);
        tally_add(&input->in, tally_weigh(&record), 1);
        tally_add(&input->dispositions[SLUICE_DUPLICATE], tally_weigh(&record), 1);
    }
    assert_true(tally_balanced(&book->now));
    free(book);
}

static void a_purpose_declared_later_owes_nothing(void **state)
{
    struct tally_book *book = routed_once();
    struct tally_purpose *late = tally_purpose(&book->now.tenants[0], "fraud");

    assert_int_equal(late->outcomes[SLUICE_NOT_YET_DECLARED].records, 1);
    assert_true(tally_balanced(&book->now));
    free(book);
}

static void changes_and_snapshots_bring_it_back(void **state)
{
    struct tally_book *book = routed_once(), *again = calloc(1, sizeof *again);
    const struct sluice_state_table from = tally_table(book), to = tally_table(again);
    struct sluice_buffer out;
    uint64_t chunk = 0;
    bool more;

    sluice_buffer_init(&out, 1 << 20);
    from.changes(from.self, &out);
    from.committed(from.self);
    assert_int_equal(to.apply(to.self, out.bytes, out.len), SLUICE_OK);
    assert_memory_equal(&again->now, &book->now, sizeof book->now);

    tally_add(&book->now.inputs[0].in, one, 5);
    from.undo(from.self);
    assert_memory_equal(&again->now, &book->now, sizeof book->now);

    sluice_buffer_clear(&out);
    memset(again, 0, sizeof *again);
    assert_int_equal(from.snapshot(from.self, &chunk, &out, &more), SLUICE_OK);
    assert_false(more);
    assert_int_equal(to.restore(to.self, 0, out.bytes, out.len), SLUICE_OK);
    assert_memory_equal(&again->now, &book->now, sizeof book->now);

    for (size_t len = 0; len < out.len; len++)
        assert_int_equal(to.apply(to.self, out.bytes, len), SLUICE_ERR_DAMAGED);
    sluice_buffer_deinit(&out);
    free(book);
    free(again);
}

static void json_names_every_count(void **state)
{
    struct tally_book *book = routed_once();
    struct sluice_buffer out;

    sluice_buffer_init(&out, 1 << 20);
    tally_json(&book->now, 1, true, &out);
    sluice_buffer_append_u8(&out, 0);
    assert_non_null(strstr((char *)out.bytes, "{\"in\":1,\"routed\":1,\"duplicate\":0,\"suspended\":0,\"quarantined\":0,"));
    assert_non_null(strstr((char *)out.bytes, "\"dropped\":{}"));
    assert_non_null(strstr((char *)out.bytes, "\"acme\":{\"routed\":1,\"purposes\":{\"billing\":"
                                              "{\"emitted\":1,\"parked\":0,\"dropped\":{}}}}"));
    assert_non_null(strstr((char *)out.bytes, "\"files\":1,\"balanced\":true}"));
    sluice_buffer_deinit(&out);
    free(book);
}

TEST_MAIN(cmocka_unit_test(sums_that_add_up_are_balanced),
          cmocka_unit_test(every_kind_of_loss_is_seen),
          cmocka_unit_test(the_largest_records_add_up),
          cmocka_unit_test(a_purpose_declared_later_owes_nothing),
          cmocka_unit_test(changes_and_snapshots_bring_it_back),
          cmocka_unit_test(json_names_every_count))
