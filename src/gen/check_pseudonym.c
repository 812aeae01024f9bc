/* Whose pseudonym a row bears. */
#include <assert.h>
#include <string.h>

#include "gen/check_stream.h"

/* Bit 0: a subject or a device; bit 1: the subject's generation; bit 2: never 0. */
static uint64_t subject_of(const struct truth *truth)
{
    return truth->sim << 3 | 4 | (uint64_t)truth->holding.generation << 1;
}

static uint64_t device_of(const struct traffic_record *record)
{
    return record->device << 3 | 4 | 1;
}

static bool is_device(uint64_t who)
{
    return who & 1;
}

static uint64_t name_key(uint64_t who, uint32_t truth_number)
{
    return who << 24 | truth_number;
}

static void tag_of(const struct stream *stream, uint8_t tag[static SLUICE_TAG_SIZE], uint64_t who)
{
    const struct world *world = &stream->check->world;
    char digits[FLEET_ICCID_DIGITS];

    static_assert(FLEET_ICCID_DIGITS >= FLEET_IMSI_DIGITS && FLEET_IMSI_DIGITS >= FLEET_IMEI_DIGITS, "all fit");
    if (is_device(who)) {
        fleet_imei(digits, world, who >> 3);
        sluice_tag(tag, stream->tenant_key, SLUICE_IDENTIFIER_DEVICE, digits, FLEET_IMEI_DIGITS);
    } else if (fleet_has_iccid(world, who >> 3)) {
        fleet_iccid(digits, world, who >> 3);
        sluice_tag(tag, stream->tenant_key, SLUICE_IDENTIFIER_ICCID, digits, FLEET_ICCID_DIGITS);
    } else {
        fleet_imsi(digits, world, who >> 3);
        sluice_tag(tag, stream->tenant_key, SLUICE_IDENTIFIER_IMSI, digits, FLEET_IMSI_DIGITS);
    }
}

static void ask_vault(struct stream *stream, uint8_t secrets[static CHECK_SECRETS_SIZE], uint64_t who,
                      uint32_t at_s)
{
    struct sluice_subject subject;
    uint8_t tag[SLUICE_TAG_SIZE];

    tag_of(stream, tag, who);
    const enum sluice_err err = sluice_vault_find(stream->check->vault, &subject, tag, is_device(who) ? 0 : at_s);
    if (!err)
        for (uint8_t i = 0; i < subject.secret_count && i < CHECK_SECRETS_MAX; i++)
            memcpy(secrets + (size_t)i * SLUICE_SECRET_SIZE, subject.secrets[i], SLUICE_SECRET_SIZE);
    sluice_wipe(&subject, sizeof subject);
    if (err && err != SLUICE_ERR_MISSING)
        stream->err = err;
}

/* The secret of a subject or device; NULL when it has none, or on an error.
 * At any time of one generation it is the same. */
static const uint8_t *secret_of(struct stream *stream, uint64_t who, uint32_t at_s)
{
    static const uint8_t none[SLUICE_SECRET_SIZE];
    bool is_new;
    uint8_t *secrets = check_names_find(stream->secrets, who, &is_new);

    static_assert(DECLARED_PURPOSES_MAX <= CHECK_SECRETS_MAX, "each purpose has its own");
    if (!secrets) {
        stream->err = SLUICE_ERR_MEMORY;
        return NULL;
    }
    if (is_new)
        ask_vault(stream, secrets, who, at_s);
    const uint8_t *secret = secrets + (size_t)stream->index * SLUICE_SECRET_SIZE;
    return stream->index >= CHECK_SECRETS_MAX || memcmp(secret, none, sizeof none) == 0 ? NULL : secret;
}

static void claim(struct stream *stream, struct stream_names *names, const uint8_t *pseudonym)
{
    switch (check_seen_add(&stream->check->seen, pseudonym)) {
    case CHECK_SEEN_FIRST:
        return;
    case CHECK_SEEN_BEFORE:
        names->fault = "its pseudonym is another's too";
        return;
    case CHECK_SEEN_MEMORY:
        stream->err = SLUICE_ERR_MEMORY;
        return;
    }
}

void stream_claim_names(struct stream *stream, struct stream_names *names)
{
    if (names->subject_is_new)
        claim(stream, names, names->subject);
    if (names->device_is_new)
        claim(stream, names, names->device);
}

static void transaction_name(struct stream *stream, struct stream_names *names, const struct check_line *line,
                             const struct stream_epoch *epoch)
{
    uint8_t message[1 + SLUICE_HASH_SIZE] = { SLUICE_FIELD_SUBJECT };

    memcpy(message + 1, line->fingerprint, SLUICE_HASH_SIZE);
    sluice_keyed_digest(names->subject, message, sizeof message, epoch->secrets.digest_key);
    names->subject_is_new = true;
    check_seen_ahead(&stream->check->seen, names->subject);
}

/* One subject, one purpose, one epoch: one pseudonym. Returns whether it is a new one. */
static bool lasting_name(struct stream *stream, struct stream_names *names, uint8_t *pseudonym, uint64_t who,
                         uint32_t at_s, const struct stream_epoch *epoch, enum sluice_field field,
                         uint32_t truth_number)
{
    bool is_new;
    uint8_t *kept = check_names_find(&stream->names, name_key(who, truth_number), &is_new);

    if (!kept) {
        stream->err = SLUICE_ERR_MEMORY;
        return false;
    }
    const uint8_t *secret = is_new ? secret_of(stream, who, at_s) : NULL;
    if (secret) {
        sluice_pseudonym(kept, secret, epoch->secrets.pseudonym_secret, epoch->number, stream->index,
                         (uint8_t)field);
        check_seen_ahead(&stream->check->seen, kept);
    } else if (is_new) {
        names->fault = "the vault has no secret for it";
    }
    memcpy(pseudonym, kept, SLUICE_PSEUDONYM_SIZE);
    return secret != NULL;
}

void stream_names_ahead(const struct stream *stream, const struct traffic_record *record,
                        const struct truth *truth)
{
    const uint32_t number = truth_epoch(stream->declared, record->start_us);

    if (stream->declared->epoch_kind == SLUICE_EPOCH_RECORD)
        return;
    check_names_ahead(&stream->names, name_key(subject_of(truth), number));
    if (record->has_device)
        check_names_ahead(&stream->names, name_key(device_of(record), number));
}

void stream_name_row(struct stream *stream, struct stream_names *names, const struct check_line *line,
                     const struct traffic_record *record, const struct truth *truth,
                     const struct stream_epoch *epoch)
{
    *names = (struct stream_names){ .fault = NULL };
    if (stream->declared->epoch_kind == SLUICE_EPOCH_RECORD) {
        transaction_name(stream, names, line, epoch);
        return;
    }
    const uint32_t number = truth_epoch(stream->declared, record->start_us);
    names->subject_is_new = lasting_name(stream, names, names->subject, subject_of(truth), line->start_s, epoch,
                                         SLUICE_FIELD_SUBJECT, number);
    if (record->has_device)
        names->device_is_new = lasting_name(stream, names, names->device, device_of(record), line->start_s, epoch,
                                            SLUICE_FIELD_DEVICE, number);
}
