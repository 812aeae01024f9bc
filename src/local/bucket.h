/* Names on disk: OUTPUT/TENANT/STREAM/BUCKET/N.pb[.open]. */
#ifndef LOCAL_BUCKET_H
#define LOCAL_BUCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "sluice/policy.h"

#define BUCKET_NAME_SIZE 20
/** The deadline as YYYY-MM-DD at midnight, YYYY-MM-DDThhZ at other full hours,
 *  else YYYY-MM-DDThhmmssZ. Names sort as their deadlines do. */
void bucket_name(char name[static BUCKET_NAME_SIZE], int64_t deadline_s);
/** False where the name is no bucket's. */
bool bucket_parse(int64_t *deadline_s, const char *name);

/* One file of one stream and bucket. */
struct bucket_file {
    const char *tenant;
    const char *stream;
    int64_t deadline_s;
    uint64_t number;
    bool open;              /* N.pb.open, else N.pb */
};
#define BUCKET_PATH_SIZE (2 * (SLUICE_NAME_MAX + 1) + BUCKET_NAME_SIZE + 32)
/** The path of a file below the output folder. */
void bucket_file_path(char path[static BUCKET_PATH_SIZE], const struct bucket_file *file);
/** The path of the folder it lies in, or (level 1) the stream's, (2) the tenant's, (3) the output folder itself. */
void bucket_folder_path(char path[static BUCKET_PATH_SIZE], const struct bucket_file *file, int level);

/** Take a file's name apart; false where it is none of ours. */
bool bucket_file_parse(uint64_t *number, bool *open, const char *name);

#endif
