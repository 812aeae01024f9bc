/* Which SIM and which device a record speaks of. ICCID names the SIM, else
 * IMSI; MSISDN and EID only link to one, for an interval, and never merge two. */
#include "gate/gate.h"

#include <string.h>

static uint32_t seconds_of(int64_t time_us)
{
    return (uint32_t)(time_us / SLUICE_SECOND_US);
}

enum sluice_reason identify_tags(struct work *work, const struct tenant *tenant, const struct sluice_entry *entry)
{
    const struct sluice_record *record = &entry->record;

    work->has_tag = record->iccid.digit_count > 0 || entry->kind == SLUICE_ENTRY_PARKED;
    if (entry->kind == SLUICE_ENTRY_PARKED) {
        memcpy(work->tag, entry->subject, sizeof work->tag);
    } else if (work->has_tag) {
        sluice_tag(work->tag, tenant->hash_key, SLUICE_IDENTIFIER_ICCID, record->iccid.digits,
                   record->iccid.digit_count);
    } else if (!record->imsi.digit_count && !record->msisdn.digit_count && !record->eid.digit_count) {
        return SLUICE_REASON_NO_SUBJECT;
    }

    work->has_device = record->imei.digit_count > 0 && tenant->devices.lane_count > 1;
    if (work->has_device)
        sluice_tag(work->device_tag, tenant->hash_key, SLUICE_IDENTIFIER_DEVICE, record->imei.digits, 14);
    return SLUICE_REASON_NONE;
}

/* Follow the link that an identifier is at that time. An IMSI without one is a
 * SIM's own name.
 * Returns SLUICE_ERR_MISSING or _LIMIT as the vault does. */
static enum sluice_err follow_link(struct sluice_gate *gate, struct work *work, enum sluice_identifier_kind kind,
                                   const char *digits, size_t digit_count, uint32_t at_s)
{
    struct slots *links = &work->tenant->links;
    struct sluice_interval around;
    uint8_t tag[SLUICE_TAG_SIZE];

    if (digit_count == 0)
        return SLUICE_ERR_MISSING;
    sluice_tag(tag, work->tenant->hash_key, kind, digits, digit_count);
    struct slot *slot = slots_find(links, tag, at_s);
    if (slot) {
        memcpy(work->tag, slot_pseudonym(links, slot, 0), sizeof work->tag);
        return SLUICE_OK;
    }
    enum sluice_err err = sluice_vault_link_find_around(gate->vault, work->tag, &around, tag, at_s);
    if (err == SLUICE_ERR_MISSING && kind == SLUICE_IDENTIFIER_IMSI) {
        memcpy(work->tag, tag, sizeof work->tag);
        err = SLUICE_OK;
    }
    if (err)
        return err;
    slot = slots_insert(links, tag, around.from_s, around.to_s);
    if (!slot)
        return SLUICE_ERR_MEMORY;
    memcpy(slot_pseudonym(links, slot, 0), work->tag, sizeof work->tag);
    return SLUICE_OK;
}

/* A record without ICCID: the SIM that its IMSI belongs to, else the IMSI
 * itself; else what MSISDN or EID link to. */
static enum sluice_err resolve(struct sluice_gate *gate, struct work *work, const struct sluice_record *record,
                               enum sluice_reason *reason)
{
    const uint32_t at_s = seconds_of(record->start_us);
    enum sluice_err err = follow_link(gate, work, SLUICE_IDENTIFIER_IMSI, record->imsi.digits,
                                      record->imsi.digit_count, at_s);

    if (err == SLUICE_ERR_MISSING)
        err = follow_link(gate, work, SLUICE_IDENTIFIER_EID, record->eid.digits, record->eid.digit_count, at_s);
    if (err == SLUICE_ERR_MISSING)
        err = follow_link(gate, work, SLUICE_IDENTIFIER_MSISDN, record->msisdn.digits,
                          record->msisdn.digit_count, at_s);

    if (err == SLUICE_ERR_MISSING || err == SLUICE_ERR_LIMIT) {
        *reason = err == SLUICE_ERR_LIMIT ? SLUICE_REASON_AMBIGUOUS_LINK : SLUICE_REASON_UNKNOWN_LINK;
        return SLUICE_OK;
    }
    work->has_tag = err == SLUICE_OK;
    return err;
}

/* Take what the vault knows of a subject into a new slot. */
static enum sluice_err fill_slot(struct tenant *tenant, const struct sluice_subject *subject, uint32_t from_s,
                                 uint32_t to_s, struct slot **slot)
{
    const uint32_t account = names_number(&tenant->accounts, sluice_str_from(subject->account));

    *slot = slots_insert(&tenant->subjects, subject->tag, from_s, to_s);
    if (!*slot || account == UINT32_MAX)
        return SLUICE_ERR_MEMORY;
    (*slot)->account = account;
    (*slot)->region = tenant_region(tenant, sluice_str_from(subject->region));
    (*slot)->contract = subject->contract;
    (*slot)->age_below = subject->age_below;
    (*slot)->consented = subject->consented;
    (*slot)->objected = subject->objected;
    (*slot)->restricted = subject->restricted;
    (*slot)->erased = subject->erased;
    return SLUICE_OK;
}

/* First sight of a subject (since the start, or ever): its row, with secrets
 * for every purpose of the tenant. No slot where its state is unknown. */
static enum sluice_err load_subject(struct sluice_gate *gate, struct work *work, uint32_t at_s, struct slot **slot)
{
    struct sluice_subject subject;
    struct sluice_interval around;
    enum sluice_err err = sluice_vault_find_around(gate->vault, &subject, &around, work->tag, at_s);

    if (err == SLUICE_ERR_MISSING) {
        /* Only the gap between its holders: at their instants there are other rows. */
        subject = (struct sluice_subject){ .generation_s = around.from_s, .valid_to_s = around.to_s };
        memcpy(subject.tag, work->tag, sizeof subject.tag);
        err = SLUICE_OK;
    }
    if (!err && around.unknown) {
        sluice_wipe(&subject, sizeof subject);
        return SLUICE_OK;
    }
    if (!err && subject.secret_count < work->tenant->secret_count && !sluice_subject_is_grave(&subject))
        err = sluice_vault_put(gate->vault, &subject, work->tenant->secret_count);
    if (!err)
        err = fill_slot(work->tenant, &subject, around.from_s, around.to_s, slot);
    sluice_wipe(&subject, sizeof subject);
    return err;
}

enum sluice_err identify_subject(struct sluice_gate *gate, struct work *work, const struct sluice_record *record,
                                 struct slot **slot, enum sluice_reason *reason)
{
    const uint32_t at_s = seconds_of(record->start_us);

    if (!gate->registry_reachable) {
        *reason = SLUICE_REASON_STATE_UNKNOWN;
        return SLUICE_OK;
    }
    if (!work->has_tag) {
        const enum sluice_err err = resolve(gate, work, record, reason);

        if (err || *reason != SLUICE_REASON_NONE)
            return err;
    }
    *slot = slots_find(&work->tenant->subjects, work->tag, at_s);
    if (*slot)
        return SLUICE_OK;
    const enum sluice_err err = load_subject(gate, work, at_s, slot);
    if (!err && !*slot)
        *reason = SLUICE_REASON_STATE_UNKNOWN;
    return err;
}

/* Lane 0 of a device's slot holds the tag of the only SIM that used it. */
static enum sluice_err load_device(struct sluice_gate *gate, struct work *work, struct slot **slot)
{
    struct tenant *tenant = work->tenant;
    struct sluice_subject device;
    enum sluice_err err = sluice_vault_find(gate->vault, &device, work->device_tag, 0);

    if (err == SLUICE_ERR_MISSING) {
        device = (struct sluice_subject){ .valid_to_s = SLUICE_ALWAYS_S };
        memcpy(device.tag, work->device_tag, sizeof device.tag);
        memcpy(device.sole_user, work->tag, sizeof device.sole_user);
        err = SLUICE_OK;
    }
    if (!err && device.secret_count < tenant->secret_count)
        err = sluice_vault_put(gate->vault, &device, tenant->secret_count);
    if (!err) {
        *slot = slots_insert(&tenant->devices, work->device_tag, 0, SLUICE_ALWAYS_S);
        if (*slot)
            memcpy(slot_pseudonym(&tenant->devices, *slot, 0), device.sole_user, SLUICE_TAG_SIZE);
        else
            err = SLUICE_ERR_MEMORY;
    }
    sluice_wipe(&device, sizeof device);
    return err;
}

/* Another SIM uses it: from now on no single erasure takes the device along. */
static enum sluice_err add_user(struct sluice_gate *gate, struct work *work, uint8_t *sole_user)
{
    struct sluice_subject device;
    enum sluice_err err = sluice_vault_find(gate->vault, &device, work->device_tag, 0);

    memset(sole_user, 0xff, SLUICE_TAG_SIZE);
    if (!err) {
        memcpy(device.sole_user, sole_user, SLUICE_TAG_SIZE);
        err = sluice_vault_put(gate->vault, &device, 0);
    }
    sluice_wipe(&device, sizeof device);
    return err;
}

enum sluice_err identify_device(struct sluice_gate *gate, struct work *work, struct slot **slot)
{
    static const uint8_t several[SLUICE_TAG_SIZE] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                                      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
    struct slots *devices = &work->tenant->devices;
    enum sluice_err err = SLUICE_OK;

    *slot = slots_find(devices, work->device_tag, 0);
    if (!*slot)
        err = load_device(gate, work, slot);
    if (err)
        return err;

    uint8_t *sole_user = slot_pseudonym(devices, *slot, 0);
    if (memcmp(sole_user, work->tag, SLUICE_TAG_SIZE) == 0 || memcmp(sole_user, several, sizeof several) == 0)
        return SLUICE_OK;
    return add_user(gate, work, sole_user);
}
