#include "sluice/crypto.h"

#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <sys/prctl.h>
#include <sys/resource.h>

enum sluice_err sluice_crypto_init(void)
{
    return sodium_init() < 0 ? SLUICE_ERR_IO : SLUICE_OK;
}

enum sluice_err sluice_process_harden(void)
{
    const struct rlimit no_core = { 0, 0 };

    /* A file at its limit is a write that fails, and told as one, not the end. */
    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_CORE, &no_core) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return sluice_err_from_errno(errno);
    return SLUICE_OK;
}
