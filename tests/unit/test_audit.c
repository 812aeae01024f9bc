#include "test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "keep/audit.h"
#include "scratch.h"
#include "sluice/clock.h"
#include "sluice/crypto.h"
#include "sluice/local.h"

#define NOW_US INT64_C(1793491200000000)   /* 2026-11-01T00:00:00Z */
#define NAME   SLUICE_AUDIT_ACCESS

static char folder[64];
static char path[128];

static int setup(void **state)
{
    assert_int_equal(sluice_crypto_init(), SLUICE_OK);
    scratch_make(folder);
    snprintf(path, sizeof path, "%s/audit/%s", folder, NAME);
    return 0;
}

static int teardown(void **state)
{
    scratch_remove(folder);
    return 0;
}

static void append_lines(int count)
{
    for (int i = 0; i < count; i++) {
        char members[64];

        const int len = snprintf(members, sizeof members, "\"what\":\"open\",\"case\":%d", i);
        assert_int_equal(sluice_audit_append(folder, NAME, NOW_US + i * SLUICE_SECOND_US,
                                             (struct sluice_str){ members, (size_t)len }), SLUICE_OK);
    }
}

static enum sluice_err verify(uint64_t *count, unsigned *fault_line)
{
    struct sluice_findings findings;

    sluice_findings_init(&findings);
    const enum sluice_err err = sluice_audit_verify(&findings, count, folder, NAME);
    *fault_line = findings.count ? findings.list[0].line : 0;
    sluice_findings_deinit(&findings);
    return err;
}

static size_t slurp(char *bytes, size_t size)
{
    FILE *file = fopen(path, "r");

    assert_non_null(file);
    const size_t len = fread(bytes, 1, size, file);
    assert_true(len < size);
    fclose(file);
    return len;
}

static void spit(const char *bytes, size_t len)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    fclose(file);
}

static void lines_chain_and_hold(void **state)
{
    char text[8192];
    uint64_t count;
    unsigned line;

    assert_int_equal(verify(&count, &line), SLUICE_OK);
    assert_int_equal(count, 0);

    append_lines(5);
    assert_int_equal(verify(&count, &line), SLUICE_OK);
    assert_int_equal(count, 5);

    text[slurp(text, sizeof text)] = '\0';
    assert_memory_equal(text, "{\"sequence\":1,\"at\":\"2026-11-01T00:00:00Z\",\"what\":\"open\",\"case\":0,"
                              "\"previous\":\"0000", 75);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void every_changed_byte_is_seen(void **state)
{
    char text[8192];
    uint64_t count;
    unsigned line;

    append_lines(3);
    const size_t len = slurp(text, sizeof text);
    for (size_t i = 0; i < len - 1; i++) {
        text[i] ^= 1;
        spit(text, len);
        assert_int_equal(verify(&count, &line), SLUICE_ERR_DAMAGED);
        assert_in_range(line, 1, 3);
        text[i] ^= 1;
    }
    spit(text, len);
    assert_int_equal(verify(&count, &line), SLUICE_OK);
}

static void a_line_taken_out_put_in_or_moved_is_seen(void **state)
{
    char text[8192], changed[8192];
    uint64_t count;
    unsigned line;

    append_lines(3);
    const size_t len = slurp(text, sizeof text);
    const size_t one = (size_t)((char *)memchr(text, '\n', len) + 1 - text);

    /* All lines are of one length here. */
    assert_int_equal(len, 3 * one);
    spit(text + one, 2 * one);
    assert_int_equal(verify(&count, &line), SLUICE_ERR_DAMAGED);
    assert_int_equal(line, 1);

    memcpy(changed, text, one);
    memcpy(changed + one, text + 2 * one, one);
    spit(changed, 2 * one);
    assert_int_equal(verify(&count, &line), SLUICE_ERR_DAMAGED);
    assert_int_equal(line, 2);

    memcpy(changed + one, text, one);
    spit(changed, 2 * one);
    assert_int_equal(verify(&count, &line), SLUICE_ERR_DAMAGED);
    assert_int_equal(line, 2);

    spit(text, len);
    assert_int_equal(verify(&count, &line), SLUICE_OK);
    assert_int_equal(count, 3);
}

static void a_line_cut_short_by_a_crash_is_replaced(void **state)
{
    char text[8192], last[SLUICE_AUDIT_LINE_MAX];
    uint64_t count;
    unsigned line;
    size_t last_len;

    append_lines(2);
    const size_t len = slurp(text, sizeof text);
    const size_t one = len / 2;
    for (size_t cut = one; cut < len; cut++) {
        spit(text, cut);
        assert_int_equal(verify(&count, &line), SLUICE_OK);
        assert_int_equal(count, 1);
        assert_int_equal(sluice_audit_last(last, &last_len, folder, NAME), SLUICE_OK);
        assert_int_equal(last_len, one - 1);
        assert_memory_equal(last, text, one - 1);
    }
    append_lines(1);
    assert_int_equal(verify(&count, &line), SLUICE_OK);
    assert_int_equal(count, 2);
}

static void pruning_keeps_the_chain(void **state)
{
    char text[8192];
    uint64_t count, cut;
    unsigned line;

    append_lines(4);
    assert_int_equal(sluice_audit_prune(&cut, folder, NAME, NOW_US, NOW_US), SLUICE_OK);
    assert_int_equal(cut, 0);
    assert_int_equal(sluice_audit_prune(&cut, folder, NAME, NOW_US + 60 * SLUICE_SECOND_US,
                                        NOW_US + 3 * SLUICE_SECOND_US), SLUICE_OK);
    assert_int_equal(cut, 3);
    assert_int_equal(verify(&count, &line), SLUICE_OK);
    assert_int_equal(count, 2);   /* the fourth, and the one that tells of the cut */

    append_lines(1);
    assert_int_equal(verify(&count, &line), SLUICE_OK);
    assert_int_equal(count, 3);

    /* The line that tells is what makes it good. */
    const size_t len = slurp(text, sizeof text);
    const size_t first = (size_t)((char *)memchr(text, '\n', len) + 1 - text);
    spit(text, first);
    assert_int_equal(verify(&count, &line), SLUICE_ERR_DAMAGED);
    assert_int_equal(line, 1);
}

static void a_file_of_others_is_not_appended_to(void **state)
{
    append_lines(1);
    spit("something else\n", 15);
    assert_int_equal(sluice_audit_append(folder, NAME, NOW_US, SLUICE_STR("\"what\":\"open\"")), SLUICE_ERR_DAMAGED);
    assert_int_equal(sluice_audit_append(folder, SLUICE_AUDIT_RECEIPTS, NOW_US, SLUICE_STR("\"what\":\"open\"")),
                     SLUICE_OK);
}

static void members_have_a_limit(void **state)
{
    static char members[SLUICE_AUDIT_MEMBERS_MAX + 1];
    uint64_t count;
    unsigned line;

    memset(members, '1', sizeof members);
    memcpy(members, "\"n\":", 4);
    assert_int_equal(sluice_audit_append(folder, NAME, NOW_US, (struct sluice_str){ members, sizeof members }),
                     SLUICE_ERR_LIMIT);
    assert_int_equal(sluice_audit_append(folder, NAME, NOW_US, (struct sluice_str){ members, sizeof members - 1 }),
                     SLUICE_OK);
    append_lines(1);
    assert_int_equal(verify(&count, &line), SLUICE_OK);
    assert_int_equal(count, 2);
}

static void writers_at_once_make_one_chain(void **state)
{
    enum { WRITERS = 4, LINES = 25 };
    uint64_t count;
    unsigned line;

    for (int i = 0; i < WRITERS; i++) {
        if (fork() == 0) {
            for (int k = 0; k < LINES; k++)
                if (sluice_audit_append(folder, NAME, NOW_US, SLUICE_STR("\"what\":\"open\"")))
                    _exit(1);
            _exit(0);
        }
    }
    for (int i = 0; i < WRITERS; i++) {
        int status;

        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    assert_int_equal(verify(&count, &line), SLUICE_OK);
    assert_int_equal(count, WRITERS * LINES);
}

static void the_state_folder_has_one_holder(void **state)
{
    int first, second;

    assert_int_equal(sluice_local_lock(&first, folder), SLUICE_OK);
    assert_int_equal(sluice_local_lock(&second, folder), SLUICE_ERR_LOCKED);
    close(first);
    assert_int_equal(sluice_local_lock(&second, folder), SLUICE_OK);
    close(second);
    assert_int_equal(sluice_local_lock(&second, "/nonexistent"), SLUICE_ERR_MISSING);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

TEST_MAIN(CASE(lines_chain_and_hold),
          CASE(every_changed_byte_is_seen),
          CASE(a_line_taken_out_put_in_or_moved_is_seen),
          CASE(a_line_cut_short_by_a_crash_is_replaced),
          CASE(pruning_keeps_the_chain),
          CASE(a_file_of_others_is_not_appended_to),
          CASE(members_have_a_limit),
          CASE(writers_at_once_make_one_chain),
          CASE(the_state_folder_has_one_holder))
