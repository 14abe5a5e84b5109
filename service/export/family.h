/* The families of metrics that a scrape shows, each declared once: name, type, unit, help, labels and
 * buckets. Names follow Prometheus' practice; those of process_* are the ones that its client libraries
 * share. */
#pragma once

#include <stdbool.h>

#include "metrics/metrics.h"

/* In the order of the scrape. */
enum family {
    FAMILY_TASKS,
    FAMILY_TASKS_SPAWNED,
    FAMILY_TASKS_ENDED,
    FAMILY_LEAKED,
    FAMILY_EXPECTED_LEAKED,
    FAMILY_BLOCKED_OLDEST,
    FAMILY_TASK_HEAP,
    FAMILY_TASK_LOST_HEAP,
    FAMILY_QUEUE_MESSAGES,
    FAMILY_QUEUE_HEAP,
    FAMILY_HEAP_ALLOCATED,
    FAMILY_HEAP_ACTIVE,
    FAMILY_HEAP_RESIDENT,
    FAMILY_HEAP_RETAINED,
    FAMILY_HEAP_MAPPED,
    FAMILY_CHANNELS,
    FAMILY_TICKERS,
    FAMILY_RESOURCES,
    FAMILY_TICKS,
    FAMILY_TICKS_DROPPED,
    FAMILY_SCENARIOS,
    FAMILY_SCENARIO_STARTS,
    FAMILY_LIMIT_HITS,
    FAMILY_LIMIT_TASKS_SET,
    FAMILY_LIMIT_HEAP_SET,
    FAMILY_LIMIT_DESCRIPTORS_SET, /* and the other supplies, in their order */
    FAMILY_LIMIT_HANDLES_SET,
    FAMILY_LIMIT_THREADS_SET,
    FAMILY_LIMIT_JOBS_SET,
    FAMILY_JUDGE_SECONDS,
    FAMILY_JUDGE_SLICE_SECONDS,
    FAMILY_JUDGE_RUNS,
    FAMILY_LOOP_LAG,
    FAMILY_LOOP_TURNS,
    FAMILY_LOOP_IDLE,
    FAMILY_UV_HANDLES,
    FAMILY_THREADPOOL_DELAY,
    FAMILY_SNAPSHOT_AGE,
    FAMILY_HTTP_REQUESTS,
    FAMILY_HTTP_DURATION,
    FAMILY_BUILD,
    FAMILY_PROC_CPU,
    FAMILY_PROC_OPEN_FDS,
    FAMILY_PROC_MAX_FDS,
    FAMILY_PROC_VIRTUAL,
    FAMILY_PROC_VIRTUAL_MAX,
    FAMILY_PROC_RESIDENT,
    FAMILY_PROC_HEAP,
    FAMILY_PROC_START,
    FAMILY_PROC_THREADS,
    FAMILIES
};

extern const struct metrics_declaration families[FAMILIES];

/* Those about a real loop, allocator and visitors: nothing true can be said of them on virtual time. */
extern const bool family_real_only[FAMILIES];
