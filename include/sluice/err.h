/* Every way an operation can fail, listed once, each with the class that the
 * driver acts on. Why a single record is refused is another list: reason.h. */
#ifndef SLUICE_ERR_H
#define SLUICE_ERR_H

#define SLUICE_MUST_CHECK __attribute__((warn_unused_result))

/* How the driver answers a failure. */
enum sluice_err_class {
    SLUICE_CLASS_NONE,    /* not a failure */
    SLUICE_CLASS_RETRY,   /* the world may get better: abort the commit, wait, try again */
    SLUICE_CLASS_USER,    /* somebody must change a file, a setting or a right */
    SLUICE_CLASS_DAMAGE,  /* stored bytes are not what was written: stop, name them */
};

/* name, class, text */
#define SLUICE_ERR_MAP(X)                                                                    \
    X(SLUICE_OK,            SLUICE_CLASS_NONE,   "ok")                                       \
    X(SLUICE_ERR_MEMORY,    SLUICE_CLASS_RETRY,  "out of memory")                            \
    X(SLUICE_ERR_IO,        SLUICE_CLASS_RETRY,  "reading or writing failed")                \
    X(SLUICE_ERR_SPACE,     SLUICE_CLASS_RETRY,  "no space left on the device")              \
    X(SLUICE_ERR_FULL,      SLUICE_CLASS_RETRY,  "no room in a buffer, or for open files")   \
    X(SLUICE_ERR_MISSING,   SLUICE_CLASS_USER,   "not found")                                \
    X(SLUICE_ERR_EXISTS,    SLUICE_CLASS_USER,   "exists already")                           \
    X(SLUICE_ERR_ACCESS,    SLUICE_CLASS_USER,   "permission denied or mode too open")       \
    X(SLUICE_ERR_LOCKED,    SLUICE_CLASS_USER,   "another process holds the state folder")   \
    X(SLUICE_ERR_CONFIG,    SLUICE_CLASS_USER,   "the configuration is not usable")          \
    X(SLUICE_ERR_POLICY,    SLUICE_CLASS_USER,   "the policy is not usable")                 \
    X(SLUICE_ERR_FORMAT,    SLUICE_CLASS_USER,   "the input is not in the expected format")  \
    X(SLUICE_ERR_LIMIT,     SLUICE_CLASS_USER,   "a fixed limit is exceeded")                \
    X(SLUICE_ERR_KEY,       SLUICE_CLASS_USER,   "a key is missing, weak or the wrong one")  \
    X(SLUICE_ERR_USAGE,     SLUICE_CLASS_USER,   "the command line is not usable")           \
    X(SLUICE_ERR_DAMAGED,   SLUICE_CLASS_DAMAGE, "stored bytes are damaged")                 \
    X(SLUICE_ERR_OLDER,     SLUICE_CLASS_DAMAGE, "stored state is older than the keyring")

enum sluice_err {
#define X(name, class, text) name,
    SLUICE_ERR_MAP(X)
#undef X
};

/** Fixed English text, never NULL, not to be freed. */
const char *sluice_err_text(enum sluice_err err);
enum sluice_err_class sluice_err_class(enum sluice_err err);

/** The failure that errno stands for: ENOSPC, EFBIG and EDQUOT are SPACE, EACCES and
 *  EPERM and EROFS are ACCESS, ENOENT is MISSING, EEXIST is EXISTS, ENOMEM is
 *  MEMORY, EMFILE and ENFILE are FULL, everything else is IO. */
enum sluice_err sluice_err_from_errno(int saved_errno);

/** The exit code of sysexits.h that a command ends with. */
int sluice_err_exit_code(enum sluice_err err);

#endif
