/* Groups, as Go's sync.WaitGroup: a group that has come to 0 may be used again at once, and who waited for
 * that 0 goes on whatever the counter is by then. */
#include "runtime/internal.h"

void group_init(struct group *group)
{
    *group = (struct group){.counter = 0};
    list_init(&group->waiters);
}

/* Beyond what it counts to, Go's counter becomes negative. */
enum step_result op_add(struct group *group, int64_t amount)
{
    if (amount > (int64_t)(GROUP_MOST - group->counter))
        return STEP_PANIC;
    group->counter += (uint64_t)amount;
    return STEP_NEXT;
}

/* Those who wait may be many: they are woken in slices. */
enum step_result op_finish(struct runtime *runtime, struct group *group)
{
    if (group->counter == 0)
        return STEP_PANIC;
    if (--group->counter == 0)
        list_splice(&runtime->waking, &group->waiters);
    return STEP_NEXT;
}

enum step_result op_join(struct task *task, struct group *group)
{
    if (group->counter > 0)
        return task_block_on(task, &group->waiters, TASK_JOIN);
    task->heard = END_RETURNED;
    return STEP_NEXT;
}
