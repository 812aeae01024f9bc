/* A file that is written from front to back through one large buffer. */
#ifndef GEN_FILE_H
#define GEN_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>
#include "sluice/buffer.h"
#include "sluice/err.h"

#define FILE_PATH_SIZE 4096

/* Where files go, and the first thing that went wrong there. */
struct file_place {
    const char *folder;
    bool replaces;                /* file_write: what is there gives way in one step */
    char path[FILE_PATH_SIZE];    /* of the file in question, or the last one */
    enum sluice_err err;
};

/** A folder in the place; one that is there already is fine. */
void file_folder(struct file_place *place, const char *name, mode_t mode);

/** NULL when it cannot be made, or when something had gone wrong before. */
FILE *file_create(struct file_place *place, const char *name);
/** Also where file is NULL. */
void file_close(struct file_place *place, FILE *file);

/** A small file in one piece. */
void file_write(struct file_place *place, const char *name, const struct sluice_buffer *content);

#endif
