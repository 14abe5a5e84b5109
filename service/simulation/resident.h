/* What a daemon's process would say of itself, worked out from what its tasks have: the daemon at rest, as it
 * was measured once (Debian 12, amd64: `leaklab serve` with one scraper), and what each resource and each
 * byte of heap adds. On a real machine the numbers at rest differ a little, and memory that was freed goes
 * back to the system a little later; what is added is the same. */
#pragma once

#include "base/heap.h"
#include "base/process.h"
#include "lab/snapshot.h"

/* Threads of libuv's pool: as many jobs at a time. */
#define RESIDENT_POOL 4

/* Descriptors, threads, resident memory, the limit on descriptors and when it started. `charged_bytes` is
 * what the runtime has charged tasks for (runtime->charged_bytes), `since_ns` when the process started, since
 * 1970. */
void resident_process(const struct snapshot *snapshot, uint64_t charged_bytes, uint64_t max_fds,
                      uint64_t since_ns, struct process_values *values);

/* Of the allocator's numbers the one that is known: what is allocated. The others are 0. */
void resident_heap(uint64_t charged_bytes, struct heap_stats *heap);

/* Sets the snapshot's handles from its resources. */
void resident_handles(struct snapshot *snapshot);
