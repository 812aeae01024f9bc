#include "test.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "files.h"
#include "keyring/keyring_format.h"
#include "scratch.h"
#include "sluice/keyring.h"

#define NOW_US INT64_C(1790000000000000)

struct fixture {
    char folder[64];
    char path[128];
    uint8_t operator_public[SLUICE_PUBLIC_KEY_SIZE];
    uint8_t operator_secret[SLUICE_SECRET_KEY_SIZE];
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    scratch_make(f->folder);
    snprintf(f->path, sizeof f->path, "%s/%s", f->folder, SLUICE_KEYRING_FILE);
    sluice_box_keypair(f->operator_public, f->operator_secret);
    assert_int_equal(sluice_keyring_create(f->folder, f->operator_public, NOW_US), SLUICE_OK);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    scratch_remove(f->folder);
    free(f);
    return 0;
}

static struct sluice_keyring *open_keyring(const struct fixture *f)
{
    struct sluice_keyring *keyring;

    assert_int_equal(sluice_keyring_open(&keyring, f->folder), SLUICE_OK);
    return keyring;
}

static enum sluice_err open_fails(const struct fixture *f)
{
    struct sluice_keyring *keyring;
    const enum sluice_err err = sluice_keyring_open(&keyring, f->folder);

    assert_int_not_equal(err, SLUICE_OK);
    assert_null(keyring);
    return err;
}

static void a_new_keyring_holds_random_keys_of_the_first_generation(void **state)
{
    struct fixture *f = *state;
    struct sluice_keyring *keyring = open_keyring(f);

    assert_int_equal(keyring->serial, 1);
    assert_int_equal(keyring->created_at_us, NOW_US);
    assert_int_equal(keyring->registry_generation, 0);
    assert_int_equal(keyring->root[0].generation, 1);
    assert_int_equal(keyring->root[1].generation, 0);
    assert_int_equal(keyring->state[0].generation, 1);
    assert_memory_not_equal(keyring->root[0].key, keyring->state[0].key, SLUICE_KEY_SIZE);
    assert_memory_equal(keyring->operator_public, f->operator_public, SLUICE_PUBLIC_KEY_SIZE);
    sluice_keyring_close(keyring);
}

static void what_is_written_is_read_back(void **state)
{
    struct fixture *f = *state;
    struct sluice_keyring *keyring = open_keyring(f), *again;

    keyring->registry_generation = 77;
    keyring->root[1].generation = 2;
    sluice_random(keyring->root[1].key, SLUICE_KEY_SIZE);
    keyring->state[1].generation = 9;
    sluice_random(keyring->state[1].key, SLUICE_KEY_SIZE);
    assert_int_equal(sluice_keyring_write(keyring, f->folder), SLUICE_OK);
    assert_int_equal(keyring->serial, 2);
    again = open_keyring(f);
    assert_memory_equal(again, keyring, sizeof *keyring);
    sluice_keyring_close(again);
    sluice_keyring_close(keyring);
}

static void a_keyring_that_exists_is_not_replaced(void **state)
{
    struct fixture *f = *state;
    uint8_t before[KEYRING_FILE_SIZE], after[KEYRING_FILE_SIZE];

    assert_int_equal(file_read(f->path, before, sizeof before), sizeof before);
    assert_int_equal(sluice_keyring_create(f->folder, f->operator_public, NOW_US), SLUICE_ERR_EXISTS);
    assert_int_equal(file_read(f->path, after, sizeof after), sizeof after);
    assert_memory_equal(before, after, sizeof before);
}

static void a_missing_keyring_is_said_to_be_missing(void **state)
{
    struct fixture *f = *state;

    unlink(f->path);
    assert_int_equal(open_fails(f), SLUICE_ERR_MISSING);
}

static void only_its_owner_may_read_it(void **state)
{
    static const mode_t open_modes[] = { 0640, 0620, 0604, 0602, 0666 };
    struct fixture *f = *state;
    struct stat status;

    for (size_t i = 0; i < sizeof open_modes / sizeof open_modes[0]; i++) {
        assert_int_equal(chmod(f->path, open_modes[i]), 0);
        assert_int_equal(open_fails(f), SLUICE_ERR_ACCESS);
    }
    assert_int_equal(chmod(f->path, 0600), 0);
    sluice_keyring_close(open_keyring(f));
    if (geteuid() == 0) {
        assert_int_equal(chown(f->path, 65534, 65534), 0);
        assert_int_equal(open_fails(f), SLUICE_ERR_ACCESS);
        assert_int_equal(chown(f->path, 0, 0), 0);
    }
    /* Whatever the umask, and also when replaced. */
    const mode_t umask_before = umask(0);
    struct sluice_keyring *keyring = open_keyring(f);
    assert_int_equal(sluice_keyring_write(keyring, f->folder), SLUICE_OK);
    umask(umask_before);
    assert_int_equal(stat(f->path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    sluice_keyring_close(keyring);
}

static void every_flipped_bit_is_noticed(void **state)
{
    struct fixture *f = *state;
    uint8_t bytes[KEYRING_FILE_SIZE];
    struct sluice_keyring keyring;

    file_read(f->path, bytes, sizeof bytes);
    for (size_t bit = 0; bit < 8 * sizeof bytes; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(keyring_decode(&keyring, bytes, sizeof bytes), SLUICE_ERR_DAMAGED);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_int_equal(keyring_decode(&keyring, bytes, sizeof bytes), SLUICE_OK);
}

static void a_file_of_another_length_is_damaged(void **state)
{
    struct fixture *f = *state;
    uint8_t bytes[KEYRING_FILE_SIZE + 1] = { 0 };

    file_read(f->path, bytes, KEYRING_FILE_SIZE);
    file_write(f->path, bytes, KEYRING_FILE_SIZE - 1);
    assert_int_equal(open_fails(f), SLUICE_ERR_DAMAGED);
    file_write(f->path, bytes, 0);
    assert_int_equal(open_fails(f), SLUICE_ERR_DAMAGED);
    file_write(f->path, bytes, KEYRING_FILE_SIZE + 1);
    assert_int_equal(open_fails(f), SLUICE_ERR_DAMAGED);
    file_write(f->path, bytes, KEYRING_FILE_SIZE);
    sluice_keyring_close(open_keyring(f));
}

/* Each of these stands alone in an otherwise sound file with a sound checksum. */
static void a_weak_key_is_refused_wherever_it_stands(void **state)
{
    struct fixture *f = *state;
    struct sluice_keyring *sound = open_keyring(f);
    uint8_t bytes[KEYRING_FILE_SIZE];
    struct sluice_keyring decoded;

    sound->root[1].generation = 2;
    sluice_random(sound->root[1].key, SLUICE_KEY_SIZE);
    sound->state[1].generation = 2;
    sluice_random(sound->state[1].key, SLUICE_KEY_SIZE);
    const size_t keys[] = {
        offsetof(struct sluice_keyring, root[0].key),      offsetof(struct sluice_keyring, root[1].key),
        offsetof(struct sluice_keyring, state[0].key),     offsetof(struct sluice_keyring, state[1].key),
        offsetof(struct sluice_keyring, tag_key),          offsetof(struct sluice_keyring, worker_secret),
        offsetof(struct sluice_keyring, worker_public),    offsetof(struct sluice_keyring, operator_public),
    };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct sluice_keyring weak = *sound;

        memset((uint8_t *)&weak + keys[i], 'k', SLUICE_KEY_SIZE);
        if (keys[i] == offsetof(struct sluice_keyring, operator_public))
            memset(weak.operator_public, 0, SLUICE_KEY_SIZE);
        keyring_encode(bytes, &weak);
        assert_int_equal(keyring_decode(&decoded, bytes, sizeof bytes), SLUICE_ERR_KEY);
    }
    keyring_encode(bytes, sound);
    assert_int_equal(keyring_decode(&decoded, bytes, sizeof bytes), SLUICE_OK);
    sluice_keyring_close(sound);
}

static void what_a_crash_left_beside_it_does_no_harm(void **state)
{
    struct fixture *f = *state;
    struct sluice_keyring *keyring = open_keyring(f);

    file_write(path_in(f->folder, "keyring.new"), "half", 4);
    sluice_keyring_close(open_keyring(f));
    assert_int_equal(sluice_keyring_write(keyring, f->folder), SLUICE_OK);
    assert_int_equal(access(path_in(f->folder, "keyring.new"), F_OK), -1);
    sluice_keyring_close(keyring);
    keyring = open_keyring(f);
    assert_int_equal(keyring->serial, 2);
    sluice_keyring_close(keyring);
}

/* As far as a file system lets us: the blocks that the old file had. */
static void the_bytes_of_the_replaced_file_are_overwritten(void **state)
{
    struct fixture *f = *state;
    struct sluice_keyring *keyring = open_keyring(f);
    uint8_t bytes[KEYRING_FILE_SIZE];
    const int old = open(f->path, O_RDONLY);

    assert_true(old >= 0);
    assert_int_equal(sluice_keyring_write(keyring, f->folder), SLUICE_OK);
    assert_int_equal(pread(old, bytes, sizeof bytes, 0), sizeof bytes);
    assert_null(memmem(bytes, sizeof bytes, keyring->tag_key, 8));
    assert_int_equal(file_read(f->path, bytes, sizeof bytes), sizeof bytes);
    assert_non_null(memmem(bytes, sizeof bytes, keyring->tag_key, 8));
    close(old);
    sluice_keyring_close(keyring);
}

static void an_operator_key_that_cannot_be_sealed_to_is_refused(void **state)
{
    struct fixture *f = *state;
    const uint8_t zero[SLUICE_PUBLIC_KEY_SIZE] = { 0 };

    unlink(f->path);
    assert_int_equal(sluice_keyring_create(f->folder, zero, NOW_US), SLUICE_ERR_KEY);
    assert_int_equal(open_fails(f), SLUICE_ERR_MISSING);
}

static void operator_keys_are_read_back_and_belong_together(void **state)
{
    struct fixture *f = *state;
    char public_path[128], secret_path[128], elsewhere[128];
    uint8_t public[SLUICE_PUBLIC_KEY_SIZE], secret[SLUICE_SECRET_KEY_SIZE], derived[SLUICE_PUBLIC_KEY_SIZE];
    struct stat status;

    snprintf(public_path, sizeof public_path, "%s/operator.pub", f->folder);
    snprintf(secret_path, sizeof secret_path, "%s/operator.key", f->folder);
    snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere.key", f->folder);
    assert_int_equal(sluice_operator_key_create(secret_path, public_path), SLUICE_OK);
    assert_int_equal(sluice_operator_public_read(public, public_path), SLUICE_OK);
    assert_int_equal(sluice_operator_secret_read(secret, secret_path), SLUICE_OK);
    sluice_box_public_key(derived, secret);
    assert_memory_equal(derived, public, sizeof public);
    assert_int_equal(stat(secret_path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);

    /* Neither half is replaced. */
    assert_int_equal(sluice_operator_key_create(secret_path, public_path), SLUICE_ERR_EXISTS);
    unlink(public_path);
    assert_int_equal(sluice_operator_key_create(secret_path, public_path), SLUICE_ERR_EXISTS);
    assert_int_equal(access(public_path, F_OK), -1);
    assert_int_equal(sluice_operator_secret_read(derived, secret_path), SLUICE_OK);
    assert_memory_equal(derived, secret, sizeof secret);

    /* Whose the secret is, is asked of the file itself: the name of another one is none. */
    assert_int_equal(rename(secret_path, elsewhere), 0);
    assert_int_equal(symlink(elsewhere, secret_path), 0);
    assert_int_equal(sluice_operator_secret_read(derived, secret_path), SLUICE_ERR_ACCESS);
    assert_int_equal(rename(elsewhere, secret_path), 0);

    assert_int_equal(chmod(secret_path, 0644), 0);
    assert_int_equal(sluice_operator_secret_read(derived, secret_path), SLUICE_ERR_ACCESS);
}

static void operator_keys_that_are_none_are_refused(void **state)
{
    static const struct { const char *line; enum sluice_err expect; } cases[] = {
        { "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f\n", SLUICE_OK },
        { "DE9EDB7D7B7DC1B4D35B61C2ECE435373F8343C85B78674DADFC7E146F882B4F", SLUICE_OK },
        { "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4\n", SLUICE_ERR_FORMAT },
        { "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4g\n", SLUICE_ERR_FORMAT },
        { "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f\n\n", SLUICE_ERR_FORMAT },
        { "", SLUICE_ERR_FORMAT },
        { "0000000000000000000000000000000000000000000000000000000000000000\n", SLUICE_ERR_KEY },
        { "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800\n", SLUICE_ERR_KEY },
    };
    struct fixture *f = *state;
    uint8_t key[SLUICE_PUBLIC_KEY_SIZE];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *path = path_in(f->folder, "key");

        file_write(path, cases[i].line, strlen(cases[i].line));
        assert_int_equal(sluice_operator_public_read(key, path), cases[i].expect);
    }
}

#define WITH_KEYRING(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_KEYRING(a_new_keyring_holds_random_keys_of_the_first_generation),
        WITH_KEYRING(what_is_written_is_read_back),
        WITH_KEYRING(a_keyring_that_exists_is_not_replaced),
        WITH_KEYRING(a_missing_keyring_is_said_to_be_missing),
        WITH_KEYRING(only_its_owner_may_read_it),
        WITH_KEYRING(every_flipped_bit_is_noticed),
        WITH_KEYRING(a_file_of_another_length_is_damaged),
        WITH_KEYRING(a_weak_key_is_refused_wherever_it_stands),
        WITH_KEYRING(what_a_crash_left_beside_it_does_no_harm),
        WITH_KEYRING(the_bytes_of_the_replaced_file_are_overwritten),
        WITH_KEYRING(an_operator_key_that_cannot_be_sealed_to_is_refused),
        WITH_KEYRING(operator_keys_are_read_back_and_belong_together),
        WITH_KEYRING(operator_keys_that_are_none_are_refused),
    };

    if (sluice_crypto_init() != SLUICE_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
