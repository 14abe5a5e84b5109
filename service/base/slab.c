#include "base/slab.h"

#include <stdlib.h>
#include <sys/mman.h>

/* The address sanitizer is told which objects are in use, so that it sees through slabs as it does through
 * malloc. */
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size)   ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

#define SLAB_MAGIC 0x736c6162u

/* A pool that has grown to this many slabs takes them eight at a time, as one huge page where the kernel has
 * them: touching fresh memory then costs a third, and so does finding a task again among a million. */
#define HUGE_FROM_SLABS 32
#define CHUNK_SLABS     8

/* At the beginning of each slab, which is aligned to its size, so that an object finds its slab by masking.
 * Slabs that were allocated together are freed together; the first of them counts. */
struct slab {
    struct link link;
    void *free;         /* objects given back, linked through their first word */
    uint32_t used;      /* objects in use */
    uint32_t untouched; /* the first object that was never taken; those behind it were not either */
    uint32_t magic;
    uint32_t chunk_slabs; /* in the first slab of a chunk: how many it has */
    uint32_t chunk_busy;  /* in the first slab of a chunk: how many of them have objects in use */
    struct slab *chunk;   /* the first slab */
};

/* Objects start on a cache line. */
#define SLAB_HEADER_BYTES ((sizeof(struct slab) + 63) & ~(size_t)63)

void slab_init(struct slab_pool *pool, size_t object_size)
{
    CHECK(object_size > 0 && object_size <= 8192);
    *pool = (struct slab_pool){.object_size = (uint32_t)((object_size + 15) & ~(size_t)15)};
    pool->objects_per_slab = (uint32_t)((SLAB_BYTES - SLAB_HEADER_BYTES) / pool->object_size);
    list_init(&pool->partial);
    list_init(&pool->full);
}

static struct slab *slab_of(struct link *link)
{
    return container_of(link, struct slab, link);
}

static struct slab *chunk_slab(struct slab *chunk, uint32_t index)
{
    return (struct slab *)((char *)chunk + (size_t)index * SLAB_BYTES);
}

/* Takes all slabs of a chunk off their lists, and frees it. */
static void chunk_free(struct slab_pool *pool, struct slab *chunk)
{
    pool->slabs -= chunk->chunk_slabs;
    for (uint32_t i = 0; i < chunk->chunk_slabs; i++)
        list_remove(&chunk_slab(chunk, i)->link);
    free(chunk);
}

void slab_deinit(struct slab_pool *pool)
{
    list_splice(&pool->partial, &pool->full);
    while (!list_empty(&pool->partial))
        chunk_free(pool, slab_of(pool->partial.next)->chunk);
    pool->objects = 0;
}

static struct slab *chunk_add(struct slab_pool *pool)
{
    uint32_t count = pool->slabs < HUGE_FROM_SLABS ? 1 : CHUNK_SLABS;
    size_t bytes = (size_t)count * SLAB_BYTES;
    struct slab *chunk = aligned_alloc(bytes, bytes);
    if (chunk == NULL)
        return NULL;
    if (count == CHUNK_SLABS)
        madvise(chunk, bytes, MADV_HUGEPAGE);
    for (uint32_t i = 0; i < count; i++) {
        struct slab *slab = chunk_slab(chunk, i);
        *slab = (struct slab){.magic = SLAB_MAGIC, .chunk = chunk};
        ASAN_POISON_MEMORY_REGION((char *)slab + SLAB_HEADER_BYTES, SLAB_BYTES - SLAB_HEADER_BYTES);
        list_push_back(&pool->partial, &slab->link);
    }
    chunk->chunk_slabs = count;
    pool->slabs += count;
    return chunk;
}

void *slab_take(struct slab_pool *pool)
{
    if (list_empty(&pool->partial) && chunk_add(pool) == NULL)
        return NULL;
    struct slab *slab = slab_of(pool->partial.next);
    void *object = slab->free;
    bool again = object != NULL;
    if (!again)
        object = (char *)slab + SLAB_HEADER_BYTES + (size_t)slab->untouched++ * pool->object_size;
    ASAN_UNPOISON_MEMORY_REGION(object, pool->object_size);
    if (again)
        slab->free = *(void **)object;
    pool->objects++;
    if (slab->used++ == 0)
        slab->chunk->chunk_busy++;
    if (slab->used == pool->objects_per_slab) {
        list_remove(&slab->link);
        list_push_back(&pool->full, &slab->link);
    }
    return object;
}

/* An empty slab is taken up again last. The pool's last chunk stays, so that a task that comes and goes does
 * not make and free a slab each time. */
static void slab_emptied(struct slab_pool *pool, struct slab *slab)
{
    slab->free = NULL;
    slab->untouched = 0;
    list_remove(&slab->link);
    list_push_back(&pool->partial, &slab->link);
    if (--slab->chunk->chunk_busy == 0 && pool->slabs > slab->chunk->chunk_slabs)
        chunk_free(pool, slab->chunk);
}

void slab_give(struct slab_pool *pool, void *object)
{
    struct slab *slab = (struct slab *)((uintptr_t)object & ~(uintptr_t)(SLAB_BYTES - 1));
    CHECK(slab->magic == SLAB_MAGIC && slab->used > 0);
    *(void **)object = slab->free;
    slab->free = object;
    ASAN_POISON_MEMORY_REGION(object, pool->object_size);
    pool->objects--;
    if (slab->used-- == pool->objects_per_slab) {
        list_remove(&slab->link);
        list_push_back(&pool->partial, &slab->link);
    }
    if (slab->used == 0)
        slab_emptied(pool, slab);
}
