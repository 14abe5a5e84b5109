#include "runtime/walk.h"

#include "base/macros.h"

void walk_begin(struct walk *walk, struct runtime *runtime)
{
    CHECK(runtime->walk == NULL);
    *walk = (struct walk){.runtime = runtime, .next_workload = runtime->workloads.next};
    struct link *link;
    list_each (link, &runtime->workloads)
        walk->workloads_left++;
    if (++runtime->walks == 0)
        runtime->walks = 1;
    walk->serial = runtime->walks;
    runtime->walk = walk;
}

void walk_end(struct walk *walk)
{
    if (walk->runtime != NULL && walk->runtime->walk == walk)
        walk->runtime->walk = NULL;
    walk->runtime = NULL;
}

void walk_skip(struct walk *walk)
{
    walk->workload = NULL;
    walk->start = NULL;
}

/* False when there is no further one. */
static bool enter_workload(struct walk *walk)
{
    struct link *link = walk->next_workload;
    if (link == &walk->runtime->workloads || walk->workloads_left == 0)
        return false;
    walk->workloads_left--;
    walk->next_workload = link->next;
    walk->workload = container_of(link, struct workload, link);
    walk->next_start = walk->workload->starts.next;
    walk->first_new = walk->workload->next_start;
    walk->told = false;
    return true;
}

/* Enters the next start, or the other list of them, or leaves the workload. A start that is told to end
 * changes lists, and may be come across a second time. */
static void enter_start(struct walk *walk)
{
    struct workload *workload = walk->workload;
    if (walk->next_start == (walk->told ? &workload->told : &workload->starts)) {
        if (walk->told)
            walk->workload = NULL;
        walk->told = true;
        walk->next_start = workload->told.next;
        return;
    }
    struct start *start = container_of(walk->next_start, struct start, link);
    walk->next_start = start->link.next;
    __builtin_prefetch(walk->next_start);
    __builtin_prefetch((char *)walk->next_start + 64);
    if (start->walked == walk->serial || start->index >= walk->first_new)
        return;
    start->walked = walk->serial;
    walk->start = start;
    walk->next_task = start->stuck.next;
    walk->tasks_left = start->live;
    walk->stuck = true;
}

/* The start's next task; NULL: it has entered the other list, or left the start. Those that are stuck come
 * first, for none is added to them, while new tasks may use up what is left for the others. */
static struct task *next_task(struct walk *walk)
{
    struct start *start = walk->start;
    if (walk->stuck && walk->next_task == &start->stuck) {
        walk->stuck = false;
        walk->next_task = start->tasks.next;
    }
    if (walk->tasks_left == 0 || (!walk->stuck && walk->next_task == &start->tasks)) {
        walk->start = NULL;
        return NULL;
    }
    walk->tasks_left--;
    struct task *task = container_of(walk->next_task, struct task, link);
    walk->next_task = task->link.next;
    __builtin_prefetch(walk->next_task);
    __builtin_prefetch((char *)walk->next_task - 64);
    return task;
}

enum walk_event walk_next(struct walk *walk, uint32_t *steps)
{
    while (*steps > 0) {
        --*steps;
        if (walk->start != NULL) {
            walk->task = next_task(walk);
            if (walk->task != NULL)
                return WALK_TASK;
        } else if (walk->workload != NULL) {
            enter_start(walk);
        } else if (enter_workload(walk)) {
            return WALK_WORKLOAD;
        } else {
            return WALK_OVER;
        }
    }
    return WALK_LATER;
}
