/* One option of sluice.yaml as a row: where it is written, where it goes, what
 * it may be. The reader, the defaults and the printed reference all walk the
 * same two tables, so none of them can disagree. */
#ifndef CONFIG_CONFIG_OPTION_H
#define CONFIG_CONFIG_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sluice/config.h"
#include "yaml/yaml.h"

enum config_type {
    CONFIG_PATH,       /* char[SLUICE_PATH_SIZE], made absolute */
    CONFIG_NAME,       /* char[SLUICE_NAME_MAX + 1] of the shape in name.h */
    CONFIG_YES_NO,     /* bool */
    CONFIG_INSTANT,    /* int64_t, microseconds */
    CONFIG_COUNT,      /* uint32_t */
    CONFIG_SIZE,       /* uint64_t, octets */
    CONFIG_PERIOD,     /* int64_t, seconds */
    CONFIG_PERIOD_MS,  /* uint32_t, milliseconds */
    CONFIG_CHOICE_U32, /* uint32_t, one of choices */
    CONFIG_CHOICE_U8,  /* uint8_t, one of choices */
    CONFIG_STRUCTURE,  /* a sequence or mapping with a reader of its own */
};

struct config_choice {
    const char *word; /* NULL ends the list */
    uint32_t value;
};

struct config_option {
    const char *path; /* "commit.records" */
    enum config_type type;
    bool required;
    size_t offset;        /* into the structure that the table is of */
    const char *fallback; /* the default as one would write it; NULL: absent */
    uint64_t min, max;    /* in the type's unit; COUNT, SIZE and the periods */
    const struct config_choice *choices;
    const char *help;
};

struct config_options {
    const struct config_option *rows;
    size_t count;
};

extern const struct config_options config_options_top;   /* of struct sluice_config */
extern const struct config_options config_options_input; /* of struct sluice_input_config */

#define CONFIG_OPTIONS_MAX 64

/* What every reader needs to know and to say. */
struct config_reader {
    struct sluice_findings *findings;
    const char *file;   /* as given: for findings */
    const char *folder; /* absolute: for paths */
};

/** Set what the row stands for in base. Adds a finding and leaves base alone
 *  when the scalar is not what the row wants. */
void config_option_set(struct config_reader *reader, void *base, const struct config_option *option,
                       const struct yaml_node *node);

/** Set every default of a table in base. */
void config_options_default(struct config_reader *reader, void *base, const struct config_options *options);

/** Read one mapping by a table: unknown keys, wrong kinds and missing required
 *  options become findings. Structures are left to the caller. */
void config_options_read(struct config_reader *reader, void *base, const struct config_options *options,
                         const struct yaml_node *mapping);

/** An absolute path into target; false with a finding when it is too long or empty. */
bool config_path_set(struct config_reader *reader, char target[static SLUICE_PATH_SIZE],
                     const struct yaml_node *node);
/** A name into target; false with a finding when its shape is wrong. what: "a tenant's name". */
bool config_name_set(struct config_reader *reader, char target[static SLUICE_NAME_MAX + 1], const char *what,
                     const char *text, unsigned line, unsigned column);

__attribute__((format(printf, 5, 6))) void config_error(struct config_reader *reader, const char *rule,
                                                        unsigned line, unsigned column, const char *format,
                                                        ...);

/** What is wrong between options that are each right. */
void config_check(struct config_reader *reader, const struct sluice_config *config,
                  const struct yaml_node *root);

#endif
