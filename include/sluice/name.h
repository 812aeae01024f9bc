/* Names that people give: of tenants, purposes, inputs, keys of a file. A name
 * becomes a folder, a label and a word in logs, so its shape leaves no room for
 * an identifier of a SIM or for anything a shell or a file system would mind. */
#ifndef SLUICE_NAME_H
#define SLUICE_NAME_H

#include <stdbool.h>
#include <stddef.h>

/** [a-z][a-z0-9_-]{0,30} without three digits in a row. */
bool sluice_name_valid(const char *text);
/** What sluice_name_valid wants, as the rest of a sentence. */
#define SLUICE_NAME_SHAPE "1 to 31 of a-z, 0-9, _ and -, a letter first, no three digits in a row"

/** quarantine, park, suspended (streams that every tenant has) and unassigned
 *  (the folder of records without a tenant). */
bool sluice_name_reserved(const char *text);

/* The candidate that somebody probably meant; best stays empty when none is near. */
#define SLUICE_NEAREST_SIZE 64
struct sluice_nearest {
    const char *text;
    size_t distance;
    char best[SLUICE_NEAREST_SIZE];
};
void sluice_nearest_init(struct sluice_nearest *nearest, const char *text);
void sluice_nearest_offer(struct sluice_nearest *nearest, const char *candidate);

#endif
