/* The SIMs: who they belong to over time, what they are called, which device
 * they sit in and what their holders decided. Each answer is derived from the
 * seed and the SIM's number alone. */
#ifndef GEN_FLEET_H
#define GEN_FLEET_H

#include <stdbool.h>
#include <stdint.h>
#include "gen/world.h"

#define FLEET_HOLDINGS_MAX 2
#define FLEET_GENERATIONS  2
#define FLEET_NOBODY       UINT64_MAX
#define FLEET_ALWAYS_S     UINT32_MAX
#define FLEET_SIMS_AN_ACCOUNT 40   /* in the mean; a fleet is many SIMs of few customers */

#define FLEET_IMSI_DIGITS   15
#define FLEET_ICCID_DIGITS  19
#define FLEET_MSISDN_DIGITS 13
#define FLEET_EID_DIGITS    32
#define FLEET_IMEI_DIGITS   14   /* without check digit or version */

/* One row of the subject registry. */
struct fleet_holding {
    uint8_t tenant;
    uint8_t contract;        /* enum sluice_contract */
    uint8_t region;          /* index in declared_regions */
    uint8_t age_below;       /* 0: not known */
    uint8_t generation;      /* of the SIM's secrets: rises with the account */
    uint32_t account;
    uint32_t from_s;         /* 0: since ever */
    uint32_t to_s;           /* FLEET_ALWAYS_S: open */
    uint64_t number;         /* whose MSISDN: a SIM's number, or FLEET_NOBODY */
};

/* What a holder decided, bits by purpose of its tenant. */
struct fleet_rights {
    uint16_t consented;
    uint16_t objected;
    uint16_t restricted;
};

/* One line of registry.ndjson. */
struct fleet_deed {
    const char *action;
    uint8_t tenant;
    uint8_t purpose;         /* FLEET_EVERY_PURPOSE: all */
    uint32_t at_s;           /* while its holder had the SIM: the right is that holder's */
};
#define FLEET_EVERY_PURPOSE 255
#define FLEET_DEEDS_MAX     8

/** Registry rows of a SIM, in order of time; none for one that is not registered.
 *  Returns how many were written. */
int fleet_holdings(const struct world *world, uint64_t sim,
                   struct fleet_holding out[static FLEET_HOLDINGS_MAX]);

/** The row that holds at_s; false when the SIM is not registered. */
bool fleet_holding_at(const struct world *world, uint64_t sim, uint32_t at_s, struct fleet_holding *out);

/** The tenant whose SIM it is at that time, registered or not. */
uint8_t fleet_tenant_at(const struct world *world, uint64_t sim, uint32_t at_s);

/** The SIM that had the number of `number` at that time, or FLEET_NOBODY. */
uint64_t fleet_number_owner(const struct world *world, uint64_t number, uint8_t tenant, uint32_t at_s);

/** The SIM's device at that time: the number of the SIM that it was sold with. */
uint64_t fleet_device_at(const struct world *world, uint64_t sim, uint32_t at_s);

/** What the holders of one generation decided, in order; rights, when not NULL,
 *  is where that ends. A SIM that is not registered has a generation 0 too. */
int fleet_deeds(const struct world *world, uint64_t sim, uint8_t generation,
                struct fleet_deed out[static FLEET_DEEDS_MAX], struct fleet_rights *rights);

bool fleet_is_registered(const struct world *world, uint64_t sim);
/** Known by its IMSI alone, in the registry and in records. */
bool fleet_has_iccid(const struct world *world, uint64_t sim);
/** One in a hundred, whose identifiers leak scanners look for. */
bool fleet_is_canary(const struct world *world, uint64_t sim);

/* Identifiers: digits without a NUL, on test networks only. */
void fleet_imsi(char digits[static FLEET_IMSI_DIGITS], const struct world *world, uint64_t sim);
void fleet_iccid(char digits[static FLEET_ICCID_DIGITS], const struct world *world, uint64_t sim);
void fleet_msisdn(char digits[static FLEET_MSISDN_DIGITS], const struct world *world, uint64_t number);
void fleet_eid(char digits[static FLEET_EID_DIGITS], const struct world *world, uint64_t sim);
void fleet_imei(char digits[static FLEET_IMEI_DIGITS], const struct world *world, uint64_t device);
/** 198.18.0.0/15 as 4 bytes; canaries and some others 2001:db8::/32 as 16. Returns the length. */
uint8_t fleet_address(uint8_t bytes[static 16], const struct world *world, uint64_t sim);

/** The Luhn digit for digits[0..count). */
char fleet_luhn(const char *digits, int count);

#endif
