/* A segment of the log read back into tables and catalog. */
#ifndef LOCAL_LOAD_H
#define LOCAL_LOAD_H

#include "local/catalog.h"
#include "local/log.h"
#include "sluice/keyring.h"
#include "sluice/policy.h"
#include "sluice/state.h"

#define CATALOG_TABLE 0   /* the catalog's own id among the tables */

struct load {
    struct sluice_findings *findings;
    struct local_catalog *catalog;
    const struct sluice_state_table *tables;
    size_t table_count;

    /* Out */
    uint64_t transaction;     /* of the last commit */
    uint64_t snapshot_size;   /* bytes of the segment before its first commit */
    bool settled;             /* the last commit is past doubt */
    bool foreign;             /* the log holds tables that were not given */
};

/** Read all frames of the reader's file.
 *  In: path  for findings
 *  Returns SLUICE_ERR_DAMAGED with a finding that names path and offset. */
SLUICE_MUST_CHECK
enum sluice_err load_segment(struct load *load, struct log_reader *reader, uint64_t segment, const char *path);

/** The sections of a frame, of which tables make theirs. */
void section_append(struct sluice_buffer *out, uint8_t id, const uint8_t *bytes, size_t len);

/* Which segment holds the truth. */
#define SEGMENT_NAME_SIZE 32
void segment_name(char name[static SEGMENT_NAME_SIZE], uint64_t segment, bool unfinished);
bool segment_parse(uint64_t *segment, bool *unfinished, const char *name);

struct segment_choice {
    uint64_t segment;     /* 0: the log was never begun */
    unsigned slot;        /* of the keyring's state keys */
};
/** Returns SLUICE_ERR_OLDER or _DAMAGED, with a finding, when the keyring's segment is not there. */
SLUICE_MUST_CHECK
enum sluice_err segment_choose(struct segment_choice *choice, struct sluice_findings *findings, int log_fd,
                               const char *log_path, const struct sluice_keyring *keyring);

#endif
