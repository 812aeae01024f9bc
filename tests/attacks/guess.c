/* Turns names in streams back by trying all there is to try.
 *
 * guess space  TARGETS PREFIX DIGITS     every identifier PREFIX + that many digits, every digest of it
 * guess salted TARGETS IDS SALTS         each of IDS with each salt before, behind and as a key
 * guess keys   TARGETS IDS STATE         what a thief of one of two keys could do, and of both
 *
 * guess secrets STATE                    what must not be in a core file, as needles for scan
 *
 * TARGETS holds the names, 16 bytes each; IDS a text a line; SALTS as scan's
 * needles, a hex a line. Prints one line of JSON: how many different targets
 * each way found. Little-endian machines only, as the digests' heads are. */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "digest.h"
#include "sluice/crypto.h"
#include "sluice/field.h"
#include "sluice/keyring.h"
#include "sluice/vault.h"

#define NAME_SIZE   16
#define FILTER_BITS 26
#define THREADS_MAX 64

/* --- targets: the heads of names, forwards and backwards, and whether one was found */

struct target {
    uint64_t head;
    uint32_t name;
};

static struct target *targets;
static size_t target_count, name_count;
static uint8_t *filter;
static uint8_t *found;      /* by name: bits of the ways that found it */

static int compare(const void *a, const void *b)
{
    const uint64_t left = ((const struct target *)a)->head, right = ((const struct target *)b)->head;

    return (left > right) - (left < right);
}

static void add_target(const uint8_t name[static NAME_SIZE], bool backwards, uint32_t number)
{
    uint8_t bytes[8];
    uint64_t first;

    for (int i = 0; i < 8; i++)
        bytes[i] = name[backwards ? NAME_SIZE - 1 - i : i];
    memcpy(&first, bytes, 8);
    targets[target_count++] = (struct target){ first, number };
    filter[first >> (64 - FILTER_BITS) >> 3] |= (uint8_t)(1u << (first >> (64 - FILTER_BITS) & 7));
}

static bool load_targets(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t name[NAME_SIZE];

    if (!file || fseek(file, 0, SEEK_END) != 0)
        return false;
    name_count = (size_t)ftell(file) / NAME_SIZE;
    rewind(file);
    targets = calloc(2 * name_count + 1, sizeof *targets);
    filter = calloc(1, (size_t)1 << (FILTER_BITS - 3));
    found = calloc(name_count + 1, 1);
    if (!targets || !filter || !found)
        return false;
    for (uint32_t i = 0; fread(name, NAME_SIZE, 1, file) == 1; i++) {
        add_target(name, false, i);
        add_target(name, true, i);
    }
    fclose(file);
    qsort(targets, target_count, sizeof *targets, compare);
    return name_count > 0;
}

/* Two threads that find the same name write the same byte. */
static void try_head(uint64_t first, unsigned way)
{
    size_t low = 0, high = target_count;

    if (!(filter[first >> (64 - FILTER_BITS) >> 3] & 1u << (first >> (64 - FILTER_BITS) & 7)))
        return;
    while (low < high) {
        const size_t middle = (low + high) / 2;

        if (targets[middle].head < first)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < target_count && targets[low].head == first; low++)
        __atomic_fetch_or(&found[targets[low].name], (uint8_t)(1u << way), __ATOMIC_RELAXED);
}

static void try_bytes(const uint8_t *bytes, unsigned way)
{
    uint64_t first;

    memcpy(&first, bytes, 8);
    try_head(first, way);
}

static void print_found(const char *const ways[], unsigned way_count, unsigned long long tried)
{
    printf("{\"names\":%zu,\"tried\":%llu", name_count, tried);
    for (unsigned way = 0; way < way_count; way++) {
        size_t count = 0;

        for (size_t i = 0; i < name_count; i++)
            count += found[i] >> way & 1;
        printf(",\"%s\":%zu", ways[way], count);
    }
    puts("}");
}

/* --- every identifier of a space */

static const char *const digests[] = { "md5", "sha1", "sha256", "blake2b", "siphash_zero_key", "siphash_as_tag", "murmur2" };
enum { WAY_MD5, WAY_SHA1, WAY_SHA256, WAY_BLAKE2B, WAY_SIPHASH, WAY_TAG, WAY_MURMUR, WAY_COUNT };

static void try_digests(const uint8_t *text, size_t len)
{
    static const uint8_t no_key[SLUICE_HASH_KEY_SIZE];
    uint8_t out[SLUICE_DIGEST_SIZE], tag[DIGEST_TEXT_MAX + 1] = { SLUICE_IDENTIFIER_IMSI };

    try_head(md5_head(text, len), WAY_MD5);
    try_head(sha1_head(text, len), WAY_SHA1);
    try_head(sha256_head(text, len), WAY_SHA256);
    try_head(murmur_head(text, len), WAY_MURMUR);
    sluice_digest(out, text, len);
    try_bytes(out, WAY_BLAKE2B);
    sluice_hash(out, text, len, no_key);
    try_bytes(out, WAY_SIPHASH);
    memcpy(tag + 1, text, len);
    sluice_hash(out, tag, len + 1, no_key);
    try_bytes(out, WAY_TAG);
}

struct part {
    pthread_t thread;
    const char *prefix;
    unsigned digits;
    uint64_t from, to;
};

static void *try_part(void *self)
{
    const struct part *part = self;
    char text[DIGEST_TEXT_MAX + 1];

    for (uint64_t number = part->from; number < part->to; number++) {
        const int len = snprintf(text, sizeof text, "%s%0*llu", part->prefix, (int)part->digits, (unsigned long long)number);
        try_digests((const uint8_t *)text, (size_t)len);
    }
    return NULL;
}

static int guess_space(const char *prefix, const char *digits)
{
    struct part parts[THREADS_MAX];
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    const size_t count = cores < 1 ? 1 : cores > THREADS_MAX ? THREADS_MAX : (size_t)cores;
    const unsigned digit_count = (unsigned)atoi(digits);
    uint64_t size = 1;

    if (strlen(prefix) + digit_count > 32)
        return EX_USAGE;
    for (unsigned i = 0; i < digit_count; i++)
        size *= 10;
    for (size_t i = 0; i < count; i++) {
        parts[i] = (struct part){ .prefix = prefix, .digits = digit_count, .from = size * i / count, .to = size * (i + 1) / count };
        if (pthread_create(&parts[i].thread, NULL, try_part, &parts[i]) != 0)
            return EX_OSERR;
    }
    for (size_t i = 0; i < count; i++)
        pthread_join(parts[i].thread, NULL);
    print_found(digests, WAY_COUNT, size);
    return EX_OK;
}

/* --- lines of files */

struct lines {
    char **list;
    size_t count;
};

static bool read_lines(struct lines *lines, const char *path)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t size = 0;
    ssize_t len;

    *lines = (struct lines){ 0 };
    while (file && (len = getline(&line, &size, file)) > 0) {
        line[strcspn(line, "\n")] = '\0';
        char **larger = realloc(lines->list, (lines->count + 1) * sizeof *larger);
        if (!larger)
            return false;
        lines->list = larger;
        lines->list[lines->count++] = strdup(line);
    }
    free(line);
    if (file)
        fclose(file);
    return lines->count > 0;
}

static size_t unhex(uint8_t *out, size_t size, const char *hex)
{
    size_t len = 0;
    unsigned byte;

    while (len < size && sscanf(hex + 2 * len, "%2x", &byte) == 1)
        out[len++] = (uint8_t)byte;
    return len;
}

/* --- each identifier with each salt */

static void try_salted(const uint8_t *id, size_t id_len, const uint8_t *salt, size_t salt_len)
{
    uint8_t text[DIGEST_TEXT_MAX + 1], out[SLUICE_DIGEST_SIZE], tag[64] = { SLUICE_IDENTIFIER_IMSI }, key[SLUICE_KEY_SIZE] = { 0 };
    const size_t used = salt_len > DIGEST_TEXT_MAX - id_len ? DIGEST_TEXT_MAX - id_len : salt_len, len = used + id_len;

    for (int behind = 0; behind < 2; behind++) {
        memcpy(text + (behind ? id_len : 0), salt, used);
        memcpy(text + (behind ? 0 : used), id, id_len);
        try_head(md5_head(text, len), WAY_MD5);
        try_head(sha1_head(text, len), WAY_SHA1);
        try_head(sha256_head(text, len), WAY_SHA256);
        sluice_digest(out, text, len);
        try_bytes(out, WAY_BLAKE2B);
    }
    memcpy(key, salt, salt_len < sizeof key ? salt_len : sizeof key);
    sluice_hash(out, id, id_len, key);
    try_bytes(out, WAY_SIPHASH);
    memcpy(tag + 1, id, id_len);
    sluice_hash(out, tag, id_len + 1, key);
    try_bytes(out, WAY_TAG);
    sluice_keyed_digest(out, id, id_len, key);
    try_bytes(out, WAY_BLAKE2B);
}

static int guess_salted(const char *ids_path, const char *salts_path)
{
    struct lines ids, salts;

    if (!read_lines(&ids, ids_path) || !read_lines(&salts, salts_path))
        return EX_NOINPUT;
    for (size_t s = 0; s < salts.count; s++) {
        uint8_t salt[64];
        const size_t salt_len = unhex(salt, sizeof salt, salts.list[s]);

        for (size_t i = 0; i < ids.count; i++) {
            const size_t len = strlen(ids.list[i]);
            if (len <= 32)
                try_salted((const uint8_t *)ids.list[i], len, salt, salt_len);
        }
    }
    print_found(digests, WAY_COUNT, (unsigned long long)ids.count * salts.count);
    return EX_OK;
}

/* --- with keys */

#define EPOCHS_MAX 256

struct thief {
    struct sluice_vault *vault;
    struct sluice_subject *subjects;
    size_t subject_count;
    struct epoch {
        char tenant[SLUICE_NAME_MAX + 1];
        uint8_t purpose;
        uint32_t number;
        struct sluice_epoch_secrets secrets;
    } epochs[EPOCHS_MAX];
    size_t epoch_count;
};

enum { KEYS_BOTH, KEYS_S_ALONE, KEYS_E_ALONE, KEYS_OTHER_PURPOSE, KEYS_E_AND_ADDRESSES, KEYS_COUNT };
static const char *const thefts[] = { "both_keys", "subject_secrets_alone", "epoch_keys_alone", "keys_of_another_purpose",
                                      "addresses_by_epoch_keys" };

static void note_epoch(void *self, const char *tenant, uint8_t purpose_index, const char *purpose, uint32_t number)
{
    struct thief *thief = self;

    (void)purpose;
    if (thief->epoch_count < EPOCHS_MAX) {
        struct epoch *epoch = &thief->epochs[thief->epoch_count++];
        snprintf(epoch->tenant, sizeof epoch->tenant, "%s", tenant);
        epoch->purpose = purpose_index;
        epoch->number = number;
    }
}

static bool steal(struct thief *thief, const char *state)
{
    struct sluice_keyring *keyring;
    struct sluice_subject subject = { 0 };

    if (sluice_crypto_init() || sluice_keyring_open(&keyring, state) ||
        sluice_vault_open_reading(&thief->vault, state, keyring) ||
        sluice_vault_epochs(thief->vault, note_epoch, thief))
        return false;
    for (size_t i = 0; i < thief->epoch_count; i++) {
        struct epoch *epoch = &thief->epochs[i];
        if (sluice_vault_epoch(thief->vault, &epoch->secrets, epoch->tenant, epoch->purpose, epoch->number, false))
            return false;
    }
    while (sluice_vault_next(thief->vault, &subject) == SLUICE_OK) {
        struct sluice_subject *larger = realloc(thief->subjects, (thief->subject_count + 1) * sizeof *larger);
        if (!larger)
            return false;
        thief->subjects = larger;
        thief->subjects[thief->subject_count++] = subject;
    }
    return thief->subject_count > 0 && thief->epoch_count > 0;
}

static void try_pair(const uint8_t *s, const uint8_t *e, const struct epoch *epoch, unsigned way)
{
    uint8_t out[SLUICE_PSEUDONYM_SIZE];

    sluice_pseudonym(out, s, e, epoch->number, epoch->purpose, SLUICE_FIELD_SUBJECT);
    try_bytes(out, way);
    sluice_pseudonym(out, s, e, epoch->number, epoch->purpose, SLUICE_FIELD_DEVICE);
    try_bytes(out, way);
}

/* Every S with the epoch's own key; without it, with nothing, with itself and with every other epoch's (of the same
 * number and purpose there is one for each tenant, and S does not say whose it is); and the secrets of its other
 * purposes with the epoch's own. */
static void try_subject(const struct thief *thief, const struct sluice_subject *subject, const struct epoch *epoch)
{
    static const uint8_t nothing[SLUICE_SECRET_SIZE];
    const uint8_t *s = subject->secrets[epoch->purpose];

    if (epoch->purpose >= subject->secret_count)
        return;
    try_pair(s, epoch->secrets.pseudonym_secret, epoch, KEYS_BOTH);
    try_pair(s, nothing, epoch, KEYS_S_ALONE);
    try_pair(s, s, epoch, KEYS_S_ALONE);
    for (size_t i = 0; i < thief->epoch_count; i++) {
        const struct epoch *other = &thief->epochs[i];

        if (other->purpose != epoch->purpose)
            try_pair(s, other->secrets.pseudonym_secret, epoch, KEYS_OTHER_PURPOSE);
        else if (other->number != epoch->number)
            try_pair(s, other->secrets.pseudonym_secret, epoch, KEYS_S_ALONE);
    }
    for (uint8_t other = 0; other < subject->secret_count; other++)
        if (other != epoch->purpose)
            try_pair(subject->secrets[other], epoch->secrets.pseudonym_secret, epoch, KEYS_OTHER_PURPOSE);
}

/* Everything that could be taken for S by who knows the number and the epoch's key, also with the tenant's key of tags. */
static void try_identifier(const struct thief *thief, const struct epoch *epoch, const char *id)
{
    static const uint8_t no_key[SLUICE_HASH_KEY_SIZE];
    const size_t len = strlen(id);
    uint8_t tenant_key[SLUICE_HASH_KEY_SIZE], out[SLUICE_DIGEST_SIZE] = { 0 };
    const uint8_t *e = epoch->secrets.pseudonym_secret;

    try_pair(out, e, epoch, KEYS_E_ALONE);
    memcpy(out, id, len < SLUICE_SECRET_SIZE ? len : SLUICE_SECRET_SIZE);
    try_pair(out, e, epoch, KEYS_E_ALONE);
    sluice_digest(out, id, len);
    try_pair(out, e, epoch, KEYS_E_ALONE);
    sluice_hash(out, id, len, no_key);
    try_pair(out, e, epoch, KEYS_E_ALONE);
    sluice_vault_tenant_key(thief->vault, tenant_key, epoch->tenant);
    for (unsigned kind = SLUICE_IDENTIFIER_ICCID; kind <= SLUICE_IDENTIFIER_DEVICE; kind++) {
        const size_t count = kind == SLUICE_IDENTIFIER_DEVICE && len > 14 ? 14 : len;
        sluice_tag(out, tenant_key, (enum sluice_identifier_kind)kind, id, count);
        try_pair(out, e, epoch, KEYS_E_ALONE);
        sluice_keyed_digest(out, id, count, epoch->secrets.digest_key);
        try_pair(out, e, epoch, KEYS_E_ALONE);
    }
}

/* Addresses have no secret of their own: the epoch's key is all that protects them. 198.18.0.0/15. */
static void try_addresses(const struct epoch *epoch)
{
    for (uint32_t number = 0; number < 1u << 17; number++) {
        const uint8_t message[] = { 13, 198, (uint8_t)(18 + (number >> 16)), (uint8_t)(number >> 8), (uint8_t)number };
        uint8_t out[SLUICE_PSEUDONYM_SIZE];

        sluice_keyed_digest(out, message, sizeof message, epoch->secrets.digest_key);
        try_bytes(out, KEYS_E_AND_ADDRESSES);
    }
}

static int guess_keys(const char *ids_path, const char *state)
{
    static struct thief thief;
    struct lines ids;

    if (!read_lines(&ids, ids_path) || !steal(&thief, state))
        return EX_NOINPUT;
    for (size_t e = 0; e < thief.epoch_count; e++) {
        for (size_t i = 0; i < thief.subject_count; i++)
            try_subject(&thief, &thief.subjects[i], &thief.epochs[e]);
        for (size_t i = 0; i < ids.count; i++)
            try_identifier(&thief, &thief.epochs[e], ids.list[i]);
        try_addresses(&thief.epochs[e]);
    }
    print_found(thefts, KEYS_COUNT, (unsigned long long)thief.epoch_count * (thief.subject_count + ids.count));
    return EX_OK;
}

/* --- secrets, in pieces of 8 bytes: memory that was used again may hold a part */

static void print_secret(const char *kind, unsigned long number, const uint8_t *secret, size_t len)
{
    for (size_t at = 0; at + 8 <= len; at += 8) {
        printf("%s\t%lu\t", kind, number);
        for (size_t i = 0; i < 8; i++)
            printf("%02x", secret[at + i]);
        putchar('\n');
    }
}

static int print_secrets(const char *state)
{
    static struct thief thief;
    struct sluice_keyring *keyring;

    if (!steal(&thief, state) || sluice_keyring_open(&keyring, state))
        return EX_NOINPUT;
    for (unsigned i = 0; i < 2; i++) {
        if (keyring->root[i].generation)
            print_secret("root", i, keyring->root[i].key, SLUICE_KEY_SIZE);
        if (keyring->state[i].generation)
            print_secret("state", i, keyring->state[i].key, SLUICE_KEY_SIZE);
    }
    print_secret("tags", 0, keyring->tag_key, SLUICE_KEY_SIZE);
    print_secret("worker", 0, keyring->worker_secret, SLUICE_SECRET_KEY_SIZE);
    for (size_t e = 0; e < thief.epoch_count; e++)
        print_secret("epoch", e, thief.epochs[e].secrets.pseudonym_secret, SLUICE_SECRET_SIZE);
    for (size_t i = 0; i < thief.subject_count; i++)
        for (uint8_t p = 0; p < thief.subjects[i].secret_count; p++)
            print_secret("subject", i, thief.subjects[i].secrets[p], SLUICE_SECRET_SIZE);
    return EX_OK;
}

int main(int argc, char *argv[])
{
    if (argc == 3 && strcmp(argv[1], "secrets") == 0)
        return print_secrets(argv[2]);
    if (argc == 5 && load_targets(argv[2])) {
        if (strcmp(argv[1], "space") == 0)
            return guess_space(argv[3], argv[4]);
        if (strcmp(argv[1], "salted") == 0)
            return guess_salted(argv[3], argv[4]);
        if (strcmp(argv[1], "keys") == 0)
            return guess_keys(argv[3], argv[4]);
    }
    fputs("usage: guess space TARGETS PREFIX DIGITS | salted TARGETS IDS SALTS | keys TARGETS IDS STATE | secrets STATE\n", stderr);
    return EX_USAGE;
}
