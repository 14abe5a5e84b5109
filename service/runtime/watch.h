/* What the runtime offers to whoever judges its tasks (service/judge): to be told what the tasks of one start
 * do while they are looked at, a place in its lists that survives whoever leaves them, and a word on a task.
 * Nothing here changes what tasks do. Lab thread only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "runtime/runtime.h"

/* Set runtime->watch to one of these to be told. The two functions must not change anything in the runtime.
 */
struct watch {
    /* Before a task of `start` carries out the operation at its pc, be it a new one, or one from which it
     * was just woken and which it now goes on from (task->woken is still set then). */
    void (*arrives)(struct watch *watch, struct task *task);
    /* Before a task of `start` ends; it is still listed. */
    void (*leaves)(struct watch *watch, struct task *task);
    struct start *start; /* NULL: of none */

    /* A walk over all starts. The runtime moves on what is about to leave its list, or, with a start that is
     * told to end, to change from one list to another. */
    struct workload *workload;  /* being visited; NULL once it has gone */
    struct link *next_workload; /* in runtime->workloads */
    struct link *next_start;    /* in workload->starts or ->told; the list itself at its end */
};

/* Does the next of what is left to do for things that were closed, are done, or were signalled to all:
 * up to `most` of those who waited there are made ready. True when nobody is left, so that whoever stands
 * blocked is still in the queue of what it waits for. */
bool watch_settle(struct runtime *runtime, unsigned most);

/* Keeps an environment, and its start with it, until it is released. */
void watch_hold(struct env *env);
void watch_release(struct env *env);

/* The frame of the task whose own environment this is, for its `mark`. It lies beside the environment and
 * lives as long, longer than the task. Not for a start's environment. */
struct task *watch_owner(struct env *env);

/* Sets the verdict on a blocked or ready task, which may get worse and never better. Who is stuck must be
 * blocked; it changes over from start->tasks to start->stuck. */
void watch_judge(struct task *task, enum verdict verdict);
