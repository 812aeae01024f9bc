/* subjects.csv and registry.ndjson, with a NUL between them. Whatever comes:
 * no crash; what is refused has its finding; and no finding tells a number
 * that could be an identifier. */
#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "registry/loading.h"
#include "registry/subject_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static struct sluice_config config = { .tenant_count = 1 };
static int subjects_fd, registry_fd;
static struct sluice_vault *vault;   /* for the names of purposes: nothing is loaded into it */

static void no_identifier(const struct sluice_findings *findings)
{
    struct sluice_buffer text;
    size_t digits = 0;

    sluice_buffer_init(&text, 1 << 20);
    sluice_findings_print(findings, &text);
    for (size_t i = 0; i < text.len; i++) {
        digits = isdigit(text.bytes[i]) ? digits + 1 : 0;
        assert(digits < 6);
    }
    sluice_buffer_deinit(&text);
}

static enum sluice_err take_row(void *self, const struct subject_row *row)
{
    struct loading *loading = self;

    assert(row->link_count <= SUBJECT_LINKS_MAX && row->from_s < row->to_s);
    assert(memchr(row->holder.account, '\0', sizeof row->holder.account));
    rights_resolve(&loading->rights, row);
    return SLUICE_OK;
}

static void put(int fd, const uint8_t *bytes, size_t len)
{
    assert(ftruncate(fd, 0) == 0 && pwrite(fd, bytes, len, 0) == (ssize_t)len);
}

/* In a folder that is there no more when the files are open. */
static void open_vault(void)
{
    uint8_t public_key[SLUICE_PUBLIC_KEY_SIZE], secret_key[SLUICE_SECRET_KEY_SIZE], index;
    char folder[] = "/dev/shm/sluice-fuzz-XXXXXX", command[64];
    struct sluice_keyring *keyring;

    assert(mkdtemp(folder));
    sluice_box_keypair(public_key, secret_key);
    assert(sluice_keyring_create(folder, public_key, 1) == SLUICE_OK);
    assert(sluice_keyring_open(&keyring, folder) == SLUICE_OK);
    assert(sluice_vault_open(&vault, folder, keyring) == SLUICE_OK);
    assert(sluice_vault_purpose_index(vault, "acme", "billing", &index) == SLUICE_OK);
    assert(sluice_vault_purpose_index(vault, "acme", "marketing", &index) == SLUICE_OK);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    assert(system(command) == 0);
}

static void prepare(void)
{
    subjects_fd = memfd_create("subjects", MFD_CLOEXEC);
    registry_fd = memfd_create("registry", MFD_CLOEXEC);
    snprintf(config.subjects, sizeof config.subjects, "/proc/self/fd/%d", subjects_fd);
    snprintf(config.registry, sizeof config.registry, "/proc/self/fd/%d", registry_fd);
    strcpy(config.tenants[0].name, "acme");
    assert(sluice_crypto_init() == SLUICE_OK);
    open_vault();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const uint8_t *end = len ? memchr(bytes, '\0', len) : NULL;
    const size_t first = end ? (size_t)(end - bytes) : len;
    struct sluice_findings findings;
    struct sluice_registry_report report = { 0 };

    if (!subjects_fd)
        prepare();
    struct loading loading = { .vault = vault, .config = &config, .report = &report, .notes = { .findings = &findings },
                               .tenant_count = 1, .tenants = { { .name = "acme", .purpose_count = 2 } } };
    uint64_t lines;

    put(subjects_fd, bytes, first);
    put(registry_fd, end ? end + 1 : bytes, end ? len - first - 1 : 0);
    sluice_findings_init(&findings);
    holders_init(&loading.holders);
    const enum sluice_err rights_err = rights_read(&loading);
    if (rights_err)
        assert(findings.errors > 0);
    assert(subject_file_lines(&lines, config.subjects) == SLUICE_OK && lines <= first);
    const enum sluice_err err = subject_file_each(&loading, true, take_row, &loading);
    assert(err == SLUICE_OK || findings.errors > 0);
    rights_sort(&loading.rights);
    notes_finish(&loading.notes, config.subjects, config.registry);
    no_identifier(&findings);
    holders_deinit(&loading.holders);
    rights_deinit(&loading.rights);
    lines_deinit(&loading.refused);
    sluice_findings_deinit(&findings);
    return 0;
}
