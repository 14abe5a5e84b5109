/* What the lab thread publishes for others to read: one consistent copy of every count, at the end of each
 * turn. Reading never waits for the lab thread, and publishing never waits for a reader: three copies and one
 * atomic exchange. A reader therefore sees counts of one moment, and their age when the lab thread is
 * stalled. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "judge/judge.h"
#include "runtime/census.h"

/* States of a scenario (DESIGN words: scenario). Names are label values of leaklab_scenarios. */
#define SCENARIO_STATE_TABLE(X)                                                                              \
    X(STARTING, "starting")                                                                                  \
    X(RUNNING, "running")                                                                                    \
    X(DRAINING, "draining")                                                                                  \
    X(FINISHED, "finished")                                                                                  \
    X(LEAKED, "leaked")

enum scenario_state {
#define X(name, word) SCENARIO_##name,
    SCENARIO_STATE_TABLE(X)
#undef X
        SCENARIO_STATES
};

const char *scenario_state_word(enum scenario_state state);

/* Upper bounds of the buckets of leaklab_loop_lag_seconds, in seconds; a last bucket without bound follows.
 */
#define LAG_BUCKETS 14
extern const double lag_bucket_seconds[LAG_BUCKETS];

/* Kinds of libuv handle, as counted in leaklab_uv_handles; the words are libuv's own ("timer", "async", ...).
 */
#define UV_HANDLE_KINDS 20

/* What is counted of one mode: of a variant, or of a mix, of which only scenarios are: its starts and tasks
 * count for the variant that each start ran as. */
struct snapshot_program {
    char pattern[LIMIT_NAME + 1];
    char variant[LIMIT_NAME + 1];
    bool mix;
    struct census census;
    uint64_t limit_hits[LIMIT_KINDS];
    uint64_t scenarios[SCENARIO_STATES];
    uint64_t scenarios_seen;    /* bit s: a scenario has been in state s at some time */
    uint64_t states_seen;       /* bit s: a task has been in state s at some time */
    uint64_t resources_seen;    /* bit k: a resource of kind k was opened at some time */
    uint64_t expected_leaked;   /* live tasks that the pattern says are leaked: the ground truth */
    uint64_t blocked_oldest_ms; /* see judge_blocked_ms(); 0: nobody is blocked */
};

struct snapshot {
    uint64_t sequence;     /* grows by one with each publication */
    uint64_t published_ns; /* CLOCK_MONOTONIC */
    bool ready;            /* false while starting and while shutting down */
    uint64_t limit_tasks;
    uint64_t limit_heap_bytes;
    uint64_t limit_supplies[SUPPLIES];
    uint64_t threadpool_delay_ns; /* that a job waits for a thread of libuv's pool, see lab/canary.h */
    uint64_t lag_buckets[LAG_BUCKETS + 1]; /* not cumulative */
    double lag_sum_seconds;
    uint64_t loop_turns;
    uint64_t loop_idle_ns;
    uint32_t uv_handles[UV_HANDLE_KINDS];      /* index: uv_handle_type */
    uint64_t judge_buckets[JUDGE_BUCKETS + 1]; /* not cumulative */
    double judge_seconds;
    uint64_t judge_slice_buckets[JUDGE_BUCKETS + 1]; /* not cumulative */
    double judge_slice_seconds;
    uint64_t judge_runs;
    uint32_t program_count;
    struct snapshot_program
        programs[]; /* program_count of them; order never changes, new ones are appended */
};
