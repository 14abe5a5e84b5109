/* Counts of what a program's tasks do, kept up to date where state changes, so that reading them costs the
 * same with ten tasks and with ten million. The lab thread writes them; others read copies (lab/snapshot.h).
 */
#pragma once

#include <stdint.h>

#include "runtime/program.h"

/* Which limit was hit. Names are label values of leaklab_limit_hits_total. */
#define LIMIT_KIND_TABLE(X)                                                                                  \
    X(TASKS, "tasks")             /* the runtime's limit on tasks: --max-tasks */                            \
    X(HEAP, "heap")               /* the runtime's limit on memory: --max-heap */                            \
    X(OWN_TASKS, "own_tasks")     /* the workload's own: the scenario's max_tasks */                         \
    X(OWN_HEAP, "own_heap")       /* the scenario's max_heap */                                              \
    X(MEMORY, "memory")           /* the system has no more */                                               \
    X(DESCRIPTORS, "descriptors") /* --max-descriptors, or the system has no more; likewise those below */   \
    X(HANDLES, "handles")                                                                                    \
    X(THREADS, "threads")                                                                                    \
    X(JOBS, "jobs")

enum limit_kind {
#define X(name, word) LIMIT_KIND_##name,
    LIMIT_KIND_TABLE(X)
#undef X
        LIMIT_KINDS
};

const char *limit_kind_word(enum limit_kind kind);

/* The judge's word on a task (service/judge). Names are label values of leaklab_tasks_leaked. */
#define VERDICT_TABLE(X)                                                                                     \
    X(LIVE, "live")       /* may still move, or was not looked at yet */                                     \
    X(STUCK, "stuck")     /* nothing that can still run can ever wake it */                                  \
    X(ENDLESS, "endless") /* its owner has left, and no way leads from where it stands to its end */

enum verdict {
#define X(name, word) VERDICT_##name,
    VERDICT_TABLE(X)
#undef X
        VERDICTS
};

const char *verdict_word(enum verdict verdict);

/* Counts of 64 bits, and nothing else: see census_add().
 * At every moment between two operations: spawned = live + the sum of ended; the sum of states = live. */
struct census {
    uint64_t spawned;
    uint64_t ended[TASK_ENDS];
    uint64_t states[TASK_STATES]; /* live tasks in each state */
    uint64_t held_bytes;          /* heap that live tasks hold: `holds` and the statement `hold` */
    uint64_t lost_bytes;          /* heap to which nobody has a pointer any more: the statement `lose` */
    uint64_t queued_bytes;        /* heap of the messages that stand in queues */
    uint64_t queued_messages;
    uint64_t channels;
    uint64_t tickers; /* made and not stopped */
    uint64_t ticks;   /* delivered to a task, or kept as the one pending tick */
    uint64_t ticks_dropped;
    uint64_t starts;
    uint64_t open[RESOURCE_KINDS]; /* opened and not shut */
    uint64_t leaked[VERDICTS];     /* live tasks by verdict; those that are not leaked are not counted here */
};

/* Adds every count of `more`. */
void census_add(struct census *sum, const struct census *more);

static inline uint64_t census_ended(const struct census *census)
{
    uint64_t ended = 0;
    for (int how = 0; how < TASK_ENDS; how++)
        ended += census->ended[how];
    return ended;
}

/* Resources of a supply that are open. */
static inline uint64_t census_open(const struct census *census, enum supply supply)
{
    uint64_t open = 0;
    for (int kind = 0; kind < RESOURCE_KINDS; kind++)
        if (resource_supply((enum resource_kind)kind) == supply)
            open += census->open[kind];
    return open;
}

/* Heap that was asked for by tasks and is not free again, whoever has it. */
static inline uint64_t census_heap_bytes(const struct census *census)
{
    return census->held_bytes + census->lost_bytes + census->queued_bytes;
}

static inline uint64_t census_live(const struct census *census)
{
    return census->spawned - census_ended(census);
}
