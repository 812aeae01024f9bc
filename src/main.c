/* The table of subcommands, nothing else. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "cli/cli.h"

static const struct command {
    const char *name;
    int (*run)(int argc, char *argv[]);
    const char *help;
} commands[] = {
    { "check", cli_check, "say what is wrong before anything runs" },
    { "run", cli_run, "let records through the gates, one stream for each purpose" },
    { "feed", cli_feed, "write records of any format as raw records" },
    { "policy", cli_policy, "check policies, say what they do and what a change opens" },
    { "subjects", cli_subjects, "load the subject registry into the vault, count what is there" },
    { "keys", cli_keys, "make the operator's pair of keys and the keyring, tell generations" },
    { "token", cli_token, "open the tokens of a billing stream: case, reason, two approvers" },
    { "cat", cli_cat, "print the rows of a stream" },
    { "quarantine", cli_quarantine, "list, open and replay what waits for a person" },
    { "keep", cli_keep, "delete what is due, with receipts" },
    { "gen", cli_gen, "make a fleet with planted truth, or hold a run against it" },
};
static const size_t command_count = sizeof commands / sizeof commands[0];

static void usage(FILE *out)
{
    fprintf(out, "usage: sluice COMMAND [OPTION]...\n\n");
    for (size_t i = 0; i < command_count; i++)
        fprintf(out, "  %-11s %s\n", commands[i].name, commands[i].help);
    fprintf(out, "\n'sluice COMMAND --help' tells what a command takes. 'sluice --version' tells the version.\n");
}

int main(int argc, char *argv[])
{
    if (argc > 1 && strcmp(argv[1], "--version") == 0) {
        printf("sluice %s\n", SLUICE_VERSION);
        return EX_OK;
    }
    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        usage(stdout);
        return EX_OK;
    }
    for (size_t i = 0; argc > 1 && i < command_count; i++) {
        if (strcmp(argv[1], commands[i].name) != 0)
            continue;
        char name[32];   /* what getopt and cli_fail put before a message */
        snprintf(name, sizeof name, "sluice %s", commands[i].name);
        argv[1] = name;
        return commands[i].run(argc - 1, argv + 1);
    }

    usage(stderr);
    return EX_USAGE;
}
