/* Any bytes as a policy: refused with a finding, or a policy that every text
 * and every table can be made of. Overlays are not followed: no file is opened. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "policy/policy_reader.h"
#include "sluice/clock.h"

#define NOW_US (INT64_C(1793491200) * SLUICE_SECOND_US)   /* 2026-11-01 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(const struct sluice_policy *policy)
{
    struct sluice_buffer out;
    struct sluice_purpose both;

    sluice_buffer_init(&out, 1 << 24);
    assert(sluice_policy_explain(policy, false, &out) == SLUICE_OK);
    assert(sluice_policy_explain(policy, true, &out) == SLUICE_OK);
    assert(sluice_policy_ropa(policy, false, &out) == SLUICE_OK);
    assert(sluice_policy_ropa(policy, true, &out) == SLUICE_OK);
    sluice_buffer_clear(&out);
    assert(sluice_policy_diff(policy, policy, true, &out) == SLUICE_OK);
    assert(out.len == 3);   /* [] and a newline */
    for (size_t i = 0; i < policy->purpose_count; i++) {
        const struct sluice_purpose *purpose = &policy->purposes[i];

        assert(purpose->anonymous == (sluice_policy_proto(policy, purpose->name, &out) == SLUICE_ERR_MISSING));
        for (unsigned contract = 0; contract < SLUICE_CONTRACT_COUNT; contract++)
            assert(sluice_purpose_basis(purpose, contract, SLUICE_STR("US-CA")) < SLUICE_BASIS_COUNT);
        for (size_t j = 1; j < purpose->projection_count; j++)
            assert(purpose->projections[j - 1].number < purpose->projections[j].number);
        for (size_t j = 0; j < policy->purpose_count; j++)
            sluice_purpose_intersect(&both, purpose, &policy->purposes[j]);
        assert(sluice_purpose_deadline_s(purpose, NOW_US, NOW_US) > NOW_US / SLUICE_SECOND_US - SLUICE_DAY_S);
        assert(sluice_purpose_epoch_end_us(purpose, sluice_purpose_epoch(purpose, NOW_US)) > NOW_US);
    }
    sluice_buffer_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sluice_policy_words *words = policy_words_new();
    struct sluice_policy *policy;
    struct sluice_findings findings;

    if (!words)
        return 0;
    sluice_findings_init(&findings);
    if (yaml_parse(&words->documents[0], &findings, "fuzz.yaml", (const char *)data, size)) {
        policy_words_free(words);
    } else {
        words->document_count = 1;
        if (policy_build(&policy, &findings, words, NOW_US)) {
            assert(findings.errors > 0 && !policy);
        } else {
            assert(findings.errors == 0);
            use(policy);
        }
        sluice_policy_free(policy);
    }
    sluice_findings_deinit(&findings);
    return 0;
}
