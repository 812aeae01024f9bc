/* Which devices only one SIM used, by that SIM, so that erasing the SIM finds
 * them. A note may be out of date: the device's row decides. */
#include "vault/vault_internal.h"

#include <string.h>

enum sluice_err vault_user_put(struct sluice_vault *vault, const uint8_t sim_tag[static SLUICE_TAG_SIZE],
                               const uint8_t device_tag[static SLUICE_TAG_SIZE])
{
    struct vault_key key = { .len = 2 * SLUICE_TAG_SIZE };
    static const uint8_t several[SLUICE_TAG_SIZE] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                                      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

    if (memcmp(sim_tag, several, sizeof several) == 0)
        return SLUICE_OK;
    memcpy(key.bytes, sim_tag, SLUICE_TAG_SIZE);
    memcpy(key.bytes + SLUICE_TAG_SIZE, device_tag, SLUICE_TAG_SIZE);
    return vault_stage_put(&vault->stage, vault->keys, VAULT_USERS, &key, NULL, 0);
}
