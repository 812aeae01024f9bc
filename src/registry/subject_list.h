/* Rows of the CSV by SIM, and what generations they make of each. */
#ifndef REGISTRY_SUBJECT_LIST_H
#define REGISTRY_SUBJECT_LIST_H

#include "registry/subject_file.h"

#define GENERATIONS_MAX 64   /* rows of one SIM */

struct subject_entry {
    uint8_t tag[SLUICE_TAG_SIZE];
    uint32_t line;
    uint32_t from_s;
    uint32_t to_s;
    uint32_t holder;
    bool unknown;                  /* of a row that was refused: it says nothing else */
    uint8_t link_count;
    uint8_t links[SUBJECT_LINKS_MAX][SLUICE_TAG_SIZE];
};

struct subject_list {
    struct subject_entry *list;    /* in order of tag and line */
    size_t count;
    size_t capacity;
};

/** Read the rows of a range of tags. first: of all passes over the file. */
SLUICE_MUST_CHECK
enum sluice_err subject_list_read(struct subject_list *list, struct loading *loading,
                                  struct loading_range range, bool first);
void subject_list_deinit(struct subject_list *list);

/* One holder of one SIM for one interval. */
struct generation {
    uint32_t from_s;
    uint32_t to_s;
    uint32_t holder;
    uint8_t link_count;
    uint8_t links[SLUICE_LINKS_MAX][SLUICE_TAG_SIZE];
};

/** What the entries of one SIM make, in order of time; conflicts are noted,
 *  counted and refused.
 *  Returns SLUICE_ERR_MEMORY. */
SLUICE_MUST_CHECK
enum sluice_err generations_make(struct generation out[static GENERATIONS_MAX], size_t *out_count,
                                 struct loading *loading, const struct subject_entry entries[], size_t count);

#endif
