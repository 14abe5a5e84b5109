/* Heap that patterns hold, and what of it nobody has any more. A free costs time too: a quarter of a
 * millisecond for a megabyte, and a chain may have millions of blocks. So what is let go of leaves its
 * owner's accounts at once and waits to be freed by a few blocks a round, out of the same fuel that tasks run
 * on. */
#include <stdlib.h>
#include <string.h>

#include "runtime/internal.h"

#define BYTES_MASK      (UINT64_MAX >> 1)
#define HOLD_FUEL_BYTES 32   /* bytes that are written to for the cost of one operation */
#define FREE_FUEL_BYTES 256  /* bytes that are given back for it */
#define AT_ONCE_BYTES   4096 /* a block that need not wait: freeing it is no more than ending its task */

static int32_t free_fuel(uint64_t bytes)
{
    return 1 + (int32_t)(bytes / FREE_FUEL_BYTES);
}

struct held *held_new(struct workload *workload, uint64_t bytes)
{
    CHECK(bytes >= sizeof(struct held));
    if (workload->capped_by != LIMIT_KINDS || !workload_charge(workload, bytes))
        return NULL;
    struct held *held = malloc(bytes);
    if (held == NULL) {
        workload_refund(workload, bytes);
        workload_cap(workload, LIMIT_KIND_MEMORY);
        return NULL;
    }
    /* Written to, or only virtual memory would grow. */
    memset(held, 0x5a, bytes);
    workload->runtime->fuel -= (int32_t)(bytes / HOLD_FUEL_BYTES);
    held->next = held;
    held->bytes = bytes & BYTES_MASK;
    held->alone = 1;
    return held;
}

void held_add(struct held **chain, struct held *held)
{
    struct held *oldest = *chain;
    if (oldest == NULL) {
        *chain = held;
        return;
    }
    held->alone = 0;
    held->bytes = (held->bytes + oldest->next->bytes) & BYTES_MASK;
    held->next = oldest->next;
    oldest->next = held;
}

void held_discard(struct workload *workload, struct held *chain, uint64_t bytes)
{
    struct runtime *runtime = workload->runtime;
    struct garbage *garbage = &runtime->garbage;
    workload_refund(workload, bytes);
    if (chain->next == chain && bytes <= AT_ONCE_BYTES) {
        runtime->fuel -= free_fuel(bytes);
        free(chain);
        return;
    }
    /* Two rings become one when what follows their last blocks changes places. */
    if (garbage->last != NULL) {
        struct held *first = chain->next;
        chain->next = garbage->last->next;
        garbage->last->next = first;
    }
    garbage->last = chain;
    garbage->bytes += bytes;
    garbage->discarded_bytes += bytes;
    workload->discarded_bytes = garbage->discarded_bytes;
}

/* Frees what has waited longest; returns what that costs. */
static int32_t free_first(struct garbage *garbage)
{
    struct held *first = garbage->last->next;
    uint64_t bytes = first->alone ? first->bytes : first->bytes - first->next->bytes;
    if (first == garbage->last)
        garbage->last = NULL;
    else
        garbage->last->next = first->next;
    garbage->bytes -= bytes;
    free(first);
    return free_fuel(bytes);
}

/* Half of a round is more than the other half can bring: freeing is cheaper than holding. But what is freed
 * may be small and what is held anew large, so that the heap would grow beyond its limit in between: then
 * tasks wait. */
bool garbage_run(struct runtime *runtime)
{
    struct garbage *garbage = &runtime->garbage;
    if (garbage->last == NULL)
        return false;
    bool full = runtime->charged_bytes + garbage->bytes > runtime->max_heap_bytes;
    int32_t rest = full ? 0 : runtime->fuel / 2;
    while (garbage->last != NULL && runtime->fuel > rest)
        runtime->fuel -= free_first(garbage);
    return true;
}

void garbage_free(struct runtime *runtime)
{
    while (runtime->garbage.last != NULL)
        free_first(&runtime->garbage);
}
