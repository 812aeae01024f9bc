#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <sysexits.h>

void cli_findings(const struct sluice_findings *findings)
{
    struct sluice_buffer text;

    sluice_buffer_init(&text, 1024 * (findings->count + 1));
    sluice_findings_print(findings, &text);
    if (text.len > 0)
        fwrite(text.bytes, 1, text.len, stderr);
    /* What could not be kept or put into words must not pass in silence. */
    if (sluice_buffer_err(&text) || findings->lost)
        fputs("sluice: out of memory, also for saying what is wrong; give the process more\n", stderr);
    sluice_buffer_deinit(&text);
}

enum sluice_err cli_config(struct sluice_config **config, const char *path)
{
    struct sluice_findings findings;

    sluice_findings_init(&findings);
    enum sluice_err err = sluice_config_load(config, &findings, path);
    cli_findings(&findings);
    sluice_findings_deinit(&findings);
    return err;
}

int cli_fail(const char *command, enum sluice_err err, const char *format, ...)
{
    va_list args;

    fprintf(stderr, "%s: ", command);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, ": %s\n", sluice_err_text(err));
    return sluice_err_exit_code(err);
}

int cli_usage(const char *command)
{
    fprintf(stderr, "'%s --help' tells how it is used\n", command);
    return EX_USAGE;
}

int cli_print(const struct sluice_buffer *out, int code)
{
    const bool whole = !sluice_buffer_err(out) &&
                       (out->len == 0 || fwrite(out->bytes, 1, out->len, stdout) == out->len);

    if (fflush(stdout) == 0 && whole)
        return code;
    fputs("sluice: standard output could not be written\n", stderr);
    return EX_IOERR;
}
