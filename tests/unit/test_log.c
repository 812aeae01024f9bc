#include "test.h"

#include <sys/stat.h>

#include "fault.h"
#include "files.h"
#include "local/log.h"
#include "scratch.h"

#define NAME   "2.log"
#define FRAMES 5

static char folder[64];
static int folder_fd;
static uint8_t key[SLUICE_KEY_SIZE];
static uint8_t bytes[65536];
static size_t size;
static uint64_t starts[FRAMES + 2];   /* of each frame, and the end */

static int setup(void **state)
{
    fault_clear();
    assert_int_equal(sluice_crypto_init(), SLUICE_OK);
    scratch_make(folder);
    folder_fd = open(folder, O_RDONLY | O_DIRECTORY);
    assert_true(folder_fd >= 0);
    sluice_random(key, sizeof key);
    return 0;
}

static int teardown(void **state)
{
    fault_clear();
    close(folder_fd);
    scratch_remove(folder);
    return 0;
}

/* Frame i holds i, i + 1 times; the one with number 0 is the writer's own. */
static enum sluice_err append_frame(struct log_writer *writer, unsigned i)
{
    struct sluice_buffer *payload = log_writer_begin(writer);

    for (unsigned k = 0; k <= i; k++)
        sluice_buffer_append_u32(payload, i);
    return log_writer_append(writer, FRAME_COMMIT, 10 + i, true);
}

static void write_log(void)
{
    struct log_writer writer;

    assert_int_equal(log_writer_create(&writer, folder_fd, NAME, 2, 10, key), SLUICE_OK);
    starts[0] = 0;
    for (unsigned i = 1; i < FRAMES; i++) {
        starts[i] = writer.end;
        assert_int_equal(append_frame(&writer, i), SLUICE_OK);
    }
    starts[FRAMES] = writer.end;
    log_writer_close(&writer);
    size = file_read(path_in(folder, NAME), bytes, sizeof bytes);
    assert_int_equal(size, starts[FRAMES]);
}

/* Read all; every frame that comes is as it was written. *at: where reading ended. */
static enum sluice_err read_log(unsigned *frames, uint64_t *at, bool *torn)
{
    struct log_reader reader;
    struct frame frame;
    bool more = true;

    assert_int_equal(log_reader_open(&reader, folder_fd, NAME, key), SLUICE_OK);
    enum sluice_err err = SLUICE_OK;
    for (*frames = 0; !err; ++*frames) {
        err = log_reader_next(&reader, &frame, &more);
        if (err || !more)
            break;
        assert_int_equal(frame.sequence, *frames);
        assert_int_equal(frame.transaction, 10 + *frames);
        for (unsigned k = 0; *frames > 0 && k <= *frames; k++)
            assert_int_equal(frame.payload[4 * k], *frames);
    }
    *at = reader.at;
    *torn = reader.torn;
    log_reader_close(&reader);
    return err;
}

static unsigned frame_of(uint64_t offset)
{
    unsigned frame = 0;

    while (starts[frame + 1] <= offset)
        frame++;
    return frame;
}

static void frames_come_back_in_order(void **state)
{
    unsigned frames;
    uint64_t at;
    bool torn;

    write_log();
    assert_int_equal(read_log(&frames, &at, &torn), SLUICE_OK);
    assert_int_equal(frames, FRAMES);
    assert_int_equal(at, size);
    assert_false(torn);
    assert_null(memmem(bytes, size, "\4\0\0\0\4\0\0\0\4\0\0\0", 12));
}

static void every_flipped_bit_is_seen_and_named(void **state)
{
    unsigned frames;
    uint64_t at;
    bool torn;

    write_log();
    for (size_t bit = 0; bit < size * 8; bit++) {
        const unsigned hit = frame_of(bit / 8);

        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        file_write(path_in(folder, NAME), bytes, size);
        const enum sluice_err err = read_log(&frames, &at, &torn);
        assert_int_equal(frames, hit);
        assert_int_equal(at, starts[hit]);
        /* In the last frame it is what a write cut short looks like. */
        assert_int_equal(err, hit == FRAMES - 1 ? SLUICE_OK : SLUICE_ERR_DAMAGED);
        assert_int_equal(torn, hit == FRAMES - 1);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void a_log_may_end_anywhere(void **state)
{
    unsigned frames;
    uint64_t at;
    bool torn;

    write_log();
    for (size_t end = 0; end <= size; end++) {
        file_write(path_in(folder, NAME), bytes, end);
        assert_int_equal(read_log(&frames, &at, &torn), SLUICE_OK);
        const unsigned whole = end == size ? FRAMES : frame_of(end);
        assert_int_equal(frames, whole);
        assert_int_equal(at, starts[whole]);
        assert_int_equal(torn, end != starts[whole]);
    }
}

static void a_tail_of_zeros_was_never_committed(void **state)
{
    unsigned frames;
    uint64_t at;
    bool torn;

    write_log();
    for (size_t end = starts[3]; end < size; end++) {
        memset(bytes + end, 0, sizeof bytes - end);
        file_write(path_in(folder, NAME), bytes, size + 4096);
        assert_int_equal(read_log(&frames, &at, &torn), SLUICE_OK);
        assert_true(torn);
        write_log();
    }
}

static void frames_taken_out_doubled_or_swapped_are_damage(void **state)
{
    static uint8_t changed[sizeof bytes];
    unsigned frames;
    uint64_t at;
    bool torn;

    write_log();
    const size_t two = starts[2], three = starts[3], four = starts[4];

    memcpy(changed, bytes, two);                        /* without frame 2 */
    memcpy(changed + two, bytes + three, size - three);
    file_write(path_in(folder, NAME), changed, two + size - three);
    assert_int_equal(read_log(&frames, &at, &torn), SLUICE_ERR_DAMAGED);
    assert_int_equal(at, two);

    memcpy(changed, bytes, three);                      /* frame 2 twice */
    memcpy(changed + three, bytes + two, size - two);
    file_write(path_in(folder, NAME), changed, three + size - two);
    assert_int_equal(read_log(&frames, &at, &torn), SLUICE_ERR_DAMAGED);
    assert_int_equal(at, three);

    memcpy(changed, bytes, size);                       /* 3 before 2 */
    memcpy(changed + two, bytes + three, four - three);
    memcpy(changed + two + four - three, bytes + two, three - two);
    file_write(path_in(folder, NAME), changed, size);
    assert_int_equal(read_log(&frames, &at, &torn), SLUICE_ERR_DAMAGED);
    assert_int_equal(at, two);
}

static void another_key_opens_nothing(void **state)
{
    unsigned frames;
    uint64_t at;
    bool torn;

    write_log();
    key[31] ^= 1;
    assert_int_equal(read_log(&frames, &at, &torn), SLUICE_OK);
    assert_int_equal(frames, 0);
    assert_true(torn);
}

static void writing_goes_on_behind_a_torn_tail(void **state)
{
    struct log_writer writer;
    struct log_reader reader;
    struct frame frame;
    unsigned frames;
    uint64_t at;
    bool more, torn;

    write_log();
    file_write(path_in(folder, NAME), bytes, size - 1);
    assert_int_equal(log_reader_open(&reader, folder_fd, NAME, key), SLUICE_OK);
    do
        assert_int_equal(log_reader_next(&reader, &frame, &more), SLUICE_OK);
    while (more);
    assert_int_equal(log_writer_resume(&writer, folder_fd, NAME, &reader, key), SLUICE_OK);
    log_reader_close(&reader);
    assert_int_equal(append_frame(&writer, FRAMES - 1), SLUICE_OK);
    log_writer_close(&writer);
    assert_int_equal(read_log(&frames, &at, &torn), SLUICE_OK);
    assert_int_equal(frames, FRAMES);
    assert_false(torn);
}

/* Each call of an append fails in each way; then a shorter frame is appended. */
static void a_failed_append_leaves_the_log_as_it_was(void **state)
{
    static const int errors[] = { ENOSPC, EIO, EDQUOT };
    unsigned frames, failures = 0;
    uint64_t at;
    bool torn;

    for (unsigned call = 1; call <= 4; call++) {
        for (int kind = FAULT_ERROR; kind <= FAULT_ERROR_AFTER; kind++) {
            for (size_t i = 0; i < 2 * sizeof errors / sizeof errors[0]; i++) {
                struct log_writer writer;

                assert_int_equal(log_writer_create(&writer, folder_fd, NAME, 2, 10, key), SLUICE_OK);
                assert_int_equal(append_frame(&writer, 1), SLUICE_OK);
                fault_set((enum fault_kind)kind, call, errors[i / 2], i % 2);   /* once, or from there on */
                const enum sluice_err err = append_frame(&writer, 200);
                fault_clear();
                if (err) {
                    failures++;
                    assert_int_equal(err, sluice_err_from_errno(errors[i / 2]));
                    assert_int_equal(append_frame(&writer, 2), SLUICE_OK);
                    log_writer_close(&writer);
                    assert_int_equal(read_log(&frames, &at, &torn), SLUICE_OK);
                    assert_int_equal(frames, 3);
                    assert_false(torn);
                } else {
                    log_writer_close(&writer);
                }
            }
        }
    }
    assert_int_equal(failures, 3 * 2 * 6);   /* an append is a write and a sync */
}

static void interrupted_and_short_writes_are_no_failure(void **state)
{
    unsigned frames;
    uint64_t at;
    bool torn;

    for (unsigned call = 1; call <= 2; call++) {
        for (int i = 0; i < 2; i++) {
            const enum fault_kind kind = i ? FAULT_SHORT : FAULT_ERROR;
            struct log_writer writer;

            assert_int_equal(log_writer_create(&writer, folder_fd, NAME, 2, 10, key), SLUICE_OK);
            fault_set(kind, call, EINTR, 1);
            assert_int_equal(append_frame(&writer, 1), SLUICE_OK);
            assert_true(fault.count >= 2);
            fault_clear();
            log_writer_close(&writer);
            assert_int_equal(read_log(&frames, &at, &torn), SLUICE_OK);
            assert_int_equal(frames, 2);
        }
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

TEST_MAIN(CASE(frames_come_back_in_order),
          CASE(every_flipped_bit_is_seen_and_named),
          CASE(a_log_may_end_anywhere),
          CASE(a_tail_of_zeros_was_never_committed),
          CASE(frames_taken_out_doubled_or_swapped_are_damage),
          CASE(another_key_opens_nothing),
          CASE(writing_goes_on_behind_a_torn_tail),
          CASE(a_failed_append_leaves_the_log_as_it_was),
          CASE(interrupted_and_short_writes_are_no_failure))
