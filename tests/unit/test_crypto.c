#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bytes.h"
#include "sluice/crypto.h"

/* The sanitizers take mlock away, so nothing is locked there. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MLOCK_IS_REPLACED true
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MLOCK_IS_REPLACED true
#endif
#ifndef MLOCK_IS_REPLACED
#define MLOCK_IS_REPLACED false
#endif

/* Source: the reference implementation's vectors_sip128. */
static void hash_gives_the_published_answers(void **state)
{
    uint8_t key[SLUICE_HASH_KEY_SIZE], out[SLUICE_HASH_SIZE];
    const uint8_t zero = 0;

    fill(key, sizeof key, 0);
    sluice_hash(out, "", 0, key);
    assert_hex(out, sizeof out, "a3817f04ba25a8e66df67214c7550293");
    sluice_hash(out, &zero, 1, key);
    assert_hex(out, sizeof out, "da87c1d86b99af44347659119b22fc45");
}

static void digest_gives_the_published_answers(void **state)
{
    uint8_t out[SLUICE_DIGEST_SIZE], key[SLUICE_KEY_SIZE];

    sluice_digest(out, "", 0);
    assert_hex(out, sizeof out, "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
    sluice_digest(out, "abc", 3);
    assert_hex(out, sizeof out, "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
    /* Computed with Python's hashlib.blake2b. */
    fill(key, sizeof key, 0);
    sluice_keyed_digest(out, "198.51.100.7", 12, key);
    assert_hex(out, SLUICE_PSEUDONYM_SIZE, "11c42ce695729f29c9701e7c7b6f3052");
}

/* Computed with Python's hashlib.blake2b(digest_size=16, key=S||E, salt=epoch, person="v1"+purpose+field). */
static void a_pseudonym_is_the_documented_function(void **state)
{
    uint8_t s[SLUICE_SECRET_SIZE], e[SLUICE_SECRET_SIZE], out[SLUICE_PSEUDONYM_SIZE];

    fill(s, sizeof s, 0);
    fill(e, sizeof e, 16);
    sluice_pseudonym(out, s, e, 7, 3, 5);
    assert_hex(out, sizeof out, "a4a6e75e952dacabda40c6e64a1ce1a2");
    sluice_pseudonym(out, s, e, 8, 3, 5);
    assert_hex(out, sizeof out, "1da1b5e71d1cf1afed50f9a959760605");
}

static void everything_in_a_pseudonym_changes_it(void **state)
{
    uint8_t s[SLUICE_SECRET_SIZE], e[SLUICE_SECRET_SIZE], out[6][SLUICE_PSEUDONYM_SIZE];

    fill(s, sizeof s, 1);
    fill(e, sizeof e, 101);
    sluice_pseudonym(out[0], s, e, 1, 2, 3);
    sluice_pseudonym(out[1], e, s, 1, 2, 3);
    sluice_pseudonym(out[2], s, e, 2, 2, 3);
    sluice_pseudonym(out[3], s, e, 1, 1, 3);
    sluice_pseudonym(out[4], s, e, 1, 2, 4);
    s[15] ^= 1;
    sluice_pseudonym(out[5], s, e, 1, 2, 3);
    for (size_t i = 0; i < 6; i++)
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(out[i], out[j], SLUICE_PSEUDONYM_SIZE);
    s[15] ^= 1;
    sluice_pseudonym(out[5], s, e, 1, 2, 3);
    assert_memory_equal(out[0], out[5], SLUICE_PSEUDONYM_SIZE);
}

/* Source: draft-irtf-cfrg-xchacha-03, A.3.1. */
static void seal_gives_the_published_answer(void **state)
{
    static const char text[] = "Ladies and Gentlemen of the class of '99: If I could offer you only one tip "
                               "for the future, sunscreen would be it.";
    uint8_t key[SLUICE_KEY_SIZE], nonce[SLUICE_NONCE_SIZE], associated[12];
    uint8_t out[sizeof text - 1 + SLUICE_MAC_SIZE], back[sizeof text - 1];

    fill(key, sizeof key, 0x80);
    fill(nonce, sizeof nonce, 0x40);
    from_hex(associated, "50515253c0c1c2c3c4c5c6c7");
    sluice_seal(out, text, sizeof text - 1, associated, sizeof associated, nonce, key);
    assert_hex(
        out, sizeof out,
        "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39"
        "ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9"
        "21f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49");
    assert_int_equal(sluice_unseal(back, out, sizeof out, associated, sizeof associated, nonce, key),
                     SLUICE_OK);
    assert_memory_equal(back, text, sizeof back);
}

static void unseal_notices_every_flipped_bit(void **state)
{
    uint8_t key[SLUICE_KEY_SIZE], nonce[SLUICE_NONCE_SIZE], sealed[20 + SLUICE_MAC_SIZE], back[20];

    fill(key, sizeof key, 9);
    fill(nonce, sizeof nonce, 77);
    sluice_seal(sealed, "12345678901234567890", 20, "aad", 3, nonce, key);
    for (size_t bit = 0; bit < 8 * sizeof sealed; bit++) {
        sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(sluice_unseal(back, sealed, sizeof sealed, "aad", 3, nonce, key),
                         SLUICE_ERR_DAMAGED);
        sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_int_equal(sluice_unseal(back, sealed, sizeof sealed, "aae", 3, nonce, key), SLUICE_ERR_DAMAGED);
    assert_int_equal(sluice_unseal(back, sealed, 15, "aad", 3, nonce, key), SLUICE_ERR_DAMAGED);
    assert_int_equal(sluice_unseal(back, sealed, sizeof sealed, "aad", 3, nonce, key), SLUICE_OK);
}

static void seal_works_in_place(void **state)
{
    uint8_t key[SLUICE_KEY_SIZE], nonce[SLUICE_NONCE_SIZE], bytes[5 + SLUICE_MAC_SIZE] = "hello";

    fill(key, sizeof key, 3);
    fill(nonce, sizeof nonce, 4);
    sluice_seal(bytes, bytes, 5, NULL, 0, nonce, key);
    assert_memory_not_equal(bytes, "hello", 5);
    assert_int_equal(sluice_unseal(bytes, bytes, sizeof bytes, NULL, 0, nonce, key), SLUICE_OK);
    assert_memory_equal(bytes, "hello", 5);
}

/* Source: RFC 7748, 6.1, Bob. */
static void a_public_key_is_that_of_its_secret(void **state)
{
    uint8_t secret[SLUICE_SECRET_KEY_SIZE], public[SLUICE_PUBLIC_KEY_SIZE];

    from_hex(secret, "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
    sluice_box_public_key(public, secret);
    assert_hex(public, sizeof public, "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
}

static void a_boxed_key_opens_for_its_owner_alone(void **state)
{
    uint8_t public[SLUICE_PUBLIC_KEY_SIZE], secret[SLUICE_SECRET_KEY_SIZE];
    uint8_t other_public[SLUICE_PUBLIC_KEY_SIZE], other_secret[SLUICE_SECRET_KEY_SIZE];
    uint8_t key[SLUICE_KEY_SIZE], back[SLUICE_KEY_SIZE], sealed[SLUICE_SEALED_KEY_SIZE];

    sluice_box_keypair(public, secret);
    sluice_box_keypair(other_public, other_secret);
    sluice_random(key, sizeof key);
    sluice_box_seal(sealed, key, public);
    assert_int_equal(sluice_box_open(back, sealed, public, secret), SLUICE_OK);
    assert_memory_equal(back, key, sizeof key);
    assert_int_equal(sluice_box_open(back, sealed, other_public, other_secret), SLUICE_ERR_KEY);
    sealed[70] ^= 4;
    assert_int_equal(sluice_box_open(back, sealed, public, secret), SLUICE_ERR_KEY);
}

static void public_keys_that_hide_nothing_are_not_usable(void **state)
{
    /* A point of order 8 (RFC 7748, 6.1 and its note on contributory behaviour). */
    static const char small_order[] = "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800";
    uint8_t public[SLUICE_PUBLIC_KEY_SIZE] = { 0 }, secret[SLUICE_SECRET_KEY_SIZE];

    assert_false(sluice_box_public_key_usable(public));
    from_hex(public, small_order);
    assert_false(sluice_box_public_key_usable(public));
    sluice_box_keypair(public, secret);
    assert_true(sluice_box_public_key_usable(public));
}

static void keys_that_nobody_drew_at_random_are_weak(void **state)
{
    static const char *const cases[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        "9f3a61c05d8842e7b10fd67729ec948b9f3a61c05d8842e7b10fd67729ec948b",   /* 16 bytes twice */
        "6162633132337a7978393837717765726d6e62766c6b6a686766647361706f69",   /* text */
        "9f3a61c05d8842e79f3a61c05d8842e79f3a61c05d8842e7b100000000000000",   /* few distinct values */
    };
    uint8_t key[SLUICE_KEY_SIZE];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        from_hex(key, cases[i]);
        assert_true(sluice_key_is_weak(key, sizeof key));
    }
    for (size_t i = 0; i < 10000; i++) {
        sluice_random(key, sizeof key);
        assert_false(sluice_key_is_weak(key, sizeof key));
    }
    assert_true(sluice_key_is_weak(key, 15));
}

static int compare_16(const void *a, const void *b)
{
    return memcmp(a, b, 16);
}

static void random_bytes_do_not_repeat(void **state)
{
    enum { DRAWS = 4096 };
    uint8_t (*draws)[16] = malloc(DRAWS * sizeof *draws);
    size_t ones = 0;

    assert_non_null(draws);
    for (size_t i = 0; i < DRAWS; i++)
        sluice_random(draws[i], sizeof draws[i]);
    qsort(draws, DRAWS, sizeof *draws, compare_16);
    for (size_t i = 1; i < DRAWS; i++)
        assert_memory_not_equal(draws[i - 1], draws[i], sizeof draws[i]);
    for (size_t i = 0; i < DRAWS * sizeof *draws; i++)
        ones += (size_t)__builtin_popcount(((const uint8_t *)draws)[i]);
    /* 524 288 bits: half of them, give or take 8 standard deviations (362). */
    assert_in_range(ones, 262144 - 2896, 262144 + 2896);
    free(draws);
}

/* Whether bytes lie anywhere in memory; each is compared as mask ^ byte, so that
 * the search does not find what it searches with. */
static bool lies_in_memory(const uint8_t masked[static 16], uint8_t mask)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    const int memory = open("/proc/self/mem", O_RDONLY);
    char line[512];
    bool found = false;

    assert_non_null(maps);
    assert_true(memory >= 0);
    while (!found && fgets(line, sizeof line, maps)) {
        unsigned long from, to;
        char rights[8];

        if (sscanf(line, "%lx-%lx %7s", &from, &to, rights) != 3 || strncmp(rights, "rw", 2) != 0)
            continue;
        uint8_t *bytes = malloc(to - from);
        assert_non_null(bytes);
        const ssize_t len = pread(memory, bytes, to - from, (off_t)from);
        for (ssize_t i = 0; !found && i + 16 <= len; i++) {
            size_t same = 0;

            while (same < 16 && (bytes[i + (ssize_t)same] ^ mask) == masked[same])
                same++;
            found = same == 16;
        }
        sluice_wipe(bytes, to - from);
        free(bytes);
    }
    close(memory);
    fclose(maps);
    return found;
}

static void drawn_bytes_are_not_kept(void **state)
{
    uint8_t masked[16];

    if (MLOCK_IS_REPLACED)
        skip();   /* and the shadow memory is too large to search */
    uint8_t *drawn = malloc(16);
    assert_non_null(drawn);
    sluice_random(drawn, 16);
    for (size_t i = 0; i < 16; i++)
        masked[i] = drawn[i] ^ 0x5a;
    assert_true(lies_in_memory(masked, 0x5a));
    sluice_wipe(drawn, 16);
    assert_false(lies_in_memory(masked, 0x5a));
    free(drawn);
}

/* What a child does with a secret comes back through its exit code. */
static int in_child(int (*run)(const void *), const void *argument)
{
    int status;
    const pid_t child = fork();

    if (child == 0)
        _exit(run(argument));
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void a_forked_child_draws_other_bytes(void **state)
{
    int ends[2];
    uint8_t mine[16], of_child[16];

    sluice_random(mine, sizeof mine);
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        sluice_random(of_child, sizeof of_child);
        _exit(write(ends[1], of_child, sizeof of_child) == sizeof of_child ? 0 : 1);
    }
    sluice_random(mine, sizeof mine);
    assert_int_equal(read(ends[0], of_child, sizeof of_child), sizeof of_child);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_memory_not_equal(mine, of_child, sizeof mine);
    close(ends[0]);
    close(ends[1]);
}

static int reads_zero(const void *secret)
{
    const uint8_t *bytes = secret;

    return bytes[0] == 0 && bytes[99] == 0 ? 0 : 1;
}

static void a_forked_child_finds_secrets_wiped(void **state)
{
    uint8_t *secret = sluice_secret_alloc(100);

    assert_non_null(secret);
    memset(secret, 0x5a, 100);
    assert_int_equal(in_child(reads_zero, secret), 0);
    assert_int_equal(secret[99], 0x5a);
    sluice_secret_free(secret, 100);
}

/* The flags of the mapping that holds address, as /proc/self/smaps shows them. */
static void flags_of(char flags[static 512], const void *address)
{
    FILE *maps = fopen("/proc/self/smaps", "r");
    char line[512];
    bool inside = false;

    assert_non_null(maps);
    flags[0] = '\0';
    while (fgets(line, sizeof line, maps)) {
        unsigned long from, to;

        if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
            inside = (uintptr_t)address >= from && (uintptr_t)address < to;
        else if (inside && strncmp(line, "VmFlags:", 8) == 0)
            snprintf(flags, 512, "%s", line);
    }
    fclose(maps);
}

static void secrets_are_locked_and_not_dumped(void **state)
{
    static int plain;
    char flags[512];
    uint8_t *secret = sluice_secret_alloc(5000);

    assert_non_null(secret);
    for (size_t i = 0; i < 5000; i++)
        assert_int_equal(secret[i], 0);
    flags_of(flags, secret);
    assert_true(MLOCK_IS_REPLACED || strstr(flags, " lo"));   /* locked */
    assert_non_null(strstr(flags, " dd"));   /* not in core files */
    assert_non_null(strstr(flags, " wf"));   /* wiped on fork */
    flags_of(flags, &plain);
    assert_null(strstr(flags, " dd"));
    sluice_secret_free(secret, 5000);
}

/* Root is above the limit: the child gives that up first. */
static int allocates_within_the_limit(const void *size_pointer)
{
    const struct rlimit limit = { 8 << 20, 8 << 20 };

    if (setrlimit(RLIMIT_MEMLOCK, &limit) != 0 || (geteuid() == 0 && setuid(65534) != 0))
        return 2;
    return sluice_secret_alloc(*(const size_t *)size_pointer) ? 0 : 1;
}

static void two_megabytes_fit_the_usual_limit_and_more_than_it_is_refused(void **state)
{
    const size_t small = 2 << 20, large = 9 << 20;

    if (MLOCK_IS_REPLACED)
        skip();
    assert_int_equal(in_child(allocates_within_the_limit, &small), 0);
    assert_int_equal(in_child(allocates_within_the_limit, &large), 1);
}

static int is_hardened(const void *unused)
{
    struct rlimit limit;

    if (prctl(PR_GET_DUMPABLE) == 0 || sluice_process_harden() != SLUICE_OK)
        return 1;
    return prctl(PR_GET_DUMPABLE) == 0 && getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max == 0 ? 0 : 1;
}

static void a_hardened_process_leaves_no_core(void **state)
{
    assert_int_equal(in_child(is_hardened, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hash_gives_the_published_answers),
        cmocka_unit_test(digest_gives_the_published_answers),
        cmocka_unit_test(a_pseudonym_is_the_documented_function),
        cmocka_unit_test(everything_in_a_pseudonym_changes_it),
        cmocka_unit_test(seal_gives_the_published_answer),
        cmocka_unit_test(unseal_notices_every_flipped_bit),
        cmocka_unit_test(seal_works_in_place),
        cmocka_unit_test(a_public_key_is_that_of_its_secret),
        cmocka_unit_test(a_boxed_key_opens_for_its_owner_alone),
        cmocka_unit_test(public_keys_that_hide_nothing_are_not_usable),
        cmocka_unit_test(keys_that_nobody_drew_at_random_are_weak),
        cmocka_unit_test(random_bytes_do_not_repeat),
        cmocka_unit_test(drawn_bytes_are_not_kept),
        cmocka_unit_test(a_forked_child_draws_other_bytes),
        cmocka_unit_test(a_forked_child_finds_secrets_wiped),
        cmocka_unit_test(secrets_are_locked_and_not_dumped),
        cmocka_unit_test(two_megabytes_fit_the_usual_limit_and_more_than_it_is_refused),
        cmocka_unit_test(a_hardened_process_leaves_no_core),
    };

    if (sluice_crypto_init() != SLUICE_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
