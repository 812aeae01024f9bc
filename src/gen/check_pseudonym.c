/* Whose pseudonym a row bears. */
#include <assert.h>
#include <string.h>

#include "gen/check_stream.h"

static void subject_tag(const struct stream *stream, uint8_t tag[static SLUICE_TAG_SIZE],
                        const struct truth *truth)
{
    const struct world *world = &stream->check->world;
    char digits[FLEET_ICCID_DIGITS];

    if (fleet_has_iccid(world, truth->sim)) {
        fleet_iccid(digits, world, truth->sim);
        sluice_tag(tag, stream->tenant_key, SLUICE_IDENTIFIER_ICCID, digits, FLEET_ICCID_DIGITS);
    } else {
        fleet_imsi(digits, world, truth->sim);
        sluice_tag(tag, stream->tenant_key, SLUICE_IDENTIFIER_IMSI, digits, FLEET_IMSI_DIGITS);
    }
}

static void device_tag(const struct stream *stream, uint8_t tag[static SLUICE_TAG_SIZE], uint64_t device)
{
    char digits[FLEET_IMEI_DIGITS];

    fleet_imei(digits, &stream->check->world, device);
    sluice_tag(tag, stream->tenant_key, SLUICE_IDENTIFIER_DEVICE, digits, FLEET_IMEI_DIGITS);
}

/* The secret of a subject or device; NULL when it has none, or on an error.
 * At any time of one generation it is the same. */
static const uint8_t *secret_of(struct stream *stream, uint64_t who,
                                const uint8_t tag[static SLUICE_TAG_SIZE], uint32_t at_s)
{
    static const uint8_t none[SLUICE_SECRET_SIZE];
    struct sluice_subject subject;
    bool is_new;
    struct check_name *kept = check_names_find(&stream->secrets, who, &is_new);

    static_assert(SLUICE_SECRET_SIZE == SLUICE_PSEUDONYM_SIZE, "one table keeps either");
    if (!kept) {
        stream->err = SLUICE_ERR_MEMORY;
        return NULL;
    }
    if (is_new) {
        const enum sluice_err err = sluice_vault_find(stream->check->vault, &subject, tag, at_s);

        if (!err && stream->index < subject.secret_count)
            memcpy(kept->pseudonym, subject.secrets[stream->index], SLUICE_SECRET_SIZE);
        sluice_wipe(&subject, sizeof subject);
        if (err && err != SLUICE_ERR_MISSING)
            stream->err = err;
    }
    return memcmp(kept->pseudonym, none, sizeof none) == 0 ? NULL : kept->pseudonym;
}

/* A pseudonym nobody else may have had, in this stream or another. */
static void claim(struct stream *stream, struct stream_names *names, const uint8_t *pseudonym)
{
    switch (check_seen_add(stream->seen, pseudonym)) {
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

static void transaction_name(struct stream *stream, struct stream_names *names, uint8_t *pseudonym,
                             const struct check_line *line, const struct stream_epoch *epoch,
                             enum sluice_field field)
{
    uint8_t message[1 + SLUICE_HASH_SIZE] = { (uint8_t)field };

    memcpy(message + 1, line->fingerprint, SLUICE_HASH_SIZE);
    sluice_keyed_digest(pseudonym, message, sizeof message, epoch->secrets.digest_key);
    claim(stream, names, pseudonym);
}

/* One subject, one purpose, one epoch: one pseudonym. */
static void lasting_name(struct stream *stream, struct stream_names *names, uint8_t *pseudonym, uint64_t who,
                         const uint8_t tag[static SLUICE_TAG_SIZE], uint32_t at_s,
                         const struct stream_epoch *epoch, enum sluice_field field, uint32_t truth_number)
{
    bool is_new;
    struct check_name *name = check_names_find(&stream->names, who << 24 | truth_number, &is_new);

    if (!name) {
        stream->err = SLUICE_ERR_MEMORY;
        return;
    }
    const uint8_t *secret = is_new ? secret_of(stream, who, tag, at_s) : NULL;
    if (secret) {
        sluice_pseudonym(name->pseudonym, secret, epoch->secrets.pseudonym_secret, epoch->number,
                         stream->index, (uint8_t)field);
        claim(stream, names, name->pseudonym);
    } else if (is_new) {
        names->fault = "the vault has no secret for it";
    }
    memcpy(pseudonym, name->pseudonym, SLUICE_PSEUDONYM_SIZE);
}

void stream_name_row(struct stream *stream, struct stream_names *names, const struct check_line *line,
                     const struct traffic_record *record, const struct truth *truth,
                     const struct stream_epoch *epoch)
{
    uint8_t tag[SLUICE_TAG_SIZE];

    *names = (struct stream_names){ .fault = NULL };
    if (stream->declared->epoch_kind == SLUICE_EPOCH_RECORD) {
        transaction_name(stream, names, names->subject, line, epoch, SLUICE_FIELD_SUBJECT);
        return;
    }
    /* Bit 0: a subject or a device; bit 1: the subject's generation; bit 2: never 0. */
    const uint32_t number = truth_epoch(stream->declared, record->start_us);
    subject_tag(stream, tag, truth);
    lasting_name(stream, names, names->subject,
                 truth->sim << 3 | 4 | (uint64_t)truth->holding.generation << 1, tag, line->start_s, epoch,
                 SLUICE_FIELD_SUBJECT, number);
    if (record->has_device) {
        device_tag(stream, tag, record->device);
        lasting_name(stream, names, names->device, record->device << 3 | 4 | 1, tag, 0, epoch,
                     SLUICE_FIELD_DEVICE, number);
    }
}
