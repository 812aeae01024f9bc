/* The subcommands: one file each, one row in main.c. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

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

#endif
