/* subjects.csv: one row says who holds a SIM from when to when. */
#ifndef REGISTRY_SUBJECT_FILE_H
#define REGISTRY_SUBJECT_FILE_H

#include "registry/loading.h"

#define SUBJECT_LINKS_MAX 3    /* IMSI, MSISDN, EID */

struct subject_row {
    uint32_t line;
    bool unknown;                        /* the row was refused: only whose it is is known, a tag without links */
    uint8_t tag[SLUICE_TAG_SIZE];        /* of the ICCID, else of the IMSI */
    bool named_by_imsi;
    uint8_t link_count;
    uint8_t links[SUBJECT_LINKS_MAX][SLUICE_TAG_SIZE];
    uint32_t from_s;                     /* 0: since ever */
    uint32_t to_s;                       /* exclusive; SLUICE_ALWAYS_S: open */
    struct holder holder;
};

/** Call visit for each good row in order of lines, and for each SIM that a bad
 *  row names, as far as that can be read.
 *  In: first  bad rows are noted and counted, and progress is made
 *  Returns SLUICE_ERR_FORMAT with a finding for a header that is not usable,
 *  an error of reading, or what visit returned. */
SLUICE_MUST_CHECK
enum sluice_err subject_file_each(struct loading *loading, bool first,
                                  enum sluice_err (*visit)(void *self, const struct subject_row *row),
                                  void *self);

/** How many lines the file has, quickly. */
SLUICE_MUST_CHECK
enum sluice_err subject_file_lines(uint64_t *count, const char *path);

#endif
