/* How far each file has been read: state that is committed together with what
 * became of its records. */
#ifndef FEED_POSITION_H
#define FEED_POSITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "sluice/err.h"
#include "sluice/state.h"
#include "sluice/str.h"

#define POSITION_TABLE_ID  1
#define POSITION_HASH_SIZE 16
#define POSITION_HEAD_MAX  4096      /* bytes at a file's start that tell it from another of its name */
#define POSITION_NAME_MAX  1024      /* bytes of "input/file" */

struct position {
    uint64_t offset;                  /* unpacked bytes that are done with */
    uint64_t line;                    /* lines before it */
    uint64_t size;                    /* bytes of the file itself when it was looked at last */
    uint32_t head_size;               /* bytes that head is the hash of */
    uint8_t head[POSITION_HASH_SIZE];
    uint8_t mode;                     /* enum scan_mode at offset */
    bool done;                        /* read to its end, which was at size */
};

struct position_file {
    char *name;                       /* "input/file" */
    struct position now;
    struct position committed;
    bool exists;                      /* false: forgotten; the place is kept for its name */
    bool exists_committed;
    bool changed;                     /* since the last commit: in the list of changes */

    /* not kept: what the folder showed last */
    uint64_t seen_size;
    int64_t seen_mtime_ns;
    uint64_t seen_inode;
    int64_t seen_since_ns;            /* monotonic; 0: not looked at since the start or an undo */
};

struct positions {
    struct position_file *files;
    size_t count;
    size_t forgotten;                 /* places that do not exist any more, about */
    size_t capacity;
    uint32_t *index;                  /* by name; 0: free, else place + 1 */
    size_t index_size;                /* a power of two */
    uint32_t *changes;                /* places changed since the last commit */
    size_t change_count;
    size_t change_capacity;
    void (*settle)(void *self, bool committed);   /* after each commit and each undo; may be NULL */
    void *settle_self;
};

void positions_init(struct positions *positions);
void positions_deinit(struct positions *positions);
void positions_clear(struct positions *positions);

#define POSITION_NONE SIZE_MAX
/** The place of a file, POSITION_NONE where it has none. */
size_t positions_find(const struct positions *positions, struct sluice_str name);
/** The place of a file, made where it has none: read nothing of it yet. Returns SLUICE_ERR_MEMORY. */
SLUICE_MUST_CHECK
enum sluice_err positions_add(struct positions *positions, size_t *place, struct sluice_str name);
/** To be called before now is changed. Returns SLUICE_ERR_MEMORY, and then now may not be changed. */
SLUICE_MUST_CHECK
enum sluice_err positions_touch(struct positions *positions, size_t place);
/** Forget a file that is gone. Returns SLUICE_ERR_MEMORY. */
SLUICE_MUST_CHECK
enum sluice_err positions_remove(struct positions *positions, size_t place);
/** Free the places of forgotten files, if there are many. Places move: nobody may hold one. */
void positions_compact(struct positions *positions);

/** Append what changed since the last call, as a change of the table, and take
 *  it for committed: another table follows with positions_take. */
void positions_hand_over(struct positions *positions, struct sluice_buffer *changes);
/** Change what another table has handed over. Returns SLUICE_ERR_MEMORY: then undo. */
SLUICE_MUST_CHECK
enum sluice_err positions_take(struct positions *positions, const uint8_t *bytes, size_t len);
/** Become what another table is now, all of it committed. Returns SLUICE_ERR_MEMORY. */
SLUICE_MUST_CHECK
enum sluice_err positions_copy(struct positions *to, const struct positions *from);

struct sluice_state_table positions_table(struct positions *positions);

#endif
