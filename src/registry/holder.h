/* Who holds SIMs, each different holder kept once: fleets have few accounts. */
#ifndef REGISTRY_HOLDER_H
#define REGISTRY_HOLDER_H

#include "sluice/arena.h"
#include "sluice/vault.h"

#define HOLDER_NONE UINT32_MAX

struct holder {
    uint8_t tenant;                     /* index in the configuration */
    uint8_t contract;                   /* enum sluice_contract */
    uint8_t age_below;
    char region[SLUICE_REGION_SIZE];
    char account[SLUICE_ACCOUNT_MAX + 1];
};

struct holders {
    struct sluice_arena arena;
    struct holder **list;
    uint32_t count;
    uint32_t capacity;
    uint32_t *slots;                    /* number + 1, by hash; 0: empty */
    uint32_t slot_count;                /* a power of two */
    uint8_t hash_key[SLUICE_HASH_KEY_SIZE];
};

void holders_init(struct holders *holders);
void holders_deinit(struct holders *holders);
/** The number of a holder; bytes of texts behind their NUL must be zero. HOLDER_NONE: no memory. */
uint32_t holders_number(struct holders *holders, const struct holder *holder);
bool holders_same_account(const struct holders *holders, uint32_t a, uint32_t b);

#endif
