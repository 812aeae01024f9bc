#include "gate/slots.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>

#define CAPACITY_FIRST 1024
#define CAPACITY_LARGE (256 * 1024)

static_assert(sizeof(struct slot) == 40, "octets a subject are counted in the header");

void slots_init(struct slots *slots, size_t lane_count, size_t token_count)
{
    *slots = (struct slots){ .lane_count = lane_count, .token_count = token_count };
    slots->slot_size = sizeof(struct slot) + lane_count * (sizeof(uint32_t) + SLUICE_PSEUDONYM_SIZE) +
                       token_count * 28;
}

/* Zeroed pages that never reach a core file or a child: pseudonyms of all
 * purposes side by side are what no stream may ever show. */
static uint8_t *map(size_t size)
{
    uint8_t *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED)
        return NULL;
    madvise(memory, size, MADV_DONTDUMP);
    madvise(memory, size, MADV_WIPEONFORK);
    madvise(memory, size, MADV_HUGEPAGE);
    return memory;
}

void slots_deinit(struct slots *slots)
{
    if (slots->memory)
        munmap(slots->memory, slots->capacity * slots->slot_size);
    slots_init(slots, slots->lane_count, slots->token_count);
}

static struct slot *slot_at(const struct slots *slots, size_t i)
{
    return (struct slot *)(void *)(slots->memory + i * slots->slot_size);
}

/* The tag is a keyed hash: its first half spread over the capacity. */
static size_t home(const struct slots *slots, const uint8_t tag[static SLUICE_TAG_SIZE])
{
    uint64_t word;

    memcpy(&word, tag, sizeof word);
    return (size_t)(((unsigned __int128)word * slots->capacity) >> 64);
}

void slots_prefetch(const struct slots *slots, const uint8_t tag[static SLUICE_TAG_SIZE])
{
    if (slots->capacity) {
        const uint8_t *at = slots->memory + home(slots, tag) * slots->slot_size;

        __builtin_prefetch(at);
        __builtin_prefetch(at + 64);
    }
}

static bool has_tag(const struct slot *slot, const uint8_t tag[static SLUICE_TAG_SIZE])
{
    uint64_t a[2], b[2];

    memcpy(a, slot->tag, sizeof a);
    memcpy(b, tag, sizeof b);
    return ((a[0] ^ b[0]) | (a[1] ^ b[1])) == 0;
}

struct slot *slots_find(const struct slots *slots, const uint8_t tag[static SLUICE_TAG_SIZE], uint32_t at_s)
{
    if (!slots->capacity)
        return NULL;
    for (size_t i = home(slots, tag);; i = i + 1 == slots->capacity ? 0 : i + 1) {
        struct slot *slot = slot_at(slots, i);

        if (slot->valid_to_s == 0)
            return NULL;
        if (has_tag(slot, tag) && at_s >= slot->valid_from_s && at_s < slot->valid_to_s)
            return slot;
    }
}

static struct slot *free_slot(const struct slots *slots, const uint8_t tag[static SLUICE_TAG_SIZE])
{
    size_t i = home(slots, tag);

    while (slot_at(slots, i)->valid_to_s != 0)
        i = i + 1 == slots->capacity ? 0 : i + 1;
    return slot_at(slots, i);
}

static bool grow(struct slots *slots)
{
    struct slots larger = *slots;

    /* By an eighth once it is large: the load stays above 3/4, and moving a
     * slot eight times on average costs less than the memory would. */
    larger.capacity = slots->capacity < CAPACITY_FIRST   ? CAPACITY_FIRST
                      : slots->capacity < CAPACITY_LARGE ? slots->capacity * 2
                                                         : slots->capacity + slots->capacity / 8;
    larger.memory = map(larger.capacity * larger.slot_size);
    if (!larger.memory)
        return false;
    for (size_t i = 0; i < slots->capacity; i++) {
        const struct slot *slot = slot_at(slots, i);

        if (slot->valid_to_s != 0)
            memcpy(free_slot(&larger, slot->tag), slot, slots->slot_size);
    }
    if (slots->memory)
        munmap(slots->memory, slots->capacity * slots->slot_size);
    *slots = larger;
    return true;
}

struct slot *slots_insert(struct slots *slots, const uint8_t tag[static SLUICE_TAG_SIZE],
                          uint32_t valid_from_s, uint32_t valid_to_s)
{
    assert(valid_from_s < valid_to_s);
    if ((slots->count + 1) * 100 > slots->capacity * 85 && !grow(slots))
        return NULL;

    struct slot *slot = free_slot(slots, tag);
    memset(slot, 0, slots->slot_size);
    memcpy(slot->tag, tag, SLUICE_TAG_SIZE);
    slot->valid_from_s = valid_from_s;
    slot->valid_to_s = valid_to_s;
    slots->count++;
    return slot;
}
