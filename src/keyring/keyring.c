#include "sluice/keyring.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "keyring/keyring_file.h"
#include "keyring/keyring_format.h"

#define READ_TRIES 8

static enum sluice_err path_in(char path[static PATH_MAX], const char *folder)
{
    const int len = snprintf(path, PATH_MAX, "%s/%s", folder, SLUICE_KEYRING_FILE);

    return len < 0 || len >= PATH_MAX ? SLUICE_ERR_LIMIT : SLUICE_OK;
}

static void draw_slot(struct sluice_key_slot *slot)
{
    slot->generation = 1;
    sluice_random(slot->key, sizeof slot->key);
}

static void draw(struct sluice_keyring *keyring, const uint8_t operator_public[static SLUICE_PUBLIC_KEY_SIZE],
                 int64_t now_us)
{
    keyring->serial = 1;
    keyring->created_at_us = now_us;
    draw_slot(&keyring->root[0]);
    draw_slot(&keyring->state[0]);
    sluice_random(keyring->tag_key, sizeof keyring->tag_key);
    sluice_box_keypair(keyring->worker_public, keyring->worker_secret);
    memcpy(keyring->operator_public, operator_public, SLUICE_PUBLIC_KEY_SIZE);
}

enum sluice_err sluice_keyring_create(const char *folder,
                                      const uint8_t operator_public[static SLUICE_PUBLIC_KEY_SIZE],
                                      int64_t now_us)
{
    char path[PATH_MAX];
    enum sluice_err err = path_in(path, folder);
    struct sluice_keyring *keyring = sluice_secret_alloc(sizeof *keyring);
    uint8_t *bytes = sluice_secret_alloc(KEYRING_FILE_SIZE);

    if (!err && (!keyring || !bytes))
        err = SLUICE_ERR_MEMORY;
    if (!err && !sluice_box_public_key_usable(operator_public))
        err = SLUICE_ERR_KEY;
    if (!err) {
        draw(keyring, operator_public, now_us);
        keyring_encode(bytes, keyring);
        err = key_file_create(path, bytes, KEYRING_FILE_SIZE, KEY_FILE_SECRET);
    }
    sluice_secret_free(bytes, KEYRING_FILE_SIZE);
    sluice_secret_free(keyring, sizeof *keyring);
    return err;
}

static enum sluice_err read_once(struct sluice_keyring *keyring, uint8_t *bytes, const char *path)
{
    size_t len;
    const enum sluice_err err = key_file_read(bytes, KEYRING_FILE_SIZE, &len, path, KEY_FILE_SECRET);

    if (err)
        return err == SLUICE_ERR_FORMAT ? SLUICE_ERR_DAMAGED : err;
    return keyring_decode(keyring, bytes, len);
}

/* A file that is replaced is written over: who has just opened it beside the
 * writer reads what looks like damage, and opens the new one the next time. */
static enum sluice_err read_into(struct sluice_keyring *keyring, uint8_t *bytes, const char *path)
{
    enum sluice_err err = SLUICE_ERR_DAMAGED;

    for (int i = 0; i < READ_TRIES && err == SLUICE_ERR_DAMAGED; i++)
        err = read_once(keyring, bytes, path);
    return err;
}

enum sluice_err sluice_keyring_open(struct sluice_keyring **keyring, const char *folder)
{
    char path[PATH_MAX];
    enum sluice_err err = path_in(path, folder);
    struct sluice_keyring *opened = sluice_secret_alloc(sizeof *opened);
    uint8_t *bytes = sluice_secret_alloc(KEYRING_FILE_SIZE);

    *keyring = NULL;
    if (!err)
        err = opened && bytes ? read_into(opened, bytes, path) : SLUICE_ERR_MEMORY;
    sluice_secret_free(bytes, KEYRING_FILE_SIZE);
    if (err)
        sluice_secret_free(opened, sizeof *opened);
    else
        *keyring = opened;
    return err;
}

void sluice_keyring_close(struct sluice_keyring *keyring)
{
    sluice_secret_free(keyring, sizeof *keyring);
}

enum sluice_err sluice_keyring_write(struct sluice_keyring *keyring, const char *folder)
{
    char path[PATH_MAX];
    enum sluice_err err = path_in(path, folder);
    uint8_t *bytes = sluice_secret_alloc(KEYRING_FILE_SIZE);

    if (!err && !bytes)
        err = SLUICE_ERR_MEMORY;
    if (!err) {
        keyring->serial++;
        keyring_encode(bytes, keyring);
        err = key_file_replace(path, bytes, KEYRING_FILE_SIZE);
        if (err)
            keyring->serial--;
    }
    sluice_secret_free(bytes, KEYRING_FILE_SIZE);
    return err;
}
