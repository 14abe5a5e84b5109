#include "base/ring.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"

/* A slot is a word that says which record it holds, and the record's words. Every word is atomic, and stored
 * with release and loaded with acquire: who has seen a word of a newer record also sees, in the slot's first
 * word, that it is a newer one. */
#define WRITING 0 /* otherwise the record's number, and one */

struct ring {
    uint32_t capacity;
    size_t words; /* of a record */
    _Atomic uint64_t end;
    _Atomic uint64_t slots[];
};

struct ring *ring_new(uint32_t capacity, size_t record_bytes)
{
    CHECK(capacity > 0 && record_bytes > 0 && record_bytes % sizeof(uint64_t) == 0);
    size_t words = record_bytes / sizeof(uint64_t);
    struct ring *ring = calloc(1, sizeof *ring + capacity * (words + 1) * sizeof ring->slots[0]);
    if (ring == NULL)
        return NULL;
    ring->capacity = capacity;
    ring->words = words;
    return ring;
}

void ring_free(struct ring *ring)
{
    free(ring);
}

static size_t slot_of(const struct ring *ring, uint64_t number)
{
    return (size_t)(number % ring->capacity) * (ring->words + 1);
}

void ring_push(struct ring *ring, const void *record)
{
    uint64_t number = atomic_load_explicit(&ring->end, memory_order_relaxed);
    _Atomic uint64_t *slot = &ring->slots[slot_of(ring, number)];
    atomic_store_explicit(slot, WRITING, memory_order_relaxed);
    for (size_t i = 0; i < ring->words; i++) {
        uint64_t word;
        memcpy(&word, (const char *)record + i * sizeof word, sizeof word);
        atomic_store_explicit(&slot[1 + i], word, memory_order_release);
    }
    atomic_store_explicit(slot, number + 1, memory_order_release);
    atomic_store_explicit(&ring->end, number + 1, memory_order_release);
}

uint64_t ring_end(const struct ring *ring)
{
    return atomic_load_explicit(&ring->end, memory_order_acquire);
}

uint64_t ring_first(const struct ring *ring)
{
    uint64_t end = ring_end(ring);
    return end > ring->capacity ? end - ring->capacity : 0;
}

bool ring_read(const struct ring *ring, uint64_t number, void *record)
{
    const _Atomic uint64_t *slot = &ring->slots[slot_of(ring, number)];
    if (atomic_load_explicit(slot, memory_order_acquire) != number + 1)
        return false;
    for (size_t i = 0; i < ring->words; i++) {
        uint64_t word = atomic_load_explicit(&slot[1 + i], memory_order_acquire);
        memcpy((char *)record + i * sizeof word, &word, sizeof word);
    }
    return atomic_load_explicit(slot, memory_order_relaxed) == number + 1;
}
