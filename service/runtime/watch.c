#include "runtime/watch.h"

#include "runtime/internal.h"

bool watch_settle(struct runtime *runtime, unsigned most)
{
    while (most-- > 0 && !list_empty(&runtime->waking))
        runtime_wake_next(runtime);
    return list_empty(&runtime->waking);
}

void watch_hold(struct env *env)
{
    env->refs++;
}

void watch_release(struct env *env)
{
    env_unref(env);
}

struct task *watch_owner(struct env *env)
{
    return env_frame(env);
}

/* Who is blocked is counted at its step as well, by verdict. */
static void count_verdict(const struct task *task, enum verdict before, enum verdict verdict)
{
    struct workload *workload = task->start->workload;
    uint64_t *leaked = workload->tally->leaked[workload->program->ops[task->pc].step];
    if (before != VERDICT_LIVE)
        count_sub(workload, leaked[before], 1);
    count_add(workload, leaked[verdict], 1);
    if (task->state == TASK_READY)
        return;
    leaked[before] -= before != VERDICT_LIVE;
    leaked[verdict]++;
}

void watch_judge(struct task *task, enum verdict verdict)
{
    struct workload *workload = task->start->workload;
    enum verdict before = (enum verdict)task->verdict;
    CHECK(before != VERDICT_STUCK && verdict != VERDICT_LIVE);
    if (before == verdict)
        return;
    count_verdict(task, before, verdict);
    task->verdict = (uint8_t)verdict;
    if (verdict != VERDICT_STUCK)
        return;
    CHECK(task->state != TASK_READY);
    if (workload->census.leaked[VERDICT_STUCK] == 1 || task->since < workload->stuck_since)
        workload->stuck_since = task->since;
    walk_pass_task(workload->runtime, task);
    list_remove(&task->link);
    list_push_back(&task->start->stuck, &task->link);
}
