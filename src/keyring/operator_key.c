/* The operator's key pair: whoever holds the secret half opens quarantine and
 * park. It need not, and should not, lie on the machine that runs the gate. */
#include <string.h>
#include <unistd.h>

#include "keyring/keyring_file.h"
#include "sluice/keyring.h"

#define LINE_SIZE (2 * SLUICE_KEY_SIZE + 1)   /* hex and a newline */

static void to_line(uint8_t line[static LINE_SIZE], const uint8_t key[static SLUICE_KEY_SIZE])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < SLUICE_KEY_SIZE; i++) {
        line[2 * i] = (uint8_t)digits[key[i] >> 4];
        line[2 * i + 1] = (uint8_t)digits[key[i] & 15];
    }
    line[LINE_SIZE - 1] = '\n';
}

static int value_of(uint8_t digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    digit |= 0x20;
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static enum sluice_err from_line(uint8_t key[static SLUICE_KEY_SIZE], const uint8_t *line, size_t len)
{
    if (len != LINE_SIZE - 1 && !(len == LINE_SIZE && line[len - 1] == '\n'))
        return SLUICE_ERR_FORMAT;
    for (size_t i = 0; i < SLUICE_KEY_SIZE; i++) {
        const int high = value_of(line[2 * i]), low = value_of(line[2 * i + 1]);

        if (high < 0 || low < 0)
            return SLUICE_ERR_FORMAT;
        key[i] = (uint8_t)(high << 4 | low);
    }
    return SLUICE_OK;
}

enum sluice_err sluice_operator_key_create(const char *secret_path, const char *public_path)
{
    uint8_t public_key[SLUICE_PUBLIC_KEY_SIZE], public_line[LINE_SIZE];
    uint8_t secret_key[SLUICE_SECRET_KEY_SIZE], secret_line[LINE_SIZE];

    if (access(public_path, F_OK) == 0)
        return SLUICE_ERR_EXISTS;
    sluice_box_keypair(public_key, secret_key);
    to_line(secret_line, secret_key);
    to_line(public_line, public_key);
    enum sluice_err err = key_file_create(secret_path, secret_line, sizeof secret_line, KEY_FILE_SECRET);
    if (!err) {
        err = key_file_create(public_path, public_line, sizeof public_line, KEY_FILE_PUBLIC);
        if (err)
            unlink(secret_path);
    }
    sluice_wipe(secret_key, sizeof secret_key);
    sluice_wipe(secret_line, sizeof secret_line);
    return err;
}

static enum sluice_err read_key(uint8_t key[static SLUICE_KEY_SIZE], const char *path,
                                enum key_file_secrecy secrecy)
{
    uint8_t line[LINE_SIZE], read[SLUICE_KEY_SIZE];
    size_t len;
    enum sluice_err err = key_file_read(line, sizeof line, &len, path, secrecy);

    if (!err)
        err = from_line(read, line, len);
    if (!err && sluice_key_is_weak(read, sizeof read))
        err = SLUICE_ERR_KEY;
    if (!err)
        memcpy(key, read, sizeof read);
    sluice_wipe(line, sizeof line);
    sluice_wipe(read, sizeof read);
    return err;
}

enum sluice_err sluice_operator_public_read(uint8_t key[static SLUICE_PUBLIC_KEY_SIZE], const char *path)
{
    uint8_t read[SLUICE_PUBLIC_KEY_SIZE];
    const enum sluice_err err = read_key(read, path, KEY_FILE_PUBLIC);

    if (err)
        return err;
    if (!sluice_box_public_key_usable(read))
        return SLUICE_ERR_KEY;
    memcpy(key, read, sizeof read);
    return SLUICE_OK;
}

enum sluice_err sluice_operator_secret_read(uint8_t key[static SLUICE_SECRET_KEY_SIZE], const char *path)
{
    return read_key(key, path, KEY_FILE_SECRET);
}
