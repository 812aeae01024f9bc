#include "test.h"

#include <sys/wait.h>

#include "fault.h"
#include "files.h"
#include "keep/audit.h"
#include "local_fixture.h"
#include "sluice/feed.h"
#include "sluice/keep.h"

enum sluice_err sluice_feed_fill(struct sluice_feed *feed, struct sluice_batch *batch, int64_t now_us, bool *end)
{
    fail();
    return SLUICE_ERR_IO;
}

void sluice_feed_decode(struct sluice_feed *feed, struct sluice_batch *batch, struct sluice_entry *entry,
                        int64_t now_us)
{
    fail();
}

#define DUE_S   DEADLINE_S
#define LATER_S (DEADLINE_S + DAY_S)

/* billing and fraud of two tenants and what is suspended, each due and later, closed and open. */
static void write_buckets(struct fixture *f)
{
    static const char *const tenants[] = { "acme", "beta" };

    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 2; i++) {
            assert_int_equal(write_number(f, tenants[i], "billing", DUE_S, 1), SLUICE_OK);
            assert_int_equal(write_number(f, tenants[i], "billing", LATER_S, 2), SLUICE_OK);
            assert_int_equal(write_number(f, tenants[i], "fraud", LATER_S, 3), SLUICE_OK);
        }
        suspend_number(f, 1);
        suspend_number(f, 4);
        assert_int_equal(write_suspended(f), SLUICE_OK);
        assert_int_equal(commit(f), SLUICE_OK);
        if (round == 0)
            assert_int_equal(sluice_local_close_files(&f->transport), SLUICE_OK);
    }
}

static int setup(void **state)
{
    struct fixture *f = fixture_new();

    fault_clear();
    f->config->audit_s = 1000 * DAY_S;
    f->config->quarantine_s = 30 * DAY_S;
    f->config->deduplication_window_s = 90 * DAY_S;
    f->config->clock_us = (DUE_S + 1) * SLUICE_SECOND_US;
    fixture_open(f);
    write_buckets(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fault_clear();
    fixture_free(*state);
    return 0;
}

static enum sluice_err keep_at(struct fixture *f, struct sluice_keep_report *report, int64_t now_s)
{
    const struct sluice_keep keep = { .config = f->config,
                                      .transport = &f->transport,
                                      .now_us = now_s * SLUICE_SECOND_US };

    *report = (struct sluice_keep_report){ 0 };
    return sluice_keep(report, &keep);
}

static enum sluice_err keep_quietly(struct fixture *f, int64_t now_s)
{
    struct sluice_keep_report report;

    const enum sluice_err err = keep_at(f, &report, now_s);
    sluice_keep_report_free(&report);
    return err;
}

static const struct sluice_keep_stream *find(const struct sluice_keep_report *report, const char *tenant,
                                             const char *stream)
{
    for (size_t i = 0; i < report->stream_count; i++)
        if (strcmp(report->streams[i].tenant, tenant) == 0 && strcmp(report->streams[i].stream, stream) == 0)
            return &report->streams[i];
    fail();
    return NULL;
}

static bool is_there(struct fixture *f, const char *name)
{
    return access(path_in(f->folder, name), F_OK) == 0;
}

static uint64_t verify_receipts(struct fixture *f)
{
    struct sluice_findings findings;
    uint64_t count;

    sluice_findings_init(&findings);
    assert_int_equal(sluice_audit_verify(&findings, &count, f->config->state, SLUICE_AUDIT_RECEIPTS), SLUICE_OK);
    sluice_findings_deinit(&findings);
    return count;
}

static void read_receipts(struct fixture *f, char *text, size_t size)
{
    text[file_read(path_in(f->folder, "state/audit/receipts.ndjson"), text, size - 1)] = '\0';
}

static size_t count_text(const char *text, const char *what)
{
    size_t count = 0;

    for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
        count++;
    return count;
}

static void assert_only_later_is_left(struct fixture *f)
{
    uint64_t numbers[8];

    assert_false(is_there(f, "out/acme/billing/2026-12-01"));
    assert_false(is_there(f, "out/beta/billing/2026-12-01"));
    assert_false(is_there(f, "out/acme/suspended/2026-12-01"));
    assert_int_equal(read_stream(f, "acme", "billing", numbers, 8), 2);
    assert_int_equal(numbers[0], 2);
    assert_int_equal(read_stream(f, "beta", "fraud", numbers, 8), 2);
    assert_int_equal(read_stream(f, "acme", "suspended", numbers, 8), 0);
}

static void buckets_go_at_their_deadline_and_not_before(void **state)
{
    struct fixture *f = *state;
    struct sluice_keep_report report;
    char text[16384];

    assert_int_equal(keep_at(f, &report, DUE_S - 1), SLUICE_OK);
    assert_int_equal(find(&report, "acme", "billing")->buckets, 0);
    assert_int_equal(find(&report, "acme", "billing")->oldest_deadline_s, DUE_S);
    assert_true(is_there(f, "out/acme/billing/2026-12-01"));
    assert_false(is_there(f, "state/audit"));
    sluice_keep_report_free(&report);

    assert_int_equal(keep_at(f, &report, DUE_S + 7), SLUICE_OK);
    const struct sluice_keep_stream *billing = find(&report, "acme", "billing");
    assert_int_equal(billing->buckets, 1);
    assert_int_equal(billing->files, 2);
    assert_true(billing->octets > 0);
    assert_int_equal(billing->lateness_s_max, 7);
    assert_int_equal(billing->oldest_deadline_s, LATER_S);
    assert_int_equal(find(&report, "acme", "suspended")->records, 4);
    assert_int_equal(find(&report, "acme", "suspended")->oldest_deadline_s, 0);
    assert_int_equal(find(&report, "beta", "fraud")->buckets, 0);
    sluice_keep_report_free(&report);
    assert_only_later_is_left(f);
    assert_int_equal(verify_receipts(f), 6);
    read_receipts(f, text, sizeof text);
    assert_int_equal(count_text(text, "\"what\":\"deleted\",\"tenant\":\"acme\",\"stream\":\"billing\","
                                      "\"bucket\":\"2026-12-01\",\"deadline\":\"2026-12-01T00:00:00Z\",\"files\":2"), 1);
    assert_int_equal(count_text(text, "\"records\":4,\"lateness_s\":7"), 1);

    /* The log knows nothing of them any more, and new rows find a new bucket. */
    fixture_reopen(f);
    assert_only_later_is_left(f);
    assert_int_equal(keep_quietly(f, DUE_S + 8), SLUICE_OK);
    assert_int_equal(verify_receipts(f), 6);
}

static void looking_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct sluice_keep_report report = { 0 };
    const struct sluice_keep keep = { .config = f->config, .now_us = (DUE_S + 7) * SLUICE_SECOND_US };

    assert_int_equal(sluice_keep(&report, &keep), SLUICE_OK);
    assert_int_equal(find(&report, "acme", "billing")->buckets, 1);
    assert_int_equal(find(&report, "acme", "suspended")->records, 4);
    sluice_keep_report_free(&report);
    assert_true(is_there(f, "out/acme/billing/2026-12-01/1.pb"));
    assert_true(is_there(f, "out/acme/billing/2026-12-01/2.pb.open"));
    assert_false(is_there(f, "state/audit"));
}

static void one_folder_that_stays_keeps_no_other(void **state)
{
    struct fixture *f = *state;
    struct sluice_keep_report report;

    assert_int_equal(mkdir(path_in(f->folder, "out/acme/billing/2026-12-01/mine"), 0700), 0);
    assert_int_not_equal(keep_at(f, &report, DUE_S), SLUICE_OK);
    assert_string_equal(report.failed, "acme/billing/2026-12-01");
    sluice_keep_report_free(&report);
    assert_true(is_there(f, "out/acme/billing/2026-12-01"));
    assert_false(is_there(f, "out/beta/billing/2026-12-01"));

    assert_int_equal(rmdir(path_in(f->folder, "out/acme/billing/2026-12-01/mine")), 0);
    file_write(path_in(f->folder, "out/acme/billing/2026-12-01/copy"), "x", 1);
    fixture_reopen(f);
    assert_int_equal(keep_quietly(f, DUE_S), SLUICE_OK);
    assert_only_later_is_left(f);
    verify_receipts(f);
}

/* Dead at every call: the next run brings it to its end, and every deletion is told. */
static void dying_while_deleting_leaves_nothing_half_done(void **state)
{
    static const enum fault_kind kinds[] = { FAULT_DIE_BEFORE, FAULT_DIE_HALFWAY, FAULT_DIE_AFTER };
    static char text[65536];
    unsigned deaths = 0;

    teardown(state);
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        for (unsigned at = 1;; at++) {
            int status;

            setup(state);
            struct fixture *f = *state;
            fixture_close(f);
            const pid_t child = fork();
            if (child == 0) {
                if (fixture_try_open(f))
                    _exit(1);
                fault_set(kinds[k], at, 0, 1);
                _exit(keep_quietly(f, DUE_S) ? 2 : 0);
            }
            assert_int_equal(waitpid(child, &status, 0), child);
            assert_true(WIFEXITED(status));
            assert_in_range(WEXITSTATUS(status), 0, FAULT_EXIT);
            fixture_open(f);
            assert_int_equal(keep_quietly(f, DUE_S + 5), SLUICE_OK);
            assert_only_later_is_left(f);
            verify_receipts(f);
            read_receipts(f, text, sizeof text);
            assert_int_equal(count_text(text, "\"deleted\",\"tenant\":\"acme\",\"stream\":\"billing\""), 1);
            assert_int_equal(count_text(text, "\"deleted\",\"tenant\":\"acme\",\"stream\":\"suspended\""), 1);
            assert_in_range(count_text(text, "\"deleting\""), 3, 4);
            assert_int_equal(count_text(text, "\"deleted\""), 3);
            fixture_reopen(f);
            assert_only_later_is_left(f);
            teardown(state);
            if (WEXITSTATUS(status) == 0)
                break;
            assert_int_equal(WEXITSTATUS(status), FAULT_EXIT);
            deaths++;
        }
    }
    assert_true(deaths > 60);
    setup(state);
}

/* --- epochs */

#define EPOCH_S (10 * DAY_S)

static struct sluice_purpose make_purpose(const char *name, int64_t retention_s)
{
    struct sluice_purpose purpose = { .declared = true,
                                      .anchor = SLUICE_ANCHOR_EVENT,
                                      .epoch_kind = SLUICE_EPOCH_SECONDS,
                                      .epoch_s = EPOCH_S,
                                      .retention_s = retention_s,
                                      .bucket_s = DAY_S };

    snprintf(purpose.name, sizeof purpose.name, "%s", name);
    return purpose;
}

static void make_epochs(struct sluice_vault *vault, const char *purpose, uint32_t count)
{
    struct sluice_epoch_secrets secrets;
    uint8_t index;

    assert_int_equal(sluice_vault_purpose_index(vault, "acme", purpose, &index), SLUICE_OK);
    for (uint32_t epoch = 0; epoch < count; epoch++)
        assert_int_equal(sluice_vault_epoch(vault, &secrets, "acme", index, (uint32_t)(epoch * EPOCH_S), true), SLUICE_OK);
    assert_int_equal(sluice_vault_commit(vault), SLUICE_OK);
}

static bool is_living(struct sluice_vault *vault, const char *purpose, uint32_t epoch)
{
    struct sluice_epoch_secrets secrets;
    uint8_t index;

    assert_int_equal(sluice_vault_purpose_index(vault, "acme", purpose, &index), SLUICE_OK);
    const enum sluice_err err = sluice_vault_epoch(vault, &secrets, "acme", index, (uint32_t)(epoch * EPOCH_S), false);
    assert_true(err == SLUICE_OK || err == SLUICE_ERR_MISSING);
    return err == SLUICE_OK;
}

static void keys_of_an_epoch_go_when_its_last_row_is_due(void **state)
{
    struct fixture *f = *state;
    struct sluice_purpose billing = make_purpose("billing", 20 * DAY_S), older = make_purpose("billing", 25 * DAY_S);
    struct sluice_purpose fraud = make_purpose("fraud", 20 * DAY_S);
    struct sluice_vault *vault;
    struct sluice_keep_report report = { 0 };
    char text[16384];

    fraud.anchor = SLUICE_ANCHOR_COLLECTION;
    const struct sluice_keep_purpose purposes[] = { { "acme", &older }, { "acme", &billing }, { "acme", &fraud },
                                                    { "beta", &fraud } };
    struct sluice_keep keep = { .config = f->config,
                                .transport = &f->transport,
                                .purposes = purposes,
                                .purpose_count = 4 };
    assert_int_equal(sluice_vault_open(&vault, f->config->state, f->keyring), SLUICE_OK);
    make_epochs(vault, "billing", 40);
    make_epochs(vault, "fraud", 3);
    make_epochs(vault, "closed", 1);
    keep.vault = vault;

    /* Epoch 1 ends with day 20; its last row lives 25 days under the longer version. */
    keep.now_us = (20 + 25) * DAY_S * SLUICE_SECOND_US - DAY_S * SLUICE_SECOND_US - 1;
    assert_int_equal(sluice_keep(&report, &keep), SLUICE_OK);
    assert_int_equal(report.epochs, 2);   /* billing 0; closed 0, which has no rows */
    assert_false(is_living(vault, "billing", 0));
    assert_true(is_living(vault, "billing", 1));
    assert_false(is_living(vault, "closed", 0));
    assert_true(is_living(vault, "fraud", 0));
    sluice_keep_report_free(&report);

    keep.now_us++;
    assert_int_equal(sluice_keep(&report, &keep), SLUICE_OK);
    assert_int_equal(report.epochs, 1);
    assert_false(is_living(vault, "billing", 1));
    assert_true(is_living(vault, "billing", 2));
    sluice_keep_report_free(&report);

    /* What is kept from its collection on may arrive until the window ends. */
    keep.now_us = (10 + 90 + 20 - 1) * DAY_S * SLUICE_SECOND_US;
    assert_int_equal(sluice_keep(&report, &keep), SLUICE_OK);
    assert_false(is_living(vault, "fraud", 0));
    assert_true(is_living(vault, "fraud", 1));
    sluice_keep_report_free(&report);

    /* More than one receipt can name. */
    keep.now_us = 1000 * DAY_S * SLUICE_SECOND_US;
    assert_int_equal(sluice_keep(&report, &keep), SLUICE_OK);
    assert_true(report.epochs > 24);
    for (uint32_t epoch = 0; epoch < 40; epoch++)
        assert_false(is_living(vault, "billing", epoch));
    sluice_keep_report_free(&report);
    verify_receipts(f);
    read_receipts(f, text, sizeof text);
    assert_int_equal(count_text(text, "{\"tenant\":\"acme\",\"purpose\":\"billing\",\"epoch\":33696000}"), 2);
    assert_int_equal(count_text(text, "\"destroying\""), count_text(text, "\"destroyed\""));
    sluice_vault_close(vault);
}

static void keys_of_a_purpose_that_is_gone_live_as_long_as_its_rows(void **state)
{
    struct fixture *f = *state;
    struct sluice_vault *vault;
    struct sluice_keep_report report = { 0 };
    struct sluice_keep keep = { .config = f->config, .transport = &f->transport };

    assert_int_equal(sluice_vault_open(&vault, f->config->state, f->keyring), SLUICE_OK);
    make_epochs(vault, "billing", 1);
    keep.vault = vault;
    keep.now_us = (LATER_S - 1) * SLUICE_SECOND_US;
    assert_int_equal(sluice_keep(&report, &keep), SLUICE_OK);
    assert_true(is_living(vault, "billing", 0));
    sluice_keep_report_free(&report);
    keep.now_us = LATER_S * SLUICE_SECOND_US;
    assert_int_equal(sluice_keep(&report, &keep), SLUICE_OK);
    assert_false(is_living(vault, "billing", 0));
    sluice_keep_report_free(&report);
    sluice_vault_close(vault);
}

static void destruction_that_a_crash_left_untold_is_told(void **state)
{
    struct fixture *f = *state;
    struct sluice_keep_report report = { 0 };
    struct sluice_keep keep = { .config = f->config, .transport = &f->transport, .now_us = DUE_S * SLUICE_SECOND_US };
    char text[16384];

    assert_int_equal(sluice_audit_append(f->config->state, SLUICE_AUDIT_RECEIPTS, NOW_US,
                                         SLUICE_STR("\"what\":\"destroying\",\"epochs\":[{\"tenant\":\"acme\","
                                                    "\"purpose\":\"billing\",\"epoch\":5}]")), SLUICE_OK);
    assert_int_equal(sluice_vault_open(&keep.vault, f->config->state, f->keyring), SLUICE_OK);
    assert_int_equal(sluice_keep(&report, &keep), SLUICE_OK);
    read_receipts(f, text, sizeof text);
    assert_int_equal(count_text(text, "\"what\":\"destroyed\",\"epochs\":[{\"tenant\":\"acme\","
                                      "\"purpose\":\"billing\",\"epoch\":5}]"), 1);
    assert_int_equal(count_text(text, "\"deleted\""), 3);
    sluice_keep_report_free(&report);
    sluice_vault_close(keep.vault);
}

static void receipts_have_a_period_of_their_own(void **state)
{
    struct fixture *f = *state;
    struct sluice_keep_report report;

    assert_int_equal(keep_quietly(f, DUE_S), SLUICE_OK);
    assert_int_equal(verify_receipts(f), 6);
    f->config->audit_s = DAY_S;
    assert_int_equal(keep_at(f, &report, DUE_S + DAY_S), SLUICE_OK);
    assert_int_equal(report.audit_lines, 0);
    sluice_keep_report_free(&report);
    const uint64_t before = verify_receipts(f);
    assert_int_equal(keep_at(f, &report, DUE_S + DAY_S + 1), SLUICE_OK);
    assert_int_equal(report.audit_lines, 6);
    assert_int_equal(verify_receipts(f), before - 6 + 1);
    sluice_keep_report_free(&report);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

TEST_MAIN(CASE(buckets_go_at_their_deadline_and_not_before),
          CASE(looking_changes_nothing),
          CASE(one_folder_that_stays_keeps_no_other),
          CASE(dying_while_deleting_leaves_nothing_half_done),
          CASE(keys_of_an_epoch_go_when_its_last_row_is_due),
          CASE(keys_of_a_purpose_that_is_gone_live_as_long_as_its_rows),
          CASE(destruction_that_a_crash_left_untold_is_told),
          CASE(receipts_have_a_period_of_their_own))
