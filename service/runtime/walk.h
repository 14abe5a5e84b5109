/* A walk over all tasks while they run: it is taken a few steps at a time, and what it stands before may end
 * in between, for the runtime moves it on. Each task that is there from beginning to end is met exactly once;
 * one that comes or goes meanwhile, at most once. That holds as long as no verdict is given meanwhile
 * (runtime/watch.h); a task that is given one may be missed. One walk at a time. Lab thread only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "runtime/runtime.h"

struct walk {
    struct runtime *runtime;
    struct workload *workload;  /* the one that it is in; NULL: none, or it has gone */
    struct start *start;        /* likewise */
    struct task *task;          /* met last; only until the runtime goes on */
    struct link *next_workload; /* in runtime->workloads */
    struct link *next_start;    /* in workload->starts or ->told */
    struct link *next_task;     /* in start->tasks or ->stuck */
    uint64_t first_new;         /* starts of the workload from this one on are too new */
    uint64_t tasks_left;        /* of the start, so that a start that spawns for ever does not hold it up */
    uint32_t workloads_left;    /* likewise */
    uint16_t serial;            /* of this walk, never 0 */
    bool told;                  /* it is in workload->told */
    bool stuck;                 /* it is in start->stuck */
};

enum walk_event {
    WALK_WORKLOAD, /* it has entered walk->workload, which walk_skip() leaves again */
    WALK_TASK,     /* it has met walk->task */
    WALK_LATER,    /* the steps are used up */
    WALK_OVER
};

/* Begins. No other walk may be under way. */
void walk_begin(struct walk *walk, struct runtime *runtime);

/* Ends, if it was begun, at whatever place. To be called before the runtime is abandoned. */
void walk_end(struct walk *walk);

/* Goes on until something is met, taking one from *steps for each link that is followed. */
enum walk_event walk_next(struct walk *walk, uint32_t *steps);

/* Leaves the workload out. */
void walk_skip(struct walk *walk);
