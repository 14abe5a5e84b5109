#include "base/heap.h"

#if LEAKLAB_JEMALLOC

#include <jemalloc/jemalloc.h>
#include <stddef.h>

#include "base/macros.h"

/* Read by jemalloc when the process starts. Unused pages are given back two seconds after they were freed, by
 * jemalloc's own thread: giving back gigabytes takes longer than a turn of the lab thread may. Blocks of the
 * sizes that tasks hold share runs of 32 pages; with jemalloc's single pages its own records of a million
 * blocks of 1 KiB, which it never gives back, are 35 MB. Pages that were freed are taken again whatever their
 * extent: by default an extent of more than 64 times what is asked for is left alone until it was given back,
 * and what was freed and what is taken anew are there at the same time. */
const char *malloc_conf =
    "background_thread:true,max_background_threads:1,dirty_decay_ms:2000,muzzy_decay_ms:0,"
    "slab_sizes:128-4096:32,lg_extent_max_active_fit:20";

static bool read_size(const char *name, uint64_t *value)
{
    size_t number = 0;
    size_t size = sizeof number;
    if (mallctl(name, &number, &size, NULL, 0) != 0)
        return false;
    *value = number;
    return true;
}

/* jemalloc's statistics are a copy that is taken when this is written. */
static bool refresh(void)
{
    uint64_t epoch = 1;
    return mallctl("epoch", NULL, NULL, &epoch, sizeof epoch) == 0;
}

bool heap_stats_read(struct heap_stats *stats)
{
    struct heap_stats read;
    if (!refresh() || !read_size("stats.allocated", &read.allocated_bytes) ||
        !read_size("stats.active", &read.active_bytes) ||
        !read_size("stats.resident", &read.resident_bytes) ||
        !read_size("stats.retained", &read.retained_bytes) || !read_size("stats.mapped", &read.mapped_bytes))
        return false;
    *stats = read;
    return true;
}

/* Adds, over all arenas, the current number of allocations of each of `count` size classes. `name` is the
 * statistic's name for arena 0 and class 0: its third and fifth parts are the two numbers. */
static bool add_classes(const char *count_name, const char *name, uint64_t *objects)
{
    unsigned count = 0;
    size_t size = sizeof count;
    size_t mib[6];
    size_t parts = COUNT_OF(mib);
    if (mallctl(count_name, &count, &size, NULL, 0) != 0 || mallctlnametomib(name, mib, &parts) != 0)
        return false;
    mib[2] = MALLCTL_ARENAS_ALL;
    for (unsigned i = 0; i < count; i++) {
        size_t current = 0;
        size = sizeof current;
        mib[4] = i;
        if (mallctlbymib(mib, parts, &current, &size, NULL, 0) != 0)
            return false;
        *objects += current;
    }
    return true;
}

bool heap_objects_read(uint64_t *objects)
{
    uint64_t sum = 0;
    if (!refresh() || !add_classes("arenas.nbins", "stats.arenas.0.bins.0.curregs", &sum) ||
        !add_classes("arenas.nlextents", "stats.arenas.0.lextents.0.curlextents", &sum))
        return false;
    *objects = sum;
    return true;
}

void heap_flush(void)
{
    mallctl("thread.tcache.flush", NULL, NULL, NULL, 0);
}

const char *heap_allocator_version(void)
{
    const char *version = NULL;
    size_t size = sizeof version;
    return mallctl("version", &version, &size, NULL, 0) == 0 ? version : NULL;
}

#else

#include <stddef.h>

bool heap_stats_read(struct heap_stats *stats)
{
    (void)stats;
    return false;
}

bool heap_objects_read(uint64_t *objects)
{
    (void)objects;
    return false;
}

void heap_flush(void) {}

const char *heap_allocator_version(void)
{
    return NULL;
}

#endif
