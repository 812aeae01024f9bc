/* The subcommands: one file each, one row in main.c; and what they share. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "sluice/buffer.h"
#include "sluice/config.h"
#include "sluice/err.h"

int cli_check(int argc, char *argv[]);
int cli_run(int argc, char *argv[]);
int cli_feed(int argc, char *argv[]);
int cli_policy(int argc, char *argv[]);
int cli_subjects(int argc, char *argv[]);
int cli_keys(int argc, char *argv[]);
int cli_token(int argc, char *argv[]);
int cli_cat(int argc, char *argv[]);
int cli_quarantine(int argc, char *argv[]);
int cli_keep(int argc, char *argv[]);
int cli_gen(int argc, char *argv[]);

#define CLI_CONFIG "sluice.yaml"   /* what -c defaults to */

/** Load a configuration. What is wrong or worth knowing goes to standard error. */
SLUICE_MUST_CHECK
enum sluice_err cli_config(struct sluice_config **config, const char *path);

/** Findings on standard error, one a line. */
void cli_findings(const struct sluice_findings *findings);

/** "COMMAND: what: text of err" on standard error. Returns the exit code of err. */
__attribute__((format(printf, 3, 4)))
int cli_fail(const char *command, enum sluice_err err, const char *format, ...);

/** After a command line that is not usable: says where help is. Returns EX_USAGE. */
int cli_usage(const char *command);

/** Write a text to standard output and flush it. Returns the exit code: code, or
 *  EX_IOERR when it could not be written or out had failed. */
int cli_print(const struct sluice_buffer *out, int code);

#endif
