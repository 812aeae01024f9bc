/* What a feed makes of files that are packed, too large, or in another format. */
#include "unit/feed_fixture.h"

#include "feed/scanner.h"
#include "sluice/wire.h"

static void gzip_is_known_by_its_first_bytes(void **state)
{
    write_gzip("a", "w", lines(1, 2));
    write_gzip("a", "a", lines(3, 3));            /* a second member */
    write_gzip("b.gz", "w", "[");
    write_text("c", "w", "\x1f");
    open_feed();
    assert_string_equal(drain(100), "a:1=1 a:2=2 a:3=3 c:1=undecodable ");
    restart(false);
    write_gzip("a", "a", lines(4, 4));            /* grown by a member */
    assert_string_equal(drain(100), "a:4=4 ");
}

static void a_gzip_file_is_entered_at_its_unpacked_offset(void **state)
{
    bool end;

    write_gzip("a", "w", lines(1, 3));
    open_feed();
    batch.capacity = 2;
    assert_int_equal(sluice_feed_fill(feed, &batch, NOW, &end), SLUICE_OK);
    assert_int_equal(batch.entries[1].position, strlen(record(1)) + 1);
    restart(true);
    assert_string_equal(drain(100), "a:3=3 ");
}

static void what_gzip_lost_is_one_record(void **state)
{
    char bytes[65536];
    size_t len;

    write_gzip("a.gz", "w", lines(1, 100));
    FILE *file = fopen(in_folder("a.gz"), "r");
    len = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    write_bytes("a.gz", "w", bytes, len - 40);    /* cut off: the last line is not whole, nor is the checksum */
    write_gzip("b.gz", "w", lines(1, 1));
    write_text("b.gz", "a", "no gzip");           /* behind the end of the file */
    write_gzip("c.gz", "w", lines(1, 1));
    write_bytes("c.gz", "a", "\0\0\0\0", 4);      /* padding is nothing */
    open_feed();
    const char *all = drain(1000);
    const char *first_bad = strstr(all, "undecodable");
    assert_non_null(strstr(all, "a.gz:1=1 "));
    assert_non_null(first_bad);
    assert_non_null(strstr(first_bad, "undecodable b.gz:1=1 b.gz:2=undecodable c.gz:1=1 "));
    assert_string_equal(strstr(first_bad, "undecodable b.gz"), first_bad);
}

static void gzip_that_ends_between_two_lines_has_lost_something_too(void **state)
{
    char bytes[65536];
    gzFile packed = gzopen(in_folder("a.tmp"), "w");
    FILE *file;

    assert_true(gzwrite(packed, lines(1, 2), (unsigned)strlen(lines(1, 2))) > 0);
    assert_int_equal(gzflush(packed, Z_FULL_FLUSH), Z_OK);
    file = fopen(in_folder("a.tmp"), "r");
    write_bytes("a", "w", bytes, fread(bytes, 1, sizeof bytes, file));   /* before its end is written */
    fclose(file);
    gzclose(packed);
    open_feed();
    assert_string_equal(drain(100), "a:1=1 a:2=2 a:3=undecodable ");
}

static void a_gzip_bomb_is_one_record(void **state)
{
    static char zeros[1024 * 1024];
    gzFile file = gzopen(in_folder("a.gz"), "w");

    memset(zeros, 'x', sizeof zeros);
    for (int i = 0; i < 200; i++)
        assert_int_equal(gzwrite(file, zeros, sizeof zeros), (int)sizeof zeros);
    gzclose(file);
    write_text("b.ndjson", "w", lines(1, 1));
    open_feed();
    assert_string_equal(drain(100), "a.gz:1=too_large b.ndjson:1=1 ");
    assert_true(batch.arena.size <= 4 * 1024 * 1024);
}

static void a_record_beyond_the_limit_keeps_its_start(void **state)
{
    char *text = malloc(SCAN_SIZE_MAX * 6);
    bool end;

    memset(text, 'x', SCAN_SIZE_MAX * 6);
    memcpy(text, "{\"id\":7,\"a\":\"", 13);
    text[SCAN_SIZE_MAX * 6 - 1] = '\n';
    write_text("a.ndjson", "w", "\n");
    write_bytes("a.ndjson", "a", text, SCAN_SIZE_MAX * 6);
    write_text("a.ndjson", "a", lines(1, 1));
    open_feed();
    assert_int_equal(sluice_feed_fill(feed, &batch, NOW, &end), SLUICE_OK);
    assert_int_equal(batch.count, 2);
    assert_int_equal(batch.entries[0].reason, SLUICE_REASON_TOO_LARGE);
    assert_int_equal(batch.entries[0].position, 1);
    assert_int_equal(batch.entries[0].line, 2);
    assert_int_equal(batch.entries[0].raw.len, SCAN_SIZE_MAX);
    assert_memory_equal(batch.entries[0].raw.bytes, text, SCAN_SIZE_MAX);
    assert_int_equal(batch.entries[1].line, 3);
    assert_int_equal(batch.entries[1].reason, SLUICE_REASON_NONE);
    free(text);
}

/* No parser looks at such bytes, so they are searched for what must not be sealed. */
static void a_record_beyond_the_limit_is_searched_for_secrets(void **state)
{
    static const char *const names[] = { "password", "health", "anything" };
    bool end;

    for (size_t i = 0; i < 3; i++) {
        char *text = malloc(SCAN_SIZE_MAX + 100);

        memset(text, 'x', SCAN_SIZE_MAX + 100);
        memcpy(text + sprintf(text, "{\"%s\":\"", names[i]), "x", 1);
        text[SCAN_SIZE_MAX + 99] = '\n';
        write_bytes("a.ndjson", i ? "a" : "w", text, SCAN_SIZE_MAX + 100);
        free(text);
    }
    open_feed();
    assert_int_equal(sluice_feed_fill(feed, &batch, NOW, &end), SLUICE_OK);
    assert_int_equal(batch.count, 3);
    assert_int_equal(batch.entries[0].reason, SLUICE_REASON_SECRET);
    assert_true(batch.entries[0].holds_secret);
    assert_int_equal(batch.entries[1].reason, SLUICE_REASON_PROHIBITED);
    assert_true(batch.entries[1].holds_secret);
    assert_int_equal(batch.entries[2].reason, SLUICE_REASON_TOO_LARGE);
    assert_false(batch.entries[2].holds_secret);
}

static void raw_fields_beside_records_are_skipped_and_large_records_counted(void **state)
{
    static char body[6 * SCAN_SIZE_MAX];
    static const uint32_t sizes[] = { SCAN_SIZE_MAX + 1, 5 * SCAN_SIZE_MAX };
    bool end;

    write_bytes("a.pb", "w", "\x10\x05\x1a\x03xyz\x21" "12345678\x2d" "1234", 21);   /* fields 2 to 5 */
    for (size_t i = 0; i < 2; i++) {
        for (uint8_t field = 1; field <= 3; field += 2) {
            uint8_t head[12] = { (uint8_t)(field << 3 | 2) };

            write_bytes("a.pb", "a", head, (size_t)(sluice_varint_write(head + 1, sizes[i]) - head));
            write_bytes("a.pb", "a", body, sizes[i]);
        }
    }
    write_bytes("a.pb", "a", "\x0a", 2);          /* an empty record */
    config.inputs[0].format = SLUICE_FORMAT_RAW;
    open_feed();
    assert_int_equal(sluice_feed_fill(feed, &batch, NOW, &end), SLUICE_OK);
    assert_int_equal(batch.count, 3);
    assert_int_equal(batch.entries[0].reason, SLUICE_REASON_TOO_LARGE);
    assert_int_equal(batch.entries[1].reason, SLUICE_REASON_TOO_LARGE);
    assert_int_equal(batch.entries[1].line, 2);
    assert_int_equal(batch.entries[2].raw.len, 0);
    assert_int_not_equal(batch.entries[2].reason, SLUICE_REASON_NONE);
}

static void raw_records_keep_what_they_say_of_themselves(void **state)
{
    struct sluice_record given = {
        .source_id = SLUICE_STR("other"), .record_id = SLUICE_STR("r-1"), .tenant = SLUICE_STR("acme"),
        .service = SLUICE_SERVICE_DATA, .start_us = NOW - 1000000, .collected_at_us = NOW - 5,
        .present = SLUICE_HAS(SLUICE_RAW_START) | SLUICE_HAS(SLUICE_RAW_COLLECTED_AT),
    };
    struct sluice_buffer frames, one;
    bool end;

    assert_int_equal(sluice_imsi_parse(&given.imsi, SLUICE_STR("001010000000001")), SLUICE_REASON_NONE);
    sluice_buffer_init(&frames, SIZE_MAX);
    sluice_buffer_init(&one, SIZE_MAX);
    sluice_wire_write(&one, &given);
    for (int i = 0; i < 3; i++) {
        uint8_t head[12], *at = head;

        *at++ = 0x0a;
        at = sluice_varint_write(at, one.len);
        sluice_buffer_append(&frames, head, (size_t)(at - head));
        sluice_buffer_append(&frames, one.bytes, one.len);
    }
    frames.bytes[2 + one.len + 2 + 3] ^= 0x80;     /* the second one is broken inside */
    write_bytes("a.pb", "w", frames.bytes, frames.len);
    write_text("a.pb", "a", "\x07junk");           /* no such wire type: nothing behind it can be found */
    config.inputs[0].format = SLUICE_FORMAT_RAW;
    open_feed();
    assert_int_equal(sluice_feed_fill(feed, &batch, NOW, &end), SLUICE_OK);
    assert_int_equal(batch.count, 4);
    assert_int_equal(batch.entries[0].reason, SLUICE_REASON_NONE);
    assert_int_equal(batch.entries[0].record.collected_at_us, NOW - 5);
    assert_memory_equal(batch.entries[0].record.source_id.bytes, "other", 5);
    assert_int_not_equal(batch.entries[1].reason, SLUICE_REASON_NONE);
    assert_int_equal(batch.entries[2].reason, SLUICE_REASON_NONE);
    assert_int_equal(batch.entries[2].line, 3);
    assert_int_equal(batch.entries[3].reason, SLUICE_REASON_UNDECODABLE);
    sluice_buffer_deinit(&frames);
    sluice_buffer_deinit(&one);
}

static void csv_rows_carry_their_header_and_replay_without_it(void **state)
{
    static const char *const mapping =
        "mapping: 1\ncolumns:\n  id: record_id\n  imsi: imsi\n  begun: start\n  up: { field: uplink_octets, unit: B }\n"
        "constants:\n  service: data\n";
    struct sluice_entry *entry;
    bool end;

    write_text("map.yaml.tmp", "w", mapping);
    snprintf(config.inputs[0].mapping, sizeof config.inputs[0].mapping, "%s", in_folder("map.yaml.tmp"));
    write_text("a.csv", "w", "id,imsi,begun,up\nr1,001010000000001,2026-04-26T11:53:43Z,17\nr2,no,2026-04-26T11:53:43Z,1\n");
    write_text("b.csv", "w", "up,begun,imsi,id\n9,2026-04-26T11:53:43Z,001010000000001,r3\n8,2026-04-26T11:53:43Z,001010000000001,r4\n");
    config.inputs[0].format = SLUICE_FORMAT_CSV;
    open_feed();
    batch.capacity = 3;
    assert_int_equal(sluice_feed_fill(feed, &batch, NOW, &end), SLUICE_OK);
    assert_int_equal(batch.count, 3);
    entry = &batch.entries[1];
    assert_int_equal(entry->reason, SLUICE_REASON_BAD_IMSI);
    assert_int_equal(entry->line, 3);
    assert_memory_equal(entry->raw.bytes, "id,imsi,begun,up\nr2,no,", 23);

    /* A replay, with another file of another header open. */
    struct sluice_entry again = { .input = 0, .form = SLUICE_FORM_CSV };
    again.raw = SLUICE_STR("id,imsi,begun,up\nr2,001010000000002,2026-04-26T11:53:43Z,1");
    sluice_feed_decode(feed, &batch, &again, NOW);
    assert_int_equal(again.reason, SLUICE_REASON_NONE);
    assert_memory_equal(again.record.record_id.bytes, "r2", 2);
    assert_string_equal(drain(100), "b.csv:3=r4 ");

    /* And in the middle of a file after a restart. */
    restart(false);
    write_text("b.csv", "a", "7,2026-04-26T11:53:43Z,001010000000001,r5\n");
    assert_string_equal(drain(100), "b.csv:4=r5 ");
    assert_int_equal(batch.entries[0].record.uplink_octets, 7);
}

static void count_region(void *self, const char *name, uint64_t count)
{
    assert_string_equal(name, "region");
    *(uint64_t *)self += count;
}

static void a_region_that_is_no_code_is_dropped_and_counted(void **state)
{
    static const char *const mapping = "mapping: 1\ncolumns:\n  id: record_id\n  imsi: imsi\n  begun: start\n"
                                       "  region: region\nconstants:\n  service: data\n";
    static const struct { const char *text; bool kept; } cases[] = {
        { "DE", true },   { "US-CA", true }, { "GB-ENG", true }, { "Germany", false },         { "de", false },
        { "D", false },   { "US-", false },  { "US_CA", false }, { "001010000000001", false }, { "US-00101", false },
        { "DE-", false }, { "\xc3\x84", false },
    };
    const size_t count = sizeof cases / sizeof cases[0];
    uint64_t dropped = 0, expected = 0;
    bool end;

    write_text("map.yaml.tmp", "w", mapping);
    snprintf(config.inputs[0].mapping, sizeof config.inputs[0].mapping, "%s", in_folder("map.yaml.tmp"));
    write_text("a.csv", "w", "id,imsi,begun,region\n");
    for (size_t i = 0; i < count; i++) {
        char line[128];

        snprintf(line, sizeof line, "r%zu,001010000000001,2026-04-26T11:53:43Z,%s\n", i, cases[i].text);
        write_text("a.csv", "a", line);
    }
    config.inputs[0].format = SLUICE_FORMAT_CSV;
    open_feed();
    assert_int_equal(sluice_feed_fill(feed, &batch, NOW, &end), SLUICE_OK);
    assert_int_equal(batch.count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(batch.entries[i].reason, SLUICE_REASON_NONE);
        assert_int_equal(batch.entries[i].record.region.len, cases[i].kept ? strlen(cases[i].text) : 0);
        assert_int_equal(batch.entries[i].has_unknown_field, !cases[i].kept);
        expected += !cases[i].kept;
    }
    sluice_feed_unknown_fields(feed, count_region, &dropped);
    assert_int_equal(dropped, expected);
}

static void a_replayed_element_is_decoded_as_it_was(void **state)
{
    struct sluice_entry entry = { .input = 0, .form = SLUICE_FORM_EMNIFY, .reason = SLUICE_REASON_BAD_TIME,
                                  .disposition = SLUICE_QUARANTINED };
    char text[512];

    write_text("a.ndjson", "w", "");
    open_feed();
    snprintf(text, sizeof text, "%s", record(3));
    memcpy(strstr(text, "imsi"), "i\\u006dsi", 0);
    entry.raw = (struct sluice_str){ text, strlen(text) };
    sluice_feed_decode(feed, &batch, &entry, NOW);
    assert_int_equal(entry.reason, SLUICE_REASON_NONE);
    assert_int_equal(entry.disposition, SLUICE_UNDECIDED);
    entry.input = 7;
    sluice_feed_decode(feed, &batch, &entry, NOW);
    assert_int_equal(entry.reason, SLUICE_REASON_UNDECODABLE);
}

TEST_MAIN(TEST(gzip_is_known_by_its_first_bytes),
          TEST(a_gzip_file_is_entered_at_its_unpacked_offset),
          TEST(what_gzip_lost_is_one_record),
          TEST(gzip_that_ends_between_two_lines_has_lost_something_too),
          TEST(a_gzip_bomb_is_one_record),
          TEST(a_record_beyond_the_limit_keeps_its_start),
          TEST(a_record_beyond_the_limit_is_searched_for_secrets),
          TEST(raw_fields_beside_records_are_skipped_and_large_records_counted),
          TEST(raw_records_keep_what_they_say_of_themselves),
          TEST(csv_rows_carry_their_header_and_replay_without_it),
          TEST(a_region_that_is_no_code_is_dropped_and_counted),
          TEST(a_replayed_element_is_decoded_as_it_was))
