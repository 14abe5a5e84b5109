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

/* A pool that has grown to this many slabs has the kernel put memory behind a new one at once, all 64 pages
 * in one call: two thirds of the price of touching them one by one. Huge pages would be cheaper still, but
 * filling one with zeros takes milliseconds on a virtual machine, in the middle of a turn. */
#define POPULATE_FROM_SLABS 16

/* At the beginning of each slab, which is aligned to its size, so that an object finds its slab by masking.
 */
struct slab {
    struct link link;
    void *free;         /* objects given back, linked through their first word */
    uint32_t used;      /* objects in use */
    uint32_t untouched; /* the first object that was never taken; those behind it were not either */
    uint32_t magic;
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

void slab_deinit(struct slab_pool *pool)
{
    list_splice(&pool->partial, &pool->full);
    for (struct link *link; (link = list_pop_front(&pool->partial)) != NULL;)
        free(slab_of(link));
    pool->slabs = 0;
    pool->objects = 0;
}

static struct slab *slab_add(struct slab_pool *pool)
{
    struct slab *slab = aligned_alloc(SLAB_BYTES, SLAB_BYTES);
    if (slab == NULL)
        return NULL;
#ifdef MADV_POPULATE_WRITE
    if (pool->slabs >= POPULATE_FROM_SLABS)
        madvise(slab, SLAB_BYTES, MADV_POPULATE_WRITE);
#endif
    *slab = (struct slab){.magic = SLAB_MAGIC};
    ASAN_POISON_MEMORY_REGION((char *)slab + SLAB_HEADER_BYTES, SLAB_BYTES - SLAB_HEADER_BYTES);
    list_init(&slab->link);
    list_push_back(&pool->partial, &slab->link);
    pool->slabs++;
    return slab;
}

void *slab_take(struct slab_pool *pool)
{
    if (list_empty(&pool->partial) && slab_add(pool) == NULL)
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
    if (++slab->used == pool->objects_per_slab) {
        list_remove(&slab->link);
        list_push_back(&pool->full, &slab->link);
    }
    return object;
}

/* The last slab stays, so that a task that comes and goes does not make and free one each time. */
static void slab_emptied(struct slab_pool *pool, struct slab *slab)
{
    if (pool->slabs == 1) {
        slab->free = NULL;
        slab->untouched = 0;
        return;
    }
    list_remove(&slab->link);
    pool->slabs--;
    free(slab);
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
