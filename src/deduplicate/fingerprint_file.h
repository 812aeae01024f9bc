/* The fingerprints of one hour as a file that is written once, in order:
 *
 *   blocks of 4096 octets: 255 fingerprints and a keyed hash over them and
 *   where they stand; the last block is filled up with zeros
 *   behind them blocks of the same kind with a filter of 12 bits a fingerprint
 *
 * The hash is under the hour's key, so a block that is damaged, old, or of
 * another file or place is told from what was written, and never believed.
 *
 * The file is not encrypted: a fingerprint is siphashx24 of what names a record
 * under the hour's key, which stands in the sealed change log alone. Without it
 * the file is random numbers, and so it is for everybody when the hour leaves
 * the window and its key is wiped. */
#ifndef DEDUPLICATE_FINGERPRINT_FILE_H
#define DEDUPLICATE_FINGERPRINT_FILE_H

#include "deduplicate/fingerprints.h"
#include "sluice/err.h"

#define FINGERPRINT_FILE_NAME_SIZE 32

/* A file as the state knows it. */
struct fingerprint_file {
    uint64_t number;       /* its name; no two files of a state share one */
    uint64_t count;
    uint64_t *filter;      /* read when the first late record asks */
};

/* Where files lie, and the one that was read last. */
struct fingerprint_folder {
    int fd;                /* -1: there is none */
    int open_fd;           /* of the file read last; -1: none */
    uint64_t open_number;
};

/** The name of a file, and the number of a name: 0 when it is none of ours. */
void fingerprint_file_name(char name[static FINGERPRINT_FILE_NAME_SIZE], uint64_t number);
uint64_t fingerprint_file_number(const char *name);
/** Octets that a file of that many fingerprints has. */
uint64_t fingerprint_file_size(uint64_t count);
/** Octets of memory. */
uint64_t fingerprint_file_octets(const struct fingerprint_file *file);
void fingerprint_file_forget(struct fingerprint_file *file);

void fingerprint_folder_init(struct fingerprint_folder *folder);
void fingerprint_folder_close(struct fingerprint_folder *folder);

/** Whether it stands in the file: the filter says no, or one block or two are read.
 *  Returns SLUICE_ERR_DAMAGED where the file is not what was written. */
SLUICE_MUST_CHECK
enum sluice_err fingerprint_file_holds(bool *holds, struct fingerprint_folder *folder, struct fingerprint_file *file,
                                       const uint8_t key[static SLUICE_HASH_KEY_SIZE], struct fingerprint fingerprint);

/* --- reading in order */

struct fingerprint_reader {
    uint64_t next;         /* of the file's fingerprints */
    uint64_t block;        /* that is held, + 1; 0: none */
    struct fingerprint held[256];
};

/** The next one, without taking it: reader->next++ does. *end when there is none. */
SLUICE_MUST_CHECK
enum sluice_err fingerprint_reader_peek(struct fingerprint_reader *reader, struct fingerprint *fingerprint, bool *end,
                                        struct fingerprint_folder *folder, const struct fingerprint_file *file,
                                        const uint8_t key[static SLUICE_HASH_KEY_SIZE]);

/* --- writing */

struct fingerprint_writer {
    int fd;                /* -1: nothing is being written */
    uint64_t number;
    uint64_t count;        /* that will be in it */
    uint64_t added;
    uint64_t size;         /* octets written */
    uint64_t *filter;
    struct sluice_buffer blocks;   /* not written yet */
};

void fingerprint_writer_init(struct fingerprint_writer *writer);
/** Returns an error of opening, or SLUICE_ERR_MEMORY. */
SLUICE_MUST_CHECK
enum sluice_err fingerprint_writer_begin(struct fingerprint_writer *writer, const struct fingerprint_folder *folder,
                                         uint64_t number, uint64_t count);
/** Add the next in order; kept until the next flush. */
void fingerprint_writer_add(struct fingerprint_writer *writer, struct fingerprint fingerprint,
                            const uint8_t key[static SLUICE_HASH_KEY_SIZE]);
/** Write out whole blocks. */
SLUICE_MUST_CHECK
enum sluice_err fingerprint_writer_flush(struct fingerprint_writer *writer);
/** Write what is left. Durable when the caller has synced writer->fd and the folder, or everything. */
SLUICE_MUST_CHECK
enum sluice_err fingerprint_writer_finish(struct fingerprint_writer *writer,
                                          const uint8_t key[static SLUICE_HASH_KEY_SIZE]);
/** Let go of a finished file. */
void fingerprint_writer_close(struct fingerprint_writer *writer);
/** Let go of an unfinished file and delete it. */
void fingerprint_writer_drop(struct fingerprint_writer *writer, const struct fingerprint_folder *folder);

#endif
