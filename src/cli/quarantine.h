/* What the verbs of `sluice quarantine` share. */
#ifndef CLI_QUARANTINE_H
#define CLI_QUARANTINE_H

#include "sluice/config.h"
#include "sluice/keyring.h"
#include "sluice/reason.h"

struct quarantine_request {
    const char *config_path;
    const char *key_path;          /* NULL: none */
    const char *tenant;            /* NULL: every one */
    enum sluice_reason reason;     /* NONE: every one */
    uint64_t rows_max;
    bool json;
};

/* The operator's key in locked memory. */
struct quarantine_key {
    uint8_t secret_key[SLUICE_SECRET_KEY_SIZE];
    uint8_t public_key[SLUICE_PUBLIC_KEY_SIZE];
};

/** Returns NULL after a message, *code being the exit code. Free with quarantine_key_free. */
struct quarantine_key *quarantine_key_read(const char *path, int *code);
void quarantine_key_free(struct quarantine_key *key);

/** A line in the audit log, before anything is answered. Returns EX_OK or the exit code, after a message. */
int quarantine_audit(const struct sluice_config *config, const struct quarantine_request *request, const char *what,
                     int64_t now_us);

/* The verbs; each returns the exit code. */
int quarantine_list(const struct quarantine_request *request);
int quarantine_open(const struct quarantine_request *request);
int quarantine_replay(const struct quarantine_request *request);

#endif
