/* Randomness from the system in blocks of a page, so that minting a secret is
 * a copy and no system call. Bytes are wiped as they are handed out: what was
 * given cannot be read here later. Each thread has a block of its own, locked
 * like any other secret; the kernel zeroes it in a forked child, and a block
 * that says it holds nothing is filled anew, so two processes never hand out
 * the same bytes. */
#include "sluice/crypto.h"

#include <pthread.h>
#include <sodium.h>
#include <string.h>

#define BLOCK_SIZE 4096

struct block {
    size_t left;                               /* unused bytes, at the end of bytes */
    uint8_t bytes[BLOCK_SIZE - sizeof(size_t)];
};

static _Thread_local struct block *block;
static pthread_key_t block_key;
static pthread_once_t block_key_once = PTHREAD_ONCE_INIT;
static bool block_key_made;

static void block_free(void *own)
{
    sluice_secret_free(own, sizeof(struct block));
    block = NULL;
}

static void block_key_make(void)
{
    block_key_made = pthread_key_create(&block_key, block_free) == 0;
}

static void block_make(void)
{
    pthread_once(&block_key_once, block_key_make);
    if (!block_key_made)
        return;
    block = sluice_secret_alloc(sizeof *block);
    if (block && pthread_setspecific(block_key, block) != 0)
        block_free(block);
}

static void block_take(uint8_t *out, size_t len)
{
    if (block->left < len) {
        randombytes_buf(block->bytes, sizeof block->bytes);
        block->left = sizeof block->bytes;
    }
    uint8_t *from = block->bytes + sizeof block->bytes - block->left;
    memcpy(out, from, len);
    sodium_memzero(from, len);
    block->left -= len;
}

void sluice_random(void *bytes, size_t len)
{
    if (!block)
        block_make();
    /* Without memory that may be locked, or for a lot at once, straight from the system. */
    if (!block || len > sizeof block->bytes / 4)
        randombytes_buf(bytes, len);
    else
        block_take(bytes, len);
}
