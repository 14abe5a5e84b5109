/* Objects of one size, carved out of 256 KiB slabs. Taking and giving back cost a few nanoseconds and no
 * malloc; a slab that has become empty goes back to the allocator, so that memory falls again when tasks end.
 * One thread. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/list.h"

#define SLAB_BYTES (256 * 1024)

struct slab_pool {
    struct link partial; /* slabs with room; the first one is used */
    struct link full;
    uint32_t object_size;
    uint32_t objects_per_slab;
    uint64_t slabs;
    uint64_t objects; /* in use */
};

/* `object_size` is rounded up to 16 bytes; at most 8 KiB. Nothing is allocated. */
void slab_init(struct slab_pool *pool, size_t object_size);

/* Frees all slabs, objects that are still in use included. */
void slab_deinit(struct slab_pool *pool);

/* An object, not cleared, aligned to 16 bytes; NULL when memory is out. */
void *slab_take(struct slab_pool *pool);

/* `object` came from slab_take of the same pool. */
void slab_give(struct slab_pool *pool, void *object);

/* Bytes held from the allocator. */
static inline uint64_t slab_bytes(const struct slab_pool *pool)
{
    return pool->slabs * SLAB_BYTES;
}
