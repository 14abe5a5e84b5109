/* Locks, as in Go's package sync. They are handed on: whoever unlocks gives the lock to who waits first, so
 * that nobody who comes later can take it in between. */
#include "runtime/internal.h"

void mutex_init(struct mutex *mutex)
{
    *mutex = (struct mutex){.locked = false};
    list_init(&mutex->waiters);
}

enum step_result op_lock(struct task *task, struct mutex *mutex)
{
    if (mutex->locked)
        return task_block_on(task, &mutex->waiters, TASK_LOCK);
    mutex->locked = true;
    task->heard = END_RETURNED;
    return STEP_NEXT;
}

enum step_result op_unlock(struct mutex *mutex)
{
    if (!mutex->locked)
        return STEP_PANIC;
    if (list_empty(&mutex->waiters))
        mutex->locked = false;
    else
        wait_wake(mutex->waiters.next, WAKE_MATCHED);
    return STEP_NEXT;
}

void rwmutex_init(struct rwmutex *rwmutex)
{
    *rwmutex = (struct rwmutex){.writing = false};
    list_init(&rwmutex->writers);
    list_init(&rwmutex->readers);
}

/* Gives a lock that is free to the writer who waits first, if there is one. */
static void hand_to_writer(struct rwmutex *rwmutex)
{
    if (list_empty(&rwmutex->writers))
        return;
    rwmutex->writing = true;
    wait_wake(rwmutex->writers.next, WAKE_MATCHED);
}

enum step_result op_write_lock(struct task *task, struct rwmutex *rwmutex)
{
    if (rwmutex->writing || rwmutex->reading > 0)
        return task_block_on(task, &rwmutex->writers, TASK_LOCK);
    rwmutex->writing = true;
    task->heard = END_RETURNED;
    return STEP_NEXT;
}

/* Readers may be many: they read from now on, and are woken in slices. */
enum step_result op_write_unlock(struct runtime *runtime, struct rwmutex *rwmutex)
{
    if (!rwmutex->writing)
        return STEP_PANIC;
    rwmutex->writing = false;
    rwmutex->reading = rwmutex->readers_waiting;
    rwmutex->readers_waiting = 0;
    list_splice(&runtime->waking, &rwmutex->readers);
    if (rwmutex->reading == 0)
        hand_to_writer(rwmutex);
    return STEP_NEXT;
}

enum step_result op_read_lock(struct task *task, struct rwmutex *rwmutex)
{
    if (rwmutex->writing || !list_empty(&rwmutex->writers)) {
        rwmutex->readers_waiting++;
        return task_block_on(task, &rwmutex->readers, TASK_LOCK);
    }
    rwmutex->reading++;
    task->heard = END_RETURNED;
    return STEP_NEXT;
}

enum step_result op_read_unlock(struct rwmutex *rwmutex)
{
    if (rwmutex->reading == 0)
        return STEP_PANIC;
    if (--rwmutex->reading == 0)
        hand_to_writer(rwmutex);
    return STEP_NEXT;
}
