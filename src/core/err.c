#include "sluice/err.h"

#include <errno.h>
#include <sysexits.h>

static const struct {
    const char *text;
    enum sluice_err_class class;
} errors[] = {
#define X(name, class, text) [name] = { text, class },
    SLUICE_ERR_MAP(X)
#undef X
};

const char *sluice_err_text(enum sluice_err err)
{
    return errors[err].text;
}

enum sluice_err_class sluice_err_class(enum sluice_err err)
{
    return errors[err].class;
}

enum sluice_err sluice_err_from_errno(int saved_errno)
{
    switch (saved_errno) {
    case ENOSPC:
    case EFBIG:
    case EDQUOT: return SLUICE_ERR_SPACE;
    case EACCES:
    case EPERM:
    case EROFS:  return SLUICE_ERR_ACCESS;
    case ENOENT:
    case ENOTDIR: return SLUICE_ERR_MISSING;
    case EEXIST: return SLUICE_ERR_EXISTS;
    case ENOMEM: return SLUICE_ERR_MEMORY;
    case EMFILE:
    case ENFILE: return SLUICE_ERR_FULL;
    default:     return SLUICE_ERR_IO;
    }
}

int sluice_err_exit_code(enum sluice_err err)
{
    switch (err) {
    case SLUICE_OK:          return EX_OK;
    case SLUICE_ERR_USAGE:   return EX_USAGE;
    case SLUICE_ERR_CONFIG:
    case SLUICE_ERR_POLICY:  return EX_CONFIG;
    case SLUICE_ERR_FORMAT:
    case SLUICE_ERR_LIMIT:
    case SLUICE_ERR_DAMAGED:
    case SLUICE_ERR_OLDER:   return EX_DATAERR;
    case SLUICE_ERR_MISSING: return EX_NOINPUT;
    case SLUICE_ERR_EXISTS:  return EX_CANTCREAT;
    case SLUICE_ERR_ACCESS:
    case SLUICE_ERR_KEY:     return EX_NOPERM;
    case SLUICE_ERR_LOCKED:  return EX_TEMPFAIL;
    case SLUICE_ERR_MEMORY:  return EX_OSERR;
    case SLUICE_ERR_IO:
    case SLUICE_ERR_SPACE:
    case SLUICE_ERR_FULL:    return EX_IOERR;
    }
    return EX_SOFTWARE;
}
