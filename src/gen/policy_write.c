#include "gen/policy_write.h"

#include "gen/declared.h"
#include "sluice/clock.h"

#define POLICY_SIZE_MAX (256 * 1024)

static void write_tenants(struct sluice_buffer *out)
{
    sluice_buffer_append_text(out, "tenants:\n");
    for (int i = 0; i < DECLARED_TENANTS; i++)
        sluice_buffer_printf(out, "  %s: { policies: [policies/%s.yaml] }\n", declared_tenants[i].name,
                             declared_tenants[i].name);
}

static void write_organisations(struct sluice_buffer *out)
{
    sluice_buffer_append_text(out, "    organisations:\n");
    for (int i = 0; i < DECLARED_TENANTS; i++)
        for (int j = 0; j < 2 && declared_tenants[i].organisations[j]; j++)
            sluice_buffer_printf(out, "      \"%u\": %s\n", declared_tenants[i].organisations[j],
                                 declared_tenants[i].name);
}

void policy_write_config(const struct world *world, struct file_place *place)
{
    struct sluice_buffer out;
    char clock[SLUICE_TIME_TEXT_SIZE];

    sluice_buffer_init(&out, POLICY_SIZE_MAX);
    sluice_time_format(clock, world->clock_us);
    sluice_buffer_append_text(&out, "# A generated fleet. Run it with: sluice run -c sluice.yaml\n");
    sluice_buffer_printf(&out, "clock: %s   # tests only: the instant that the records were made for\n", clock);
    sluice_buffer_append_text(&out, "state: state\noutput: out\nsubjects: subjects.csv\nregistry: registry.ndjson\n"
                                    "keys:\n  operator: keys/operator.pub\n"
                                    "inputs:\n  - name: emnify\n    format: emnify\n    path: input\n");
    write_organisations(&out);
    write_tenants(&out);
    file_write(place, "sluice.yaml", &out);
    sluice_buffer_deinit(&out);
}

void policy_write_all(const struct world *world, struct file_place *place)
{
    (void)world;
    (void)place;
}
