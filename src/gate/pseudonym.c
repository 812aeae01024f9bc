/* P = KDF(S || E, version/purpose/field). The warm path finds P in the slot;
 * the first record of an epoch reads the row with S from the vault. */
#include "gate/gate.h"

#include <string.h>

void pseudonyms_init(struct pseudonyms *pseudonyms, struct sluice_gate *gate, struct work *work,
                     const struct sluice_record *record, struct slot *slot, struct slot *device)
{
    pseudonyms->gate = gate;
    pseudonyms->work = work;
    pseudonyms->record = record;
    pseudonyms->slot = slot;
    pseudonyms->device = device;
    pseudonyms->subject_loaded = false;
    pseudonyms->device_loaded = false;
}

static enum sluice_err load(struct sluice_vault *vault, struct sluice_subject *subject, bool *loaded,
                            const uint8_t tag[static SLUICE_TAG_SIZE], uint32_t at_s)
{
    if (*loaded)
        return SLUICE_OK;

    const enum sluice_err err = sluice_vault_find(vault, subject, tag, at_s);
    *loaded = err == SLUICE_OK;
    /* The slot was made from this row: that it is gone is damage. */
    return err == SLUICE_ERR_MISSING ? SLUICE_ERR_DAMAGED : err;
}

enum sluice_err pseudonyms_load(struct pseudonyms *pseudonyms)
{
    const uint32_t at_s = (uint32_t)(pseudonyms->record->start_us / SLUICE_SECOND_US);

    return load(pseudonyms->gate->vault, &pseudonyms->subject, &pseudonyms->subject_loaded,
                pseudonyms->work->tag, at_s);
}

void pseudonyms_done(struct pseudonyms *pseudonyms)
{
    if (pseudonyms->subject_loaded)
        sluice_wipe(&pseudonyms->subject, sizeof pseudonyms->subject);
    if (pseudonyms->device_loaded)
        sluice_wipe(&pseudonyms->device_subject, sizeof pseudonyms->device_subject);
}

/* The identifier that names the subject, where the record carries it. Only
 * that one is the same in every record of an epoch, as the token's nonce needs. */
static bool seal_token(uint8_t token[static SLUICE_TOKEN_SIZE], const struct pseudonyms *pseudonyms,
                       const uint8_t pseudonym[static SLUICE_PSEUDONYM_SIZE],
                       const uint8_t key[static SLUICE_KEY_SIZE])
{
    const struct sluice_record *record = pseudonyms->record;
    uint8_t tag[SLUICE_TAG_SIZE];

    if (record->iccid.digit_count) {
        sluice_token_seal(token, key, pseudonym, SLUICE_TOKEN_ICCID, record->iccid.digits, record->iccid.digit_count);
        return true;
    }
    sluice_tag(tag, pseudonyms->work->tenant->hash_key, SLUICE_IDENTIFIER_IMSI, record->imsi.digits,
               record->imsi.digit_count);
    if (!record->imsi.digit_count || memcmp(tag, pseudonyms->work->tag, sizeof tag) != 0)
        return false;
    sluice_token_seal(token, key, pseudonym, SLUICE_TOKEN_IMSI, record->imsi.digits, record->imsi.digit_count);
    return true;
}

static bool names_subject(const struct pseudonyms *pseudonyms)
{
    /* Without an ICCID the tag was made from the IMSI, or the record only links. */
    return pseudonyms->record->iccid.digit_count > 0;
}

static enum sluice_err set_subject(struct pseudonyms *pseudonyms, struct project_subject *subject,
                                   const struct tenant_purpose *purpose, uint32_t epoch)
{
    struct slots *slots = &pseudonyms->work->tenant->subjects;
    uint32_t *kept = &slot_epochs(pseudonyms->slot)[purpose->lane];
    uint8_t *pseudonym = slot_pseudonym(slots, pseudonyms->slot, purpose->lane);
    uint8_t *token = purpose->token == LANE_NONE ? NULL : slot_token(slots, pseudonyms->slot, purpose->token);

    if (*kept != epoch + 1) {
        const enum sluice_err err = pseudonyms_load(pseudonyms);
        if (err)
            return err;
        /* A straggler of an epoch before must not push out the current one. */
        if (epoch + 1 < *kept) {
            pseudonym = pseudonyms->scratch[0];
            token = token ? pseudonyms->scratch[1] : NULL;
        } else {
            *kept = epoch + 1;
        }
        sluice_pseudonym(pseudonym, pseudonyms->subject.secrets[purpose->index],
                         subject->secrets->pseudonym_secret, epoch, purpose->index, SLUICE_FIELD_SUBJECT);
        /* token[27] says whether the kept one is set: the record that came first may not have named it. */
        if (token)
            token[SLUICE_TOKEN_SIZE] = 0;
    }
    subject->pseudonym = pseudonym;
    subject->token = NULL;
    if (token && !(names_subject(pseudonyms) && token[SLUICE_TOKEN_SIZE])) {
        if (!seal_token(token, pseudonyms, pseudonym, subject->secrets->token_key))
            return SLUICE_OK;
        token[SLUICE_TOKEN_SIZE] = 1;
    }
    subject->token = token;
    return SLUICE_OK;
}

static enum sluice_err set_device(struct pseudonyms *pseudonyms, struct project_subject *subject,
                                  const struct tenant_purpose *purpose, uint32_t epoch)
{
    uint32_t *kept = &slot_epochs(pseudonyms->device)[purpose->device_lane];
    uint8_t *pseudonym = slot_pseudonym(&pseudonyms->work->tenant->devices, pseudonyms->device, purpose->device_lane);

    if (*kept != epoch + 1) {
        const enum sluice_err err = load(pseudonyms->gate->vault, &pseudonyms->device_subject,
                                         &pseudonyms->device_loaded, pseudonyms->work->device_tag, 0);
        if (err)
            return err;
        if (epoch + 1 < *kept)
            pseudonym = pseudonyms->scratch[2];
        else
            *kept = epoch + 1;
        sluice_pseudonym(pseudonym, pseudonyms->device_subject.secrets[purpose->index],
                         subject->secrets->pseudonym_secret, epoch, purpose->index, SLUICE_FIELD_DEVICE);
    }
    subject->device_pseudonym = pseudonym;
    return SLUICE_OK;
}

/* A pseudonym for this record alone: from its fingerprint, so that a replay gets the same. */
static void set_transaction(struct pseudonyms *pseudonyms, struct project_subject *subject,
                            const uint8_t fingerprint[static SLUICE_HASH_SIZE])
{
    uint8_t message[1 + SLUICE_HASH_SIZE];

    memcpy(message + 1, fingerprint, SLUICE_HASH_SIZE);
    message[0] = SLUICE_FIELD_SUBJECT;
    sluice_keyed_digest(pseudonyms->scratch[0], message, sizeof message, subject->secrets->digest_key);
    subject->pseudonym = pseudonyms->scratch[0];
    subject->token = NULL;
    if (pseudonyms->device) {
        message[0] = SLUICE_FIELD_DEVICE;
        sluice_keyed_digest(pseudonyms->scratch[2], message, sizeof message, subject->secrets->digest_key);
        subject->device_pseudonym = pseudonyms->scratch[2];
    }
}

enum sluice_err pseudonyms_set(struct pseudonyms *pseudonyms, struct project_subject *subject,
                               const struct tenant_purpose *purpose, const struct rule *rule, uint32_t epoch,
                               const uint8_t fingerprint[static SLUICE_HASH_SIZE])
{
    enum sluice_err err = SLUICE_OK;

    subject->pseudonym = subject->device_pseudonym = subject->token = NULL;
    if (rule->purpose.epoch_kind == SLUICE_EPOCH_RECORD) {
        set_transaction(pseudonyms, subject, fingerprint);
        return SLUICE_OK;
    }
    if (purpose->lane != LANE_NONE)
        err = set_subject(pseudonyms, subject, purpose, epoch);
    if (!err && purpose->device_lane != LANE_NONE && pseudonyms->device)
        err = set_device(pseudonyms, subject, purpose, epoch);
    return err;
}
