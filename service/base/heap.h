/* What the process allocator says of itself. With jemalloc the numbers are exact and cost microseconds;
 * without it (in sanitizer builds) they are not known, and callers leave them out. See jemalloc(3), "stats.".
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct heap_stats {
    uint64_t allocated_bytes; /* in use by the program */
    uint64_t active_bytes;    /* pages with something in use */
    uint64_t resident_bytes;  /* mapped and backed by memory */
    uint64_t retained_bytes;  /* address space kept for later, not backed */
    uint64_t mapped_bytes;
};

/* False when the allocator cannot tell; *stats is then untouched. Any thread. */
bool heap_stats_read(struct heap_stats *stats);

/* How many allocations are alive; false when the allocator cannot tell. Some 400 reads of counters: for
 * reports. */
bool heap_objects_read(uint64_t *objects);

/* Gives back what the calling thread keeps at hand of freed memory (its tcache), so that the statistics show
 * what is in use and not what was. A few microseconds. */
void heap_flush(void);

/* "5.3.0-0-g..." or NULL when jemalloc is not linked. */
const char *heap_allocator_version(void);
