#include "simulation/resident.h"

#include <uv.h>

#include "base/macros.h"

/* At rest. */
#define REST_FDS       18
#define REST_THREADS   9
#define REST_BYTES     (9u << 20)
#define REST_ALLOCATED 4640000u

static const uint32_t rest_handles[UV_HANDLE_KINDS] = {
    [UV_ASYNC] = 3, [UV_IDLE] = 1, [UV_TIMER] = 2, [UV_SIGNAL] = 3};

/* What a process has more with each one that is open. A job blocks a thread of the pool, which is there. */
static const struct {
    uint8_t fds, threads, timers;
    uint16_t bytes; /* of memory: a thread touches some pages of its stack */
} costs[RESOURCE_KINDS] = {
    [RESOURCE_FILE] = {.fds = 1},
    [RESOURCE_SOCKET] = {.fds = 1, .bytes = 320},
    [RESOURCE_HANDLE] = {.timers = 1, .bytes = 224},
    [RESOURCE_THREAD] = {.threads = 1, .bytes = 12288},
    [RESOURCE_JOB] = {.bytes = 192},
};

static uint64_t open_of(const struct snapshot *snapshot, enum resource_kind kind)
{
    uint64_t open = 0;
    for (uint32_t i = 0; i < snapshot->program_count; i++)
        open += snapshot->programs[i].census.open[kind];
    return open;
}

void resident_process(const struct snapshot *snapshot, uint64_t charged_bytes, uint64_t max_fds,
                      uint64_t since_ns, struct process_values *values)
{
    uint64_t fds = REST_FDS, threads = REST_THREADS, bytes = REST_BYTES + charged_bytes;
    for (enum resource_kind kind = 0; kind < RESOURCE_KINDS; kind++) {
        uint64_t open = open_of(snapshot, kind);
        fds += open * costs[kind].fds;
        threads += open * costs[kind].threads;
        bytes += open * costs[kind].bytes;
    }
    *values = (struct process_values){
        .known = 1u << PROCESS_START_TIME_SECONDS | 1u << PROCESS_RESIDENT_MEMORY_BYTES |
                 1u << PROCESS_OPEN_FDS | 1u << PROCESS_MAX_FDS | 1u << PROCESS_THREADS,
        .start_time_seconds = (double)since_ns / 1e9,
        .wholes = {[PROCESS_RESIDENT_MEMORY_BYTES] = bytes,
                   [PROCESS_OPEN_FDS] = fds,
                   [PROCESS_MAX_FDS] = max_fds,
                   [PROCESS_THREADS] = threads},
    };
}

void resident_heap(uint64_t charged_bytes, struct heap_stats *heap)
{
    *heap = (struct heap_stats){.allocated_bytes = REST_ALLOCATED + charged_bytes};
}

void resident_handles(struct snapshot *snapshot)
{
    for (int kind = 0; kind < UV_HANDLE_KINDS; kind++)
        snapshot->uv_handles[kind] = rest_handles[kind];
    for (enum resource_kind kind = 0; kind < RESOURCE_KINDS; kind++)
        snapshot->uv_handles[UV_TIMER] += (uint32_t)open_of(snapshot, kind) * costs[kind].timers;
}
