/* Standard input on disk, sealed: no byte of it lies there in clear, and none
 * is used before it is durable, as it cannot be read a second time.
 *
 * A spool is a file of slots of a fixed size, each with one sealed piece of
 * the input and the offset that the piece starts at. What is consumed is
 * punched out of the file, so that an endless input needs no endless disk. */
#ifndef FEED_SPOOL_H
#define FEED_SPOOL_H

#include <stddef.h>
#include <stdint.h>
#include "sluice/crypto.h"
#include "sluice/err.h"

#define SPOOL_SLOT_SIZE   ((size_t)256 * 1024)
#define SPOOL_HEADER_SIZE (8 + 4 + SLUICE_NONCE_SIZE)
#define SPOOL_PIECE_MAX   (SPOOL_SLOT_SIZE - SPOOL_HEADER_SIZE - SLUICE_MAC_SIZE)

struct spool_writer;
struct spool_reader;

/** A new file, mode 0600. key is copied into locked memory. */
SLUICE_MUST_CHECK
enum sluice_err spool_writer_open(struct spool_writer **writer, const char *path,
                                  const uint8_t key[static SLUICE_KEY_SIZE]);
void spool_writer_close(struct spool_writer *writer);

/** Seal bytes, at most SPOOL_PIECE_MAX, behind what is there; durable on return. */
SLUICE_MUST_CHECK
enum sluice_err spool_write(struct spool_writer *writer, const char *bytes, size_t len);

SLUICE_MUST_CHECK
enum sluice_err spool_reader_open(struct spool_reader **reader, const char *path,
                                  const uint8_t key[static SLUICE_KEY_SIZE]);
void spool_reader_close(struct spool_reader *reader);

/** Offset of the first byte that is still there: 0 unless slots were punched out. */
uint64_t spool_reader_start(const struct spool_reader *reader);

/** Go on at an offset, or at the start of the piece that holds it: returns where. */
SLUICE_MUST_CHECK
enum sluice_err spool_seek(struct spool_reader *reader, uint64_t offset, uint64_t *at);

/** The next bytes. *got 0: nothing more for now.
 *  Returns SLUICE_ERR_DAMAGED where a slot does not open. */
SLUICE_MUST_CHECK
enum sluice_err spool_read(struct spool_reader *reader, char *bytes, size_t size, size_t *got);

/** Give back the disk of the slots that end at or before the offset. Best effort. */
void spool_punch(const char *path, uint64_t offset);

#endif
