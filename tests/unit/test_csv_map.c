/* Mapping files: what is wrong with one is told with its place. */
#include "test.h"

#include "feed/csv_map.h"

#define SMALL "mapping: 1\ncolumns:\n  imsi: imsi\n  start: start\n"
#define SMALL_DATA SMALL "constants:\n  service: data\n"

static void assert_fault(const char *text, unsigned line, unsigned column, const char *words)
{
    struct sluice_findings findings;
    struct csv_map *made = NULL;

    sluice_findings_init(&findings);
    if (csv_map_parse(&made, &findings, "map.yaml", text, strlen(text)) != SLUICE_ERR_FORMAT)
        fail_msg("accepted: %s", text);
    assert_null(made);
    assert_int_equal(findings.errors, 1);
    if (!strstr(findings.list[0].text, words))
        fail_msg("'%s' does not say '%s'", findings.list[0].text, words);
    if (findings.list[0].line != line || findings.list[0].column != column)
        fail_msg("'%s' is told at %u:%u", findings.list[0].text, findings.list[0].line,
                 findings.list[0].column);
    sluice_findings_deinit(&findings);
}

static void each_fault_of_a_mapping_is_told_with_its_place(void **state)
{
    static const struct {
        const char *text;
        unsigned line, column;
        const char *words;
    } cases[] = {
        { "[1]\n", 1, 1, "takes" },
        { "mapping: 1\n", 1, 1, "takes" },
        { "mapping: 2\ncolumns: { imsi: imsi, s: start }\nconstants: { service: data }\n", 1, 10, "version" },
        { SMALL_DATA "colour: red\n", 7, 9, "no 'colour'" },
        { "delimiter: x\n" SMALL_DATA, 1, 12, "delimiter" },
        { SMALL "  x: shoe_size\nconstants: { service: data }\n", 5, 6, "no field is called" },
        { SMALL "  x: { optional: yes }\nconstants: { service: data }\n", 5, 6, "say which field" },
        { SMALL "  x: { field: start }\nconstants: { service: data }\n", 5, 15, "filled already" },
        { SMALL "  x: { field: apn, colour: red }\nconstants: { service: data }\n", 5, 28, "no option" },
        { SMALL "  x: { field: apn, unit: MB }\nconstants: { service: data }\n", 5, 26, "does not go with" },
        { SMALL "  x: uplink_octets\nconstants: { service: data }\n", 5, 6, "say either" },
        { SMALL "  x: { field: uplink_octets, unit: GB }\nconstants: { service: data }\n", 5, 36, "unit is" },
        { SMALL "  x: { field: uplink_octets, unit: B, unit_column: y }\nconstants: { service: data }\n", 5,
          6, "either" },
        { SMALL "  x: { field: end, time: unix }\nconstants: { service: data }\n", 5, 26, "time is" },
        { SMALL "  x: { field: service, values: { A: telepathy } }\n", 5, 37, "is no service" },
        { SMALL "  x: { field: rat, values: { A: fast } }\nconstants: { service: data }\n", 5, 33,
          "whole number" },
        { SMALL "  x: { field: service, values: D }\n", 5, 32, "values takes a" },
        { SMALL "  Religion: account\nconstants: { service: data }\n", 5, 13, "must not be held" },
        { SMALL "constants: { service: telepathy }\n", 5, 23, "not a value of service" },
        { SMALL "constants: { service: data, imsi: \"001010000000001\" }\n", 5, 35, "same in every row" },
        { SMALL, 1, 1, "service" },
        { "mapping: 1\ncolumns: { imsi: imsi }\nconstants: { service: data }\n", 1, 1, "start" },
        { "mapping: 1\ncolumns: { s: start }\nconstants: { service: data }\n", 1, 1, "names the SIM" },
        { SMALL "  c: charge\nconstants: { service: data }\n", 1, 1, "currency" },
        { SMALL "  c: mcc\nconstants: { service: data }\n", 1, 1, "go together" },
        { SMALL "  c: mcc\n  n: mnc\n  p: plmn\nconstants: { service: data }\n", 1, 1, "twice" },
        { SMALL_DATA "  service: data\n", 7, 3, "" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_fault(cases[i].text, cases[i].line, cases[i].column, cases[i].words);
}

static void a_missing_file_is_told_by_its_name(void **state)
{
    struct sluice_findings findings;
    struct csv_map *map = NULL;

    sluice_findings_init(&findings);
    assert_int_equal(csv_map_load(&map, &findings, "no-such-mapping.yaml"), SLUICE_ERR_MISSING);
    assert_int_equal(findings.errors, 1);
    assert_string_equal(findings.list[0].file, "no-such-mapping.yaml");
    sluice_findings_deinit(&findings);
}

static void the_shipped_mapping_is_right(void **state)
{
    struct sluice_findings findings;
    struct csv_map *map;

    sluice_findings_init(&findings);
    assert_int_equal(csv_map_load(&map, &findings, "../deploy/samples/csv/mapping.yaml"), SLUICE_OK);
    assert_int_equal(findings.count, 0);
    csv_map_free(map);
    sluice_findings_deinit(&findings);
}

TEST_MAIN(cmocka_unit_test(each_fault_of_a_mapping_is_told_with_its_place),
          cmocka_unit_test(a_missing_file_is_told_by_its_name),
          cmocka_unit_test(the_shipped_mapping_is_right))
