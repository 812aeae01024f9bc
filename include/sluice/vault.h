/* The vault: who a tag stands for (holder, rights) and the secrets that make
 * pseudonyms, one row per subject, device and epoch, in LMDB.
 *
 * Rows lie under 65 536 pages by the first two bytes of their tag, a keyed
 * hash, so pages fill evenly. Each row is encrypted by itself under its page's
 * key; 256 page keys make a node, encrypted under the node's key; 256 node
 * keys make the top, encrypted under the keyring's root. Erasing a row gives
 * its page, its node, the top and the root new keys: every older copy of the
 * row, in whatever backup or freed page, is then unreadable.
 *
 * One thread at a time. A forked child holds no keys: every call there returns
 * SLUICE_ERR_KEY. A row that was changed, moved or taken out from under us is
 * SLUICE_ERR_DAMAGED, never another row and never a new secret. */
#ifndef SLUICE_VAULT_H
#define SLUICE_VAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "sluice/crypto.h"
#include "sluice/err.h"
#include "sluice/keyring.h"
#include "sluice/policy.h"
#include "sluice/record.h"
#include "sluice/str.h"

#define SLUICE_TAG_SIZE     16
#define SLUICE_ACCOUNT_MAX  47
#define SLUICE_REGION_SIZE  (SLUICE_REGION_MAX + 1)
#define SLUICE_LINKS_MAX    8             /* identifiers of one subject beside the one that names it */
#define SLUICE_ALWAYS_S     UINT32_MAX

/* What an identifier is, as the first byte of what is hashed to a tag. */
enum sluice_identifier_kind {
    SLUICE_IDENTIFIER_ICCID = 1,
    SLUICE_IDENTIFIER_IMSI,
    SLUICE_IDENTIFIER_MSISDN,
    SLUICE_IDENTIFIER_EID,
    SLUICE_IDENTIFIER_DEVICE,    /* first 14 digits of the IMEI */
};

/* One generation of a subject (a SIM with one holder), or a device. */
struct sluice_subject {
    uint8_t tag[SLUICE_TAG_SIZE];  /* of what names it */
    uint32_t generation_s;         /* valid_from of its holder's first row, seconds; 0: since ever */
    uint32_t valid_to_s;           /* exclusive; SLUICE_ALWAYS_S: open */
    bool registered;               /* the subject registry has it */
    bool unknown;                  /* the registry says something of it that could not be read */
    uint8_t contract;              /* enum sluice_contract */
    uint8_t age_below;             /* known to be younger than this; 0: not known */
    char region[SLUICE_REGION_SIZE];
    char account[SLUICE_ACCOUNT_MAX + 1];
    /* Bits by the tenant's purpose index (sluice_vault_purpose_index). */
    uint16_t consented;
    uint16_t objected;
    uint16_t restricted;           /* every bit: restricted as a whole */
    /* Purposes whose secret was destroyed; another stands in its place. Nothing
     * is emitted for them until somebody who may decide that clears the bit. */
    uint16_t erased;
    /* Devices: the only SIM that used it (its secrets go with that SIM's), or
     * all ones when there are several. SIMs: zeros. */
    uint8_t sole_user[SLUICE_TAG_SIZE];
    uint8_t link_count;            /* links[0..link_count): tags that are linked to it, which go with it */
    uint8_t links[SLUICE_LINKS_MAX][SLUICE_TAG_SIZE];
    uint8_t secret_count;          /* secrets[0..secret_count) are minted */
    uint8_t secrets[SLUICE_PURPOSES_MAX][SLUICE_SECRET_SIZE];
};

/** Erased as a whole: a grave, of which the interval is left and nothing else. It
 *  stays, and no secret is minted for it again, so that who comes late or is
 *  replayed is not taken for somebody new. */
static inline bool sluice_subject_is_grave(const struct sluice_subject *subject)
{
    return subject->erased == UINT16_MAX;
}

/* What an epoch of one purpose needs; random, independent, destroyed together. */
struct sluice_epoch_secrets {
    uint8_t pseudonym_secret[SLUICE_SECRET_SIZE];   /* E of DESIGN section 4 */
    uint8_t ref_key[SLUICE_HASH_KEY_SIZE];
    uint8_t digest_key[SLUICE_KEY_SIZE];            /* for destinations and addresses */
    uint8_t token_key[SLUICE_KEY_SIZE];
};

struct sluice_vault;

/** Open or create the vault in folder/vault; a rotation that a crash cut short
 *  is brought to its end. keyring is borrowed and written on rotations.
 *  Returns SLUICE_ERR_OLDER when the vault is of an older generation than the
 *  keyring knows (or gone, where the keyring knows of one), SLUICE_ERR_KEY when
 *  it is of a newer one, SLUICE_ERR_DAMAGED. */
SLUICE_MUST_CHECK
enum sluice_err sluice_vault_open(struct sluice_vault **vault, const char *folder,
                                  struct sluice_keyring *keyring);
/** Open to read, also beside a process that has it open: nothing is created,
 *  written or brought to its end. Returns SLUICE_ERR_MISSING when there is none. */
SLUICE_MUST_CHECK
enum sluice_err sluice_vault_open_reading(struct sluice_vault **vault, const char *folder,
                                          struct sluice_keyring *keyring);
void sluice_vault_close(struct sluice_vault *vault);

/** The key under which a tenant's identifiers are hashed to tags. */
void sluice_vault_tenant_key(const struct sluice_vault *vault, uint8_t key[static SLUICE_HASH_KEY_SIZE],
                             const char *tenant);
/** tag = siphashx24(kind || digits) under the tenant's key. */
void sluice_tag(uint8_t tag[static SLUICE_TAG_SIZE], const uint8_t tenant_key[static SLUICE_HASH_KEY_SIZE],
                enum sluice_identifier_kind kind, const char *digits, size_t digit_count);

/** The stable index of a tenant's purpose, 0..SLUICE_PURPOSES_MAX-1; a new
 *  purpose gets the next one, durable on return.
 *  Returns SLUICE_ERR_LIMIT when the tenant has no index left, and
 *  SLUICE_ERR_MISSING for a new one in a vault that is only read. */
SLUICE_MUST_CHECK
enum sluice_err sluice_vault_purpose_index(struct sluice_vault *vault, const char *tenant,
                                           const char *purpose, uint8_t *index);

/** As above, of a purpose that is there: SLUICE_ERR_MISSING when it is not. */
SLUICE_MUST_CHECK
enum sluice_err sluice_vault_purpose_find(struct sluice_vault *vault, const char *tenant,
                                          const char *purpose, uint8_t *index);
/** How many indices a tenant has given out. */
SLUICE_MUST_CHECK
enum sluice_err sluice_vault_purpose_count(struct sluice_vault *vault, const char *tenant, uint8_t *count);

/** The generation of a subject whose interval holds at_s.
 *  Returns SLUICE_OK, or SLUICE_ERR_MISSING when there is none. */
SLUICE_MUST_CHECK
enum sluice_err sluice_vault_find(struct sluice_vault *vault, struct sluice_subject *subject,
                                  const uint8_t tag[static SLUICE_TAG_SIZE], uint32_t at_s);

/* Where around an instant that answer is the same: up to where the nearest
 * generation begins or ends; the whole of time for a tag without rows. */
struct sluice_interval {
    uint32_t from_s;
    uint32_t to_s;                 /* exclusive */
    bool unknown;                  /* some generation of the subject is */
};
/** As sluice_vault_find; *around is set also where there is none. */
SLUICE_MUST_CHECK
enum sluice_err sluice_vault_find_around(struct sluice_vault *vault, struct sluice_subject *subject,
                                         struct sluice_interval *around,
                                         const uint8_t tag[static SLUICE_TAG_SIZE], uint32_t at_s);

/** Stage a new or changed row (key: tag and generation_s); with mint_count,
 *  random secrets are added up to that many first. Found by _find at once,
 *  durable after sluice_vault_commit. */
SLUICE_MUST_CHECK
enum sluice_err sluice_vault_put(struct sluice_vault *vault, struct sluice_subject *subject,
                                 uint8_t mint_count);

/** The next row in the order of tag and generation_s, of what is committed
 *  (staged rows are not seen).
 *  In-out: subject  the row to go on behind; zeroed: from the start
 *  Returns SLUICE_OK, or SLUICE_ERR_MISSING at the end. */
SLUICE_MUST_CHECK
enum sluice_err sluice_vault_next(struct sluice_vault *vault, struct sluice_subject *subject);

/** Links of a second identifier to the SIM it belonged to for an interval.
 *  _link_find returns SLUICE_ERR_MISSING, or SLUICE_ERR_LIMIT when two SIMs claim it. */
SLUICE_MUST_CHECK
enum sluice_err sluice_vault_link_put(struct sluice_vault *vault, const uint8_t tag[static SLUICE_TAG_SIZE],
                                      const uint8_t subject_tag[static SLUICE_TAG_SIZE],
                                      uint32_t from_s, uint32_t to_s);
SLUICE_MUST_CHECK
enum sluice_err sluice_vault_link_find(struct sluice_vault *vault,
                                       uint8_t subject_tag[static SLUICE_TAG_SIZE],
                                       const uint8_t tag[static SLUICE_TAG_SIZE], uint32_t at_s);

/** As sluice_vault_link_find; *around, where the answer is the same, is set unless two claim it. */
SLUICE_MUST_CHECK
enum sluice_err sluice_vault_link_find_around(struct sluice_vault *vault,
                                              uint8_t subject_tag[static SLUICE_TAG_SIZE],
                                              struct sluice_interval *around,
                                              const uint8_t tag[static SLUICE_TAG_SIZE], uint32_t at_s);

SLUICE_MUST_CHECK
enum sluice_err sluice_vault_link_remove(struct sluice_vault *vault,
                                         const uint8_t tag[static SLUICE_TAG_SIZE], uint32_t from_s);
/** The next committed link in the order of tag and from_s; as sluice_vault_next. */
struct sluice_link {
    uint8_t tag[SLUICE_TAG_SIZE];
    uint32_t from_s;
    uint32_t to_s;                 /* exclusive; SLUICE_ALWAYS_S: open */
    uint8_t subject_tag[SLUICE_TAG_SIZE];
};
SLUICE_MUST_CHECK
enum sluice_err sluice_vault_link_next(struct sluice_vault *vault, struct sluice_link *link);

/** The secrets of an epoch, made when there are none and create is set.
 *  Returns SLUICE_OK, or SLUICE_ERR_MISSING when it was destroyed (it is never
 *  made again) or when create is not set. Durable after sluice_vault_commit. */
SLUICE_MUST_CHECK
enum sluice_err sluice_vault_epoch(struct sluice_vault *vault, struct sluice_epoch_secrets *secrets,
                                   const char *tenant, uint8_t purpose_index, uint32_t epoch, bool create);

/** The key of tags (record ids, sessions, accounts) of one tenant and purpose. */
SLUICE_MUST_CHECK
enum sluice_err sluice_vault_purpose_tag_key(struct sluice_vault *vault,
                                             uint8_t key[static SLUICE_HASH_KEY_SIZE], const char *tenant,
                                             uint8_t purpose_index);

/** Everything staged becomes durable. Must return SLUICE_OK before a row that
 *  was made with a staged secret leaves the process. */
SLUICE_MUST_CHECK
enum sluice_err sluice_vault_commit(struct sluice_vault *vault);
/** Everything staged is forgotten. */
void sluice_vault_abort(struct sluice_vault *vault);

/** Call visit for each living epoch. A visit must not change the vault. */
SLUICE_MUST_CHECK
enum sluice_err sluice_vault_epochs(struct sluice_vault *vault,
                                    void (*visit)(void *self, const char *tenant, uint8_t purpose_index,
                                                  const char *purpose, uint32_t epoch), void *self);

/* What to make unreadable for good, in one rotation. */
struct sluice_vault_erasure {
    enum { SLUICE_ERASE_SUBJECT, SLUICE_ERASE_EPOCH } what;
    uint8_t tag[SLUICE_TAG_SIZE];       /* subject: every generation of it */
    uint16_t purposes;                  /* subject: bits of the secrets to go; all ones: a grave is left, and no link */
    const char *tenant;                 /* epoch */
    uint8_t purpose_index;              /* epoch */
    uint32_t epoch;                     /* epoch */
};
/** Destroy, re-key the pages and rotate the root. Idempotent; safe at any crash.
 *  Nothing may be staged. */
SLUICE_MUST_CHECK
enum sluice_err sluice_vault_erase(struct sluice_vault *vault, const struct sluice_vault_erasure erasures[],
                                   size_t count);

/** The registry's generation: rises with each load; 0: never loaded.
 *  reachable: not older than the keyring knows. A vault that cannot be read says
 *  neither: it is an error, not an unreachable registry. */
SLUICE_MUST_CHECK
enum sluice_err sluice_vault_registry_generation(struct sluice_vault *vault, uint64_t *generation,
                                                 bool *reachable);
/** What the loaded files digested to; zeros when never loaded. */
SLUICE_MUST_CHECK
enum sluice_err sluice_vault_registry_digest(struct sluice_vault *vault,
                                             uint8_t digest[static SLUICE_DIGEST_SIZE]);
/** Before a load: the digest becomes zeros, durable on return, so that a load
 *  that is cut short is not taken for the one before. */
SLUICE_MUST_CHECK
enum sluice_err sluice_vault_registry_begin(struct sluice_vault *vault);
/** After a load: stage generation + 1 with the rows; sluice_vault_commit writes both and then the keyring. */
SLUICE_MUST_CHECK
enum sluice_err sluice_vault_registry_loaded(struct sluice_vault *vault,
                                             const uint8_t digest[static SLUICE_DIGEST_SIZE]);

struct sluice_vault_stats {
    uint64_t subjects;             /* generations of SIMs, and devices */
    uint64_t links;
    uint64_t epochs;
    uint64_t root_generation;
    uint64_t bytes;
};
SLUICE_MUST_CHECK
enum sluice_err sluice_vault_stats(struct sluice_vault *vault, struct sluice_vault_stats *stats);

#endif
