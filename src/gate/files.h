/* The account of each source file: what it held and what became of it. A file
 * that does not add up is one that something was lost of. Files come and go
 * for years: past FILES_MAX the older half becomes one account. */
#ifndef GATE_FILES_H
#define GATE_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "gate/names.h"
#include "gate/tally.h"

#define FILES_MAX     4096
#define FILES_EARLIER "(earlier files)"

struct file_sums {
    struct tally_sum in;
    struct tally_sum dispositions[SLUICE_DISPOSITION_COUNT];
    bool touched;             /* since the last commit */
};

struct files {
    struct names names;       /* "input/file"; beside each its sums */
    struct saved_file {
        uint32_t number;
        struct file_sums sums;
    } *saved;                 /* what each touched one was at the last commit */
    size_t saved_count;
    size_t saved_capacity;
    bool summing_up;          /* with the next commit the older half is one account */
    uint32_t last_input;      /* records of one file come in runs */
    uint32_t last_number;
    char last_file[256];
};

void files_init(struct files *files);
void files_deinit(struct files *files);

/** The sums of a file, to be added to; NULL when memory is exhausted. Valid until the next call. */
struct file_sums *files_sums(struct files *files, uint32_t input, struct sluice_str input_name,
                             struct sluice_str file);

bool files_balanced(const struct files *files);
size_t files_count(const struct files *files);
void files_report(const struct files *files, struct sluice_buffer *out);

/** Table id 4. */
struct sluice_state_table files_table(struct files *files);

#endif
