/* Conditions, as Go's sync.Cond: whoever was signalled competes for the mutex with everybody else. */
#include "runtime/internal.h"

void condition_init(struct condition *condition, struct mutex *mutex)
{
    *condition = (struct condition){.mutex = mutex};
    list_init(&condition->waiters);
}

enum step_result op_wait(struct task *task, struct condition *condition)
{
    if (op_unlock(condition->mutex) == STEP_PANIC)
        return STEP_PANIC;
    return task_block_on(task, &condition->waiters, TASK_WAIT);
}

/* Woken twice on the same step: first by the condition, then, if somebody else had it, with the mutex. */
enum step_result op_wait_resume(struct task *task, struct condition *condition)
{
    task->heard = END_RETURNED;
    return task->woken_how == WAKE_SIGNAL ? op_lock(task, condition->mutex) : STEP_NEXT;
}

enum step_result op_signal(struct condition *condition)
{
    if (!list_empty(&condition->waiters))
        wait_wake(condition->waiters.next, WAKE_SIGNAL);
    return STEP_NEXT;
}

/* They may be many: they are woken in slices. */
enum step_result op_broadcast(struct runtime *runtime, struct condition *condition)
{
    list_splice(&runtime->waking, &condition->waiters);
    return STEP_NEXT;
}
