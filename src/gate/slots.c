#include "gate/slots.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "sluice/pages.h"

#define CHUNK_SLOTS  32768
#define PLACES_FIRST 1024
#define PLACES_LARGE ((size_t)256 * 1024)
#define LINE         64

static_assert(sizeof(struct slot) == 40, "octets a subject are counted in the header");

/* The tag is a keyed hash: its first four bytes are spread over the places. */
struct slots_place {
    uint32_t hash;
    uint32_t number;   /* of the slot, from 1; 0: free */
};

void slots_init(struct slots *slots, size_t lane_count, size_t token_count)
{
    const size_t size = sizeof(struct slot) + lane_count * (sizeof(uint32_t) + SLUICE_PSEUDONYM_SIZE) +
                        token_count * 28;

    /* Slots of four purposes lie in two lines of the cache, not across three. */
    *slots = (struct slots){ .lane_count = lane_count, .token_count = token_count, .slot_size = (size + 31) & ~31u };
}

void slots_deinit(struct slots *slots)
{
    for (size_t i = 0; i < slots->chunk_count; i++)
        sluice_pages_free(slots->chunks[i], CHUNK_SLOTS * slots->slot_size);
    free(slots->chunks);
    sluice_pages_free(slots->places, slots->place_count * sizeof *slots->places);
    slots_init(slots, slots->lane_count, slots->token_count);
}

static struct slot *slot_of(const struct slots *slots, uint32_t number)
{
    const uint32_t i = number - 1;

    return (struct slot *)(void *)(slots->chunks[i / CHUNK_SLOTS] + i % CHUNK_SLOTS * slots->slot_size);
}

static uint32_t hash_of(const uint8_t tag[static SLUICE_TAG_SIZE])
{
    uint32_t hash;

    memcpy(&hash, tag, sizeof hash);
    return hash;
}

static size_t home(const struct slots *slots, uint32_t hash)
{
    return (size_t)((uint64_t)hash * slots->place_count >> 32);
}

static size_t next(const struct slots *slots, size_t place)
{
    return place + 1 == slots->place_count ? 0 : place + 1;
}

void slots_prefetch(const struct slots *slots, const uint8_t tag[static SLUICE_TAG_SIZE])
{
    if (slots->place_count)
        __builtin_prefetch(&slots->places[home(slots, hash_of(tag))]);
}

void slots_prefetch_slot(const struct slots *slots, const uint8_t tag[static SLUICE_TAG_SIZE])
{
    const uint32_t hash = hash_of(tag);

    if (!slots->place_count)
        return;
    for (size_t i = home(slots, hash); slots->places[i].number; i = next(slots, i)) {
        if (slots->places[i].hash == hash) {
            const char *slot = (const char *)slot_of(slots, slots->places[i].number);

            for (size_t at = 0; at < slots->slot_size; at += LINE)
                __builtin_prefetch(slot + at);
            return;
        }
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
    const uint32_t hash = hash_of(tag);

    if (!slots->place_count)
        return NULL;
    for (size_t i = home(slots, hash); slots->places[i].number; i = next(slots, i)) {
        struct slot *slot;

        if (slots->places[i].hash != hash)
            continue;
        slot = slot_of(slots, slots->places[i].number);
        if (has_tag(slot, tag) && at_s >= slot->valid_from_s && at_s < slot->valid_to_s)
            return slot;
    }
    return NULL;
}

static void take_place(struct slots *slots, struct slots_place place)
{
    size_t i = home(slots, place.hash);

    while (slots->places[i].number)
        i = next(slots, i);
    slots->places[i] = place;
}

/* By a quarter once it is large: moving an entry four times on average costs
 * less than the memory would. */
static bool grow_index(struct slots *slots)
{
    struct slots larger = *slots;

    larger.place_count = slots->place_count < PLACES_FIRST   ? PLACES_FIRST
                         : slots->place_count < PLACES_LARGE ? slots->place_count * 2
                                                             : slots->place_count + slots->place_count / 4;
    larger.places = sluice_pages_alloc(larger.place_count * sizeof *larger.places);
    if (!larger.places)
        return false;
    for (size_t i = 0; i < slots->place_count; i++)
        if (slots->places[i].number)
            take_place(&larger, slots->places[i]);
    sluice_pages_free(slots->places, slots->place_count * sizeof *slots->places);
    *slots = larger;
    return true;
}

/* Pages that never reach a core file or a child: pseudonyms of all purposes
 * side by side are what no stream may ever show. */
static bool add_chunk(struct slots *slots)
{
    uint8_t **chunks = realloc(slots->chunks, (slots->chunk_count + 1) * sizeof *chunks);
    if (!chunks)
        return false;
    slots->chunks = chunks;

    uint8_t *chunk = sluice_pages_alloc(CHUNK_SLOTS * slots->slot_size);
    if (!chunk)
        return false;
    if (slots->chunk_count == 0)   /* a small tenant must not pay for a huge page */
        madvise(chunk, CHUNK_SLOTS * slots->slot_size, MADV_NOHUGEPAGE);
    chunks[slots->chunk_count++] = chunk;
    return true;
}

struct slot *slots_insert(struct slots *slots, const uint8_t tag[static SLUICE_TAG_SIZE],
                          uint32_t valid_from_s, uint32_t valid_to_s)
{
    assert(valid_from_s < valid_to_s);
    if (slots->count == UINT32_MAX || ((slots->count + 1) * 10 > slots->place_count * 7 && !grow_index(slots)) ||
        (slots->count == slots->chunk_count * CHUNK_SLOTS && !add_chunk(slots)))
        return NULL;

    const uint32_t number = (uint32_t)++slots->count;
    struct slot *slot = slot_of(slots, number);
    take_place(slots, (struct slots_place){ hash_of(tag), number });
    memcpy(slot->tag, tag, SLUICE_TAG_SIZE);
    slot->valid_from_s = valid_from_s;
    slot->valid_to_s = valid_to_s;
    return slot;
}

size_t slots_octets(const struct slots *slots)
{
    return slots->chunk_count * CHUNK_SLOTS * slots->slot_size + slots->place_count * sizeof *slots->places;
}
