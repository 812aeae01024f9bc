/* The set as its files know it: deduplicate.c looks up and inserts, table.c
 * logs, snapshots and restores, cold.c moves hours from memory to files,
 * folder.c looks after the files. */
#ifndef DEDUPLICATE_DEDUPLICATE_SET_H
#define DEDUPLICATE_DEDUPLICATE_SET_H

#include "deduplicate/deduplicate.h"
#include "deduplicate/fingerprint_file.h"
#include "deduplicate/fingerprints.h"
#include "sluice/config.h"

/* Hours that can be open at once: the window and some slack for what is newer
 * than the newest. A power of two, so the place of an hour is a mask. */
#define RING_SIZE (32 * 1024)
#define RING_MASK (RING_SIZE - 1)

struct bucket {
    uint32_t hour;                  /* record time / 1 h */
    bool used;
    bool key_unsaved;               /* made since the last commit */
    uint8_t key[SLUICE_HASH_KEY_SIZE];
    struct fingerprints memory;     /* all of a hot hour; of a cold one what came late */
    struct fingerprint_file file;   /* of a cold hour; number 0: none */
    uint32_t log_count;             /* while changes are written: how many are its, until its run begins */
    size_t log_at;                  /* and then where its next one goes */
};

struct insertion { uint32_t hour; struct fingerprint fingerprint; };

/* An hour that is on its way into a file. Its fingerprints stay in memory
 * until a commit has named the file. */
struct freezing {
    bool written;                   /* the file is whole */
    bool complete;                  /* and durable: the next commit names it */
    uint32_t hour;
    struct fingerprints frozen;     /* what bucket->memory was; nothing is added to it */
    uint64_t prefix;                /* what is before it has been written */
    struct fingerprint_reader old;  /* over the file before, which is merged into the new one */
    struct fingerprint_file made;
    struct fingerprint_writer writer;
};

/* Files that one commit may name: more than one where hours are small and pass quickly. */
#define FREEZING_MAX 16

struct deduplicate {
    int64_t window_hours;
    uint32_t newest_hour;           /* 0: nothing came yet */
    uint32_t newest_committed;
    uint64_t octets;
    uint64_t count;
    uint64_t cold_count;
    struct bucket *ring;
    /* Since the last commit, in order: what to log, and what to undo. */
    struct insertion *inserted;
    size_t inserted_count;
    size_t inserted_capacity;
    uint32_t *opened;               /* hours whose key was made since */
    size_t opened_count;
    size_t opened_capacity;
    struct bucket *displaced;       /* left the window and gave their place to another hour since */
    size_t displaced_count;
    size_t displaced_capacity;

    struct fingerprint_folder folder;
    struct freezing freezing[FREEZING_MAX];   /* the complete ones first */
    size_t freezing_count;
    bool logged;                    /* the commit that is made has changes of this table */
    uint64_t last_number;           /* of files */
    uint64_t *dropped;              /* files that the state speaks of no more: deleted with the commit after */
    size_t dropped_count;
    size_t dropped_capacity;
    size_t dropped_before;          /* so many of them before the last commit */
    enum sluice_err err;            /* why a look-up failed */
    uint64_t damaged_number;        /* the file that is not what was written; 0: none */
    uint32_t damaged_hour;
    char path[SLUICE_PATH_SIZE + 16];   /* of the folder */
};

static inline struct bucket *deduplicate_bucket(const struct deduplicate *set, uint32_t hour)
{
    return &set->ring[hour & RING_MASK];
}

/** Whether it is the bucket of that hour, and not of one that shares its place. */
static inline bool deduplicate_bucket_holds(const struct bucket *bucket, uint32_t hour)
{
    return bucket->used && bucket->hour == hour;
}

/** Wipe its key with it; its file is of no use any more. */
void deduplicate_bucket_close(struct deduplicate *set, struct bucket *bucket);
/** Room for that many fingerprints in memory. */
bool deduplicate_bucket_reserve(struct deduplicate *set, struct bucket *bucket, uint64_t count);
/** Take the memory from it, and from every count. */
void deduplicate_bucket_clear(struct deduplicate *set, struct bucket *bucket);
enum deduplicate_answer deduplicate_bucket_insert(struct deduplicate *set, struct bucket *bucket,
                                                  struct fingerprint fingerprint);
void deduplicate_bucket_remove(struct deduplicate *set, struct bucket *bucket, struct fingerprint fingerprint);

/** Append to one of the set's lists. */
bool deduplicate_room(void **list, size_t *capacity, size_t count, size_t item_size);

/** The first hour of the window that ends with newest. */
uint32_t deduplicate_oldest_hour(const struct deduplicate *set, uint32_t newest);
/** Let go of every hour that left the window. */
void deduplicate_close_old(struct deduplicate *set, uint32_t from_newest, uint32_t to_newest);

/* --- cold.c */

/** Whether it stands among the hour's cold fingerprints.
 *  Returns SLUICE_ERR_DAMAGED with file and hour noted for deduplicate_explain. */
SLUICE_MUST_CHECK
enum sluice_err deduplicate_cold_holds(bool *holds, struct deduplicate *set, struct bucket *bucket,
                                       struct fingerprint fingerprint);
/** The hour's fingerprints are in this file from now on. */
void deduplicate_set_file(struct deduplicate *set, struct bucket *bucket, uint64_t number, uint64_t count);
/** The fingerprints that are being written are those of this hour; NULL: not of this. */
const struct fingerprints *deduplicate_frozen(const struct deduplicate *set, const struct bucket *bucket);
/** The commit held: what it named is in force, what the one before dropped is deleted. */
void deduplicate_cold_committed(struct deduplicate *set);
/** The bucket is closed: nothing is written for it, and its file goes. */
void deduplicate_cold_close(struct deduplicate *set, struct bucket *bucket);
/** Note file and hour for deduplicate_explain, if it is damage. Returns err. */
enum sluice_err deduplicate_note_damage(struct deduplicate *set, const struct bucket *bucket, enum sluice_err err);

/* --- folder.c */

void deduplicate_folder_close(struct deduplicate *set);

#endif
